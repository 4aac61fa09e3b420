/* Theory of operation: work is done in flushes, one for many calls of pump_wake(). A flush runs
 * from the prepare handle (before the loop waits) or the check handle (after it waited), whichever
 * comes first, so that nothing is put off to the next turn of the loop. A flush is bounded in every
 * way. If it leaves work, the idle handle stays active, with which the loop polls without waiting:
 * sockets and other timers get their turn, then the flush continues.
 *
 * Busy-polling, which is off by default, puts the loop's waiting off: waking a process takes longer
 * than all that it then does for one frame. So does a short watch (vigil.h), while that pays.
 *
 * If a timer is late, we did not run when it came due: the machine was busy, or we, or all of it,
 * were stopped. The frames that came meanwhile wait in the TAP, and any of them may be the one that
 * the timer waits for. So they are read before the timers run, or connections would die of a
 * silence that never was.
 *
 * Order within a flush: timers first (they produce output), then output before events (the peer is
 * farther away than the client), and again as long as events have made new work. */
#include "link/pump.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/units.h>

#include "link/vigil.h"
#include "link/wakeup.h"
#include "util/clock.h"
#include "util/log.h"

/* Bounds of one flush. Each frame may be 64 KiB. */
#define PUMP_ROUNDS_MAX 4
#define PUMP_TIMEOUTS_MAX 16
#define PUMP_FRAMES_MAX 128
/* So many frames, or all, and what has come meanwhile is read: its ACKs free send buffers while
 * those are still in the processor's cache, and a peer on this machine has answered a SYN or a FIN
 * before write(2) returned. */
#define PUMP_FRAMES_PER_READING 16
#define PUMP_EVENTS_MAX 4096
#define PUMP_HANDLES 5
/* So often the pump looks before the loop looks at everything else: for as long as it is told to,
 * or in a short watch. */
#define PUMP_SPINS_MAX 32
#define PUMP_SPINS_SHORT 4
/* A timer later than this has waited for more than the loop's other work. */
#define PUMP_LATE_US (20 * TE_MS)

struct pump {
    struct tap *tap;
    struct te_stack *stack;
    struct fault_layer *faults;
    pump_event_fn *on_event;
    pump_flushed_fn *on_flushed;
    pump_rest_fn *on_rest;
    pump_spin_fn *on_spin;
    void *ctx;
    const struct pump_tracer *tracer; /* NULL: none */
    int64_t started_at_us;            /* on CLOCK_MONOTONIC */

    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_idle_t spin; /* active while the loop is not to wait for its descriptors */
    struct vigil vigil;
    struct wakeup wakeup; /* at the engine's next deadline */
    unsigned open_handles;

    bool is_dirty; /* a flush is due */
    bool is_flushing;
    bool is_tap_full; /* no output until the TAP takes frames again */
    struct pump_stats stats;
};

int64_t pump_now_us(const struct pump *pump)
{
    return clock_monotonic_us() - pump->started_at_us;
}

struct te_stack *pump_stack(const struct pump *pump)
{
    return pump->stack;
}

const struct pump_stats *pump_get_stats(const struct pump *pump)
{
    return &pump->stats;
}

void pump_set_tracer(struct pump *pump, const struct pump_tracer *tracer)
{
    pump->tracer = tracer;
}

void pump_wake(struct pump *pump)
{
    pump->is_dirty = true;
}

int64_t pump_lateness_us(const struct pump *pump)
{
    int64_t next_us = te_stack_next_timeout(pump->stack), now_us = pump_now_us(pump);
    return next_us < now_us ? now_us - next_us : 0;
}

/* The three parts of a round. Each returns true if its bound left something undone. */

static bool run_timeouts(struct pump *pump, int64_t *now_us)
{
    int64_t next_us = te_stack_next_timeout(pump->stack);
    *now_us = pump_now_us(pump);
    if (*now_us - next_us >= PUMP_LATE_US) {
        tap_read_waiting(pump->tap);
        pump->stats.late++;
        next_us = te_stack_next_timeout(pump->stack);
    }
    for (unsigned i = 0; i < PUMP_TIMEOUTS_MAX; i++) {
        if (next_us > *now_us)
            return false;
        te_stack_handle_timeout(pump->stack, *now_us);
        pump->stats.timeouts++;
        next_us = te_stack_next_timeout(pump->stack);
        *now_us = pump_now_us(pump);
    }
    return true;
}

static bool poll_output(struct pump *pump, uint8_t *header, struct te_output *ret_output,
                        int64_t now_us)
{
    const struct pump_tracer *tracer = pump->tracer;
    if (tracer == NULL)
        return te_stack_poll_output(pump->stack, header, ret_output, now_us);
    tracer->before_output(tracer->ctx);
    if (!te_stack_poll_output(pump->stack, header, ret_output, now_us))
        return false;
    tracer->after_output(tracer->ctx, ret_output);
    return true;
}

/* One frame to the TAP, which keeps the one that it has no room for. */
static void write_frame(struct pump *pump, const struct te_output *output)
{
    if (tap_write(pump->tap, output) == TAP_WRITE_FULL)
        pump->is_tap_full = true;
}

static bool run_output(struct pump *pump, int64_t now_us)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    if (fault_layer_is_active(pump->faults))
        fault_layer_run(pump->faults, now_us);
    for (unsigned i = 0; i < PUMP_FRAMES_MAX; i++) {
        if (pump->is_tap_full || !poll_output(pump, header, &output, now_us)) {
            if (i % PUMP_FRAMES_PER_READING != 0)
                tap_read_batch(pump->tap);
            return false;
        }
        if (fault_layer_is_active(pump->faults))
            fault_layer_output(pump->faults, &output, now_us);
        else
            write_frame(pump, &output);
        if (i % PUMP_FRAMES_PER_READING == PUMP_FRAMES_PER_READING - 1) {
            tap_read_batch(pump->tap);
            now_us = pump_now_us(pump);
        }
    }
    return true;
}

static bool run_events(struct pump *pump)
{
    struct te_event event;
    for (unsigned i = 0; i < PUMP_EVENTS_MAX; i++) {
        if (!te_stack_next_event(pump->stack, &event))
            return false;
        pump->stats.events++;
        pump->on_event(pump->ctx, &event);
    }
    return true;
}

static void on_due(void *ctx)
{
    pump_wake(ctx);
}

static void arm_timer(struct pump *pump)
{
    int64_t at_us = te_stack_next_timeout(pump->stack);
    if (fault_layer_is_active(pump->faults) && fault_layer_next_us(pump->faults) < at_us)
        at_us = fault_layer_next_us(pump->faults);
    if (at_us != TE_NEVER)
        wakeup_arm(&pump->wakeup, at_us + pump->started_at_us);
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* its being active is all that matters */
}

static void set_busy(struct pump *pump, bool is_busy)
{
    if (!is_busy) {
        uv_idle_stop(&pump->idle);
        return;
    }
    pump->is_dirty = true;
    pump->stats.postponed++;
    uv_idle_start(&pump->idle, on_idle);
}

bool pump_flush(struct pump *pump)
{
    bool has_more = false;
    int64_t now_us = 0;
    if (pump->is_flushing)
        return false;
    pump->is_flushing = true;
    pump->stats.flushes++;
    for (unsigned round = 0; round < PUMP_ROUNDS_MAX; round++) {
        pump->is_dirty = false;
        has_more = run_timeouts(pump, &now_us);
        has_more = run_output(pump, now_us) || has_more;
        has_more = run_events(pump) || has_more;
        if (has_more || !pump->is_dirty)
            break;
    }
    pump->is_flushing = false;
    has_more = has_more || pump->is_dirty;
    set_busy(pump, has_more);
    arm_timer(pump);
    vigil_begin(&pump->vigil, now_us);
    if (pump->on_flushed != NULL)
        pump->on_flushed(pump->ctx);
    return has_more;
}

/* Whoever is to answer us may wait for this processor. */
static void yield(struct pump *pump)
{
    int64_t before_us = pump_now_us(pump);
    sched_yield();
    vigil_yielded(&pump->vigil, before_us, pump_now_us(pump));
}

/* True: the loop is not to wait. */
static bool spin(struct pump *pump)
{
    unsigned spins = pump->vigil.always_us > 0 ? PUMP_SPINS_MAX : PUMP_SPINS_SHORT;
    if (!vigil_is_kept(&pump->vigil) || !vigil_goes_on(&pump->vigil, pump_now_us(pump))) {
        uv_idle_stop(&pump->spin);
        return false;
    }
    uv_idle_start(&pump->spin, on_idle);
    for (unsigned i = 0; i < spins; i++) {
        pump->on_spin(pump->ctx);
        tap_read_batch(pump->tap);
        if (pump->is_dirty)
            pump_flush(pump);
        else
            yield(pump);
    }
    return true;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct pump *pump = prepare->data;
    if (pump->is_dirty)
        pump_flush(pump);
    if (spin(pump))
        return;
    if (pump->on_rest != NULL)
        pump->on_rest(pump->ctx);
    vigil_sleep(&pump->vigil, pump_now_us(pump));
}

static void on_check(uv_check_t *check)
{
    struct pump *pump = check->data;
    vigil_wake(&pump->vigil, pump_now_us(pump));
    if (pump->is_dirty)
        pump_flush(pump);
}

static void input(struct pump *pump, const uint8_t *frame, size_t len,
                  const struct te_frame_meta *meta, int64_t now_us)
{
    const struct pump_tracer *tracer = pump->tracer;
    if (tracer != NULL)
        tracer->before_input(tracer->ctx, frame, len);
    te_stack_input(pump->stack, frame, len, meta, now_us);
    if (tracer != NULL)
        tracer->after_input(tracer->ctx, frame, len, meta);
}

static void on_frame(void *ctx, const uint8_t *frame, size_t len, const struct te_frame_meta *meta)
{
    struct pump *pump = ctx;
    if (fault_layer_is_active(pump->faults))
        fault_layer_input(pump->faults, frame, len, meta, pump_now_us(pump));
    else
        input(pump, frame, len, meta, pump_now_us(pump));
}

static void on_deliver(void *ctx, const uint8_t *frame, size_t len,
                       const struct te_frame_meta *meta, int64_t now_us)
{
    struct pump *pump = ctx;
    input(pump, frame, len, meta, now_us);
    pump_wake(pump);
}

static bool on_transmit(void *ctx, const struct te_output *output)
{
    struct pump *pump = ctx;
    if (pump->is_tap_full)
        return false;
    write_frame(pump, output);
    return true;
}

static void on_batch_end(void *ctx)
{
    pump_wake(ctx);
}

static void on_writable(void *ctx)
{
    struct pump *pump = ctx;
    pump->is_tap_full = false;
    pump_wake(pump);
}

static void start_handles(struct pump *pump, uv_loop_t *loop)
{
    uv_prepare_init(loop, &pump->prepare);
    uv_check_init(loop, &pump->check);
    uv_idle_init(loop, &pump->idle);
    uv_idle_init(loop, &pump->spin);
    pump->open_handles = PUMP_HANDLES;
    pump->prepare.data = pump->check.data = pump->idle.data = pump->spin.data = pump;
    uv_prepare_start(&pump->prepare, on_prepare);
    uv_check_start(&pump->check, on_check);
}

static void on_closed(uv_handle_t *handle)
{
    struct pump *pump = handle->data;
    if (--pump->open_handles == 0)
        free(pump);
}

struct pump *pump_new(uv_loop_t *loop, struct tap *tap, const struct pump_options *options,
                      const char **ret_error)
{
    struct tap_handlers handlers = {
        .on_frame = on_frame, .on_writable = on_writable, .on_batch_end = on_batch_end};
    struct pump *pump = calloc(1, sizeof(*pump));
    if (pump == NULL) {
        *ret_error = te_err_text(TE_ERR_NOMEM);
        return NULL;
    }
    pump->started_at_us = clock_monotonic_us();
    if (!wakeup_open(&pump->wakeup, loop, on_due, pump)) {
        *ret_error = strerror(errno);
        free(pump);
        return NULL;
    }
    enum te_err err = te_stack_new(options->engine, 0, &pump->stack);
    if (err != TE_OK) {
        *ret_error = te_err_text(err);
        pump->open_handles = 1;
        wakeup_close(&pump->wakeup, on_closed);
        return NULL;
    }
    pump->tap = tap;
    pump->faults = options->faults;
    pump->on_event = options->on_event;
    pump->on_flushed = options->on_flushed;
    pump->on_rest = options->on_rest;
    pump->on_spin = options->on_spin;
    vigil_init(&pump->vigil, options->busy_poll_us, options->short_poll_us);
    pump->ctx = options->ctx;
    if (pump->faults != NULL)
        fault_layer_connect(pump->faults, &(const struct fault_ports){.stack = pump->stack,
                                                                      .deliver = on_deliver,
                                                                      .transmit = on_transmit,
                                                                      .ctx = pump});
    start_handles(pump, loop);
    handlers.ctx = pump;
    tap_set_handlers(tap, &handlers);
    pump_wake(pump); /* duplicate address detection begins */
    return pump;
}

void pump_free(struct pump *pump)
{
    if (pump == NULL)
        return;
    tap_set_handlers(pump->tap, NULL);
    te_stack_free(pump->stack);
    pump->stack = NULL;
    uv_close((uv_handle_t *)&pump->prepare, on_closed);
    uv_close((uv_handle_t *)&pump->check, on_closed);
    uv_close((uv_handle_t *)&pump->idle, on_closed);
    uv_close((uv_handle_t *)&pump->spin, on_closed);
    wakeup_close(&pump->wakeup, on_closed);
}

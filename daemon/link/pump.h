/* The only bridge between the loop and the engine: frames, time and events pass through here.
 *
 * Theory of operation of this room: a frame arrives at the device (tap_device), its offload header
 * is parsed (vnet), the tap hands it to the pump, and the pump to the engine; frames from the
 * engine go the same way back. The engine allocates through an allocator with a limit (memory), and
 * takes stream buffers that cost what was written of them (region). Its events go, in order, to one
 * function of the pump's owner.
 *
 * After a call to the engine that may produce output or events, call pump_wake(); the pump does the
 * rest before the loop waits again. */
#ifndef TCPENGINED_PUMP_H
#define TCPENGINED_PUMP_H

#include <tcpengine/stack.h>
#include <uv.h>

#include "fault/fault_layer.h"
#include "link/tap.h"

/* Receives every event of the engine, in order. The event is borrowed until return. May call the
 * engine and pump_wake(); must not free the pump. */
typedef void pump_event_fn(void *ctx, const struct te_event *event);

/* A flush is over. Must not free the pump. */
typedef void pump_flushed_fn(void *ctx);

/* The loop is about to wait. May queue work for its next turn, for which it then does not wait. */
typedef void pump_rest_fn(void *ctx);

/* Looks whether somebody else has work, and does some of it. */
typedef void pump_spin_fn(void *ctx);

/* Is told of each frame, for captures. The pump must not be called from within. */
struct pump_tracer {
    void (*before_input)(void *ctx, const uint8_t *frame, size_t len);
    void (*after_input)(void *ctx, const uint8_t *frame, size_t len,
                        const struct te_frame_meta *meta);
    void (*before_output)(void *ctx); /* also when there is none */
    void (*after_output)(void *ctx, const struct te_output *output);
    void *ctx;
};

struct pump_options {
    const struct te_config *engine; /* copied */
    pump_event_fn *on_event;
    pump_flushed_fn *on_flushed; /* may be NULL */
    pump_rest_fn *on_rest;       /* may be NULL */
    /* For so long after a flush the loop does not wait: the pump looks for frames without pause,
     * and asks on_spin, which then must not be NULL. 0: not at all. */
    int64_t busy_poll_us;
    /* The same where that is 0, for as long as it pays (vigil.h). */
    int64_t short_poll_us;
    pump_spin_fn *on_spin;
    struct fault_layer *faults; /* NULL: there are none, ever; outlives the pump */
    void *ctx;
};

struct pump;

/* Makes the stack and connects it to tap, which must outlive the pump. NULL, *ret_error saying why
 * (a static string): the engine rejects its configuration, or there is no memory. */
struct pump *pump_new(uv_loop_t *loop, struct tap *tap, const struct pump_options *options,
                      const char **ret_error);
/* Frees the stack without sending anything. The pump's memory is freed by the loop's next turns,
 * when its handles have closed. NULL is legal. */
void pump_free(struct pump *pump);

/* Monotonic microseconds since the pump was made: the now_us of every call to the engine. */
int64_t pump_now_us(const struct pump *pump);
/* The engine. It lives as long as the pump. */
struct te_stack *pump_stack(const struct pump *pump);

/* tracer is borrowed until the next call; NULL: nobody is told, which costs nothing. */
void pump_set_tracer(struct pump *pump, const struct pump_tracer *tracer);

/* Schedules a flush before the loop waits, as output, events or the next deadline may have changed.
 * Cheap; many calls make one flush. */
void pump_wake(struct pump *pump);
/* Flushes now: runs due timers, writes output to the TAP, delivers events to on_event. True if a
 * bound left work, which the next turn of the loop then does. Does nothing from within on_event. */
bool pump_flush(struct pump *pump);

/* How many microseconds overdue the engine's earliest timer is; 0 if none is due. */
int64_t pump_lateness_us(const struct pump *pump);

struct pump_stats {
    uint64_t flushes;
    uint64_t timeouts;  /* calls of te_stack_handle_timeout() */
    uint64_t late;      /* times they were late, and waiting frames were read first */
    uint64_t events;    /* events delivered */
    uint64_t postponed; /* flushes that left work for the next turn of the loop */
};
const struct pump_stats *pump_get_stats(const struct pump *pump);

#endif

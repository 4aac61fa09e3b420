/* The only bridge between the loop and the engine: frames, time and events pass here.
 *
 * Theory of operation of this room: a frame comes from the device (tap_device), its offload header
 * is read (vnet), the tap hands it to the pump, and the pump to the engine; a frame of the engine
 * goes the same way back. The engine has its memory from an allocator with a limit (memory). What
 * the engine has to tell goes to one function of the pump's owner, in order.
 *
 * Whoever calls the engine in a way that may make it send, or tell something, calls pump_wake()
 * afterwards; the pump then does the rest before the loop waits again. */
#ifndef TCPENGINED_PUMP_H
#define TCPENGINED_PUMP_H

#include <tcpengine/stack.h>
#include <uv.h>

#include "link/tap.h"

/* Gets every event of the engine, in order. The event is borrowed. It may call the engine and
 * pump_wake(). */
typedef void pump_event_fn(void *ctx, const struct te_event *event);

struct pump_options {
    const struct te_config *engine; /* copied */
    pump_event_fn *on_event;
    void *ctx;
};

struct pump;

/* Makes the stack and ties it to tap, which must outlive the pump. NULL: *ret_error is a sentence
 * for people. */
struct pump *pump_new(uv_loop_t *loop, struct tap *tap, const struct pump_options *options,
                      const char **ret_error);
/* Frees the stack; nothing is sent. The handles close as the loop runs on. NULL is legal. */
void pump_free(struct pump *pump);

/* Monotonic microseconds since the pump was made: the time of every call to the engine. */
int64_t pump_now_us(const struct pump *pump);
struct te_stack *pump_stack(const struct pump *pump);

/* There is output, an event or another deadline: flush once before the loop waits. Cheap. */
void pump_wake(struct pump *pump);
/* Does now what pump_wake() does soon: due timers, output to the TAP, events to on_event. True when
 * a bound left work for the next turn of the loop. From within on_event it does nothing. */
bool pump_flush(struct pump *pump);

/* How late, in microseconds, the engine's earliest timer is; 0 when none is due. */
int64_t pump_lateness_us(const struct pump *pump);

struct pump_stats {
    uint64_t flushes;
    uint64_t timeouts;  /* calls of te_stack_handle_timeout() */
    uint64_t events;    /* events delivered */
    uint64_t postponed; /* flushes that left work to the next turn of the loop */
};
const struct pump_stats *pump_get_stats(const struct pump *pump);

#endif

/* What the stack has to tell its host.
 *
 * State changes go through a bounded ring; when the host is too slow the oldest is overwritten and
 * counted. Readiness ("bytes to receive", "room to send") is a set of flags on each object, and the
 * objects with a flag stand in a list: it can neither overflow nor be lost. */
#ifndef TCPENGINE_EVENT_QUEUE_H
#define TCPENGINE_EVENT_QUEUE_H

#include <tcpengine/event.h>

#include "util/list.h"

struct te_stack;

struct te_ready_node {
    struct te_list link;
    uint64_t id;
    uint32_t flags; /* set of enum te_ready */
};

struct te_event_queue {
    struct te_event *ring;
    uint32_t capacity, head, count;
    struct te_list ready;
};

enum te_err te_event_queue_init(struct te_stack *stack);
void te_event_queue_done(struct te_stack *stack);
void te_event_push(struct te_stack *stack, const struct te_event *event);
bool te_event_pop(struct te_stack *stack, struct te_event *ret_event);

void te_ready_init(struct te_ready_node *node, uint64_t id);
void te_ready_add(struct te_stack *stack, struct te_ready_node *node, uint32_t flags);
/* The object goes away: what is pending becomes a last event, with TE_READY_END. */
void te_ready_end(struct te_stack *stack, struct te_ready_node *node, enum te_err error);

#endif

/* Events that wait for the host (te_stack_next_event).
 *
 * State changes go through a ring of config.event_max; when the host is too slow the oldest is
 * overwritten and counted (events_lost). Readiness ("bytes to receive", "room to send") is a set of
 * flags on each object, and objects with a flag are in a list, in the order in which they got their
 * first: it can neither overflow nor be lost. The ring is given out before the list.
 *
 * The last event of an object has to survive it, so te_ready_end() turns what is pending into an
 * event of the ring. */
#ifndef TCPENGINE_EVENT_QUEUE_H
#define TCPENGINE_EVENT_QUEUE_H

#include <tcpengine/event.h>

#include "util/list.h"

struct te_stack;

/* Embedded in each object that a user may wait for. */
struct te_ready_node {
    struct te_list link; /* in te_event_queue.ready, exactly while flags is not 0 */
    uint64_t id;         /* of the object; never 0 */
    uint32_t flags;      /* set of enum te_ready; 0: nothing pending */
};

struct te_event_queue {
    struct te_event *ring;
    uint32_t capacity, head, count; /* head: the oldest */
    struct te_list ready;           /* of te_ready_node */
};

/* Allocates the ring. TE_ERR_NOMEM; te_event_queue_done() is legal then, too. */
enum te_err te_event_queue_init(struct te_stack *stack);
/* Frees the ring, events and all. Legal twice. */
void te_event_queue_done(struct te_stack *stack);
/* Appends a copy; never fails: when the ring is full the oldest event is lost and counted. */
void te_event_push(struct te_stack *stack, const struct te_event *event);
/* Takes the oldest event of the ring or, when that is empty, the flags of the object that has
 * waited longest. False, *ret_event untouched: there is none. */
bool te_event_pop(struct te_stack *stack, struct te_event *ret_event);

/* In no list, no flag set. id must not be 0. */
void te_ready_init(struct te_ready_node *node, uint64_t id);
/* Adds flags (at least one) to what is pending; the object keeps its place in the list. */
void te_ready_add(struct te_stack *stack, struct te_ready_node *node, uint32_t flags);
/* The object goes away: what is pending becomes its last event, with TE_READY_END and error, in the
 * ring. The node is in no list afterwards. */
void te_ready_end(struct te_stack *stack, struct te_ready_node *node, enum te_err error);

#endif

#include "event_queue.h"

#include <assert.h>

#include "stack_internal.h"

enum te_err te_event_queue_init(struct te_stack *stack)
{
    struct te_event_queue *queue = &stack->events;
    te_list_init(&queue->ready);
    queue->capacity = stack->config.event_max;
    queue->ring = te_stack_alloc(stack, queue->capacity * sizeof(struct te_event));
    return queue->ring != NULL ? TE_OK : TE_ERR_NOMEM;
}

void te_event_queue_done(struct te_stack *stack)
{
    struct te_event_queue *queue = &stack->events;
    te_stack_dealloc(stack, queue->ring, queue->capacity * sizeof(struct te_event));
    queue->ring = NULL;
}

void te_event_push(struct te_stack *stack, const struct te_event *event)
{
    struct te_event_queue *queue = &stack->events;
    if (queue->count == queue->capacity) {
        queue->head = (queue->head + 1) % queue->capacity;
        queue->count--;
        stack->counters.events_lost++;
    }
    queue->ring[(queue->head + queue->count) % queue->capacity] = *event;
    queue->count++;
}

bool te_event_pop(struct te_stack *stack, struct te_event *ret_event)
{
    struct te_event_queue *queue = &stack->events;
    if (queue->count > 0) {
        *ret_event = queue->ring[queue->head];
        queue->head = (queue->head + 1) % queue->capacity;
        queue->count--;
        return true;
    }
    struct te_list *link = te_list_pop_front(&queue->ready);
    if (link == NULL)
        return false;
    struct te_ready_node *node = TE_CONTAINER(link, struct te_ready_node, link);
    *ret_event = (struct te_event){
        .kind = TE_EVENT_READY, .id = node->id, .time_us = stack->now_us, .ready = node->flags};
    node->flags = 0;
    return true;
}

void te_ready_init(struct te_ready_node *node, uint64_t id)
{
    te_list_init(&node->link);
    node->id = id;
    node->flags = 0;
}

void te_ready_add(struct te_stack *stack, struct te_ready_node *node, uint32_t flags)
{
    assert(node->id != 0);
    if (node->flags == 0)
        te_list_push_back(&stack->events.ready, &node->link);
    node->flags |= flags;
}

void te_ready_end(struct te_stack *stack, struct te_ready_node *node, enum te_err error)
{
    te_list_remove(&node->link);
    struct te_event event = {.kind = TE_EVENT_READY,
                             .id = node->id,
                             .time_us = stack->now_us,
                             .ready = node->flags | TE_READY_END,
                             .error = error};
    node->flags = 0;
    te_event_push(stack, &event);
}

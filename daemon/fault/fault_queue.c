#include "fault/fault_queue.h"

#include <stdlib.h>
#include <string.h>

void fault_queue_init(struct fault_queue *queue, size_t bytes_max)
{
    *queue = (struct fault_queue){.bytes_max = bytes_max};
    TAILQ_INIT(&queue->held);
}

void fault_queue_done(struct fault_queue *queue)
{
    struct fault_held *held;
    while ((held = TAILQ_FIRST(&queue->held)) != NULL)
        fault_queue_drop(queue, held);
}

/* Behind those that are due at the same time. Most come in order: looked for from the end. */
static void insert(struct fault_queue *queue, struct fault_held *held)
{
    struct fault_held *before = TAILQ_LAST(&queue->held, fault_held_head);
    while (before != NULL && before->release_at_us > held->release_at_us)
        before = TAILQ_PREV(before, fault_held_head, link);
    if (before != NULL)
        TAILQ_INSERT_AFTER(&queue->held, before, held, link);
    else
        TAILQ_INSERT_HEAD(&queue->held, held, link);
}

struct fault_held *fault_queue_put(struct fault_queue *queue, int64_t release_at_us,
                                   const uint8_t *frame, size_t len,
                                   const struct te_frame_meta *meta)
{
    size_t bytes = sizeof(struct fault_held) + len;
    if (bytes > queue->bytes_max - queue->bytes)
        return NULL;
    struct fault_held *held = malloc(bytes);
    if (held == NULL)
        return NULL;
    *held = (struct fault_held){.release_at_us = release_at_us, .meta = *meta, .len = len};
    memcpy(held->frame, frame, len);
    queue->bytes += bytes;
    queue->count++;
    insert(queue, held);
    return held;
}

struct fault_held *fault_queue_first(const struct fault_queue *queue)
{
    return TAILQ_FIRST(&queue->held);
}

void fault_queue_hasten(struct fault_queue *queue, uint64_t fault_id, int64_t now_us)
{
    struct fault_held *held = TAILQ_FIRST(&queue->held), *due = NULL, *next;
    for (; held != NULL && held->release_at_us <= now_us; held = TAILQ_NEXT(held, link))
        due = held;
    for (; held != NULL; held = next) {
        next = TAILQ_NEXT(held, link);
        if (held->fault_id != fault_id)
            continue;
        held->release_at_us = now_us;
        TAILQ_REMOVE(&queue->held, held, link);
        if (due != NULL)
            TAILQ_INSERT_AFTER(&queue->held, due, held, link);
        else
            TAILQ_INSERT_HEAD(&queue->held, held, link);
        due = held;
    }
}

void fault_queue_drop(struct fault_queue *queue, struct fault_held *held)
{
    TAILQ_REMOVE(&queue->held, held, link);
    queue->bytes -= sizeof(*held) + held->len;
    queue->count--;
    free(held);
}

#include "ip/control_queue.h"

#include <assert.h>
#include <string.h>

#include "stack_internal.h"

static struct te_control_frame *frame_of(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_control_frame, link);
}

static size_t size_of(size_t frame_len)
{
    return sizeof(struct te_control_frame) + frame_len;
}

static uint32_t limit_of(const struct te_config *config, enum te_control_share share)
{
    return share == TE_CONTROL_LAST_WORD ? config->conn_max : config->control_queue_max;
}

void te_control_queue_init(struct te_control_queue *queue)
{
    te_list_init(&queue->urgent);
    te_list_init(&queue->ordinary);
    memset(queue->counts, 0, sizeof(queue->counts));
    queue->taken = NULL;
}

static struct te_control_frame *pop(struct te_control_queue *queue)
{
    struct te_list *link = te_list_pop_front(&queue->urgent);
    if (link == NULL)
        link = te_list_pop_front(&queue->ordinary);
    return link == NULL ? NULL : frame_of(link);
}

void te_control_queue_done(struct te_stack *stack)
{
    struct te_control_queue *queue = &stack->control;
    struct te_control_frame *frame;
    te_control_frame_free(stack, queue->taken);
    queue->taken = NULL;
    while ((frame = pop(queue)) != NULL)
        te_control_frame_free(stack, frame);
}

struct te_control_frame *te_control_frame_new(struct te_stack *stack, size_t frame_len,
                                              enum te_control_share share)
{
    uint32_t *count = &stack->control.counts[share];
    if (*count >= limit_of(&stack->config, share)) {
        te_drop_packet(stack, TE_DROP_CONTROL_QUEUE_FULL, NULL, NULL);
        return NULL;
    }
    struct te_control_frame *frame = te_stack_alloc(stack, size_of(frame_len));
    if (frame == NULL) {
        te_drop_packet(stack, TE_DROP_CONTROL_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    te_list_init(&frame->link);
    frame->share = (uint8_t)share;
    frame->frame_len = frame_len;
    ++*count;
    return frame;
}

void te_control_frame_free(struct te_stack *stack, struct te_control_frame *frame)
{
    if (frame == NULL)
        return;
    uint32_t *count = &stack->control.counts[frame->share];
    assert(*count > 0);
    assert(te_list_is_empty(&frame->link));
    --*count;
    te_stack_dealloc(stack, frame, size_of(frame->frame_len));
}

uint32_t te_control_queue_room(const struct te_stack *stack)
{
    return stack->config.control_queue_max - stack->control.counts[TE_CONTROL_ORDINARY];
}

void te_control_queue_push(struct te_stack *stack, struct te_control_frame *frame)
{
    struct te_control_queue *queue = &stack->control;
    assert(te_list_is_empty(&frame->link));
    bool is_urgent = frame->share == TE_CONTROL_URGENT;
    te_list_push_back(is_urgent ? &queue->urgent : &queue->ordinary, &frame->link);
}

const struct te_control_frame *te_control_queue_take(struct te_stack *stack)
{
    struct te_control_queue *queue = &stack->control;
    te_control_frame_free(stack, queue->taken);
    queue->taken = pop(queue);
    return queue->taken;
}

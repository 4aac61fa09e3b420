#include "tcp/conn/graveyard.h"

#include <string.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"

#define NONE UINT32_MAX

static uint32_t *bucket_of(const struct te_graveyard *yard, uint64_t id)
{
    return &yard->by_id[(uint32_t)id & (yard->bucket_count - 1)];
}

enum te_err te_graveyard_init(struct te_stack *stack)
{
    struct te_graveyard *yard = &stack->graveyard;
    yard->capacity = stack->config.history_conn_max;
    if (yard->capacity == 0)
        return TE_OK; /* hosts may refuse 0 bytes */
    yard->bucket_count = 1;
    while (yard->bucket_count < yard->capacity)
        yard->bucket_count *= 2;
    yard->ring = te_stack_alloc(stack, yard->capacity * sizeof(struct te_grave));
    yard->by_id = te_stack_alloc(stack, yard->bucket_count * sizeof(uint32_t));
    if (yard->ring == NULL || yard->by_id == NULL)
        return TE_ERR_NOMEM;
    memset(yard->by_id, 0xff, yard->bucket_count * sizeof(uint32_t));
    return TE_OK;
}

void te_graveyard_done(struct te_stack *stack)
{
    struct te_graveyard *yard = &stack->graveyard;
    te_stack_dealloc(stack, yard->ring, yard->capacity * sizeof(struct te_grave));
    te_stack_dealloc(stack, yard->by_id, yard->bucket_count * sizeof(uint32_t));
}

static void forget(struct te_stack *stack, uint32_t index)
{
    struct te_graveyard *yard = &stack->graveyard;
    struct te_grave *grave = &yard->ring[index];
    if (grave->id == 0)
        return;
    uint32_t *at = bucket_of(yard, grave->id);
    while (*at != index)
        at = &yard->ring[*at].next_by_id;
    *at = grave->next_by_id;
    te_tag_leave(stack, grave->tag_reference);
    grave->id = 0;
}

void te_graveyard_put(struct te_stack *stack, struct te_grave grave)
{
    struct te_graveyard *yard = &stack->graveyard;
    if (yard->capacity == 0) {
        te_history_clear(&grave.history, &stack->config.allocator);
        return;
    }
    uint32_t index = yard->next;
    yard->next = (index + 1) % yard->capacity;
    forget(stack, index);
    uint32_t *bucket = bucket_of(yard, grave.id);
    grave.next_by_id = *bucket;
    grave.tag_reference = te_tag_join(stack, grave.uid, grave.tag);
    grave.tag = te_tag_number(stack, grave.tag_reference);
    yard->ring[index] = grave;
    te_history_settle(&yard->ring[index].history, yard->ring[index].room, &stack->config.allocator);
    *bucket = index;
}

void te_graveyard_bury(struct te_stack *stack, struct te_conn *conn)
{
    te_graveyard_put(stack, (struct te_grave){.id = conn->id,
                                              .local = conn->local,
                                              .remote = conn->remote,
                                              .uid = conn->uid,
                                              .tag = te_tag_number(stack, conn->tag_reference),
                                              .history = te_history_move(&conn->history)});
}

void te_graveyard_bury_listener(struct te_stack *stack, struct te_listener *listener)
{
    te_graveyard_put(stack, (struct te_grave){.id = listener->id,
                                              .local = listener->local,
                                              .remote = listener->remote,
                                              .uid = listener->uid,
                                              .tag = te_tag_number(stack, listener->tag_reference),
                                              .history = te_history_move(&listener->history)});
}

static uint32_t find(const struct te_graveyard *yard, uint64_t id)
{
    uint32_t index = yard->capacity > 0 ? *bucket_of(yard, id) : NONE;
    while (index != NONE && yard->ring[index].id != id)
        index = yard->ring[index].next_by_id;
    return index;
}

const struct te_grave *te_graveyard_find(const struct te_stack *stack, uint64_t id)
{
    uint32_t index = find(&stack->graveyard, id);
    return index != NONE ? &stack->graveyard.ring[index] : NULL;
}

struct te_history_log *te_graveyard_history(struct te_stack *stack, uint64_t id)
{
    uint32_t index = find(&stack->graveyard, id);
    return index != NONE ? &stack->graveyard.ring[index].history : NULL;
}

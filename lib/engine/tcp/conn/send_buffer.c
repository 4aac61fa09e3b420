#include "tcp/conn/send_buffer.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/timers.h"

static struct te_ring_owner ring_owner(const struct te_stack *stack, const struct te_conn *conn)
{
    return (struct te_ring_owner){&stack->config.buffer_memory, conn->id, true};
}

uint32_t te_send_room(const struct te_stack *stack, const struct te_conn *conn)
{
    uint32_t limit = stack->config.send_buffer_initial_bytes;
    uint32_t wanted = conn->cc.cwnd_bytes < UINT32_MAX / 2 ? 2 * conn->cc.cwnd_bytes : UINT32_MAX;
    if (limit < wanted)
        limit = wanted;
    if (limit > conn->send_max_bytes)
        limit = conn->send_max_bytes;
    uint64_t queued = conn->queued_offset - conn->acked_offset;
    return queued < limit ? limit - (uint32_t)queued : 0;
}

size_t te_send_append(struct te_stack *stack, struct te_conn *conn, const uint8_t *data, size_t len)
{
    uint32_t room = te_send_room(stack, conn);
    if (len > room)
        len = room;
    if (len == 0)
        return 0;
    struct te_ring *ring = &conn->send_ring;
    struct te_ring_owner owner = ring_owner(stack, conn);
    uint32_t before = ring->size_bytes;
    struct te_ring_growth growth = {
        .from = conn->acked_offset,
        .to = conn->queued_offset,
        .need_bytes = (uint32_t)(conn->queued_offset - conn->acked_offset + len),
        .initial_bytes = stack->config.send_buffer_initial_bytes,
        .max_bytes = conn->send_max_bytes,
    };
    bool grown = te_ring_grow(ring, &owner, &growth);
    stack->conns.buffer_bytes += ring->size_bytes - before;
    if (!grown) {
        uint64_t held = conn->queued_offset - conn->acked_offset;
        if (ring->size_bytes <= held)
            return 0;
        if (len > ring->size_bytes - held)
            len = (size_t)(ring->size_bytes - held);
    }
    te_ring_write(ring, conn->queued_offset, data, len);
    conn->queued_offset += len;
    return len;
}

void te_send_free_below(struct te_stack *stack, struct te_conn *conn, uint64_t offset)
{
    assert(offset >= conn->acked_offset && offset <= conn->queued_offset);
    conn->acked_offset = offset;
    if (offset == conn->queued_offset && conn->send_ring.region != NULL)
        te_timer_set_by(stack, conn, TE_TIMER_IDLE, stack->now_us + stack->config.idle_release_us);
}

void te_send_release_memory(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->queued_offset != conn->acked_offset)
        return;
    struct te_ring_owner owner = ring_owner(stack, conn);
    stack->conns.buffer_bytes -= conn->send_ring.size_bytes;
    te_ring_release(&conn->send_ring, &owner);
}

void te_send_drop(struct te_stack *stack, struct te_conn *conn)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    stack->conns.buffer_bytes -= conn->send_ring.size_bytes;
    te_ring_release(&conn->send_ring, &owner);
}

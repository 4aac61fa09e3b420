#include "tcp/conn/send_buffer.h"

#include <assert.h>
#include <tcpengine/units.h>

#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/timers.h"
#include "tcp/conn/unsent.h"

#define MEMORY_RETRY_US (100 * TE_MS)
#define LOOSE_PART 4 /* a ring that is no fuller than one part in so many may shrink */

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
    uint32_t room = queued < limit ? limit - (uint32_t)queued : 0;
    uint32_t unsent_room = te_unsent_room(stack, conn);
    return room < unsent_room ? room : unsent_room;
}

void te_send_on_sent(struct te_stack *stack, struct te_conn *conn)
{
    te_unsent_update(stack, conn);
    if (conn->send_was_cut && !conn->send_ring.is_lent &&
        conn->unsent_bytes <= te_unsent_allowance(stack, conn) / 2 && te_send_room(stack, conn) > 0)
        te_ready_add(stack, &conn->ready, TE_READY_SEND);
}

/* Makes room for len bytes behind what is queued. Returns for how many there is. */
static size_t make_room(struct te_stack *stack, struct te_conn *conn, size_t len)
{
    uint32_t room = te_send_room(stack, conn);
    if (len > room)
        len = room;
    if (len == 0)
        return 0;
    struct te_ring_growth growth = {
        .from = conn->acked_offset,
        .to = conn->queued_offset,
        .need_bytes = (uint32_t)(conn->queued_offset - conn->acked_offset + len),
        .initial_bytes = stack->config.send_buffer_initial_bytes,
        .max_bytes = conn->send_max_bytes,
    };
    return te_charge_room(stack, conn, &conn->send_ring, &growth, conn->queued_offset, len);
}

size_t te_send_append(struct te_stack *stack, struct te_conn *conn, const uint8_t *data, size_t len)
{
    struct te_ring *ring = &conn->send_ring;
    len = make_room(stack, conn, len);
    if (len == 0)
        return 0;
    bool costs_more = te_ring_write(ring, conn->queued_offset, data, len);
    conn->queued_offset += len;
    te_unsent_update(stack, conn);
    if (costs_more)
        te_charge_update(stack, conn);
    return len;
}

void te_send_find_place(struct te_stack *stack, struct te_conn *conn, size_t len,
                        struct te_send_place *ret_place)
{
    struct te_iovec pieces[2];
    size_t room = make_room(stack, conn, len);
    unsigned count = te_ring_read(&conn->send_ring, conn->queued_offset, room, pieces);
    *ret_place = (struct te_send_place){.total_bytes = room};
    for (unsigned i = 0; i < count; i++) {
        ret_place->base[i] = (uint8_t *)(uintptr_t)pieces[i].base; /* the region is ours to write */
        ret_place->len[i] = pieces[i].len;
    }
}

size_t te_send_extend(struct te_stack *stack, struct te_conn *conn, size_t len)
{
    struct te_ring *ring = &conn->send_ring;
    struct te_ring_growth growth = {.from = conn->acked_offset, .to = conn->queued_offset};
    size_t room = te_ring_size(ring) - (size_t)(conn->queued_offset - conn->acked_offset);
    if (len > room)
        len = room;
    len = te_charge_room(stack, conn, ring, &growth, conn->queued_offset, len);
    bool costs_more = te_ring_touch(ring, conn->queued_offset, len);
    conn->queued_offset += len;
    te_unsent_update(stack, conn);
    if (costs_more)
        te_charge_update(stack, conn);
    return len;
}

bool te_send_lend(struct te_stack *stack, struct te_conn *conn, uint8_t *region,
                  uint32_t size_bytes)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    struct te_ring_growth content = {.from = conn->acked_offset, .to = conn->queued_offset};
    uint32_t before = te_ring_size(&conn->send_ring);
    if (!te_ring_lend(&conn->send_ring, &owner, &content, region, size_bytes))
        return false;
    stack->conns.buffer_bytes += size_bytes - (uint64_t)before;
    te_unsent_update(stack, conn);
    te_charge_update(stack, conn);
    return true;
}

bool te_send_own(struct te_stack *stack, struct te_conn *conn)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    struct te_ring_growth content = {
        .from = conn->acked_offset,
        .to = conn->queued_offset,
        .need_bytes = (uint32_t)(conn->queued_offset - conn->acked_offset),
    };
    uint32_t before = te_ring_size(&conn->send_ring);
    if (!te_ring_own(&conn->send_ring, &owner, &content))
        return false;
    stack->conns.buffer_bytes += te_ring_size(&conn->send_ring) - (uint64_t)before;
    te_unsent_update(stack, conn);
    te_charge_update(stack, conn);
    return true;
}

/* Nothing is queued, or so little that it is worth a smaller ring. */
static bool is_ring_loose(const struct te_stack *stack, const struct te_conn *conn)
{
    const struct te_ring *ring = &conn->send_ring;
    uint64_t queued = conn->queued_offset - conn->acked_offset;
    if (queued == 0)
        return ring->region != NULL;
    return queued <= te_ring_size(ring) / LOOSE_PART &&
           te_ring_size(ring) > stack->config.memory_reserve_bytes;
}

void te_send_free_below(struct te_stack *stack, struct te_conn *conn, uint64_t offset)
{
    assert(offset >= conn->acked_offset && offset <= conn->queued_offset);
    te_charge_note_drained(stack, conn, offset - conn->acked_offset);
    conn->acked_offset = offset;
    if (offset == conn->queued_offset)
        te_ring_restart(&conn->send_ring, offset);
    if (is_ring_loose(stack, conn))
        te_timer_set_by(stack, conn, TE_TIMER_IDLE, stack->now_us + stack->config.idle_release_us);
}

static void release(struct te_stack *stack, struct te_conn *conn)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    stack->conns.buffer_bytes -= te_ring_size(&conn->send_ring);
    te_ring_release(&conn->send_ring, &owner);
    te_unsent_update(stack, conn);
    te_charge_update(stack, conn);
}

/* Twice the content, so that the next bytes need no new region. */
static void fit(struct te_stack *stack, struct te_conn *conn)
{
    uint32_t queued = (uint32_t)(conn->queued_offset - conn->acked_offset);
    struct te_ring_owner owner = ring_owner(stack, conn);
    struct te_ring_growth content = {
        .from = conn->acked_offset,
        .to = conn->queued_offset,
        .need_bytes = 2 * queued,
        .initial_bytes = stack->config.memory_reserve_bytes,
    };
    uint32_t before = te_ring_size(&conn->send_ring);
    te_ring_fit(&conn->send_ring, &owner, &content);
    stack->conns.buffer_bytes -= before - te_ring_size(&conn->send_ring);
    te_charge_update(stack, conn);
}

/* Its user may be writing the next bytes: the host knows. */
static void vacate(struct te_stack *stack, struct te_conn *conn)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    te_ring_vacate(&conn->send_ring, &owner);
    te_charge_update(stack, conn);
}

void te_send_release_memory(struct te_stack *stack, struct te_conn *conn)
{
    bool is_empty = conn->queued_offset == conn->acked_offset;
    if (conn->send_ring.is_lent && is_empty)
        vacate(stack, conn);
    else if (conn->send_ring.is_lent)
        return;
    else if (is_empty)
        release(stack, conn);
    else if (is_ring_loose(stack, conn))
        fit(stack, conn);
}

void te_send_await_memory(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->queued_offset == conn->acked_offset)
        te_timer_set_by(stack, conn, TE_TIMER_IDLE, stack->now_us + MEMORY_RETRY_US);
}

void te_send_drop(struct te_stack *stack, struct te_conn *conn)
{
    release(stack, conn);
}

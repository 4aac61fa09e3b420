#include "tcp/conn/receive_buffer.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/dsack.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/timers.h"
#include "util/seq.h"

#define RING_INITIAL_BYTES 4096
#define WINDOW_PER_ROUND_TRIP 4
#define ROUND_MIN_US 10000 /* on one machine the scheduler takes longer than the round trip */
#define RELAXED_LIMIT_MIN (4u * 65536)    /* a quarter of it is a frame of the largest size */
#define NEAR_LIMIT_MAX (4u * 1024 * 1024) /* of a buffer that only the scheduler needs */
#define WSCALE_MAX 14
#define LOOSE_PART 4      /* a ring that is no fuller than one part in so many may shrink */
#define ECHO_MAX_MS 10000 /* an older echo measures a pause, not the path */

static struct te_ring_owner ring_owner(const struct te_stack *stack, const struct te_conn *conn)
{
    return (struct te_ring_owner){&stack->config.buffer_memory, conn->id, false};
}

uint32_t te_receive_window(const struct te_conn *conn)
{
    return seq_gt(conn->rcv_adv, conn->rcv_nxt) ? conn->rcv_adv - conn->rcv_nxt : 0;
}

/* The end of all that is held: of the last out-of-order range, or RCV.NXT. */
static uint64_t held_end(const struct te_conn *conn)
{
    const struct te_ranges *ranges = &conn->out_of_order;
    return ranges->count > 0 ? ranges->items[ranges->count - 1].end : conn->received_offset;
}

/* More than the maximum: the offer may have been rounded up by a unit of the scale, and what was
 * offered before the user lowered the maximum still counts (RFC 7323 2.4). */
static uint32_t ring_max(const struct te_conn *conn)
{
    uint64_t unread = conn->received_offset - conn->released_offset;
    uint64_t offered = unread + te_receive_window(conn);
    uint64_t usual = 2 * (uint64_t)conn->receive_max_bytes;
    return (uint32_t)(offered > usual ? offered : usual);
}

/* Makes room for [offset, offset + len), and says how much of it there is. */
static size_t make_room(struct te_stack *stack, struct te_conn *conn, uint64_t offset, size_t len)
{
    uint64_t end = offset + len;
    uint64_t held_to = held_end(conn);
    struct te_ring_growth growth = {
        .from = conn->released_offset,
        .to = conn->received_offset,
        .need_bytes = (uint32_t)((end > held_to ? end : held_to) - conn->released_offset),
        .initial_bytes = RING_INITIAL_BYTES,
        .max_bytes = ring_max(conn),
        .beyond = &conn->out_of_order,
    };
    size_t room = te_charge_room(stack, conn, &conn->receive_ring, &growth, offset, len);
    if (room < len)
        te_receive_cap(stack, conn);
    return room;
}

static uint64_t held_bytes(const struct te_conn *conn)
{
    uint64_t bytes = conn->received_offset - conn->released_offset;
    for (unsigned i = 0; i < conn->out_of_order.count; i++)
        bytes += conn->out_of_order.items[i].end - conn->out_of_order.items[i].start;
    return bytes;
}

/* Nothing is held, or so little that it is worth another ring. */
static bool is_ring_loose(const struct te_stack *stack, const struct te_conn *conn)
{
    const struct te_ring *ring = &conn->receive_ring;
    uint64_t span = held_end(conn) - conn->released_offset;
    if (span == 0)
        return ring->region != NULL;
    if (te_ring_size(ring) <= stack->config.memory_reserve_bytes)
        return false;
    return span <= te_ring_size(ring) / LOOSE_PART ||
           (conn->out_of_order.count > 0 && held_bytes(conn) <= te_ring_cost(ring) / LOOSE_PART);
}

/* The timer finds out whether there is anything to release: ranges are not summed up per segment.
 */
static void release_when_idle(struct te_stack *stack, struct te_conn *conn)
{
    const struct te_ring *ring = &conn->receive_ring;
    uint64_t span = held_end(conn) - conn->released_offset;
    bool may_be_loose = conn->out_of_order.count > 0 || span <= te_ring_size(ring) / LOOSE_PART;
    if (may_be_loose && te_ring_size(ring) > stack->config.memory_reserve_bytes)
        te_timer_set_by(stack, conn, TE_TIMER_IDLE, stack->now_us + stack->config.idle_release_us);
}

/* D-SACK names what was received twice (RFC 2883 4.1). */
static void note_duplicate(const struct te_stack *stack, struct te_conn *conn, uint32_t start,
                           uint32_t end)
{
    if (conn->sack_ok && start != end)
        te_dsacks_add(&conn->ack.dsacks, (struct te_sack_block){start, end},
                      &stack->config.allocator);
}

/* Reports the first part of [start, start + len), which begins at seq, that is already held beyond
 * RCV.NXT: "the first duplicate sub-segment" (RFC 2883 4.2). */
static void note_held(const struct te_stack *stack, struct te_conn *conn, uint64_t start,
                      uint32_t seq, size_t len)
{
    uint64_t end = start + len;
    const struct te_range *held = te_ranges_find_within(&conn->out_of_order, start, end);
    if (held == NULL)
        return;
    uint64_t from = held->start > start ? held->start : start;
    uint64_t to = held->end < end ? held->end : end;
    note_duplicate(stack, conn, seq + (uint32_t)(from - start), seq + (uint32_t)(to - start));
}

/* RCV.NXT moves to end, and over the out-of-order range that continues there. */
static void advance(struct te_stack *stack, struct te_conn *conn, uint64_t end)
{
    const struct te_range *next = te_ranges_find(&conn->out_of_order, end);
    if (next != NULL)
        end = next->end;
    uint64_t gained = end - conn->received_offset;
    te_ranges_remove_below(&conn->out_of_order, end, &stack->config.allocator);
    conn->received_offset = end;
    conn->rcv_nxt += (uint32_t)gained;
    stack->counters.bytes_in += gained;
    assert(conn->received_offset >= conn->released_offset);
}

/* What may change the connection's charge with each segment, and mostly does not. */
static void charge_if_changed(struct te_stack *stack, struct te_conn *conn, bool ring_costs_more,
                              unsigned capacity_before)
{
    if (ring_costs_more || conn->out_of_order.capacity != capacity_before)
        te_charge_update(stack, conn);
}

static enum te_receive_result take_in_order(struct te_stack *stack, struct te_conn *conn,
                                            const uint8_t *data, size_t len)
{
    uint64_t start = conn->received_offset;
    len = make_room(stack, conn, start, len);
    if (len == 0)
        return TE_RECEIVE_NO_MEMORY;
    unsigned capacity = conn->out_of_order.capacity;
    bool costs_more =
        te_ring_receive(&conn->receive_ring, &stack->config.buffer_memory, start, data, len);
    advance(stack, conn, start + len);
    charge_if_changed(stack, conn, costs_more, capacity);
    return TE_RECEIVE_IN_ORDER;
}

static enum te_receive_result take_out_of_order(struct te_stack *stack, struct te_conn *conn,
                                                uint32_t seq, const uint8_t *data, size_t len)
{
    uint64_t start = te_conn_receive_offset(conn, seq);
    if (make_room(stack, conn, start, len) < len)
        return TE_RECEIVE_NO_MEMORY;
    unsigned capacity = conn->out_of_order.capacity;
    enum te_ranges_result result =
        te_ranges_insert(&conn->out_of_order, start, start + len,
                         stack->config.out_of_order_ranges_max, &stack->config.allocator);
    if (result == TE_RANGES_FULL || result == TE_RANGES_NO_MEMORY)
        return TE_RECEIVE_NO_RANGE;
    if (result == TE_RANGES_DUPLICATE)
        return TE_RECEIVE_DUPLICATE;
    bool costs_more =
        te_ring_receive(&conn->receive_ring, &stack->config.buffer_memory, start, data, len);
    charge_if_changed(stack, conn, costs_more, capacity);
    release_when_idle(stack, conn);
    stack->counters.out_of_order_segments++;
    return TE_RECEIVE_OUT_OF_ORDER;
}

enum te_receive_result te_receive_payload(struct te_stack *stack, struct te_conn *conn,
                                          uint32_t seq, const uint8_t *data, size_t len)
{
    bool starts_old = seq_lt(seq, conn->rcv_nxt);
    if (starts_old) {
        uint32_t old = conn->rcv_nxt - seq;
        note_duplicate(stack, conn, seq, seq + (old < len ? old : (uint32_t)len));
        if (old >= len)
            return TE_RECEIVE_DUPLICATE;
        data += old;
        len -= old;
        seq = conn->rcv_nxt;
    }
    uint32_t room = seq_lt(seq, conn->rcv_adv) ? conn->rcv_adv - seq : 0;
    if (len > room)
        len = room;
    if (len == 0)
        return TE_RECEIVE_NO_WINDOW;
    if (!starts_old)
        note_held(stack, conn, te_conn_receive_offset(conn, seq), seq, len);
    if (seq == conn->rcv_nxt)
        return take_in_order(stack, conn, data, len);
    return take_out_of_order(stack, conn, seq, data, len);
}

unsigned te_receive_sack_blocks(const struct te_conn *conn, struct te_sack_block *ret_blocks)
{
    unsigned max = conn->ts_ok ? TE_SACK_BLOCKS_MAX - 1 : TE_SACK_BLOCKS_MAX;
    unsigned count = 0;
    const struct te_sack_block *dsack = te_dsacks_first(conn->ack.dsacks);
    if (dsack != NULL)
        ret_blocks[count++] = *dsack;
    struct te_range newest[TE_SACK_BLOCKS_MAX];
    unsigned held = te_ranges_newest(&conn->out_of_order, newest, max - count);
    for (unsigned i = 0; i < held; i++) {
        uint32_t start = conn->rcv_nxt + (uint32_t)(newest[i].start - conn->received_offset);
        uint32_t end = start + (uint32_t)(newest[i].end - newest[i].start);
        ret_blocks[count++] = (struct te_sack_block){start, end};
    }
    return count;
}

void te_receive_cap(struct te_stack *stack, struct te_conn *conn)
{
    uint32_t cap_bytes = te_charge_window_cap(stack, conn);
    bool was_capped = conn->receive_cap_bytes > 0;
    conn->receive_cap_bytes = cap_bytes;
    if (was_capped != (cap_bytes > 0) && !conn->is_remains)
        te_note(stack, conn, was_capped ? TE_NOTE_WINDOW_UNCAPPED : TE_NOTE_WINDOW_CAPPED,
                cap_bytes);
}

/* The limit of the moment: memory may be short. */
static uint32_t limit_bytes(const struct te_conn *conn)
{
    uint32_t cap = conn->receive_cap_bytes;
    if (cap == 0)
        return conn->receive_limit_bytes;
    if (cap < te_receive_limit_min(conn))
        cap = te_receive_limit_min(conn);
    return cap < conn->receive_limit_bytes ? cap : conn->receive_limit_bytes;
}

/* Bytes that the limit leaves beyond RCV.NXT. */
static uint32_t free_bytes(const struct te_conn *conn)
{
    uint64_t used = conn->received_offset - conn->released_offset;
    return used < limit_bytes(conn) ? limit_bytes(conn) - (uint32_t)used : 0;
}

/* RFC 9293 3.8.6.2.2: the edge moves by a segment or half of the buffer, or not at all. */
static uint32_t edge_step(const struct te_conn *conn)
{
    uint32_t half = limit_bytes(conn) / 2;
    return conn->mss < half ? conn->mss : half;
}

/* The offer in units of the scale. Rounding down may announce up to one unit less than was offered
 * before; then it is rounded up, while the buffer's slack allows.
 *
 * DEVIATION: beyond that slack the announced edge moves left by less than one unit, as RFC 7323 2.4
 * foresees: always rounding up would let a sender of tiny segments fill any amount of memory.
 * rcv_adv itself never moves left, and text up to it is accepted. */
static uint32_t scaled_offer(const struct te_conn *conn, uint32_t edge_bytes)
{
    uint32_t units = edge_bytes >> conn->rcv_wscale;
    bool would_shrink = (units << conn->rcv_wscale) < te_receive_window(conn);
    uint32_t slack = 1u << conn->rcv_wscale;
    if (would_shrink && te_receive_window(conn) <= free_bytes(conn) + slack)
        units++;
    return units > UINT16_MAX ? UINT16_MAX : units;
}

uint16_t te_receive_offer(struct te_conn *conn, bool is_syn)
{
    uint32_t offered = te_receive_window(conn);
    uint32_t edge = free_bytes(conn);
    if (edge < offered || edge - offered < edge_step(conn))
        edge = offered;
    uint32_t field;
    uint32_t window;
    if (is_syn) {
        field = edge > UINT16_MAX ? UINT16_MAX : edge;
        window = field;
    } else {
        field = scaled_offer(conn, edge);
        window = field << conn->rcv_wscale;
    }
    if (window > offered)
        conn->rcv_adv = conn->rcv_nxt + window;
    return (uint16_t)field;
}

/* While more than half of a large window is open, the peer goes on sending, and where its segments
 * come in large frames the ACK of the next one tells it what the user has taken meanwhile: so a
 * user who keeps up costs one ACK per frame, and not two. Where an ACK is due anyway, it need not
 * wait for its delay; and where segments come one by one, every ACK helps a peer that grows its
 * window by ACKs. */
static uint32_t update_step(const struct te_conn *conn, uint32_t offered)
{
    uint32_t limit = limit_bytes(conn);
    uint32_t segments = 2u * conn->mss, half = limit / 2;
    bool is_soon_told = conn->ack.by_frame && conn->ack.unacked_bytes == 0;
    if (is_soon_told && limit >= RELAXED_LIMIT_MIN && offered > half)
        return limit / 4;
    return segments < half ? segments : half;
}

bool te_receive_should_update_window(const struct te_conn *conn)
{
    uint32_t offered = te_receive_window(conn);
    uint32_t free = free_bytes(conn);
    uint32_t most = (uint32_t)UINT16_MAX << conn->rcv_wscale; /* that the field can hold */
    uint32_t room = free < most ? free : most;
    uint32_t told = room >> conn->rcv_wscale << conn->rcv_wscale; /* RFC 7323 2.2 */
    return told > offered && room - offered >= update_step(conn, offered);
}

uint32_t te_receive_limit_initial(const struct te_config *config)
{
    uint32_t limit = config->receive_buffer_initial_bytes;
    uint32_t least = 2u << te_receive_wscale(config->receive_buffer_max_bytes);
    if (limit < least)
        limit = least;
    return limit < config->receive_buffer_max_bytes ? limit : config->receive_buffer_max_bytes;
}

uint32_t te_receive_limit_min(const struct te_conn *conn)
{
    return 2u << conn->rcv_wscale;
}

uint8_t te_receive_wscale(uint32_t receive_max_bytes)
{
    uint8_t scale = 0;
    while (scale < WSCALE_MAX && (receive_max_bytes >> scale) > UINT16_MAX)
        scale++;
    return scale;
}

/* A receiver that sends nothing learns the round trip from the echoes: our ACK opens the window,
 * and what the peer sends then echoes that ACK's timestamp (RFC 7323 4.1). */
void te_receive_note_echo(const struct te_stack *stack, struct te_conn *conn, uint32_t ts_echo)
{
    uint32_t elapsed_ms = te_ts_now(stack, conn->ts_offset) - ts_echo;
    if (elapsed_ms > ECHO_MAX_MS)
        return;
    uint32_t sample_us = elapsed_ms > 0 ? elapsed_ms * 1000 : 1000;
    if (conn->receive_rtt_us == 0)
        conn->receive_rtt_us = sample_us;
    else
        conn->receive_rtt_us = (uint32_t)((7 * (uint64_t)conn->receive_rtt_us + sample_us) / 8);
}

static int64_t round_trip_us(const struct te_conn *conn)
{
    uint32_t srtt_us = conn->rtt.srtt_us;
    return srtt_us > conn->receive_rtt_us ? srtt_us : conn->receive_rtt_us;
}

/* What the user takes is counted over one round trip at a time. When that has passed, the next
 * measurement begins with what is taken at that moment: in slow start, what a burst has brought.
 * After a longer pause, what has gathered meanwhile says nothing about the path. */
static uint64_t taken_in_round_trip(const struct te_stack *stack, struct te_conn *conn,
                                    uint64_t before_offset)
{
    int64_t round_us = round_trip_us(conn) > ROUND_MIN_US ? round_trip_us(conn) : ROUND_MIN_US;
    int64_t elapsed_us = stack->now_us - conn->receive_mark_at_us;
    if (elapsed_us > round_us) {
        conn->receive_mark_at_us = stack->now_us;
        conn->receive_mark_offset =
            elapsed_us > 2 * round_us ? conn->released_offset : before_offset;
    }
    return conn->released_offset - conn->receive_mark_offset;
}

/* Of what was taken in ROUND_MIN_US or longer, what a shorter round trip has brought. */
static uint64_t taken_from_path(const struct te_conn *conn, uint64_t taken)
{
    uint64_t round_us = (uint64_t)round_trip_us(conn);
    return round_us < ROUND_MIN_US ? taken * round_us / ROUND_MIN_US : taken;
}

/* Dynamic right-sizing: a peer in slow start sends twice as much in the next round trip, and half
 * of a window may lie beyond a hole for a round trip or more before the user can take it. A buffer
 * that covers the pauses of the scheduler ends where the processor's caches do: beyond that only
 * the path counts. */
static void grow_limit(const struct te_stack *stack, struct te_conn *conn, uint64_t before_offset)
{
    uint64_t taken = taken_in_round_trip(stack, conn, before_offset);
    uint64_t from_path = taken_from_path(conn, taken);
    while (conn->receive_limit_bytes / WINDOW_PER_ROUND_TRIP <
               (conn->receive_limit_bytes < NEAR_LIMIT_MAX ? taken : from_path) &&
           conn->receive_limit_bytes < conn->receive_max_bytes) {
        uint32_t doubled = conn->receive_limit_bytes * 2;
        conn->receive_limit_bytes =
            doubled < conn->receive_max_bytes ? doubled : conn->receive_max_bytes;
    }
}

/* The last byte of remains was read: they only wait for CLOSE now. */
static void on_remains_taken(struct te_stack *stack, struct te_conn *conn)
{
    te_receive_release_memory(stack, conn);
    if (conn->state == TE_CLOSED)
        te_timer_set(stack, conn, TE_TIMER_REMAINS, stack->now_us + stack->config.remains_us);
}

void te_receive_release_below(struct te_stack *stack, struct te_conn *conn, uint64_t offset)
{
    assert(offset >= conn->released_offset && offset <= conn->received_offset);
    if (offset == conn->released_offset)
        return;
    uint64_t before_offset = conn->released_offset;
    conn->released_offset = offset;
    te_charge_note_drained(stack, conn, offset - before_offset);
    grow_limit(stack, conn, before_offset);
    if (conn->receive_cap_bytes > 0)
        te_receive_cap(stack, conn);
    bool is_all = offset == conn->received_offset && conn->out_of_order.count == 0;
    if (is_all)
        te_ring_restart(&conn->receive_ring, offset);
    if (is_all && conn->is_remains)
        on_remains_taken(stack, conn);
    else if (is_all)
        te_timer_set_by(stack, conn, TE_TIMER_IDLE, stack->now_us + stack->config.idle_release_us);
    else if (!conn->is_remains)
        release_when_idle(stack, conn);
}

static void release(struct te_stack *stack, struct te_conn *conn)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    stack->conns.buffer_bytes -= te_ring_size(&conn->receive_ring);
    te_ring_release(&conn->receive_ring, &owner);
    te_charge_update(stack, conn);
}

/* Twice the content, so that the next bytes need no new region; or, where one range lies far
 * beyond a hole, a region of the same size of which less was written. */
static void fit(struct te_stack *stack, struct te_conn *conn)
{
    uint32_t span = (uint32_t)(held_end(conn) - conn->released_offset);
    uint32_t size = te_ring_size(&conn->receive_ring);
    struct te_ring_owner owner = ring_owner(stack, conn);
    struct te_ring_growth content = {
        .from = conn->released_offset,
        .to = conn->received_offset,
        .need_bytes = span <= size / 2 ? 2 * span : size,
        .initial_bytes = stack->config.memory_reserve_bytes,
        .beyond = &conn->out_of_order,
    };
    te_ring_fit(&conn->receive_ring, &owner, &content);
    stack->conns.buffer_bytes -= size - te_ring_size(&conn->receive_ring);
    te_charge_update(stack, conn);
}

static void vacate(struct te_stack *stack, struct te_conn *conn)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    te_ring_vacate(&conn->receive_ring, &owner);
    te_charge_update(stack, conn);
}

void te_receive_release_memory(struct te_stack *stack, struct te_conn *conn)
{
    bool is_empty = conn->received_offset == conn->released_offset && conn->out_of_order.count == 0;
    if (conn->receive_ring.is_lent && is_empty)
        vacate(stack, conn);
    else if (is_empty)
        release(stack, conn);
    else if (is_ring_loose(stack, conn))
        fit(stack, conn);
}

static struct te_ring_growth content_of(const struct te_conn *conn)
{
    return (struct te_ring_growth){.from = conn->released_offset,
                                   .to = conn->received_offset,
                                   .need_bytes = (uint32_t)(held_end(conn) - conn->released_offset),
                                   .beyond = &conn->out_of_order};
}

/* The window never offers more than the ring holds: an offer may be rounded up by a unit. */
static void fit_window(struct te_conn *conn, uint32_t size_bytes)
{
    uint32_t max = size_bytes - te_receive_limit_min(conn);
    if (conn->receive_max_bytes > max)
        conn->receive_max_bytes = max;
    conn->receive_limit_bytes = conn->receive_max_bytes;
}

bool te_receive_lend(struct te_stack *stack, struct te_conn *conn, uint8_t *region,
                     uint32_t size_bytes)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    struct te_ring_growth content = content_of(conn);
    uint32_t before = te_ring_size(&conn->receive_ring);
    if (size_bytes < 2 * te_receive_limit_min(conn) ||
        !te_ring_lend(&conn->receive_ring, &owner, &content, region, size_bytes))
        return false;
    fit_window(conn, size_bytes);
    stack->conns.buffer_bytes += size_bytes - (uint64_t)before;
    te_charge_update(stack, conn);
    return true;
}

bool te_receive_own(struct te_stack *stack, struct te_conn *conn)
{
    struct te_ring_owner owner = ring_owner(stack, conn);
    struct te_ring_growth content = content_of(conn);
    uint32_t before = te_ring_size(&conn->receive_ring);
    if (!te_ring_own(&conn->receive_ring, &owner, &content))
        return false;
    stack->conns.buffer_bytes += te_ring_size(&conn->receive_ring) - (uint64_t)before;
    te_charge_update(stack, conn);
    return true;
}

/* The duplicates not yet reported go as well: a D-SACK of what is no longer held would lie beyond
 * RCV.NXT alone, and read as a SACK (RFC 2883 4). */
uint64_t te_receive_prune(struct te_stack *stack, struct te_conn *conn)
{
    uint64_t unread = conn->received_offset - conn->released_offset;
    uint64_t pruned = held_bytes(conn) - unread;
    te_ranges_clear(&conn->out_of_order, &stack->config.allocator);
    te_dsacks_clear(&conn->ack.dsacks, &stack->config.allocator);
    te_receive_release_memory(stack, conn);
    te_charge_update(stack, conn);
    return pruned;
}

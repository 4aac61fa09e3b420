#include "tcp/recovery/loss_detect.h"

#include "stack_internal.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/mtu/mtu_probe.h"
#include "util/seq.h"

/* How many records below the highest SACKed one are searched for three SACKed segments: a peer may
 * leave any number of holes, and every ACK searches. */
#define SCAN_MAX 128

/* --- telling the congestion control ----------------------------------------------------------- */

/* One search for lost records. */
struct look {
    struct te_conn *conn;
    uint64_t lost_bytes; /* found so far; added to delivery's count by the caller, afterwards */
};

static void tell(void *ctx, const struct te_sent *sent, uint32_t bytes)
{
    struct look *look = ctx;
    struct te_conn *conn = look->conn;
    const struct te_delivery *delivery = &conn->sender->delivery;
    look->lost_bytes += bytes;
    if (conn->cc.ops->on_lost == NULL || te_mtu_probe_is(conn, sent))
        return;
    struct te_loss_sample loss = {
        .prior_delivered_bytes = sent->mark.delivered_bytes,
        .delivered_total_bytes = delivery->delivered_bytes,
        .tx_in_flight_bytes = sent->mark.tx_in_flight_bytes,
        .lost_bytes = (uint32_t)(delivery->lost_bytes + look->lost_bytes - sent->mark.lost_bytes),
        .length_bytes = bytes,
        .is_app_limited = sent->mark.is_app_limited,
        .has_sack = te_conn_uses_sack(conn),
    };
    conn->cc.ops->on_lost(&conn->cc, &loss);
}

static void mark(struct look *look, struct te_sent *sent)
{
    tell(look, sent, te_sent_len(sent));
    te_sent_map_mark_lost(&look->conn->sender->map, sent);
}

/* --- by time, by count, without SACK ---------------------------------------------------------- */

static uint32_t detect_by_time(struct te_stack *stack, struct te_conn *conn)
{
    struct te_sender *sender = conn->sender;
    struct look look = {.conn = conn};
    struct te_rack_context context = {
        .now_us = stack->now_us,
        .srtt_us = conn->rtt.srtt_us,
        .is_recovering =
            conn->recovery.state == TE_RECOVERY_FAST || conn->recovery.state == TE_RECOVERY_LOSS,
        .on_lost = tell,
        .on_lost_ctx = &look,
    };
    int64_t timeout_us;
    uint32_t lost = te_rack_detect(&sender->rack, &sender->map, &context, &timeout_us);
    if (timeout_us > 0)
        te_timer_set(stack, conn, TE_TIMER_REORDER, stack->now_us + timeout_us);
    else
        te_timer_clear(stack, conn, TE_TIMER_REORDER);
    return lost;
}

/* The highest number with three SACKed segments, or more than two MSS of SACKed data, from there
 * on: everything in flight below it is lost. */
static bool find_threshold(const struct te_sent_map *map, uint32_t mss_bytes, uint32_t *ret_seq)
{
    uint32_t segments = 0;
    uint32_t bytes = 0;
    const struct te_sent *sent = te_sent_map_find(map, map->highest_sacked - 1);
    for (unsigned i = 0; sent != NULL && i < SCAN_MAX; i++, sent = te_sent_map_previous(sent)) {
        if (sent->state != TE_SENT_SACKED)
            continue;
        segments += sent->segments;
        bytes += te_sent_len(sent);
        if (segments >= TE_DUP_THRESH || bytes > (TE_DUP_THRESH - 1) * mss_bytes) {
            *ret_seq = sent->start;
            return true;
        }
    }
    return false;
}

/* What was sent again stays in flight: only RACK can tell when a retransmission is lost. */
static uint32_t detect_by_count(struct te_conn *conn)
{
    struct te_sender *sender = conn->sender;
    struct look look = {.conn = conn};
    uint32_t threshold;
    if (sender->map.sacked_bytes == 0 || !find_threshold(&sender->map, conn->mss, &threshold))
        return 0;
    struct te_sent *sent = te_sent_map_find(&sender->map, sender->counted_to);
    if (sent == NULL)
        sent = te_sent_map_first(&sender->map);
    for (; sent != NULL && seq_lt(sent->start, threshold); sent = te_sent_map_next(sent)) {
        if (sent->state != TE_SENT_IN_FLIGHT || sent->transmissions > 1)
            continue;
        mark(&look, sent);
    }
    sender->counted_to = threshold;
    return (uint32_t)look.lost_bytes;
}

uint32_t te_loss_detect(struct te_stack *stack, struct te_conn *conn)
{
    if (!te_conn_uses_sack(conn))
        return 0;
    if (conn->features & TE_FEATURE_RACK)
        return detect_by_time(stack, conn);
    return detect_by_count(conn);
}

uint32_t te_loss_mark_first(struct te_stack *stack, struct te_conn *conn)
{
    struct te_sent_map *map = &conn->sender->map;
    struct te_sent *first = te_sent_map_first(map);
    if (first == NULL || first->state != TE_SENT_IN_FLIGHT)
        return 0;
    if (te_sent_len(first) > conn->mss && te_sent_map_reserve(map, &stack->config.allocator))
        te_sent_map_split(map, first, first->start + conn->mss, conn->mss);
    struct look look = {.conn = conn};
    mark(&look, first);
    return te_sent_len(first);
}

uint32_t te_loss_mark_all(struct te_conn *conn)
{
    struct te_sent_map *map = &conn->sender->map;
    struct look look = {.conn = conn};
    struct te_sent *sent;
    while ((sent = te_sent_map_oldest(map)) != NULL)
        mark(&look, sent);
    return (uint32_t)look.lost_bytes;
}

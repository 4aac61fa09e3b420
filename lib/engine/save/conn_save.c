/* A connection and everything that it owns. Flags that say in which list it is (is_queued,
 * waits_neighbour, listener, in_accept_queue) follow from those lists' sections, accounts from the
 * connections. */
#include <string.h>

#include "ip/ip.h"
#include "save/conn_check.h"
#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/dsack.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/conn/unsent.h"
#include "tcp/life.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/timeout.h"

#define CONN_BYTES_MIN 400
#define ID_BYTES 8
#define TIMER_BYTES 9
#define RING_MAX_BYTES (UINT32_C(1) << 31)

TE_SAVED_ITEMS(struct te_conn_table, by_id, struct te_conn);
TE_NOT_SAVED(struct te_conn_table, "the table is rebuilt, and grows again with what is added",
             by_tuple, next_by_tuple, next_by_id);
TE_NOT_SAVED(struct te_growth, "the table begins to grow again", moved);
TE_NOT_SAVED(struct te_conn_table, "counted again", orphan_count, state_count, buffer_bytes,
             unsent_bytes);
TE_NOT_SAVED(struct te_conn, "the tables are rebuilt", next_by_tuple, next_by_id);
TE_NOT_SAVED(struct te_conn, "follow from the section of the output queue, or of the neighbours",
             queue_link, is_queued, waits_neighbour);
TE_NOT_SAVED(struct te_conn, "follow from the listeners' section", listener, listener_link,
             in_accept_queue);
TE_NOT_SAVED(struct te_conn, "counted again", counted_orphan, counted_remote);
TE_NOT_SAVED(struct te_conn, "counted again with the bytes", unsent_bytes);
TE_NOT_SAVED(struct te_ring, "what is held is written again", granule_shift, touched, map_start,
             origin);
TE_NOT_SAVED(struct te_ring, "the host lends it again", is_lent);
TE_SAVED_BY_HAND(struct te_ring, "the size itself: region_fields", size_bits);
TE_NOT_SAVED(struct te_conn, "charged again", is_charged, charged_remote, charged_rest_bytes,
             charged_ring_bytes, holder_link);
TE_NOT_SAVED(struct te_conn, "begins anew", progress_at_us, drained_bytes, receive_cap_bytes);
TE_NOT_SAVED(struct te_conn, "for notes only: the next segment sets it", offers_none);
TE_NOT_SAVED(struct te_conn, "for people: begins anew", held_ms);
TE_NOT_SAVED(struct te_conn, "the host says it again", is_kept);
TE_NOT_SAVED(struct te_conn, "armed again", timer);
TE_NOT_SAVED(struct te_conn, "follows from the tag, which is saved: tag_field", tag_reference);
TE_SAVED_BY_HAND(struct te_conn, "by te_save_ready", ready);
TE_SAVED_BY_HAND(struct te_conn, "size and bytes: send_buffer_fields, receive_buffer_fields",
                 send_ring, receive_ring);

/* --- the lists of fields ---------------------------------------------------------------------- */

static void identity_fields(struct te_codec *codec, const struct te_stack *stack,
                            struct te_conn *conn)
{
    te_save_id(codec, stack, &conn->id);
    te_save_endpoint(codec, &conn->local);
    te_save_endpoint(codec, &conn->remote);
    te_save_addr(codec, &conn->next_hop);
    te_codec_u32(codec, &conn->uid);
}

static void state_fields(struct te_codec *codec, struct te_conn *conn)
{
    te_codec_u8_below(codec, &conn->state, TE_STATE_COUNT);
    TE_CODEC_BIT(codec, conn->was_passive);
    TE_CODEC_BIT(codec, conn->is_remains);
    TE_CODEC_BIT(codec, conn->user_closed);
    TE_CODEC_BIT(codec, conn->is_accepted);
    TE_CODEC_BIT(codec, conn->fin_queued);
    TE_CODEC_BIT(codec, conn->syn_acked);
    TE_CODEC_BIT(codec, conn->syn_was_lost);
    TE_CODEC_BIT(codec, conn->fin_sent);
    TE_CODEC_BIT(codec, conn->fin_received);
    TE_CODEC_BIT(codec, conn->fin_pending);
    TE_CODEC_BIT(codec, conn->probe_now);
    TE_CODEC_BIT(codec, conn->keepalive_now);
    TE_CODEC_BIT(codec, conn->wscale_ok);
    TE_CODEC_BIT(codec, conn->ts_ok);
    TE_CODEC_BIT(codec, conn->sack_ok);
    TE_CODEC_BIT(codec, conn->nagle);
    TE_CODEC_BIT(codec, conn->keepalive);
    TE_CODEC_BIT(codec, conn->delayed_ack);
    TE_CODEC_BIT(codec, conn->send_was_cut);
    TE_CODEC_BIT(codec, conn->rtt_timing);
    TE_CODEC_BIT(codec, conn->cwnd_limited);
    TE_CODEC_BIT(codec, conn->fast_opened);
    TE_CODEC_BIT(codec, conn->fast_open_pending);
    TE_CODEC_BIT(codec, conn->fast_open_answer);
    TE_CODEC_BIT(codec, conn->fast_open_tried);
    TE_CODEC_BIT(codec, conn->fast_open_has_cookie);
    TE_CODEC_BIT(codec, conn->fast_open_data);
    te_save_error(codec, &conn->error);
    te_save_error(codec, &conn->soft_error);
    if (codec->version < TE_SAVE_VERSION_GROUPS)
        return;
    te_codec_bool(codec, &conn->has_icmp);
    te_codec_u8(codec, &conn->icmp_type);
    te_codec_u8(codec, &conn->icmp_code);
}

static void sequence_fields(struct te_codec *codec, struct te_conn *conn)
{
    te_codec_u32(codec, &conn->iss);
    te_codec_u32(codec, &conn->snd_una);
    te_codec_u32(codec, &conn->snd_nxt);
    te_codec_u32(codec, &conn->snd_max);
    te_codec_u32(codec, &conn->snd_wnd);
    te_codec_u32(codec, &conn->snd_wl1);
    te_codec_u32(codec, &conn->snd_wl2);
    te_codec_u32(codec, &conn->max_snd_wnd);
    te_codec_u32(codec, &conn->snd_small);
    te_codec_u32(codec, &conn->irs);
    te_codec_u32(codec, &conn->rcv_nxt);
    te_codec_u32(codec, &conn->rcv_adv);
    te_codec_u16(codec, &conn->mss);
    te_codec_u16(codec, &conn->peer_mss);
    te_codec_u16(codec, &conn->path_mtu);
    te_codec_u16(codec, &conn->acked_mtu);
    te_codec_u16(codec, &conn->rcv_mss);
    te_codec_u8(codec, &conn->snd_wscale);
    te_codec_u8(codec, &conn->rcv_wscale);
    te_codec_u32(codec, &conn->ts_offset);
}

static void paws_fields(struct te_codec *codec, struct te_paws *paws)
{
    te_codec_u32(codec, &paws->ts_recent);
    te_codec_u32(codec, &paws->floor);
    te_codec_u32(codec, &paws->next_floor);
    te_codec_u32(codec, &paws->edge);
    te_codec_past(codec, &paws->ts_recent_at_us);
}

static void stream_fields(struct te_codec *codec, struct te_conn *conn)
{
    te_codec_u64(codec, &conn->queued_offset);
    te_codec_u64(codec, &conn->acked_offset);
    te_codec_u64(codec, &conn->received_offset);
    te_codec_u64(codec, &conn->released_offset);
    te_codec_u64(codec, &conn->fin_offset);
    te_codec_u32(codec, &conn->send_max_bytes);
    te_codec_u32(codec, &conn->receive_limit_bytes);
    te_codec_u32(codec, &conn->receive_max_bytes);
    te_codec_u64(codec, &conn->receive_mark_offset);
    te_codec_past(codec, &conn->receive_mark_at_us);
    te_codec_u32(codec, &conn->receive_rtt_us);
}

static void rtt_fields(struct te_codec *codec, struct te_conn *conn)
{
    te_codec_u32(codec, &conn->rtt.srtt_us);
    te_codec_u32(codec, &conn->rtt.rttvar_us);
    te_codec_u32(codec, &conn->rtt.base_rto_us);
    te_codec_u8(codec, &conn->rtt.backoff);
    te_codec_past(codec, &conn->rtt_sent_at_us);
}

static void recovery_fields(struct te_codec *codec, struct te_recovery *recovery)
{
    te_codec_u8_below(codec, &recovery->state, TE_RECOVERY_LOSS + 1);
    te_codec_u8(codec, &recovery->duplicate_acks);
    te_codec_u8_below(codec, &recovery->partial_acks, TE_PARTIAL_ACKS_MAX + 1);
    te_codec_u32(codec, &recovery->recover);
}

static void ecn_fields(struct te_codec *codec, struct te_ecn *ecn)
{
    TE_CODEC_BIT(codec, ecn->setup_sent);
    TE_CODEC_BIT(codec, ecn->plain_sent);
    TE_CODEC_BIT(codec, ecn->setup_received);
    TE_CODEC_BIT(codec, ecn->plain_received);
    TE_CODEC_BIT(codec, ecn->echoes);
    TE_CODEC_BIT(codec, ecn->cwr_due);
    TE_CODEC_BIT(codec, ecn->is_reducing);
    te_codec_u32(codec, &ecn->recover);
    te_codec_u32(codec, &ecn->ce_in);
    te_codec_u32(codec, &ecn->ece_in);
}

static void ack_fields(struct te_codec *codec, const struct te_stack *stack,
                       struct te_ack_state *ack)
{
    te_codec_u8(codec, &ack->owed);
    if (codec->version >= TE_SAVE_VERSION_FRAMES)
        TE_CODEC_BIT(codec, ack->by_frame);
    te_codec_u32(codec, &ack->unacked_bytes);
    te_codec_u32(codec, &ack->last_sent);
    te_dsacks_save(codec, &ack->dsacks, &stack->config.allocator);
}

/* Up to version 3 in whole seconds and milliseconds, where less than one was 0. */
static void read_coarse_keepalive(struct te_codec *codec, struct te_conn *conn)
{
    uint32_t idle_s = 0, interval_ms = 0;
    te_codec_u32(codec, &idle_s);
    te_codec_u32(codec, &interval_ms);
    conn->keepalive_idle_us = idle_s > 0 ? idle_s * TE_SECOND : TE_SECOND;
    conn->keepalive_interval_us = interval_ms > 0 ? interval_ms * TE_MS : TE_MS;
}

static void keepalive_fields(struct te_codec *codec, struct te_conn *conn)
{
    if (codec->version < TE_SAVE_VERSION_DURATIONS) {
        read_coarse_keepalive(codec, conn);
        return;
    }
    te_codec_time(codec, &conn->keepalive_idle_us);
    te_codec_time(codec, &conn->keepalive_interval_us);
    te_codec_require(codec, conn->keepalive_idle_us > 0 && conn->keepalive_interval_us > 0);
}

static void sending_fields(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn)
{
    te_codec_u32_to(codec, &conn->features, TE_FEATURES_ALL);
    rtt_fields(codec, conn);
    te_cc_save(codec, &conn->cc);
    te_sender_save(codec, stack, conn);
    recovery_fields(codec, &conn->recovery);
    ack_fields(codec, stack, &conn->ack);
    ecn_fields(codec, &conn->ecn);
    te_codec_u32(codec, &conn->pmtu_generation);
    te_mtu_probe_save(codec, stack, conn);
    te_codec_past(codec, &conn->last_sent_at_us);
    te_codec_past(codec, &conn->last_received_at_us);
    te_codec_past(codec, &conn->last_challenge_at_us);
    te_codec_u8(codec, &conn->retransmits);
    te_codec_u8(codec, &conn->probes);
    te_codec_u8(codec, &conn->keepalive_probes_max);
    keepalive_fields(codec, conn);
    te_codec_time(codec, &conn->user_timeout_us);
}

static void account_fields(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn)
{
    te_codec_past(codec, &conn->opened_at_us);
    te_codec_past(codec, &conn->state_since_us);
    te_codec_u64(codec, &conn->segments_in);
    te_codec_u64(codec, &conn->segments_out);
    te_codec_u64(codec, &conn->segments_retransmitted);
    te_codec_u64(codec, &conn->bytes_retransmitted);
    te_save_history(codec, &conn->history, &stack->config.allocator);
}

/* --- timers: those that are armed, by number -------------------------------------------------- */

static uint32_t armed_count(const struct te_conn *conn)
{
    uint32_t count = 0;
    for (unsigned i = 0; i < TE_CONN_TIMERS; i++)
        count += conn->timer_at_us[i] != TE_NEVER;
    return count;
}

static void read_timer(struct te_codec *codec, struct te_conn *conn)
{
    uint8_t number = 0;
    int64_t at_us = 0;
    te_codec_u8_below(codec, &number, TE_CONN_TIMERS);
    te_codec_time(codec, &at_us);
    te_codec_require(codec, te_timer_is_of_conn((enum te_timer)number) &&
                                conn->timer_at_us[number] == TE_NEVER);
    if (te_codec_is_ok(codec))
        conn->timer_at_us[number] = at_us;
}

static void timer_fields(struct te_codec *codec, struct te_conn *conn)
{
    uint32_t count = te_codec_count(codec, armed_count(conn), TE_CONN_TIMERS, TIMER_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_timer(codec, conn);
    for (uint8_t i = 0; i < TE_CONN_TIMERS && !codec->is_reading; i++) {
        if (conn->timer_at_us[i] == TE_NEVER)
            continue;
        te_codec_u8(codec, &i);
        te_codec_time(codec, &conn->timer_at_us[i]);
    }
}

/* --- streams: the bytes that are held, and the size of their region --------------------------- */

struct stream {
    struct te_ring *ring;
    bool is_send;
    uint64_t from, to; /* stream offsets of what is held */
    uint32_t max_bytes;
};

/* The size that was saved, cut to what the maximum allows while what is held fits; 0: impossible.
 * Four times the maximum: twice for the rounding of a window, twice for the power of two
 * (receive_buffer.c). */
static uint32_t region_size(const struct stream *stream, uint32_t saved_bytes)
{
    uint64_t held = stream->to - stream->from;
    uint64_t usual = 4 * (uint64_t)stream->max_bytes;
    if (held > RING_MAX_BYTES || saved_bytes < held || (saved_bytes & (saved_bytes - 1)) != 0)
        return 0;
    while (saved_bytes > usual && saved_bytes / 2 >= held)
        saved_bytes /= 2;
    return saved_bytes;
}

static void make_region(struct te_codec *codec, struct te_stack *stack, const struct te_conn *conn,
                        const struct stream *stream, uint32_t saved_bytes)
{
    const struct te_buffer_memory *memory = &stack->config.buffer_memory;
    uint32_t size_bytes = region_size(stream, saved_bytes);
    te_codec_require(codec, size_bytes > 0);
    if (!te_codec_is_ok(codec))
        return;
    uint8_t *region = memory->reserve(memory->ctx, conn->id, stream->is_send, size_bytes);
    if (region == NULL) {
        te_codec_fail(codec, TE_ERR_NOMEM);
        return;
    }
    struct te_ring_owner owner = {memory, conn->id, stream->is_send};
    te_ring_take(stream->ring, &owner, region, size_bytes);
    stack->conns.buffer_bytes += size_bytes;
}

static void region_fields(struct te_codec *codec, struct te_stack *stack,
                          const struct te_conn *conn, const struct stream *stream)
{
    bool has_region = stream->ring->region != NULL;
    uint32_t size_bytes = te_ring_size(stream->ring);
    te_codec_bool(codec, &has_region);
    te_codec_require(codec, has_region || stream->from == stream->to);
    if (!has_region)
        return;
    if (!codec->is_reading) /* a maximum that a user has lowered cuts it: canonical only then */
        size_bytes = region_size(stream, size_bytes);
    te_codec_u32(codec, &size_bytes);
    if (codec->is_reading)
        make_region(codec, stack, conn, stream, size_bytes);
}

/* Bytes [from, to) of the ring. */
static void byte_fields(struct te_codec *codec, struct te_ring *ring, uint64_t from, uint64_t to)
{
    size_t len = (size_t)(to - from);
    if (codec->is_reading) {
        const uint8_t *bytes = te_codec_view(codec, len);
        if (bytes != NULL)
            te_ring_write(ring, from, bytes, len);
        return;
    }
    struct te_iovec iov[2];
    unsigned count = te_ring_read(ring, from, len, iov);
    for (unsigned i = 0; i < count; i++)
        te_codec_bytes(codec, (void *)iov[i].base, iov[i].len); /* a writer changes nothing */
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void send_buffer_fields(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn)
{
    te_codec_require(codec, conn->acked_offset <= conn->queued_offset);
    struct stream stream = {&conn->send_ring, true, conn->acked_offset, conn->queued_offset,
                            larger(conn->send_max_bytes, stack->config.send_buffer_max_bytes)};
    region_fields(codec, stack, conn, &stream);
    if (te_codec_is_ok(codec))
        byte_fields(codec, &conn->send_ring, stream.from, stream.to);
    if (codec->is_reading)
        te_unsent_update(stack, conn);
}

static void receive_buffer_fields(struct te_codec *codec, struct te_stack *stack,
                                  struct te_conn *conn)
{
    struct te_ranges *held = &conn->out_of_order;
    te_codec_require(codec, conn->released_offset <= conn->received_offset);
    te_ranges_save(codec, held, &stack->config.allocator);
    te_codec_require(codec, held->count == 0 || held->items[0].start > conn->received_offset);
    if (!te_codec_is_ok(codec))
        return;
    uint64_t held_to = held->count > 0 ? held->items[held->count - 1].end : conn->received_offset;
    struct stream stream = {
        &conn->receive_ring, false, conn->released_offset, held_to,
        larger(conn->receive_max_bytes, stack->config.receive_buffer_max_bytes)};
    region_fields(codec, stack, conn, &stream);
    if (te_codec_is_ok(codec))
        byte_fields(codec, &conn->receive_ring, conn->released_offset, conn->received_offset);
    for (unsigned i = 0; i < held->count && te_codec_is_ok(codec); i++)
        byte_fields(codec, &conn->receive_ring, held->items[i].start, held->items[i].end);
}

static uint32_t tag_of(const struct te_stack *stack, const struct te_conn *conn)
{
    return te_tag_number(stack, conn->tag_reference);
}

/* Reading: the reference is the connection's. */
static void tag_field(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn)
{
    uint32_t tag = tag_of(stack, conn);
    te_save_tag(codec, &tag);
    if (!codec->is_reading || !te_codec_is_ok(codec))
        return;
    conn->tag_reference = te_tag_join_conn(stack, conn->uid, tag);
    if (conn->tag_reference == TE_TAG_NONE)
        te_codec_fail(codec, TE_ERR_NOMEM);
}

static void conn_fields(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn)
{
    identity_fields(codec, stack, conn);
    state_fields(codec, conn);
    sequence_fields(codec, conn);
    paws_fields(codec, &conn->paws);
    stream_fields(codec, conn);
    sending_fields(codec, stack, conn);
    account_fields(codec, stack, conn);
    timer_fields(codec, conn);
    send_buffer_fields(codec, stack, conn);
    receive_buffer_fields(codec, stack, conn);
    tag_field(codec, stack, conn);
}

/* --- the section ------------------------------------------------------------------------------ */

static struct te_conn *new_conn(struct te_stack *stack)
{
    struct te_conn *conn = te_stack_alloc(stack, sizeof(*conn));
    if (conn == NULL)
        return NULL;
    conn->tag_reference = TE_TAG_NONE;
    te_list_init(&conn->queue_link);
    te_list_init(&conn->listener_link);
    for (unsigned i = 0; i < TE_CONN_TIMERS; i++)
        conn->timer_at_us[i] = TE_NEVER;
    return conn;
}

/* Frees one that is in no table yet. */
static void discard(struct te_stack *stack, struct te_conn *conn)
{
    te_sender_release(stack, conn);
    te_mtu_probe_free(stack, conn);
    te_send_drop(stack, conn);
    te_conn_drop_received(stack, conn);
    te_tag_leave_conn(stack, conn->tag_reference);
    te_history_clear(&conn->history, &stack->config.allocator);
    te_stack_dealloc(stack, conn, sizeof(*conn));
}

static void enlist(struct te_stack *stack, struct te_conn *conn)
{
    int64_t at_us;
    te_ready_init(&conn->ready, conn->id);
    te_wheel_node_init(&conn->timer, conn->id);
    te_conn_table_append(stack, conn);
    te_conn_account_orphan(stack, conn);
    te_remotes_account(stack, conn);
    te_timer_next(conn, &at_us);
    te_wheel_arm(&stack->wheel, &conn->timer, at_us);
}

static void read_conn(struct te_codec *codec, struct te_stack *stack)
{
    struct te_conn *conn = new_conn(stack);
    if (conn == NULL) {
        te_codec_fail(codec, TE_ERR_NOMEM);
        return;
    }
    conn_fields(codec, stack, conn);
    if (te_codec_is_ok(codec) && !conn->is_remains &&
        te_ip_local_index(stack, &conn->local.addr) < 0)
        te_codec_fail(codec, TE_ERR_ADDR_NOT_AVAILABLE);
    if (te_codec_is_ok(codec))
        te_codec_require(codec, te_conn_check_restored(stack, conn));
    if (!te_codec_is_ok(codec)) {
        discard(stack, conn);
        return;
    }
    if (te_charge_begin(stack, conn)) {
        enlist(stack, conn);
    } else {
        te_codec_fail(codec, TE_ERR_NOMEM);
        discard(stack, conn);
    }
}

static void bucket_fields(struct te_codec *codec, struct te_stack *stack)
{
    uint32_t count = stack->conns.growth.bucket_count;
    te_codec_u32(codec, &count);
    te_codec_require(codec, count > 0 && (count & (count - 1)) == 0);
    if (!codec->is_reading || !te_codec_is_ok(codec))
        return;
    uint32_t max = te_conn_table_buckets_max(stack);
    if (!te_conn_table_set_buckets(stack, count < max ? count : max))
        te_codec_fail(codec, TE_ERR_NOMEM);
}

void te_save_conns(struct te_codec *codec, struct te_stack *stack)
{
    bucket_fields(codec, stack);
    uint32_t count =
        te_codec_count(codec, stack->conns.count, stack->config.conn_max, CONN_BYTES_MIN);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_conn(codec, stack);
    if (codec->is_reading)
        return;
    uint64_t cursor = 0;
    struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL)
        conn_fields(codec, stack, conn);
}

/* --- the output queue ------------------------------------------------------------------------- */

static void read_output(struct te_codec *codec, struct te_stack *stack)
{
    struct te_conn *conn = te_save_conn_ref(codec, stack, NULL);
    if (conn == NULL)
        return;
    te_codec_require(codec, !conn->is_remains && !conn->is_queued && !conn->waits_neighbour);
    if (te_codec_is_ok(codec))
        te_conn_want_output(stack, conn);
}

void te_save_output(struct te_codec *codec, struct te_stack *stack)
{
    struct te_list *output = &stack->output;
    uint32_t count = te_codec_count(codec, te_list_len(output), stack->config.conn_max, ID_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_output(codec, stack);
    if (codec->is_reading) {
        te_conns_fit_mtu(stack);
        return;
    }
    for (struct te_list *link = output->next; link != output; link = link->next)
        te_save_conn_ref(codec, stack, te_conn_of_queue_link(link));
}

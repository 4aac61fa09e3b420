/* What must always hold of the frames themselves: numbers 4, 5, 6, 7, 11 and 12 of observer.c. */
#include <string.h>

#include "observer.h"
#include "stream.h"
#include "world.h"

#define PROBE_BYTES 1
#define WSCALE_MAX 14
#define MSS_ABSENT_IPV4 536
#define MSS_ABSENT_IPV6 1220
/* Three solicitations a second apart (RFC 4861 10), a second for which the failure is remembered,
 * and what late timers add. */
#define RESOLUTION_MAX_US INT64_C(4200000)
#define PROBE_ANSWER_US 500000 /* longest delay that keepalive probes may be told to wait */
#define HALF_SPACE 0x80000000u

static bool seq_lt(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static uint32_t seq_max(uint32_t a, uint32_t b)
{
    return seq_lt(a, b) ? b : a;
}

/* --- describing ------------------------------------------------------------------------------- */

static const char *flags_text(uint8_t flags)
{
    static const char *const names[] = {"",    "FIN",     "SYN",     "SYN,FIN",
                                        "RST", "RST,FIN", "RST,SYN", "?"};
    return names[flags & 7];
}

static void note_segment(struct world *world, unsigned side, const struct wire_segment *segment,
                         const char *what)
{
    struct trace_entry entry = {
        "%s%s%d>%d %s seq %d len %d ack %d win %d sack %d:%d",
        {segment->source.port, segment->destination.port, segment->seq,
         (int64_t)segment->payload_len, (segment->flags & TE_ACK) ? (int64_t)segment->ack : -1,
         segment->window, segment->sack[0].start, segment->sack[0].end, segment->flags},
        {scenario_host_name(side), what, flags_text(segment->flags)},
        0};
    trace_add(&world->trace, world->now_us, &entry);
}

/* --- a segment that is sent ------------------------------------------------------------------- */

/* What a check looks at. */
struct sending {
    struct world *world;
    struct watch *watch;
    const struct wire_segment *segment;
    const uint8_t *frame;
    const struct te_frame_meta *meta;
    uint32_t len; /* SEG.LEN */
    uint32_t end; /* of its sequence space */
};

typedef const char *check_fn(const struct sending *sending);

static const char *check_size(const struct sending *sending)
{
    const struct wire_segment *segment = sending->segment;
    uint32_t mtu = sending->world->scenario->hosts[sending->watch->side].config.mtu_bytes;
    size_t bytes = segment->ip_bytes;
    if (sending->meta->gso_type != TE_GSO_NONE)
        bytes = segment->payload_at - segment->ip_at + sending->meta->gso_size_bytes;
    return bytes > mtu ? "11: a packet fits the link" : NULL;
}

static const char *check_syn(const struct sending *sending)
{
    const struct wire_segment *segment = sending->segment;
    const struct te_status *status = &sending->watch->last;
    uint32_t mtu = sending->world->scenario->hosts[sending->watch->side].config.mtu_bytes;
    if (!(segment->flags & TE_SYN))
        return NULL;
    if (segment->seq != status->iss)
        return "7: a SYN always has the same sequence number";
    if (!segment->has_mss || segment->mss_bytes > mtu - (segment->payload_at - segment->ip_at) + 40)
        return "11: a SYN names an MSS that fits the link";
    if (segment->has_wscale && segment->wscale > WSCALE_MAX)
        return "11: the window scale is 14 at most";
    return NULL;
}

/* What both SYNs said holds (RFC 7323 2.2 and 3.2, RFC 2018 2), and no segment is larger than the
 * peer's SYN allowed (RFC 9293 3.7.1). */
static const char *check_negotiation(const struct sending *sending)
{
    const struct watch *watch = sending->watch;
    const struct te_status *status = &watch->last;
    const struct te_config *config = &sending->world->scenario->hosts[watch->side].config;
    size_t payload = sending->meta->gso_type != TE_GSO_NONE ? sending->meta->gso_size_bytes
                                                            : sending->segment->payload_len;
    if (!watch->has_peer_syn || status->state < TE_ESTABLISHED || status->state > TE_LAST_ACK)
        return NULL;
    if (status->wscale_ok != (config->window_scale && watch->peer_has_wscale) ||
        (!status->wscale_ok && status->snd_wscale + status->rcv_wscale > 0) ||
        (status->wscale_ok && status->snd_wscale != watch->peer_wscale))
        return "11: windows are scaled as both SYNs said";
    if (status->sack_permitted != (config->sack && watch->peer_has_sack) ||
        status->timestamps != (config->timestamps && watch->peer_has_timestamps))
        return "11: SACK and timestamps are used if both SYNs offered them";
    return payload > watch->peer_mss ? "11: no segment is larger than the peer's MSS" : NULL;
}

/* Or its last part. A path MTU probe is larger than the MSS. */
static bool is_small(const struct sending *sending)
{
    const struct wire_segment *segment = sending->segment;
    bool is_cut = sending->meta->gso_type != TE_GSO_NONE;
    if (segment->flags & TE_SYN)
        return false;
    if (is_cut)
        return segment->payload_len % sending->meta->gso_size_bytes != 0;
    return segment->payload_len > 0 && segment->payload_len < sending->watch->last.mss;
}

static bool is_small_in_flight(const struct watch *watch)
{
    return watch->has_small && seq_lt(watch->last.snd_una, watch->small_end) &&
           !seq_lt(watch->sent_end, watch->small_end);
}

/* RFC 9293 3.7.4 and A.3. */
static const char *check_nagle(const struct sending *sending)
{
    const struct watch *watch = sending->watch;
    const struct te_status *status = &watch->last;
    const struct wire_segment *segment = sending->segment;
    bool is_new = watch->has_sent && segment->seq == watch->sent_end && segment->payload_len > 0;
    if (!is_new || !status->nagle || status->fin_queued || segment->payload_len >= status->mss ||
        !is_small_in_flight(watch))
        return NULL;
    return "no small segment leaves while another is unacknowledged (Nagle)";
}

/* A path MTU probe may be larger than the MSS in force (RFC 4821 7.5), but not than the peer's. */
static uint32_t largest_segment(const struct watch *watch)
{
    bool is_searching = strcmp(watch->last.mtu_probing, "searching") == 0;
    return is_searching ? watch->last.peer_mss : watch->last.mss;
}

/* RFC 7413 4.2.2: only with a cookie, only once, and only for an application that asked for it. */
static const char *check_syn_data(const struct sending *sending)
{
    const struct wire_segment *segment = sending->segment;
    const struct watch *watch = sending->watch;
    if (!watch->is_fast_open || (segment->flags & TE_ACK) || !segment->has_cookie)
        return "7: a SYN carries data only with a Fast Open cookie";
    if (watch->has_sent)
        return "7: a retransmitted SYN carries no data";
    if (segment->payload_len > watch->accepted ||
        !stream_matches(observer_send_key(watch), 0, sending->frame + segment->payload_at,
                        segment->payload_len))
        return "7: a SYN carries the first bytes that the application gave";
    return NULL;
}

/* Number 7. */
static const char *check_data(const struct sending *sending)
{
    const struct wire_segment *segment = sending->segment;
    const struct watch *watch = sending->watch;
    if (segment->payload_len > 0 && (segment->flags & TE_SYN))
        return check_syn_data(sending);
    uint32_t offset = segment->seq - (watch->last.iss + 1);
    uint32_t data_end = segment->seq + (uint32_t)segment->payload_len;
    if (segment->payload_len > 0) {
        if (offset >= HALF_SPACE || offset + segment->payload_len > watch->accepted)
            return "7: only bytes that the application gave are sent";
        if (!stream_matches(observer_send_key(watch), offset, sending->frame + segment->payload_at,
                            segment->payload_len))
            return "7: each byte has the value that the application gave it";
        if (segment->payload_len > largest_segment(watch) && sending->meta->gso_type == TE_GSO_NONE)
            return "11: a segment is no larger than the MSS";
    }
    if (segment->payload_len > 0 && watch->has_fin && seq_lt(watch->fin_seq, data_end))
        return "7: nothing is sent after the FIN";
    if ((segment->flags & TE_FIN) && watch->has_fin && data_end != watch->fin_seq)
        return "7: a FIN always has the same sequence number";
    return NULL;
}

/* Number 4. */
static const char *check_peer_window(const struct sending *sending)
{
    const struct watch *watch = sending->watch;
    if (sending->len == 0 || (sending->segment->flags & TE_SYN) || !watch->has_peer_edge)
        return NULL;
    if (seq_lt(watch->peer_edge + PROBE_BYTES, sending->end))
        return "4: no byte is sent beyond the window, one probe excepted";
    if (seq_lt(watch->peer_edge, sending->end) && sending->len > PROBE_BYTES)
        return "4: a probe beyond the window is one byte";
    return NULL;
}

/* Number 6: what is in flight fits cwnd when something is added. Two single segments are exempt: a
 * tail loss probe (RFC 8985 7.3), and the one that starts a fast recovery. */
static const char *check_cwnd(const struct sending *sending)
{
    struct watch *watch = sending->watch;
    const struct te_status *status = &watch->last;
    uint64_t probes = te_stack_counters(sending->world->hosts[watch->side].stack)->loss_probes;
    if (probes != watch->probes)
        watch->beyond_cwnd = 1;
    watch->probes = probes;
    /* A bare FIN is no load on the network and is not held back. */
    if (sending->segment->payload_len <= PROBE_BYTES || (sending->segment->flags & TE_SYN) ||
        status->pipe_bytes <= status->cwnd_bytes + PROBE_BYTES)
        return NULL;
    if (watch->beyond_cwnd > 0 && sending->segment->payload_len <= watch->mss_max) {
        watch->beyond_cwnd--;
        return NULL;
    }
    world_explain(sending->world, "pipe %u, cwnd %u, MSS %u, %s", status->pipe_bytes,
                  status->cwnd_bytes, status->mss, status->recovery);
    return "6: what is sent fits cwnd";
}

/* The ACK of the peer's FIN, from a connection that found no room in TIME_WAIT: it can no longer be
 * observed. */
static bool is_last_word(const struct watch *watch, const struct wire_segment *segment)
{
    return watch->is_gone && watch->has_peer_fin && segment->ack == watch->last.rcv_nxt + 1;
}

/* Number 5. */
static const char *check_own_window(const struct sending *sending)
{
    const struct wire_segment *segment = sending->segment;
    struct watch *watch = sending->watch;
    const struct te_status *status = &watch->last;
    if (!(segment->flags & TE_ACK))
        return NULL;
    uint32_t shift = (segment->flags & TE_SYN) ? 0 : status->rcv_wscale;
    uint32_t edge = segment->ack + ((uint32_t)segment->window << shift);
    uint32_t unit = 1u << status->rcv_wscale;
    if (segment->ack != status->rcv_nxt && !is_last_word(watch, segment))
        return "5: the ACK on the wire is RCV.NXT";
    /* A SYN,ACK that is sent again cannot say more than 65,535 (RFC 7323 2.2). */
    bool is_cut = (segment->flags & TE_SYN) && segment->window == UINT16_MAX;
    if (watch->has_own_edge && seq_lt(edge + unit - 1, watch->own_edge) && !is_cut) {
        world_explain(sending->world, "edge %u, was %u, scale %u", edge, watch->own_edge, shift);
        return "5: its own right edge never shrinks";
    }
    bool is_scaled = !(segment->flags & TE_SYN) && status->state <= TE_LAST_ACK && !watch->is_gone;
    if (is_scaled && edge - segment->ack + unit - 1 < status->rcv_wnd)
        return "5: the window on the wire is the one recorded";
    if (is_scaled && edge - segment->ack > status->rcv_wnd)
        return "5: no more window is on the wire than was recorded";
    watch->own_edge = watch->has_own_edge ? seq_max(watch->own_edge, edge) : edge;
    watch->has_own_edge = true;
    watch->own_ack = segment->ack;
    watch->has_own_ack = true;
    return NULL;
}

/* Nothing is acknowledged that has not arrived. */
static const char *check_ack(const struct sending *sending)
{
    const struct watch *watch = sending->watch;
    const struct wire_segment *segment = sending->segment;
    if (!(segment->flags & TE_ACK) || watch->last.state < TE_ESTABLISHED ||
        watch->arrived.is_overfull)
        return NULL;
    uint64_t acked = segment->ack - (watch->last.irs + 1);
    uint64_t arrived = extents_contiguous_end(&watch->arrived);
    bool fin = watch->has_peer_fin && watch->peer_fin_offset <= arrived;
    if (acked <= arrived + fin)
        return NULL;
    world_explain(sending->world, "acknowledged %u, arrived %u", (unsigned)acked,
                  (unsigned)arrived);
    return "1: only what has arrived is acknowledged";
}

/* Number 11. */
static const char *check_block(const struct sending *sending, unsigned index)
{
    const struct wire_segment *segment = sending->segment;
    const struct watch *watch = sending->watch;
    const struct wire_block *block = &segment->sack[index];
    uint32_t base = watch->last.irs + 1;
    if (!seq_lt(block->start, block->end))
        return "11: a SACK block is not empty";
    bool is_below = !seq_lt(segment->ack, block->end);
    bool starts_below = !seq_lt(segment->ack, block->start);
    if (is_below && index > 0)
        return "11: only the first SACK block may be a D-SACK";
    if (starts_below && !is_below)
        return "11: no SACK block spans RCV.NXT";
    if (watch->has_own_edge && seq_lt(watch->own_edge, block->end))
        return "11: a SACK block is within the window";
    /* A duplicate may be older than the connection: from the previous one between the same
     * endpoints. */
    if (is_below && block->start - base >= HALF_SPACE)
        return NULL;
    if (!extents_cover(&watch->arrived, block->start - base, block->end - base))
        return "11: a SACK block describes data that has arrived";
    return NULL;
}

static const char *check_sack(const struct sending *sending)
{
    const struct wire_segment *segment = sending->segment;
    if (segment->sack_count == 0)
        return NULL;
    if (!sending->watch->last.sack_permitted)
        return "11: SACK is used only if both SYNs permitted it";
    for (unsigned i = 0; i < segment->sack_count; i++) {
        const char *wrong = check_block(sending, i);
        if (wrong != NULL) {
            world_explain(sending->world, "block %u: %u to %u", i, segment->sack[i].start,
                          segment->sack[i].end);
            return wrong;
        }
    }
    return NULL;
}

/* RFC 7323 3.2 and 4.3. */
static const char *check_timestamps(const struct sending *sending)
{
    const struct wire_segment *segment = sending->segment;
    struct watch *watch = sending->watch;
    if (!(segment->flags & TE_SYN) && segment->has_timestamps != watch->last.timestamps)
        return "timestamps are on every segment once both have agreed, else on none";
    if (!segment->has_timestamps)
        return NULL;
    bool has_leapt = sending->world->has_leapt_far;
    if (watch->has_ts && seq_lt(segment->ts_value, watch->ts) && !has_leapt)
        return "timestamps never go back";
    if ((segment->flags & TE_ACK) &&
        (!watch->has_peer_ts || (seq_lt(watch->peer_ts, segment->ts_echo) && !has_leapt)))
        return "an echoed timestamp has arrived";
    if ((segment->flags & TE_ACK) && watch->has_ts_due && seq_lt(segment->ts_echo, watch->ts_due) &&
        !has_leapt)
        return "an ACK echoes the timestamp of what it acknowledges (RFC 7323 4.3)";
    watch->ts = segment->ts_value;
    watch->has_ts = true;
    return NULL;
}

/* Number 12. */
static const char *check_answer_rate(const struct sending *sending)
{
    struct world *world = sending->world;
    struct watch *watch = sending->watch;
    int64_t interval_us = world->scenario->hosts[watch->side].config.challenge_ack_interval_us;
    if (world->observer.answers_probe && interval_us > PROBE_ANSWER_US)
        interval_us = PROBE_ANSWER_US;
    uint32_t edge =
        sending->segment->ack + ((uint32_t)sending->segment->window << watch->last.rcv_wscale);
    if (watch->has_own_edge && seq_lt(watch->own_edge, edge))
        return NULL; /* it carries something new: the window */
    if (world->observer.answering != watch || sending->len > 0 ||
        watch->last.state == TE_TIME_WAIT || world->scenario->hosts[watch->side].poll_delay_us > 0)
        return NULL;
    if (world_clock(world, watch->side) - watch->answer_at_us < interval_us)
        return "12: ACKs in answer to ACKs are limited in rate";
    watch->answer_at_us = world_clock(world, watch->side);
    return NULL;
}

/* Unanswered keepalive probes and bytes beyond the window. */
static const char *check_probes(const struct sending *sending)
{
    struct watch *watch = sending->watch;
    const struct te_status *status = &watch->last;
    const struct te_config *config = &sending->world->scenario->hosts[watch->side].config;
    const struct wire_segment *segment = sending->segment;
    bool is_beyond =
        watch->has_peer_edge && segment->payload_len > 0 && seq_lt(watch->peer_edge, sending->end);
    if (sending->len == 0 && segment->seq == status->snd_una - 1 &&
        ++watch->keepalives > config->keepalive_probes_max)
        return "no more keepalive probes are sent than were configured";
    if (!is_beyond)
        return NULL;
    int64_t doubled_us = 2 * watch->probe_rto_us;
    if (doubled_us > config->rto_max_us)
        doubled_us = config->rto_max_us;
    bool follows = watch->has_probe && watch->probe_seq == segment->seq;
    watch->has_probe = true;
    watch->probe_seq = segment->seq;
    watch->probe_rto_us = status->rto_us;
    return follows && status->rto_us < doubled_us ? "10: window probes back off" : NULL;
}

static check_fn *const checks[] = {
    check_size,       check_syn,        check_negotiation, check_nagle,       check_data,
    check_cwnd,       check_ack,        check_answer_rate, /* looks at the edge before: */
    check_own_window, check_timestamps, check_sack,        check_peer_window, check_probes};

static void check_sending(const struct sending *sending)
{
    for (unsigned i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const char *wrong = checks[i](sending);
        if (wrong != NULL)
            world_fail(sending->world, sending->watch->side, sending->watch->id, wrong);
    }
}

static void note_sent(const struct sending *sending)
{
    struct watch *watch = sending->watch;
    uint32_t again_end =
        watch->has_sent && seq_lt(watch->sent_end, sending->end) ? watch->sent_end : sending->end;
    if (watch->has_sent && sending->segment->payload_len > 0 &&
        sending->world->options.is_planted && seq_lt(sending->segment->seq, watch->sent_end))
        world_fail(sending->world, watch->side, watch->id, "planted: no byte is sent twice");
    if (watch->has_sent && seq_lt(sending->segment->seq, again_end))
        extents_add(&watch->resent, sending->segment->seq - watch->last.iss,
                    again_end - watch->last.iss);
    if (sending->segment->flags & TE_FIN) {
        watch->has_fin = true;
        watch->fin_seq = sending->end - 1;
    }
    if (is_small(sending) && (!watch->has_sent || seq_lt(watch->sent_end, sending->end))) {
        watch->has_small = true;
        watch->small_end = sending->end;
    }
    watch->sent_end = watch->has_sent ? seq_max(watch->sent_end, sending->end) : sending->end;
    watch->has_sent = true;
    watch->may_have_lost = false;
}

/* The earlier connection between the same endpoints that the segment belongs to: an ACK that waited
 * for its neighbour, or for its host, while the next connection opened. NULL if to none. */
static struct watch *find_older(struct world *world, struct watch *watch,
                                const struct wire_segment *segment)
{
    if (segment->ack == watch->last.rcv_nxt || wire_segment_len(segment) > 0)
        return NULL;
    while ((watch = observer_older(world, watch)) != NULL)
        if (segment->ack == watch->last.rcv_nxt || is_last_word(watch, segment))
            return watch;
    return NULL;
}

static void note_answered(struct observer *observer, const struct watch *watch,
                          const struct wire_segment *segment)
{
    if (observer->owing == watch && (segment->flags & TE_ACK))
        observer->owing = NULL;
}

/* SND.NXT, except what is beyond the window, which a peer does not accept (RFC 9293 3.4). */
static bool is_expected(const struct te_status *status, uint32_t seq)
{
    /* SND.NXT may be back at our SYN, whose ACK may come with the segment that causes the RST. */
    if (status->snd_una == status->iss)
        return seq == status->snd_max || seq == status->iss + 1;
    uint32_t edge = status->snd_una + status->snd_wnd;
    return seq == status->snd_nxt || (seq == edge && seq_lt(edge, status->snd_nxt));
}

/* The segment that causes the RST may have acknowledged a probe, which SND.NXT does not count. */
static bool is_awaited(struct world *world, const struct watch *watch, uint32_t seq)
{
    const struct watch *peer = observer_peer(world, watch);
    return is_expected(&watch->last, seq) || (peer != NULL && seq == peer->last.rcv_nxt);
}

/* A RST with an ACK is an answer to a segment without one, or ends a connection: then it must be
 * one that its peer believes (RFC 5961 3.2). */
static const char *check_reset(struct world *world, const struct watch *watch,
                               const struct wire_segment *segment)
{
    if (segment->payload_len > 0)
        return "a RST carries no data";
    if (!(segment->flags & TE_ACK) || segment->seq == 0)
        return NULL;
    for (; watch != NULL; watch = observer_older(world, watch))
        if (is_awaited(world, watch, segment->seq) && segment->ack == watch->last.rcv_nxt)
            return NULL;
    return "12: a RST that ends a connection has the number that the peer expects";
}

/* The sending connection, looked at before its segment is judged. */
static struct watch *find_sender(struct world *world, unsigned side,
                                 const struct wire_segment *segment)
{
    struct watch *watch = observer_find_pair(world, side, &segment->source, &segment->destination);
    if (watch != NULL && !watch->is_gone) {
        observer_touch(world, side, watch->id);
        observer_look_at(world, side, watch->id);
    } else {
        observer_look_at_all(world, side);
    }
    return observer_find_pair(world, side, &segment->source, &segment->destination);
}

/* A connection that has ended may still be there for its user. */
static bool is_over(const struct watch *watch)
{
    return watch->is_gone || watch->last.state == TE_CLOSED;
}

/* A connection made from a SYN cookie has sent no SYN,ACK of its own. */
static bool is_twin(const struct watch *watch, const struct wire_segment *segment)
{
    return watch->is_by_cookie && segment->ack == watch->last.irs + 1;
}

/* A SYN,ACK with a number that no connection has. A cookie for the same SYN is the same number: the
 * one that opened a connection may have a twin that still waits for its neighbour, or for its
 * host. */
static bool is_cookie(struct world *world, unsigned side, const struct watch *watch,
                      const struct wire_segment *segment)
{
    uint64_t given = te_stack_counters(world->hosts[side].stack)->syn_cookies_sent;
    uint64_t *seen = &world->observer.cookies_seen[side];
    /* A connection that died right after its answer was taken for one, too. */
    bool is_of_nobody = given > 0 && (watch == NULL || is_over(watch));
    if ((segment->flags & (TE_SYN | TE_ACK)) != (TE_SYN | TE_ACK) ||
        (given == *seen && !is_of_nobody))
        return false;
    for (; watch != NULL; watch = observer_older(world, watch))
        if (!is_over(watch) && watch->last.iss == segment->seq && !is_twin(watch, segment))
            return false;
    if (*seen < given)
        (*seen)++;
    return true;
}

/* Two connections from one SYN have answered a client that knows neither: whichever SYN,ACK arrives
 * first, segments of the other connection may be taken for its continuation. */
static bool is_rival(struct world *world, const struct sending *sending, const struct watch *client)
{
    const struct wire_segment *segment = sending->segment;
    const struct watch *older = sending->watch;
    uint32_t most = world->scenario->hosts[client->side].config.receive_buffer_max_bytes;
    while ((older = observer_older(world, older)) != NULL) {
        uint32_t edge = (segment->flags & TE_SYN) ? older->sent_end : older->last.iss + 1 + most;
        if (older->last.irs == client->last.iss && older->has_sent && seq_lt(segment->seq, edge))
            return true;
    }
    return false;
}

/* A copy of a SYN with a good cookie has opened a connection in place of one that its client still
 * has, or will have: that one died by a RST that was lost or is in flight. Before any handshake the
 * new one sends numbers that the client cannot tell from the old ones, since a RST leaves no
 * TIME_WAIT to separate them. RFC 7413 2.1 accepts such copies; nothing is guaranteed then. */
static bool is_ghost(struct world *world, const struct sending *sending)
{
    const struct watch *watch = sending->watch;
    const struct watch *client = observer_peer(world, watch);
    bool is_copy = watch->syn_bytes > 0 && client != NULL && client->syn_copies > 1;
    if (!is_copy || client->is_gone || sending->len == 0)
        return false;
    if (client->last.state == TE_SYN_SENT)
        return is_rival(world, sending, client);
    return client->last.irs != watch->last.iss && client->last.state >= TE_ESTABLISHED &&
           client->has_own_edge && !(sending->segment->flags & TE_SYN) &&
           seq_lt(sending->segment->seq, client->own_edge);
}

/* A SYN cookie's ACK has opened a connection that existed before, and it sends numbers that the
 * first one sent: an ACK of those may arrive at any time, and only ISS distinguishes them. The
 * server of RFC 4987 3.6 remembers nothing. */
static bool is_second_life(struct world *world, const struct sending *sending)
{
    const struct watch *watch = sending->watch, *older = watch;
    while (watch->is_by_cookie && sending->len > 0 &&
           (older = observer_older(world, older)) != NULL)
        if (older->last.iss == watch->last.iss && older->last.irs == watch->last.irs &&
            older->has_sent && seq_lt(sending->segment->seq, older->sent_end))
            return true;
    return false;
}

void observer_on_sent(struct world *world, unsigned side, const uint8_t *frame, size_t len,
                      const struct te_frame_meta *meta)
{
    struct wire_segment segment;
    world->observer.coverage->frames++;
    if (!wire_parse(frame, len, meta, &segment)) {
        struct trace_entry entry = {
            "%s sends %d bytes", {(int64_t)len}, {scenario_host_name(side)}, 0};
        trace_add(&world->trace, world->now_us, &entry);
        world->observer.resolving_until_us[side] = world->now_us + RESOLUTION_MAX_US;
        return;
    }
    note_segment(world, side, &segment, " sends ");
    struct watch *watch = find_sender(world, side, &segment);
    if (!segment.is_sound)
        world_fail(world, side, 0, "every segment has the right checksum");
    if (segment.flags & TE_RST) {
        const char *wrong = check_reset(world, watch, &segment);
        if (wrong != NULL)
            world_fail(world, side, 0, wrong);
        return;
    }
    if (is_cookie(world, side, watch, &segment))
        return;
    if (watch == NULL) {
        world_fail(world, side, 0, "12: without a connection only RSTs are sent");
        return;
    }
    const struct watch *older = find_older(world, watch, &segment);
    note_answered(&world->observer, older != NULL ? older : watch, &segment);
    if (older != NULL)
        return;
    struct sending sending = {.world = world,
                              .watch = watch,
                              .segment = &segment,
                              .frame = frame,
                              .meta = meta,
                              .len = wire_segment_len(&segment)};
    sending.end = segment.seq + sending.len;
    check_sending(&sending);
    note_sent(&sending);
    if (is_ghost(world, &sending) || is_second_life(world, &sending))
        world_fail(world, side, watch->id, world_ends_here);
}

/* --- a segment that has arrived --------------------------------------------------------------- */

/* A right edge counts if the segment acknowledges something of this incarnation. */
static void note_peer_edge(struct watch *watch, const struct wire_segment *segment)
{
    const struct te_status *status = &watch->last;
    bool has_ack = (segment->flags & TE_ACK) != 0;
    uint32_t ack = has_ack ? segment->ack : status->iss + 1;
    if ((!has_ack && !(segment->flags & TE_SYN)) || seq_lt(ack, status->iss) ||
        seq_lt(watch->has_sent ? watch->sent_end : status->snd_max, ack))
        return;
    uint32_t shift = (segment->flags & TE_SYN) ? 0 : status->snd_wscale;
    uint32_t edge = ack + ((uint32_t)segment->window << shift);
    watch->peer_edge = watch->has_peer_edge ? seq_max(watch->peer_edge, edge) : edge;
    watch->has_peer_edge = true;
}

static void note_peer_syn(struct world *world, struct watch *watch,
                          const struct wire_segment *segment)
{
    uint32_t floor = world->scenario->hosts[watch->side].config.mss_min_bytes;
    uint32_t absent = te_addr_is_v4(&segment->source.addr) ? MSS_ABSENT_IPV4 : MSS_ABSENT_IPV6;
    if (!(segment->flags & TE_SYN) || segment->seq != watch->last.irs || watch->is_by_cookie)
        return;
    watch->has_peer_syn = true;
    watch->peer_has_wscale = segment->has_wscale;
    watch->peer_wscale = segment->wscale > WSCALE_MAX ? WSCALE_MAX : segment->wscale;
    watch->peer_has_sack = segment->sack_permitted;
    watch->peer_has_timestamps = segment->has_timestamps;
    watch->peer_mss = segment->has_mss ? segment->mss_bytes : absent;
    if (watch->peer_mss < floor)
        watch->peer_mss = floor;
}

static void note_syn_data(struct world *world, struct watch *watch,
                          const struct wire_segment *segment)
{
    struct watch *peer = observer_peer(world, watch);
    if (!(segment->flags & TE_SYN) || segment->payload_len == 0 ||
        segment->seq != watch->last.irs || peer == NULL)
        return;
    if (watch->last.state == TE_SYN_RCVD && watch->last.receive_next <= segment->payload_len)
        watch->syn_bytes = (uint32_t)watch->last.receive_next; /* as much as there was room for */
    peer->syn_copies++;
}

static void note_arrived(struct watch *watch, const struct wire_segment *segment)
{
    uint32_t start = segment->seq + ((segment->flags & TE_SYN) != 0) - (watch->last.irs + 1);
    if (start < HALF_SPACE)
        extents_add(&watch->arrived, start, start + segment->payload_len);
    uint64_t end = start + segment->payload_len;
    if (start < HALF_SPACE && (segment->flags & TE_FIN)) { /* the first: a ghost's lies beyond it */
        bool is_first = !watch->has_peer_fin || end < watch->peer_fin_offset;
        watch->peer_fin_offset = is_first ? end : watch->peer_fin_offset;
        watch->has_peer_fin = true;
    }
    bool is_next = segment->payload_len > 0 && watch->has_own_ack &&
                   segment->seq == watch->own_ack && watch->last.rcv_nxt != watch->rcv_nxt_before;
    if (segment->has_timestamps && is_next) {
        watch->has_ts_due = true;
        watch->ts_due = segment->ts_value;
    }
    if (segment->has_timestamps) {
        watch->peer_ts =
            watch->has_peer_ts ? seq_max(watch->peer_ts, segment->ts_value) : segment->ts_value;
        watch->has_peer_ts = true;
    }
}

/* The first reason for TIME_WAIT: the FIN is repeated because the last ACK was lost. */
static void check_time_wait(struct world *world, const struct watch *watch,
                            const struct wire_segment *segment)
{
    const struct te_status *status = &watch->last;
    const struct te_config *config = &world->scenario->hosts[watch->side].config;
    uint32_t end = segment->seq + wire_segment_len(segment);
    bool is_old = segment->has_timestamps && segment->ts_value != watch->peer_ts;
    if (status->state != TE_TIME_WAIT || watch->is_gone || is_old || end != status->rcv_nxt ||
        (segment->flags & (TE_SYN | TE_RST | TE_FIN)) != TE_FIN)
        return;
    if (status->timer_at_us < world_clock(world, watch->side) + 2 * config->msl_us)
        world_fail(world, watch->side, watch->id, "a FIN in TIME_WAIT restarts 2MSL");
    world->observer.owing = (struct watch *)watch;
}

void observer_on_arrived(struct world *world, unsigned side, const struct wire_segment *segment)
{
    struct watch *watch = observer_find_pair(world, side, &segment->destination, &segment->source);
    note_segment(world, side, segment, " got   ");
    if (watch == NULL || (segment->flags & TE_RST))
        return;
    if (!watch->has_peer_syn)
        note_peer_syn(world, watch, segment);
    note_peer_edge(watch, segment);
    note_arrived(watch, segment);
    note_syn_data(world, watch, segment);
    watch->keepalives = 0;
    check_time_wait(world, watch, segment);
    bool is_pure_ack = wire_segment_len(segment) == 0;
    bool is_probe = segment->seq == watch->last.rcv_nxt - 1;
    world->observer.answering = is_pure_ack ? watch : NULL;
    world->observer.answers_probe = is_probe;
}

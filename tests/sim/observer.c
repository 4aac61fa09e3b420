/* What must always hold, seen through te_status, te_walk and te_totals:
 *
 *  1. what was delivered is a prefix of what was sent, and equal to it after an orderly close
 *     (actor.c); what is acknowledged has arrived
 *  2. snd_una <= snd_nxt <= snd_max; snd_una and rcv_nxt never go back
 *  3. snd_max - snd_una exceeds the queued bytes by SYN and FIN only
 *  4. no byte beyond the largest right edge that the peer offered, one probe byte excepted
 *  5. its own right edge never shrinks, but for the rounding of RFC 7323 2.4; ACK and window on the
 *     wire are those that the status shows
 *  6. cwnd of at least 1 MSS; new data only within cwnd and limited transmit; one loss event lowers
 *     the threshold once
 *  7. bytes sent again are the same bytes; one sequence number for FIN; no data after it
 *  8. no 2MSL in FIN_WAIT_2 (the engine's own check sees which timers are armed)
 *  9. unacknowledged data has a timer; so has a connection without an owner
 * 10. RTO within its bounds and doubling; no more retries than allowed; Karn's rule: no round trip
 *     shorter than the link
 * 11. SACK blocks describe data that has arrived, never below RCV.NXT but for D-SACK; window scale
 * of 14 at most; MSS
 * 12. ACKs in answer to ACKs are limited in rate
 *     and without a connection only RSTs are sent, and SYN cookies, as many as are counted
 * 13. accept queues within their backlog; totals equal a recount
 *
 * Those about frames (4, 5, 6, 7, 11, 12) are in observer_wire.c. */
#include "observer.h"

#include <string.h>

#include "stream.h"
#include "world.h"

#define WSCALE_MAX 14
#define PROBE_BYTES 1
#define SRTT_ROUNDING_US 8 /* each smoothing step rounds down */
#define TIMESTAMP_TICK_US 1000
#define LOOKS_BETWEEN_ALL 64

static bool seq_lt(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static void fail(struct world *world, const struct watch *watch, const char *sentence)
{
    world_fail(world, watch->side, watch->id, sentence);
}

void observer_init(struct observer *observer, struct coverage *coverage)
{
    observer->count = observer->looks = 0;
    memset(observer->touched, 0, sizeof(observer->touched));
    observer->coverage = coverage;
    observer->answering = observer->owing = NULL;
    for (unsigned side = 0; side < HOSTS_MAX; side++) {
        observer->cookies_seen[side] = observer->cookies_taken[side] = 0;
        observer->resolving_until_us[side] = 0;
        observer->refused[side] = 0;
    }
}

void observer_forget(struct world *world, unsigned side)
{
    struct observer *observer = &world->observer;
    observer->cookies_seen[side] = observer->cookies_taken[side] = 0;
    if (observer->owing != NULL && observer->owing->side == side)
        observer->owing =
            NULL; /* its ACK may have waited for a slow host, and was forgotten, too */
    for (unsigned i = 0; i < observer->count; i++) {
        struct watch *watch = &observer->watches[i];
        if (watch->side != side)
            continue;
        watch->id = 0; /* the new stack numbers from 1 again */
        watch->is_gone = true;
        watch->last.state = TE_CLOSED;
    }
}

/* --- finding ---------------------------------------------------------------------------------- */

struct watch *observer_find(struct world *world, unsigned side, uint64_t id)
{
    struct observer *observer = &world->observer;
    for (unsigned i = observer->count; i-- > 0;)
        if (observer->watches[i].id == id && observer->watches[i].side == side)
            return &observer->watches[i];
    return NULL;
}

static bool is_same_endpoint(const struct te_endpoint *a, const struct te_endpoint *b)
{
    return a->port == b->port && te_addr_equal(&a->addr, &b->addr);
}

/* The latest of the first count watches with these endpoints. */
static struct watch *find_before(struct world *world, unsigned count, const struct te_status *like,
                                 unsigned side)
{
    for (unsigned i = count; i-- > 0;) {
        struct watch *watch = &world->observer.watches[i];
        if (watch->side == side && is_same_endpoint(&watch->last.remote, &like->remote) &&
            is_same_endpoint(&watch->last.local, &like->local))
            return watch;
    }
    return NULL;
}

struct watch *observer_find_pair(struct world *world, unsigned side,
                                 const struct te_endpoint *local, const struct te_endpoint *remote)
{
    struct te_status like = {.local = *local, .remote = *remote};
    return find_before(world, world->observer.count, &like, side);
}

struct watch *observer_older(struct world *world, const struct watch *watch)
{
    unsigned index = (unsigned)(watch - world->observer.watches);
    return find_before(world, index, &watch->last, watch->side);
}

static bool knows_irs(const struct watch *watch)
{
    return watch->last.irs != 0 || watch->last.rcv_nxt != 0;
}

struct watch *observer_peer(struct world *world, const struct watch *watch)
{
    struct observer *observer = &world->observer;
    if (!knows_irs(watch))
        return NULL;
    for (unsigned i = observer->count; i-- > 0;) {
        struct watch *peer = &observer->watches[i];
        if (peer->side != watch->side && peer->last.iss == watch->last.irs &&
            is_same_endpoint(&peer->last.local, &watch->last.remote) &&
            is_same_endpoint(&peer->last.remote, &watch->last.local))
            return peer;
    }
    return NULL;
}

uint64_t observer_send_key(const struct watch *watch)
{
    const struct te_status *status = &watch->last;
    return watch->stream != 0 ? watch->stream
                              : stream_key(&status->local, &status->remote, status->iss);
}

uint64_t observer_receive_key(struct world *world, const struct watch *watch)
{
    const struct te_status *status = &watch->last;
    const struct watch *peer = observer_peer(world, watch);
    return peer != NULL ? observer_send_key(peer)
                        : stream_key(&status->remote, &status->local, status->irs);
}

/* --- one connection, by itself ---------------------------------------------------------------- */

static bool is_alive(const struct te_status *status)
{
    return status->state >= TE_SYN_SENT && status->state <= TE_LAST_ACK;
}

static bool is_synchronized(const struct te_status *status)
{
    return status->state >= TE_ESTABLISHED && status->state <= TE_LAST_ACK;
}

static uint32_t retries_max(const struct te_config *config, const struct te_status *status)
{
    uint32_t opening = config->syn_retries_max > config->syn_ack_retries_max
                           ? config->syn_retries_max
                           : config->syn_ack_retries_max;
    return status->state == TE_SYN_SENT || status->state == TE_SYN_RCVD ? opening
                                                                        : config->r2_retries;
}

/* Numbers 2 and 3. */
static const char *check_sequence(const struct te_status *status)
{
    uint32_t flight = status->snd_max - status->snd_una;
    uint32_t controls = (status->snd_una == status->iss) + (status->fin_queued ? 1u : 0u);
    if (seq_lt(status->snd_nxt, status->snd_una) || seq_lt(status->snd_max, status->snd_nxt))
        return "2: SND.UNA =< SND.NXT =< SND.MAX";
    if (flight > status->send_queue_bytes + controls)
        return "3: no more is in flight than is queued, SYN and FIN included";
    if (status->send_acked > status->send_accepted ||
        status->receive_released > status->receive_next)
        return "2: acknowledged =< accepted, released =< received";
    return NULL;
}

/* Numbers 6, 8, 9, 10 and 11, as far as one look can tell. */
static const char *check_limits(const struct world *world, const struct watch *watch,
                                const struct te_status *status)
{
    const struct te_config *config = &world->scenario->hosts[watch->side].config;
    int64_t shortest_us = link_shortest_us(&world->link, 0) + link_shortest_us(&world->link, 1);
    int64_t rounding_us = SRTT_ROUNDING_US + (status->timestamps ? TIMESTAMP_TICK_US : 0);
    if (is_synchronized(status) && status->cwnd_bytes < status->mss)
        return "6: cwnd is at least one segment";
    if (status->state == TE_FIN_WAIT_2 && status->timer == TE_TIMER_TIME_WAIT)
        return "8: 2MSL does not run in FIN_WAIT_2";
    if (status->user_closed && is_alive(status) && status->timer == TE_TIMER_NONE &&
        world->hosts[watch->side].pump_at_us == TE_NEVER)
        return "9: a connection without an owner has a timer";
    if (status->rto_us < config->rto_min_us || status->rto_us > config->rto_max_us)
        return "10: the RTO is within its bounds";
    if (status->backoff > retries_max(config, status))
        return "10: no more retransmissions than R2 allows";
    if (status->srtt_us != 0 && status->srtt_us + rounding_us < shortest_us)
        return "10: no round trip is shorter than the link (Karn)";
    if (status->snd_wscale > WSCALE_MAX || status->rcv_wscale > WSCALE_MAX)
        return "11: the window scale is 14 at most";
    if (status->mss == 0 || status->mss > config->mtu_bytes - 40)
        return "11: a segment carries something and fits the link";
    return NULL;
}

/* --- one connection, against the look before -------------------------------------------------- */

/* What a SYN carried and its SYN,ACK did not acknowledge counts as never sent (RFC 7413 4.2.2). */
static bool may_take_back(const struct watch *watch)
{
    return watch->is_fast_open && watch->last.snd_una == watch->last.iss &&
           watch->last.state < TE_ESTABLISHED;
}

static const char *check_progress(const struct watch *watch, const struct te_status *now)
{
    const struct te_status *before = &watch->last;
    if (seq_lt(now->snd_una, before->snd_una) || now->send_acked < before->send_acked)
        return "2: SND.UNA never goes back";
    if (before->rcv_nxt != 0 && before->state != TE_SYN_SENT &&
        (seq_lt(now->rcv_nxt, before->rcv_nxt) || now->receive_next < before->receive_next))
        return "2: RCV.NXT never goes back";
    if (now->receive_released < before->receive_released)
        return "2: what was released stays released";
    if (now->iss != before->iss || (before->state != TE_SYN_SENT && now->irs != before->irs))
        return "2: ISS and IRS never change";
    if (seq_lt(now->snd_max, before->snd_max) && !may_take_back(watch))
        return "2: SND.MAX never goes back";
    return NULL;
}

/* What may change recovery and the window besides the rules below, even in the same event:
 * recoveries that turn out to be spurious ... */
static uint64_t count_undone(const struct te_counters *counters)
{
    return counters->undone_by_timestamp + counters->undone_by_dsack + counters->spurious_timeouts;
}

/* ... losses that a tail loss probe has repaired, SACKs taken back, answers to echoed marks. */
static uint64_t count_others(const struct te_counters *counters)
{
    return counters->loss_probe_recoveries + counters->sack_reneging + counters->ecn_reductions;
}

/* Number 6: what was sent is in the network, SACKed, or lost; a loss is always reacted to. */
static const char *check_flight(struct world *world, const struct te_status *now)
{
    uint32_t flight = now->snd_nxt - now->snd_una;
    uint32_t known = now->pipe_bytes + now->sacked_bytes + now->lost_bytes;
    if (!is_synchronized(now) || now->snd_una == now->iss)
        return NULL;
    /* Without SACK each duplicate ACK makes the pipe smaller. */
    bool uses_sack = now->sack_permitted && (now->features & TE_FEATURE_SACK_RECOVERY);
    if (known > flight || (uses_sack && known + PROBE_BYTES < flight)) {
        world_explain(world, "flight %u, pipe %u, SACKed %u, lost %u, %s", flight, now->pipe_bytes,
                      now->sacked_bytes, now->lost_bytes, now->recovery);
        return "6: what is in flight is in the pipe, SACKed, or lost";
    }
    return NULL;
}

/* BBR has a model of its own, and no threshold. */
static bool is_loss_based(const struct te_status *status)
{
    return strcmp(status->congestion_control, "bbr") != 0;
}

/* The start of a loss event: the window falls (RFC 5681 3.1; RFC 9438 4.6; RFC 8511 for marks). The
 * timeout of what a timeout has sent again before is none: "the value of ssthresh is held
 * constant". With the window closed in between, the first recovery may be over. */
static const char *check_start(struct world *world, struct watch *watch,
                               const struct te_status *now, bool is_undone)
{
    const struct te_status *before = &watch->last;
    /* The previous event may be ended by the probe that makes the segments larger (RFC 4821
     * 7.6). */
    uint64_t mss = watch->mss_max > now->mss ? watch->mss_max : now->mss;
    uint64_t floor = 2 * mss;
    uint64_t most = (uint64_t)before->cwnd_bytes * 9 / 10;
    if (before->backoff > 0 && now->backoff > before->backoff && now->snd_una == before->snd_una)
        most = before->ssthresh_bytes;
    if (is_loss_based(now) && !is_undone && now->ssthresh_bytes > (most > floor ? most : floor)) {
        world_explain(world, "cwnd %u, ssthresh %u, then %u and %u, MSS %u, largest %u, %s",
                      before->cwnd_bytes, before->ssthresh_bytes, now->cwnd_bytes,
                      now->ssthresh_bytes, now->mss, watch->mss_max, now->recovery);
        return "6: the window falls with a loss event";
    }
    watch->cwnd_before = before->cwnd_bytes;
    return NULL;
}

/* One look at a loss event, compared with the previous one. */
struct recovery_look {
    const struct te_status *before, *now;
    bool was_open, is_open;
    bool goes_on;   /* the same state; another event may still be in between */
    bool is_start;  /* of an event, even by the ACK that ends a timeout's */
    bool is_undone; /* a connection of this stack was undone; maybe this one */
    bool is_other;  /* another reason above applied to a connection of this stack */
    bool is_passed; /* everything sent before the event is acknowledged */
    bool is_timeout;
};

static struct recovery_look look_at_recovery(const struct world *world, struct watch *watch,
                                             const struct te_status *now)
{
    const struct te_counters *counters = te_stack_counters(world->hosts[watch->side].stack);
    const struct te_status *before = &watch->last;
    struct recovery_look look = {
        .before = before,
        .now = now,
        .was_open = before->recovery[0] == 'o',
        .is_open = now->recovery[0] == 'o',
        .goes_on = before->recovery == now->recovery, /* static strings */
        .is_undone = count_undone(counters) != watch->undone,
        .is_other = count_others(counters) != watch->others,
        /* A connection starts afresh when its SYN is acknowledged. */
        .is_passed = !watch->has_recover || !seq_lt(now->snd_una, watch->recover) ||
                     before->snd_una == before->iss,
        .is_timeout = now->backoff > before->backoff,
    };
    bool was_loss = before->recovery[0] == 'l';
    look.is_start = !look.is_open && (look.was_open || (was_loss && !look.goes_on));
    watch->undone = count_undone(counters);
    watch->others = count_others(counters);
    return look;
}

/* The end: everything sent before its start is acknowledged, or it was spurious: then the window is
 * restored (RFC 4015 3.2). */
static const char *check_end(struct watch *watch, const struct recovery_look *look)
{
    if (look->is_passed)
        return NULL;
    if (!look->is_undone && !look->is_other)
        return "6: recovery lasts until all that was sent before it is acknowledged";
    watch->has_recover = false;
    bool may_decay = look->now->features & TE_FEATURE_CWND_VALIDATION; /* RFC 7661 4.4 */
    if (is_loss_based(look->now) && !look->is_other && !may_decay &&
        look->now->cwnd_bytes < watch->cwnd_before)
        return "6: a spurious recovery leaves the window unchanged";
    return NULL;
}

static const char *check_threshold(const struct recovery_look *look)
{
    const struct te_status *now = look->now;
    if (now->ssthresh_bytes >= look->before->ssthresh_bytes || look->is_undone || look->is_other)
        return NULL;
    if (!look->is_open && !look->is_timeout && !look->is_passed)
        return "6: one loss event lowers the threshold once";
    /* HyStart++ ends slow start where cwnd is (RFC 9406 4.2). */
    if (look->is_open && now->ssthresh_bytes < look->before->cwnd_bytes)
        return "6: without a loss the threshold stays";
    return NULL;
}

/* Number 6: a loss event lasts until everything sent before it is acknowledged, it is undone, or a
 * timeout occurs; no other starts before that; the threshold falls at the start, and not again. */
static const char *check_loss_event(struct world *world, struct watch *watch,
                                    const struct te_status *now)
{
    const struct recovery_look look = look_at_recovery(world, watch, now);
    const char *wrong = NULL;
    if (!look.was_open && look.is_open)
        wrong = check_end(watch, &look);
    else if (look.is_start)
        wrong = check_start(world, watch, now, look.is_undone);
    else
        wrong = check_threshold(&look);
    bool is_new = !look.goes_on || look.is_undone || look.is_other;
    if (!look.is_open && (is_new || look.is_timeout)) {
        watch->has_recover =
            !look.goes_on || look.is_timeout; /* otherwise it may be another event */
        watch->recover = now->snd_nxt;
    }
    /* The fast retransmission (RFC 5681 3.2), and each partial ACK's (RFC 6582 3.2). */
    if (now->recovery[0] == 'r' && (is_new || now->snd_una != look.before->snd_una))
        watch->beyond_cwnd = 1;
    return wrong;
}

/* Number 10, Karn: without timestamps, an ACK of only retransmitted bytes says nothing about the
 * round trip. */
static const char *check_round_trip(const struct watch *watch, const struct te_status *now)
{
    const struct te_status *before = &watch->last;
    if (now->timestamps || now->snd_una == before->snd_una || now->srtt_us == before->srtt_us ||
        watch->resent.is_overfull)
        return NULL;
    return extents_cover(&watch->resent, before->snd_una - now->iss, now->snd_una - now->iss)
               ? "10: no round trip is taken from retransmitted data (Karn)"
               : NULL;
}

/* Number 10: the next timeout comes after the previous one's RTO, doubled. */
static const char *check_timeout(const struct world *world, struct watch *watch,
                                 const struct te_status *now)
{
    const struct te_status *before = &watch->last;
    const struct te_config *config = &world->scenario->hosts[watch->side].config;
    if (now->snd_una != before->snd_una || !world->link.is_calm || now->backoff == 0)
        watch->calm_retransmits = 0;
    if (now->backoff <= before->backoff)
        return NULL;
    watch->calm_retransmits += world->link.is_calm;
    bool follows = before->backoff > 0 && now->snd_una == before->snd_una &&
                   watch->timeout_rto_us == before->rto_us;
    int64_t since_us = world_clock(world, watch->side) - watch->timeout_at_us;
    int64_t doubled_us = 2 * before->rto_us;
    watch->timeout_at_us = world_clock(world, watch->side);
    watch->timeout_rto_us = now->rto_us;
    if (now->backoff != before->backoff + 1)
        return "10: retransmissions are counted one by one";
    if (!follows)
        return NULL;
    if (since_us < before->rto_us)
        return "10: no retransmission before its RTO";
    if (doubled_us > config->rto_max_us)
        doubled_us = config->rto_max_us;
    return now->rto_us != doubled_us ? "10: the RTO doubles with each retransmission" : NULL;
}

/* --- against the other end -------------------------------------------------------------------- */

/* By this end of a connection, or by the earlier one that a SYN cookie's ACK has opened again. */
static bool was_received(struct world *world, const struct watch *watch, uint64_t bytes)
{
    uint32_t iss = watch->last.iss;
    for (; watch != NULL; watch = observer_older(world, watch))
        if (watch->last.iss == iss && bytes <= watch->last.receive_next)
            return true;
    return false;
}

bool observer_has_given(struct world *world, const struct watch *watch, uint64_t bytes, bool is_all)
{
    uint32_t iss = watch->last.iss;
    for (; watch != NULL; watch = observer_older(world, watch))
        if (watch->last.iss == iss &&
            (bytes == watch->accepted || (!is_all && bytes < watch->accepted)))
            return true;
    return false;
}

/* The peer's end of an earlier connection between the same endpoints has acknowledged this much,
 * and no TIME_WAIT keeps its ACKs from this one, because a RST ended it (RFC 9293 3.6): then a
 * number in the window is believed, and nothing is guaranteed. */
static bool is_ack_of_dead(struct world *world, const struct watch *peer, uint32_t ack)
{
    while ((peer = observer_older(world, peer)) != NULL) {
        const struct watch *back = observer_peer(world, peer);
        bool has_waited = peer->has_waited || (back != NULL && back->has_waited);
        if (!has_waited && peer->has_own_ack && !seq_lt(peer->own_ack, ack))
            return true;
    }
    return false;
}

static const char *check_peer(struct world *world, const struct watch *watch,
                              const struct te_status *now)
{
    const struct watch *peer = observer_peer(world, watch);
    if (peer == NULL)
        return now->receive_next > 0 ? "1: a connection that has received something has a peer"
                                     : NULL;
    if (!observer_has_given(world, peer, now->receive_next, false))
        return "1: no more is received than the peer's application sent";
    if (now->fin_received && is_alive(now) &&
        !observer_has_given(world, peer, now->receive_next, true))
        return "7: the FIN follows the last byte sent";
    const struct watch *back = observer_peer(world, peer);
    if (back == watch && !was_received(world, peer, now->send_acked))
        return is_ack_of_dead(world, peer, now->snd_una) ? world_ends_here
                                                         : "1: what is acknowledged was received";
    return NULL;
}

/* --- all of one stack ------------------------------------------------------------------------- */

/* At most one segment arrives between two looks. An event says it too, but events may be lost. */
static bool has_taken_cookie(const struct world *world, unsigned side)
{
    const struct te_counters *counters = te_stack_counters(world->hosts[side].stack);
    return counters->syn_cookies_received != world->observer.cookies_taken[side];
}

static struct watch *add_watch(struct world *world, unsigned side, const struct te_status *status)
{
    struct observer *observer = &world->observer;
    if (observer->count == WATCHES_MAX) {
        world_fail(world, side, status->id, "there are few enough connections to watch");
        return NULL;
    }
    struct watch *watch = &observer->watches[observer->count++];
    memset(watch, 0, sizeof(*watch));
    watch->side = side;
    watch->id = status->id;
    watch->last = *status;
    watch->told_state = status->state;
    watch->is_by_cookie = has_taken_cookie(world, side);
    watch->answer_at_us = INT64_MIN / 2;
    watch->undone = count_undone(te_stack_counters(world->hosts[side].stack));
    watch->others = count_others(te_stack_counters(world->hosts[side].stack));
    return watch;
}

/* Records the status. A TIME_WAIT entry knows less than a connection: what it does not know
 * stays. */
static void keep(struct watch *watch, const struct te_status *status)
{
    if (status->mss != 0 || status->state != TE_TIME_WAIT) {
        watch->last = *status;
        return;
    }
    watch->last.state = status->state;
    watch->last.timer = status->timer;
    watch->last.timer_at_us = status->timer_at_us;
    watch->last.send_buffer_bytes = status->send_buffer_bytes;
    watch->last.receive_buffer_bytes = status->receive_buffer_bytes;
    watch->last.rcv_nxt = status->rcv_nxt;
    watch->last.snd_una = status->snd_una;
    watch->last.snd_nxt = status->snd_nxt;
    watch->last.snd_max = status->snd_max;
}

static const char *check_alive(struct world *world, struct watch *watch,
                               const struct te_status *status)
{
    const char *wrong = check_sequence(status);
    if (wrong == NULL)
        wrong = check_limits(world, watch, status);
    if (wrong == NULL)
        wrong = check_progress(watch, status);
    if (wrong == NULL)
        wrong = check_loss_event(world, watch, status);
    if (wrong == NULL)
        wrong = check_flight(world, status);
    if (wrong == NULL)
        wrong = check_round_trip(watch, status);
    if (wrong == NULL)
        wrong = check_timeout(world, watch, status);
    return wrong;
}

static bool holds_text(const struct te_status *status)
{
    return status->send_queue_bytes + status->receive_queue_bytes > 0;
}

static void watch_status(struct world *world, unsigned side, const struct te_status *status)
{
    struct watch *watch = observer_find(world, side, status->id);
    const char *wrong = NULL;
    if (watch == NULL)
        watch = add_watch(world, side, status);
    if (watch == NULL)
        return;
    watch->is_seen = true;
    watch->has_waited = watch->has_waited || status->state == TE_TIME_WAIT;
    if (is_alive(status))
        wrong = check_alive(world, watch, status);
    if (may_take_back(watch) && seq_lt(status->snd_max, watch->last.snd_max))
        watch->sent_end = status->snd_max;
    watch->rcv_nxt_before = watch->last.rcv_nxt;
    if (holds_text(&watch->last) || holds_text(status))
        watch->held_text_at_us = world->now_us;
    keep(watch, status);
    if (watch->mss_max < status->mss)
        watch->mss_max = status->mss;
    if (wrong == NULL && is_alive(status))
        wrong = check_peer(world, watch, status);
    if (wrong != NULL)
        fail(world, watch, wrong);
}

/* A recount of te_totals (number 13). */
struct tally {
    uint32_t by_state[TE_STATE_COUNT];
    uint32_t orphans, time_wait, listeners, connections;
    uint64_t buffer_bytes;
};

static void tally_connections(struct world *world, unsigned side, struct tally *tally)
{
    struct te_status status;
    uint64_t cursor = 0;
    while (te_walk(world->hosts[side].stack, TE_WALK_CONNECTIONS, &cursor, &status)) {
        tally->by_state[status.state]++;
        tally->connections += is_alive(&status);
        tally->orphans += is_alive(&status) && status.user_closed;
        tally->buffer_bytes += status.send_buffer_bytes + status.receive_buffer_bytes;
        if (status.state == TE_CLOSED && status.receive_queue_bytes == 0 &&
            status.timer == TE_TIMER_NONE)
            world_fail(world, side, status.id, "9: what remains of a connection has a timer");
        watch_status(world, side, &status);
    }
}

static void tally_time_wait(struct world *world, unsigned side, struct tally *tally)
{
    struct te_status status;
    uint64_t cursor = 0;
    while (te_walk(world->hosts[side].stack, TE_WALK_TIME_WAIT, &cursor, &status)) {
        tally->by_state[TE_TIME_WAIT]++;
        tally->time_wait++;
        tally->buffer_bytes += status.send_buffer_bytes + status.receive_buffer_bytes;
        watch_status(world, side, &status);
    }
}

static void tally_listeners(struct world *world, unsigned side, struct tally *tally)
{
    struct te_status status;
    uint64_t cursor = 0;
    while (te_walk(world->hosts[side].stack, TE_WALK_LISTENERS, &cursor, &status)) {
        tally->by_state[TE_LISTEN]++;
        tally->listeners++;
        if (status.receive_queue_bytes > status.send_queue_bytes)
            world_fail(world, side, status.id, "13: the accept queue is within its backlog");
    }
}

static void compare_totals(struct world *world, unsigned side, const struct tally *tally)
{
    struct te_totals totals;
    te_totals(world->hosts[side].stack, &totals);
    if (memcmp(totals.by_state, tally->by_state, sizeof(tally->by_state)) != 0)
        world_fail(world, side, 0, "13: connections by state equal a recount");
    if (totals.orphans != tally->orphans || totals.time_wait != tally->time_wait ||
        totals.listeners != tally->listeners || totals.connections != tally->connections)
        world_fail(world, side, 0, "13: connections, listeners and orphans equal a recount");
    if (totals.buffer_memory_bytes != tally->buffer_bytes)
        world_fail(world, side, 0, "13: the bytes of buffers equal a recount");
}

static void note_gone(struct watch *watch)
{
    watch->is_gone = true;
    watch->last.state = TE_CLOSED;
}

void observer_look_at_all(struct world *world, unsigned side)
{
    struct observer *observer = &world->observer;
    struct tally tally = {.orphans = 0};
    uint64_t id = 0;
    const char *wrong = te_stack_check_invariants(world->hosts[side].stack, &id);
    if (wrong != NULL)
        world_fail(world, side, id, wrong);
    for (unsigned i = 0; i < observer->count; i++)
        observer->watches[i].is_seen = false;
    tally_connections(world, side, &tally);
    tally_time_wait(world, side, &tally);
    tally_listeners(world, side, &tally);
    compare_totals(world, side, &tally);
    observer->cookies_taken[side] =
        te_stack_counters(world->hosts[side].stack)->syn_cookies_received;
    for (unsigned i = 0; i < observer->count; i++) {
        struct watch *watch = &observer->watches[i];
        if (watch->side == side && !watch->is_seen)
            note_gone(watch);
    }
}

/* The engine's own check walks the whole flight, and a long fat path has much of it. */
static const char *check_conn(struct world *world, unsigned side, uint64_t id)
{
    unsigned every = world->options.check_every;
    if (every > 1 && world->observer.checks++ % every != 0)
        return NULL;
    return te_stack_check_conn(world->hosts[side].stack, id);
}

void observer_look_at(struct world *world, unsigned side, uint64_t id)
{
    struct te_stack *stack = world->hosts[side].stack;
    struct te_status status;
    const char *wrong = check_conn(world, side, id);
    if (wrong != NULL)
        world_fail(world, side, id, wrong);
    bool exists = te_status(stack, id, &status) == TE_OK;
    struct watch *watch = observer_find(world, side, id);
    if (exists && status.is_listener)
        observer_look_at_all(world, side);
    else if (exists)
        watch_status(world, side, &status);
    else if (watch != NULL)
        note_gone(watch);
}

void observer_touch(struct world *world, unsigned side, uint64_t id)
{
    struct touched *touched = &world->observer.touched[side];
    for (unsigned i = 0; i < touched->count; i++)
        if (touched->ids[i] == id)
            return;
    if (id == 0 || touched->count == TOUCHED_MAX)
        touched->all = true;
    else
        touched->ids[touched->count++] = id;
}

bool observer_look(struct world *world, unsigned side)
{
    struct observer *observer = &world->observer;
    const struct touched *touched = &observer->touched[side];
    if (++observer->looks % LOOKS_BETWEEN_ALL == 0 || touched->all) {
        observer_look_at_all(world, side);
        return true;
    }
    for (unsigned i = 0; i < touched->count; i++)
        observer_look_at(world, side, touched->ids[i]);
    return false;
}

void observer_on_freeze(struct world *world, unsigned side, int64_t amount_us)
{
    int64_t *until_us = &world->observer.resolving_until_us[side];
    if (world->now_us < *until_us)
        *until_us += amount_us;
}

/* Numbers 5 and 9, at rest. Whatever waits for its neighbour's address continues once that is
 * resolved or has failed. */
static const char *check_waiting(const struct world *world, struct watch *watch)
{
    const struct te_status *status = &watch->last;
    bool may_wait = world->now_us < world->observer.resolving_until_us[watch->side];
    uint64_t refused = world->hosts[watch->side].memory.refused;
    bool was_refused = refused != world->observer.refused[watch->side];
    watch->may_have_lost = watch->may_have_lost || may_wait || was_refused;
    if (watch->is_gone || !is_alive(status) || may_wait)
        return NULL;
    bool has_read_all = status->receive_queue_bytes == 0 && !status->fin_received;
    if (is_synchronized(status) && has_read_all && watch->has_own_edge && !watch->may_have_lost &&
        watch->own_edge == status->rcv_nxt)
        return "5: a receiver that has read everything offers a window";
    if (status->timer != TE_TIMER_NONE)
        return NULL;
    if (status->snd_una != status->snd_max)
        return "9: unacknowledged data has a timer";
    if (is_synchronized(status) && status->send_queue_bytes > 0)
        return "9: waiting data has a timer";
    return NULL;
}

/* Asking for output may change a connection, or end it. */
static void check_rest(struct world *world, unsigned side, uint64_t id)
{
    observer_look_at(world, side, id);
    struct watch *watch = observer_find(world, side, id);
    const char *wrong = watch != NULL ? check_waiting(world, watch) : NULL;
    if (wrong != NULL)
        fail(world, watch, wrong);
}

void observer_on_quiet(struct world *world, unsigned side)
{
    struct observer *observer = &world->observer;
    if (observer->owing != NULL && observer->owing->side == side) {
        /* The ACK is a packet of its own: it needs memory, which may be refused. */
        if (world->now_us >= observer->resolving_until_us[side] && !world->is_short_of_memory)
            fail(world, observer->owing, "a FIN in TIME_WAIT is acknowledged");
        observer->owing = NULL;
    }
    struct touched *touched = &observer->touched[side];
    for (unsigned i = 0; touched->all && i < observer->count; i++)
        if (observer->watches[i].side == side && !observer->watches[i].is_gone)
            check_rest(world, side, observer->watches[i].id);
    for (unsigned i = 0; !touched->all && i < touched->count; i++)
        check_rest(world, side, touched->ids[i]);
    touched->all = false;
    touched->count = 0;
    observer->refused[side] = world->hosts[side].memory.refused;
}

void observer_check_idle(struct world *world, int64_t since_us)
{
    for (unsigned i = 0; i < world->observer.count; i++) {
        const struct watch *watch = &world->observer.watches[i];
        const struct te_status *status = &watch->last;
        const struct extents *arrived = &watch->arrived;
        bool has_hole =
            arrived->is_overfull || /* data out of order is kept */
            (arrived->count > 0 && arrived->items[arrived->count - 1].end > status->receive_next);
        if (watch->is_gone || has_hole || watch->held_text_at_us > since_us || holds_text(status) ||
            status->send_buffer_bytes + status->receive_buffer_bytes == 0)
            continue;
        fail(world, watch, "an idle connection holds no buffer");
        world_explain(world, "to send %u bytes, received %u bytes", status->send_buffer_bytes,
                      status->receive_buffer_bytes);
    }
}

/* --- Fast Open -------------------------------------------------------------------------------- */

void observer_on_fast_open(struct world *world, unsigned side, uint64_t id, uint64_t stream_key)
{
    observer_look_at(world, side, id);
    struct watch *watch = observer_find(world, side, id);
    if (watch == NULL)
        return;
    watch->is_fast_open = true;
    watch->stream = stream_key;
    watch->accepted = watch->last.send_accepted;
}

/* Data on a SYN, to a listener that accepts it. */
static bool is_early(const struct world *world, const struct watch *watch, uint64_t received)
{
    const struct scenario *scenario = world->scenario;
    return (scenario->hosts[watch->side].config.fast_open & TE_FAST_OPEN_SERVER) &&
           scenario->listeners[watch->side].fast_open && received <= watch->syn_bytes;
}

void observer_on_delivered(struct world *world, struct watch *watch, uint64_t received)
{
    struct coverage *coverage = world->observer.coverage;
    struct watch *peer = observer_peer(world, watch);
    if (received == 0 || peer == NULL)
        return;
    bool is_first = !watch->has_delivered;
    watch->has_delivered = true;
    if (is_first && is_early(world, watch, received)) {
        coverage->early_takes += watch->last.state == TE_SYN_RCVD && !world->link.is_calm;
        coverage->syn_replays += peer->early_takes > 0;
        if (++peer->early_takes > peer->syn_copies)
            fail(world, watch, "1: data on a SYN is delivered once per copy of the SYN");
    }
    if (is_early(world, watch, received))
        return;
    /* A SYN cookie forgets that the connection existed already: a retransmission of the peer passes
     * for the ACK that opens it. */
    if (peer->taker != NULL && peer->taker != watch && !watch->is_by_cookie)
        fail(world, watch, "1: no byte is delivered twice, except data on a SYN (RFC 7413 2.1)");
    peer->taker = watch;
}

/* --- events ----------------------------------------------------------------------------------- */

static void note_pair(struct world *world, const struct watch *watch, enum te_state state)
{
    const struct watch *peer = observer_peer(world, watch);
    if (peer != NULL)
        world->observer.coverage->pairs[state][peer->last.state]++;
}

/* In a synchronized state other than TIME_WAIT. */
static bool was_open(const struct te_transition *transition)
{
    return transition->from >= TE_ESTABLISHED && transition->from <= TE_LAST_ACK;
}

/* Number 12, and RFC 1337: what a segment of the peer, or of a third party, may end. */
static const char *check_end_by_segment(const struct watch *watch,
                                        const struct te_transition *transition)
{
    uint8_t flags = transition->has_segment ? transition->segment.flags : 0;
    bool is_expected = transition->cause == TE_CAUSE_RECV_RST && !(flags & TE_SYN) &&
                       transition->segment.seq == watch->last.rcv_nxt;
    if (transition->from == TE_TIME_WAIT && transition->cause == TE_CAUSE_RECV_RST)
        return "12: a RST does not end TIME_WAIT";
    if (was_open(transition) && transition->to == TE_CLOSED && (flags & (TE_RST | TE_SYN)) &&
        !is_expected)
        return "12: only a RST with the number expected ends a connection";
    if (transition->cause == TE_CAUSE_NEW_SYN && !watch->last.timestamps &&
        seq_lt(transition->segment.seq, watch->last.rcv_nxt))
        return "a new SYN ends TIME_WAIT only with a newer sequence number";
    return NULL;
}

#define CALM_RETRANSMITS_MAX 4

/* A host that has forgotten a connection answers with a limited number of RSTs per second. */
static bool has_limited_resets(const struct world *world)
{
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        if (te_stack_counters(world->hosts[side].stack)->resets_limited > 0)
            return true;
    return false;
}

/* The ACK of a SYN cookie has opened a connection that its client has no more, while the client has
 * the next one between the same ports: two synchronized ends that do not know each other's numbers.
 * Each answers the other by an ACK (RFC 9293 3.5.2, group 3), and only R2 ends that. */
static bool is_beside_second_life(const struct world *world, const struct watch *watch)
{
    for (unsigned i = world->observer.count; i-- > 0;) {
        const struct watch *other = &world->observer.watches[i];
        if (other->side != watch->side &&
            is_same_endpoint(&other->last.local, &watch->last.remote) &&
            is_same_endpoint(&other->last.remote, &watch->last.local)) /* the latest */
            return (other->is_by_cookie || watch->is_by_cookie) &&
                   other->last.irs != watch->last.iss;
    }
    return false;
}

/* The other end was never made: a SYN cookie answered, and its ACK found a full accept queue, a
 * full table, too many connections of this remote or of the listener's user, or a share of memory
 * used up, each time it came. Nothing remembers it there. */
static bool is_held_back(const struct world *world, const struct watch *watch)
{
    uint64_t held_back = 0;
    for (unsigned i = 0; i < world->observer.count; i++) {
        const struct watch *other = &world->observer.watches[i];
        if (other->side != watch->side && other->last.iss == watch->last.irs)
            return false;
    }
    for (unsigned side = 0; side < world->scenario->host_count; side++) {
        const struct te_counters *counters = te_stack_counters(world->hosts[side].stack);
        if (side != watch->side)
            held_back += counters->accept_queue_full + counters->conn_limit +
                         counters->remote_limit + counters->conn_uid_limit +
                         counters->memory_share_limit;
    }
    return held_back > 0;
}

/* After a leap of weeks an older frame may still arrive with a timestamp that passes for new: RFC
 * 7323 5.5 assumes a network that holds nothing that long. */
static const char *check_end_by_itself(const struct world *world, const struct watch *watch,
                                       const struct te_transition *transition)
{
    const struct te_counters *counters = te_stack_counters(world->hosts[watch->side].stack);
    if (world->is_short_of_memory)
        return NULL;
    if (transition->from == TE_TIME_WAIT && transition->cause == TE_CAUSE_LIMIT &&
        counters->time_wait_overflow == 0)
        return "TIME_WAIT is left out only when its table is full";
    if (was_open(transition) && transition->cause == TE_CAUSE_TIMEOUT_RETRANSMIT &&
        world->link.is_calm && !world->has_leapt_far && !has_limited_resets(world) &&
        watch->calm_retransmits >= CALM_RETRANSMITS_MAX && !is_beside_second_life(world, watch) &&
        !is_held_back(world, watch))
        return "without faults no connection dies of silence";
    return NULL;
}

void observer_on_event(struct world *world, unsigned side, const struct te_event *event)
{
    const struct te_transition *transition = &event->transition;
    struct trace_entry entry = {"%s id %d %s -> %s", {(int64_t)event->id}, {0}, 0};
    if (event->kind != TE_EVENT_STATE)
        return;
    entry.strings[0] = scenario_host_name(side);
    entry.strings[1] = te_state_name(transition->from);
    entry.strings[2] = te_state_name(transition->to);
    entry.numbers[1] = transition->cause;
    trace_add(&world->trace, world->now_us, &entry);
    world->observer.coverage->edges[transition->from][transition->to]++;
    struct watch *watch = observer_find(world, side, event->id);
    if (watch == NULL)
        return;
    bool has_lost = te_stack_counters(world->hosts[side].stack)->events_lost > 0;
    if (watch->is_told && watch->told_state != transition->from && !has_lost)
        fail(world, watch, "each change of state starts where the one before ended");
    const char *wrong = check_end_by_segment(watch, transition);
    if (wrong == NULL)
        wrong = check_end_by_itself(world, watch, transition);
    if (wrong != NULL)
        fail(world, watch, wrong);
    if (transition->cause == TE_CAUSE_RECV_SYN_COOKIE && !watch->is_by_cookie)
        fail(world, watch, "each SYN cookie that opens a connection is counted");
    watch->is_told = true;
    watch->told_state = transition->to;
    note_pair(world, watch, transition->to);
}

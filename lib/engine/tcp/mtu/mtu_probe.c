#include "tcp/mtu/mtu_probe.h"

#include <assert.h>

#include "ip/pmtu.h"
#include "stack_internal.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/sender.h"
#include "tcp/mtu/packet_size.h"
#include "util/seq.h"

/* RFC 4821 7.8: two timeouts soon after path_mtu was raised show that it was raised in vain. */
#define VERIFY_TIMEOUTS 2
#define ARRIVED_FACTOR 2 /* times r1_retries */
#define VERIFY_SEGMENTS 32
#define SEGMENTS_BEHIND 3  /* that must follow a probe: 7.4, Tcprexmtthresh */
#define PROBES_MAX 2       /* losses of one size until it counts as too large (RFC 8899 5.1.2) */
#define TIMEOUT_PATIENCE 5 /* 7.6.3 */
#define CLOSE_BYTES 8      /* a search that has come this close is over (7.3) */

static uint16_t base_bytes(const struct te_stack *stack, const struct te_conn *conn)
{
    uint32_t floor = te_pmtu_min(&conn->remote.addr);
    uint32_t base = stack->config.mtu_probe_base_bytes;
    return (uint16_t)(base > floor ? base : floor);
}

/* NULL: no memory. */
static struct te_mtu_search *begin(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->mtu_search == NULL)
        conn->mtu_search = te_stack_alloc(stack, sizeof(*conn->mtu_search));
    return conn->mtu_search;
}

/* What a router has said about the path holds until the cache forgets it: nothing larger is tried
 * for at least five minutes (RFC 1191 3, RFC 8201 4). */
static uint16_t highest(struct te_stack *stack, const struct te_conn *conn)
{
    uint32_t limit = te_path_mtu_limit(stack, conn);
    uint32_t known = te_pmtu_get(stack, &conn->remote.addr);
    uint32_t high = known < limit ? known : limit;
    return (uint16_t)(high > conn->path_mtu ? high : conn->path_mtu);
}

/* Searches upwards from path_mtu, whose packets are known to arrive, or to be confirmed first. */
static void search_from_here(struct te_stack *stack, struct te_conn *conn, enum te_mtu_phase phase)
{
    struct te_mtu_search *search = begin(stack, conn);
    if (search == NULL)
        return;
    *search = (struct te_mtu_search){
        .phase = (uint8_t)phase,
        .starts_high = true,
        .low = conn->path_mtu,
        .high = highest(stack, conn),
    };
}

void te_mtu_probe_start(struct te_stack *stack, struct te_conn *conn)
{
    uint16_t base = base_bytes(stack, conn);
    if (stack->config.mtu_probing != TE_MTU_PROBING_ALWAYS ||
        te_path_mtu_limit(stack, conn) <= base)
        return;
    if (conn->path_mtu > base)
        te_path_mtu_set(conn, base);
    search_from_here(stack, conn, TE_MTU_BASE);
}

void te_mtu_probe_free(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->mtu_search == NULL)
        return;
    te_stack_dealloc(stack, conn->mtu_search, sizeof(*conn->mtu_search));
    conn->mtu_search = NULL;
}

/* Of a full-sized packet, options included. */
static uint32_t headers_bytes(const struct te_conn *conn)
{
    return (uint32_t)conn->path_mtu - conn->mss;
}

/* --- black holes ------------------------------------------------------------------------------ */

static bool fell_back(struct te_stack *stack, struct te_conn *conn)
{
    struct te_mtu_search *search = conn->mtu_search;
    if (search == NULL || search->fallback_bytes == 0 || conn->retransmits != VERIFY_TIMEOUTS)
        return false;
    search->high = (uint16_t)(conn->path_mtu - 1);
    search->low = search->fallback_bytes;
    search->fallback_bytes = 0;
    te_path_mtu_set(conn, search->low);
    te_note(stack, conn, TE_NOTE_PATH_MTU, conn->path_mtu);
    return true;
}

/* What to try next when packets of path_mtu vanish: the base size, then half of it, and so on. */
static uint16_t smaller(const struct te_stack *stack, const struct te_conn *conn)
{
    uint16_t base = base_bytes(stack, conn);
    if (conn->path_mtu > base)
        return base;
    uint32_t half = conn->path_mtu / 2u;
    uint32_t floor = te_pmtu_min(&conn->remote.addr);
    return (uint16_t)(half > floor ? half : floor);
}

/* Whether the segment that vanished is larger than what is tried next: if not, its size is not the
 * reason. */
static bool is_large(const struct te_conn *conn, uint16_t next_bytes)
{
    return conn->snd_max - conn->snd_una > next_bytes - headers_bytes(conn);
}

/* As many round trips as cwnd has segments: the interval between losses that congestion control
 * would cause (7.6.2). */
static int64_t patience_us(const struct te_conn *conn)
{
    return conn->rtt.srtt_us * (conn->cc.cwnd_bytes / conn->mss + 1);
}

static void give_up_probe(struct te_stack *stack, struct te_conn *conn, int64_t wait_us)
{
    conn->mtu_search->probe_bytes = 0;
    conn->mtu_search->next_at_us = stack->now_us + wait_us;
}

/* Whether this many timeouts in a row suggest a black hole. If packets of this size have arrived
 * before, loss is the likelier reason: it takes twice as many, and nothing below the base size is
 * tried. */
static bool has_vanished(const struct te_stack *stack, const struct te_conn *conn)
{
    if (conn->acked_mtu < conn->path_mtu)
        return conn->retransmits >= stack->config.r1_retries;
    return conn->retransmits >= ARRIVED_FACTOR * stack->config.r1_retries &&
           conn->path_mtu > base_bytes(stack, conn);
}

void te_mtu_probe_on_timeout(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->mtu_search != NULL && conn->mtu_search->probe_bytes != 0)
        give_up_probe(stack, conn, TIMEOUT_PATIENCE * patience_us(conn));
    if (stack->config.mtu_probing == TE_MTU_PROBING_OFF || !conn->syn_acked ||
        fell_back(stack, conn) || !has_vanished(stack, conn))
        return;
    uint16_t next = smaller(stack, conn);
    if (next >= conn->path_mtu || !is_large(conn, next))
        return;
    if (conn->mtu_search == NULL || conn->mtu_search->phase >= TE_MTU_SEARCHING)
        stack->counters.mtu_black_holes++;
    te_path_mtu_set(conn, next);
    te_note(stack, conn, TE_NOTE_PATH_MTU, conn->path_mtu);
    search_from_here(stack, conn, next < base_bytes(stack, conn) ? TE_MTU_ERROR : TE_MTU_BASE);
}

/* --- the search ------------------------------------------------------------------------------- */

static void complete(struct te_stack *stack, struct te_mtu_search *search)
{
    search->phase = TE_MTU_COMPLETE;
    search->next_at_us = stack->now_us + stack->config.path_mtu_age_us;
}

/* Over, when what is left of the range is not worth a probe. */
static void settle(struct te_stack *stack, struct te_mtu_search *search)
{
    if (search->phase == TE_MTU_SEARCHING && search->high < search->low + CLOSE_BYTES)
        complete(stack, search);
}

void te_mtu_probe_refresh(struct te_stack *stack, struct te_conn *conn)
{
    const struct te_mtu_search *search = conn->mtu_search;
    if (search != NULL && search->phase == TE_MTU_COMPLETE && search->next_at_us <= stack->now_us) {
        search_from_here(stack, conn, TE_MTU_SEARCHING);
        settle(stack, conn->mtu_search);
    }
}

/* The largest first, since a path that was only interrupted takes it; then by bisection. */
static uint16_t next_size(const struct te_mtu_search *search)
{
    if (search->starts_high)
        return search->high;
    return (uint16_t)((search->low + search->high + 1u) / 2);
}

static bool is_calm(const struct te_conn *conn)
{
    return conn->sender != NULL && te_conn_uses_sack(conn) &&
           conn->recovery.state == TE_RECOVERY_OPEN && conn->sender->map.lost_bytes == 0 &&
           conn->sender->map.sacked_bytes == 0;
}

uint32_t te_mtu_probe_len(const struct te_stack *stack, const struct te_conn *conn,
                          uint32_t available)
{
    const struct te_mtu_search *search = conn->mtu_search;
    if (search == NULL || search->phase != TE_MTU_SEARCHING || search->probe_bytes != 0 ||
        search->next_at_us > stack->now_us || !is_calm(conn))
        return 0;
    uint32_t len = next_size(search) - headers_bytes(conn);
    uint32_t needed = len + SEGMENTS_BEHIND * (uint32_t)conn->mss;
    return len > conn->mss && available >= needed && conn->cc.cwnd_bytes >= needed ? len : 0;
}

void te_mtu_probe_on_sent(struct te_stack *stack, struct te_conn *conn, uint32_t start,
                          uint32_t end)
{
    struct te_mtu_search *search = conn->mtu_search;
    stack->counters.mtu_probes++;
    search->probe_bytes = (uint16_t)(end - start + headers_bytes(conn));
    search->probe_start = start;
    search->probe_end = end;
    assert(search->probe_bytes > search->low && search->probe_bytes <= search->high);
}

/* The record of the probe; NULL once it was split or joined. */
static struct te_sent *probe_record(const struct te_conn *conn)
{
    const struct te_mtu_search *search = conn->mtu_search;
    struct te_sent *sent = te_sent_map_find(&conn->sender->map, search->probe_start);
    if (sent == NULL || sent->start != search->probe_start || sent->end != search->probe_end)
        return NULL;
    return sent;
}

bool te_mtu_probe_is(const struct te_conn *conn, const struct te_sent *sent)
{
    const struct te_mtu_search *search = conn->mtu_search;
    return search != NULL && search->probe_bytes != 0 && sent->start == search->probe_start &&
           sent->end == search->probe_end;
}

static void split_in_segments(const struct te_conn *conn, struct te_sent *sent)
{
    sent->segments = (uint16_t)((te_sent_len(sent) + conn->mss - 1u) / conn->mss);
}

static void note_failure(struct te_stack *stack, struct te_conn *conn)
{
    struct te_mtu_search *search = conn->mtu_search;
    stack->counters.mtu_probes_lost++;
    if (++search->failures >= PROBES_MAX) {
        search->high = (uint16_t)(search->probe_bytes - 1);
        search->starts_high = false;
        search->failures = 0;
    }
    give_up_probe(stack, conn, patience_us(conn));
    settle(stack, search);
}

uint32_t te_mtu_probe_on_lost(struct te_stack *stack, struct te_conn *conn, uint32_t lost_bytes)
{
    struct te_mtu_search *search = conn->mtu_search;
    if (search == NULL || search->probe_bytes == 0 || lost_bytes == 0)
        return 0;
    struct te_sent *sent = probe_record(conn);
    if (sent != NULL && sent->state != TE_SENT_LOST)
        return 0;
    if (sent == NULL || lost_bytes != te_sent_len(sent) ||
        conn->sender->map.lost_bytes != lost_bytes || conn->recovery.state != TE_RECOVERY_OPEN) {
        search->probe_bytes = 0; /* inconclusive: the same again when all is calm (7.6.4) */
        return 0;
    }
    split_in_segments(conn, sent);
    note_failure(stack, conn);
    return lost_bytes;
}

static void note_success(struct te_stack *stack, struct te_conn *conn)
{
    struct te_mtu_search *search = conn->mtu_search;
    uint16_t size = search->probe_bytes;
    stack->counters.mtu_probes_arrived++;
    search->probe_bytes = 0;
    search->failures = 0;
    search->low = size;
    if (size > conn->path_mtu) {
        search->fallback_bytes = conn->path_mtu;
        te_path_mtu_set(conn, size);
        te_note(stack, conn, TE_NOTE_PATH_MTU, conn->path_mtu);
        te_pmtu_raise(stack, &conn->remote.addr, size);
        search->verify_end = conn->snd_nxt + VERIFY_SEGMENTS * (uint32_t)conn->mss;
    }
    settle(stack, search);
}

void te_mtu_probe_on_ack(struct te_stack *stack, struct te_conn *conn)
{
    struct te_mtu_search *search = conn->mtu_search;
    if (search == NULL)
        return;
    if (search->phase < TE_MTU_SEARCHING) {
        search->phase = TE_MTU_SEARCHING;
        settle(stack, search);
    }
    if (search->fallback_bytes != 0 && seq_geq(conn->snd_una, search->verify_end))
        search->fallback_bytes = 0;
    if (search->probe_bytes != 0 && seq_geq(conn->snd_una, search->probe_end))
        note_success(stack, conn);
}

void te_mtu_probe_on_lowered(struct te_stack *stack, struct te_conn *conn)
{
    struct te_mtu_search *search = conn->mtu_search;
    if (search == NULL)
        return;
    search->probe_bytes = 0;
    search->fallback_bytes = 0;
    if (search->high > conn->path_mtu)
        search->high = conn->path_mtu;
    if (search->low > conn->path_mtu)
        search->low = conn->path_mtu;
    if (search->phase >= TE_MTU_SEARCHING)
        complete(stack, search); /* nothing is left of the range; from now on its time counts */
}

bool te_mtu_probe_on_too_big(struct te_stack *stack, struct te_conn *conn, uint32_t seq,
                             uint32_t mtu_bytes)
{
    struct te_mtu_search *search = conn->mtu_search;
    if (search == NULL || search->probe_bytes == 0 || mtu_bytes < conn->path_mtu ||
        mtu_bytes >= search->probe_bytes || seq_lt(seq, search->probe_start) ||
        seq_geq(seq, search->probe_end))
        return false;
    struct te_sent *sent = probe_record(conn);
    if (sent != NULL && sent->state == TE_SENT_IN_FLIGHT) {
        split_in_segments(conn, sent);
        te_sent_map_mark_lost(&conn->sender->map, sent);
        te_conn_want_output(stack, conn);
    }
    stack->counters.mtu_probes_lost++;
    te_pmtu_lower(stack, &conn->remote.addr, mtu_bytes);
    search->high = (uint16_t)mtu_bytes; /* the router knows: that size is worth the next probe */
    search->starts_high = true;
    search->failures = 0;
    give_up_probe(stack, conn, patience_us(conn));
    settle(stack, search);
    return true;
}

const char *te_mtu_probe_name(const struct te_conn *conn)
{
    static const char *const names[] = {[TE_MTU_BASE] = "base",
                                        [TE_MTU_ERROR] = "error",
                                        [TE_MTU_SEARCHING] = "searching",
                                        [TE_MTU_COMPLETE] = "complete"};
    return conn->mtu_search == NULL ? "disabled" : names[conn->mtu_search->phase];
}

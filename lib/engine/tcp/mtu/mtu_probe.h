/* Path MTU discovery without messages: black holes, and the search for larger packets (RFC 4821,
 * with the state names of RFC 8899).
 *
 *   disabled   path_mtu.h alone decides; there is no struct te_mtu_search
 *   base       a black hole was found, or mtu_probing is always; no packet has arrived yet
 *   error      not even the base size gets through: halved with each timeout, down to the floor
 *   searching  packets of path_mtu arrive; larger ones are tried
 *   complete   the search is over; it begins again after path_mtu_age_us, counted anew when a
 * router lowers path_mtu
 *
 * A black hole is assumed when the retransmission timer has expired r1_retries times for a segment
 * larger than the base size, and no router has said why (RFC 4821 7.7); after twice as many when
 * packets of that size have arrived before, since heavy loss looks the same. In case the network
 * was only down for a while, the first probe is as large as possible, and its arrival ends the
 * search.
 *
 * A probe is new data in one packet larger than path_mtu, sent when nothing is lost or SACKed, with
 * enough data behind it that its loss shows without a timer (7.4). If it alone is lost, that is no
 * sign of congestion (7.6.2): its data is sent again in ordinary segments, and the next probe waits
 * for as many round trips as cwnd has segments. */
#ifndef TCPENGINE_TCP_MTU_MTU_PROBE_H
#define TCPENGINE_TCP_MTU_MTU_PROBE_H

#include "tcp/conn/conn.h"
#include "tcp/loss/sent_map.h"

enum te_mtu_phase { TE_MTU_BASE = 1, TE_MTU_ERROR, TE_MTU_SEARCHING, TE_MTU_COMPLETE };

struct te_mtu_search {
    uint8_t phase;           /* enum te_mtu_phase */
    uint8_t failures;        /* probes of the same size lost in a row */
    bool starts_high;        /* the next probe has size high; the first of a search does */
    uint16_t low, high;      /* packets of low arrive; packets larger than high do not */
    uint16_t fallback_bytes; /* path_mtu before it was raised, until verify_end arrives; or 0 */
    uint16_t probe_bytes;    /* the probe in flight, [probe_start, probe_end); 0: none */
    uint32_t probe_start, probe_end, verify_end;
    int64_t next_at_us; /* no probe before; in complete, when the search begins again */
};

/* The connection is established: with mtu_probing = always it starts at the base size. Without
 * memory for the search there is none. */
void te_mtu_probe_start(struct te_stack *stack, struct te_conn *conn);
/* Ends the search, if there is one, and frees it. */
void te_mtu_probe_free(struct te_stack *stack, struct te_conn *conn);

/* The retransmission timer has expired, and conn->retransmits counts it; path_mtu may fall. Call
 * before te_recovery_on_timeout(), which sends again in the new size. */
void te_mtu_probe_on_timeout(struct te_stack *stack, struct te_conn *conn);
/* Before a segment is planned: a search completed path_mtu_age_us ago begins again. */
void te_mtu_probe_refresh(struct te_stack *stack, struct te_conn *conn);
/* Payload of the probe to send next; 0: none. available is what is queued and fits into the peer's
 * window. The probe may have to wait for room in cwnd, which nothing else should take (7.4). */
uint32_t te_mtu_probe_len(const struct te_stack *stack, const struct te_conn *conn,
                          uint32_t available);
/* The probe was sent: [start, end) in one packet. */
void te_mtu_probe_on_sent(struct te_stack *stack, struct te_conn *conn, uint32_t start,
                          uint32_t end);
/* Whether the record is the probe in flight. */
bool te_mtu_probe_is(const struct te_conn *conn, const struct te_sent *sent);
/* lost_bytes were newly marked lost. Returns lost_bytes if that was exactly the probe and nothing
 * else is lost, which is no sign of congestion (7.6.2); else 0. */
uint32_t te_mtu_probe_on_lost(struct te_stack *stack, struct te_conn *conn, uint32_t lost_bytes);
/* SND.UNA has moved: what arrived may end a phase, raise path_mtu, or confirm it. */
void te_mtu_probe_on_ack(struct te_stack *stack, struct te_conn *conn);
/* path_mtu was lowered to what a router or the cache says: forgets the probe in flight; a search
 * that has left base and error is complete. */
void te_mtu_probe_on_lowered(struct te_stack *stack, struct te_conn *conn);
/* A Packet Too Big that quotes seq and allows at least path_mtu. True if it is about the probe in
 * flight, which is then given up, and mtu_bytes tried next; false: it is the caller's. */
bool te_mtu_probe_on_too_big(struct te_stack *stack, struct te_conn *conn, uint32_t seq,
                             uint32_t mtu_bytes);

/* Writes or reads the search, whether there is one or not. */
struct te_codec;
void te_mtu_probe_save(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn);

/* "disabled", "base", "error", "searching" or "complete". */
const char *te_mtu_probe_name(const struct te_conn *conn);

#endif

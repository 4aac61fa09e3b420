/* Path MTU discovery without messages: black holes, and the search for larger packets (RFC 4821, in
 * the words of RFC 8899's machine).
 *
 *   disabled   path_mtu.h alone decides; no struct te_mtu_search exists
 *   base       a black hole was found, or mtu_probing is always; nothing of it has arrived yet
 *   error      not even the base size gets through: halved with each timeout, down to the floor
 *   searching  packets of path_mtu arrive, larger ones are tried
 *   complete   the search is over; it begins anew after path_mtu_age_us, which a router that
 *              lowers path_mtu starts again
 *
 * A black hole is assumed when the retransmission timer has expired r1_retries times for a segment
 * that is larger than the base size, and no router has said why (RFC 4821 7.7); twice as often when
 * packets of that size have arrived before, since heavy loss looks alike. When the network
 * was only away for a while, the first probe is as large as it can be and ends the search.
 *
 * A probe is new data in one packet that is larger than path_mtu, sent when nothing is lost or
 * SACKed, with enough behind it that its loss is seen without a timer (7.4). When it alone is lost,
 * that says nothing of congestion (7.6.2): it is sent again in ordinary segments, and the next
 * probe waits for as many round trips as cwnd has segments. */
#ifndef TCPENGINE_TCP_MTU_MTU_PROBE_H
#define TCPENGINE_TCP_MTU_MTU_PROBE_H

#include "tcp/conn/conn.h"
#include "tcp/loss/sent_map.h"

enum te_mtu_phase { TE_MTU_BASE = 1, TE_MTU_ERROR, TE_MTU_SEARCHING, TE_MTU_COMPLETE };

struct te_mtu_search {
    uint8_t phase;           /* enum te_mtu_phase */
    uint8_t failures;        /* probes of the same size that were lost, in a row */
    bool starts_high;        /* the first probe of a search is of size high */
    uint16_t low, high;      /* packets of low arrive; larger ones than high do not */
    uint16_t fallback_bytes; /* path_mtu before it was raised, until verify_end arrives; or 0 */
    uint16_t probe_bytes;    /* the probe in flight, [probe_start, probe_end); 0: none */
    uint32_t probe_start, probe_end, verify_end;
    int64_t next_at_us; /* no probe before */
};

/* The connection is established: with mtu_probing = always it starts at the base size. */
void te_mtu_probe_start(struct te_stack *stack, struct te_conn *conn);
void te_mtu_probe_free(struct te_stack *stack, struct te_conn *conn);

/* The retransmission timer has expired, conn->retransmits counts it; path_mtu may fall. Before
 * te_recovery_on_timeout, which sends again in the new size. */
void te_mtu_probe_on_timeout(struct te_stack *stack, struct te_conn *conn);
/* Before a segment is planned: a search that was over long ago begins anew. */
void te_mtu_probe_refresh(struct te_stack *stack, struct te_conn *conn);
/* Payload of the probe that should be sent next, 0: none. available: what is queued and fits into
 * the peer's window. It may have to wait until cwnd has room for it; nothing else should take that
 * (7.4). */
uint32_t te_mtu_probe_len(const struct te_stack *stack, const struct te_conn *conn,
                          uint32_t available);
/* It has left: [start, end) in one packet. */
void te_mtu_probe_on_sent(struct te_stack *stack, struct te_conn *conn, uint32_t start,
                          uint32_t end);
/* Is it the probe in flight? */
bool te_mtu_probe_is(const struct te_conn *conn, const struct te_sent *sent);
/* lost_bytes were newly marked lost. Returns how many of them were the probe alone, which is no
 * sign of congestion (7.6.2). */
uint32_t te_mtu_probe_on_lost(struct te_stack *stack, struct te_conn *conn, uint32_t lost_bytes);
/* SND.UNA has moved. */
void te_mtu_probe_on_ack(struct te_stack *stack, struct te_conn *conn);
/* A router has said what the path takes: less than path_mtu was, which has followed, ... */
void te_mtu_probe_on_lowered(struct te_stack *stack, struct te_conn *conn);
/* ... or more, about the probe in flight: true when it was about that, which is then given up. */
bool te_mtu_probe_on_too_big(struct te_stack *stack, struct te_conn *conn, uint32_t seq,
                             uint32_t mtu_bytes);

/* Writes or reads the search, whether there is one or not. */
struct te_codec;
void te_mtu_probe_save(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn);

const char *te_mtu_probe_name(const struct te_conn *conn);

#endif

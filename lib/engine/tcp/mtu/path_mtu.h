/* Path MTU discovery of one connection: RFC 1191, RFC 8201, with the distrust of RFC 5927 7.2.
 *
 * conn->path_mtu is the size of the largest packets that it sends (RFC 4821's eff_pmtu). A Packet
 * Too Big counts when it quotes something in flight and claims less than path_mtu and less than
 * what was really sent. It is believed at once unless something larger than its claim is known to
 * have arrived. In that case it contradicts the evidence and has to wait, until a timeout confirms
 * that the connection is stuck, or an ACK of what it quotes refutes it.
 *
 * What is believed goes into the cache of the destination (ip/pmtu.h). Other connections pick it up
 * before their next segment, unless their own evidence contradicts it.
 *
 * What a flood of such messages can do: a connection acts on one message per size that it sends,
 * and then sends again everything in flight, without a reduction of cwnd. So after
 * TE_PATH_MTU_CUTS_MAX cuts, none of which let anything through, a claim waits as above (RFC
 * 5927 7.2 allows that for all of them) and costs a timeout. A waiting claim is overwritten by the
 * next. The cache is bounded by path_mtu_max, and an entry only falls until it expires; a change
 * costs each connection one look-up before its next segment, which makes the entries of active
 * connections the last to be evicted. Changes of the cache have no limit per second: with one limit
 * for all hosts, somebody who sends such messages about connections of his own could keep true ones
 * from the others, whose segments would continue to get lost. */
#ifndef TCPENGINE_TCP_MTU_PATH_MTU_H
#define TCPENGINE_TCP_MTU_PATH_MTU_H

#include "tcp/conn/conn.h"

/* Cuts in a row without an ACK of a packet that proves the size right; no path has that many narrow
 * links. */
#define TE_PATH_MTU_CUTS_MAX 8

/* A new connection: takes the size that the cache has for the destination. */
void te_path_mtu_start(struct te_stack *stack, struct te_conn *conn);
/* Before a segment is planned: takes the cache's value if the cache has changed. */
void te_path_mtu_refresh(struct te_stack *stack, struct te_conn *conn);
/* A packet of packet_bytes (from the IP header on, at most 65,535) was sent; end is the sequence
 * number after its last. */
void te_path_mtu_on_sent(struct te_conn *conn, uint32_t packet_bytes, uint32_t end);
/* SND.UNA has moved. */
void te_path_mtu_on_ack(struct te_conn *conn);
/* The retransmission timer has expired: a waiting claim is believed now. Call before
 * te_recovery_on_timeout(), which sends again in the new size. */
void te_path_mtu_on_timeout(struct te_stack *stack, struct te_conn *conn);
/* A Packet Too Big that quotes seq, which is in flight; an mtu_bytes below the IP version's minimum
 * is taken as the minimum. True: path_mtu has fallen, and the caller sends again what is too large
 * (te_recovery_on_smaller_mss). False: it was ignored and counted, waits for a timeout, or was
 * about a probe (mtu_probe.h). */
bool te_path_mtu_on_too_big(struct te_stack *stack, struct te_conn *conn, uint32_t seq,
                            uint32_t mtu_bytes);

#endif

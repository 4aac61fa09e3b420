/* Path MTU discovery of one connection: RFC 1191, RFC 8201, with the distrust of RFC 5927 7.2.
 *
 * conn->path_mtu is the size of the largest packets that it sends (RFC 4821's eff_pmtu). A Packet
 * Too Big counts when it quotes something in flight, claims less than what was really sent and less
 * than path_mtu. It is believed at once while nothing larger than its claim is known to have
 * arrived; if something is, then it contradicts what we have seen, and has to wait: until a timeout
 * confirms that the connection is stuck, or an ACK of what it quotes refutes it.
 *
 * What is believed goes into the cache of the destination (ip/pmtu.h), whose news reach the other
 * connections before their next segment; they take no cut that their own evidence contradicts.
 *
 * What a flood of such messages can do: a connection acts on one for each size that it sends, and
 * sends again all that is in flight, which is not paid for by cwnd; so after TE_PATH_MTU_CUTS_MAX
 * cuts of which none let anything through, a claim waits as above (RFC 5927 7.2 allows that for
 * all), and costs a timeout. A claim that waits is overwritten by the next. The cache is bounded by
 * path_mtu_max, and an entry only falls until it expires; a change costs each connection one
 * look-up before its next segment, which makes the entries of those that send the last to be
 * evicted. There is no limit a second on the changes of the cache: one for all hosts would let who
 * sends such messages about connections of his own keep true ones from the others, whose segments
 * would go on to get lost. */
#ifndef TCPENGINE_TCP_MTU_PATH_MTU_H
#define TCPENGINE_TCP_MTU_PATH_MTU_H

#include "tcp/conn/conn.h"

/* In a row, without an ACK of a packet that proves the size right; a path has fewer narrow links.
 */
#define TE_PATH_MTU_CUTS_MAX 8

/* At birth: what the destination is known for. */
void te_path_mtu_start(struct te_stack *stack, struct te_conn *conn);
/* Before a segment is planned: takes the cache's news. */
void te_path_mtu_refresh(struct te_stack *stack, struct te_conn *conn);
/* A packet of packet_bytes (IP header on) has left, whose last sequence number is before end. */
void te_path_mtu_on_sent(struct te_conn *conn, uint32_t packet_bytes, uint32_t end);
/* SND.UNA has moved. */
void te_path_mtu_on_ack(struct te_conn *conn);
/* The retransmission timer has expired: a claim that waited is believed now. Before
 * te_recovery_on_timeout, which sends again in the new size. */
void te_path_mtu_on_timeout(struct te_stack *stack, struct te_conn *conn);
/* A Packet Too Big that quotes seq, which is in flight. True: path_mtu has fallen, and what was
 * sent in the old size has to be sent again (te_recovery_on_smaller_mss). */
bool te_path_mtu_on_too_big(struct te_stack *stack, struct te_conn *conn, uint32_t seq,
                            uint32_t mtu_bytes);

#endif

/* The options that our segments carry, and what those of the peer's SYN mean for the connection. */
#ifndef TCPENGINE_TCP_CONN_OPTIONS_H
#define TCPENGINE_TCP_CONN_OPTIONS_H

#include "wire/tcp.h"

struct te_stack;
struct te_conn;

/* Options of our SYN or SYN,ACK, except Fast Open's (te_fast_open_put). A SYN offers what
 * config allows; a SYN,ACK only what the peer's SYN offered, too (RFC 7323 2.2, 3.2; RFC 2018 2).
 */
void te_options_for_syn(const struct te_stack *stack, const struct te_conn *conn, bool is_syn_ack,
                        struct te_tcp_options *ret_options);
/* Options of any other segment: timestamps when negotiated and, with_sack, the SACK blocks of RFC
 * 2018 and 2883. with_sack is for pure ACKs: conn->mss leaves no room for blocks beside payload. */
void te_options_for_segment(const struct te_stack *stack, const struct te_conn *conn,
                            bool with_sack, struct te_tcp_options *ret_options);
/* The peer's SYN or SYN,ACK: settles MSS, window scales, timestamps and SACK, and the initial cwnd
 * for that MSS. A scale above 14 counts as 14 (RFC 7323 2.3). An MSS below config.mss_min_bytes
 * counts as that, so that no peer makes us send tiny segments (CVE-2019-11479). */
void te_options_negotiate(const struct te_stack *stack, struct te_conn *conn,
                          const struct te_tcp_options *options);
/* Recomputes conn->mss: the smaller of the peer's MSS and what the path MTU leaves after IP and TCP
 * headers, less the 12 bytes of a timestamp option that every segment carries (RFC 9293 3.7.1, RFC
 * 6691). */
void te_options_update_mss(struct te_conn *conn);
/* The MSS option of the peer's SYN; without one, 536 for IPv4 and 1220 for IPv6 (RFC 9293 3.7.1,
 * MUST-15). */
uint16_t te_options_peer_mss(const struct te_tcp_options *options, const struct te_addr *remote);
/* Bytes of IP and TCP headers toward remote, without options: 40 for IPv4, 60 for IPv6. */
uint32_t te_options_headers_bytes(const struct te_addr *remote);
/* The MSS that we announce: config.mtu_bytes less those headers; options are not counted (RFC
 * 6691). */
uint16_t te_options_local_mss(const struct te_stack *stack, const struct te_addr *remote);

#endif

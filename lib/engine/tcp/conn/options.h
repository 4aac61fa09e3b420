/* Which options a segment carries, and what the peer's options of a SYN mean for the connection. */
#ifndef TCPENGINE_TCP_CONN_OPTIONS_H
#define TCPENGINE_TCP_CONN_OPTIONS_H

#include "wire/tcp.h"

struct te_stack;
struct te_conn;

/* Options of our SYN or SYN,ACK but for Fast Open's (te_fast_open_put). A SYN,ACK only answers what
 * the SYN offered (RFC 7323 2.2, 3.2).
 */
void te_options_for_syn(const struct te_stack *stack, const struct te_conn *conn, bool is_syn_ack,
                        struct te_tcp_options *ret_options);
/* Options of any other segment: timestamps, and on an ACK the SACK blocks of RFC 2018 and 2883.
 * with_sack: false for segments with payload. */
void te_options_for_segment(const struct te_stack *stack, const struct te_conn *conn,
                            bool with_sack, struct te_tcp_options *ret_options);
/* The peer's SYN, or SYN,ACK: settles MSS, scales, timestamps and SACK. */
void te_options_negotiate(const struct te_stack *stack, struct te_conn *conn,
                          const struct te_tcp_options *options);
/* Recomputes conn->mss from peer MSS, path MTU and options (RFC 9293 3.7.1). */
void te_options_update_mss(struct te_conn *conn);
/* The peer's MSS as its SYN says it, or what a SYN without one means (RFC 9293 3.7.1, MUST-15). */
uint16_t te_options_peer_mss(const struct te_tcp_options *options, const struct te_addr *remote);
/* Bytes of the IP and TCP headers toward remote, without options. */
uint32_t te_options_headers_bytes(const struct te_addr *remote);
/* The MSS that we announce: what the link carries, options not counted (RFC 6691). */
uint16_t te_options_local_mss(const struct te_stack *stack, const struct te_addr *remote);

#endif

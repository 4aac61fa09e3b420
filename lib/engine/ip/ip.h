/* The network layer's face toward the stack and toward TCP. */
#ifndef TCPENGINE_IP_IP_H
#define TCPENGINE_IP_IP_H

#include "ip/packet.h"
#include "util/wheel.h"

struct te_stack;

/* --- toward the stack ------------------------------------------------------------------------- */

/* One frame in: Ethernet, then ARP, IPv4 or IPv6. Ends in the transport
 * (ip/transport.h) or in the modules of ip/. */
void te_ip_input_frame(struct te_stack *stack, const uint8_t *frame, size_t len,
                       const struct te_frame_meta *meta);
/* Takes the next packet of the control queue whose next hop is known, as a whole frame. The frame
 * lies in memory of the stack until the next call. False when there is none. */
bool te_ip_poll_output(struct te_stack *stack, struct te_output *ret_output);
enum te_err te_ip_init(struct te_stack *stack);
/* Legal before te_ip_init, after it failed, and twice. */
void te_ip_done(struct te_stack *stack);
/* A wheel node of ip/ is due; true when it was one of ip/'s. */
bool te_ip_handle_timer(struct te_stack *stack, struct te_wheel_node *node);
/* NULL when all invariants of ip/ hold, else a static sentence. */
const char *te_ip_check(const struct te_stack *stack);

/* --- toward TCP ------------------------------------------------------------------------------- */

/* Whether addr is one of our unicast addresses (DAD passed or not needed). */
bool te_ip_is_local(const struct te_stack *stack, const struct te_addr *addr);
/* Whether a packet may be sent to addr at all: not multicast, broadcast, unspecified, loopback. */
bool te_ip_is_unicast(const struct te_stack *stack, const struct te_addr *addr);
/* 0-based index of a local address (< TE_LOCAL_ADDRESSES_MAX), or -1; and back. */
int te_ip_local_index(const struct te_stack *stack, const struct te_addr *addr);
const struct te_addr *te_ip_local_at(const struct te_stack *stack, unsigned index);

struct te_path {
    struct te_addr source;   /* our address to use */
    struct te_addr next_hop; /* destination, or the gateway */
};
/* TE_ERR_NO_ROUTE. *ret_path untouched on failure. source is chosen by longest common prefix within
 * the route's own network, a ready address first. */
enum te_err te_ip_route(const struct te_stack *stack, const struct te_addr *destination,
                        struct te_path *ret_path);

enum te_hop_state { TE_HOP_READY, TE_HOP_PENDING, TE_HOP_FAILED };
/* Finds the MAC of next_hop. PENDING: resolution runs; waiter (if not NULL, a node in no list) is
 * queued on the neighbour and comes back through te_transport.neighbour_done.
 * FAILED: refused at once (cache of incomplete entries full, or it failed within the last second).
 */
enum te_hop_state te_ip_resolve(struct te_stack *stack, const struct te_addr *next_hop,
                                struct te_list *waiter, uint8_t ret_mac[6]);
/* A hint from TCP that the path works (RFC 4861 7.3.1) or may not (RFC 9293 3.8.3, R1). */
void te_ip_confirm(struct te_stack *stack, const struct te_addr *next_hop);
void te_ip_suspect(struct te_stack *stack, const struct te_addr *next_hop);

/* Writes Ethernet + IP headers for a TCP segment of segment_len bytes (TCP header + payload).
 * Returns their length: 34 or 54. DF is set for IPv4, ID is 0 (RFC 6864 4.1). */
struct te_ip_send {
    const struct te_addr *source, *destination;
    const uint8_t *mac;
    size_t segment_len; /* may exceed the MTU with GSO, up to 65,535 - IP header */
    uint8_t ecn;
};
size_t te_ip_emit_tcp_headers(const struct te_stack *stack, const struct te_ip_send *send,
                              uint8_t *ret_bytes);
/* Queues a transport packet that no connection owns (RST, TIME_WAIT's ACK, ICMP), copied. Dropped
 * and counted when the queue is full or no route exists. source is our address to use. Fragments it
 * when it is larger than the MTU (ICMP echo). */
void te_ip_send_packet(struct te_stack *stack, const struct te_addr *source,
                       const struct te_addr *destination, uint8_t protocol, const uint8_t *payload,
                       size_t len);

#endif

/* The network layer as the stack and TCP see it. Upward it calls te_transport alone. */
#ifndef TCPENGINE_IP_IP_H
#define TCPENGINE_IP_IP_H

#include "ip/packet.h"
#include "util/wheel.h"

struct te_stack;

/* --- toward the stack ------------------------------------------------------------------------- */

/* Handles one received frame: Ethernet, then ARP, IPv4 or IPv6. What is valid and ours ends in the
 * transport (ip/transport.h) or in a module of ip/; the rest is dropped and counted. frame and meta
 * are borrowed until return. With meta->checksum other than TE_CHECKSUM_UNKNOWN the checksum of
 * TCP, UDP or ICMP is not verified; the IPv4 header's always is. */
void te_ip_input_frame(struct te_stack *stack, const uint8_t *frame, size_t len,
                       const struct te_frame_meta *meta);
/* Takes the next ready frame of the control queue. ret_output->iov[0] is the whole frame, all
 * checksums filled in; the stack owns it until the next call. False, *ret_output untouched, when
 * there is none. */
bool te_ip_poll_output(struct te_stack *stack, struct te_output *ret_output);
/* Sets up every module of ip/ from stack->config. TE_ERR_NOMEM when the allocator refuses;
 * everything is released again then. */
enum te_err te_ip_init(struct te_stack *stack);
/* Frees everything. Legal on a zeroed stack before te_ip_init, after it failed, and twice. */
void te_ip_done(struct te_stack *stack);
/* Runs the timer whose wheel node is due. False when node is not one of ip/'s. */
bool te_ip_handle_timer(struct te_stack *stack, struct te_wheel_node *node);
/* NULL when the invariants of ip/ hold, else a static sentence naming the broken one. */
const char *te_ip_check(const struct te_stack *stack);

/* --- toward TCP ------------------------------------------------------------------------------- */

/* Whether addr is one of our addresses and usable: READY, or TENTATIVE with config.optimistic_dad
 * (ip/local.h). */
bool te_ip_is_local(const struct te_stack *stack, const struct te_addr *addr);
/* Whether addr can name a single host: not multicast, broadcast (255.255.255.255 or that of one of
 * our networks), unspecified, loopback, or in 0.0.0.0/8. */
bool te_ip_is_unicast(const struct te_stack *stack, const struct te_addr *addr);
/* Index of one of our addresses, usable or not, below TE_LOCAL_ADDRESSES_MAX; -1 when it is not
 * ours. It never changes while the stack lives. */
int te_ip_local_index(const struct te_stack *stack, const struct te_addr *addr);
/* The address of that index, valid as long as the stack; NULL beyond the last. */
const struct te_addr *te_ip_local_at(const struct te_stack *stack, unsigned index);

struct te_path {
    struct te_addr source;   /* our address to use */
    struct te_addr next_hop; /* destination, or the gateway */
};
/* Finds the way to destination: longest prefix first (ip/route.h). source is chosen as by
 * te_local_select_any: a usable address if there is one, in next_hop's network if there is one,
 * then the one with the longest prefix in common with destination.
 * TE_ERR_NO_ROUTE: no route covers destination, it is one of our own addresses, or we have none of
 * its family and scope; configure a route or an address. *ret_path is untouched then. */
enum te_err te_ip_route(const struct te_stack *stack, const struct te_addr *destination,
                        struct te_path *ret_path);

enum te_hop_state { TE_HOP_READY, TE_HOP_PENDING, TE_HOP_FAILED };
/* Finds the MAC of next_hop, which is on the link.
 * READY: ret_mac is set; good for frames sent now, so ask again for later ones.
 * PENDING: it is being resolved. waiter, if not NULL a node in no list, is queued on the neighbour
 * and comes back through te_transport.neighbour_done; its owner may unlink it before then.
 * FAILED: refused at once, waiter is not queued: nobody answered within the last second, the quota
 * of unresolved entries is full, memory is refused, next_hop is not unicast, or we have no usable
 * address to ask from. Try again after a second. */
enum te_hop_state te_ip_resolve(struct te_stack *stack, const struct te_addr *next_hop,
                                struct te_list *waiter, uint8_t ret_mac[6]);
/* TCP makes progress by way of next_hop, so its MAC is right (RFC 4861 7.3.1). Cheap enough for
 * every ACK; nothing happens when next_hop has no resolved entry. */
void te_ip_confirm(struct te_stack *stack, const struct te_addr *next_hop);
/* TCP makes none (RFC 9293 3.8.3, R1): the neighbour is asked whether it is still there. */
void te_ip_suspect(struct te_stack *stack, const struct te_addr *next_hop);

/* What the headers of one TCP segment say. */
struct te_ip_send {
    const struct te_addr *source, *destination;
    const uint8_t *mac;
    size_t segment_len; /* may exceed the MTU with GSO, up to 65,535 - IP header */
    uint8_t ecn;        /* the two bits of the IP header */
};
/* Writes Ethernet and IP headers, IPv4's checksum included, and returns their length: 34 or 54.
 * ret_bytes has room for 54. IPv4 sets DF and leaves ID 0 (RFC 6864 4.1). */
size_t te_ip_emit_tcp_headers(const struct te_stack *stack, const struct te_ip_send *send,
                              uint8_t *ret_bytes);
/* Queues a transport packet that no connection owns, such as a RST or an ACK of TIME_WAIT: payload,
 * its checksum filled in, is copied. source is the address of ours to use. Dropped and counted
 * under the conditions of te_ip_output_send (ip/output.h); nobody is told. */
void te_ip_send_packet(struct te_stack *stack, const struct te_addr *source,
                       const struct te_addr *destination, uint8_t protocol, const uint8_t *payload,
                       size_t len);
/* The same for the last packet of a connection that ends: a full queue does not drop it. */
void te_ip_send_last_word(struct te_stack *stack, const struct te_addr *source,
                          const struct te_addr *destination, uint8_t protocol,
                          const uint8_t *payload, size_t len);

#endif

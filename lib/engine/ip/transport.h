/* What ip/ asks of the transport above it. The stack sets the table at birth, so that ip/ names
 * nothing in tcp/. All three may call back into ip/ (te_ip_send_packet, te_ip_resolve, ...). */
#ifndef TCPENGINE_IP_TRANSPORT_H
#define TCPENGINE_IP_TRANSPORT_H

#include "ip/packet.h"
#include "util/list.h"

struct te_stack;

struct te_transport {
    /* A whole packet of protocol TCP to one of our addresses, or to a group (is_broadcast). Its
     * checksum has not been verified, unless checksum_ok. Borrowed until return. */
    void (*input)(struct te_stack *stack, const struct te_packet *packet);
    /* An ICMP error that quotes a TCP segment from one of our addresses. Whether such a segment
     * was ever sent is the transport's to check. Borrowed until return. */
    void (*icmp_error)(struct te_stack *stack, const struct te_icmp_error *error);
    /* The neighbour that waiter was queued on (te_ip_resolve) is resolved, or has failed (ok is
     * false). waiter is in no list any more. */
    void (*neighbour_done)(struct te_stack *stack, struct te_list *waiter, bool ok);
};

#endif

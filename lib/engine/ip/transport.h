/* What ip/ needs of the transport above it. The table is handed down at start, so that ip/ names
 * nothing of tcp/. */
#ifndef TCPENGINE_IP_TRANSPORT_H
#define TCPENGINE_IP_TRANSPORT_H

#include "ip/packet.h"
#include "util/list.h"

struct te_stack;

struct te_transport {
    /* A packet of TCP's protocol number for one of our addresses, reassembled. Borrowed until
     * return. */
    void (*input)(struct te_stack *stack, const struct te_packet *packet);
    /* An ICMP error that quotes a TCP segment of ours. Borrowed until return. */
    void (*icmp_error)(struct te_stack *stack, const struct te_icmp_error *error);
    /* The neighbour that waiter waited for (te_ip_resolve) is resolved, or has failed (ok false).
     * waiter is in no list any more. */
    void (*neighbour_done)(struct te_stack *stack, struct te_list *waiter, bool ok);
};

#endif

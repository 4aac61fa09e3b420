/* Which next hop leads to an address: longest prefix first, over the networks that our addresses
 * imply and the configured routes. Fixed at birth. */
#ifndef TCPENGINE_IP_ROUTE_H
#define TCPENGINE_IP_ROUTE_H

#include <tcpengine/config.h>

struct te_stack;

#define TE_ROUTE_ENTRIES_MAX (TE_ROUTES_MAX + TE_LOCAL_ADDRESSES_MAX)

struct te_route_entry {
    struct te_addr network;
    uint8_t network_bits; /* of the 128 bits of network: 96 + n for IPv4 */
    bool has_gateway;
    struct te_addr gateway;
};

struct te_routes {
    struct te_route_entry items[TE_ROUTE_ENTRIES_MAX]; /* the longest prefix first */
    unsigned count;
};

/* te_locals_init comes first. */
void te_routes_init(struct te_stack *stack);

#endif

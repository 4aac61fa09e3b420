/* The routing table: the networks that our addresses imply, and config.routes. Fixed at birth;
 * asked by te_ip_route (ip/ip.h), longest prefix first. */
#ifndef TCPENGINE_IP_ROUTE_H
#define TCPENGINE_IP_ROUTE_H

#include <tcpengine/config.h>

struct te_stack;

#define TE_ROUTE_ENTRIES_MAX (TE_ROUTES_MAX + TE_LOCAL_ADDRESSES_MAX)

struct te_route_entry {
    struct te_cidr network;
    bool has_gateway;
    struct te_addr gateway;
};

struct te_routes {
    struct te_route_entry items[TE_ROUTE_ENTRIES_MAX]; /* the longest prefix first */
    unsigned count;
};

/* Fills the table. te_locals_init comes first: it decides which addresses we have. */
void te_routes_init(struct te_stack *stack);

#endif

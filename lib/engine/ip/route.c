#include "ip/route.h"

#include <assert.h>

#include "ip/ip.h"
#include "ip/prefix.h"
#include "stack_internal.h"

/* Keeps the table sorted; of two equal prefixes the one that came first wins. */
static void insert(struct te_routes *routes, const struct te_route_entry *entry)
{
    unsigned at = routes->count;
    assert(at < TE_ROUTE_ENTRIES_MAX);
    while (at > 0 && routes->items[at - 1].network_bits < entry->network_bits) {
        routes->items[at] = routes->items[at - 1];
        at--;
    }
    routes->items[at] = *entry;
    routes->count++;
}

static void insert_configured(struct te_routes *routes, const struct te_route *route)
{
    struct te_route_entry entry = {.network = route->destination.addr,
                                   .network_bits = (uint8_t)te_cidr_bits(&route->destination),
                                   .has_gateway = !te_addr_is_unspecified(&route->gateway),
                                   .gateway = route->gateway};
    /* "Prefix 0 is the default route of the family of gateway", whatever its address says. */
    if (route->destination.prefix_bits == 0 && entry.has_gateway) {
        entry.network = route->gateway;
        entry.network_bits = te_addr_is_v4(&route->gateway) ? TE_PREFIX_V4_BITS : 0;
    }
    insert(routes, &entry);
}

void te_routes_init(struct te_stack *stack)
{
    struct te_routes *routes = &stack->routes;
    routes->count = 0;
    for (unsigned i = 0; i < stack->locals.count; i++) {
        const struct te_local *local = &stack->locals.items[i];
        struct te_route_entry entry = {.network = local->addr, .network_bits = local->network_bits};
        insert(routes, &entry);
    }
    for (unsigned i = 0; i < stack->config.route_count; i++)
        insert_configured(routes, &stack->config.routes[i]);
}

static const struct te_route_entry *find(const struct te_routes *routes,
                                         const struct te_addr *destination)
{
    bool is_v4 = te_addr_is_v4(destination);
    for (unsigned i = 0; i < routes->count; i++) {
        const struct te_route_entry *entry = &routes->items[i];
        /* ::/0 covers the mapped addresses by its bits, but not in meaning. */
        if (te_addr_is_v4(&entry->network) == is_v4 &&
            te_addr_common_bits(&entry->network, destination) >= entry->network_bits)
            return entry;
    }
    return NULL;
}

enum te_err te_ip_route(const struct te_stack *stack, const struct te_addr *destination,
                        struct te_path *ret_path)
{
    const struct te_route_entry *entry = find(&stack->routes, destination);
    /* What we send never comes back to us by the link, so there is no way to ourselves. */
    if (entry == NULL || te_ip_is_local(stack, destination))
        return TE_ERR_NO_ROUTE;
    const struct te_addr *next_hop = entry->has_gateway ? &entry->gateway : destination;
    const struct te_local *source = te_local_select_any(stack, destination, next_hop);
    if (source == NULL)
        return TE_ERR_NO_ROUTE;
    ret_path->source = source->addr;
    ret_path->next_hop = *next_hop;
    return TE_OK;
}

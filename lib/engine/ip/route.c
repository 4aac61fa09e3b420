#include "ip/route.h"

#include <assert.h>

#include "ip/ip.h"
#include "stack_internal.h"

/* Keeps the table sorted; of two equal prefixes the one that came first wins. */
static void insert(struct te_routes *routes, const struct te_route_entry *entry)
{
    unsigned at = routes->count;
    assert(at < TE_ROUTE_ENTRIES_MAX);
    while (at > 0 && te_cidr_bits(&routes->items[at - 1].network) < te_cidr_bits(&entry->network)) {
        routes->items[at] = routes->items[at - 1];
        at--;
    }
    routes->items[at] = *entry;
    routes->count++;
}

static void insert_configured(struct te_routes *routes, const struct te_route *route)
{
    struct te_route_entry entry = {.network = route->destination,
                                   .has_gateway = !te_addr_is_unspecified(&route->gateway),
                                   .gateway = route->gateway};
    /* Prefix 0 is the default route of gateway's family, whatever its own address (config.h). */
    if (route->destination.prefix_bits == 0 && entry.has_gateway)
        entry.network.addr = route->gateway;
    insert(routes, &entry);
}

void te_routes_init(struct te_stack *stack)
{
    struct te_routes *routes = &stack->routes;
    routes->count = 0;
    for (unsigned i = 0; i < stack->locals.count; i++) {
        const struct te_local *local = &stack->locals.items[i];
        struct te_route_entry entry = {.network = {local->addr, local->network_bits}};
        insert(routes, &entry);
    }
    for (unsigned i = 0; i < stack->config.route_count; i++)
        insert_configured(routes, &stack->config.routes[i]);
}

static const struct te_route_entry *find(const struct te_routes *routes,
                                         const struct te_addr *destination)
{
    for (unsigned i = 0; i < routes->count; i++) {
        if (te_cidr_contains(&routes->items[i].network, destination))
            return &routes->items[i];
    }
    return NULL;
}

enum te_err te_ip_route(const struct te_stack *stack, const struct te_addr *destination,
                        struct te_path *ret_path)
{
    const struct te_route_entry *entry = find(&stack->routes, destination);
    /* The link never delivers our frames to us, so there is no route to ourselves. */
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

#include "describe.h"

#include <string.h>

#include "config/config_custom.h"
#include "util/version.h"

_Static_assert(DESCRIBE_ROUTES_MAX <= DAEMON_INFO_ROUTES_MAX, "every route has its place");

static char *route_text(struct description *description)
{
    return description->routes[description->route_count++];
}

static void add_on_link(struct description *description, const struct te_cidr *network)
{
    char text[CONFIG_CIDR_MAX];
    config_cidr_format(network, text);
    snprintf(route_text(description), DESCRIBE_ROUTE_TEXT_MAX, "%s dev %s", text,
             description->config->tap);
}

/* In the words of ip-route(8). */
static void add_route(struct description *description, const struct te_route *route)
{
    char destination[CONFIG_CIDR_MAX] = "default", gateway[TE_ADDR_TEXT_MAX];
    if (te_addr_is_unspecified(&route->gateway)) {
        add_on_link(description, &route->destination);
        return;
    }
    if (route->destination.prefix_bits > 0)
        config_cidr_format(&route->destination, destination);
    te_addr_format(&route->gateway, gateway);
    snprintf(route_text(description), DESCRIBE_ROUTE_TEXT_MAX, "%s via %s dev %s", destination,
             gateway, description->config->tap);
}

void description_init(struct description *description, const struct config *config)
{
    const struct te_config *engine = &config->engine;
    memset(description, 0, sizeof(*description));
    description->config = config;
    for (unsigned i = 0; i < config->gateway_count; i++)
        te_addr_format(&config->gateways[i], description->gateways[i]);
    for (unsigned i = 0; i < engine->address_count; i++) {
        struct te_cidr network = te_cidr_network(&engine->addresses[i]);
        add_on_link(description, &network);
    }
    for (unsigned i = 0; i < engine->route_count; i++)
        add_route(description, &engine->routes[i]);
}

void description_fill(const struct description *description, struct daemon_info *ret_info)
{
    const struct config *config = description->config;
    ret_info->version = TCPENGINE_VERSION;
    ret_info->tap = config->tap;
    memcpy(ret_info->mac, config->engine.mac, sizeof(ret_info->mac));
    ret_info->mtu_bytes = config->engine.mtu_bytes;
    ret_info->msl_us = config->engine.msl_us;
    ret_info->http = "";
    ret_info->engine = &config->engine;
    ret_info->gateway = description->gateways[0];
    ret_info->gateway_count = config->gateway_count;
    for (unsigned i = 0; i < config->gateway_count; i++)
        ret_info->gateways[i] = description->gateways[i];
    ret_info->route_count = description->route_count;
    for (unsigned i = 0; i < description->route_count; i++)
        ret_info->routes[i] = description->routes[i];
}

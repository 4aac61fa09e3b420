#include "config/config_custom.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config_value.h"
#include "sp/sp_peer.h"
#include "util/loopback.h"
#include "util/sandbox.h"

/* Offset of the IPv4 address in its IPv4-mapped form. */
#define V4_OFFSET 12

/* snprintf into ret_message. Always false, for parsers to return. */
static __attribute__((format(printf, 2, 3))) bool fail(char *ret_message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ret_message, CONFIG_MESSAGE_MAX, format, arguments);
    va_end(arguments);
    return false;
}

/* --- addresses -------------------------------------------------------------------------------- */

static unsigned family_bits(const struct te_addr *addr)
{
    return te_addr_is_v4(addr) ? 32 : 128;
}

void config_cidr_format(const struct te_cidr *cidr, char *ret_text)
{
    char addr[TE_ADDR_TEXT_MAX];
    te_addr_format(&cidr->addr, addr);
    snprintf(ret_text, CONFIG_CIDR_MAX, "%.*s/%u", TE_ADDR_TEXT_MAX - 1, addr, cidr->prefix_bits);
}

static bool is_multicast(const struct te_addr *addr)
{
    return te_addr_is_v4(addr) ? addr->bytes[V4_OFFSET] >= 224 : addr->bytes[0] == 0xff;
}

/* Why addr cannot be the address of a station; NULL: it can. */
static const char *unusable_text(const struct te_addr *addr)
{
    if (te_addr_is_unspecified(addr))
        return "the unspecified address";
    if (is_multicast(addr))
        return "a multicast or reserved address";
    if (loopback_contains(addr))
        return "a loopback address";
    return NULL;
}

static bool cidr_parse(const char *value, struct te_cidr *ret_cidr)
{
    unsigned prefix_bits;
    struct te_addr addr;
    if (strchr(value, '/') == NULL || !te_cidr_parse(value, &addr, &prefix_bits))
        return false;
    *ret_cidr = (struct te_cidr){.addr = addr, .prefix_bits = (uint8_t)prefix_bits};
    return true;
}

static bool address_check(const struct te_cidr *cidr, const char *value, char *ret_message)
{
    const char *unusable = unusable_text(&cidr->addr);
    struct te_addr network = te_cidr_network(cidr).addr, broadcast;
    if (unusable != NULL)
        return fail(ret_message, "'%.64s' is %s; give an address of one station", value, unusable);
    if (cidr->prefix_bits == 0)
        return fail(ret_message, "'%.64s' leaves no network; the prefix is 1 to %u", value,
                    family_bits(&cidr->addr));
    if (!te_cidr_broadcast(cidr, &broadcast))
        return true;
    if (te_addr_equal(&cidr->addr, &network))
        return fail(ret_message, "'%.64s' is the network itself; give an address within it", value);
    if (te_addr_equal(&cidr->addr, &broadcast))
        return fail(ret_message, "'%.64s' is the network's broadcast address; give another one",
                    value);
    return true;
}

bool config_parse_address(struct config *config, const char *value, char *ret_message)
{
    struct te_config *engine = &config->engine;
    struct te_cidr cidr;
    struct te_addr addr;
    if (te_addr_parse(value, &addr))
        return fail(ret_message, "'%.64s' has no prefix length; write %.64s/%d for example", value,
                    value, te_addr_is_v4(&addr) ? 24 : 64);
    if (!cidr_parse(value, &cidr))
        return fail(ret_message,
                    "'%.64s' is not an address with a prefix length; write 10.0.0.2/24 or "
                    "2001:db8::2/64 for example",
                    value);
    if (!address_check(&cidr, value, ret_message))
        return false;
    for (unsigned i = 0; i < engine->address_count; i++)
        if (te_addr_equal(&engine->addresses[i].addr, &cidr.addr))
            return fail(ret_message, "'%.64s' was given before; give each address once", value);
    if (engine->address_count == TE_LOCAL_ADDRESSES_MAX)
        return fail(ret_message, "'%.64s' is one too many; up to %d addresses are possible", value,
                    TE_LOCAL_ADDRESSES_MAX);
    engine->addresses[engine->address_count++] = cidr;
    return true;
}

void config_clear_address(struct config *config)
{
    config->engine.address_count = 0;
}

/* Appends an item to a list, with a space in front unless it is the first. */
static void list_append(char *text, const char *item)
{
    size_t len = strlen(text);
    snprintf(text + len, CONFIG_VALUE_MAX - len, "%s%s", len > 0 ? " " : "", item);
}

void config_format_address(const struct config *config, char *ret_text)
{
    ret_text[0] = '\0';
    for (unsigned i = 0; i < config->engine.address_count; i++) {
        char text[CONFIG_CIDR_MAX];
        config_cidr_format(&config->engine.addresses[i], text);
        list_append(ret_text, text);
    }
}

static bool gateway_parse(const char *value, struct te_addr *ret_addr, char *ret_message)
{
    struct te_addr addr;
    if (!te_addr_parse(value, &addr))
        return fail(ret_message,
                    "'%.64s' is not an address; write 10.0.0.1 or 2001:db8::1 for example", value);
    const char *unusable = unusable_text(&addr);
    if (unusable != NULL)
        return fail(ret_message, "'%.64s' is %s; give the address of a router", value, unusable);
    *ret_addr = addr;
    return true;
}

bool config_parse_gateway(struct config *config, const char *value, char *ret_message)
{
    struct te_addr addr;
    if (!gateway_parse(value, &addr, ret_message))
        return false;
    for (unsigned i = 0; i < config->gateway_count; i++)
        if (te_addr_is_v4(&config->gateways[i]) == te_addr_is_v4(&addr))
            return fail(
                ret_message,
                "'%.64s' is the second gateway for IPv%d; give one, and routes for the rest", value,
                te_addr_is_v4(&addr) ? 4 : 6);
    config->gateways[config->gateway_count++] = addr;
    return true;
}

void config_clear_gateway(struct config *config)
{
    config->gateway_count = 0;
}

void config_format_gateway(const struct config *config, char *ret_text)
{
    ret_text[0] = '\0';
    for (unsigned i = 0; i < config->gateway_count; i++) {
        char text[TE_ADDR_TEXT_MAX];
        te_addr_format(&config->gateways[i], text);
        list_append(ret_text, text);
    }
}

/* Splits "NETWORK/PREFIX via ADDRESS" into network and gateway; without via the latter is empty. */
static bool route_split(const char *value, char ret_network[CONFIG_CIDR_MAX],
                        char ret_gateway[CONFIG_CIDR_MAX])
{
    char via[4] = "", rest;
    ret_gateway[0] = '\0';
    int words = sscanf(value, "%67s %3s %67s %c", ret_network, via, ret_gateway, &rest);
    return words == 1 || (words == 3 && strcmp(via, "via") == 0);
}

static bool route_network_parse(const char *text, struct te_cidr *ret_network, char *ret_message)
{
    struct te_cidr network;
    if (!cidr_parse(text, &network))
        return fail(ret_message,
                    "'%.64s' is not a network; write 192.0.2.0/24 via 10.0.0.1 for example", text);
    struct te_cidr right_network = te_cidr_network(&network);
    if (!te_addr_equal(&right_network.addr, &network.addr)) {
        char right[CONFIG_CIDR_MAX];
        config_cidr_format(&right_network, right);
        return fail(ret_message, "'%.64s' has bits beyond its prefix; the network is %s", text,
                    right);
    }
    *ret_network = network;
    return true;
}

static bool route_parse(const char *value, struct te_route *ret_route, char *ret_message)
{
    char network[CONFIG_CIDR_MAX], gateway[CONFIG_CIDR_MAX];
    struct te_route route = {0};
    if (!route_split(value, network, gateway))
        return fail(ret_message,
                    "'%.64s' is not a route; write 192.0.2.0/24 via 10.0.0.1 for example", value);
    if (!route_network_parse(network, &route.destination, ret_message))
        return false;
    if (gateway[0] == '\0') {
        *ret_route = route;
        return true;
    }
    if (!gateway_parse(gateway, &route.gateway, ret_message))
        return false;
    if (te_addr_is_v4(&route.gateway) != te_addr_is_v4(&route.destination.addr))
        return fail(ret_message, "'%.64s' mixes IPv4 and IPv6; give a gateway of the same family",
                    value);
    *ret_route = route;
    return true;
}

bool config_parse_route(struct config *config, const char *value, char *ret_message)
{
    struct te_config *engine = &config->engine;
    struct te_route route;
    if (!route_parse(value, &route, ret_message))
        return false;
    if (engine->route_count == TE_ROUTES_MAX - CONFIG_GATEWAYS_MAX)
        return fail(ret_message, "'%.64s' is one too many; up to %d routes are possible", value,
                    TE_ROUTES_MAX - CONFIG_GATEWAYS_MAX);
    engine->routes[engine->route_count++] = route;
    return true;
}

void config_clear_route(struct config *config)
{
    config->engine.route_count = 0;
}

void config_format_route(const struct config *config, char *ret_text)
{
    ret_text[0] = '\0';
    for (unsigned i = 0; i < config->engine.route_count; i++) {
        const struct te_route *route = &config->engine.routes[i];
        char network[CONFIG_CIDR_MAX], gateway[TE_ADDR_TEXT_MAX];
        config_cidr_format(&route->destination, network);
        list_append(ret_text, network);
        if (te_addr_is_unspecified(&route->gateway))
            continue;
        te_addr_format(&route->gateway, gateway);
        list_append(ret_text, "via");
        list_append(ret_text, gateway);
    }
}

bool config_parse_mac(struct config *config, const char *value, char *ret_message)
{
    static const uint8_t zero[6];
    uint8_t mac[6];
    if (strcasecmp(value, "auto") == 0) {
        config->mac_is_set = false;
        return true;
    }
    if (!value_parse_mac(value, mac))
        return fail(ret_message,
                    "'%.64s' is not an Ethernet address; write 02:00:00:00:00:01 or auto", value);
    if ((mac[0] & 1) != 0 || memcmp(mac, zero, sizeof(mac)) == 0)
        return fail(ret_message, "'%.64s' is no station's address; the first byte must be even",
                    value);
    memcpy(config->engine.mac, mac, sizeof(mac));
    config->mac_is_set = true;
    return true;
}

void config_format_mac(const struct config *config, char *ret_text)
{
    const uint8_t *mac = config->engine.mac;
    if (config->mac_is_set)
        snprintf(ret_text, CONFIG_VALUE_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
                 mac[2], mac[3], mac[4], mac[5]);
    else
        snprintf(ret_text, CONFIG_VALUE_MAX, "auto");
}

/* --- names and choices ------------------------------------------------------------------------ */

/* What the kernel accepts as the name of an interface; '%' would make it choose one. */
static bool is_interface_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < IFNAMSIZ && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strpbrk(name, "/:% \t") == NULL;
}

bool config_parse_tap(struct config *config, const char *value, char *ret_message)
{
    if (!is_interface_name(value))
        return fail(ret_message,
                    "'%.64s' is not an interface name; give 1 to %d bytes without / : %% or space",
                    value, IFNAMSIZ - 1);
    snprintf(config->tap, sizeof(config->tap), "%s", value);
    return true;
}

void config_format_tap(const struct config *config, char *ret_text)
{
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s", config->tap);
}

bool config_parse_control(struct config *config, const char *value, char *ret_message)
{
    static const char prefix[] = CONFIG_LINK_PREFIX;
    size_t len = strlen(value);
    if (strncmp(value, prefix, strlen(prefix)) != 0 || value[strlen(prefix)] != '/' ||
        value[len - 1] == '/')
        return fail(ret_message,
                    "'%.64s' is not ipc:// and the absolute path of a socket; write "
                    "ipc:///run/tcpengine/control.sock for example",
                    value);
    if (len >= sizeof(config->control))
        return fail(ret_message, "the path has %zu bytes; a socket's path has at most %zu",
                    len - strlen(prefix), sizeof(config->control) - sizeof(prefix));
    snprintf(config->control, sizeof(config->control), "%s", value);
    return true;
}

void config_format_control(const struct config *config, char *ret_text)
{
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s", config->control);
}

static bool group_parse(const char *value, char ret_group[CONFIG_GROUP_MAX], char *ret_message)
{
    gid_t gid;
    if (strlen(value) >= CONFIG_GROUP_MAX)
        return fail(ret_message, "'%.64s' is too long; a group's name has at most %d bytes", value,
                    CONFIG_GROUP_MAX - 1);
    /* A reload cannot read the group database; it uses no group either. */
    if (value[0] != '\0' && !sandbox_is_entered() && !sp_group_find(value, &gid))
        return fail(ret_message, "there is no group '%.64s'; give one that getent group knows",
                    value);
    snprintf(ret_group, CONFIG_GROUP_MAX, "%s", value);
    return true;
}

bool config_parse_control_group(struct config *config, const char *value, char *ret_message)
{
    return group_parse(value, config->control_group, ret_message);
}

void config_format_control_group(const struct config *config, char *ret_text)
{
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s", config->control_group);
}

bool config_parse_admin_group(struct config *config, const char *value, char *ret_message)
{
    return group_parse(value, config->admin_group, ret_message);
}

void config_format_admin_group(const struct config *config, char *ret_text)
{
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s", config->admin_group);
}

/* "ADDRESS:PORT" or "[ADDRESS]:PORT". */
static bool endpoint_parse(const char *value, struct te_endpoint *ret_endpoint)
{
    char host[TE_ADDR_TEXT_MAX];
    int64_t port;
    const char *colon = strrchr(value, ':');
    size_t len = colon != NULL ? (size_t)(colon - value) : 0;
    if (len == 0 || len >= sizeof(host))
        return false;
    bool is_bracketed = value[0] == '[' && value[len - 1] == ']';
    if (is_bracketed) {
        value++;
        len -= 2;
    }
    memcpy(host, value, len);
    host[len] = '\0';
    if (!te_addr_parse(host, &ret_endpoint->addr) ||
        te_addr_is_v4(&ret_endpoint->addr) == is_bracketed)
        return false;
    if (value_parse(colon + 1, NULL, 1, &port) != VALUE_OK || port > UINT16_MAX)
        return false;
    ret_endpoint->port = (uint16_t)port;
    return true;
}

bool config_parse_http(struct config *config, const char *value, char *ret_message)
{
    struct te_endpoint endpoint;
    if (strcasecmp(value, "off") == 0) {
        config->http_enabled = false;
        return true;
    }
    if (!endpoint_parse(value, &endpoint))
        return fail(ret_message,
                    "'%.64s' is not ADDRESS:PORT; write 127.0.0.1:9409, [::1]:9409 or off", value);
    config->http = endpoint;
    config->http_enabled = true;
    return true;
}

void config_format_http(const struct config *config, char *ret_text)
{
    char addr[TE_ADDR_TEXT_MAX];
    bool is_v4 = te_addr_is_v4(&config->http.addr);
    if (!config->http_enabled) {
        snprintf(ret_text, CONFIG_VALUE_MAX, "off");
        return;
    }
    te_addr_format(&config->http.addr, addr);
    snprintf(ret_text, CONFIG_VALUE_MAX, is_v4 ? "%s:%u" : "[%s]:%u", addr, config->http.port);
}

bool config_parse_log_level(struct config *config, const char *value, char *ret_message)
{
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        if (strcasecmp(value, log_level_name(level)) == 0) {
            config->log_level = (enum log_level)level;
            return true;
        }
    }
    return fail(ret_message, "'%.64s' is not a level; give error, warning, notice, info or debug",
                value);
}

void config_format_log_level(const struct config *config, char *ret_text)
{
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s", log_level_name((int)config->log_level));
}

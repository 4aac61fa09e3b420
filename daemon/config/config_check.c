/* The last step of a configuration: what only all keys together show. */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "config/config_custom.h"
#include "config/config_keys.h"
#include "util/loopback.h"

#define MTU_MIN_IPV6 1280 /* RFC 8200 5 */
#define HOST_NAME_MAX_BYTES 256

struct report {
    const char *source;
    FILE *errors;
    unsigned mistakes;
};

static __attribute__((format(printf, 3, 4))) void report_add(struct report *report, const char *key,
                                                             const char *format, ...)
{
    va_list arguments;
    report->mistakes++;
    fprintf(report->errors, "%s: %s: ", report->source, key);
    va_start(arguments, format);
    vfprintf(report->errors, format, arguments);
    va_end(arguments);
    fputc('\n', report->errors);
}

/* Pairs of fields. */
static const struct {
    const char *least, *most;
} ordered_keys[] = {
#define ORDER(least, most) {#least, #most},
    TE_CONFIG_ORDER_LIST(ORDER)
#undef ORDER
        {"rpc.control.links_per_uid_max", "rpc.control.links_max"},
    {"rpc.sessions_per_uid_max", "rpc.sessions_max"},
    {"rpc.waits_per_link_max", "rpc.waits_per_uid_max"},
    {"rpc.held_per_uid_max", "rpc.held_max"},
};

/* NULL: no key sets the field. */
static const struct config_key *key_of_field(const char *field)
{
    size_t count;
    const struct config_key *table = config_key_table(&count);
    for (size_t i = 0; i < count; i++)
        if (table[i].row.field != NULL && strcmp(table[i].row.field, field) == 0)
            return &table[i];
    return NULL;
}

static void check_order(const struct config *config, struct report *report)
{
    for (size_t i = 0; i < sizeof(ordered_keys) / sizeof(ordered_keys[0]); i++) {
        const struct config_key *least = key_of_field(ordered_keys[i].least);
        const struct config_key *most = key_of_field(ordered_keys[i].most);
        char least_text[CONFIG_VALUE_MAX], most_text[CONFIG_VALUE_MAX];
        if (te_config_get(&least->row, config) <= te_config_get(&most->row, config))
            continue;
        config_key_format(least, config, least_text);
        config_key_format(most, config, most_text);
        report_add(report, least->row.name, "%s is above %s (%s); lower the one or raise the other",
                   least_text, most->row.name, most_text);
    }
}

static bool is_link_local(const struct te_addr *addr)
{
    return addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

static bool is_own_address(const struct te_config *engine, const struct te_addr *addr)
{
    for (unsigned i = 0; i < engine->address_count; i++)
        if (te_addr_equal(&engine->addresses[i].addr, addr))
            return true;
    return false;
}

static bool is_on_link(const struct te_config *engine, const struct te_addr *addr)
{
    for (unsigned i = 0; i < engine->address_count; i++)
        if (te_cidr_contains(&engine->addresses[i], addr))
            return true;
    return is_link_local(addr);
}

static void check_next_hop(const struct config *config, const char *key, const struct te_addr *hop,
                           struct report *report)
{
    char text[TE_ADDR_TEXT_MAX];
    te_addr_format(hop, text);
    if (is_own_address(&config->engine, hop))
        report_add(report, key, "%s is the engine's own address; give the router's", text);
    else if (!is_on_link(&config->engine, hop))
        report_add(report, key,
                   "%s is in the network of no address; give a router on the link, or an address "
                   "whose prefix covers it",
                   text);
}

static void check_next_hops(const struct config *config, struct report *report)
{
    for (unsigned i = 0; i < config->gateway_count; i++)
        check_next_hop(config, "gateway", &config->gateways[i], report);
    for (unsigned i = 0; i < config->engine.route_count; i++)
        if (!te_addr_is_unspecified(&config->engine.routes[i].gateway))
            check_next_hop(config, "route", &config->engine.routes[i].gateway, report);
}

static void check_relations(const struct config *config, struct report *report)
{
    const struct te_config *engine = &config->engine;
    if (engine->gso && !engine->checksum_offload)
        report_add(
            report, "gso",
            "needs checksum_offload, since whoever cuts up a segment has to sum the parts; set "
            "checksum_offload = yes or gso = no");
    for (unsigned i = 0; i < engine->address_count; i++) {
        if (!te_addr_is_v4(&engine->addresses[i].addr) && engine->mtu_bytes < MTU_MIN_IPV6) {
            report_add(report, "mtu", "%u is too small for IPv6; give at least %d",
                       engine->mtu_bytes, MTU_MIN_IPV6);
            return;
        }
    }
}

static void *refuse_alloc(void *ctx, size_t size_bytes)
{
    (void)ctx;
    (void)size_bytes;
    return NULL;
}

static void refuse_free(void *ctx, void *block, size_t size_bytes)
{
    (void)ctx;
    (void)block;
    (void)size_bytes;
}

/* The engine has the last word, in case the checks above miss a relation between keys. */
static void check_engine(const struct config *config, struct report *report)
{
    struct te_config engine = config->engine;
    const char *field = "";
    engine.allocator = (struct te_allocator){.alloc = refuse_alloc, .free = refuse_free};
    if (te_config_check(&engine, &field) == TE_OK)
        return;
    const struct config_key *key = key_of_field(field);
    report_add(
        report, key != NULL ? key->row.name : field,
        "the engine refuses this value in combination with the others; the default always works");
}

/* FNV-1a spreads names over addresses. A forged collision gains nothing that setting the same
 * address would not. */
static uint64_t hash_add(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return hash * UINT64_C(0x100000001b3);
}

/* Locally administered, and the same after each start, so that neighbours need not relearn it. */
static void derive_mac(struct config *config)
{
    char host[HOST_NAME_MAX_BYTES] = "";
    if (config->mac_is_set)
        return;
    gethostname(host, sizeof(host) - 1);
    uint64_t hash = hash_add(hash_add(UINT64_C(0xcbf29ce484222325), host), config->tap);
    for (unsigned i = 0; i < sizeof(config->engine.mac); i++)
        config->engine.mac[i] = (uint8_t)(hash >> (8 * i));
    config->engine.mac[0] = (uint8_t)((config->engine.mac[0] & ~1) | 2);
}

/* So that one key turns all offloads off. */
static void derive_gso(struct config *config)
{
    if (!config->gso_is_set)
        config->engine.gso = config->engine.checksum_offload;
}

static void add_default_routes(struct config *config)
{
    static const uint8_t any_v4[4];
    struct te_config *engine = &config->engine;
    for (unsigned i = 0; i < config->gateway_count; i++) {
        struct te_route route = {.gateway = config->gateways[i]};
        if (te_addr_is_v4(&route.gateway))
            route.destination.addr = te_addr_from_v4(any_v4);
        engine->routes[engine->route_count++] = route;
    }
}

/* There is no password: whoever reaches the address sees every peer's. */
static void check_http(const struct config *config, struct report *report)
{
    char text[CONFIG_VALUE_MAX];
    if (!config->http_enabled || config->http_allow_remote || loopback_contains(&config->http.addr))
        return;
    config_format_http(config, text);
    report_add(report, "http",
               "%s is beyond loopback, and there is no password; write 127.0.0.1:%u, or set "
               "http_allow_remote = yes if that is meant",
               text, config->http.port);
}

unsigned config_finish(struct config *config, const char *source, FILE *errors)
{
    struct report report = {.source = source, .errors = errors};
    derive_mac(config);
    derive_gso(config);
    check_order(config, &report);
    check_next_hops(config, &report);
    check_relations(config, &report);
    check_http(config, &report);
    add_default_routes(config);
    if (report.mistakes == 0)
        check_engine(config, &report);
    return report.mistakes;
}

#include <string.h>
#include <tcpengine/config.h>

#include "tcp/cc/congestion.h"

void te_config_init(struct te_config *config)
{
    size_t count;
    const struct te_config_key *table = te_config_table(&count);
    memset(config, 0, sizeof(*config));
    for (size_t i = 0; i < count; i++)
        te_config_put(&table[i], config, table[i].initial);
}

/* Each number by itself. */
static const char *check_ranges(const struct te_config *config)
{
    size_t count;
    const struct te_config_key *table = te_config_table(&count);
    for (size_t i = 0; i < count; i++) {
        int64_t value = te_config_get(&table[i], config);
        if (value < table[i].min || value > table[i].max)
            return table[i].field;
    }
    if (config->address_count > TE_LOCAL_ADDRESSES_MAX)
        return "address_count";
    if (config->route_count > TE_ROUTES_MAX)
        return "route_count";
    return (config->features & ~TE_FEATURES_ALL) != 0 ? "features" : NULL;
}

static const char *check_host(const struct te_config *config)
{
    static const uint8_t no_mac[sizeof(config->mac)];
    const struct te_buffer_memory *memory = &config->buffer_memory;
    int given = (memory->reserve != NULL) + (memory->grow != NULL) + (memory->release != NULL);
    if (config->allocator.alloc == NULL || config->allocator.free == NULL)
        return "allocator";
    if (given != 0 && given != 3)
        return "buffer_memory";
    if ((memory->page_bytes & (memory->page_bytes - 1)) != 0)
        return "buffer_memory";
    if (config->memory_max_bytes > 0 && config->memory_max_bytes < TE_MIB)
        return "memory_max_bytes";
    if ((config->mac[0] & 1) || memcmp(config->mac, no_mac, sizeof(no_mac)) == 0)
        return "mac"; /* the group bit: no station has such an address */
    return config->first_id <= TE_FIRST_ID_MAX ? NULL : "first_id";
}

static unsigned family_bits(const struct te_addr *addr)
{
    return te_addr_is_v4(addr) ? 32 : 128;
}

static bool is_unicast(const struct te_addr *addr)
{
    if (te_addr_is_unspecified(addr))
        return false;
    /* 224.0.0.0/4, the class E above it with the broadcast address, and ff00::/8. */
    return te_addr_is_v4(addr) ? addr->bytes[12] < 224 : addr->bytes[0] != 0xff;
}

static const char *check_addresses(const struct te_config *config)
{
    for (unsigned i = 0; i < config->address_count; i++) {
        const struct te_cidr *cidr = &config->addresses[i];
        if (!is_unicast(&cidr->addr) || cidr->prefix_bits > family_bits(&cidr->addr))
            return "addresses";
        /* RFC 8200 5: a link that carries IPv6 carries 1,280 bytes. */
        if (!te_addr_is_v4(&cidr->addr) && config->mtu_bytes < 1280)
            return "mtu_bytes";
    }
    return NULL;
}

static bool is_route_valid(const struct te_route *route)
{
    const struct te_cidr *destination = &route->destination;
    if (destination->prefix_bits > family_bits(&destination->addr))
        return false;
    if (te_addr_is_unspecified(&route->gateway))
        return true;
    if (!is_unicast(&route->gateway))
        return false;
    return destination->prefix_bits == 0 ||
           te_addr_is_v4(&destination->addr) == te_addr_is_v4(&route->gateway);
}

/* Fields that are valid one by one, and not together. */
static const char *check_relations(const struct te_config *config)
{
    for (unsigned i = 0; i < config->route_count; i++)
        if (!is_route_valid(&config->routes[i]))
            return "routes";
    if (config->gso && !config->checksum_offload)
        return "gso"; /* cutting a segment means computing its checksums below */
#define CHECK_ORDER(least, most)                                                                   \
    if (config->least > config->most)                                                              \
        return #least;
    TE_CONFIG_ORDER_LIST(CHECK_ORDER)
#undef CHECK_ORDER
    return NULL;
}

enum te_err te_config_check(const struct te_config *config, const char **ret_field)
{
    const char *wrong = check_host(config);
    if (wrong == NULL)
        wrong = check_ranges(config);
    if (wrong == NULL)
        wrong = check_addresses(config);
    if (wrong == NULL)
        wrong = check_relations(config);
    if (wrong == NULL)
        return TE_OK;
    *ret_field = wrong;
    return TE_ERR_INVALID;
}

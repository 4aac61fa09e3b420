#include "tcp/cc/congestion.h"
#include <tcpengine/config.h>

#include <string.h>

#define KIB 1024u
#define MIB (1024u * KIB)
#define MS INT64_C(1000)
#define SECOND (1000 * MS)

/* Bounds that only keep sums and sizes far from overflow. */
#define TIMER_MAX_US (400 * 86400 * SECOND)
#define MSL_MAX_US (86400 * SECOND) /* TIME_WAIT counts milliseconds in 32 bits */
#define TABLE_MAX (1 << 24)
#define DROP_LOGS_MAX 65536
#define BUFFER_MAX (1 << 30) /* the largest window (RFC 7323 2.2) */
#define RANGES_MAX 16384

static void init_limits(struct te_config *config)
{
    config->conn_max = 1048576;
    config->time_wait_max = 262144;
    config->time_wait_policy = TE_TIME_WAIT_EVICT_OLDEST;
    config->orphan_max = 65536;
    config->connections_per_remote_max = 16384;
    config->syn_queue_max = 1024;
    config->syn_cookies = TE_SYN_COOKIES_ON_FULL;
    config->fast_open_pending_max = 256;
    config->fast_open_cache_max = 1024;
    config->backlog_max = 4096;
    config->neighbour_max = 1024;
    config->neighbour_incomplete_max = 128;
    config->reassembly_max = 64;
    config->reassembly_bytes_max = MIB;
    config->reassembly_source_max = 16;
    config->path_mtu_max = 1024;
    config->control_queue_max = 256;
    config->event_max = 4096;
    config->history_conn_max = 4096;
    config->drop_log_conn_max = 512;
}

static void init_timers(struct te_config *config)
{
    config->msl_us = 30 * SECOND;
    config->rto_initial_us = SECOND;
    config->rto_min_us = 200 * MS;
    config->rto_max_us = 120 * SECOND;
    config->delayed_ack_us = 40 * MS;
    config->fin_wait_2_us = 60 * SECOND;
    config->orphan_us = 120 * SECOND;
    config->remains_us = 60 * SECOND;
    config->keepalive_idle_us = 7200 * SECOND;
    config->keepalive_interval_us = 75 * SECOND;
    config->keepalive_probes_max = 9;
    config->syn_retries_max = 7;
    config->syn_ack_retries_max = 5;
    config->r1_retries = 3;
    config->r2_retries = 15;
    config->user_timeout_us = 0;
    config->mtu_probing = TE_MTU_PROBING_BLACK_HOLE;
    config->mtu_probe_base_bytes = 1024;
    config->path_mtu_age_us = 600 * SECOND;
    config->idle_release_us = SECOND;
}

static void init_streams(struct te_config *config)
{
    config->send_buffer_initial_bytes = 16 * KIB;
    config->send_buffer_max_bytes = 32 * MIB;
    config->receive_buffer_initial_bytes = 64 * KIB;
    config->receive_buffer_max_bytes = 32 * MIB;
    config->out_of_order_ranges_max = 4096;
    config->initial_window_segments = 10;
    strcpy(config->congestion_control, "cubic");
    config->features = TE_FEATURES_DEFAULT;
    config->mss_min_bytes = 88;
    config->timestamps = true;
    config->window_scale = true;
    config->sack = true;
    config->ecn = TE_ECN_PASSIVE;
    config->fast_open = TE_FAST_OPEN_OFF;
    config->nagle = true;
    config->challenge_ack_per_second = 1000;
    config->challenge_ack_interval_us = 500 * (uint32_t)MS;
    config->rst_per_second = 10000;
    config->icmp_per_second = 1000;
    config->port_first = 32768;
    config->port_last = 60999;
}

void te_config_init(struct te_config *config)
{
    memset(config, 0, sizeof(*config));
    config->mtu_bytes = 1500;
    config->dad = true;
    config->optimistic_dad = true;
    init_limits(config);
    init_timers(config);
    init_streams(config);
}

/* What one number may be, whatever the others are. */
struct field_range {
    const char *name;
    size_t offset, size_bytes;
    int64_t min, max;
};

#define FIELD(field, min, max)                                                                     \
    {                                                                                              \
#field, offsetof(struct te_config, field), sizeof(((struct te_config *)NULL)->field), min, \
            max                                                                                    \
    }

static const struct field_range field_ranges[] = {
    FIELD(mtu_bytes, 576, 65535), /* RFC 9293 3.7.1: what everybody can take */
    FIELD(address_count, 0, TE_LOCAL_ADDRESSES_MAX),
    FIELD(route_count, 0, TE_ROUTES_MAX),
    FIELD(conn_max, 1, TABLE_MAX),
    FIELD(time_wait_max, 1, TABLE_MAX),
    FIELD(time_wait_policy, TE_TIME_WAIT_EVICT_OLDEST, TE_TIME_WAIT_SKIP),
    FIELD(orphan_max, 0, TABLE_MAX),
    FIELD(connections_per_remote_max, 0, TABLE_MAX),
    FIELD(syn_queue_max, 1, TABLE_MAX),
    FIELD(syn_cookies, TE_SYN_COOKIES_OFF, TE_SYN_COOKIES_ALWAYS),
    FIELD(fast_open, TE_FAST_OPEN_OFF, TE_FAST_OPEN_BOTH),
    FIELD(fast_open_pending_max, 0, TABLE_MAX),
    FIELD(fast_open_cache_max, 0, TABLE_MAX),
    FIELD(backlog_max, 1, TABLE_MAX),
    FIELD(neighbour_max, 1, TABLE_MAX),
    FIELD(neighbour_incomplete_max, 1, TABLE_MAX),
    FIELD(reassembly_max, 1, TABLE_MAX),
    FIELD(reassembly_bytes_max, 1, BUFFER_MAX),
    FIELD(reassembly_source_max, 1, TABLE_MAX),
    FIELD(path_mtu_max, 1, TABLE_MAX),
    FIELD(control_queue_max, 1, TABLE_MAX),
    FIELD(event_max, 1, TABLE_MAX),
    FIELD(history_conn_max, 0, TABLE_MAX),
    FIELD(drop_log_conn_max, 0, DROP_LOGS_MAX),
    FIELD(msl_us, 1, MSL_MAX_US),
    FIELD(rto_initial_us, 1, TIMER_MAX_US),
    FIELD(rto_min_us, 1, TIMER_MAX_US),
    FIELD(rto_max_us, 60 * SECOND, TIMER_MAX_US), /* RFC 6298 (2.5) */
    FIELD(delayed_ack_us, 0, 500 * MS - 1),       /* RFC 9293 3.8.6.3, MUST-40: under 0.5 s */
    FIELD(fin_wait_2_us, 1, TIMER_MAX_US),
    FIELD(orphan_us, 1, TIMER_MAX_US),
    FIELD(remains_us, 0, TIMER_MAX_US),
    FIELD(keepalive_idle_us, 1, TIMER_MAX_US),
    FIELD(keepalive_interval_us, 1, TIMER_MAX_US),
    FIELD(keepalive_probes_max, 1, UINT8_MAX),
    FIELD(r2_retries, 1, UINT8_MAX),
    FIELD(user_timeout_us, 0, TIMER_MAX_US),
    FIELD(mtu_probing, TE_MTU_PROBING_OFF, TE_MTU_PROBING_ALWAYS),
    FIELD(mtu_probe_base_bytes, 552, UINT16_MAX),       /* the floor of IPv4 (RFC 5927 7) */
    FIELD(path_mtu_age_us, 300 * SECOND, TIMER_MAX_US), /* RFC 8201 4: at least 5 minutes */
    FIELD(idle_release_us, 0, TIMER_MAX_US),
    FIELD(send_buffer_initial_bytes, 1, BUFFER_MAX),
    FIELD(send_buffer_max_bytes, 1, BUFFER_MAX),
    FIELD(receive_buffer_initial_bytes, 1, BUFFER_MAX),
    FIELD(receive_buffer_max_bytes, 1, BUFFER_MAX),
    FIELD(out_of_order_ranges_max, 0, RANGES_MAX),
    FIELD(initial_window_segments, 1, UINT8_MAX),
    FIELD(features, 0, TE_FEATURES_ALL),
    /* Above the 40 bytes of options that an MSS does not count (RFC 9293 3.7.1), so that a segment
     * always carries something; at most the MSS of a peer that names none. */
    FIELD(mss_min_bytes, 48, 536),
    FIELD(ecn, TE_ECN_OFF, TE_ECN_ON),
    FIELD(port_first, 1, UINT16_MAX),
    FIELD(port_last, 1, UINT16_MAX),
};

static int64_t field_value(const struct te_config *config, const struct field_range *field)
{
    const uint8_t *at = (const uint8_t *)config + field->offset;
    uint16_t u16;
    uint32_t u32;
    int64_t i64;
    switch (field->size_bytes) {
    case sizeof(uint8_t):
        return *at;
    case sizeof(u16):
        memcpy(&u16, at, sizeof(u16));
        return u16;
    case sizeof(u32):
        memcpy(&u32, at, sizeof(u32));
        return u32;
    default:
        memcpy(&i64, at, sizeof(i64));
        return i64;
    }
}

static const char *check_ranges(const struct te_config *config)
{
    for (size_t i = 0; i < sizeof(field_ranges) / sizeof(field_ranges[0]); i++) {
        int64_t value = field_value(config, &field_ranges[i]);
        if (value < field_ranges[i].min || value > field_ranges[i].max)
            return field_ranges[i].name;
    }
    return NULL;
}

static const char *check_host(const struct te_config *config)
{
    static const uint8_t no_mac[sizeof(config->mac)];
    const struct te_buffer_memory *memory = &config->buffer_memory;
    int given = (memory->reserve != NULL) + (memory->grow != NULL) + (memory->release != NULL);
    if (!config->allocator.alloc || !config->allocator.free)
        return "allocator";
    if (given != 0 && given != 3)
        return "buffer_memory";
    if ((config->mac[0] & 1) || memcmp(config->mac, no_mac, sizeof(no_mac)) == 0)
        return "mac"; /* the group bit: no station is called that */
    return NULL;
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

/* Fields that are right by themselves and wrong together. */
static const char *check_relations(const struct te_config *config)
{
    for (unsigned i = 0; i < config->route_count; i++)
        if (!is_route_valid(&config->routes[i]))
            return "routes";
    if (memchr(config->congestion_control, 0, TE_CC_NAME_MAX) == NULL ||
        te_cc_find(config->congestion_control) == NULL)
        return "congestion_control";
    if (config->gso && !config->checksum_offload)
        return "gso"; /* who cuts a segment has to write every checksum anew */
    if (config->neighbour_incomplete_max > config->neighbour_max)
        return "neighbour_incomplete_max";
    if (config->rto_min_us > config->rto_max_us)
        return "rto_min_us";
    if (config->rto_initial_us > config->rto_max_us)
        return "rto_initial_us";
    if (config->r1_retries > config->r2_retries)
        return "r1_retries"; /* RFC 9293 3.8.3: R2 is the later threshold */
    if (config->send_buffer_initial_bytes > config->send_buffer_max_bytes)
        return "send_buffer_initial_bytes";
    if (config->receive_buffer_initial_bytes > config->receive_buffer_max_bytes)
        return "receive_buffer_initial_bytes";
    if (config->port_first > config->port_last)
        return "port_first";
    return NULL;
}

enum te_err te_config_check(const struct te_config *config, const char **ret_field)
{
    const char *wrong = check_host(config);
    if (!wrong)
        wrong = check_ranges(config);
    if (!wrong)
        wrong = check_addresses(config);
    if (!wrong)
        wrong = check_relations(config);
    if (!wrong)
        return TE_OK;
    *ret_field = wrong;
    return TE_ERR_INVALID;
}

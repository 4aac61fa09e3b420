#include <stdlib.h>
#include <string.h>
#include <tcpengine/config.h>

#include "support/fixture.h"
#include "support/heap.h"
#include "support/test.h"
#include "units.h"

static uint8_t *host_reserve(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes)
{
    (void)ctx;
    (void)conn_id;
    (void)is_send;
    (void)size_bytes;
    return NULL;
}

static uint8_t *host_grow(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes,
                          size_t new_bytes)
{
    (void)old_bytes;
    return host_reserve(ctx, conn_id, is_send, new_bytes);
}

static void host_release(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region,
                         size_t size_bytes)
{
    (void)region;
    (void)host_reserve(ctx, conn_id, is_send, size_bytes);
}

static struct heap heap;
static struct te_config config;

static struct te_route route(const char *destination, const char *gateway)
{
    return (struct te_route){fixture_cidr(destination), fixture_cidr(gateway).addr};
}

/* The defaults, and what the host has to add. */
static int setup(void **state)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    (void)state;
    memset(&config, 0xa5, sizeof(config));
    te_config_init(&config);
    config.allocator = heap_init(&heap);
    memcpy(config.mac, mac, sizeof(mac));
    config.addresses[config.address_count++] = fixture_cidr("10.0.0.2/24");
    config.addresses[config.address_count++] = fixture_cidr("2001:db8::2/64");
    config.routes[config.route_count++] = route("0.0.0.0/0", "10.0.0.1");
    config.routes[config.route_count++] = route("::/0", "fe80::1");
    config.routes[config.route_count++] = route("192.0.2.0/24", "0.0.0.0");
    return 0;
}

static void assert_valid(void)
{
    const char *field = "untouched";
    enum te_err err = te_config_check(&config, &field);
    assert_string_equal(field, "untouched");
    assert_int_equal(err, TE_OK);
}

static void assert_wrong(const char *expected)
{
    const char *field = "none";
    assert_int_equal(te_config_check(&config, &field), TE_ERR_INVALID);
    assert_string_equal(field, expected);
    setup(NULL);
}

static void test_defaults_are_valid(void **state)
{
    (void)state;
    assert_valid();
}

static void test_init_leaves_the_hosts_part_zero(void **state)
{
    static const struct te_config zero;
    struct te_config c;
    (void)state;
    memset(&c, 0xa5, sizeof(c));
    te_config_init(&c);
    assert_memory_equal(&c.allocator, &zero.allocator, sizeof(c.allocator));
    assert_memory_equal(&c.buffer_memory, &zero.buffer_memory, sizeof(c.buffer_memory));
    assert_memory_equal(c.secret, zero.secret, sizeof(c.secret));
    assert_memory_equal(c.mac, zero.mac, sizeof(c.mac));
    assert_int_equal(c.first_id, 0);
    assert_memory_equal(c.addresses, zero.addresses, sizeof(c.addresses));
    assert_int_equal(c.address_count, 0);
    assert_int_equal(c.route_count, 0);
}

static void test_default_limits(void **state)
{
    (void)state;
    assert_int_equal(config.mtu_bytes, 1500);
    assert_false(config.checksum_offload);
    assert_false(config.gso);
    assert_true(config.dad);
    assert_int_equal(config.conn_max, 1048576);
    assert_int_equal(config.time_wait_max, 262144);
    assert_int_equal(config.time_wait_policy, TE_TIME_WAIT_EVICT_OLDEST);
    assert_int_equal(config.orphan_max, 65536);
    assert_int_equal(config.connections_per_remote_max, 16384);
    assert_int_equal(config.syn_queue_max, 1024);
    assert_int_equal(config.syn_cookies, TE_SYN_COOKIES_ON_FULL);
    assert_int_equal(config.fast_open, TE_FAST_OPEN_OFF);
    assert_int_equal(config.fast_open_pending_max, 256);
    assert_int_equal(config.fast_open_cache_max, 1024);
    assert_int_equal(config.backlog_max, 4096);
    assert_int_equal(config.neighbour_max, 1024);
    assert_int_equal(config.neighbour_incomplete_max, 256);
    assert_int_equal(config.reassembly_max, 64);
    assert_int_equal(config.reassembly_bytes_max, 1 << 20);
    assert_int_equal(config.reassembly_source_max, 16);
    assert_int_equal(config.control_queue_max, 256);
    assert_int_equal(config.event_max, 4096);
    assert_int_equal(config.history_conn_max, 4096);
}

static void test_default_timers(void **state)
{
    (void)state;
    assert_int_equal(config.msl_us, 30 * SECOND);
    assert_int_equal(config.rto_initial_us, SECOND);
    assert_int_equal(config.rto_min_us, SECOND / 5);
    assert_int_equal(config.rto_max_us, 120 * SECOND);
    assert_int_equal(config.delayed_ack_us, 40000);
    assert_int_equal(config.fin_wait_2_us, 60 * SECOND);
    assert_int_equal(config.orphan_us, 120 * SECOND);
    assert_int_equal(config.remains_us, 60 * SECOND);
    assert_int_equal(config.keepalive_idle_us, 7200 * SECOND);
    assert_int_equal(config.keepalive_interval_us, 75 * SECOND);
    assert_int_equal(config.keepalive_probes_max, 9);
    assert_int_equal(config.syn_retries_max, 7);
    assert_int_equal(config.syn_ack_retries_max, 5);
    assert_int_equal(config.r1_retries, 3);
    assert_int_equal(config.r2_retries, 15);
    assert_int_equal(config.user_timeout_us, 0);
    assert_int_equal(config.idle_release_us, SECOND);
}

static void test_default_streams(void **state)
{
    (void)state;
    assert_int_equal(config.send_buffer_initial_bytes, 16 << 10);
    assert_int_equal(config.send_buffer_max_bytes, 32 << 20);
    assert_int_equal(config.receive_buffer_initial_bytes, 64 << 10);
    assert_int_equal(config.receive_buffer_max_bytes, 32 << 20);
    assert_int_equal(config.out_of_order_ranges_max, 4096);
    assert_int_equal(config.initial_window_segments, 10);
    assert_int_equal(config.mss_min_bytes, 88);
    assert_true(config.timestamps && config.window_scale && config.sack && config.nagle);
    assert_int_equal(config.challenge_ack_per_second, 1000);
    assert_int_equal(config.challenge_ack_interval_us, 500000);
    assert_int_equal(config.rst_per_second, 10000);
    assert_int_equal(config.icmp_per_second, 1000);
    assert_int_equal(config.port_first, 32768);
    assert_int_equal(config.port_last, 60999);
}

/* One field at a time leaves its range. */
#define WRONG(field, value)                                                                        \
    do {                                                                                           \
        config.field = (value);                                                                    \
        assert_wrong(#field);                                                                      \
    } while (0)

#define RIGHT(field, value)                                                                        \
    do {                                                                                           \
        config.field = (value);                                                                    \
        assert_valid();                                                                            \
        setup(NULL);                                                                               \
    } while (0)

static void test_ranges_of_limits(void **state)
{
    (void)state;
    WRONG(mtu_bytes, 575);
    WRONG(mtu_bytes, 65536);
    RIGHT(mtu_bytes, 65535);
    WRONG(address_count, TE_LOCAL_ADDRESSES_MAX + 1);
    WRONG(route_count, TE_ROUTES_MAX + 1);
    WRONG(conn_max, 0);
    WRONG(conn_max, UINT32_MAX);
    WRONG(time_wait_max, 0);
    WRONG(time_wait_policy, (enum te_time_wait_policy)7);
    RIGHT(time_wait_policy, TE_TIME_WAIT_SKIP);
    WRONG(orphan_max, UINT32_MAX);
    WRONG(connections_per_remote_max, UINT32_MAX);
    RIGHT(connections_per_remote_max, 0);
    WRONG(syn_queue_max, 0);
    WRONG(syn_cookies, (enum te_syn_cookies)3);
    WRONG(fast_open, (enum te_fast_open)4);
    RIGHT(fast_open, TE_FAST_OPEN_BOTH);
    RIGHT(fast_open_pending_max, 0);
    RIGHT(fast_open_cache_max, 0);
    RIGHT(syn_cookies, TE_SYN_COOKIES_OFF);
    RIGHT(syn_cookies, TE_SYN_COOKIES_ALWAYS);
    WRONG(backlog_max, 0);
    WRONG(neighbour_max, 0);
    WRONG(neighbour_incomplete_max, 0);
    WRONG(reassembly_max, 0);
    WRONG(reassembly_bytes_max, 0);
    WRONG(reassembly_source_max, 0);
    WRONG(control_queue_max, 0);
    WRONG(event_max, 0);
    RIGHT(history_conn_max, 0);
}

static void test_ranges_of_timers(void **state)
{
    (void)state;
    WRONG(msl_us, 0);
    WRONG(msl_us, -1);
    WRONG(msl_us, INT64_MAX);
    WRONG(rto_initial_us, 0);
    WRONG(rto_min_us, 0);
    WRONG(rto_max_us, 60 * SECOND - 1);
    RIGHT(rto_max_us, 60 * SECOND);
    WRONG(delayed_ack_us, SECOND / 2);
    RIGHT(delayed_ack_us, 0);
    WRONG(fin_wait_2_us, 0);
    WRONG(orphan_us, 0);
    WRONG(remains_us, -1);
    WRONG(keepalive_idle_us, 0);
    WRONG(keepalive_interval_us, 0);
    WRONG(keepalive_probes_max, 0);
    WRONG(r2_retries, 0);
    WRONG(user_timeout_us, -1);
    WRONG(idle_release_us, INT64_MIN);
}

static void test_ranges_of_streams(void **state)
{
    (void)state;
    WRONG(send_buffer_initial_bytes, 0);
    WRONG(send_buffer_max_bytes, (1u << 30) + 1);
    WRONG(receive_buffer_initial_bytes, 0);
    WRONG(receive_buffer_max_bytes, UINT32_MAX);
    RIGHT(receive_buffer_max_bytes, 1u << 30);
    WRONG(out_of_order_ranges_max, 16385);
    WRONG(initial_window_segments, 0);
    WRONG(mss_min_bytes, 47);
    WRONG(mss_min_bytes, 537);
    WRONG(port_first, 0);
    WRONG(port_last, 0);
}

static void set_smallest_limits(void)
{
    config.mtu_bytes = 576;
    config.address_count = config.route_count = 0;
    config.conn_max = config.time_wait_max = config.syn_queue_max = config.backlog_max = 1;
    config.neighbour_max = config.neighbour_incomplete_max = 1;
    config.reassembly_max = config.reassembly_bytes_max = config.reassembly_source_max = 1;
    config.control_queue_max = config.event_max = 1;
    config.orphan_max = config.history_conn_max = 0;
}

static void set_smallest_timers(void)
{
    config.msl_us = config.rto_initial_us = config.rto_min_us = 1;
    config.rto_max_us = 60 * SECOND;
    config.fin_wait_2_us = config.orphan_us = 1;
    config.keepalive_idle_us = config.keepalive_interval_us = 1;
    config.delayed_ack_us = config.remains_us = 0;
    config.user_timeout_us = config.idle_release_us = 0;
    config.keepalive_probes_max = config.r1_retries = config.r2_retries = 1;
    config.syn_retries_max = config.syn_ack_retries_max = 0;
}

static void test_the_smallest_is_valid(void **state)
{
    (void)state;
    set_smallest_limits();
    set_smallest_timers();
    config.send_buffer_initial_bytes = config.send_buffer_max_bytes = 1;
    config.receive_buffer_initial_bytes = config.receive_buffer_max_bytes = 1;
    config.out_of_order_ranges_max = 0;
    config.initial_window_segments = 1;
    config.mss_min_bytes = 48;
    config.challenge_ack_per_second = config.challenge_ack_interval_us = 0;
    config.rst_per_second = config.icmp_per_second = 0;
    config.port_first = config.port_last = 1;
    assert_valid();
}

static void test_the_largest_is_valid(void **state)
{
    (void)state;
    config.mtu_bytes = 65535;
    config.conn_max = config.time_wait_max = config.orphan_max = 1 << 24;
    config.rto_min_us = config.rto_initial_us = config.rto_max_us = 86400 * SECOND;
    config.delayed_ack_us = SECOND / 2 - 1;
    config.r1_retries = config.r2_retries = 255;
    config.send_buffer_initial_bytes = config.send_buffer_max_bytes = 1 << 30;
    config.receive_buffer_initial_bytes = config.receive_buffer_max_bytes = 1 << 30;
    config.out_of_order_ranges_max = 16384;
    config.mss_min_bytes = 536;
    config.port_first = config.port_last = 65535;
    config.addresses[0].prefix_bits = 32;
    config.addresses[1].prefix_bits = 128;
    config.routes[2] = route("192.0.2.7/32", "10.0.0.1");
    assert_valid();
}

static void test_relations(void **state)
{
    (void)state;
    WRONG(gso, true);
    WRONG(neighbour_incomplete_max, 1025);
    WRONG(rto_min_us, 121 * SECOND);
    WRONG(rto_initial_us, 121 * SECOND);
    WRONG(r1_retries, 16);
    WRONG(send_buffer_initial_bytes, (32 << 20) + 1);
    WRONG(receive_buffer_initial_bytes, (32 << 20) + 1);
    WRONG(port_first, 61000);
    RIGHT(port_first, 60999);
    config.checksum_offload = true;
    RIGHT(gso, true);
}

static void test_memory_of_the_host(void **state)
{
    (void)state;
    config.allocator.alloc = NULL;
    assert_wrong("allocator");
    config.allocator.free = NULL;
    assert_wrong("allocator");
    config.buffer_memory.reserve = host_reserve;
    assert_wrong("buffer_memory");
    config.buffer_memory.grow = host_grow;
    config.buffer_memory.release = host_release;
    assert_wrong("buffer_memory");
    config.buffer_memory.reserve = host_reserve;
    config.buffer_memory.grow = host_grow;
    config.buffer_memory.release = host_release;
    assert_valid();
}

static void test_mac(void **state)
{
    (void)state;
    config.mac[0] = 3;
    assert_wrong("mac");
    memset(config.mac, 0, sizeof(config.mac));
    assert_wrong("mac");
}

static void test_first_id(void **state)
{
    (void)state;
    config.first_id = TE_FIRST_ID_MAX;
    assert_valid();
    config.first_id++;
    assert_wrong("first_id");
}

static void test_addresses(void **state)
{
    static const char *const wrong[] = {"0.0.0.0/8", "::/64", "224.0.0.1/4", "255.255.255.255/32",
                                        "ff02::1/64"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        config.addresses[1] = fixture_cidr(wrong[i]);
        assert_wrong("addresses");
    }
    config.addresses[0].prefix_bits = 33;
    assert_wrong("addresses");
    config.addresses[1].prefix_bits = 129;
    assert_wrong("addresses");
    config.addresses[2] = fixture_cidr("ff02::1/64"); /* beyond the count: nobody looks */
    assert_valid();
}

static void test_ipv6_needs_its_mtu(void **state)
{
    (void)state;
    WRONG(mtu_bytes, 1279);
    RIGHT(mtu_bytes, 1280);
    config.address_count = 1;
    RIGHT(mtu_bytes, 576);
}

static void test_routes(void **state)
{
    (void)state;
    config.routes[2] = route("192.0.2.0/24", "fe80::1"); /* the families differ */
    assert_wrong("routes");
    config.routes[2] = route("0.0.0.0/0", "224.0.0.1");
    assert_wrong("routes");
    config.routes[2].destination.prefix_bits = 33;
    assert_wrong("routes");
    config.routes[0] = route("0.0.0.0/0", "224.0.0.1");
    assert_wrong("routes");
    config.routes[3] = route("0.0.0.0/0", "224.0.0.1"); /* beyond the count: nobody looks */
    config.routes[2] = route("::/0", "10.0.0.1"); /* a default route is of its gateway's family */
    assert_valid();
}

/* --- the table -------------------------------------------------------------------------------- */

/* Bytes of *config that are not the field of key. */
static void blank_field(struct te_config *c, const struct te_config_key *key)
{
    memset((uint8_t *)c + key->offset, 0, key->size_bytes);
}

static void test_keys_stay_in_their_fields(void **state)
{
    size_t count;
    const struct te_config_key *table = te_config_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct te_config_key *key = &table[i];
        const int64_t values[] = {key->min, key->user_min, key->initial, key->user_max, key->max};
        struct te_config rest = config;
        blank_field(&rest, key);
        for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            struct te_config c = config;
            te_config_put(key, &c, values[j]);
            assert_int_equal(te_config_get(key, &c), values[j]);
            blank_field(&c, key);
            assert_memory_equal(&c, &rest, sizeof(c));
        }
    }
}

static void test_defaults_and_user_ranges_fit(void **state)
{
    size_t count;
    const struct te_config_key *table = te_config_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct te_config_key *key = &table[i];
        if (key->initial < key->user_min || key->initial > key->user_max ||
            key->user_min < key->min || key->user_max > key->max)
            fail_msg("%s: default, user's range and range do not lie in each other", key->name);
        assert_int_equal(te_config_get(key, &config), key->initial);
        assert_int_equal(key->help[strlen(key->help) - 1], '.');
    }
}

/* Beside what test_relations tests: below the minimum and above the maximum, where the field can
 * hold that, te_config_check() names the field. */
static void test_ranges_end_where_the_table_says(void **state)
{
    size_t count;
    const struct te_config_key *table = te_config_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct te_config_key *key = &table[i];
        const int64_t values[] = {key->min - 1, key->max + 1};
        for (size_t j = 0; j < 2 && key->kind != TE_CONFIG_ALGORITHM; j++) {
            te_config_put(key, &config, values[j]);
            if (te_config_get(key, &config) == values[j])
                assert_wrong(key->field);
            setup(NULL);
        }
    }
}

static void test_names_of_values(void **state)
{
    size_t count, named = 0;
    const struct te_config_key *table = te_config_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct te_config_key *key = &table[i];
        bool is_named = key->kind == TE_CONFIG_CHOICE || key->kind == TE_CONFIG_ALGORITHM;
        int64_t value = 7;
        for (int64_t v = 0; is_named && v <= key->max; v++, named++) {
            assert_true(te_config_value_find(key, te_config_value_name(key, v), &value));
            assert_int_equal(value, v);
        }
        assert_null(te_config_value_name(key, is_named ? key->max + 1 : 0));
        assert_null(te_config_value_name(key, -1));
        assert_false(te_config_value_find(key, "", &value));
        if (key->names != NULL)
            assert_null(key->names[key->max + 1]);
    }
    assert_int_equal(named, 2 + 3 + 4 + 3 + 3 + TE_CC_COUNT);
}

static const struct te_config_key *find_key(const char *name)
{
    size_t count;
    const struct te_config_key *table = te_config_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static void test_names_are_found_in_any_case(void **state)
{
    int64_t value = 7;
    (void)state;
    assert_true(te_config_value_find(find_key("ecn"), "Passive", &value));
    assert_int_equal(value, TE_ECN_PASSIVE);
    assert_true(te_config_value_find(find_key("congestion_control"), "BBR", &value));
    te_config_put(find_key("congestion_control"), &config, value);
    assert_string_equal(config.congestion_control, "bbr");
    assert_valid();
    assert_false(te_config_value_find(find_key("ecn"), "passiv", &value));
    assert_false(te_config_value_find(find_key("ecn"), "passive ", &value));
}

static void test_algorithms_are_known(void **state)
{
    (void)state;
    strcpy(config.congestion_control, "cubi");
    assert_wrong("congestion_control");
    memset(config.congestion_control, 'c', sizeof(config.congestion_control));
    assert_wrong("congestion_control");
    assert_string_equal(te_cc_name(0), "cubic");
    assert_null(te_cc_name(TE_CC_COUNT));
}

static void test_features_are_bits(void **state)
{
    (void)state;
    assert_int_equal(TE_FEATURES_ALL, 0xfff);
    assert_int_equal(config.features, 0x7ff);
    te_config_put(find_key("pacing"), &config, 1);
    te_config_put(find_key("rack"), &config, 0);
    assert_int_equal(config.features, 0xffd);
    assert_int_equal(te_config_get(find_key("pacing"), &config), 1);
    assert_int_equal(te_config_get(find_key("rack"), &config), 0);
    WRONG(features, TE_FEATURES_ALL + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults_are_valid, setup),
        cmocka_unit_test_setup(test_init_leaves_the_hosts_part_zero, setup),
        cmocka_unit_test_setup(test_default_limits, setup),
        cmocka_unit_test_setup(test_default_timers, setup),
        cmocka_unit_test_setup(test_default_streams, setup),
        cmocka_unit_test_setup(test_ranges_of_limits, setup),
        cmocka_unit_test_setup(test_ranges_of_timers, setup),
        cmocka_unit_test_setup(test_ranges_of_streams, setup),
        cmocka_unit_test_setup(test_the_smallest_is_valid, setup),
        cmocka_unit_test_setup(test_the_largest_is_valid, setup),
        cmocka_unit_test_setup(test_relations, setup),
        cmocka_unit_test_setup(test_memory_of_the_host, setup),
        cmocka_unit_test_setup(test_mac, setup),
        cmocka_unit_test_setup(test_first_id, setup),
        cmocka_unit_test_setup(test_addresses, setup),
        cmocka_unit_test_setup(test_keys_stay_in_their_fields, setup),
        cmocka_unit_test_setup(test_defaults_and_user_ranges_fit, setup),
        cmocka_unit_test_setup(test_ranges_end_where_the_table_says, setup),
        cmocka_unit_test_setup(test_names_of_values, setup),
        cmocka_unit_test_setup(test_names_are_found_in_any_case, setup),
        cmocka_unit_test_setup(test_algorithms_are_known, setup),
        cmocka_unit_test_setup(test_features_are_bits, setup),
        cmocka_unit_test_setup(test_ipv6_needs_its_mtu, setup),
        cmocka_unit_test_setup(test_routes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <string.h>

#include "describe.h"
#include "support/test.h"
#include "util/version.h"

struct fixture {
    struct config config;
    struct description description;
    struct daemon_info info;
};

/* A configuration of the given keys and values, alternately, up to NULL; described. */
static void describe(struct fixture *fixture, const char *const *settings)
{
    char message[CONFIG_MESSAGE_MAX];
    config_init(&fixture->config);
    for (; settings[0] != NULL; settings += 2)
        if (!config_set(&fixture->config, settings[0], settings[1], message))
            fail_msg("%s = %s: %s", settings[0], settings[1], message);
    assert_int_equal(config_finish(&fixture->config, "test", stderr), 0);
    memset(&fixture->description, 0xff, sizeof(fixture->description));
    memset(&fixture->info, 0, sizeof(fixture->info));
    description_init(&fixture->description, &fixture->config);
    description_fill(&fixture->description, &fixture->info);
}

static void assert_routes(const struct fixture *fixture, const char *const *routes, unsigned count)
{
    assert_int_equal(fixture->info.route_count, count);
    for (unsigned i = 0; i < count; i++)
        assert_string_equal(fixture->info.routes[i], routes[i]);
}

static void test_values_of_the_configuration(void **state)
{
    static const char *const settings[] = {"tap", "tap7", "mac", "02:11:22:33:44:55", "mtu", "9000",
                                           "msl", "2s",   NULL};
    static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
    struct fixture fixture;
    (void)state;
    describe(&fixture, settings);
    assert_string_equal(fixture.info.version, TCPENGINE_VERSION);
    assert_string_equal(fixture.info.tap, "tap7");
    assert_memory_equal(fixture.info.mac, mac, sizeof(mac));
    assert_int_equal(fixture.info.mtu_bytes, 9000);
    assert_int_equal(fixture.info.msl_us, 2000000);
}

static void test_nothing_configured(void **state)
{
    static const char *const settings[] = {NULL};
    struct fixture fixture;
    (void)state;
    describe(&fixture, settings);
    assert_string_equal(fixture.info.gateway, "");
    assert_int_equal(fixture.info.gateway_count, 0);
    assert_string_equal(fixture.info.http, ""); /* the caller knows where it listens, if at all */
    assert_false(fixture.info.tap_up);
    assert_int_equal(fixture.info.route_count, 0);
}

/* In the words of ip-route(8): networks of the addresses, then routes, then default gateways. */
static void test_routes_in_the_words_of_ip_route(void **state)
{
    static const char *const settings[] = {"tap",     "tap7",
                                           "address", "10.0.0.2/24",
                                           "address", "2001:db8::2/64",
                                           "gateway", "10.0.0.1",
                                           "gateway", "2001:db8::1",
                                           "route",   "192.0.2.0/24 via 10.0.0.3",
                                           "route",   "198.51.100.0/25",
                                           NULL};
    static const char *const routes[] = {"10.0.0.0/24 dev tap7",
                                         "2001:db8::/64 dev tap7",
                                         "192.0.2.0/24 via 10.0.0.3 dev tap7",
                                         "198.51.100.0/25 dev tap7",
                                         "default via 10.0.0.1 dev tap7",
                                         "default via 2001:db8::1 dev tap7"};
    struct fixture fixture;
    (void)state;
    describe(&fixture, settings);
    assert_routes(&fixture, routes, sizeof(routes) / sizeof(routes[0]));
    assert_string_equal(fixture.info.gateway, "10.0.0.1");
    assert_int_equal(fixture.info.gateway_count, 2);
    assert_string_equal(fixture.info.gateways[0], "10.0.0.1");
    assert_string_equal(fixture.info.gateways[1], "2001:db8::1");
}

/* Every address and every route that a configuration may hold has its place. */
static void test_longest_configuration_fits(void **state)
{
    struct fixture fixture;
    char text[128], message[CONFIG_MESSAGE_MAX];
    (void)state;
    config_init(&fixture.config);
    assert_true(config_set(&fixture.config, "tap", "fifteen-letters", message));
    for (unsigned i = 0; i < TE_LOCAL_ADDRESSES_MAX; i++) {
        snprintf(text, sizeof(text), "2001:db8:1111:2222:3333:4444:5555:%x/64", i + 1);
        assert_true(config_set(&fixture.config, "address", text, message));
    }
    unsigned routes = 0;
    do
        snprintf(text, sizeof(text),
                 "2001:db8:aaaa:bbbb:cccc:dddd:eeee:%x/128 via 2001:db8:1111:2"
                 "222:3333:4444:5555:ffff",
                 routes);
    while (config_set(&fixture.config, "route", text, message) && ++routes > 0);
    assert_true(routes > 0);
    assert_int_equal(config_finish(&fixture.config, "test", stderr), 0);
    description_init(&fixture.description, &fixture.config);
    description_fill(&fixture.description, &fixture.info);
    assert_int_equal(fixture.info.route_count, TE_LOCAL_ADDRESSES_MAX + routes);
    const char *last = fixture.info.routes[fixture.info.route_count - 1];
    const char *tail = "via 2001:db8:1111:2222:3333:4444:5555:ffff dev fifteen-letters";
    assert_string_equal(last + strlen(last) - strlen(tail), tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_the_configuration),
        cmocka_unit_test(test_nothing_configured),
        cmocka_unit_test(test_routes_in_the_words_of_ip_route),
        cmocka_unit_test(test_longest_configuration_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_custom.h"
#include "config/config_keys.h"
#include "config/config_value.h"
#include "support/test.h"
#include "units.h"

/* The groups that the shipped file names are there once the package is installed (sysusers). */
struct group *getgrnam(const char *name)
{
    static struct group installed, found;
    static char text[4096];
    struct group *group = NULL;
    if (strcmp(name, "tcpengine-admin") == 0)
        return &installed;
    getgrnam_r(name, &found, text, sizeof(text), &group);
    return group;
}

/* --- one key ---------------------------------------------------------------------------------- */

struct wrong_value {
    const char *key, *value;
    const char *wrong, *right; /* the message must contain both */
};

static const struct wrong_value wrong_values[] = {
    {"mtu", "100", "'100' is out of range", "576 to 65521"},
    {"mtu", "70000", "out of range", "576 to 65521"},
    {"mtu", "big", "'big' is not a size", "576 to 65521"},
    {"mtu", "", "is not a size", "576 to 65521"},
    {"mtu", "-5", "is not a size", "576 to 65521"},
    {"msl", "never", "is not a duration", "1ms to 1h"},
    {"msl", "0", "out of range", "1ms to 1h"},
    {"msl", "5m", "is not a duration", "5min"},
    {"msl", "0.00000001", "finer than one microsecond", "1ms to 1h"},
    {"conn_max", "1.5", "finer than one unit", "1 to"},
    {"conn_max", "many", "is not a whole number", "1 to"},
    {"nagle", "maybe", "'maybe' is not yes or no", "give yes or no"},
    {"mut", "1", "unknown key", "did you mean mtu?"},
    {"rto_mim", "1", "unknown key", "did you mean rto_min?"},
    {"frobnicate_all", "1", "unknown key", "--help lists all"},
    {"tcp.mtu", "1500", "is not in section [tcp]", "[link]"},
    {"lnik.mtu", "1500", "unknown section [lnik]", "did you mean link?"},
    {"zzzzzzzz.mtu", "1500", "unknown section", "--help lists all"},
    {"mtu_ms", "1500", "unknown key", "--help lists all"},
    {"address", "10.0.0.2", "has no prefix length", "write 10.0.0.2/24"},
    {"address", "2001:db8::2", "has no prefix length", "write 2001:db8::2/64"},
    {"address", "10.0.0.256/24", "'10.0.0.256/24' is not an address", "10.0.0.2/24"},
    {"address", "10.0.0.2/33", "is not an address", "10.0.0.2/24"},
    {"address", "banana", "'banana' is not an address", "10.0.0.2/24"},
    {"address", "224.0.0.1/24", "multicast", "one station"},
    {"address", "127.0.0.1/8", "loopback", "one station"},
    {"address", "::1/128", "loopback", "one station"},
    {"address", "0.0.0.0/0", "unspecified", "one station"},
    {"address", "ff02::1/64", "multicast", "one station"},
    {"address", "10.0.0.2/0", "leaves no network", "1 to 32"},
    {"address", "10.0.0.0/24", "is the network itself", "within it"},
    {"address", "10.0.0.255/24", "broadcast address", "another one"},
    {"gateway", "10.0.0.1/24", "is not an address", "10.0.0.1"},
    {"gateway", "::", "unspecified", "a router"},
    {"route", "192.0.2.0/24 over 10.0.0.1", "is not a route", "via"},
    {"route", "192.0.2.0/24 via", "is not a route", "via"},
    {"route", "192.0.2.0/24 via 10.0.0.1 dev x", "is not a route", "via"},
    {"route", "192.0.2.1/24 via 10.0.0.1", "bits beyond its prefix", "192.0.2.0/24"},
    {"route", "192.0.2.0/24 via 2001:db8::1", "mixes IPv4 and IPv6", "same family"},
    {"route", "192.0.2.0 via 10.0.0.1", "is not a network", "192.0.2.0/24"},
    {"mac", "02:00:00:00:00", "is not an Ethernet address", "02:00:00:00:00:01"},
    {"mac", "02:00:00:00:00:01:02", "is not an Ethernet address", "auto"},
    {"mac", "03:00:00:00:00:01", "no station's address", "even"},
    {"mac", "00:00:00:00:00:00", "no station's address", "even"},
    {"tap", "a-name-of-sixteen", "is not an interface name", "1 to 15"},
    {"tap", "a/b", "is not an interface name", "without /"},
    {"tap", "tap%d", "is not an interface name", "without /"},
    {"tap", "", "is not an interface name", "1 to 15"},
    {"control", "/run/x.sock", "is not ipc://", "ipc:///run/tcpengine/control.sock"},
    {"control", "tcp://127.0.0.1:1", "is not ipc://", "ipc:///run/tcpengine/control.sock"},
    {"control", "ipc://relative", "absolute path", "ipc:///run/tcpengine/control.sock"},
    {"control", "ipc:///run/", "is not ipc://", "ipc:///run/tcpengine/control.sock"},
    {"control_group", "no-such-group-here", "there is no group", "getent group"},
    {"admin_group", "no-such-group-here", "there is no group", "getent group"},
    {"http", "localhost:80", "is not ADDRESS:PORT", "127.0.0.1:9409"},
    {"http", "127.0.0.1", "is not ADDRESS:PORT", "off"},
    {"http", "127.0.0.1:65536", "is not ADDRESS:PORT", "off"},
    {"http", "::1:9409", "is not ADDRESS:PORT", "[::1]:9409"},
    {"http", "[127.0.0.1]:80", "is not ADDRESS:PORT", "127.0.0.1:9409"},
    {"log_level", "loud", "'loud' is not a level", "debug"},
    {"ecn", "maybe", "'maybe' is not one of", "off, passive, on"},
    {"mtu_probing", "maybe", "'maybe' is not one of", "off, black_hole, always"},
    {"time_wait_policy", "none", "'none' is not one of", "evict_oldest, skip"},
    {"congestion_control", "vegas", "'vegas' is not one of", "cubic, reno, bbr"},
    {"tcp_fast_open", "on", "'on' is not one of", "off, client, server, both"},
    {"syn_cookies", "yes", "'yes' is not one of", "off, on_full, always"},
};

static void test_wrong_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong_values) / sizeof(wrong_values[0]); i++) {
        const struct wrong_value *row = &wrong_values[i];
        struct config config, before;
        char message[CONFIG_MESSAGE_MAX] = "";
        config_init(&config);
        before = config;
        if (config_set(&config, row->key, row->value, message))
            fail_msg("%s = %s was taken", row->key, row->value);
        if (strstr(message, row->wrong) == NULL || strstr(message, row->right) == NULL)
            fail_msg("%s = %s: message is: %s", row->key, row->value, message);
        assert_memory_equal(&config, &before, sizeof(config));
    }
}

static void set(struct config *config, const char *key, const char *value)
{
    char message[CONFIG_MESSAGE_MAX] = "";
    if (!config_set(config, key, value, message))
        fail_msg("%s = %s: %s", key, value, message);
}

static void test_right_values(void **state)
{
    struct config config;
    (void)state;
    config_init(&config);
    set(&config, "mtu", "9000");
    set(&config, "msl", "0.25");
    set(&config, "rto_min_ms", "10");
    set(&config, "tcp.keepalive_idle_us", "5000000");
    set(&config, "send_buffer_max_bytes", "1M");
    set(&config, "keepalive_probes_max", "3");
    set(&config, "port_first", "40000");
    set(&config, "nagle", "off");
    set(&config, "shutdown_timeout_s", "1.5");
    set(&config, "session_grace_ms", "100");
    set(&config, "challenge_ack_interval", "250ms");
    set(&config, "memory_max", "64M");
    set(&config, "objects_per_uid_max", "17");
    assert_int_equal(config.engine.mtu_bytes, 9000);
    assert_int_equal(config.engine.msl_us, 250000);
    assert_int_equal(config.engine.rto_min_us, 10000);
    assert_int_equal(config.engine.keepalive_idle_us, 5 * SECOND);
    assert_int_equal(config.engine.send_buffer_max_bytes, 1 << 20);
    assert_int_equal(config.engine.keepalive_probes_max, 3);
    assert_int_equal(config.engine.port_first, 40000);
    assert_false(config.engine.nagle);
    assert_int_equal(config.shutdown_timeout_us, 1500000);
    assert_int_equal(config.rpc.session_grace_us, 100000);
    assert_int_equal(config.engine.challenge_ack_interval_us, 250000);
    assert_int_equal(config.memory_max_bytes, 64 << 20);
    assert_int_equal(config.rpc.objects_per_uid_max, 17);
}

static void test_right_names(void **state)
{
    struct config config;
    (void)state;
    config_init(&config);
    set(&config, "tap", "tap-x");
    set(&config, "control", "ipc:///tmp/x.sock");
    set(&config, "log_level", "Debug");
    set(&config, "time_wait_policy", "skip");
    assert_int_equal(config.engine.ecn, TE_ECN_PASSIVE);
    set(&config, "ecn", "On");
    set(&config, "syn_cookies", "Always");
    set(&config, "tcp_fast_open", "client");
    set(&config, "mtu_probing", "always");
    set(&config, "http", "[::1]:0");
    set(&config, "mac", "02:00:5e:10:00:ff");
    assert_string_equal(config.tap, "tap-x");
    assert_string_equal(config.control, "ipc:///tmp/x.sock");
    assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(config.engine.time_wait_policy, TE_TIME_WAIT_SKIP);
    assert_int_equal(config.engine.ecn, TE_ECN_ON);
    assert_int_equal(config.engine.syn_cookies, TE_SYN_COOKIES_ALWAYS);
    assert_int_equal(config.engine.fast_open, TE_FAST_OPEN_CLIENT);
    assert_int_equal(config.engine.mtu_probing, TE_MTU_PROBING_ALWAYS);
    assert_true(config.http_enabled);
    assert_int_equal(config.http.addr.bytes[15], 1);
    assert_int_equal(config.engine.mac[5], 0xff);
    set(&config, "http", "off");
    assert_false(config.http_enabled);
}

static void test_lists(void **state)
{
    struct config config;
    char message[CONFIG_MESSAGE_MAX], text[CONFIG_VALUE_MAX];
    (void)state;
    config_init(&config);
    set(&config, "address", "10.0.0.2/24");
    set(&config, "address", "2001:db8::2/64");
    set(&config, "gateway", "10.0.0.1");
    set(&config, "gateway", "fe80::1");
    set(&config, "route", "192.0.2.0/24 via 10.0.0.3");
    set(&config, "route", "198.51.100.0/24");
    config_format_address(&config, text);
    assert_string_equal(text, "10.0.0.2/24 2001:db8::2/64");
    config_format_route(&config, text);
    assert_string_equal(text, "192.0.2.0/24 via 10.0.0.3 198.51.100.0/24");
    assert_false(config_set(&config, "address", "10.0.0.2/16", message));
    assert_non_null(strstr(message, "given before"));
    assert_false(config_set(&config, "gateway", "10.0.0.9", message));
    assert_non_null(strstr(message, "second gateway for IPv4"));
    config_clear_list(&config, "link.address");
    assert_int_equal(config.engine.address_count, 0);
    config_clear_list(&config, "mtu");
    assert_int_equal(config.engine.mtu_bytes, 1500);
}

static void test_lists_are_bounded(void **state)
{
    struct config config;
    char message[CONFIG_MESSAGE_MAX], text[64];
    (void)state;
    config_init(&config);
    for (int i = 1; i <= TE_LOCAL_ADDRESSES_MAX; i++) {
        snprintf(text, sizeof(text), "10.0.%d.1/24", i);
        set(&config, "address", text);
    }
    assert_false(config_set(&config, "address", "10.1.0.1/24", message));
    assert_non_null(strstr(message, "up to 16"));
    for (int i = 0; i < TE_ROUTES_MAX - CONFIG_GATEWAYS_MAX; i++) {
        snprintf(text, sizeof(text), "10.9.%d.0/24 via 10.0.1.9", i);
        set(&config, "route", text);
    }
    assert_false(config_set(&config, "route", "10.8.0.0/24", message));
    assert_non_null(strstr(message, "one too many"));
}

/* --- the table -------------------------------------------------------------------------------- */

/* What a key prints as its default, it takes back; and every default is within its range. */
static void test_defaults_are_values(void **state)
{
    size_t count;
    const struct config_key *table = config_key_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct config config, defaults;
        char text[CONFIG_VALUE_MAX], again[CONFIG_VALUE_MAX], message[CONFIG_MESSAGE_MAX];
        config_init(&config);
        config_init(&defaults);
        config_key_format(&table[i], &defaults, text);
        if (text[0] == '\0' && table[i].clear != NULL)
            continue;
        if (!config_set(&config, table[i].row.name, text, message))
            fail_msg("%s = %s: %s", table[i].row.name, text, message);
        config_key_format(&table[i], &config, again);
        assert_string_equal(text, again);
        /* That it was set is remembered of this one key, and nothing else differs. */
        assert_int_equal(config.gso_is_set, strcmp(table[i].row.name, "gso") == 0);
        config.gso_is_set = defaults.gso_is_set;
        assert_memory_equal(&config, &defaults, sizeof(config));
    }
}

static void test_names_are_unique(void **state)
{
    size_t count;
    const struct config_key *table = config_key_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        int64_t scale;
        assert_ptr_equal(config_key_find(table[i].row.name, &scale), &table[i]);
        assert_true(strlen(table[i].row.name) <= VALUE_NAME_MAX);
        assert_true(config_section_exists(table[i].row.section));
    }
}

static void test_every_key_of_the_engine_has_its_row(void **state)
{
    size_t count;
    const struct te_config_key *table = te_config_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        int64_t scale;
        const struct config_key *key = config_key_find(table[i].name, &scale);
        assert_non_null(key);
        assert_string_equal(key->row.section, table[i].section);
        assert_string_equal(key->row.help, table[i].help);
        assert_int_equal(key->row.offset, offsetof(struct config, engine) + table[i].offset);
    }
}

/* --- files ------------------------------------------------------------------------------------ */

struct file_case {
    const char *text;
    unsigned mistakes;
    const char *messages[3]; /* each must be in what is reported */
};

static const struct file_case file_cases[] = {
    {"", 0, {NULL}},
    {"# comment\n; comment\n\n[link]\nmtu = 9000 # inline\n", 0, {NULL}},
    {"mtu=9000\n", 0, {NULL}},
    {"[link]\r\nmtu = 9000\r\n", 0, {NULL}},
    {"[link]\naddress = 10.0.0.2/24\naddress = 10.0.1.2/24\n", 0, {NULL}},
    {"[link]\ntap = t\n    mtu = 9000\n", 0, {NULL}},
    {"[link]\n\nmtu = x\n", 1, {"f.conf:3: mtu: 'x' is not a size"}},
    {"[link]\nmut = 1500\n", 1, {"f.conf:2: mut: unknown key; did you mean mtu?"}},
    {"[tcp]\nmtu = 1500\n", 1, {"f.conf:2: mtu: is not in section [tcp]; put it into [link]"}},
    {"[lnik]\nmtu = 1500\n", 1, {"f.conf:2: mtu: unknown section [lnik]; did you mean link?"}},
    {"[link]\nmtu = 1500\n\nmtu = 9000\n", 1, {"f.conf:4: mtu: was set on line 2 before"}},
    {"[link]\nmtu 1500\n", 1, {"f.conf:2: not a line of this format; write [section] or key"}},
    {"[link\nmtu = 1500\n", 1, {"f.conf:1: not a line of this format"}},
    {"[link]\naddress = 10.0.0.2\nmtu = 5\n[tcp]\nmsl = x\n",
     3,
     {"f.conf:2: address: '10.0.0.2' has no prefix", "f.conf:3: mtu: '5' is out of range",
      "f.conf:5: msl: 'x' is not a duration"}},
};

static unsigned load_text(struct config *config, const char *text, char *ret_errors, size_t size)
{
    FILE *stream = fmemopen((void *)(uintptr_t)text, strlen(text) + (text[0] == '\0'), "r");
    FILE *errors = fmemopen(ret_errors, size, "w");
    config_init(config);
    unsigned mistakes = config_load_stream(config, stream, "f.conf", errors);
    fclose(errors);
    fclose(stream);
    return mistakes;
}

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
        const struct file_case *row = &file_cases[i];
        struct config config;
        char errors[2048] = "";
        unsigned mistakes = load_text(&config, row->text, errors, sizeof(errors));
        if (mistakes != row->mistakes)
            fail_msg("case %zu: %u mistakes: %s", i, mistakes, errors);
        for (unsigned j = 0; j < 3 && row->messages[j] != NULL; j++)
            if (strstr(errors, row->messages[j]) == NULL)
                fail_msg("case %zu: told: %s", i, errors);
    }
}

static void test_indented_line_is_a_line(void **state)
{
    struct config config;
    char errors[256] = "";
    (void)state;
    assert_int_equal(load_text(&config, "[link]\ntap = t\n\tmtu = 9000\n", errors, sizeof(errors)),
                     0);
    assert_string_equal(config.tap, "t");
    assert_int_equal(config.engine.mtu_bytes, 9000);
}

static void test_long_line_is_told(void **state)
{
    struct config config;
    char errors[512] = "", text[5000];
    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "[link]\ntap = ", 13);
    snprintf(text + sizeof(text) - 16, 16, "\nmtu = 9000\n");
    assert_int_equal(load_text(&config, text, errors, sizeof(errors)), 1);
    assert_non_null(strstr(errors, "f.conf:2: the line is too long"));
    assert_int_equal(config.engine.mtu_bytes, 9000);
}

static void test_missing_file(void **state)
{
    struct config config;
    char errors[512] = "";
    FILE *stream = fmemopen(errors, sizeof(errors), "w");
    (void)state;
    config_init(&config);
    assert_int_equal(config_load_file(&config, "/nonexistent/x.conf", stream), 1);
    fclose(stream);
    assert_non_null(strstr(errors, "/nonexistent/x.conf: cannot be opened: No such file"));
}

/* --- all keys together ------------------------------------------------------------------------ */

struct whole_case {
    const char *settings[4][2];
    const char *message; /* NULL: it is right */
};

static const struct whole_case whole_cases[] = {
    {{{NULL, NULL}}, NULL},
    {{{"address", "10.0.0.2/24"}, {"gateway", "10.0.0.1"}}, NULL},
    {{{"address", "2001:db8::2/64"}, {"gateway", "fe80::1"}}, NULL},
    {{{"address", "10.0.0.2/24"}, {"gateway", "10.0.1.1"}},
     "f: gateway: 10.0.1.1 is in the network of no address"},
    {{{"address", "10.0.0.2/24"}, {"gateway", "10.0.0.2"}},
     "f: gateway: 10.0.0.2 is the engine's own address"},
    {{{"address", "10.0.0.2/24"}, {"route", "192.0.2.0/24 via 10.0.1.1"}},
     "f: route: 10.0.1.1 is in the network of no address"},
    {{{"rto_min", "5s"}, {"rto_initial", "2min"}, {"rto_max", "60s"}}, "f: rto_initial: "},
    {{{"r1_retries", "20"}}, "f: r1_retries: 20 is above r2_retries (15)"},
    {{{"send_buffer_initial", "64M"}},
     "f: send_buffer_initial: 64M is above send_buffer_max (32M)"},
    {{{"port_first", "50000"}, {"port_last", "40000"}}, "f: port_first: 50000 is above port_last"},
    {{{"gso", "yes"}, {"checksum_offload", "no"}}, "f: gso: needs checksum_offload"},
    {{{"gso", "yes"}, {"checksum_offload", "yes"}}, NULL},
    {{{"mtu", "1279"}, {"address", "2001:db8::2/64"}}, "f: mtu: 1279 is too small for IPv6"},
    {{{"mtu", "1279"}, {"address", "10.0.0.2/24"}}, NULL},
    {{{"http", "0.0.0.0:9409"}},
     "f: http: 0.0.0.0:9409 is beyond loopback, and there is no password; write 127.0.0.1:9409, or "
     "set http_allow_remote = yes if that is meant"},
    {{{"http", "[::]:80"}}, "f: http: [::]:80 is beyond loopback"},
    {{{"http", "0.0.0.0:9409"}, {"http_allow_remote", "yes"}}, NULL},
    {{{"http", "[::1]:9409"}}, NULL},
    {{{"http", "127.9.9.9:9409"}}, NULL},
};

static void test_whole_configurations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(whole_cases) / sizeof(whole_cases[0]); i++) {
        const struct whole_case *row = &whole_cases[i];
        struct config config;
        char errors[1024] = "", message[CONFIG_MESSAGE_MAX];
        FILE *stream = fmemopen(errors, sizeof(errors), "w");
        config_init(&config);
        for (unsigned j = 0; j < 4 && row->settings[j][0] != NULL; j++)
            if (!config_set(&config, row->settings[j][0], row->settings[j][1], message) &&
                row->message == NULL)
                fail_msg("case %zu: %s", i, message);
        unsigned mistakes = config_finish(&config, "f", stream);
        fclose(stream);
        if ((mistakes > 0) != (row->message != NULL) &&
            strcmp(row->message, "f: rto_initial: ") != 0)
            fail_msg("case %zu: told: %s", i, errors);
        if (mistakes > 0 && strstr(errors, row->message) == NULL)
            fail_msg("case %zu: told: %s", i, errors);
    }
}

/* One key turns all off; a key that was set keeps its value. */
static void test_offloads_are_on_by_default_and_one_key_turns_them_off(void **state)
{
    struct config on, off, sums_only;
    (void)state;
    config_init(&on);
    assert_int_equal(config_finish(&on, "f", stderr), 0);
    assert_true(on.engine.checksum_offload && on.engine.gso && on.large_receive);
    config_init(&off);
    set(&off, "checksum_offload", "no");
    assert_int_equal(config_finish(&off, "f", stderr), 0);
    assert_false(off.engine.checksum_offload);
    assert_false(off.engine.gso);
    config_init(&sums_only);
    set(&sums_only, "gso", "no");
    assert_int_equal(config_finish(&sums_only, "f", stderr), 0);
    assert_true(sums_only.engine.checksum_offload);
    assert_false(sums_only.engine.gso);
}

static void test_finish_makes_routes_and_mac(void **state)
{
    struct config config, other;
    (void)state;
    config_init(&config);
    set(&config, "address", "10.0.0.2/24");
    set(&config, "address", "2001:db8::2/64");
    set(&config, "gateway", "10.0.0.1");
    set(&config, "gateway", "2001:db8::1");
    other = config;
    assert_int_equal(config_finish(&config, "f", stderr), 0);
    assert_int_equal(config.engine.route_count, 2);
    assert_int_equal(config.engine.routes[0].destination.prefix_bits, 0);
    assert_true(te_addr_is_v4(&config.engine.routes[0].gateway));
    assert_int_equal(config.engine.mac[0] & 3, 2);
    set(&other, "tap", "another");
    assert_int_equal(config_finish(&other, "f", stderr), 0);
    assert_memory_not_equal(config.engine.mac, other.engine.mac, 6);
    memset(other.engine.mac, 0, 6);
    set(&other, "tap", "tcpengine0");
    other.engine.route_count = 0;
    assert_int_equal(config_finish(&other, "f", stderr), 0);
    assert_memory_equal(config.engine.mac, other.engine.mac, 6);
}

/* --- the shipped file ------------------------------------------------------------------------- */

#define EXAMPLE_FILE TCPENGINE_BINARY_DIR "/systemd/tcpengined.conf"

static void test_example_file_is_right(void **state)
{
    struct config config;
    char *errors;
    size_t len;
    FILE *stream = open_memstream(&errors, &len);
    (void)state;
    config_init(&config);
    unsigned mistakes = config_load_file(&config, EXAMPLE_FILE, stream);
    mistakes += config_finish(&config, "example", stream);
    fclose(stream);
    if (mistakes > 0)
        fail_msg("%s", errors);
    free(errors);
}

/* "#msl = 30s": what is commented out is a key with its default; lists show an example. */
static void test_example_file_shows_defaults(void **state)
{
    struct config config;
    char line[256], name[64], text[CONFIG_VALUE_MAX];
    unsigned seen = 0;
    FILE *file = fopen(EXAMPLE_FILE, "re");
    (void)state;
    assert_non_null(file);
    config_init(&config);
    while (fgets(line, sizeof(line), file) != NULL) {
        int64_t scale;
        int value_at = 0;
        if (sscanf(line, "#%63[a-z_0-9] =%n", name, &value_at) != 1 || value_at == 0)
            continue;
        const struct config_key *key = config_key_find(name, &scale);
        assert_non_null(key);
        if (key->clear != NULL)
            continue;
        line[strcspn(line, "\n")] = '\0';
        config_key_format(key, &config, text);
        assert_string_equal(line + value_at + strspn(line + value_at, " "), text);
        seen++;
    }
    fclose(file);
    assert_true(seen > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_right_values),
        cmocka_unit_test(test_right_names),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_lists_are_bounded),
        cmocka_unit_test(test_defaults_are_values),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_every_key_of_the_engine_has_its_row),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_indented_line_is_a_line),
        cmocka_unit_test(test_long_line_is_told),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_whole_configurations),
        cmocka_unit_test(test_offloads_are_on_by_default_and_one_key_turns_them_off),
        cmocka_unit_test(test_finish_makes_routes_and_mac),
        cmocka_unit_test(test_example_file_is_right),
        cmocka_unit_test(test_example_file_shows_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

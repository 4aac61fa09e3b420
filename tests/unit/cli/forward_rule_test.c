/* What -L and -R of tcpctl forward say. */
#include <string.h>

#include "forward_rule.h"
#include "support/test.h"

static void rules_are_read_as_ssh_reads_them(void **state)
{
    static const struct {
        const char *text;
        struct forward_rule rule;
    } rows[] = {
        {"8080:peer:80", {.port = 8080, .host = "peer", .host_port = 80}},
        {"0:10.0.0.1:http", {.port = 0, .host = "10.0.0.1", .host_port = 80}},
        {"http:peer:80", {.port = 80, .host = "peer", .host_port = 80}},
        {"10.0.0.2:1:peer:2", {true, "10.0.0.2", 1, "peer", 2}},
        {":1:peer:2", {true, "", 1, "peer", 2}},
        {"*:1:peer:2", {true, "*", 1, "peer", 2}},
        {"[::1]:1:[2001:db8::1]:2", {true, "::1", 1, "2001:db8::1", 2}},
        {"1:[fe80::1%eth0]:2", {.port = 1, .host = "fe80::1%eth0", .host_port = 2}},
        {"/run/in:peer:2", {true, "/run/in", 0, "peer", 2}},
        {"1:/run/out", {.port = 1, .host = "/run/out"}},
        {"10.0.0.2:1:/run/out", {true, "10.0.0.2", 1, "/run/out", 0}},
        {"/run/in:/run/out", {true, "/run/in", 0, "/run/out", 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct forward_rule rule;
        const char *why = "";
        if (!forward_rule_parse(rows[i].text, &rule, &why))
            fail_msg("%s: %s", rows[i].text, why);
        assert_string_equal(rule.bind, rows[i].rule.bind);
        assert_string_equal(rule.host, rows[i].rule.host);
        assert_int_equal(rule.has_bind, rows[i].rule.has_bind);
        assert_int_equal(rule.port, rows[i].rule.port);
        assert_int_equal(rule.host_port, rows[i].rule.host_port);
    }
}

static void mistakes_are_refused(void **state)
{
    static const char *const bad[] = {
        "",           "80",           "80:peer",        "80:peer:",
        "80:peer:0",  "80:peer:x",    "65536:peer:80",  "x:peer:80",
        ":peer:80",   "80::80",       "1:2:3:4:5",      "[::1:80:p:80",
        "80:[::1:80", "80:[::1]x:80", "::1:80:peer:80", "/in",
        "/in:/a:80",  "80:/a:80",     "/a:1:peer:80",   "/a:1:/out",
        "80:peer:-1", "80:peer:80:",  "80:peer:80:/out"};
    char long_one[600];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct forward_rule rule = {.port = 7};
        const char *why = NULL;
        if (forward_rule_parse(bad[i], &rule, &why))
            fail_msg("%s is taken", bad[i]);
        assert_non_null(why);
        assert_int_equal(rule.port, 7);
    }
    memset(long_one, 'x', sizeof(long_one));
    memcpy(long_one, "80:", 3);
    memcpy(long_one + 595, ":80", 4);
    const char *why;
    struct forward_rule rule;
    assert_false(forward_rule_parse(long_one, &rule, &why));
    long_one[3 + FORWARD_HOST_MAX - 1] = ':';
    memcpy(long_one + 3 + FORWARD_HOST_MAX, "80", 3);
    assert_true(forward_rule_parse(long_one, &rule, &why));
    assert_int_equal(strlen(rule.host), FORWARD_HOST_MAX - 1);
}

static void listeners_are_alone(void **state)
{
    static const char *const bad[] = {"", "x", "1:2:3", "[::1]", "65536", "/a:1", "80:"};
    struct forward_rule rule;
    const char *why;
    (void)state;
    assert_true(forward_rule_parse_listener("1080", &rule, &why));
    assert_int_equal(rule.port, 1080);
    assert_false(rule.has_bind);
    assert_true(forward_rule_parse_listener("[::1]:1080", &rule, &why));
    assert_string_equal(rule.bind, "::1");
    assert_true(forward_rule_parse_listener("/run/socks", &rule, &why));
    assert_string_equal(rule.bind, "/run/socks");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (forward_rule_parse_listener(bad[i], &rule, &why))
            fail_msg("%s is taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_read_as_ssh_reads_them),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(listeners_are_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

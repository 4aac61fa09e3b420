/* HOST PORT -s ADDR -p PORT, and the addresses tried in turn. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "captured_output.h"
#include "fake_daemon.h"
#include "support/test.h"
#include "target.h"

static const struct verb verb = {.name = "open", .arguments = "HOST PORT"};
static struct captured_output captured;

struct world {
    struct fake_daemon daemon;
    struct cli cli;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    fake_daemon_start(&world->daemon);
    world->cli = (struct cli){.verb = &verb, .control_url = fake_server_url(world->daemon.server)};
    assert_int_equal(cli_connect(&world->cli, TCPC_POLICY_NONE), EXIT_DONE);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    tcpc_client_free(world->cli.client);
    fake_daemon_stop(&world->daemon);
    free(world);
    return 0;
}

static bool take(struct target *target, int option, const char *value)
{
    const struct cli cli = {.verb = &verb};
    optarg = (char *)value;
    capture_begin(&captured, 2);
    bool is_taken = target_option(&cli, target, option);
    capture_end(&captured);
    return is_taken;
}

static void the_local_end_is_set_in_either_order(void **state)
{
    struct target target = {.count = 0};
    (void)state;
    assert_true(take(&target, 'p', "4000"));
    assert_true(take(&target, 's', "10.0.0.2"));
    assert_string_equal(target.local.address, "10.0.0.2");
    assert_int_equal(target.local.port, 4000);
    assert_true(take(&target, 'p', "4001"));
    assert_string_equal(target.local.address, "10.0.0.2");
    assert_int_equal(target.local.port, 4001);
}

static void wrong_values_are_complained_about(void **state)
{
    struct target target = {.count = 0};
    (void)state;
    assert_false(take(&target, 's', "no-such-host.invalid"));
    assert_memory_equal(captured.text,
                        "tcpctl: open: -s no-such-host.invalid: must be an IP address or a name "
                        "that resolves: ",
                        77);
    assert_false(take(&target, 'p', "0"));
    assert_non_null(strstr(captured.text, "-p 0: must be a port from 1 to 65535"));
    assert_false(take(&target, 'x', "1")); /* somebody else's: not our complaint */
    assert_string_equal(captured.text, "");
}

static int resolve(struct target *target, const char *host, const char *port)
{
    const struct cli cli = {.verb = &verb};
    capture_begin(&captured, 2);
    int status = target_resolve(&cli, target, host, port);
    capture_end(&captured);
    return status;
}

static void hosts_are_resolved(void **state)
{
    struct target target = {.count = 0};
    (void)state;
    assert_int_equal(resolve(&target, "[2001:db8::1]", "80"), EXIT_DONE);
    assert_int_equal(target.count, 1);
    assert_string_equal(target.remotes[0].address, "2001:db8::1");
    assert_int_equal(target.remotes[0].port, 80);
    assert_int_equal(resolve(&target, "10.0.0.1", "http"), EXIT_DONE);
    assert_int_equal(target.remotes[0].port, 80);
    assert_int_equal(resolve(&target, "localhost", "80"), EXIT_DONE);
    assert_int_equal(resolve(&target, "10.0.0.1", "no-such-service"), EXIT_USAGE);
    assert_non_null(strstr(captured.text, "no-such-service: must be a port from 1 to 65535, or "
                                          "the name of a service"));
    assert_int_equal(resolve(&target, "no-such-host.invalid", "80"), EXIT_FAILED);
    assert_non_null(strstr(captured.text, "(EADDRNOTAVAIL)"));
}

static int split(struct target *target, const char *first, const char *second)
{
    const struct cli cli = {.verb = &verb};
    char *words[] = {(char *)first, (char *)second, NULL};
    capture_begin(&captured, 2);
    int status = target_arguments(&cli, target, second != NULL ? 2 : 1, words);
    capture_end(&captured);
    return status;
}

static void host_and_port_come_in_one_word_or_two(void **state)
{
    static const char *const rows[][4] = {{"10.0.0.1", "80", "10.0.0.1", "80"},
                                          {"10.0.0.1:80", NULL, "10.0.0.1", "80"},
                                          {"[2001:db8::1]:http", NULL, "2001:db8::1", "http"},
                                          {"host.example:20-30", NULL, "host.example", "20-30"}};
    static const char *const bad[] = {"10.0.0.1", "2001:db8::1", "[2001:db8::1]", ":80", "[::1:80"};
    struct target target = {.count = 0};
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(split(&target, rows[i][0], rows[i][1]), EXIT_DONE);
        assert_string_equal(target.host, rows[i][2]);
        assert_string_equal(target.port, rows[i][3]);
    }
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(split(&target, bad[i], NULL), EXIT_USAGE);
}

static void a_family_may_be_asked_for(void **state)
{
    struct target target = {.count = 0};
    (void)state;
    assert_true(take(&target, '6', NULL));
    assert_int_equal(resolve(&target, "2001:db8::1", "80"), EXIT_DONE);
    assert_int_equal(resolve(&target, "10.0.0.1", "80"), EXIT_FAILED);
    assert_non_null(strstr(captured.text, "not an IPv6 address"));
    assert_true(take(&target, '4', NULL)); /* the last one counts */
    assert_int_equal(resolve(&target, "10.0.0.1", "80"), EXIT_DONE);
    assert_int_equal(resolve(&target, "2001:db8::1", "80"), EXIT_FAILED);
    assert_int_equal(resolve(&target, "localhost", "80"), EXIT_DONE);
    for (unsigned i = 0; i < target.count; i++)
        assert_null(strchr(target.remotes[i].address, ':'));
}

/* Port 9 of the fake daemon's peers refuses, port 10 never answers. */
static void set_remotes(struct target *target, uint16_t first, uint16_t second)
{
    *target = (struct target){.count = 2, .host = "name", .port = "port"};
    assert_true(tcpc_endpoint_set(&target->remotes[0], "10.0.0.1", first));
    assert_true(tcpc_endpoint_set(&target->remotes[1], "10.0.0.1", second));
}

static void the_next_address_is_tried(void **state)
{
    struct world *world = *state;
    struct target target;
    struct tcpc_opened opened;
    set_remotes(&target, 9, 80);
    assert_int_equal(target_open(&world->cli, &target, 1000, &opened), EXIT_DONE);
    assert_int_equal(opened.remote.port, 80);
    assert_int_equal(world->daemon.count, 1); /* nothing is left of the first */
    set_remotes(&target, 10, 80);
    assert_int_equal(target_open(&world->cli, &target, 200, &opened), EXIT_DONE);
    assert_int_equal(opened.remote.port, 80);
    assert_int_equal(world->daemon.count, 2);
    assert_int_equal(world->daemon.aborts, 1); /* what still opens is not left half open */
}

static void the_last_failure_is_the_one_told(void **state)
{
    struct world *world = *state;
    struct target target;
    struct tcpc_opened opened = {.id = 77};
    set_remotes(&target, 10, 9);
    capture_begin(&captured, 2);
    int status = target_open(&world->cli, &target, 200, &opened);
    capture_end(&captured);
    assert_int_equal(status, EXIT_FAILED);
    assert_string_equal(captured.text, "tcpctl: open name port port: refused: RST from 10.0.0.1 "
                                       "(ECONNREFUSED)\n");
    assert_int_equal(world->daemon.count, 0);
    assert_int_equal(opened.id, 77);
}

static void without_a_wait_the_first_one_is_taken(void **state)
{
    struct world *world = *state;
    struct target target;
    struct tcpc_opened opened;
    set_remotes(&target, 9, 80);
    assert_int_equal(target_open(&world->cli, &target, 0, &opened), EXIT_DONE);
    assert_int_equal(opened.remote.port, 9);
    assert_int_equal(opened.state, TCPC_SYN_SENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_local_end_is_set_in_either_order),
        cmocka_unit_test(wrong_values_are_complained_about),
        cmocka_unit_test(hosts_are_resolved),
        cmocka_unit_test(host_and_port_come_in_one_word_or_two),
        cmocka_unit_test(a_family_may_be_asked_for),
        TEST(the_next_address_is_tried),
        TEST(the_last_failure_is_the_one_told),
        TEST(without_a_wait_the_first_one_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

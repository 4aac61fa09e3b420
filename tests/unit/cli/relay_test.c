/* Relaying between a connection and stdin and stdout. A process has one reader of stdin, so the
 * tests that relay build on each other: two connections in order, of which the first takes the
 * input. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "captured_output.h"
#include "fake_daemon.h"
#include "relay.h"
#include "support/test.h"

static const struct verb verb = {.name = "connect", .arguments = "HOST PORT"};
static struct captured_output captured;

struct world {
    struct fake_daemon daemon;
    struct cli cli;
    int input; /* what is written here is stdin */
};

static int set_up_all(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    int pipe_fds[2];
    assert_non_null(world);
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(dup2(pipe_fds[0], 0), 0);
    close(pipe_fds[0]);
    world->input = pipe_fds[1];
    fake_daemon_start(&world->daemon);
    world->cli = (struct cli){.verb = &verb, .control_url = fake_server_url(world->daemon.server)};
    assert_int_equal(cli_connect(&world->cli, TCPC_POLICY_NONE), EXIT_DONE);
    *state = world;
    return 0;
}

/* The reader of stdin still sleeps until there is another connection. */
static int tear_down_all(void **state)
{
    struct world *world = *state;
    tcpc_client_free(world->cli.client);
    fake_daemon_stop(&world->daemon);
    free(world);
    return 0;
}

static struct tcpc_opened connect_to_echo(struct world *world)
{
    struct tcpc_open open = {.wait_ms = 5000};
    struct tcpc_opened opened;
    assert_true(tcpc_endpoint_set(&open.remote, "10.0.0.1", 80));
    assert_int_equal(tcpc_open_active(world->cli.client, &open, &opened, NULL), TCPC_OK);
    return opened;
}

static bool take(struct relay_options *options, int option, const char *value)
{
    const struct cli cli = {.verb = &verb};
    optarg = (char *)value;
    capture_begin(&captured, 2);
    bool is_taken = relay_option(&cli, options, option);
    capture_end(&captured);
    return is_taken;
}

static void options_are_taken(void **state)
{
    struct relay_options options = {.idle_ms = 0};
    (void)state;
    assert_true(take(&options, 'N', NULL) && options.half_closes);
    assert_true(take(&options, 'v', NULL) && options.is_verbose);
    assert_true(take(&options, 'w', "0.5"));
    assert_int_equal(options.idle_ms, 500);
    assert_false(take(&options, 'w', "0"));
    assert_string_equal(captured.text,
                        "tcpctl: connect: -w 0: must be a number of seconds above 0; "
                        "see tcpctl connect --help\n");
    assert_false(take(&options, 'k', NULL)); /* serve's own: no complaint */
    assert_string_equal(captured.text, "");
}

/* The rest of a first piece goes before the rest of stdin; all is echoed; -N ends it. */
static void input_goes_out_in_order_and_comes_back(void **state)
{
    struct world *world = *state;
    const struct relay_options options = {.half_closes = true, .rest = "first ", .rest_len = 6};
    struct tcpc_opened opened = connect_to_echo(world);
    assert_int_equal(write(world->input, "second", 6), 6);
    close(world->input);
    capture_begin(&captured, 1);
    int status = relay_run(&world->cli, &options, &opened);
    capture_end(&captured);
    assert_int_equal(status, EXIT_DONE);
    assert_string_equal(captured.text, "first second");
    assert_int_equal(world->daemon.shutdowns, 1);
    assert_int_equal(world->daemon.closes, 1);
}

/* stdin has ended: a later connection is half-closed at once, and ends. */
static void a_later_connection_gets_the_end_of_input(void **state)
{
    struct world *world = *state;
    const struct relay_options options = {.half_closes = true, .is_server = true};
    struct tcpc_opened opened = connect_to_echo(world);
    world->cli.is_json = true;
    capture_begin(&captured, 2);
    int status = relay_run(&world->cli, &options, &opened);
    capture_end(&captured);
    assert_int_equal(status, EXIT_DONE);
    assert_non_null(strstr(captured.text, "\"bytes_sent\":0,\"bytes_received\":0}\n"));
    assert_int_equal(world->daemon.shutdowns, 2);
    assert_int_equal(world->daemon.closes, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_taken),
        cmocka_unit_test(input_goes_out_in_order_and_comes_back),
        cmocka_unit_test(a_later_connection_gets_the_end_of_input),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}

/* Errors on stderr, and the exit statuses that go with them. */
#include <string.h>

#include "captured_output.h"
#include "cli.h"
#include "support/test.h"

static const struct verb verb = {.name = "dance", .arguments = ""};
static const struct cli cli = {.verb = &verb};
static struct captured_output captured;

static const char *said(const struct tcpc_error *error, int status)
{
    capture_begin(&captured, 2);
    int got = cli_fail(&cli, error, "dance %d", 7);
    capture_end(&captured);
    assert_int_equal(got, status);
    return captured.text;
}

static void errors_are_one_line(void **state)
{
    struct tcpc_error error = {TCPC_REFUSED, "refused: RST from peer", "", "ECONNREFUSED",
                               TCPC_HINT_NONE};
    (void)state;
    assert_string_equal(said(&error, EXIT_FAILED),
                        "tcpctl: dance 7: refused: RST from peer (ECONNREFUSED)\n");
    strcpy(error.hint, "does a program listen?");
    error.errno_name[0] = '\0';
    assert_string_equal(said(&error, EXIT_FAILED),
                        "tcpctl: dance 7: refused: RST from peer; does a program listen?\n");
}

/* tcpctl(1), EXIT STATUS. */
static void every_code_has_its_status(void **state)
{
    static const struct {
        enum tcpc_code code;
        int status;
    } special[] = {{TCPC_OK, 0},         {TCPC_UNREACHABLE, 3}, {TCPC_RESTARTED, 3},
                   {TCPC_PERMISSION, 4}, {TCPC_AGAIN, 5},       {TCPC_DEADLINE, 5},
                   {TCPC_TIMED_OUT, 5}};
    (void)state;
    for (int code = 0; code <= TCPC_CANCELLED; code++) {
        int expected = 1;
        for (unsigned i = 0; i < sizeof(special) / sizeof(special[0]); i++)
            if (special[i].code == (enum tcpc_code)code)
                expected = special[i].status;
        assert_int_equal(cli_exit_status((enum tcpc_code)code), expected);
    }
}

/* The daemon's hints speak of the protocol's verbs to every client. */
static void hints_are_in_terms_of_tcpctl(void **state)
{
    struct tcpc_error error = {TCPC_NOT_FOUND, "m", "List names the ids that exist", "ENOTCONN",
                               TCPC_HINT_LIST_IDS};
    (void)state;
    assert_string_equal(said(&error, EXIT_FAILED),
                        "tcpctl: dance 7: m (ENOTCONN); see tcpctl ls, or "
                        "tcpctl history for what has ended\n");
    error =
        (struct tcpc_error){TCPC_AGAIN, "m", "ask again, with wait_ms", "EAGAIN", TCPC_HINT_WAIT};
    assert_string_equal(said(&error, EXIT_TIMED_OUT),
                        "tcpctl: dance 7: m (EAGAIN); allow more time with --wait SECONDS\n");
    error = (struct tcpc_error){TCPC_AGAIN, "m", "no answer to our SYN yet", "ETIMEDOUT",
                                TCPC_HINT_NONE};
    assert_string_equal(said(&error, EXIT_TIMED_OUT),
                        "tcpctl: dance 7: m (ETIMEDOUT); no answer to our SYN yet\n");
    error = (struct tcpc_error){TCPC_ADDRESS, "m", "DaemonStatus names them", "EADDRNOTAVAIL",
                                TCPC_HINT_OWN_ADDRESSES};
    assert_string_equal(said(&error, EXIT_FAILED),
                        "tcpctl: dance 7: m (EADDRNOTAVAIL); see tcpctl status\n");
    error = (struct tcpc_error){TCPC_ADDRESS, "m", "choose another port", "EADDRINUSE",
                                TCPC_HINT_OTHER_PORT};
    assert_string_equal(said(&error, EXIT_FAILED),
                        "tcpctl: dance 7: m (EADDRINUSE); choose another port\n");
    error = (struct tcpc_error){TCPC_NOT_FOUND, "m", "", "ENOTCONN",
                                TCPC_HINT_NONE}; /* no hint stays none */
    assert_string_equal(said(&error, EXIT_FAILED), "tcpctl: dance 7: m (ENOTCONN)\n");
}

static void patience_is_the_timeout_or_endless(void **state)
{
    const struct cli hurried = {.timeout_ms = 250};
    (void)state;
    assert_int_equal(cli_patience_ms(&hurried), 250);
    assert_true(cli_patience_ms(&cli) == TCPC_WAIT_FOREVER);
}

static void notes_and_output_go_their_ways(void **state)
{
    (void)state;
    capture_begin(&captured, 2);
    cli_note("%s, id %d", "connected", 3);
    assert_string_equal(capture_end(&captured), "tcpctl: connected, id 3\n");
    capture_begin(&captured, 1);
    cli_write("a\0b", 3);
    cli_write("", 0);
    assert_memory_equal(capture_end(&captured), "a\0b", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_one_line),
        cmocka_unit_test(every_code_has_its_status),
        cmocka_unit_test(hints_are_in_terms_of_tcpctl),
        cmocka_unit_test(patience_is_the_timeout_or_endless),
        cmocka_unit_test(notes_and_output_go_their_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

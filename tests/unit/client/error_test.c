/* Errors in words. */
#include <errno.h>
#include <string.h>

#include "error.h"
#include "support/test.h"

/* Every code of the header, with the errno that a socket would have reported. */
static const struct {
    enum tcpc_code code;
    const char *name, *errno_name;
} codes[] = {
    {TCPC_INVALID_ARGUMENT, "INVALID_ARGUMENT", "EINVAL"},
    {TCPC_NOT_FOUND, "NOT_FOUND", "ENOENT"},
    {TCPC_PERMISSION, "PERMISSION", "EACCES"},
    {TCPC_BAD_OFFSET, "BAD_OFFSET", "ESPIPE"},
    {TCPC_CONNECTION_CLOSING, "CONNECTION_CLOSING", "EPIPE"},
    {TCPC_EXISTS, "EXISTS", "EEXIST"},
    {TCPC_RESOURCES, "RESOURCES", "ENOBUFS"},
    {TCPC_REFUSED, "REFUSED", "ECONNREFUSED"},
    {TCPC_RESET, "RESET", "ECONNRESET"},
    {TCPC_TIMED_OUT, "TIMED_OUT", "ETIMEDOUT"},
    {TCPC_PEER_UNREACHABLE, "PEER_UNREACHABLE", "EHOSTUNREACH"},
    {TCPC_ABORTED, "ABORTED", "ECONNABORTED"},
    {TCPC_ADDRESS, "ADDRESS", "EADDRNOTAVAIL"},
    {TCPC_AGAIN, "AGAIN", "EAGAIN"},
    {TCPC_BAD_STATE, "BAD_STATE", "EISCONN"},
    {TCPC_UNSUPPORTED, "UNSUPPORTED", "EOPNOTSUPP"},
    {TCPC_MALFORMED, "MALFORMED", "EBADMSG"},
    {TCPC_INTERNAL, "INTERNAL", "EIO"},
    {TCPC_DEADLINE, "DEADLINE", "ETIMEDOUT"},
    {TCPC_SESSION, "SESSION", "ESTALE"},
    {TCPC_UNREACHABLE, "UNREACHABLE", "ECONNREFUSED"},
    {TCPC_RESTARTED, "RESTARTED", "ECONNRESET"},
    {TCPC_PROTOCOL, "PROTOCOL", "EPROTO"},
    {TCPC_NO_MEMORY, "NO_MEMORY", "ENOMEM"},
    {TCPC_CANCELLED, "CANCELLED", "ECANCELED"},
};
enum { CODE_COUNT = sizeof(codes) / sizeof(codes[0]) };

static void every_code_has_words(void **state)
{
    (void)state;
    assert_int_equal(CODE_COUNT, TCPC_SESSION + TCPC_CANCELLED - TCPC_UNREACHABLE + 1);
    for (unsigned i = 0; i < CODE_COUNT; i++) {
        struct tcpc_error error;
        memset(&error, 'x', sizeof(error));
        assert_string_equal(tcpc_code_name(codes[i].code), codes[i].name);
        assert_int_equal(tcpci_error_set_code(&error, codes[i].code, "ipc:///x"), codes[i].code);
        assert_int_equal(error.code, codes[i].code);
        assert_string_equal(error.errno_name, codes[i].errno_name);
        assert_true(strlen(error.message) > 0 && strlen(error.message) < sizeof(error.message));
        assert_null(strchr(error.message, '%'));
        assert_true(strlen(error.hint) < sizeof(error.hint));
    }
    assert_string_equal(tcpc_code_name(TCPC_OK), "OK");
    assert_string_equal(tcpc_code_name((enum tcpc_code)21), "?");
    assert_string_equal(tcpc_code_name((enum tcpc_code)105), "?");
}

static void the_daemon_is_named_where_it_matters(void **state)
{
    static const enum tcpc_code naming[] = {TCPC_DEADLINE, TCPC_UNREACHABLE, TCPC_PROTOCOL};
    struct tcpc_error error;
    (void)state;
    for (unsigned i = 0; i < sizeof(naming) / sizeof(naming[0]); i++) {
        tcpci_error_set_code(&error, naming[i], "ipc:///run/x.sock");
        assert_non_null(strstr(error.message, "ipc:///run/x.sock"));
        tcpci_error_set_code(&error, naming[i], NULL);
        assert_null(strstr(error.message, "(null)"));
    }
    tcpci_error_set_code(&error, TCPC_NO_MEMORY, "ipc:///run/x.sock");
    assert_null(strstr(error.message, "x.sock"));
}

static void long_texts_are_cut(void **state)
{
    char url[1000];
    struct tcpc_error error;
    (void)state;
    memset(url, 'u', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    tcpci_error_set_code(&error, TCPC_UNREACHABLE, url);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
    tcpci_error_set(&error, TCPC_AGAIN, TCPC_HINT_NONE, "%s", url);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
    tcpci_text_copy(error.hint, sizeof(error.hint), url);
    assert_int_equal(strlen(error.hint), sizeof(error.hint) - 1);
}

static void set_takes_format_and_hint(void **state)
{
    struct tcpc_error error;
    (void)state;
    assert_int_equal(
        tcpci_error_set(&error, TCPC_AGAIN, TCPC_HINT_NEW_CLIENT, "%d of %s", 3, "four"),
        TCPC_AGAIN);
    assert_string_equal(error.message, "3 of four");
    assert_string_equal(error.hint, "make a new client");
    assert_int_equal(error.hint_code, TCPC_HINT_NEW_CLIENT);
    assert_string_equal(error.errno_name, "EAGAIN");
    tcpci_error_set(&error, TCPC_AGAIN, TCPC_HINT_NONE, "x");
    assert_string_equal(error.hint, "");
    tcpci_error_set(&error, (enum tcpc_code)77, TCPC_HINT_NONE, "x");
    assert_string_equal(error.errno_name, "EIO");
    assert_int_equal(tcpci_error_set_code(&error, (enum tcpc_code)77, ""), 77);
    assert_string_equal(error.message, "error 77");
}

static void errno_can_be_replaced(void **state)
{
    struct tcpc_error error;
    (void)state;
    tcpci_error_set_code(&error, TCPC_UNREACHABLE, "");
    tcpci_error_set_errno(&error, ENOENT);
    assert_string_equal(error.errno_name, "ENOENT");
    tcpci_error_set_errno(&error, 0);
    assert_string_equal(error.errno_name, "");
    tcpci_error_set_errno(&error, 99999);
    assert_string_equal(error.errno_name, "");
}

static void nobody_has_to_want_an_error(void **state)
{
    const struct tcpc_error error = {.code = TCPC_RESET, .message = "m"};
    struct tcpc_error copy;
    (void)state;
    assert_int_equal(tcpci_error_set(NULL, TCPC_AGAIN, TCPC_HINT_NONE, "x"), TCPC_AGAIN);
    assert_int_equal(tcpci_error_set_code(NULL, TCPC_RESET, ""), TCPC_RESET);
    assert_int_equal(tcpci_error_copy(NULL, &error), TCPC_RESET);
    tcpci_error_set_errno(NULL, ENOENT);
    tcpci_error_clear(NULL);
    assert_int_equal(tcpci_error_copy(&copy, &error), TCPC_RESET);
    assert_string_equal(copy.message, "m");
    tcpci_error_clear(&copy);
    assert_int_equal(copy.code, TCPC_OK);
    assert_string_equal(copy.message, "");
    assert_string_equal(copy.errno_name, "");
}

static void text_copy_always_ends(void **state)
{
    char text[4] = "xxx";
    (void)state;
    tcpci_text_copy(text, sizeof(text), "abc");
    assert_string_equal(text, "abc");
    tcpci_text_copy(text, sizeof(text), "abcd");
    assert_string_equal(text, "abc");
    tcpci_text_copy(text, 1, "abcd");
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_words),
        cmocka_unit_test(the_daemon_is_named_where_it_matters),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(set_takes_format_and_hint),
        cmocka_unit_test(errno_can_be_replaced),
        cmocka_unit_test(nobody_has_to_want_an_error),
        cmocka_unit_test(text_copy_always_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

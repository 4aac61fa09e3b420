#include <stdio.h>
#include <unistd.h>

#include "captured_output.h"
#include "json.h"
#include "owner.h"
#include "support/test.h"

static void users_are_as_ss_has_them(void **state)
{
    char text[OWNER_TEXT_MAX];
    struct tcpc_owner owner = {
        .uid = 1000, .pid = 4711, .program = "billing-worker", .session = ""};
    (void)state;
    assert_string_equal(owner_users(&owner, text), "users:((\"billing-worker\",pid=4711))");
    assert_string_equal(owner_name(&owner, text), "billing-worker (pid 4711)");
    owner.is_gone = true;
    assert_string_equal(owner_users(&owner, text), "users:((\"billing-worker\",pid=4711,gone))");
    assert_string_equal(owner_name(&owner, text), "billing-worker (pid 4711, gone)");
}

static void what_is_not_known_is_not_shown(void **state)
{
    char text[OWNER_TEXT_MAX];
    struct tcpc_owner owner = {.uid = 1000};
    (void)state;
    assert_string_equal(owner_users(&owner, text), "");
    assert_string_equal(owner_name(&owner, text), "");
    owner.pid = 4711; /* it had ended before the daemon looked */
    assert_string_equal(owner_name(&owner, text), "? (pid 4711)");
}

/* Whatever the daemon sends: the longest name, the largest number. */
static void nothing_is_too_long(void **state)
{
    char text[OWNER_TEXT_MAX];
    const struct tcpc_owner owner = {
        .pid = UINT32_MAX, .program = "0123456789abcdefghijklmnopqrstuvwxyz", .is_gone = true};
    (void)state;
    assert_string_equal(owner_users(&owner, text),
                        "users:((\"0123456789abcde\",pid=4294967295,gone))");
}

static struct captured_output captured;

static void json_has_null_for_what_is_not_known(void **state)
{
    const struct tcpc_owner known = {.uid = 1, .pid = 2, .program = "nc", .session = "s"};
    const struct tcpc_owner unknown = {.uid = 1, .program = "", .session = ""};
    (void)state;
    capture_begin(&captured, STDOUT_FILENO);
    json_print_line(owner_json(&known));
    json_print_line(owner_json(&unknown));
    fflush(stdout);
    assert_string_equal(
        capture_end(&captured),
        "{\"uid\":1,\"pid\":2,\"program\":\"nc\",\"session\":\"s\",\"gone\":false}\n"
        "{\"uid\":1,\"pid\":null,\"program\":null,\"session\":null,\"gone\":false}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_are_as_ss_has_them),
        cmocka_unit_test(what_is_not_known_is_not_shown),
        cmocka_unit_test(nothing_is_too_long),
        cmocka_unit_test(json_has_null_for_what_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

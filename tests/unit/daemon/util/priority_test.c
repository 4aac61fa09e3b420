#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"
#include "util/log.h"
#include "util/priority.h"

#define NOBODY 65534

/* In a process of its own, which the test's own priority does not follow: what check returns. */
static bool in_child(bool (*check)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(check() ? 0 : 1);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int nice_now(void)
{
    return getpriority(PRIO_PROCESS, 0);
}

static void forbid(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_NICE, &none);
    if (geteuid() == 0 && setuid(NOBODY) != 0)
        _exit(2);
}

static bool is_set(void)
{
    return priority_set(7) && nice_now() == -7 && priority_set(10) && nice_now() == -10;
}

static void test_priority_is_minus_nice(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_true(in_child(is_set));
}

static bool stays_ahead(void)
{
    return setpriority(PRIO_PROCESS, 0, -15) == 0 && priority_set(10) && nice_now() == -15;
}

static void test_one_who_was_started_farther_ahead_stays_there(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_true(in_child(stays_ahead));
}

static bool is_refused(void)
{
    forbid();
    int before = nice_now();
    return !priority_set(10) && nice_now() == before;
}

static bool is_refused_and_says_so(void)
{
    char said[256] = "";
    int fds[2];
    if (pipe(fds) != 0)
        return false;
    log_init(fds[1], LOG_LEVEL_INFO);
    return is_refused() && read(fds[0], said, sizeof(said) - 1) > 0 &&
           strstr(said, "cannot run at nice -10") != NULL && strstr(said, "CAP_SYS_NICE") != NULL;
}

static void test_without_permission_nothing_changes(void **state)
{
    (void)state;
    assert_true(in_child(is_refused));
    assert_true(in_child(is_refused_and_says_so));
}

static bool is_none(void)
{
    forbid();
    return nice_now() > 0 || (priority_set(0) && nice_now() == 0);
}

static void test_no_priority_takes_no_permission(void **state)
{
    (void)state;
    assert_true(in_child(is_none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_priority_is_minus_nice),
        cmocka_unit_test(test_one_who_was_started_farther_ahead_stays_there),
        cmocka_unit_test(test_without_permission_nothing_changes),
        cmocka_unit_test(test_no_priority_takes_no_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"
#include "util/process.h"

#define BEHIND ") S 1 2 3 0 -1 4194560 10 11 12 13 14 15 16 17 20 0 1 0 "

static void test_name_and_start_of_a_text(void **state)
{
    struct process process = {.pid = 7};
    (void)state;
    assert_true(process_parse("7 (vi" BEHIND "4242 21020672 1 2\n", &process));
    assert_string_equal(process.name, "vi");
    assert_int_equal(process.started, 4242);
    assert_int_equal(process.pid, 7);
}

/* A program chooses its name: what it contains is neither field nor command of a terminal. */
static void test_a_hostile_name_is_just_a_name(void **state)
{
    struct process process;
    (void)state;
    assert_true(process_parse("7 (a) R 1 ) (\x1b[2J" BEHIND "4242 1\n", &process));
    assert_string_equal(process.name, "a) R 1 ) (?[2J");
    assert_int_equal(process.started, 4242);
    assert_true(process_parse("7 (\xff\n\xe2\x80\xae" BEHIND "1 1\n", &process));
    assert_string_equal(process.name, "?????");
    assert_true(process_parse("7 (0123456789abcdefgh" BEHIND "1 1\n", &process));
    assert_string_equal(process.name, "0123456789abcde");
}

static void test_other_texts_are_none(void **state)
{
    struct process process = {.started = 5};
    static const char *const texts[] = {"", "7", "7 (", "7 )", ")(", "7 (vi) S 1 2 3"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(process_parse(texts[i], &process));
    assert_int_equal(process.started, 5);
}

static void test_a_process_is_found_until_it_is_reaped(void **state)
{
    int ends[2];
    siginfo_t info;
    char byte;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NAME, "vi\x1b[1m");
        close(ends[0]);
        _exit(write(ends[1], "x", 1) == 1 && pause() ? 1 : 0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    struct process process = process_find(pid);
    assert_string_equal(process.name, "vi?[1m");
    assert_true(process.started > 0);
    assert_false(process_is_gone(&process));
    struct process recycled = process;
    recycled.started--;
    assert_true(process_is_gone(&recycled));
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(process_is_gone(&process)); /* a zombie */
    waitpid(pid, NULL, 0);
    assert_true(process_is_gone(&process));
    process = process_find(pid); /* too late */
    assert_string_equal(process.name, "");
    assert_true(process_is_gone(&process));
    close(ends[0]);
    close(ends[1]);
}

/* As of a client in a container: SO_PEERCRED has no pid of ours for it. */
static void test_without_a_pid_nothing_is_known(void **state)
{
    struct process process = process_find(0);
    (void)state;
    assert_int_equal(process.pid, 0);
    assert_string_equal(process.name, "");
    assert_false(process_is_gone(&process));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_and_start_of_a_text),
        cmocka_unit_test(test_a_hostile_name_is_just_a_name),
        cmocka_unit_test(test_other_texts_are_none),
        cmocka_unit_test(test_a_process_is_found_until_it_is_reaped),
        cmocka_unit_test(test_without_a_pid_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

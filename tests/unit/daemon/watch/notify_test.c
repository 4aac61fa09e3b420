#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support.h"
#include "util/log.h"
#include "watch/notify.h"

/* A service manager: a datagram socket that $NOTIFY_SOCKET names. */
struct env {
    struct t_loop loop;
    struct t_dir dir;
    int manager;
    struct notify *notify;
    const char *trouble; /* what check() says */
    unsigned checks;
    const char *text;
    char heard[256];
};

static const char *check(void *ctx)
{
    struct env *env = ctx;
    env->checks++;
    return env->trouble;
}

static void status(void *ctx, char *ret_text)
{
    snprintf(ret_text, NOTIFY_STATUS_MAX, "%s", ((struct env *)ctx)->text);
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    t_loop_init(&env->loop);
    t_dir_init(&env->dir);
    env->text = "3 connections";
    env->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", env->dir.socket);
    assert_int_equal(bind(env->manager, (const struct sockaddr *)&address, sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", env->dir.socket, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    notify_free(env->notify);
    t_loop_done(&env->loop);
    close(env->manager);
    t_dir_done(&env->dir);
    free(env);
    return 0;
}

static void start(struct env *env, bool is_watchdog)
{
    const struct notify_options options = {
        .is_watchdog = is_watchdog, .check = check, .status = status, .ctx = env};
    env->notify = notify_new(&env->loop.uv, &options);
    assert_non_null(env->notify);
}

static bool hears(void *ctx)
{
    struct env *env = ctx;
    ssize_t len = recv(env->manager, env->heard, sizeof(env->heard) - 1, 0);
    env->heard[len > 0 ? len : 0] = '\0';
    return len > 0;
}

static void assert_hears(struct env *env, const char *text)
{
    assert_true(hears(env));
    assert_string_equal(env->heard, text);
}

static void test_ready_once_and_with_the_status(void **state)
{
    struct env *env = *state;
    start(env, false);
    t_turn(&env->loop);
    assert_false(hears(env)); /* nothing before the daemon says so */
    notify_ready(env->notify);
    assert_hears(env, "READY=1");
    assert_hears(env, "STATUS=3 connections");
    notify_ready(env->notify);
    assert_false(hears(env));
}

static void test_status_only_when_it_changes(void **state)
{
    struct env *env = *state;
    start(env, false);
    notify_status(env->notify);
    assert_hears(env, "STATUS=3 connections");
    notify_status(env->notify);
    assert_false(hears(env));
    env->text = "4 connections";
    notify_status(env->notify);
    assert_hears(env, "STATUS=4 connections");
    env->text = "3 connections"; /* compared with the last one, not the first */
    notify_status(env->notify);
    assert_hears(env, "STATUS=3 connections");
}

static void test_longest_status_is_sent_whole(void **state)
{
    struct env *env = *state;
    char text[NOTIFY_STATUS_MAX], wanted[NOTIFY_STATUS_MAX + 8];
    memset(text, 's', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    env->text = text;
    start(env, false);
    notify_status(env->notify);
    snprintf(wanted, sizeof(wanted), "STATUS=%s", text);
    assert_hears(env, wanted);
}

static void test_stopping(void **state)
{
    struct env *env = *state;
    start(env, false);
    notify_stopping(env->notify);
    assert_true(hears(env));
    assert_memory_equal(env->heard, "STOPPING=1\n", strlen("STOPPING=1\n"));
}

static void watchdog_ask(const char *interval_us)
{
    char pid[24];
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("WATCHDOG_USEC", interval_us, 1);
    setenv("WATCHDOG_PID", pid, 1);
}

static void test_watchdog_is_answered_after_a_check(void **state)
{
    struct env *env = *state;
    watchdog_ask("20000");
    start(env, true);
    for (unsigned i = 1; i <= 3; i++) {
        t_turn_until(&env->loop, hears, env);
        assert_string_equal(env->heard, "WATCHDOG=1");
        assert_true(env->checks >= i);
    }
}

static bool was_checked_thrice(void *ctx)
{
    return ((struct env *)ctx)->checks >= 3;
}

static void test_watchdog_hears_nothing_while_the_check_fails(void **state)
{
    struct env *env = *state;
    env->trouble = "the engine's timers are late";
    watchdog_ask("2000");
    start(env, true);
    log_set_level((enum log_level)0);
    t_turn_until(&env->loop, was_checked_thrice, env);
    assert_false(hears(env));
    env->trouble = NULL;
    t_turn_until(&env->loop, hears, env);
    assert_string_equal(env->heard, "WATCHDOG=1");
}

/* An interval too short for the loop's clock is one tick, not a timer that never repeats. */
static void test_shortest_watchdog_interval(void **state)
{
    struct env *env = *state;
    watchdog_ask("1");
    start(env, true);
    t_turn_until(&env->loop, was_checked_thrice, env);
}

static void test_watchdog_can_be_switched_off(void **state)
{
    struct env *env = *state;
    watchdog_ask("2000");
    start(env, false);
    t_turn_for(&env->loop, 20);
    assert_int_equal(env->checks, 0);
    assert_false(hears(env));
}

static void test_no_manager_no_work(void **state)
{
    struct env *env = *state;
    unsetenv("NOTIFY_SOCKET");
    watchdog_ask("2000");
    start(env, true);
    notify_ready(env->notify);
    notify_stopping(env->notify);
    t_turn_for(&env->loop, 20);
    assert_int_equal(env->checks, 0);
    assert_false(hears(env));
    assert_int_equal(uv_loop_alive(&env->loop.uv), 0); /* no timer runs */
}

/* A service manager that does not read: its queue is full, and we go on. */
static void test_deaf_manager_stops_nobody(void **state)
{
    struct env *env = *state;
    char text[32];
    unsigned heard = 0;
    start(env, false);
    env->text = text;
    for (unsigned i = 0; i < 2000; i++) { /* the test itself would hang if one of them waited */
        snprintf(text, sizeof(text), "%u connections", i);
        notify_status(env->notify);
    }
    while (hears(env))
        heard++;
    assert_in_range(heard, 1, 1999);
    notify_status(env->notify); /* not again: it is the same */
    snprintf(text, sizeof(text), "none");
    notify_status(env->notify);
    assert_true(hears(env));
    assert_string_equal(env->heard, "STATUS=none");
}

static void test_free_of_null(void **state)
{
    (void)state;
    notify_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ready_once_and_with_the_status),
        TEST(test_status_only_when_it_changes),
        TEST(test_longest_status_is_sent_whole),
        TEST(test_stopping),
        TEST(test_watchdog_is_answered_after_a_check),
        TEST(test_watchdog_hears_nothing_while_the_check_fails),
        TEST(test_shortest_watchdog_interval),
        TEST(test_watchdog_can_be_switched_off),
        TEST(test_no_manager_no_work),
        TEST(test_deaf_manager_stops_nobody),
        cmocka_unit_test(test_free_of_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

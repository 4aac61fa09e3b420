#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"
#include "util/marks.h"

#define UPTIME_US INT64_C(123456789) /* 123,456 ms */

struct env {
    struct t_dir dir, state;
    char mark[160], state_mark[256];
    struct marks marks;
};

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    t_dir_init(&env->dir);
    t_dir_init(&env->state);
    snprintf(env->mark, sizeof(env->mark), "%s.ids", env->dir.socket);
    snprintf(env->state_mark, sizeof(env->state_mark), "%s/%s.ids", env->state.path,
             env->dir.socket + 1);
    for (char *at = env->state_mark + strlen(env->state.path) + 1; *at != '\0'; at++)
        if (*at == '/')
            *at = '-';
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    t_dir_done(&env->dir);
    t_dir_done(&env->state);
    free(env);
    return 0;
}

static void open_at(struct env *env, int64_t uptime_us)
{
    marks_open(&env->marks, env->dir.socket, env->state.path, uptime_us);
}

/* As after SIGKILL: nothing is written. */
static void crash(struct env *env)
{
    for (unsigned i = 0; i < env->marks.file_count; i++)
        close(env->marks.files[i].fd);
}

static void assert_starts(const struct env *env, uint64_t id, uint64_t event)
{
    assert_true(env->marks.start.id == id);
    assert_true(env->marks.start.event == event);
}

static void the_first_run_starts_at_the_uptime(void **state)
{
    struct env *env = *state;
    open_at(env, UPTIME_US);
    assert_starts(env, 123456, UPTIME_US);
    crash(env);
}

static void numbers_are_never_zero(void **state)
{
    struct env *env = *state;
    open_at(env, 0);
    assert_starts(env, 1, 1);
    crash(env);
}

static void a_graceful_end_leaves_no_gap(void **state)
{
    struct env *env = *state;
    open_at(env, UPTIME_US);
    marks_close(&env->marks, (struct marks_numbers){123460, UPTIME_US + 9});
    open_at(env, 2 * UPTIME_US);
    assert_starts(env, 123460, UPTIME_US + 9);
    crash(env);
}

static void a_crash_leaves_out_what_was_reserved(void **state)
{
    struct env *env = *state;
    open_at(env, UPTIME_US);
    crash(env);
    open_at(env, 0); /* the clock counts only without a mark */
    assert_starts(env, 123456 + MARKS_STEP_IDS, UPTIME_US + MARKS_STEP_EVENTS);
    crash(env);
}

/* Whenever it crashes, and however much it had used. */
static void what_was_covered_is_behind_the_next_start(void **state)
{
    struct env *env = *state;
    open_at(env, UPTIME_US);
    for (unsigned used = 0; used < 100000; used += 997) {
        struct marks_numbers next = env->marks.start;
        for (unsigned i = 0; i < used; i += 31) {
            next.id += 31;
            next.event += 311;
            marks_cover(&env->marks, next);
        }
        crash(env);
        open_at(env, UPTIME_US);
        assert_true(env->marks.start.id >= next.id);
        assert_true(env->marks.start.event >= next.event);
        assert_true(env->marks.start.id <= next.id + used + MARKS_STEP_IDS + 31);
    }
    crash(env);
}

static void a_busy_run_seldom_writes(void **state)
{
    struct env *env = *state;
    unsigned writes = 0;
    open_at(env, UPTIME_US);
    struct marks_numbers next = env->marks.start, reserved = env->marks.reserved;
    for (unsigned i = 0; i < 1000000; i++) {
        next.id++;
        marks_cover(&env->marks, next);
        assert_true(env->marks.reserved.id >= next.id);
        writes += env->marks.reserved.id != reserved.id;
        reserved = env->marks.reserved;
    }
    assert_in_range(writes, 10, 20); /* doubled each time from 64 */
    crash(env);
}

static void either_mark_is_enough_and_the_greater_counts(void **state)
{
    struct env *env = *state;
    open_at(env, UPTIME_US);
    marks_close(&env->marks, (struct marks_numbers){1000, 2000});
    assert_int_equal(unlink(env->mark), 0);
    open_at(env, UPTIME_US);
    assert_starts(env, 1000, 2000);
    marks_close(&env->marks, env->marks.start);
    assert_int_equal(unlink(env->state_mark), 0);
    open_at(env, UPTIME_US);
    assert_starts(env, 1000, 2000);
    crash(env);
    t_file_write(env->mark, "tcpengine ids 0000000000000500 events 0000000000009000\n");
    t_file_write(env->state_mark, "tcpengine ids 0000000000000700 events 0000000000008000\n");
    open_at(env, UPTIME_US);
    assert_starts(env, 700, 9000);
    crash(env);
}

static void nonsense_is_no_mark(void **state)
{
    static const char *const texts[] = {
        "",
        "7\n",
        "tcpengine ids 0000000000000500 events 00000000000",
        "tcpengine ids 0000000000000500 events 000000000000900x\n",
        "tcpengine ids -000000000000500 events 0000000000009000\n",
        "tcpengine ids 9999999999999999 events 0000000000009000\n",
        "tcpengine ids 0000000000000500 events 9999999999999999\n",
    };
    struct env *env = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        t_file_write(env->mark, texts[i]);
        marks_open(&env->marks, env->dir.socket, NULL, UPTIME_US);
        assert_starts(env, 123456, UPTIME_US);
        crash(env);
        marks_open(&env->marks, env->dir.socket, "", 0); /* it was repaired */
        assert_starts(env, 123456 + MARKS_STEP_IDS, UPTIME_US + MARKS_STEP_EVENTS);
        crash(env);
    }
}

static void a_file_of_others_is_no_mark(void **state)
{
    struct env *env = *state;
    char other[200];
    snprintf(other, sizeof(other), "%s/other", env->dir.path);
    t_file_write(other, "tcpengine ids 0000000000000500 events 0000000000009000\n");
    assert_int_equal(symlink(other, env->mark), 0);
    marks_open(&env->marks, env->dir.socket, NULL, UPTIME_US);
    assert_int_equal(env->marks.file_count, 0);
    assert_int_equal(unlink(env->mark), 0);
    assert_int_equal(link(other, env->mark), 0); /* a hard link is somebody's other file */
    marks_open(&env->marks, env->dir.socket, NULL, UPTIME_US);
    assert_int_equal(env->marks.file_count, 0);
    assert_int_equal(unlink(env->mark), 0);
    assert_int_equal(mkfifo(env->mark, 0600), 0);
    marks_open(&env->marks, env->dir.socket, NULL, UPTIME_US);
    assert_int_equal(env->marks.file_count, 0);
    if (geteuid() != 0)
        skip();
    assert_int_equal(unlink(env->mark), 0);
    t_file_write(env->mark, "tcpengine ids 0000000000000500 events 0000000000009000\n");
    assert_int_equal(chown(env->mark, 12345, 12345), 0);
    marks_open(&env->marks, env->dir.socket, NULL, UPTIME_US);
    assert_int_equal(env->marks.file_count, 0);
}

static void without_any_mark_the_clock_is_finer(void **state)
{
    struct env *env = *state;
    char nowhere[200];
    snprintf(nowhere, sizeof(nowhere), "%s/none/control.sock", env->dir.path);
    marks_open(&env->marks, nowhere, NULL, UPTIME_US);
    assert_int_equal(env->marks.file_count, 0);
    assert_starts(env, UPTIME_US, UPTIME_US);
    marks_cover(&env->marks, (struct marks_numbers){2 * UPTIME_US, 2 * UPTIME_US});
    marks_close(&env->marks, (struct marks_numbers){2 * UPTIME_US, 2 * UPTIME_US});
}

static void a_successors_mark_is_left_alone(void **state)
{
    struct env *env = *state;
    struct env successor = *env;
    open_at(env, UPTIME_US);
    open_at(&successor, UPTIME_US);
    assert_true(successor.marks.start.id >= env->marks.reserved.id);
    marks_close(&env->marks, (struct marks_numbers){123460, UPTIME_US + 9});
    crash(&successor);
    open_at(env, UPTIME_US);
    assert_true(env->marks.start.id == successor.marks.reserved.id);
    crash(env);
}

static void only_the_owner_may_read_it(void **state)
{
    struct env *env = *state;
    struct stat st;
    open_at(env, UPTIME_US);
    assert_int_equal(stat(env->mark, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    crash(env);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_run_starts_at_the_uptime),
        TEST(numbers_are_never_zero),
        TEST(a_graceful_end_leaves_no_gap),
        TEST(a_crash_leaves_out_what_was_reserved),
        TEST(what_was_covered_is_behind_the_next_start),
        TEST(a_busy_run_seldom_writes),
        TEST(either_mark_is_enough_and_the_greater_counts),
        TEST(nonsense_is_no_mark),
        TEST(a_file_of_others_is_no_mark),
        TEST(without_any_mark_the_clock_is_finer),
        TEST(a_successors_mark_is_left_alone),
        TEST(only_the_owner_may_read_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

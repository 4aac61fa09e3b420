/* Connections that wait to become links: socket pairs, of uids that the tests say. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sp/sp_arrivals.h"
#include "support/test.h"

#define MS INT64_C(1000000)
#define SHARES (SP_ARRIVALS_MAX + 4)
#define A 1001
#define B 1002

struct env {
    uv_loop_t loop;
    struct turns turns;
    struct sp_counters counters;
    struct sp_arrivals *arrivals;
    unsigned admitted[2]; /* of A and B */
};

static void admit(void *ctx, int fd, struct fair_share *share)
{
    struct env *env = ctx;
    env->admitted[share->user - A]++;
    close(fd);
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    uv_loop_init(&env->loop);
    assert_true(turns_init(&env->turns, &env->loop, SHARES));
    turns_start(&env->turns);
    env->arrivals = sp_arrivals_new(&env->turns, &env->counters, admit, env);
    assert_non_null(env->arrivals);
    *state = env;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    (void)handle;
}

static int teardown(void **state)
{
    struct env *env = *state;
    sp_arrivals_free(env->arrivals);
    turns_close(&env->turns, on_closed, NULL);
    uv_run(&env->loop, UV_RUN_DEFAULT);
    turns_done(&env->turns);
    assert_int_equal(uv_loop_close(&env->loop), 0);
    free(env);
    return 0;
}

/* One more connection of uid's. Returns its client's end. */
static int arrive(struct env *env, uid_t uid)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    sp_arrivals_add(env->arrivals, fds[1], uid);
    return fds[0];
}

static bool is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void run(struct env *env)
{
    while (!fair_is_empty(&env->turns.fair))
        uv_run(&env->loop, UV_RUN_NOWAIT);
}

static void test_an_arrival_is_admitted_in_its_turn(void **state)
{
    struct env *env = *state;
    int fd = arrive(env, A);
    assert_int_equal(env->admitted[0], 0);
    run(env);
    assert_int_equal(env->admitted[0], 1);
    close(fd);
}

static void test_who_is_gone_is_not_admitted(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < 3; i++)
        close(arrive(env, A));
    int fd = arrive(env, A);
    run(env);
    assert_int_equal(env->admitted[0], 1);
    assert_int_equal(env->counters.links_abandoned, 3);
    close(fd);
}

/* A's storm takes A's places, not B's. */
static void test_a_storm_is_its_own_uids(void **state)
{
    struct env *env = *state;
    int fds[SP_ARRIVALS_PER_UID_MAX + 10], b;
    for (unsigned i = 0; i < SP_ARRIVALS_PER_UID_MAX + 10; i++)
        fds[i] = arrive(env, A);
    assert_false(is_closed(fds[SP_ARRIVALS_PER_UID_MAX - 1]));
    assert_true(is_closed(fds[SP_ARRIVALS_PER_UID_MAX]));
    assert_int_equal(env->counters.links_refused_storm, 10);
    b = arrive(env, B);
    run(env);
    assert_int_equal(env->admitted[0], SP_ARRIVALS_PER_UID_MAX);
    assert_int_equal(env->admitted[1], 1);
    for (unsigned i = 0; i < SP_ARRIVALS_PER_UID_MAX + 10; i++)
        close(fds[i]);
    close(b);
}

/* Several uids together leave places for those that have none. */
static void test_the_last_places_are_kept(void **state)
{
    struct env *env = *state;
    int fds[SP_ARRIVALS_MAX];
    unsigned count = 0;
    for (uid_t uid = 2000; uid < 2010; uid++)
        for (unsigned i = 0; i < SP_ARRIVALS_PER_UID_MAX && count < SP_ARRIVALS_MAX; i++)
            fds[count++] = arrive(env, uid);
    assert_int_equal(env->counters.links_refused_storm,
                     SP_ARRIVALS_RESERVE - (SP_ARRIVALS_MAX / SP_ARRIVALS_PER_UID_MAX - 3));
    int b = arrive(env, B);
    assert_false(is_closed(b));
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
    close(b);
}

/* A is in debt beside somebody's transfer: A's links wait, B's do not. */
static void test_debt_delays_links(void **state)
{
    struct env *env = *state;
    struct fair_share *other = fair_share_get(&env->turns.fair, 3000);
    struct fair_share *a = fair_share_get(&env->turns.fair, A);
    int64_t now_ns = env->turns.now_ns();
    a->allowance_ns = -1000 * MS;
    a->allowance_at_ns = now_ns;
    int fd_a = arrive(env, A), fd_b = arrive(env, B);
    while (env->admitted[1] == 0) {
        fair_carry(other, FAIR_BULK_BYTES);
        fair_charge(&env->turns.fair, other, 0, env->turns.now_ns());
        uv_run(&env->loop, UV_RUN_NOWAIT);
    }
    if (env->turns.now_ns() - now_ns < 1000 * MS) /* or the debt may be paid */
        assert_int_equal(env->admitted[0], 0);
    run(env);
    assert_int_equal(env->admitted[0], 1);
    fair_share_put(other);
    fair_share_put(a);
    close(fd_a);
    close(fd_b);
}

static void test_free_closes_them(void **state)
{
    struct env *env = *state;
    int fd = arrive(env, A);
    sp_arrivals_free(env->arrivals);
    env->arrivals = NULL;
    assert_true(is_closed(fd));
    assert_true(fair_is_empty(&env->turns.fair));
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_arrival_is_admitted_in_its_turn),
        TEST(test_who_is_gone_is_not_admitted),
        TEST(test_a_storm_is_its_own_uids),
        TEST(test_the_last_places_are_kept),
        TEST(test_debt_delays_links),
        TEST(test_free_closes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "watch/listener_rows.h"

#define LISTENERS_MAX 64

/* The listeners that there are, and what all that ever were have dropped. */
struct env {
    struct te_listener_tally listeners[LISTENERS_MAX];
    unsigned count;
    uint64_t next_id;
    struct listener_counts total;
    struct listener_rows rows;
    struct listener_counts last_other;
};

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    env->next_id = 100;
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static struct te_listener_tally *open_one(struct env *env, uint16_t port)
{
    struct te_listener_tally *listener = &env->listeners[env->count++];
    *listener = (struct te_listener_tally){
        .id = env->next_id++, .local.port = port, .backlog = 10, .syn_max = 100};
    return listener;
}

static void close_one(struct env *env, unsigned index)
{
    env->listeners[index] = env->listeners[--env->count];
}

static void drop(struct env *env, struct te_listener_tally *listener, unsigned count)
{
    listener->accept_drops += count;
    listener->syn_drops += 2 * count;
    listener->cookies_sent += 3 * count;
    env->total.accept_drops += count;
    env->total.syn_drops += 2 * count;
    env->total.cookies_sent += 3 * count;
}

/* No counter goes back, and nothing is counted twice, whatever happened. */
static void check_sums(struct env *env)
{
    struct listener_rows *rows = &env->rows;
    uint64_t accept = rows->other.counts.accept_drops, syn = rows->other.counts.syn_drops;
    uint64_t backlog = rows->other.backlog;
    assert_true(accept >= env->last_other.accept_drops && syn >= env->last_other.syn_drops);
    assert_true(rows->other.counts.cookies_sent >= env->last_other.cookies_sent);
    env->last_other = rows->other.counts;
    for (unsigned i = 0; i < rows->count; i++) {
        backlog += rows->rows[i].backlog;
        accept += rows->rows[i].counts.accept_drops;
        syn += rows->rows[i].counts.syn_drops;
    }
    assert_int_equal(backlog, 10 * env->count);
    assert_true(accept <= env->total.accept_drops && syn <= env->total.syn_drops);
}

static void look(struct env *env)
{
    struct listener_look look;
    listener_rows_begin(&env->rows, &look);
    for (unsigned i = 0; i < env->count; i++)
        listener_rows_see(&env->rows, &look, &env->listeners[i]);
    listener_rows_end(&env->rows, &look, &env->total);
    check_sums(env);
}

static const struct listener_row *row_named(const struct env *env, const char *name)
{
    for (unsigned i = 0; i < env->rows.count; i++)
        if (strcmp(env->rows.rows[i].name, name) == 0)
            return &env->rows.rows[i];
    return NULL;
}

/* --- names ------------------------------------------------------------------------------------ */

static void test_names(void **state)
{
    struct env *env = *state;
    open_one(env, 80);
    open_one(env, 81)->family = TE_LISTEN_V4;
    open_one(env, 81)->family = TE_LISTEN_V6;
    assert_true(te_addr_parse("10.0.0.2", &open_one(env, 82)->local.addr));
    assert_true(te_addr_parse("10.0.0.9", &open_one(env, 80)->remote.addr));
    look(env);
    assert_int_equal(env->rows.count, 5);
    assert_non_null(row_named(env, "*:80"));
    assert_non_null(row_named(env, "0.0.0.0:81"));
    assert_non_null(row_named(env, "[::]:81"));
    assert_non_null(row_named(env, "10.0.0.2:82"));
    assert_non_null(row_named(env, "*:80 from 10.0.0.9:*"));
}

/* Two series of one name would make the page invalid. */
static void test_no_name_twice(void **state)
{
    struct env *env = *state;
    open_one(env, 80);
    drop(env, open_one(env, 80), 5);
    look(env);
    assert_int_equal(env->rows.count, 1);
    assert_int_equal(env->rows.rows[0].counts.accept_drops, 5);
    assert_int_equal(env->rows.other.backlog, 10);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void test_a_few(void **state)
{
    struct env *env = *state;
    struct te_listener_tally *listener = open_one(env, 80);
    listener->accept_count = 4;
    listener->syn_count = 5;
    drop(env, listener, 7);
    look(env);
    const struct listener_row *row = row_named(env, "*:80");
    assert_int_equal(row->accept_count, 4);
    assert_int_equal(row->syn_count, 5);
    assert_int_equal(row->syn_max, 100);
    assert_int_equal(row->counts.accept_drops, 7);
    assert_int_equal(row->counts.syn_drops, 14);
    assert_int_equal(row->counts.cookies_sent, 21);
    assert_int_equal(env->rows.other.counts.accept_drops, 0);
    assert_string_equal(env->rows.other.name, "(other)");
}

static void test_drops_of_the_closed_stay(void **state)
{
    struct env *env = *state;
    drop(env, open_one(env, 80), 7);
    look(env);
    drop(env, &env->listeners[0], 1); /* nobody looked before it was closed */
    close_one(env, 0);
    look(env);
    assert_int_equal(env->rows.count, 0);
    assert_int_equal(env->rows.other.counts.accept_drops, 1);
    drop(env, open_one(env, 80), 2); /* its program is back */
    look(env);
    assert_int_equal(row_named(env, "*:80")->counts.accept_drops, 2);
    assert_int_equal(env->rows.other.counts.accept_drops, 1);
}

static void test_many(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < 40; i++)
        open_one(env, (uint16_t)(1000 + i))->accept_count = 1;
    look(env);
    assert_int_equal(env->rows.count, LISTENER_ROWS_MAX);
    assert_non_null(row_named(env, "*:1000")); /* the oldest */
    assert_non_null(row_named(env, "*:1015"));
    assert_null(row_named(env, "*:1016"));
    assert_int_equal(env->rows.other.accept_count, 24);
    assert_int_equal(env->rows.other.syn_max, 2400);
}

static void test_who_drops_gets_a_row(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < 40; i++)
        open_one(env, (uint16_t)(1000 + i));
    look(env);
    drop(env, &env->listeners[30], 1);
    look(env);
    assert_int_equal(env->rows.count, LISTENER_ROWS_MAX);
    assert_non_null(row_named(env, "*:1030"));
    /* That one drop was counted among the others before it had a row. */
    assert_int_equal(row_named(env, "*:1030")->counts.accept_drops, 0);
    assert_int_equal(env->rows.other.counts.accept_drops, 1);
    drop(env, &env->listeners[30], 4);
    look(env);
    assert_int_equal(row_named(env, "*:1030")->counts.accept_drops, 4);
    assert_int_equal(env->rows.other.counts.accept_drops, 1);
}

static void test_rows_do_not_flap(void **state)
{
    struct env *env = *state;
    char names[LISTENER_ROWS_MAX][LISTENER_ROW_NAME_MAX];
    unsigned changes = 0;
    for (unsigned i = 0; i < 40; i++)
        drop(env, open_one(env, (uint16_t)(1000 + i)), 10);
    look(env);
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < LISTENER_ROWS_MAX; i++)
            memcpy(names[i], env->rows.rows[i].name, LISTENER_ROW_NAME_MAX);
        for (unsigned i = 0; i < 40; i++)
            drop(env, &env->listeners[i], (i * 7 + round) % 3); /* now this one leads, now that */
        look(env);
        for (unsigned i = 0; i < LISTENER_ROWS_MAX; i++)
            changes += strcmp(names[i], env->rows.rows[i].name) != 0;
    }
    assert_int_equal(changes, 0);
    drop(env, &env->listeners[39], 10000);
    look(env);
    assert_non_null(row_named(env, "*:1039"));
}

static void test_any_coming_and_going(void **state)
{
    struct env *env = *state;
    unsigned random = 4711;
    for (unsigned step = 0; step < 20000; step++) {
        random = random * 1103515245 + 12345;
        unsigned what = random >> 16;
        if (env->count < LISTENERS_MAX && what % 7 == 0)
            open_one(env, (uint16_t)(1000 + what % 30));
        else if (env->count > 0 && what % 11 == 0)
            close_one(env, what % env->count);
        else if (env->count > 0)
            drop(env, &env->listeners[what % env->count], what % 5);
        if (what % 3 == 0)
            look(env);
    }
    assert_true(env->total.accept_drops > 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names),
        TEST(test_no_name_twice),
        TEST(test_a_few),
        TEST(test_drops_of_the_closed_stay),
        TEST(test_many),
        TEST(test_who_drops_gets_a_row),
        TEST(test_rows_do_not_flap),
        TEST(test_any_coming_and_going),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

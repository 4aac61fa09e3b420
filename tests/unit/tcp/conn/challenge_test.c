#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/challenge.h"

#define INTERVAL (500 * MS)

static struct lone l;
static struct te_conn *conn;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    l.stack->config.challenge_ack_interval_us = INTERVAL;
    l.stack->config.challenge_ack_per_second = 1000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

typedef void challenge_fn(struct te_stack *stack, struct te_conn *conn);

/* Whether the call made the connection owe an ACK. */
static bool answers(challenge_fn *call, struct te_conn *of)
{
    of->ack.owed = 0;
    call(l.stack, of);
    return of->ack.owed > 0;
}

static bool challenges(struct te_conn *of)
{
    return answers(te_challenge_ack, of);
}

static void test_first_one_is_free(void **state)
{
    (void)state;
    assert_true(challenges(conn));
    assert_true(conn->is_queued);
    assert_int_equal(l.stack->counters.challenge_acks, 1);
}

static void test_each_connection_has_its_interval(void **state)
{
    (void)state;
    struct te_conn *other = lone_more(&l, 8081);
    assert_true(challenges(conn));
    lone_advance(&l, INTERVAL - 1);
    assert_false(challenges(conn));
    assert_true(challenges(other));
    lone_advance(&l, 1);
    assert_true(challenges(conn));
    assert_int_equal(l.stack->counters.challenge_acks_limited, 1);
    assert_int_equal(l.stack->counters.challenge_acks, 3);
}

/* An ACK that is owed already is not owed twice, and no debt is forgotten. */
static void test_owed_acks_are_kept(void **state)
{
    (void)state;
    conn->ack.owed = 5;
    te_challenge_ack(l.stack, conn);
    assert_int_equal(conn->ack.owed, 5);
}

/* RFC 5961 7. */
static void test_the_stack_has_a_budget_per_second(void **state)
{
    (void)state;
    l.stack->config.challenge_ack_per_second = 100;
    unsigned sent = 0;
    for (uint16_t port = 1; port <= 150; port++)
        sent += challenges(lone_more(&l, port));
    assert_in_range(sent, 50, 100); /* half of it is random (limiter.h) */
    assert_int_equal(l.stack->counters.challenge_acks_limited, 150 - sent);
    lone_advance(&l, SECOND - 1);
    assert_false(challenges(lone_more(&l, 151)));
    lone_advance(&l, 1);
    assert_true(challenges(lone_more(&l, 152)));
}

/* A connection refused for lack of budget need not wait for its interval. */
static void test_a_refusal_starts_no_interval(void **state)
{
    (void)state;
    l.stack->config.challenge_ack_per_second = 1;
    assert_true(challenges(lone_more(&l, 1)));
    assert_false(challenges(conn));
    lone_advance(&l, SECOND);
    assert_true(challenges(conn));
}

static void test_probes_need_no_budget(void **state)
{
    (void)state;
    l.stack->config.challenge_ack_per_second = 0;
    assert_false(challenges(conn));
    assert_true(answers(te_challenge_answer_probe, conn));
    assert_int_equal(l.stack->counters.challenge_acks, 0);
}

static void test_probes_spend_no_budget(void **state)
{
    (void)state;
    l.stack->config.challenge_ack_per_second = 1;
    assert_true(answers(te_challenge_answer_probe, conn));
    assert_true(challenges(lone_more(&l, 1)));
}

static void test_probes_wait_half_a_second_at_most(void **state)
{
    (void)state;
    l.stack->config.challenge_ack_interval_us = 10 * SECOND;
    assert_true(answers(te_challenge_answer_probe, conn));
    lone_advance(&l, 500 * MS - 1);
    assert_false(answers(te_challenge_answer_probe, conn));
    lone_advance(&l, 1);
    assert_true(answers(te_challenge_answer_probe, conn));
    l.stack->config.challenge_ack_interval_us = 100 * MS;
    lone_advance(&l, 100 * MS);
    assert_true(answers(te_challenge_answer_probe, conn));
    lone_advance(&l, 100 * MS - 1);
    assert_false(answers(te_challenge_answer_probe, conn));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_one_is_free),
        TEST(test_each_connection_has_its_interval),
        TEST(test_owed_acks_are_kept),
        TEST(test_the_stack_has_a_budget_per_second),
        TEST(test_a_refusal_starts_no_interval),
        TEST(test_probes_need_no_budget),
        TEST(test_probes_spend_no_budget),
        TEST(test_probes_wait_half_a_second_at_most),
    };
    return cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}

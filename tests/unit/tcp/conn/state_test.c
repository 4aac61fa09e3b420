#include <string.h>

#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/state.h"
#include "tcp/conn/timers.h"

static struct lone l;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

/* --- edges ------------------------------------------------------------------------------------ */

struct edge {
    enum te_state from, to;
};

/* RFC 9293 figure 5, and what 3.10 adds: the ways to CLOSED, and LISTEN turned active (3.10.1). */
static const struct edge edges[] = {
    {TE_CLOSED, TE_LISTEN},          {TE_CLOSED, TE_SYN_SENT},        {TE_LISTEN, TE_SYN_RCVD},
    {TE_LISTEN, TE_SYN_SENT},        {TE_LISTEN, TE_CLOSED},          {TE_SYN_SENT, TE_SYN_RCVD},
    {TE_SYN_SENT, TE_ESTABLISHED},   {TE_SYN_SENT, TE_CLOSED},        {TE_SYN_RCVD, TE_LISTEN},
    {TE_SYN_RCVD, TE_ESTABLISHED},   {TE_SYN_RCVD, TE_FIN_WAIT_1},    {TE_SYN_RCVD, TE_CLOSED},
    {TE_ESTABLISHED, TE_FIN_WAIT_1}, {TE_ESTABLISHED, TE_CLOSE_WAIT}, {TE_ESTABLISHED, TE_CLOSED},
    {TE_FIN_WAIT_1, TE_FIN_WAIT_2},  {TE_FIN_WAIT_1, TE_CLOSING},     {TE_FIN_WAIT_1, TE_TIME_WAIT},
    {TE_FIN_WAIT_1, TE_CLOSED},      {TE_FIN_WAIT_2, TE_TIME_WAIT},   {TE_FIN_WAIT_2, TE_CLOSED},
    {TE_CLOSE_WAIT, TE_LAST_ACK},    {TE_CLOSE_WAIT, TE_CLOSED},      {TE_CLOSING, TE_TIME_WAIT},
    {TE_CLOSING, TE_CLOSED},         {TE_LAST_ACK, TE_CLOSED},        {TE_TIME_WAIT, TE_CLOSED},
};

#define EDGE_COUNT (sizeof(edges) / sizeof(edges[0]))

static bool is_listed(enum te_state from, enum te_state to)
{
    for (size_t i = 0; i < EDGE_COUNT; i++)
        if (edges[i].from == from && edges[i].to == to)
            return true;
    return false;
}

static void test_these_edges_and_no_others(void **state)
{
    (void)state;
    for (unsigned from = 0; from < TE_STATE_COUNT; from++)
        for (unsigned to = 0; to < TE_STATE_COUNT; to++)
            if (te_state_is_edge((enum te_state)from, (enum te_state)to) !=
                is_listed((enum te_state)from, (enum te_state)to))
                fail_msg("%s to %s", te_state_name((enum te_state)from),
                         te_state_name((enum te_state)to));
}

/* --- counters --------------------------------------------------------------------------------- */

static void record(const struct edge *edge)
{
    const struct te_state_subject subject = {
        .id = l.conn->id, .uid = l.conn->uid, .local = &l.conn->local, .remote = &l.conn->remote};
    const struct te_state_change change = {.from = edge->from, .to = edge->to};
    te_state_record(l.stack, &subject, &change);
}

/* RFC 4022: tcpActiveOpens, tcpPassiveOpens, tcpAttemptFails, tcpEstabResets. */
static void want_counters(const struct edge *edge, struct te_counters *counters)
{
    bool is_opening = edge->from == TE_SYN_SENT || edge->from == TE_SYN_RCVD;
    bool is_established = edge->from == TE_ESTABLISHED || edge->from == TE_CLOSE_WAIT;
    counters->state_transitions++;
    counters->active_opens += edge->to == TE_SYN_SENT;
    counters->passive_opens += edge->from == TE_LISTEN && edge->to == TE_SYN_RCVD;
    counters->simultaneous_opens += edge->from == TE_SYN_SENT && edge->to == TE_SYN_RCVD;
    counters->simultaneous_closes += edge->to == TE_CLOSING;
    counters->attempt_fails += is_opening && (edge->to == TE_CLOSED || edge->to == TE_LISTEN);
    counters->established_resets += is_established && edge->to == TE_CLOSED;
}

static void test_each_edge_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGE_COUNT; i++) {
        struct te_counters want = l.stack->counters;
        want_counters(&edges[i], &want);
        record(&edges[i]);
        assert_memory_equal(&l.stack->counters, &want, sizeof(want));
    }
}

/* --- the record ------------------------------------------------------------------------------- */

static const struct te_segment_info info = {.seq = 7, .ack = 8, .wnd_bytes = 9, .flags = TE_SYN};

static void test_a_change_is_written_counted_and_told(void **state)
{
    (void)state;
    lone_advance(&l, 5);
    te_conn_set_state(l.stack, l.conn, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, NULL);
    lone_advance(&l, 5);
    te_conn_set_state(l.stack, l.conn, TE_SYN_RCVD, TE_CAUSE_RECV_SYN, &info);
    assert_int_equal(l.conn->state, TE_SYN_RCVD);
    assert_int_equal(l.conn->state_since_us, l.stack->now_us);
    assert_int_equal(l.stack->conns.state_count[TE_CLOSED], 0);
    assert_int_equal(l.stack->conns.state_count[TE_SYN_SENT], 0);
    assert_int_equal(l.stack->conns.state_count[TE_SYN_RCVD], 1);

    struct te_event first = lone_event(&l);
    assert_int_equal(first.id, l.conn->id);
    assert_int_equal(first.uid, 1000);
    assert_int_equal(first.time_us, l.stack->now_us - 5);
    assert_int_equal(first.transition.from, TE_CLOSED);
    assert_int_equal(first.transition.to, TE_SYN_SENT);
    assert_int_equal(first.transition.cause, TE_CAUSE_ACTIVE_OPEN);
    assert_false(first.transition.has_segment);
    assert_int_equal(first.local.port, 80);
    assert_int_equal(first.remote.port, LONE_PORT);

    struct te_event second = lone_event(&l);
    assert_int_equal(second.transition.from, TE_SYN_SENT);
    assert_int_equal(second.transition.to, TE_SYN_RCVD);
    assert_true(second.transition.has_segment);
    assert_memory_equal(&second.transition.segment, &info, sizeof(info));
    assert_int_equal(l.stack->counters.simultaneous_opens, 1);
}

static void test_the_history_has_it_all(void **state)
{
    (void)state;
    static const enum te_state way[] = {TE_SYN_SENT, TE_ESTABLISHED, TE_FIN_WAIT_1, TE_CLOSING};
    for (unsigned i = 0; i < 4; i++) {
        lone_advance(&l, 1);
        te_conn_set_state(l.stack, l.conn, way[i], TE_CAUSE_NONE, NULL);
    }
    struct te_transition copy[TE_HISTORY_MAX];
    assert_int_equal(te_history_copy(&l.conn->history, copy), 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(copy[i].to, way[i]);
        assert_int_equal(copy[i].time_us, l.stack->now_us - 3 + i);
    }
}

static void test_the_cause_of_death_is_in_the_event(void **state)
{
    (void)state;
    te_conn_set_state(l.stack, l.conn, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, NULL);
    l.conn->error = TE_ERR_REFUSED;
    te_conn_set_state(l.stack, l.conn, TE_CLOSED, TE_CAUSE_RECV_RST, &info);
    lone_event(&l);
    struct te_event event = lone_event(&l);
    assert_int_equal(event.error, TE_ERR_REFUSED);
    assert_int_equal(event.transition.cause, TE_CAUSE_RECV_RST);
}

static void test_a_subject_without_history(void **state)
{
    (void)state;
    record(&(struct edge){TE_CLOSED, TE_LISTEN});
    assert_int_equal(l.conn->history.count, 0);
    assert_int_equal(lone_event(&l).transition.to, TE_LISTEN);
    assert_int_equal(l.conn->state, TE_CLOSED); /* recording alone changes no state */
}

/* --- the end of TIME_WAIT --------------------------------------------------------------------- */

static void enter_time_wait(void)
{
    te_conn_set_state(l.stack, l.conn, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, NULL);
    te_conn_set_state(l.stack, l.conn, TE_ESTABLISHED, TE_CAUSE_RECV_SYN_ACK, NULL);
    te_conn_set_state(l.stack, l.conn, TE_FIN_WAIT_1, TE_CAUSE_CLOSE, NULL);
    te_conn_set_state(l.stack, l.conn, TE_TIME_WAIT, TE_CAUSE_RECV_FIN_ACK_OF_FIN, NULL);
    for (unsigned i = 0; i < 4; i++)
        lone_event(&l);
}

static void test_remains_without_bytes_go_after_a_while(void **state)
{
    (void)state;
    enter_time_wait();
    lone_advance(&l, 100);
    te_conn_on_time_wait_end(l.stack, l.conn);
    assert_int_equal(l.conn->state, TE_CLOSED);
    assert_int_equal(l.conn->state_since_us, l.stack->now_us);
    assert_int_equal(l.stack->conns.state_count[TE_TIME_WAIT], 0);
    assert_int_equal(l.stack->conns.state_count[TE_CLOSED], 1);
    int64_t at_us;
    assert_int_equal(te_timer_next(l.conn, &at_us), TE_TIMER_REMAINS);
    assert_int_equal(at_us, l.stack->now_us + l.stack->config.remains_us);
    struct te_event event;
    assert_false(te_event_pop(l.stack, &event)); /* the TIME_WAIT table has reported it */
}

static void test_remains_with_bytes_wait_for_their_reader(void **state)
{
    (void)state;
    enter_time_wait();
    l.conn->received_offset = 1;
    te_conn_on_time_wait_end(l.stack, l.conn);
    assert_int_equal(l.conn->state, TE_CLOSED);
    assert_false(te_timer_is_set(l.conn, TE_TIMER_REMAINS));
    l.conn->received_offset = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_these_edges_and_no_others),
        TEST(test_each_edge_counts),
        TEST(test_a_change_is_written_counted_and_told),
        TEST(test_the_history_has_it_all),
        TEST(test_the_cause_of_death_is_in_the_event),
        TEST(test_a_subject_without_history),
        TEST(test_remains_without_bytes_go_after_a_while),
        TEST(test_remains_with_bytes_wait_for_their_reader),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}

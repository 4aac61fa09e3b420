/* What is worth a look in the whole daemon. */
#include "health.h"
#include "support/test.h"

static struct tcpc_connection_details details;

static struct tcpc_connection row(uint64_t id, enum tcpc_state state)
{
    details = (struct tcpc_connection_details){0};
    return (struct tcpc_connection){.id = id, .state = state, .details = &details};
}

static void add_close_wait(struct health *health, uint64_t id, uint32_t pid, int64_t age_us)
{
    struct tcpc_connection connection = row(id, TCPC_CLOSE_WAIT);
    connection.owner = (struct tcpc_owner){.pid = pid, .program = "billing-worker", .session = ""};
    details.state_age_us = age_us;
    health_add(health, &connection);
}

static const struct tcpc_counters none = {0};

static void nothing_is_wrong(void **state)
{
    (void)state;
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    add_close_wait(&health, 1, 4711, 59999999);
    assert_int_equal(health_judge(&health, &none, "plenty", findings), 0);
}

static void leaks_are_counted_per_program(void **state)
{
    (void)state;
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    add_close_wait(&health, 1, 4711, 60000000);
    add_close_wait(&health, 2, 4711, 180000000);
    add_close_wait(&health, 3, 12, 61000000);
    assert_int_equal(health_judge(&health, &none, "plenty", findings), 2);
    assert_int_equal(findings[0].verdict, HEALTH_LEAKING);
    assert_string_equal(findings[0].summary,
                        "billing-worker (pid 4711) has not called CLOSE on 2 connections in "
                        "CLOSE_WAIT, the oldest for 3 min 0 s.");
    assert_string_equal(findings[0].next, "tcpctl explain 2");
    assert_string_equal(findings[1].next, "tcpctl explain 3");
}

static void more_programs_than_there_is_room_for(void **state)
{
    (void)state;
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    for (uint32_t pid = 1; pid <= HEALTH_PROGRAMS_MAX + 2; pid++)
        add_close_wait(&health, pid, pid, 60000000);
    unsigned count = health_judge(&health, &none, "plenty", findings);
    assert_int_equal(count, HEALTH_PROGRAMS_MAX + 1);
    assert_string_equal(findings[count - 1].summary, "Further programs leak 2 connections.");
}

/* All limits at once, with everything else: the worst comes first, and there is room for all. */
static void the_worst_comes_first(void **state)
{
    (void)state;
    static const struct tcpc_counter rows[] = {{"accept_queue_full", 3, ""},
                                               {"syn_queue_full", 1, ""},
                                               {"conn_limit", 2, ""},
                                               {"conn_uid_limit", 1, ""},
                                               {"listener_limit", 1, ""},
                                               {"remote_limit", 1, ""},
                                               {"port_exhausted", 1, ""},
                                               {"port_uid_limit", 1, ""},
                                               {"memory_share_limit", 1, ""},
                                               {"memory_episodes", 1, ""},
                                               {"time_wait_overflow", 9, ""},
                                               {"segments_out", 950, ""},
                                               {"segments_retransmitted", 50, ""}};
    const struct tcpc_counters counters = {.rows = rows, .count = sizeof(rows) / sizeof(*rows)};
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    struct tcpc_connection listener = row(7, TCPC_LISTEN), silent = row(8, TCPC_ESTABLISHED);
    listener.send_queue_bytes = listener.receive_queue_bytes = 4;
    health_add(&health, &listener);
    details.backoff = 3;
    health_add(&health, &silent);
    for (uint32_t pid = 1; pid <= HEALTH_PROGRAMS_MAX + 1; pid++)
        add_close_wait(&health, 100 + pid, pid, 60000000);
    unsigned count = health_judge(&health, &counters, "pressure", findings);
    assert_int_equal(count, HEALTH_PROGRAMS_MAX + 1 + 2 + 1 + 11 + 1);
    assert_int_equal(findings[0].verdict, HEALTH_LEAKING);
    const struct health_finding *stuck = &findings[HEALTH_PROGRAMS_MAX + 1];
    assert_int_equal(stuck->verdict, HEALTH_STUCK);
    assert_string_equal(stuck[2].summary, "Memory is short: its level is pressure.");
    assert_string_equal(stuck[3].summary, "5.0 % of all segments were sent again.");
    assert_string_equal(stuck[4].summary,
                        "A limit was reached 9 times since the start: time_wait_overflow.");
    assert_string_equal(stuck[4].next, "tcpctl stats");
    for (unsigned i = 1; i < count; i++)
        assert_true(findings[i].verdict <= findings[i - 1].verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong),
        cmocka_unit_test(leaks_are_counted_per_program),
        cmocka_unit_test(more_programs_than_there_is_room_for),
        cmocka_unit_test(the_worst_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

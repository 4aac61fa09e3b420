/* What is worth a look in the whole daemon. */
#include <stdio.h>
#include <string.h>

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
static const struct tcpc_daemon_status plenty = {.memory_level = "plenty"},
                                       pressure = {.memory_level = "pressure"};

static void nothing_is_wrong(void **state)
{
    (void)state;
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    add_close_wait(&health, 1, 4711, 59999999);
    assert_int_equal(health_judge(&health, &none, &plenty, findings), 0);
}

static void leaks_are_counted_per_program(void **state)
{
    (void)state;
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    add_close_wait(&health, 1, 4711, 60000000);
    add_close_wait(&health, 2, 4711, 180000000);
    add_close_wait(&health, 3, 12, 61000000);
    assert_int_equal(health_judge(&health, &none, &plenty, findings), 2);
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
    unsigned count = health_judge(&health, &none, &plenty, findings);
    assert_int_equal(count, HEALTH_PROGRAMS_MAX + 1);
    assert_string_equal(findings[count - 1].summary, "Further programs leak 2 connections.");
}

static const struct health_finding *find(const struct health_finding *findings, unsigned count,
                                         const char *summary)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(findings[i].summary, summary) == 0)
            return &findings[i];
    for (unsigned i = 0; i < count; i++)
        print_error("%s\n", findings[i].summary);
    fail_msg("no finding: %s", summary);
    return NULL;
}

static void each_full_listener_is_named(void **state)
{
    (void)state;
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    for (unsigned i = 0; i < HEALTH_LISTENERS_MAX + 3; i++) {
        struct tcpc_connection listener = row(50 + i, TCPC_LISTEN);
        listener.local = (struct tcpc_endpoint){"10.0.0.1", (uint16_t)(80 + i)};
        listener.owner = (struct tcpc_owner){.pid = 9, .program = "shop", .session = ""};
        listener.send_queue_bytes = listener.receive_queue_bytes = 4;
        health_add(&health, &listener);
    }
    struct tcpc_connection free = row(99, TCPC_LISTEN);
    free.send_queue_bytes = 4;
    free.receive_queue_bytes = 3;
    health_add(&health, &free);
    unsigned count = health_judge(&health, &none, &plenty, findings);
    assert_int_equal(count, HEALTH_LISTENERS_MAX + 1);
    const struct health_finding *second = find(
        findings, count,
        "Listener 51 (10.0.0.1:81) has a full accept queue, of 4: shop (pid 9) does not accept.");
    assert_int_equal(second->verdict, HEALTH_STUCK);
    assert_string_equal(second->next, "tcpctl explain 51");
    assert_string_equal(find(findings, count, "3 more listeners have a full accept queue.")->next,
                        "tcpctl ls -p state listening");
}

static void silent_peers_are_named(void **state)
{
    (void)state;
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    for (unsigned i = 0; i < HEALTH_PEERS_MAX + 5; i++) {
        struct tcpc_connection silent = row(50 + i, TCPC_ESTABLISHED);
        details.backoff = 3;
        snprintf(silent.remote.address, sizeof(silent.remote.address), "10.0.0.%u",
                 i < 2 ? 9 : 10 + i);
        health_add(&health, &silent);
    }
    unsigned count = health_judge(&health, &none, &plenty, findings);
    assert_int_equal(count, HEALTH_PEERS_MAX + 1);
    assert_string_equal(
        find(findings, count,
             "10.0.0.9 answers nothing: 2 connections send the same to it again and again.")
            ->next,
        "tcpctl explain 50");
    find(findings, count,
         "10.0.0.12 answers nothing: 1 connection sends the same to it again and again.");
    find(findings, count, "4 more connections have no answer from other peers.");
}

/* TIME_WAIT and the other tables, before they overflow. */
static void tables_near_their_limits(void **state)
{
    (void)state;
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    const struct tcpc_use uses[] = {
        {"time_wait", 80, 100},          {"connections", 79, 100}, {"sessions", 4096, 4096},
        {"memory_bytes", 900, 1000},     {"faults", 2, 64},        {"of_a_later_daemon", 1, 1},
        {"listeners", UINT64_MAX, 4096},
    };
    struct tcpc_daemon_status daemon = {
        .memory_level = "plenty", .uses = uses, .use_count = sizeof(uses) / sizeof(*uses)};
    unsigned count = health_judge(&health, &none, &daemon, findings);
    assert_int_equal(count, 5);
    const struct health_finding *time_wait =
        find(findings, count,
             "80 of 100 entries in TIME_WAIT are in use (80 %); when there are no more, some end "
             "before their time.");
    assert_int_equal(time_wait->verdict, HEALTH_SLOW);
    assert_string_equal(time_wait->next, "tcpctl tw");
    const struct health_finding *sessions = find(
        findings, count, "4096 of 4096 sessions are in use (100 %); now programs find no session.");
    assert_int_equal(sessions->verdict, HEALTH_STUCK);
    assert_string_equal(sessions->next, "tcpctl sessions");
    assert_string_equal(find(findings, count, "2 faults are injected into live connections.")->next,
                        "tcpctl fault ls");
    find(findings, count,
         "900 of 1000 bytes of memory are in use (90 %); when there are no more, connections are "
         "reset.");
    daemon.memory_level = "pressure"; /* which says it already */
    assert_int_equal(health_judge(&health, &none, &daemon, findings), 5);
    find(findings, 5, "Memory is short: its level is pressure.");
}

/* All limits at once, with everything else: the worst comes first, and there is room for all. */
static void the_worst_comes_first(void **state)
{
    (void)state;
    static const struct tcpc_counter rows[] = {
        {"accept_queue_full", 3, ""},  {"syn_queue_full", 1, ""},
        {"conn_limit", 2, ""},         {"conn_uid_limit", 1, ""},
        {"listener_limit", 1, ""},     {"remote_limit", 1, ""},
        {"port_exhausted", 1, ""},     {"port_uid_limit", 1, ""},
        {"memory_share_limit", 1, ""}, {"memory_episodes", 1, ""},
        {"receive_no_memory", 8, ""},  {"time_wait_overflow", 9, ""},
        {"segments_out", 950, ""},     {"segments_retransmitted", 50, ""}};
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
    unsigned count = health_judge(&health, &counters, &pressure, findings);
    assert_int_equal(count, HEALTH_PROGRAMS_MAX + 1 + 2 + 1 + 12 + 1);
    assert_int_equal(findings[0].verdict, HEALTH_LEAKING);
    const struct health_finding *stuck = &findings[HEALTH_PROGRAMS_MAX + 1];
    assert_int_equal(stuck->verdict, HEALTH_STUCK);
    assert_string_equal(stuck[2].summary, "Memory is short: its level is pressure.");
    assert_string_equal(stuck[3].summary, "5.0 % of all segments were sent again.");
    assert_string_equal(stuck[3].next, "tcpctl ls -p 'retransmits > 0'");
    assert_string_equal(stuck[4].summary, "A limit was reached 9 times since the start: "
                                          "time_wait_overflow (time_wait_max).");
    assert_string_equal(stuck[4].next, "tcpctl tw");
    assert_string_equal(stuck[5].summary,
                        "A limit was reached 8 times since the start: "
                        "receive_no_memory (memory_max, memory_per_uid_percent).");
    assert_string_equal(stuck[5].next, "tcpctl status");
    assert_string_equal(stuck[6].next, "tcpctl ls -p state listening"); /* accept_queue_full */
    for (unsigned i = 1; i < count; i++)
        assert_true(findings[i].verdict <= findings[i - 1].verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong),
        cmocka_unit_test(leaks_are_counted_per_program),
        cmocka_unit_test(more_programs_than_there_is_room_for),
        cmocka_unit_test(each_full_listener_is_named),
        cmocka_unit_test(silent_peers_are_named),
        cmocka_unit_test(tables_near_their_limits),
        cmocka_unit_test(the_worst_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The expressions of ls, tw and events. */
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "support/test.h"

/* One row: its state, and fixed endpoints. */
static struct tcpc_endpoint local = {"10.0.0.2", 80};
static struct tcpc_endpoint remote = {"10.0.0.1", 40000};
static struct tcpc_endpoint local6 = {"2001:db8::2", 80};
static struct tcpc_endpoint remote6 = {"2001:db8::1", 40000};

static const struct tcpc_owner owner = {
    .uid = 1000, .pid = 4711, .program = "billing-worker", .session = "night run"};

static struct filter parse(const char *text)
{
    struct filter filter;
    char error[FILTER_ERROR_MAX];
    if (!filter_parse(text, &filter, error))
        fail_msg("%s: %s", text, error);
    return filter;
}

static bool matches(const char *text, enum tcpc_state state)
{
    struct filter filter = parse(text);
    struct filter_subject subject = {17, state, &local, &remote, 1000, &owner};
    return filter_matches(&filter, &subject);
}

static bool matches6(const char *text)
{
    struct filter filter = parse(text);
    struct filter_subject subject = {18, TCPC_ESTABLISHED, &local6, &remote6, 1000, NULL};
    return filter_matches(&filter, &subject);
}

/* A node that refers to none, of a listener's endpoints. */
static bool is_leaf_true(const struct filter_node *node, enum tcpc_state state)
{
    static const struct tcpc_endpoint nobody = {"", 0};
    struct filter_subject subject = {19, state, &local, &nobody, 0, NULL};
    struct filter alone = {.count = 1};
    alone.nodes[0] = *node;
    return filter_matches(&alone, &subject);
}

/* What the daemon makes of the nodes. */
static bool is_listed(const char *text, uint32_t states, enum tcpc_state state)
{
    struct filter filter = parse(text);
    struct tcpc_filter_node nodes[TCPC_FILTER_NODES_MAX];
    bool is_true[TCPC_FILTER_NODES_MAX] = {true};
    size_t count = filter_nodes(&filter, states, nodes);
    assert_in_range(count, 0, TCPC_FILTER_NODES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct tcpc_filter_node *node = &nodes[i];
        if (node->kind == FILTER_STATES)
            is_true[i] = (node->number >> state & 1) != 0;
        else if (node->kind == FILTER_NOT)
            is_true[i] = !is_true[node->left];
        else if (node->kind == FILTER_AND)
            is_true[i] = is_true[node->left] && is_true[node->right];
        else if (node->kind == FILTER_OR)
            is_true[i] = is_true[node->left] || is_true[node->right];
        else
            is_true[i] = is_leaf_true(&filter.nodes[i], state);
    }
    return is_true[count > 0 ? count - 1 : 0];
}

static bool shows(const char *text, enum tcpc_state state)
{
    return is_listed(text, 0, state);
}

static const char *error_of(const char *text)
{
    static char error[FILTER_ERROR_MAX];
    struct filter filter;
    assert_false(filter_parse(text, &filter, error));
    return error;
}

#define YES(text) assert_true(matches(text, TCPC_ESTABLISHED))
#define NO(text) assert_false(matches(text, TCPC_ESTABLISHED))

static void empty_matches_all(void **state)
{
    (void)state;
    YES("");
    YES("   ");
}

static void states_have_all_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum tcpc_state state;
    } names[] = {
        {"established", TCPC_ESTABLISHED}, {"estab", TCPC_ESTABLISHED},
        {"ESTABLISHED", TCPC_ESTABLISHED}, {"syn-sent", TCPC_SYN_SENT},
        {"SYN_SENT", TCPC_SYN_SENT},       {"syn-recv", TCPC_SYN_RCVD},
        {"syn-rcvd", TCPC_SYN_RCVD},       {"fin-wait-1", TCPC_FIN_WAIT_1},
        {"Fin_Wait_2", TCPC_FIN_WAIT_2},   {"time-wait", TCPC_TIME_WAIT},
        {"closed", TCPC_CLOSED},           {"close", TCPC_CLOSED},
        {"close-wait", TCPC_CLOSE_WAIT},   {"last-ack", TCPC_LAST_ACK},
        {"listening", TCPC_LISTEN},        {"listen", TCPC_LISTEN},
        {"closing", TCPC_CLOSING},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "state %s", names[i].name);
        for (unsigned s = 0; s < TCPC_STATE_COUNT; s++)
            assert_int_equal(matches(text, (enum tcpc_state)s), s == names[i].state);
    }
}

static void state_groups_are_those_of_ss(void **state)
{
    (void)state;
    assert_true(matches("state all", TCPC_CLOSED));
    assert_false(matches("state connected", TCPC_LISTEN));
    assert_false(matches("state connected", TCPC_CLOSED));
    assert_true(matches("state connected", TCPC_SYN_SENT));
    assert_false(matches("state synchronized", TCPC_SYN_SENT));
    assert_true(matches("state synchronized", TCPC_TIME_WAIT));
    assert_true(matches("state bucket", TCPC_TIME_WAIT));
    assert_false(matches("state big", TCPC_TIME_WAIT));
    assert_true(matches("state big", TCPC_ESTABLISHED));
}

static void states_add_up_and_are_excluded_as_in_ss(void **state)
{
    (void)state;
    YES("state established state time-wait");
    assert_true(matches("state established state time-wait", TCPC_TIME_WAIT));
    assert_false(matches("state established state time-wait", TCPC_CLOSING));
    NO("exclude established");
    assert_true(matches("exclude established exclude listening", TCPC_TIME_WAIT));
    assert_false(matches("exclude established exclude listening", TCPC_LISTEN));
    assert_false(matches("state connected exclude time-wait", TCPC_TIME_WAIT));
    YES("state connected excl time-wait");
}

static void ports_compare(void **state)
{
    (void)state;
    YES("sport = :80");
    YES("sport = 80");
    YES("sport == :80");
    YES("sport eq 80");
    YES("sport :80");
    YES("sport=:80");
    YES("sport = :http");
    NO("sport != :80");
    NO("sport ne :80");
    YES("dport > :39999");
    YES("dport>=40000");
    NO("dport gt 40000");
    YES("dport <= 40000");
    YES("dport le 40000");
    NO("dport < 40000");
    YES("dport lt 40001");
    YES("sport ge 80");
}

static void hosts_match_networks(void **state)
{
    (void)state;
    YES("src 10.0.0.2");
    YES("src = 10.0.0.2");
    NO("src != 10.0.0.2");
    YES("src 10.0.0.0/8");
    NO("dst 10.0.0.2/32");
    YES("dst 10.0.0.0/31");
    NO("dst 10.0.0.2/31");
    YES("dst 0.0.0.0/0");
    YES("dst 10.0.0.1:40000");
    NO("dst 10.0.0.1:40001");
    YES("dst :40000");
    YES("dst *:40000");
    YES("dst *");
    NO("dst != 10.0.0.0/8:40000");
    NO("dst 2001:db8::/32");
}

static void hosts_match_ipv6(void **state)
{
    (void)state;
    assert_true(matches6("src 2001:db8::2"));
    assert_true(matches6("src [2001:db8::2]"));
    assert_true(matches6("src [2001:db8::2]:80"));
    assert_false(matches6("src [2001:db8::2]:81"));
    assert_true(matches6("dst 2001:db8::/32"));
    assert_true(matches6("dst [2001:db8::]/32:40000"));
    assert_false(matches6("dst 2001:db9::/32"));
    assert_false(matches6("src 10.0.0.0/8"));
    assert_false(matches6("src 0.0.0.0/0"));
}

static void uids_compare(void **state)
{
    (void)state;
    YES("uid 1000");
    YES("uid = 1000");
    NO("uid != 1000");
    YES("uid > 999");
    NO("uid 0");
}

static void logic_binds_as_usual(void **state)
{
    (void)state;
    YES("sport = 80 and dport = 40000");
    NO("sport = 80 and dport = 1");
    YES("sport = 80 dport = 40000");
    NO("sport = 80 dport = 1");
    YES("sport = 1 or dport = 40000");
    YES("sport = 80 or sport = 1 and dport = 1");
    NO("( sport = 80 or sport = 1 ) and dport = 1");
    NO("(sport = 80 or sport = 1) dport = 1");
    YES("not sport = 1");
    YES("! sport = 1 && not ( dport = 1 | dport = 2 )");
    YES("not not sport = 80");
    NO("not state established");
    YES("state established or sport = 1");
    NO("state closing or sport = 1");
    YES("state established and ( dst 10.0.0.0/8 or dst 192.168.0.0/16 )");
    YES("STATE established AND SPORT EQ 80");
}

static void closed_is_hidden_until_asked_for(void **state)
{
    (void)state;
    assert_false(shows("", TCPC_CLOSED));
    assert_true(shows("", TCPC_LISTEN));
    assert_false(shows("exclude established", TCPC_CLOSED));
    assert_false(shows("sport = 80", TCPC_CLOSED));
    assert_true(shows("state closed", TCPC_CLOSED));
    assert_true(shows("state all", TCPC_CLOSED));
    assert_false(shows("state connected", TCPC_CLOSED));
    assert_true(shows("dst 0.0.0.0/0 or sport = 80", TCPC_LISTEN));
    assert_false(shows("dst 0.0.0.0/0", TCPC_LISTEN)); /* an unspecified peer is in no network */
}

static void states_asked_for_are_known(void **state)
{
    struct filter filter = parse("sport = 80 or state time-wait exclude closed");
    (void)state;
    assert_true(filter_asks_for(&filter, TCPC_TIME_WAIT));
    assert_false(filter_asks_for(&filter, TCPC_CLOSED));
    filter = parse("state connected");
    assert_true(filter_asks_for(&filter, TCPC_TIME_WAIT));
    filter = parse("exclude established");
    assert_false(filter_asks_for(&filter, TCPC_TIME_WAIT));
}

static void errors_name_word_and_expectation(void **state)
{
    (void)state;
    assert_string_equal(error_of("state foo"),
                        "\"foo\": expected a state (established, syn-sent, fin-wait-1, time-wait, "
                        "..., all, connected, synchronized, bucket, big)");
    assert_string_equal(error_of("sport = banana"), "\"banana\": expected a port, like :80");
    assert_string_equal(
        error_of("sport"),
        "the expression ends too early: expected an operator (=, !=, >, <, >=, <=) or a port");
    assert_string_equal(error_of("sport = 65536"), "\"65536\": expected a port, like :80");
    assert_string_equal(error_of("dst > 10.0.0.1"), "\">\": expected = or !=, for an address");
    assert_string_equal(error_of("uid root"), "\"root\": expected a numeric user id");
    assert_string_equal(
        error_of("( sport = 80"),
        "the expression ends too early: expected and, or, or a closing parenthesis");
    assert_string_equal(error_of("sport = 80 )"), "\")\": expected and, or, or the end");
    assert_string_equal(
        error_of("colour = red"),
        "\"colour\": expected state, exclude, sport, dport, src, dst, id, uid, pid, program, "
        "session, timer, age, idle, rtt, retransmits, send-queue, receive-queue, not or (");
    assert_string_equal(error_of("sport = 80 or"),
                        "the expression ends too early: expected state, exclude, sport, dport, "
                        "src, dst, id, uid, pid, program, session, timer, age, idle, rtt, "
                        "retransmits, send-queue, receive-queue, not or (");
}

static void ids(void **state)
{
    (void)state;
    YES("id 17");
    YES("id = 17 and state established");
    NO("id 18");
    YES("id != 18");
    assert_non_null(error_of("id x"));
}

/* An event has no connection at hand; what it cannot know is named, not silently false. */
static void what_an_event_cannot_know(void **state)
{
    (void)state;
    static const char *const unknown[] = {"age",         "idle",       "rtt",
                                          "retransmits", "send-queue", "receive-queue"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
        char text[64];
        snprintf(text, sizeof(text), "dport = :80 and not %s > 1", unknown[i]);
        struct filter filter = parse(text);
        assert_string_equal(filter_unknown_of_event(&filter), unknown[i]);
    }
    struct filter filter = parse("timer none or uid 0");
    assert_string_equal(filter_unknown_of_event(&filter), "timer");
    filter = parse("state established and (id 1 or uid 0 or pid 3 or program x* or session y) and "
                   "src 10.0.0.0/8 and sport < 1024");
    assert_null(filter_unknown_of_event(&filter));
}

#define EVERYWHERE ((1u << TCPC_STATE_COUNT) - 1)
#define IN_TIME_WAIT (1u << TCPC_TIME_WAIT)

static const char *unanswerable(const char *text, uint32_t states)
{
    static char error[FILTER_ERROR_MAX];
    struct filter filter = parse(text);
    return filter_is_answerable(&filter, states, error) ? "" : error;
}

static void what_an_entry_of_time_wait_lacks_is_said(void **state)
{
    (void)state;
#define LACKS(name)                                                                                \
    name " is not known in TIME_WAIT, which has state, ports, hosts, uid, pid, age, "              \
         "receive-queue, timer, program, session, id"
    assert_string_equal(unanswerable("rtt < 5ms", IN_TIME_WAIT), LACKS("rtt"));
    assert_string_equal(unanswerable("sport = 1 or not idle > 5", IN_TIME_WAIT), LACKS("idle"));
    assert_string_equal(unanswerable("retransmits 0", IN_TIME_WAIT), LACKS("retransmits"));
    assert_string_equal(unanswerable("send-q = 0", IN_TIME_WAIT), LACKS("send-queue"));
    assert_string_equal(unanswerable("state time-wait rtt > 0", EVERYWHERE), LACKS("rtt"));
    assert_string_equal(unanswerable("not exclude time-wait and rtt > 0", EVERYWHERE),
                        LACKS("rtt"));
    assert_string_equal(unanswerable("not state time-wait and rtt > 0", EVERYWHERE), "");
    assert_string_equal(
        unanswerable("(state time-wait and uid 0) and (state big or rtt < 1)", EVERYWHERE),
        LACKS("rtt"));
#undef LACKS
    assert_string_equal(unanswerable("", IN_TIME_WAIT), "");
    assert_string_equal(unanswerable("uid 0 pid 1 age > 1 recv-q 0 timer time-wait program x "
                                     "session y id 3 sport 80 dst 10.0.0.0/8",
                                     IN_TIME_WAIT),
                        "");
}

static void what_other_states_lack_is_said(void **state)
{
    (void)state;
    assert_string_equal(unanswerable("idle > 1", 1u << TCPC_LISTEN),
                        "idle is not known in LISTEN, which has state, ports, hosts, uid, pid, "
                        "age, retransmits, send-queue, receive-queue, timer, program, session, "
                        "id");
    assert_string_equal(unanswerable("state bucket rtt > 1", EVERYWHERE),
                        "rtt is not known in SYN_RCVD or TIME_WAIT, which has state, ports, hosts, "
                        "uid, pid, age, idle, retransmits, send-queue, receive-queue, timer, "
                        "program, session, id");
    assert_non_null(strstr(unanswerable("state syn-sent rtt > 1", EVERYWHERE), "in SYN_SENT, "));
    assert_string_equal(unanswerable("state syn-sent idle > 1", EVERYWHERE), "");
    assert_string_equal(unanswerable("state time-wait or rtt < 1", EVERYWHERE), "");
    assert_string_equal(unanswerable("rtt < 1", EVERYWHERE), "");
    assert_string_equal(unanswerable("state established rtt < 1", IN_TIME_WAIT), "");
}

static void hosts_as_in_ss(void **state)
{
    (void)state;
    YES("src any");
    YES("src *:*");
    YES("dst any:*");
    YES("src 10.0.0.2:*");
    NO("src 10.0.0.3:*");
    YES("src *:http");
    YES("src 10.0.0.0/8:http");
    NO("src != *:*");
    NO("src *:https");
    YES("sport = :*");
    YES("sport = 10.0.0.2:80");
    NO("sport != 10.0.0.2:80");
    NO("dport = 10.0.0.2:80");
    assert_true(matches("src *:*", TCPC_LISTEN));
    assert_true(matches6("src [2001:db8::2]:*"));
    assert_true(matches6("dst [2001:db8::]/32"));
    assert_false(matches6("src [fe80::2%eth0]:80"));
    assert_non_null(strstr(error_of("src [2001:db8::2%eth0]:80"), "expected an address"));
}

/* Each address of a name counts; != means none of them. */
static void names_are_resolved(void **state)
{
    struct tcpc_endpoint before = local;
    (void)state;
    NO("src localhost");
    YES("src != localhost");
    strcpy(local.address, "127.0.0.1");
    YES("src localhost");
    YES("src localhost:http");
    NO("src localhost:https");
    NO("src != localhost");
    NO("not src localhost");
    YES("src localhost dst 10.0.0.1 or sport = 1");
    local = before;
}

static void hosts_that_are_none_are_refused(void **state)
{
    static const char *const hosts[] = {
        "10.0.0",         "10.0.0.1/33", "2001:db8::/129",
        "10.0.0.1:99999", "[::1]x",      "no-such-host.invalid",
        "10.0.0.1:",      "[10.0.0.1",   "/8",
    };
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        snprintf(text, sizeof(text), "dst %s", hosts[i]);
        assert_non_null(strstr(error_of(text), "expected an address"));
    }
}

static void owners_by_name(void **state)
{
    (void)state;
    YES("program billing-worker");
    YES("program = billing*");
    YES("program != nc");
    NO("program billing");
    NO("program = nc or session nc");
    YES("session \"night run\"");
    YES("session != \"\"");
    YES("session night*");
    YES("pid 4711 and uid 1000");
    NO("pid > 4711");
    assert_false(matches6("program billing-worker"));
    assert_false(matches6("program != x")); /* of nobody nothing is known */
}

/* Only the daemon knows these; an event does not. */
static void what_an_event_does_not_know_is_not_true(void **state)
{
    (void)state;
    NO("age > 1s");
    NO("age <= 1s");
    NO("timer none");
    NO("timer != retransmit");
    YES("not idle > 1s");
}

static struct filter_node node_of(const char *text)
{
    struct filter filter = parse(text);
    assert_int_equal(filter.count, 1);
    return filter.nodes[0];
}

static void times_and_sizes_have_units(void **state)
{
    static const struct {
        const char *text;
        enum filter_field field;
        enum filter_operator op;
        uint64_t number;
    } cases[] = {
        {"age > 90", FILTER_AGE, FILTER_GREATER, 90000000},
        {"idle >= 1.5min", FILTER_IDLE, FILTER_GREATER_EQUAL, 90000000},
        {"age lt 2h", FILTER_AGE, FILTER_LESS, UINT64_C(7200000000)},
        {"age 3d", FILTER_AGE, FILTER_EQUAL, UINT64_C(259200000000)},
        {"rtt > 20ms", FILTER_RTT, FILTER_GREATER, 20000},
        {"rtt <= 85us", FILTER_RTT, FILTER_LESS_EQUAL, 85},
        {"retransmits != 0", FILTER_RETRANSMITS, FILTER_NOT_EQUAL, 0},
        {"send-queue > 64k", FILTER_SEND_QUEUE, FILTER_GREATER, 65536},
        {"send-q > 1.5M", FILTER_SEND_QUEUE, FILTER_GREATER, 1572864},
        {"receive-queue = 0", FILTER_RECEIVE_QUEUE, FILTER_EQUAL, 0},
        {"recv-q 1g", FILTER_RECEIVE_QUEUE, FILTER_EQUAL, 1073741824},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct filter_node node = node_of(cases[i].text);
        assert_int_equal(node.kind, FILTER_NUMBER);
        assert_int_equal(node.field, cases[i].field);
        assert_int_equal(node.op, cases[i].op);
        assert_int_equal(node.number, cases[i].number);
    }
    assert_string_equal(node_of("timer = time_wait").text, "time_wait");
}

static void wrong_times_and_names_are_named(void **state)
{
    (void)state;
    assert_string_equal(error_of("age > soon"), "\"soon\": expected a time, like 90s or 5min");
    assert_string_equal(error_of("age > 5 parsec"),
                        "\"parsec\": expected state, exclude, sport, dport, src, dst, id, uid, "
                        "pid, program, session, timer, age, idle, rtt, retransmits, send-queue, "
                        "receive-queue, not or (");
    assert_string_equal(error_of("rtt > 5parsec"), "\"5parsec\": expected a time, like 20ms");
    assert_string_equal(error_of("age > 99999999999999999999d"),
                        "\"99999999999999999999d\": expected a time, like 90s or 5min");
    assert_non_null(strstr(error_of("retransmits > 1.5"), "a number of segments"));
    assert_non_null(strstr(error_of("pid 4294967296"), "the number of a process"));
    assert_non_null(strstr(error_of("program > nc"), "= or !=, for a name"));
    assert_non_null(strstr(error_of("program"), "the expression ends too early"));
    assert_non_null(strstr(error_of("program ) or"), "a name of at most 64 bytes"));
    assert_non_null(strstr(error_of("session \"night"), "in quotes"));
    char text[200] = "program ";
    memset(text + 8, 'x', FILTER_TEXT_MAX);
    assert_int_equal(strlen(node_of(text).text), FILTER_TEXT_MAX);
    text[8 + FILTER_TEXT_MAX] = 'x';
    assert_non_null(strstr(error_of(text), "a name of at most 64 bytes"));
}

static void flags_choose_states_unless_the_expression_does(void **state)
{
    const uint32_t listen = 1u << TCPC_LISTEN, every = (1u << TCPC_STATE_COUNT) - 1;
    (void)state;
    assert_true(is_listed("", listen, TCPC_LISTEN));
    assert_false(is_listed("", listen, TCPC_ESTABLISHED));
    assert_false(is_listed("sport = :80", listen, TCPC_ESTABLISHED));
    assert_true(is_listed("state established", listen, TCPC_ESTABLISHED));
    assert_true(is_listed("", every, TCPC_CLOSED));
    assert_false(is_listed("exclude closed", every, TCPC_CLOSED));
    assert_false(is_listed("sport = :80", 0, TCPC_CLOSED));
}

static void length_and_nesting_are_bounded(void **state)
{
    char text[4096] = "";
    (void)state;
    for (int i = 0; i < 100; i++)
        strcat(text, "sport = 80 ");
    assert_non_null(strstr(error_of(text), "a shorter expression"));
    text[0] = '\0';
    for (int i = 0; i < 1000; i++)
        strcat(text, "(");
    assert_non_null(strstr(error_of(text), "less nesting"));
    text[0] = '\0';
    for (int i = 0; i < 1000; i++)
        strcat(text, "! ");
    assert_non_null(strstr(error_of(text), "less nesting"));
    memset(text, 'x', 200);
    text[200] = '\0';
    error_of(text);
}

static void words_of_a_command_line_are_joined(void **state)
{
    char *words[] = {(char *)"state", (char *)"established", (char *)"sport = :80"};
    struct filter filter;
    char error[FILTER_ERROR_MAX];
    struct filter_subject subject = {20, TCPC_ESTABLISHED, &local, &remote, 0, NULL};
    (void)state;
    assert_true(filter_parse_words(3, words, &filter, error));
    assert_true(filter_matches(&filter, &subject));
    subject.state = TCPC_CLOSING;
    assert_false(filter_matches(&filter, &subject));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_matches_all),
        cmocka_unit_test(states_have_all_their_names),
        cmocka_unit_test(state_groups_are_those_of_ss),
        cmocka_unit_test(states_add_up_and_are_excluded_as_in_ss),
        cmocka_unit_test(ports_compare),
        cmocka_unit_test(hosts_match_networks),
        cmocka_unit_test(hosts_match_ipv6),
        cmocka_unit_test(uids_compare),
        cmocka_unit_test(logic_binds_as_usual),
        cmocka_unit_test(closed_is_hidden_until_asked_for),
        cmocka_unit_test(states_asked_for_are_known),
        cmocka_unit_test(errors_name_word_and_expectation),
        cmocka_unit_test(hosts_as_in_ss),
        cmocka_unit_test(names_are_resolved),
        cmocka_unit_test(hosts_that_are_none_are_refused),
        cmocka_unit_test(owners_by_name),
        cmocka_unit_test(what_an_event_does_not_know_is_not_true),
        cmocka_unit_test(times_and_sizes_have_units),
        cmocka_unit_test(wrong_times_and_names_are_named),
        cmocka_unit_test(flags_choose_states_unless_the_expression_does),
        cmocka_unit_test(length_and_nesting_are_bounded),
        cmocka_unit_test(words_of_a_command_line_are_joined),
        cmocka_unit_test(ids),
        cmocka_unit_test(what_an_event_cannot_know),
        cmocka_unit_test(what_an_entry_of_time_wait_lacks_is_said),
        cmocka_unit_test(what_other_states_lack_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

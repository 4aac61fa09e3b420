/* Faults in words: each kind and aim, and what becomes of a connection's explanation. */
#include <stdio.h>
#include <string.h>

#include "explain_faults.h"
#include "support/test.h"

#define SECOND INT64_C(1000000)

static struct explain_fault fault_of(const char *what, unsigned ways)
{
    struct explain_fault fault = {.id = 3, .probability_millionths = 1000000};
    const char *expected = NULL;
    if (!te_fault_parse(what, ways, &fault.spec, &expected))
        fail_msg("%s: %s", what, expected);
    return fault;
}

static void check(const struct explain_fault *fault, const char *want)
{
    char text[EXPLAIN_TEXT_MAX];
    assert_string_equal(explain_fault(fault, text, sizeof(text)), want);
}

static void what_each_does(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned ways;
        const char *want;
    } rows[] = {
        {"drop ack-of-fin", TE_FAULT_IN, "drops the ACK of our FIN"},
        {"drop ack-of-fin", 0, "drops our ACK of the peer's FIN"},
        {"drop syn", TE_FAULT_OUT, "drops our SYN"},
        {"drop syn-ack", TE_FAULT_OUT, "drops our SYN,ACK"},
        {"drop ack-of-syn", TE_FAULT_IN, "drops the ACK of our SYN"},
        {"delay fin", TE_FAULT_IN, "delays the peer's FIN"},
        {"duplicate data", TE_FAULT_OUT, "doubles our data"},
        {"drop data 0..99", TE_FAULT_IN, "drops bytes 0 to 99 of the peer's data"},
        {"reorder pure-ack", TE_FAULT_OUT, "lets later ones overtake our ACKs without data"},
        {"corrupt retransmission", TE_FAULT_OUT, "breaks the checksum of what we send again"},
        {"drop rst", 0, "drops RSTs"},
        {"drop any", 0, "drops every segment"},
        {"zero-window", TE_FAULT_IN, "makes the peer's window 0"},
        {"stop-reading", 0, "shuts our window as if our program did not read"},
        {"blackhole", 0, "loses everything, both ways"},
        {"mtu 1280", TE_FAULT_OUT, "loses packets of more than 1280 bytes of ours, silently"},
        {"mtu 1280 icmp", 0, "loses packets of more than 1280 bytes both ways, with ICMP"},
        {"rst-inject", 0, "forges a RST of the peer"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct explain_fault fault = fault_of(rows[i].what, rows[i].ways);
        char want[EXPLAIN_TEXT_MAX];
        snprintf(want, sizeof(want), "fault 3 %s (no hit yet)", rows[i].want);
        check(&fault, want);
    }
}

/* No kind, aim or way is without words. */
static void nothing_is_without_words(void **state)
{
    (void)state;
    char text[EXPLAIN_TEXT_MAX];
    for (unsigned kind = 0; kind < TE_FAULT_KIND_COUNT; kind++)
        for (unsigned aim = 0; aim < TE_FAULT_AIM_COUNT; aim++)
            for (unsigned ways = TE_FAULT_IN; ways <= TE_FAULT_BOTH; ways++) {
                if (kind == TE_FAULT_STOP_READING && ways != TE_FAULT_OUT)
                    continue; /* there is no such fault */
                struct explain_fault fault = {.spec = {.kind = (enum te_fault_kind)kind,
                                                       .aim = (enum te_fault_aim)aim,
                                                       .ways = ways}};
                explain_fault(&fault, text, sizeof(text));
                if (strstr(text, "?") != NULL || strstr(text, "(null)") != NULL)
                    fail_msg("%s", text);
            }
}

static void hits_of_here_and_of_all(void **state)
{
    (void)state;
    struct explain_fault fault = fault_of("drop ack-of-fin", TE_FAULT_IN);
    fault.count = fault.hits = fault.hits_here = 2;
    fault.hit_us_ago = 3200000;
    fault.is_over = true;
    check(&fault, "fault 3 drops the ACK of our FIN (2 of 2 hits, the last 3.2 s ago); it is over");
    fault.count = fault.hits = fault.hits_here = 1;
    check(&fault, "fault 3 drops the ACK of our FIN (1 of 1 hit, the last 3.2 s ago); it is over");
    fault.is_over = false;
    fault.count = 0;
    fault.hits = 9;
    fault.probability_millionths = 250000;
    check(&fault, "fault 3 drops the ACK of our FIN with a probability of 25 % (9 hits, 1 here, "
                  "the last 3.2 s ago)");
    fault.hits_here = 0;
    check(&fault, "fault 3 drops the ACK of our FIN with a probability of 25 % (9 hits, none here "
                  "yet)");
}

/* --- of a connection -------------------------------------------------------------------------- */

static struct explain_words said(enum te_situation situation, const struct explain_fault *faults,
                                 unsigned count)
{
    struct te_explanation facts = {.situation = situation, .timer_at_us = TE_NEVER};
    struct explain_subject subject = {.facts = &facts, .faults = faults, .fault_count = count};
    struct explain_words words;
    facts.status.congestion_control = "cubic";
    explain_say(&subject, &words);
    return words;
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void a_fault_that_hit_may_be_the_cause(void **state)
{
    (void)state;
    struct explain_fault fault = fault_of("drop ack-of-fin", TE_FAULT_IN);
    fault.hits = fault.hits_here = 2;
    fault.hit_us_ago = SECOND;
    struct explain_words words = said(TE_SITUATION_LAST_ACK, &fault, 1);
    assert_true(ends_with(words.summary, "waits for the last ACK; fault 3 may be why."));
    assert_true(ends_with(words.reason,
                          " Injected: fault 3 drops the ACK of our FIN (2 hits, the last 1.0 s "
                          "ago)."));
    assert_string_equal(words.hints[words.hint_count - 1], "tcpctl fault rm 3");
    fault.is_over = true;
    words = said(TE_SITUATION_LAST_ACK, &fault, 1);
    assert_true(ends_with(words.summary, "fault 3 may be why."));
    assert_string_not_equal(words.hints[words.hint_count - 1], "tcpctl fault rm 3");
    words = said(TE_SITUATION_IDLE, &fault, 1); /* nothing is wrong */
    assert_null(strstr(words.summary, "fault"));
    assert_non_null(strstr(words.reason, "Injected: fault 3 drops"));
}

static void one_that_waits_is_told_but_not_blamed(void **state)
{
    (void)state;
    struct explain_fault fault = fault_of("drop syn", TE_FAULT_OUT);
    struct explain_words words = said(TE_SITUATION_LAST_ACK, &fault, 1);
    assert_null(strstr(words.summary, "fault"));
    assert_true(ends_with(words.reason, " Injected: fault 3 drops our SYN (no hit yet)."));
}

static void the_last_to_hit_is_blamed_and_many_are_counted(void **state)
{
    (void)state;
    struct explain_fault faults[EXPLAIN_FAULTS_MAX];
    for (unsigned i = 0; i < EXPLAIN_FAULTS_MAX; i++) {
        faults[i] = fault_of("drop fin", TE_FAULT_OUT);
        faults[i].id = 10 + i;
        faults[i].hits = faults[i].hits_here = 1;
        faults[i].hit_us_ago = i == 1 ? SECOND : 2 * SECOND;
    }
    struct explain_words words = said(TE_SITUATION_LAST_ACK, faults, EXPLAIN_FAULTS_MAX + 4);
    assert_true(ends_with(words.summary, "; fault 11 may be why."));
    assert_true(ends_with(words.reason, " And 4 more faults concern it."));
    assert_non_null(strstr(words.reason, "fault 12 drops our FIN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_each_does),
        cmocka_unit_test(nothing_is_without_words),
        cmocka_unit_test(hits_of_here_and_of_all),
        cmocka_unit_test(a_fault_that_hit_may_be_the_cause),
        cmocka_unit_test(one_that_waits_is_told_but_not_blamed),
        cmocka_unit_test(the_last_to_hit_is_blamed_and_many_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The table of texts: complete, well formed, and made of facts that there are. */
#include <ctype.h>
#include <string.h>

#include "explain_facts.h"
#include "explain_texts.h"
#include "explain_words.h"
#include "support/test.h"

static const char *name_of(unsigned situation)
{
    return te_situation_name((enum te_situation)situation);
}

#define BECAUSE(situation, text, why)                                                              \
    fail_msg("%s: %s\n  in: %s", name_of(situation), (why), (text))

/* Every name in braces is a fact, and nothing is spaced or punctuated twice. */
static void check_form(unsigned situation, const char *text)
{
    static const char *const wrong[] = {"  ", "..", " .", " ,", ",,", "\t", "\n", " tells of"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        if (strstr(text, wrong[i]) != NULL)
            BECAUSE(situation, text, wrong[i]);
    for (const char *brace = strchr(text, '{'); brace != NULL; brace = strchr(brace + 1, '{')) {
        const char *end = strchr(brace, '}');
        if (end == NULL || !explain_is_fact(brace + 1, (size_t)(end - brace - 1)))
            BECAUSE(situation, text, "a name in braces is no fact");
    }
}

static bool begins_sentence(char first)
{
    return isupper((unsigned char)first) || first == '{';
}

/* Facts that are whole sentences bring their own full stop. */
static bool ends_in_sentence(const char *text)
{
    static const char *const sentences[] = {
        "{again_syn}",  "{again_syn_ack}", "{again_data}",       "{again_fin}",
        "{timer_then}", "{icmp}",          "{unread_too}",       "{fins_again}",
        "{reopen}",     "{cookies_peer}",  "{established_peer}",
    };
    size_t len = strlen(text);
    for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
        size_t end = strlen(sentences[i]);
        if (len >= end && strcmp(text + len - end, sentences[i]) == 0)
            return true;
    }
    return len > 0 && text[len - 1] == '.';
}

static void check_sentences(unsigned situation, const char *text)
{
    assert_non_null(text);
    check_form(situation, text);
    if (!begins_sentence(text[0]) || !ends_in_sentence(text))
        BECAUSE(situation, text, "does not begin or end as a sentence");
    for (const char *stop = strstr(text, ". "); stop != NULL; stop = strstr(stop + 1, ". "))
        if (!begins_sentence(stop[2]) && !isdigit((unsigned char)stop[-1]))
            BECAUSE(situation, text, "a sentence begins in lower case");
}

static void a_summary_is_one_sentence(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_SITUATION_COUNT; i++) {
        const char *summary = explain_text_of((enum te_situation)i)->summary;
        check_sentences(i, summary);
        if (strchr(summary, '.') != summary + strlen(summary) - 1)
            BECAUSE(i, summary, "more than one sentence");
    }
}

static void reason_then_and_peer_are_sentences(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_SITUATION_COUNT; i++) {
        const struct explain_text *text = explain_text_of((enum te_situation)i);
        check_sentences(i, text->reason);
        check_sentences(i, text->then);
        check_sentences(i, text->peer);
    }
}

/* Only what is over waits for nothing. */
static void what_it_waits_for_is_a_phrase(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_SITUATION_COUNT; i++) {
        const char *text = explain_text_of((enum te_situation)i)->waits_for;
        check_form(i, text);
        bool is_over = i == TE_SITUATION_GONE || i == TE_SITUATION_TIME_WAIT;
        if ((*text == '\0') != is_over || (!is_over && text[strlen(text) - 1] == '.'))
            BECAUSE(i, text, "no phrase");
    }
}

static void hints_are_commands(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_SITUATION_COUNT; i++) {
        const struct explain_text *text = explain_text_of((enum te_situation)i);
        assert_non_null(text->hints[0]);
        for (unsigned h = 0; h < EXPLAIN_HINTS_MAX && text->hints[h] != NULL; h++) {
            check_form(i, text->hints[h]);
            if (strncmp(text->hints[h], "tcpctl ", 7) != 0)
                BECAUSE(i, text->hints[h], "no command of tcpctl");
        }
    }
}

static void every_cause_has_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_CAUSE_COUNT; i++) {
        const char *words = explain_cause((enum te_cause)i);
        check_form(0, words);
        assert_true(strlen(words) > 8);
        assert_true(words[strlen(words) - 1] != '.');
    }
    assert_string_equal(explain_cause(TE_CAUSE_COUNT), "?");
}

/* With the largest numbers there are, no text is cut and none has braces left. */
static void nothing_is_cut(void **state)
{
    (void)state;
    struct te_explanation facts;
    struct explain_words words;
    memset(&facts, 0x7f, sizeof(facts));
    facts.was_passive = facts.is_probing = facts.fin_sent = facts.status.fin_queued = true;
    facts.reopens_by_timestamp = facts.has_listener = facts.last_drop.has_segment = true;
    facts.listener.gives_cookies = facts.listener.has_dropped = true;
    facts.is_receive_window_shut = true;
    for (unsigned i = 0; i < TE_HOLD_COUNT; i++)
        facts.held_us[i] = INT64_MAX / TE_HOLD_COUNT / 2; /* they are added up */
    struct te_endpoint end = {.port = 65535};
    assert_true(te_addr_parse("2001:db8:1111:2222:3333:4444:5555:6666", &end.addr));
    facts.status.local = facts.status.remote = facts.listener.local = end;
    facts.listener.dropped_remote = end;
    for (unsigned i = 0; i < TE_DROPPED_BY_MAX; i++)
        facts.listener.dropped_by[i].addr = end.addr;
    facts.listener.dropped_by_count = TE_DROPPED_BY_MAX;
    facts.next_hop = end.addr;
    facts.status.congestion_control = "cubic";
    facts.status.state = TE_SYN_RCVD;
    facts.status.time_wait_from = TE_FIN_WAIT_2;
    facts.status.soft_error = TE_ERR_PROHIBITED;
    facts.history.count = 0;
    facts.drop_count = 1;
    facts.last_drop.reason = TE_DROP_ACCEPT_QUEUE_FULL;
    facts.timer = TE_TIMER_RETRANSMIT;
    facts.hold = TE_HOLD_CWND;
    struct explain_subject subject = {
        .facts = &facts,
        .owner = {.uid = UINT32_MAX, .pid = UINT32_MAX, .program = "fifteen-letters"}};
    subject.listener_owner = subject.owner;
    for (unsigned i = 0; i < TE_SITUATION_COUNT; i++) {
        facts.situation = (enum te_situation)i;
        explain_say(&subject, &words);
        const char *const said[] = {words.summary, words.reason, words.waits_for,
                                    words.then,    words.peer,   words.hints[0]};
        for (size_t t = 0; t < sizeof(said) / sizeof(*said); t++)
            if (strpbrk(said[t], "{}") != NULL || strlen(said[t]) + 1 >= EXPLAIN_TEXT_MAX)
                BECAUSE(i, said[t], "braces are left, or it is cut");
        for (unsigned h = 0; h < words.hint_count; h++)
            assert_true(strlen(words.hints[h]) + 1 < EXPLAIN_HINT_MAX);
    }
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct te_explanation facts = {.status.id = 1234567};
    struct explain_subject subject = {.facts = &facts};
    char text[8];
    explain_fill("id {id} and more", &subject, text, sizeof(text));
    assert_string_equal(text, "id 1234");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_summary_is_one_sentence),
        cmocka_unit_test(reason_then_and_peer_are_sentences),
        cmocka_unit_test(what_it_waits_for_is_a_phrase),
        cmocka_unit_test(hints_are_commands),
        cmocka_unit_test(every_cause_has_words),
        cmocka_unit_test(nothing_is_cut),
        cmocka_unit_test(a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

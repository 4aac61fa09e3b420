#include "script_said.h"

#include <string.h>

struct te_explanation said_facts(struct script *s, uint64_t id)
{
    struct te_explanation facts;
    T_ERR(te_explain(s->f.stack, id, s->f.now_us, &facts), TE_OK);
    return facts;
}

void said_words(struct script *s, uint64_t id, struct explain_words *ret_words)
{
    struct te_explanation facts = said_facts(s, id);
    struct explain_owner owner = {.uid = USER, .pid = SAID_PID, .program = SAID_PROGRAM};
    struct explain_subject subject = {.facts = &facts, .owner = owner, .listener_owner = owner};
    explain_say(&subject, ret_words);
}

const char *said_reason(struct script *s, struct explain_words *words)
{
    said_words(s, s->c.id, words);
    return words->reason;
}

void said_compare(const char *got, const char *want, const char *what, struct script_at at)
{
    if (strcmp(got, want) == 0)
        return;
    print_error("%s: %s\n  expected: %s\n", what, got, want);
    _fail(at.file, at.line);
}

void said_check(struct script *s, uint64_t id, const struct said *want, struct script_at at)
{
    struct explain_words words;
    struct te_explanation facts = said_facts(s, id);
    said_words(s, id, &words);
    said_compare(te_situation_name(facts.situation), te_situation_name(want->situation),
                 "situation", at);
    said_compare(words.summary, want->summary, "summary", at);
    said_compare(explain_verdict_name(words.verdict), explain_verdict_name(want->verdict),
                 "verdict", at);
    said_compare(te_timer_name(facts.timer), te_timer_name(want->timer), "timer", at);
    if (want->waits_for != NULL)
        said_compare(words.waits_for, want->waits_for, "waits_for", at);
    if (want->then != NULL)
        said_compare(words.then, want->then, "then", at);
}

void said_contains(const char *whole, const char *text, struct script_at at)
{
    if (strstr(whole, text) != NULL)
        return;
    print_error("%s\n  does not contain: %s\n", whole, text);
    _fail(at.file, at.line);
}

#include "explain_words.h"

#include "explain_drop.h"
#include "explain_facts.h"
#include "explain_faults.h"
#include "explain_texts.h"
#include "explain_verdict.h"

void explain_say(const struct explain_subject *subject, struct explain_words *ret_words)
{
    const struct explain_text *text = explain_text_of(subject->facts->situation);
    *ret_words = (struct explain_words){.verdict = explain_judge(subject->facts, text->verdict)};
    explain_fill(text->summary, subject, ret_words->summary, EXPLAIN_TEXT_MAX);
    explain_fill(text->reason, subject, ret_words->reason, EXPLAIN_TEXT_MAX);
    explain_fill(text->waits_for, subject, ret_words->waits_for, EXPLAIN_TEXT_MAX);
    explain_fill(text->then, subject, ret_words->then, EXPLAIN_TEXT_MAX);
    explain_fill(text->peer, subject, ret_words->peer, EXPLAIN_TEXT_MAX);
    for (unsigned i = 0; i < EXPLAIN_HINTS_MAX && text->hints[i] != NULL; i++)
        explain_fill(text->hints[i], subject, ret_words->hints[ret_words->hint_count++],
                     EXPLAIN_HINT_MAX);
    explain_say_drop(subject, ret_words);
    explain_say_faults(subject, ret_words);
}

/* The sentences, one row per situation. A name in braces is a fact (explain_facts.h). */
#ifndef TCPENGINE_EXPLAIN_TEXTS_H
#define TCPENGINE_EXPLAIN_TEXTS_H

#include "explain_words.h"

struct explain_text {
    enum explain_verdict verdict;         /* unless explain_verdict.c knows better */
    const char *summary;                  /* a sentence */
    const char *reason;                   /* sentences */
    const char *waits_for;                /* a noun phrase, or "" */
    const char *then;                     /* sentences */
    const char *peer;                     /* sentences */
    const char *hints[EXPLAIN_HINTS_MAX]; /* commands */
};

/* The row of a situation, which must be one. Static. */
const struct explain_text *explain_text_of(enum te_situation situation);
/* "the peer's FIN came", ...: what has happened. Static; "" for no cause. */
const char *explain_cause(enum te_cause cause);

#endif

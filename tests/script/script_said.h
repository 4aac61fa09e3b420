/* What te_explain and its words (lib/explain) say of a script's connection, or of what has id.
 *
 *     T_SAYS(&s, TE_SITUATION_IDLE, EXPLAIN_OK, TE_TIMER_NONE, "Idle: ...", NULL, NULL);
 *     T_CONTAINS(said_reason(&s, &words), "All that was sent is acknowledged.");
 *
 * The owner of everything is SAID_PROGRAM. */
#ifndef TESTS_SCRIPT_SAID_H
#define TESTS_SCRIPT_SAID_H

#include <explain_words.h>

#include "script.h"

#define SAID_PID 4711
#define SAID_PROGRAM "billing-worker"

/* What is expected; NULL: not compared. */
struct said {
    enum te_situation situation;
    enum explain_verdict verdict;
    enum te_timer timer;
    const char *summary, *waits_for, *then;
};

struct te_explanation said_facts(struct script *s, uint64_t id);
void said_words(struct script *s, uint64_t id, struct explain_words *ret_words);
/* The reason for the present connection's state. */
const char *said_reason(struct script *s, struct explain_words *words);

#define T_SAYS_OF(s, id, ...) said_check((s), (id), &(struct said){__VA_ARGS__}, T_HERE)
#define T_SAYS(s, ...) T_SAYS_OF(s, (s)->c.id, __VA_ARGS__)
/* The reason, the peer's side, or anything else contains text. */
#define T_CONTAINS(whole, text) said_contains((whole), (text), T_HERE)

void said_check(struct script *s, uint64_t id, const struct said *want, struct script_at at);
void said_contains(const char *whole, const char *text, struct script_at at);
void said_compare(const char *got, const char *want, const char *what, struct script_at at);

#endif

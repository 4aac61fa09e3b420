/* What te_explain() found out, in words for somebody who doesn't know TCP.
 *
 * No I/O and no memory: facts in, sentences out. The sentences are in one table (explain_texts.c),
 * with the facts as names in braces (explain_facts.c). */
#ifndef TCPENGINE_EXPLAIN_WORDS_H
#define TCPENGINE_EXPLAIN_WORDS_H

#include <tcpengine/explain.h>
#include <tcpengine/fault.h>

/* What to make of it: X(CONSTANT, name). */
#define EXPLAIN_VERDICT_LIST(X)                                                                    \
    X(OK, ok)                                                                                      \
    X(WAITING, waiting) /* for something that is likely to come */                                 \
    X(SLOW, slow)       /* it gets on, slower than it could */                                     \
    X(STUCK, stuck)     /* it does not get on, and somebody has to do something */                 \
    X(LEAKING, leaking) /* a program has forgotten it */                                           \
    X(DEAD, dead)       /* it is over */

enum explain_verdict {
#define EXPLAIN_VERDICT_CONSTANT(CONSTANT, name) EXPLAIN_##CONSTANT,
    EXPLAIN_VERDICT_LIST(EXPLAIN_VERDICT_CONSTANT)
#undef EXPLAIN_VERDICT_CONSTANT
        EXPLAIN_VERDICT_COUNT
};

/* "ok", "waiting", ...; "?" for a number out of range. Static. */
const char *explain_verdict_name(enum explain_verdict verdict);

/* Whose it is. Texts may be NULL or empty: not known. */
struct explain_owner {
    uint32_t uid;
    uint32_t pid; /* 0: not known */
    const char *program;
    bool is_gone; /* the program has ended */
};

/* A fault that somebody has injected into its segments, or will. */
struct explain_fault {
    uint64_t id;
    struct te_fault_spec spec;
    uint32_t probability_millionths;
    uint64_t count; /* of hits that end it; 0: no limit */
    uint64_t hits, hits_here;
    int64_t hit_us_ago; /* the last one here */
    bool is_over;
};
/* Told one by one; of more only their number. */
#define EXPLAIN_FAULTS_MAX 3

/* What there is to say. All of it is borrowed until return. */
struct explain_subject {
    const struct te_explanation *facts;
    struct explain_owner owner;
    struct explain_owner listener_owner; /* of facts->listener, if there is one */
    const struct explain_fault *faults;  /* the first EXPLAIN_FAULTS_MAX of fault_count */
    unsigned fault_count;
};

#define EXPLAIN_TEXT_MAX 640
#define EXPLAIN_REASON_MAX 1536 /* with faults */
#define EXPLAIN_HINT_MAX 64
#define EXPLAIN_HINTS_MAX 4

struct explain_words {
    enum explain_verdict verdict;
    char summary[EXPLAIN_TEXT_MAX];   /* one sentence */
    char reason[EXPLAIN_REASON_MAX];  /* why it is in this state and situation */
    char waits_for[EXPLAIN_TEXT_MAX]; /* what has to come, and from whom; "" if nothing has to */
    char then[EXPLAIN_TEXT_MAX];      /* what the timer does, or that there is none */
    char peer[EXPLAIN_TEXT_MAX];      /* how it looks from the other side */
    char hints[EXPLAIN_HINTS_MAX][EXPLAIN_HINT_MAX]; /* commands to type */
    unsigned hint_count;
};

/* Texts that would be too long are cut, which none is as long as names are of usual length. */
void explain_say(const struct explain_subject *subject, struct explain_words *ret_words);

/* CLOSE_WAIT for longer than that is a leak: the program has had its time to answer. */
#define EXPLAIN_LEAK_US (60 * INT64_C(1000000))

#endif

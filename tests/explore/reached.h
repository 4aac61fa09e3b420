/* What a search has seen: transitions with their cause and the segment sent in answer, and pairs of
 * states of the two ends. */
#ifndef EXPLORE_REACHED_H
#define EXPLORE_REACHED_H

#include <stdio.h>
#include <tcpengine/conn.h>
#include <tcpengine/event.h>

/* The first segment sent after a transition, without PSH. */
enum answer {
    ANSWER_NONE,
    ANSWER_SYN,
    ANSWER_SYN_ACK,
    ANSWER_ACK,
    ANSWER_FIN_ACK,
    ANSWER_RST,
    ANSWER_RST_ACK,
    ANSWER_COUNT
};

struct reached_edge {
    uint64_t count;
    uint64_t answers[ANSWER_COUNT];
};

#define PENDING_MAX 8

/* The current event, for one side. */
struct reached_pending {
    unsigned count;
    struct te_transition transitions[PENDING_MAX];
    enum answer answer;
};

struct reached {
    struct reached_edge edges[TE_STATE_COUNT][TE_STATE_COUNT][TE_CAUSE_COUNT];
    uint64_t pairs[TE_STATE_COUNT]
                  [TE_STATE_COUNT]; /* a <= b: number of moments with these states */
    uint64_t fins_again;            /* in TIME_WAIT: acknowledged again, and 2MSL restarts */
    /* Moments of a sender with segments in flight (scenarios that begin with an open
     * connection). */
    uint64_t with_sack, in_recovery, after_timeout, delivered;
    struct reached_pending pending[2];
};

/* All of these accept NULL and then do nothing. */
void reached_transition(struct reached *reached, unsigned side,
                        const struct te_transition *transition);
void reached_fin_again(struct reached *reached);
void reached_answer(struct reached *reached, unsigned side, uint8_t flags);
/* The event is over. */
void reached_settle(struct reached *reached);
void reached_pair(struct reached *reached, enum te_state a, enum te_state b);
void reached_sender(struct reached *reached, const struct te_status *status);

void reached_print(const struct reached *reached, FILE *file);
/* The most frequent answer on an edge. */
enum answer reached_usual_answer(const struct reached_edge *edge);
const char *reached_answer_text(enum answer answer);

#endif

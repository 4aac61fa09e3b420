#include "reached.h"

#include <inttypes.h>
#include <string.h>

void reached_transition(struct reached *reached, unsigned side,
                        const struct te_transition *transition)
{
    if (reached == NULL || reached->pending[side].count == PENDING_MAX)
        return;
    struct reached_pending *pending = &reached->pending[side];
    pending->transitions[pending->count++] = *transition;
}

static enum answer answer_of(uint8_t flags)
{
    switch (flags & (TE_SYN | TE_FIN | TE_RST | TE_ACK)) {
    case TE_SYN:
        return ANSWER_SYN;
    case TE_SYN | TE_ACK:
        return ANSWER_SYN_ACK;
    case TE_FIN | TE_ACK:
        return ANSWER_FIN_ACK;
    case TE_RST:
        return ANSWER_RST;
    case TE_RST | TE_ACK:
        return ANSWER_RST_ACK;
    default:
        return ANSWER_ACK;
    }
}

void reached_answer(struct reached *reached, unsigned side, uint8_t flags)
{
    if (reached != NULL && reached->pending[side].answer == ANSWER_NONE)
        reached->pending[side].answer = answer_of(flags);
}

void reached_settle(struct reached *reached)
{
    if (reached == NULL)
        return;
    for (unsigned side = 0; side < 2; side++) {
        struct reached_pending *pending = &reached->pending[side];
        for (unsigned i = 0; i < pending->count; i++) {
            const struct te_transition *transition = &pending->transitions[i];
            struct reached_edge *edge =
                &reached->edges[transition->from][transition->to][transition->cause];
            edge->count++;
            edge->answers[pending->answer]++;
        }
        pending->count = 0;
        pending->answer = ANSWER_NONE;
    }
}

void reached_pair(struct reached *reached, enum te_state a, enum te_state b)
{
    if (reached != NULL)
        reached->pairs[a < b ? a : b][a < b ? b : a]++;
}

void reached_sender(struct reached *reached, const struct te_status *status)
{
    if (reached == NULL)
        return;
    reached->with_sack += status->sacked_bytes > 0;
    reached->in_recovery += strcmp(status->recovery, "recovery") == 0;
    reached->after_timeout += strcmp(status->recovery, "loss") == 0;
    reached->delivered += status->send_queue_bytes == 0;
}

void reached_fin_again(struct reached *reached)
{
    if (reached != NULL)
        reached->fins_again++;
}

enum answer reached_usual_answer(const struct reached_edge *edge)
{
    enum answer most = ANSWER_NONE;
    for (enum answer i = ANSWER_NONE; i < ANSWER_COUNT; i++)
        if (edge->answers[i] > edge->answers[most])
            most = i;
    return most;
}

const char *reached_answer_text(enum answer answer)
{
    static const char *const texts[ANSWER_COUNT] = {"",        "SYN", "SYN,ACK", "ACK",
                                                    "FIN,ACK", "RST", "RST,ACK"};
    return texts[answer];
}

static void print_edge(enum te_state from, enum te_state to, enum te_cause cause,
                       const struct reached_edge *edge, FILE *file)
{
    fprintf(file, "  %11s -> %-11s %-22s %10" PRIu64 " ", te_state_name(from), te_state_name(to),
            te_cause_text(cause), edge->count);
    for (enum answer i = ANSWER_NONE; i < ANSWER_COUNT; i++)
        if (edge->answers[i] > 0)
            fprintf(file, " %s:%" PRIu64, i == ANSWER_NONE ? "-" : reached_answer_text(i),
                    edge->answers[i]);
    fputc('\n', file);
}

static void print_edges_from(const struct reached *reached, enum te_state from, FILE *file)
{
    for (enum te_state to = TE_CLOSED; to < TE_STATE_COUNT; to++)
        for (enum te_cause cause = TE_CAUSE_NONE; cause < TE_CAUSE_COUNT; cause++)
            if (reached->edges[from][to][cause].count > 0)
                print_edge(from, to, cause, &reached->edges[from][to][cause], file);
}

void reached_print(const struct reached *reached, FILE *file)
{
    unsigned pairs = 0;
    fprintf(file, "edges: cause, times, and what left first with them\n");
    for (enum te_state from = TE_CLOSED; from < TE_STATE_COUNT; from++)
        print_edges_from(reached, from, file);
    fprintf(file, "pairs of states of the two ends, and moments with them\n");
    for (unsigned a = 0; a < TE_STATE_COUNT; a++) {
        for (unsigned b = a; b < TE_STATE_COUNT; b++) {
            if (reached->pairs[a][b] == 0)
                continue;
            pairs++;
            fprintf(file, "  %11s and %-11s %10" PRIu64 "\n", te_state_name(a), te_state_name(b),
                    reached->pairs[a][b]);
        }
    }
    fprintf(file, "%" PRIu64 " times a FIN came again in TIME_WAIT\n", reached->fins_again);
    fprintf(file,
            "senders: %" PRIu64 " moments with SACKed segments, %" PRIu64
            " in fast recovery, %" PRIu64 " after a timeout, %" PRIu64 " with all acknowledged\n",
            reached->with_sack, reached->in_recovery, reached->after_timeout, reached->delivered);
    fprintf(file, "%u of %u pairs\n", pairs, TE_STATE_COUNT * (TE_STATE_COUNT + 1) / 2);
}

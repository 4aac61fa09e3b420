#include "explain_verdict.h"

#include <tcpengine/units.h>

#define STUCK_RETRIES 3
#define NOT_ACCEPTED_STUCK_US (10 * TE_SECOND)
#define DROPS_RECENT_US TE_MINUTE

const char *explain_verdict_name(enum explain_verdict verdict)
{
    static const char *const names[] = {
#define VERDICT_NAME(CONSTANT, name) [EXPLAIN_##CONSTANT] = #name,
        EXPLAIN_VERDICT_LIST(VERDICT_NAME)
#undef VERDICT_NAME
    };
    return verdict < EXPLAIN_VERDICT_COUNT ? names[verdict] : "?";
}

/* What was sent once may be on its way; what is sent again and again is not. */
static enum explain_verdict by_retries(const struct te_explanation *facts,
                                       enum explain_verdict usual)
{
    if (facts->retries >= STUCK_RETRIES)
        return EXPLAIN_STUCK;
    return facts->retries > 0 ? EXPLAIN_SLOW : usual;
}

static int64_t state_age_us(const struct te_explanation *facts)
{
    int64_t since_us = facts->status.state_since_us;
    return since_us == TE_NEVER ? 0 : facts->now_us - since_us;
}

int64_t explain_queued_at_us(const struct te_explanation *facts)
{
    const struct te_history *history = &facts->history;
    for (unsigned i = history->count; i > 0; i--)
        if (history->transitions[i - 1].to == TE_ESTABLISHED)
            return history->transitions[i - 1].time_us;
    return facts->status.state_since_us;
}

static bool is_long_in_queue(const struct te_explanation *facts)
{
    int64_t since_us = explain_queued_at_us(facts);
    return since_us != TE_NEVER && facts->now_us - since_us >= NOT_ACCEPTED_STUCK_US;
}

static bool has_dropped_lately(const struct te_explanation *facts)
{
    return facts->listener.has_dropped &&
           facts->now_us - facts->listener.dropped_at_us < DROPS_RECENT_US;
}

enum explain_verdict explain_judge(const struct te_explanation *facts, enum explain_verdict usual)
{
    switch (facts->situation) {
    case TE_SITUATION_SYN_UNANSWERED:
    case TE_SITUATION_SYN_ACK_UNANSWERED:
    case TE_SITUATION_RETRANSMITTING:
    case TE_SITUATION_FIN_UNANSWERED:
    case TE_SITUATION_CLOSING:
    case TE_SITUATION_LAST_ACK:
    case TE_SITUATION_KEEPALIVE:
        return by_retries(facts, usual);
    case TE_SITUATION_ZERO_WINDOW:
        return facts->probes_sent > 0 ? EXPLAIN_STUCK : usual;
    case TE_SITUATION_NOT_ACCEPTED:
        return is_long_in_queue(facts) ? EXPLAIN_STUCK : usual;
    case TE_SITUATION_CLOSE_WAIT:
        return state_age_us(facts) >= EXPLAIN_LEAK_US ? EXPLAIN_LEAKING : usual;
    case TE_SITUATION_LISTENER_SYN_QUEUE_FULL:
        return facts->listener.gives_cookies ? usual : EXPLAIN_STUCK;
    case TE_SITUATION_LISTENING:
        return has_dropped_lately(facts) ? EXPLAIN_SLOW : usual;
    default:
        return usual;
    }
}

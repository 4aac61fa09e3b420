#include "explain_drop.h"

#include <string.h>
#include <tcpengine/units.h>

#include "explain_facts.h"

#define RECENT_US TE_MINUTE

/* What may keep a connection from getting on; repetitions and probes are none of it. */
static bool is_telling(enum te_drop_reason reason)
{
    switch (reason) {
    case TE_DROP_TIMESTAMP_MISSING:
    case TE_DROP_PAWS:
    case TE_DROP_RST_UNACCEPTABLE:
    case TE_DROP_RST_INEXACT:
    case TE_DROP_SYN_CHALLENGED:
    case TE_DROP_NO_ACK:
    case TE_DROP_BAD_ACK:
    case TE_DROP_AFTER_FIN:
    case TE_DROP_RECEIVE_NO_MEMORY:
    case TE_DROP_OUT_OF_ORDER:
        return true;
    default:
        return false;
    }
}

void explain_say_drop(const struct explain_subject *subject, struct explain_words *words)
{
    const struct te_explanation *facts = subject->facts;
    size_t len = strlen(words->reason);
    if (facts->drop_count == 0 || !is_telling(facts->last_drop.reason) ||
        facts->now_us - facts->last_drop.time_us >= RECENT_US)
        return;
    explain_fill(" A segment of the peer was dropped {drop_ago} ago: {dropped}.", subject,
                 words->reason + len, sizeof(words->reason) - len);
}

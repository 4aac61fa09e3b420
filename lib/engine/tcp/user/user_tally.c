/* What monitoring asks for: sums that are kept all the time (tcp/conn/tally.h). */
#include <string.h>

#include "stack_internal.h"
#include "tcp/listen/listener_table.h"

void te_tally(const struct te_stack *stack, int64_t now_us, struct te_tallies *ret_tallies)
{
    const struct te_tally_state *tally = &stack->tally;
    if (now_us < stack->now_us)
        now_us = stack->now_us;
    for (unsigned i = 0; i < TE_HOLD_COUNT; i++)
        ret_tallies->held_us[i] = tally->holds.us[i] + tally->holds.senders[i] * (uint64_t)now_us;
    ret_tallies->received = tally->received;
    ret_tallies->sent = tally->sent;
    te_ages_read(&tally->close_wait, now_us, &ret_tallies->close_wait);
    te_ages_read(&tally->fin_wait_2, now_us, &ret_tallies->fin_wait_2);
    memcpy(ret_tallies->drops, stack->drops->by_reason, sizeof(ret_tallies->drops));
}

bool te_tally_listener(const struct te_stack *stack, uint64_t *cursor,
                       struct te_listener_tally *ret_tally)
{
    const struct te_listener *listener = te_listener_walk(&stack->listeners, cursor);
    if (listener == NULL)
        return false;
    *ret_tally = (struct te_listener_tally){
        .id = listener->id,
        .local = listener->local,
        .remote = listener->remote,
        .family = (enum te_listen_family)listener->family,
        .accept_count = listener->accept_count,
        .backlog = listener->backlog,
        .syn_count = listener->syn_count,
        .syn_max = stack->config.syn_queue_max,
        .accept_drops = listener->accept_drops,
        .syn_drops = listener->syn_drops,
        .cookies_sent = listener->cookies_sent,
    };
    return true;
}

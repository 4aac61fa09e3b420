#include "tcp/flood.h"

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/listen/listener_table.h"

#define FLAGS_AT 13 /* RFC 9293 3.1 */

/* By the way of RFC 9293 3.10.7.2: a RST never, an ACK while SYN cookies may come back. */
static bool may_open(const struct te_stack *stack, const struct te_listener *listener,
                     uint8_t flags)
{
    if (flags & TE_RST)
        return false;
    if (flags & TE_ACK)
        return !(flags & TE_SYN) && stack->now_us < listener->cookies_until_us;
    return true;
}

bool te_flood_drops(struct te_stack *stack, const struct te_packet *packet,
                    const struct te_listener *listener)
{
    if (!te_limiter_is_spent(&stack->rst_limiter, stack->now_us) || packet->payload_len <= FLAGS_AT)
        return false;
    uint8_t flags = packet->payload[FLAGS_AT];
    if (listener != NULL && may_open(stack, listener, flags))
        return false;
    stack->counters.resets_limited += (flags & TE_RST) == 0;
    te_packet_drop(stack, TE_DROP_TCP_FLOOD, packet);
    return true;
}

#include "tcp/listen/port.h"

#include "stack_internal.h"
#include "tcp/conn/tuple.h"

#define DOMAIN_PORT 5

bool te_port_is_taken(const struct te_stack *stack, const struct te_endpoint *local,
                      const struct te_endpoint *remote)
{
    return te_conn_table_find(stack, local, remote) != NULL ||
           te_time_wait_find(stack, local, remote) != TE_TIME_WAIT_NONE;
}

uint16_t te_port_choose(struct te_stack *stack, const struct te_endpoint *local,
                        const struct te_endpoint *remote)
{
    uint32_t first = stack->config.port_first;
    uint32_t count = stack->config.port_last - first + 1u;
    struct te_endpoint candidate = {local->addr, 0};
    uint32_t offset = (uint32_t)te_tuple_hash(stack, DOMAIN_PORT, &candidate, remote);
    for (uint32_t i = 0; i < count; i++) {
        candidate.port = (uint16_t)(first + (offset + stack->next_ephemeral++) % count);
        if (!te_port_is_taken(stack, &candidate, remote) &&
            !te_listener_holds_port(stack, &candidate))
            return candidate.port;
    }
    stack->counters.port_exhausted++;
    return 0;
}

#include "tcp/conn/tuple.h"

#include <string.h>

#include "stack_internal.h"
#include "util/bytes.h"

uint64_t te_tuple_hash(const struct te_stack *stack, uint32_t domain,
                       const struct te_endpoint *local, const struct te_endpoint *remote)
{
    uint8_t bytes[40];
    te_store_be32(bytes, domain ^ ((uint32_t)local->port << 16 | remote->port));
    memcpy(bytes + 4, local->addr.bytes, 16);
    memcpy(bytes + 20, remote->addr.bytes, 16);
    te_store_be32(bytes + 36, domain);
    return te_siphash(&stack->key, bytes, sizeof(bytes));
}

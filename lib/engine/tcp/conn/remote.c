#include "tcp/conn/remote.h"

#include <string.h>

#include "stack_internal.h"

#define PREFIX_BYTES_IPV6 8

uint64_t te_remote_hash(const struct te_stack *stack, uint8_t domain, const struct te_addr *remote)
{
    size_t kept = te_addr_is_v4(remote) ? sizeof(remote->bytes) : PREFIX_BYTES_IPV6;
    uint8_t bytes[sizeof(remote->bytes) + 1] = {0};
    memcpy(bytes, remote->bytes, kept);
    bytes[sizeof(remote->bytes)] = domain;
    return te_siphash(&stack->key, bytes, sizeof(bytes));
}

/* What every module takes from the host: memory and time. Below everything else.
 *
 * No module calls the host's allocator directly; what it asks for here it gives back with the same
 * size, so that a host needs no headers of its own before each block. */
#ifndef TCPENGINE_MEMORY_H
#define TCPENGINE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/config.h>

struct te_stack;

/* Counts what the host has given, against config.memory_max_bytes. */
struct te_memory_count {
    struct te_allocator host; /* config.allocator of the stack is a counting one before it */
    uint64_t used_bytes;      /* allocated, and charged by te_memory_charge */
    uint64_t max_bytes;       /* the allocator refuses beyond; UINT64_MAX: no budget */
    uint64_t refused;         /* allocations, by the budget or by the host */
};

/* Puts the count before the host's allocator, and starts it with bytes that were taken already. */
void te_memory_start_count(struct te_stack *stack, size_t taken_bytes);
/* Charges memory that does not come from the allocator: stream buffers that the host gives. With
 * those that come from it, which are counted there, does nothing. */
void te_memory_charge(struct te_stack *stack, int64_t bytes);

/* Zeroed memory from the host's allocator; NULL when it refuses, which is TE_ERR_NOMEM for a user
 * call and a counted drop for a segment. */
void *te_stack_alloc(struct te_stack *stack, size_t size_bytes);
/* The same with whatever was there before: for large blocks that are filled little by little. */
void *te_stack_alloc_raw(struct te_stack *stack, size_t size_bytes);
/* Gives a block back; size_bytes as it was asked for. Does nothing when block is NULL. */
void te_stack_dealloc(struct te_stack *stack, void *block, size_t size_bytes);
/* For a host that gives no te_buffer_memory: stream buffers come from its general allocator. Leaves
 * a te_buffer_memory that the host gave as it is. */
void te_memory_use_plain_buffers(struct te_stack *stack);
/* The host's clock shows now_us. Time never goes back: an earlier value changes nothing. */
void te_stack_set_now(struct te_stack *stack, int64_t now_us);

#endif

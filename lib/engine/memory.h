/* What every module takes from the host: memory and time. Below everything else.
 *
 * No module calls the host's allocator directly; what it asks for here it gives back with the same
 * size, so that a host needs no headers of its own before each block. */
#ifndef TCPENGINE_MEMORY_H
#define TCPENGINE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct te_stack;

/* Zeroed memory from the host's allocator; NULL when it refuses, which is TE_ERR_NOMEM for a user
 * call and a counted drop for a segment. */
void *te_stack_alloc(struct te_stack *stack, size_t size_bytes);
/* Gives a block back; size_bytes as it was asked for. Does nothing when block is NULL. */
void te_stack_dealloc(struct te_stack *stack, void *block, size_t size_bytes);
/* For a host that gives no te_buffer_memory: stream buffers come from its general allocator. Leaves
 * a te_buffer_memory that the host gave as it is. */
void te_memory_use_plain_buffers(struct te_stack *stack);
/* The host's clock shows now_us. Time never goes back: an earlier value changes nothing. */
void te_stack_set_now(struct te_stack *stack, int64_t now_us);

#endif

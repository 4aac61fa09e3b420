/* What every module takes from the host: memory and time. Below everything else. */
#ifndef TCPENGINE_MEMORY_H
#define TCPENGINE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct te_stack;

/* Memory through the host's allocator; NULL when it refuses. Zeroed. */
void *te_stack_alloc(struct te_stack *stack, size_t size_bytes);
/* block NULL: nothing happens. size_bytes as it was asked for. */
void te_stack_dealloc(struct te_stack *stack, void *block, size_t size_bytes);
/* A host that names no te_buffer_memory: stream buffers come from its general allocator. */
void te_memory_use_plain_buffers(struct te_stack *stack);
/* Time moves on; never back. */
void te_stack_set_now(struct te_stack *stack, int64_t now_us);

#endif

#include "tcp/conn/persist.h"

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/loss/rtt.h"

/* Whether the host would refuse the memory of one more connection. */
static bool is_memory_short(const struct te_stack *stack)
{
    const struct te_allocator *allocator = &stack->config.allocator;
    size_t size = sizeof(struct te_conn) + stack->config.send_buffer_initial_bytes +
                  stack->config.receive_buffer_initial_bytes;
    void *block = allocator->alloc(allocator->ctx, size);
    if (block == NULL)
        return true;
    allocator->free(allocator->ctx, block, size);
    return false;
}

/* The backoff ends when a byte is acknowledged, or the window opens. */
static bool waits_for_long(const struct te_stack *stack, const struct te_conn *conn)
{
    return te_rtt_rto_us(&conn->rtt, &stack->config) >= stack->config.rto_max_us;
}

bool te_persist_should_yield(const struct te_stack *stack, const struct te_conn *conn)
{
    return conn->snd_wnd == 0 && waits_for_long(stack, conn) && is_memory_short(stack);
}

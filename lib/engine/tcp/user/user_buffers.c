/* Buffers that the host lends (buffers.h). */
#include <tcpengine/buffers.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/send_buffer.h"

#define LENT_MAX_BYTES (UINT32_C(1) << 30)

static bool is_lendable(uint32_t size_bytes)
{
    return size_bytes > 0 && size_bytes <= LENT_MAX_BYTES && (size_bytes & (size_bytes - 1)) == 0;
}

/* Plain buffers are counted where they are allocated, and a lent one is not. */
static bool lends_memory(const struct te_stack *stack)
{
    return stack->config.buffer_memory.ctx != &stack->config.allocator;
}

enum te_err te_buffers_lend(struct te_stack *stack, uint64_t id, const struct te_buffers *buffers,
                            int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (!lends_memory(stack) || !is_lendable(buffers->send_bytes) ||
        !is_lendable(buffers->receive_bytes))
        return TE_ERR_INVALID;
    if (conn == NULL)
        return TE_ERR_NO_CONNECTION;
    if (conn->is_remains || conn->send_ring.is_lent)
        return TE_ERR_STATE;
    if (!te_receive_lend(stack, conn, buffers->receive, buffers->receive_bytes))
        return TE_ERR_RESOURCES;
    if (te_send_lend(stack, conn, buffers->send, buffers->send_bytes))
        return TE_OK;
    return te_receive_own(stack, conn) ? TE_ERR_RESOURCES : TE_ERR_NOMEM;
}

enum te_err te_buffers_own(struct te_stack *stack, uint64_t id, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return TE_ERR_NO_CONNECTION;
    if (conn->send_ring.is_lent && !te_send_own(stack, conn))
        return TE_ERR_NOMEM;
    if (conn->receive_ring.is_lent && !te_receive_own(stack, conn))
        return TE_ERR_NOMEM;
    return TE_OK;
}

enum te_err te_position(const struct te_stack *stack, uint64_t id, struct te_position *ret_position)
{
    const struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return TE_ERR_NO_CONNECTION;
    bool may_show = conn->state != TE_SYN_SENT && (conn->state != TE_SYN_RCVD || conn->fast_opened);
    *ret_position = (struct te_position){
        .state = (enum te_state)conn->state,
        .error = (enum te_err)conn->error,
        .send_acked = conn->acked_offset,
        .send_accepted = conn->queued_offset,
        .receive_released = conn->released_offset,
        .received = may_show ? conn->received_offset : conn->released_offset,
        .is_end = may_show && conn->fin_received,
    };
    return TE_OK;
}

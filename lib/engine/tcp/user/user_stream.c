/* SEND and RECEIVE (RFC 9293 3.10.2, 3.10.3). */
#include <tcpengine/buffers.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/listen/listener_table.h"
#include "tcp/recovery/recovery.h"
#include "tcp/relief.h"

/* Why id has no connection: it is a listener's, in TIME_WAIT, or unknown. */
static enum te_err why_no_conn(const struct te_stack *stack, uint64_t id)
{
    if (te_listener_find_id(stack, id) != NULL)
        return TE_ERR_STATE;
    if (te_time_wait_find_id(stack, id) != TE_TIME_WAIT_NONE)
        return TE_ERR_CLOSING;
    return TE_ERR_NO_CONNECTION;
}

/* data NULL: the bytes are in the ring. */
static enum te_err accept_bytes(struct te_stack *stack, struct te_conn *conn, const void *data,
                                size_t len, size_t *ret_accepted)
{
    if (conn->error != TE_OK)
        return (enum te_err)conn->error;
    if (!te_conn_can_send(conn))
        return TE_ERR_CLOSING;
    te_recovery_on_restart(stack, conn);
    *ret_accepted =
        data != NULL ? te_send_append(stack, conn, data, len) : te_send_extend(stack, conn, len);
    conn->send_was_cut = *ret_accepted < len;
    if (conn->send_was_cut)
        te_send_await_memory(stack, conn);
    if (*ret_accepted > 0 && (te_conn_is_synchronized(conn) || conn->fast_opened))
        te_conn_want_output(stack, conn);
    return TE_OK;
}

enum te_err te_send(struct te_stack *stack, uint64_t id, const void *data, size_t len,
                    size_t *ret_accepted, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    te_relief_run(stack);
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return why_no_conn(stack, id);
    if (conn->send_ring.is_lent)
        return TE_ERR_STATE;
    return accept_bytes(stack, conn, len > 0 ? data : "", len, ret_accepted);
}

enum te_err te_send_in_place(struct te_stack *stack, uint64_t id, size_t len, size_t *ret_accepted,
                             int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    te_relief_run(stack);
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return why_no_conn(stack, id);
    if (conn->error == TE_OK && !conn->send_ring.is_lent)
        return TE_ERR_STATE;
    return accept_bytes(stack, conn, NULL, len, ret_accepted);
}

enum te_err te_send_place(struct te_stack *stack, uint64_t id, size_t len,
                          struct te_send_place *ret_place, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    te_relief_run(stack);
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return why_no_conn(stack, id);
    if (conn->error != TE_OK)
        return (enum te_err)conn->error;
    if (conn->send_ring.is_lent)
        return TE_ERR_STATE;
    if (!te_conn_can_send(conn))
        return TE_ERR_CLOSING;
    te_send_find_place(stack, conn, len, ret_place);
    if (ret_place->total_bytes > 0 || len == 0)
        return TE_OK;
    conn->send_was_cut = true;
    te_send_await_memory(stack, conn);
    return TE_OK;
}

/* Nothing was written into the place: what was held back for more goes, and so does the place. */
static void leave_place(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->send_was_cut && te_conn_is_synchronized(conn))
        te_conn_want_output(stack, conn);
    conn->send_was_cut = false;
    te_send_await_memory(stack, conn);
}

enum te_err te_send_placed(struct te_stack *stack, uint64_t id, size_t len, int64_t now_us)
{
    size_t accepted = 0;
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return TE_ERR_NO_CONNECTION;
    uint64_t queued = conn->queued_offset - conn->acked_offset;
    if (conn->send_ring.is_lent || len > te_ring_size(&conn->send_ring) - queued)
        return TE_ERR_STATE;
    te_stack_set_now(stack, now_us);
    if (len > 0)
        return accept_bytes(stack, conn, NULL, len, &accepted);
    leave_place(stack, conn);
    return TE_OK;
}

/* No byte to deliver: the RFC's "connection closing" after the peer's FIN, else more may come. */
static enum te_err at_end(const struct te_conn *conn)
{
    if (conn->error != TE_OK)
        return (enum te_err)conn->error;
    return conn->fin_received || conn->is_remains ? TE_ERR_CLOSING : TE_ERR_AGAIN;
}

enum te_err te_receive_peek(struct te_stack *stack, uint64_t id, uint64_t offset, size_t max_bytes,
                            struct te_received *ret_received)
{
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return why_no_conn(stack, id);
    /* 3.5: text on a SYN is held until it is known to be valid; a cookie proves it (RFC 7413). */
    if (conn->state == TE_SYN_SENT || (conn->state == TE_SYN_RCVD && !conn->fast_opened))
        return TE_ERR_AGAIN;
    if (offset < conn->released_offset || offset > conn->received_offset)
        return conn->error != TE_OK ? (enum te_err)conn->error : TE_ERR_OFFSET;
    uint64_t available = conn->received_offset - offset;
    if (available == 0)
        return at_end(conn);
    struct te_received received = {.is_end = false};
    size_t len = available < max_bytes ? (size_t)available : max_bytes;
    te_ring_read(&conn->receive_ring, offset, len, received.iov);
    received.total_bytes = len;
    received.is_end = conn->fin_received && len == available;
    *ret_received = received;
    return TE_OK;
}

enum te_err te_receive_release(struct te_stack *stack, uint64_t id, uint64_t offset, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return why_no_conn(stack, id);
    if (offset > conn->received_offset)
        return TE_ERR_OFFSET;
    if (offset <= conn->released_offset)
        return TE_OK;
    te_receive_release_below(stack, conn, offset);
    if (te_conn_is_synchronized(conn) && !conn->is_remains && !conn->fin_received &&
        te_receive_should_update_window(conn)) {
        if (conn->ack.owed == 0)
            conn->ack.owed = 1;
        te_conn_want_output(stack, conn);
    }
    return TE_OK;
}

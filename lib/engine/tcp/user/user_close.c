/* CLOSE and ABORT (RFC 9293 3.10.4, 3.10.5), and the half close between them. */
#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/state.h"
#include "tcp/conn/timers.h"
#include "tcp/life.h"
#include "tcp/listen/listener_table.h"
#include "tcp/listen/share.h"

static void end_now(struct te_stack *stack, struct te_conn *conn, enum te_cause cause,
                    enum te_err error)
{
    struct te_death death = {TE_CLOSED, cause, error, NULL};
    te_conn_end_protocol(stack, conn, &death);
}

/* Queues our FIN after the data and changes the state: "in any case, enter FIN-WAIT-1 state". In
 * SYN_RCVD with data queued the CLOSE waits for ESTABLISHED. */
static void queue_fin(struct te_stack *stack, struct te_conn *conn, enum te_cause cause)
{
    conn->fin_queued = true;
    switch ((enum te_state)conn->state) {
    case TE_SYN_RCVD:
        if (conn->queued_offset > 0)
            return;
        te_conn_set_state(stack, conn, TE_FIN_WAIT_1, cause, NULL);
        break;
    case TE_ESTABLISHED:
        te_conn_set_state(stack, conn, TE_FIN_WAIT_1, cause, NULL);
        break;
    case TE_CLOSE_WAIT:
        te_conn_set_state(stack, conn, TE_LAST_ACK, cause, NULL);
        break;
    default:
        assert(false);
    }
    te_conn_want_output(stack, conn);
}

static enum te_err why_no_conn(const struct te_stack *stack, uint64_t id)
{
    return te_time_wait_find_id(stack, id) != TE_TIME_WAIT_NONE ? TE_ERR_CLOSING
                                                                : TE_ERR_NO_CONNECTION;
}

/* A connection that nobody has accepted belongs to its closer: te_accept must not hand it out any
 * more. */
static void take_from_listener(struct te_conn *conn)
{
    te_listener_remove(conn);
    conn->is_accepted = true;
}

enum te_err te_shutdown(struct te_stack *stack, uint64_t id, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return te_listener_find_id(stack, id) != NULL ? TE_ERR_STATE : why_no_conn(stack, id);
    if (conn->error != TE_OK)
        return (enum te_err)conn->error;
    if (conn->state == TE_SYN_SENT)
        return TE_ERR_STATE;
    if (conn->is_remains || conn->fin_queued)
        return TE_ERR_CLOSING;
    take_from_listener(conn);
    queue_fin(stack, conn, TE_CAUSE_SHUTDOWN);
    return TE_OK;
}

/* There are too many, in all or of its uid. */
static bool is_one_too_many(const struct te_stack *stack, const struct te_conn *conn)
{
    const struct te_config *config = &stack->config;
    return stack->conns.orphan_count > config->orphan_max ||
           te_owner_find(stack, conn->uid)->orphans >
               te_share(config->orphan_max, config->orphans_per_uid_percent);
}

/* Orphans are limited in time and number (RFC 9293 leaves both open). */
static void become_orphan(struct te_stack *stack, struct te_conn *conn)
{
    te_conn_end_user(stack, conn);
    if (is_one_too_many(stack, conn)) {
        stack->counters.orphans_dropped++;
        te_reset_conn(stack, conn);
        end_now(stack, conn, TE_CAUSE_LIMIT, TE_ERR_RESOURCES);
        return;
    }
    if (conn->state == TE_FIN_WAIT_2)
        te_timer_set(stack, conn, TE_TIMER_FIN_WAIT_2, stack->now_us + stack->config.fin_wait_2_us);
    else
        te_timer_set(stack, conn, TE_TIMER_ORPHAN, stack->now_us + stack->config.orphan_us);
}

/* RFC 9293 3.6.1 and RFC 2525 2.17: bytes that nobody will read must not be acknowledged silently.
 */
static bool has_unread(const struct te_conn *conn)
{
    return conn->received_offset != conn->released_offset || conn->out_of_order.count > 0;
}

static enum te_err close_conn(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->user_closed)
        return TE_ERR_CLOSING;
    if (conn->is_remains) {
        te_conn_end_user(stack, conn);
        return TE_OK;
    }
    take_from_listener(conn);
    if (conn->state == TE_SYN_SENT) {
        conn->user_closed = true;
        end_now(stack, conn, TE_CAUSE_CLOSE, TE_OK);
        return TE_OK;
    }
    if (has_unread(conn)) {
        conn->user_closed = true;
        te_reset_conn(stack, conn);
        end_now(stack, conn, TE_CAUSE_CLOSE, TE_ERR_ABORTED);
        return TE_OK;
    }
    if (!conn->fin_queued)
        queue_fin(stack, conn, TE_CAUSE_CLOSE);
    become_orphan(stack, conn);
    return TE_OK;
}

/* False when id is not a listener's. */
static bool close_listener(struct te_stack *stack, uint64_t id, enum te_cause cause)
{
    struct te_listener *listener = te_listener_find_id(stack, id);
    if (listener != NULL)
        te_listener_close(stack, listener, cause);
    return listener != NULL;
}

enum te_err te_close(struct te_stack *stack, uint64_t id, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    if (close_listener(stack, id, TE_CAUSE_CLOSE))
        return TE_OK;
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    return conn != NULL ? close_conn(stack, conn) : why_no_conn(stack, id);
}

enum te_err te_abort(struct te_stack *stack, uint64_t id, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    if (close_listener(stack, id, TE_CAUSE_ABORT))
        return TE_OK;
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    uint32_t handle = te_time_wait_find_id(stack, id);
    if (conn == NULL && handle == TE_TIME_WAIT_NONE)
        return TE_ERR_NO_CONNECTION;
    if (handle != TE_TIME_WAIT_NONE)
        te_time_wait_end(stack, handle, TE_CAUSE_ABORT, NULL);
    if (conn == NULL)
        return TE_OK;
    if (conn->is_remains) {
        te_conn_end_user(stack, conn);
        return TE_OK;
    }
    conn->user_closed = true;
    te_reset_conn(stack, conn);
    end_now(stack, conn, TE_CAUSE_ABORT, TE_ERR_ABORTED);
    return TE_OK;
}

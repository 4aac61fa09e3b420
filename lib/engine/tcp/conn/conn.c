#include "tcp/conn/conn.h"

#include "stack_internal.h"
#include "util/seq.h"

void te_conn_start_congestion(const struct te_stack *stack, struct te_conn *conn)
{
    conn->cc.ops = te_cc_find(stack->config.congestion_control);
    conn->cc.ssthresh_bytes = UINT32_MAX;
    conn->cc.cwnd_bytes = te_cc_initial_window(conn->mss, stack->config.initial_window_segments);
}

void te_conn_want_output(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->is_queued || conn->waits_neighbour || conn->is_remains)
        return;
    conn->is_queued = true;
    te_list_push_back(&stack->output, &conn->queue_link);
}

bool te_conn_is_synchronized(const struct te_conn *conn)
{
    return conn->state >= TE_ESTABLISHED && conn->state <= TE_LAST_ACK;
}

bool te_conn_can_send(const struct te_conn *conn)
{
    switch ((enum te_state)conn->state) {
    case TE_SYN_SENT:
    case TE_SYN_RCVD:
    case TE_ESTABLISHED:
    case TE_CLOSE_WAIT:
        return !conn->fin_queued && !conn->is_remains;
    default:
        return false;
    }
}

/* The byte at acked_offset is at SND.UNA, or after our SYN while that is not acknowledged. */
static uint32_t first_unacked_byte_seq(const struct te_conn *conn)
{
    return conn->syn_acked ? conn->snd_una : conn->iss + 1;
}

uint32_t te_conn_send_seq(const struct te_conn *conn, uint64_t offset)
{
    return first_unacked_byte_seq(conn) + (uint32_t)(offset - conn->acked_offset);
}

uint64_t te_conn_send_offset(const struct te_conn *conn, uint32_t seq)
{
    return conn->acked_offset + (uint32_t)(seq - first_unacked_byte_seq(conn));
}

uint64_t te_conn_receive_offset(const struct te_conn *conn, uint32_t seq)
{
    return conn->received_offset + (uint32_t)(seq - conn->rcv_nxt);
}

/* SND.NXT, as in RFC 9293 3.10.7.4 and 3.10.5. SND.MAX is beyond it while the byte of a window
 * probe is out, or data sent into a window that was taken back: a peer with a closed window takes
 * neither, and accepts nothing but its RCV.NXT (3.4, table 6). Until the timeout, SND.NXT may
 * itself lie beyond such a window: then it is the window's right edge, which RCV.NXT will reach. An
 * edge that only the rounding of the scale moved left does not count (RFC 7323 2.4). Before our SYN
 * is acknowledged a timeout takes SND.NXT back to the SYN, and there is no window to respect. */
uint32_t te_conn_acceptable_seq(const struct te_conn *conn)
{
    if (!conn->syn_acked)
        return conn->snd_max;
    uint32_t right_edge = conn->snd_una + conn->snd_wnd;
    uint32_t rounding = UINT32_C(1) << conn->snd_wscale;
    return seq_lt(conn->snd_nxt, right_edge + rounding) ? conn->snd_nxt : right_edge;
}

bool te_conn_fin_is_acked(const struct te_conn *conn)
{
    return conn->fin_sent && conn->snd_una == conn->snd_max &&
           conn->acked_offset == conn->queued_offset;
}

struct te_conn *te_conn_of_queue_link(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_conn, queue_link);
}

struct te_conn *te_conn_of_listener_link(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_conn, listener_link);
}

struct te_conn *te_conn_of_timer(struct te_wheel_node *node)
{
    return TE_CONTAINER(node, struct te_conn, timer);
}

struct te_conn *te_conn_of_holder_link(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_conn, holder_link);
}

bool te_conn_uses_sack(const struct te_conn *conn)
{
    return conn->sack_ok && (conn->features & (TE_FEATURE_SACK_RECOVERY | TE_FEATURE_RACK)) != 0;
}

uint32_t te_conn_flight(const struct te_conn *conn)
{
    return conn->snd_nxt - conn->snd_una;
}

#include "save/conn_check.h"

#include "ip/ip.h"
#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/sender.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/mtu/packet_size.h"
#include "tcp/recovery/recovery.h"

#define WSCALE_MAX 14
#define WINDOW_MAX ((uint32_t)UINT16_MAX << WSCALE_MAX) /* RFC 7323 2.3 */
#define BUFFER_MAX (UINT32_C(1) << 30)                  /* as config_list.h has it */
#define HELD_MAX (UINT64_C(1) << 31)
#define IPV4_TCP_HEADERS 40
#define IPV6_TCP_HEADERS 60

#define STATE(state) (1u << (state))
#define HAS_FIN_QUEUED                                                                             \
    (STATE(TE_FIN_WAIT_1) | STATE(TE_FIN_WAIT_2) | STATE(TE_CLOSING) | STATE(TE_LAST_ACK))
#define HAS_FIN_RECEIVED (STATE(TE_CLOSE_WAIT) | STATE(TE_CLOSING) | STATE(TE_LAST_ACK))
#define IS_SYN_ACKED                                                                               \
    (STATE(TE_ESTABLISHED) | STATE(TE_FIN_WAIT_2) | STATE(TE_CLOSE_WAIT) | STATE(TE_LAST_ACK))
#define MAY_RECEIVE (STATE(TE_ESTABLISHED) | STATE(TE_FIN_WAIT_1) | STATE(TE_FIN_WAIT_2))

static bool is_in(const struct te_conn *conn, unsigned states)
{
    return (states & STATE(conn->state)) != 0;
}

/* --- identity --------------------------------------------------------------------------------- */

static bool is_identity_valid(struct te_stack *stack, const struct te_conn *conn)
{
    bool is_v4 = te_addr_is_v4(&conn->remote.addr);
    if (te_conn_table_find_id(stack, conn->id) != NULL)
        return false;
    if (conn->local.port == 0 || conn->remote.port == 0 ||
        te_addr_is_v4(&conn->local.addr) != is_v4 || te_addr_is_v4(&conn->next_hop) != is_v4)
        return false;
    if (conn->is_remains)
        return true;
    return te_ip_is_unicast(stack, &conn->remote.addr) &&
           te_conn_table_find(stack, &conn->local, &conn->remote) == NULL;
}

/* --- states and flags ------------------------------------------------------------------------- */

static bool is_remains_valid(const struct te_conn *conn)
{
    return !conn->user_closed &&
           is_in(conn, STATE(TE_CLOSED) | STATE(TE_LISTEN) | STATE(TE_TIME_WAIT)) &&
           conn->queued_offset == conn->acked_offset && conn->out_of_order.count == 0 &&
           conn->send_ring.region == NULL;
}

static bool are_flags_valid(const struct te_conn *conn)
{
    if (conn->state < TE_SYN_SENT || conn->state > TE_LAST_ACK || conn->error != TE_OK)
        return false;
    if (conn->state != TE_SYN_RCVD && conn->fin_queued != is_in(conn, HAS_FIN_QUEUED))
        return false;
    if (conn->fin_received != is_in(conn, HAS_FIN_RECEIVED))
        return false;
    if (conn->fin_pending && !is_in(conn, MAY_RECEIVE))
        return false;
    if (is_in(conn, IS_SYN_ACKED) && !conn->syn_acked)
        return false;
    if (is_in(conn, STATE(TE_SYN_SENT) | STATE(TE_SYN_RCVD)) && conn->syn_acked)
        return false;
    if (conn->state == TE_FIN_WAIT_2 && !te_conn_fin_is_acked(conn))
        return false;
    return (!conn->fin_sent || conn->fin_queued) && (!conn->user_closed || conn->fin_queued);
}

static bool are_timers_valid(const struct te_conn *conn)
{
    for (unsigned i = 0; i < TE_CONN_TIMERS; i++)
        if (conn->timer_at_us[i] != TE_NEVER && (i == TE_TIMER_REMAINS) != conn->is_remains)
            return false;
    return true;
}

/* --- sequence numbers and streams ------------------------------------------------------------- */

/* SND.UNA is where ISS and what was acknowledged put it; beyond it no more than was queued. */
static bool is_send_sequence_valid(const struct te_conn *conn)
{
    uint64_t queued = conn->queued_offset - conn->acked_offset;
    if (!conn->syn_acked)
        return conn->snd_una == conn->iss && conn->acked_offset == 0;
    uint32_t beyond = conn->snd_una - (conn->iss + 1 + (uint32_t)conn->acked_offset);
    return beyond == 0 || (beyond == 1 && conn->fin_sent && queued == 0);
}

static bool is_receive_sequence_valid(const struct te_conn *conn)
{
    uint32_t rcv_nxt = conn->irs + 1 + (uint32_t)conn->received_offset + conn->fin_received;
    if (conn->state == TE_SYN_SENT)
        return conn->received_offset == 0 && conn->out_of_order.count == 0;
    return conn->rcv_nxt == rcv_nxt && te_receive_window(conn) <= WINDOW_MAX &&
           te_paws_is_valid(&conn->paws);
}

/* What is held out of order lies in the window that was offered, and before the peer's FIN. */
static bool is_held_valid(const struct te_conn *conn)
{
    const struct te_ranges *held = &conn->out_of_order;
    uint64_t unread = conn->received_offset - conn->released_offset;
    if (conn->fin_pending && conn->fin_offset < conn->received_offset)
        return false;
    if (unread + te_receive_window(conn) > HELD_MAX)
        return false;
    if (held->count == 0)
        return true;
    uint64_t end = held->items[held->count - 1].end;
    return end - conn->received_offset <= te_receive_window(conn) &&
           (!conn->fin_pending || end <= conn->fin_offset) && !conn->fin_received;
}

static bool are_sizes_valid(const struct te_conn *conn)
{
    return conn->send_max_bytes > 0 && conn->send_max_bytes <= BUFFER_MAX &&
           conn->receive_max_bytes > 0 && conn->receive_max_bytes <= BUFFER_MAX &&
           conn->receive_limit_bytes > 0 && conn->receive_limit_bytes <= conn->receive_max_bytes &&
           conn->receive_mark_offset <= conn->released_offset && conn->snd_wnd <= WINDOW_MAX &&
           conn->max_snd_wnd <= WINDOW_MAX && conn->snd_wscale <= WSCALE_MAX &&
           conn->rcv_wscale <= WSCALE_MAX;
}

/* A reduction needs its sender, and PRR divides by what was in flight when it began. */
static bool is_recovery_valid(const struct te_conn *conn)
{
    uint8_t state = conn->recovery.state;
    if (state == TE_RECOVERY_OPEN)
        return true;
    if (conn->sender == NULL)
        return false;
    return state == TE_RECOVERY_LOSS || conn->sender->prr.recover_fs_bytes > 0;
}

/* --- sending ---------------------------------------------------------------------------------- */

static uint32_t headers_bytes(const struct te_conn *conn)
{
    return te_addr_is_v4(&conn->remote.addr) ? IPV4_TCP_HEADERS : IPV6_TCP_HEADERS;
}

static bool is_sending_valid(const struct te_conn *conn)
{
    return conn->path_mtu >= TE_SAVE_MTU_MIN && conn->mss > 0 &&
           conn->mss <= conn->path_mtu - headers_bytes(conn) && conn->mss <= conn->peer_mss &&
           conn->peer_mss > TE_TCP_HEADER_MAX - TE_TCP_HEADER_MIN &&
           conn->cc.cwnd_bytes >= conn->mss && conn->rtt.base_rto_us > 0 &&
           conn->rtt.backoff <= TE_RTT_BACKOFF_MAX && conn->ack.owed <= TE_ACKS_OWED_MAX &&
           conn->user_timeout_us >= 0;
}

bool te_conn_check_restored(struct te_stack *stack, const struct te_conn *conn)
{
    if (!is_identity_valid(stack, conn) || !are_timers_valid(conn) || !are_sizes_valid(conn) ||
        !is_sending_valid(conn))
        return false;
    if (conn->is_remains)
        return is_remains_valid(conn);
    return are_flags_valid(conn) && is_send_sequence_valid(conn) &&
           is_receive_sequence_valid(conn) && is_held_valid(conn) && is_recovery_valid(conn);
}

static void fit_mtu(struct te_stack *stack, struct te_conn *conn)
{
    uint32_t mtu = stack->config.mtu_bytes;
    if (conn->mtu_search != NULL && conn->mtu_search->high > mtu)
        te_mtu_probe_free(stack, conn);
    if (conn->is_remains || conn->path_mtu <= mtu)
        return;
    te_path_mtu_set(conn, mtu);
    te_recovery_on_smaller_mss(stack, conn);
}

void te_conns_fit_mtu(struct te_stack *stack)
{
    uint64_t cursor = 0;
    struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL)
        fit_mtu(stack, conn);
}

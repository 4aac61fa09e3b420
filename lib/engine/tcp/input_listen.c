/* RFC 9293 3.10.7.2: a segment arrives in LISTEN. Decided first, done after. */
#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/input.h"
#include "tcp/options.h"
#include "tcp/receive_buffer.h"
#include "tcp/reset.h"
#include "tcp/state.h"

enum disposition { DROP, SEND_RESET, OPEN };

static enum disposition decide(const struct te_segment *segment)
{
    if (segment->flags & TE_RST) /* first */
        return DROP;
    if (segment->flags & TE_ACK) /* second */
        return SEND_RESET;
    if (!(segment->flags & TE_SYN) ||
        (segment->flags & TE_FIN)) /* third, fourth; SYN+FIN is no way in */
        return DROP;
    return OPEN;
}

static bool has_room(struct te_stack *stack, const struct te_listener *listener)
{
    if (listener->syn_count >= stack->config.syn_queue_max) {
        stack->counters.syn_queue_full++;
        return false;
    }
    if (listener->accept_count >= listener->backlog) {
        stack->counters.accept_queue_full++;
        return false;
    }
    return true;
}

static void take_syn(struct te_stack *stack, struct te_conn *conn, const struct te_segment *segment)
{
    conn->irs = segment->seq;
    conn->rcv_nxt = segment->seq + 1;
    conn->rcv_adv = conn->rcv_nxt;
    conn->ack.last_sent = conn->rcv_nxt;
    conn->snd_wnd = segment->header.window;
    conn->max_snd_wnd = conn->snd_wnd;
    conn->snd_wl1 = segment->seq;
    te_options_negotiate(stack, conn, &segment->header.options);
    te_conn_start_congestion(stack, conn);
    te_receive_offer(conn, true); /* so that text on the SYN finds a window */
}

static struct te_conn *make_conn(struct te_stack *stack, const struct te_listener *listener,
                                 const struct te_segment *segment,
                                 const struct te_time_wait_view *old)
{
    struct te_conn_birth birth = {.local = segment->local,
                                  .remote = segment->remote,
                                  .uid = listener->uid,
                                  .state = TE_LISTEN,
                                  .isn_floor = old != NULL ? old->snd_nxt : 0,
                                  .has_isn_floor = old != NULL};
    struct te_path path;
    enum te_err err = te_ip_route(stack, &segment->remote.addr, &path);
    if (err != TE_OK)
        return NULL;
    birth.next_hop = path.next_hop;
    return te_conn_new(stack, &birth, &err);
}

void te_input_listen(struct te_stack *stack, struct te_listener *listener,
                     struct te_segment *segment, const struct te_time_wait_view *old)
{
    enum disposition what = decide(segment);
    if (what == SEND_RESET)
        te_reset_answer_ack(stack, segment);
    if (what != OPEN || !has_room(stack, listener))
        return;
    struct te_conn *conn = make_conn(stack, listener, segment, old);
    if (conn == NULL)
        return;
    struct te_segment_info info = te_segment_info_of(segment, 0);
    if (old != NULL) {
        stack->counters.time_wait_reused++;
        te_time_wait_end(stack, old->handle, TE_CAUSE_NEW_SYN, &info);
    }
    conn->segments_in++;
    take_syn(stack, conn, segment);
    te_listener_add_syn(listener, conn);
    te_conn_set_state(stack, conn, TE_SYN_RCVD, TE_CAUSE_RECV_SYN, &info);
    if (segment->payload_len > 0)
        te_receive_payload(stack, conn, conn->rcv_nxt, segment->payload, segment->payload_len);
    te_conn_want_output(stack, conn);
}

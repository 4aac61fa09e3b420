/* RFC 9293 3.10.7.2: a segment arrives in LISTEN. First comes a decision, then what it entails. */
#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/drop_segment.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/options.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/state.h"
#include "tcp/input.h"
#include "tcp/life.h"
#include "tcp/listen/fast_open.h"
#include "tcp/listen/syn_cookie.h"
#include "tcp/yield.h"

enum disposition { DROP_RST, DROP_NO_SYN, DROP_SYN_FIN, CHECK_COOKIE, OPEN };

static enum disposition decide(const struct te_segment *segment)
{
    if (segment->flags & TE_RST) /* first */
        return DROP_RST;
    if (segment->flags & TE_ACK) /* second */
        return CHECK_COOKIE;
    if (!(segment->flags & TE_SYN)) /* third, fourth */
        return DROP_NO_SYN;
    return segment->flags & TE_FIN ? DROP_SYN_FIN : OPEN; /* SYN,FIN opens nothing */
}

static enum te_drop_reason reason_of(enum te_err err)
{
    if (err == TE_ERR_RESOURCES)
        return TE_DROP_CONN_LIMIT;
    return err == TE_ERR_NO_ROUTE ? TE_DROP_CONN_NO_ROUTE : TE_DROP_CONN_NO_MEMORY;
}

/* Drops the segment, and returns true, when the accept queue is full or the remote at its limit. */
static bool is_held_back(struct te_stack *stack, struct te_listener *listener,
                         const struct te_segment *segment)
{
    enum te_drop_reason hindrance = te_listener_hindrance(stack, listener, &segment->remote.addr);
    if (hindrance != TE_DROP_NONE)
        te_drop_segment_of(stack, listener->id, hindrance, segment);
    listener->accept_drops += hindrance == TE_DROP_ACCEPT_QUEUE_FULL;
    return hindrance != TE_DROP_NONE;
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
    te_ecn_negotiate(conn, segment);
    te_conn_start_congestion(stack, conn);
    te_receive_offer(conn, true); /* opens the window for text on the SYN */
}

/* Why the listener's uid may have no connection more, after all that may yield has yielded. */
static enum te_drop_reason reason_of_limit(struct te_stack *stack, uint32_t uid)
{
    enum te_limit limit = te_yield_to_connection(stack, uid, true);
    if (limit == TE_LIMIT_NONE)
        return TE_DROP_NONE;
    return limit == TE_LIMIT_CONNECTIONS_UID ? TE_DROP_UID_LIMIT : TE_DROP_CONN_LIMIT;
}

static struct te_conn *make_conn(struct te_stack *stack, const struct te_listener *listener,
                                 const struct te_segment *segment, struct te_conn_birth *birth)
{
    enum te_drop_reason limited = reason_of_limit(stack, listener->uid);
    if (limited != TE_DROP_NONE) {
        te_drop_segment_of(stack, listener->id, limited, segment);
        return NULL;
    }
    birth->local = segment->local;
    birth->remote = segment->remote;
    birth->uid = listener->uid;
    birth->tag = te_tag_number(stack, listener->tag_reference);
    birth->state = TE_LISTEN;
    struct te_path path = {.next_hop = segment->remote.addr};
    enum te_err err = te_ip_route(stack, &segment->remote.addr, &path);
    birth->next_hop = path.next_hop;
    struct te_conn *conn = err == TE_OK ? te_conn_new(stack, birth, &err) : NULL;
    if (conn == NULL)
        te_drop_segment_of(stack, listener->id, reason_of(err), segment);
    return conn;
}

/* --- a SYN ------------------------------------------------------------------------------------ */

/* The data of a SYN whose Fast Open is refused is not taken: the peer sends it again (RFC
 * 7413 5.1). That of any other SYN waits in the receive buffer. */
static void take_text(struct te_stack *stack, struct te_conn *conn,
                      const struct te_segment *segment, enum te_fast_open_verdict verdict)
{
    if (segment->payload_len == 0 || verdict == TE_FAST_OPEN_REFUSED)
        return;
    te_input_drop_text(
        stack, conn, segment,
        te_receive_payload(stack, conn, conn->rcv_nxt, segment->payload, segment->payload_len));
    if (verdict == TE_FAST_OPEN_GRANTED)
        te_ready_add(stack, &conn->ready, TE_READY_RECEIVE);
}

static void open_by_syn(struct te_stack *stack, struct te_listener *listener,
                        const struct te_segment *segment, const struct te_time_wait_view *old,
                        enum te_fast_open_verdict verdict)
{
    struct te_conn_birth birth = {.isn_floor = old != NULL ? old->snd_nxt : 0,
                                  .has_isn_floor = old != NULL};
    struct te_conn *conn = make_conn(stack, listener, segment, &birth);
    if (conn == NULL)
        return;
    struct te_segment_info info = te_segment_info_of(segment, 0);
    if (old != NULL) {
        stack->counters.time_wait_reused++;
        te_time_wait_end(stack, old->handle, TE_CAUSE_NEW_SYN, &info);
    }
    conn->segments_in++;
    take_syn(stack, conn, segment);
    conn->fast_open_answer =
        verdict != TE_FAST_OPEN_NONE && !te_fast_open_is_current(stack, segment);
    te_conn_set_state(stack, conn, TE_SYN_RCVD, TE_CAUSE_RECV_SYN, &info);
    if (verdict == TE_FAST_OPEN_GRANTED)
        te_listener_add_fast_open(stack, listener, conn);
    else
        te_listener_add_syn(listener, conn);
    take_text(stack, conn, segment, verdict);
    te_conn_want_output(stack, conn);
}

/* A 4-tuple in TIME_WAIT gets no cookie: a cookie's ISN cannot be chosen to lie beyond the old
 * numbers, and the ACK would reach the old incarnation. */
static void on_syn(struct te_stack *stack, struct te_listener *listener,
                   const struct te_segment *segment, const struct te_time_wait_view *old)
{
    enum te_syn_cookies policy = stack->config.syn_cookies;
    enum te_fast_open_verdict fast_open = te_fast_open_judge(stack, listener, segment);
    bool is_granted = fast_open == TE_FAST_OPEN_GRANTED; /* needs no room in the SYN queue */
    bool is_full = !is_granted && te_listener_is_syn_queue_full(stack, listener);
    bool by_cookie =
        old == NULL && !is_granted &&
        (policy == TE_SYN_COOKIES_ALWAYS || (policy == TE_SYN_COOKIES_ON_FULL && is_full));
    if (is_full && !by_cookie) {
        te_drop_segment_of(stack, listener->id, TE_DROP_SYN_QUEUE_FULL, segment);
        listener->syn_drops++;
        return;
    }
    if (is_held_back(stack, listener, segment))
        return;
    if (!by_cookie) {
        open_by_syn(stack, listener, segment, old, fast_open);
        return;
    }
    listener->cookies_until_us = stack->now_us + TE_SYN_COOKIE_LIFE_US;
    listener->cookies_sent++;
    te_syn_cookie_send(stack, segment);
}

/* --- an ACK ----------------------------------------------------------------------------------- */

/* Reconstructs the SYN from the cookie, and our SYN,ACK with it; then the ACK, its text and its FIN
 * are processed as in any SYN_RCVD. */
static void open_by_cookie(struct te_stack *stack, struct te_listener *listener,
                           struct te_segment *segment, const struct te_syn_cookie_kept *kept)
{
    struct te_conn_birth birth = {.iss = segment->ack - 1, .has_iss = true};
    struct te_conn *conn = make_conn(stack, listener, segment, &birth);
    if (conn == NULL)
        return;
    struct te_segment syn = *segment;
    syn.seq--;
    syn.header.flags = kept->flags;
    syn.header.options = kept->options;
    syn.ecn = TE_ECN_NOT_ECT;
    take_syn(stack, conn, &syn);
    te_ecn_on_syn_sent(stack, conn,
                       te_ecn_syn_flags(stack, conn, TE_SYN | TE_ACK) | TE_SYN | TE_ACK);
    conn->snd_nxt = conn->snd_max = conn->iss + 1;
    te_listener_add_syn(listener, conn);
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    te_conn_set_state(stack, conn, TE_SYN_RCVD, TE_CAUSE_RECV_SYN_COOKIE, &info);
    te_input_conn(stack, conn, segment);
}

/* False: the segment gets the RST of 3.10.7.2. A full accept queue, or a remote at its limit, drops
 * it silently, as in SYN_RCVD: the peer tries again. */
static bool take_cookie(struct te_stack *stack, struct te_listener *listener,
                        struct te_segment *segment)
{
    struct te_syn_cookie_kept kept;
    if (stack->now_us >= listener->cookies_until_us) {
        te_drop_segment_of(stack, listener->id, TE_DROP_LISTEN_ACK, segment);
        return false;
    }
    if ((segment->flags & TE_SYN) || !te_syn_cookie_check(stack, segment, &kept)) {
        te_drop_segment_of(stack, listener->id, TE_DROP_SYN_COOKIE_BAD, segment);
        return false;
    }
    stack->counters.syn_cookies_received++;
    if (!is_held_back(stack, listener, segment))
        open_by_cookie(stack, listener, segment, &kept);
    return true;
}

void te_input_listen(struct te_stack *stack, struct te_listener *listener,
                     struct te_segment *segment, const struct te_time_wait_view *old)
{
    switch (decide(segment)) {
    case DROP_RST:
        te_drop_segment_of(stack, listener->id, TE_DROP_LISTEN_RST, segment);
        break;
    case DROP_NO_SYN:
        te_drop_segment_of(stack, listener->id, TE_DROP_LISTEN_NO_SYN, segment);
        break;
    case DROP_SYN_FIN:
        te_drop_segment_of(stack, listener->id, TE_DROP_LISTEN_SYN_FIN, segment);
        break;
    case CHECK_COOKIE:
        if (!take_cookie(stack, listener, segment))
            te_reset_answer_ack(stack, segment);
        break;
    case OPEN:
        on_syn(stack, listener, segment, old);
        break;
    }
}

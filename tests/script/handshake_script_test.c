/* Opening: RFC 9293 3.5 (figures 6 to 11), 3.10.7.2, 3.10.7.3, RFC 6298 5, RFC 5681 3.1. */
#include "script.h"

/* --- figure 6 --------------------------------------------------------------------------------- */

static void rfc9293_3_5_passive_open(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    const struct script_out *out = T_EXPECT_SYN_ACK(s);
    T_EQUAL(out->header.window, 65535);
    T_EQUAL(out->header.options.mss_bytes, 1460);
    s->c.id = s->events[s->event_count - 1].id;
    T_EVENT(s, TE_LISTEN, TE_SYN_RCVD, TE_CAUSE_RECV_SYN);
    T_STATE(s, TE_SYN_RCVD);
    T_ERR(script_user_accept(s), TE_ERR_AGAIN);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT_NONE(s);
    T_EVENT(s, TE_SYN_RCVD, TE_ESTABLISHED, TE_CAUSE_RECV_ACK_OF_SYN);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
    T_HISTORY(s, "LISTEN SYN_RCVD ESTABLISHED");
    T_TIMER(s, TE_TIMER_NONE, 0);
    T_COUNT(s, passive_opens, 1);
    T_COUNT(s, active_opens, 0);
    T_EQUAL(script_state_of(s, s->listener_id), TE_LISTEN);
}

static void rfc9293_3_5_active_open(void **state)
{
    struct script *s = *state;
    script_start(s);
    T_ERR(script_user_open(s), TE_OK);
    const struct script_out *out = T_EXPECT_SYN(s);
    T_EQUAL(out->header.ack, 0);
    T_EQUAL(out->header.options.mss_bytes, 1460);
    T_EQUAL(out->header.options.ts_echo, 0); /* RFC 7323 3.2 */
    T_EVENT(s, TE_CLOSED, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN);
    T_TIMER(s, TE_TIMER_RETRANSMIT, SECOND);
    script_advance(s, 10 * MS);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    T_EVENT(s, TE_SYN_SENT, TE_ESTABLISHED, TE_CAUSE_RECV_SYN_ACK);
    T_READY(s, TE_READY_OPEN | TE_READY_SEND);
    T_HISTORY(s, "CLOSED SYN_SENT ESTABLISHED");
    T_EQUAL(script_status(s).srtt_us, 10 * MS); /* the SYN is the first sample */
    T_EQUAL(script_status(s).rttvar_us, 5 * MS);
    T_COUNT(s, active_opens, 1);
}

/* --- figure 7 --------------------------------------------------------------------------------- */

static void rfc9293_3_5_simultaneous_open(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EXPECT_SYN_ACK(s);
    T_EVENT(s, TE_SYN_SENT, TE_SYN_RCVD, TE_CAUSE_RECV_SYN);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_STATE(s, TE_ESTABLISHED);
    T_EXPECT_NONE(s);
    T_READY(s, TE_READY_OPEN);
    T_HISTORY(s, "CLOSED SYN_SENT SYN_RCVD ESTABLISHED");
    T_COUNT(s, simultaneous_opens, 1);
}

static void rfc9293_3_5_simultaneous_open_our_syn_ack_is_lost(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd_simultaneous(s);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
}

/* The peer is still in SYN_RCVD and repeats its SYN,ACK: it only waits for an ACK. */
/* The SYN,ACK has its own timer, not what was left of the SYN's. */
static void rfc9293_3_5_simultaneous_open_starts_the_timer_anew(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    script_advance(s, 700 * MS);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EXPECT_SYN_ACK(s);
    T_TIMER(s, TE_TIMER_RETRANSMIT, SECOND);
}

static void rfc9293_3_5_simultaneous_open_their_syn_ack_comes_again(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd_simultaneous(s);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT_NONE(s);
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
}

static void rfc9293_3_5_simultaneous_open_gives_up(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd_simultaneous(s);
    script_advance(s, 600 * SECOND);
    script_skip(s);
    T_STATE(s, TE_CLOSED);
    T_ERR(script_status(s).error, TE_OK); /* gone: nobody looked for remains_us */
}

/* --- figures 8 to 11 -------------------------------------------------------------------------- */

/* Figure 8, the side of peer A; conformance: the SYN is not sent again early. */
static void rfc9293_3_5_old_duplicate_syn_ack_is_reset_and_the_opening_goes_on(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_SEND(s, .flags = TE_SYN | TE_ACK, .seq = 77, .ack = 0);
    T_EXPECT(s, .flags = TE_RST, .seq = 0);
    T_SEND(s, .flags = TE_SYN | TE_ACK, .seq = 77, .ack = 2);
    T_EXPECT(s, .flags = TE_RST, .seq = 2);
    T_STATE(s, TE_SYN_SENT);
    T_COUNT(s, tcp_bad_ack, 2);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN, .seq = 0);
    T_EQUAL(script_status(s).backoff, 1);
}

/* Figure 8, the side of peer B. */
static void rfc9293_3_5_rst_returns_to_listen_and_the_next_syn_opens(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_EVENT(s, TE_SYN_RCVD, TE_LISTEN, TE_CAUSE_RECV_RST);
    T_GONE(s);
    T_COUNT(s, attempt_fails, 1);
    struct te_status listener;
    T_ERR(te_status(s->f.stack, s->listener_id, &listener), TE_OK);
    T_EQUAL(listener.receive_queue_bytes, 0);
    conn_in_established(s);
}

/* Figure 9. */
static void rfc9293_3_5_1_half_open_connection_is_discovered_by_syn(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_SYN, .seq = 5000000);
    T_EXPECT_ACK(s, 1, 1);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_STATE(s, TE_CLOSED);
    T_ERR(script_status(s).error, TE_ERR_RESET);
    T_READY(s, TE_READY_END);
}

/* Figure 10, both sides. */
static void rfc9293_3_5_1_data_for_nobody_is_reset(void **state)
{
    struct script *s = *state;
    script_start(s);
    T_SEND(s, .flags = TE_ACK, .seq = 300, .ack = 100, .len = 10);
    T_EXPECT(s, .flags = TE_RST, .seq = 100);
    T_COUNT(s, tcp_no_connection, 1);
    T_COUNT(s, resets_out, 1);
}

static void rfc9293_3_5_1_our_data_for_nobody_ends_the_connection(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 10), 10);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_ERR(script_status(s).error, TE_ERR_RESET);
    size_t accepted;
    T_ERR(te_send(s->f.stack, s->c.id, "x", 1, &accepted, s->f.now_us), TE_ERR_RESET);
}

/* Figure 11. */
static void rfc9293_3_5_1_syn_ack_in_listen_is_reset(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    T_SEND(s, .flags = TE_SYN | TE_ACK, .seq = 9, .ack = 4);
    T_EXPECT(s, .flags = TE_RST, .seq = 4);
    T_EQUAL(script_state_of(s, s->listener_id), TE_LISTEN);
}

/* --- retransmission of SYN and SYN,ACK -------------------------------------------------------- */

static void rfc6298_2_1_syn_is_sent_again_after_1_2_4_seconds(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    for (unsigned i = 0; i < 6; i++) {
        T_TIMER(s, TE_TIMER_RETRANSMIT, SECOND << i);
        T_EXPECT_AFTER(s, SECOND << i, .flags = TE_SYN, .seq = 0);
    }
    T_COUNT(s, segments_retransmitted, 6);
    T_COUNT(s, retransmit_timeouts, 6);
}

/* MUST-23: R2 of a SYN corresponds to three minutes at least. */
static void rfc9293_3_8_3_syn_is_tried_for_three_minutes(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    script_advance(s, 180 * SECOND);
    script_skip(s);
    T_STATE(s, TE_SYN_SENT);
}

static void rfc9293_3_8_3_opening_times_out(void **state)
{
    struct script *s = *state;
    s->f.config.syn_retries_max = 2;
    conn_in_syn_sent(s);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN, .seq = 0);
    T_EXPECT_AFTER(s, 2 * SECOND, .flags = TE_SYN, .seq = 0);
    script_advance(s, 4 * SECOND);
    T_EXPECT_NONE(s);
    T_EVENT(s, TE_SYN_SENT, TE_CLOSED, TE_CAUSE_TIMEOUT_RETRANSMIT);
    T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
    T_READY(s, TE_READY_OPEN | TE_READY_END);
    T_COUNT(s, timeouts_user, 1);
    T_COUNT(s, attempt_fails, 1);
}

static void rfc6298_2_1_syn_ack_is_sent_again_after_1_2_4_seconds(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    for (unsigned i = 0; i < 5; i++)
        T_EXPECT_AFTER(s, SECOND << i, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    script_advance(s, SECOND << 5);
    T_EXPECT_NONE(s);
    T_GONE(s);
    T_EQUAL(script_state_of(s, s->listener_id), TE_LISTEN);
}

/* Both ends must agree on what the SYN,ACK said: every copy is the same. */
static void rfc9293_3_10_7_4_syn_again_draws_the_same_syn_ack(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    struct script_out first = *T_EXPECT_SYN_ACK(s);
    script_send(s, &syn);
    const struct script_out *again =
        T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1, WIN(first.header.window));
    T_EQUAL(again->header.options.mss_bytes, first.header.options.mss_bytes);
    T_EQUAL(again->header.options.wscale, first.header.options.wscale);
    T_EQUAL(again->header.options.sack_permitted, 1);
    T_EQUAL(again->header.options.ts_echo, first.header.options.ts_echo);
}

static void rfc6298_5_7_rto_is_3_seconds_after_a_lost_syn(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN, .seq = 0);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    T_EQUAL(script_status(s).srtt_us, 0); /* Karn: no sample from a SYN sent twice */
    T_EQUAL(script_status(s).rto_us, 3 * SECOND);
}

static void rfc5681_3_1_window_is_one_segment_after_a_lost_syn(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN, .seq = 0);
    T_EQUAL(script_user_send(s, 5000), 5000);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1460);
    T_EXPECT_NONE(s);
}

static void rfc5681_3_1_window_is_one_segment_after_a_lost_syn_ack(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_status(s).cwnd_bytes, 1460);
}

/* The SYN,ACK of a crossing repeats our number, but nothing was lost. */
static void rfc5681_3_1_simultaneous_open_is_no_loss(void **state)
{
    struct script *s = *state;
    s->way = BY_SIMULTANEOUS;
    conn_in_established(s);
    T_EQUAL(script_status(s).cwnd_bytes, 14600);
    T_EQUAL(script_status(s).rto_us, SECOND);
    T_EQUAL(fixture_counters(&s->f)->segments_retransmitted, 0);
}

/* --- text and FIN with the SYNs --------------------------------------------------------------- */

static void rfc9293_3_10_7_2_text_on_syn_is_kept_and_acknowledged(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    T_SEND(s, .flags = TE_SYN, .seq = 0, .len = 100);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    s->c.our_iss = out->header.seq;
    T_EQUAL(out->header.flags, TE_SYN | TE_ACK);
    uint32_t acked = script_rel_ack(s, out);
    assert_true(acked == 1 || acked == 101);
    T_SEND(s, .flags = TE_ACK, .seq = acked, .ack = 1, .len = 101 - acked);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_user_take(s, NULL), 100);
    script_advance(s, DELAYED_ACK);
    script_skip(s);
}

/* The text is for the connection, not for the listener: no event before the handshake is over. */
static void rfc9293_3_5_text_is_not_delivered_before_established(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_SEND(s, .flags = TE_SYN, .seq = 0, .len = 100);
    script_skip(s);
    T_STATE(s, TE_SYN_RCVD);
    struct te_received received;
    T_ERR(te_receive_peek(s->f.stack, s->c.id, 0, 100, &received), TE_ERR_AGAIN);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
    T_READY(s, TE_READY_RECEIVE);
    T_EQUAL(script_user_take(s, NULL), 100);
}

static void rfc9293_3_10_7_3_text_on_syn_ack_is_kept_and_acknowledged(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_SEND(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 101);
    T_STATE(s, TE_ESTABLISHED);
    T_READY(s, TE_READY_RECEIVE);
    T_EQUAL(script_user_take(s, NULL), 100);
}

static void rfc9293_3_10_7_3_fin_on_syn_ack_closes(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_SEND(s, .flags = TE_SYN | TE_ACK | TE_FIN, .seq = 0, .ack = 1, .len = 10);
    T_EXPECT_ACK(s, 1, 12);
    T_STATE(s, TE_CLOSE_WAIT);
    T_HISTORY(s, "CLOSED SYN_SENT ESTABLISHED CLOSE_WAIT");
}

static void rfc9293_3_10_7_4_last_ack_of_the_handshake_carries_text(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 50);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_user_take(s, NULL), 50);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 51);
}

static void rfc9293_3_10_7_4_last_ack_of_the_handshake_carries_text_and_fin(void **state)
{
    struct script *s = *state;
    bool is_end = false;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 50);
    T_EXPECT_ACK(s, 1, 52);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_CLOSE_WAIT);
    T_EQUAL(script_user_take(s, &is_end), 50);
    assert_true(is_end);
}

/* The ACK is lost; the text after it takes its place. */
static void rfc9293_3_10_7_4_text_stands_for_the_lost_ack(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 1); /* a hole: at once */
    T_STATE(s, TE_ESTABLISHED);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 201);
}

static void syn_with_fin_is_no_way_in(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    T_SEND(s, .flags = TE_SYN | TE_FIN, .seq = 0);
    T_SEND(s, .flags = TE_SYN | TE_FIN, .seq = 0, .len = 10);
    T_EXPECT_NONE(s);
    T_COUNT(s, passive_opens, 0);
}

/* --- windows in the handshake ----------------------------------------------------------------- */

static void rfc7323_2_2_windows_of_syns_are_not_scaled(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    conn_in_syn_sent(s);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    syn_ack.has_win = true;
    syn_ack.win = 1000;
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    T_EQUAL(script_status(s).snd_wnd, 1000);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(1000));
    T_EQUAL(script_status(s).snd_wnd, 1000 << PEER_WSCALE);
}

static void handshake_with_window_0_then_probes(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_EQUAL(script_user_send(s, 100), 100);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    syn_ack.has_win = true;
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
    T_TIMER(s, TE_TIMER_PERSIST, script_status(s).rto_us);
    T_EXPECT_AFTER(s, script_status(s).rto_us, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
}

/* --- IPv6 ------------------------------------------------------------------------------------- */

static void ipv6_passive_open(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6 | SPEAKS_ALL;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    const struct script_out *out = T_EXPECT_SYN_ACK(s);
    T_EQUAL(out->header.options.mss_bytes, 1440);
    s->c.timestamps = true;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_status(s).mss, 1428);
}

static void ipv6_active_open(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    s->way = BY_ACTIVE;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1500), 1500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1440);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1441, .ack = 1, .len = 60);
    assert_true(s->neighbour_questions > 0);
}

static void ipv6_simultaneous_open(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    s->way = BY_SIMULTANEOUS;
    conn_in_established(s);
}

static void ipv6_syn_for_nobody_is_reset(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    script_start(s);
    T_SEND(s, .flags = TE_SYN, .seq = 5);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 0u - s->c.our_iss, .ack = 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc9293_3_5_passive_open),
        SCRIPT_TEST(rfc9293_3_5_active_open),
        SCRIPT_TEST(rfc9293_3_5_simultaneous_open),
        SCRIPT_TEST(rfc9293_3_5_simultaneous_open_our_syn_ack_is_lost),
        SCRIPT_TEST(rfc9293_3_5_simultaneous_open_starts_the_timer_anew),
        SCRIPT_TEST(rfc9293_3_5_simultaneous_open_their_syn_ack_comes_again),
        SCRIPT_TEST(rfc9293_3_5_simultaneous_open_gives_up),
        SCRIPT_TEST(rfc9293_3_5_old_duplicate_syn_ack_is_reset_and_the_opening_goes_on),
        SCRIPT_TEST(rfc9293_3_5_rst_returns_to_listen_and_the_next_syn_opens),
        SCRIPT_TEST(rfc9293_3_5_1_half_open_connection_is_discovered_by_syn),
        SCRIPT_TEST(rfc9293_3_5_1_data_for_nobody_is_reset),
        SCRIPT_TEST(rfc9293_3_5_1_our_data_for_nobody_ends_the_connection),
        SCRIPT_TEST(rfc9293_3_5_1_syn_ack_in_listen_is_reset),
        SCRIPT_TEST(rfc6298_2_1_syn_is_sent_again_after_1_2_4_seconds),
        SCRIPT_TEST(rfc9293_3_8_3_syn_is_tried_for_three_minutes),
        SCRIPT_TEST(rfc9293_3_8_3_opening_times_out),
        SCRIPT_TEST(rfc6298_2_1_syn_ack_is_sent_again_after_1_2_4_seconds),
        SCRIPT_TEST(rfc9293_3_10_7_4_syn_again_draws_the_same_syn_ack),
        SCRIPT_TEST(rfc6298_5_7_rto_is_3_seconds_after_a_lost_syn),
        SCRIPT_TEST(rfc5681_3_1_window_is_one_segment_after_a_lost_syn),
        SCRIPT_TEST(rfc5681_3_1_window_is_one_segment_after_a_lost_syn_ack),
        SCRIPT_TEST(rfc5681_3_1_simultaneous_open_is_no_loss),
        SCRIPT_TEST(rfc9293_3_10_7_2_text_on_syn_is_kept_and_acknowledged),
        SCRIPT_TEST(rfc9293_3_5_text_is_not_delivered_before_established),
        SCRIPT_TEST(rfc9293_3_10_7_3_text_on_syn_ack_is_kept_and_acknowledged),
        SCRIPT_TEST(rfc9293_3_10_7_3_fin_on_syn_ack_closes),
        SCRIPT_TEST(rfc9293_3_10_7_4_last_ack_of_the_handshake_carries_text),
        SCRIPT_TEST(rfc9293_3_10_7_4_last_ack_of_the_handshake_carries_text_and_fin),
        SCRIPT_TEST(rfc9293_3_10_7_4_text_stands_for_the_lost_ack),
        SCRIPT_TEST(syn_with_fin_is_no_way_in),
        SCRIPT_TEST(rfc7323_2_2_windows_of_syns_are_not_scaled),
        SCRIPT_TEST(handshake_with_window_0_then_probes),
        SCRIPT_TEST(ipv6_passive_open),
        SCRIPT_TEST(ipv6_active_open),
        SCRIPT_TEST(ipv6_simultaneous_open),
        SCRIPT_TEST(ipv6_syn_for_nobody_is_reset),
    };
    return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}

/* Closing: RFC 9293 3.6 (figures 12 and 13), 3.6.1, 3.10.4, 3.10.7.4 (second and eighth check), RFC
 * 2525 2.17, and the limits for orphaned connections. */
#include "script.h"

static void expect_reset_at(struct script *s, uint32_t seq)
{
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->header.flags & TE_RST, TE_RST);
    T_EQUAL(script_rel_seq(s, out), seq);
}

/* --- figures 12 and 13 ------------------------------------------------------------------------ */

static void rfc9293_3_6_normal_close_by_us(void **state)
{
    struct script *s = *state;
    script_close_established(s);
    T_EVENT(s, TE_ESTABLISHED, TE_FIN_WAIT_1, TE_CAUSE_CLOSE);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_EVENT(s, TE_FIN_WAIT_1, TE_FIN_WAIT_2, TE_CAUSE_RECV_ACK_OF_FIN);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EVENT(s, TE_FIN_WAIT_2, TE_TIME_WAIT, TE_CAUSE_RECV_FIN);
    T_STATE(s, TE_TIME_WAIT);
    T_TIMER(s, TE_TIMER_TIME_WAIT, 60 * SECOND);
    script_advance(s, 60 * SECOND);
    T_EVENT(s, TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_TIMEOUT_2MSL);
    T_GONE(s);
    T_HISTORY(s, "LISTEN SYN_RCVD ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED");
}

static void rfc9293_3_6_normal_close_by_the_peer(void **state)
{
    struct script *s = *state;
    bool is_end = false;
    conn_in_established(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT_ACK(s, 1, 2);
    T_EVENT(s, TE_ESTABLISHED, TE_CLOSE_WAIT, TE_CAUSE_RECV_FIN);
    T_READY(s, TE_READY_RECEIVE);
    T_EQUAL(script_user_take(s, &is_end), 0);
    assert_true(is_end);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EVENT(s, TE_CLOSE_WAIT, TE_LAST_ACK, TE_CAUSE_CLOSE);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 2);
    T_EVENT(s, TE_LAST_ACK, TE_CLOSED, TE_CAUSE_RECV_ACK_OF_FIN);
    T_GONE(s);
    T_COUNT(s, time_wait_entered, 0);
}

static void rfc9293_3_6_simultaneous_close(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_1(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT_ACK(s, 2, 2);
    T_EVENT(s, TE_FIN_WAIT_1, TE_CLOSING, TE_CAUSE_RECV_FIN);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 2);
    T_EVENT(s, TE_CLOSING, TE_TIME_WAIT, TE_CAUSE_RECV_ACK_OF_FIN);
    T_COUNT(s, simultaneous_closes, 1);
    T_EQUAL(script_status(s).time_wait_from, TE_CLOSING);
}

static void rfc9293_3_10_7_4_fin_and_ack_of_ours_in_one_segment(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_1(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EVENT(s, TE_FIN_WAIT_1, TE_TIME_WAIT, TE_CAUSE_RECV_FIN_ACK_OF_FIN);
    T_EQUAL(script_status(s).time_wait_from, TE_FIN_WAIT_1);
}

static void rfc9293_3_10_7_4_fin_with_text_and_ack_of_ours(void **state)
{
    struct script *s = *state;
    bool is_end = false;
    conn_in_fin_wait_1(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_EXPECT_ACK(s, 2, 102);
    T_STATE(s, TE_TIME_WAIT);
    T_EQUAL(script_user_take(s, &is_end), 100);
    assert_true(is_end);
}

static void ipv6_normal_close(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6 | SPEAKS_ALL;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    script_advance(s, 61 * SECOND);
    T_STATE(s, TE_CLOSED);
}

/* --- FIN in and out of order ------------------------------------------------------------------ */

/* The first hundred bytes come at last: the stream is total_bytes long and ends. */
static void fill_the_gap(struct script *s, uint32_t total_bytes)
{
    bool is_end = false;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, total_bytes + 2);
    T_STATE(s, TE_CLOSE_WAIT);
    T_EQUAL(script_user_take(s, &is_end), total_bytes);
    assert_true(is_end);
}

static void rfc9293_3_10_7_4_fin_ahead_of_its_text_waits(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 101, .ack = 1);
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
    fill_the_gap(s, 100);
}

static void nothing_is_delivered_past_a_fin_that_waits(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 51, .ack = 1, .len = 50);
    T_EXPECT_ACK(s, 1, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 51, .ack = 1, .len = 150);
    script_skip(s);
    fill_the_gap(s, 100);
}

/* Text that was held beyond the FIN before it arrived is not part of the stream. */
static void what_was_held_beyond_the_fin_is_not_delivered(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 101, .ack = 1);
    script_skip(s);
    fill_the_gap(s, 100);
}

/* The FIN is in the middle of held text, or before several pieces of it. */
static void what_was_held_around_the_fin_is_cut_there(void **state)
{
    struct script *s = *state;
    for (uint32_t fin = 101; fin <= 401; fin += 50) {
        script_start_over(s);
        s->options = SPEAKS_SACK;
        conn_in_established(s);
        T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
        T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1, .len = 100);
        T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = fin, .ack = 1);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
        T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1, .len = 100);
        script_skip(s);
        T_STATE(s, TE_CLOSE_WAIT);
        bool is_end = false;
        T_EQUAL(script_user_take(s, &is_end), fin - 1);
        assert_true(is_end);
        T_SEND(s, .flags = TE_ACK, .seq = fin + 1, .ack = 1, .len = 100);
        T_EQUAL(script_status(s).receive_next, fin - 1);
        script_skip(s);
    }
}

/* A second FIN elsewhere changes nothing: the first one that came counts. */
static void two_fins_at_different_numbers(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 101, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 301, .ack = 1, .len = 100);
    script_skip(s);
    fill_the_gap(s, 200);
}

static void rfc9293_3_10_7_4_fin_again_is_acknowledged_again(void **state)
{
    static const enum te_state states[] = {TE_CLOSE_WAIT, TE_CLOSING, TE_LAST_ACK};
    struct script *s = *state;
    for (unsigned i = 0; i < 3; i++) {
        script_start_over(s);
        conn_in_state(s, states[i]);
        uint32_t our = states[i] == TE_CLOSE_WAIT ? 1 : 2;
        for (unsigned k = 0; k < 3; k++) {
            T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
            T_EXPECT_ACK(s, our, 2);
        }
        T_STATE(s, states[i]);
    }
}

static void our_fin_goes_with_the_last_text(void **state)
{
    struct script *s = *state;
    s->peer_window = 1000;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1500), 1500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_STATE(s, TE_FIN_WAIT_1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1001);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1001, .ack = 1, .len = 500, PSH(true));
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1501); /* the text, not the FIN */
    T_STATE(s, TE_FIN_WAIT_1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1502);
    T_STATE(s, TE_FIN_WAIT_2);
}

static void our_fin_is_sent_again_in_every_state_that_waits_for_its_ack(void **state)
{
    static const enum te_state states[] = {TE_FIN_WAIT_1, TE_CLOSING, TE_LAST_ACK};
    struct script *s = *state;
    for (unsigned i = 0; i < 3; i++) {
        script_start_over(s);
        conn_in_state(s, states[i]);
        uint32_t their = states[i] == TE_FIN_WAIT_1 ? 1 : 2;
        int64_t rto_us = script_status(s).rto_us;
        T_TIMER(s, TE_TIMER_RETRANSMIT, rto_us);
        T_EXPECT_AFTER(s, rto_us, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = their);
        T_EXPECT_AFTER(s, 2 * rto_us, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = their);
        T_STATE(s, states[i]);
    }
}

static void our_fin_is_tried_r2_times_then_the_user_hears(void **state)
{
    struct script *s = *state;
    s->f.config.r2_retries = 4;
    s->f.config.r1_retries = 3;
    conn_in_last_ack(s);
    for (unsigned i = 0; i < 4; i++)
        T_EXPECT_AFTER(s, (200 * MS) << i, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    script_advance(s, (200 * MS) << 4);
    T_EVENT(s, TE_LAST_ACK, TE_CLOSED, TE_CAUSE_TIMEOUT_RETRANSMIT);
    T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
}

static void fin_through_a_closed_window_is_probed_with(void **state)
{
    struct script *s = *state;
    s->way = BY_ACTIVE;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT_NONE(s);
    T_EXPECT_AFTER(s, 200 * MS, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, WIN(0));
    T_STATE(s, TE_FIN_WAIT_2);
}

/* --- half close ------------------------------------------------------------------------------- */

static void rfc9293_3_6_1_half_close_by_us_goes_on_receiving(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_1(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 2, .ack = 101);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 2);
    T_STATE(s, TE_FIN_WAIT_2);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 2, .len = 1460);
    T_SEND(s, .flags = TE_ACK, .seq = 1561, .ack = 2, .len = 1460);
    T_EXPECT_ACK(s, 2, 3021);
    T_EQUAL(script_user_take(s, NULL), 3020);
    T_EXPECT_ACK(s, 2, 3021);         /* the window opens */
    script_advance(s, 3600 * SECOND); /* its user is there: no limit */
    T_STATE(s, TE_FIN_WAIT_2);
}

static void rfc9293_3_6_1_half_close_by_the_peer_goes_on_hearing(void **state)
{
    struct script *s = *state;
    conn_in_close_wait(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 1460);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1461, .ack = 2, .len = 1460);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 2921);
    T_EXPECT(s, .flags = TE_ACK, .seq = 2921, .ack = 2, .len = 80);
    T_STATE(s, TE_CLOSE_WAIT);
    script_advance(s, 100 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 3001);
    script_advance(s, 3600 * SECOND);
    T_STATE(s, TE_CLOSE_WAIT);
}

/* --- closed with bytes that nobody read ------------------------------------------------------- */

/* SHLD-3. */
static void rfc9293_3_6_1_close_with_unread_text_resets(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 11);
    T_EVENT(s, TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_CLOSE);
    T_GONE(s);
}

static void rfc9293_3_6_1_close_with_text_out_of_order_resets(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1, .len = 10);
    T_EXPECT_ACK(s, 1, 1);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    T_GONE(s);
}

static void rfc9293_3_6_1_close_with_unread_text_in_close_wait_resets(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_ACK(s, 1, 12);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 12);
    T_GONE(s);
}

static void close_when_all_was_read_sends_fin(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EQUAL(script_user_take(s, NULL), 10);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 11);
}

static void rfc9293_3_6_1_text_after_close_resets_in_fin_wait_1(void **state)
{
    struct script *s = *state;
    script_close_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT(s, .flags = TE_RST, .seq = 1); /* SEG.ACK, where the peer is */
    T_GONE(s);
    T_COUNT(s, data_after_close, 1);
}

static void rfc9293_3_6_1_text_after_close_resets_in_fin_wait_2(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_2(s);
    T_ERR(script_user_close(s), TE_OK);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 2, .len = 10);
    T_EXPECT(s, .flags = TE_RST, .seq = 2);
    T_EVENT(s, TE_FIN_WAIT_2, TE_CLOSED, TE_CAUSE_RECV_DATA_AFTER_CLOSE);
    T_GONE(s);
}

/* SEG.ACK is what the sender of the text expects next, hence exact (RFC 5961 3.2). */
static void rfc9293_3_5_2_text_after_close_is_reset_from_seg_ack(void **state)
{
    static const uint32_t acks[] = {1, 301, 501, 502};
    struct script *s = *state;
    for (unsigned i = 0; i < 4; i++) {
        script_start_over(s);
        conn_in_established(s);
        T_EQUAL(script_user_send(s, 500), 500);
        T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 500);
        T_ERR(script_user_close(s), TE_OK);
        T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 501, .ack = 1);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = acks[i], .len = 1);
        T_EXPECT(s, .flags = TE_RST, .seq = acks[i]);
        T_GONE(s);
        T_COUNT(s, resets_out, 1);
    }
}

/* One per connection: the limit on answers to strangers does not hold it back. */
static void a_rst_after_close_is_not_limited(void **state)
{
    struct script *s = *state;
    s->f.config.rst_per_second = 1;
    conn_in_established(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    struct script_conn ours = s->c;
    for (unsigned i = 0; i < 5; i++) { /* to ports where nobody listens */
        s->c.local_port = (uint16_t)(1000 + i);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    }
    script_skip(s);
    s->c = ours;
    assert_true(fixture_counters(&s->f)->resets_limited > 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
}

/* RFC 7323 5.2: it echoes the segment that caused it, and has no time of its own. */
static void rfc7323_5_2_the_rst_after_close_echoes(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_established(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1, TSVAL(777));
    T_EXPECT(s, .flags = TE_RST, .seq = 1, .has_ts = true, .ts = 0, ECR(777));
}

static void text_that_is_old_does_not_reset_after_close(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EQUAL(script_user_take(s, NULL), 10);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 11);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_ACK(s, 2, 11);
    T_STATE(s, TE_FIN_WAIT_1);
}

/* --- nobody owns it --------------------------------------------------------------------------- */

static void fin_wait_2_of_an_orphan_ends_by_time(void **state)
{
    struct script *s = *state;
    script_close_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_TIMER(s, TE_TIMER_FIN_WAIT_2, 60 * SECOND);
    script_advance(s, 60 * SECOND - 1);
    T_STATE(s, TE_FIN_WAIT_2);
    script_advance(s, 1);
    T_EVENT(s, TE_ESTABLISHED, TE_FIN_WAIT_1, TE_CAUSE_CLOSE);
    T_EVENT(s, TE_FIN_WAIT_1, TE_FIN_WAIT_2, TE_CAUSE_RECV_ACK_OF_FIN);
    T_EVENT(s, TE_FIN_WAIT_2, TE_CLOSED, TE_CAUSE_TIMEOUT_FIN_WAIT_2);
    T_GONE(s);
    T_COUNT(s, timeouts_fin_wait_2, 1);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT(s, .flags = TE_RST, .seq = 2);
}

static void fin_wait_2_gets_its_limit_when_the_user_leaves(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_2(s);
    T_TIMER(s, TE_TIMER_NONE, 0);
    script_advance(s, 100 * SECOND);
    T_ERR(script_user_close(s), TE_OK);
    T_TIMER(s, TE_TIMER_FIN_WAIT_2, 60 * SECOND);
    script_advance(s, 60 * SECOND);
    T_GONE(s);
}

/* The time limit for sending the rest ends with the ACK of the FIN; FIN_WAIT_2 then has its own. */
static void orphan_that_has_sent_its_rest_has_time_again(void **state)
{
    struct script *s = *state;
    s->f.config.orphan_us = 10 * SECOND;
    script_close_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    script_advance(s, 59 * SECOND);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_FIN_WAIT_2);
    script_advance(s, SECOND);
    T_GONE(s);
    T_COUNT(s, orphans_dropped, 0);
}

static void orphan_that_cannot_send_its_rest_is_reset(void **state)
{
    struct script *s = *state;
    s->f.config.orphan_us = 10 * SECOND;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_ERR(script_user_close(s), TE_OK);
    script_advance(s, 10 * SECOND - 1);
    T_STATE(s, TE_FIN_WAIT_1);
    script_skip(s);
    script_advance(s, 1);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 102, .ack = 1);
    T_GONE(s);
    T_COUNT(s, orphans_dropped, 1);
}

static void one_orphan_too_many_is_reset(void **state)
{
    struct script *s = *state;
    s->f.config.orphan_max = 1;
    s->way = BY_ACTIVE;
    script_close_established(s);
    script_new_peer(s, CLIENT_PORT + 1);
    conn_in_established(s);
    T_ERR(script_user_close(s), TE_OK);
    expect_reset_at(s, 1);
    T_GONE(s);
    T_COUNT(s, orphans_dropped, 1);
    struct te_totals totals;
    te_totals(s->f.stack, &totals);
    T_EQUAL(totals.orphans, 1);
}

/* --- reset ------------------------------------------------------------------------------------ */

/* MUST-12, and the errors of conformance: refused, reset, nothing lost. */
static void rfc9293_3_10_7_4_what_the_user_hears_of_a_reset(void **state)
{
    static const struct {
        enum te_state state;
        enum te_err error;
    } rows[] = {{TE_ESTABLISHED, TE_ERR_RESET},
                {TE_FIN_WAIT_1, TE_ERR_RESET},
                {TE_FIN_WAIT_2, TE_ERR_RESET},
                {TE_CLOSE_WAIT, TE_ERR_RESET},
                {TE_CLOSING, TE_OK},
                {TE_LAST_ACK, TE_OK}};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        script_start_over(s);
        conn_in_state(s, rows[i].state);
        uint32_t rcv_nxt = script_status(s).rcv_nxt - s->c.peer_iss;
        T_SEND(s, .flags = TE_RST, .seq = rcv_nxt);
        T_EVENT(s, rows[i].state, TE_CLOSED, TE_CAUSE_RECV_RST);
        T_READY(s, TE_READY_END);
        T_ERR(script_status(s).error, rows[i].error);
        size_t accepted = 0;
        enum te_err want = rows[i].error == TE_OK ? TE_ERR_CLOSING : rows[i].error;
        T_ERR(te_send(s->f.stack, s->c.id, "x", 1, &accepted, s->f.now_us), want);
        T_COUNT(s, resets_in, 1);
        T_ERR(script_user_close(s), TE_OK);
        T_GONE(s);
    }
}

/* Each call on a dead connection says why it failed, until it is closed. */
static void calls_on_a_failed_connection_tell_the_reason(void **state)
{
    struct script *s = *state;
    struct te_received received;
    size_t accepted;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_ERR(te_send(s->f.stack, s->c.id, "x", 1, &accepted, s->f.now_us), TE_ERR_RESET);
    T_ERR(te_receive_peek(s->f.stack, s->c.id, 0, 1, &received), TE_ERR_RESET);
    T_ERR(script_user_shutdown(s), TE_ERR_RESET);
    T_ERR(script_user_option(s, TE_OPTION_NAGLE, 0), TE_ERR_STATE);
    T_ERR(script_user_abort(s), TE_OK);
    T_GONE(s);
    T_EXPECT_NONE(s);
}

static void reset_while_opening_by_both_is_refused(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd_simultaneous(s);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_EVENT(s, TE_SYN_RCVD, TE_CLOSED, TE_CAUSE_RECV_RST);
    T_ERR(script_status(s).error, TE_ERR_REFUSED);
    T_READY(s, TE_READY_OPEN | TE_READY_END);
}

/* The peer is in an old incarnation that we know nothing about: without the RST it would challenge
 * our SYN,ACK, and we would repeat it, until the orphan times out. */
static void rfc9293_3_10_7_4_closed_before_its_syn_is_acked_resets_another_ack(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_FIN_WAIT_1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = (uint32_t)-249);
    T_EXPECT(s, .flags = TE_RST, .seq = (uint32_t)-249);
    T_COUNT(s, tcp_bad_ack, 1);
    T_STATE(s, TE_FIN_WAIT_1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_STATE(s, TE_FIN_WAIT_2);
}

static void reset_in_syn_sent_is_refused(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 0, .ack = 1);
    T_EVENT(s, TE_SYN_SENT, TE_CLOSED, TE_CAUSE_RECV_RST);
    T_ERR(script_status(s).error, TE_ERR_REFUSED);
    T_COUNT(s, attempt_fails, 1);
}

/* "All segment queues should be flushed". */
static void rfc9293_3_10_7_4_reset_flushes_what_was_received(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_SEND(s, .flags = TE_RST, .seq = 11);
    struct te_received received;
    T_ERR(te_receive_peek(s->f.stack, s->c.id, 0, 10, &received), TE_ERR_RESET);
}

static void reset_out_of_window_is_ignored_after_their_fin(void **state)
{
    static const enum te_state states[] = {TE_CLOSE_WAIT, TE_CLOSING, TE_LAST_ACK};
    struct script *s = *state;
    for (unsigned i = 0; i < 3; i++) {
        script_start_over(s);
        conn_in_state(s, states[i]);
        uint32_t window = script_status(s).rcv_wnd;
        T_SEND(s, .flags = TE_RST, .seq = 1);
        T_SEND(s, .flags = TE_RST, .seq = 2 + window);
        T_SEND(s, .flags = TE_RST, .seq = 2 + window + 1000);
        T_EXPECT_NONE(s);
        T_STATE(s, states[i]);
    }
}

static void rfc9293_3_5_2_no_reset_in_answer_to_a_reset(void **state)
{
    struct script *s = *state;
    script_start(s);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1, .len = 20);
    T_EXPECT_NONE(s);
    T_COUNT(s, resets_out, 0);
}

static void resets_without_a_connection_are_limited(void **state)
{
    struct script *s = *state;
    s->f.config.rst_per_second = 10;
    script_start(s);
    for (unsigned i = 0; i < 100; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    unsigned sent = s->out_count - s->out_next;
    script_skip(s);
    assert_in_range(sent, 5, 10); /* half are certain, the rest is chance */
    T_COUNT(s, resets_limited, 100 - sent);
    T_COUNT(s, resets_out, sent);
    script_advance(s, SECOND);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
}

/* A timeout moved SND.NXT back: the peer has seen more, and an RST there would be out of order. */
static void abort_after_a_timeout_resets_at_the_highest_number(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 4380), 4380);
    for (unsigned i = 0; i < 3; i++)
        T_EXPECT(s, .flags = TE_ACK, .seq = 1 + i * 1460, .ack = 1, .len = 1460);
    T_EXPECT_AFTER(s, 200 * MS, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1460);
    T_ERR(script_user_abort(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 4381, .ack = 1);
}

/* --- what remains ----------------------------------------------------------------------------- */

static void remains_of_a_failed_connection_wait_for_their_user(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_TIMER(s, TE_TIMER_REMAINS, 60 * SECOND);
    script_advance(s, 60 * SECOND - 1);
    T_ERR(script_status(s).error, TE_ERR_RESET);
    script_advance(s, 1);
    T_GONE(s);
    struct te_history history;
    T_ERR(te_history(s->f.stack, s->c.id, &history), TE_OK);
    assert_true(history.is_gone);
}

/* All timers armed when it died are off; only the last one is left. */
static void remains_have_no_other_timer(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_USER_TIMEOUT_US, 5 * SECOND), TE_OK);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_SEND(s, .flags = TE_RST, .seq = 11);
    T_TIMER(s, TE_TIMER_REMAINS, 60 * SECOND);
    script_advance(s, 60 * SECOND - 1);
    T_EXPECT_NONE(s);
    T_ERR(script_status(s).error, TE_ERR_RESET);
    script_advance(s, 1);
    T_GONE(s);
}

/* After 2MSL the user of an orderly close has as much time as after a failure. */
static void remains_of_time_wait_are_forgotten_too(void **state)
{
    struct script *s = *state;
    struct te_status status;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    script_advance(s, 60 * SECOND);
    T_ERR(te_status(s->f.stack, s->c.id, &status), TE_OK);
    T_TIMER(s, TE_TIMER_REMAINS, 60 * SECOND);
    script_advance(s, 60 * SECOND);
    T_GONE(s);
}

static void orderly_end_leaves_what_was_received_to_its_user(void **state)
{
    struct script *s = *state;
    bool is_end = false;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_ACK(s, 1, 12);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 12);
    T_SEND(s, .flags = TE_ACK, .seq = 12, .ack = 2);
    T_STATE(s, TE_CLOSED);
    T_EQUAL(script_user_take(s, &is_end), 10);
    assert_true(is_end);
    T_ERR(script_user_close(s), TE_OK);
    T_GONE(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc9293_3_6_normal_close_by_us),
        SCRIPT_TEST(rfc9293_3_6_normal_close_by_the_peer),
        SCRIPT_TEST(rfc9293_3_6_simultaneous_close),
        SCRIPT_TEST(rfc9293_3_10_7_4_fin_and_ack_of_ours_in_one_segment),
        SCRIPT_TEST(rfc9293_3_10_7_4_fin_with_text_and_ack_of_ours),
        SCRIPT_TEST(ipv6_normal_close),
        SCRIPT_TEST(rfc9293_3_10_7_4_fin_ahead_of_its_text_waits),
        SCRIPT_TEST(nothing_is_delivered_past_a_fin_that_waits),
        SCRIPT_TEST(what_was_held_beyond_the_fin_is_not_delivered),
        SCRIPT_TEST(what_was_held_around_the_fin_is_cut_there),
        SCRIPT_TEST(two_fins_at_different_numbers),
        SCRIPT_TEST(rfc9293_3_10_7_4_fin_again_is_acknowledged_again),
        SCRIPT_TEST(our_fin_goes_with_the_last_text),
        SCRIPT_TEST(our_fin_is_sent_again_in_every_state_that_waits_for_its_ack),
        SCRIPT_TEST(our_fin_is_tried_r2_times_then_the_user_hears),
        SCRIPT_TEST(fin_through_a_closed_window_is_probed_with),
        SCRIPT_TEST(rfc9293_3_6_1_half_close_by_us_goes_on_receiving),
        SCRIPT_TEST(rfc9293_3_6_1_half_close_by_the_peer_goes_on_hearing),
        SCRIPT_TEST(rfc9293_3_6_1_close_with_unread_text_resets),
        SCRIPT_TEST(rfc9293_3_6_1_close_with_text_out_of_order_resets),
        SCRIPT_TEST(rfc9293_3_6_1_close_with_unread_text_in_close_wait_resets),
        SCRIPT_TEST(close_when_all_was_read_sends_fin),
        SCRIPT_TEST(rfc9293_3_6_1_text_after_close_resets_in_fin_wait_1),
        SCRIPT_TEST(rfc9293_3_6_1_text_after_close_resets_in_fin_wait_2),
        SCRIPT_TEST(rfc9293_3_5_2_text_after_close_is_reset_from_seg_ack),
        SCRIPT_TEST(a_rst_after_close_is_not_limited),
        SCRIPT_TEST(rfc7323_5_2_the_rst_after_close_echoes),
        SCRIPT_TEST(text_that_is_old_does_not_reset_after_close),
        SCRIPT_TEST(fin_wait_2_of_an_orphan_ends_by_time),
        SCRIPT_TEST(fin_wait_2_gets_its_limit_when_the_user_leaves),
        SCRIPT_TEST(orphan_that_has_sent_its_rest_has_time_again),
        SCRIPT_TEST(orphan_that_cannot_send_its_rest_is_reset),
        SCRIPT_TEST(one_orphan_too_many_is_reset),
        SCRIPT_TEST(rfc9293_3_10_7_4_what_the_user_hears_of_a_reset),
        SCRIPT_TEST(calls_on_a_failed_connection_tell_the_reason),
        SCRIPT_TEST(reset_while_opening_by_both_is_refused),
        SCRIPT_TEST(rfc9293_3_10_7_4_closed_before_its_syn_is_acked_resets_another_ack),
        SCRIPT_TEST(reset_in_syn_sent_is_refused),
        SCRIPT_TEST(rfc9293_3_10_7_4_reset_flushes_what_was_received),
        SCRIPT_TEST(reset_out_of_window_is_ignored_after_their_fin),
        SCRIPT_TEST(rfc9293_3_5_2_no_reset_in_answer_to_a_reset),
        SCRIPT_TEST(resets_without_a_connection_are_limited),
        SCRIPT_TEST(abort_after_a_timeout_resets_at_the_highest_number),
        SCRIPT_TEST(remains_of_a_failed_connection_wait_for_their_user),
        SCRIPT_TEST(remains_have_no_other_timer),
        SCRIPT_TEST(remains_of_time_wait_are_forgotten_too),
        SCRIPT_TEST(orderly_end_leaves_what_was_received_to_its_user),
    };
    return cmocka_run_group_tests_name("closing", tests, NULL, NULL);
}

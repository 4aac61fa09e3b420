/* When a sender sends: RFC 9293 3.7.4 (Nagle), 3.8.6.2.1 (silly windows), 3.8.6.1 (zero windows),
 * 3.9.1.2 (PUSH), and how much a user may queue. */
#include "script.h"

#define MSS 1460
#define RTO_MIN (200 * MS)

/* --- Nagle ------------------------------------------------------------------------------------ */

static void rfc9293_3_7_4_small_segments_wait_for_the_ack(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    for (unsigned i = 0; i < 5; i++)
        T_EQUAL(script_user_send(s, 100), 100);
    script_advance(s, 100 * MS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 500);
}

static void rfc9293_3_7_4_full_segments_do_not_wait(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EQUAL(script_user_send(s, 2 * MSS + 1), 2 * MSS + 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101 + MSS, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 100);
    T_EXPECT_NONE(s); /* part of the small one is still outstanding */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101 + 2 * MSS, .ack = 1, .len = 1);
}

/* The end of a message waits for no ACK of its beginning, the next message does. */
static void rfc9293_a_3_end_of_a_message_does_not_wait(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 2 * MSS + 700), 2 * MSS + 700);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + MSS, .ack = 1, .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 2 * MSS, .ack = 1, .len = 700);
    T_EQUAL(script_user_send(s, MSS + 100), MSS + 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 2 * MSS + 700, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 2 * MSS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 2 * MSS + 700);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 3 * MSS + 700, .ack = 1, .len = 100);
}

/* The end of the buffer is not the end of the message. */
static void what_a_full_buffer_cut_off_waits(void **state)
{
    struct script *s = *state;
    s->f.config.send_buffer_initial_bytes = s->f.config.send_buffer_max_bytes = 4096;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 5000), 4096);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + MSS, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    T_EXPECT_NONE(s);
    T_EQUAL(script_user_send(s, 904), 904);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 3 * MSS, .ack = 1, .len = 5000 - 3 * MSS);
}

/* MUST-17. */
static void rfc9293_3_7_4_nagle_can_be_turned_off(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_NAGLE, 0), TE_OK);
    T_EQUAL(script_status(s).nagle, false);
    for (uint32_t i = 0; i < 3; i++) {
        T_EQUAL(script_user_send(s, 100), 100);
        T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 100 * i, .ack = 1, .len = 100);
    }
}

static void turning_nagle_off_sends_what_waits(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EQUAL(script_user_send(s, 50), 50);
    T_EXPECT_NONE(s);
    T_ERR(script_user_option(s, TE_OPTION_NAGLE, 0), TE_OK);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 50);
}

static void nagle_does_not_hold_the_last_text_before_the_fin(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EQUAL(script_user_send(s, 50), 50);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 101, .ack = 1, .len = 50);
}

/* --- silly windows ---------------------------------------------------------------------------- */

/* Rule (1): a full segment; rule (3): half of the largest window. */
static void rfc9293_3_8_6_2_1_half_of_the_largest_window_is_enough(void **state)
{
    struct script *s = *state;
    s->peer_window = 1000;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1001, WIN(500));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1001, .ack = 1, .len = 500);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1501, WIN(499));
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1501, WIN(1000));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1501, .ack = 1, .len = 1000);
}

/* Rule (4): 0.1 to 1 s later a small window is used after all. */
static void rfc9293_3_8_6_2_1_override_timeout(void **state)
{
    struct script *s = *state;
    s->peer_window = 1000;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1001, WIN(300));
    script_advance(s, 100 * MS - 1);
    T_EXPECT_NONE(s);
    script_advance(s, 900 * MS + 1);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(script_rel_seq(s, out), 1001);
    assert_true(out->len >= 1 && out->len <= 300);
    script_skip(s);
}

/* The bracketed condition: rules (2) and (3) wait for the ACK when Nagle is on. */
static void rfc9293_3_8_6_2_1_nagle_binds_half_windows_too(void **state)
{
    struct script *s = *state;
    s->peer_window = 1000;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 500), 500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 500);
    T_EQUAL(script_user_send(s, 2000), 2000);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 501);
    T_EXPECT(s, .flags = TE_ACK, .seq = 501, .ack = 1, .len = 1000);
}

static void rfc9293_3_8_6_2_1_a_full_segment_is_never_held(void **state)
{
    struct script *s = *state;
    s->peer_window = 3 * MSS;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 10 * MSS), 10 * MSS);
    for (uint32_t i = 0; i < 3; i++)
        T_EXPECT(s, .flags = TE_ACK, .seq = 1 + i * MSS, .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS, WIN(3 * MSS));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 3 * MSS, .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 2 * MSS, WIN(2 * MSS + 700));
    T_EXPECT_NONE(s); /* 700 bytes of room are silly */
}

/* --- the window ahead ------------------------------------------------------------------------- */

static void rfc9293_3_8_6_nothing_beyond_the_window(void **state)
{
    struct script *s = *state;
    s->peer_window = 2000;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 5000), 5000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    script_advance(s, 100 * MS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS, WIN(2000));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + MSS, .ack = 1, .len = MSS);
}

/* MUST-1: the window is an unsigned number. */
static void rfc9293_3_1_window_is_unsigned(void **state)
{
    struct script *s = *state;
    s->peer_window = 0x8000;
    conn_in_established(s);
    T_EQUAL(script_status(s).snd_wnd, 0x8000);
    T_EQUAL(script_user_send(s, MSS), MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS, WIN(0xffff));
    T_EQUAL(script_status(s).snd_wnd, 0xffff);
}

/* SND.WL1 and SND.WL2: old segments do not update the window. */
static void rfc9293_3_10_7_4_window_of_an_old_segment_is_not_taken(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 101, .len = 10, WIN(5000));
    T_EXPECT_ACK(s, 101, 1);
    T_EQUAL(script_status(s).snd_wnd, 5000);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 10, WIN(100)); /* WL1 is 11 */
    T_EXPECT_ACK(s, 101, 21);
    T_EQUAL(script_status(s).snd_wnd, 5000);
    T_SEND(s, .flags = TE_ACK, .seq = 21, .ack = 1, WIN(200)); /* ACK below SND.UNA */
    T_EQUAL(script_status(s).snd_wnd, 5000);
    T_SEND(s, .flags = TE_ACK, .seq = 21, .ack = 101, WIN(300));
    T_EQUAL(script_status(s).snd_wnd, 300);
}

/* --- zero windows ----------------------------------------------------------------------------- */

static void close_their_window(struct script *s, size_t queued)
{
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    T_EQUAL(script_user_send(s, queued), queued);
    T_EXPECT_NONE(s);
    script_mark(s);
}

static void refuse_probe(struct script *s)
{
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
}

/* MUST-36, SHLD-29, SHLD-30. */
static void rfc9293_3_8_6_1_probes_after_the_rto_then_backed_off(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    T_TIMER(s, TE_TIMER_PERSIST, RTO_MIN);
    int64_t interval_us = RTO_MIN;
    for (unsigned i = 0; i < 12; i++) {
        T_EXPECT_AFTER(s, interval_us, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
        refuse_probe(s);
        interval_us = 2 * interval_us < 120 * SECOND ? 2 * interval_us : 120 * SECOND;
        T_TIMER(s, TE_TIMER_PERSIST, interval_us);
    }
    T_COUNT(s, zero_window_probes, 12);
}

/* MUST-37. */
static void rfc9293_3_8_6_1_never_given_up_while_answered(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    for (unsigned i = 0; i < 200; i++) {
        script_advance(s, 120 * SECOND);
        script_skip(s);
        refuse_probe(s);
    }
    T_STATE(s, TE_ESTABLISHED);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(script_rel_seq(s, out), 1);
    script_skip(s);
}

static void unanswered_probes_are_given_up(void **state)
{
    struct script *s = *state;
    s->f.config.r2_retries = 4;
    close_their_window(s, 1000);
    script_advance(s, 20 * SECOND);
    script_skip(s);
    T_EVENT(s, TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_TIMEOUT_RETRANSMIT);
    T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
}

static void probe_that_is_taken_moves_on(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, WIN(0));
    T_EXPECT_NONE(s);
    while (s->out_next == s->out_count)
        script_advance(s, 10 * MS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 2, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 3);
    T_EXPECT(s, .flags = TE_ACK, .seq = 3, .ack = 1, .len = 998);
}

static void window_that_opens_again_ends_the_probing(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    for (unsigned i = 0; i < 4; i++)
        T_EXPECT_AFTER(s, RTO_MIN << i, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    T_TIMER(s, TE_TIMER_RETRANSMIT, RTO_MIN); /* the backoff was the probes' */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1001);
}

/* The ACK that opens the window is lost: the next probe finds out. */
static void probe_finds_the_window_open(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_EXPECT_AFTER(s, 2 * RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, WIN(2000));
    T_EXPECT(s, .flags = TE_ACK, .seq = 2, .ack = 1, .len = 999);
}

/* A peer whose window is closed accepts its RCV.NXT alone: the byte of the probe, which it refused,
 * has no number that another segment could build on. */
static void rfc9293_3_10_7_4_ack_while_probing_is_acceptable(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    refuse_probe(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, WIN(0));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_SEND(s, .flags = TE_RST, .seq = 1000); /* a challenge ACK, too */
    T_EXPECT_ACK(s, 1, 101);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 101, .ack = 1, WIN(0));
    T_EXPECT_ACK(s, 1, 102);
}

static void rfc9293_3_10_5_reset_while_probing_is_believed(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_ERR(script_user_abort(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
}

/* The window opens, and the byte of the probe is still the peer's RCV.NXT. */
static void reset_as_the_window_opens_is_believed(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100); /* nobody will read it */
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
}

static void ack_after_a_probe_that_was_taken(void **state)
{
    struct script *s = *state;
    close_their_window(s, 1000);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 100, WIN(0));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 2, .ack = 101);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 2, WIN(2000));
    T_EXPECT(s, .flags = TE_ACK, .seq = 2, .ack = 101, .len = 999);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 2, .len = 100, WIN(2000));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1001, .ack = 201);
}

/* The window is taken back: its end is where the peer's RCV.NXT will be, and after the timeout
 * SND.NXT is there. */
static void ack_after_a_window_was_taken_back(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1000), 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, WIN(0));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    script_advance(s, RTO_MIN);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100, WIN(0));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 201);
    T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1001, WIN(0)); /* it had come all the same */
    T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1001, .len = 100, WIN(0));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1001, .ack = 301);
}

/* RFC 7323 2.4: 1,024 bytes were offered in units of 128; of the 1,023 that are left 896 can be
 * said. The peer takes all that is on its way. */
static void rfc7323_2_4_ack_when_rounding_took_the_window_back(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(8));
    T_EQUAL(script_user_send(s, 1024), 1024);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1024);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 100, WIN(7));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1025, .ack = 101);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1025, WIN(8));
}

/* A FIN alone is a probe: a FIN takes a number, and no room. */
static void ack_while_probing_with_a_fin(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, WIN(0));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 2, .len = 100, WIN(0));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 2, .ack = 201);
    T_STATE(s, TE_FIN_WAIT_2);
}

static void rfc9293_3_8_3_user_timeout_counts_over_probes(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_USER_TIMEOUT_US, 10 * SECOND), TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    T_EQUAL(script_user_send(s, 100), 100);
    for (unsigned i = 0; i < 99; i++) {
        script_advance(s, 100 * MS);
        if (s->out_next < s->out_count)
            refuse_probe(s);
        script_skip(s);
    }
    T_STATE(s, TE_ESTABLISHED);
    script_advance(s, 100 * MS);
    script_skip(s);
    T_EVENT(s, TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_TIMEOUT_USER);
    T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
}

/* --- PUSH and the send buffer ----------------------------------------------------------------- */

/* MUST-61: the last segment of what is buffered; SHLD-27: and only that. */
static void rfc9293_3_9_1_2_push_is_on_the_last_segment(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3 * MSS), 3 * MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS, PSH(false));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + MSS, .ack = 1, .len = MSS, PSH(false));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 2 * MSS, .ack = 1, .len = MSS, PSH(true));
}

static void send_buffer_has_a_limit(void **state)
{
    struct script *s = *state;
    s->f.config.send_buffer_initial_bytes = 16384;
    s->f.config.send_buffer_max_bytes = 16384;
    s->peer_window = 0;
    conn_in_syn_sent(s);
    T_EQUAL(script_user_send(s, 20000), 16384);
    T_EQUAL(script_user_send(s, 1), 0);
    T_READY(s, 0);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    syn_ack.has_win = true;
    syn_ack.win = 5000;
    script_send(s, &syn_ack);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS, WIN(5000));
    script_skip(s);
    T_READY(s, TE_READY_SEND);
    T_EQUAL(script_user_send(s, 20000), MSS);
}

static void send_buffer_fills_up_bit_by_bit(void **state)
{
    struct script *s = *state;
    s->f.config.send_buffer_initial_bytes = s->f.config.send_buffer_max_bytes = 16384;
    conn_in_syn_sent(s);
    T_EQUAL(script_user_send(s, 10000), 10000);
    T_EQUAL(script_user_send(s, 10000), 6384);
    T_EQUAL(script_user_send(s, 10000), 0);
    T_EQUAL(script_status(s).send_queue_bytes, 16384);
}

static void send_finds_no_memory_and_says_so(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    s->f.heap.allocations_left = 0;
    T_EQUAL(script_user_send(s, 100), 0);
    s->f.heap.allocations_left = -1;
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
}

/* All of a long stream, its numbers wrapping on the way. */
static void a_long_stream_arrives_in_full(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    uint32_t received = 0;
    for (unsigned round = 0; round < 200; round++) {
        script_user_send(s, 10000);
        const struct script_out *out;
        while ((out = script_next(s)) != NULL) {
            T_EQUAL(script_rel_seq(s, out), 1 + received);
            for (uint32_t i = 0; i < out->len; i++)
                assert_int_equal(out->payload[i], script_pattern(received + i, 0));
            received += out->len;
        }
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + received);
    }
    assert_true(received > 1000000);
    script_skip(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc9293_3_7_4_small_segments_wait_for_the_ack),
        SCRIPT_TEST(rfc9293_3_7_4_full_segments_do_not_wait),
        SCRIPT_TEST(rfc9293_a_3_end_of_a_message_does_not_wait),
        SCRIPT_TEST(what_a_full_buffer_cut_off_waits),
        SCRIPT_TEST(rfc9293_3_7_4_nagle_can_be_turned_off),
        SCRIPT_TEST(turning_nagle_off_sends_what_waits),
        SCRIPT_TEST(nagle_does_not_hold_the_last_text_before_the_fin),
        SCRIPT_TEST(rfc9293_3_8_6_2_1_half_of_the_largest_window_is_enough),
        SCRIPT_TEST(rfc9293_3_8_6_2_1_override_timeout),
        SCRIPT_TEST(rfc9293_3_8_6_2_1_nagle_binds_half_windows_too),
        SCRIPT_TEST(rfc9293_3_8_6_2_1_a_full_segment_is_never_held),
        SCRIPT_TEST(rfc9293_3_8_6_nothing_beyond_the_window),
        SCRIPT_TEST(rfc9293_3_1_window_is_unsigned),
        SCRIPT_TEST(rfc9293_3_10_7_4_window_of_an_old_segment_is_not_taken),
        SCRIPT_TEST(rfc9293_3_8_6_1_probes_after_the_rto_then_backed_off),
        SCRIPT_TEST(rfc9293_3_8_6_1_never_given_up_while_answered),
        SCRIPT_TEST(unanswered_probes_are_given_up),
        SCRIPT_TEST(probe_that_is_taken_moves_on),
        SCRIPT_TEST(window_that_opens_again_ends_the_probing),
        SCRIPT_TEST(probe_finds_the_window_open),
        SCRIPT_TEST(rfc9293_3_10_7_4_ack_while_probing_is_acceptable),
        SCRIPT_TEST(rfc9293_3_10_5_reset_while_probing_is_believed),
        SCRIPT_TEST(reset_as_the_window_opens_is_believed),
        SCRIPT_TEST(ack_after_a_probe_that_was_taken),
        SCRIPT_TEST(ack_after_a_window_was_taken_back),
        SCRIPT_TEST(rfc7323_2_4_ack_when_rounding_took_the_window_back),
        SCRIPT_TEST(ack_while_probing_with_a_fin),
        SCRIPT_TEST(rfc9293_3_8_3_user_timeout_counts_over_probes),
        SCRIPT_TEST(rfc9293_3_9_1_2_push_is_on_the_last_segment),
        SCRIPT_TEST(send_buffer_has_a_limit),
        SCRIPT_TEST(send_buffer_fills_up_bit_by_bit),
        SCRIPT_TEST(send_finds_no_memory_and_says_so),
        SCRIPT_TEST(a_long_stream_arrives_in_full),
    };
    return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}

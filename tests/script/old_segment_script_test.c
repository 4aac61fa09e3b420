/* What a segment still tells that is not acceptable. Its text and FIN have all been received before
 * (RFC 9293 appendix A.2): the peer sends it again since our ACK was lost, and its own ACK may be
 * the only one there is. Or the peer has filled our window, and what filled it is lost. */
#include "script_columns.h"

#define MSS PEER_MSS

/* 100 bytes of the peer have been taken and acknowledged. */
static void with_old_text(struct script *s)
{
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_PSH, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_EQUAL(script_user_take(s, NULL), 100);
}

static void send_500(struct script *s)
{
    T_EQUAL(script_user_send(s, 500), 500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 500);
}

/* --- ESTABLISHED ------------------------------------------------------------------------------ */

static void rfc9293_a_2_the_only_ack_of_our_text(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    send_500(s);
    T_SEND(s, .flags = TE_ACK | TE_PSH, .seq = 1, .ack = 501, .len = 100);
    T_EXPECT_ACK(s, 501, 101); /* answered as before */
    T_EQUAL(script_status(s).send_acked, 500);
    script_advance(s, 10 * SECOND);
    T_EXPECT_NONE(s); /* nothing is sent again */
    T_COUNT(s, duplicate_segments, 1);
}

/* It ends at RCV.NXT, wherever it starts. */
static void rfc9293_a_2_a_part_of_the_old_text_is_enough(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    send_500(s);
    T_SEND(s, .flags = TE_ACK, .seq = 100, .ack = 201, .len = 1);
    T_EXPECT_ACK(s, 501, 101);
    T_EQUAL(script_status(s).send_acked, 200);
}

/* Older than that it may be from any time; the last of what is sent again ends at RCV.NXT. */
static void what_ends_before_rcv_nxt_acknowledges_nothing(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    send_500(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 501, .len = 99);
    T_EXPECT_ACK(s, 501, 101);
    T_EQUAL(script_status(s).send_acked, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 100, .ack = 501, .len = 1);
    T_EXPECT_ACK(s, 501, 101);
    T_EQUAL(script_status(s).send_acked, 500);
}

static void rfc5961_5_2_holds_for_old_segments(void **state)
{
    static const uint32_t acks[] = {502,
                                    1u - 65536}; /* beyond SND.MAX, below SND.UNA-MAX.SND.WND */
    struct script *s = *state;
    with_old_text(s);
    send_500(s);
    struct te_status before = script_status(s);
    for (unsigned i = 0; i < 2; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = acks[i], .len = 100, WIN(9));
        T_EXPECT_ACK(s, 501, 101); /* one answer, not a challenge as well */
        T_EXPECT_NONE(s);
    }
    struct te_status after = script_status(s);
    T_EQUAL(after.send_acked, before.send_acked);
    T_EQUAL(after.snd_wnd, before.snd_wnd);
    T_COUNT(s, challenge_acks, 0);
}

static void old_text_without_ack_says_nothing(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    send_500(s);
    uint32_t before = script_status(s).snd_wnd;
    T_SEND(s, .flags = TE_PSH, .seq = 1, .len = 100, WIN(9));
    T_EXPECT_ACK(s, 501, 101);
    T_EQUAL(script_status(s).snd_wnd, before);
    T_EQUAL(script_status(s).send_acked, 0);
}

/* PAWS comes first: "treat the arriving segment as not acceptable" (RFC 7323 5.3 R1). */
static void rfc7323_5_3_an_old_timestamp_silences_it(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    with_old_text(s);
    send_500(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 501, .len = 100, TSVAL(0));
    T_EXPECT_ACK(s, 501, 101);
    T_EQUAL(script_status(s).send_acked, 0);
    T_COUNT(s, paws_rejected, 1);
}

/* R2 comes before R3: outside the window, it does not move TS.Recent. */
static void rfc7323_5_3_r2_ts_recent_stays(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    with_old_text(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, TSVAL(7000));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, ECR(1));
}

/* --- the window ------------------------------------------------------------------------------- */

/* SND.WL1 =< SEG.SEQ and SND.WL2 =< SEG.ACK: the same numbers again, with another window. */
static void rfc9293_3_10_7_4_the_window_of_the_same_numbers_counts(void **state)
{
    struct script *s = *state;
    with_old_text(s); /* its segment is the last to have set the window */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, WIN(1234));
    T_EXPECT_ACK(s, 1, 101);
    T_EQUAL(script_status(s).snd_wnd, 1234);
}

static void rfc9293_3_10_7_4_the_window_of_older_numbers_does_not(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, WIN(5000)); /* SND.WL1 is 101 now */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, WIN(1234));
    T_EXPECT_ACK(s, 1, 101);
    T_EQUAL(script_status(s).snd_wnd, 5000);
}

/* What it acknowledges takes room in the window it brings, not in the one before. */
static void new_ack_of_old_text_brings_its_window(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, WIN(2 * MSS));
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + MSS, .ack = 101, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS, .len = 100, WIN(MSS));
    T_EXPECT_ACK(s, 1 + 2 * MSS, 101); /* the edge has not moved: no more text */
    T_EXPECT_NONE(s);
    T_EQUAL(script_status(s).snd_wnd, MSS);
}

/* A window that is closed takes no text; of what straddles RCV.NXT the ACK is valid all the same
 * (3.10.7.4: "special allowance should be made to accept valid ACKs"). */
static void straddling_text_before_a_closed_window_acknowledges(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_initial_bytes = s->f.config.receive_buffer_max_bytes = 4096;
    conn_in_established(s);
    uint32_t window = script_status(s).rcv_wnd;
    for (uint32_t at = 0; at < window; at += 1024)
        T_SEND(s, .flags = TE_ACK, .seq = 1 + at, .ack = 1,
               .len = window - at < 1024 ? window - at : 1024);
    script_advance(s, DELAYED_ACK);
    script_skip(s);
    T_EQUAL(script_status(s).rcv_wnd, 0);
    T_EQUAL(script_user_send(s, 500), 500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1 + window, .len = 500);
    T_SEND(s, .flags = TE_ACK, .seq = window - 9, .ack = 501, .len = 20);
    T_EXPECT(s, .flags = TE_ACK, .seq = 501, .ack = 1 + window, WIN(0));
    T_EQUAL(script_status(s).send_acked, 500);
    T_EQUAL(script_user_take(s, NULL), window);
    script_skip(s);
}

/* --- it is a segment of the peer -------------------------------------------------------------- */

static void it_is_a_sign_of_life(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    int64_t idle_us = s->f.config.keepalive_idle_us;
    script_advance(s, idle_us - SECOND);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 101);
    T_TIMER(s, TE_TIMER_KEEPALIVE, idle_us);
}

/* RFC 5681 2: a duplicate ACK carries no text, old or new. */
static void it_is_no_duplicate_ack(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    send_500(s);
    for (unsigned i = 0; i < 3; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
        T_EXPECT_ACK(s, 501, 101);
    }
    T_EXPECT_NONE(s); /* no fast retransmit */
}

/* Its SACK blocks are part of the ACK. */
static void its_sack_blocks_count(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    with_old_text(s);
    T_EQUAL(script_user_send(s, 2 * MSS), 2 * MSS);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, SACK1(BLOCK(1 + MSS, 1 + 2 * MSS)));
    script_skip(s);
    T_EQUAL(script_status(s).sacked_bytes, MSS);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void rfc9293_a_2_the_fin_again_acknowledges_ours_in_closing(void **state)
{
    struct script *s = *state;
    conn_in_closing(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EVENT(s, TE_CLOSING, TE_TIME_WAIT, TE_CAUSE_RECV_ACK_OF_FIN);
    T_STATE(s, TE_TIME_WAIT);
    script_advance(s, 10 * SECOND);
    T_EXPECT_NONE(s); /* ours is not sent again */
}

static void the_fin_again_in_last_ack(void **state)
{
    struct script *s = *state;
    conn_in_last_ack(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EVENT(s, TE_LAST_ACK, TE_CLOSED, TE_CAUSE_RECV_ACK_OF_FIN);
    T_ERR(script_status(s).error, TE_OK);
    script_advance(s, 10 * SECOND);
    T_EXPECT_NONE(s);
}

static void old_text_acknowledges_our_fin_in_fin_wait_1(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 101);
    T_EVENT(s, TE_ESTABLISHED, TE_FIN_WAIT_1, TE_CAUSE_SHUTDOWN);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_EXPECT_ACK(s, 2, 101);
    T_EVENT(s, TE_FIN_WAIT_1, TE_FIN_WAIT_2, TE_CAUSE_RECV_ACK_OF_FIN);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 101, .ack = 2);
    T_EXPECT_ACK(s, 2, 102);
    T_STATE(s, TE_TIME_WAIT);
}

static void old_text_after_close_neither_resets_nor_hangs(void **state)
{
    struct script *s = *state;
    with_old_text(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 101);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_EXPECT_ACK(s, 2, 101);
    T_STATE(s, TE_FIN_WAIT_2);
    T_TIMER(s, TE_TIMER_FIN_WAIT_2, 60 * SECOND);
}

static void text_and_fin_again_in_close_wait(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 102);
    T_EQUAL(script_user_take(s, NULL), 100);
    T_EQUAL(script_user_send(s, 500), 500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 102, .len = 500);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 501, .len = 100);
    T_EXPECT_ACK(s, 501, 102);
    T_EQUAL(script_status(s).send_acked, 500);
    T_STATE(s, TE_CLOSE_WAIT);
}

/* In FIN_WAIT_2 there is nothing left to acknowledge; the window and the clock remain. */
static void old_text_in_fin_wait_2(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_2(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 2, .ack = 101);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 100, WIN(1234));
    T_EXPECT_ACK(s, 2, 101);
    T_STATE(s, TE_FIN_WAIT_2);
    T_EQUAL(script_status(s).snd_wnd, 1234);
    T_EQUAL(script_user_take(s, NULL), 100);
}

/* SYN_RCVD is not synchronized: RCV.NXT-1 is the peer's SYN there, and nobody sends it as text. */
static void a_byte_in_the_place_of_the_syn_opens_nothing(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK, .seq = 0, .ack = 1, .len = 1);
    script_skip(s);
    T_STATE(s, TE_SYN_RCVD);
}

/* --- at the right edge of our window ---------------------------------------------------------- */

/* The number of an ACK after text that has filled the window. Ours has been sent twice. */
static uint32_t edge_after_a_timeout(struct script *s)
{
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 500), 500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 500);
    T_EXPECT_AFTER(s, script_status(s).rto_us, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 500);
    return 1 + script_status(s).rcv_wnd;
}

static void ack_after_a_lost_window_of_text_counts(void **state)
{
    struct script *s = *state;
    uint32_t edge = edge_after_a_timeout(s);
    T_SEND(s, .flags = TE_ACK, .seq = edge, .ack = 501);
    T_EXPECT_ACK(s, 501, 1); /* "unacceptable" is answered (RFC 9293 3.10.7.4) */
    T_COUNT(s, tcp_unacceptable, 1);
    T_EQUAL(script_status(s).send_acked, 500);
    script_advance(s, 10 * SECOND);
    T_EXPECT_NONE(s);
}

/* RFC 9293 table 6: as long as nothing is wrong. */
static void without_a_timeout_the_edge_is_outside(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 500), 500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 500);
    T_SEND(s, .flags = TE_ACK, .seq = 1 + script_status(s).rcv_wnd, .ack = 501);
    T_EXPECT_ACK(s, 501, 1);
    T_EQUAL(script_status(s).send_acked, 0);
}

static void beyond_the_edge_nothing_counts(void **state)
{
    struct script *s = *state;
    uint32_t edge = edge_after_a_timeout(s);
    T_SEND(s, .flags = TE_ACK, .seq = edge + 1, .ack = 501);
    T_EXPECT_ACK(s, 501, 1);
    T_SEND(s, .flags = TE_ACK, .seq = edge, .ack = 501, .len = 1);
    T_EXPECT_ACK(s, 501, 1);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = edge, .ack = 501);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_status(s).send_acked, 0);
}

static void rfc5961_5_2_holds_at_the_edge(void **state)
{
    struct script *s = *state;
    uint32_t edge = edge_after_a_timeout(s);
    T_SEND(s, .flags = TE_ACK, .seq = edge, .ack = 502);
    T_EXPECT_ACK(s, 501, 1);
    T_EQUAL(script_status(s).send_acked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc9293_a_2_the_only_ack_of_our_text),
        SCRIPT_TEST(rfc9293_a_2_a_part_of_the_old_text_is_enough),
        SCRIPT_TEST(what_ends_before_rcv_nxt_acknowledges_nothing),
        SCRIPT_TEST(rfc5961_5_2_holds_for_old_segments),
        SCRIPT_TEST(old_text_without_ack_says_nothing),
        SCRIPT_TEST(rfc7323_5_3_an_old_timestamp_silences_it),
        SCRIPT_TEST(rfc7323_5_3_r2_ts_recent_stays),
        SCRIPT_TEST(rfc9293_3_10_7_4_the_window_of_the_same_numbers_counts),
        SCRIPT_TEST(rfc9293_3_10_7_4_the_window_of_older_numbers_does_not),
        SCRIPT_TEST(new_ack_of_old_text_brings_its_window),
        SCRIPT_TEST(straddling_text_before_a_closed_window_acknowledges),
        SCRIPT_TEST(it_is_a_sign_of_life),
        SCRIPT_TEST(it_is_no_duplicate_ack),
        SCRIPT_TEST(its_sack_blocks_count),
        SCRIPT_TEST(rfc9293_a_2_the_fin_again_acknowledges_ours_in_closing),
        SCRIPT_TEST(the_fin_again_in_last_ack),
        SCRIPT_TEST(old_text_acknowledges_our_fin_in_fin_wait_1),
        SCRIPT_TEST(old_text_after_close_neither_resets_nor_hangs),
        SCRIPT_TEST(text_and_fin_again_in_close_wait),
        SCRIPT_TEST(old_text_in_fin_wait_2),
        SCRIPT_TEST(a_byte_in_the_place_of_the_syn_opens_nothing),
        SCRIPT_TEST(ack_after_a_lost_window_of_text_counts),
        SCRIPT_TEST(without_a_timeout_the_edge_is_outside),
        SCRIPT_TEST(beyond_the_edge_nothing_counts),
        SCRIPT_TEST(rfc5961_5_2_holds_at_the_edge),
    };
    return cmocka_run_group_tests_name("old_segment", tests, NULL, NULL);
}

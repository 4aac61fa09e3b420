/* Explicit Congestion Notification: RFC 3168 6.1. */
#include <string.h>

#include "script.h"
#include "support/frames.h"

#define MSS 1460
#define ECT0 TE_ECN_ECT0
#define CE TE_ECN_CE
#define SETUP (TE_ECE | TE_CWR)

/* --- the opening (6.1.1) ---------------------------------------------------------------------- */

/* The peer's SYN or SYN,ACK with these flags added. */
static void send_syn(struct script *s, uint8_t flags)
{
    struct seg syn = script_syn(s, flags);
    script_send(s, &syn);
}

static void open_passive(struct script *s, uint8_t their_offer)
{
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    conn_in_listen(s);
    send_syn(s, TE_SYN | their_offer);
    script_expect_syn(s, TE_SYN | TE_ACK | (their_offer == SETUP ? TE_ECE : 0), T_HERE);
    s->c.id = s->events[s->event_count - 1].id;
    s->c.timestamps = script_status(s).timestamps;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
    script_mark(s);
}

/* Our SYN is out, with the offer. */
static void offer(struct script *s)
{
    s->f.config.ecn = TE_ECN_ON;
    T_ERR(script_user_open(s), TE_OK);
    T_EQUAL(script_expect_syn(s, TE_SYN | SETUP, T_HERE)->ecn, 0);
}

static void open_active(struct script *s, uint8_t answer)
{
    offer(s);
    send_syn(s, TE_SYN | TE_ACK | answer);
    s->c.timestamps = script_status(s).timestamps;
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
    script_mark(s);
}

/* With ECN its data has ECT(0), and without it nothing. */
static void check_data(struct script *s, bool is_on)
{
    T_EQUAL(script_status(s).ecn, is_on);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, .ecn = is_on ? ECT0 : 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101);
}

static void rfc3168_6_1_1_a_listener_takes_the_offer(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_EQUAL(fixture_counters(&s->f)->ecn_handshakes, 1);
    check_data(s, true);
}

static void rfc3168_6_1_1_ipv6(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL | SPEAKS_IPV6;
    open_passive(s, SETUP);
    check_data(s, true);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 10, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 101, .ack = 11);
}

/* "Otherwise, it MUST NOT send an ECN-setup SYN-ACK packet." */
static void rfc3168_6_1_1_half_an_offer_is_none(void **state)
{
    static const uint8_t offers[] = {0, TE_ECE, TE_CWR};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(offers); i++) {
        script_start_over(s);
        open_passive(s, offers[i]);
        T_EQUAL(fixture_counters(&s->f)->ecn_handshakes, 0);
        check_data(s, false);
    }
}

static void off_takes_no_offer(void **state)
{
    struct script *s = *state;
    s->f.config.ecn = TE_ECN_OFF;
    conn_in_listen(s);
    send_syn(s, TE_SYN | SETUP);
    T_EXPECT_SYN_ACK(s);
}

static void passive_and_off_offer_nothing(void **state)
{
    struct script *s = *state;
    for (int mode = TE_ECN_OFF; mode <= TE_ECN_PASSIVE; mode++) {
        script_start_over(s);
        s->f.config.ecn = (enum te_ecn_mode)mode;
        s->way = BY_ACTIVE;
        T_ERR(script_user_open(s), TE_OK);
        T_EXPECT_SYN(s);
        send_syn(s, TE_SYN | TE_ACK | TE_ECE);
        T_EXPECT_ACK(s, 1, 1);
        check_data(s, false);
    }
}

static void rfc3168_6_1_1_our_offer_is_taken(void **state)
{
    struct script *s = *state;
    open_active(s, TE_ECE);
    T_EQUAL(fixture_counters(&s->f)->ecn_handshakes, 1);
    check_data(s, true);
}

/* 6.1.1.2: a peer that merely reflects our flags does not understand ECN. */
static void rfc3168_6_1_1_other_answers_refuse_it(void **state)
{
    static const uint8_t answers[] = {0, TE_CWR, SETUP};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(answers); i++) {
        script_start_over(s);
        open_active(s, answers[i]);
        check_data(s, false);
    }
}

/* "A host MUST NOT set ECT on SYN or SYN-ACK packets": one that has it passed something that
 * rewrites the field. */
static void a_syn_with_ect_is_no_offer(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN | SETUP);
    syn.ecn = ECT0;
    script_send(s, &syn);
    T_EXPECT_SYN_ACK(s);
}

static void rfc3168_6_1_1_1_the_syn_goes_again_without(void **state)
{
    struct script *s = *state;
    offer(s);
    script_advance(s, SECOND);
    T_EXPECT_SYN(s);
    script_advance(s, 2 * SECOND);
    T_EXPECT_SYN(s);
    T_COUNT(s, ecn_syn_fallbacks, 1);
    /* The SYN,ACK of the first one: we "sent a non-ECN-setup SYN", so nothing may be marked ... */
    send_syn(s, TE_SYN | TE_ACK | TE_ECE);
    T_EXPECT_ACK(s, 1, 1);
    check_data(s, false);
    /* ... but we promised to echo. */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 10, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 101, .ack = 11);
}

/* The example of 6.1.1.1, seen from host B. */
static void rfc3168_6_1_1_1_a_syn_without_takes_the_offer_back(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    send_syn(s, TE_SYN | SETUP);
    script_expect_syn(s, TE_SYN | TE_ACK | TE_ECE, T_HERE);
    s->c.id = s->events[s->event_count - 1].id;
    send_syn(s, TE_SYN);
    T_EXPECT_SYN_ACK(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    check_data(s, false);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 10, .ecn = CE);
    T_EXPECT_NONE(s);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 101, .ack = 11);
}

static void a_syn_ack_goes_again_with_its_answer(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    send_syn(s, TE_SYN | SETUP);
    script_expect_syn(s, TE_SYN | TE_ACK | TE_ECE, T_HERE);
    script_advance(s, SECOND);
    script_expect_syn(s, TE_SYN | TE_ACK | TE_ECE, T_HERE);
    send_syn(s, TE_SYN | SETUP);
    script_expect_syn(s, TE_SYN | TE_ACK | TE_ECE, T_HERE);
}

static void both_open_with_an_offer(void **state)
{
    struct script *s = *state;
    offer(s);
    send_syn(s, TE_SYN | SETUP);
    script_expect_syn(s, TE_SYN | TE_ACK | TE_ECE, T_HERE);
    send_syn(s, TE_SYN | TE_ACK | TE_ECE);
    T_STATE(s, TE_ESTABLISHED);
    script_skip(s);
    check_data(s, true);
}

static void both_open_and_one_does_not_offer(void **state)
{
    struct script *s = *state;
    offer(s);
    send_syn(s, TE_SYN);
    T_EXPECT_SYN_ACK(s);
    send_syn(s, TE_SYN | TE_ACK);
    script_skip(s);
    check_data(s, false);
}

/* --- the receiver (6.1.3) --------------------------------------------------------------------- */

static void rfc3168_6_1_3_ece_until_cwr(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, .ecn = ECT0);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1, .len = 10, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 21); /* not delayed */
    T_SEND(s, .flags = TE_ACK, .seq = 21, .ack = 1, .len = 10, .ecn = ECT0);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 31);
    T_EQUAL(script_user_send(s, 5), 5); /* data are ACKs too */
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 31, .len = 5, .ecn = ECT0);
    T_SEND(s, .flags = TE_ACK | TE_CWR, .seq = 31, .ack = 6, .len = 10, .ecn = ECT0);
    T_EXPECT(s, .flags = TE_ACK, .seq = 6, .ack = 41); /* the sender's window is small now */
    T_SEND(s, .flags = TE_ACK, .seq = 41, .ack = 6, .len = 10, .ecn = ECT0);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 6, .ack = 51);
    T_COUNT(s, ecn_ce_in, 1);
    T_EQUAL(script_status(s).ecn_ce_in, 1);
}

/* "If another CE packet is received", even if it is the one with CWR. */
static void rfc3168_6_1_3_cwr_and_ce_in_one(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 11);
    T_SEND(s, .flags = TE_ACK | TE_CWR, .seq = 11, .ack = 1, .len = 10, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 21);
    T_COUNT(s, ecn_ce_in, 2);
}

static void rfc3168_6_1_1_without_ecn_ce_says_nothing(void **state)
{
    struct script *s = *state;
    open_passive(s, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, .ecn = CE);
    T_EXPECT_NONE(s);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11);
    T_EQUAL(script_status(s).ecn_ce_in, 0);
}

/* 6.1.4 and 6.1.5: the field is ignored in pure ACKs and outside the window, and a blind guess with
 * a bad ACK is not our peer's. */
static void rfc3168_6_1_5_ce_counts_in_the_window_alone(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, .ecn = CE); /* old */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 11);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1, .ecn = CE);                        /* no text */
    T_SEND(s, .flags = TE_ACK, .seq = 11 + (1 << 20), .ack = 1, .len = 10, .ecn = CE); /* beyond */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 11);
    script_advance(s, SECOND);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1000, .len = 10, .ecn = CE); /* bad ACK */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 11);
    T_COUNT(s, ecn_ce_in, 0);
}

static void rfc3168_6_1_3_out_of_order_counts(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1, .len = 10, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1);
}

/* "If a window probe arrives with the CE codepoint set, then the receiver SHOULD respond". */
static void rfc3168_6_1_6_a_marked_window_probe_is_answered(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_initial_bytes = s->f.config.receive_buffer_max_bytes = 4096;
    open_passive(s, SETUP);
    uint32_t window = script_status(s).rcv_wnd;
    for (uint32_t at = 0; at < window; at += 1024)
        T_SEND(s, .flags = TE_ACK, .seq = 1 + at, .ack = 1,
               .len = window - at < 1024 ? window - at : 1024);
    script_advance(s, DELAYED_ACK);
    script_skip(s);
    T_EQUAL(script_status(s).rcv_wnd, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1 + window, .ack = 1, .len = 1, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + window, WIN(0));
    T_EQUAL(script_user_take(s, NULL), window);
    script_skip(s);
}

/* A closing connection echoes as before; TIME_WAIT does not (6.1.1, last rule). */
static void rfc3168_6_1_1_time_wait_has_forgotten(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 11);
    script_user_take(s, NULL);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK | TE_ECE, .seq = 1, .ack = 11); /* no data: no ECT */
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 11, .ack = 2);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 2, .ack = 12);
    T_STATE(s, TE_TIME_WAIT);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 11, .ack = 2);
    T_EXPECT_ACK(s, 2, 12);
}

static void a_reset_has_neither_ece_nor_ect(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, .ecn = CE);
    T_EXPECT(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 11);
    T_ERR(script_user_abort(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 11);
}

/* --- the sender (6.1.2) ----------------------------------------------------------------------- */

static void expect_data(struct script *s, uint32_t first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        T_EXPECT(s, .flags = TE_ACK, .seq = first + i * MSS, .ack = 1, .len = MSS, .ecn = ECT0);
}

/* A segment is sent, and again after a timeout: never ECT on retransmissions (6.1.5). */
static void time_one_out(struct script *s)
{
    open_passive(s, SETUP);
    T_EQUAL(script_user_send(s, MSS), MSS);
    expect_data(s, 1, 1);
    script_advance(s, script_status(s).rto_us);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
}

/* Ten segments are in flight and that many more bytes queued. Reno's window, which a mark cuts by a
 * fifth (RFC 8511), shrinks at once. */
static void ten_in_flight(struct script *s, uint32_t more)
{
    s->f.config.features &= ~(uint32_t)TE_FEATURE_PRR;
    strcpy(s->f.config.congestion_control, "reno");
    open_passive(s, SETUP);
    T_EQUAL(script_user_send(s, 10 * MSS + more), 10 * MSS + more);
    expect_data(s, 1, 10);
    T_EXPECT_NONE(s);
}

static void rfc3168_6_1_2_once_a_window_with_one_cwr(void **state)
{
    struct script *s = *state;
    ten_in_flight(s, 20 * MSS);
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 2 * MSS);
    T_EQUAL(script_status(s).cwnd_bytes, 8 * MSS);
    T_EQUAL(script_status(s).ssthresh_bytes, 8 * MSS);
    assert_string_equal(script_status(s).recovery, "cwr");
    /* More marks of the same window change nothing. */
    for (unsigned acked = 4; acked < 10; acked += 2)
        T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + acked * MSS);
    T_EQUAL(script_status(s).cwnd_bytes, 8 * MSS);
    T_COUNT(s, ecn_reductions, 1);
    T_COUNT(s, ecn_ece_in, 4);
    T_EQUAL(script_status(s).ecn_ece_in, 4);
    T_EXPECT(s, .flags = TE_ACK | TE_CWR, .seq = 1 + 10 * MSS, .ack = 1, .len = MSS, .ecn = ECT0);
    expect_data(s, 1 + 11 * MSS, 5);
    /* The ACK of all that was in flight: its ECE is from before the CWR. */
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 10 * MSS);
    T_COUNT(s, ecn_reductions, 1);
    expect_data(s, 1 + 16 * MSS, 2);
    /* One beyond it is the next window's. */
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 11 * MSS);
    T_COUNT(s, ecn_reductions, 2);
    T_EQUAL(script_status(s).cwnd_bytes, 8 * MSS / 5 * 4);
    script_skip(s);
}

static void growth_goes_on_after_the_window(void **state)
{
    struct script *s = *state;
    ten_in_flight(s, 30 * MSS);
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 10 * MSS);
    T_EXPECT(s, .flags = TE_ACK | TE_CWR, .seq = 1 + 10 * MSS, .ack = 1, .len = MSS, .ecn = ECT0);
    expect_data(s, 1 + 11 * MSS, 7);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 18 * MSS);
    T_EQUAL(script_status(s).cwnd_bytes, 9 * MSS); /* congestion avoidance: one per window */
    script_skip(s);
}

static void without_ecn_ece_says_nothing(void **state)
{
    struct script *s = *state;
    open_passive(s, 0);
    T_EQUAL(script_user_send(s, 2 * MSS), 2 * MSS);
    script_skip(s);
    uint32_t before = script_status(s).cwnd_bytes;
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + MSS);
    assert_true(script_status(s).cwnd_bytes >= before);
    T_COUNT(s, ecn_ece_in, 0);
    T_EQUAL(script_status(s).ssthresh_bytes, UINT32_MAX);
}

static void an_old_ack_with_ece_says_nothing(void **state)
{
    struct script *s = *state;
    ten_in_flight(s, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 4 * MSS);
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 2 * MSS);
    T_COUNT(s, ecn_ece_in, 0);
    T_EQUAL(script_status(s).ssthresh_bytes, UINT32_MAX);
}

/* 6.1.5, and CWR on the first new data after the timeout. */
static void rfc3168_6_1_5_retransmissions_have_no_ect(void **state)
{
    struct script *s = *state;
    time_one_out(s);
    T_EQUAL(script_user_send(s, 2 * MSS), 2 * MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    T_EXPECT(s, .flags = TE_ACK | TE_CWR, .seq = 1 + MSS, .ack = 1, .len = MSS, .ecn = ECT0);
    expect_data(s, 1 + 2 * MSS, 1);
}

static void rfc3168_6_1_2_a_fast_retransmit_is_followed_by_cwr(void **state)
{
    struct script *s = *state;
    ten_in_flight(s, 10 * MSS);
    for (unsigned i = 0; i < 2; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
        expect_data(s, 1 + (10 + i) * MSS, 1); /* limited transmit */
    }
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1); /* loss and mark in one window ... */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    assert_true(script_status(s).ssthresh_bytes >= 5 * MSS); /* ... halve once */
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 12 * MSS);
    assert_true(script_status(s).ssthresh_bytes >= 5 * MSS);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(script_rel_seq(s, out), 1 + 12 * MSS);
    T_EQUAL(out->header.flags & TE_CWR, TE_CWR);
    out = script_next(s);
    T_EQUAL(out->header.flags & TE_CWR, 0);
    script_skip(s);
}

/* RFC 4015 3.3: what was thought lost was only late, but a segment of the window was marked. */
static void rfc4015_3_3_a_mark_forbids_the_undo(void **state)
{
    struct script *s = *state;
    const uint32_t len = MSS - 12; /* timestamps */
    s->options = SPEAKS_SACK | SPEAKS_TIMESTAMPS;
    strcpy(s->f.config.congestion_control, "reno");
    open_passive(s, SETUP);
    T_EQUAL(script_user_send(s, 10 * len), 10 * len);
    while (script_next(s) != NULL)
        ;
    uint32_t original_ts = s->c.their_ts;
    script_advance(s, 100 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(original_ts),
           SACK1(BLOCK(1 + len, 1 + 5 * len)));
    assert_string_equal(script_status(s).recovery, "recovery");
    script_skip(s);
    script_advance(s, 5 * MS);
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 5 * len, ECR(original_ts));
    T_COUNT(s, undone_by_timestamp, 0);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * len);
    script_skip(s);
}

/* 6.1.6: "MUST NOT set either an ECT codepoint or the CWR bit on window probe packets". */
static void rfc3168_6_1_6_probes_have_neither(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_EQUAL(script_user_send(s, 2 * MSS), 2 * MSS);
    expect_data(s, 1, 2);
    T_EQUAL(script_user_send(s, MSS), MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 2 * MSS, .ack = 1, .len = MSS, .ecn = ECT0);
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 3 * MSS, WIN(0));
    T_COUNT(s, ecn_reductions, 1); /* CWR is due */
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT_NONE(s);
    script_advance(s, script_status(s).rto_us);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 3 * MSS, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2 + 3 * MSS);
    T_EXPECT(s, .flags = TE_ACK | TE_CWR, .seq = 2 + 3 * MSS, .ack = 1, .len = 99, .ecn = ECT0);
}

static void rfc3168_6_1_6_keepalives_have_no_ect(void **state)
{
    struct script *s = *state;
    open_passive(s, SETUP);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_IDLE_US, SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_ACK, .seq = 0, .ack = 1);
}

static void cwnd_never_grows_by_ece(void **state)
{
    struct script *s = *state;
    time_one_out(s);
    T_EQUAL(script_status(s).cwnd_bytes, MSS);
    T_EQUAL(script_user_send(s, MSS), MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    uint32_t before = script_status(s).cwnd_bytes;
    T_EXPECT(s, .flags = TE_ACK | TE_CWR, .seq = 1 + MSS, .ack = 1, .len = MSS, .ecn = ECT0);
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 2 * MSS);
    T_COUNT(s, ecn_reductions, 1);
    assert_true(script_status(s).cwnd_bytes <= before);
}

/* A frame for the link to cut says when CWR is for its first segment alone. */
static void rfc3168_6_1_2_cwr_in_a_large_frame(void **state)
{
    struct script *s = *state;
    s->f.config.gso = s->f.config.checksum_offload = true;
    open_passive(s, SETUP);
    T_EQUAL(script_user_send(s, 30 * MSS), 30 * MSS);
    const struct script_out *out =
        T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10 * MSS, .ecn = ECT0);
    T_EQUAL(out->meta.gso_has_cwr, false);
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 1, .ack = 1 + 10 * MSS);
    out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->header.flags & TE_CWR, TE_CWR);
    T_EQUAL(out->meta.gso_type, TE_GSO_TCPV4);
    T_EQUAL(out->meta.gso_has_cwr, true);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 15 * MSS);
    out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->header.flags & TE_CWR, 0);
    T_EQUAL(out->meta.gso_has_cwr, false);
    script_skip(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc3168_6_1_1_a_listener_takes_the_offer),
        SCRIPT_TEST(rfc3168_6_1_1_ipv6),
        SCRIPT_TEST(rfc3168_6_1_1_half_an_offer_is_none),
        SCRIPT_TEST(off_takes_no_offer),
        SCRIPT_TEST(passive_and_off_offer_nothing),
        SCRIPT_TEST(rfc3168_6_1_1_our_offer_is_taken),
        SCRIPT_TEST(rfc3168_6_1_1_other_answers_refuse_it),
        SCRIPT_TEST(a_syn_with_ect_is_no_offer),
        SCRIPT_TEST(rfc3168_6_1_1_1_the_syn_goes_again_without),
        SCRIPT_TEST(rfc3168_6_1_1_1_a_syn_without_takes_the_offer_back),
        SCRIPT_TEST(a_syn_ack_goes_again_with_its_answer),
        SCRIPT_TEST(both_open_with_an_offer),
        SCRIPT_TEST(both_open_and_one_does_not_offer),
        SCRIPT_TEST(rfc3168_6_1_3_ece_until_cwr),
        SCRIPT_TEST(rfc3168_6_1_3_cwr_and_ce_in_one),
        SCRIPT_TEST(rfc3168_6_1_1_without_ecn_ce_says_nothing),
        SCRIPT_TEST(rfc3168_6_1_5_ce_counts_in_the_window_alone),
        SCRIPT_TEST(rfc3168_6_1_3_out_of_order_counts),
        SCRIPT_TEST(rfc3168_6_1_6_a_marked_window_probe_is_answered),
        SCRIPT_TEST(rfc3168_6_1_1_time_wait_has_forgotten),
        SCRIPT_TEST(a_reset_has_neither_ece_nor_ect),
        SCRIPT_TEST(rfc3168_6_1_2_once_a_window_with_one_cwr),
        SCRIPT_TEST(growth_goes_on_after_the_window),
        SCRIPT_TEST(without_ecn_ece_says_nothing),
        SCRIPT_TEST(an_old_ack_with_ece_says_nothing),
        SCRIPT_TEST(rfc3168_6_1_5_retransmissions_have_no_ect),
        SCRIPT_TEST(rfc3168_6_1_2_a_fast_retransmit_is_followed_by_cwr),
        SCRIPT_TEST(rfc4015_3_3_a_mark_forbids_the_undo),
        SCRIPT_TEST(rfc3168_6_1_6_probes_have_neither),
        SCRIPT_TEST(rfc3168_6_1_6_keepalives_have_no_ect),
        SCRIPT_TEST(cwnd_never_grows_by_ece),
        SCRIPT_TEST(rfc3168_6_1_2_cwr_in_a_large_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

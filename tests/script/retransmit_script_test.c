/* Loss and congestion: RFC 6298, RFC 5681, RFC 6582 (NewReno), RFC 3042, RFC 6928, RFC 9293 3.8. */
#include <string.h>

#include "script_segments.h"

#define RTO_MIN (200 * MS)

/* The sender of RFC 5681 and RFC 6582, without later additions. */
static void open_with_rtt(struct script *s, int64_t rtt_us)
{
    s->f.config.mtu_probing = TE_MTU_PROBING_OFF; /* segments keep their size */
    s->f.config.features = TE_FEATURE_LIMITED_TRANSMIT | TE_FEATURE_SACK_RECOVERY;
    strcpy(s->f.config.congestion_control, "reno");
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    conn_in_established_with_rtt(s, rtt_us);
}

static void expect_segments(struct script *s, uint32_t first, unsigned count, struct script_at at)
{
    for (unsigned i = 0; i < count; i++) {
        struct seg want = {.flags = TE_ACK, .seq = first + i * MSS, .ack = 1, .len = MSS};
        script_expect(s, &want, at);
    }
    script_expect_none(s, at);
}
#define T_EXPECT_SEGMENTS(s, first, count) expect_segments((s), (first), (count), T_HERE)

/* Segment number n, counted from 0, starts here. */
/* --- the timer -------------------------------------------------------------------------------- */

static void rfc6298_2_2_first_sample(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 200 * MS);
    struct te_status status = script_status(s);
    T_EQUAL(status.srtt_us, 200 * MS);
    T_EQUAL(status.rttvar_us, 100 * MS);
    T_EQUAL(status.rto_us, 600 * MS);
}

static void rfc6298_2_3_next_samples(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 200 * MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    script_advance(s, 400 * MS);
    ack(s, 1);
    struct te_status status = script_status(s);
    T_EQUAL(status.rttvar_us, 125 * MS);
    T_EQUAL(status.srtt_us, 225 * MS);
    T_EQUAL(status.rto_us, 725 * MS);
}

/* A round trip shorter than SRTT: |SRTT - R'| is not negative. */
static void rfc6298_2_3_shorter_samples(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 400 * MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    script_advance(s, 200 * MS);
    ack(s, 1);
    struct te_status status = script_status(s);
    T_EQUAL(status.rttvar_us, 200 * MS); /* 3/4 * 200 + 1/4 * 200 */
    T_EQUAL(status.srtt_us, 375 * MS);
}

/* (2.3): RTO is SRTT + max(G, 4 * RTTVAR), G being a millisecond. */
static void rfc6298_2_3_granularity_is_the_least_variation(void **state)
{
    struct script *s = *state;
    s->f.config.rto_min_us = 1;
    open_with_rtt(s, 300 * MS);
    for (unsigned i = 1; i <= 60; i++) {
        send_segments(s, 1);
        script_skip(s);
        script_advance(s, 300 * MS);
        ack(s, i);
    }
    T_EQUAL(script_status(s).srtt_us, 300 * MS);
    T_EQUAL(script_status(s).rto_us, 301 * MS);
}

/* One segment is timed at a time, from its own departure. */
static void rfc6298_3_the_first_segment_of_a_flight_is_timed(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 400 * MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    script_advance(s, 100 * MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, start_of(1), 1);
    script_advance(s, 100 * MS);
    ack(s, 1);
    T_EQUAL(script_status(s).srtt_us, 375 * MS);
    script_advance(s, 200 * MS);
    ack(s, 2); /* was not timed */
    T_EQUAL(script_status(s).srtt_us, 375 * MS);
}

static void rfc6298_2_4_rto_has_a_minimum(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    T_EQUAL(script_status(s).rto_us, RTO_MIN);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    T_TIMER(s, TE_TIMER_RETRANSMIT, RTO_MIN);
}

static void rfc6298_5_1_timer_starts_with_the_first_segment(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 200 * MS);
    T_TIMER(s, TE_TIMER_NONE, 0);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    T_TIMER(s, TE_TIMER_RETRANSMIT, 600 * MS);
    script_advance(s, 100 * MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, start_of(1), 1);
    T_TIMER(s, TE_TIMER_RETRANSMIT, 500 * MS); /* it was running */
}

static void rfc6298_5_2_timer_stops_when_all_is_acknowledged(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 200 * MS);
    send_segments(s, 2);
    T_EXPECT_SEGMENTS(s, 1, 2);
    ack(s, 2);
    struct te_status status = script_status(s);
    assert_true(status.timer != TE_TIMER_RETRANSMIT);
}

static void rfc6298_5_3_ack_of_new_data_restarts_the_timer(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 200 * MS);
    send_segments(s, 2);
    T_EXPECT_SEGMENTS(s, 1, 2);
    script_advance(s, 200 * MS);
    ack(s, 1);
    T_TIMER(s, TE_TIMER_RETRANSMIT, script_status(s).rto_us);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(1)); /* nothing new */
    script_advance(s, 100 * MS);
    T_TIMER(s, TE_TIMER_RETRANSMIT, script_status(s).rto_us - 100 * MS);
}

static void rfc6298_5_4_the_earliest_segment_is_sent_again_and_the_rto_doubles(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 200 * MS);
    send_segments(s, 3);
    T_EXPECT_SEGMENTS(s, 1, 3);
    T_EXPECT_AFTER(s, 600 * MS, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_TIMER(s, TE_TIMER_RETRANSMIT, 1200 * MS);
    T_EXPECT_AFTER(s, 1200 * MS, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_TIMER(s, TE_TIMER_RETRANSMIT, 2400 * MS);
    T_COUNT(s, retransmit_timeouts, 2);
    T_COUNT(s, segments_retransmitted, 2);
    T_COUNT(s, bytes_retransmitted, 2 * MSS);
    T_EQUAL(script_status(s).backoff, 2);
}

static void rfc6298_2_5_rto_has_a_maximum(void **state)
{
    struct script *s = *state;
    s->f.config.r2_retries = 30;
    open_with_rtt(s, MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    int64_t rto_us = RTO_MIN;
    for (unsigned i = 0; i < 14; i++) {
        T_EXPECT_AFTER(s, rto_us, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
        rto_us = 2 * rto_us < 120 * SECOND ? 2 * rto_us : 120 * SECOND;
    }
    T_TIMER(s, TE_TIMER_RETRANSMIT, 120 * SECOND);
}

/* MUST-18. */
static void rfc6298_3_karn_no_sample_of_what_was_sent_twice(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 200 * MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    T_EXPECT_AFTER(s, 600 * MS, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    script_advance(s, 10 * MS);
    ack(s, 1);
    T_EQUAL(script_status(s).srtt_us, 200 * MS);
    T_EQUAL(script_status(s).rttvar_us, 100 * MS);
}

static void rfc6298_5_backed_off_rto_stays_until_a_new_sample(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 200 * MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    T_EXPECT_AFTER(s, 600 * MS, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    ack(s, 1);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, start_of(1), 1);
    T_TIMER(s, TE_TIMER_RETRANSMIT, 1200 * MS);
    script_advance(s, 200 * MS);
    ack(s, 2); /* sent once: it collapses */
    T_EQUAL(script_status(s).rto_us, 200 * MS + 4 * 75 * MS);
}

/* --- R1 and R2 -------------------------------------------------------------------------------- */

static void rfc9293_3_8_3_r2_ends_the_connection(void **state)
{
    struct script *s = *state;
    s->f.config.r2_retries = 4;
    open_with_rtt(s, MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    for (unsigned i = 0; i < 4; i++)
        T_EXPECT_AFTER(s, RTO_MIN << i, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    script_advance(s, RTO_MIN << 4);
    T_EXPECT_NONE(s);
    T_EVENT(s, TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_TIMEOUT_RETRANSMIT);
    T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
    T_READY(s, TE_READY_END);
    T_COUNT(s, timeouts_user, 1);
}

/* SHLD-11: R2 by default corresponds to 100 s at least. */
static void rfc9293_3_8_3_default_r2_is_over_100_seconds(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    send_segments(s, 1);
    script_advance(s, 100 * SECOND);
    script_skip(s);
    T_STATE(s, TE_ESTABLISHED);
}

/* SHLD-9, MUST-20 (a): after R1 retransmissions the neighbour is asked again. */
static void rfc9293_3_8_3_r1_makes_ip_doubt_the_route(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    send_segments(s, 1);
    T_EXPECT_SEGMENTS(s, 1, 1);
    unsigned before = s->neighbour_questions;
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT_AFTER(s, 2 * RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EQUAL(s->neighbour_questions, before);
    T_EXPECT_AFTER(s, 4 * RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    script_advance(s, 8 * RTO_MIN);
    script_skip(s);
    assert_true(s->neighbour_questions > before);
}

static void an_answer_in_between_starts_r2_anew(void **state)
{
    struct script *s = *state;
    s->f.config.r2_retries = 3;
    s->f.config.r1_retries = 3;
    open_with_rtt(s, MS);
    send_segments(s, 2);
    T_EXPECT_SEGMENTS(s, 1, 2);
    script_advance(s, 7 * RTO_MIN);
    script_skip(s);
    T_EQUAL(script_status(s).backoff, 3);
    ack(s, 1);
    script_skip(s);
    T_EQUAL(script_status(s).backoff, 0);
    T_STATE(s, TE_ESTABLISHED);
}

/* --- fast retransmit and limited transmit ----------------------------------------------------- */

static void rfc5681_3_2_three_duplicates_make_a_fast_retransmit(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 100 * MS);
    send_segments(s, 10);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 0);
    ack(s, 0);
    T_EXPECT_NONE(s); /* nothing new to send */
    T_COUNT(s, fast_retransmits, 0);
    ack(s, 0);
    T_EXPECT_SEGMENTS(s, 1, 1);
    struct te_status status = script_status(s);
    T_EQUAL(status.ssthresh_bytes, 5 * MSS);
    T_EQUAL(status.cwnd_bytes, 5 * MSS);
    assert_string_equal(status.recovery, "recovery");
    T_COUNT(s, fast_retransmits, 1);
    T_COUNT(s, recoveries, 1);
    T_COUNT(s, duplicate_acks_in, 3);
    T_COUNT(s, retransmit_timeouts, 0);
    ack(s, 0); /* a fourth one retransmits nothing */
    T_EXPECT_NONE(s);
}

/* RFC 5681 2: what is not a duplicate. */
static void rfc5681_2_what_is_no_duplicate_ack(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 100 * MS);
    for (unsigned i = 0; i < 5; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1); /* nothing in flight */
    send_segments(s, 4);
    T_EXPECT_SEGMENTS(s, 1, 4);
    for (unsigned i = 0; i < 5; i++) /* another window */
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(60000 + i));
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 0); /* below SND.UNA */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 0);
    T_COUNT(s, duplicate_acks_in, 0);
    T_EXPECT_NONE(s);
    for (unsigned i = 0; i < 4; i++) /* text */
        T_SEND(s, .flags = TE_ACK, .seq = 1 + i, .ack = 1, .len = 1, WIN(60004));
    T_COUNT(s, duplicate_acks_in, 0);
    T_COUNT(s, fast_retransmits, 0);
    script_advance(s, DELAYED_ACK);
    T_EXPECT_ACK(s, start_of(4), 5);
}

static void rfc3042_2_limited_transmit(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 100 * MS);
    send_segments(s, 20);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 0);
    T_EXPECT_SEGMENTS(s, start_of(10), 1);
    ack(s, 0);
    T_EXPECT_SEGMENTS(s, start_of(11), 1);
    T_EQUAL(script_status(s).cwnd_bytes, 10 * MSS); /* MUST NOT change */
    T_COUNT(s, limited_transmits, 2);
    ack(s, 0);
    T_EXPECT_SEGMENTS(s, 1, 1);
}

static void rfc3042_2_limited_transmit_respects_the_peers_window(void **state)
{
    struct script *s = *state;
    s->peer_window = 10 * MSS;
    open_with_rtt(s, 100 * MS);
    send_segments(s, 20);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 0);
    ack(s, 0);
    T_EXPECT_NONE(s);
}

static void rfc3042_2_with_sack_only_new_blocks_count(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_with_rtt(s, 100 * MS);
    send_segments(s, 20);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 0);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, SACK1(BLOCK(start_of(1), start_of(2))));
    T_EXPECT_SEGMENTS(s, start_of(10), 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, SACK1(BLOCK(start_of(1), start_of(3))));
    T_EXPECT_SEGMENTS(s, start_of(11), 1);
}

/* RFC 2883 5: a D-SACK reports a duplicate in the network, not a hole. */
static void rfc2883_dsack_alone_is_no_sign_of_loss(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_with_rtt(s, 100 * MS);
    send_segments(s, 10);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 2);
    for (unsigned i = 0; i < 5; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(2), SACK1(BLOCK(1, start_of(1))));
    for (unsigned i = 0; i < 5; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(2),
               SACK1(BLOCK(start_of(1), start_of(2))));
    T_COUNT(s, fast_retransmits, 0);
    T_EXPECT_NONE(s);
}

/* --- NewReno ---------------------------------------------------------------------------------- */

static void enter_recovery(struct script *s, unsigned queued)
{
    open_with_rtt(s, 100 * MS);
    send_segments(s, queued);
    script_skip(s);
    for (unsigned i = 0; i < 3; i++)
        ack(s, 0);
    script_skip(s);
    assert_string_equal(script_status(s).recovery, "recovery");
}

/* ... and leaves it with the ACK of everything that was sent. */
static void go_through_recovery(struct script *s)
{
    enter_recovery(s, 12);
    ack(s, 12);
    T_EXPECT_NONE(s);
}

static void rfc6582_3_2_more_duplicates_let_new_segments_out(void **state)
{
    struct script *s = *state;
    enter_recovery(s, 30); /* 12 in flight, 3 of them gone, cwnd 5 */
    uint32_t flight = script_status(s).snd_max - script_status(s).snd_una;
    T_EQUAL(flight, 12 * MSS);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS); /* half of it without limited transmit */
    for (unsigned i = 0; i < 4; i++)
        ack(s, 0);
    T_EXPECT_NONE(s); /* 12 - 7: still full */
    ack(s, 0);
    T_EXPECT_SEGMENTS(s, start_of(12), 1);
    ack(s, 0);
    T_EXPECT_SEGMENTS(s, start_of(13), 1);
}

static void rfc6582_3_2_partial_ack_sends_the_next_hole(void **state)
{
    struct script *s = *state;
    enter_recovery(s, 12);
    ack(s, 4);
    T_EXPECT(s, .flags = TE_ACK, .seq = start_of(4), .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    assert_string_equal(script_status(s).recovery, "recovery");
    ack(s, 7);
    T_EXPECT(s, .flags = TE_ACK, .seq = start_of(7), .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_COUNT(s, fast_retransmits, 1); /* one loss event, one reduction */
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS);
}

/* Step 3: otherwise holes are repaired one per round trip. */
static void rfc6582_3_2_first_partial_ack_alone_restarts_the_timeout(void **state)
{
    struct script *s = *state;
    enter_recovery(s, 12);
    script_advance(s, 100 * MS);
    ack(s, 1);
    T_EXPECT_SEGMENTS(s, start_of(1), 1);
    int64_t due_us = s->f.now_us + script_status(s).rto_us;
    T_EQUAL(script_status(s).timer_at_us, due_us);
    for (unsigned acked = 2; acked < 4; acked++) {
        script_advance(s, 100 * MS);
        ack(s, acked);
        T_EXPECT_SEGMENTS(s, start_of(acked), 1);
        T_EQUAL(script_status(s).timer_at_us, due_us);
    }
    script_advance(s, due_us - s->f.now_us);
    assert_string_equal(script_status(s).recovery, "loss");
    script_skip(s);
}

/* Step 3: deflate by what was acknowledged, then add one segment; remaining room is used. */
static void rfc6582_3_2_partial_ack_deflates_the_window(void **state)
{
    struct script *s = *state;
    enter_recovery(s, 40); /* 12 in flight, 3 of them gone, cwnd 5 */
    for (unsigned i = 0; i < 6; i++)
        ack(s, 0); /* 12 - 9 = 3: two new ones */
    T_EXPECT_SEGMENTS(s, start_of(12), 2);
    ack(s, 4); /* of 10, 6 are gone: the hole and one new one */
    T_EXPECT(s, .flags = TE_ACK, .seq = start_of(4), .ack = 1, .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = start_of(14), .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    ack(s, 0); /* below SND.UNA: no duplicate */
    T_EXPECT_NONE(s);
    ack(s, 4); /* a duplicate: one more */
    T_EXPECT_SEGMENTS(s, start_of(15), 1);
}

static void rfc6582_3_2_full_ack_ends_recovery(void **state)
{
    struct script *s = *state;
    enter_recovery(s, 12);
    ack(s, 12);
    struct te_status status = script_status(s);
    assert_string_equal(status.recovery, "open");
    /* Step 3 (1): min(ssthresh, max(FlightSize, SMSS) + SMSS), against a burst. */
    T_EQUAL(status.cwnd_bytes, 2 * MSS);
}

static void rfc6582_3_2_duplicates_of_old_segments_after_recovery_start_nothing(void **state)
{
    struct script *s = *state;
    go_through_recovery(s);
    for (unsigned i = 0; i < 5; i++)
        ack(s, 12);
    T_COUNT(s, fast_retransmits, 1);
    T_EXPECT_NONE(s);
}

static void rfc6582_4_1_duplicates_after_a_timeout_start_nothing(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    send_segments(s, 10);
    T_EXPECT_SEGMENTS(s, 1, 10);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    for (unsigned i = 0; i < 5; i++)
        ack(s, 0);
    T_COUNT(s, fast_retransmits, 0);
    T_EXPECT_NONE(s);
}

/* The same when something was acknowledged before: "recover" is what was sent at the timeout. */
static void rfc6582_4_1_recover_is_set_by_the_timeout(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    send_segments(s, 10);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 2);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = start_of(2), .ack = 1, .len = MSS);
    for (unsigned i = 0; i < 5; i++)
        ack(s, 2);
    T_COUNT(s, fast_retransmits, 0);
    T_COUNT(s, recoveries, 1);
    T_EXPECT_NONE(s);
}

/* With new data in flight beyond "recover", its acknowledgment starts no recovery. */
static void rfc6582_3_2_full_ack_with_new_data_behind(void **state)
{
    struct script *s = *state;
    enter_recovery(s, 30);
    for (unsigned i = 0; i < 8; i++)
        ack(s, 0);
    script_skip(s);
    uint32_t end = script_status(s).snd_max - script_status(s).snd_una;
    assert_true(end > 12 * MSS);
    ack(s, 12);
    assert_string_equal(script_status(s).recovery, "open");
    T_COUNT(s, fast_retransmits, 1);
    T_COUNT(s, segments_retransmitted, 1);
    T_EQUAL(script_status(s).lost_bytes, 0);
    script_skip(s);
}

/* Step 2: duplicate ACKs of "recover" itself come from needless retransmissions. Limited transmit
 * still has its two segments, and no more. */
static void rfc6582_3_2_duplicates_of_recover_begin_nothing(void **state)
{
    struct script *s = *state;
    go_through_recovery(s);
    send_segments(s, 10);
    T_EXPECT_SEGMENTS(s, start_of(12), 2);
    ack(s, 12);
    T_EXPECT_SEGMENTS(s, start_of(14), 1);
    ack(s, 12);
    T_EXPECT_SEGMENTS(s, start_of(15), 1);
    for (unsigned i = 0; i < 5; i++)
        ack(s, 12);
    T_EXPECT_NONE(s);
    T_COUNT(s, fast_retransmits, 1);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS);
}

/* RFC 3042 can be switched off: duplicates before a recovery then allow no new segments. */
static void rfc3042_limited_transmit_can_be_switched_off(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    T_ERR(script_user_option(s, TE_OPTION_FEATURES, TE_FEATURE_SACK_RECOVERY), TE_OK);
    send_segments(s, 20);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 0);
    ack(s, 0);
    T_EXPECT_NONE(s);
    T_COUNT(s, limited_transmits, 0);
    ack(s, 0);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    script_skip(s);
}

/* Once past it, three duplicates count again. */
static void rfc6582_a_second_loss_is_found_after_the_first(void **state)
{
    struct script *s = *state;
    go_through_recovery(s);
    send_segments(s, 6);
    script_skip(s);
    ack(s, 13);
    script_skip(s);
    for (unsigned i = 0; i < 3; i++)
        ack(s, 13);
    T_COUNT(s, fast_retransmits, 2);
    const struct script_out *out;
    bool again = false;
    while ((out = script_next(s)) != NULL)
        again = again || script_rel_seq(s, out) == start_of(13);
    assert_true(again);
}

/* --- windows ---------------------------------------------------------------------------------- */

static void rfc6928_2_initial_window_is_10_segments(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 100 * MS);
    send_segments(s, 20);
    T_EXPECT_SEGMENTS(s, 1, 10);
    T_EQUAL(script_status(s).cwnd_bytes, 10 * MSS);
}

static void rfc6928_2_initial_window_of_large_segments(void **state)
{
    static const struct {
        uint16_t mss;
        uint32_t cwnd;
    } rows[] = {{536, 5360}, {1460, 14600}, {2000, 14600}, {8000, 16000}};
    struct script *s = *state;
    for (unsigned i = 0; i < 4; i++) {
        script_start_over(s);
        s->f.config.mtu_bytes = 9000;
        s->peer_mss = rows[i].mss;
        conn_in_established(s);
        T_EQUAL(script_status(s).cwnd_bytes, rows[i].cwnd);
    }
}

/* Slow start with byte counting (RFC 5681 3.1): one window of ACKs doubles the window. */
static void rfc5681_3_1_slow_start(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 100 * MS);
    send_segments(s, 40);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 1);
    T_EXPECT_SEGMENTS(s, start_of(10), 2);
    ack(s, 3); /* delayed: two at once */
    T_EXPECT_SEGMENTS(s, start_of(12), 4);
    T_EQUAL(script_status(s).cwnd_bytes, 13 * MSS);
}

/* An ACK cut in pieces gains no more than the bytes it acknowledges (RFC 3465). */
static void rfc5681_3_1_divided_acks_gain_nothing(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 100 * MS);
    send_segments(s, 40);
    T_EXPECT_SEGMENTS(s, 1, 10);
    for (uint32_t i = 1; i <= 20; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + i * (MSS / 20));
    T_EQUAL(script_status(s).cwnd_bytes, 11 * MSS);
    script_skip(s);
}

static void rfc5681_3_1_congestion_avoidance_adds_a_segment_a_round_trip(void **state)
{
    struct script *s = *state;
    enter_recovery(s, 60);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS);
    ack(s, 12);
    script_skip(s);
    /* Up to ssthresh again, then by one segment for each window acknowledged. */
    unsigned acked = 12;
    while (script_status(s).cwnd_bytes < 5 * MSS) {
        acked++;
        ack(s, acked);
        script_skip(s);
    }
    uint32_t cwnd = script_status(s).cwnd_bytes;
    unsigned window = cwnd / MSS;
    for (unsigned i = 0; i < window; i++) {
        acked++;
        ack(s, acked);
        script_skip(s);
    }
    T_EQUAL(script_status(s).cwnd_bytes, cwnd + MSS);
}

static void an_application_that_sends_little_does_not_open_the_window(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, 10 * MS);
    for (unsigned i = 0; i < 20; i++) {
        T_EQUAL(script_user_send(s, 100), 100);
        T_EXPECT(s, .flags = TE_ACK, .seq = 1 + i * 100, .ack = 1, .len = 100);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101 + i * 100);
    }
    T_EQUAL(script_status(s).cwnd_bytes, 10 * MSS);
}

static void rfc5681_3_1_window_after_a_timeout_is_one_segment(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    send_segments(s, 10);
    T_EXPECT_SEGMENTS(s, 1, 10);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    struct te_status status = script_status(s);
    T_EQUAL(status.cwnd_bytes, MSS);
    T_EQUAL(status.ssthresh_bytes, 5 * MSS);
    assert_string_equal(status.recovery, "loss");
    script_advance(s, 2 * RTO_MIN); /* another retransmission lowers nothing further */
    T_EXPECT_SEGMENTS(s, 1, 1);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS);
    ack(s, 1); /* slow start: two */
    T_EXPECT_SEGMENTS(s, start_of(1), 2);
    ack(s, 10); /* they had all arrived */
    assert_string_equal(script_status(s).recovery, "open");
    T_EXPECT_NONE(s);
}

/* What duplicates added to the window is gone after the timeout. */
static void rfc5681_3_1_timeout_after_two_duplicates(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    send_segments(s, 20);
    T_EXPECT_SEGMENTS(s, 1, 10);
    ack(s, 0);
    ack(s, 0);
    T_EXPECT_SEGMENTS(s, start_of(10), 2);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS);
    ack(s, 1);
    T_EXPECT_SEGMENTS(s, start_of(1), 2);
}

static void what_is_sent_again_are_the_same_bytes_however_they_are_cut(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    script_user_option(s, TE_OPTION_NAGLE, 0);
    for (unsigned i = 0; i < 5; i++) {
        T_EQUAL(script_user_send(s, 100), 100);
        T_EXPECT(s, .flags = TE_ACK, .seq = 1 + i * 100, .ack = 1, .len = 100);
    }
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 500);
}

/* 40 segments are acknowledged one by one: the window has grown. */
static void grow_window(struct script *s)
{
    open_with_rtt(s, 100 * MS);
    send_segments(s, 40);
    script_skip(s);
    for (unsigned acked = 1; acked <= 40; acked++) {
        ack(s, acked);
        script_skip(s);
    }
}

static void rfc5681_4_1_idle_connection_starts_with_the_initial_window(void **state)
{
    struct script *s = *state;
    grow_window(s);
    assert_true(script_status(s).cwnd_bytes > 20 * MSS);
    script_advance(s, 2 * SECOND);
    send_segments(s, 40);
    T_EXPECT_SEGMENTS(s, start_of(40), 10);
}

/* What counts is when data was sent: the ACK of a request does not refresh the window. */
static void rfc5681_4_1_ack_of_a_request_ends_no_idleness(void **state)
{
    struct script *s = *state;
    grow_window(s);
    script_advance(s, 2 * SECOND);
    for (unsigned i = 0; i < 2; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1 + i * MSS, .ack = start_of(40), .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = start_of(40), .ack = 1 + 2 * MSS);
    send_segments(s, 40);
    for (unsigned i = 0; i < 10; i++)
        T_EXPECT(s, .flags = TE_ACK, .seq = start_of(40 + i), .ack = 1 + 2 * MSS, .len = MSS);
    T_EXPECT_NONE(s);
}

/* --- windows that shrink ---------------------------------------------------------------------- */

/* SHLD-15, SHLD-16, SHLD-17, MUST-34. */
static void rfc9293_3_8_6_window_that_shrinks(void **state)
{
    struct script *s = *state;
    open_with_rtt(s, MS);
    send_segments(s, 8);
    T_EXPECT_SEGMENTS(s, 1, 8);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(1), WIN(2 * MSS));
    send_segments(s, 4);
    T_EXPECT_NONE(s); /* nothing new */
    script_advance(s, RTO_MIN);
    T_EXPECT_SEGMENTS(s, start_of(1), 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(2), WIN(2 * MSS));
    T_EXPECT_SEGMENTS(s, start_of(2), 2); /* within the window */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(8), WIN(2 * MSS));
    T_EXPECT_SEGMENTS(s, start_of(8), 2);
    T_STATE(s, TE_ESTABLISHED);
}

static void rfc9293_3_8_6_window_that_shrinks_to_nothing_is_probed(void **state)
{
    struct script *s = *state;
    s->f.config.r2_retries = 3;
    s->f.config.r1_retries = 3;
    open_with_rtt(s, MS);
    send_segments(s, 4);
    T_EXPECT_SEGMENTS(s, 1, 4);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    for (unsigned i = 0; i < 20; i++) { /* answered: never given up (SHLD-17) */
        while (s->out_next == s->out_count)
            script_advance(s, 100 * MS);
        script_skip(s);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
        T_STATE(s, TE_ESTABLISHED);
    }
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(script_rel_seq(s, out), 1);
    script_skip(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc6298_2_2_first_sample),
        SCRIPT_TEST(rfc6298_2_3_next_samples),
        SCRIPT_TEST(rfc6298_2_3_shorter_samples),
        SCRIPT_TEST(rfc6298_2_3_granularity_is_the_least_variation),
        SCRIPT_TEST(rfc6298_3_the_first_segment_of_a_flight_is_timed),
        SCRIPT_TEST(rfc6298_2_4_rto_has_a_minimum),
        SCRIPT_TEST(rfc6298_5_1_timer_starts_with_the_first_segment),
        SCRIPT_TEST(rfc6298_5_2_timer_stops_when_all_is_acknowledged),
        SCRIPT_TEST(rfc6298_5_3_ack_of_new_data_restarts_the_timer),
        SCRIPT_TEST(rfc6298_5_4_the_earliest_segment_is_sent_again_and_the_rto_doubles),
        SCRIPT_TEST(rfc6298_2_5_rto_has_a_maximum),
        SCRIPT_TEST(rfc6298_3_karn_no_sample_of_what_was_sent_twice),
        SCRIPT_TEST(rfc6298_5_backed_off_rto_stays_until_a_new_sample),
        SCRIPT_TEST(rfc9293_3_8_3_r2_ends_the_connection),
        SCRIPT_TEST(rfc9293_3_8_3_default_r2_is_over_100_seconds),
        SCRIPT_TEST(rfc9293_3_8_3_r1_makes_ip_doubt_the_route),
        SCRIPT_TEST(an_answer_in_between_starts_r2_anew),
        SCRIPT_TEST(rfc5681_3_2_three_duplicates_make_a_fast_retransmit),
        SCRIPT_TEST(rfc5681_2_what_is_no_duplicate_ack),
        SCRIPT_TEST(rfc3042_2_limited_transmit),
        SCRIPT_TEST(rfc3042_2_limited_transmit_respects_the_peers_window),
        SCRIPT_TEST(rfc3042_2_with_sack_only_new_blocks_count),
        SCRIPT_TEST(rfc2883_dsack_alone_is_no_sign_of_loss),
        SCRIPT_TEST(rfc6582_3_2_more_duplicates_let_new_segments_out),
        SCRIPT_TEST(rfc6582_3_2_partial_ack_sends_the_next_hole),
        SCRIPT_TEST(rfc6582_3_2_first_partial_ack_alone_restarts_the_timeout),
        SCRIPT_TEST(rfc6582_3_2_partial_ack_deflates_the_window),
        SCRIPT_TEST(rfc6582_3_2_full_ack_ends_recovery),
        SCRIPT_TEST(rfc6582_3_2_duplicates_of_old_segments_after_recovery_start_nothing),
        SCRIPT_TEST(rfc6582_4_1_duplicates_after_a_timeout_start_nothing),
        SCRIPT_TEST(rfc6582_4_1_recover_is_set_by_the_timeout),
        SCRIPT_TEST(rfc6582_3_2_full_ack_with_new_data_behind),
        SCRIPT_TEST(rfc6582_3_2_duplicates_of_recover_begin_nothing),
        SCRIPT_TEST(rfc3042_limited_transmit_can_be_switched_off),
        SCRIPT_TEST(rfc6582_a_second_loss_is_found_after_the_first),
        SCRIPT_TEST(rfc6928_2_initial_window_is_10_segments),
        SCRIPT_TEST(rfc6928_2_initial_window_of_large_segments),
        SCRIPT_TEST(rfc5681_3_1_slow_start),
        SCRIPT_TEST(rfc5681_3_1_divided_acks_gain_nothing),
        SCRIPT_TEST(rfc5681_3_1_congestion_avoidance_adds_a_segment_a_round_trip),
        SCRIPT_TEST(an_application_that_sends_little_does_not_open_the_window),
        SCRIPT_TEST(rfc5681_3_1_window_after_a_timeout_is_one_segment),
        SCRIPT_TEST(rfc5681_3_1_timeout_after_two_duplicates),
        SCRIPT_TEST(what_is_sent_again_are_the_same_bytes_however_they_are_cut),
        SCRIPT_TEST(rfc5681_4_1_idle_connection_starts_with_the_initial_window),
        SCRIPT_TEST(rfc5681_4_1_ack_of_a_request_ends_no_idleness),
        SCRIPT_TEST(rfc9293_3_8_6_window_that_shrinks),
        SCRIPT_TEST(rfc9293_3_8_6_window_that_shrinks_to_nothing_is_probed),
    };
    return cmocka_run_group_tests_name("retransmit", tests, NULL, NULL);
}

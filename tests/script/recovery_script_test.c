/* Loss recovery with SACK: RFC 6675, RFC 8985 (RACK-TLP), RFC 6937 (PRR), RFC 5682 (F-RTO), RFC
 * 3522 and 4015 (Eifel), RFC 3708 (D-SACK), RFC 7765 (RTO restart), RFC 2018 8 (reneging). */
#include <string.h>

#include "script_segments.h"

#define RTT (100 * MS)
#define RTO_MIN (200 * MS)

/* A path of that RTT; Reno, so that windows are easy to tell. */
static void open_path(struct script *s, int64_t rtt_us)
{
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    strcpy(s->f.config.congestion_control, "reno");
    conn_in_established_with_rtt(s, rtt_us);
}

static void expect_segments(struct script *s, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        T_EXPECT(s, .flags = TE_ACK, .seq = start_of(first + i), .ack = 1, .len = MSS);
}

/* Queues count segments; what the window allows has been sent. */
static void fly(struct script *s, unsigned queued, unsigned out)
{
    send_segments(s, queued);
    expect_segments(s, 0, out);
    T_EXPECT_NONE(s);
}

/* The same to a peer with SACK, over a path that is opened for it. */
static void fly_with_sack(struct script *s, int64_t rtt_us, unsigned queued, unsigned out)
{
    s->options = SPEAKS_SACK;
    open_path(s, rtt_us);
    fly(s, queued, out);
}

static void without(struct script *s, uint32_t features)
{
    s->f.config.features &= ~features;
}

static const char *recovery(struct script *s)
{
    return script_status(s).recovery;
}

/* --- RFC 6675 --------------------------------------------------------------------------------- */

static void rfc6675_three_sacked_segments_make_the_first_lost(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_RACK);
    fly_with_sack(s, RTT, 10, 10);
    sack(s, 0, 1, 2);
    sack(s, 0, 1, 3);
    T_EXPECT_NONE(s);
    assert_string_equal(recovery(s), "open");
    sack(s, 0, 1, 4);
    expect_segments(s, 0, 1);
    assert_string_equal(recovery(s), "recovery");
    T_COUNT(s, fast_retransmits, 1);
    T_EQUAL(script_status(s).sacked_bytes, 3 * MSS);
    T_EQUAL(script_status(s).pipe_bytes, 7 * MSS);
    ack(s, 10);
    assert_string_equal(recovery(s), "open");
    T_EQUAL(script_status(s).cwnd_bytes, 5 * MSS);
}

/* Every hole is filled in one round trip, lowest first, as the window allows. */
static void rfc6675_holes_are_filled_lowest_first(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_RACK | TE_FEATURE_PRR);
    fly_with_sack(s, RTT, 10, 10);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1,
           SACK2(BLOCK(start_of(7), start_of(10)), BLOCK(start_of(3), start_of(5))));
    /* 0, 1, 2, 5 and 6 are lost; pipe is empty and cwnd 5. */
    expect_segments(s, 0, 3);
    expect_segments(s, 5, 2);
    T_EXPECT_NONE(s);
    T_EQUAL(script_status(s).lost_bytes, 0);
}

/* IsLost does not hold with fewer than three SACKed segments above. */
static void rfc6675_two_above_are_not_enough(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_RACK);
    fly_with_sack(s, RTT, 10, 10);
    sack(s, 0, 8, 10);
    T_EXPECT_NONE(s);
    T_EQUAL(script_status(s).lost_bytes, 0);
    assert_string_equal(recovery(s), "open");
}

static void sack_of_what_was_never_sent_is_ignored(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 10, 10);
    sack(s, 0, 5, 40);
    sack(s, 0, 5, 5);
    T_EQUAL(script_status(s).sacked_bytes, 0);
    T_EXPECT_NONE(s);
}

static void rfc2018_8_reneging_sends_everything_again(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 10, 10);
    script_advance(s, RTT);
    sack(s, 0, 1, 4);
    expect_segments(s, 0, 1);
    for (unsigned i = 0; i < 20; i++)
        ack(s, 1); /* and not 4 */
    T_EXPECT_NONE(s);
    T_COUNT(s, sack_reneging, 0); /* everything is checked only at a timeout */
    script_advance(s, script_status(s).rto_us);
    T_COUNT(s, sack_reneging, 1);
    assert_string_equal(recovery(s), "loss");
    T_EQUAL(script_status(s).sacked_bytes, 0);
    expect_segments(s, 1, 1);
    ack(s, 10);
    assert_string_equal(recovery(s), "open");
}

/* NextSeg() rule 3: one SACKed segment is not enough to declare those below it lost, but with
 * nothing else to send, they are sent again before a timeout. */
static void rfc6675_4_what_may_be_lost_fills_the_window(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_RACK);
    fly_with_sack(s, RTT, 10, 10);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1,
           SACK2(BLOCK(start_of(8), start_of(10)), BLOCK(start_of(1), start_of(7))));
    expect_segments(s, 0, 1);
    expect_segments(s, 7, 1);
    T_EXPECT_NONE(s); /* once */
    ack(s, 10);
    T_COUNT(s, retransmit_timeouts, 0);
}

/* What a timeout marked lost is judged again when the timeout turns out to be spurious. */
static void rfc6675_loss_after_a_needless_timeout(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_RACK | TE_FEATURE_LOSS_PROBE);
    fly_with_sack(s, 10 * MS, 20, 10);
    script_advance(s, RTO_MIN);
    expect_segments(s, 0, 1);
    ack(s, 3); /* the first three were late */
    T_COUNT(s, spurious_timeouts, 1);
    script_skip(s);
    sack(s, 3, 4, 7);
    T_COUNT(s, fast_retransmits, 1);
    T_EQUAL(script_status(s).backoff, 0);
    script_skip(s);
}

/* Retransmissions stay inside a window that the peer has shrunk (RFC 9293 3.8.6). */
static void rfc9293_3_8_6_retransmission_stays_inside_the_window(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 4, 4);
    script_advance(s, RTT);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(700),
           SACK1(BLOCK(start_of(1), start_of(4))));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 700);
    T_EXPECT_NONE(s);
}

/* --- RFC 8985: RACK --------------------------------------------------------------------------- */

/* A segment late by less than a quarter of the RTT is reordered, not lost. */
static void rfc8985_6_2_reordering_within_the_window_repeats_nothing(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 2, 2);
    script_advance(s, RTT);
    sack(s, 0, 1, 2);
    T_EXPECT_NONE(s);
    T_TIMER(s, TE_TIMER_REORDER, RTT / 4);
    script_advance(s, RTT / 4 - MS);
    ack(s, 2);
    T_EXPECT_NONE(s);
    T_COUNT(s, segments_retransmitted, 0);
    T_EQUAL(script_status(s).cwnd_bytes, 10 * MSS);
}

static void rfc8985_6_3_timer_finds_what_is_late(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 2, 2);
    script_advance(s, RTT);
    sack(s, 0, 1, 2);
    T_EXPECT_AFTER(s, RTT / 4, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    assert_string_equal(recovery(s), "recovery");
    T_COUNT(s, retransmit_timeouts, 0);
}

/* RACK_update_reo_wnd: without reordering three SACKed segments need no patience. */
static void rfc8985_6_2_no_window_after_dup_thresh(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 4, 4);
    script_advance(s, RTT);
    sack(s, 0, 1, 4);
    expect_segments(s, 0, 1);
    T_EQUAL(script_status(s).reordering_window_us, 0);
}

/* The retransmission is lost too; later segments reveal it, without a timeout. */
static void rfc8985_3_2_lost_retransmission_is_found(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 20, 10);
    script_advance(s, RTT);
    sack(s, 0, 1, 4);
    expect_segments(s, 0, 1);
    sack(s, 0, 1, 10); /* lets new segments out, after the retransmission */
    script_skip(s);
    assert_true(script_status(s).snd_nxt - script_status(s).iss > start_of(10));
    script_advance(s, RTT);
    sack(s, 0, 1, 11);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(script_rel_seq(s, out), 1);
    script_skip(s);
    T_COUNT(s, retransmit_timeouts, 0);
    T_COUNT(s, recoveries, 1);
    assert_string_equal(recovery(s), "recovery");
}

/* A hole holds SND.UNA back for a round trip and longer; what is SACKed meanwhile is timed. */
static void rfc6298_3_sacked_data_is_timed(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_path(s, RTT);
    fly(s, 10, 10);
    script_advance(s, 3 * RTT / 2);
    sack(s, 0, 1, 2);
    T_EQUAL(script_status(s).srtt_us, (7 * RTT + 3 * RTT / 2) / 8);
    sack(s, 0, 1, 3); /* one sample per round trip */
    T_EQUAL(script_status(s).srtt_us, (7 * RTT + 3 * RTT / 2) / 8);
}

/* The queue has made the round trip longer than the timeout. While what was sent before the
 * retransmission still arrives, the retransmission is not late. */
static void rfc6675_6_timeout_waits_while_older_data_arrives(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_path(s, RTT);
    fly(s, 10, 10);
    script_advance(s, RTT);
    sack(s, 0, 1, 4);
    expect_segments(s, 0, 1);
    int64_t rto_us = script_status(s).rto_us;
    script_advance(s, rto_us - MS);
    sack(s, 0, 1, 5);
    T_COUNT(s, retransmit_timeouts, 0);
    script_advance(s, rto_us - MS);
    T_COUNT(s, retransmit_timeouts, 0);
    script_skip(s); /* new segments, one of which is in the next block: it says nothing about the
                       retransmission */
    sack(s, 0, 1, 11);
    script_advance(s, script_status(s).rto_us);
    T_COUNT(s, retransmit_timeouts, 1);
    script_skip(s);
}

/* An original that arrives after its retransmission was sent is reordering as well (timestamps
 * tell): three segments above the next hole have to wait. */
static void rfc8985_6_2_late_original_is_reordering(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK | SPEAKS_TIMESTAMPS;
    open_path(s, RTT);
    T_EQUAL(script_user_send(s, 5 * 1448), 5 * 1448);
    script_skip(s);
    uint32_t original_ts = s->c.their_ts;
    script_advance(s, RTT);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(original_ts),
           SACK1(BLOCK(1 + 1448, 1 + 5 * 1448)));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1448);
    script_advance(s, 5 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 5 * 1448, ECR(original_ts));
    T_COUNT(s, undone_by_timestamp, 1);

    T_EQUAL(script_user_send(s, 5 * 1448), 5 * 1448);
    script_skip(s);
    script_advance(s, RTT);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 5 * 1448, ECR(s->c.their_ts),
           SACK1(BLOCK(1 + 6 * 1448, 1 + 10 * 1448)));
    T_EXPECT_NONE(s);
    T_EQUAL(script_status(s).reordering_window_us, RTT / 4);
    T_COUNT(s, recoveries, 1);
}

/* Step 4: a D-SACK says that the window was too small; it grows once per round trip. */
/* RACK.rtt is that of the last delivered, though it was sent before another: 0 is late by 119 ms
 * and a quarter of the RTT, not by 100. */
static void rfc8985_6_2_rtt_is_that_of_the_last_delivered(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_path(s, RTT);
    for (unsigned i = 0; i < 6; i++) {
        T_EQUAL(script_user_send(s, MSS), MSS);
        expect_segments(s, i, 1);
        script_advance(s, 1 * MS);
    }
    script_advance(s, 99 * MS);
    sack(s, 0, 5, 6);
    sack(s, 0, 3, 4); /* there is reordering */
    script_advance(s, 15 * MS);
    sack(s, 0, 1, 2);
    script_advance(s, 23 * MS); /* 143 ms after 0 was sent */
    T_EXPECT_NONE(s);
    script_advance(s, 2 * MS);
    expect_segments(s, 0, 1);
    script_skip(s);
}

/* The timestamp beside a SACK is that of before the hole, whatever is SACKed (RFC 7323 4.3). */
static void rfc7323_4_3_old_echo_of_a_sack_is_no_reordering(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK | SPEAKS_TIMESTAMPS;
    open_path(s, RTT);
    const unsigned len = MSS - 12;
    uint32_t before_hole = s->c.their_ts - 100;
    T_EQUAL(script_user_send(s, 10 * len), 10 * len);
    script_skip(s);
    script_advance(s, RTT);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(before_hole),
           SACK2(BLOCK(1 + 6 * len, 1 + 10 * len), BLOCK(1 + len, 1 + 5 * len)));
    T_COUNT(s, segments_retransmitted, 2);
    script_advance(s, RTT); /* what was sent again: 0 is lost once more, 5 comes */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(before_hole),
           SACK1(BLOCK(1 + len, 1 + 10 * len)));
    T_EQUAL(script_status(s).reordering_window_us, 0);
    script_skip(s);
}

static void rfc8985_6_2_dsack_widens_the_window(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 4, 4);
    script_advance(s, RTT);
    sack(s, 0, 1, 4);
    expect_segments(s, 0, 1);
    script_advance(s, 10 * MS);
    ack(s, 4); /* it was late, not lost: reordering */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(4), SACK1(BLOCK(1, start_of(1))));
    T_COUNT(s, dsack_in, 1);
    T_EQUAL(script_status(s).reordering_window_us, 2 * (RTT / 4));
    T_EQUAL(script_status(s).cwnd_bytes, 10 * MSS); /* and the recovery was spurious */
}

/* --- RFC 8985 7: tail loss probe -------------------------------------------------------------- */

static void rfc8985_7_3_probe_repeats_the_last_segment(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 5, 5);
    T_TIMER(s, TE_TIMER_LOSS_PROBE, 2 * RTT);
    T_EXPECT_AFTER(s, 2 * RTT, .flags = TE_ACK, .seq = start_of(4), .ack = 1, .len = MSS);
    T_COUNT(s, loss_probes, 1);
    T_COUNT(s, retransmit_timeouts, 0);
    T_TIMER(s, TE_TIMER_RETRANSMIT, script_status(s).rto_us); /* from the probe on */
    T_EQUAL(script_status(s).cwnd_bytes, 10 * MSS);
    /* The probe's SACK shows the four before it as lost. */
    script_advance(s, RTT);
    sack(s, 0, 4, 5);
    expect_segments(s, 0, 1);
    ack(s, 1);
    expect_segments(s, 1, 2);
    T_COUNT(s, retransmit_timeouts, 0);
}

static void rfc8985_7_3_probe_sends_new_data_if_there_is_some(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 12, 10);
    T_EXPECT_AFTER(s, 2 * RTT, .flags = TE_ACK, .seq = start_of(10), .ack = 1, .len = MSS);
    T_COUNT(s, loss_probes, 1);
    T_COUNT(s, segments_retransmitted, 0);
}

/* 7.2: a lone segment may be acknowledged late. */
static void rfc8985_7_2_lone_segment_waits_for_a_delayed_ack(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, 10 * MS, 1, 1);
    T_TIMER(s, TE_TIMER_LOSS_PROBE, RTO_MIN); /* 20 ms and 200 ms, but not after the RTO */
}

/* 7.4.2, case 2: both copies have arrived, at a peer that does not send D-SACKs. */
static void rfc8985_7_4_probe_that_was_needless(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 5, 5);
    script_advance(s, RTT);
    ack(s, 4);
    script_advance(s, script_status(s).timer_at_us - s->f.now_us);
    expect_segments(s, 4, 1);
    script_advance(s, RTT);
    ack(s, 5);
    ack(s, 5);
    T_EQUAL(script_user_send(s, MSS), MSS);
    expect_segments(s, 5, 1);
    ack(s, 6);
    T_COUNT(s, loss_probe_recoveries, 0);
    T_EQUAL(script_status(s).ssthresh_bytes, UINT32_MAX);
}

static void rfc8985_7_4_probe_that_repaired_a_loss_lowers_cwnd(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 5, 5);
    script_advance(s, RTT);
    ack(s, 4);
    script_advance(s, script_status(s).timer_at_us - s->f.now_us);
    expect_segments(s, 4, 1);
    T_EQUAL(script_status(s).ssthresh_bytes, UINT32_MAX);
    script_advance(s, RTT);
    ack(s, 5);
    T_EQUAL(script_user_send(s, MSS), MSS);
    expect_segments(s, 5, 1);
    ack(s, 6); /* beyond the probe, and no D-SACK: the original was lost */
    T_COUNT(s, loss_probe_recoveries, 1);
    assert_true(script_status(s).ssthresh_bytes < UINT32_MAX);
    assert_string_equal(recovery(s), "open");
}

static void rfc8985_7_4_dsack_of_the_probe_lowers_nothing(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 5, 5);
    script_advance(s, 2 * RTT);
    expect_segments(s, 4, 1);
    ack(s, 5);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(5),
           SACK1(BLOCK(start_of(4), start_of(5))));
    T_EQUAL(script_user_send(s, MSS), MSS);
    expect_segments(s, 5, 1);
    ack(s, 6);
    T_COUNT(s, loss_probe_recoveries, 0);
    T_EQUAL(script_status(s).ssthresh_bytes, UINT32_MAX);
}

/* One at a time: after it, the timeout. */
static void rfc8985_7_3_one_probe_in_flight(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 5, 5);
    script_advance(s, 2 * RTT);
    expect_segments(s, 4, 1);
    T_EXPECT_AFTER(s, script_status(s).rto_us, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_COUNT(s, loss_probes, 1);
    T_COUNT(s, retransmit_timeouts, 1);
}

/* On a path that has become slower than the PTO, without timestamps, a probed segment is not timed;
 * the next flight is, as it has no probe. */
static void rfc8985_7_3_no_probe_before_a_round_trip_is_measured(void **state)
{
    struct script *s = *state;
    s->f.config.rto_min_us = 500 * MS;
    fly_with_sack(s, 10 * MS, 1, 1);
    for (unsigned i = 0; i < 4; i++) {
        script_advance(s, 230 * MS);
        script_skip(s);
        ack(s, i + 1);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(i + 1),
               SACK1(BLOCK(start_of(i), start_of(i + 1)))); /* both have come */
        T_EQUAL(script_user_send(s, MSS), MSS);
        expect_segments(s, i + 1, 1);
    }
    T_COUNT(s, loss_probes, 1);
    assert_true(script_status(s).srtt_us > 30 * MS);
}

/* Data of the peer that acknowledges nothing new does not put the probe off. */
static void rfc8985_7_2_only_new_acknowledgments_restart_the_probe(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, 10 * MS, 3, 3);
    for (unsigned i = 0; i < 4; i++) {
        T_COUNT(s, loss_probes, 0);
        script_advance(s, 5 * MS);
        T_SEND(s, .flags = TE_ACK, .seq = 1 + i * 100, .ack = 1, .len = 100);
    }
    T_COUNT(s, loss_probes, 1);
    script_skip(s);
}

static void loss_probe_can_be_switched_off(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_path(s, RTT);
    T_ERR(script_user_option(s, TE_OPTION_FEATURES,
                             TE_FEATURES_DEFAULT & ~(unsigned)TE_FEATURE_LOSS_PROBE),
          TE_OK);
    fly(s, 5, 5);
    T_TIMER(s, TE_TIMER_RETRANSMIT, script_status(s).rto_us);
    T_ERR(script_user_option(s, TE_OPTION_FEATURES, -1), TE_ERR_INVALID);
    T_ERR(script_user_option(s, TE_OPTION_FEATURES, TE_FEATURES_ALL + 1), TE_ERR_INVALID);
}

/* --- RFC 6937: PRR ---------------------------------------------------------------------------- */

/* Half of the window, one segment for each two that are delivered, instead of a pause. */
static void rfc6937_3_one_segment_for_two_delivered(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 40, 10);
    script_advance(s, RTT);
    sack(s, 0, 1, 4); /* limited transmit and the first retransmission among them */
    script_skip(s);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS);
    unsigned out = 0;
    for (unsigned delivered = 5; delivered <= 10; delivered++) {
        sack(s, 0, 1, delivered);
        while (script_next(s) != NULL)
            out++;
    }
    assert_in_range(out, 2, 4);
    ack(s, 10);
    script_skip(s);
    ack(s, (script_status(s).snd_nxt - script_status(s).iss - 1) / MSS);
    script_skip(s);
    assert_string_equal(recovery(s), "open");
    assert_in_range(script_status(s).cwnd_bytes, 5 * MSS, 7 * MSS);
}

/* --- RFC 5682: F-RTO -------------------------------------------------------------------------- */

/* 2.1: the timeout of step 1, an ACK of its retransmission, and the two new segments of step 2b. */
static void enter_step_3(struct script *s)
{
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    ack(s, 1);
    expect_segments(s, 10, 2);
}

static void rfc5682_3_original_sacked_after_a_timeout_undoes_it(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_LOSS_PROBE);
    fly_with_sack(s, 10 * MS, 20, 10);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    assert_string_equal(recovery(s), "loss");
    T_EQUAL(script_status(s).cwnd_bytes, MSS);
    ack(s, 2); /* the second was never sent again: it was only late */
    T_COUNT(s, spurious_timeouts, 1);
    assert_string_equal(recovery(s), "open");
    assert_true(script_status(s).cwnd_bytes >= 10 * MSS);
    expect_segments(s, 10, 3);
    T_COUNT(s, segments_retransmitted, 1);
}

/* Step 2b and 3a: the ACK of the retransmission allows new data; the next ACK decides. */
static void rfc5682_2_1_real_loss_goes_on_with_slow_start(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_LOSS_PROBE);
    fly_with_sack(s, 10 * MS, 20, 10);
    enter_step_3(s);
    T_EXPECT_NONE(s);
    sack(s, 1, 10, 11); /* only the new one has arrived: the others really are lost */
    T_EQUAL(script_status(s).cwnd_bytes, 3 * MSS);
    expect_segments(s, 1, 2);
    T_COUNT(s, spurious_timeouts, 0);
    assert_string_equal(recovery(s), "loss");
}

/* Step 3a: the new data of step 2b fills a window of two, and a peer that keeps nothing out of
 * order has discarded it. All of it is sent again with the rest, before any other timeout. */
static void send_new_data_again(struct script *s)
{
    enter_step_3(s);
    ack(s, 1);
    T_EQUAL(script_status(s).cwnd_bytes, 3 * MSS);
    expect_segments(s, 1, 3);
    T_EXPECT_NONE(s);
    assert_string_equal(recovery(s), "loss");
    ack(s, 1); /* the other new one, discarded as well */
    T_EXPECT_NONE(s);
    ack(s, 2);
    expect_segments(s, 4, 2);
    for (unsigned next = 3; next <= 14; next++)
        ack(s, next);
    expect_segments(s, 6, 8);
    T_EXPECT_NONE(s);
    T_COUNT(s, retransmit_timeouts, 1);
    T_EQUAL(script_status(s).snd_una, script_status(s).snd_max);
}

static void rfc5682_2_1_new_data_that_is_lost_holds_nothing_up(void **state)
{
    struct script *s = *state;
    open_path(s, 10 * MS); /* a peer without SACK */
    fly(s, 14, 10);
    send_new_data_again(s);
}

/* A peer with SACK would report what it keeps. */
static void rfc5682_3_new_data_that_is_never_sacked_holds_nothing_up(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_LOSS_PROBE | TE_FEATURE_RACK);
    fly_with_sack(s, 10 * MS, 14, 10);
    send_new_data_again(s);
}

/* RACK does not believe an ACK of a retransmission that comes sooner than any round trip took so
 * far (RFC 8985 6.2 step 2): on a path that has become faster it finds nothing. */
static void rfc5682_3_new_data_unseen_by_rack_holds_nothing_up(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_LOSS_PROBE);
    fly_with_sack(s, 10 * MS, 14, 10);
    send_new_data_again(s);
}

/* Step 1: a timeout during the recovery from another one continues in slow start. */
static void rfc5682_2_1_second_timeout_sends_no_new_data(void **state)
{
    struct script *s = *state;
    open_path(s, 10 * MS);
    fly(s, 20, 10);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT_AFTER(s, 2 * RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    ack(s, 1);
    expect_segments(s, 1, 2);
    T_EXPECT_NONE(s);
    T_COUNT(s, spurious_timeouts, 0);
}

static void rfc5682_2_1_new_data_acknowledged_in_order_is_spurious(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_LOSS_PROBE);
    open_path(s, 10 * MS); /* a peer without SACK */
    fly(s, 20, 10);
    enter_step_3(s);
    ack(s, 2); /* never sent again */
    T_COUNT(s, spurious_timeouts, 1);
    assert_string_equal(recovery(s), "open");
    script_skip(s);
}

/* Without SACK one ACK of everything proves nothing: the first segment was sent again. */
static void rfc5682_2_1_ack_of_everything_is_no_proof_without_sack(void **state)
{
    struct script *s = *state;
    open_path(s, 10 * MS);
    fly(s, 10, 10);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    ack(s, 10);
    T_COUNT(s, spurious_timeouts, 0);
    assert_string_equal(recovery(s), "open");
    assert_true(script_status(s).cwnd_bytes < 10 * MSS);
}

/* Step 1: the new data is lost as well. If it were tried after each timeout, the connection would
 * repair only one segment per RTO. */
static void rfc5682_2_1_second_timeout_is_answered_as_usual(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_LOSS_PROBE);
    fly_with_sack(s, 10 * MS, 20, 10);
    enter_step_3(s);
    script_advance(s, 2 * RTO_MIN);
    expect_segments(s, 1, 1);
    ack(s, 2);
    expect_segments(s, 2, 2);
    T_EXPECT_NONE(s);
    assert_string_equal(recovery(s), "loss");
}

/* --- undo ------------------------------------------------------------------------------------- */

/* RFC 3522 3.2: the ACK echoes the original's timestamp. */
static void rfc3522_3_2_old_echo_undoes_a_fast_retransmit(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK | SPEAKS_TIMESTAMPS;
    open_path(s, RTT);
    T_EQUAL(script_user_send(s, 10 * 1448), 10 * 1448);
    uint32_t original_ts = 0;
    const struct script_out *out;
    while ((out = script_next(s)) != NULL)
        original_ts = s->c.their_ts;
    script_advance(s, RTT);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(original_ts),
           SACK1(BLOCK(1 + 1448, 1 + 5 * 1448)));
    out = script_next(s);
    assert_non_null(out);
    T_EQUAL(script_rel_seq(s, out), 1);
    assert_string_equal(recovery(s), "recovery");
    script_skip(s);
    script_advance(s, 5 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 5 * 1448, ECR(original_ts));
    T_COUNT(s, undone_by_timestamp, 1);
    assert_string_equal(recovery(s), "open");
    T_EQUAL(script_status(s).ssthresh_bytes, UINT32_MAX);
    assert_true(script_status(s).cwnd_bytes >= 10 * 1448);
    script_skip(s);
}

/* RFC 3708: every retransmission was reported as a duplicate. */
static void rfc3708_dsack_of_all_retransmissions_undoes(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 10, 10);
    script_advance(s, RTT);
    sack(s, 0, 2, 8);
    expect_segments(s, 0, 2);
    assert_string_equal(recovery(s), "recovery");
    ack(s, 10);
    T_EQUAL(script_status(s).cwnd_bytes, 5 * MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(10), SACK1(BLOCK(1, start_of(1))));
    T_COUNT(s, undone_by_dsack, 0); /* one of the two */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(10),
           SACK1(BLOCK(start_of(1), start_of(2))));
    T_COUNT(s, undone_by_dsack, 1);
    assert_true(script_status(s).cwnd_bytes >= 10 * MSS);
    T_EQUAL(script_status(s).ssthresh_bytes, UINT32_MAX);
}

/* The duplicate that proves it may be late: by then the backoff is that of window probes, which
 * continues (RFC 9293 3.8.6.1, SHLD-30). */
static void rfc3708_late_dsack_leaves_the_backoff_of_window_probes(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_RACK | TE_FEATURE_LOSS_PROBE | TE_FEATURE_FRTO);
    fly_with_sack(s, RTT, 1, 1);
    int64_t interval_us = script_status(s).rto_us;
    T_EXPECT_AFTER(s, interval_us, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(1), WIN(0));
    T_EQUAL(script_user_send(s, MSS), MSS);
    for (unsigned i = 0; i < 4; i++) {
        interval_us *= 2;
        T_TIMER(s, TE_TIMER_PERSIST, interval_us);
        T_EXPECT_AFTER(s, interval_us, .flags = TE_ACK, .seq = start_of(1), .ack = 1, .len = 1);
        if (i != 1)
            T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(1), WIN(0));
        else
            T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(1), WIN(0),
                   SACK1(BLOCK(1, start_of(1))));
    }
    T_COUNT(s, undone_by_dsack, 1);
    T_COUNT(s, zero_window_probes, 4);
}

static void undo_can_be_switched_off(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_DSACK_UNDO);
    fly_with_sack(s, RTT, 10, 10);
    script_advance(s, RTT);
    sack(s, 0, 1, 6);
    expect_segments(s, 0, 1);
    ack(s, 10);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(10), SACK1(BLOCK(1, start_of(1))));
    T_COUNT(s, undone_by_dsack, 0);
    assert_true(script_status(s).ssthresh_bytes < UINT32_MAX);
}

/* --- timeouts --------------------------------------------------------------------------------- */

/* RFC 7765 4: what is in flight was sent before this ACK. */
static void rfc7765_4_timeout_counts_from_the_sending(void **state)
{
    struct script *s = *state;
    open_path(s, RTT);
    fly(s, 2, 2);
    script_advance(s, RTT);
    ack(s, 1);
    T_TIMER(s, TE_TIMER_RETRANSMIT, script_status(s).rto_us - RTT);
}

/* A timeout that would be long past, as after a spurious one, is a whole RTO away. */
static void rfc7765_4_timeout_is_never_in_the_past(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_LOSS_PROBE);
    fly_with_sack(s, 10 * MS, 4, 4);
    script_advance(s, 10 * MS);
    ack(s, 1);
    script_advance(s, 560 * MS);
    T_COUNT(s, retransmit_timeouts, 1);
    script_skip(s);
    ack(s, 3); /* late, not lost */
    T_COUNT(s, spurious_timeouts, 1);
    T_TIMER(s, TE_TIMER_RETRANSMIT, RTO_MIN);
    script_skip(s);
}

static void rfc7765_4_not_with_four_segments(void **state)
{
    struct script *s = *state;
    open_path(s, RTT);
    fly(s, 5, 5);
    script_advance(s, RTT);
    ack(s, 1);
    T_TIMER(s, TE_TIMER_RETRANSMIT, script_status(s).rto_us);
}

static void rfc5681_3_1_timeout_sends_what_is_not_sacked(void **state)
{
    struct script *s = *state;
    without(s, TE_FEATURE_LOSS_PROBE | TE_FEATURE_FRTO | TE_FEATURE_RACK);
    fly_with_sack(s, 10 * MS, 6, 6);
    sack(s, 0, 2, 4); /* two: not enough */
    T_EXPECT_NONE(s);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    ack(s, 1);
    expect_segments(s, 1, 1);
    expect_segments(s, 4, 1);
    ack(s, 5);
    expect_segments(s, 5, 1);
    ack(s, 6);
    assert_string_equal(recovery(s), "open");
}

/* --- large segments --------------------------------------------------------------------------- */

/* A frame of ten segments, one of which is lost: only that one goes again. */
static void part_of_a_large_frame_is_sent_again(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    s->f.config.gso = s->f.config.checksum_offload = true;
    open_path(s, RTT);
    T_EQUAL(script_user_send(s, 10 * MSS), 10 * MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10 * MSS);
    script_advance(s, RTT);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(3),
           SACK1(BLOCK(start_of(4), start_of(10))));
    T_EXPECT(s, .flags = TE_ACK, .seq = start_of(3), .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_COUNT(s, segments_retransmitted, 1);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void idle_sender_is_given_back(void **state)
{
    struct script *s = *state;
    fly_with_sack(s, RTT, 1, 1);
    script_advance(s, RTT);
    ack(s, 1);
    assert_true(script_status(s).min_rtt_us > 0);
    script_advance(s, 20 * SECOND);
    T_EQUAL(script_status(s).min_rtt_us, 0); /* forgotten with the rest */
    T_EQUAL(script_user_send(s, MSS), MSS);
    expect_segments(s, 1, 1);
    ack(s, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc6675_three_sacked_segments_make_the_first_lost),
        SCRIPT_TEST(rfc6675_holes_are_filled_lowest_first),
        SCRIPT_TEST(rfc6675_two_above_are_not_enough),
        SCRIPT_TEST(sack_of_what_was_never_sent_is_ignored),
        SCRIPT_TEST(rfc6675_4_what_may_be_lost_fills_the_window),
        SCRIPT_TEST(rfc6675_loss_after_a_needless_timeout),
        SCRIPT_TEST(rfc9293_3_8_6_retransmission_stays_inside_the_window),
        SCRIPT_TEST(rfc2018_8_reneging_sends_everything_again),
        SCRIPT_TEST(rfc8985_6_2_reordering_within_the_window_repeats_nothing),
        SCRIPT_TEST(rfc8985_6_3_timer_finds_what_is_late),
        SCRIPT_TEST(rfc8985_6_2_no_window_after_dup_thresh),
        SCRIPT_TEST(rfc8985_3_2_lost_retransmission_is_found),
        SCRIPT_TEST(rfc6298_3_sacked_data_is_timed),
        SCRIPT_TEST(rfc6675_6_timeout_waits_while_older_data_arrives),
        SCRIPT_TEST(rfc8985_6_2_late_original_is_reordering),
        SCRIPT_TEST(rfc8985_6_2_rtt_is_that_of_the_last_delivered),
        SCRIPT_TEST(rfc7323_4_3_old_echo_of_a_sack_is_no_reordering),
        SCRIPT_TEST(rfc8985_6_2_dsack_widens_the_window),
        SCRIPT_TEST(rfc8985_7_3_probe_repeats_the_last_segment),
        SCRIPT_TEST(rfc8985_7_3_probe_sends_new_data_if_there_is_some),
        SCRIPT_TEST(rfc8985_7_2_lone_segment_waits_for_a_delayed_ack),
        SCRIPT_TEST(rfc8985_7_4_probe_that_was_needless),
        SCRIPT_TEST(rfc8985_7_4_probe_that_repaired_a_loss_lowers_cwnd),
        SCRIPT_TEST(rfc8985_7_4_dsack_of_the_probe_lowers_nothing),
        SCRIPT_TEST(rfc8985_7_3_one_probe_in_flight),
        SCRIPT_TEST(rfc8985_7_3_no_probe_before_a_round_trip_is_measured),
        SCRIPT_TEST(rfc8985_7_2_only_new_acknowledgments_restart_the_probe),
        SCRIPT_TEST(loss_probe_can_be_switched_off),
        SCRIPT_TEST(rfc6937_3_one_segment_for_two_delivered),
        SCRIPT_TEST(rfc5682_3_original_sacked_after_a_timeout_undoes_it),
        SCRIPT_TEST(rfc5682_2_1_real_loss_goes_on_with_slow_start),
        SCRIPT_TEST(rfc5682_2_1_new_data_that_is_lost_holds_nothing_up),
        SCRIPT_TEST(rfc5682_3_new_data_that_is_never_sacked_holds_nothing_up),
        SCRIPT_TEST(rfc5682_3_new_data_unseen_by_rack_holds_nothing_up),
        SCRIPT_TEST(rfc5682_2_1_second_timeout_sends_no_new_data),
        SCRIPT_TEST(rfc5682_2_1_new_data_acknowledged_in_order_is_spurious),
        SCRIPT_TEST(rfc5682_2_1_second_timeout_is_answered_as_usual),
        SCRIPT_TEST(rfc5682_2_1_ack_of_everything_is_no_proof_without_sack),
        SCRIPT_TEST(rfc3522_3_2_old_echo_undoes_a_fast_retransmit),
        SCRIPT_TEST(rfc3708_dsack_of_all_retransmissions_undoes),
        SCRIPT_TEST(rfc3708_late_dsack_leaves_the_backoff_of_window_probes),
        SCRIPT_TEST(undo_can_be_switched_off),
        SCRIPT_TEST(rfc7765_4_timeout_counts_from_the_sending),
        SCRIPT_TEST(rfc7765_4_timeout_is_never_in_the_past),
        SCRIPT_TEST(rfc7765_4_not_with_four_segments),
        SCRIPT_TEST(rfc5681_3_1_timeout_sends_what_is_not_sacked),
        SCRIPT_TEST(part_of_a_large_frame_is_sent_again),
        SCRIPT_TEST(idle_sender_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

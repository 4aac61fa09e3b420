#include "support/bare_conn.h"
#include "support/test.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/timers.h"
#include "tcp/recovery/recovery.h"

#define RTT (100 * MS)
#define CWND (10 * BARE_MSS)

static struct bare b;
static struct te_conn *const conn = &b.conn;

static int setup(void **state)
{
    (void)state;
    bare_init(&b);
    te_rtt_sample(&conn->rtt, &b.stack->config, RTT);
    conn->cc.cwnd_bytes = CWND;
    conn->features &= ~(uint32_t)TE_FEATURE_CWND_VALIDATION; /* it has tests of its own */
    return 0;
}

/* NewReno. */
static int setup_without_sack(void **state)
{
    setup(state);
    conn->sack_ok = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_done(&b);
    return 0;
}

static void assert_state(const char *name)
{
    assert_string_equal(te_recovery_name(conn), name);
}

static void recover(struct te_ack_report *report)
{
    te_recovery_on_ack(b.stack, conn, report);
    assert_null(te_sent_map_check(&conn->sender->map, conn->snd_una, conn->snd_nxt));
}

static void ack(uint32_t offset)
{
    const struct te_segment segment = bare_ack(&b, offset);
    struct te_ack_report report = bare_take(&b, &segment);
    recover(&report);
}

/* An ACK of everything below offset with one SACK block. */
static void ack_sack(uint32_t offset, uint32_t start, uint32_t end)
{
    struct te_segment segment = bare_ack(&b, offset);
    bare_add_sack(&segment, start, end);
    struct te_ack_report report = bare_take(&b, &segment);
    recover(&report);
}

/* Ten segments of a full window were sent, and RTT has passed. */
static void full_window(void)
{
    bare_send(&b, 10, BARE_MSS);
    bare_at(&b, RTT);
}

/* The first of ten is lost: three segments are SACKed. */
static void enter_fast(void)
{
    full_window();
    ack_sack(0, 1000, 4000);
    assert_state("recovery");
}

static void time_out(void)
{
    conn->retransmits++;
    te_recovery_on_timeout(b.stack, conn);
    assert_null(te_sent_map_check(&conn->sender->map, conn->snd_una, conn->snd_nxt));
}

/* --- OPEN ------------------------------------------------------------------------------------- */

static void open_grows_the_window(void **state)
{
    (void)state;
    full_window();
    conn->cwnd_limited = true;
    assert_state("open");
    ack(2000);
    assert_int_equal(conn->cc.cwnd_bytes, CWND + 2000); /* slow start */
    assert_true(conn->is_queued);
}

/* SACKed or delayed, but nothing lost yet. */
static void open_waits_for_the_reordering_window(void **state)
{
    (void)state;
    full_window();
    ack_sack(0, 1000, 2000);
    assert_state("open");
    assert_int_equal(conn->recovery.duplicate_acks, 1);
    assert_int_equal(conn->timer_at_us[TE_TIMER_REORDER], bare_time(&b, RTT + RTT / 4));
    bare_at(&b, RTT + RTT / 4);
    te_recovery_on_reorder_timer(b.stack, conn);
    assert_state("recovery");
    assert_int_equal(bare_record(&b, 0)->state, TE_SENT_LOST);
}

/* --- FAST ------------------------------------------------------------------------------------- */

/* RFC 6675 5, RFC 6937: ssthresh is half of the flight, the first is sent again at once, and cwnd
 * comes down with what is delivered. */
static void fast_begins(void **state)
{
    (void)state;
    enter_fast();
    assert_int_equal(conn->cc.ssthresh_bytes, CWND / 2);
    assert_int_equal(conn->recovery.recover, bare_seq(10000));
    assert_true(conn->sender->retransmit_now);
    assert_int_equal(b.stack->counters.fast_retransmits, 1);
    assert_int_equal(b.stack->counters.recoveries, 1);
    assert_int_equal(conn->sender->map.lost_bytes, 1000);
    /* pipe 6,000 + half of what was delivered, 1,500 */
    assert_int_equal(conn->cc.cwnd_bytes, 7500);
}

/* One answer per window: what else is lost in it costs nothing more. */
static void fast_answers_once(void **state)
{
    (void)state;
    enter_fast();
    bare_resend(&b, 0);
    ack_sack(0, 5000, 8000); /* 4,000 to 5,000 is lost, too */
    assert_int_equal(bare_record(&b, 4000)->state, TE_SENT_LOST);
    assert_int_equal(conn->cc.ssthresh_bytes, CWND / 2);
    assert_int_equal(b.stack->counters.recoveries, 1);
}

static void fast_ends_at_recover(void **state)
{
    (void)state;
    enter_fast();
    bare_resend(&b, 0);
    bare_at(&b, 2 * RTT);
    bare_send(&b, 1, BARE_MSS);
    ack(9000);
    assert_state("recovery");
    ack(10000);
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, CWND / 2);
    assert_false(conn->sender->retransmit_now);
}

/* Without PRR cwnd is ssthresh at once. */
static void fast_without_prr(void **state)
{
    (void)state;
    conn->features &= ~(uint32_t)TE_FEATURE_PRR;
    enter_fast();
    assert_int_equal(conn->cc.cwnd_bytes, CWND / 2);
}

/* A reduction never ends with more than it began with: ssthresh is at least two segments. */
static void fast_never_raises_the_window(void **state)
{
    (void)state;
    conn->cc.cwnd_bytes = BARE_MSS;
    enter_fast();
    assert_int_equal(conn->sender->cwnd_before_bytes, BARE_MSS);
    bare_resend(&b, 0);
    ack(10000);
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, BARE_MSS);
}

/* --- NewReno ---------------------------------------------------------------------------------- */

/* RFC 5681 3.2, RFC 3042: two duplicates let new data out, the third begins. */
static void rfc5681_3_2_third_duplicate(void **state)
{
    (void)state;
    full_window();
    for (unsigned i = 1; i <= 2; i++) {
        ack(0);
        assert_state("open");
        assert_int_equal(te_sender_pipe(conn), CWND - i * BARE_MSS);
    }
    ack(0);
    assert_state("recovery");
    assert_int_equal(bare_record(&b, 0)->state, TE_SENT_LOST);
    assert_int_equal(bare_record(&b, 1000)->state, TE_SENT_IN_FLIGHT);
    assert_int_equal(conn->cc.ssthresh_bytes, CWND / 2);
}

/* RFC 6582 3.2 step 3: each partial acknowledgment sends the next hole again, the first one
 * restarts the timer. */
static void rfc6582_3_2_partial_acks(void **state)
{
    (void)state;
    full_window();
    for (unsigned i = 0; i < 3; i++)
        ack(0);
    bare_resend(&b, 0);
    conn->sender->retransmit_now = false;
    ack(3000);
    assert_state("recovery");
    assert_int_equal(bare_record(&b, 3000)->state, TE_SENT_LOST);
    assert_true(conn->sender->retransmit_now);
    assert_false(te_recovery_holds_timeout(conn));
    bare_resend(&b, 3000);
    ack(6000);
    assert_true(te_recovery_holds_timeout(conn));
    bare_resend(&b, 6000);
    ack(10000);
    assert_state("open");
    assert_false(te_recovery_holds_timeout(conn));
}

/* RFC 6582 3.2 step 3 (1): at the end at most one segment more than what is in flight. */
static void rfc6582_3_2_no_burst_at_the_end(void **state)
{
    (void)state;
    full_window();
    for (unsigned i = 0; i < 3; i++)
        ack(0);
    bare_resend(&b, 0);
    ack(10000);
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, 2 * BARE_MSS);
}

/* RFC 6582 3.2 step 2: duplicates that the recovery itself has caused begin no other. */
static void rfc6582_3_2_duplicates_after_a_recovery(void **state)
{
    (void)state;
    full_window();
    for (unsigned i = 0; i < 3; i++)
        ack(0);
    bare_resend(&b, 0);
    bare_send(&b, 4, BARE_MSS);
    ack(10000);
    assert_int_equal(conn->recovery.recover, bare_seq(10000));
    for (unsigned i = 0; i < 5; i++)
        ack(10000);
    assert_state("open");
    ack(11000);
    bare_send(&b, 4, BARE_MSS);
    for (unsigned i = 0; i < 3; i++)
        ack(11000);
    assert_state("recovery");
}

/* --- CWR -------------------------------------------------------------------------------------- */

static void mark(uint32_t offset)
{
    const struct te_segment segment = bare_ack(&b, offset);
    struct te_ack_report report = bare_take(&b, &segment);
    report.has_ece = report.echoes_mark = true;
    recover(&report);
}

/* RFC 3168 6.1.2, RFC 8511: cwnd comes down without a loss, to 0.8. */
static void rfc3168_6_1_2_mark(void **state)
{
    (void)state;
    full_window();
    mark(1000);
    assert_state("cwr");
    assert_int_equal(conn->cc.ssthresh_bytes, CWND / 5 * 4);
    assert_int_equal(conn->sender->map.lost_bytes, 0);
    ack(9000);
    assert_state("cwr");
    ack(10000);
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, CWND / 5 * 4);
    assert_int_equal(b.stack->counters.fast_retransmits, 0);
}

/* A mark with nothing left in flight is over as soon as it is answered. */
static void mark_on_the_last_ack(void **state)
{
    (void)state;
    full_window();
    mark(10000);
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, CWND / 5 * 4);
}

/* A loss in the window of a mark is repaired, and not answered once more. */
static void loss_after_a_mark(void **state)
{
    (void)state;
    full_window();
    mark(1000);
    ack_sack(1000, 2000, 5000);
    assert_state("recovery");
    assert_int_equal(conn->cc.ssthresh_bytes, CWND / 5 * 4);
    assert_false(conn->sender->undo.is_armed);
}

/* --- LOSS ------------------------------------------------------------------------------------- */

/* RFC 5681 3.1: one segment, and half of what was in flight as threshold. */
static void rfc5681_3_1_timeout(void **state)
{
    (void)state;
    full_window();
    ack_sack(0, 5000, 6000);
    time_out();
    assert_state("loss");
    assert_int_equal(conn->cc.cwnd_bytes, BARE_MSS);
    assert_int_equal(conn->cc.ssthresh_bytes, CWND / 2);
    assert_int_equal(conn->sender->map.lost_bytes, 9000); /* all but what is SACKed */
    assert_int_equal(te_sender_pipe(conn), 0);
    assert_false(te_timer_is_set(conn, TE_TIMER_REORDER));
    assert_false(te_timer_is_set(conn, TE_TIMER_LOSS_PROBE));
}

/* RFC 5681 3.1: of a segment that a timeout has sent again, the threshold stays. */
static void rfc5681_3_1_second_timeout(void **state)
{
    (void)state;
    full_window();
    time_out();
    bare_resend(&b, 0);
    time_out();
    assert_int_equal(conn->cc.ssthresh_bytes, CWND / 2);
    assert_int_equal(conn->cc.cwnd_bytes, BARE_MSS);
    assert_int_equal(b.stack->counters.recoveries, 1);
}

static void loss_ends_at_recover(void **state)
{
    (void)state;
    conn->features &= ~(uint32_t)TE_FEATURE_FRTO;
    full_window();
    time_out();
    for (uint32_t offset = 0; offset < 9000; offset += 1000) {
        bare_resend(&b, offset);
        ack(offset + 1000);
        assert_state("loss");
    }
    bare_resend(&b, 9000);
    ack(10000);
    assert_state("open");
    assert_int_equal(conn->recovery.duplicate_acks, 0);
}

/* Before our SYN is acknowledged everything is sent again from the SYN on. */
static void timeout_of_a_syn(void **state)
{
    (void)state;
    bare_send(&b, 1, BARE_MSS); /* a Fast Open */
    conn->syn_acked = false;
    conn->rtt_timing = true;
    te_recovery_on_timeout(b.stack, conn);
    assert_int_equal(conn->snd_nxt, conn->snd_una);
    assert_int_equal(conn->sender->map.count, 0);
    assert_false(conn->rtt_timing); /* Karn */
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, CWND);
}

/* RFC 2018 8: what is SACKed at SND.UNA was thrown away. */
static void rfc2018_8_reneging(void **state)
{
    (void)state;
    full_window();
    ack_sack(0, 0, 3000);
    time_out();
    assert_int_equal(b.stack->counters.sack_reneging, 1);
    assert_int_equal(conn->sender->map.sacked_bytes, 0);
    assert_int_equal(conn->sender->map.lost_bytes, 10000);
}

/* RFC 9293 3.8.6: what lies beyond a window that was taken back is sent anew when it opens. */
static void rfc9293_3_8_6_window_taken_back(void **state)
{
    (void)state;
    full_window();
    conn->snd_wnd = 2500;
    time_out();
    assert_int_equal(conn->snd_nxt, bare_seq(2500));
    assert_int_equal(conn->sender->map.lost_bytes, 2500);
}

/* --- needless timeouts ------------------------------------------------------------------------ */

/* RFC 5682 3: with SACK the first original that arrives shows that the timeout was needless. */
static void rfc5682_3_original_arrives(void **state)
{
    (void)state;
    full_window();
    time_out();
    bare_resend(&b, 0);
    assert_int_equal(conn->sender->frto, TE_FRTO_RESENT);
    ack(2000); /* the second was sent once */
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, CWND);
    assert_int_equal(conn->cc.ssthresh_bytes, UINT32_MAX);
    assert_int_equal(conn->sender->map.lost_bytes, 0); /* on its way after all */
    assert_int_equal(b.stack->counters.spurious_timeouts, 1);
    assert_int_equal(conn->rtt.backoff, 0);
}

/* RFC 5682 2.1 step 2b: an ACK of the retransmission alone asks for two new segments. */
static void rfc5682_2_1_new_data_first(void **state)
{
    (void)state;
    full_window();
    time_out();
    bare_resend(&b, 0);
    conn->queued_offset += 5000;
    ack(1000);
    assert_int_equal(conn->sender->frto, TE_FRTO_NEW);
    assert_true(te_recovery_prefers_new(conn));
    conn->queued_offset -= 2000;
    bare_send(&b, 1, BARE_MSS);
    assert_true(te_recovery_prefers_new(conn));
    bare_send(&b, 1, BARE_MSS);
    assert_false(te_recovery_prefers_new(conn)); /* two are enough */
}

/* Step 2a: nothing new to send: the usual slow start. */
static void rfc5682_2_1_nothing_new(void **state)
{
    (void)state;
    full_window();
    time_out();
    bare_resend(&b, 0);
    ack(1000);
    assert_int_equal(conn->sender->frto, TE_FRTO_OFF);
    assert_state("loss");
}

/* Step 3a: a duplicate: the timeout was right. Three segments of window go on with slow start. */
static void rfc5682_2_1_3a_timeout_was_right(void **state)
{
    (void)state;
    full_window();
    time_out();
    bare_resend(&b, 0);
    conn->queued_offset += 5000;
    ack(1000);
    conn->cc.cwnd_bytes = BARE_MSS;
    ack(1000);
    assert_int_equal(conn->sender->frto, TE_FRTO_OFF);
    assert_state("loss");
    assert_int_equal(conn->cc.cwnd_bytes, 3 * BARE_MSS);
}

static void frto_can_be_switched_off(void **state)
{
    (void)state;
    conn->features &= ~(uint32_t)(TE_FEATURE_FRTO | TE_FEATURE_EIFEL);
    full_window();
    time_out();
    bare_resend(&b, 0);
    ack(2000);
    assert_state("loss");
    assert_int_equal(b.stack->counters.spurious_timeouts, 0);
}

/* --- needless fast recoveries ----------------------------------------------------------------- */

/* RFC 3522: the ACK of what was sent again echoes a timestamp of before. */
static void ack_with_echo(int64_t echoed_us)
{
    struct te_segment segment = bare_ack(&b, 4000);
    conn->ts_ok = true;
    enter_fast();
    bare_at(&b, RTT + 10 * MS);
    bare_resend(&b, 0);
    segment.header.options.has_timestamps = true;
    segment.header.options.ts_echo = te_ts_at(0, bare_time(&b, echoed_us));
    struct te_ack_report report = bare_take(&b, &segment);
    recover(&report);
}

static void rfc3522_eifel(void **state)
{
    (void)state;
    ack_with_echo(0);
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, CWND);
    assert_int_equal(conn->cc.ssthresh_bytes, UINT32_MAX);
    assert_int_equal(b.stack->counters.undone_by_timestamp, 1);
}

static void rfc3522_echo_of_the_retransmission(void **state)
{
    (void)state;
    ack_with_echo(RTT + 10 * MS);
    assert_state("recovery");
    assert_int_equal(b.stack->counters.undone_by_timestamp, 0);
}

/* RFC 3708: every byte that was sent again is reported as a duplicate. */
static void rfc3708_dsack(void **state)
{
    (void)state;
    enter_fast();
    bare_resend(&b, 0);
    ack(4000);
    assert_state("recovery");
    ack_sack(4000, 0, 1000);
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, CWND);
    assert_int_equal(b.stack->counters.undone_by_dsack, 1);
    assert_int_equal(b.stack->counters.dsack_in, 1);
}

/* RFC 4015 3.3: with a mark there was congestion all the same. */
static void rfc4015_3_3_a_mark_keeps_it(void **state)
{
    (void)state;
    enter_fast();
    bare_resend(&b, 0);
    mark(4000);
    ack_sack(4000, 0, 1000);
    assert_state("recovery");
    assert_int_equal(b.stack->counters.undone_by_dsack, 0);
}

/* --- smaller segments, and pauses ------------------------------------------------------------- */

/* RFC 8201 5.4: what is too large is sent again, without an answer of congestion control. */
static void rfc8201_5_4_smaller_mss(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    bare_send(&b, 1, 500);
    conn->mss = 800;
    conn->cc.cwnd_bytes = 700;
    te_recovery_on_smaller_mss(b.stack, conn);
    assert_state("open");
    assert_int_equal(conn->sender->map.lost_bytes, 2000);
    assert_int_equal(conn->cc.cwnd_bytes, 800);
    assert_int_equal(conn->cc.ssthresh_bytes, UINT32_MAX);
    assert_true(conn->is_queued);
}

/* RFC 5681 4.1: after more than RTO without sending, at most the initial window. */
static void rfc5681_4_1_restart(void **state)
{
    (void)state;
    const int64_t rto_us = te_rtt_rto_us(&conn->rtt, &b.stack->config);
    conn->cc.cwnd_bytes = 50 * BARE_MSS;
    bare_at(&b, rto_us);
    te_recovery_on_restart(b.stack, conn);
    assert_int_equal(conn->cc.cwnd_bytes, 50 * BARE_MSS);
    bare_at(&b, rto_us + 1);
    te_recovery_on_restart(b.stack, conn);
    assert_int_equal(conn->cc.cwnd_bytes, 10 * BARE_MSS);
    conn->cc.cwnd_bytes = 3 * BARE_MSS;
    te_recovery_on_restart(b.stack, conn);
    assert_int_equal(conn->cc.cwnd_bytes, 3 * BARE_MSS); /* never up */
}

/* As long as something is in flight or queued there is no pause. */
static void no_restart_while_sending(void **state)
{
    (void)state;
    conn->cc.cwnd_bytes = 50 * BARE_MSS;
    bare_send(&b, 1, BARE_MSS);
    bare_at(&b, 60 * SECOND);
    te_recovery_on_restart(b.stack, conn);
    assert_int_equal(conn->cc.cwnd_bytes, 50 * BARE_MSS);
    ack(1000);
    uint32_t grown = conn->cc.cwnd_bytes;
    conn->queued_offset++;
    te_recovery_on_restart(b.stack, conn);
    assert_int_equal(conn->cc.cwnd_bytes, grown);
}

static void without_a_sender(void **state)
{
    (void)state;
    te_sender_release(b.stack, conn);
    const struct te_segment segment = bare_ack(&b, 0);
    struct te_ack_report report;
    te_ack_report_begin(conn, &segment, &report);
    te_recovery_on_ack(b.stack, conn, &report);
    te_recovery_on_timeout(b.stack, conn);
    te_recovery_on_reorder_timer(b.stack, conn);
    te_recovery_on_smaller_mss(b.stack, conn);
    te_recovery_on_restart(b.stack, conn);
    assert_state("open");
    assert_int_equal(conn->cc.cwnd_bytes, CWND);
}

static void test_names(void **state)
{
    static const char *const names[] = {"open", "cwr", "recovery", "loss"};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        conn->recovery.state = (uint8_t)i;
        assert_state(names[i]);
    }
    conn->recovery.state = TE_RECOVERY_OPEN;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define RENO_TEST(name) cmocka_unit_test_setup_teardown(name, setup_without_sack, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open_grows_the_window),
        TEST(open_waits_for_the_reordering_window),
        TEST(fast_begins),
        TEST(fast_answers_once),
        TEST(fast_ends_at_recover),
        TEST(fast_without_prr),
        TEST(fast_never_raises_the_window),
        RENO_TEST(rfc5681_3_2_third_duplicate),
        RENO_TEST(rfc6582_3_2_partial_acks),
        RENO_TEST(rfc6582_3_2_no_burst_at_the_end),
        RENO_TEST(rfc6582_3_2_duplicates_after_a_recovery),
        TEST(rfc3168_6_1_2_mark),
        TEST(mark_on_the_last_ack),
        TEST(loss_after_a_mark),
        TEST(rfc5681_3_1_timeout),
        TEST(rfc5681_3_1_second_timeout),
        TEST(loss_ends_at_recover),
        TEST(timeout_of_a_syn),
        TEST(rfc2018_8_reneging),
        TEST(rfc9293_3_8_6_window_taken_back),
        TEST(rfc5682_3_original_arrives),
        TEST(rfc5682_2_1_new_data_first),
        TEST(rfc5682_2_1_nothing_new),
        TEST(rfc5682_2_1_3a_timeout_was_right),
        TEST(frto_can_be_switched_off),
        TEST(rfc3522_eifel),
        TEST(rfc3522_echo_of_the_retransmission),
        TEST(rfc3708_dsack),
        TEST(rfc4015_3_3_a_mark_keeps_it),
        TEST(rfc8201_5_4_smaller_mss),
        TEST(rfc5681_4_1_restart),
        TEST(no_restart_while_sending),
        TEST(without_a_sender),
        TEST(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support/bare_conn.h"
#include "support/test.h"
#include "tcp/conn/timers.h"
#include "tcp/recovery/loss_probe.h"
#include "tcp/recovery/recovery.h"
#include "tcp/recovery/retransmit_timer.h"

#define RTT (100 * MS)
#define RTO (300 * MS) /* of a first sample of RTT */

static struct bare b;
static struct te_conn *const conn = &b.conn;

static int setup(void **state)
{
    (void)state;
    bare_init(&b);
    te_rtt_sample(&conn->rtt, &b.stack->config, RTT);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_done(&b);
    return 0;
}

static void schedule(void)
{
    te_timers_after_send(b.stack, conn);
    te_loss_probe_schedule(b.stack, conn);
}

static void assert_probe_at(int64_t since_us)
{
    assert_int_equal(conn->timer_at_us[TE_TIMER_LOSS_PROBE], bare_time(&b, since_us));
}

static bool is_armed(void)
{
    return te_timer_is_set(conn, TE_TIMER_LOSS_PROBE);
}

static struct te_ack_report ack_to(uint32_t offset)
{
    const struct te_segment segment = bare_ack(&b, offset);
    return bare_take(&b, &segment);
}

/* --- 7.2: when -------------------------------------------------------------------------------- */

static void rfc8985_7_2_two_round_trips(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    schedule();
    assert_probe_at(2 * RTT);
}

/* A lone segment's ACK may be delayed: by 200 ms here, beyond the retransmission timeout. */
static void rfc8985_7_2_lone_segment(void **state)
{
    (void)state;
    bare_send(&b, 1, BARE_MSS);
    schedule();
    assert_probe_at(RTO);
    te_timer_set(b.stack, conn, TE_TIMER_RETRANSMIT, bare_time(&b, SECOND));
    te_loss_probe_schedule(b.stack, conn);
    assert_probe_at(2 * RTT + 200 * MS);
}

static void rfc8985_7_2_without_a_round_trip(void **state)
{
    (void)state;
    te_rtt_init(&conn->rtt, &b.stack->config);
    bare_send(&b, 2, BARE_MSS);
    te_timer_set(b.stack, conn, TE_TIMER_RETRANSMIT, bare_time(&b, 3 * SECOND));
    te_loss_probe_schedule(b.stack, conn);
    assert_probe_at(SECOND);
}

static void short_paths_wait_ten_milliseconds(void **state)
{
    (void)state;
    te_rtt_init(&conn->rtt, &b.stack->config);
    te_rtt_sample(&conn->rtt, &b.stack->config, 100);
    bare_send(&b, 2, BARE_MSS);
    schedule();
    assert_probe_at(10 * MS);
}

/* Counted from the latest sending. */
static void rearmed_by_each_sending(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    schedule();
    bare_at(&b, 30 * MS);
    bare_send(&b, 1, BARE_MSS);
    schedule();
    assert_probe_at(30 * MS + 2 * RTT);
}

/* --- 7.3: whether ----------------------------------------------------------------------------- */

typedef void spoil_fn(void);

static void switched_off(void)
{
    conn->features &= ~(uint32_t)TE_FEATURE_LOSS_PROBE;
}

static void no_sack(void)
{
    conn->sack_ok = false;
}

static void probe_in_flight(void)
{
    conn->sender->has_probe = true;
}

static void no_round_trip_since(void)
{
    conn->sender->probe_needs_rtt = true;
}

static void in_recovery(void)
{
    conn->recovery.state = TE_RECOVERY_FAST;
}

static void something_sacked(void)
{
    struct te_segment segment = bare_ack(&b, 0);
    bare_add_sack(&segment, 1000, 2000);
    bare_take(&b, &segment);
}

static void something_lost(void)
{
    te_sent_map_mark_lost(&conn->sender->map, bare_record(&b, 0));
}

static void closed_window(void)
{
    conn->snd_wnd = 0;
}

static void nothing_in_flight(void)
{
    ack_to(2000);
}

static void no_sender(void)
{
    te_sender_release(b.stack, conn);
}

/* Each of these disarms it, and keeps a timer that expires all the same from probing. */
static void rfc8985_7_3_conditions(void **state)
{
    static spoil_fn *const spoils[] = {
        switched_off,     no_sack,        probe_in_flight, no_round_trip_since, in_recovery,
        something_sacked, something_lost, closed_window,   nothing_in_flight,   no_sender,
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
        teardown(NULL);
        setup(NULL);
        bare_send(&b, 2, BARE_MSS);
        schedule();
        assert_true(is_armed());
        spoils[i]();
        te_loss_probe_on_timer(b.stack, conn);
        assert_true(conn->sender == NULL || !conn->sender->probe_now);
        te_loss_probe_schedule(b.stack, conn);
        assert_false(is_armed());
    }
}

/* The next frame is the probe, and the timeout starts again: it may have been due with it. */
static void rfc8985_7_3_on_timer(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    schedule();
    bare_at(&b, 2 * RTT);
    te_loss_probe_on_timer(b.stack, conn);
    assert_true(conn->sender->probe_now);
    assert_true(conn->is_queued);
    assert_int_equal(conn->timer_at_us[TE_TIMER_RETRANSMIT], bare_time(&b, 2 * RTT + RTO));
}

static void probe(bool is_resent)
{
    te_loss_probe_on_timer(b.stack, conn);
    if (is_resent)
        bare_resend(&b, 1000);
    else
        bare_send(&b, 1, BARE_MSS);
    te_loss_probe_on_sent(conn, is_resent);
}

static void one_probe_until_a_round_trip_is_measured(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    probe(false);
    assert_false(conn->sender->probe_now);
    assert_true(conn->sender->has_probe && conn->sender->probe_needs_rtt);
    assert_int_equal(conn->sender->probe_end, bare_seq(3000));
    te_loss_probe_schedule(b.stack, conn);
    assert_false(is_armed());
    bare_at(&b, 250 * MS);
    bare_send(&b, 1, BARE_MSS);
    struct te_ack_report report = ack_to(3000);
    te_recovery_on_ack(b.stack, conn, &report);
    assert_false(conn->sender->has_probe || conn->sender->probe_needs_rtt);
    schedule();
    assert_true(is_armed());
}

/* --- 7.4: what came of it --------------------------------------------------------------------- */

/* New data repairs nothing. */
static void rfc8985_7_4_new_data(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    probe(false);
    struct te_ack_report report = ack_to(2000);
    assert_false(te_loss_probe_on_ack(conn, &report));
    assert_true(conn->sender->has_probe); /* it is not acknowledged yet */
    report = ack_to(3000);
    assert_false(te_loss_probe_on_ack(conn, &report));
    assert_false(conn->sender->has_probe);
}

/* Beyond the probe, and no D-SACK: the original was lost. */
static void rfc8985_7_4_repaired_a_loss(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    probe(true);
    bare_send(&b, 1, BARE_MSS);
    struct te_ack_report report = ack_to(2000);
    assert_false(te_loss_probe_on_ack(conn, &report)); /* that may be for the original */
    assert_true(conn->sender->has_probe);
    report = ack_to(3000);
    assert_true(te_loss_probe_on_ack(conn, &report));
    assert_false(conn->sender->has_probe);
    assert_false(te_loss_probe_on_ack(conn, &report));
}

/* A D-SACK: both copies have arrived. */
static void rfc8985_7_4_dsack(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    probe(true);
    bare_send(&b, 1, BARE_MSS);
    struct te_segment segment = bare_ack(&b, 3000);
    bare_add_sack(&segment, 1000, 2000);
    struct te_ack_report report = bare_take(&b, &segment);
    assert_true(report.has_dsack);
    assert_false(te_loss_probe_on_ack(conn, &report));
    assert_false(conn->sender->has_probe);
}

/* A duplicate at the very end, without D-SACK: both copies, too. */
static void rfc8985_7_4_pure_duplicate(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    probe(true);
    struct te_ack_report report = ack_to(2000);
    assert_false(te_loss_probe_on_ack(conn, &report));
    report = ack_to(2000);
    assert_true(report.is_repeat);
    assert_false(te_loss_probe_on_ack(conn, &report));
    assert_false(conn->sender->has_probe);
}

/* A repaired loss is answered as any other: the window comes down, and OPEN stays. */
static void a_repaired_loss_costs_the_window(void **state)
{
    (void)state;
    bare_send(&b, 8, BARE_MSS);
    probe(true);
    bare_at(&b, 250 * MS);
    bare_send(&b, 1, BARE_MSS);
    bare_at(&b, 350 * MS);
    uint32_t before = conn->cc.cwnd_bytes;
    struct te_ack_report report = ack_to(9000);
    te_recovery_on_ack(b.stack, conn, &report);
    assert_int_equal(b.stack->counters.loss_probe_recoveries, 1);
    assert_int_equal(conn->recovery.state, TE_RECOVERY_OPEN);
    assert_true(conn->cc.cwnd_bytes < before);
    assert_int_equal(conn->cc.ssthresh_bytes, 9 * BARE_MSS / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc8985_7_2_two_round_trips),
        TEST(rfc8985_7_2_lone_segment),
        TEST(rfc8985_7_2_without_a_round_trip),
        TEST(short_paths_wait_ten_milliseconds),
        TEST(rearmed_by_each_sending),
        TEST(rfc8985_7_3_conditions),
        TEST(rfc8985_7_3_on_timer),
        TEST(one_probe_until_a_round_trip_is_measured),
        TEST(rfc8985_7_4_new_data),
        TEST(rfc8985_7_4_repaired_a_loss),
        TEST(rfc8985_7_4_dsack),
        TEST(rfc8985_7_4_pure_duplicate),
        TEST(a_repaired_loss_costs_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

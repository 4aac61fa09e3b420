#include "support/bare_conn.h"
#include "support/test.h"
#include "tcp/conn/timers.h"
#include "tcp/recovery/loss_detect.h"
#include "tcp/recovery/recovery.h"

#define RTT (100 * MS)

static struct bare b;
static struct te_conn *const conn = &b.conn;

/* --- an algorithm that listens ---------------------------------------------------------------- */

static struct te_loss_sample told[256];
static unsigned told_count;

static void on_lost(struct te_congestion *cc, const struct te_loss_sample *loss)
{
    (void)cc;
    assert_true(told_count < sizeof(told) / sizeof(told[0]));
    told[told_count++] = *loss;
}

static struct te_cc_ops listening;

static int setup(void **state)
{
    (void)state;
    bare_init(&b);
    te_rtt_sample(&conn->rtt, &b.stack->config, RTT);
    listening = te_cc_reno;
    listening.on_lost = on_lost;
    conn->cc.ops = &listening;
    told_count = 0;
    return 0;
}

static int setup_by_count(void **state)
{
    setup(state);
    conn->features &= ~(uint32_t)TE_FEATURE_RACK;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_done(&b);
    return 0;
}

static void sack(uint32_t start, uint32_t end)
{
    struct te_segment segment = bare_ack(&b, 0);
    bare_add_sack(&segment, start, end);
    bare_take(&b, &segment);
}

static uint32_t detect(void)
{
    return te_loss_detect(b.stack, conn);
}

static void assert_state(uint32_t offset, enum te_sent_state want)
{
    assert_int_equal(bare_record(&b, offset)->state, want);
}

/* --- by count --------------------------------------------------------------------------------- */

/* IsLost: three discontiguous or contiguous segments SACKed above; with two it is not yet. */
static void rfc6675_4_three_segments(void **state)
{
    (void)state;
    bare_send(&b, 6, BARE_MSS);
    sack(2000, 3000);
    sack(4000, 5000);
    assert_int_equal(detect(), 0);
    sack(5000, 6000);
    assert_int_equal(detect(), 2000);
    assert_state(0, TE_SENT_LOST);
    assert_state(1000, TE_SENT_LOST);
    assert_state(3000, TE_SENT_IN_FLIGHT); /* only two above */
    assert_int_equal(detect(), 0);         /* once */
}

/* IsLost: or more than (DupThresh - 1) * SMSS bytes. */
static void rfc6675_4_two_segments_and_a_bit(void **state)
{
    (void)state;
    bare_send(&b, 4, BARE_MSS);
    sack(1000, 2000);
    sack(3000, 4000);
    assert_int_equal(detect(), 0);
    conn->mss = BARE_MSS - 1;
    assert_int_equal(detect(), 1000);
    assert_state(0, TE_SENT_LOST);
    assert_state(2000, TE_SENT_IN_FLIGHT);
}

/* Records of many segments count as what they are made of. */
static void by_count_of_segments_in_a_record(void **state)
{
    (void)state;
    bare_send(&b, 1, BARE_MSS);
    bare_send(&b, 1, 3 * BARE_MSS);
    sack(1000, 4000);
    assert_int_equal(detect(), 1000);
}

/* What was sent again stays in flight: only time can tell. */
static void by_count_leaves_retransmissions(void **state)
{
    (void)state;
    bare_send(&b, 6, BARE_MSS);
    bare_resend(&b, 1000);
    sack(3000, 6000);
    assert_int_equal(detect(), 2000);
    assert_state(0, TE_SENT_LOST);
    assert_state(1000, TE_SENT_IN_FLIGHT);
    assert_state(2000, TE_SENT_LOST);
}

/* What was looked at before follows SND.UNA: 4 GiB later the same number is in flight again. */
static void by_count_starts_at_snd_una(void **state)
{
    (void)state;
    bare_send(&b, 5, BARE_MSS);
    assert_int_equal(conn->sender->counted_to, bare_seq(0));
    const struct te_segment segment = bare_ack(&b, 2000);
    struct te_ack_report report = bare_take(&b, &segment);
    te_recovery_on_ack(b.stack, conn, &report);
    assert_int_equal(conn->sender->counted_to, bare_seq(2000));
}

/* A peer that leaves thousands of holes does not make every ACK walk over all of them. */
static void by_count_looks_so_far_down(void **state)
{
    (void)state;
    for (unsigned gap = 126; gap <= 127; gap++) { /* records between the two SACKed ones */
        teardown(NULL);
        setup_by_count(NULL);
        bare_send(&b, gap + 4, BARE_MSS);
        sack(1000, 3000);
        sack((gap + 3) * 1000, (gap + 4) * 1000);
        assert_int_equal(detect(), gap == 126 ? 1000 : 0);
    }
}

static void nothing_without_sack(void **state)
{
    (void)state;
    bare_send(&b, 6, BARE_MSS);
    sack(1000, 6000);
    conn->sack_ok = false;
    assert_int_equal(detect(), 0);
    conn->sack_ok = true;
    conn->features &= ~(uint32_t)(TE_FEATURE_RACK | TE_FEATURE_SACK_RECOVERY);
    assert_int_equal(detect(), 0);
}

/* --- by time ---------------------------------------------------------------------------------- */

/* RFC 8985 6.2 step 5: a quarter of the least RTT later than the one that was delivered; the timer
 * says when the next would be. */
static void rfc8985_6_2_timer_of_the_reordering_window(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        bare_at(&b, i * MS);
        bare_send(&b, 1, BARE_MSS);
    }
    bare_at(&b, 102 * MS);
    sack(2000, 3000); /* its RTT: 100 ms */
    assert_int_equal(detect(), 0);
    assert_int_equal(conn->timer_at_us[TE_TIMER_REORDER], bare_time(&b, 125 * MS));
    bare_at(&b, 125 * MS - 1);
    assert_int_equal(detect(), 0);
    bare_at(&b, 125 * MS);
    assert_int_equal(detect(), 1000);
    assert_int_equal(conn->timer_at_us[TE_TIMER_REORDER], bare_time(&b, 126 * MS));
    bare_at(&b, 126 * MS);
    assert_int_equal(detect(), 1000);
    assert_false(te_timer_is_set(conn, TE_TIMER_REORDER));
}

/* No reordering was seen, and DupThresh segments are SACKed: at once. */
static void rfc8985_6_2_at_once_with_three_sacked(void **state)
{
    (void)state;
    bare_send(&b, 4, BARE_MSS);
    bare_at(&b, RTT);
    sack(1000, 4000);
    assert_int_equal(detect(), 1000);
    assert_false(te_timer_is_set(conn, TE_TIMER_REORDER));
}

/* In a recovery, too, the window is zero. */
static void rfc8985_6_2_at_once_in_recovery(void **state)
{
    static const enum te_recovery_state states[] = {TE_RECOVERY_OPEN, TE_RECOVERY_CWR,
                                                    TE_RECOVERY_FAST, TE_RECOVERY_LOSS};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        teardown(NULL);
        setup(NULL);
        conn->recovery.state = (uint8_t)states[i];
        bare_send(&b, 2, BARE_MSS);
        bare_at(&b, RTT);
        sack(1000, 2000);
        assert_int_equal(detect(), i < 2 ? 0 : 1000);
    }
}

/* --- what the algorithm is told --------------------------------------------------------------- */

static void every_loss_is_told(void **state)
{
    (void)state;
    conn->sender->delivery.lost_bytes = 7000;
    bare_send(&b, 5, BARE_MSS);
    bare_at(&b, RTT);
    sack(2000, 5000);
    assert_int_equal(detect(), 2000);
    assert_int_equal(told_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(told[i].length_bytes, 1000);
        assert_int_equal(told[i].lost_bytes, (i + 1) * 1000); /* since it was sent, with itself */
        assert_int_equal(told[i].tx_in_flight_bytes, (i + 1) * 1000);
        assert_int_equal(told[i].delivered_total_bytes, 3000);
        assert_int_equal(told[i].prior_delivered_bytes, 0);
        assert_true(told[i].has_sack);
    }
    assert_int_equal(conn->sender->delivery.lost_bytes, 7000); /* the caller adds them */
}

/* --- NewReno ---------------------------------------------------------------------------------- */

static void mark_first_takes_one_segment(void **state)
{
    (void)state;
    bare_send(&b, 1, 3 * BARE_MSS);
    assert_int_equal(te_loss_mark_first(b.stack, conn), 1000);
    assert_state(0, TE_SENT_LOST);
    assert_state(1000, TE_SENT_IN_FLIGHT);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].length_bytes, 1000);
    assert_int_equal(te_loss_mark_first(b.stack, conn), 0); /* LOST already */
    assert_int_equal(told_count, 1);
}

static void mark_first_of_nothing(void **state)
{
    (void)state;
    assert_int_equal(te_loss_mark_first(b.stack, conn), 0);
}

/* Without memory for the split the whole record is lost. */
static void mark_first_without_memory(void **state)
{
    (void)state;
    bare_send(&b, 1, 3 * BARE_MSS);
    b.f.heap.allocations_left = 0;
    assert_int_equal(te_loss_mark_first(b.stack, conn), 3000);
    b.f.heap.allocations_left = -1;
}

/* --- after a timeout -------------------------------------------------------------------------- */

static void mark_all_but_what_is_sacked(void **state)
{
    (void)state;
    bare_send(&b, 5, BARE_MSS);
    bare_resend(&b, 0);
    sack(2000, 3000);
    te_sent_map_mark_lost(&conn->sender->map, bare_record(&b, 1000));
    assert_int_equal(te_loss_mark_all(conn), 3000);
    assert_state(0, TE_SENT_LOST);
    assert_state(2000, TE_SENT_SACKED);
    assert_state(4000, TE_SENT_LOST);
    assert_int_equal(conn->sender->map.in_flight_bytes, 0);
    assert_int_equal(conn->sender->map.lost_bytes, 4000);
    assert_int_equal(told_count, 3);
    assert_int_equal(te_loss_mark_all(conn), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define COUNT_TEST(name) cmocka_unit_test_setup_teardown(name, setup_by_count, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COUNT_TEST(rfc6675_4_three_segments),
        COUNT_TEST(rfc6675_4_two_segments_and_a_bit),
        COUNT_TEST(by_count_of_segments_in_a_record),
        COUNT_TEST(by_count_leaves_retransmissions),
        COUNT_TEST(by_count_starts_at_snd_una),
        COUNT_TEST(by_count_looks_so_far_down),
        TEST(nothing_without_sack),
        TEST(rfc8985_6_2_timer_of_the_reordering_window),
        TEST(rfc8985_6_2_at_once_with_three_sacked),
        TEST(rfc8985_6_2_at_once_in_recovery),
        TEST(every_loss_is_told),
        TEST(mark_first_takes_one_segment),
        TEST(mark_first_of_nothing),
        TEST(mark_first_without_memory),
        TEST(mark_all_but_what_is_sacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

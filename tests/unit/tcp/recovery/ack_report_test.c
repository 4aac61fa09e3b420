#include "support/bare_conn.h"
#include "support/test.h"
#include "tcp/conn/isn.h"
#include "tcp/recovery/ack_report.h"

#define RTT (100 * MS)

static struct bare b;
static struct te_conn *const conn = &b.conn;

static int setup(void **state)
{
    (void)state;
    bare_init(&b);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_done(&b);
    return 0;
}

static struct te_ack_report begin(const struct te_segment *segment)
{
    struct te_ack_report report;
    te_ack_report_begin(conn, segment, &report);
    return report;
}

static struct te_ack_report take_sack(const struct te_segment *segment)
{
    struct te_ack_report report = begin(segment);
    te_ack_report_take_sack(b.stack, conn, segment, &report);
    return report;
}

/* --- before ----------------------------------------------------------------------------------- */

static void test_notes_what_was_before(void **state)
{
    (void)state;
    bare_send(&b, 3, BARE_MSS);
    te_sent_map_mark_lost(&conn->sender->map, bare_record(&b, 0));
    conn->recovery.state = TE_RECOVERY_FAST;
    const struct te_segment segment = bare_ack(&b, 0);
    const struct te_ack_report report = begin(&segment);
    assert_int_equal(report.prior_pipe_bytes, 2 * BARE_MSS);
    assert_int_equal(report.prior_flight_bytes, 3 * BARE_MSS);
    assert_int_equal(report.prior_state, TE_RECOVERY_FAST);
    assert_false(report.advances || report.has_dsack || report.has_ts_echo);
    assert_int_equal(report.delivered_bytes, 0);
}

/* RFC 5681 2: (a) data is outstanding, (b) no data comes, (c) nor SYN or FIN, (d) the same number,
 * (e) the same window. */
static void test_duplicate(void **state)
{
    (void)state;
    struct te_segment segment = bare_ack(&b, 0);
    assert_false(begin(&segment).is_duplicate); /* (a) */
    assert_true(begin(&segment).is_repeat);
    bare_send(&b, 3, BARE_MSS);
    assert_true(begin(&segment).is_duplicate);
    segment.payload_len = 1; /* (b) */
    assert_false(begin(&segment).is_duplicate);
    segment.payload_len = 0;
    segment.flags = TE_ACK | TE_FIN; /* (c) */
    assert_false(begin(&segment).is_duplicate);
    segment.flags = TE_ACK;
    segment.header.window++; /* (e) */
    assert_false(begin(&segment).is_duplicate);
    segment = bare_ack(&b, BARE_MSS); /* (d) */
    assert_false(begin(&segment).is_duplicate || begin(&segment).is_repeat);
    conn->syn_acked = false;
    segment = bare_ack(&b, 0);
    assert_false(begin(&segment).is_duplicate);
}

/* With news in SACK blocks the window may differ; a lone D-SACK reports no hole. */
static void test_duplicate_with_sack(void **state)
{
    (void)state;
    bare_send(&b, 3, BARE_MSS);
    struct te_segment segment = bare_ack(&b, 0);
    segment.header.window++;
    bare_add_sack(&segment, 1000, 2000);
    assert_true(begin(&segment).is_duplicate);
    segment = bare_ack(&b, 0);
    bare_add_sack(&segment, (uint32_t)-1000, 0);
    assert_false(begin(&segment).is_duplicate);
}

/* Only a window probe is out: its refusal is no duplicate. */
static void test_probe_is_no_flight(void **state)
{
    (void)state;
    conn->snd_max = conn->snd_nxt + 1;
    const struct te_segment segment = bare_ack(&b, 0);
    assert_false(begin(&segment).is_duplicate);
}

static void test_echoes(void **state)
{
    (void)state;
    struct te_segment segment = bare_ack(&b, 0);
    segment.header.flags |= TE_ECE;
    segment.header.options.has_timestamps = true;
    segment.header.options.ts_echo = 4321;
    assert_false(begin(&segment).echoes_mark); /* ECN was not negotiated, nor were timestamps */
    assert_false(begin(&segment).has_ts_echo);
    conn->ecn.setup_sent = conn->ecn.setup_received = true;
    conn->ts_ok = true;
    assert_true(begin(&segment).echoes_mark);
    assert_true(begin(&segment).has_ts_echo);
    assert_int_equal(begin(&segment).ts_echo, 4321);
}

/* --- SACK blocks ------------------------------------------------------------------------------ */

static void test_sacked_once(void **state)
{
    (void)state;
    bare_send(&b, 4, BARE_MSS);
    struct te_segment segment = bare_ack(&b, 0);
    bare_add_sack(&segment, 1000, 3000);
    struct te_ack_report report = take_sack(&segment);
    assert_int_equal(report.sacked_bytes, 2000);
    assert_int_equal(report.delivered_bytes, 2000);
    assert_int_equal(conn->sender->map.sacked_bytes, 2000);
    assert_int_equal(conn->sender->delivery.delivered_bytes, 2000);
    report = take_sack(&segment);
    assert_int_equal(report.sacked_bytes, 0);
    assert_int_equal(report.delivered_bytes, 0);
}

/* RFC 5961 5 in spirit: below SND.UNA, beyond SND.MAX, upside down, empty. */
static void test_blocks_that_say_nothing(void **state)
{
    static const struct {
        uint32_t start, end;
    } rows[] = {
        {(uint32_t)-2000, (uint32_t)-1000}, {3000, 4001}, {2000, 1000}, {1000, 1000},
        {0x7fffffff, 0x80000001},
    };
    (void)state;
    bare_send(&b, 4, BARE_MSS);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_segment segment = bare_ack(&b, 0);
        bare_add_sack(&segment, 2000, 3000); /* lest the next be taken for a D-SACK */
        bare_add_sack(&segment, rows[i].start, rows[i].end);
        assert_int_equal(take_sack(&segment).sacked_bytes, i == 0 ? 1000 : 0);
    }
    assert_int_equal(conn->sender->map.sacked_bytes, 1000);
}

static void test_ignored_unless_negotiated(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    struct te_segment segment = bare_ack(&b, 0);
    bare_add_sack(&segment, 1000, 2000);
    conn->sack_ok = false;
    assert_int_equal(take_sack(&segment).sacked_bytes, 0);
    conn->sack_ok = true;
    assert_int_equal(take_sack(&segment).sacked_bytes, 1000);
}

/* RFC 2883 4: the first block lies below the ACK, or within the second; it is never marked. */
static void test_dsack(void **state)
{
    (void)state;
    bare_send(&b, 5, BARE_MSS);
    struct te_segment segment = bare_ack(&b, 1000);
    bare_add_sack(&segment, 0, 1000);
    bare_add_sack(&segment, 4000, 5000);
    struct te_ack_report report = take_sack(&segment);
    assert_true(report.has_dsack);
    assert_int_equal(report.dsack.start, bare_seq(0));
    assert_int_equal(report.dsack.end, bare_seq(1000));
    assert_int_equal(report.sacked_bytes, 1000);

    segment = bare_ack(&b, 0);
    bare_add_sack(&segment, 2000, 3000);
    bare_add_sack(&segment, 2000, 4000);
    report = take_sack(&segment);
    assert_true(report.has_dsack);
    assert_int_equal(report.sacked_bytes, 2000); /* by the second alone */

    segment = bare_ack(&b, 0);
    bare_add_sack(&segment, 2000, 5000);
    bare_add_sack(&segment, 3000, 4000);
    assert_false(take_sack(&segment).has_dsack);
}

/* --- round trips ------------------------------------------------------------------------------ */

static struct te_ack_report ack_to(uint32_t offset)
{
    const struct te_segment segment = bare_ack(&b, offset);
    return bare_take(&b, &segment);
}

/* The latest sent for congestion control, the oldest for the timeout. */
static void test_round_trips(void **state)
{
    (void)state;
    bare_send(&b, 1, BARE_MSS);
    bare_at(&b, 10 * MS);
    bare_send(&b, 1, BARE_MSS);
    bare_at(&b, RTT);
    const struct te_ack_report report = ack_to(2000);
    assert_int_equal(report.rtt_us, 90 * MS);
    assert_int_equal(report.oldest_rtt_us, RTT);
    assert_int_equal(report.rtt_end, bare_seq(2000));
    assert_int_equal(report.acked_bytes, 2000);
}

/* Karn: what was sent again is not timed. */
static void test_karn(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    bare_at(&b, 50 * MS);
    bare_resend(&b, 0);
    bare_at(&b, RTT);
    struct te_ack_report report = ack_to(1000);
    assert_int_equal(report.rtt_us, 0);
    assert_int_equal(report.oldest_rtt_us, 0);
    assert_true(report.resent_delivered);
    report = ack_to(2000);
    assert_int_equal(report.rtt_us, RTT);
    assert_false(report.resent_delivered);
}

static void test_no_round_trip_is_zero(void **state)
{
    (void)state;
    bare_send(&b, 1, BARE_MSS);
    assert_int_equal(ack_to(1000).rtt_us, 1); /* 0 would mean none */
}

/* What is SACKed is timed too, but is not the oldest that was acknowledged. */
static void test_sacked_round_trip(void **state)
{
    (void)state;
    bare_send(&b, 2, BARE_MSS);
    bare_at(&b, RTT);
    struct te_segment segment = bare_ack(&b, 0);
    bare_add_sack(&segment, 1000, 2000);
    const struct te_ack_report report = take_sack(&segment);
    assert_int_equal(report.rtt_us, RTT);
    assert_int_equal(report.oldest_rtt_us, 0);
    assert_int_equal(report.rtt_end, bare_seq(2000));
}

/* An echo of before the last transmission is for an earlier one: RACK does not time the last. One
 * of the same tick proves nothing. */
static void test_echo_tells_transmissions_apart(void **state)
{
    static const int64_t echo_at_us[] = {0, 60 * MS};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        teardown(NULL);
        setup(NULL);
        conn->ts_ok = true;
        bare_send(&b, 1, BARE_MSS);
        bare_at(&b, 60 * MS);
        bare_resend(&b, 0);
        struct te_segment segment = bare_ack(&b, 1000);
        segment.header.options.has_timestamps = true;
        segment.header.options.ts_echo = te_ts_at(0, bare_time(&b, echo_at_us[i]));
        bare_at(&b, RTT);
        bare_take(&b, &segment);
        assert_int_equal(conn->sender->rack.rtt_us, i == 0 ? 0 : 40 * MS);
    }
}

/* --- what was delivered ----------------------------------------------------------------------- */

/* Only the acknowledged part of a record counts; what was SACKed before does not count again. */
static void test_acked_bytes_once(void **state)
{
    (void)state;
    bare_send(&b, 2, 2 * BARE_MSS);
    struct te_segment segment = bare_ack(&b, 0);
    bare_add_sack(&segment, 2000, 3000);
    assert_int_equal(bare_take(&b, &segment).delivered_bytes, 1000);
    assert_int_equal(ack_to(500).delivered_bytes, 500);
    assert_int_equal(ack_to(2500).delivered_bytes, 1500);
    assert_int_equal(ack_to(4000).delivered_bytes, 1000);
    assert_int_equal(conn->sender->delivery.delivered_bytes, 4000);
    assert_int_equal(conn->sender->map.count, 0);
}

/* A first transmission from below the recovery point is what F-RTO looks for (RFC 5682). */
static void test_original_delivered(void **state)
{
    (void)state;
    bare_send(&b, 4, BARE_MSS);
    conn->recovery.recover = bare_seq(3000);
    bare_resend(&b, 0);
    assert_false(ack_to(1000).original_delivered);
    assert_true(ack_to(2000).original_delivered);
    assert_true(ack_to(3000).original_delivered);
    assert_false(ack_to(4000).original_delivered);
}

static void test_without_a_sender(void **state)
{
    (void)state;
    te_sender_release(b.stack, conn);
    struct te_segment segment = bare_ack(&b, 0);
    bare_add_sack(&segment, 1000, 2000);
    struct te_ack_report report = take_sack(&segment);
    te_ack_report_take_ack(b.stack, conn, bare_seq(0), &report);
    assert_int_equal(report.delivered_bytes, 0);
    assert_int_equal(report.prior_pipe_bytes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_notes_what_was_before),
        TEST(test_duplicate),
        TEST(test_duplicate_with_sack),
        TEST(test_probe_is_no_flight),
        TEST(test_echoes),
        TEST(test_sacked_once),
        TEST(test_blocks_that_say_nothing),
        TEST(test_ignored_unless_negotiated),
        TEST(test_dsack),
        TEST(test_round_trips),
        TEST(test_karn),
        TEST(test_no_round_trip_is_zero),
        TEST(test_sacked_round_trip),
        TEST(test_echo_tells_transmissions_apart),
        TEST(test_acked_bytes_once),
        TEST(test_original_delivered),
        TEST(test_without_a_sender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

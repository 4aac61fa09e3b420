#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/paws.h"

#define TS0 0xfffffffeu /* wraps after two ticks */

static struct lone l;
static struct te_conn *conn;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    conn->ts_ok = true;
    conn->rcv_nxt = conn->ack.last_sent = 1000;
    conn->rcv_adv = 11000;
    te_paws_start(&conn->paws, TS0, l.stack->now_us);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static struct te_segment segment(uint32_t seq, uint32_t len, uint32_t ts_value)
{
    struct te_segment made = lone_segment(&l, TE_ACK);
    made.seq = seq;
    made.payload_len = len;
    made.header.options.has_timestamps = true;
    made.header.options.ts_value = ts_value;
    return made;
}

static bool rejects(uint32_t len, uint32_t ts_value)
{
    struct te_segment made = segment(1000, len, ts_value);
    return te_paws_rejects(l.stack, conn, &made);
}

static void record(uint32_t seq, uint32_t len, uint32_t ts_value)
{
    struct te_segment made = segment(seq, len, ts_value);
    te_paws_record(l.stack, conn, &made);
}

static void add_hole(void)
{
    uint64_t offset = conn->received_offset;
    te_ranges_insert(&conn->out_of_order, offset + 500, offset + 600, 16,
                     &l.stack->config.allocator);
}

static void remove_holes(void)
{
    te_ranges_clear(&conn->out_of_order, &l.stack->config.allocator);
}

/* --- RFC 7323 5.3 R1 -------------------------------------------------------------------------- */

static void test_older_is_rejected_across_the_wrap(void **state)
{
    (void)state;
    assert_true(rejects(100, TS0 - 1));
    assert_false(rejects(100, TS0));
    assert_false(rejects(100, TS0 + 1));
    assert_false(rejects(100, 5)); /* beyond 2^32 */
    record(1000, 0, 5);
    assert_true(rejects(100, TS0));
    assert_true(rejects(0, 4));
    assert_false(rejects(0, 5));
}

static void test_half_of_the_numbers_are_older(void **state)
{
    (void)state;
    assert_false(rejects(100, TS0 + 0x7fffffff));
    assert_true(rejects(100, TS0 + 0x80000000u));
}

static void test_rst_is_never_rejected(void **state)
{
    (void)state;
    struct te_segment made = segment(1000, 0, TS0 - 1);
    made.flags |= TE_RST;
    assert_false(te_paws_rejects(l.stack, conn, &made));
}

static void test_only_where_timestamps_are_spoken(void **state)
{
    (void)state;
    struct te_segment made = segment(1000, 0, TS0 - 1);
    made.header.options.has_timestamps = false;
    assert_false(te_paws_rejects(l.stack, conn, &made));
    conn->ts_ok = false;
    assert_false(rejects(0, TS0 - 1));
}

/* 5.5: 24 days. */
static void test_silence_of_24_days_outdates(void **state)
{
    (void)state;
    lone_advance(&l, 24 * DAY);
    assert_true(rejects(100, TS0 - 1));
    lone_advance(&l, 1);
    assert_false(rejects(100, TS0 - 1));
    record(1000, 100, TS0 - 1);
    assert_int_equal(conn->paws.ts_recent, TS0 - 1);
    assert_true(rejects(100, TS0 - 2));
}

/* --- RFC 7323 4.3 (2) ------------------------------------------------------------------------- */

static void test_recorded_from_last_ack_sent_on_down(void **state)
{
    (void)state;
    record(1001, 100, TS0 + 1); /* beyond: the ACK to come is not about it */
    assert_int_equal(conn->paws.ts_recent, TS0);
    record(1000, 100, TS0 + 1);
    assert_int_equal(conn->paws.ts_recent, TS0 + 1);
    record(900, 101, TS0 + 3);
    assert_int_equal(conn->paws.ts_recent, TS0 + 3);
}

static void test_ts_recent_never_goes_back(void **state)
{
    (void)state;
    record(1000, 100, TS0 + 10);
    lone_advance(&l, 50);
    record(1000, 100, TS0 + 9);
    assert_int_equal(conn->paws.ts_recent, TS0 + 10);
    assert_int_equal(conn->paws.ts_recent_at_us, l.stack->now_us - 50);
    record(1000, 100, TS0 + 10); /* the same value again refreshes it */
    assert_int_equal(conn->paws.ts_recent_at_us, l.stack->now_us);
}

/* --- the floor -------------------------------------------------------------------------------- */

static void test_without_holes_the_floor_is_ts_recent(void **state)
{
    (void)state;
    record(1000, 100, TS0 + 10);
    assert_int_equal(conn->paws.floor, TS0 + 10);
    assert_int_equal(conn->paws.edge, conn->rcv_adv);
}

/* A retransmission raises TS.Recent; late text that was sent before it is accepted all the same. An
 * old pure ACK is not: it has no text to lose. */
static void test_late_text_passes_while_there_are_holes(void **state)
{
    (void)state;
    record(1000, 100, TS0 + 10); /* floor TS0 + 10, edge 11000 */
    add_hole();
    record(1000, 100, TS0 + 20);
    assert_int_equal(conn->paws.ts_recent, TS0 + 20);
    assert_false(rejects(100, TS0 + 10));
    assert_true(rejects(100, TS0 + 9));
    assert_true(rejects(0, TS0 + 19));
}

/* While there are holes the floor lags by one window. */
static void test_floor_follows_window_by_window(void **state)
{
    (void)state;
    record(1000, 0, TS0 + 10);
    add_hole();
    conn->rcv_nxt = conn->ack.last_sent = 11000; /* the edge is reached */
    conn->rcv_adv = 21000;
    record(11000, 0, TS0 + 20);
    assert_int_equal(conn->paws.floor, TS0 + 10);
    assert_int_equal(conn->paws.next_floor, TS0 + 20);
    assert_int_equal(conn->paws.edge, 21000);
    conn->rcv_nxt = conn->ack.last_sent = 20999; /* not yet */
    record(20999, 0, TS0 + 30);
    assert_int_equal(conn->paws.floor, TS0 + 10);
    conn->rcv_nxt = conn->ack.last_sent = 21000;
    record(21000, 0, TS0 + 40);
    assert_int_equal(conn->paws.floor, TS0 + 20);
    assert_int_equal(conn->paws.next_floor, TS0 + 40);
    remove_holes();
    record(21000, 0, TS0 + 41);
    assert_int_equal(conn->paws.floor, TS0 + 41);
}

/* --- what a restore may find ------------------------------------------------------------------ */

static void test_valid_means_in_order(void **state)
{
    (void)state;
    struct te_paws paws = {.floor = TS0, .next_floor = TS0 + 2, .ts_recent = TS0 + 4};
    assert_true(te_paws_is_valid(&paws));
    paws.next_floor = TS0 - 1;
    assert_false(te_paws_is_valid(&paws));
    paws.next_floor = TS0 + 5;
    assert_false(te_paws_is_valid(&paws));
    te_paws_start(&paws, 7, 0);
    assert_true(te_paws_is_valid(&paws));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_older_is_rejected_across_the_wrap),
        TEST(test_half_of_the_numbers_are_older),
        TEST(test_rst_is_never_rejected),
        TEST(test_only_where_timestamps_are_spoken),
        TEST(test_silence_of_24_days_outdates),
        TEST(test_recorded_from_last_ack_sent_on_down),
        TEST(test_ts_recent_never_goes_back),
        TEST(test_without_holes_the_floor_is_ts_recent),
        TEST(test_late_text_passes_while_there_are_holes),
        TEST(test_floor_follows_window_by_window),
        TEST(test_valid_means_in_order),
    };
    return cmocka_run_group_tests_name("paws", tests, NULL, NULL);
}

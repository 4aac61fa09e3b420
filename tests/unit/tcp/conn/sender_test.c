#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/sender.h"

static struct lone l;
static struct te_conn *conn;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    conn->mss = 1000;
    conn->snd_una = conn->snd_nxt = conn->snd_max = 5000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static void prepare(void)
{
    assert_true(te_sender_prepare(l.stack, conn));
}

static void send(uint32_t len)
{
    prepare();
    te_sent_map_append(&conn->sender->map, conn->snd_nxt, conn->snd_nxt + len, 1, l.stack->now_us);
    conn->snd_nxt = conn->snd_max = conn->snd_nxt + len;
}

/* --- its life --------------------------------------------------------------------------------- */

static void test_made_ready_to_send(void **state)
{
    (void)state;
    assert_null(conn->sender);
    prepare();
    assert_non_null(conn->sender);
    assert_non_null(conn->sender->map.spare);
    assert_ptr_equal(conn->cc.state, &conn->sender->cc_state);
    assert_int_equal(conn->sender->rtt_round_end, 5000);
    assert_int_equal(conn->sender->idle_since_us, l.stack->now_us);
    struct te_sender *first = conn->sender;
    prepare(); /* again: nothing to do */
    assert_ptr_equal(conn->sender, first);
}

/* Each frame uses up the spare record; the next call makes another. */
static void test_a_spare_for_each_frame(void **state)
{
    (void)state;
    send(1000);
    assert_null(conn->sender->map.spare);
    prepare();
    assert_non_null(conn->sender->map.spare);
}

static void test_memory_refused(void **state)
{
    (void)state;
    l.f.heap.allocations_left = 0;
    assert_false(te_sender_prepare(l.stack, conn));
    assert_null(conn->sender);
    assert_null(conn->cc.state);
    l.f.heap.allocations_left = 1; /* a sender, and no record */
    assert_false(te_sender_prepare(l.stack, conn));
    assert_true(conn->sender == NULL || conn->sender->map.spare == NULL);
    l.f.heap.allocations_left = -1;
    prepare();
}

static void test_release_keeps_the_window(void **state)
{
    (void)state;
    int64_t held_bytes = l.f.heap.held_bytes;
    send(1000);
    conn->cc.cwnd_bytes = 7777;
    conn->cc.ssthresh_bytes = 6666;
    te_sender_release(l.stack, conn);
    assert_null(conn->sender);
    assert_null(conn->cc.state);
    assert_int_equal(conn->cc.cwnd_bytes, 7777);
    assert_int_equal(conn->cc.ssthresh_bytes, 6666);
    assert_int_equal(l.f.heap.held_bytes, held_bytes);
    te_sender_release(l.stack, conn); /* legal */
}

/* --- pipe (RFC 6675 3) ------------------------------------------------------------------------ */

static void test_pipe(void **state)
{
    (void)state;
    assert_int_equal(te_sender_pipe(conn), 0);
    send(1000);
    send(500);
    assert_int_equal(te_sender_pipe(conn), 1500);
    conn->sender->reno_sacked_bytes = 1000; /* duplicates, without SACK */
    assert_int_equal(te_sender_pipe(conn), 500);
    conn->sender->reno_sacked_bytes = 2000; /* more duplicates than segments: forged */
    assert_int_equal(te_sender_pipe(conn), 0);
}

/* --- pacing ----------------------------------------------------------------------------------- */

static void test_without_a_sender_nothing_is_held(void **state)
{
    (void)state;
    te_sender_set_pace(conn);
    assert_false(te_sender_is_held(l.stack, conn));
    assert_int_equal(te_sender_quantum_bytes(conn), UINT32_MAX);
}

static void test_pace_only_where_it_is_wanted(void **state)
{
    (void)state;
    prepare();
    conn->features = 0;
    conn->rtt.srtt_us = 100 * MS;
    conn->cc.cwnd_bytes = 100000;
    conn->cc.ops = te_cc_find("cubic");
    te_sender_set_pace(conn);
    assert_int_equal(conn->sender->pacer.rate_bytes_per_s, 0);
    conn->features = TE_FEATURE_PACING;
    te_sender_set_pace(conn); /* in slow start twice cwnd per round trip */
    assert_int_equal(conn->sender->pacer.rate_bytes_per_s, 2 * 1000000);
    conn->cc.ssthresh_bytes = 1000;
    te_sender_set_pace(conn); /* after it 1.2 times */
    assert_int_equal(conn->sender->pacer.rate_bytes_per_s, 1200000);
}

static void test_initial_window_is_not_paced(void **state)
{
    (void)state;
    prepare();
    conn->features = TE_FEATURE_PACING;
    conn->rtt.srtt_us = 0;
    te_sender_set_pace(conn);
    assert_int_equal(conn->sender->pacer.rate_bytes_per_s, 0);
    assert_false(te_sender_is_held(l.stack, conn));
}

static void test_held_until_its_pace(void **state)
{
    (void)state;
    prepare();
    te_pacer_set_rate(&conn->sender->pacer, 1000000);
    struct te_pacer *pacer = &conn->sender->pacer;
    while (te_pacer_ready_at_us(pacer, l.stack->now_us) == l.stack->now_us)
        te_pacer_on_sent(pacer, l.stack->now_us, 100000, conn->mss);
    assert_true(te_sender_is_held(l.stack, conn));
    l.stack->now_us = te_pacer_ready_at_us(pacer, l.stack->now_us);
    assert_false(te_sender_is_held(l.stack, conn));
}

/* --- another algorithm ------------------------------------------------------------------------ */

static void test_switch_keeps_the_window(void **state)
{
    (void)state;
    prepare();
    conn->cc.cwnd_bytes = 54321;
    te_sender_set_algorithm(l.stack, conn, te_cc_find("reno"));
    assert_ptr_equal(conn->cc.ops, te_cc_find("reno"));
    assert_int_equal(conn->cc.cwnd_bytes, 54321);
    assert_ptr_equal(conn->cc.state, &conn->sender->cc_state);
}

static void test_switch_without_a_sender(void **state)
{
    (void)state;
    te_sender_set_algorithm(l.stack, conn, te_cc_find("reno"));
    assert_ptr_equal(conn->cc.ops, te_cc_find("reno"));
    assert_null(conn->sender);
    assert_null(conn->cc.state);
}

/* BBR sets no ssthresh; an algorithm that takes over in recovery needs one to return to. */
static void test_switch_in_a_recovery_needs_a_threshold(void **state)
{
    (void)state;
    conn->cc.ssthresh_bytes = UINT32_MAX;
    conn->cc.cwnd_bytes = 20000;
    te_sender_set_algorithm(l.stack, conn, te_cc_find("reno"));
    assert_int_equal(conn->cc.ssthresh_bytes, UINT32_MAX);
    conn->recovery.state = TE_RECOVERY_FAST;
    te_sender_set_algorithm(l.stack, conn, te_cc_find("cubic"));
    assert_int_equal(conn->cc.ssthresh_bytes, 20000);
    conn->cc.cwnd_bytes = 10000;
    te_sender_set_algorithm(l.stack, conn, te_cc_find("reno"));
    assert_int_equal(conn->cc.ssthresh_bytes, 20000); /* it has one */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_made_ready_to_send),
        TEST(test_a_spare_for_each_frame),
        TEST(test_memory_refused),
        TEST(test_release_keeps_the_window),
        TEST(test_pipe),
        TEST(test_without_a_sender_nothing_is_held),
        TEST(test_pace_only_where_it_is_wanted),
        TEST(test_initial_window_is_not_paced),
        TEST(test_held_until_its_pace),
        TEST(test_switch_keeps_the_window),
        TEST(test_switch_without_a_sender),
        TEST(test_switch_in_a_recovery_needs_a_threshold),
    };
    return cmocka_run_group_tests_name("sender", tests, NULL, NULL);
}

#include "support/bare_conn.h"
#include "support/test.h"
#include "tcp/conn/timers.h"
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
    assert_int_equal(te_rtt_rto_us(&conn->rtt, &b.stack->config), RTO);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_done(&b);
    return 0;
}

/* The timer is set for that time after bare_init, and the wheel knows. */
static void assert_timer(enum te_timer timer, int64_t since_us)
{
    assert_int_equal(conn->timer_at_us[timer], bare_time(&b, since_us));
    assert_true(conn->timer.at_us <= bare_time(&b, since_us));
}

static void assert_off(enum te_timer timer)
{
    assert_false(te_timer_is_set(conn, timer));
}

/* An ACK of everything below offset, and what follows for the timers. */
static void ack_at(uint32_t offset, int64_t since_us)
{
    bare_at(&b, since_us);
    const struct te_segment segment = bare_ack(&b, offset);
    bare_take(&b, &segment);
    te_timers_after_ack(b.stack, conn);
}

static void send_at(unsigned count, int64_t since_us)
{
    bare_at(&b, since_us);
    bare_send(&b, count, BARE_MSS);
    te_timers_after_send(b.stack, conn);
}

/* --- RFC 6298 5 ------------------------------------------------------------------------------- */

/* (5.1): started with the first segment, and not again with those that follow. */
static void rfc6298_5_1_started_once(void **state)
{
    (void)state;
    send_at(1, 0);
    assert_timer(TE_TIMER_RETRANSMIT, RTO);
    send_at(3, 50 * MS);
    assert_timer(TE_TIMER_RETRANSMIT, RTO);
}

/* (5.2): off when everything is acknowledged. */
static void rfc6298_5_2_off_when_all_is_acknowledged(void **state)
{
    (void)state;
    send_at(2, 0);
    ack_at(2000, RTT);
    assert_off(TE_TIMER_RETRANSMIT);
    te_timers_after_send(b.stack, conn);
    assert_off(TE_TIMER_RETRANSMIT);
    assert_off(TE_TIMER_PERSIST);
}

/* (5.3): an ACK of new data restarts it, RTO from now. */
static void rfc6298_5_3_restarted_by_new_data(void **state)
{
    (void)state;
    send_at(8, 0);
    ack_at(1000, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, RTT + RTO);
    ack_at(2000, RTT + 5 * MS);
    assert_timer(TE_TIMER_RETRANSMIT, RTT + 5 * MS + RTO);
}

/* (5.5), (5.6): a timer that starts is backed off. */
static void rfc6298_5_5_backoff_counts(void **state)
{
    (void)state;
    te_rtt_back_off(&conn->rtt);
    te_rtt_back_off(&conn->rtt);
    assert_int_equal(te_retransmit_timer_from_now(b.stack, conn), bare_time(&b, 4 * RTO));
    send_at(1, 0);
    assert_timer(TE_TIMER_RETRANSMIT, 4 * RTO);
}

/* --- RFC 7765 --------------------------------------------------------------------------------- */

/* With less than four segments in flight and nothing to send: counted from the first's sending. */
static void rfc7765_4_counts_from_the_first_segment(void **state)
{
    (void)state;
    send_at(1, 0);
    send_at(3, 20 * MS);
    ack_at(1000, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, 20 * MS + RTO);
}

/* Four are enough for fast retransmit. */
static void rfc7765_4_not_with_four_segments(void **state)
{
    (void)state;
    send_at(5, 0);
    ack_at(1000, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, RTT + RTO);
    ack_at(2000, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, RTO);
}

static void rfc7765_4_not_with_more_to_send(void **state)
{
    (void)state;
    send_at(2, 0);
    conn->queued_offset++;
    ack_at(1000, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, RTT + RTO);
}

/* Small segments count by number, a large one by its bytes. */
static void rfc7765_4_counts_records_and_bytes(void **state)
{
    (void)state;
    bare_send(&b, 5, 10);
    te_timers_after_send(b.stack, conn);
    ack_at(10, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, RTT + RTO);
    ack_at(20, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, RTO);
    bare_send(&b, 1, 4 * BARE_MSS);
    ack_at(30, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, RTT + RTO);
}

static void rfc7765_can_be_switched_off(void **state)
{
    (void)state;
    conn->features &= ~(uint32_t)TE_FEATURE_RTO_RESTART;
    send_at(2, 0);
    ack_at(1000, RTT);
    assert_timer(TE_TIMER_RETRANSMIT, RTT + RTO);
}

/* Sent longer ago than RTO: there is nothing to count from. */
static void rfc7765_never_in_the_past(void **state)
{
    (void)state;
    send_at(2, 0);
    ack_at(1000, RTO - 1);
    assert_timer(TE_TIMER_RETRANSMIT, RTO);
    teardown(NULL);
    setup(NULL);
    send_at(2, 0);
    ack_at(1000, RTO);
    assert_timer(TE_TIMER_RETRANSMIT, 2 * RTO);
}

/* --- the persist timer ------------------------------------------------------------------------ */

/* RFC 9293 3.8.6.1: nothing in flight, something to send. Never both timers. */
static void rfc9293_3_8_6_1_persist(void **state)
{
    (void)state;
    conn->queued_offset = 5000;
    conn->snd_wnd = 0;
    te_timers_after_send(b.stack, conn);
    assert_timer(TE_TIMER_PERSIST, RTO);
    assert_off(TE_TIMER_RETRANSMIT);
    bare_at(&b, 50 * MS);
    te_timers_after_send(b.stack, conn); /* runs on */
    assert_timer(TE_TIMER_PERSIST, RTO);

    conn->queued_offset = 0;
    send_at(1, 60 * MS);
    assert_off(TE_TIMER_PERSIST);
    assert_timer(TE_TIMER_RETRANSMIT, 60 * MS + RTO);
}

/* A FIN is something to send; a FIN that is acknowledged is not. */
static void persist_for_a_fin(void **state)
{
    (void)state;
    te_timers_after_send(b.stack, conn);
    assert_off(TE_TIMER_PERSIST);
    conn->fin_queued = true;
    te_timers_after_send(b.stack, conn);
    assert_timer(TE_TIMER_PERSIST, RTO);
    conn->fin_sent = true;
    te_timers_after_send(b.stack, conn);
    assert_off(TE_TIMER_PERSIST);
}

/* The window is open but nothing is in flight any more: the timers change places. */
static void never_both(void **state)
{
    (void)state;
    send_at(2, 0);
    conn->queued_offset += 3000;
    ack_at(2000, RTT);
    assert_off(TE_TIMER_RETRANSMIT);
    te_timers_after_send(b.stack, conn);
    assert_timer(TE_TIMER_PERSIST, RTT + RTO);
    assert_off(TE_TIMER_RETRANSMIT);
    te_timers_after_ack(b.stack, conn);
    assert_off(TE_TIMER_PERSIST);
}

static void no_persist_before_established(void **state)
{
    (void)state;
    conn->state = TE_SYN_RCVD;
    conn->queued_offset = 5000;
    te_timers_after_send(b.stack, conn);
    assert_off(TE_TIMER_PERSIST);
}

/* --- the user timeout ------------------------------------------------------------------------- */

/* RFC 5482: since the last progress, as long as something waits for an acknowledgment. */
static void user_timeout(void **state)
{
    (void)state;
    conn->user_timeout_us = 10 * SECOND;
    send_at(8, 0);
    assert_timer(TE_TIMER_USER_TIMEOUT, 10 * SECOND);
    send_at(1, SECOND);
    assert_timer(TE_TIMER_USER_TIMEOUT, 10 * SECOND);
    ack_at(1000, 2 * SECOND);
    assert_timer(TE_TIMER_USER_TIMEOUT, 12 * SECOND);
    ack_at(9000, 3 * SECOND);
    assert_off(TE_TIMER_USER_TIMEOUT);
    conn->queued_offset += 1; /* behind a closed window it runs, too */
    te_timers_after_send(b.stack, conn);
    assert_timer(TE_TIMER_USER_TIMEOUT, 13 * SECOND);
}

static void no_user_timeout(void **state)
{
    (void)state;
    send_at(1, 0);
    assert_off(TE_TIMER_USER_TIMEOUT);
}

/* --- what restarts it, and what does not ------------------------------------------------------ */

/* RFC 6582 3.2 step 3: in a fast recovery without SACK only the first partial ACK restarts it. */
static void rfc6582_3_2_first_partial_ack_only(void **state)
{
    (void)state;
    conn->sack_ok = false;
    send_at(8, 0);
    conn->recovery.state = TE_RECOVERY_FAST;
    conn->recovery.partial_acks = 1;
    ack_at(1000, 50 * MS);
    assert_timer(TE_TIMER_RETRANSMIT, 50 * MS + RTO);
    conn->recovery.partial_acks = 2;
    ack_at(2000, 60 * MS);
    assert_timer(TE_TIMER_RETRANSMIT, 50 * MS + RTO);
    te_timer_clear(b.stack, conn, TE_TIMER_RETRANSMIT);
    ack_at(3000, 70 * MS); /* held is one that runs */
    assert_timer(TE_TIMER_RETRANSMIT, 70 * MS + RTO);
}

static void progress_restarts_one_that_runs(void **state)
{
    (void)state;
    bare_at(&b, 10 * MS);
    te_timers_on_progress(b.stack, conn);
    assert_off(TE_TIMER_RETRANSMIT);
    send_at(2, 10 * MS);
    bare_at(&b, 40 * MS);
    te_timers_on_progress(b.stack, conn);
    assert_timer(TE_TIMER_RETRANSMIT, 40 * MS + RTO);
}

static void segments_restart_keepalive(void **state)
{
    (void)state;
    conn->probes = 3;
    conn->keepalive_now = true;
    bare_at(&b, SECOND);
    te_timers_on_segment(b.stack, conn);
    assert_int_equal(conn->last_received_at_us, bare_time(&b, SECOND));
    assert_int_equal(conn->probes, 0);
    assert_false(conn->keepalive_now);
    assert_off(TE_TIMER_KEEPALIVE);
    conn->keepalive = true;
    te_timers_on_segment(b.stack, conn);
    assert_timer(TE_TIMER_KEEPALIVE, 7201 * SECOND);
    te_timer_clear_all(b.stack, conn);
    conn->state = TE_SYN_RCVD;
    te_timers_on_segment(b.stack, conn);
    assert_off(TE_TIMER_KEEPALIVE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc6298_5_1_started_once),
        TEST(rfc6298_5_2_off_when_all_is_acknowledged),
        TEST(rfc6298_5_3_restarted_by_new_data),
        TEST(rfc6298_5_5_backoff_counts),
        TEST(rfc7765_4_counts_from_the_first_segment),
        TEST(rfc7765_4_not_with_four_segments),
        TEST(rfc7765_4_not_with_more_to_send),
        TEST(rfc7765_4_counts_records_and_bytes),
        TEST(rfc7765_can_be_switched_off),
        TEST(rfc7765_never_in_the_past),
        TEST(rfc9293_3_8_6_1_persist),
        TEST(persist_for_a_fin),
        TEST(never_both),
        TEST(no_persist_before_established),
        TEST(user_timeout),
        TEST(no_user_timeout),
        TEST(rfc6582_3_2_first_partial_ack_only),
        TEST(progress_restarts_one_that_runs),
        TEST(segments_restart_keepalive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/conn.h"

#define NEAR_WRAP 0xfffffff0u

static struct lone l;
static struct te_conn *conn;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    conn->iss = NEAR_WRAP - 1;
    conn->snd_una = conn->snd_nxt = conn->snd_max = NEAR_WRAP;
    conn->syn_acked = true;
    conn->snd_wnd = 10000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

/* --- states ----------------------------------------------------------------------------------- */

static void test_synchronized_states(void **state)
{
    (void)state;
    static const bool want[TE_STATE_COUNT] = {
        [TE_ESTABLISHED] = true, [TE_FIN_WAIT_1] = true, [TE_FIN_WAIT_2] = true,
        [TE_CLOSE_WAIT] = true,  [TE_CLOSING] = true,    [TE_LAST_ACK] = true};
    struct te_conn any = {.state = TE_CLOSED};
    for (unsigned i = 0; i < TE_STATE_COUNT; i++) {
        any.state = (uint8_t)i;
        assert_int_equal(te_conn_is_synchronized(&any), want[i]);
    }
}

/* RFC 9293 3.10.2. */
static void test_can_send(void **state)
{
    (void)state;
    static const bool want[TE_STATE_COUNT] = {[TE_SYN_SENT] = true,
                                              [TE_SYN_RCVD] = true,
                                              [TE_ESTABLISHED] = true,
                                              [TE_CLOSE_WAIT] = true};
    struct te_conn any = {.state = TE_CLOSED};
    for (unsigned i = 0; i < TE_STATE_COUNT; i++) {
        any = (struct te_conn){.state = (uint8_t)i};
        assert_int_equal(te_conn_can_send(&any), want[i]);
        any.fin_queued = true;
        assert_false(te_conn_can_send(&any));
        any = (struct te_conn){.state = (uint8_t)i, .is_remains = true};
        assert_false(te_conn_can_send(&any));
    }
}

/* --- numbers and offsets ---------------------------------------------------------------------- */

static void test_send_offsets_across_the_wrap(void **state)
{
    (void)state;
    conn->acked_offset = (UINT64_C(5) << 32) - 0x20; /* 64 bits, and no relation to the number */
    assert_int_equal(te_conn_send_seq(conn, conn->acked_offset), NEAR_WRAP);
    assert_int_equal(te_conn_send_seq(conn, conn->acked_offset + 0x10), 0);
    assert_int_equal(te_conn_send_seq(conn, conn->acked_offset + 0x40), 0x30);
    assert_true(te_conn_send_offset(conn, NEAR_WRAP) == conn->acked_offset);
    assert_true(te_conn_send_offset(conn, 0x30) == conn->acked_offset + 0x40);
    assert_true(te_conn_send_offset(conn, NEAR_WRAP - 1) == conn->acked_offset + UINT32_MAX);
}

/* Before our SYN is acknowledged SND.UNA is the SYN: the first byte is beyond it. */
static void test_send_offsets_before_the_syn_is_acked(void **state)
{
    (void)state;
    conn->syn_acked = false;
    conn->iss = conn->snd_una = UINT32_MAX;
    assert_int_equal(te_conn_send_seq(conn, 0), 0);
    assert_int_equal(te_conn_send_seq(conn, 7), 7);
    assert_true(te_conn_send_offset(conn, 0) == 0);
    assert_true(te_conn_send_offset(conn, 7) == 7);
}

static void test_receive_offset_across_the_wrap(void **state)
{
    (void)state;
    conn->rcv_nxt = NEAR_WRAP;
    conn->received_offset = (UINT64_C(1) << 40) - 8;
    assert_true(te_conn_receive_offset(conn, NEAR_WRAP) == conn->received_offset);
    assert_true(te_conn_receive_offset(conn, 16) == (UINT64_C(1) << 40) + 24);
}

static void test_flight_across_the_wrap(void **state)
{
    (void)state;
    assert_int_equal(te_conn_flight(conn), 0);
    conn->snd_nxt = 0x20;
    assert_int_equal(te_conn_flight(conn), 0x30);
}

/* --- the number of a segment without text ----------------------------------------------------- */

static void test_acceptable_is_snd_nxt(void **state)
{
    (void)state;
    conn->snd_nxt = NEAR_WRAP + 100;
    conn->snd_max = NEAR_WRAP + 200; /* sent into a window that was taken back */
    assert_int_equal(te_conn_acceptable_seq(conn), NEAR_WRAP + 100);
}

/* RFC 9293 3.4, table 6: a closed window takes RCV.NXT and nothing else. */
static void test_acceptable_in_a_closed_window(void **state)
{
    (void)state;
    conn->snd_wnd = 0;
    conn->snd_max = conn->snd_una + 1; /* the byte of a probe */
    assert_int_equal(te_conn_acceptable_seq(conn), conn->snd_una);
}

static void test_acceptable_stays_inside_a_shrunk_window(void **state)
{
    (void)state;
    conn->snd_wnd = 1000;
    conn->snd_nxt = conn->snd_max = conn->snd_una + 1000;
    assert_int_equal(te_conn_acceptable_seq(conn), conn->snd_una + 1000);
    conn->snd_nxt = conn->snd_max = conn->snd_una + 1001;
    assert_int_equal(te_conn_acceptable_seq(conn), conn->snd_una + 1000);
}

/* RFC 7323 2.4: the announced edge may be less than a unit of the scale too low. */
static void test_acceptable_allows_for_the_rounding(void **state)
{
    (void)state;
    conn->snd_wscale = 7;
    conn->snd_wnd = 1024;
    conn->snd_nxt = conn->snd_max = conn->snd_una + 1024 + 127;
    assert_int_equal(te_conn_acceptable_seq(conn), conn->snd_nxt);
    conn->snd_nxt = conn->snd_max = conn->snd_una + 1024 + 128;
    assert_int_equal(te_conn_acceptable_seq(conn), conn->snd_una + 1024);
}

static void test_acceptable_before_the_syn_is_acked(void **state)
{
    (void)state;
    conn->syn_acked = false;
    conn->snd_nxt = conn->snd_una = conn->iss; /* a timeout took it back */
    conn->snd_max = conn->iss + 1;
    conn->snd_wnd = 0;
    assert_int_equal(te_conn_acceptable_seq(conn), conn->iss + 1);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void test_fin_is_acked(void **state)
{
    (void)state;
    conn->fin_sent = true;
    conn->acked_offset = conn->queued_offset = 100;
    assert_true(te_conn_fin_is_acked(conn));
    conn->snd_max++; /* the FIN is in flight */
    assert_false(te_conn_fin_is_acked(conn));
    conn->snd_max--;
    conn->queued_offset++;
    assert_false(te_conn_fin_is_acked(conn));
    conn->queued_offset--;
    conn->fin_sent = false; /* all is acknowledged, and no FIN was sent */
    assert_false(te_conn_fin_is_acked(conn));
}

static void test_uses_sack(void **state)
{
    (void)state;
    conn->sack_ok = true;
    conn->features = 0;
    assert_false(te_conn_uses_sack(conn));
    conn->features = TE_FEATURE_SACK_RECOVERY;
    assert_true(te_conn_uses_sack(conn));
    conn->features = TE_FEATURE_RACK;
    assert_true(te_conn_uses_sack(conn));
    conn->sack_ok = false;
    assert_false(te_conn_uses_sack(conn));
}

static unsigned queue_len(void)
{
    unsigned len = 0;
    for (const struct te_list *at = l.stack->output.next; at != &l.stack->output; at = at->next)
        len++;
    return len;
}

static void test_wants_output_once(void **state)
{
    (void)state;
    struct te_conn *second = lone_more(&l, 8081);
    te_conn_want_output(l.stack, conn);
    te_conn_want_output(l.stack, second);
    te_conn_want_output(l.stack, conn);
    assert_int_equal(queue_len(), 2);
    assert_ptr_equal(te_conn_of_queue_link(l.stack->output.next), conn);
    assert_ptr_equal(te_conn_of_queue_link(l.stack->output.prev), second);
}

static void test_wants_no_output(void **state)
{
    (void)state;
    conn->waits_neighbour = true;
    te_conn_want_output(l.stack, conn);
    conn->waits_neighbour = false;
    conn->is_remains = true;
    te_conn_want_output(l.stack, conn);
    conn->is_remains = false;
    assert_int_equal(queue_len(), 0);
}

/* RFC 6928 2: min(10 * MSS, max(2 * MSS, 14600)). */
static void test_congestion_starts_with_the_initial_window(void **state)
{
    (void)state;
    conn->mss = 1460;
    conn->cc.ssthresh_bytes = 1;
    te_conn_start_congestion(l.stack, conn);
    assert_int_equal(conn->cc.cwnd_bytes, 14600);
    assert_int_equal(conn->cc.ssthresh_bytes, UINT32_MAX);
    assert_string_equal(conn->cc.ops->name, l.stack->config.congestion_control);
    conn->mss = 536;
    te_conn_start_congestion(l.stack, conn);
    assert_int_equal(conn->cc.cwnd_bytes, 5360);
}

static void test_nodes_lead_to_the_connection(void **state)
{
    (void)state;
    assert_ptr_equal(te_conn_of_queue_link(&conn->queue_link), conn);
    assert_ptr_equal(te_conn_of_listener_link(&conn->listener_link), conn);
    assert_ptr_equal(te_conn_of_timer(&conn->timer), conn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_synchronized_states),
        TEST(test_can_send),
        TEST(test_send_offsets_across_the_wrap),
        TEST(test_send_offsets_before_the_syn_is_acked),
        TEST(test_receive_offset_across_the_wrap),
        TEST(test_flight_across_the_wrap),
        TEST(test_acceptable_is_snd_nxt),
        TEST(test_acceptable_in_a_closed_window),
        TEST(test_acceptable_stays_inside_a_shrunk_window),
        TEST(test_acceptable_allows_for_the_rounding),
        TEST(test_acceptable_before_the_syn_is_acked),
        TEST(test_fin_is_acked),
        TEST(test_uses_sack),
        TEST(test_wants_output_once),
        TEST(test_wants_no_output),
        TEST(test_congestion_starts_with_the_initial_window),
        TEST(test_nodes_lead_to_the_connection),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}

#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/ecn.h"
#include "wire/protocol.h"

#define SYN_ACK (TE_SYN | TE_ACK)
#define OFFER (TE_SYN | TE_ECE | TE_CWR)
#define ACCEPTANCE (SYN_ACK | TE_ECE)

static struct lone l;
static struct te_conn *conn;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    l.stack->config.ecn = TE_ECN_ON;
    conn->snd_una = 1000;
    conn->snd_nxt = conn->snd_max = 5000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static void receive_syn(uint8_t flags, uint8_t ip_ecn)
{
    struct te_segment segment = lone_segment(&l, flags);
    segment.ecn = ip_ecn;
    te_ecn_negotiate(conn, &segment);
}

static void send_syn(uint8_t flags)
{
    uint8_t ecn = te_ecn_syn_flags(l.stack, conn, flags);
    te_ecn_on_syn_sent(l.stack, conn, flags | ecn);
}

static void agree(void)
{
    send_syn(TE_SYN);
    receive_syn(ACCEPTANCE, TE_ECN_NOT_ECT);
    assert_true(te_ecn_is_on(conn));
}

/* --- the opening (RFC 3168 6.1.1) ------------------------------------------------------------- */

static void test_modes(void **state)
{
    (void)state;
    assert_int_equal(te_ecn_syn_flags(l.stack, conn, TE_SYN), TE_ECE | TE_CWR);
    l.stack->config.ecn = TE_ECN_PASSIVE;
    assert_int_equal(te_ecn_syn_flags(l.stack, conn, TE_SYN), 0);
    l.stack->config.ecn = TE_ECN_OFF;
    assert_int_equal(te_ecn_syn_flags(l.stack, conn, TE_SYN), 0);
}

static void test_active(void **state)
{
    (void)state;
    agree();
}

static void test_passive(void **state)
{
    (void)state;
    conn->was_passive = true;
    l.stack->config.ecn = TE_ECN_PASSIVE;
    receive_syn(OFFER, TE_ECN_NOT_ECT);
    assert_int_equal(te_ecn_syn_flags(l.stack, conn, SYN_ACK), TE_ECE);
    send_syn(SYN_ACK);
    assert_true(te_ecn_is_on(conn));
}

static void test_passive_refuses(void **state)
{
    (void)state;
    conn->was_passive = true;
    l.stack->config.ecn = TE_ECN_OFF;
    receive_syn(OFFER, TE_ECN_NOT_ECT);
    send_syn(SYN_ACK);
    assert_false(te_ecn_is_on(conn));
}

/* "Otherwise, it MUST NOT." */
static void test_no_acceptance_without_an_offer(void **state)
{
    (void)state;
    conn->was_passive = true;
    receive_syn(TE_SYN, TE_ECN_NOT_ECT);
    assert_int_equal(te_ecn_syn_flags(l.stack, conn, SYN_ACK), 0);
}

static void test_what_is_an_offer(void **state)
{
    (void)state;
    for (unsigned ecn = 0; ecn < 4; ecn++) {
        for (unsigned bits = 0; bits < 4; bits++) {
            uint8_t flags = (uint8_t)((bits & 1 ? TE_ECE : 0) | (bits & 2 ? TE_CWR : 0));
            struct te_segment syn = lone_segment(&l, TE_SYN | flags);
            struct te_segment syn_ack = lone_segment(&l, SYN_ACK | flags);
            syn.ecn = syn_ack.ecn = (uint8_t)ecn;
            assert_int_equal(te_ecn_is_offer(&syn), ecn == TE_ECN_NOT_ECT && bits == 3);
            assert_int_equal(te_ecn_is_offer(&syn_ack), ecn == TE_ECN_NOT_ECT && bits == 1);
        }
    }
}

/* 6.1.1.1. */
static void test_second_syn_is_plain(void **state)
{
    (void)state;
    send_syn(TE_SYN);
    conn->syn_was_lost = true;
    send_syn(TE_SYN);
    assert_int_equal(l.stack->counters.ecn_syn_fallbacks, 1);
    send_syn(TE_SYN);
    assert_int_equal(l.stack->counters.ecn_syn_fallbacks, 1); /* once is enough */
    receive_syn(ACCEPTANCE, TE_ECN_NOT_ECT);
    assert_false(te_ecn_is_on(conn));
}

static void test_any_plain_syn_of_the_peer_ends_it(void **state)
{
    (void)state;
    conn->was_passive = true;
    receive_syn(OFFER, TE_ECN_NOT_ECT);
    receive_syn(TE_SYN, TE_ECN_NOT_ECT);
    send_syn(SYN_ACK);
    assert_false(te_ecn_is_on(conn));
}

/* --- the receiver ----------------------------------------------------------------------------- */

static bool receive(uint8_t flags, uint8_t ip_ecn)
{
    struct te_segment segment = lone_segment(&l, flags);
    segment.ecn = ip_ecn;
    return te_ecn_on_segment(l.stack, conn, &segment);
}

static void test_ece_from_ce_until_cwr(void **state)
{
    (void)state;
    agree();
    assert_false(receive(TE_ACK, TE_ECN_ECT0));
    assert_int_equal(te_ecn_flags(conn, false), 0);
    assert_true(receive(TE_ACK, TE_ECN_CE)); /* news: at once */
    assert_int_equal(te_ecn_flags(conn, false), TE_ECE);
    assert_false(receive(TE_ACK, TE_ECN_CE)); /* no news */
    assert_false(receive(TE_ACK, TE_ECN_ECT0));
    assert_int_equal(te_ecn_flags(conn, true), TE_ECE);
    assert_true(receive(TE_ACK | TE_CWR, TE_ECN_ECT0));
    assert_int_equal(te_ecn_flags(conn, false), 0);
    assert_false(receive(TE_ACK | TE_CWR, TE_ECN_ECT0)); /* nothing was echoed */
    assert_int_equal(conn->ecn.ce_in, 2);
    assert_int_equal(l.stack->counters.ecn_ce_in, 2);
}

/* 6.1.3: CE on the segment that carries CWR is a new mark. */
static void test_ce_with_cwr(void **state)
{
    (void)state;
    agree();
    receive(TE_ACK, TE_ECN_CE);
    assert_true(receive(TE_ACK | TE_CWR, TE_ECN_CE));
    assert_int_equal(te_ecn_flags(conn, false), TE_ECE);
}

static void test_no_echo_without_an_agreement(void **state)
{
    (void)state;
    assert_false(receive(TE_ACK, TE_ECN_CE));
    assert_int_equal(te_ecn_flags(conn, false), 0);
    assert_int_equal(l.stack->counters.ecn_ce_in, 0);
}

/* 6.1.1: a host whose offer was accepted echoes, even if its second SYN was plain. */
static void test_echo_is_promised_though_ect_is_not(void **state)
{
    (void)state;
    send_syn(TE_SYN);
    conn->syn_was_lost = true;
    send_syn(TE_SYN);
    receive_syn(ACCEPTANCE, TE_ECN_NOT_ECT);
    assert_false(te_ecn_sender_wants_ect(conn, true));
    assert_true(receive(TE_ACK, TE_ECN_CE));
    assert_int_equal(te_ecn_flags(conn, false), TE_ECE);
}

/* --- the sender ------------------------------------------------------------------------------- */

static bool ack(uint32_t ack, uint8_t flags)
{
    struct te_segment segment = lone_segment(&l, TE_ACK | flags);
    segment.ack = segment.header.ack = ack;
    return te_ecn_on_ece(l.stack, conn, &segment);
}

static void test_ect_on_new_data_alone(void **state)
{
    (void)state;
    assert_false(te_ecn_sender_wants_ect(conn, true));
    agree();
    assert_true(te_ecn_sender_wants_ect(conn, true));
    assert_false(te_ecn_sender_wants_ect(conn, false));
}

/* 6.1.2: once per window of data, and CWR on the first new data. */
static void test_one_reduction_per_window(void **state)
{
    (void)state;
    agree();
    assert_false(ack(1000, 0));
    assert_true(ack(1000, TE_ECE));
    assert_false(ack(2000, TE_ECE));
    conn->snd_una = 2000;
    conn->snd_nxt = conn->snd_max = 9000;
    assert_false(ack(5000, TE_ECE)); /* SND.MAX of the reduction: its CWR is beyond */
    assert_true(ack(5001, TE_ECE));
    assert_int_equal(l.stack->counters.ecn_reductions, 2);
    assert_int_equal(conn->ecn.ece_in, 4);
}

static void test_cwr_once_on_new_data(void **state)
{
    (void)state;
    agree();
    ack(1000, TE_ECE);
    assert_int_equal(te_ecn_flags(conn, false), 0); /* not on what was sent before */
    assert_int_equal(te_ecn_flags(conn, true), TE_CWR);
    te_ecn_on_data_sent(conn);
    assert_int_equal(te_ecn_flags(conn, true), 0);
}

/* A loss reduces cwnd, too: CWR is due, and ECE about that window is no news. */
static void test_any_reduction_counts(void **state)
{
    (void)state;
    agree();
    te_ecn_on_reduction(conn);
    assert_int_equal(te_ecn_flags(conn, true), TE_CWR);
    assert_false(ack(2000, TE_ECE));
    assert_int_equal(l.stack->counters.ecn_reductions, 0);
}

static void test_window_end_across_the_wrap(void **state)
{
    (void)state;
    agree();
    conn->snd_una = 0xfffffff0;
    conn->snd_nxt = conn->snd_max = 0x10;
    assert_true(ack(0xfffffff0, TE_ECE));
    assert_false(ack(0x10, TE_ECE));
    assert_true(ack(0x11, TE_ECE));
}

static void test_ece_is_ignored_without_an_agreement(void **state)
{
    (void)state;
    assert_false(ack(1000, TE_ECE));
    te_ecn_on_reduction(conn);
    assert_int_equal(te_ecn_flags(conn, true), 0);
    assert_int_equal(conn->ecn.ece_in, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_modes),
        TEST(test_active),
        TEST(test_passive),
        TEST(test_passive_refuses),
        TEST(test_no_acceptance_without_an_offer),
        TEST(test_what_is_an_offer),
        TEST(test_second_syn_is_plain),
        TEST(test_any_plain_syn_of_the_peer_ends_it),
        TEST(test_ece_from_ce_until_cwr),
        TEST(test_ce_with_cwr),
        TEST(test_no_echo_without_an_agreement),
        TEST(test_echo_is_promised_though_ect_is_not),
        TEST(test_ect_on_new_data_alone),
        TEST(test_one_reduction_per_window),
        TEST(test_cwr_once_on_new_data),
        TEST(test_any_reduction_counts),
        TEST(test_window_end_across_the_wrap),
        TEST(test_ece_is_ignored_without_an_agreement),
    };
    return cmocka_run_group_tests_name("ecn", tests, NULL, NULL);
}

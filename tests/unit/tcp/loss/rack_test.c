#include <stdlib.h>

#include "support/heap.h"
#include "support/test.h"
#include "tcp/loss/rack.h"
#include "units.h"
#include "util/seq.h"

#define MSS 1000u
#define START 0xfffff000u /* numbers wrap on the way */
#define RTT (100 * MS)

static struct heap heap;
static struct te_allocator allocator;
static struct te_rack rack;
static struct te_sent_map map;
static struct te_rack_context context;
static uint32_t una, nxt;
static int64_t timeout_us;

static int setup(void **state)
{
    (void)state;
    allocator = heap_init(&heap);
    te_rack_init(&rack);
    te_sent_map_init(&map);
    una = nxt = START;
    context = (struct te_rack_context){.srtt_us = RTT};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_sent_map_done(&map, &allocator);
    return heap.held_bytes == 0 ? 0 : -1;
}

/* Segments are named by their place in the stream. */
static uint32_t seq_of(unsigned i)
{
    return START + i * MSS;
}

static void send_at(unsigned count, int64_t now_us)
{
    for (unsigned i = 0; i < count; i++, nxt += MSS) {
        assert_true(te_sent_map_reserve(&map, &allocator));
        te_sent_map_append(&map, nxt, nxt + MSS, 1, now_us);
    }
}

static struct te_sent *find(unsigned i)
{
    struct te_sent *sent = te_sent_map_find(&map, seq_of(i));
    assert_non_null(sent);
    return sent;
}

static void resend_at(unsigned i, int64_t now_us)
{
    te_sent_map_resent(&map, find(i), now_us);
}

static void on_delivered(void *ctx, const struct te_sent *sent, uint32_t bytes)
{
    (void)bytes;
    te_rack_on_delivered(&rack, sent, ctx);
}

static void end_of_ack(bool has_dsack, bool leaves_recovery)
{
    const struct te_rack_round round = {
        .has_dsack = has_dsack,
        .leaves_recovery = leaves_recovery,
        .snd_una = una,
        .snd_nxt = nxt,
    };
    te_rack_adapt(&rack, &round);
}

static void sack_more(unsigned i)
{
    struct te_rack_arrival arrival = {.now_us = context.now_us, .is_sack = true};
    const struct te_sent_visitor visitor = {on_delivered, &arrival};
    const struct te_sent_sack sack = {seq_of(i), seq_of(i + 1), MSS};
    te_sent_map_sack(&map, &sack, &allocator, &visitor);
}

/* An ACK whose one SACK block is that segment. */
static void sack_at(unsigned i, int64_t now_us)
{
    context.now_us = now_us;
    sack_more(i);
    end_of_ack(false, false);
}

/* An ACK of all below a segment. is_spurious: it echoes a timestamp of before the last sending. */
static void ack_at(unsigned i, int64_t now_us, bool is_spurious)
{
    struct te_rack_arrival arrival = {.now_us = now_us, .is_spurious = is_spurious};
    const struct te_sent_visitor visitor = {on_delivered, &arrival};
    context.now_us = now_us;
    una = seq_of(i);
    te_sent_map_ack(&map, una, &allocator, &visitor);
    end_of_ack(false, false);
}

static uint32_t detect(void)
{
    return te_rack_detect(&rack, &map, &context, &timeout_us);
}

/* What detect() told of, in its order; nothing is marked before it is told. */
static uint32_t told[8];
static unsigned told_count;

static void on_lost(void *ctx, const struct te_sent *sent, uint32_t bytes)
{
    assert_ptr_equal(ctx, told);
    assert_int_equal(sent->state, TE_SENT_IN_FLIGHT);
    assert_int_equal(bytes, MSS);
    told[told_count++] = sent->start;
}

static int64_t window_us(void)
{
    return te_rack_window_us(&rack, &map, &context);
}

/* --- steps 1 and 2: round trip times ---------------------------------------------------------- */

static void test_nothing_delivered_nothing_lost(void **state)
{
    (void)state;
    send_at(3, 0);
    context.now_us = 3600 * 1000 * MS;
    assert_int_equal(detect(), 0);
    assert_int_equal(timeout_us, 0);
}

static void test_follows_the_latest_sent(void **state)
{
    (void)state;
    send_at(1, 0);
    send_at(1, 10 * MS);
    sack_at(1, 110 * MS);
    assert_int_equal(rack.sent_at_us, 10 * MS);
    assert_int_equal(rack.end_seq, seq_of(2));
    ack_at(1, 130 * MS, false); /* sent earlier: only how long it took */
    assert_int_equal(rack.rtt_us, 130 * MS);
    assert_int_equal(rack.sent_at_us, 10 * MS);
    assert_int_equal(rack.min_rtt_us, 100 * MS);
}

/* Sent in the same microsecond, the higher number is the later one. */
static void test_ties_go_by_number(void **state)
{
    (void)state;
    send_at(4, 0);
    sack_at(3, RTT);
    ack_at(1, RTT + 1, false);
    assert_int_equal(rack.end_seq, seq_of(4));
    context.is_recovering = true;
    rack.reordering_seen = false;
    context.on_lost = on_lost;
    context.on_lost_ctx = told;
    told_count = 0;
    assert_int_equal(detect(), 2 * MSS); /* those between */
    assert_int_equal(told_count, 2);
    assert_int_equal(told[0], seq_of(1));
    assert_int_equal(told[1], seq_of(2));
}

static void test_min_rtt_falls_at_once(void **state)
{
    (void)state;
    send_at(2, 0);
    ack_at(1, 200 * MS, false);
    assert_int_equal(rack.min_rtt_us, 200 * MS);
    send_at(1, 200 * MS);
    ack_at(3, 350 * MS, false);
    assert_int_equal(rack.min_rtt_us, 150 * MS);
}

/* A route that has become longer is believed after five minutes, not before. */
static void test_min_rtt_is_forgotten(void **state)
{
    (void)state;
    send_at(1, 0);
    ack_at(1, 50 * MS, false);
    int64_t end_us = 50 * MS + 300000 * MS;
    send_at(1, end_us - 100 * MS);
    ack_at(2, end_us, false);
    assert_int_equal(rack.min_rtt_us, 50 * MS);
    send_at(1, end_us - 99 * MS);
    ack_at(3, end_us + 1, false);
    assert_int_equal(rack.min_rtt_us, 99 * MS + 1);
}

/* RFC 8985 6.2 step 2: quicker than any round trip was, so it is for the original. */
static void test_quick_ack_of_a_retransmission(void **state)
{
    (void)state;
    send_at(1, 0);
    ack_at(1, RTT, false);
    send_at(1, RTT);
    resend_at(1, 300 * MS);
    ack_at(2, 300 * MS + RTT - 1, false);
    assert_int_equal(rack.sent_at_us, 0);
    send_at(1, 500 * MS);
    resend_at(2, 700 * MS);
    ack_at(3, 700 * MS + RTT, false);
    assert_int_equal(rack.sent_at_us, 700 * MS);
    assert_int_equal(rack.min_rtt_us, RTT); /* Karn: no sample of the path */
}

static void test_timestamp_tells_the_original(void **state)
{
    (void)state;
    send_at(1, 0);
    ack_at(1, RTT, false);
    send_at(1, RTT);
    resend_at(1, 300 * MS);
    ack_at(2, 500 * MS, true);
    assert_int_equal(rack.sent_at_us, 0);
}

/* --- step 3: reordering ----------------------------------------------------------------------- */

static void test_in_order_is_no_reordering(void **state)
{
    (void)state;
    send_at(6, 0);
    ack_at(2, RTT, false);
    sack_at(3, RTT + 1);
    sack_at(4, RTT + 2);
    assert_false(rack.reordering_seen);
    assert_int_equal(rack.fack, seq_of(5));
}

/* One ACK delivers blocks before its number, and blocks in any order. */
static void test_one_ack_has_no_order(void **state)
{
    (void)state;
    send_at(6, 0);
    ack_at(1, RTT, false);
    sack_more(4);
    sack_more(2);
    assert_false(rack.reordering_seen);
    end_of_ack(false, false);
    sack_at(3, RTT + 1); /* but the next one has seen 4 go by */
    assert_true(rack.reordering_seen);
}

static void test_late_retransmission_is_no_reordering(void **state)
{
    (void)state;
    send_at(3, 0);
    sack_at(2, RTT);
    resend_at(0, RTT);
    ack_at(1, 2 * RTT, false);
    assert_false(rack.reordering_seen);
    resend_at(1, RTT);
    ack_at(2, 2 * RTT + 1, true); /* the original came, late */
    assert_true(rack.reordering_seen);
}

/* --- step 4: the window ----------------------------------------------------------------------- */

static void test_window_without_reordering(void **state)
{
    (void)state;
    send_at(8, 0);
    ack_at(1, RTT, false);
    assert_int_equal(window_us(), RTT / 4);
    sack_at(3, RTT + 1);
    sack_at(5, RTT + 2);
    assert_int_equal(window_us(), RTT / 4);
    sack_at(7, RTT + 3); /* DupThresh */
    assert_int_equal(window_us(), 0);
    rack.reordering_seen = true;
    assert_int_equal(window_us(), RTT / 4);
}

static void test_no_window_while_recovering(void **state)
{
    (void)state;
    send_at(2, 0);
    ack_at(1, RTT, false);
    context.is_recovering = true;
    assert_int_equal(window_us(), 0);
    rack.reordering_seen = true;
    assert_int_equal(window_us(), RTT / 4);
}

/* After N round trips with D-SACKs it is (N + 1) * min_RTT / 4, up to SRTT. */
static void test_window_grows_by_rounds(void **state)
{
    (void)state;
    send_at(2, 0);
    ack_at(1, RTT, false);
    context.srtt_us = RTT;
    for (int64_t round = 1; round <= 5; round++) {
        end_of_ack(true, false);
        end_of_ack(true, false); /* the same round */
        int64_t quarters = round + 1 < 4 ? round + 1 : 4;
        assert_int_equal(rack.reo_wnd_mult, round + 1);
        assert_int_equal(window_us(), quarters * RTT / 4);
        send_at(1, RTT);
        una = nxt - MSS; /* all that was sent when it came is acknowledged */
    }
    for (unsigned i = 0; i < 300; i++) {
        una = nxt;
        nxt += MSS;
        end_of_ack(true, false);
    }
    assert_int_equal(rack.reo_wnd_mult, UINT8_MAX); /* and stays */
    una = nxt = START;
}

static void test_window_shrinks_after_16_recoveries(void **state)
{
    (void)state;
    send_at(2, 0);
    end_of_ack(true, false);
    una = nxt;
    assert_int_equal(rack.reo_wnd_mult, 2);
    end_of_ack(true, true); /* a D-SACK with the end of a recovery begins anew */
    assert_int_equal(rack.reo_wnd_mult, 3);
    una = nxt += MSS;
    for (unsigned i = 0; i < 15; i++) {
        end_of_ack(false, true);
        end_of_ack(false, false); /* not the end of one */
        assert_int_equal(rack.reo_wnd_mult, 3);
    }
    end_of_ack(false, true);
    assert_int_equal(rack.reo_wnd_mult, 1);
    end_of_ack(false, true);
    assert_int_equal(rack.reo_wnd_mult, 1);
}

/* --- step 5: losses --------------------------------------------------------------------------- */

static void test_waits_for_the_window(void **state)
{
    (void)state;
    send_at(1, 0);
    send_at(1, 10 * MS);
    sack_at(1, 110 * MS);
    assert_int_equal(detect(), 0);
    assert_int_equal(timeout_us, 15 * MS); /* 0 + RTT + RTT / 4 - 110 */
    context.now_us = 125 * MS - 1;
    assert_int_equal(detect(), 0);
    assert_int_equal(timeout_us, 1);
    context.now_us = 125 * MS;
    assert_int_equal(detect(), MSS);
    assert_int_equal(timeout_us, 0);
    assert_int_equal(find(0)->state, TE_SENT_LOST);
    assert_int_equal(detect(), 0); /* once */
}

/* What was sent after the latest delivered is not suspect, however long ago. */
static void test_later_ones_are_not_suspect(void **state)
{
    (void)state;
    send_at(1, 0);
    send_at(1, 10 * MS);
    send_at(2, 20 * MS);
    sack_at(1, 110 * MS);
    context.now_us = 10000 * MS;
    assert_int_equal(detect(), MSS);
    assert_int_equal(find(2)->state, TE_SENT_IN_FLIGHT);
    assert_int_equal(timeout_us, 0);
}

/* DupThresh: the three before it are lost at once. */
static void test_three_sacked_above(void **state)
{
    (void)state;
    send_at(6, 0);
    sack_at(3, RTT);
    assert_int_equal(detect(), 0);
    assert_int_equal(timeout_us, RTT / 4);
    sack_at(4, RTT);
    sack_at(5, RTT);
    assert_int_equal(detect(), 3 * MSS);
    assert_int_equal(map.lost_bytes, 3 * MSS);
}

/* A lost retransmission: something that was sent after it has arrived (RFC 8985 3.1). */
static void test_lost_retransmission(void **state)
{
    (void)state;
    send_at(5, 0);
    sack_at(1, RTT);
    context.is_recovering = true;
    assert_int_equal(detect(), MSS);
    resend_at(0, RTT);
    sack_at(2, RTT + 1);
    assert_int_equal(detect(), 0); /* it was sent before the retransmission */
    send_at(1, RTT + 5 * MS);
    sack_at(5, 2 * RTT + 5 * MS);
    assert_int_equal(detect(), 3 * MSS); /* the retransmission, and two that were never SACKed */
    assert_int_equal(find(0)->state, TE_SENT_LOST);
    assert_int_equal(find(0)->transmissions, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_delivered_nothing_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_follows_the_latest_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ties_go_by_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_min_rtt_falls_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_min_rtt_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quick_ack_of_a_retransmission, setup, teardown),
        cmocka_unit_test_setup_teardown(test_timestamp_tells_the_original, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_order_is_no_reordering, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_ack_has_no_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_retransmission_is_no_reordering, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window_without_reordering, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_window_while_recovering, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window_grows_by_rounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window_shrinks_after_16_recoveries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waits_for_the_window, setup, teardown),
        cmocka_unit_test_setup_teardown(test_later_ones_are_not_suspect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_three_sacked_above, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_retransmission, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

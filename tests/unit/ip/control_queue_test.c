#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "support/test.h"
#include "units.h"

/* A packet of len bytes from us, marked by its first byte, not polled yet. */
static void send_to(struct fixture *f, const char *destination, uint8_t mark, size_t len)
{
    static uint8_t payload[66000];
    struct te_addr to = fixture_addr(destination);
    struct te_addr from = fixture_addr(te_addr_is_v4(&to) ? "10.0.0.1" : "2001:db8::1");
    payload[0] = mark;
    te_ip_send_packet(f->stack, &from, &to, 253, payload, len);
}

static void know(struct fixture *f, const char *text)
{
    struct te_addr addr = fixture_addr(text);
    uint8_t mac[6];
    assert_int_equal(te_ip_resolve(f->stack, &addr, NULL, mac), TE_HOP_PENDING);
    input_answer(f, text, peer_mac);
    fixture_discard(f);
}

static void expect_mark(struct fixture *f, uint8_t mark)
{
    struct sent_ip ip = expect_ip(f);
    assert_int_equal(ip.protocol, 253);
    assert_int_equal(ip.payload[0], mark);
    assert_mac(ip.eth.destination, peer_mac);
}

static void start(struct fixture *f, uint32_t max)
{
    fixture_init(f);
    f->config.control_queue_max = max;
    fixture_start(f);
    know(f, "10.0.0.2");
}

static uint32_t count(const struct fixture *f)
{
    const uint32_t *counts = f->stack->control.counts;
    return counts[TE_CONTROL_ORDINARY] + counts[TE_CONTROL_URGENT] + counts[TE_CONTROL_LAST_WORD];
}

static void test_first_come_first_served(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 16);
    for (uint8_t mark = 1; mark <= 5; mark++)
        send_to(&f, "10.0.0.2", mark, 10);
    fixture_poll(&f);
    for (uint8_t mark = 1; mark <= 5; mark++)
        expect_mark(&f, mark);
    fixture_expect_none(&f);
    assert_int_equal(count(&f), 0);
    fixture_stop(&f);
}

/* A packet whose neighbour is silent holds up nobody behind it. */
static void test_waiting_blocks_nobody(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 16);
    send_to(&f, "10.0.0.3", 1, 10);
    send_to(&f, "10.0.0.2", 2, 10);
    fixture_poll(&f);
    (void)expect_arp(&f, broadcast_mac);
    expect_mark(&f, 2);
    fixture_expect_none(&f);
    input_answer(&f, "10.0.0.3", peer_mac);
    expect_mark(&f, 1);
    fixture_expect_none(&f);
    assert_int_equal(count(&f), 0);
    fixture_stop(&f);
}

static void test_questions_go_first(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 16);
    send_to(&f, "10.0.0.2", 1, 10);
    send_to(&f, "10.0.0.2", 2, 10);
    send_to(&f, "10.0.0.3", 3, 10);
    send_to(&f, "2001:db8::3", 4, 10);
    fixture_poll(&f);
    (void)expect_arp(&f, broadcast_mac);
    struct sent_ip question = expect_ip(&f);
    assert_int_equal(question.payload[0], TE_ND_SOLICIT);
    expect_mark(&f, 1);
    expect_mark(&f, 2);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_silent_neighbour(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 16);
    send_to(&f, "10.0.0.3", 1, 10);
    fixture_poll(&f);
    fixture_advance(&f, 3 * SECOND);
    assert_int_equal(count(&f), 0);
    fixture_discard(&f);
    send_to(&f, "10.0.0.3", 1, 10); /* it failed a moment ago */
    fixture_poll(&f);
    fixture_expect_none(&f);
    assert_int_equal(count(&f), 0);
    fixture_stop(&f);
}

static void test_limit(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 16);
    for (uint8_t mark = 1; mark <= 100; mark++)
        send_to(&f, "10.0.0.2", mark, 10);
    assert_int_equal(count(&f), 16);
    assert_int_equal(fixture_counters(&f)->control_queue_full, 84);
    fixture_poll(&f);
    for (uint8_t mark = 1; mark <= 16; mark++)
        expect_mark(&f, mark);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* What waits for silent neighbours leaves half of the queue to the others. */
static void test_limit_of_waiting(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 16);
    for (uint8_t mark = 1; mark <= 100; mark++)
        send_to(&f, mark % 2 ? "10.0.0.3" : "10.0.0.4", mark, 10);
    assert_int_equal(f.stack->neighbours.waiting_count, 9);
    send_to(&f, "10.0.0.2", 200, 10);
    fixture_poll(&f);
    (void)expect_arp(&f, broadcast_mac);
    (void)expect_arp(&f, broadcast_mac);
    expect_mark(&f, 200);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* RFC 4861 7.2.2: of those that wait for one neighbour the oldest make room. */
static void test_limit_of_one_neighbour(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 256);
    for (uint8_t mark = 1; mark <= 100; mark++)
        send_to(&f, "10.0.0.3", mark, 10);
    assert_int_equal(f.stack->neighbours.waiting_count, TE_NEIGHBOUR_FRAMES_MAX);
    fixture_poll(&f);
    (void)expect_arp(&f, broadcast_mac);
    input_answer(&f, "10.0.0.3", peer_mac);
    for (uint8_t mark = 100 - TE_NEIGHBOUR_FRAMES_MAX + 1; mark <= 100; mark++)
        expect_mark(&f, mark);
    fixture_stop(&f);
}

/* ARP and ND have a share of their own. */
static void test_a_full_queue_does_not_stop_questions(void **state)
{
    struct fixture f;
    struct te_addr addr = fixture_addr("10.0.0.3");
    uint8_t mac[6];
    (void)state;
    start(&f, 4);
    for (uint8_t mark = 1; mark <= 10; mark++)
        send_to(&f, "10.0.0.2", mark, 10);
    assert_int_equal(te_ip_resolve(f.stack, &addr, NULL, mac), TE_HOP_PENDING);
    fixture_poll(&f);
    (void)expect_arp(&f, broadcast_mac);
    fixture_stop(&f);
}

static void test_all_fragments_or_none(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 4);
    send_to(&f, "10.0.0.2", 1, 1480 * 4);
    fixture_poll(&f);
    assert_int_equal(f.frame_count, 4);
    fixture_discard(&f);
    send_to(&f, "10.0.0.2", 1, 10);
    send_to(&f, "10.0.0.2", 2, 1480 * 4);
    fixture_poll(&f);
    expect_mark(&f, 1);
    fixture_expect_none(&f);
    assert_int_equal(fixture_counters(&f)->control_queue_full, 1);
    fixture_stop(&f);
}

static void test_no_memory(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 16);
    f.heap.allocations_left = 2;
    send_to(&f, "10.0.0.2", 1, 1480 * 4);
    f.heap.allocations_left = -1;
    fixture_poll(&f);
    assert_int_equal(f.frame_count, 2);
    assert_int_equal(count(&f), 0);
    fixture_stop(&f);
}

static void test_freed_with_the_stack(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 16);
    send_to(&f, "10.0.0.2", 1, 10);
    send_to(&f, "10.0.0.3", 2, 10);
    fixture_stop(&f); /* checks that no memory is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_waiting_blocks_nobody),
        cmocka_unit_test(test_questions_go_first),
        cmocka_unit_test(test_silent_neighbour),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_limit_of_waiting),
        cmocka_unit_test(test_limit_of_one_neighbour),
        cmocka_unit_test(test_a_full_queue_does_not_stop_questions),
        cmocka_unit_test(test_all_fragments_or_none),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_freed_with_the_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a connection is charged for large rings that the host lends it. */
#include <stdlib.h>
#include <string.h>

#include "stack_internal.h"
#include "support/couple.h"
#include "support/lazy_memory.h"
#include "support/test.h"
#include "tcp/conn/charge.h"

#define RING (4u << 20)
#define MESSAGE 64u

static struct couple c;
static struct lazy_memory memory;
static uint8_t *send_ring, *receive_ring;

static bool vacate(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes)
{
    (void)ctx;
    (void)conn_id;
    assert_ptr_equal(region, is_send ? send_ring : receive_ring);
    assert_int_equal(size_bytes, RING);
    return true;
}

static int setup(void **state)
{
    (void)state;
    send_ring = calloc(1, RING);
    receive_ring = calloc(1, RING);
    couple_init(&c);
    c.a.config.buffer_memory = c.b.config.buffer_memory = lazy_memory_init(&memory);
    c.a.config.buffer_memory.vacate = vacate;
    c.a.config.memory_max_bytes = 16u << 20;
    couple_start(&c);
    struct te_buffers lent = {send_ring, receive_ring, RING, RING};
    assert_int_equal(te_buffers_lend(c.a.stack, c.id, &lent, c.a.now_us), TE_OK);
    assert_int_equal(c.conn->charged_ring_bytes, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    couple_stop(&c);
    assert_int_equal(memory.regions, 0);
    free(send_ring);
    free(receive_ring);
    return 0;
}

/* The peer sends it, and the user takes it. */
static void receive_message(void)
{
    static const uint8_t text[MESSAGE] = "message";
    size_t accepted;
    struct te_position at;
    assert_int_equal(te_send(c.b.stack, c.peer_id, text, MESSAGE, &accepted, c.b.now_us), TE_OK);
    assert_int_equal(accepted, MESSAGE);
    couple_run(&c);
    assert_int_equal(te_position(c.a.stack, c.id, &at), TE_OK);
    te_receive_release(c.a.stack, c.id, at.received, c.a.now_us);
}

static void echo_message(void)
{
    size_t accepted;
    receive_message();
    assert_int_equal(te_send_in_place(c.a.stack, c.id, MESSAGE, &accepted, c.a.now_us), TE_OK);
    assert_int_equal(accepted, MESSAGE);
    couple_run(&c);
    te_receive_release(c.b.stack, c.peer_id, c.peer->received_offset, c.b.now_us);
    couple_run(&c);
}

static void a_message_costs_a_page(void **state)
{
    (void)state;
    receive_message();
    assert_int_equal(c.conn->charged_ring_bytes, LAZY_PAGE);
    assert_int_equal(te_charge_of(c.conn),
                     (uint64_t)c.conn->charged_ring_bytes + c.conn->charged_rest_bytes);
    echo_message();
    assert_int_equal(c.conn->charged_ring_bytes, 2 * LAZY_PAGE); /* one in each direction */
}

static void a_thousand_echoes_cost_what_they_wrote(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 1000; i++) {
        uint32_t pages = (i * MESSAGE + LAZY_PAGE - 1) / LAZY_PAGE;
        echo_message();
        assert_int_equal(c.conn->charged_ring_bytes, 2 * pages * LAZY_PAGE);
    }
    fixture_advance(&c.b, c.b.config.delayed_ack_us); /* of the last echo */
    couple_run(&c);
    fixture_advance(&c.a, 3 * c.a.config.idle_release_us);
    assert_int_equal(c.conn->charged_ring_bytes, 0);
    echo_message(); /* further on in the rings */
    assert_int_equal(c.conn->charged_ring_bytes, 2 * LAZY_PAGE);
}

/* Beyond its share a connection has the reserve, which a page does not exceed. */
static void a_message_comes_in_beyond_the_share(void **state)
{
    (void)state;
    assert_int_equal(c.a.config.memory_reserve_bytes, LAZY_PAGE);
    c.a.stack->charges.per_uid_bytes = 0;
    receive_message();
    assert_int_equal(c.conn->received_offset, MESSAGE);
}

/* A segment that lies on two pages comes in page by page, as the first is read and given back. */
static void what_exceeds_the_reserve_comes_in_parts(void **state)
{
    (void)state;
    static const uint8_t text[1000] = "text";
    size_t accepted;
    te_set_option(c.b.stack, c.peer_id, TE_OPTION_NAGLE, 0, c.b.now_us);
    for (unsigned i = 0; i < LAZY_PAGE / MESSAGE - 1; i++)
        receive_message();
    fixture_advance(&c.a, 2 * c.a.config.idle_release_us);
    assert_int_equal(c.conn->charged_ring_bytes, 0);
    c.a.stack->charges.per_uid_bytes = 0;
    te_send(c.b.stack, c.peer_id, text, sizeof(text), &accepted, c.b.now_us);
    couple_run(&c);
    assert_int_equal(c.conn->received_offset, LAZY_PAGE);
    assert_int_equal(c.conn->charged_ring_bytes, LAZY_PAGE);
    te_receive_release(c.a.stack, c.id, LAZY_PAGE, c.a.now_us);
    fixture_advance(&c.a, 2 * c.a.config.idle_release_us);
    fixture_advance(&c.b, 5000000); /* the rest comes again */
    couple_run(&c);
    assert_int_equal(c.conn->received_offset, LAZY_PAGE - MESSAGE + sizeof(text));
    assert_int_equal(c.conn->charged_ring_bytes, LAZY_PAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_costs_a_page),
        TEST(a_thousand_echoes_cost_what_they_wrote),
        TEST(a_message_comes_in_beyond_the_share),
        TEST(what_exceeds_the_reserve_comes_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

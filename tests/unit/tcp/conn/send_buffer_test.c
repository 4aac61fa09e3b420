#include <string.h>

#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/timers.h"

#define INITIAL 1024u
#define MAX 16384u

static struct lone l;
static struct te_conn *conn;
static uint8_t data[2 * MAX];

static int setup(void **state)
{
    (void)state;
    fixture_init(&l.f);
    l.f.config.send_buffer_initial_bytes = INITIAL;
    l.f.config.send_buffer_max_bytes = MAX;
    lone_start_configured(&l);
    conn = l.conn;
    conn->cc.cwnd_bytes = 0;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static uint32_t room(void)
{
    return te_send_room(l.stack, conn);
}

static size_t append(size_t len)
{
    return te_send_append(l.stack, conn, data + conn->queued_offset, len);
}

/* The queue holds the bytes of data from acked_offset to queued_offset. */
static void check_bytes(void)
{
    struct te_iovec iov[2];
    uint64_t at = conn->acked_offset;
    unsigned count = te_ring_read(&conn->send_ring, at, (size_t)(conn->queued_offset - at), iov);
    for (unsigned i = 0; i < count; i++) {
        assert_memory_equal(iov[i].base, data + at, iov[i].len);
        at += iov[i].len;
    }
    assert_true(at == conn->queued_offset);
}

/* --- room ------------------------------------------------------------------------------------- */

static void test_room_is_twice_cwnd_between_bounds(void **state)
{
    (void)state;
    assert_int_equal(room(), INITIAL);
    conn->cc.cwnd_bytes = INITIAL / 2;
    assert_int_equal(room(), INITIAL);
    conn->cc.cwnd_bytes = 3000;
    assert_int_equal(room(), 6000);
    conn->cc.cwnd_bytes = MAX;
    assert_int_equal(room(), MAX);
    conn->cc.cwnd_bytes = UINT32_C(1) << 31; /* twice that does not fit into 32 bits */
    assert_int_equal(room(), MAX);
    conn->cc.cwnd_bytes = UINT32_MAX;
    assert_int_equal(room(), MAX);
    conn->send_max_bytes = 500; /* an option of the user */
    assert_int_equal(room(), 500);
}

static void test_room_is_what_the_queue_leaves(void **state)
{
    (void)state;
    assert_int_equal(append(1000), 1000);
    assert_int_equal(room(), 24);
    te_send_free_below(l.stack, conn, 600);
    assert_int_equal(room(), 624);
    conn->send_max_bytes = 100; /* lowered below what is queued */
    assert_int_equal(room(), 0);
    assert_int_equal(append(1), 0);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void test_append_takes_what_there_is_room_for(void **state)
{
    (void)state;
    assert_int_equal(append(0), 0);
    assert_null(conn->send_ring.region);
    assert_int_equal(append(INITIAL + 1), INITIAL);
    assert_int_equal(append(1), 0);
    check_bytes();
}

static void test_ring_grows_with_the_queue(void **state)
{
    (void)state;
    conn->cc.cwnd_bytes = MAX;
    assert_int_equal(append(10), 10);
    assert_int_equal(te_ring_size(&conn->send_ring), INITIAL);
    assert_int_equal(append(INITIAL), INITIAL);
    assert_int_equal(te_ring_size(&conn->send_ring), 2 * INITIAL);
    assert_int_equal(append(MAX), MAX - INITIAL - 10);
    assert_int_equal(te_ring_size(&conn->send_ring), MAX);
    assert_int_equal(l.stack->conns.buffer_bytes, MAX);
    check_bytes();
}

/* The bytes wrap around the ring many times without growing it. */
static void test_ring_is_reused(void **state)
{
    (void)state;
    while (conn->queued_offset < sizeof(data) - INITIAL) {
        assert_int_equal(append(700), 700);
        check_bytes();
        te_send_free_below(l.stack, conn, conn->queued_offset - 100);
        check_bytes();
    }
    assert_int_equal(te_ring_size(&conn->send_ring), INITIAL);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Each message is acknowledged before the next: they lie at the same place. */
static void test_an_empty_ring_starts_anew(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < 3 * INITIAL; at += 100) {
        struct te_iovec iov[2];
        assert_int_equal(te_send_append(l.stack, conn, data + at, 100), 100);
        assert_int_equal(te_ring_read(&conn->send_ring, at, 100, iov), 1);
        assert_ptr_equal(iov[0].base, conn->send_ring.region);
        assert_memory_equal(iov[0].base, data + at, 100);
        te_send_free_below(l.stack, conn, at + 100);
    }
}

static void test_without_memory_nothing_is_taken(void **state)
{
    (void)state;
    l.f.heap.allocations_left = 0;
    assert_int_equal(append(10), 0);
    assert_int_equal(conn->queued_offset, 0);
    assert_int_equal(l.stack->conns.buffer_bytes, 0);
    l.f.heap.allocations_left = -1;
    assert_int_equal(append(10), 10);
}

static void test_a_ring_that_cannot_grow_is_filled(void **state)
{
    (void)state;
    conn->cc.cwnd_bytes = MAX;
    assert_int_equal(append(1000), 1000);
    l.f.heap.allocations_left = 0;
    assert_int_equal(append(1000), INITIAL - 1000);
    assert_int_equal(append(1000), 0);
    check_bytes();
    te_send_free_below(l.stack, conn, 500);
    assert_int_equal(append(1000), 500);
    check_bytes();
}

static void test_empty_memory_goes_when_idle(void **state)
{
    (void)state;
    append(100);
    te_send_free_below(l.stack, conn, 99);
    assert_false(te_timer_is_set(conn, TE_TIMER_IDLE));
    te_send_release_memory(l.stack, conn); /* not empty */
    assert_non_null(conn->send_ring.region);
    te_send_free_below(l.stack, conn, 100);
    int64_t at_us = 0;
    assert_int_equal(te_timer_next(conn, &at_us), TE_TIMER_IDLE);
    assert_int_equal(at_us, l.stack->now_us + l.stack->config.idle_release_us);
    assert_non_null(conn->send_ring.region); /* until then */
    te_send_release_memory(l.stack, conn);
    assert_null(conn->send_ring.region);
    assert_int_equal(l.stack->conns.buffer_bytes, 0);
    assert_int_equal(append(100), 100); /* the stream continues at its offset */
    check_bytes();
}

static void test_no_idle_timer_without_memory(void **state)
{
    (void)state;
    te_send_free_below(l.stack, conn, 0);
    assert_false(te_timer_is_set(conn, TE_TIMER_IDLE));
}

static void test_drop_frees_what_is_queued(void **state)
{
    (void)state;
    append(100);
    te_send_drop(l.stack, conn);
    assert_null(conn->send_ring.region);
    assert_int_equal(l.stack->conns.buffer_bytes, 0);
    assert_int_equal(conn->queued_offset, 100);
    te_send_drop(l.stack, conn); /* legal twice */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_room_is_twice_cwnd_between_bounds),
        TEST(test_room_is_what_the_queue_leaves),
        TEST(test_append_takes_what_there_is_room_for),
        TEST(test_ring_grows_with_the_queue),
        TEST(test_ring_is_reused),
        TEST(test_an_empty_ring_starts_anew),
        TEST(test_without_memory_nothing_is_taken),
        TEST(test_a_ring_that_cannot_grow_is_filled),
        TEST(test_empty_memory_goes_when_idle),
        TEST(test_no_idle_timer_without_memory),
        TEST(test_drop_frees_what_is_queued),
    };
    return cmocka_run_group_tests_name("send_buffer", tests, NULL, NULL);
}

#include <string.h>

#include "stack_internal.h"
#include "support/couple.h"
#include "support/lazy_memory.h"
#include "support/test.h"

#define RING (64u * 1024)

static struct couple c;
static struct lazy_memory memory;
static uint8_t send_ring[RING], receive_ring[RING], peer_send[RING], peer_receive[RING];
static const struct te_buffers lent = {send_ring, receive_ring, RING, RING};
static unsigned vacated, send_vacated, send_refused;
static bool user_writes;

static bool vacate(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes)
{
    (void)ctx;
    (void)conn_id;
    assert_ptr_equal(region, is_send ? send_ring : receive_ring);
    assert_int_equal(size_bytes, RING);
    if (is_send && user_writes) {
        send_refused++;
        return false;
    }
    memset(region, 0, size_bytes);
    if (is_send)
        send_vacated++;
    else
        vacated++;
    return true;
}

static int setup(void **state)
{
    (void)state;
    couple_init(&c);
    c.a.config.buffer_memory = c.b.config.buffer_memory = lazy_memory_init(&memory);
    c.a.config.buffer_memory.vacate = vacate;
    c.a.config.memory_max_bytes = 16u << 20;
    vacated = send_vacated = send_refused = 0;
    user_writes = false;
    couple_start(&c);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    couple_stop(&c);
    assert_int_equal(memory.regions, 0);
    return 0;
}

static void lend(void)
{
    assert_int_equal(te_buffers_lend(c.a.stack, c.id, &lent, c.a.now_us), TE_OK);
}

static struct te_position position(void)
{
    struct te_position at;
    assert_int_equal(te_position(c.a.stack, c.id, &at), TE_OK);
    return at;
}

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 7 + offset / 251);
}

/* Writes the next len bytes of the stream in place, and says so. */
static size_t write_in_place(size_t len)
{
    size_t accepted = 0;
    struct te_position at = position();
    for (uint64_t i = at.send_accepted; i < at.send_accepted + len; i++)
        send_ring[i % RING] = byte_at(i);
    assert_int_equal(te_send_in_place(c.a.stack, c.id, len, &accepted, c.a.now_us), TE_OK);
    return accepted;
}

/* The peer takes everything, which must be the stream from from on. */
static uint64_t peer_takes(uint64_t from)
{
    struct te_received got;
    while (te_receive_peek(c.b.stack, c.peer_id, from, SIZE_MAX, &got) == TE_OK) {
        for (unsigned i = 0; i < 2; i++)
            for (size_t at = 0; at < got.iov[i].len; at++)
                assert_int_equal(got.iov[i].base[at], byte_at(from++));
        te_receive_release(c.b.stack, c.peer_id, from, c.b.now_us);
    }
    couple_run(&c);
    return from;
}

static void what_is_written_in_place_arrives(void **state)
{
    (void)state;
    uint64_t taken = 0;
    lend();
    for (unsigned i = 0; i < 20; i++) { /* many times around */
        assert_int_equal(write_in_place(40000), 40000);
        couple_run(&c);
        for (uint64_t before = UINT64_MAX; before != taken;) {
            before = taken;
            taken = peer_takes(taken);
        }
        assert_int_equal(position().send_acked, taken);
    }
    assert_int_equal(taken, 20 * 40000);
}

static void no_more_is_accepted_than_the_ring_holds(void **state)
{
    (void)state;
    size_t accepted;
    lend();
    assert_int_equal(write_in_place(60000), 60000);
    assert_int_equal(write_in_place(60000), RING - 60000);
    assert_int_equal(te_send_in_place(c.a.stack, c.id, SIZE_MAX, &accepted, c.a.now_us), TE_OK);
    assert_int_equal(accepted, 0);
}

static void what_is_received_lies_in_the_lent_ring(void **state)
{
    (void)state;
    size_t accepted;
    uint8_t text[1000];
    memset(text, 'x', sizeof(text));
    te_set_option(c.b.stack, c.peer_id, TE_OPTION_NAGLE, 0, c.b.now_us);
    assert_int_equal(te_send(c.b.stack, c.peer_id, text, 500, &accepted, c.b.now_us), TE_OK);
    couple_run(&c);
    lend(); /* what was there before comes along */
    assert_int_equal(te_send(c.b.stack, c.peer_id, text, 1000, &accepted, c.b.now_us), TE_OK);
    couple_run(&c);
    assert_int_equal(position().received, 1500);
    for (size_t i = 0; i < 1500; i++)
        assert_int_equal(receive_ring[i], 'x');
}

static void the_window_never_exceeds_the_ring(void **state)
{
    (void)state;
    size_t accepted = 1;
    lend();
    for (unsigned i = 0; i < 200 && accepted > 0; i++) {
        assert_int_equal(te_send(c.b.stack, c.peer_id, peer_send, 5000, &accepted, c.b.now_us),
                         TE_OK);
        couple_run(&c);
    }
    struct te_position at = position();
    assert_true(at.received > RING / 2);
    assert_true(at.received - at.receive_released <= RING);
    assert_int_equal(fixture_counters(&c.a)->receive_no_memory, 0);
}

static void the_content_moves_out_again(void **state)
{
    (void)state;
    size_t accepted;
    assert_int_equal(te_send(c.a.stack, c.id, "", 0, &accepted, c.a.now_us), TE_OK);
    lend();
    assert_int_equal(write_in_place(3000), 3000);
    assert_int_equal(te_buffers_own(c.a.stack, c.id, c.a.now_us), TE_OK);
    memset(send_ring, 0, sizeof(send_ring)); /* the host may use it for another */
    assert_int_equal(te_send_in_place(c.a.stack, c.id, 1, &accepted, c.a.now_us), TE_ERR_STATE);
    couple_run(&c);
    assert_int_equal(peer_takes(0), 3000);
}

static void without_memory_it_stays(void **state)
{
    (void)state;
    lend();
    assert_int_equal(write_in_place(3000), 3000);
    memory.is_refusing = true;
    assert_int_equal(te_buffers_own(c.a.stack, c.id, c.a.now_us), TE_ERR_NOMEM);
    memory.is_refusing = false;
    assert_int_equal(te_buffers_own(c.a.stack, c.id, c.a.now_us), TE_OK);
    couple_run(&c);
    assert_int_equal(peer_takes(0), 3000);
}

/* What a hostile user does to his own bytes in flight reaches nobody but his peer. */
static void bytes_rewritten_in_flight_go_out_as_they_are(void **state)
{
    (void)state;
    lend();
    assert_int_equal(write_in_place(3000), 3000);
    memset(send_ring, 'y', sizeof(send_ring));
    couple_run(&c);
    struct te_received got;
    assert_int_equal(te_receive_peek(c.b.stack, c.peer_id, 0, SIZE_MAX, &got), TE_OK);
    assert_int_equal(got.total_bytes, 3000);
    assert_int_equal(got.iov[0].base[0], 'y');
}

static void pages_of_an_idle_connection_are_dropped(void **state)
{
    (void)state;
    size_t accepted;
    lend();
    assert_int_equal(te_send(c.b.stack, c.peer_id, peer_send, 100, &accepted, c.b.now_us), TE_OK);
    couple_run(&c);
    fixture_advance(&c.a, 2 * c.a.config.idle_release_us);
    assert_int_equal(vacated, 0); /* it is not read yet */
    assert_int_equal(te_receive_release(c.a.stack, c.id, 100, c.a.now_us), TE_OK);
    fixture_advance(&c.a, 2 * c.a.config.idle_release_us);
    assert_int_equal(vacated, 1);
    fixture_advance(&c.a, 2 * c.a.config.idle_release_us);
    assert_int_equal(vacated, 1);
}

/* A byte is written, leaves and is acknowledged. */
static void send_one(void)
{
    uint64_t at = position().send_accepted;
    assert_int_equal(write_in_place(1), 1);
    couple_run(&c);
    fixture_advance(&c.b, c.b.config.delayed_ack_us);
    couple_run(&c);
    assert_int_equal(position().send_acked, at + 1);
}

static void pages_of_an_idle_send_ring_are_dropped(void **state)
{
    (void)state;
    lend();
    uint64_t without = c.conn->charged_ring_bytes;
    send_one();
    assert_true(c.conn->charged_ring_bytes > without);
    fixture_advance(&c.a, c.a.config.idle_release_us / 2);
    assert_int_equal(send_vacated, 0);
    fixture_advance(&c.a, c.a.config.idle_release_us);
    assert_int_equal(send_vacated, 1);
    assert_int_equal(c.conn->charged_ring_bytes, without);
    fixture_advance(&c.a, 10 * c.a.config.idle_release_us);
    assert_int_equal(send_vacated, 1); /* there is nothing to drop */
    send_one();
    assert_true(c.conn->charged_ring_bytes > without);
    fixture_advance(&c.a, 2 * c.a.config.idle_release_us);
    assert_int_equal(send_vacated, 2);
}

static void a_send_ring_that_is_written_stays(void **state)
{
    (void)state;
    lend();
    uint64_t without = c.conn->charged_ring_bytes;
    send_one();
    user_writes = true;
    fixture_advance(&c.a, 5 * c.a.config.idle_release_us);
    assert_int_equal(send_refused, 1);
    assert_true(c.conn->charged_ring_bytes > without); /* it costs what it cost */
    user_writes = false;
    send_one();
    fixture_advance(&c.a, 2 * c.a.config.idle_release_us);
    assert_int_equal(send_vacated, 1);
    assert_int_equal(c.conn->charged_ring_bytes, without);
}

/* What is in flight is not dropped, however long that takes. */
static void a_send_ring_with_something_in_it_stays(void **state)
{
    (void)state;
    lend();
    assert_int_equal(write_in_place(1), 1);
    fixture_advance(&c.a, 3 * c.a.config.idle_release_us);
    assert_int_equal(send_vacated + send_refused, 0);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    size_t accepted;
    struct te_buffers odd = lent, small = lent;
    odd.send_bytes = 65000;
    small.receive_bytes = 1;
    assert_int_equal(te_buffers_lend(c.a.stack, c.id, &odd, c.a.now_us), TE_ERR_INVALID);
    assert_int_equal(te_buffers_lend(c.a.stack, c.id, &small, c.a.now_us), TE_ERR_RESOURCES);
    assert_int_equal(te_buffers_lend(c.a.stack, 4711, &lent, c.a.now_us), TE_ERR_NO_CONNECTION);
    assert_int_equal(te_send_in_place(c.a.stack, c.id, 1, &accepted, c.a.now_us), TE_ERR_STATE);
    lend();
    assert_int_equal(te_buffers_lend(c.a.stack, c.id, &lent, c.a.now_us), TE_ERR_STATE);
    assert_int_equal(te_send(c.a.stack, c.id, "x", 1, &accepted, c.a.now_us), TE_ERR_STATE);
}

/* A send queue that is larger than what is lent stays where it was, and so does what was received.
 */
static void what_does_not_fit_stays(void **state)
{
    (void)state;
    size_t accepted;
    struct te_buffers small = lent;
    for (unsigned i = 0; i < 3000; i++)
        peer_receive[i] = byte_at(i);
    assert_int_equal(te_send(c.a.stack, c.id, peer_receive, 3000, &accepted, c.a.now_us), TE_OK);
    small.send_bytes = 2048;
    assert_int_equal(te_buffers_lend(c.a.stack, c.id, &small, c.a.now_us), TE_ERR_RESOURCES);
    couple_run(&c);
    assert_int_equal(peer_takes(0), 3000);
}

static void a_dead_connection_lets_go(void **state)
{
    (void)state;
    lend();
    assert_int_equal(write_in_place(3000), 3000);
    te_abort(c.b.stack, c.peer_id, c.b.now_us);
    couple_run(&c);
    struct te_position at = position();
    assert_int_equal(at.error, TE_ERR_RESET);
    assert_null(c.conn->send_ring.region);
    assert_int_equal(te_buffers_own(c.a.stack, c.id, c.a.now_us), TE_OK);
    assert_int_equal(te_close(c.a.stack, c.id, c.a.now_us), TE_OK);
    assert_int_equal(te_position(c.a.stack, c.id, &at), TE_ERR_NO_CONNECTION);
}

/* --- places in the stack's own buffer --------------------------------------------------------- */

static struct te_send_place place_of(size_t len)
{
    struct te_send_place place;
    assert_int_equal(te_send_place(c.a.stack, c.id, len, &place, c.a.now_us), TE_OK);
    assert_int_equal(place.len[0] + place.len[1], place.total_bytes);
    assert_true(place.total_bytes <= len);
    return place;
}

/* Writes the next len bytes of the stream where the place is. Returns how many had room. */
static size_t write_into_place(size_t len)
{
    struct te_send_place place = place_of(len);
    uint64_t offset = position().send_accepted;
    for (unsigned i = 0; i < 2; i++)
        for (size_t at = 0; at < place.len[i]; at++)
            place.base[i][at] = byte_at(offset++);
    assert_int_equal(te_send_placed(c.a.stack, c.id, place.total_bytes, c.a.now_us), TE_OK);
    assert_int_equal(position().send_accepted, offset);
    return place.total_bytes;
}

static void what_is_written_into_a_place_arrives(void **state)
{
    (void)state;
    uint64_t taken = 0, sent = 0;
    while (sent < 900000) { /* many times around */
        sent += write_into_place(70000);
        couple_run(&c);
        for (uint64_t before = UINT64_MAX; before != taken;) {
            before = taken;
            taken = peer_takes(taken);
        }
    }
    assert_int_equal(taken, sent);
}

static void a_full_buffer_has_no_place(void **state)
{
    (void)state;
    while (write_into_place(SIZE_MAX) > 0)
        ;
    assert_int_equal(place_of(1).total_bytes, 0);
    assert_true(c.conn->send_was_cut);
    couple_run(&c);
    peer_takes(0);
    assert_true(place_of(1).total_bytes == 1);
}

/* Nothing came: what was held back for more goes out, and the place's memory is given back. */
static void a_place_that_is_left_costs_nothing(void **state)
{
    (void)state;
    assert_true(place_of(1000).total_bytes == 1000);
    assert_non_null(c.conn->send_ring.region);
    c.conn->send_was_cut = true;
    assert_int_equal(te_send_placed(c.a.stack, c.id, 0, c.a.now_us), TE_OK);
    assert_false(c.conn->send_was_cut);
    assert_int_equal(position().send_accepted, 0);
    c.a.now_us = c.b.now_us = c.a.now_us + TE_SECOND;
    couple_run(&c);
    te_stack_handle_timeout(c.a.stack, c.a.now_us);
    assert_null(c.conn->send_ring.region);
}

static void more_than_the_buffer_is_refused(void **state)
{
    struct te_send_place place;
    (void)state;
    place_of(1000);
    assert_int_equal(
        te_send_placed(c.a.stack, c.id, te_ring_size(&c.conn->send_ring) + 1u, c.a.now_us),
        TE_ERR_STATE);
    assert_int_equal(te_send_placed(c.a.stack, 4711, 1, c.a.now_us), TE_ERR_NO_CONNECTION);
    assert_int_equal(te_send_place(c.a.stack, 4711, 1, &place, c.a.now_us), TE_ERR_NO_CONNECTION);
    lend();
    assert_int_equal(te_send_place(c.a.stack, c.id, 1, &place, c.a.now_us), TE_ERR_STATE);
    assert_int_equal(te_send_placed(c.a.stack, c.id, 1, c.a.now_us), TE_ERR_STATE);
    te_shutdown(c.a.stack, c.id, c.a.now_us);
    assert_int_equal(te_buffers_own(c.a.stack, c.id, c.a.now_us), TE_OK);
    assert_int_equal(te_send_place(c.a.stack, c.id, 1, &place, c.a.now_us), TE_ERR_CLOSING);
    te_abort(c.b.stack, c.peer_id, c.b.now_us);
    couple_run(&c);
    assert_int_equal(te_send_place(c.a.stack, c.id, 1, &place, c.a.now_us), TE_ERR_RESET);
    assert_int_equal(te_send_placed(c.a.stack, c.id, 1, c.a.now_us), TE_ERR_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_in_place_arrives, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_is_accepted_than_the_ring_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_received_lies_in_the_lent_ring, setup, teardown),
        cmocka_unit_test_setup_teardown(the_window_never_exceeds_the_ring, setup, teardown),
        cmocka_unit_test_setup_teardown(the_content_moves_out_again, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_of_an_idle_send_ring_are_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_send_ring_that_is_written_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_send_ring_with_something_in_it_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(without_memory_it_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_rewritten_in_flight_go_out_as_they_are, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pages_of_an_idle_connection_are_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dead_connection_lets_go, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_written_into_a_place_arrives, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_buffer_has_no_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_place_that_is_left_costs_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_the_buffer_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

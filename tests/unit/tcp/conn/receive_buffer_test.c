#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/dsack.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/timers.h"

#define START 0xfffff000u /* numbers wrap on the way */
#define LIMIT 8192u
#define MSS 1000u

static struct lone l;
static struct te_conn *conn;
static uint8_t data[4 * LIMIT];

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    conn->mss = MSS;
    conn->rcv_nxt = START;
    conn->rcv_adv = START + LIMIT;
    conn->rcv_wscale = 0;
    conn->receive_limit_bytes = conn->receive_max_bytes = LIMIT;
    conn->sack_ok = true;
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

/* Payload is identified by its place in the stream. */
static enum te_receive_result receive(uint32_t from, uint32_t to)
{
    return te_receive_payload(l.stack, conn, START + from, data + from, to - from);
}

static void take(uint64_t offset)
{
    te_receive_release_below(l.stack, conn, offset);
}

/* Received in order up to end, and every byte is correct. */
static void expect_received(uint64_t end)
{
    struct te_iovec iov[2];
    uint64_t at = conn->released_offset;
    assert_int_equal(conn->received_offset, end);
    assert_int_equal(conn->rcv_nxt, START + (uint32_t)end);
    unsigned count = te_ring_read(&conn->receive_ring, at, (size_t)(end - at), iov);
    for (unsigned i = 0; i < count; i++) {
        assert_memory_equal(iov[i].base, data + at, iov[i].len);
        at += iov[i].len;
    }
    assert_true(at == end);
}

static void expect_dsack(uint32_t start, uint32_t end)
{
    const struct te_sack_block *block = te_dsacks_first(conn->ack.dsacks);
    assert_non_null(block);
    assert_int_equal(block->start, START + start);
    assert_int_equal(block->end, START + end);
    te_dsacks_remove_first(&conn->ack.dsacks, &l.stack->config.allocator);
}

/* --- text ------------------------------------------------------------------------------------- */

static void test_in_order(void **state)
{
    (void)state;
    assert_int_equal(receive(0, 1000), TE_RECEIVE_IN_ORDER);
    assert_int_equal(receive(1000, 5000), TE_RECEIVE_IN_ORDER); /* over the wrap at 4096 */
    expect_received(5000);
    assert_int_equal(te_receive_window(conn), LIMIT - 5000);
    assert_int_equal(l.stack->counters.bytes_in, 5000);
    assert_null(conn->ack.dsacks);
}

static void test_old_text_is_cut_off_and_reported(void **state)
{
    (void)state;
    receive(0, 1000);
    assert_int_equal(receive(500, 1500), TE_RECEIVE_IN_ORDER);
    expect_received(1500);
    expect_dsack(500, 1000);
    assert_int_equal(receive(200, 1500), TE_RECEIVE_DUPLICATE);
    expect_dsack(200, 1500);
    assert_int_equal(receive(200, 700), TE_RECEIVE_DUPLICATE);
    expect_dsack(200, 700); /* what came, and no more */
    expect_received(1500);
    assert_null(conn->ack.dsacks);
}

static void test_text_beyond_the_window_is_cut_off(void **state)
{
    (void)state;
    assert_int_equal(receive(0, LIMIT + 500), TE_RECEIVE_IN_ORDER);
    expect_received(LIMIT);
    assert_int_equal(te_receive_window(conn), 0);
    assert_int_equal(receive(LIMIT, LIMIT + 1), TE_RECEIVE_NO_WINDOW);
    expect_received(LIMIT);
}

static void test_both_ends_are_cut_off(void **state)
{
    (void)state;
    receive(0, 4000);
    assert_int_equal(receive(3000, LIMIT + 500), TE_RECEIVE_IN_ORDER);
    expect_received(LIMIT);
}

static void test_a_hole_is_filled(void **state)
{
    (void)state;
    assert_int_equal(receive(2000, 3000), TE_RECEIVE_OUT_OF_ORDER);
    assert_int_equal(receive(5000, 6000), TE_RECEIVE_OUT_OF_ORDER);
    expect_received(0);
    assert_int_equal(receive(0, 2000), TE_RECEIVE_IN_ORDER);
    expect_received(3000);
    assert_int_equal(receive(3000, 5500), TE_RECEIVE_IN_ORDER); /* into what is there */
    expect_received(6000);
    assert_int_equal(conn->out_of_order.count, 0);
    assert_int_equal(l.stack->counters.out_of_order_segments, 2);
    assert_int_equal(l.stack->counters.bytes_in, 6000);
}

static void test_out_of_order_text_twice(void **state)
{
    (void)state;
    receive(2000, 3000);
    assert_int_equal(receive(2000, 3000), TE_RECEIVE_DUPLICATE);
    expect_dsack(2000, 3000);
    assert_int_equal(receive(2500, 3500), TE_RECEIVE_OUT_OF_ORDER);
    expect_dsack(2500, 3000); /* RFC 2883 4.2: the first part that came twice */
    assert_null(conn->ack.dsacks);
}

/* Nothing the next ACK says is of what was pruned: it would be read as a SACK. */
static void test_pruned_text_is_not_reported(void **state)
{
    (void)state;
    struct te_sack_block blocks[TE_SACK_BLOCKS_MAX];
    receive(0, 1000);
    receive(2000, 3000);
    receive(2000, 3000);
    assert_int_equal(te_receive_sack_blocks(conn, blocks), 2);
    assert_int_equal(te_receive_prune(l.stack, conn), 1000);
    assert_int_equal(te_receive_sack_blocks(conn, blocks), 0);
    assert_null(conn->ack.dsacks);
    receive(1000, 2000);
    expect_received(2000);
    assert_int_equal(te_receive_sack_blocks(conn, blocks), 0);
}

static void test_no_dsack_without_sack(void **state)
{
    (void)state;
    conn->sack_ok = false;
    receive(0, 1000);
    receive(0, 1000);
    assert_null(conn->ack.dsacks);
}

static void test_too_many_holes(void **state)
{
    (void)state;
    l.stack->config.out_of_order_ranges_max = 2;
    assert_int_equal(receive(1000, 1100), TE_RECEIVE_OUT_OF_ORDER);
    assert_int_equal(receive(2000, 2100), TE_RECEIVE_OUT_OF_ORDER);
    assert_int_equal(receive(3000, 3100), TE_RECEIVE_NO_RANGE);
    assert_int_equal(receive(1100, 1200), TE_RECEIVE_OUT_OF_ORDER); /* not one more hole */
    assert_int_equal(receive(0, 1000), TE_RECEIVE_IN_ORDER);
    expect_received(1200);
}

static void test_no_memory(void **state)
{
    (void)state;
    l.f.heap.allocations_left = 0;
    assert_int_equal(receive(0, 1000), TE_RECEIVE_NO_MEMORY);
    assert_int_equal(receive(2000, 3000), TE_RECEIVE_NO_MEMORY);
    l.f.heap.allocations_left = 1; /* the ring, and nothing to note the range in */
    assert_int_equal(receive(2000, 3000), TE_RECEIVE_NO_RANGE);
    expect_received(0);
    l.f.heap.allocations_left = -1;
    assert_int_equal(receive(0, 1000), TE_RECEIVE_IN_ORDER);
    expect_received(1000);
}

/* --- SACK blocks ------------------------------------------------------------------------------ */

static void expect_block(const struct te_sack_block *block, uint32_t start, uint32_t end)
{
    assert_int_equal(block->start, START + start);
    assert_int_equal(block->end, START + end);
}

static void test_newest_first_after_dsack(void **state)
{
    (void)state;
    struct te_sack_block blocks[TE_SACK_BLOCKS_MAX];
    assert_int_equal(te_receive_sack_blocks(conn, blocks), 0);
    receive(1000, 1100);
    receive(6000, 6100); /* beyond the wrap */
    receive(3000, 3100);
    assert_int_equal(te_receive_sack_blocks(conn, blocks), 3);
    expect_block(&blocks[0], 3000, 3100);
    expect_block(&blocks[1], 6000, 6100);
    expect_block(&blocks[2], 1000, 1100);
    receive(1050, 1100);
    assert_int_equal(te_receive_sack_blocks(conn, blocks), 4);
    expect_block(&blocks[0], 1050, 1100); /* D-SACK */
    expect_block(&blocks[1], 1000, 1100); /* RFC 2883 4: and the block that holds it */
    expect_block(&blocks[2], 3000, 3100);
    expect_block(&blocks[3], 6000, 6100);
}

/* RFC 2018 3: 40 bytes of options hold four blocks, or three beside timestamps. */
static void test_as_many_as_fit(void **state)
{
    (void)state;
    struct te_sack_block blocks[TE_SACK_BLOCKS_MAX];
    for (uint32_t i = 1; i <= 5; i++)
        receive(1000 * i, 1000 * i + 100);
    assert_int_equal(te_receive_sack_blocks(conn, blocks), 4);
    expect_block(&blocks[0], 5000, 5100);
    expect_block(&blocks[3], 2000, 2100);
    conn->ts_ok = true;
    assert_int_equal(te_receive_sack_blocks(conn, blocks), 3);
    expect_block(&blocks[2], 3000, 3100);
}

/* --- the window ------------------------------------------------------------------------------- */

/* RFC 9293 3.8.6.2.2: by min(MSS, half of the buffer), or not at all. */
static void test_edge_moves_by_a_segment_or_not_at_all(void **state)
{
    (void)state;
    receive(0, 4000);
    assert_int_equal(te_receive_offer(conn, false), LIMIT - 4000);
    take(MSS - 1);
    assert_int_equal(te_receive_offer(conn, false), LIMIT - 4000);
    assert_int_equal(conn->rcv_adv, START + LIMIT);
    take(MSS);
    assert_int_equal(te_receive_offer(conn, false), LIMIT - 3000);
    assert_int_equal(conn->rcv_adv, START + LIMIT + MSS);
}

static void test_edge_moves_by_half_of_a_small_buffer(void **state)
{
    (void)state;
    conn->receive_limit_bytes = conn->receive_max_bytes = 600;
    conn->rcv_adv = START + 600;
    receive(0, 600);
    take(299);
    assert_int_equal(te_receive_offer(conn, false), 0);
    take(300);
    assert_int_equal(te_receive_offer(conn, false), 300);
}

/* RFC 9293 3.8.6: shrinking the window is discouraged (SHLD-14). */
static void test_edge_never_moves_left(void **state)
{
    (void)state;
    receive(0, 1000);
    conn->receive_limit_bytes = 2000; /* the user has lowered it */
    assert_int_equal(te_receive_offer(conn, false), LIMIT - 1000);
    assert_int_equal(conn->rcv_adv, START + LIMIT);
}

static void test_offer_of_a_syn_is_not_scaled(void **state)
{
    (void)state;
    conn->rcv_wscale = 7;
    conn->receive_limit_bytes = conn->receive_max_bytes = 200000;
    conn->rcv_adv = conn->rcv_nxt;
    assert_int_equal(te_receive_offer(conn, true), 65535);
    assert_int_equal(conn->rcv_adv, START + 65535);
    assert_int_equal(te_receive_offer(conn, false), 200000 >> 7);
    assert_int_equal(conn->rcv_adv, START + (200000 >> 7 << 7)); /* what the field says */
}

static void test_field_has_16_bits(void **state)
{
    (void)state;
    conn->receive_limit_bytes = conn->receive_max_bytes = 70000;
    conn->rcv_adv = conn->rcv_nxt;
    assert_int_equal(te_receive_offer(conn, false), 65535);
    assert_int_equal(conn->rcv_adv, START + 65535);
}

/* RFC 7323 2.4: rounding down would move the announced edge left. It is rounded up, but never
 * promises two units more than the limit; then the announced edge moves left by less than a unit.
 */
static void test_rounding(void **state)
{
    (void)state;
    conn->rcv_wscale = 7;
    receive(0, 1);
    assert_int_equal(te_receive_offer(conn, false), 64); /* 8,191 bytes in units of 128 */
    assert_int_equal(conn->rcv_adv, START + 1 + LIMIT);
    for (uint32_t i = 1; i < 2000; i++) {
        uint32_t before = conn->rcv_adv;
        receive(i, i + 1);
        uint32_t announced = conn->rcv_nxt + ((uint32_t)te_receive_offer(conn, false) << 7);
        assert_true(announced - START > before - START - 128);
        assert_true(conn->rcv_adv - START >= before - START);
        assert_true(conn->rcv_adv - START < LIMIT + 2 * 128);
    }
}

/* Two segments, or half of the buffer. */
static void test_worth_an_update(void **state)
{
    (void)state;
    receive(0, 4000);
    assert_false(te_receive_should_update_window(conn));
    take(2 * MSS - 1);
    assert_false(te_receive_should_update_window(conn));
    take(2 * MSS);
    assert_true(te_receive_should_update_window(conn));
    te_receive_offer(conn, false);
    assert_false(te_receive_should_update_window(conn));
    conn->mss = 5000; /* half of the buffer is less than two of these */
    receive(4000, 8192);
    take(2 * MSS + LIMIT / 2 - 1);
    assert_false(te_receive_should_update_window(conn));
    take(2 * MSS + LIMIT / 2);
    assert_true(te_receive_should_update_window(conn));
}

static bool is_worth_an_update(uint32_t limit_bytes, uint32_t offered, uint32_t taken)
{
    conn->rcv_wscale = 7;
    conn->ack.by_frame = true;
    conn->receive_limit_bytes = conn->receive_max_bytes = limit_bytes;
    conn->rcv_adv = conn->rcv_nxt + offered;
    conn->released_offset = 0;
    conn->received_offset = limit_bytes - offered - taken; /* not read yet */
    return te_receive_should_update_window(conn);
}

/* Half of a large window keeps the peer going until its next frame is acknowledged. */
static void test_a_large_window_can_wait(void **state)
{
    const uint32_t large = 1u << 20, least = 256u << 10;
    (void)state;
    assert_false(is_worth_an_update(large, large / 2 + 128, large / 4 - 128));
    assert_true(is_worth_an_update(large, large / 2 + 128, large / 4));
    assert_true(is_worth_an_update(large, large / 2, 2048)); /* two segments */
    assert_false(is_worth_an_update(large, large / 2, 2 * MSS - 1));
    assert_true(is_worth_an_update(large, 0, 2048));
    assert_false(is_worth_an_update(least, least / 2 + 128, 2048));
    assert_true(is_worth_an_update(least - 128, least / 2 + 128, 2048)); /* not so large */
    assert_false(is_worth_an_update(large, large / 2 + 128, 2048));
    conn->ack.by_frame = false; /* the peer counts ACKs */
    assert_true(te_receive_should_update_window(conn));
    conn->ack.unacked_bytes = 1;
    assert_true(is_worth_an_update(large, large / 2 + 128, 2048)); /* which says more than that */
}

/* An update that the field cannot express would be repeated for ever. */
static void test_no_update_for_less_than_a_unit(void **state)
{
    (void)state;
    conn->mss = 10;
    conn->rcv_wscale = 7;
    conn->rcv_adv = conn->rcv_nxt + 8064; /* 63 units; the buffer has room for 64, less a byte */
    conn->receive_limit_bytes = 8191;
    assert_false(te_receive_should_update_window(conn));
    conn->receive_limit_bytes = 8192;
    assert_true(te_receive_should_update_window(conn));
}

/* --- sizes ------------------------------------------------------------------------------------ */

static void test_scale_for_a_maximum(void **state)
{
    (void)state;
    assert_int_equal(te_receive_wscale(0), 0);
    assert_int_equal(te_receive_wscale(65535), 0);
    assert_int_equal(te_receive_wscale(65536), 1);
    assert_int_equal(te_receive_wscale(2 * 65536 - 1), 1);
    assert_int_equal(te_receive_wscale(32u << 20), 10);
    assert_int_equal(te_receive_wscale(1u << 30), 14); /* RFC 7323 2.3: no more than 14 */
    assert_int_equal(te_receive_wscale(UINT32_MAX), 14);
}

static uint32_t initial(uint32_t initial_bytes, uint32_t max_bytes)
{
    struct te_config config = l.stack->config;
    config.receive_buffer_initial_bytes = initial_bytes;
    config.receive_buffer_max_bytes = max_bytes;
    return te_receive_limit_initial(&config);
}

static void test_first_limit(void **state)
{
    (void)state;
    assert_int_equal(initial(65536, 32u << 20), 65536);
    assert_int_equal(initial(1, 32u << 20), 2 << 10); /* two units of scale 10 */
    assert_int_equal(initial(65536, 1000), 1000);
    assert_int_equal(initial(1, 1), 1);
    conn->rcv_wscale = 10;
    assert_int_equal(te_receive_limit_min(conn), 2048);
}

/* At least four times what is taken within a round trip. */
static void test_limit_grows_with_use(void **state)
{
    (void)state;
    conn->receive_max_bytes = 4 * LIMIT;
    conn->rcv_adv = START + 4 * LIMIT;
    conn->rtt.srtt_us = 100 * MS;
    receive(0, 3 * LIMIT);
    take(LIMIT / 4);
    assert_int_equal(conn->receive_limit_bytes, LIMIT);
    take(LIMIT / 4 + 1);
    assert_int_equal(conn->receive_limit_bytes, 2 * LIMIT);
    take(LIMIT); /* four times that is the maximum */
    assert_int_equal(conn->receive_limit_bytes, 4 * LIMIT);
    take(3 * LIMIT);
    assert_int_equal(conn->receive_limit_bytes, 4 * LIMIT);
}

#define NEAR_MAX (4u << 20) /* what the pauses of a scheduler are worth */

/* Takes len bytes at once, without having received them in pieces. */
static uint32_t limit_after(uint32_t limit_bytes, int64_t srtt_us, uint32_t len)
{
    conn->receive_limit_bytes = limit_bytes;
    conn->receive_max_bytes = 64u << 20;
    conn->rtt.srtt_us = (uint32_t)srtt_us;
    conn->received_offset += len;
    conn->rcv_nxt += len;
    lone_advance(&l, SECOND); /* a new measurement, from here on */
    conn->receive_mark_at_us = l.stack->now_us;
    conn->receive_mark_offset = conn->released_offset;
    take(conn->received_offset);
    return conn->receive_limit_bytes;
}

/* Within 10 ms, the shortest time that is measured, a path of 1 ms brings ten round trips. */
static void test_a_short_path_needs_no_large_buffer(void **state)
{
    (void)state;
    assert_int_equal(limit_after(LIMIT, MS, 8u << 20), NEAR_MAX);
    assert_int_equal(limit_after(NEAR_MAX, 0, 32u << 20), NEAR_MAX);
    assert_int_equal(limit_after(NEAR_MAX, 50, 32u << 20), NEAR_MAX);
    assert_int_equal(limit_after(NEAR_MAX, MS, 10u << 20), NEAR_MAX); /* four times 1 MiB */
    assert_int_equal(limit_after(NEAR_MAX, MS, 11u << 20), 2 * NEAR_MAX);
    assert_int_equal(limit_after(NEAR_MAX, MS, 32u << 20), 4 * NEAR_MAX); /* four times 3.2 MiB */
    assert_int_equal(limit_after(NEAR_MAX, 10 * MS, 8u << 20), 8 * NEAR_MAX);
    assert_int_equal(limit_after(NEAR_MAX, 100 * MS, 8u << 20), 8 * NEAR_MAX);
}

static void test_slow_use_grows_nothing(void **state)
{
    (void)state;
    conn->receive_max_bytes = 4 * LIMIT;
    conn->rcv_adv = START + 4 * LIMIT;
    conn->rtt.srtt_us = 100 * MS;
    receive(0, 3 * LIMIT);
    for (uint32_t at = LIMIT / 8; at <= 3 * LIMIT; at += LIMIT / 8) {
        lone_advance(&l, 101 * MS);
        take(at);
    }
    assert_int_equal(conn->receive_limit_bytes, LIMIT);
}

/* What a user takes after a long pause has piled up in it: no measure of the path. */
static void test_a_pause_says_nothing(void **state)
{
    (void)state;
    conn->receive_max_bytes = 4 * LIMIT;
    conn->rtt.srtt_us = 100 * MS;
    receive(0, LIMIT);
    lone_advance(&l, SECOND);
    take(LIMIT);
    assert_int_equal(conn->receive_limit_bytes, LIMIT);
}

static void test_round_trip_by_echoes(void **state)
{
    (void)state;
    uint32_t now_ms = te_ts_now(l.stack, conn->ts_offset);
    te_receive_note_echo(l.stack, conn, now_ms - 10001); /* a pause */
    assert_int_equal(conn->receive_rtt_us, 0);
    te_receive_note_echo(l.stack, conn, now_ms + 1); /* from the future */
    assert_int_equal(conn->receive_rtt_us, 0);
    te_receive_note_echo(l.stack, conn, now_ms - 80);
    assert_int_equal(conn->receive_rtt_us, 80 * MS);
    te_receive_note_echo(l.stack, conn, now_ms - 160);
    assert_int_equal(conn->receive_rtt_us, 90 * MS); /* 7/8 and 1/8 */
    te_receive_note_echo(l.stack, conn, now_ms);     /* less than a tick */
    assert_int_equal(conn->receive_rtt_us, (7 * 90 * MS + MS) / 8);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void test_empty_memory_goes_when_idle(void **state)
{
    (void)state;
    receive(0, 100);
    take(99);
    assert_false(te_timer_is_set(conn, TE_TIMER_IDLE));
    te_receive_release_memory(l.stack, conn);
    assert_non_null(conn->receive_ring.region);
    take(100);
    int64_t at_us = 0;
    assert_int_equal(te_timer_next(conn, &at_us), TE_TIMER_IDLE);
    assert_int_equal(at_us, l.stack->now_us + l.stack->config.idle_release_us);
    assert_true(l.stack->conns.buffer_bytes > 0);
    te_receive_release_memory(l.stack, conn);
    assert_null(conn->receive_ring.region);
    assert_int_equal(l.stack->conns.buffer_bytes, 0);
    assert_int_equal(receive(100, 200), TE_RECEIVE_IN_ORDER);
    expect_received(200);
}

/* Message after message, each read before the next: they use the same first bytes. */
static void test_an_empty_buffer_starts_anew(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < 2 * LIMIT; at += 1000) {
        struct te_iovec iov[2];
        conn->rcv_adv = conn->rcv_nxt + LIMIT;
        assert_int_equal(receive(at, at + 1000), TE_RECEIVE_IN_ORDER);
        assert_int_equal(te_ring_read(&conn->receive_ring, at, 1000, iov), 1);
        assert_ptr_equal(iov[0].base, conn->receive_ring.region);
        assert_memory_equal(iov[0].base, data + at, 1000);
        take(at + 1000);
    }
}

/* What lies beyond a hole stays where it is. */
static void test_a_hole_keeps_the_place(void **state)
{
    (void)state;
    receive(0, 100);
    receive(200, 300);
    take(100);
    receive(100, 200);
    expect_received(300);
}

static void test_text_beyond_a_hole_keeps_the_memory(void **state)
{
    (void)state;
    receive(0, 100);
    receive(200, 300);
    take(100);
    assert_false(te_timer_is_set(conn, TE_TIMER_IDLE));
    te_receive_release_memory(l.stack, conn);
    receive(100, 200);
    expect_received(300);
}

static void test_last_byte_of_remains(void **state)
{
    (void)state;
    receive(0, 100);
    te_conn_table_remove_tuple(l.stack, conn);
    conn->is_remains = true;
    take(99);
    assert_non_null(conn->receive_ring.region);
    assert_false(te_timer_is_set(conn, TE_TIMER_REMAINS));
    take(100);
    assert_null(conn->receive_ring.region);
    int64_t at_us = 0;
    assert_int_equal(te_timer_next(conn, &at_us), TE_TIMER_REMAINS);
    assert_int_equal(at_us, l.stack->now_us + l.stack->config.remains_us);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_in_order),
        TEST(test_old_text_is_cut_off_and_reported),
        TEST(test_text_beyond_the_window_is_cut_off),
        TEST(test_both_ends_are_cut_off),
        TEST(test_a_hole_is_filled),
        TEST(test_out_of_order_text_twice),
        TEST(test_pruned_text_is_not_reported),
        TEST(test_no_dsack_without_sack),
        TEST(test_too_many_holes),
        TEST(test_no_memory),
        TEST(test_newest_first_after_dsack),
        TEST(test_as_many_as_fit),
        TEST(test_edge_moves_by_a_segment_or_not_at_all),
        TEST(test_edge_moves_by_half_of_a_small_buffer),
        TEST(test_edge_never_moves_left),
        TEST(test_offer_of_a_syn_is_not_scaled),
        TEST(test_field_has_16_bits),
        TEST(test_rounding),
        TEST(test_worth_an_update),
        TEST(test_a_large_window_can_wait),
        TEST(test_no_update_for_less_than_a_unit),
        TEST(test_scale_for_a_maximum),
        TEST(test_first_limit),
        TEST(test_limit_grows_with_use),
        TEST(test_a_short_path_needs_no_large_buffer),
        TEST(test_slow_use_grows_nothing),
        TEST(test_a_pause_says_nothing),
        TEST(test_round_trip_by_echoes),
        TEST(test_empty_memory_goes_when_idle),
        TEST(test_an_empty_buffer_starts_anew),
        TEST(test_a_hole_keeps_the_place),
        TEST(test_text_beyond_a_hole_keeps_the_memory),
        TEST(test_last_byte_of_remains),
    };
    return cmocka_run_group_tests_name("receive_buffer", tests, NULL, NULL);
}

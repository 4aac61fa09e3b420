/* The receiver's side: RFC 9293 3.8.6.2.2, 3.8.6.3, 3.8.6 (windows never shrink), RFC 7323 2.4,
 * RFC 5681 4.2. */
#include <string.h>

#include "script.h"

#define MSS 1460

static uint32_t right_edge(const struct script *s, const struct script_out *out, uint32_t scale)
{
    return script_rel_ack(s, out) + ((uint32_t)out->header.window << scale);
}

/* --- delayed ACKs ----------------------------------------------------------------------------- */

static void rfc9293_3_8_6_3_ack_is_delayed_by_40_ms(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_TIMER(s, TE_TIMER_DELAYED_ACK, DELAYED_ACK);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_COUNT(s, delayed_acks, 1);
    script_advance(s, SECOND);
    T_EXPECT_NONE(s);
}

/* The delay runs from the first segment that waits. */
static void rfc9293_3_8_6_3_more_small_segments_do_not_prolong_the_delay(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    script_advance(s, 30 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EXPECT_AFTER(s, 10 * MS, .flags = TE_ACK, .seq = 1, .ack = 201);
    script_advance(s, SECOND);
    T_EXPECT_NONE(s);
}

static void rfc9293_3_8_6_3_every_second_full_segment_is_acknowledged_at_once(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    for (uint32_t i = 0; i < 6; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1 + i * MSS, .ack = 1, .len = MSS);
        if (i % 2 == 1)
            T_EXPECT_ACK(s, 1, 1 + (i + 1) * MSS);
        else
            T_EXPECT_NONE(s);
    }
}

static void rfc9293_3_8_6_3_two_rmss_in_one_segment_are_acknowledged_at_once(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 2 * MSS);
    T_EXPECT_ACK(s, 1, 1 + 2 * MSS);
}

static void rfc9293_3_8_6_3_merged_segments_count_as_what_they_were(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 20 * MSS, .merged_from = MSS);
    T_EXPECT_ACK(s, 1, 1 + 20 * MSS); /* MUST-58: one for all of them */
    T_EXPECT_NONE(s);
    T_EQUAL(script_user_take(s, NULL), 20 * MSS);
    script_skip(s);
}

static void segments_of_60000_bytes_are_taken(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 60000);
    T_EXPECT_ACK(s, 1, 60001);
    T_EQUAL(script_user_take(s, NULL), 60000);
    script_skip(s);
}

/* A peer of small segments: full-sized is what it sends. */
static void small_segments_of_a_small_mss_are_acknowledged_by_the_second(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    for (uint32_t i = 0; i < 4; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1 + i * 536, .ack = 1, .len = 536);
    T_EXPECT_ACK(s, 1, 1 + 2 * 536);
    T_EXPECT_ACK(s, 1, 1 + 4 * 536);
}

static void ack_rides_on_text(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EQUAL(script_user_send(s, 50), 50);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 50);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 51);
    script_advance(s, SECOND);
    T_EXPECT_NONE(s);
}

static void delayed_acks_can_be_turned_off(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_DELAYED_ACK, 0), TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 101);
}

/* MUST-40. */
static void rfc9293_3_8_6_3_delay_is_under_half_a_second(void **state)
{
    struct script *s = *state;
    const char *field = NULL;
    s->f.config.delayed_ack_us = 500 * MS;
    T_ERR(te_config_check(&s->f.config, &field), TE_ERR_INVALID);
    assert_string_equal(field, "delayed_ack_us");
}

static void rfc5681_4_2_out_of_order_is_acknowledged_at_once(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100); /* fills a part of the gap */
    T_EXPECT_ACK(s, 1, 201);
    T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1, .len = 100); /* and the rest */
    T_EXPECT_ACK(s, 1, 401);
    T_COUNT(s, out_of_order_segments, 2);
    T_EQUAL(script_user_take(s, NULL), 400);
}

/* The delayed ACK of in-order data is not sent in addition to the immediate one. */
static void rfc5681_4_2_immediate_ack_takes_the_delayed_one_along(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 101);
    script_advance(s, SECOND);
    T_EXPECT_NONE(s);
}

static void duplicate_text_is_acknowledged_at_once(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 101);
    T_SEND(s, .flags = TE_ACK, .seq = 51, .ack = 1, .len = 50);
    T_EXPECT_ACK(s, 1, 101);
    T_COUNT(s, duplicate_segments, 2);
    T_EQUAL(script_user_take(s, NULL), 100);
}

/* --- the window ------------------------------------------------------------------------------- */

static void rfc9293_3_8_6_unread_text_closes_the_window(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 8192;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 4000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 4001, WIN(4192));
    T_SEND(s, .flags = TE_ACK, .seq = 4001, .ack = 1, .len = 4192);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 8193, WIN(0));
    T_EQUAL(script_user_take(s, NULL), 8192);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 8193, WIN(8192));
}

/* Fr * RCV.BUFF or a segment, whichever is less, and not before (MUST-39). */
static void rfc9293_3_8_6_2_2_window_opens_by_a_segment_at_least(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 8192;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 8192);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 8193, WIN(0));
    T_EQUAL(script_user_take_some(s, MSS - 1), MSS - 1);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 8193, .ack = 1, .len = 1); /* a probe */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 8193, WIN(0));
    T_EQUAL(script_user_take_some(s, 1), 1);
    T_SEND(s, .flags = TE_ACK, .seq = 8193, .ack = 1, .len = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 8193, WIN(MSS));
    T_EQUAL(script_user_take_some(s, 3 * MSS), 3 * MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 8193, WIN(4 * MSS));
}

static void rfc9293_3_8_6_2_2_small_buffer_opens_by_its_half(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 2048;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 2048);
    script_advance(s, DELAYED_ACK);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2049, WIN(0));
    T_EQUAL(script_user_take_some(s, 1023), 1023);
    T_EXPECT_NONE(s);
    T_EQUAL(script_user_take_some(s, 1), 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2049, WIN(1024));
}

/* A probe of our closed window: acknowledged, its byte refused, its ACK heard (MUST-66, SHLD). */
static void rfc9293_3_10_7_4_probe_of_our_window_is_answered(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 2920;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 2920);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2921, WIN(0));
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2921, .len = 100, WIN(0));
    for (unsigned i = 0; i < 3; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 2921, .ack = 101, .len = 1);
        T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 2921, WIN(0));
    }
    T_EQUAL(script_status(s).send_acked, 100);
    T_EQUAL(script_status(s).receive_next, 2920);
    T_SEND(s, .flags = TE_RST, .seq = 2921);
    T_ERR(script_status(s).error, TE_ERR_RESET);
}

static void rfc9293_3_10_7_4_text_beyond_the_window_is_cut_off(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 2920;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 3000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2921, WIN(0));
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_user_take(s, NULL), 2920);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2921, WIN(2920));
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 2921, .ack = 1, .len = 80);
    T_EXPECT_ACK(s, 1, 3002);
}

/* SHLD-14 for every rhythm of reading and segment sizes, scaled and not. The field counts in units
 * of the scale: the edge may be announced up to one unit too low (RFC 7323 2.4), never more. */
static void check_edge_never_moves_left(struct script *s, unsigned options, uint32_t buffer)
{
    script_start_over(s);
    s->options = options;
    s->f.config.receive_buffer_initial_bytes = buffer;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_DELAYED_ACK, 0), TE_OK);
    uint32_t scale = script_status(s).rcv_wscale;
    uint32_t edge = 0;
    uint32_t seq = 1;
    for (uint32_t i = 0; i < 400; i++) {
        uint32_t window = script_status(s).rcv_wnd;
        uint32_t len = 1 + i * 37 % 777;
        len = len < window ? len : window;
        if (len > 0)
            T_SEND(s, .flags = TE_ACK, .seq = seq, .ack = 1, .len = len);
        seq += len;
        if (i % 5 == 0)
            script_user_take_some(s, 1 + i * 53 % 2000);
        const struct script_out *out;
        while ((out = script_next(s)) != NULL) {
            uint32_t announced = right_edge(s, out, scale);
            assert_true(announced + (1u << scale) > edge);
            edge = announced > edge ? announced : edge;
        }
    }
    assert_true(edge >= buffer);
}

static void rfc9293_3_8_6_right_edge_never_moves_left(void **state)
{
    struct script *s = *state;
    check_edge_never_moves_left(s, 0, 65535);
    check_edge_never_moves_left(s, 0, 4096);
}

static void rfc7323_2_4_scaled_right_edge_never_moves_left(void **state)
{
    struct script *s = *state;
    check_edge_never_moves_left(s, SPEAKS_WSCALE, 65536);
    check_edge_never_moves_left(s, SPEAKS_WSCALE, 4096);
    check_edge_never_moves_left(s, SPEAKS_WSCALE, 1 << 20);
}

/* The user makes the buffer smaller while the peer fills what it was offered. */
static void rfc7323_2_4_what_was_offered_is_honored(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    s->f.config.receive_buffer_initial_bytes = 65536;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_DELAYED_ACK, 0), TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    uint32_t scale = script_status(s).rcv_wscale;
    const struct script_out *out = T_EXPECT_ACK(s, 1, 101);
    uint32_t edge = right_edge(s, out, scale);
    T_ERR(script_user_option(s, TE_OPTION_RECEIVE_BUFFER_MAX, 8192), TE_OK);
    uint32_t seq = 101;
    while (seq < edge) {
        uint32_t len = edge - seq < 1000 ? edge - seq : 1000;
        T_SEND(s, .flags = TE_ACK, .seq = seq, .ack = 1, .len = len);
        seq += len;
        out = T_EXPECT_ACK(s, 1, seq);
        assert_true(right_edge(s, out, scale) + (1u << scale) > edge);
    }
    T_EQUAL(script_user_take(s, NULL), edge - 1);
    script_skip(s);
}

static void receive_buffer_grows_with_use(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    s->f.config.receive_buffer_max_bytes = 1 << 20;
    conn_in_established(s);
    uint32_t seq = 1;
    uint32_t largest = 0;
    for (unsigned i = 0; i < 400; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = seq, .ack = 1, .len = 20 * MSS, .merged_from = MSS);
        seq += 20 * MSS;
        T_EQUAL(script_user_take(s, NULL), 20 * MSS);
        script_skip(s);
        uint32_t window = script_status(s).rcv_wnd;
        largest = window > largest ? window : largest;
    }
    assert_true(largest > 900000);
    assert_true(largest <= 1 << 20);
}

/* A peer in slow start sends twice as much in the next round trip, half of which may have to wait
 * beyond a hole: it never reaches the edge of the window. */
static void the_window_is_four_times_what_a_round_trip_brings(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    conn_in_established(s);
    uint32_t seq = 1;
    script_advance(s, SECOND);
    for (uint32_t burst = 10; burst <= 640; burst *= 2) {
        script_advance(s, 15 * MS); /* shorter round trips count as 10 ms */
        for (uint32_t i = 0; i < burst; i += 10) {
            T_SEND(s, .flags = TE_ACK, .seq = seq, .ack = 1, .len = 10 * MSS, .merged_from = MSS);
            seq += 10 * MSS;
            T_EQUAL(script_user_take(s, NULL), 10 * MSS);
        }
        script_skip(s);
        assert_true(script_status(s).rcv_wnd >= 4 * burst * MSS);
    }
}

/* Nor does data that gathered while the user was not reading. */
static void receive_buffer_does_not_grow_by_a_backlog(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    conn_in_established(s);
    uint32_t seq = 1;
    for (unsigned i = 0; i < 40; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = seq, .ack = 1, .len = MSS);
        seq += MSS;
        script_advance(s, 100 * MS);
    }
    T_EQUAL(script_user_take(s, NULL), 40 * MSS);
    script_skip(s);
    assert_true(script_status(s).rcv_wnd <= 65536);
}

static void receive_buffer_does_not_grow_for_a_slow_reader(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    conn_in_established(s);
    uint32_t seq = 1;
    for (unsigned i = 0; i < 100; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = seq, .ack = 1, .len = MSS);
        seq += MSS;
        script_advance(s, SECOND);
        T_EQUAL(script_user_take(s, NULL), MSS);
        script_skip(s);
    }
    assert_true(script_status(s).rcv_wnd <= 65536);
}

/* --- what is kept out of order ---------------------------------------------------------------- */

static void holes_have_a_limit(void **state)
{
    struct script *s = *state;
    s->f.config.out_of_order_ranges_max = 3;
    conn_in_established(s);
    for (uint32_t i = 1; i <= 4; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1 + 200 * i, .ack = 1, .len = 100);
        T_EXPECT_ACK(s, 1, 1);
    }
    T_COUNT(s, out_of_order_segments, 3);
    T_COUNT(s, out_of_order_dropped, 1);
    T_DROPPED(s, s->c.id, TE_DROP_OUT_OF_ORDER);
}

static void text_that_finds_no_memory_is_dropped_and_comes_again(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    s->f.heap.allocations_left = 0;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 1);
    T_COUNT(s, receive_no_memory, 1);
    T_DROPPED(s, s->c.id, TE_DROP_RECEIVE_NO_MEMORY);
    s->f.heap.allocations_left = -1;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    script_advance(s, DELAYED_ACK);
    T_EXPECT_ACK(s, 1, 101);
    T_EQUAL(script_user_take(s, NULL), 100);
}

/* Idle connections hold no stream memory. */
static void empty_buffers_are_given_back(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 101);
    assert_true(script_status(s).receive_buffer_bytes > 0);
    T_EQUAL(script_user_take(s, NULL), 100);
    script_advance(s, 3 * SECOND);
    T_EQUAL(script_status(s).receive_buffer_bytes, 0);
    T_EQUAL(script_status(s).send_buffer_bytes, 0);
    T_EXPECT_NONE(s);
}

/* One direction alone: each buffer has its own reason to be empty. */
static void empty_send_buffer_is_given_back(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    assert_true(script_status(s).send_buffer_bytes > 0);
    script_advance(s, 100 * MS);
    assert_true(script_status(s).send_buffer_bytes > 0); /* not acknowledged yet */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_TIMER(s, TE_TIMER_NONE, 0); /* of the protocol; the memory's own is not shown */
    script_advance(s, SECOND - 1);
    assert_true(script_status(s).send_buffer_bytes > 0);
    script_advance(s, 1);
    T_EQUAL(script_status(s).send_buffer_bytes, 0);
}

static void empty_receive_buffer_is_given_back(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    script_advance(s, 10 * SECOND);
    assert_true(script_status(s).receive_buffer_bytes > 0); /* not read yet */
    T_EQUAL(script_user_take(s, NULL), 100);
    script_advance(s, SECOND);
    T_EQUAL(script_status(s).receive_buffer_bytes, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EQUAL(script_user_take(s, NULL), 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 201);
}

/* Room that the field cannot express is no news: without scaling everything above 65,535 bytes,
 * with it anything less than a unit (RFC 7323 2.2). */
static void room_that_cannot_be_told_is_not_announced(void **state)
{
    static const struct {
        unsigned options;
        uint32_t initial_bytes, max_bytes, told;
    } rows[] = {{0, 1 << 20, 1 << 20, UINT16_MAX},
                {SPEAKS_WSCALE, (12 << 14) + 3 * MSS, 1 << 30, 12}};
    struct script *s = *state;
    for (unsigned i = 0; i < 2; i++) {
        script_start_over(s);
        s->options = rows[i].options;
        s->f.config.receive_buffer_initial_bytes = rows[i].initial_bytes;
        s->f.config.receive_buffer_max_bytes = rows[i].max_bytes;
        conn_in_established(s);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
        T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101, WIN(rows[i].told));
        T_EQUAL(script_user_take(s, NULL), 100);
        T_EXPECT_NONE(s);
    }
}

static void window_update_is_not_sent_after_their_fin(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 60000);
    T_EXPECT_ACK(s, 1, 60002);
    T_EQUAL(script_user_take(s, NULL), 60000);
    T_EXPECT_NONE(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc9293_3_8_6_3_ack_is_delayed_by_40_ms),
        SCRIPT_TEST(rfc9293_3_8_6_3_more_small_segments_do_not_prolong_the_delay),
        SCRIPT_TEST(rfc9293_3_8_6_3_every_second_full_segment_is_acknowledged_at_once),
        SCRIPT_TEST(rfc9293_3_8_6_3_two_rmss_in_one_segment_are_acknowledged_at_once),
        SCRIPT_TEST(rfc9293_3_8_6_3_merged_segments_count_as_what_they_were),
        SCRIPT_TEST(segments_of_60000_bytes_are_taken),
        SCRIPT_TEST(small_segments_of_a_small_mss_are_acknowledged_by_the_second),
        SCRIPT_TEST(ack_rides_on_text),
        SCRIPT_TEST(delayed_acks_can_be_turned_off),
        SCRIPT_TEST(rfc9293_3_8_6_3_delay_is_under_half_a_second),
        SCRIPT_TEST(rfc5681_4_2_out_of_order_is_acknowledged_at_once),
        SCRIPT_TEST(rfc5681_4_2_immediate_ack_takes_the_delayed_one_along),
        SCRIPT_TEST(duplicate_text_is_acknowledged_at_once),
        SCRIPT_TEST(rfc9293_3_8_6_unread_text_closes_the_window),
        SCRIPT_TEST(rfc9293_3_8_6_2_2_window_opens_by_a_segment_at_least),
        SCRIPT_TEST(rfc9293_3_8_6_2_2_small_buffer_opens_by_its_half),
        SCRIPT_TEST(rfc9293_3_10_7_4_probe_of_our_window_is_answered),
        SCRIPT_TEST(rfc9293_3_10_7_4_text_beyond_the_window_is_cut_off),
        SCRIPT_TEST(rfc9293_3_8_6_right_edge_never_moves_left),
        SCRIPT_TEST(rfc7323_2_4_scaled_right_edge_never_moves_left),
        SCRIPT_TEST(rfc7323_2_4_what_was_offered_is_honored),
        SCRIPT_TEST(receive_buffer_grows_with_use),
        SCRIPT_TEST(the_window_is_four_times_what_a_round_trip_brings),
        SCRIPT_TEST(receive_buffer_does_not_grow_by_a_backlog),
        SCRIPT_TEST(receive_buffer_does_not_grow_for_a_slow_reader),
        SCRIPT_TEST(holes_have_a_limit),
        SCRIPT_TEST(text_that_finds_no_memory_is_dropped_and_comes_again),
        SCRIPT_TEST(empty_buffers_are_given_back),
        SCRIPT_TEST(empty_send_buffer_is_given_back),
        SCRIPT_TEST(empty_receive_buffer_is_given_back),
        SCRIPT_TEST(room_that_cannot_be_told_is_not_announced),
        SCRIPT_TEST(window_update_is_not_sent_after_their_fin),
    };
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}

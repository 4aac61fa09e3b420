#include "support/frames.h"
#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/conn_table.h"
#include "tcp/conn/reset.h"
#include "wire/checksum.h"

static struct lone l;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    l.conn->rcv_nxt = 70000;
    l.conn->syn_acked = true;
    const struct te_tcp_header first = {.flags = TE_ACK}; /* asks for the neighbour */
    te_reset_send_header(l.stack, &l.conn->local, &l.conn->remote, &first);
    fixture_poll(&l.f);
    input_answer(&l.f, "10.0.0.2", NULL);
    fixture_discard(&l.f);
    l.stack->counters = (struct te_counters){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

/* The next frame is a segment to the peer's port, without text and with a good checksum. */
static struct te_tcp_header expect_segment(void)
{
    fixture_poll(&l.f);
    struct sent_ip ip = expect_ip(&l.f);
    struct te_tcp_parsed parsed;
    assert_int_equal(ip.protocol, TE_PROTO_TCP);
    assert_addr(&ip.destination, "10.0.0.2");
    uint64_t sum =
        te_checksum_pseudo(&ip.source, &ip.destination, TE_PROTO_TCP, (uint32_t)ip.payload_len);
    assert_int_equal(te_checksum_finish(te_checksum_add(sum, ip.payload, ip.payload_len)), 0);
    assert_true(te_tcp_parse(ip.payload, ip.payload_len, &parsed));
    assert_int_equal(parsed.payload_len, 0);
    assert_int_equal(parsed.header.source_port, 80);
    assert_int_equal(parsed.header.destination_port, LONE_PORT);
    assert_int_equal(parsed.header.window, 0);
    return parsed.header;
}

static void expect_nothing(void)
{
    fixture_poll(&l.f);
    fixture_expect_none(&l.f);
}

static struct te_segment segment(uint8_t flags)
{
    struct te_segment made = lone_segment(&l, flags);
    made.seq = made.header.seq = 5000;
    made.ack = made.header.ack = 9000;
    return made;
}

/* --- in answer (RFC 9293 3.10.7.1) ------------------------------------------------------------ */

static void test_with_ack(void **state)
{
    (void)state;
    struct te_segment made = segment(TE_ACK);
    te_reset_answer(l.stack, &made);
    struct te_tcp_header header = expect_segment();
    assert_int_equal(header.flags, TE_RST);
    assert_int_equal(header.seq, 9000);
}

static void test_without_ack(void **state)
{
    (void)state;
    struct te_segment made = segment(TE_SYN | TE_FIN);
    made.payload_len = 100;
    te_reset_answer(l.stack, &made);
    struct te_tcp_header header = expect_segment();
    assert_int_equal(header.flags, TE_RST | TE_ACK);
    assert_int_equal(header.seq, 0);
    assert_int_equal(header.ack, 5000 + 102);
}

static void test_never_to_a_rst(void **state)
{
    (void)state;
    struct te_segment with = segment(TE_RST | TE_ACK);
    struct te_segment without = segment(TE_RST);
    te_reset_answer(l.stack, &with);
    te_reset_answer(l.stack, &without);
    te_reset_answer_ack(l.stack, &with);
    expect_nothing();
    assert_int_equal(l.stack->counters.resets_out, 0);
}

/* RFC 7323 5.2. */
static void test_the_timestamp_is_echoed(void **state)
{
    (void)state;
    struct te_segment made = segment(TE_ACK);
    made.header.options.has_timestamps = true;
    made.header.options.ts_value = 77;
    te_reset_answer_ack(l.stack, &made);
    struct te_tcp_header header = expect_segment();
    assert_true(header.options.has_timestamps);
    assert_int_equal(header.options.ts_value, 0);
    assert_int_equal(header.options.ts_echo, 77);
}

static void test_answers_are_limited(void **state)
{
    (void)state;
    l.stack->config.rst_per_second = 1;
    struct te_segment with = segment(TE_ACK);
    struct te_segment without = segment(TE_SYN);
    te_reset_answer(l.stack, &with);
    te_reset_answer(l.stack, &with);
    te_reset_answer(l.stack, &without);
    assert_int_equal(l.stack->counters.resets_out, 1);
    assert_int_equal(l.stack->counters.resets_limited, 2);
    expect_segment();
    expect_nothing();
    l.f.now_us += SECOND;
    l.stack->now_us = l.f.now_us;
    te_reset_answer(l.stack, &with);
    assert_int_equal(l.stack->counters.resets_out, 2);
}

/* A host that is slow to send: strangers get half of the queue, whatever else they could ask for.
 */
static void test_answers_leave_room_in_the_queue(void **state)
{
    (void)state;
    uint32_t half = l.stack->config.control_queue_max / 2;
    struct te_segment with = segment(TE_ACK);
    struct te_segment without = segment(TE_SYN);
    l.stack->config.rst_per_second = UINT32_MAX;
    for (uint32_t i = 0; i < 2 * half; i++)
        te_reset_answer(l.stack, i % 2 == 0 ? &with : &without);
    assert_int_equal(l.stack->counters.resets_out, half);
    assert_int_equal(l.stack->counters.resets_limited, half);
    te_reset_refuse(l.stack, &with); /* a connection's */
    assert_int_equal(l.stack->counters.resets_out, half + 1);
    assert_int_equal(l.stack->counters.control_queue_full, 0);
    fixture_poll(&l.f);
    fixture_discard(&l.f);
    te_reset_answer(l.stack, &with);
    assert_int_equal(l.stack->counters.resets_out, half + 2);
}

/* --- of a connection (RFC 9293 3.10.5) -------------------------------------------------------- */

static void set_state(enum te_state to)
{
    te_conn_table_count_state(&l.stack->conns, (enum te_state)l.conn->state, to);
    l.conn->state = (uint8_t)to;
}

static bool resets(void)
{
    uint64_t before = l.stack->counters.resets_out;
    te_reset_conn(l.stack, l.conn);
    return l.stack->counters.resets_out > before;
}

static void test_states_that_tell(void **state)
{
    (void)state;
    static const bool want[TE_STATE_COUNT] = {
        [TE_SYN_RCVD] = true,   [TE_ESTABLISHED] = true,
        [TE_FIN_WAIT_1] = true, [TE_FIN_WAIT_2] = true,
        [TE_CLOSE_WAIT] = true, [TE_CLOSING] = true, /* while our FIN waits behind data */
        [TE_LAST_ACK] = true};
    for (unsigned i = 0; i < TE_STATE_COUNT; i++) {
        set_state((enum te_state)i);
        l.conn->fin_sent = false;
        assert_int_equal(resets(), want[i]);
        l.conn->fin_sent = true;
        assert_int_equal(resets(), want[i] && i != TE_CLOSING && i != TE_LAST_ACK);
    }
    set_state(TE_CLOSED);
}

static void test_is_exact(void **state)
{
    (void)state;
    l.conn->snd_una = 1000;
    l.conn->snd_nxt = l.conn->snd_max = 1500;
    l.conn->snd_wnd = 200; /* taken back: the peer's RCV.NXT is no further than 1200 */
    l.conn->ts_ok = true;
    l.conn->paws.ts_recent = 55;
    set_state(TE_ESTABLISHED);
    te_reset_conn(l.stack, l.conn);
    set_state(TE_CLOSED);
    l.conn->snd_una = l.conn->snd_nxt = l.conn->snd_max = l.conn->iss;
    struct te_tcp_header header = expect_segment();
    assert_int_equal(header.flags, TE_RST | TE_ACK);
    assert_int_equal(header.seq, 1200);
    assert_int_equal(header.ack, 70000);
    assert_true(header.options.has_timestamps);
    assert_int_equal(header.options.ts_echo, 55);
}

static void test_of_a_connection_is_not_limited(void **state)
{
    (void)state;
    l.stack->config.rst_per_second = 0;
    set_state(TE_ESTABLISHED);
    assert_true(resets());
    set_state(TE_CLOSED);
}

/* --- any header ------------------------------------------------------------------------------- */

static void test_counts_what_it_sends(void **state)
{
    (void)state;
    const struct te_tcp_header ack = {.seq = 1, .ack = 2, .flags = TE_ACK};
    te_reset_send_header(l.stack, &l.conn->local, &l.conn->remote, &ack);
    assert_int_equal(l.stack->counters.segments_out, 1);
    assert_int_equal(l.stack->counters.resets_out, 0);
    struct te_tcp_header header = expect_segment();
    assert_int_equal(header.seq, 1);
    assert_int_equal(header.ack, 2);
    assert_int_equal(header.flags, TE_ACK);
}

static uint32_t count_frames(void)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    uint32_t count = 0;
    while (te_stack_poll_output(l.stack, header, &output, l.f.now_us))
        count++;
    return count;
}

/* A listener or a program ends with more connections than the queue is long: each peer hears it. */
static void test_last_words_have_a_share_of_their_own(void **state)
{
    (void)state;
    uint32_t max = l.stack->config.control_queue_max;
    struct te_segment stray = segment(TE_ACK);
    set_state(TE_ESTABLISHED);
    for (uint32_t i = 0; i < max; i++)
        te_reset_send_header(l.stack, &l.conn->local, &l.conn->remote, &stray.header);
    for (uint32_t i = 0; i < 3 * max; i++)
        te_reset_conn(l.stack, l.conn);
    te_reset_refuse(l.stack, &stray);
    assert_int_equal(l.stack->counters.control_queue_full, 0);
    te_reset_send_header(l.stack, &l.conn->local, &l.conn->remote, &stray.header);
    assert_int_equal(l.stack->counters.control_queue_full, 1); /* of the ordinary ones */
    assert_int_equal(count_frames(), 4 * max + 1);
}

/* As many as there may be connections. */
static void test_last_words_are_bounded(void **state)
{
    (void)state;
    l.stack->config.conn_max = 20;
    set_state(TE_ESTABLISHED);
    for (uint32_t i = 0; i < 21; i++)
        te_reset_conn(l.stack, l.conn);
    assert_int_equal(l.stack->counters.control_queue_full, 1);
    fixture_poll(&l.f);
    fixture_discard(&l.f);
    te_reset_conn(l.stack, l.conn);
    assert_int_equal(l.stack->counters.control_queue_full, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_with_ack),
        TEST(test_without_ack),
        TEST(test_never_to_a_rst),
        TEST(test_the_timestamp_is_echoed),
        TEST(test_answers_are_limited),
        TEST(test_answers_leave_room_in_the_queue),
        TEST(test_last_words_have_a_share_of_their_own),
        TEST(test_last_words_are_bounded),
        TEST(test_states_that_tell),
        TEST(test_is_exact),
        TEST(test_of_a_connection_is_not_limited),
        TEST(test_counts_what_it_sends),
    };
    return cmocka_run_group_tests_name("reset", tests, NULL, NULL);
}

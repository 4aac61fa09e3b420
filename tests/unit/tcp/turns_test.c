/* In which order connections send: te_tcp_poll_output. */
#include <string.h>

#include "stack_internal.h"
#include "support/couple.h"
#include "support/test.h"
#include "util/bytes.h"

#define TURN_BYTES (512u * 1024)
#define FRAME_BYTES_MAX 65535u
#define SEND_BYTES (1280u * 1024)
#define WINDOW_BYTES (8u * 1024 * 1024)
#define SOURCE_PORT_AT 34 /* behind Ethernet and IPv4 */
#define CONNS 3

static struct couple c;
static struct te_conn *conns[CONNS];
static uint8_t data[SEND_BYTES];

/* One frame that came out. */
struct sent {
    unsigned conn; /* index into conns */
    size_t bytes;
};

static void start(bool gso)
{
    couple_init(&c);
    c.a.config.checksum_offload = c.a.config.gso = gso;
    c.a.config.send_buffer_max_bytes = 2 * SEND_BYTES;
    c.a.config.unsent_max_bytes = CONNS * SEND_BYTES; /* all is queued before anything leaves */
    couple_start(&c);
    conns[0] = c.conn;
    for (unsigned i = 1; i < CONNS; i++) {
        struct te_open open = {.remote = {fixture_addr("10.0.0.2"), COUPLE_PORT}};
        uint64_t id;
        assert_int_equal(te_open_active(c.a.stack, &open, &id, c.a.now_us), TE_OK);
        couple_run(&c);
        conns[i] = te_conn_table_find_id(c.a.stack, id);
    }
}

/* So that nothing but the turns decides who is next. */
static void queue(unsigned index)
{
    struct te_conn *conn = conns[index];
    size_t accepted;
    conn->cc.cwnd_bytes = WINDOW_BYTES;
    conn->snd_wnd = WINDOW_BYTES;
    assert_int_equal(te_send(c.a.stack, conn->id, data, sizeof(data), &accepted, c.a.now_us),
                     TE_OK);
    assert_int_equal(accepted, sizeof(data));
}

/* False: there is no more. */
static bool poll(struct sent *ret_sent)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    if (!te_stack_poll_output(c.a.stack, header, &output, c.a.now_us))
        return false;
    uint16_t port = te_load_be16(output.iov[0].base + SOURCE_PORT_AT);
    ret_sent->bytes = output.total_bytes;
    for (ret_sent->conn = 0; conns[ret_sent->conn]->local.port != port; ret_sent->conn++)
        assert_true(ret_sent->conn + 1 < CONNS);
    return true;
}

static int teardown(void **state)
{
    (void)state;
    couple_stop(&c);
    return 0;
}

/* A turn ends with the frame that comes to the next multiple of TURN_BYTES, or with the text. */
static void test_large_frames_come_in_turns(void **state)
{
    (void)state;
    struct sent sent;
    uint32_t turns = 1, block = 0;
    unsigned last = 0;
    start(true);
    for (unsigned i = 0; i < CONNS; i++)
        queue(i);
    while (poll(&sent)) {
        const struct te_conn *conn = conns[sent.conn];
        uint32_t now = (conn->snd_nxt - conn->iss) / TURN_BYTES;
        assert_true(sent.bytes <= FRAME_BYTES_MAX + 14);
        if (sent.conn != last) {
            assert_int_equal(sent.conn, (last + 1) % CONNS);
            const struct te_conn *before = conns[last];
            assert_true((before->snd_nxt - before->iss) / TURN_BYTES > block ||
                        before->snd_nxt - before->iss == SEND_BYTES + 1);
            block = turns++ / CONNS;
            last = sent.conn;
        }
        assert_true(now <= block + 1);
    }
    assert_int_equal(turns, CONNS * (SEND_BYTES / TURN_BYTES + 1));
}

static void test_single_segments_take_turns_one_by_one(void **state)
{
    (void)state;
    struct sent sent;
    start(false);
    for (unsigned i = 0; i < CONNS; i++)
        queue(i);
    for (unsigned i = 0; i < 30; i++) {
        assert_true(poll(&sent));
        assert_int_equal(sent.conn, i % CONNS);
    }
}

/* One that has come to the end of its window does not keep the others waiting, nor does one that
 * sends little. */
static void test_a_turn_ends_with_the_window(void **state)
{
    (void)state;
    static const unsigned expected[] = {0, 1, 2};
    struct sent sent;
    start(true);
    for (unsigned i = 0; i < CONNS; i++) {
        queue(i);
        conns[i]->cc.cwnd_bytes = 10u * conns[i]->mss;
    }
    for (unsigned i = 0; i < CONNS; i++) {
        assert_true(poll(&sent));
        assert_int_equal(sent.conn, expected[i]);
        assert_true(sent.bytes > 10u * conns[i]->mss);
    }
    assert_false(poll(&sent));
}

/* What is saved in the middle of a turn goes on with it. */
static void test_a_turn_survives_a_restart(void **state)
{
    (void)state;
    struct sent sent;
    start(true);
    queue(0);
    queue(1);
    assert_true(poll(&sent));
    assert_int_equal(sent.conn, 0);
    fixture_rebear(&c.a);
    for (unsigned i = 0; i < CONNS; i++)
        conns[i] = te_conn_table_find_id(c.a.stack, c.id + i);
    assert_true(poll(&sent));
    assert_int_equal(sent.conn, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_large_frames_come_in_turns, teardown),
        cmocka_unit_test_teardown(test_single_segments_take_turns_one_by_one, teardown),
        cmocka_unit_test_teardown(test_a_turn_ends_with_the_window, teardown),
        cmocka_unit_test_teardown(test_a_turn_survives_a_restart, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Two engines on a link of a millisecond: what only shows when both ends follow the same rules. */
#include <string.h>

#include "script.h"
#include "support/frames.h"
#include "util/bytes.h"
#include "wire/checksum.h"

#define CHECKSUM_AT 16
#define LINK_US (1 * MS)
#define BUFFER_BYTES (1 << 20)
#define SMALL_BUFFER_BYTES 8192

enum { A, B, ENDS };
static const char *const names[ENDS] = {"10.0.0.1", "10.0.0.2"};

struct ends {
    struct fixture f[ENDS];
    uint64_t id[ENDS];
    uint64_t taken; /* by A's user */
};

/* Delivers all output so far; the answers come with the next step. */
static void exchange(struct ends *ends)
{
    static struct fixture_frame frames[ENDS][FIXTURE_FRAMES_MAX];
    unsigned count[ENDS];
    for (unsigned from = A; from < ENDS; from++) {
        struct fixture *f = &ends->f[from];
        count[from] = f->frame_count;
        memcpy(frames[from], f->frames, count[from] * sizeof(frames[from][0]));
        f->frame_count = f->frame_next = 0;
    }
    for (unsigned from = A; from < ENDS; from++)
        for (unsigned i = 0; i < count[from]; i++) {
            fixture_input(&ends->f[!from], frames[from][i].bytes, frames[from][i].len);
            free(frames[from][i].bytes);
        }
}

static void step(struct ends *ends)
{
    fixture_advance(&ends->f[A], LINK_US);
    fixture_advance(&ends->f[B], LINK_US);
    exchange(ends);
}

static void run(struct ends *ends, int64_t duration_us)
{
    for (int64_t at_us = 0; at_us < duration_us; at_us += LINK_US)
        step(ends);
}

static struct te_status status_of(const struct ends *ends, unsigned end)
{
    struct te_status status;
    assert_int_equal(te_status(ends->f[end].stack, ends->id[end], &status), TE_OK);
    return status;
}

static void open_both(struct ends *ends)
{
    uint64_t listener_id;
    struct te_listen listen = {.local = {fixture_addr(names[B]), SERVER_PORT}};
    struct te_open open = {.remote = listen.local};
    fixture_start(&ends->f[A]);
    fixture_start(&ends->f[B]);
    struct te_stack *a = ends->f[A].stack, *b = ends->f[B].stack;
    assert_int_equal(te_open_passive(b, &listen, &listener_id, ends->f[B].now_us), TE_OK);
    assert_int_equal(te_open_active(a, &open, &ends->id[A], ends->f[A].now_us), TE_OK);
    run(ends, 20 * MS);
    b = ends->f[B].stack; /* reborn */
    assert_int_equal(te_accept(b, listener_id, 0, &ends->id[B], ends->f[B].now_us), TE_OK);
}

static int setup(void **state)
{
    struct ends *ends = calloc(1, sizeof(*ends));
    for (unsigned end = A; end < ENDS; end++)
        fixture_init(&ends->f[end]);
    struct te_config *config = &ends->f[B].config;
    memcpy(config->mac, peer_mac, sizeof(config->mac));
    config->addresses[0] = fixture_cidr("10.0.0.2/24");
    config->addresses[1] = fixture_cidr("2001:db8::2/64");
    *state = ends;
    return 0;
}

static int teardown(void **state)
{
    struct ends *ends = *state;
    for (unsigned end = A; end < ENDS; end++)
        fixture_stop(&ends->f[end]);
    free(ends);
    return 0;
}

/* --- a window that stays closed --------------------------------------------------------------- */

static void user_send(struct ends *ends, unsigned end, size_t len)
{
    static const uint8_t data[BUFFER_BYTES];
    struct fixture *f = &ends->f[end];
    size_t accepted;
    assert_int_equal(te_send(f->stack, ends->id[end], data, len, &accepted, f->now_us), TE_OK);
    assert_int_equal(accepted, len);
    fixture_poll(f);
}

static void take(struct ends *ends)
{
    struct fixture *f = &ends->f[A];
    struct te_received received;
    while (te_receive_peek(f->stack, ends->id[A], ends->taken, SIZE_MAX, &received) == TE_OK) {
        ends->taken += received.total_bytes;
        te_receive_release(f->stack, ends->id[A], ends->taken, f->now_us);
    }
    fixture_poll(f);
}

/* B's user does not read, and A probes B's window; what B sends is still acknowledged. */
static void rfc9293_3_8_6_1_probing_does_not_slow_the_other_direction(void **state)
{
    struct ends *ends = *state;
    struct te_config *b = &ends->f[B].config;
    b->receive_buffer_initial_bytes = b->receive_buffer_max_bytes = SMALL_BUFFER_BYTES;
    b->send_buffer_initial_bytes = BUFFER_BYTES;
    ends->f[A].config.send_buffer_initial_bytes = BUFFER_BYTES;
    open_both(ends);
    user_send(ends, A, 100000);
    run(ends, 5 * SECOND);
    assert_int_equal(status_of(ends, A).snd_wnd, 0);
    user_send(ends, B, 600000);
    for (int64_t at_us = 0; at_us < 2 * SECOND && ends->taken < 600000; at_us += LINK_US) {
        step(ends);
        take(ends);
    }
    assert_int_equal(ends->taken, 600000);
    assert_int_equal(fixture_counters(&ends->f[B])->retransmit_timeouts, 0);
}

/* --- an ACK storm ----------------------------------------------------------------------------- */

/* A byte that the other end is said to have sent. */
static void forge_byte(struct ends *ends, unsigned to)
{
    struct te_status status = status_of(ends, to);
    struct te_tcp_header header = {.source_port = status.remote.port,
                                   .destination_port = status.local.port,
                                   .seq = status.rcv_nxt,
                                   .ack = status.snd_nxt,
                                   .flags = TE_ACK | TE_PSH,
                                   .window = 1000};
    uint8_t segment[TE_TCP_HEADER_MAX + 1], frame[200];
    size_t len = te_tcp_emit(&header, segment);
    segment[len++] = 'x';
    uint64_t sum =
        te_checksum_pseudo(&status.remote.addr, &status.local.addr, TE_PROTO_TCP, (uint32_t)len);
    te_store_be16(segment + CHECKSUM_AT, te_checksum_finish(te_checksum_add(sum, segment, len)));
    struct ip_spec spec = {.source = names[!to],
                           .destination = names[to],
                           .protocol = TE_PROTO_TCP,
                           .mac = to == A ? peer_mac : stack_mac,
                           .to_mac = to == A ? stack_mac : peer_mac};
    fixture_input(&ends->f[to], frame, build_ip(&spec, segment, len, frame));
}

/* One forged byte to each end: each is at the other's RCV.NXT - 1 from then on. Two ACKs per
 * second, however long it takes. */
static void ends_a_byte_apart_do_not_storm(void **state)
{
    struct ends *ends = *state;
    ends->f[A].config.timestamps = ends->f[B].config.timestamps = false;
    open_both(ends);
    forge_byte(ends, A);
    forge_byte(ends, B);
    assert_int_equal(status_of(ends, A).rcv_nxt, status_of(ends, B).snd_nxt + 1);
    assert_int_equal(status_of(ends, B).rcv_nxt, status_of(ends, A).snd_nxt + 1);
    run(ends, SECOND);
    for (unsigned end = A; end < ENDS; end++) {
        uint64_t before = fixture_counters(&ends->f[end])->segments_out;
        run(ends, 10 * SECOND);
        assert_true(fixture_counters(&ends->f[end])->segments_out - before <= 2 * 10);
        assert_int_equal(status_of(ends, end).state, TE_ESTABLISHED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rfc9293_3_8_6_1_probing_does_not_slow_the_other_direction,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(ends_a_byte_apart_do_not_storm, setup, teardown),
    };
    return cmocka_run_group_tests_name("two ends", tests, NULL, NULL);
}

/* TCP Fast Open (RFC 7413) as a server: what SYNs with data may do, and what they may not. */
#include <string.h>

#include "script_fast_open.h"

#define STEP TE_FAST_OPEN_STEP_US
#define MSS 1460

static void serve(struct script *s)
{
    s->f.config.fast_open = TE_FAST_OPEN_SERVER;
    fast_open_listen(s, true, 0);
}

/* A connection in SYN_RCVD that was accepted, with len bytes from its SYN. */
static void open_fast(struct script *s, uint16_t port, uint32_t len)
{
    uint8_t cookie[COOKIE_BYTES];
    fast_open_get_cookie(s, cookie);
    const struct script_out *out = fast_open_send_syn(s, port, cookie, len);
    T_EQUAL(script_rel_ack(s, out), 1 + len);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_SYN_RCVD);
}

static void off_unless_both_config_and_listener_allow(void **state)
{
    struct script *s = *state;
    for (unsigned i = 0; i < 3; i++) {
        script_start_over(s);
        s->f.config.fast_open = i == 0   ? TE_FAST_OPEN_OFF
                                : i == 1 ? TE_FAST_OPEN_CLIENT
                                         : TE_FAST_OPEN_BOTH;
        fast_open_listen(s, i < 2, 0);
        T_EQUAL(fast_open_send_syn(s, 5000, NULL, 0)->header.options.has_fast_open, false);
        T_COUNT(s, fast_open_cookies_given, 0);
        T_ERR(script_user_accept(s), TE_ERR_AGAIN);
    }
}

static void rfc7413_4_2_1_request_is_answered_by_a_cookie(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL; /* 20 bytes of other options beside it */
    serve(s);
    T_EQUAL(fast_open_send_syn(s, 5000, NULL, 0)->header.options.fast_open_len, COOKIE_BYTES);
    T_COUNT(s, fast_open_cookies_given, 1);
    T_ERR(script_user_accept(s), TE_ERR_AGAIN); /* a handshake like any other */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
}

static void rfc7413_4_2_1_syn_ack_again_has_no_cookie(void **state)
{
    struct script *s = *state;
    serve(s);
    fast_open_send_syn(s, 5000, NULL, 0);
    const struct script_out *out =
        T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    T_EQUAL(out->header.options.has_fast_open, false);
}

/* Data sent with a request is not accepted: the address is not proven yet. */
static void request_with_data_gets_the_syn_alone_acknowledged(void **state)
{
    struct script *s = *state;
    serve(s);
    T_EQUAL(script_rel_ack(s, fast_open_send_syn(s, 5000, NULL, 100)), 1);
}

static void rfc7413_4_2_2_good_cookie_opens_at_once(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    serve(s);
    fast_open_get_cookie(s, cookie);
    const struct script_out *out = fast_open_send_syn(s, 5001, cookie, 300);
    T_EQUAL(script_rel_ack(s, out), 301);
    T_EQUAL(out->header.options.has_fast_open, false); /* the client has the current one */
    T_COUNT(s, fast_open_passive, 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_SYN_RCVD);
    T_EQUAL(script_user_take(s, NULL), 300);
    T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
    T_HISTORY(s, "LISTEN SYN_RCVD ESTABLISHED");
    T_EVENT(s, TE_LISTEN, TE_SYN_RCVD, TE_CAUSE_RECV_SYN);
    T_EVENT(s, TE_SYN_RCVD, TE_ESTABLISHED, TE_CAUSE_RECV_ACK_OF_SYN);
}

/* Not accepted before the handshake is over: it waits in the queue. */
static void established_before_accept_is_accepted_once(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    serve(s);
    fast_open_get_cookie(s, cookie);
    fast_open_send_syn(s, 5001, cookie, 10);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1, .len = 10);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_user_take(s, NULL), 20);
    T_ERR(script_user_accept(s), TE_ERR_AGAIN);
}

/* 4.2.2: data may follow the SYN,ACK before its ACK comes; a small answer waits for nothing. */
/* What the SYN brought fills the buffer, and is read before the handshake is over: the last window
 * the peer saw was closed. */
static void room_made_in_syn_rcvd_is_offered(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 512;
    serve(s);
    open_fast(s, 5001, 512);
    T_EQUAL(script_user_take(s, NULL), 512);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 513, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 513, WIN(512));
}

static void answer_leaves_before_the_handshake_is_over(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 100);
    T_EQUAL(script_user_send(s, 200), 200);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 200);
    T_STATE(s, TE_SYN_RCVD);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 201);
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_status(s).send_acked, 200);
    T_TIMER(s, TE_TIMER_NONE, 0);
}

/* Exactly the initial window, not one segment more. */
static void answer_is_limited_by_the_initial_window(void **state)
{
    struct script *s = *state;
    s->f.config.initial_window_segments = 2;
    s->peer_window = 60000;
    serve(s);
    open_fast(s, 5001, 100);
    T_EQUAL(script_user_send(s, 10000), 10000);
    uint32_t sent = script_status(s).snd_nxt - s->c.our_iss - 1;
    assert_true(sent >= PEER_MSS && sent <= 2 * PEER_MSS);
    script_skip(s);
}

static void rfc7413_4_2_2_syn_ack_again_has_no_data(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 100);
    T_EQUAL(script_user_send(s, 200), 200);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 200);
    for (unsigned i = 0; i < 3; i++) {
        T_EXPECT_AFTER(s, SECOND << i, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 101);
        T_EXPECT_NONE(s);
    }
    T_EQUAL(script_user_send(s, 100), 100); /* an answer that comes so late waits, too */
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 101); /* as much of it as had come */
    T_STATE(s, TE_ESTABLISHED);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 101, .len = 200);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 301);
    T_EQUAL(script_status(s).send_acked, 300);
    T_TIMER(s, TE_TIMER_NONE, 0);
}

/* RFC 7413 5.2: each copy of a SYN gets just the SYN,ACK, whatever was queued and sent; and RFC
 * 5681 3.1: the window after a lost SYN,ACK is one segment. Everything arrives in the end. */
static void rfc7413_5_2_copies_of_the_syn_amplify_nothing(void **state)
{
    struct script *s = *state;
    uint32_t len = 100 * MSS;
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    serve(s);
    open_fast(s, 5001, 10);
    T_EQUAL(script_user_send(s, len), len);
    assert_true(script_status(s).snd_nxt - s->c.our_iss > MSS);
    script_skip(s);
    for (unsigned i = 0; i < 100; i++) {
        T_SEND(s, .flags = TE_SYN, .seq = 0);
        T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 11);
        T_EXPECT_NONE(s);
    }
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 11, .len = MSS);
    T_EXPECT_NONE(s);
    for (unsigned i = 0; i < 100 && script_status(s).send_acked < len; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = script_status(s).snd_nxt - s->c.our_iss);
        script_skip(s);
        script_advance(s, 10 * MS);
        script_skip(s);
    }
    T_EQUAL(script_status(s).send_acked, len);
}

static void silence_ends_it_with_a_reason(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 100);
    T_EQUAL(script_user_take(s, NULL), 100);
    script_advance(s, 70 * SECOND);
    script_skip(s);
    T_STATE(s, TE_CLOSED);
    T_EQUAL(script_status(s).error, TE_ERR_TIMED_OUT);
}

static void bad_cookie_opens_as_ever_and_brings_a_good_one(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    serve(s);
    fast_open_get_cookie(s, cookie);
    for (unsigned bit = 0; bit < 8 * COOKIE_BYTES; bit += 7) {
        uint8_t bad[COOKIE_BYTES];
        memcpy(bad, cookie, sizeof(bad));
        bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const struct script_out *out = fast_open_send_syn(s, (uint16_t)(5000 + bit), bad, 100);
        T_EQUAL(script_rel_ack(s, out), 1);
        T_EQUAL(out->header.options.fast_open_len, COOKIE_BYTES);
        assert_memory_equal(out->header.options.fast_open_cookie, cookie, COOKIE_BYTES);
    }
    T_COUNT(s, fast_open_passive_failed, 10);
    T_COUNT(s, fast_open_passive, 0);
}

/* The client sends again what was not taken. */
static void data_of_a_refused_syn_comes_with_the_ack(void **state)
{
    struct script *s = *state;
    serve(s);
    fast_open_send_syn(s, 5001, (const uint8_t *)"badbadba", 100);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_user_take(s, NULL), 100);
}

/* 4.1.2, 5: keys change; a cookie stays valid for one more step, and is renewed then. */
static void cookie_expires(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    serve(s);
    script_advance(s, STEP - s->f.now_us % STEP - SECOND);
    fast_open_get_cookie(s, cookie);
    script_advance(s, SECOND);
    const struct script_out *out = fast_open_send_syn(s, 5001, cookie, 100);
    T_EQUAL(script_rel_ack(s, out), 101);
    T_EQUAL(out->header.options.fast_open_len, COOKIE_BYTES);
    assert_memory_not_equal(out->header.options.fast_open_cookie, cookie, COOKIE_BYTES);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1);
    script_advance(s, STEP);
    T_EQUAL(script_rel_ack(s, fast_open_send_syn(s, 5002, cookie, 100)), 1);
    T_COUNT(s, fast_open_passive_failed, 1);
}

static void rfc7413_4_2_pending_connections_are_limited(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    s->f.config.fast_open_pending_max = 2;
    serve(s);
    fast_open_get_cookie(s, cookie);
    fast_open_send_syn(s, 5001, cookie, 10);
    T_ERR(script_user_accept(s), TE_OK); /* an accepted one still counts */
    struct script_conn first = s->c;
    T_EQUAL(script_rel_ack(s, fast_open_send_syn(s, 5002, cookie, 10)), 11);
    T_EQUAL(script_rel_ack(s, fast_open_send_syn(s, 5003, cookie, 10)), 1);
    T_COUNT(s, fast_open_pending_full, 1);
    s->c = first;
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_rel_ack(s, fast_open_send_syn(s, 5004, cookie, 10)), 11);
}

/* 5.1: a reset connection still counts for another minute. */
static void rfc7413_5_1_resets_stay_pending_for_a_while(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    s->f.config.fast_open_pending_max = 1;
    serve(s);
    fast_open_get_cookie(s, cookie);
    fast_open_send_syn(s, 5001, cookie, 10);
    T_SEND(s, .flags = TE_RST, .seq = 11);
    T_EQUAL(script_rel_ack(s, fast_open_send_syn(s, 5002, cookie, 10)), 1);
    script_advance(s, TE_FAST_OPEN_RESET_MEMORY_US);
    script_skip(s);
    T_EQUAL(script_rel_ack(s, fast_open_send_syn(s, 5003, cookie, 10)), 11);
}

static void reset_tells_the_user(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 10);
    T_SEND(s, .flags = TE_RST, .seq = 11);
    T_STATE(s, TE_CLOSED);
    T_EQUAL(script_status(s).error, TE_ERR_RESET);
    T_READY(s, TE_READY_END);
}

/* A blind SYN does not end what its user already holds (RFC 5961 4). */
static void another_syn_is_challenged(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 10);
    T_SEND(s, .flags = TE_SYN, .seq = 1000);
    T_EXPECT_ACK(s, 1, 11);
    T_STATE(s, TE_SYN_RCVD);
}

static void the_same_syn_again_is_answered_and_not_delivered_again(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 10);
    T_SEND(s, .flags = TE_SYN, .seq = 0, .len = 10);
    T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 11);
    T_EQUAL(script_user_take(s, NULL), 10);
}

/* A peer that has proved its address needs no slot in a SYN queue filled by a flood. */
static void good_cookie_passes_a_full_syn_queue(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    s->f.config.syn_queue_max = 1;
    serve(s);
    fast_open_get_cookie(s, cookie);
    script_new_peer(s, 7000);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT_SYN_ACK(s);
    T_EQUAL(script_rel_ack(s, fast_open_send_syn(s, 5001, cookie, 10)), 11);
    T_COUNT(s, syn_cookies_sent, 0);
}

static void full_accept_queue_drops_the_syn(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    s->f.config.fast_open = TE_FAST_OPEN_BOTH;
    fast_open_listen(s, true, 1);
    fast_open_get_cookie(s, cookie);
    fast_open_send_syn(s, 5001, cookie, 10);
    assert_null(fast_open_send_syn(s, 5002, cookie, 10));
    T_COUNT(s, accept_queue_full, 1);
    T_COUNT(s, fast_open_passive, 1);
}

static void closing_the_listener_leaves_whom_somebody_accepted(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    serve(s);
    open_fast(s, 5001, 10);
    struct script_conn accepted = s->c;
    fast_open_get_cookie(s, cookie);
    fast_open_send_syn(s, 5002, cookie, 10);
    T_ERR(te_close(s->f.stack, s->listener_id, s->f.now_us), TE_OK);
    script_pump(s);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 11);
    s->c = accepted;
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
}

/* 3.10.4, SYN_RCVD: a CLOSE with data queued waits for ESTABLISHED; the data does not. */
static void close_with_an_answer_on_its_way(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 10);
    T_EQUAL(script_user_take(s, NULL), 10);
    T_EQUAL(script_user_send(s, 100), 100);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 11, .len = 100);
    T_STATE(s, TE_SYN_RCVD);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 101);
    T_EXPECT(s, .flags = TE_ACK | TE_FIN, .seq = 101, .ack = 11);
    T_STATE(s, TE_FIN_WAIT_1);
}

static void close_without_an_answer_goes_to_fin_wait_1(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 10);
    T_EQUAL(script_user_take(s, NULL), 10);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 11);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 2);
    T_STATE(s, TE_FIN_WAIT_2);
}

static void abort_resets(void **state)
{
    struct script *s = *state;
    serve(s);
    open_fast(s, 5001, 10);
    T_ERR(script_user_abort(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 11);
    T_GONE(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(off_unless_both_config_and_listener_allow),
        SCRIPT_TEST(rfc7413_4_2_1_request_is_answered_by_a_cookie),
        SCRIPT_TEST(rfc7413_4_2_1_syn_ack_again_has_no_cookie),
        SCRIPT_TEST(request_with_data_gets_the_syn_alone_acknowledged),
        SCRIPT_TEST(rfc7413_4_2_2_good_cookie_opens_at_once),
        SCRIPT_TEST(established_before_accept_is_accepted_once),
        SCRIPT_TEST(room_made_in_syn_rcvd_is_offered),
        SCRIPT_TEST(answer_leaves_before_the_handshake_is_over),
        SCRIPT_TEST(answer_is_limited_by_the_initial_window),
        SCRIPT_TEST(rfc7413_4_2_2_syn_ack_again_has_no_data),
        SCRIPT_TEST(rfc7413_5_2_copies_of_the_syn_amplify_nothing),
        SCRIPT_TEST(silence_ends_it_with_a_reason),
        SCRIPT_TEST(bad_cookie_opens_as_ever_and_brings_a_good_one),
        SCRIPT_TEST(data_of_a_refused_syn_comes_with_the_ack),
        SCRIPT_TEST(cookie_expires),
        SCRIPT_TEST(rfc7413_4_2_pending_connections_are_limited),
        SCRIPT_TEST(rfc7413_5_1_resets_stay_pending_for_a_while),
        SCRIPT_TEST(reset_tells_the_user),
        SCRIPT_TEST(another_syn_is_challenged),
        SCRIPT_TEST(the_same_syn_again_is_answered_and_not_delivered_again),
        SCRIPT_TEST(good_cookie_passes_a_full_syn_queue),
        SCRIPT_TEST(full_accept_queue_drops_the_syn),
        SCRIPT_TEST(closing_the_listener_leaves_whom_somebody_accepted),
        SCRIPT_TEST(close_with_an_answer_on_its_way),
        SCRIPT_TEST(close_without_an_answer_goes_to_fin_wait_1),
        SCRIPT_TEST(abort_resets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

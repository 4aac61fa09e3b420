/* TCP Fast Open (RFC 7413): both roles, and everything that may go wrong with data on a SYN. */
#include <string.h>

#include "script.h"
#include "support/random.h"
#include "tcp/listen/fast_open.h"

#define COOKIE_BYTES TE_FAST_OPEN_COOKIE_BYTES
#define STEP TE_FAST_OPEN_STEP_US
#define DATA_MAX 4000
#define FIRST_PORT 5000
#define SERVER_COOKIE "\x01\x02\x03\x04\x05\x06"
#define SERVER_COOKIE_BYTES 6
#define MSS 1460

/* --- as a server ------------------------------------------------------------------------------ */

static void listen_with(struct script *s, bool fast_open, uint32_t backlog)
{
    struct te_listen listen = {.local = {script_local_addr(s), SERVER_PORT},
                               .uid = USER,
                               .backlog = backlog,
                               .fast_open = fast_open};
    script_start(s);
    T_ERR(te_open_passive(s->f.stack, &listen, &s->listener_id, s->f.now_us), TE_OK);
    script_mark(s);
}

static void serve(struct script *s)
{
    s->f.config.fast_open = TE_FAST_OPEN_SERVER;
    listen_with(s, true, 0);
}

static const struct script_out *send_syn(struct script *s, uint16_t port, const uint8_t *cookie,
                                         uint32_t len)
{
    script_new_peer(s, port);
    struct seg syn = script_syn(s, TE_SYN);
    syn.has_fast_open = true;
    syn.cookie = cookie;
    syn.cookie_len = cookie != NULL ? COOKIE_BYTES : 0;
    syn.len = len;
    script_send(s, &syn);
    const struct script_out *out = script_next(s);
    if (out == NULL)
        return NULL;
    s->c.our_iss = out->header.seq;
    s->c.timestamps = out->header.options.has_timestamps;
    T_EQUAL(out->header.flags, TE_SYN | TE_ACK);
    return out;
}

/* Asks for a cookie and ends that connection. */
static void get_cookie(struct script *s, uint8_t ret_cookie[COOKIE_BYTES])
{
    const struct script_out *out = send_syn(s, 4999, NULL, 0);
    T_EQUAL(out->header.options.has_fast_open, true);
    T_EQUAL(out->header.options.fast_open_len, COOKIE_BYTES);
    memcpy(ret_cookie, out->header.options.fast_open_cookie, COOKIE_BYTES);
    T_SEND(s, .flags = TE_RST, .seq = 1);
}

/* A connection in SYN_RCVD that was accepted, with len bytes from its SYN. */
static void open_fast(struct script *s, uint16_t port, uint32_t len)
{
    uint8_t cookie[COOKIE_BYTES];
    get_cookie(s, cookie);
    const struct script_out *out = send_syn(s, port, cookie, len);
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
        listen_with(s, i < 2, 0);
        T_EQUAL(send_syn(s, 5000, NULL, 0)->header.options.has_fast_open, false);
        T_COUNT(s, fast_open_cookies_given, 0);
        T_ERR(script_user_accept(s), TE_ERR_AGAIN);
    }
}

static void rfc7413_4_2_1_request_is_answered_by_a_cookie(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL; /* 20 bytes of other options beside it */
    serve(s);
    T_EQUAL(send_syn(s, 5000, NULL, 0)->header.options.fast_open_len, COOKIE_BYTES);
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
    send_syn(s, 5000, NULL, 0);
    const struct script_out *out =
        T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    T_EQUAL(out->header.options.has_fast_open, false);
}

/* Data sent with a request is not accepted: the address is not proven yet. */
static void request_with_data_gets_the_syn_alone_acknowledged(void **state)
{
    struct script *s = *state;
    serve(s);
    T_EQUAL(script_rel_ack(s, send_syn(s, 5000, NULL, 100)), 1);
}

static void rfc7413_4_2_2_good_cookie_opens_at_once(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    serve(s);
    get_cookie(s, cookie);
    const struct script_out *out = send_syn(s, 5001, cookie, 300);
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
    get_cookie(s, cookie);
    send_syn(s, 5001, cookie, 10);
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
    get_cookie(s, cookie);
    for (unsigned bit = 0; bit < 8 * COOKIE_BYTES; bit += 7) {
        uint8_t bad[COOKIE_BYTES];
        memcpy(bad, cookie, sizeof(bad));
        bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const struct script_out *out = send_syn(s, (uint16_t)(5000 + bit), bad, 100);
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
    send_syn(s, 5001, (const uint8_t *)"badbadba", 100);
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
    get_cookie(s, cookie);
    script_advance(s, SECOND);
    const struct script_out *out = send_syn(s, 5001, cookie, 100);
    T_EQUAL(script_rel_ack(s, out), 101);
    T_EQUAL(out->header.options.fast_open_len, COOKIE_BYTES);
    assert_memory_not_equal(out->header.options.fast_open_cookie, cookie, COOKIE_BYTES);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1);
    script_advance(s, STEP);
    T_EQUAL(script_rel_ack(s, send_syn(s, 5002, cookie, 100)), 1);
    T_COUNT(s, fast_open_passive_failed, 1);
}

static void rfc7413_4_2_pending_connections_are_limited(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    s->f.config.fast_open_pending_max = 2;
    serve(s);
    get_cookie(s, cookie);
    send_syn(s, 5001, cookie, 10);
    T_ERR(script_user_accept(s), TE_OK); /* an accepted one still counts */
    struct script_conn first = s->c;
    T_EQUAL(script_rel_ack(s, send_syn(s, 5002, cookie, 10)), 11);
    T_EQUAL(script_rel_ack(s, send_syn(s, 5003, cookie, 10)), 1);
    T_COUNT(s, fast_open_pending_full, 1);
    s->c = first;
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_rel_ack(s, send_syn(s, 5004, cookie, 10)), 11);
}

/* 5.1: a reset connection still counts for another minute. */
static void rfc7413_5_1_resets_stay_pending_for_a_while(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    s->f.config.fast_open_pending_max = 1;
    serve(s);
    get_cookie(s, cookie);
    send_syn(s, 5001, cookie, 10);
    T_SEND(s, .flags = TE_RST, .seq = 11);
    T_EQUAL(script_rel_ack(s, send_syn(s, 5002, cookie, 10)), 1);
    script_advance(s, TE_FAST_OPEN_RESET_MEMORY_US);
    script_skip(s);
    T_EQUAL(script_rel_ack(s, send_syn(s, 5003, cookie, 10)), 11);
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
    get_cookie(s, cookie);
    script_new_peer(s, 7000);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT_SYN_ACK(s);
    T_EQUAL(script_rel_ack(s, send_syn(s, 5001, cookie, 10)), 11);
    T_COUNT(s, syn_cookies_sent, 0);
}

static void full_accept_queue_drops_the_syn(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    s->f.config.fast_open = TE_FAST_OPEN_BOTH;
    listen_with(s, true, 1);
    get_cookie(s, cookie);
    send_syn(s, 5001, cookie, 10);
    assert_null(send_syn(s, 5002, cookie, 10));
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
    get_cookie(s, cookie);
    send_syn(s, 5002, cookie, 10);
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

/* --- as a client ------------------------------------------------------------------------------ */

static void open_with(struct script *s, uint16_t local_port, size_t len)
{
    static uint8_t data[DATA_MAX];
    for (size_t i = 0; i < len; i++)
        data[i] = script_pattern(i, 0);
    script_new_peer(s, s->c.remote_port);
    s->c.local_port = local_port;
    struct te_open open = {.local = script_local(s),
                           .remote = script_peer(s),
                           .uid = USER,
                           .fast_open = true,
                           .data = data,
                           .data_len = len};
    script_start(s);
    T_ERR(te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us), TE_OK);
    T_EQUAL(script_status(s).send_accepted, len);
    script_pump(s);
}

/* Reads the SYN; returns the length of its cookie, or -1 if it lacks the option. */
static int expect_syn(struct script *s, uint32_t len)
{
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    s->c.our_iss = out->header.seq;
    char why[SCRIPT_WHY_MAX];
    struct seg want = {.flags = TE_SYN, .seq = 0, .len = len};
    if (!script_matches(s, out, &want, why))
        fail_msg("%s", why);
    const struct te_tcp_options *options = &out->header.options;
    if (options->fast_open_len == SERVER_COOKIE_BYTES)
        assert_memory_equal(options->fast_open_cookie, SERVER_COOKIE, SERVER_COOKIE_BYTES);
    return options->has_fast_open ? options->fast_open_len : -1;
}

static void send_syn_ack(struct script *s, uint32_t ack, bool with_cookie)
{
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    syn_ack.ack = ack;
    syn_ack.has_fast_open = with_cookie;
    syn_ack.cookie = (const uint8_t *)SERVER_COOKIE;
    syn_ack.cookie_len = with_cookie ? SERVER_COOKIE_BYTES : 0;
    script_send(s, &syn_ack);
    s->c.timestamps = script_status(s).timestamps;
}

static void end(struct script *s)
{
    T_ERR(script_user_abort(s), TE_OK);
    script_skip(s);
}

static void learn_cookie(struct script *s)
{
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    open_with(s, FIRST_PORT, 0);
    T_EQUAL(expect_syn(s, 0), 0);
    send_syn_ack(s, 1, true);
    T_EXPECT_ACK(s, 1, 1);
    end(s);
    script_mark(s);
}

/* A second open, whose SYN carries the cookie of the first and len bytes. */
static void open_with_cookie(struct script *s, uint32_t len)
{
    learn_cookie(s);
    open_with(s, FIRST_PORT + 1, len);
    T_EQUAL(expect_syn(s, len), SERVER_COOKIE_BYTES);
}

static void without_permission_the_data_follows_the_handshake(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open = TE_FAST_OPEN_SERVER;
    open_with(s, FIRST_PORT, 100);
    T_EQUAL(expect_syn(s, 0), -1);
    send_syn_ack(s, 1, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
}

static void rfc7413_4_2_1_first_open_asks_for_a_cookie(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    open_with(s, FIRST_PORT, 100);
    T_EQUAL(expect_syn(s, 0), 0);
    send_syn_ack(s, 1, true);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_COUNT(s, fast_open_active, 0);
    T_COUNT(s, fast_open_active_failed, 0);
}

static void rfc7413_4_2_2_second_open_carries_cookie_and_data(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    send_syn_ack(s, 301, false);
    T_EXPECT_ACK(s, 301, 1);
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_status(s).send_acked, 300);
    T_COUNT(s, fast_open_active, 1);
    T_COUNT(s, bytes_out, 300);
    T_COUNT(s, bytes_retransmitted, 0);
    T_TIMER(s, TE_TIMER_NONE, 0);
    T_EQUAL(script_user_send(s, 50), 50);
    T_EXPECT(s, .flags = TE_ACK, .seq = 301, .ack = 1, .len = 50);
}

/* Other ports of the same host are separate. */
static void another_port_has_no_cookie_yet(void **state)
{
    struct script *s = *state;
    learn_cookie(s);
    s->c.remote_port = CLIENT_PORT + 1;
    open_with(s, FIRST_PORT + 1, 100);
    T_EQUAL(expect_syn(s, 0), 0);
}

/* 4.1.3: the server's MSS, less options; the rest follows the handshake. */
static void syn_carries_as_much_as_the_cached_mss_allows(void **state)
{
    struct script *s = *state;
    s->peer_mss = 600;
    learn_cookie(s);
    open_with(s, FIRST_PORT + 1, 2000);
    T_EQUAL(expect_syn(s, 600 - 20 - 8), SERVER_COOKIE_BYTES);
    send_syn_ack(s, 1 + 600 - 28, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 573, .ack = 1, .len = 600);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1173, .ack = 1, .len = 600);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1773);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1773, .ack = 1, .len = 228);
}

static void initial_window_follows_the_cached_mss(void **state)
{
    struct script *s = *state;
    s->f.config.initial_window_segments = 1;
    learn_cookie(s);
    open_with(s, FIRST_PORT + 1, 10);
    T_EQUAL(expect_syn(s, 10), SERVER_COOKIE_BYTES);
    T_EQUAL(script_status(s).mss, MSS);
    T_EQUAL(script_status(s).cwnd_bytes, MSS);
}

static void syn_carries_at_most_1460(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_bytes = 9000;
    s->peer_mss = 8960;
    learn_cookie(s);
    open_with(s, FIRST_PORT + 1, 3000);
    T_EQUAL(expect_syn(s, 1460 - 28), SERVER_COOKIE_BYTES);
}

static void cookie_goes_without_data_too(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 0);
}

/* 4.2.2: "SHOULD retransmit any unacknowledged data in the first ACK packet". */
static void refused_data_follows_at_once(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    send_syn_ack(s, 1, true);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 300);
    T_COUNT(s, fast_open_active_failed, 1);
    T_COUNT(s, bytes_out, 300);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 301);
    T_EQUAL(script_status(s).send_acked, 300);
    end(s);
    open_with(s, FIRST_PORT + 2, 100); /* its new cookie counts */
    T_EQUAL(expect_syn(s, 100), SERVER_COOKIE_BYTES);
}

static void data_taken_in_part(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    send_syn_ack(s, 101, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 200);
    T_COUNT(s, fast_open_active, 1);
    T_COUNT(s, bytes_out, 300);
}

/* 4.1.3.1: refused without a new cookie, Fast Open is not tried there for a while. */
static void refusal_without_a_cookie_is_remembered(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    send_syn_ack(s, 1, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 300);
    end(s);
    open_with(s, FIRST_PORT + 2, 100);
    T_EQUAL(expect_syn(s, 0), -1);
    T_COUNT(s, fast_open_active_avoided, 1);
    end(s);
    script_advance(s, TE_FAST_OPEN_AVOIDANCE_US);
    script_skip(s);
    open_with(s, FIRST_PORT + 3, 100);
    T_EQUAL(expect_syn(s, 0), 0); /* asks anew */
}

/* 4.2.1: servers that do not answer the request are recorded. */
static void server_that_gives_no_cookie_is_remembered(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    open_with(s, FIRST_PORT, 100);
    T_EQUAL(expect_syn(s, 0), 0);
    send_syn_ack(s, 1, false);
    script_skip(s);
    end(s);
    open_with(s, FIRST_PORT + 1, 100);
    T_EQUAL(expect_syn(s, 0), -1);
}

/* 4.2.2: the retransmitted SYN is plain, and the first one's data follows the handshake. */
static void syn_again_is_plain(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    script_advance(s, SECOND);
    T_EQUAL(expect_syn(s, 0), -1);
    send_syn_ack(s, 1, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 300);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 301);
    T_EQUAL(script_status(s).send_acked, 300);
    end(s);
    open_with(s, FIRST_PORT + 2, 100); /* the path may drop unknown options */
    T_EQUAL(expect_syn(s, 0), -1);
}

/* The SYN came through, its SYN,ACK did not: the next one acknowledges the data all the same. */
static void lost_syn_ack_is_no_failure(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    script_advance(s, SECOND);
    T_EQUAL(expect_syn(s, 0), -1);
    send_syn_ack(s, 301, false);
    T_EXPECT_ACK(s, 301, 1);
    T_EQUAL(script_status(s).send_acked, 300);
    T_COUNT(s, fast_open_active, 1);
    end(s);
    open_with(s, FIRST_PORT + 2, 100);
    T_EQUAL(expect_syn(s, 100), SERVER_COOKIE_BYTES);
}

static void silence_is_remembered(void **state)
{
    struct script *s = *state;
    learn_cookie(s);
    open_with(s, FIRST_PORT + 1, 300);
    script_advance(s, 300 * SECOND);
    script_skip(s);
    T_STATE(s, TE_CLOSED);
    T_COUNT(s, fast_open_active_failed, 1);
    open_with(s, FIRST_PORT + 2, 100);
    T_EQUAL(expect_syn(s, 0), -1);
}

static void icmp_error_is_remembered(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    script_icmp_error(s, 3, 13, 0, 0);
    T_STATE(s, TE_CLOSED);
    open_with(s, FIRST_PORT + 2, 100);
    T_EQUAL(expect_syn(s, 0), -1);
}

/* A RST says that nobody listens, nothing about Fast Open. */
static void refused_connection_is_no_failure_of_fast_open(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 0, .ack = 301);
    T_EQUAL(script_status(s).error, TE_ERR_REFUSED);
    open_with(s, FIRST_PORT + 2, 100);
    T_EQUAL(expect_syn(s, 100), SERVER_COOKIE_BYTES);
}

static void cache_is_bounded_and_forgets_the_least_used(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open_cache_max = 2;
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    for (uint16_t i = 0; i < 3; i++) {
        s->c.remote_port = (uint16_t)(8000 + i);
        open_with(s, (uint16_t)(FIRST_PORT + i), 0);
        T_EQUAL(expect_syn(s, 0), 0);
        send_syn_ack(s, 1, true);
        T_EXPECT_ACK(s, 1, 1);
        end(s);
    }
    T_EQUAL(fixture_counters(&s->f)->fast_open_cache_evicted, 1);
    for (uint16_t i = 0; i < 3; i++) {
        s->c.remote_port = (uint16_t)(8000 + i);
        open_with(s, (uint16_t)(FIRST_PORT + 10 + i), 0);
        T_EQUAL(expect_syn(s, 0), i == 0 ? 0 : SERVER_COOKIE_BYTES);
        end(s);
    }
}

static void no_memory_for_the_cache_costs_only_the_cookie(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    open_with(s, FIRST_PORT, 0);
    T_EQUAL(expect_syn(s, 0), 0);
    s->f.heap.allocations_left = 0;
    send_syn_ack(s, 1, true);
    s->f.heap.allocations_left = -1;
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
    end(s);
    open_with(s, FIRST_PORT + 1, 0);
    T_EQUAL(expect_syn(s, 0), 0);
}

/* 4.2.2, "a special case": both open at once, and the peer accepts only the SYN. */
static void simultaneous_open_sends_the_data_again(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    T_SEND(s, .flags = TE_SYN, .seq = 0, WITH_MSS(PEER_MSS));
    T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 300);
    T_STATE(s, TE_ESTABLISHED);
}

static void simultaneous_open_may_take_the_data(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    T_SEND(s, .flags = TE_SYN, .seq = 0, WITH_MSS(PEER_MSS));
    T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 301);
    T_EXPECT_NONE(s);
    T_EQUAL(script_status(s).send_acked, 300);
}

static void works_by_ipv6_with_all_options(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL | SPEAKS_IPV6;
    learn_cookie(s);
    open_with(s, FIRST_PORT + 1, 2000);
    /* 20 bytes of the usual options and 8 of this one; 1,440 is the most (4.1.3) */
    T_EQUAL(expect_syn(s, 1440 - 28), SERVER_COOKIE_BYTES);
    send_syn_ack(s, 1 + 1440 - 28, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1413, .ack = 1, .len = 588);
}

/* --- anything at any time --------------------------------------------------------------------- */

static void random_user_call(struct script *s, uint64_t *seed)
{
    size_t accepted;
    uint8_t bytes[3000] = {0};
    struct te_received received;
    switch (random_below(seed, 12)) {
    case 0:
        script_user_close(s);
        break;
    case 1:
        script_user_shutdown(s);
        break;
    case 2:
        script_user_abort(s);
        break;
    case 3:
    case 4:
        if (te_receive_peek(s->f.stack, s->c.id, script_status(s).receive_released, SIZE_MAX,
                            &received) == TE_OK)
            te_receive_release(s->f.stack, s->c.id,
                               script_status(s).receive_released + received.total_bytes,
                               s->f.now_us);
        break;
    case 5: {
        uint64_t id = s->c.id; /* another one may be waiting */
        if (te_accept(s->f.stack, s->listener_id, USER, &s->c.id, s->f.now_us) != TE_OK)
            s->c.id = id;
        break;
    }
    default:
        te_send(s->f.stack, s->c.id, bytes, random_below(seed, sizeof(bytes)), &accepted,
                s->f.now_us);
        break;
    }
    script_pump(s);
}

static void random_segment(struct script *s, uint64_t *seed)
{
    static const uint8_t flags[] = {TE_ACK, TE_ACK,          TE_ACK,
                                    TE_ACK, TE_ACK | TE_FIN, TE_SYN | TE_ACK,
                                    TE_SYN, TE_RST,          TE_RST | TE_ACK};
    struct te_status status = script_status(s);
    struct seg seg = {
        .flags = flags[random_below(seed, sizeof(flags))], .win = 1000, .has_win = true};
    uint32_t sent = status.snd_max - s->c.our_iss;
    uint32_t next = status.rcv_nxt - s->c.peer_iss;
    seg.ack = random_below(seed, 3) == 0 ? random_below(seed, sent < 5000 ? sent + 2 : 5000) : sent;
    seg.seq = random_below(seed, 4) == 0 ? random_below(seed, 500) : next < 100000 ? next : 1;
    if (seg.flags & TE_SYN)
        seg.seq = random_below(seed, 3) == 0 ? random_below(seed, 500) : 0;
    if (!(seg.flags & TE_RST))
        seg.len = random_below(seed, 2) * random_below(seed, 400);
    if (random_below(seed, 4) == 0)
        seg.win = 0;
    script_send(s, &seg);
}

static void walk(struct script *s, uint64_t *seed)
{
    for (unsigned step = 0; step < 30; step++) {
        uint32_t what = random_below(seed, 10);
        if (what < 3)
            random_user_call(s, seed);
        else if (what < 8)
            random_segment(s, seed);
        else
            script_advance(s, random_below(seed, 3 * 1000) * MS);
        script_skip(s);
    }
}

/* The invariants are checked after every step, and the asserts of the engine are on where
 * sanitizers are. At the end nothing is left: no queue slot, nothing pending. */
static void random_walks_keep_the_invariants(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    uint64_t transitions = 0, resent = 0, taken = 0;
    const uint64_t walks = s->f.reborn ? 1000 : 3000; /* each step then takes ten times as long */
    for (uint64_t i = 1; i <= walks; i++) {
        uint64_t seed = i;
        script_start_over(s);
        s->f.config.fast_open = TE_FAST_OPEN_BOTH;
        s->f.config.fast_open_pending_max = 1 + random_below(&seed, 3);
        s->f.config.remains_us = 0;
        if (i % 2 == 0) {
            listen_with(s, true, 0);
            get_cookie(s, cookie);
            send_syn(s, 5001, cookie, random_below(&seed, 500));
            if (random_below(&seed, 4) > 0)
                script_user_accept(s);
        } else {
            learn_cookie(s);
            open_with(s, FIRST_PORT + 1, random_below(&seed, 3000));
            s->c.our_iss = script_status(s).iss;
        }
        walk(s, &seed);
        s->f.heap.allocations_left =
            random_below(&seed, 8) == 0 ? (int64_t)random_below(&seed, 10) : -1;
        walk(s, &seed);
        s->f.heap.allocations_left = -1;
        script_user_abort(s);
        script_advance(s, 600 * SECOND);
        script_skip(s);
        struct te_totals totals;
        te_totals(s->f.stack, &totals);
        T_EQUAL(totals.by_state[TE_SYN_RCVD] + totals.by_state[TE_SYN_SENT], 0);
        transitions += fixture_counters(&s->f)->state_transitions;
        resent += fixture_counters(&s->f)->bytes_retransmitted;
        taken += fixture_counters(&s->f)->bytes_in;
    }
    assert_true(transitions > 4 * walks && resent > 33 * walks && taken > 33 * walks);
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
        SCRIPT_TEST(without_permission_the_data_follows_the_handshake),
        SCRIPT_TEST(rfc7413_4_2_1_first_open_asks_for_a_cookie),
        SCRIPT_TEST(rfc7413_4_2_2_second_open_carries_cookie_and_data),
        SCRIPT_TEST(another_port_has_no_cookie_yet),
        SCRIPT_TEST(syn_carries_as_much_as_the_cached_mss_allows),
        SCRIPT_TEST(initial_window_follows_the_cached_mss),
        SCRIPT_TEST(syn_carries_at_most_1460),
        SCRIPT_TEST(cookie_goes_without_data_too),
        SCRIPT_TEST(refused_data_follows_at_once),
        SCRIPT_TEST(data_taken_in_part),
        SCRIPT_TEST(refusal_without_a_cookie_is_remembered),
        SCRIPT_TEST(server_that_gives_no_cookie_is_remembered),
        SCRIPT_TEST(syn_again_is_plain),
        SCRIPT_TEST(lost_syn_ack_is_no_failure),
        SCRIPT_TEST(silence_is_remembered),
        SCRIPT_TEST(icmp_error_is_remembered),
        SCRIPT_TEST(refused_connection_is_no_failure_of_fast_open),
        SCRIPT_TEST(cache_is_bounded_and_forgets_the_least_used),
        SCRIPT_TEST(no_memory_for_the_cache_costs_only_the_cookie),
        SCRIPT_TEST(simultaneous_open_sends_the_data_again),
        SCRIPT_TEST(simultaneous_open_may_take_the_data),
        SCRIPT_TEST(works_by_ipv6_with_all_options),
        SCRIPT_TEST(random_walks_keep_the_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

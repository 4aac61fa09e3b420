/* SYN cookies (RFC 4987 3.6): a full SYN queue turns nobody away. */
#include <stdio.h>

#include "script.h"
#include "tcp/listen/syn_cookie.h"

#define FLOOD_SYNS 100000
#define QUEUE 4
#define STEP TE_SYN_COOKIE_STEP_US

static void half_open(struct script *s, uint16_t port)
{
    script_new_peer(s, port);
    conn_in_syn_rcvd(s);
}

/* A listener whose SYN queue of one is full. */
static void fill_queue(struct script *s)
{
    s->f.config.syn_queue_max = 1;
    half_open(s, 7000);
}

/* A SYN from that port, and its SYN,ACK. */
static const struct script_out *take_cookie(struct script *s, uint16_t port)
{
    script_new_peer(s, port);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    const struct script_out *out = T_EXPECT_SYN_ACK(s);
    s->c.timestamps = out->header.options.has_timestamps;
    return out;
}

static void open_by_cookie(struct script *s, uint16_t port)
{
    take_cookie(s, port);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
}

/* --- the SYN ---------------------------------------------------------------------------------- */

static void full_queue_answers_by_a_cookie_and_keeps_nothing(void **state)
{
    struct script *s = *state;
    fill_queue(s);
    int64_t before = s->f.heap.held_bytes;
    take_cookie(s, 7001);
    T_COUNT(s, syn_cookies_sent, 1);
    T_COUNT(s, syn_queue_full, 0);
    T_COUNT(s, passive_opens, 0);
    T_EQUAL(script_connections(s), 1);
    T_EQUAL(s->f.heap.held_bytes, before);
    script_advance(s, 10 * SECOND);
    script_skip(s); /* that of the one in the queue */
    T_EQUAL(script_connections(s), 0);
}

/* It is indistinguishable from any other SYN,ACK. */
static void cookie_offers_what_any_syn_ack_offers(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL;
    s->f.config.syn_queue_max = 1;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    struct te_tcp_header real = T_EXPECT_SYN_ACK(s)->header;
    struct te_tcp_header cookie = take_cookie(s, 7001)->header;
    T_EQUAL(cookie.window, real.window);
    T_EQUAL(cookie.options.mss_bytes, real.options.mss_bytes);
    T_EQUAL(cookie.options.has_wscale, true);
    T_EQUAL(cookie.options.wscale, real.options.wscale);
    T_EQUAL(cookie.options.sack_permitted, true);
    T_EQUAL(cookie.options.has_timestamps, true);
    T_EQUAL(cookie.options.ts_echo, real.options.ts_echo);
}

static void syn_again_gets_the_same_cookie(void **state)
{
    struct script *s = *state;
    fill_queue(s);
    take_cookie(s, 7001);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1); /* relative to the first ISS */
    T_COUNT(s, syn_cookies_sent, 2);
}

/* Text on the SYN is not acknowledged: the peer sends it again. */
static void text_on_the_syn_is_left_to_the_peer(void **state)
{
    struct script *s = *state;
    fill_queue(s);
    script_new_peer(s, 7001);
    T_SEND(s, .flags = TE_SYN, .seq = 0, .len = 100);
    T_EXPECT_SYN_ACK(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_user_take(s, NULL), 100);
}

static void always_keeps_no_half_open_connection(void **state)
{
    struct script *s = *state;
    s->f.config.syn_cookies = TE_SYN_COOKIES_ALWAYS;
    conn_in_listen(s);
    take_cookie(s, 7001);
    T_EQUAL(script_connections(s), 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
}

/* Its new ISN must lie beyond the old numbers (RFC 1122 4.2.2.13), which no cookie can. */
static void time_wait_is_reopened_without_a_cookie(void **state)
{
    struct script *s = *state;
    s->f.config.syn_cookies = TE_SYN_COOKIES_ALWAYS;
    s->way = BY_ACTIVE;
    T_ERR(script_user_listen(s, 0), TE_OK);
    s->c.local_port = SERVER_PORT;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    s->c.peer_iss = PEER_ISS + 100000;
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EXPECT_SYN_ACK(s);
    T_COUNT(s, syn_cookies_sent, 0);
    T_COUNT(s, time_wait_reused, 1);
}

/* --- the ACK ---------------------------------------------------------------------------------- */

static void check_options(struct script *s, bool kept)
{
    struct te_status status = script_status(s);
    T_EQUAL(status.peer_mss, 1440); /* the slot below 1,452 */
    T_EQUAL(status.timestamps, kept);
    T_EQUAL(status.sack_permitted, kept);
    T_EQUAL(status.wscale_ok, kept);
    T_EQUAL(status.snd_wscale, kept ? PEER_WSCALE : 0);
    T_EQUAL(status.snd_wnd, kept ? 1000u << PEER_WSCALE : 1000u);
    T_EQUAL(status.srtt_us, 0); /* nobody knows when the SYN,ACK left */
}

static void handshake_keeps_every_option(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL;
    s->peer_mss = 1452;
    fill_queue(s);
    take_cookie(s, 7001);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(1000));
    T_ERR(script_user_accept(s), TE_OK);
    T_EVENT(s, TE_LISTEN, TE_SYN_RCVD, TE_CAUSE_RECV_SYN_COOKIE);
    T_EVENT(s, TE_SYN_RCVD, TE_ESTABLISHED, TE_CAUSE_RECV_ACK_OF_SYN);
    check_options(s, true);
    T_HISTORY(s, "LISTEN SYN_RCVD ESTABLISHED");
    T_COUNT(s, syn_cookies_received, 1);
    T_COUNT(s, syn_cookies_failed, 0);
    T_COUNT(s, passive_opens, 1);
    T_TIMER(s, TE_TIMER_NONE, 0);
}

static void handshake_without_timestamps_keeps_the_mss(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK | SPEAKS_WSCALE;
    s->peer_mss = 1452;
    fill_queue(s);
    const struct script_out *out = take_cookie(s, 7001);
    T_EQUAL(out->header.options.has_wscale, false);
    T_EQUAL(out->header.options.sack_permitted, false);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(1000));
    T_ERR(script_user_accept(s), TE_OK);
    check_options(s, false);
}

static void handshake_by_ipv6(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL | SPEAKS_IPV6;
    fill_queue(s);
    open_by_cookie(s, 7001);
    T_EQUAL(script_status(s).peer_mss, PEER_MSS);
    T_EQUAL(script_status(s).snd_wscale, PEER_WSCALE);
}

/* Bytes in both directions, acknowledged, with timestamps that never go back. */
static void connection_works_like_any_other(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL;
    fill_queue(s);
    open_by_cookie(s, 7001);
    uint32_t ts_of_cookie = s->c.their_ts;
    T_EQUAL(script_user_send(s, 100), 100);
    const struct script_out *out = T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    assert_true((int32_t)(out->header.options.ts_value - ts_of_cookie) >= 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 50);
    T_EQUAL(script_user_take(s, NULL), 50);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 101, .ack = 51);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 51, .ack = 101);
    T_EXPECT_ACK(s, 101, 52);
    T_STATE(s, TE_CLOSE_WAIT);
}

static void text_and_fin_on_the_ack_are_taken(void **state)
{
    struct script *s = *state;
    bool is_end = false;
    fill_queue(s);
    take_cookie(s, 7001);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 300);
    T_EXPECT_ACK(s, 1, 302);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_CLOSE_WAIT);
    T_EQUAL(script_user_take(s, &is_end), 300);
    assert_true(is_end);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void wrong_ack_is_reset(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL;
    fill_queue(s);
    take_cookie(s, 7001);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT(s, .flags = TE_RST, .seq = 2);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
    T_SEND(s, .flags = TE_SYN | TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .no_ts = true);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
    T_COUNT(s, syn_cookies_failed, 4);
    T_DROPPED(s, s->listener_id, TE_DROP_SYN_COOKIE_BAD);
    T_COUNT(s, syn_cookies_received, 0);
    T_EQUAL(script_connections(s), 1);
}

/* Valid once, and not for ever: not even for a listener that always sends cookies. */
static void old_cookie_is_reset(void **state)
{
    struct script *s = *state;
    s->f.config.syn_cookies = TE_SYN_COOKIES_ALWAYS;
    conn_in_listen(s);
    take_cookie(s, 7001);
    struct script_conn old = s->c;
    script_advance(s, TE_SYN_COOKIE_LIFE_US);
    take_cookie(s, 7002);
    s->c = old;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
    T_COUNT(s, syn_cookies_failed, 1);
    T_EQUAL(script_connections(s), 0);
}

static void cookie_lives_one_step_at_least(void **state)
{
    struct script *s = *state;
    s->f.config.syn_cookies = TE_SYN_COOKIES_ALWAYS;
    conn_in_listen(s);
    take_cookie(s, 7001);
    script_advance(s, STEP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
}

/* No hash is computed for guesses at a listener that is not under attack. */
static void listener_that_gave_no_cookie_takes_none(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
    T_COUNT(s, syn_cookies_failed, 0);
}

/* The queue overflowed long ago. */
static void listener_takes_cookies_only_for_their_lifetime(void **state)
{
    struct script *s = *state;
    fill_queue(s);
    take_cookie(s, 7001);
    script_advance(s, TE_SYN_COOKIE_LIFE_US - 1);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT(s, .flags = TE_RST, .seq = 2);
    T_COUNT(s, syn_cookies_failed, 1);
    script_advance(s, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
    T_COUNT(s, syn_cookies_failed, 1);
}

/* A listener does not accept another listener's cookies. */
static void each_listener_minds_its_own_cookies(void **state)
{
    struct script *s = *state;
    fill_queue(s);
    take_cookie(s, 7001);
    s->c.local_port = SERVER_PORT + 1;
    T_ERR(script_user_listen(s, 0), TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
    T_COUNT(s, syn_cookies_failed, 0);
}

/* While the connection lives its ACK is its own; after a RST it is a handshake again, within the
 * lifetime of the cookie: no state, no memory of it. */
static void ack_again_meets_the_connection(void **state)
{
    struct script *s = *state;
    fill_queue(s);
    open_by_cookie(s, 7001);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_COUNT(s, syn_cookies_received, 1);
    T_EQUAL(script_connections(s), 2);
    T_STATE(s, TE_ESTABLISHED);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void full_accept_queue_makes_nothing(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = 1;
    T_ERR(script_user_listen(s, 1), TE_OK);
    fill_queue(s);
    struct script_conn first = s->c;
    take_cookie(s, 7001);
    struct script_conn second = s->c;
    s->c = first;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    s->c = second;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_NONE(s);
    T_EQUAL(script_connections(s), 1);
    T_COUNT(s, accept_queue_full, 1);
    T_ERR(script_user_accept(s), TE_OK);
    s->c = second;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_user_take(s, NULL), 10);
}

static void full_accept_queue_gives_no_cookie(void **state)
{
    struct script *s = *state;
    s->f.config.syn_cookies = TE_SYN_COOKIES_ALWAYS;
    T_ERR(script_user_listen(s, 1), TE_OK);
    conn_in_listen(s);
    take_cookie(s, 7001);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    script_new_peer(s, 7002);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT_NONE(s);
    T_COUNT(s, syn_cookies_sent, 1);
    T_COUNT(s, accept_queue_full, 1);
}

static void no_memory_for_the_connection_makes_nothing(void **state)
{
    struct script *s = *state;
    fill_queue(s);
    take_cookie(s, 7001);
    s->f.heap.allocations_left = 0;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    s->f.heap.allocations_left = -1;
    T_EXPECT_NONE(s);
    T_EQUAL(script_connections(s), 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_ERR(script_user_accept(s), TE_OK);
}

/* RFC 4987 3.3: a crowded queue does not keep clients that never answer for a minute. */
static void crowded_queue_sends_its_syn_acks_again_once(void **state)
{
    struct script *s = *state;
    fill_queue(s);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    script_advance(s, 2 * SECOND - 1);
    T_STATE(s, TE_SYN_RCVD);
    script_advance(s, 1);
    T_EXPECT_NONE(s);
    T_EQUAL(script_connections(s), 0);
    T_COUNT(s, attempt_fails, 1);
}

static void queue_with_room_sends_its_syn_acks_again_as_configured(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = 2;
    half_open(s, 7000);
    for (unsigned i = 0; i < 5; i++)
        T_EXPECT_AFTER(s, SECOND << i, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    script_advance(s, 32 * SECOND);
    T_EQUAL(script_connections(s), 0);
}

/* --- the flood -------------------------------------------------------------------------------- */

/* Any port of any host; answers go to a gateway that reaches them all. */
static void flood_syn(struct script *s, uint32_t number)
{
    char source[32];
    uint32_t mixed = number * 2654435761u;
    snprintf(source, sizeof(source), "198.18.%u.%u", mixed >> 24, mixed >> 16 & 0xff);
    script_new_peer(s, (uint16_t)(1024 + mixed % 60000));
    s->c.peer_iss = mixed;
    T_SEND(s, .flags = TE_SYN, .seq = 0, .len = number % 2, WITH_MSS(1460), .from = source);
}

static void script_start_with_gateway(struct script *s)
{
    s->f.config.routes[0] = (struct te_route){.gateway = fixture_addr("10.0.0.2")};
    s->f.config.routes[0].destination.addr = fixture_addr("0.0.0.0");
    s->f.config.route_count = 1;
    conn_in_listen(s);
}

/* 10^5 SYNs in 2 s: memory does not grow with them, one frame out per frame in, and an honest
 * client can connect at any time. */
static void flood_of_syns_is_bounded(void **state)
{
    struct script *s = *state;
    int64_t after_some = 0;
    s->options = SPEAKS_ALL;
    s->f.config.syn_queue_max = QUEUE;
    s->f.config.history_conn_max = QUEUE;
    s->f.config.event_max = 16;
    script_start_with_gateway(s);
    for (uint32_t i = 0; i < FLOOD_SYNS; i++) {
        flood_syn(s, i);
        script_skip(s);
        assert_true(script_connections(s) <= QUEUE + i / (FLOOD_SYNS / 10) + 1);
        script_advance(s, 20);
        script_skip(s);
        if (i % (FLOOD_SYNS / 10) == FLOOD_SYNS / 20)
            open_by_cookie(s, (uint16_t)(60000 + i / (FLOOD_SYNS / 10)));
        if (i == FLOOD_SYNS / 2)
            after_some = s->f.heap.held_bytes;
    }
    T_COUNT(s, syn_queue_full, 0);
    T_COUNT(s, syn_cookies_received, 10);
    uint64_t in = fixture_counters(&s->f)->frames_in - s->mark.frames_in;
    uint64_t out = fixture_counters(&s->f)->frames_out - s->mark.frames_out;
    assert_true(out <= in + 3 * QUEUE); /* and the queue's own, again */
    assert_true(s->f.heap.held_bytes <= after_some + 5 * 2048 + QUEUE * 70000);
    script_advance(s, 4 * SECOND);
    script_skip(s);
    T_EQUAL(script_connections(s), 10 + QUEUE / 2);
}

/* The same without cookies: the queue and not one entry more. */
static void flood_of_syns_without_cookies_is_bounded(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = QUEUE;
    s->f.config.syn_cookies = TE_SYN_COOKIES_OFF;
    script_start_with_gateway(s);
    for (uint32_t i = 0; i < FLOOD_SYNS / 10; i++) {
        flood_syn(s, i);
        script_skip(s);
        assert_true(script_connections(s) <= QUEUE);
    }
    T_COUNT(s, syn_queue_full, FLOOD_SYNS / 10 - QUEUE);
    script_advance(s, 3 * SECOND);
    script_skip(s);
    T_EQUAL(script_connections(s), QUEUE / 2); /* and soon there is room again */
}

/* Random ACKs against a listener that accepts cookies: no connection, RSTs within their limit. */
static void flood_of_acks_is_bounded(void **state)
{
    struct script *s = *state;
    s->f.config.rst_per_second = 100;
    fill_queue(s);
    take_cookie(s, 7001);
    for (uint32_t i = 0; i < FLOOD_SYNS / 10; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2 + i * 40503u);
        script_skip(s);
    }
    T_EQUAL(script_connections(s), 1);
    T_COUNT(s, syn_cookies_failed, FLOOD_SYNS / 10);
    assert_true(fixture_counters(&s->f)->resets_out <= 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(full_queue_answers_by_a_cookie_and_keeps_nothing),
        SCRIPT_TEST(cookie_offers_what_any_syn_ack_offers),
        SCRIPT_TEST(syn_again_gets_the_same_cookie),
        SCRIPT_TEST(text_on_the_syn_is_left_to_the_peer),
        SCRIPT_TEST(always_keeps_no_half_open_connection),
        SCRIPT_TEST(time_wait_is_reopened_without_a_cookie),
        SCRIPT_TEST(handshake_keeps_every_option),
        SCRIPT_TEST(handshake_without_timestamps_keeps_the_mss),
        SCRIPT_TEST(handshake_by_ipv6),
        SCRIPT_TEST(connection_works_like_any_other),
        SCRIPT_TEST(text_and_fin_on_the_ack_are_taken),
        SCRIPT_TEST(wrong_ack_is_reset),
        SCRIPT_TEST(old_cookie_is_reset),
        SCRIPT_TEST(cookie_lives_one_step_at_least),
        SCRIPT_TEST(listener_that_gave_no_cookie_takes_none),
        SCRIPT_TEST(listener_takes_cookies_only_for_their_lifetime),
        SCRIPT_TEST(each_listener_minds_its_own_cookies),
        SCRIPT_TEST(ack_again_meets_the_connection),
        SCRIPT_TEST(full_accept_queue_makes_nothing),
        SCRIPT_TEST(full_accept_queue_gives_no_cookie),
        SCRIPT_TEST(no_memory_for_the_connection_makes_nothing),
        SCRIPT_TEST(crowded_queue_sends_its_syn_acks_again_once),
        SCRIPT_TEST(queue_with_room_sends_its_syn_acks_again_as_configured),
        SCRIPT_TEST(flood_of_syns_is_bounded),
        SCRIPT_TEST(flood_of_syns_without_cookies_is_bounded),
        SCRIPT_TEST(flood_of_acks_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

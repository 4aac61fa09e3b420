/* TCP Fast Open (RFC 7413) as a client: cookies that it gets, and what goes wrong with them. */
#include "script_fast_open.h"

#define MSS 1460

/* A second open, whose SYN carries the cookie of the first and len bytes. */
static void open_with_cookie(struct script *s, uint32_t len)
{
    fast_open_learn_cookie(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 1, len);
    T_EQUAL(fast_open_expect_syn(s, len), FAST_OPEN_COOKIE_BYTES);
}

static void without_permission_the_data_follows_the_handshake(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open = TE_FAST_OPEN_SERVER;
    fast_open_user_open(s, FAST_OPEN_PORT, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), -1);
    fast_open_send_syn_ack(s, 1, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
}

static void rfc7413_4_2_1_first_open_asks_for_a_cookie(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    fast_open_user_open(s, FAST_OPEN_PORT, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), 0);
    fast_open_send_syn_ack(s, 1, true);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_COUNT(s, fast_open_active, 0);
    T_COUNT(s, fast_open_active_failed, 0);
}

static void rfc7413_4_2_2_second_open_carries_cookie_and_data(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    fast_open_send_syn_ack(s, 301, false);
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
    fast_open_learn_cookie(s);
    s->c.remote_port = CLIENT_PORT + 1;
    fast_open_user_open(s, FAST_OPEN_PORT + 1, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), 0);
}

/* 4.1.3: the server's MSS, less options; the rest follows the handshake. */
static void syn_carries_as_much_as_the_cached_mss_allows(void **state)
{
    struct script *s = *state;
    s->peer_mss = 600;
    fast_open_learn_cookie(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 1, 2000);
    T_EQUAL(fast_open_expect_syn(s, 600 - 20 - 8), FAST_OPEN_COOKIE_BYTES);
    fast_open_send_syn_ack(s, 1 + 600 - 28, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 573, .ack = 1, .len = 600);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1173, .ack = 1, .len = 600);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1773);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1773, .ack = 1, .len = 228);
}

static void initial_window_follows_the_cached_mss(void **state)
{
    struct script *s = *state;
    s->f.config.initial_window_segments = 1;
    fast_open_learn_cookie(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 1, 10);
    T_EQUAL(fast_open_expect_syn(s, 10), FAST_OPEN_COOKIE_BYTES);
    T_EQUAL(script_status(s).mss, MSS);
    T_EQUAL(script_status(s).cwnd_bytes, MSS);
}

static void syn_carries_at_most_1460(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_bytes = 9000;
    s->peer_mss = 8960;
    fast_open_learn_cookie(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 1, 3000);
    T_EQUAL(fast_open_expect_syn(s, 1460 - 28), FAST_OPEN_COOKIE_BYTES);
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
    fast_open_send_syn_ack(s, 1, true);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 300);
    T_COUNT(s, fast_open_active_failed, 1);
    T_COUNT(s, bytes_out, 300);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 301);
    T_EQUAL(script_status(s).send_acked, 300);
    fast_open_end(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 2, 100); /* its new cookie counts */
    T_EQUAL(fast_open_expect_syn(s, 100), FAST_OPEN_COOKIE_BYTES);
}

static void data_taken_in_part(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    fast_open_send_syn_ack(s, 101, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 200);
    T_COUNT(s, fast_open_active, 1);
    T_COUNT(s, bytes_out, 300);
}

/* 4.1.3.1: refused without a new cookie, Fast Open is not tried there for a while. */
static void refusal_without_a_cookie_is_remembered(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    fast_open_send_syn_ack(s, 1, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 300);
    fast_open_end(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 2, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), -1);
    T_COUNT(s, fast_open_active_avoided, 1);
    fast_open_end(s);
    script_advance(s, TE_FAST_OPEN_AVOIDANCE_US);
    script_skip(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 3, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), 0); /* asks anew */
}

/* 4.2.1: servers that do not answer the request are recorded. */
static void server_that_gives_no_cookie_is_remembered(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    fast_open_user_open(s, FAST_OPEN_PORT, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), 0);
    fast_open_send_syn_ack(s, 1, false);
    script_skip(s);
    fast_open_end(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 1, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), -1);
}

/* 4.2.2: the retransmitted SYN is plain, and the first one's data follows the handshake. */
static void syn_again_is_plain(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    script_advance(s, SECOND);
    T_EQUAL(fast_open_expect_syn(s, 0), -1);
    fast_open_send_syn_ack(s, 1, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 300);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 301);
    T_EQUAL(script_status(s).send_acked, 300);
    fast_open_end(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 2, 100); /* the path may drop unknown options */
    T_EQUAL(fast_open_expect_syn(s, 0), -1);
}

/* The SYN came through, its SYN,ACK did not: the next one acknowledges the data all the same. */
static void lost_syn_ack_is_no_failure(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    script_advance(s, SECOND);
    T_EQUAL(fast_open_expect_syn(s, 0), -1);
    fast_open_send_syn_ack(s, 301, false);
    T_EXPECT_ACK(s, 301, 1);
    T_EQUAL(script_status(s).send_acked, 300);
    T_COUNT(s, fast_open_active, 1);
    fast_open_end(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 2, 100);
    T_EQUAL(fast_open_expect_syn(s, 100), FAST_OPEN_COOKIE_BYTES);
}

static void silence_is_remembered(void **state)
{
    struct script *s = *state;
    fast_open_learn_cookie(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 1, 300);
    script_advance(s, 300 * SECOND);
    script_skip(s);
    T_STATE(s, TE_CLOSED);
    T_COUNT(s, fast_open_active_failed, 1);
    fast_open_user_open(s, FAST_OPEN_PORT + 2, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), -1);
}

static void icmp_error_is_remembered(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    script_icmp_error(s, 3, 13, 0, 0);
    T_STATE(s, TE_CLOSED);
    fast_open_user_open(s, FAST_OPEN_PORT + 2, 100);
    T_EQUAL(fast_open_expect_syn(s, 0), -1);
}

/* A RST says that nobody listens, nothing about Fast Open. */
static void refused_connection_is_no_failure_of_fast_open(void **state)
{
    struct script *s = *state;
    open_with_cookie(s, 300);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 0, .ack = 301);
    T_EQUAL(script_status(s).error, TE_ERR_REFUSED);
    fast_open_user_open(s, FAST_OPEN_PORT + 2, 100);
    T_EQUAL(fast_open_expect_syn(s, 100), FAST_OPEN_COOKIE_BYTES);
}

static void cache_is_bounded_and_forgets_the_least_used(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open_cache_max = 2;
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    for (uint16_t i = 0; i < 3; i++) {
        s->c.remote_port = (uint16_t)(8000 + i);
        fast_open_user_open(s, (uint16_t)(FAST_OPEN_PORT + i), 0);
        T_EQUAL(fast_open_expect_syn(s, 0), 0);
        fast_open_send_syn_ack(s, 1, true);
        T_EXPECT_ACK(s, 1, 1);
        fast_open_end(s);
    }
    T_EQUAL(fixture_counters(&s->f)->fast_open_cache_evicted, 1);
    for (uint16_t i = 0; i < 3; i++) {
        s->c.remote_port = (uint16_t)(8000 + i);
        fast_open_user_open(s, (uint16_t)(FAST_OPEN_PORT + 10 + i), 0);
        T_EQUAL(fast_open_expect_syn(s, 0), i == 0 ? 0 : FAST_OPEN_COOKIE_BYTES);
        fast_open_end(s);
    }
}

static void no_memory_for_the_cache_costs_only_the_cookie(void **state)
{
    struct script *s = *state;
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    fast_open_user_open(s, FAST_OPEN_PORT, 0);
    T_EQUAL(fast_open_expect_syn(s, 0), 0);
    s->f.heap.allocations_left = 0;
    fast_open_send_syn_ack(s, 1, true);
    s->f.heap.allocations_left = -1;
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
    fast_open_end(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 1, 0);
    T_EQUAL(fast_open_expect_syn(s, 0), 0);
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
    fast_open_learn_cookie(s);
    fast_open_user_open(s, FAST_OPEN_PORT + 1, 2000);
    /* 20 bytes of the usual options and 8 of this one; 1,440 is the most (4.1.3) */
    T_EQUAL(fast_open_expect_syn(s, 1440 - 28), FAST_OPEN_COOKIE_BYTES);
    fast_open_send_syn_ack(s, 1 + 1440 - 28, false);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1413, .ack = 1, .len = 588);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

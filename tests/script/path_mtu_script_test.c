/* Path MTU discovery: RFC 1191, RFC 8201, and messages that RFC 5927 7.2 distrusts. */
#include "script.h"
#include "support/frames.h"
#include "tcp/mtu/path_mtu.h"
#include "units.h"

#define MSS 1460

static void too_big(struct script *s, uint32_t seq, uint32_t mtu_bytes)
{
    bool is_v6 = (s->options & SPEAKS_IPV6) != 0;
    script_icmp_error(s, is_v6 ? TE_ICMP6_TOO_BIG : TE_ICMP4_UNREACHABLE,
                      is_v6 ? 0 : TE_ICMP4_FRAGMENTATION_NEEDED, seq, mtu_bytes);
}

static void established(struct script *s)
{
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    conn_in_established(s);
}

/* That many bytes are sent, arrive and are acknowledged. */
static void deliver(struct script *s, uint32_t first, uint32_t len)
{
    T_EQUAL(script_user_send(s, len), len);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = first + len);
    T_EXPECT_NONE(s);
}

/* Everything sent from first on is sent again in pieces of at most len_max bytes. */
static void expect_again(struct script *s, uint32_t first, uint32_t end, uint32_t len_max)
{
    const struct script_out *out;
    while ((out = script_next(s)) != NULL) {
        T_EQUAL(script_rel_seq(s, out), first);
        T_EQUAL(out->dont_fragment, true);
        assert_true(out->len <= len_max);
        first += out->len;
    }
    T_EQUAL(first, end);
}

/* --- the first discovery ---------------------------------------------------------------------- */

static void rfc1191_6_4_sent_again_smaller_at_once(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    script_skip(s);
    struct te_status before = script_status(s);
    too_big(s, 1, 1000);
    expect_again(s, 1, 1 + 4 * MSS, 960);
    T_EQUAL(script_status(s).path_mtu_bytes, 1000);
    T_EQUAL(script_status(s).cwnd_bytes, before.cwnd_bytes);
    T_EQUAL(script_status(s).ssthresh_bytes, before.ssthresh_bytes);
    T_COUNT(s, path_mtu_changes, 1);
}

/* "One MUST not retransmit in response to every Datagram Too Big message." */
static void rfc1191_6_4_one_answer_to_many_messages(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    script_skip(s);
    for (uint32_t i = 0; i < 4; i++)
        too_big(s, 1 + i * MSS, 1000);
    expect_again(s, 1, 1 + 4 * MSS, 960);
    T_COUNT(s, path_mtu_changes, 1);
    T_COUNT(s, too_big_ignored, 3);
}

static void a_second_narrow_link(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    script_skip(s);
    too_big(s, 1, 1400);
    script_skip(s);
    too_big(s, 1, 1000); /* what was sent again did not get through either */
    uint32_t sent = 0;
    const struct script_out *out;
    while ((out = script_next(s)) != NULL) {
        assert_true(out->len <= 960);
        sent += out->len;
    }
    assert_true(sent >= 4 * 1360); /* except for what was small enough */
    T_COUNT(s, path_mtu_changes, 2);
}

static void rfc8201_5_4_ipv6(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    established(s);
    T_EQUAL(script_user_send(s, 4 * 1440), 4 * 1440);
    script_skip(s);
    too_big(s, 1, 1279); /* discarded: no IPv6 link has less than 1,280 */
    T_COUNT(s, path_mtu_changes, 0);
    too_big(s, 1, 1280);
    expect_again(s, 1, 1 + 4 * 1440, 1220);
}

static void rfc5927_7_the_floor_of_ipv4(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, MSS), MSS);
    script_skip(s);
    too_big(s, 1, 68);
    expect_again(s, 1, 1 + MSS, 512);
    T_EQUAL(script_status(s).path_mtu_bytes, 552);
}

/* Each cut sends all of it again at once; the first few may be the path's, the rest of a flood
 * waits for a timeout (TE_PATH_MTU_CUTS_MAX). */
static void rfc5927_7_2_a_flood_of_cuts(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    script_skip(s);
    unsigned cuts = 0;
    for (uint32_t mtu_bytes = 1499; mtu_bytes >= 600; mtu_bytes--) {
        too_big(s, 1, mtu_bytes);
        cuts += script_next(s) != NULL;
        script_skip(s);
    }
    T_EQUAL(cuts, TE_PATH_MTU_CUTS_MAX);
    T_COUNT(s, path_mtu_changes, TE_PATH_MTU_CUTS_MAX);
    T_COUNT(s, too_big_held, 900 - TE_PATH_MTU_CUTS_MAX);
    T_EQUAL(script_status(s).path_mtu_bytes, 1500 - TE_PATH_MTU_CUTS_MAX);
    script_advance(s, SECOND); /* the last one is believed then */
    script_skip(s);
    T_EQUAL(script_status(s).path_mtu_bytes, 600);
}

/* What arrives confirms the size: the count restarts, for when larger ones are tried. */
static void cuts_that_helped_do_not_count(void **state)
{
    struct script *s = *state;
    s->f.config.path_mtu_age_us = 5 * MINUTE;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    for (uint32_t i = 1; i <= TE_PATH_MTU_CUTS_MAX; i++)
        too_big(s, 1, 1500 - i);
    script_skip(s);
    uint32_t first = 1 + 4 * MSS;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = first);
    while (script_status(s).path_mtu_bytes < 1500) { /* rarely, but never idle for long */
        script_advance(s, SECOND);
        deliver(s, first, 100);
        first += 100;
    }
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    script_skip(s);
    too_big(s, first, 1496);
    script_skip(s);
    T_EQUAL(script_status(s).path_mtu_bytes, 1496);
}

/* --- what is not believed (RFC 5927 7.2) ------------------------------------------------------ */

/* maxsizesent: 600 bytes cannot be too big for 1,000. */
static void rfc5927_7_2_less_than_claimed_was_sent(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, 560), 560);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 560);
    too_big(s, 1, 1000);
    too_big(s, 1, 600);
    T_COUNT(s, too_big_ignored, 2);
    T_EQUAL(script_status(s).mss, MSS);
    T_EXPECT_NONE(s);
}

/* maxsizeacked: full packets have arrived, so the message is held; the ACK refutes it. */
static void rfc5927_7_2_progress_refutes_it(void **state)
{
    struct script *s = *state;
    established(s);
    deliver(s, 1, 2 * MSS);
    T_EQUAL(script_user_send(s, 2 * MSS), 2 * MSS);
    script_skip(s);
    for (unsigned i = 0; i < 10; i++)
        too_big(s, 1 + 2 * MSS, 600);
    T_COUNT(s, too_big_held, 10);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 4 * MSS);
    T_EQUAL(script_user_send(s, MSS), MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 4 * MSS, .ack = 1, .len = MSS);
    script_advance(s, script_status(s).rto_us); /* not what was claimed then */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 4 * MSS, .ack = 1, .len = MSS);
    T_COUNT(s, path_mtu_changes, 0);
}

static void rfc5927_7_2_a_timeout_confirms_it(void **state)
{
    struct script *s = *state;
    established(s);
    deliver(s, 1, 2 * MSS);
    T_EQUAL(script_user_send(s, MSS), MSS);
    script_skip(s);
    too_big(s, 1 + 2 * MSS, 1000);
    T_EXPECT_NONE(s);
    script_advance(s, script_status(s).rto_us);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 2 * MSS, .ack = 1, .len = 960);
    T_EQUAL(script_status(s).path_mtu_bytes, 1000);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 961 + 2 * MSS);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 3 * MSS);
}

/* A size at least as large as the largest that arrived contradicts nothing. */
static void rfc5927_7_2_larger_than_what_arrived(void **state)
{
    struct script *s = *state;
    established(s);
    deliver(s, 1, 900);
    T_EQUAL(script_user_send(s, MSS), MSS);
    script_skip(s);
    too_big(s, 901, 1000);
    expect_again(s, 901, 901 + MSS, 960);
    T_COUNT(s, too_big_held, 0);
}

static void rfc5927_4_1_the_quote_must_be_in_flight(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, MSS), MSS);
    script_skip(s);
    too_big(s, 1 + MSS, 1000);
    too_big(s, 0, 1000);
    T_COUNT(s, icmp_bad_quote, 2);
    T_COUNT(s, path_mtu_changes, 0);
    T_EXPECT_NONE(s);
}

/* --- the cache -------------------------------------------------------------------------------- */

static void narrow(struct script *s)
{
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    script_skip(s);
    too_big(s, 1, 1000);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 4 * MSS);
    script_skip(s);
}

static void a_new_connection_knows_it(void **state)
{
    struct script *s = *state;
    narrow(s);
    script_new_peer(s, CLIENT_PORT + 1);
    conn_in_established(s);
    T_EQUAL(script_status(s).mss, 960);
    T_EQUAL(script_user_send(s, 2000), 2000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 960);
    script_skip(s);
}

/* Our MSS option says what we accept, regardless of the path to the peer (RFC 1191 6.4). */
static void our_mss_option_stays(void **state)
{
    struct script *s = *state;
    narrow(s);
    script_new_peer(s, CLIENT_PORT + 1);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EQUAL(T_EXPECT_SYN_ACK(s)->header.options.mss_bytes, MSS);
}

static void rfc8201_5_2_the_others_hear_of_it(void **state)
{
    struct script *s = *state;
    established(s);
    struct script_conn first = s->c;
    script_new_peer(s, CLIENT_PORT + 1);
    narrow(s);
    s->c = first;
    T_EQUAL(script_user_send(s, 2000), 2000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 960);
    script_skip(s);
}

/* A connection that knows better is not affected. */
static void the_others_do_not_believe_what_they_can_refute(void **state)
{
    struct script *s = *state;
    established(s);
    deliver(s, 1, 2 * MSS);
    struct script_conn first = s->c;
    script_new_peer(s, CLIENT_PORT + 1);
    narrow(s);
    s->c = first;
    T_EQUAL(script_user_send(s, 2000), 2000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
    script_skip(s);
}

static void rfc1191_6_3_after_ten_minutes_larger_again(void **state)
{
    struct script *s = *state;
    narrow(s);
    script_advance(s, 10 * MINUTE);
    T_COUNT(s, path_mtu_expired, 1);
    T_EQUAL(script_user_send(s, 2 * MSS), 2 * MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 4 * MSS, .ack = 1, .len = MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 5 * MSS, .ack = 1, .len = MSS);
    too_big(s, 1 + 4 * MSS, 1000); /* and discovery starts again at once */
    expect_again(s, 1 + 4 * MSS, 1 + 6 * MSS, 960);
}

/* An ICMP echo reply is cut to fit (RFC 8201 5.1: source fragmentation). */
static void what_is_not_tcp_is_fragmented(void **state)
{
    static uint8_t body[1400];
    struct script *s = *state;
    narrow(s);
    struct ip_spec spec = {.source = "10.0.0.2", .destination = "10.0.0.1"};
    struct te_icmp echo = {.type = TE_ICMP4_ECHO_REQUEST, .body = body, .body_len = sizeof(body)};
    input_icmp(&s->f, &spec, &echo);
    script_pump(s);
    T_COUNT(s, fragments_out, 2);
    assert_true(s->other_len <= 14 + 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc1191_6_4_sent_again_smaller_at_once),
        SCRIPT_TEST(rfc1191_6_4_one_answer_to_many_messages),
        SCRIPT_TEST(a_second_narrow_link),
        SCRIPT_TEST(rfc8201_5_4_ipv6),
        SCRIPT_TEST(rfc5927_7_the_floor_of_ipv4),
        SCRIPT_TEST(rfc5927_7_2_a_flood_of_cuts),
        SCRIPT_TEST(cuts_that_helped_do_not_count),
        SCRIPT_TEST(rfc5927_7_2_less_than_claimed_was_sent),
        SCRIPT_TEST(rfc5927_7_2_progress_refutes_it),
        SCRIPT_TEST(rfc5927_7_2_a_timeout_confirms_it),
        SCRIPT_TEST(rfc5927_7_2_larger_than_what_arrived),
        SCRIPT_TEST(rfc5927_4_1_the_quote_must_be_in_flight),
        SCRIPT_TEST(a_new_connection_knows_it),
        SCRIPT_TEST(our_mss_option_stays),
        SCRIPT_TEST(rfc8201_5_2_the_others_hear_of_it),
        SCRIPT_TEST(the_others_do_not_believe_what_they_can_refute),
        SCRIPT_TEST(rfc1191_6_3_after_ten_minutes_larger_again),
        SCRIPT_TEST(what_is_not_tcp_is_fragmented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/options.h"

static struct lone l;
static struct te_conn *conn;
static struct te_addr v4, v6;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    v4 = fixture_addr("10.0.0.2");
    v6 = fixture_addr("2001:db8::2");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static const struct te_tcp_options all = {.has_mss = true,
                                          .mss_bytes = 1400,
                                          .has_wscale = true,
                                          .wscale = 7,
                                          .sack_permitted = true,
                                          .has_timestamps = true,
                                          .ts_value = 77};
static const struct te_tcp_options none;

/* --- MSS (RFC 9293 3.7.1, RFC 6691) ----------------------------------------------------------- */

static void test_headers(void **state)
{
    (void)state;
    assert_int_equal(te_options_headers_bytes(&v4), 40);
    assert_int_equal(te_options_headers_bytes(&v6), 60);
}

static void test_announced_mss_counts_no_options(void **state)
{
    (void)state;
    l.stack->config.mtu_bytes = 1500;
    assert_int_equal(te_options_local_mss(l.stack, &v4), 1460);
    assert_int_equal(te_options_local_mss(l.stack, &v6), 1440);
    l.stack->config.mtu_bytes = 65535;
    assert_int_equal(te_options_local_mss(l.stack, &v4), 65495);
}

static void test_peer_mss_and_its_defaults(void **state)
{
    (void)state;
    assert_int_equal(te_options_peer_mss(&all, &v4), 1400);
    assert_int_equal(te_options_peer_mss(&none, &v4), 536);
    assert_int_equal(te_options_peer_mss(&none, &v6), 1220);
}

static uint16_t mss_of(struct te_conn *of, uint16_t path_mtu, uint16_t peer_mss, bool ts_ok)
{
    of->path_mtu = path_mtu;
    of->peer_mss = peer_mss;
    of->ts_ok = ts_ok;
    te_options_update_mss(of);
    return of->mss;
}

static void test_mss_of_ipv4(void **state)
{
    (void)state;
    assert_int_equal(mss_of(conn, 1500, 1460, false), 1460);
    assert_int_equal(mss_of(conn, 1500, 1460, true), 1448);
    assert_int_equal(mss_of(conn, 1500, 9000, false), 1460); /* the path is narrower */
    assert_int_equal(mss_of(conn, 9000, 1460, true), 1448);  /* the peer is */
    assert_int_equal(mss_of(conn, 68, 1460, true), 16);      /* the least MTU of RFC 791 */
}

static void test_mss_of_ipv6(void **state)
{
    (void)state;
    struct te_conn *of = lone_more_v6(&l, 1);
    assert_int_equal(mss_of(of, 1500, 1440, false), 1440);
    assert_int_equal(mss_of(of, 1500, 1440, true), 1428);
    assert_int_equal(mss_of(of, 1280, 1440, false), 1220);
    assert_int_equal(mss_of(of, 1280, 1440, true), 1208);
}

/* --- negotiation ------------------------------------------------------------------------------ */

static void test_all_is_agreed(void **state)
{
    (void)state;
    te_options_negotiate(l.stack, conn, &all);
    assert_true(conn->ts_ok);
    assert_true(conn->sack_ok);
    assert_true(conn->wscale_ok);
    assert_int_equal(conn->snd_wscale, 7);
    assert_true(conn->rcv_wscale > 0);
    assert_int_equal(conn->peer_mss, 1400);
    assert_int_equal(conn->mss, 1400 - 12);
    assert_int_equal(conn->paws.ts_recent, 77);
    assert_int_equal(conn->cc.cwnd_bytes, 10 * (1400 - 12)); /* RFC 6928, of the MSS in force */
}

static void test_what_the_peer_does_not_offer_is_off(void **state)
{
    (void)state;
    te_options_negotiate(l.stack, conn, &none);
    assert_false(conn->ts_ok);
    assert_false(conn->sack_ok);
    assert_false(conn->wscale_ok);
    assert_int_equal(conn->snd_wscale, 0);
    assert_int_equal(conn->rcv_wscale, 0); /* RFC 7323 2.2: both or none */
    assert_int_equal(conn->mss, 536);
    assert_int_equal(conn->paws.ts_recent, 0);
}

static void test_what_the_configuration_forbids_is_off(void **state)
{
    (void)state;
    l.stack->config.timestamps = l.stack->config.sack = l.stack->config.window_scale = false;
    te_options_negotiate(l.stack, conn, &all);
    assert_false(conn->ts_ok || conn->sack_ok || conn->wscale_ok);
    assert_int_equal(conn->snd_wscale, 0);
    assert_int_equal(conn->rcv_wscale, 0);
    assert_int_equal(conn->mss, 1400);
}

/* RFC 7323 2.3: "MUST use 14". */
static void test_scale_stops_at_14(void **state)
{
    (void)state;
    struct te_tcp_options offer = all;
    for (unsigned wscale = 0; wscale <= UINT8_MAX; wscale++) {
        offer.wscale = (uint8_t)wscale;
        te_options_negotiate(l.stack, conn, &offer);
        assert_int_equal(conn->snd_wscale, wscale < 14 ? wscale : 14);
    }
}

/* CVE-2019-11479. */
static void test_mss_has_a_floor(void **state)
{
    (void)state;
    struct te_tcp_options offer = all;
    l.stack->config.mss_min_bytes = 88;
    offer.mss_bytes = 0;
    te_options_negotiate(l.stack, conn, &offer);
    assert_int_equal(conn->peer_mss, 88);
    assert_int_equal(conn->mss, 76);
    offer.mss_bytes = 87;
    te_options_negotiate(l.stack, conn, &offer);
    assert_int_equal(conn->peer_mss, 88);
    offer.mss_bytes = 89;
    te_options_negotiate(l.stack, conn, &offer);
    assert_int_equal(conn->peer_mss, 89);
}

/* --- what we send ----------------------------------------------------------------------------- */

static void test_syn_offers_what_the_configuration_allows(void **state)
{
    (void)state;
    struct te_tcp_options options;
    te_options_for_syn(l.stack, conn, false, &options);
    assert_true(options.has_mss && options.has_wscale && options.sack_permitted &&
                options.has_timestamps);
    assert_int_equal(options.mss_bytes, l.stack->config.mtu_bytes - 40);
    assert_int_equal(options.wscale, conn->rcv_wscale);
    assert_int_equal(options.ts_value, te_ts_now(l.stack, conn->ts_offset));
    assert_int_equal(options.ts_echo, 0); /* RFC 7323 3.2: zero without ACK */
    assert_int_equal(options.sack_count, 0);

    l.stack->config.timestamps = l.stack->config.sack = l.stack->config.window_scale = false;
    te_options_for_syn(l.stack, conn, false, &options);
    assert_true(options.has_mss);
    assert_false(options.has_wscale || options.sack_permitted || options.has_timestamps);
}

static void test_syn_ack_answers_what_the_syn_offered(void **state)
{
    (void)state;
    struct te_tcp_options options;
    te_options_negotiate(l.stack, conn, &all);
    te_options_for_syn(l.stack, conn, true, &options);
    assert_true(options.has_wscale && options.sack_permitted && options.has_timestamps);
    assert_int_equal(options.ts_echo, 77);
    te_options_negotiate(l.stack, conn, &none);
    te_options_for_syn(l.stack, conn, true, &options);
    assert_true(options.has_mss);
    assert_false(options.has_wscale || options.sack_permitted || options.has_timestamps);
}

static void hold(uint32_t from, uint32_t to)
{
    uint64_t offset = conn->received_offset;
    te_ranges_insert(&conn->out_of_order, offset + from, offset + to, 16,
                     &l.stack->config.allocator);
}

static void test_segments_carry_timestamps_and_acks_sack_too(void **state)
{
    (void)state;
    struct te_tcp_options options;
    te_options_negotiate(l.stack, conn, &all);
    conn->rcv_nxt = 1000;
    hold(500, 600);
    te_options_for_segment(l.stack, conn, false, &options);
    assert_true(options.has_timestamps);
    assert_int_equal(options.ts_echo, 77);
    assert_int_equal(options.sack_count, 0);
    te_options_for_segment(l.stack, conn, true, &options);
    assert_int_equal(options.sack_count, 1);
    assert_int_equal(options.sack[0].start, 1500);
    assert_int_equal(options.sack[0].end, 1600);
    assert_false(options.has_mss || options.has_wscale || options.sack_permitted);
}

static void test_neither_without_an_agreement(void **state)
{
    (void)state;
    struct te_tcp_options options;
    te_options_negotiate(l.stack, conn, &none);
    hold(500, 600);
    te_options_for_segment(l.stack, conn, true, &options);
    assert_false(options.has_timestamps);
    assert_int_equal(options.sack_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_headers),
        TEST(test_announced_mss_counts_no_options),
        TEST(test_peer_mss_and_its_defaults),
        TEST(test_mss_of_ipv4),
        TEST(test_mss_of_ipv6),
        TEST(test_all_is_agreed),
        TEST(test_what_the_peer_does_not_offer_is_off),
        TEST(test_what_the_configuration_forbids_is_off),
        TEST(test_scale_stops_at_14),
        TEST(test_mss_has_a_floor),
        TEST(test_syn_offers_what_the_configuration_allows),
        TEST(test_syn_ack_answers_what_the_syn_offered),
        TEST(test_segments_carry_timestamps_and_acks_sack_too),
        TEST(test_neither_without_an_agreement),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/listen/syn_cookie.h"
#include "wire/checksum.h"
#include "wire/protocol.h"

#define STEP TE_SYN_COOKIE_STEP_US
#define KEPT_BITS 6
#define PEER_TSVAL 77

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

static struct te_segment make_syn(void)
{
    return (struct te_segment){
        .local = {fixture_addr("10.0.0.1"), 80},
        .remote = {fixture_addr("198.51.100.7"), 4242},
        .seq = 0xfffffff0,
        .flags = TE_SYN,
        .header.options = {.has_mss = true,
                           .mss_bytes = 1460,
                           .has_wscale = true,
                           .wscale = 7,
                           .sack_permitted = true,
                           .has_timestamps = true,
                           .ts_value = PEER_TSVAL},
    };
}

static struct te_syn_cookie make(const struct te_segment *syn)
{
    struct te_syn_cookie cookie;
    te_syn_cookie_make(f.stack, syn, &cookie);
    return cookie;
}

/* The ACK of a client that was answered so. */
static struct te_segment ack_of(const struct te_segment *syn, const struct te_syn_cookie *cookie)
{
    struct te_segment ack = {.local = syn->local,
                             .remote = syn->remote,
                             .seq = syn->seq + 1,
                             .ack = cookie->iss + 1,
                             .flags = TE_ACK};
    ack.header.options.has_timestamps = cookie->options.has_timestamps;
    ack.header.options.ts_value = PEER_TSVAL + 1;
    ack.header.options.ts_echo = cookie->options.ts_value;
    return ack;
}

static bool is_good(const struct te_segment *ack)
{
    struct te_syn_cookie_kept kept;
    return te_syn_cookie_check(f.stack, ack, &kept);
}

/* A SYN there and an ACK back: what has come through. */
static struct te_tcp_options round_trip(const struct te_segment *syn)
{
    struct te_syn_cookie cookie = make(syn);
    struct te_segment ack = ack_of(syn, &cookie);
    struct te_syn_cookie_kept kept;
    assert_true(te_syn_cookie_check(f.stack, &ack, &kept));
    bool has_ecn = kept.flags == (TE_SYN | TE_ECE | TE_CWR);
    assert_true(has_ecn || kept.flags == TE_SYN);
    assert_int_equal(has_ecn, (cookie.flags & TE_ECE) != 0);
    return kept.options;
}

/* --- what is kept ----------------------------------------------------------------------------- */

static void every_mss_slot_comes_back(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    for (unsigned slot = 0; slot < TE_SYN_COOKIE_MSS_SLOTS; slot++) {
        uint16_t mss = te_syn_cookie_mss(slot);
        uint32_t next = slot + 1 < TE_SYN_COOKIE_MSS_SLOTS ? te_syn_cookie_mss(slot + 1) : 65536;
        assert_true(next > mss);
        syn.header.options.mss_bytes = mss;
        assert_int_equal(round_trip(&syn).mss_bytes, mss);
        syn.header.options.mss_bytes = (uint16_t)(next - 1);
        assert_int_equal(round_trip(&syn).mss_bytes, mss);
        assert_true(round_trip(&syn).has_mss);
    }
}

static void mss_below_the_least_slot_is_the_least(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    syn.header.options.mss_bytes = 1;
    assert_int_equal(round_trip(&syn).mss_bytes, 48);
}

static void no_mss_option_means_the_default(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    syn.header.options.has_mss = false;
    assert_int_equal(round_trip(&syn).mss_bytes, 536);
    syn.local.addr = fixture_addr("2001:db8::1");
    syn.remote.addr = fixture_addr("2001:db8:1::2");
    assert_int_equal(round_trip(&syn).mss_bytes, 1220);
}

static void every_scale_and_sack_come_back_by_timestamps(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    for (unsigned i = 0; i < 32; i++) {
        syn.header.options.has_wscale = i % 16 != 15;
        syn.header.options.wscale = (uint8_t)(i % 16);
        syn.header.options.sack_permitted = i >= 16;
        struct te_tcp_options kept = round_trip(&syn);
        assert_int_equal(kept.has_wscale, syn.header.options.has_wscale);
        if (kept.has_wscale)
            assert_int_equal(kept.wscale, i % 16);
        assert_int_equal(kept.sack_permitted, i >= 16);
        assert_true(kept.has_timestamps);
        assert_int_equal(kept.ts_value, PEER_TSVAL + 1);
    }
}

/* RFC 3168 6.1.1: an offer has both flags, and no ECT; config.ecn may refuse it. */
static void ecn_comes_back_by_timestamps(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    round_trip(&syn);
    assert_int_equal(make(&syn).flags, TE_SYN | TE_ACK);
    syn.header.flags = TE_SYN | TE_ECE | TE_CWR;
    round_trip(&syn);
    assert_int_equal(make(&syn).flags, TE_SYN | TE_ACK | TE_ECE);
    syn.ecn = TE_ECN_ECT0;
    assert_int_equal(make(&syn).flags, TE_SYN | TE_ACK);
    syn.ecn = TE_ECN_NOT_ECT;
    f.stack->config.ecn = TE_ECN_OFF;
    assert_int_equal(make(&syn).flags, TE_SYN | TE_ACK);
    f.stack->config.ecn = TE_ECN_PASSIVE;
    syn.header.options.has_timestamps = false;
    round_trip(&syn);
    assert_int_equal(make(&syn).flags, TE_SYN | TE_ACK);
}

static void scale_over_14_is_14(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    syn.header.options.wscale = 255;
    assert_int_equal(round_trip(&syn).wscale, 14);
}

static void without_timestamps_only_the_mss_comes_back(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    syn.header.options.has_timestamps = false;
    struct te_syn_cookie cookie = make(&syn);
    assert_true(cookie.options.has_mss);
    assert_false(cookie.options.has_timestamps);
    assert_false(cookie.options.has_wscale);
    assert_false(cookie.options.sack_permitted);
    struct te_tcp_options kept = round_trip(&syn);
    assert_int_equal(kept.mss_bytes, 1460);
    assert_false(kept.has_timestamps);
    assert_false(kept.has_wscale);
    assert_false(kept.sack_permitted);
}

/* What we do not speak ourselves is not answered, and not kept. */
static void options_switched_off_are_not_kept(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    f.stack->config.sack = f.stack->config.window_scale = false;
    struct te_syn_cookie cookie = make(&syn);
    assert_true(cookie.options.has_timestamps);
    assert_false(cookie.options.has_wscale);
    assert_false(cookie.options.sack_permitted);
    assert_false(round_trip(&syn).has_wscale);
    f.stack->config.timestamps = false;
    assert_false(make(&syn).options.has_timestamps);
    assert_false(round_trip(&syn).has_timestamps);
}

/* TSvals of a connection never go back: the one with the bits is not after now, and not far before.
 */
static void tsval_with_the_bits_is_just_before_now(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    uint32_t offset = te_ts_offset(f.stack, &syn.local, &syn.remote);
    for (unsigned i = 0; i < 200; i++) {
        f.stack->now_us += 777;
        syn.header.options.wscale = (uint8_t)(i % 15);
        struct te_syn_cookie cookie = make(&syn);
        uint32_t back = te_ts_now(f.stack, offset) - cookie.options.ts_value;
        assert_true(back < 1 << KEPT_BITS);
        assert_int_equal(cookie.options.ts_echo, PEER_TSVAL);
    }
}

/* --- what is refused -------------------------------------------------------------------------- */

static void forged_number_is_refused(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    struct te_syn_cookie cookie = make(&syn);
    for (unsigned bit = 0; bit < 32; bit++) {
        struct te_segment ack = ack_of(&syn, &cookie);
        ack.ack = (cookie.iss ^ 1u << bit) + 1;
        assert_false(is_good(&ack));
        ack = ack_of(&syn, &cookie);
        ack.seq ^= 1u << bit; /* the hash covers the peer's ISN */
        assert_false(is_good(&ack));
    }
}

static void forged_tuple_is_refused(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    struct te_syn_cookie cookie = make(&syn);
    struct te_segment ack = ack_of(&syn, &cookie);
    assert_true(is_good(&ack));
    ack.remote.port++;
    assert_false(is_good(&ack));
    ack = ack_of(&syn, &cookie);
    ack.local.port++;
    assert_false(is_good(&ack));
    ack = ack_of(&syn, &cookie);
    ack.remote.addr.bytes[15]++;
    assert_false(is_good(&ack));
    ack = ack_of(&syn, &cookie);
    ack.local.addr.bytes[15]++;
    assert_false(is_good(&ack));
}

/* The options cannot be changed on the way; the higher bits of the echo are the peer's affair. */
static void forged_options_are_refused(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    struct te_syn_cookie cookie = make(&syn);
    for (unsigned bit = 0; bit < 32; bit++) {
        struct te_segment ack = ack_of(&syn, &cookie);
        ack.header.options.ts_echo ^= 1u << bit;
        assert_int_equal(is_good(&ack), bit >= KEPT_BITS);
    }
    struct te_segment ack = ack_of(&syn, &cookie);
    ack.header.options.has_timestamps = false;
    assert_false(is_good(&ack));
    syn.header.options.has_timestamps = false;
    cookie = make(&syn);
    ack = ack_of(&syn, &cookie);
    ack.header.options.has_timestamps = true;
    assert_false(is_good(&ack));
}

static void guesses_are_refused(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    struct te_syn_cookie cookie = make(&syn);
    struct te_segment ack = ack_of(&syn, &cookie);
    srand(1);
    for (unsigned i = 0; i < 100000; i++) {
        ack.ack = (uint32_t)rand() << 16 ^ (uint32_t)rand();
        assert_false(is_good(&ack) && ack.ack != cookie.iss + 1);
    }
}

static void cookie_of_another_boot_is_refused(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    struct te_syn_cookie cookie = make(&syn);
    struct te_segment ack = ack_of(&syn, &cookie);
    f.stack->key.bytes[3] ^= 1;
    assert_false(is_good(&ack));
}

/* --- how long --------------------------------------------------------------------------------- */

static void check_life(int64_t made_at_us)
{
    struct te_segment syn = make_syn();
    f.stack->now_us = made_at_us;
    struct te_syn_cookie cookie = make(&syn);
    struct te_segment ack = ack_of(&syn, &cookie);
    int64_t end_us = (made_at_us / STEP + 2) * STEP;
    assert_true(end_us - made_at_us > STEP);
    assert_true(end_us - made_at_us <= TE_SYN_COOKIE_LIFE_US);
    assert_true(is_good(&ack));
    f.stack->now_us = end_us - 1;
    assert_true(is_good(&ack));
    for (unsigned i = 0; i < 6; i++) { /* of either parity */
        f.stack->now_us = end_us + i * STEP;
        assert_false(is_good(&ack));
    }
}

static void cookie_lives_through_the_next_step(void **state)
{
    (void)state;
    for (unsigned step = 0; step < 4; step++) {
        check_life(step * STEP);
        check_life(step * STEP + STEP / 2);
        check_life((step + 1) * STEP - 1);
    }
}

static void counter_of_steps_wraps(void **state)
{
    (void)state;
    check_life((INT64_C(1) << 32) * STEP - STEP);
    check_life((INT64_C(1) << 32) * STEP - 1);
    check_life((INT64_C(1) << 32) * STEP);
}

/* One second after boot, the step before is -1. */
static void nothing_is_good_before_the_first_step(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    f.stack->now_us = (INT64_C(1) << 32) * STEP - 1;
    struct te_syn_cookie cookie = make(&syn);
    struct te_segment ack = ack_of(&syn, &cookie);
    f.stack->now_us = STEP;
    assert_false(is_good(&ack));
}

/* RFC 6528's purpose: nobody sees from one number what the next will be. */
static void numbers_have_no_constant_step(void **state)
{
    (void)state;
    struct te_segment syn = make_syn();
    uint32_t last = make(&syn).iss;
    uint32_t last_step = 0;
    unsigned equal = 0;
    for (unsigned i = 0; i < 10000; i++) {
        syn.remote.port++;
        uint32_t iss = make(&syn).iss;
        equal += iss - last == last_step;
        last_step = iss - last;
        last = iss;
    }
    assert_true(equal < 10);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* The one frame that a SYN brings: a SYN,ACK with the cookie's number, flags and options, and the
 * window that a new connection would offer, unscaled (RFC 7323 2.2). */
static struct te_tcp_header answer_to(const struct te_segment *syn)
{
    struct te_tcp_parsed parsed;
    uint64_t sent = fixture_counters(&f)->syn_cookies_sent;
    te_syn_cookie_send(f.stack, syn);
    fixture_poll(&f);
    assert_int_equal(fixture_counters(&f)->syn_cookies_sent, sent + 1);
    struct sent_ip ip = expect_ip(&f);
    assert_int_equal(ip.protocol, TE_PROTO_TCP);
    assert_true(te_addr_equal(&ip.source, &syn->local.addr));
    assert_true(te_addr_equal(&ip.destination, &syn->remote.addr));
    uint64_t sum =
        te_checksum_pseudo(&ip.source, &ip.destination, TE_PROTO_TCP, (uint32_t)ip.payload_len);
    assert_int_equal(te_checksum_finish(te_checksum_add(sum, ip.payload, ip.payload_len)), 0);
    assert_true(te_tcp_parse(ip.payload, ip.payload_len, &parsed));
    assert_int_equal(parsed.payload_len, 0);
    assert_int_equal(parsed.header.source_port, syn->local.port);
    assert_int_equal(parsed.header.destination_port, syn->remote.port);
    return parsed.header;
}

static struct te_segment syn_of_the_link(const char *local, const char *remote)
{
    struct te_segment syn = make_syn();
    syn.local.addr = fixture_addr(local);
    syn.remote.addr = fixture_addr(remote);
    return syn;
}

static void resolve_peer(const char *addr)
{
    uint8_t mac[6];
    struct te_addr peer = fixture_addr(addr);
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_PENDING);
    fixture_poll(&f);
    input_answer(&f, addr, peer_mac);
    fixture_discard(&f);
}

static void the_answer_is_the_cookie(void **state)
{
    static const char *const pairs[][2] = {{"10.0.0.1", "10.0.0.2"},
                                           {"2001:db8::1", "2001:db8::2"}};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct te_segment syn = syn_of_the_link(pairs[i][0], pairs[i][1]);
        resolve_peer(pairs[i][1]);
        struct te_syn_cookie cookie = make(&syn);
        struct te_tcp_header header = answer_to(&syn);
        assert_int_equal(header.flags, TE_SYN | TE_ACK);
        assert_int_equal(header.seq, cookie.iss);
        assert_int_equal(header.ack, syn.seq + 1);
        assert_int_equal(header.window, UINT16_MAX);
        assert_int_equal(header.options.mss_bytes, i == 0 ? 1460 : 1440);
        assert_int_equal(header.options.ts_value, cookie.options.ts_value);
        assert_int_equal(header.options.ts_echo, PEER_TSVAL);
        assert_true(header.options.has_wscale);
        assert_true(header.options.sack_permitted);
        struct te_segment ack = ack_of(&syn, &cookie);
        ack.ack = header.seq + 1;
        ack.header.options.ts_echo = header.options.ts_value;
        assert_true(is_good(&ack));
    }
    assert_int_equal(f.stack->conns.count, 0); /* nothing remembers it */
}

static void the_answer_agrees_to_ecn(void **state)
{
    struct te_segment syn = syn_of_the_link("10.0.0.1", "10.0.0.2");
    (void)state;
    resolve_peer("10.0.0.2");
    syn.header.flags = TE_SYN | TE_ECE | TE_CWR;
    assert_int_equal(answer_to(&syn).flags, TE_SYN | TE_ACK | TE_ECE);
}

static void a_small_receive_buffer_is_told(void **state)
{
    struct te_segment syn = syn_of_the_link("10.0.0.1", "10.0.0.2");
    (void)state;
    resolve_peer("10.0.0.2");
    f.stack->config.receive_buffer_max_bytes = 8192;
    assert_int_equal(answer_to(&syn).window, te_receive_limit_initial(&f.stack->config));
    assert_true(te_receive_limit_initial(&f.stack->config) <= 8192);
}

/* An ACK that is no answer to a cookie leaves the caller's struct alone. */
static void what_is_refused_tells_nothing(void **state)
{
    struct te_segment syn = make_syn();
    struct te_syn_cookie cookie = make(&syn);
    struct te_segment ack = ack_of(&syn, &cookie);
    struct te_syn_cookie_kept kept, before;
    (void)state;
    memset(&kept, 0x5a, sizeof(kept));
    before = kept;
    ack.ack++;
    assert_false(te_syn_cookie_check(f.stack, &ack, &kept));
    assert_memory_equal(&kept, &before, sizeof(kept));
}

#define COOKIE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COOKIE_TEST(every_mss_slot_comes_back),
        COOKIE_TEST(mss_below_the_least_slot_is_the_least),
        COOKIE_TEST(no_mss_option_means_the_default),
        COOKIE_TEST(every_scale_and_sack_come_back_by_timestamps),
        COOKIE_TEST(ecn_comes_back_by_timestamps),
        COOKIE_TEST(scale_over_14_is_14),
        COOKIE_TEST(without_timestamps_only_the_mss_comes_back),
        COOKIE_TEST(options_switched_off_are_not_kept),
        COOKIE_TEST(tsval_with_the_bits_is_just_before_now),
        COOKIE_TEST(forged_number_is_refused),
        COOKIE_TEST(forged_tuple_is_refused),
        COOKIE_TEST(forged_options_are_refused),
        COOKIE_TEST(guesses_are_refused),
        COOKIE_TEST(cookie_of_another_boot_is_refused),
        COOKIE_TEST(cookie_lives_through_the_next_step),
        COOKIE_TEST(counter_of_steps_wraps),
        COOKIE_TEST(nothing_is_good_before_the_first_step),
        COOKIE_TEST(numbers_have_no_constant_step),
        COOKIE_TEST(the_answer_is_the_cookie),
        COOKIE_TEST(the_answer_agrees_to_ecn),
        COOKIE_TEST(a_small_receive_buffer_is_told),
        COOKIE_TEST(what_is_refused_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ip/reassembly.h"
#include "stack_internal.h"
#include "support/captured.h"
#include "support/frames.h"
#include "support/test.h"
#include "units.h"
#include "util/bytes.h"
#include "wire/checksum.h"

/* An echo request of which the fragments are cut: the stack answers it with the same bytes, so that
 * a datagram put together is seen. */
#define ECHO_LEN 2000
#define ECHO_MAX 65515

struct echo {
    uint8_t message[ECHO_MAX];
    size_t len;
};

static uint16_t echo_checksum(const struct echo *echo, bool is_v4)
{
    struct te_addr source = fixture_addr("2001:db8::2"), destination = fixture_addr("2001:db8::1");
    uint64_t sum = 0;
    if (!is_v4)
        sum = te_checksum_pseudo(&source, &destination, TE_PROTO_ICMPV6, (uint32_t)echo->len);
    return te_checksum_finish(te_checksum_add(sum, echo->message, echo->len));
}

static void make_echo(struct echo *echo, size_t len, bool is_v4)
{
    memset(echo, 0, sizeof(*echo));
    echo->len = len;
    echo->message[0] = is_v4 ? TE_ICMP4_ECHO_REQUEST : TE_ICMP6_ECHO_REQUEST;
    for (size_t i = 8; i < len; i++)
        echo->message[i] = (uint8_t)(i * 7 + (i >> 8));
    te_store_be16(echo->message + 2, echo_checksum(echo, is_v4));
}

static struct ip_spec spec_of(bool is_v4)
{
    if (is_v4)
        return (struct ip_spec){.source = "10.0.0.2",
                                .destination = "10.0.0.1",
                                .protocol = TE_PROTO_ICMP,
                                .is_fragment = true,
                                .id = 77};
    return (struct ip_spec){.source = "2001:db8::2",
                            .destination = "2001:db8::1",
                            .protocol = TE_PROTO_ICMPV6,
                            .is_fragment = true,
                            .id = 0x77777777};
}

/* Bytes [start, end) of echo as a fragment. */
static void input_part(struct fixture *f, const struct ip_spec *spec, const struct echo *echo,
                       size_t start, size_t end)
{
    struct ip_spec part = *spec;
    part.offset_bytes = (uint16_t)start;
    part.more = end < echo->len;
    input_ip(f, &part, echo->message + start, end - start);
}

static void learn_peer(struct fixture *f)
{
    struct te_icmp ping = {.type = TE_ICMP4_ECHO_REQUEST};
    input_icmp(f, &(struct ip_spec){.source = "10.0.0.2", .destination = "10.0.0.1"}, &ping);
    ping.type = TE_ICMP6_ECHO_REQUEST;
    input_icmp(f, &(struct ip_spec){.source = "2001:db8::2", .destination = "2001:db8::1"}, &ping);
    input_answer(f, "10.0.0.2", peer_mac);
    input_answer(f, "2001:db8::2", peer_mac);
    fixture_discard(f);
}

static void start(struct fixture *f)
{
    fixture_init(f);
    f->config.mtu_bytes = 65535; /* so that answers are whole */
    fixture_start(f);
    learn_peer(f);
}

/* The echo comes back as it went in. */
static void expect_echo(struct fixture *f, const struct echo *echo, bool is_v4)
{
    struct te_icmp icmp = is_v4 ? expect_icmp(f, "10.0.0.2", TE_ICMP4_ECHO_REPLY, 0)
                                : expect_icmp(f, "2001:db8::2", TE_ICMP6_ECHO_REPLY, 0);
    assert_int_equal(icmp.body_len, echo->len - TE_ICMP_HEADER_LEN);
    assert_memory_equal(icmp.body, echo->message + TE_ICMP_HEADER_LEN, icmp.body_len);
    fixture_expect_none(f);
}

static void assert_empty(const struct fixture *f)
{
    assert_int_equal(f->stack->reassemblies.count, 0);
    assert_int_equal(f->stack->reassemblies.bytes, 0);
}

/* --- datagrams that come together ------------------------------------------------------------- */

static void test_fragments_of_linux(void **state)
{
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x03};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    memcpy(f.config.mac, mac, 6);
    f.config.addresses[0] = fixture_cidr("10.0.0.3/24");
    f.config.addresses[1] = fixture_cidr("2001:db8::3/64");
    fixture_start(&f);
    fixture_input(&f, linux_fragment4_1.bytes, linux_fragment4_1.len);
    fixture_input(&f, linux_fragment4_2.bytes, linux_fragment4_2.len);
    (void)expect_arp(&f, broadcast_mac);
    fixture_input(&f, linux_fragment6_1.bytes, linux_fragment6_1.len);
    fixture_input(&f, linux_fragment6_2.bytes, linux_fragment6_2.len);
    struct sent_ip question = expect_ip(&f);
    assert_int_equal(question.payload[0], TE_ND_SOLICIT);
    assert_int_equal(fixture_counters(&f)->reassembly_ok, 2);
    assert_int_equal(fixture_counters(&f)->icmp_echo, 2);
    assert_empty(&f);
    fixture_stop(&f);
}

static void in_order(bool is_v4)
{
    struct ip_spec spec = spec_of(is_v4);
    struct echo echo;
    struct fixture f;
    start(&f);
    make_echo(&echo, ECHO_LEN, is_v4);
    input_part(&f, &spec, &echo, 0, 800);
    input_part(&f, &spec, &echo, 800, 1600);
    fixture_expect_none(&f);
    input_part(&f, &spec, &echo, 1600, ECHO_LEN);
    expect_echo(&f, &echo, is_v4);
    assert_int_equal(fixture_counters(&f)->reassembly_in, 3);
    assert_int_equal(fixture_counters(&f)->reassembly_ok, 1);
    assert_empty(&f);
    fixture_stop(&f);
}

static void test_in_order(void **state)
{
    (void)state;
    in_order(true);
    in_order(false);
}

/* Every order of four fragments, with one of them sent twice. */
static void test_every_order(void **state)
{
    static const size_t cut[5] = {0, 504, 1000, 1496, ECHO_LEN};
    struct ip_spec spec = spec_of(true);
    struct echo echo;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, true);
    for (unsigned order = 0; order < 256; order++) {
        unsigned seen = 0, first = order & 3;
        for (unsigned i = 0; i < 4; i++)
            seen |= 1u << (order >> 2 * i & 3);
        if (seen != 15)
            continue;
        spec.id++;
        input_part(&f, &spec, &echo, cut[first], cut[first + 1]);
        for (unsigned i = 0; i < 4; i++) {
            unsigned part = order >> 2 * i & 3;
            fixture_expect_none(&f);
            input_part(&f, &spec, &echo, cut[part], cut[part + 1]);
        }
        expect_echo(&f, &echo, true);
        fixture_discard(&f);
        assert_empty(&f);
    }
    assert_int_equal(fixture_counters(&f)->reassembly_ok, 24);
    fixture_stop(&f);
}

static void largest(bool is_v4)
{
    struct ip_spec spec = spec_of(is_v4);
    struct echo echo;
    struct fixture f;
    size_t len = is_v4 ? 65515 : 65488;
    start(&f);
    make_echo(&echo, len, is_v4);
    for (size_t at = 0; at < len; at += 1480)
        input_part(&f, &spec, &echo, at, at + 1480 < len ? at + 1480 : len);
    expect_echo(&f, &echo, is_v4);
    assert_empty(&f);
    fixture_stop(&f);
}

static void test_the_largest(void **state)
{
    (void)state;
    largest(true);
    largest(false);
}

/* Two datagrams of one id but of two protocols are two with IPv4. */
static void test_identity(void **state)
{
    struct ip_spec spec = spec_of(true), other = spec_of(true);
    struct echo echo;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, true);
    other.protocol = TE_PROTO_UDP;
    input_part(&f, &spec, &echo, 0, 1000);
    input_part(&f, &other, &echo, 0, 1000);
    other = spec;
    other.source = "10.0.0.3";
    input_part(&f, &other, &echo, 0, 1000);
    other = spec;
    other.id++;
    input_part(&f, &other, &echo, 0, 1000);
    assert_int_equal(f.stack->reassemblies.count, 4);
    input_part(&f, &spec, &echo, 1000, ECHO_LEN);
    expect_echo(&f, &echo, true);
    assert_int_equal(f.stack->reassemblies.count, 3);
    fixture_stop(&f);
}

/* RFC 8200 4.5: only the first fragment's next header counts. */
static void test_next_header_of_the_first_fragment(void **state)
{
    struct ip_spec spec = spec_of(false), wrong = spec_of(false);
    struct echo echo;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, false);
    wrong.protocol = TE_PROTO_UDP;
    input_part(&f, &wrong, &echo, 1000, ECHO_LEN);
    input_part(&f, &spec, &echo, 0, 1000);
    expect_echo(&f, &echo, false);
    fixture_stop(&f);
}

/* RFC 6946: a whole datagram in one fragment goes its own way. */
static void test_atomic_fragment(void **state)
{
    struct ip_spec spec = spec_of(false);
    struct echo echo, small;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, false);
    make_echo(&small, 100, false);
    input_part(&f, &spec, &echo, 0, 1000);
    input_part(&f, &spec, &small, 0, 100);
    expect_echo(&f, &small, false);
    input_part(&f, &spec, &echo, 1000, ECHO_LEN);
    expect_echo(&f, &echo, false);
    assert_int_equal(fixture_counters(&f)->reassembly_in, 2);
    fixture_stop(&f);
}

static void test_tcp_in_fragments(void **state)
{
    uint8_t segment[40] = {0x12, 0x34, 0, 80, [12] = 0x50, 0x02, 0xff, 0xff};
    struct te_addr source = fixture_addr("10.0.0.2"), destination = fixture_addr("10.0.0.1");
    struct ip_spec spec = {
        .source = "10.0.0.2", .destination = "10.0.0.1", .protocol = TE_PROTO_TCP, .id = 5};
    struct fixture f;
    (void)state;
    start(&f);
    uint64_t sum = te_checksum_pseudo(&source, &destination, TE_PROTO_TCP, sizeof(segment));
    te_store_be16(segment + 16, te_checksum_finish(te_checksum_add(sum, segment, sizeof(segment))));
    spec.more = true;
    input_ip(&f, &spec, segment, 16);
    spec.more = false;
    spec.offset_bytes = 16;
    input_ip(&f, &spec, segment + 16, 24);
    assert_int_equal(fixture_counters(&f)->segments_in, 1);
    assert_int_equal(fixture_counters(&f)->tcp_bad_checksum, 0);
    struct sent_ip reset = expect_ip(&f);
    assert_int_equal(reset.payload[13], TE_RST | TE_ACK);
    fixture_stop(&f);
}

/* --- ECN (RFC 3168 5.3) ----------------------------------------------------------------------- */

/* Three fragments with these codepoints; what the datagram has then, -1 when it is given up. */
static int joined_ecn(struct fixture *f, bool is_v4, const uint8_t ecn[3])
{
    static const uint8_t payload[8];
    struct te_packet packet = {.source = fixture_addr(is_v4 ? "10.0.0.2" : "2001:db8::2"),
                               .destination = fixture_addr(is_v4 ? "10.0.0.1" : "2001:db8::1"),
                               .protocol = TE_PROTO_TCP,
                               .payload = payload,
                               .payload_len = sizeof(payload)};
    struct te_fragment fragment = {.packet = &packet, .id = 9};
    struct te_reassembled whole;
    int result = -1;
    for (unsigned i = 0; i < 3; i++) {
        packet.ecn = ecn[i];
        fragment.offset_bytes = (uint16_t)(i * sizeof(payload));
        fragment.more = i < 2;
        if (!te_reassembly_add(f->stack, &fragment, &whole))
            continue;
        assert_int_equal(i, 2);
        result = is_v4 ? whole.bytes[1] & 3 : whole.bytes[1] >> 4 & 3;
        te_reassembled_free(f->stack, &whole);
    }
    return result;
}

static void test_ecn_of_the_fragments(void **state)
{
    static const struct {
        uint8_t ecn[3];
        int joined;
    } rows[] = {
        {{0, 0, 0}, 0}, {{1, 1, 1}, 1},  {{2, 2, 2}, 2},  {{3, 3, 3}, 3},  {{3, 2, 2}, 3},
        {{2, 3, 2}, 3}, {{2, 2, 3}, 3},  {{1, 3, 1}, 3},  {{1, 2, 3}, 3},  {{1, 2, 2}, 0},
        {{0, 2, 2}, 0}, {{3, 0, 0}, -1}, {{0, 3, 0}, -1}, {{0, 0, 3}, -1}, {{2, 0, 3}, -1},
    };
    (void)state;
    for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f;
        start(&f);
        assert_int_equal(joined_ecn(&f, i % 2 == 0, rows[i / 2].ecn), rows[i / 2].joined);
        assert_int_equal(fixture_counters(&f)->reassembly_bad_ecn, rows[i / 2].joined < 0);
        assert_int_equal(fixture_counters(&f)->reassembly_overlap, 0);
        assert_int_equal(f.stack->reassemblies.count, rows[i / 2].joined < 0);
        fixture_stop(&f);
    }
}

/* --- attacks ---------------------------------------------------------------------------------- */

/* RFC 5722: every way of overlapping ends the datagram, and what comes later is dropped too. */
static void overlap(bool is_v4, size_t start_at, size_t end_at)
{
    struct ip_spec spec = spec_of(is_v4);
    struct echo echo;
    struct fixture f;
    start(&f);
    make_echo(&echo, ECHO_LEN, is_v4);
    input_part(&f, &spec, &echo, 0, 400);
    input_part(&f, &spec, &echo, 800, 1200);
    input_part(&f, &spec, &echo, start_at, end_at);
    assert_int_equal(fixture_counters(&f)->reassembly_overlap, 1);
    input_part(&f, &spec, &echo, 0, 1000);
    input_part(&f, &spec, &echo, 1000, ECHO_LEN);
    assert_int_equal(fixture_counters(&f)->reassembly_dead, 2);
    assert_int_equal(f.stack->reassemblies.count, 1);
    fixture_expect_none(&f);
    fixture_advance(&f, (is_v4 ? 30 : 60) * SECOND);
    assert_int_equal(fixture_counters(&f)->reassembly_timeout, 0);
    fixture_expect_none(&f);
    assert_empty(&f);
    fixture_stop(&f);
}

static void test_overlaps(void **state)
{
    static const size_t spans[][2] = {{0, 408},     {392, 800},  {392, 1600}, {400, 808},
                                      {1192, 1600}, {800, 1600}, {800, 1192}, {808, 1192},
                                      {808, 1200},  {0, 1600},   {8, 16}};
    (void)state;
    for (unsigned i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        overlap(true, spans[i][0], spans[i][1]);
        overlap(false, spans[i][0], spans[i][1]);
    }
}

static void test_exact_duplicates(void **state)
{
    struct ip_spec spec = spec_of(true);
    struct echo echo, other;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, true);
    memset(&other, 0xee, sizeof(other));
    other.len = ECHO_LEN;
    input_part(&f, &spec, &echo, 0, 1000);
    for (unsigned i = 0; i < 1000; i++)
        input_part(&f, &spec, &other, 0, 1000); /* the first one stays */
    input_part(&f, &spec, &echo, 1000, ECHO_LEN);
    expect_echo(&f, &echo, true);
    fixture_stop(&f);
}

static void test_two_ends(void **state)
{
    struct ip_spec spec = spec_of(true);
    struct echo echo, shorter;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, true);
    make_echo(&shorter, 1200, true);
    input_part(&f, &spec, &echo, 1600, ECHO_LEN);
    input_part(&f, &spec, &shorter, 800, 1200);
    assert_int_equal(fixture_counters(&f)->reassembly_overlap, 1);
    spec.id++;
    input_part(&f, &spec, &shorter, 800, 1200);
    input_part(&f, &spec, &echo, 1600, ECHO_LEN);
    assert_int_equal(fixture_counters(&f)->reassembly_overlap, 2);
    spec.id++;
    input_part(&f, &spec, &shorter, 800, 1200);
    input_part(&f, &spec, &echo, 1200, 1600); /* beyond the end */
    assert_int_equal(fixture_counters(&f)->reassembly_overlap, 3);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_beyond_the_largest_packet(void **state)
{
    struct ip_spec spec = spec_of(true);
    uint8_t bytes[1480] = {0};
    struct fixture f;
    (void)state;
    start(&f);
    spec.offset_bytes = 65512;
    spec.more = false;
    input_ip(&f, &spec, bytes, 3);
    assert_int_equal(fixture_counters(&f)->reassembly_malformed, 0);
    input_ip(&f, &spec, bytes, 4);
    input_ip(&f, &spec, bytes, 1480);
    spec.offset_bytes = 65528;
    input_ip(&f, &spec, bytes, 8);
    assert_int_equal(fixture_counters(&f)->reassembly_malformed, 3);
    fixture_expect_none(&f);
    spec = spec_of(false);
    spec.protocol = TE_PROTO_UDP;
    spec.offset_bytes = 65528;
    spec.more = false;
    input_ip(&f, &spec, bytes, 7);
    assert_int_equal(fixture_counters(&f)->reassembly_malformed, 3);
    input_ip(&f, &spec, bytes, 8);
    struct te_icmp icmp =
        expect_icmp(&f, "2001:db8::2", TE_ICMP6_PARAMETER_PROBLEM, TE_ICMP6_BAD_FIELD);
    assert_int_equal(icmp.rest, 42);
    fixture_stop(&f);
}

static void test_lengths(void **state)
{
    uint8_t bytes[100] = {0};
    struct fixture f;
    (void)state;
    start(&f);
    for (size_t len = 0; len <= 64; len++) {
        struct ip_spec spec = spec_of(true);
        spec.id = (uint32_t)len;
        spec.offset_bytes = 8;
        spec.more = true;
        input_ip(&f, &spec, bytes, len);
    }
    assert_int_equal(fixture_counters(&f)->reassembly_malformed, 57);
    fixture_expect_none(&f);
    struct ip_spec spec = spec_of(false);
    spec.protocol = TE_PROTO_UDP;
    spec.offset_bytes = 8;
    spec.more = true;
    input_ip(&f, &spec, bytes, 0);
    fixture_expect_none(&f);
    input_ip(&f, &spec, bytes, 9);
    struct te_icmp icmp =
        expect_icmp(&f, "2001:db8::2", TE_ICMP6_PARAMETER_PROBLEM, TE_ICMP6_BAD_FIELD);
    assert_int_equal(icmp.rest, 4);
    fixture_stop(&f);
}

/* RFC 7112: the ports must be in the first fragment. */
static void test_first_fragment_without_ports(void **state)
{
    struct ip_spec spec = spec_of(false);
    uint8_t bytes[24] = {0};
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_TCP;
    spec.more = true;
    input_ip(&f, &spec, bytes, 16);
    struct te_icmp icmp =
        expect_icmp(&f, "2001:db8::2", TE_ICMP6_PARAMETER_PROBLEM, TE_ICMP6_BAD_CHAIN);
    assert_int_equal(icmp.rest, 0);
    assert_int_equal(f.stack->reassemblies.count, 0);
    input_ip(&f, &spec, bytes, 24);
    assert_int_equal(f.stack->reassemblies.count, 1);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* Fragments within a datagram that was fragments itself. */
static void test_nested_fragments(void **state)
{
    struct ip_spec spec = spec_of(false);
    struct echo inner;
    struct fixture f;
    (void)state;
    start(&f);
    memset(&inner, 0, sizeof(inner));
    inner.len = 64;
    te_ipv6_emit_fragment(&(struct te_ipv6_fragment){9, 0, true, TE_PROTO_ICMPV6}, inner.message);
    spec.protocol = TE_PROTO_FRAGMENT;
    input_part(&f, &spec, &inner, 0, 32);
    input_part(&f, &spec, &inner, 32, 64);
    assert_int_equal(fixture_counters(&f)->reassembly_ok, 1);
    assert_int_equal(fixture_counters(&f)->reassembly_malformed, 1);
    assert_empty(&f);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* RFC 6980 5 */
static void test_neighbour_discovery_in_fragments(void **state)
{
    struct te_nd nd = {.type = TE_ND_SOLICIT,
                       .has_mac = true,
                       .mac = {0x02, 0, 0, 0, 0, 0x02},
                       .target = fixture_addr("2001:db8::1")};
    struct ip_spec spec = spec_of(false);
    struct echo echo;
    struct fixture f;
    (void)state;
    start(&f);
    memset(&echo, 0, sizeof(echo));
    echo.len = te_nd_emit(&nd, echo.message);
    te_store_be16(echo.message + 2, echo_checksum(&echo, false));
    spec.hop_limit = 255;
    input_part(&f, &spec, &echo, 0, 24);
    input_part(&f, &spec, &echo, 24, echo.len);
    assert_int_equal(fixture_counters(&f)->reassembly_ok, 1);
    assert_int_equal(fixture_counters(&f)->nd_malformed, 1);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* --- time ------------------------------------------------------------------------------------- */

static void test_timeout_with_the_first_fragment(void **state)
{
    struct ip_spec spec = spec_of(true);
    uint8_t bytes[800] = {[7] = 1};
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_UDP;
    spec.more = true;
    input_ip(&f, &spec, bytes, 800);
    fixture_advance(&f, 30 * SECOND - 1);
    fixture_expect_none(&f);
    fixture_advance(&f, 1);
    struct te_icmp icmp =
        expect_icmp(&f, "10.0.0.2", TE_ICMP4_TIME_EXCEEDED, TE_ICMP_REASSEMBLY_TIMEOUT);
    assert_int_equal(icmp.body_len, 576 - 20 - 8);
    assert_int_equal(icmp.body[9], TE_PROTO_UDP);
    assert_memory_equal(icmp.body + 20, bytes, icmp.body_len - 20);
    assert_int_equal(fixture_counters(&f)->reassembly_timeout, 1);
    assert_empty(&f);
    fixture_stop(&f);
}

static void test_timeout_of_ipv6(void **state)
{
    struct ip_spec spec = spec_of(false);
    uint8_t bytes[1024] = {[7] = 1};
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_UDP;
    spec.more = true;
    input_ip(&f, &spec, bytes, 1024);
    fixture_advance(&f, 60 * SECOND - 1);
    fixture_discard(&f);
    fixture_advance(&f, 1);
    struct te_icmp icmp =
        expect_icmp(&f, "2001:db8::2", TE_ICMP6_TIME_EXCEEDED, TE_ICMP_REASSEMBLY_TIMEOUT);
    assert_int_equal(icmp.body_len, 40 + 1024);
    fixture_stop(&f);
}

static void test_timeout_without_the_first_fragment(void **state)
{
    struct ip_spec spec = spec_of(true);
    uint8_t bytes[800] = {0};
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_UDP;
    spec.offset_bytes = 800;
    input_ip(&f, &spec, bytes, 800);
    fixture_advance(&f, 30 * SECOND);
    assert_int_equal(fixture_counters(&f)->reassembly_timeout, 1);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void input_first(struct fixture *f, const char *source, uint32_t id, size_t len)
{
    static uint8_t bytes[1480];
    struct ip_spec spec = {.source = source,
                           .destination = "10.0.0.1",
                           .protocol = TE_PROTO_UDP,
                           .id = id,
                           .offset_bytes = 1480,
                           .more = true};
    input_ip(f, &spec, bytes, len);
}

static void test_limit_of_one_source(void **state)
{
    struct ip_spec spec = spec_of(true);
    struct echo echo;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, true);
    input_part(&f, &spec, &echo, 0, 1000);
    for (uint32_t id = 0; id < 1000; id++)
        input_first(&f, "10.0.0.66", id, 8);
    assert_int_equal(f.stack->reassemblies.count, 1 + f.config.reassembly_source_max);
    assert_int_equal(fixture_counters(&f)->reassembly_limit, 1000 - 16);
    input_part(&f, &spec, &echo, 1000, ECHO_LEN);
    expect_echo(&f, &echo, true);
    fixture_stop(&f);
}

/* The oldest goes: a new datagram that comes quickly gets through in the midst of a flood. */
static void test_limit_of_all(void **state)
{
    struct ip_spec spec = spec_of(true);
    struct echo echo;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, true);
    for (uint32_t i = 0; i < 10000; i++) {
        char source[32];
        snprintf(source, sizeof(source), "172.16.%u.%u", i >> 8 & 0xff, i & 0xff);
        input_first(&f, source, i, 1480);
    }
    assert_int_equal(f.stack->reassemblies.count, f.config.reassembly_max);
    assert_true(f.stack->reassemblies.bytes <= f.config.reassembly_bytes_max);
    input_part(&f, &spec, &echo, 0, 1000);
    input_part(&f, &spec, &echo, 1000, ECHO_LEN);
    expect_echo(&f, &echo, true);
    fixture_stop(&f);
}

static void test_limit_of_bytes(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.reassembly_bytes_max = 65536;
    fixture_start(&f);
    for (uint32_t i = 0; i < 500; i++) {
        input_first(&f, "10.0.0.2", i, 1480);
        assert_true(f.stack->reassemblies.bytes <= 65536);
    }
    fixture_stop(&f);
}

/* A datagram that is larger than all memory for datagrams. */
static void test_one_datagram_over_the_limit_of_bytes(void **state)
{
    struct ip_spec spec = spec_of(true);
    struct echo echo;
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.reassembly_bytes_max = 3000;
    fixture_start(&f);
    learn_peer(&f);
    make_echo(&echo, 6000, true);
    input_first(&f, "10.0.0.9", 1, 8); /* makes room */
    for (size_t at = 0; at < 6000; at += 1000)
        input_part(&f, &spec, &echo, at, at + 1000);
    assert_int_equal(f.stack->reassemblies.count, 1);
    assert_true(f.stack->reassemblies.bytes <= 3000);
    assert_int_equal(fixture_counters(&f)->reassembly_limit, 5);
    fixture_expect_none(&f);
    fixture_stop(&f);
    fixture_init(&f);
    f.config.reassembly_bytes_max = 10;
    fixture_start(&f);
    input_part(&f, &spec, &echo, 0, 1000);
    assert_empty(&f);
    assert_int_equal(fixture_counters(&f)->reassembly_limit, 1);
    fixture_stop(&f);
}

/* Each family's newcomers first push out their own. */
static void test_limit_across_families(void **state)
{
    struct ip_spec spec = spec_of(false);
    struct echo echo;
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.reassembly_max = 2;
    fixture_start(&f);
    learn_peer(&f);
    make_echo(&echo, ECHO_LEN, false);
    input_first(&f, "10.0.0.8", 1, 8);
    input_first(&f, "10.0.0.9", 1, 8);
    input_part(&f, &spec, &echo, 0, 1000);
    for (uint32_t id = 0; id < 100; id++)
        input_first(&f, "10.0.0.9", 10 + id, 8);
    input_part(&f, &spec, &echo, 1000, ECHO_LEN);
    assert_int_equal(fixture_counters(&f)->reassembly_ok, 1);
    fixture_stop(&f);
}

static void test_limit_of_fragments(void **state)
{
    struct ip_spec spec = spec_of(true);
    struct echo echo;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, true);
    for (size_t at = 0; at < 1600; at += 8)
        input_part(&f, &spec, &echo, at, at + 8);
    assert_int_equal(fixture_counters(&f)->reassembly_limit, 200 - TE_REASSEMBLY_FRAGMENTS_MAX);
    assert_int_equal(f.stack->reassemblies.count, 1);
    fixture_stop(&f);
}

static void test_no_memory(void **state)
{
    struct ip_spec spec = spec_of(true);
    struct echo echo;
    struct fixture f;
    (void)state;
    start(&f);
    make_echo(&echo, ECHO_LEN, true);
    for (int64_t allowed = 0; allowed < 4; allowed++) {
        spec.id++;
        f.heap.allocations_left = allowed;
        input_part(&f, &spec, &echo, 0, 1000);
        input_part(&f, &spec, &echo, 1000, ECHO_LEN);
        fixture_expect_none(&f);
    }
    f.heap.allocations_left = -1;
    fixture_advance(&f, 30 * SECOND);
    fixture_discard(&f);
    assert_empty(&f);
    spec.id++;
    input_part(&f, &spec, &echo, 0, 1000);
    input_part(&f, &spec, &echo, 1000, ECHO_LEN);
    expect_echo(&f, &echo, true);
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fragments_of_linux),
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_every_order),
        cmocka_unit_test(test_the_largest),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_next_header_of_the_first_fragment),
        cmocka_unit_test(test_atomic_fragment),
        cmocka_unit_test(test_tcp_in_fragments),
        cmocka_unit_test(test_ecn_of_the_fragments),
        cmocka_unit_test(test_overlaps),
        cmocka_unit_test(test_exact_duplicates),
        cmocka_unit_test(test_two_ends),
        cmocka_unit_test(test_beyond_the_largest_packet),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_first_fragment_without_ports),
        cmocka_unit_test(test_nested_fragments),
        cmocka_unit_test(test_neighbour_discovery_in_fragments),
        cmocka_unit_test(test_timeout_with_the_first_fragment),
        cmocka_unit_test(test_timeout_of_ipv6),
        cmocka_unit_test(test_timeout_without_the_first_fragment),
        cmocka_unit_test(test_limit_of_one_source),
        cmocka_unit_test(test_limit_of_all),
        cmocka_unit_test(test_limit_of_bytes),
        cmocka_unit_test(test_one_datagram_over_the_limit_of_bytes),
        cmocka_unit_test(test_limit_across_families),
        cmocka_unit_test(test_limit_of_fragments),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

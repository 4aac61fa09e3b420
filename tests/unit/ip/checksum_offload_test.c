/* Who verifies and who computes transport checksums, by what the link says of a frame
 * (tcpengine/frame.h). The packets' checksums here are wrong unless a test says otherwise. */
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"
#include "util/bytes.h"
#include "wire/checksum.h"

static const struct te_frame_meta vouched[] = {{.checksum = TE_CHECKSUM_VALID},
                                               {.checksum = TE_CHECKSUM_PARTIAL}};

static struct fixture f;

/* What the transport was told. */
static unsigned packet_count;
static bool was_checksum_ok;
static uint16_t gso_size_bytes;

static void on_input(struct te_stack *stack, const struct te_packet *packet)
{
    (void)stack;
    packet_count++;
    was_checksum_ok = packet->checksum_ok;
    gso_size_bytes = packet->gso_size_bytes;
}

static const struct te_transport transport = {.input = on_input};

static int setup(void **state)
{
    (void)state;
    packet_count = 0;
    fixture_init(&f);
    f.reborn = false; /* a restored stack has TCP's table again */
    fixture_start(&f);
    f.stack->transport = &transport;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

static void input_meta(const struct ip_spec *spec, const uint8_t *payload, size_t len,
                       const struct te_frame_meta *meta)
{
    static uint8_t frame[FRAME_MAX + 100];
    size_t frame_len = build_ip(spec, payload, len, frame);
    fixture_input_meta(&f, frame, frame_len, meta);
}

static struct ip_spec spec_of(bool is_v4, uint8_t protocol)
{
    return (struct ip_spec){.source = is_v4 ? "10.0.0.2" : "2001:db8::2",
                            .destination = is_v4 ? "10.0.0.1" : "2001:db8::1",
                            .protocol = protocol};
}

static const struct te_frame_meta unknown = {.checksum = TE_CHECKSUM_UNKNOWN};

/* --- TCP: told to the transport --------------------------------------------------------------- */

static void tcp_hears_what_the_link_said(void **state)
{
    const uint8_t segment[20] = {0};
    (void)state;
    for (unsigned is_v4 = 0; is_v4 < 2; is_v4++) {
        struct ip_spec spec = spec_of(is_v4, TE_PROTO_TCP);
        input_meta(&spec, segment, sizeof(segment), &unknown);
        assert_false(was_checksum_ok);
        for (unsigned i = 0; i < 2; i++) {
            input_meta(&spec, segment, sizeof(segment), &vouched[i]);
            assert_true(was_checksum_ok);
        }
    }
    assert_int_equal(packet_count, 6);
}

static void tcp_hears_how_it_was_merged(void **state)
{
    static const uint8_t segment[4000];
    const struct te_frame_meta merged = {
        .checksum = TE_CHECKSUM_PARTIAL, .gso_type = TE_GSO_TCPV4, .gso_size_bytes = 1448};
    struct ip_spec spec = spec_of(true, TE_PROTO_TCP);
    (void)state;
    input_meta(&spec, segment, sizeof(segment), &merged);
    assert_int_equal(gso_size_bytes, 1448);
    input_meta(&spec, segment, sizeof(segment), &vouched[0]);
    assert_int_equal(gso_size_bytes, 0);
}

/* --- UDP -------------------------------------------------------------------------------------- */

static size_t make_udp(uint8_t *ret_bytes, uint16_t checksum)
{
    memset(ret_bytes, 0, 16);
    te_store_be16(ret_bytes, 4000);
    te_store_be16(ret_bytes + 2, 53);
    te_store_be16(ret_bytes + 4, 16);
    te_store_be16(ret_bytes + 6, checksum);
    return 16;
}

static void udp_is_verified_unless_the_link_did(void **state)
{
    uint8_t udp[16];
    (void)state;
    for (unsigned is_v4 = 0; is_v4 < 2; is_v4++) {
        struct ip_spec spec = spec_of(is_v4, TE_PROTO_UDP);
        size_t len = make_udp(udp, 0x1234);
        uint64_t bad = fixture_counters(&f)->udp_malformed, in = fixture_counters(&f)->udp_in;
        input_meta(&spec, udp, len, &unknown);
        assert_int_equal(fixture_counters(&f)->udp_malformed, bad + 1);
        assert_int_equal(fixture_counters(&f)->udp_in, in);
        for (unsigned i = 0; i < 2; i++)
            input_meta(&spec, udp, len, &vouched[i]);
        assert_int_equal(fixture_counters(&f)->udp_malformed, bad + 1);
        assert_int_equal(fixture_counters(&f)->udp_in, in + 2);
    }
}

/* RFC 768: zero means none. RFC 8200 8.1: IPv6 receivers must discard that. */
static void udp_without_a_checksum_is_for_ipv4(void **state)
{
    uint8_t udp[16];
    size_t len = make_udp(udp, 0);
    struct ip_spec v4 = spec_of(true, TE_PROTO_UDP), v6 = spec_of(false, TE_PROTO_UDP);
    (void)state;
    input_meta(&v4, udp, len, &unknown);
    assert_int_equal(fixture_counters(&f)->udp_in, 1);
    assert_int_equal(fixture_counters(&f)->udp_malformed, 0);
    /* Over these bytes zero would even be the right sum. */
    struct te_addr source = fixture_addr(v6.source), destination = fixture_addr(v6.destination);
    uint64_t sum = te_checksum_pseudo(&source, &destination, TE_PROTO_UDP, (uint32_t)len);
    te_store_be16(udp + 8, te_checksum_finish(te_checksum_add(sum, udp, len)));
    assert_int_equal(te_checksum_finish(te_checksum_add(sum, udp, len)), 0);
    input_meta(&v6, udp, len, &unknown);
    assert_int_equal(fixture_counters(&f)->udp_in, 1);
    assert_int_equal(fixture_counters(&f)->udp_malformed, 1);
}

/* --- ICMP ------------------------------------------------------------------------------------- */

static void icmp_is_verified_unless_the_link_did(void **state)
{
    (void)state;
    for (unsigned is_v4 = 0; is_v4 < 2; is_v4++) {
        struct ip_spec spec = spec_of(is_v4, is_v4 ? TE_PROTO_ICMP : TE_PROTO_ICMPV6);
        const uint8_t echo[8] = {is_v4 ? TE_ICMP4_ECHO_REQUEST : TE_ICMP6_ECHO_REQUEST, 0, 0x12,
                                 0x34};
        uint64_t bad = fixture_counters(&f)->icmp_malformed, ok = fixture_counters(&f)->icmp_echo;
        input_meta(&spec, echo, sizeof(echo), &unknown);
        assert_int_equal(fixture_counters(&f)->icmp_malformed, bad + 1);
        assert_int_equal(fixture_counters(&f)->icmp_echo, ok);
        for (unsigned i = 0; i < 2; i++)
            input_meta(&spec, echo, sizeof(echo), &vouched[i]);
        assert_int_equal(fixture_counters(&f)->icmp_malformed, bad + 1);
        assert_int_equal(fixture_counters(&f)->icmp_echo, ok + 2);
    }
}

/* --- what no link vouches for ----------------------------------------------------------------- */

/* The IPv4 header has a checksum of its own, which offload leaves alone (RFC 791 3.1). */
static void the_ip_header_is_always_verified(void **state)
{
    static uint8_t frame[FRAME_MAX];
    const uint8_t segment[20] = {0};
    struct ip_spec spec = spec_of(true, TE_PROTO_TCP);
    size_t len = build_ip(&spec, segment, sizeof(segment), frame);
    (void)state;
    frame[TE_ETH_HEADER_LEN + 10] ^= 1;
    for (unsigned i = 0; i < 2; i++)
        fixture_input_meta(&f, frame, len, &vouched[i]);
    assert_int_equal(fixture_counters(&f)->ip_malformed, 2);
    assert_int_equal(packet_count, 0);
}

/* A link that verified fragments has seen no transport checksum: that is ours to do. */
static void a_reassembled_packet_is_verified(void **state)
{
    const uint8_t segment[40] = {0};
    (void)state;
    for (unsigned is_v4 = 0; is_v4 < 2; is_v4++) {
        struct ip_spec spec = spec_of(is_v4, TE_PROTO_TCP);
        was_checksum_ok = true;
        spec.is_fragment = true;
        spec.id = 5;
        spec.more = true;
        input_meta(&spec, segment, 24, &vouched[0]);
        spec.more = false;
        spec.offset_bytes = 24;
        input_meta(&spec, segment + 24, 16, &vouched[0]);
        assert_int_equal(packet_count, is_v4 + 1);
        assert_false(was_checksum_ok);
    }
}

/* --- out -------------------------------------------------------------------------------------- */

/* What ip/ sends of its own is complete, with or without config.checksum_offload: nothing is left
 * to the link, which may be told so of TCP alone. */
static void what_ip_sends_is_complete(void **state)
{
    uint8_t echo[8] = {TE_ICMP4_ECHO_REQUEST};
    struct ip_spec spec = spec_of(true, TE_PROTO_ICMP);
    (void)state;
    for (unsigned offload = 0; offload < 2; offload++) {
        fixture_stop(&f);
        fixture_init(&f);
        f.config.checksum_offload = offload != 0;
        f.config.gso = false;
        fixture_start(&f);
        input_meta(&spec, echo, sizeof(echo), &vouched[0]);
        input_answer(&f, "10.0.0.2", peer_mac);
        unsigned seen = f.frame_count;
        for (unsigned i = 0; i < seen; i++) {
            assert_int_equal(f.frames[i].meta.checksum, TE_CHECKSUM_UNKNOWN);
            assert_int_equal(f.frames[i].meta.gso_type, TE_GSO_NONE);
        }
        (void)expect_arp(&f, broadcast_mac);
        (void)expect_icmp(&f, "10.0.0.2", TE_ICMP4_ECHO_REPLY, 0); /* verifies both checksums */
    }
}

#define OFFLOAD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OFFLOAD_TEST(tcp_hears_what_the_link_said),
        OFFLOAD_TEST(tcp_hears_how_it_was_merged),
        OFFLOAD_TEST(udp_is_verified_unless_the_link_did),
        OFFLOAD_TEST(udp_without_a_checksum_is_for_ipv4),
        OFFLOAD_TEST(icmp_is_verified_unless_the_link_did),
        OFFLOAD_TEST(the_ip_header_is_always_verified),
        OFFLOAD_TEST(a_reassembled_packet_is_verified),
        OFFLOAD_TEST(what_ip_sends_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

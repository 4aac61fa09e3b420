#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "support/captured.h"
#include "support/frames.h"
#include "support/test.h"
#include "util/bytes.h"
#include "wire/checksum.h"

static void start(struct fixture *f)
{
    fixture_init(f);
    fixture_start(f);
}

static void start_as_linux(struct fixture *f)
{
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x03};
    fixture_init(f);
    memcpy(f->config.mac, mac, 6);
    f->config.addresses[0] = fixture_cidr("10.0.0.3/24");
    f->config.addresses[1] = fixture_cidr("2001:db8::3/64");
    fixture_start(f);
}

/* A SYN to port 80 with its checksum, of extra payload bytes. */
static size_t make_segment(const struct ip_spec *spec, size_t extra, uint8_t *ret_segment)
{
    struct te_addr source = fixture_addr(spec->source);
    struct te_addr destination = fixture_addr(spec->destination);
    size_t len = 20 + extra;
    memset(ret_segment, 0, len);
    te_store_be16(ret_segment, 40000);
    te_store_be16(ret_segment + 2, 80);
    ret_segment[12] = 0x50;
    ret_segment[13] = TE_SYN;
    uint64_t sum = te_checksum_pseudo(&source, &destination, TE_PROTO_TCP, (uint32_t)len);
    te_store_be16(ret_segment + 16, te_checksum_finish(te_checksum_add(sum, ret_segment, len)));
    return len;
}

static void input_segment(struct fixture *f, const struct ip_spec *spec)
{
    uint8_t segment[64];
    struct ip_spec tcp = *spec;
    tcp.protocol = TE_PROTO_TCP;
    size_t len = make_segment(spec, 4, segment);
    input_ip(f, &tcp, segment, len);
}

static const struct ip_spec to_v4 = {.source = "10.0.0.2", .destination = "10.0.0.1"};
static const struct ip_spec to_v6 = {.source = "2001:db8::2", .destination = "2001:db8::1"};

static void test_segments_arrive(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    input_segment(&f, &to_v4);
    input_segment(&f, &to_v6);
    assert_int_equal(fixture_counters(&f)->segments_in, 2);
    assert_int_equal(fixture_counters(&f)->segments_in_errors, 0);
    fixture_stop(&f);
}

/* Linux left the checksum of this one to the link, and said so. */
static void test_partial_checksum(void **state)
{
    const struct te_frame_meta partial = {.checksum = TE_CHECKSUM_PARTIAL};
    struct fixture f;
    (void)state;
    start_as_linux(&f);
    fixture_input_meta(&f, linux_syn4.bytes, linux_syn4.len, &partial);
    assert_int_equal(fixture_counters(&f)->tcp_bad_checksum, 0);
    fixture_input(&f, linux_syn4.bytes, linux_syn4.len);
    assert_int_equal(fixture_counters(&f)->tcp_bad_checksum, 1);
    assert_int_equal(fixture_counters(&f)->segments_in, 2);
    fixture_stop(&f);
}

static void test_link_padding(void **state)
{
    static uint8_t frame[FRAME_MAX];
    uint8_t segment[64];
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_TCP;
    size_t len = build_ip(&spec, segment, make_segment(&spec, 0, segment), frame);
    memset(frame + len, 0xaa, 20);
    fixture_input(&f, frame, len + 6);
    assert_int_equal(fixture_counters(&f)->segments_in, 1);
    assert_int_equal(fixture_counters(&f)->segments_in_errors, 0);
    fixture_stop(&f);
}

/* --- the link --------------------------------------------------------------------------------- */

static void test_runts(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    for (size_t len = 0; len < TE_ETH_HEADER_LEN; len++)
        fixture_input(&f, linux_echo_request4.bytes, len);
    assert_int_equal(fixture_counters(&f)->eth_malformed, TE_ETH_HEADER_LEN);
    fixture_stop(&f);
}

/* Every length of every frame that Linux sent: nothing is read beyond it. */
static void test_every_truncation(void **state)
{
    static const struct captured *const frames[] = {
        &linux_arp_request,  &linux_arp_reply,   &linux_echo_request4, &linux_echo_request4_options,
        &linux_udp4,         &linux_syn4,        &linux_nd_probe,      &linux_nd_solicit,
        &linux_nd_advertise, &linux_mld_report,  &linux_echo_request6, &linux_udp6,
        &linux_fragment4_1,  &linux_fragment6_1, &linux_too_big4,      &linux_too_big6};
    struct fixture f;
    (void)state;
    start_as_linux(&f);
    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        for (size_t len = 0; len < frames[i]->len; len++)
            fixture_input(&f, frames[i]->bytes, len);
        fixture_discard(&f);
    }
    assert_int_equal(fixture_counters(&f)->icmp_in, 0);
    assert_int_equal(fixture_counters(&f)->segments_in, 0);
    fixture_stop(&f);
}

/* Every byte of the headers of every frame set to the values that break parsers. */
static void test_every_byte_changed(void **state)
{
    static const uint8_t values[] = {0, 1, 2, 0x3f, 0x7f, 0x80, 0xfe, 0xff};
    static const struct captured *const frames[] = {
        &linux_arp_request,  &linux_echo_request4_options,
        &linux_udp4,         &linux_nd_solicit,
        &linux_nd_advertise, &linux_mld_report,
        &linux_udp6,         &linux_fragment4_2,
        &linux_fragment6_2,  &linux_host_unreachable4,
        &linux_prohibited6,  &linux_syn4};
    const struct te_frame_meta meta = {.checksum = TE_CHECKSUM_VALID};
    uint8_t frame[2048];
    struct fixture f;
    (void)state;
    start_as_linux(&f);
    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        for (size_t at = TE_ETH_HEADER_LEN; at < frames[i]->len && at < 140; at++) {
            for (unsigned k = 0; k < sizeof(values); k++) {
                memcpy(frame, frames[i]->bytes, frames[i]->len);
                memcpy(frame, f.config.mac, 6);
                frame[at] = values[k];
                fixture_input_meta(&f, frame, frames[i]->len, &meta);
            }
            fixture_discard(&f);
        }
    }
    fixture_stop(&f);
}

static void test_random_frames(void **state)
{
    uint8_t frame[256];
    uint64_t seed = 791;
    struct fixture f;
    (void)state;
    start_as_linux(&f);
    for (unsigned round = 0; round < 20000; round++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        const struct captured *base = seed >> 63 ? &linux_mld_report : &linux_fragment6_2;
        memcpy(frame, base->bytes, base->len);
        for (unsigned i = 0; i < 6; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            frame[14 + (seed >> 33) % (base->len - 14)] = (uint8_t)(seed >> 24);
        }
        memcpy(frame + 24 + 14, f.config.addresses[1].addr.bytes, 16);
        fixture_input(&f, frame, base->len);
        fixture_discard(&f);
    }
    fixture_stop(&f);
}

static void test_stations(void **state)
{
    static const uint8_t other[6] = {0x02, 0, 0, 0, 0, 0x55};
    static const uint8_t other_group[6] = {0x01, 0, 0x5e, 0, 0, 0x55};
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start(&f);
    spec.to_mac = other;
    input_segment(&f, &spec);
    spec.to_mac = other_group;
    input_segment(&f, &spec);
    assert_int_equal(fixture_counters(&f)->eth_not_for_us, 2);
    spec.to_mac = NULL;
    spec.mac = stack_mac; /* our own frame, come back */
    input_segment(&f, &spec);
    spec.mac = broadcast_mac;
    input_segment(&f, &spec);
    spec.mac = (const uint8_t[6]){0};
    input_segment(&f, &spec);
    assert_int_equal(fixture_counters(&f)->eth_bad_source, 3);
    assert_int_equal(fixture_counters(&f)->segments_in, 0);
    fixture_stop(&f);
}

static void test_unknown_type(void **state)
{
    uint8_t frame[60] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x88, 0xcc};
    struct fixture f;
    (void)state;
    start(&f);
    fixture_input(&f, frame, sizeof(frame));
    assert_int_equal(fixture_counters(&f)->eth_unknown_type, 1);
    fixture_stop(&f);
}

/* --- tags (802.1Q, 802.1ad) ------------------------------------------------------------------- */

/* frame with tags between its addresses and its type. */
static size_t add_tags(const uint8_t *frame, size_t len, const char *tags, size_t tags_len,
                       uint8_t *ret_frame)
{
    memcpy(ret_frame, frame, 12);
    memcpy(ret_frame + 12, tags, tags_len);
    memcpy(ret_frame + 12 + tags_len, frame + 12, len - 12);
    return len + tags_len;
}

static void input_tagged(struct fixture *f, const struct captured *frame, const char *tags,
                         size_t tags_len)
{
    static uint8_t tagged[FRAME_MAX];
    size_t len = add_tags(frame->bytes, frame->len, tags, tags_len, tagged);
    fixture_input(f, tagged, len);
}

/* As Linux does: VID 0 is no VLAN, whatever the priority, on one level or on both. The answers have
 * no tag (expect_ip reads them as they are). */
static void test_priority_tags(void **state)
{
    static const struct {
        const char *tags;
        size_t len;
    } rows[] = {{"\x81\0\0\0", 4},
                {"\x81\0\xe0\0", 4},
                {"\x88\xa8\0\0", 4},
                {"\x88\xa8\xf0\0\x81\0\0\0", 8},
                {"\x81\0\0\0\x81\0\0\0", 8}};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    memcpy(f.config.mac, "\x02\0\0\0\0\x03", 6);
    f.config.addresses[0] = fixture_cidr("10.0.0.3/24");
    f.config.addresses[1] = fixture_cidr("2001:db8::3/64");
    fixture_start(&f);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        input_tagged(&f, &linux_arp_request, rows[i].tags, rows[i].len);
        (void)expect_arp(&f, peer_mac);
        input_tagged(&f, &linux_nd_solicit, rows[i].tags, rows[i].len);
        (void)expect_nd(&f, peer_mac, "2001:db8::3", "2001:db8::2");
        input_tagged(&f, &linux_echo_request4, rows[i].tags, rows[i].len);
        (void)expect_icmp(&f, "10.0.0.2", TE_ICMP4_ECHO_REPLY, 0);
        input_tagged(&f, &linux_echo_request6, rows[i].tags, rows[i].len);
        (void)expect_icmp(&f, "2001:db8::2", TE_ICMP6_ECHO_REPLY, 0);
        input_tagged(&f, &linux_syn4, rows[i].tags, rows[i].len);
    }
    assert_int_equal(fixture_counters(&f)->eth_vlan, 0);
    assert_int_equal(fixture_counters(&f)->eth_unknown_type, 0);
    assert_int_equal(fixture_counters(&f)->segments_in, sizeof(rows) / sizeof(rows[0]));
    fixture_stop(&f);
}

static void test_vlans(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    memcpy(f.config.mac, "\x02\0\0\0\0\x03", 6);
    f.config.addresses[0] = fixture_cidr("10.0.0.3/24");
    fixture_start(&f);
    input_tagged(&f, &linux_arp_request, "\x81\0\0\x05", 4);
    input_tagged(&f, &linux_echo_request4, "\x81\0\xef\xff", 4);
    input_tagged(&f, &linux_echo_request4, "\x88\xa8\0\x64\x81\0\0\0", 8);
    input_tagged(&f, &linux_echo_request4, "\x88\xa8\0\0\x81\0\0\x02", 8);
    fixture_expect_none(&f);
    assert_int_equal(fixture_counters(&f)->eth_vlan, 4);
    assert_int_equal(fixture_counters(&f)->arp_in, 0);
    fixture_input(&f, (const uint8_t *)"\x02\0\0\0\0\x03\x02\0\0\0\0\x02\x81\0\0\0\x08", 17);
    assert_int_equal(fixture_counters(&f)->eth_malformed, 1);
    fixture_stop(&f);
}

/* --- addresses -------------------------------------------------------------------------------- */

static void test_not_for_us(void **state)
{
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start(&f);
    spec.destination = "10.0.0.9";
    input_segment(&f, &spec);
    spec.destination = "224.0.0.9";
    spec.to_mac = stack_mac;
    input_segment(&f, &spec);
    spec = to_v6;
    spec.destination = "2001:db8::9";
    input_segment(&f, &spec);
    spec.destination = "ff02::9";
    spec.to_mac = stack_mac;
    input_segment(&f, &spec);
    assert_int_equal(fixture_counters(&f)->ip_not_for_us, 4);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_bad_sources(void **state)
{
    static const char *const v4[] = {"10.0.0.1",  "10.0.0.255", "255.255.255.255",
                                     "224.0.0.1", "127.0.0.1",  "0.0.0.0"};
    static const char *const v6[] = {"2001:db8::1", "fe80::ff:fe00:1", "ff02::1", "::1", "::"};
    struct fixture f;
    (void)state;
    start(&f);
    for (unsigned i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
        struct ip_spec spec = to_v4;
        spec.source = v4[i];
        input_segment(&f, &spec);
        assert_int_equal(fixture_counters(&f)->ip_bad_source, i + 1);
    }
    for (unsigned i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
        struct ip_spec spec = to_v6;
        spec.source = v6[i];
        input_segment(&f, &spec);
        assert_int_equal(fixture_counters(&f)->ip_bad_source, 6 + i + 1);
    }
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* The unspecified address may probe for an address, and nothing else. */
static void test_unspecified_source(void **state)
{
    struct ip_spec spec = {.source = "::", .destination = "ff02::1"};
    struct te_icmp echo = {.type = TE_ICMP6_ECHO_REQUEST};
    struct fixture f;
    (void)state;
    start(&f);
    input_icmp(&f, &spec, &echo);
    assert_int_equal(fixture_counters(&f)->ip_bad_source, 1);
    spec.destination = "2001:db8::1";
    input_icmp(&f, &spec, &echo);
    assert_int_equal(fixture_counters(&f)->ip_bad_source, 2);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* RFC 9293 MUST-57: what went to more than us is marked, and TCP drops it. */
static void test_broadcasts_are_marked(void **state)
{
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start(&f);
    spec.to_mac = broadcast_mac;
    input_segment(&f, &spec);
    spec.destination = "10.0.0.255";
    input_segment(&f, &spec);
    spec.to_mac = NULL;
    spec.destination = "224.0.0.1";
    input_segment(&f, &spec);
    spec = to_v6;
    spec.destination = "ff02::1";
    input_segment(&f, &spec);
    assert_int_equal(fixture_counters(&f)->tcp_broadcast, 4);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* --- IPv6 ------------------------------------------------------------------------------------- */

static void test_extension_headers(void **state)
{
    uint8_t payload[256] = {0};
    struct ip_spec spec = to_v6;
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_DESTINATION;
    for (unsigned i = 0; i < 8; i++)
        memcpy(payload + i * 8, (const uint8_t[]){TE_PROTO_DESTINATION, 0, 1, 4}, 4);
    payload[56] = TE_PROTO_TCP;
    size_t len = make_segment(&spec, 0, payload + 64);
    input_ip(&f, &spec, payload, 64 + len);
    assert_int_equal(fixture_counters(&f)->segments_in, 1);
    payload[56] = TE_PROTO_DESTINATION;
    memcpy(payload + 64, (const uint8_t[]){TE_PROTO_TCP, 0, 1, 4, 0, 0, 0, 0}, 8);
    len = make_segment(&spec, 0, payload + 72);
    input_ip(&f, &spec, payload, 72 + len);
    assert_int_equal(fixture_counters(&f)->segments_in, 1);
    assert_int_equal(fixture_counters(&f)->ip6_extension_limit, 1);
    fixture_stop(&f);
}

/* --- large frames ----------------------------------------------------------------------------- */

static void test_the_largest_frame(void **state)
{
    static uint8_t frame[FRAME_MAX + 100], segment[65535];
    const struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN,
                                       .gso_type = TE_GSO_TCPV4,
                                       .gso_size_bytes = 1448,
                                       .header_len_bytes = 54};
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_TCP;
    size_t len = make_segment(&spec, 65515 - 20, segment);
    len = build_ip(&spec, segment, len, frame);
    assert_int_equal(len, 65535 + 14);
    fixture_input_meta(&f, frame, len, &meta);
    assert_int_equal(fixture_counters(&f)->segments_in, 1);
    assert_int_equal(fixture_counters(&f)->segments_in_errors, 0);
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments_arrive),       cmocka_unit_test(test_partial_checksum),
        cmocka_unit_test(test_link_padding),          cmocka_unit_test(test_runts),
        cmocka_unit_test(test_every_truncation),      cmocka_unit_test(test_every_byte_changed),
        cmocka_unit_test(test_random_frames),         cmocka_unit_test(test_stations),
        cmocka_unit_test(test_unknown_type),          cmocka_unit_test(test_not_for_us),
        cmocka_unit_test(test_priority_tags),         cmocka_unit_test(test_vlans),
        cmocka_unit_test(test_bad_sources),           cmocka_unit_test(test_unspecified_source),
        cmocka_unit_test(test_broadcasts_are_marked), cmocka_unit_test(test_extension_headers),
        cmocka_unit_test(test_the_largest_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

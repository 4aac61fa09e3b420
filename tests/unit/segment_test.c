/* Segments in frames: read, cut, changed, forged. */
#include <string.h>
#include <tcpengine/segment.h>

#include "support/captured.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/tcp.h"

#define ETH_LEN 14
#define IPV4_LEN 20
#define IPV6_LEN 40

static uint8_t frame[FRAME_MAX], piece[FRAME_MAX];

static const struct te_frame_meta plain;

/* A segment with that payload from 10.0.0.2:7 or 2001:db8::2 to the stack, checksums right. */
static size_t build(bool is_v6, uint8_t flags, size_t payload_len)
{
    static uint8_t tcp[FRAME_MAX];
    const struct te_tcp_header header = {.source_port = 7,
                                         .destination_port = 9,
                                         .seq = 0xffffff00,
                                         .ack = 77,
                                         .window = 500,
                                         .flags = flags};
    struct ip_spec spec = {.source = is_v6 ? "2001:db8::2" : "10.0.0.2",
                           .destination = is_v6 ? "2001:db8::1" : "10.0.0.1",
                           .protocol = 6};
    struct te_addr source = fixture_addr(spec.source), destination = fixture_addr(spec.destination);
    size_t len = te_tcp_emit(&header, tcp);
    for (size_t i = 0; i < payload_len; i++)
        tcp[len + i] = (uint8_t)(i * 13);
    len += payload_len;
    uint64_t sum = te_checksum_pseudo(&source, &destination, 6, (uint32_t)len);
    uint16_t checksum = te_checksum_finish(te_checksum_add(sum, tcp, len));
    tcp[16] = (uint8_t)(checksum >> 8);
    tcp[17] = (uint8_t)checksum;
    return build_ip(&spec, tcp, len, frame);
}

static struct te_segment_view view_of(const uint8_t *bytes, size_t len)
{
    struct te_segment_view view;
    assert_true(te_segment_parse(bytes, len, &view));
    return view;
}

static bool is_checksum_right(const uint8_t *bytes, const struct te_segment_view *view)
{
    size_t len = view->payload_at - view->tcp_at + view->payload_bytes;
    uint64_t sum =
        te_checksum_pseudo(&view->source.addr, &view->destination.addr, 6, (uint32_t)len);
    return te_checksum_finish(te_checksum_add(sum, bytes + view->tcp_at, len)) == 0;
}

static void test_read(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        size_t len = build(is_v6 != 0, TE_ACK | TE_PSH, 10);
        struct te_segment_view view = view_of(frame, len);
        assert_addr(&view.source.addr, is_v6 ? "2001:db8::2" : "10.0.0.2");
        assert_addr(&view.destination.addr, is_v6 ? "2001:db8::1" : "10.0.0.1");
        assert_int_equal(view.source.port, 7);
        assert_int_equal(view.destination.port, 9);
        assert_int_equal(view.seq, 0xffffff00);
        assert_int_equal(view.ack, 77);
        assert_int_equal(view.window, 500);
        assert_int_equal(view.flags, TE_ACK | TE_PSH);
        assert_int_equal(view.payload_bytes, 10);
        assert_int_equal(view.ip_at, ETH_LEN);
        assert_int_equal(view.tcp_at, ETH_LEN + (is_v6 ? IPV6_LEN : IPV4_LEN));
        assert_int_equal(view.payload_at, view.tcp_at + 20);
        assert_int_equal(te_segment_packet_bytes(&view, &plain), len - ETH_LEN);
        for (size_t cut = 0; cut < view.payload_at; cut++) {
            struct te_segment_view untouched = {.seq = 42};
            assert_false(te_segment_parse(frame, cut, &untouched));
            assert_int_equal(untouched.seq, 42);
        }
    }
}

static void test_what_is_no_segment(void **state)
{
    const struct captured *const others[] = {
        &linux_arp_request, &linux_echo_request4, &linux_udp4,        &linux_udp6,
        &linux_fragment4_1, &linux_fragment4_2,   &linux_fragment6_1, &linux_port_unreachable4};
    struct te_segment_view view;
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(te_segment_parse(others[i]->bytes, others[i]->len, &view));
    assert_true(te_segment_parse(linux_syn4.bytes, linux_syn4.len, &view));
    assert_int_equal(view.flags, TE_SYN);
}

/* FIN and PSH on the last, CWR on the first, numbers across the wrap, checksums whole. */
static void test_cut(void **state)
{
    const struct te_frame_meta meta = {.checksum = TE_CHECKSUM_PARTIAL, .gso_size_bytes = 100};
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        size_t len = build(is_v6 != 0, TE_ACK | TE_PSH | TE_FIN | TE_CWR, 350);
        struct te_segment_view whole = view_of(frame, len);
        unsigned count = 0, at = 0;
        size_t piece_len;
        assert_int_equal(te_segment_packet_bytes(&whole, &meta),
                         whole.payload_at - whole.ip_at + 100);
        for (; (piece_len = te_segment_cut(frame, &whole, &meta, count, piece)) > 0; count++) {
            struct te_segment_view one = view_of(piece, piece_len);
            assert_int_equal(one.seq, whole.seq + at);
            assert_int_equal(one.ack, whole.ack);
            assert_int_equal(one.payload_bytes, count < 3 ? 100 : 50);
            assert_int_equal(one.flags, TE_ACK | (count == 0 ? TE_CWR : 0) |
                                            (count == 3 ? TE_PSH | TE_FIN : 0));
            assert_memory_equal(piece + one.payload_at, frame + whole.payload_at + at,
                                one.payload_bytes);
            assert_true(is_checksum_right(piece, &one));
            at += one.payload_bytes;
        }
        assert_int_equal(count, 4);
        assert_int_equal(at, 350);
    }
}

static void test_cut_of_one(void **state)
{
    (void)state;
    size_t len = build(false, TE_ACK, 0);
    struct te_segment_view view = view_of(frame, len);
    assert_int_equal(te_segment_cut(frame, &view, &plain, 0, piece), len);
    assert_memory_equal(piece, frame, len);
    assert_int_equal(te_segment_cut(frame, &view, &plain, 1, piece), 0);
    len = build(true, TE_FIN | TE_ACK, 33);
    view = view_of(frame, len);
    frame[view.tcp_at + 16] ^= 0xff; /* as if it were partial */
    assert_int_equal(te_segment_cut(frame, &view, &plain, 0, piece), len);
    view = view_of(piece, len);
    assert_true(is_checksum_right(piece, &view));
    assert_int_equal(te_segment_cut(frame, &view, &plain, 1, piece), 0);
}

static void test_window_keeps_the_checksum_as_it_was(void **state)
{
    static const uint16_t windows[] = {0, 1, 499, 65535, 0x8000};
    (void)state;
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        size_t len = build(i % 2 != 0, TE_ACK, 5);
        struct te_segment_view view = view_of(frame, len);
        te_segment_set_window(frame, &view, &plain, windows[i]);
        view = view_of(frame, len);
        assert_int_equal(view.window, windows[i]);
        assert_true(is_checksum_right(frame, &view));
        te_segment_break_checksum(frame, &view);
        assert_false(is_checksum_right(frame, &view));
        te_segment_set_window(frame, &view, &plain, 1234);
        assert_false(is_checksum_right(frame, &view)); /* a wrong one is not mended */
    }
    size_t len = build(false, TE_ACK, 5);
    struct te_segment_view view = view_of(frame, len);
    memcpy(piece, frame, len);
    te_segment_set_window(frame, &view,
                          &(const struct te_frame_meta){.checksum = TE_CHECKSUM_PARTIAL}, 0);
    assert_memory_equal(frame + view.tcp_at + 16, piece + view.tcp_at + 16, 2);
}

static void test_made_reset(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        uint8_t made[TE_SEGMENT_MADE_MAX];
        struct te_segment_reset reset = {
            .source = {fixture_addr(is_v6 ? "2001:db8::2" : "10.0.0.2"), 7},
            .destination = {fixture_addr(is_v6 ? "2001:db8::1" : "10.0.0.1"), 9},
            .seq = 0x12345678};
        memcpy(reset.destination_mac, stack_mac, 6);
        memcpy(reset.source_mac, peer_mac, 6);
        size_t len = te_segment_make_reset(&reset, made);
        struct te_segment_view view = view_of(made, len);
        assert_memory_equal(made, stack_mac, 6);
        assert_memory_equal(made + 6, peer_mac, 6);
        assert_int_equal(view.flags, TE_RST);
        assert_int_equal(view.seq, 0x12345678);
        assert_int_equal(view.source.port, 7);
        assert_int_equal(view.destination.port, 9);
        assert_true(is_checksum_right(made, &view));
    }
}

/* The stack under test takes it for a router's. */
static void test_made_too_big(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        uint8_t made[TE_SEGMENT_MADE_MAX];
        struct te_icmp_quote quote;
        struct te_icmp icmp;
        size_t len = build(is_v6 != 0, TE_ACK, 900), ip_len = is_v6 ? IPV6_LEN : IPV4_LEN;
        struct te_segment_view view = view_of(frame, len);
        size_t made_len = te_segment_make_too_big(frame, &view, 1300, made);
        assert_memory_equal(made, frame + 6, 6); /* back to where it came from */
        assert_true(te_icmp_parse(made + ETH_LEN + ip_len, made_len - ETH_LEN - ip_len, &icmp));
        assert_int_equal(icmp.type, is_v6 ? TE_ICMP6_TOO_BIG : TE_ICMP4_UNREACHABLE);
        assert_int_equal(icmp.code, is_v6 ? 0 : TE_ICMP4_FRAGMENTATION_NEEDED);
        assert_int_equal(icmp.rest, 1300);
        assert_true(is_v6 ? te_icmp6_parse_quote(icmp.body, icmp.body_len, &quote)
                          : te_icmp4_parse_quote(icmp.body, icmp.body_len, &quote));
        assert_int_equal(quote.seq, view.seq);
        assert_int_equal(quote.source.port, 7);
        assert_int_equal(quote.packet_len, len - ETH_LEN);
        uint64_t sum = is_v6 ? te_checksum_pseudo(&view.destination.addr, &view.source.addr, 58,
                                                  (uint32_t)(made_len - ETH_LEN - ip_len))
                             : 0;
        assert_int_equal(te_checksum_finish(te_checksum_add(sum, made + ETH_LEN + ip_len,
                                                            made_len - ETH_LEN - ip_len)),
                         0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_what_is_no_segment),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_cut_of_one),
        cmocka_unit_test(test_window_keeps_the_checksum_as_it_was),
        cmocka_unit_test(test_made_reset),
        cmocka_unit_test(test_made_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Checksums left to the link, and segments beyond its MTU: frame.h, RFC 9293 3.1 (MUST-2, MUST-3).
 */
#include <string.h>

#include "script.h"
#include "support/frames.h"
#include "util/bytes.h"
#include "wire/checksum.h"

#define MSS 1460
#define ETH_IPV4 34
#define ETH_IPV6 54

/* Cuts a GSO frame as the link does and gives the stream's bytes, in order, to compare. */
static void check_gso(struct script *s, const struct script_out *out, uint32_t seq, uint32_t len)
{
    bool is_v6 = (s->options & SPEAKS_IPV6) != 0;
    size_t ip_end = is_v6 ? ETH_IPV6 : ETH_IPV4;
    assert_non_null(out);
    T_EQUAL(script_rel_seq(s, out), seq);
    T_EQUAL(out->len, len);
    T_EQUAL(out->meta.checksum, TE_CHECKSUM_PARTIAL);
    T_EQUAL(out->meta.checksum_start, ip_end);
    T_EQUAL(out->meta.checksum_offset, 16);
    assert_true(out->checksum_ok);
    for (uint32_t i = 0; i < len; i++)
        assert_int_equal(out->payload[i], script_pattern(seq - 1 + i, 0));
    uint32_t mss = script_status(s).mss;
    if (len <= mss) {
        T_EQUAL(out->meta.gso_type, TE_GSO_NONE);
        T_EQUAL(out->meta.gso_size_bytes, 0);
        return;
    }
    T_EQUAL(out->meta.gso_type, is_v6 ? TE_GSO_TCPV6 : TE_GSO_TCPV4);
    T_EQUAL(out->meta.gso_size_bytes, mss);
    T_EQUAL(out->meta.header_len_bytes, out->frame_len - len);
}

static void with_gso(struct script *s)
{
    s->f.config.gso = s->f.config.checksum_offload = true;
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    conn_in_established(s);
}

/* --- checksums -------------------------------------------------------------------------------- */

static void rfc9293_3_1_every_segment_has_its_checksum(void **state)
{
    struct script *s = *state;
    conn_in_established(s); /* every T_EXPECT compares the sum */
    T_EQUAL(script_user_send(s, 1461), 1461);
    const struct script_out *out = T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EQUAL(out->meta.checksum, TE_CHECKSUM_UNKNOWN);
    assert_true(out->checksum_ok);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + MSS, .ack = 1, .len = 1);
}

static void partial_checksum_is_the_pseudo_headers(void **state)
{
    struct script *s = *state;
    s->f.config.checksum_offload = true;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 101), 101);
    const struct script_out *out = T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 101);
    T_EQUAL(out->meta.checksum, TE_CHECKSUM_PARTIAL);
    T_EQUAL(out->meta.checksum_start, ETH_IPV4);
    T_EQUAL(out->meta.checksum_offset, 16);
    T_EQUAL(out->meta.gso_type, TE_GSO_NONE);
    /* Finished as virtio does: from checksum_start to the end, into the field. */
    uint8_t *tcp = out->frame + out->meta.checksum_start;
    size_t len = out->frame_len - out->meta.checksum_start;
    uint16_t sum = te_checksum_finish(te_checksum_add(0, tcp, len));
    te_store_be16(tcp + 16, sum);
    uint64_t whole = te_checksum_pseudo(&out->source, &out->destination, 6, (uint32_t)len);
    T_EQUAL(te_checksum_finish(te_checksum_add(whole, tcp, len)), 0);
}

static void ipv6_partial_checksum(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    s->f.config.checksum_offload = true;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    const struct script_out *out = T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EQUAL(out->meta.checksum_start, ETH_IPV6);
}

/* MUST-3 in every state is in state_event_script_test.c; here are the ways to be wrong. */
static void rfc9293_3_1_wrong_checksums_are_dropped(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, .bad_checksum = true);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .bad_checksum = true);
    T_SEND(s, .flags = TE_RST, .seq = 1, .bad_checksum = true);
    script_advance(s, SECOND);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_ESTABLISHED);
    T_COUNT(s, tcp_bad_checksum, 3);
    T_COUNT(s, segments_in_errors, 3);
}

static void input_wrong(struct script *s, enum te_checksum_state state)
{
    uint8_t frame[256];
    uint8_t segment[TE_TCP_HEADER_MAX];
    struct te_tcp_header header = {.source_port = s->c.remote_port,
                                   .destination_port = s->c.local_port,
                                   .seq = s->c.peer_iss + 1,
                                   .ack = s->c.our_iss + 1,
                                   .flags = TE_ACK | TE_FIN,
                                   .window = 65535};
    size_t len = te_tcp_emit(&header, segment);
    struct ip_spec spec = {.source = "10.0.0.2", .destination = "10.0.0.1", .protocol = 6};
    struct te_frame_meta meta = {
        .checksum = state, .checksum_start = ETH_IPV4, .checksum_offset = 16};
    size_t frame_len = build_ip(&spec, segment, len, frame);
    fixture_input_meta(&s->f, frame, frame_len, &meta);
    script_pump(s);
}

/* The layer below has verified it, or will: virtio_net_hdr's DATA_VALID and NEEDS_CSUM. */
static void checksums_that_the_link_vouches_for_are_not_looked_at(void **state)
{
    static const enum te_checksum_state states[] = {TE_CHECKSUM_VALID, TE_CHECKSUM_PARTIAL};
    struct script *s = *state;
    for (unsigned i = 0; i < 2; i++) {
        script_start_over(s);
        conn_in_established(s);
        input_wrong(s, TE_CHECKSUM_UNKNOWN);
        T_STATE(s, TE_ESTABLISHED);
        input_wrong(s, states[i]);
        T_STATE(s, TE_CLOSE_WAIT);
        T_EXPECT_ACK(s, 1, 2);
    }
}

/* --- large segments --------------------------------------------------------------------------- */

static void gso_one_frame_for_the_window(void **state)
{
    struct script *s = *state;
    with_gso(s);
    T_EQUAL(script_user_send(s, 20 * MSS), 20 * MSS);
    check_gso(s, script_next(s), 1, 10 * MSS);
    T_EXPECT_NONE(s);
    T_COUNT(s, segments_out, 10);
    T_EQUAL(script_status(s).bytes_sent, 10 * MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 10 * MSS);
    check_gso(s, script_next(s), 1 + 10 * MSS, 10 * MSS);
    T_EXPECT_NONE(s);
}

static void gso_full_segments_and_the_rest_apart(void **state)
{
    struct script *s = *state;
    with_gso(s);
    T_EQUAL(script_user_send(s, 3 * MSS + 100), 3 * MSS + 100);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    /* One frame that includes the short last segment, or that segment on its own. */
    assert_true(out->len == 3 * MSS + 100 || out->len == 3 * MSS);
    check_gso(s, out, 1, out->len);
}

static void gso_frames_fit_in_16_bits(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL;
    with_gso(s);
    T_EQUAL(script_user_send(s, 1 << 20), 1 << 20);
    uint32_t next = 1;
    uint32_t largest = 0;
    for (unsigned round = 0; round < 30 && next < 500000; round++) {
        const struct script_out *out;
        while ((out = script_next(s)) != NULL) {
            check_gso(s, out, next, out->len);
            assert_true(out->frame_len <= 65535 + 14);
            largest = out->len > largest ? out->len : largest;
            next += out->len;
        }
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = next);
    }
    assert_true(largest > 60000);
    script_skip(s);
}

/* A large frame may not pass the congestion window, however large it could be. */
/* An interface whose segments are larger than what a frame of several may hold. */
static void gso_one_segment_that_is_larger_goes_alone(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_bytes = 65535;
    s->peer_mss = 65495;
    s->options = SPEAKS_WSCALE;
    with_gso(s);
    T_EQUAL(script_status(s).mss, 65495);
    T_EQUAL(script_user_send(s, 65495), 65495);
    check_gso(s, script_next(s), 1, 65495);
}

static void gso_stays_inside_the_congestion_window(void **state)
{
    struct script *s = *state;
    with_gso(s);
    T_EQUAL(script_user_send(s, 60 * MSS), 60 * MSS);
    check_gso(s, script_next(s), 1, 10 * MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    check_gso(s, script_next(s), 1 + 10 * MSS, 2 * MSS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 4 * MSS);
    check_gso(s, script_next(s), 1 + 12 * MSS, 6 * MSS);
    T_EXPECT_NONE(s);
}

static void ipv6_gso(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    with_gso(s);
    T_EQUAL(script_user_send(s, 5 * 1440), 5 * 1440);
    check_gso(s, script_next(s), 1, 5 * 1440);
}

static void gso_stays_inside_the_peers_window(void **state)
{
    struct script *s = *state;
    s->peer_window = 4 * MSS + 10;
    with_gso(s);
    T_EQUAL(script_user_send(s, 20 * MSS), 20 * MSS);
    check_gso(s, script_next(s), 1, 4 * MSS);
    T_EXPECT_NONE(s);
}

static void gso_retransmission_is_the_same_stream(void **state)
{
    struct script *s = *state;
    with_gso(s);
    T_EQUAL(script_user_send(s, 10 * MSS), 10 * MSS);
    check_gso(s, script_next(s), 1, 10 * MSS);
    script_advance(s, 200 * MS); /* cwnd is one segment */
    check_gso(s, script_next(s), 1, MSS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    check_gso(s, script_next(s), 1 + MSS, 2 * MSS);
    T_COUNT(s, bytes_retransmitted, 3 * MSS);
    T_COUNT(s, segments_retransmitted, 3);
}

static void gso_fin_is_on_the_last_bytes(void **state)
{
    struct script *s = *state;
    s->peer_window = 2 * MSS;
    with_gso(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    check_gso(s, script_next(s), 1, 2 * MSS);
    T_ERR(script_user_shutdown(s), TE_OK);
    s->peer_window = 10 * MSS;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 2 * MSS);
    const struct script_out *out = script_next(s);
    check_gso(s, out, 1 + 2 * MSS, 2 * MSS);
    T_EQUAL(out->header.flags & TE_FIN, TE_FIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc9293_3_1_every_segment_has_its_checksum),
        SCRIPT_TEST(partial_checksum_is_the_pseudo_headers),
        SCRIPT_TEST(ipv6_partial_checksum),
        SCRIPT_TEST(rfc9293_3_1_wrong_checksums_are_dropped),
        SCRIPT_TEST(checksums_that_the_link_vouches_for_are_not_looked_at),
        SCRIPT_TEST(gso_one_frame_for_the_window),
        SCRIPT_TEST(gso_full_segments_and_the_rest_apart),
        SCRIPT_TEST(gso_frames_fit_in_16_bits),
        SCRIPT_TEST(gso_one_segment_that_is_larger_goes_alone),
        SCRIPT_TEST(gso_stays_inside_the_congestion_window),
        SCRIPT_TEST(ipv6_gso),
        SCRIPT_TEST(gso_stays_inside_the_peers_window),
        SCRIPT_TEST(gso_retransmission_is_the_same_stream),
        SCRIPT_TEST(gso_fin_is_on_the_last_bytes),
    };
    return cmocka_run_group_tests_name("offload", tests, NULL, NULL);
}

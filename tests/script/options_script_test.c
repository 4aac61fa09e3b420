/* Options of the header: RFC 9293 3.2 and 3.7.1, RFC 7323 2 and 3, RFC 2018 2, RFC 6691. */
#include <string.h>

#include "script.h"
#include "support/frames.h"
#include "util/bytes.h"
#include "wire/checksum.h"

#define IPV6_OVERHEAD 60

static void syn_in(struct script *s, const struct seg *syn)
{
    conn_in_listen(s);
    script_send(s, syn);
}

/* A passive opening with these raw options in the SYN. */
static const struct script_out *open_with(struct script *s, const uint8_t *options, uint8_t len)
{
    struct seg syn = {.flags = TE_SYN, .raw_options = options, .raw_len = len};
    syn_in(s, &syn);
    const struct script_out *out = T_EXPECT_SYN_ACK(s);
    s->c.id = s->events[s->event_count - 1].id;
    return out;
}

static void complete(struct script *s)
{
    s->c.timestamps = script_status(s).timestamps;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
}

/* --- MSS -------------------------------------------------------------------------------------- */

static void rfc9293_3_7_1_our_mss_follows_the_mtu(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_bytes = 1400;
    T_ERR(script_user_open(s), TE_OK);
    T_EQUAL(T_EXPECT_SYN(s)->header.options.mss_bytes, 1360);
}

static void rfc9293_3_7_1_our_mss_for_ipv6_follows_the_mtu(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    s->f.config.mtu_bytes = 1400;
    T_ERR(script_user_open(s), TE_OK);
    T_EQUAL(T_EXPECT_SYN(s)->header.options.mss_bytes, 1400 - IPV6_OVERHEAD);
}

/* MUST-15. */
static void rfc9293_3_7_1_without_mss_option_536(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_NO_MSS;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1000), 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 536);
    T_EXPECT(s, .flags = TE_ACK, .seq = 537, .ack = 1, .len = 464);
}

static void rfc9293_3_7_1_without_mss_option_1220_with_ipv6(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_NO_MSS | SPEAKS_IPV6;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 2000), 2000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1220);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1221, .ack = 1, .len = 780);
}

/* MUST-16: min(SendMSS, MMS_S) less the options of the segment. */
static void rfc9293_3_7_1_effective_mss_is_the_peers(void **state)
{
    struct script *s = *state;
    s->peer_mss = 1000;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1001, .ack = 1, .len = 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 2001, .ack = 1, .len = 1000);
}

static void rfc9293_3_7_1_effective_mss_is_what_the_link_takes(void **state)
{
    struct script *s = *state;
    s->peer_mss = 8960;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1460);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1461, .ack = 1, .len = 1460);
    T_EXPECT(s, .flags = TE_ACK, .seq = 2921, .ack = 1, .len = 80);
}

static void rfc6691_options_are_taken_off_the_segment(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1448);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1449, .ack = 1, .len = 1448);
    T_EXPECT(s, .flags = TE_ACK, .seq = 2897, .ack = 1, .len = 104);
}

/* A peer that asks for tiny segments gets the configured floor, not less. */
static void tiny_mss_is_raised_to_the_floor(void **state)
{
    struct script *s = *state;
    s->peer_mss = 1;
    conn_in_established(s);
    T_EQUAL(script_status(s).peer_mss, 88);
    T_EQUAL(script_user_send(s, 500), 500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 88);
    script_skip(s);
}

static void zero_mss_is_raised_to_the_floor(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    s->peer_mss = 0;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 500), 500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 88 - 12);
    script_skip(s);
}

/* MUST-65; and an MSS on a later segment changes nothing. */
static void rfc9293_3_7_1_mss_counts_in_syns_only(void **state)
{
    static const uint8_t mss_536[] = {2, 4, 2, 24};
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .raw_options = mss_536, .raw_len = 4);
    T_EQUAL(script_user_send(s, 1500), 1500);
    const struct script_out *out = T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1460);
    T_EQUAL(out->options_len, 0);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1461, .ack = 1, .len = 40);
}

/* --- window scale ----------------------------------------------------------------------------- */

static void rfc7323_2_2_window_scale_needs_both(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EQUAL(T_EXPECT_SYN_ACK(s)->header.options.has_wscale, false);
    s->c.id = s->events[s->event_count - 1].id;
    struct te_status status = script_status(s);
    T_EQUAL(status.wscale_ok, false);
    T_EQUAL(status.rcv_wscale, 0);
    T_EQUAL(status.snd_wscale, 0);
}

static void rfc7323_2_3_window_scale_is_used_by_both(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    s->f.config.receive_buffer_initial_bytes = 1 << 20;
    conn_in_established(s);
    struct te_status status = script_status(s);
    T_EQUAL(status.snd_wscale, PEER_WSCALE);
    T_EQUAL(status.snd_wnd, UINT16_MAX << PEER_WSCALE);
    assert_true(status.rcv_wscale > 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 2);
    assert_true(script_status(s).rcv_wnd >= (1 << 20) - 1024);
}

static void rfc7323_2_3_shift_count_is_limited_to_14(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    s->peer_wscale = 15;
    conn_in_established(s);
    T_EQUAL(script_status(s).snd_wscale, 14);
    T_EQUAL(script_status(s).snd_wnd, 65535u << 14);
}

static void rfc7323_2_2_window_scale_of_0_is_an_agreement(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    s->peer_wscale = 0;
    conn_in_established(s);
    T_EQUAL(script_status(s).wscale_ok, true);
    T_EQUAL(script_status(s).snd_wscale, 0);
    assert_true(script_status(s).rcv_wscale > 0);
}

static void rfc7323_2_2_window_scale_without_syn_is_ignored(void **state)
{
    static const uint8_t scale_3[] = {1, 3, 3, 3};
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(1000), .raw_options = scale_3, .raw_len = 4);
    T_EQUAL(script_status(s).snd_wnd, 1000);
}

static void window_scale_follows_the_largest_buffer(void **state)
{
    static const struct {
        uint32_t bytes;
        uint8_t scale;
    } sizes[] = {{65535, 0}, {65536, 1}, {1 << 20, 5}, {6 << 20, 7}, {1 << 30, 14}};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        script_start_over(s);
        s->f.config.receive_buffer_max_bytes = sizes[i].bytes;
        s->f.config.receive_buffer_initial_bytes = 65535;
        T_ERR(script_user_open(s), TE_OK);
        T_EQUAL(T_EXPECT_SYN(s)->header.options.wscale, sizes[i].scale);
    }
}

/* --- timestamps ------------------------------------------------------------------------------- */

static void rfc7323_3_2_syn_ack_carries_timestamps_only_when_asked(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EQUAL(T_EXPECT_SYN_ACK(s)->header.options.has_timestamps, false);
}

static void rfc7323_3_2_syn_ack_echoes_the_syn(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_listen(s);
    T_SEND(s, .flags = TE_SYN, TSVAL(77));
    const struct script_out *out = T_EXPECT_SYN_ACK(s);
    T_EQUAL(out->header.options.has_timestamps, true);
    T_EQUAL(out->header.options.ts_echo, PEER_TS + 77);
}

/* A TSopt that was not negotiated is ignored, and the segment processed. */
static void rfc7323_3_2_timestamps_not_negotiated_are_ignored(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, TSVAL(5));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11);
}

static void rfc7323_3_2_active_open_without_their_timestamps_has_none(void **state)
{
    struct script *s = *state;
    s->way = BY_ACTIVE;
    conn_in_established(s);
    T_EQUAL(script_status(s).timestamps, false);
    T_EQUAL(script_user_send(s, 10), 10);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
}

/* The clock of RFC 7323 5.4 ticks between 1 ms and 1 s; ours each millisecond. */
static void rfc7323_5_4_timestamp_clock_ticks(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 10), 10);
    uint32_t first =
        T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10)->header.options.ts_value;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 11);
    script_advance(s, 5 * SECOND);
    T_EQUAL(script_user_send(s, 10), 10);
    uint32_t second =
        T_EXPECT(s, .flags = TE_ACK, .seq = 11, .ack = 1, .len = 10)->header.options.ts_value;
    T_EQUAL(second - first, 5000);
}

/* --- SACK-permitted and what the config turns off --------------------------------------------- */

static void rfc2018_2_sack_permitted_needs_both(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EQUAL(T_EXPECT_SYN_ACK(s)->header.options.sack_permitted, false);
}

static void rfc2018_2_sack_permitted_is_answered(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EQUAL(T_EXPECT_SYN_ACK(s)->header.options.sack_permitted, true);
}

static void active_open_offers_everything(void **state)
{
    struct script *s = *state;
    T_ERR(script_user_open(s), TE_OK);
    const struct te_tcp_options *options = &T_EXPECT_SYN(s)->header.options;
    assert_true(options->has_mss && options->has_wscale && options->sack_permitted &&
                options->has_timestamps);
}

static void options_that_the_config_turns_off_are_not_offered(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_ALL;
    s->f.config.timestamps = s->f.config.sack = s->f.config.window_scale = false;
    T_ERR(script_user_open(s), TE_OK);
    const struct te_tcp_options *options = &T_EXPECT_SYN(s)->header.options;
    assert_true(options->has_mss && !options->has_wscale && !options->sack_permitted &&
                !options->has_timestamps);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    struct te_status status = script_status(s);
    assert_true(!status.timestamps && !status.sack_permitted && !status.wscale_ok);
}

static void simultaneous_open_negotiates_too(void **state)
{
    static const unsigned choices[] = {0, SPEAKS_ALL, SPEAKS_SACK, SPEAKS_WSCALE,
                                       SPEAKS_TIMESTAMPS};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        script_start_over(s);
        s->options = choices[i];
        s->way = BY_SIMULTANEOUS;
        conn_in_established(s);
        struct te_status status = script_status(s);
        T_EQUAL(status.timestamps, (choices[i] & SPEAKS_TIMESTAMPS) != 0);
        T_EQUAL(status.sack_permitted, (choices[i] & SPEAKS_SACK) != 0);
        T_EQUAL(status.wscale_ok, (choices[i] & SPEAKS_WSCALE) != 0);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
        T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    }
}

/* --- how options may be written --------------------------------------------------------------- */

/* MUST-5, MUST-6, MUST-7, MUST-64: the MSS of 1000 must stay readable after each, or be ignored. */
static const struct {
    const char *name;
    uint8_t len;
    uint8_t bytes[40];
    uint16_t mss;
} written[] = {
    {"MSS alone", 4, {2, 4, 3, 232}, 1000},
    {"unknown option before it", 8, {99, 4, 0, 0, 2, 4, 3, 232}, 1000},
    {"experimental option before it", 12, {253, 8, 1, 2, 3, 4, 5, 6, 2, 4, 3, 232}, 1000},
    {"not aligned", 8, {1, 1, 1, 2, 4, 3, 232, 1}, 1000},
    {"after one that is odd", 8, {99, 3, 0, 2, 4, 3, 232, 0}, 1000},
    {"behind the end", 8, {0, 0, 0, 0, 2, 4, 3, 232}, 536},
    {"length 0", 8, {2, 0, 3, 232, 2, 4, 3, 232}, 536},
    {"length 1", 8, {2, 1, 3, 232, 2, 4, 3, 232}, 536},
    {"length beyond the header", 4, {2, 5, 3, 232}, 536},
    {"length 3", 8, {2, 3, 3, 1, 1, 1, 1, 1}, 536},
    {"unknown of length 0", 8, {99, 0, 0, 0, 2, 4, 3, 232}, 536},
    {"no length any more", 4, {1, 1, 1, 2}, 536},
    {"NOPs only", 8, {1, 1, 1, 1, 1, 1, 1, 1}, 536},
    {"40 bytes, MSS last",
     40,
     {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 3, 232},
     1000},
};

static void rfc9293_3_2_options_are_read_however_they_are_written(void **state)
{
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        script_start_over(s);
        open_with(s, written[i].bytes, written[i].len);
        if (script_status(s).peer_mss != written[i].mss)
            fail_msg("%s: MSS %u, not %u", written[i].name, script_status(s).peer_mss,
                     written[i].mss);
        complete(s);
    }
}

static void rfc9293_3_2_bad_options_are_counted(void **state)
{
    static const uint8_t bad[] = {2, 3, 3, 1};
    struct script *s = *state;
    open_with(s, bad, sizeof(bad));
    T_COUNT(s, tcp_bad_options, 1);
}

/* MUST-5: options of any kind in a segment of an open connection do not affect its text. */
static void rfc9293_3_2_options_in_any_segment(void **state)
{
    static const uint8_t any[] = {99, 6, 1, 2, 3, 4, 253, 4, 0, 0, 1, 0};
    static const uint8_t bad[] = {99, 0, 7, 7};
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, .raw_options = any, .raw_len = 12);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1, .len = 10, .raw_options = bad, .raw_len = 4);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 21);
    T_EQUAL(script_user_take(s, NULL), 20);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 21, .ack = 1, .raw_options = any, .raw_len = 12);
    T_EXPECT_ACK(s, 1, 22);
}

/* MUST-68, MUST-69: what we write parses with every option's length present, padded with NOPs or
 * zeros. */
static void rfc9293_3_2_our_options_are_well_formed(void **state)
{
    struct script *s = *state;
    T_ERR(script_user_open(s), TE_OK);
    const struct script_out *out = T_EXPECT_SYN(s);
    T_EQUAL(out->options_len % 4, 0);
    size_t at = 0;
    while (at < out->options_len && out->options[at] != 0) {
        size_t len = out->options[at] == 1 ? 1 : out->options[at + 1];
        assert_true(len >= 1 && at + len <= out->options_len);
        at += len;
    }
    for (; at < out->options_len; at++)
        T_EQUAL(out->options[at], 0);
}

/* MUST-50: an IPv4 header with NOPs, record route and end, before a good segment. */
static void rfc9293_3_9_2_ip_options_are_ignored(void **state)
{
    static const uint8_t ip_options[8] = {1, 7, 5, 4, 0, 0, 0, 0};
    struct script *s = *state;
    uint8_t frame[256];
    uint8_t with_options[256];
    conn_in_listen(s);
    uint8_t segment[TE_TCP_HEADER_MAX];
    struct te_tcp_header header = {
        .source_port = CLIENT_PORT, .destination_port = SERVER_PORT, .flags = TE_SYN};
    size_t len = te_tcp_emit(&header, segment);
    struct te_addr from = script_peer_addr(s);
    struct te_addr to = script_local_addr(s);
    uint64_t sum = te_checksum_pseudo(&from, &to, 6, (uint32_t)len);
    te_store_be16(segment + 16, te_checksum_finish(te_checksum_add(sum, segment, len)));
    struct ip_spec spec = {.source = "10.0.0.2", .destination = "10.0.0.1", .protocol = 6};
    size_t frame_len = build_ip(&spec, segment, len, frame);
    memcpy(with_options, frame, TE_ETH_HEADER_LEN + TE_IPV4_HEADER_LEN);
    uint8_t *ip = with_options + TE_ETH_HEADER_LEN;
    memcpy(ip + TE_IPV4_HEADER_LEN, ip_options, sizeof(ip_options));
    memcpy(ip + TE_IPV4_HEADER_LEN + sizeof(ip_options), segment, len);
    ip[0] = 0x47;
    te_store_be16(ip + 2, (uint16_t)(TE_IPV4_HEADER_LEN + sizeof(ip_options) + len));
    te_store_be16(ip + 10, 0);
    te_store_be16(ip + 10, te_checksum_finish(te_checksum_add(0, ip, 28)));
    s->c.peer_iss = 0;
    fixture_input(&s->f, with_options, frame_len + sizeof(ip_options));
    script_pump(s);
    T_EXPECT_SYN_ACK(s);
}

/* The data offset: below 5, or beyond the segment. */
static void rfc9293_3_1_bad_data_offset_is_dropped(void **state)
{
    static const uint8_t offsets[] = {0x00, 0x40, 0x60, 0xf0};
    struct script *s = *state;
    struct ip_spec spec = {.source = "10.0.0.2", .destination = "10.0.0.1", .protocol = 6};
    conn_in_listen(s);
    for (unsigned i = 0; i < sizeof(offsets); i++) {
        uint8_t segment[20] = {0x1f, 0x90, 0, SERVER_PORT, [13] = TE_SYN};
        segment[12] = offsets[i];
        input_ip(&s->f, &spec, segment, sizeof(segment));
        script_pump(s);
    }
    T_EXPECT_NONE(s);
    T_COUNT(s, tcp_bad_header, 4);
    T_DROPPED(s, 0, TE_DROP_TCP_BAD_HEADER);
    T_COUNT(s, segments_in_errors, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc9293_3_7_1_our_mss_follows_the_mtu),
        SCRIPT_TEST(rfc9293_3_7_1_our_mss_for_ipv6_follows_the_mtu),
        SCRIPT_TEST(rfc9293_3_7_1_without_mss_option_536),
        SCRIPT_TEST(rfc9293_3_7_1_without_mss_option_1220_with_ipv6),
        SCRIPT_TEST(rfc9293_3_7_1_effective_mss_is_the_peers),
        SCRIPT_TEST(rfc9293_3_7_1_effective_mss_is_what_the_link_takes),
        SCRIPT_TEST(rfc6691_options_are_taken_off_the_segment),
        SCRIPT_TEST(tiny_mss_is_raised_to_the_floor),
        SCRIPT_TEST(zero_mss_is_raised_to_the_floor),
        SCRIPT_TEST(rfc9293_3_7_1_mss_counts_in_syns_only),
        SCRIPT_TEST(rfc7323_2_2_window_scale_needs_both),
        SCRIPT_TEST(rfc7323_2_3_window_scale_is_used_by_both),
        SCRIPT_TEST(rfc7323_2_3_shift_count_is_limited_to_14),
        SCRIPT_TEST(rfc7323_2_2_window_scale_of_0_is_an_agreement),
        SCRIPT_TEST(rfc7323_2_2_window_scale_without_syn_is_ignored),
        SCRIPT_TEST(window_scale_follows_the_largest_buffer),
        SCRIPT_TEST(rfc7323_3_2_syn_ack_carries_timestamps_only_when_asked),
        SCRIPT_TEST(rfc7323_3_2_syn_ack_echoes_the_syn),
        SCRIPT_TEST(rfc7323_3_2_timestamps_not_negotiated_are_ignored),
        SCRIPT_TEST(rfc7323_3_2_active_open_without_their_timestamps_has_none),
        SCRIPT_TEST(rfc7323_5_4_timestamp_clock_ticks),
        SCRIPT_TEST(rfc2018_2_sack_permitted_needs_both),
        SCRIPT_TEST(rfc2018_2_sack_permitted_is_answered),
        SCRIPT_TEST(active_open_offers_everything),
        SCRIPT_TEST(options_that_the_config_turns_off_are_not_offered),
        SCRIPT_TEST(simultaneous_open_negotiates_too),
        SCRIPT_TEST(rfc9293_3_2_options_are_read_however_they_are_written),
        SCRIPT_TEST(rfc9293_3_2_bad_options_are_counted),
        SCRIPT_TEST(rfc9293_3_2_options_in_any_segment),
        SCRIPT_TEST(rfc9293_3_2_our_options_are_well_formed),
        SCRIPT_TEST(rfc9293_3_9_2_ip_options_are_ignored),
        SCRIPT_TEST(rfc9293_3_1_bad_data_offset_is_dropped),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

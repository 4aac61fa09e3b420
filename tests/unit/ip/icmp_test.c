#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "support/captured.h"
#include "support/frames.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/conn_table.h"
#include "tcp/conn/sender.h"
#include "units.h"
#include "util/bytes.h"
#include "wire/checksum.h"

static const struct ip_spec to_v4 = {.source = "10.0.0.2", .destination = "10.0.0.1"};
static const struct ip_spec to_v6 = {.source = "2001:db8::2", .destination = "2001:db8::1"};

static void resolve_peer(struct fixture *f, const char *text)
{
    struct te_addr addr = fixture_addr(text);
    uint8_t mac[6];
    if (te_ip_resolve(f->stack, &addr, NULL, mac) == TE_HOP_PENDING)
        input_answer(f, text, peer_mac);
}

static void know_peer(struct fixture *f)
{
    resolve_peer(f, "10.0.0.2");
    resolve_peer(f, "2001:db8::2");
    fixture_discard(f);
}

static void start(struct fixture *f)
{
    fixture_init(f);
    fixture_start(f);
    know_peer(f);
}

/* A stack that stands where Linux answered, and knows who asked. */
static void start_as_linux(struct fixture *f)
{
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x03};
    struct te_addr v4 = fixture_addr("10.0.0.2"), v6 = fixture_addr("2001:db8::2");
    uint8_t ignored[6];
    fixture_init(f);
    memcpy(f->config.mac, mac, 6);
    f->config.addresses[0] = fixture_cidr("10.0.0.3/24");
    f->config.addresses[1] = fixture_cidr("2001:db8::3/64");
    fixture_start(f);
    (void)te_ip_resolve(f->stack, &v4, NULL, ignored);
    (void)te_ip_resolve(f->stack, &v6, NULL, ignored);
    te_neighbour_on_question(f->stack, &v4, peer_mac);
    te_neighbour_on_question(f->stack, &v6, peer_mac);
    fixture_poll(f);
    fixture_discard(f);
}

/* --- echo ------------------------------------------------------------------------------------- */

/* The answers of Linux to the same questions, byte by byte behind the IP header. */
static void test_echo_as_linux(void **state)
{
    struct fixture f;
    (void)state;
    start_as_linux(&f);
    fixture_input(&f, linux_echo_request4.bytes, linux_echo_request4.len);
    const struct fixture_frame *reply = fixture_next(&f);
    assert_int_equal(reply->len, linux_echo_reply4.len);
    assert_memory_equal(reply->bytes + 34, linux_echo_reply4.bytes + 34, reply->len - 34);
    fixture_input(&f, linux_echo_request6.bytes, linux_echo_request6.len);
    reply = fixture_next(&f);
    assert_int_equal(reply->len, linux_echo_reply6.len);
    assert_memory_equal(reply->bytes + 54, linux_echo_reply6.bytes + 54, reply->len - 54);
    fixture_input(&f, linux_echo_request4_options.bytes, linux_echo_request4_options.len);
    struct te_icmp icmp = expect_icmp(&f, "10.0.0.2", TE_ICMP4_ECHO_REPLY, 0);
    assert_int_equal(icmp.body_len, 56);
    fixture_stop(&f);
}

static void test_echo_waits_for_the_mac(void **state)
{
    struct te_icmp ping = {.type = TE_ICMP4_ECHO_REQUEST, .rest = 0x12345678};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    input_icmp(&f, &to_v4, &ping);
    (void)expect_arp(&f, broadcast_mac);
    fixture_expect_none(&f);
    input_answer(&f, "10.0.0.2", peer_mac);
    struct te_icmp reply = expect_icmp(&f, "10.0.0.2", TE_ICMP4_ECHO_REPLY, 0);
    assert_int_equal(reply.rest, 0x12345678);
    fixture_stop(&f);
}

static void test_large_echo_is_cut(void **state)
{
    static uint8_t body[4000];
    struct te_icmp ping = {.type = TE_ICMP4_ECHO_REQUEST, .body = body, .body_len = sizeof(body)};
    struct fixture f;
    (void)state;
    start(&f);
    input_icmp(&f, &to_v4, &ping);
    size_t total = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct sent_ip ip = expect_ip(&f);
        assert_true(ip.is_fragment);
        assert_int_equal(ip.offset_bytes, total);
        assert_int_equal(ip.more, i < 2);
        total += ip.payload_len;
    }
    assert_int_equal(total, 4008);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_echo_to_v4_groups_is_ignored(void **state)
{
    struct te_icmp ping = {.type = TE_ICMP4_ECHO_REQUEST};
    struct fixture f;
    (void)state;
    start(&f);
    uint64_t before = fixture_counters(&f)->icmp_in;
    input_icmp(&f, &(struct ip_spec){.source = "10.0.0.2", .destination = "224.0.0.1"}, &ping);
    input_icmp(&f,
               &(struct ip_spec){
                   .source = "10.0.0.2", .destination = "10.0.0.255", .to_mac = broadcast_mac},
               &ping);
    input_icmp(
        &f,
        &(struct ip_spec){.source = "10.0.0.2", .destination = "10.0.0.1", .to_mac = broadcast_mac},
        &ping);
    assert_int_equal(fixture_counters(&f)->icmp_in - before, 3);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* RFC 4443 4.2: answered, from a unicast address that suits the asker (RFC 6724 5). */
static void test_echo_to_v6_groups(void **state)
{
    static const struct {
        const char *asker, *group, *answerer;
    } rows[] = {
        {"2001:db8::2", "ff02::1", "2001:db8::1"},
        {"fe80::2", "ff02::1", "fe80::ff:fe00:1"},
        {"2001:db8:2::9", "ff02::1", "2001:db8:2::1"},
        {"2001:db8::2", "ff02::1:ff00:1", "2001:db8::1"}, /* a solicited-node group of ours */
    };
    static const uint8_t body[] = "abcdefgh";
    struct te_icmp ping = {
        .type = TE_ICMP6_ECHO_REQUEST, .rest = 0x12345678, .body = body, .body_len = 8};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.addresses[2] = fixture_cidr("2001:db8:2::1/64");
    f.config.address_count = 3;
    fixture_start(&f);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ip_spec spec = {.source = rows[i].asker, .destination = rows[i].group};
        struct te_addr asker = fixture_addr(rows[i].asker);
        te_neighbour_on_question(f.stack, &asker, peer_mac);
        fixture_discard(&f);
        input_icmp(&f, &spec, &ping);
        struct te_icmp reply = expect_icmp(&f, rows[i].asker, TE_ICMP6_ECHO_REPLY, 0);
        assert_int_equal(reply.rest, 0x12345678);
        assert_memory_equal(reply.body, body, 8);
        struct te_addr source = te_addr_from_v6(f.frames[0].bytes + 22);
        assert_addr(&source, rows[i].answerer);
        fixture_expect_none(&f);
    }
    input_icmp(&f, &(struct ip_spec){.source = "2001:db8:9::2", .destination = "ff02::1"}, &ping);
    fixture_expect_none(&f); /* no way back */
    input_icmp(&f, &(struct ip_spec){.source = "2001:db8::2", .destination = "ff02::2"}, &ping);
    fixture_expect_none(&f); /* a group that we are not in */
    fixture_stop(&f);
}

static void test_limit(void **state)
{
    struct te_icmp ping = {.type = TE_ICMP4_ECHO_REQUEST};
    struct ip_spec bare = to_v4;
    bare.protocol = TE_PROTO_ICMP;
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.icmp_echo_per_second = 50;
    fixture_start(&f);
    know_peer(&f);
    for (unsigned i = 0; i < 1000; i++)
        input_icmp(&f, &to_v4, &ping);
    assert_in_range(f.frame_count, 25, 50);
    assert_int_equal(fixture_counters(&f)->icmp_echo_limited, 1000 - f.frame_count);
    assert_int_equal(fixture_counters(&f)->icmp_limited, 0);
    input_ip(&f, &bare, "\x08\0bad sum", 10); /* a flood is not summed */
    assert_int_equal(fixture_counters(&f)->icmp_malformed, 0);
    input_ip(&f, &bare, "\x03\0bad sum", 10); /* an error is */
    assert_int_equal(fixture_counters(&f)->icmp_malformed, 1);
    assert_int_equal(fixture_counters(&f)->icmp_echo_limited, 1001 - f.frame_count);
    fixture_advance(&f, SECOND);
    fixture_discard(&f);
    input_icmp(&f, &to_v4, &ping);
    (void)expect_icmp(&f, "10.0.0.2", TE_ICMP4_ECHO_REPLY, 0);
    fixture_stop(&f);
}

static void input_udp_without_port(struct fixture *f)
{
    uint8_t datagram[8] = {0x30, 0x39, 0, 9, 0, 8};
    struct ip_spec spec = to_v4;
    spec.protocol = TE_PROTO_UDP;
    input_ip(f, &spec, datagram, sizeof(datagram));
}

static void input_udp_with_a_bad_sum(struct fixture *f)
{
    uint8_t datagram[8] = {0x30, 0x39, 0, 9, 0, 8, 0x12, 0x34};
    struct ip_spec spec = to_v4;
    spec.protocol = TE_PROTO_UDP;
    input_ip(f, &spec, datagram, sizeof(datagram));
}

/* The limit is asked first: what would not be answered anyway is not summed. */
static void test_udp_over_the_limit_is_not_summed(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.icmp_per_second = 50;
    fixture_start(&f);
    know_peer(&f);
    input_udp_with_a_bad_sum(&f);
    assert_int_equal(fixture_counters(&f)->udp_malformed, 1);
    for (unsigned i = 0; i < 100; i++)
        input_udp_without_port(&f);
    uint64_t limited = fixture_counters(&f)->icmp_limited;
    assert_true(limited > 0);
    input_udp_with_a_bad_sum(&f);
    assert_int_equal(fixture_counters(&f)->udp_malformed, 1);
    assert_int_equal(fixture_counters(&f)->icmp_limited, limited + 1);
    fixture_advance(&f, SECOND);
    input_udp_with_a_bad_sum(&f);
    assert_int_equal(fixture_counters(&f)->udp_malformed, 2);
    fixture_stop(&f);
}

/* A flood of pings takes nothing from the errors, nor one of errors from the pings. */
static void test_errors_and_echo_replies_share_no_limit(void **state)
{
    struct te_icmp ping = {.type = TE_ICMP4_ECHO_REQUEST};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.icmp_echo_per_second = f.config.icmp_per_second = 50;
    fixture_start(&f);
    know_peer(&f);
    for (unsigned i = 0; i < 100; i++)
        input_icmp(&f, &to_v4, &ping);
    fixture_discard(&f);
    for (unsigned i = 0; i < 100; i++)
        input_udp_without_port(&f);
    assert_in_range(f.frame_count, 25, 50);
    assert_int_equal(fixture_counters(&f)->icmp_limited, 100 - f.frame_count);
    fixture_advance(&f, SECOND);
    for (unsigned i = 0; i < 100; i++)
        input_udp_without_port(&f);
    fixture_discard(&f);
    input_icmp(&f, &to_v4, &ping);
    (void)expect_icmp(&f, "10.0.0.2", TE_ICMP4_ECHO_REPLY, 0);
    fixture_stop(&f);
}

static void test_every_flipped_bit(void **state)
{
    struct fixture f;
    uint8_t frame[128];
    (void)state;
    start_as_linux(&f);
    for (size_t bit = 0; bit < 64 * 8; bit++) {
        memcpy(frame, linux_echo_request4.bytes, linux_echo_request4.len);
        frame[34 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        fixture_input(&f, frame, linux_echo_request4.len);
        memcpy(frame, linux_echo_request6.bytes, linux_echo_request6.len);
        frame[54 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        fixture_input(&f, frame, linux_echo_request6.len);
    }
    assert_int_equal(fixture_counters(&f)->icmp_malformed, 1024);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_short_messages(void **state)
{
    uint8_t bytes[8] = {0};
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_ICMP;
    for (size_t len = 0; len < 8; len++)
        input_ip(&f, &spec, bytes, len);
    spec = to_v6;
    spec.protocol = TE_PROTO_ICMPV6;
    for (size_t len = 0; len < 8; len++)
        input_ip(&f, &spec, bytes, len);
    assert_int_equal(fixture_counters(&f)->icmp_malformed, 16);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* --- errors about what others send ------------------------------------------------------------ */

static void test_port_unreachable_as_linux(void **state)
{
    /* Linux left the checksums to the link. */
    const struct te_frame_meta partial = {.checksum = TE_CHECKSUM_PARTIAL};
    struct fixture f;
    (void)state;
    start_as_linux(&f);
    fixture_input_meta(&f, linux_udp4.bytes, linux_udp4.len, &partial);
    const struct fixture_frame *error = fixture_next(&f);
    assert_int_equal(error->len, linux_port_unreachable4.len);
    assert_memory_equal(error->bytes + 34, linux_port_unreachable4.bytes + 34, error->len - 34);
    fixture_input_meta(&f, linux_udp6.bytes, linux_udp6.len, &partial);
    error = fixture_next(&f);
    assert_int_equal(error->len, linux_port_unreachable6.len);
    assert_memory_equal(error->bytes + 54, linux_port_unreachable6.bytes + 54, error->len - 54);
    assert_int_equal(fixture_counters(&f)->udp_in, 2);
    fixture_stop(&f);
}

static void test_bad_udp_is_not_answered(void **state)
{
    struct fixture f;
    uint8_t frame[128];
    (void)state;
    start_as_linux(&f);
    memcpy(frame, linux_udp4.bytes, linux_udp4.len);
    frame[linux_udp4.len - 1] ^= 1;
    fixture_input(&f, frame, linux_udp4.len);
    memcpy(frame, linux_udp6.bytes, linux_udp6.len);
    te_store_be16(frame + 54 + 6, 0); /* no checksum: only IPv4 allows it */
    fixture_input(&f, frame, linux_udp6.len);
    for (uint16_t len = 0; len < 64; len++) {
        memcpy(frame, linux_udp4.bytes, linux_udp4.len);
        te_store_be16(frame + 34 + 6, 0);
        te_store_be16(frame + 34 + 4, len);
        fixture_input(&f, frame, linux_udp4.len);
    }
    assert_int_equal(fixture_counters(&f)->udp_in, 4); /* lengths 8 to 11 */
    assert_int_equal(fixture_counters(&f)->udp_malformed, 62);
    fixture_stop(&f);
}

static void test_checksum_verified_below(void **state)
{
    const struct te_frame_meta meta = {.checksum = TE_CHECKSUM_PARTIAL};
    struct fixture f;
    uint8_t frame[128];
    (void)state;
    start_as_linux(&f);
    memcpy(frame, linux_udp4.bytes, linux_udp4.len);
    te_store_be16(frame + 34 + 6, 0x1234);
    fixture_input_meta(&f, frame, linux_udp4.len, &meta);
    assert_int_equal(fixture_counters(&f)->udp_in, 1);
    fixture_stop(&f);
}

static void test_unknown_protocol(void **state)
{
    uint8_t payload[64] = {1, 2, 3};
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = 132;
    input_ip(&f, &spec, payload, sizeof(payload));
    struct te_icmp icmp =
        expect_icmp(&f, "10.0.0.2", TE_ICMP4_UNREACHABLE, TE_ICMP4_PROTOCOL_UNREACHABLE);
    assert_int_equal(icmp.body_len, 84);
    assert_int_equal(icmp.rest, 0);
    spec = to_v6;
    spec.protocol = 132;
    input_ip(&f, &spec, payload, sizeof(payload));
    icmp = expect_icmp(&f, "2001:db8::2", TE_ICMP6_PARAMETER_PROBLEM, TE_ICMP6_BAD_NEXT_HEADER);
    assert_int_equal(icmp.rest, 6);
    assert_int_equal(icmp.body_len, 104);
    assert_int_equal(fixture_counters(&f)->ip_unknown_protocol, 2);
    spec.protocol = TE_PROTO_NONE;
    input_ip(&f, &spec, payload, sizeof(payload));
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_length_of_quotes(void **state)
{
    static uint8_t payload[1400];
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = 132;
    input_ip(&f, &spec, payload, sizeof(payload));
    assert_int_equal(fixture_next(&f)->len, TE_ETH_HEADER_LEN + 576);
    spec = to_v6;
    spec.protocol = 132;
    input_ip(&f, &spec, payload, sizeof(payload));
    assert_int_equal(fixture_next(&f)->len, TE_ETH_HEADER_LEN + 1280);
    fixture_stop(&f);
}

static void test_unknown_option(void **state)
{
    const uint8_t payload[16] = {TE_PROTO_TCP, 0, 0x80, 4};
    struct ip_spec spec = to_v6;
    struct fixture f;
    (void)state;
    start(&f);
    spec.protocol = TE_PROTO_DESTINATION;
    input_ip(&f, &spec, payload, sizeof(payload));
    struct te_icmp icmp =
        expect_icmp(&f, "2001:db8::2", TE_ICMP6_PARAMETER_PROBLEM, TE_ICMP6_BAD_OPTION);
    assert_int_equal(icmp.rest, 42);
    spec.destination = "ff02::1";
    input_ip(&f, &spec, payload, sizeof(payload));
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* RFC 1122 3.2.2, RFC 4443 2.4 (e): what no error may be about. */
static void test_never_about(void **state)
{
    uint8_t payload[64] = {0};
    struct te_icmp error = {.type = TE_ICMP4_UNREACHABLE, .body = payload, .body_len = 64};
    struct fixture f;
    (void)state;
    start(&f);
    static const struct ip_spec groups[] = {
        {.source = "10.0.0.2", .destination = "224.0.0.1", .protocol = 132},
        {.source = "10.0.0.2",
         .destination = "255.255.255.255",
         .protocol = 132,
         .to_mac = broadcast_mac},
        {.source = "10.0.0.2", .destination = "10.0.0.1", .protocol = 132, .to_mac = broadcast_mac},
        {.source = "2001:db8::2", .destination = "ff02::1", .protocol = 132},
    };
    for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        input_ip(&f, &groups[i], payload, sizeof(payload));
    assert_int_equal(fixture_counters(&f)->ip_unknown_protocol, 4);
    input_icmp(&f, &to_v4, &error);
    error.type = TE_ICMP6_ERROR_LAST;
    input_icmp(&f, &to_v6, &error);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_ignored(void **state)
{
    static const uint8_t types4[] = {0, 4, 5, 9, 10, 13, 17, 42};
    static const uint8_t types6[] = {100, 129, 132, 133, 134, 137, 143, 200};
    uint8_t body[64] = {0};
    struct te_icmp icmp = {.body = body, .body_len = sizeof(body)};
    struct fixture f;
    (void)state;
    start(&f);
    for (unsigned i = 0; i < sizeof(types4); i++) {
        icmp.type = types4[i];
        input_icmp(&f, &to_v4, &icmp);
    }
    for (unsigned i = 0; i < sizeof(types6); i++) {
        icmp.type = types6[i];
        input_icmp(&f, &to_v6, &icmp);
    }
    assert_int_equal(fixture_counters(&f)->icmp_ignored, sizeof(types4) + sizeof(types6));
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* --- errors about what we send ---------------------------------------------------------------- */

/* Opens a connection to a host behind the peer, and keeps the packet of its SYN. */
struct opening {
    uint64_t id;
    uint8_t packet[128];
    size_t len;
};

static struct opening open_behind(struct fixture *f, const char *remote)
{
    struct opening opening = {.len = 0};
    struct te_open open = {.remote = {fixture_addr(remote), 80}};
    assert_int_equal(te_open_active(f->stack, &open, &opening.id, f->now_us), TE_OK);
    fixture_poll(f);
    const struct fixture_frame *syn = fixture_next(f);
    assert_non_null(syn);
    opening.len = syn->len - TE_ETH_HEADER_LEN;
    memcpy(opening.packet, syn->bytes + TE_ETH_HEADER_LEN, opening.len);
    return opening;
}

static void start_routed(struct fixture *f)
{
    fixture_init(f);
    f->config.routes[0] = (struct te_route){fixture_cidr("0.0.0.0/0"), fixture_addr("10.0.0.2")};
    f->config.routes[1] = (struct te_route){fixture_cidr("::/0"), fixture_addr("2001:db8::2")};
    f->config.route_count = 2;
    fixture_start(f);
    know_peer(f);
}

static enum te_err error_after(const char *remote, uint8_t type, uint8_t code, bool *ret_is_dead)
{
    struct te_status status;
    struct fixture f;
    start_routed(&f);
    struct opening opening = open_behind(&f, remote);
    struct te_icmp icmp = {
        .type = type, .code = code, .body = opening.packet, .body_len = opening.len};
    bool is_v4 = opening.packet[0] >> 4 == 4;
    input_icmp(&f, is_v4 ? &to_v4 : &to_v6, &icmp);
    assert_int_equal(te_status(f.stack, opening.id, &status), TE_OK);
    *ret_is_dead = status.state == TE_CLOSED;
    fixture_stop(&f);
    return *ret_is_dead ? status.error : status.soft_error;
}

static void test_meaning_of_ipv4_codes(void **state)
{
    static const enum te_err meanings[] = {
        [0] = TE_ERR_NET_UNREACHABLE,  [1] = TE_ERR_HOST_UNREACHABLE,
        [5] = TE_ERR_HOST_UNREACHABLE, [6] = TE_ERR_NET_UNREACHABLE,
        [7] = TE_ERR_HOST_UNREACHABLE, [8] = TE_ERR_HOST_UNREACHABLE,
        [9] = TE_ERR_PROHIBITED,       [10] = TE_ERR_PROHIBITED,
        [11] = TE_ERR_NET_UNREACHABLE, [12] = TE_ERR_HOST_UNREACHABLE,
        [13] = TE_ERR_PROHIBITED,      [14] = TE_ERR_PROHIBITED,
        [15] = TE_ERR_PROHIBITED,
    };
    bool is_dead;
    (void)state;
    for (uint8_t code = 0; code < sizeof(meanings) / sizeof(meanings[0]); code++) {
        if (meanings[code] == TE_OK)
            continue;
        assert_int_equal(error_after("192.0.2.1", TE_ICMP4_UNREACHABLE, code, &is_dead),
                         meanings[code]);
    }
    assert_int_equal(error_after("192.0.2.1", TE_ICMP4_UNREACHABLE, 2, &is_dead),
                     TE_ERR_PORT_UNREACHABLE);
    assert_true(is_dead);
    assert_int_equal(error_after("192.0.2.1", TE_ICMP4_UNREACHABLE, 3, &is_dead),
                     TE_ERR_PORT_UNREACHABLE);
    assert_true(is_dead);
    assert_int_equal(error_after("192.0.2.1", TE_ICMP4_TIME_EXCEEDED, 0, &is_dead),
                     TE_ERR_HOST_UNREACHABLE);
}

static void test_meaning_of_ipv6_codes(void **state)
{
    static const enum te_err meanings[] = {TE_ERR_NET_UNREACHABLE,  TE_ERR_PROHIBITED,
                                           TE_ERR_HOST_UNREACHABLE, TE_ERR_HOST_UNREACHABLE,
                                           TE_ERR_PORT_UNREACHABLE, TE_ERR_PROHIBITED,
                                           TE_ERR_PROHIBITED};
    bool is_dead;
    (void)state;
    for (uint8_t code = 0; code < 7; code++)
        assert_int_equal(error_after("2001:db8:ffff::1", TE_ICMP6_UNREACHABLE, code, &is_dead),
                         meanings[code]);
    assert_int_equal(error_after("2001:db8:ffff::1", TE_ICMP6_PARAMETER_PROBLEM, 1, &is_dead),
                     TE_ERR_PORT_UNREACHABLE);
    assert_true(is_dead);
    assert_int_equal(error_after("2001:db8:ffff::1", TE_ICMP6_TIME_EXCEEDED, 0, &is_dead),
                     TE_ERR_HOST_UNREACHABLE);
}

/* The path MTU that a connection is told of by "too big" with that MTU, about a packet of
 * quoted_len bytes.
 */
static unsigned path_mtu_after(const char *remote, uint32_t mtu_bytes, uint16_t quoted_len)
{
    struct fixture f;
    start_routed(&f);
    struct opening opening = open_behind(&f, remote);
    bool is_v4 = opening.packet[0] >> 4 == 4;
    struct te_icmp icmp = {.type = is_v4 ? TE_ICMP4_UNREACHABLE : TE_ICMP6_TOO_BIG,
                           .code = is_v4 ? TE_ICMP4_FRAGMENTATION_NEEDED : 0,
                           .rest = mtu_bytes,
                           .body = opening.packet,
                           .body_len = opening.len};
    te_store_be16(opening.packet + (is_v4 ? 2 : 4), quoted_len);
    struct te_status status;
    assert_int_equal(te_status(f.stack, opening.id, &status), TE_OK);
    struct te_conn *conn = te_conn_table_find(f.stack, &status.local, &status.remote);
    /* As if full-sized packets had been sent, and had arrived: what is claimed is noted then. */
    assert_true(te_sender_prepare(f.stack, conn));
    struct te_path_mtu *mtu = &conn->sender->mtu;
    mtu->sent_bytes = conn->acked_mtu = conn->path_mtu;
    input_icmp(&f, is_v4 ? &to_v4 : &to_v6, &icmp);
    /* Asked for anew: the stack may have been restored meanwhile. */
    conn = te_conn_table_find(f.stack, &status.local, &status.remote);
    mtu = &conn->sender->mtu;
    unsigned path_mtu = mtu->claimed_bytes != 0 ? mtu->claimed_bytes : conn->path_mtu;
    fixture_stop(&f);
    return path_mtu;
}

static void test_too_big(void **state)
{
    (void)state;
    assert_int_equal(path_mtu_after("192.0.2.1", 1300, 1500), 1300);
    assert_int_equal(path_mtu_after("192.0.2.1", 9000, 1500), 1500);
    /* The high half of the field is not part of it (RFC 1191 4). */
    assert_int_equal(path_mtu_after("192.0.2.1", 0xffff0000 | 1400, 1500), 1400);
    assert_int_equal(path_mtu_after("2001:db8:ffff::1", 1300, 1460), 1300);
    assert_int_equal(path_mtu_after("2001:db8:ffff::1", 70000, 1460), 1500);
}

/* RFC 1191 5: routers that do not tell their MTU, and the table of 7.1. */
static void test_too_big_without_mtu(void **state)
{
    (void)state;
    assert_int_equal(path_mtu_after("192.0.2.1", 0, 1500), 1492);
    assert_int_equal(path_mtu_after("192.0.2.1", 0, 1492), 1006);
    assert_int_equal(path_mtu_after("192.0.2.1", 0, 2003), 1500);
    assert_true(path_mtu_after("192.0.2.1", 0, 100) <= 576);
}

/* RFC 8201 4 */
static void test_too_big_below_the_minimum(void **state)
{
    (void)state;
    assert_int_equal(path_mtu_after("2001:db8:ffff::1", 0, 1460), 1500);
    assert_int_equal(path_mtu_after("2001:db8:ffff::1", 1279, 1460), 1500);
    assert_int_equal(path_mtu_after("2001:db8:ffff::1", 1280, 1460), 1280);
}

static void assert_ignored(struct fixture *f, uint64_t id)
{
    struct te_status status;
    assert_int_equal(te_status(f->stack, id, &status), TE_OK);
    assert_int_equal(status.state, TE_SYN_SENT);
    assert_int_equal(status.soft_error, TE_OK);
}

/* A quote of what we did not send: another address, port or sequence number, or not TCP. */
static void test_forged_quotes(void **state)
{
    struct fixture f;
    (void)state;
    start_routed(&f);
    struct opening opening = open_behind(&f, "192.0.2.1");
    struct te_icmp icmp = {.type = TE_ICMP4_UNREACHABLE,
                           .code = TE_ICMP4_PORT_UNREACHABLE,
                           .body = opening.packet,
                           .body_len = opening.len};
    static const unsigned at[] = {9, 15, 19, 21, 23, 24, 27, 6};
    for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        opening.packet[at[i]] ^= 0x1f;
        input_icmp(&f, &to_v4, &icmp);
        opening.packet[at[i]] ^= 0x1f;
        assert_ignored(&f, opening.id);
    }
    for (size_t len = 0; len < 28; len++) {
        icmp.body_len = len;
        input_icmp(&f, &to_v4, &icmp);
        assert_ignored(&f, opening.id);
    }
    assert_int_equal(fixture_counters(&f)->icmp_bad_quote, 36);
    fixture_stop(&f);
}

static void test_errors_to_groups(void **state)
{
    struct ip_spec spec = to_v4;
    struct fixture f;
    (void)state;
    start_routed(&f);
    struct opening opening = open_behind(&f, "192.0.2.1");
    struct te_icmp icmp = {.type = TE_ICMP4_UNREACHABLE,
                           .code = TE_ICMP4_PORT_UNREACHABLE,
                           .body = opening.packet,
                           .body_len = opening.len};
    spec.to_mac = broadcast_mac;
    input_icmp(&f, &spec, &icmp);
    assert_ignored(&f, opening.id);
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo_as_linux),
        cmocka_unit_test(test_echo_waits_for_the_mac),
        cmocka_unit_test(test_large_echo_is_cut),
        cmocka_unit_test(test_echo_to_v4_groups_is_ignored),
        cmocka_unit_test(test_echo_to_v6_groups),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_errors_and_echo_replies_share_no_limit),
        cmocka_unit_test(test_udp_over_the_limit_is_not_summed),
        cmocka_unit_test(test_every_flipped_bit),
        cmocka_unit_test(test_short_messages),
        cmocka_unit_test(test_port_unreachable_as_linux),
        cmocka_unit_test(test_bad_udp_is_not_answered),
        cmocka_unit_test(test_checksum_verified_below),
        cmocka_unit_test(test_unknown_protocol),
        cmocka_unit_test(test_length_of_quotes),
        cmocka_unit_test(test_unknown_option),
        cmocka_unit_test(test_never_about),
        cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_meaning_of_ipv4_codes),
        cmocka_unit_test(test_meaning_of_ipv6_codes),
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_too_big_without_mtu),
        cmocka_unit_test(test_too_big_below_the_minimum),
        cmocka_unit_test(test_forged_quotes),
        cmocka_unit_test(test_errors_to_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The table that ip/ hands its packets, errors and resolutions to. A transport of this test stands
 * above ip/ here, and TCP hears of nothing: ip/ needs no more than the table. */
#include <string.h>

#include "ip/ip.h"
#include "ip/transport.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"
#include "util/bytes.h"

#define KEPT_MAX 8
#define PAYLOAD_MAX 2048

/* What the transport was given, copied: it is borrowed until return. */
static struct {
    unsigned packet_count, error_count, done_count;
    struct te_packet packets[KEPT_MAX];
    uint8_t payload[PAYLOAD_MAX], ip_header[64];
    struct te_icmp_error errors[KEPT_MAX];
    struct te_list *waiters[KEPT_MAX];
    bool was_ok[KEPT_MAX];
    bool was_in_list;
    /* What neighbour_done asks ip/ in turn. */
    const struct te_addr *ask_again;
    enum te_hop_state answer;
    uint8_t mac[6];
    bool sends_back;
} got;

static void on_input(struct te_stack *stack, const struct te_packet *packet)
{
    assert_true(got.packet_count < KEPT_MAX);
    assert_true(packet->payload_len <= PAYLOAD_MAX);
    assert_true(packet->ip_header_len <= sizeof(got.ip_header));
    got.packets[got.packet_count++] = *packet;
    memcpy(got.payload, packet->payload, packet->payload_len);
    memcpy(got.ip_header, packet->ip_header, packet->ip_header_len);
    if (got.sends_back)
        te_ip_send_packet(stack, &packet->destination, &packet->source, TE_PROTO_TCP,
                          packet->payload, packet->payload_len);
}

static void on_icmp_error(struct te_stack *stack, const struct te_icmp_error *error)
{
    (void)stack;
    assert_true(got.error_count < KEPT_MAX);
    got.errors[got.error_count++] = *error;
}

static void on_neighbour_done(struct te_stack *stack, struct te_list *waiter, bool ok)
{
    assert_true(got.done_count < KEPT_MAX);
    got.was_in_list |= !te_list_is_empty(waiter);
    got.was_ok[got.done_count] = ok;
    got.waiters[got.done_count++] = waiter;
    if (got.ask_again != NULL)
        got.answer = te_ip_resolve(stack, got.ask_again, NULL, got.mac);
}

static const struct te_transport transport = {on_input, on_icmp_error, on_neighbour_done};

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    memset(&got, 0, sizeof(got));
    fixture_init(&f);
    f.reborn = false; /* a restored stack has TCP's table again */
    fixture_start(&f);
    f.stack->transport = &transport;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(fixture_counters(&f)->segments_in, 0);
    assert_int_equal(fixture_counters(&f)->segments_out, 0);
    fixture_expect_none(&f);
    fixture_stop(&f);
    return 0;
}

static const struct ip_spec tcp4 = {.source = "10.0.0.2",
                                    .destination = "10.0.0.1",
                                    .protocol = TE_PROTO_TCP,
                                    .hop_limit = 63,
                                    .ecn = TE_ECN_ECT0};
static const struct ip_spec tcp6 = {.source = "2001:db8::2",
                                    .destination = "2001:db8::1",
                                    .protocol = TE_PROTO_TCP,
                                    .hop_limit = 7,
                                    .ecn = TE_ECN_CE};

static void fill(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 + 3);
}

/* --- packets ---------------------------------------------------------------------------------- */

static void check_packet(const struct ip_spec *spec, size_t header_len)
{
    uint8_t payload[100];
    const struct te_packet *packet = &got.packets[0];
    fill(payload, sizeof(payload));
    memset(&got, 0, sizeof(got));
    input_ip(&f, spec, payload, sizeof(payload));
    assert_int_equal(got.packet_count, 1);
    assert_addr(&packet->source, spec->source);
    assert_addr(&packet->destination, spec->destination);
    assert_int_equal(packet->protocol, TE_PROTO_TCP);
    assert_int_equal(packet->hop_limit, spec->hop_limit);
    assert_int_equal(packet->ecn, spec->ecn);
    assert_false(packet->is_broadcast);
    assert_false(packet->checksum_ok);
    assert_int_equal(packet->gso_size_bytes, 0);
    assert_int_equal(packet->payload_len, sizeof(payload));
    assert_memory_equal(got.payload, payload, sizeof(payload));
    assert_int_equal(packet->ip_header_len, header_len);
    assert_ptr_equal(packet->ip_header + header_len, packet->payload);
}

static void a_packet_comes_with_all_that_is_known_of_it(void **state)
{
    (void)state;
    check_packet(&tcp4, TE_IPV4_HEADER_LEN);
    check_packet(&tcp6, TE_IPV6_HEADER_LEN);
}

/* RFC 9293 MUST-57 is the transport's: it sees these, marked. */
static void a_packet_to_a_group_is_marked(void **state)
{
    static const char *const groups[] = {"10.0.0.255", "255.255.255.255", "224.0.0.1", "ff02::1"};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct ip_spec spec = i == 3 ? tcp6 : tcp4;
        spec.destination = groups[i];
        spec.to_mac = i < 2 ? broadcast_mac : NULL;
        input_ip(&f, &spec, "12345678901234567890", 20);
        assert_int_equal(got.packet_count, i + 1);
        assert_true(got.packets[i].is_broadcast);
    }
    /* By the link alone: the address is ours, the frame is everybody's. */
    struct ip_spec spec = tcp4;
    spec.to_mac = broadcast_mac;
    input_ip(&f, &spec, "12345678901234567890", 20);
    assert_true(got.packets[4].is_broadcast);
    /* By its address alone: the frame is ours. */
    spec.destination = "10.0.0.255";
    spec.to_mac = stack_mac;
    input_ip(&f, &spec, "12345678901234567890", 20);
    assert_int_equal(got.packet_count, 6);
    assert_true(got.packets[5].is_broadcast);
}

/* Fragments come as one packet, its header written anew. */
static void a_reassembled_packet_comes_once(void **state)
{
    uint8_t payload[64];
    struct ip_spec spec = tcp4;
    (void)state;
    fill(payload, sizeof(payload));
    spec.is_fragment = true;
    spec.id = 77;
    spec.offset_bytes = 24;
    input_ip(&f, &spec, payload + 24, sizeof(payload) - 24);
    assert_int_equal(got.packet_count, 0);
    spec.offset_bytes = 0;
    spec.more = true;
    input_ip(&f, &spec, payload, 24);
    assert_int_equal(got.packet_count, 1);
    assert_int_equal(got.packets[0].payload_len, sizeof(payload));
    assert_memory_equal(got.payload, payload, sizeof(payload));
    assert_int_equal(got.packets[0].ip_header_len, TE_IPV4_HEADER_LEN);
    assert_int_equal(te_load_be16(got.ip_header + 2), TE_IPV4_HEADER_LEN + sizeof(payload));
}

static void other_protocols_do_not_come(void **state)
{
    struct te_icmp echo = {.type = TE_ICMP4_ECHO_REPLY};
    struct ip_spec spec = tcp4;
    (void)state;
    input_icmp(&f, &spec, &echo);
    spec.protocol = TE_PROTO_UDP;
    input_ip(&f, &spec, "1234", 4);
    spec = tcp4;
    spec.destination = "10.0.0.9"; /* not ours */
    input_ip(&f, &spec, "12345678901234567890", 20);
    assert_int_equal(got.packet_count, 0);
    assert_int_equal(got.error_count, 0);
    assert_int_equal(fixture_counters(&f)->icmp_ignored, 1);
    assert_int_equal(fixture_counters(&f)->udp_malformed, 1);
    assert_int_equal(fixture_counters(&f)->ip_not_for_us, 1);
}

static void input_may_send_at_once(void **state)
{
    (void)state;
    got.sends_back = true;
    input_ip(&f, &tcp4, "12345678901234567890", 20);
    (void)expect_arp(&f, broadcast_mac);
    input_answer(&f, "10.0.0.2", peer_mac);
    struct sent_ip ip = expect_ip(&f);
    assert_addr(&ip.source, "10.0.0.1");
    assert_addr(&ip.destination, "10.0.0.2");
    assert_int_equal(ip.protocol, TE_PROTO_TCP);
    assert_int_equal(ip.payload_len, 20);
    assert_memory_equal(ip.payload, "12345678901234567890", 20);
}

/* --- ICMP errors ------------------------------------------------------------------------------ */

/* An error about a segment from source:80 to 10.0.0.2:4000 with that sequence number. */
static void input_error(const char *source, uint8_t type, uint8_t code, uint32_t rest)
{
    uint8_t quote[TE_IPV4_HEADER_LEN + 8];
    struct te_ipv4_header header = {.source = fixture_addr(source),
                                    .destination = fixture_addr("10.0.0.2"),
                                    .payload_len = 1460,
                                    .hop_limit = 60,
                                    .protocol = TE_PROTO_TCP};
    te_ipv4_emit(&header, quote);
    te_store_be16(quote + TE_IPV4_HEADER_LEN, 80);
    te_store_be16(quote + TE_IPV4_HEADER_LEN + 2, 4000);
    te_store_be32(quote + TE_IPV4_HEADER_LEN + 4, 0x89abcdef);
    struct te_icmp icmp = {
        .type = type, .code = code, .rest = rest, .body = quote, .body_len = sizeof(quote)};
    struct ip_spec spec = {.source = "10.0.0.254", .destination = "10.0.0.1"};
    input_icmp(&f, &spec, &icmp);
}

static void an_error_comes_with_the_segment_that_it_quotes(void **state)
{
    (void)state;
    input_error("10.0.0.1", TE_ICMP4_UNREACHABLE, TE_ICMP4_PORT_UNREACHABLE, 0);
    assert_int_equal(got.error_count, 1);
    assert_addr(&got.errors[0].local.addr, "10.0.0.1");
    assert_int_equal(got.errors[0].local.port, 80);
    assert_addr(&got.errors[0].remote.addr, "10.0.0.2");
    assert_int_equal(got.errors[0].remote.port, 4000);
    assert_int_equal(got.errors[0].seq, 0x89abcdef);
    assert_int_equal(got.errors[0].error, TE_ERR_PORT_UNREACHABLE);
    assert_int_equal(got.errors[0].mtu_bytes, 0);
}

static void too_big_comes_with_an_mtu(void **state)
{
    (void)state;
    input_error("10.0.0.1", TE_ICMP4_UNREACHABLE, TE_ICMP4_FRAGMENTATION_NEEDED, 1400);
    input_error("10.0.0.1", TE_ICMP4_UNREACHABLE, TE_ICMP4_FRAGMENTATION_NEEDED, 0);
    assert_int_equal(got.error_count, 2);
    assert_int_equal(got.errors[0].error, TE_OK);
    assert_int_equal(got.errors[0].mtu_bytes, 1400);
    /* RFC 1191 7.1: the plateau below the 1,480 bytes of the quoted packet. */
    assert_int_equal(got.errors[1].error, TE_OK);
    assert_int_equal(got.errors[1].mtu_bytes, 1006);
    assert_int_equal(f.stack->pmtus.count, 0); /* whether to believe it is not ip/'s to say */
}

static void errors_about_others_do_not_come(void **state)
{
    (void)state;
    input_error("10.0.0.9", TE_ICMP4_UNREACHABLE, TE_ICMP4_PORT_UNREACHABLE, 0);
    assert_int_equal(fixture_counters(&f)->icmp_bad_quote, 1);
    input_error("10.0.0.1", TE_ICMP4_SOURCE_QUENCH, 0, 0); /* RFC 6633 3 */
    input_error("10.0.0.1", TE_ICMP4_REDIRECT, 0, 0);
    assert_int_equal(fixture_counters(&f)->icmp_ignored, 2);
    assert_int_equal(got.error_count, 0);
}

/* --- neighbours ------------------------------------------------------------------------------- */

static struct te_list waiters[3];
static struct te_addr peer;

static void wait_for_peer(const char *addr)
{
    uint8_t mac[6];
    peer = fixture_addr(addr);
    for (unsigned i = 0; i < 3; i++) {
        te_list_init(&waiters[i]);
        assert_int_equal(te_ip_resolve(f.stack, &peer, &waiters[i], mac), TE_HOP_PENDING);
        assert_false(te_list_is_empty(&waiters[i]));
    }
    fixture_poll(&f);
    fixture_discard(&f);
}

/* In the order in which they came, each unlinked before it is told. */
static void waiters_hear_of_the_answer(void **state)
{
    (void)state;
    wait_for_peer("10.0.0.2");
    got.ask_again = &peer;
    input_answer(&f, "10.0.0.2", peer_mac);
    assert_int_equal(got.done_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_ptr_equal(got.waiters[i], &waiters[i]);
        assert_true(got.was_ok[i]);
    }
    assert_false(got.was_in_list);
    assert_int_equal(got.answer, TE_HOP_READY); /* it may ask again, and knows */
    assert_mac(got.mac, peer_mac);
}

/* RFC 4861 7.2.2: three questions, a second apart. */
static void waiters_hear_of_the_failure(void **state)
{
    (void)state;
    wait_for_peer("2001:db8::2");
    got.ask_again = &peer;
    fixture_advance(&f, 3 * SECOND - 1);
    assert_int_equal(got.done_count, 0);
    fixture_advance(&f, 1);
    fixture_discard(&f);
    assert_int_equal(got.done_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_ptr_equal(got.waiters[i], &waiters[i]);
        assert_false(got.was_ok[i]);
    }
    assert_false(got.was_in_list);
    assert_int_equal(got.answer, TE_HOP_FAILED); /* no new question out of this */
}

static void who_has_left_hears_nothing(void **state)
{
    (void)state;
    wait_for_peer("10.0.0.2");
    te_list_remove(&waiters[1]);
    input_answer(&f, "10.0.0.2", peer_mac);
    assert_int_equal(got.done_count, 2);
    assert_ptr_equal(got.waiters[0], &waiters[0]);
    assert_ptr_equal(got.waiters[1], &waiters[2]);
}

/* A stack that ends forgets its waiters, and tells nobody (ip/neighbour.h). */
static void the_end_of_the_stack_is_silent(void **state)
{
    (void)state;
    wait_for_peer("10.0.0.2");
    te_ip_done(f.stack);
    assert_int_equal(got.done_count, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_true(te_list_is_empty(&waiters[i]));
}

#define TRANSPORT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRANSPORT_TEST(a_packet_comes_with_all_that_is_known_of_it),
        TRANSPORT_TEST(a_packet_to_a_group_is_marked),
        TRANSPORT_TEST(a_reassembled_packet_comes_once),
        TRANSPORT_TEST(other_protocols_do_not_come),
        TRANSPORT_TEST(input_may_send_at_once),
        TRANSPORT_TEST(an_error_comes_with_the_segment_that_it_quotes),
        TRANSPORT_TEST(too_big_comes_with_an_mtu),
        TRANSPORT_TEST(errors_about_others_do_not_come),
        TRANSPORT_TEST(waiters_hear_of_the_answer),
        TRANSPORT_TEST(waiters_hear_of_the_failure),
        TRANSPORT_TEST(who_has_left_hears_nothing),
        TRANSPORT_TEST(the_end_of_the_stack_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whatever ip/ discards is one drop, with its reason. */
#include <string.h>

#include "ip/control_queue.h"
#include "ip/ip.h"
#include "ip/neighbour.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "support/test.h"

static const struct ip_spec to_v4 = {.source = "10.0.0.2", .destination = "10.0.0.1"};
static const struct ip_spec to_v6 = {.source = "2001:db8::2", .destination = "2001:db8::1"};

static unsigned seen; /* drops that expect_drop has looked at */

static void start(struct fixture *f)
{
    seen = 0;
    fixture_start(f);
}

static unsigned copy(const struct fixture *f, struct te_dropped *ret_drops)
{
    unsigned count = 0;
    assert_int_equal(te_drops(f->stack, 0, ret_drops, &count), TE_OK);
    return count;
}

/* There is one more drop, with that reason. */
static struct te_dropped expect_drop(const struct fixture *f, enum te_drop_reason reason)
{
    struct te_dropped drops[TE_DROPS_MAX];
    unsigned count = copy(f, drops);
    if (count != seen + 1)
        fail_msg("%u drops, not %u; wanted %s", count, seen + 1, te_drop_name(reason));
    assert_string_equal(te_drop_name(drops[seen].reason), te_drop_name(reason));
    assert_false(drops[seen].has_segment);
    assert_int_equal(drops[seen].id, 0);
    seen = count;
    return drops[count - 1];
}

static void expect_none(const struct fixture *f)
{
    struct te_dropped drops[TE_DROPS_MAX];
    assert_int_equal(copy(f, drops), seen);
}

/* --- the link --------------------------------------------------------------------------------- */

static void frames(void **state)
{
    struct fixture f;
    uint8_t frame[FRAME_MAX];
    struct ip_spec spec = to_v4;
    (void)state;
    fixture_init(&f);
    start(&f);
    size_t len = build_ip(&spec, "abcd", 4, frame);
    fixture_input(&f, frame, TE_ETH_HEADER_LEN - 1);
    expect_drop(&f, TE_DROP_ETH_MALFORMED);
    frame[12] = 0x88;
    fixture_input(&f, frame, len);
    expect_drop(&f, TE_DROP_ETH_UNKNOWN_TYPE);
    spec.mac = stack_mac;
    input_ip(&f, &spec, "abcd", 4);
    expect_drop(&f, TE_DROP_ETH_BAD_SOURCE);
    spec.mac = NULL;
    spec.to_mac = other_mac;
    input_ip(&f, &spec, "abcd", 4);
    assert_false(expect_drop(&f, TE_DROP_ETH_NOT_FOR_US).has_endpoints);
    fixture_stop(&f);
}

static void input_arp_of(struct fixture *f, const struct te_arp *arp, size_t cut)
{
    uint8_t frame[128];
    struct te_eth_header eth = {.type = TE_ETH_TYPE_ARP};
    memcpy(eth.destination, stack_mac, 6);
    memcpy(eth.source, peer_mac, 6);
    te_eth_emit(&eth, frame);
    te_arp_emit(arp, frame + TE_ETH_HEADER_LEN);
    fixture_input(f, frame, TE_ETH_HEADER_LEN + TE_ARP_LEN - cut);
}

static void arp(void **state)
{
    struct fixture f;
    struct te_arp own = {.operation = TE_ARP_REQUEST};
    (void)state;
    fixture_init(&f);
    start(&f);
    own.sender = fixture_addr("10.0.0.1");
    own.target = fixture_addr("10.0.0.2");
    memcpy(own.sender_mac, stack_mac, 6);
    input_arp_of(&f, &own, 0);
    expect_drop(&f, TE_DROP_ARP_LOOPED);
    input_arp_of(&f, &own, 1);
    expect_drop(&f, TE_DROP_ARP_MALFORMED);
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.9", NULL);
    struct te_dropped drop = expect_drop(&f, TE_DROP_ARP_NOT_FOR_US);
    assert_addr(&drop.local.addr, "10.0.0.9");
    assert_addr(&drop.remote.addr, "10.0.0.2");
    input_arp(&f, TE_ARP_REPLY, "10.0.0.2", "10.0.0.9", NULL);
    expect_drop(&f, TE_DROP_ARP_UNSOLICITED);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.2", "10.0.0.1", NULL);
    expect_drop(&f, TE_DROP_ARP_UNSOLICITED);
    assert_int_equal(fixture_counters(&f)->arp_ignored, 2);
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.1", NULL);
    expect_none(&f);
    fixture_stop(&f);
}

static void neighbour_discovery(void **state)
{
    struct fixture f;
    struct te_nd ask = {.type = TE_ND_SOLICIT, .has_mac = true};
    struct te_icmp far = {.type = TE_ND_SOLICIT};
    (void)state;
    fixture_init(&f);
    start(&f);
    memcpy(ask.mac, peer_mac, 6);
    ask.target = fixture_addr("2001:db8::9");
    input_nd(&f, "2001:db8::2", "2001:db8::1", &ask);
    expect_drop(&f, TE_DROP_ND_NOT_FOR_US);
    input_icmp(&f, &to_v6, &far); /* hop limit 64 */
    expect_drop(&f, TE_DROP_ND_MALFORMED);
    struct te_nd claim = claim_of_other("2001:db8::9");
    input_nd(&f, "2001:db8::9", "ff02::1", &claim);
    struct te_dropped drop = expect_drop(&f, TE_DROP_ARP_UNSOLICITED);
    assert_addr(&drop.remote.addr, "2001:db8::9");
    ask.target = fixture_addr("2001:db8::1");
    input_nd(&f, "2001:db8::2", "2001:db8::1", &ask);
    expect_none(&f);
    fixture_stop(&f);
}

static void a_question_about_an_address_that_is_probed(void **state)
{
    struct fixture f;
    struct te_nd ask = {.type = TE_ND_SOLICIT, .has_mac = true};
    (void)state;
    fixture_init(&f);
    f.config.dad = true;
    f.config.optimistic_dad = false;
    start(&f);
    memcpy(ask.mac, peer_mac, 6);
    ask.target = fixture_addr("2001:db8::1");
    input_nd(&f, "2001:db8::2", "ff02::1:ff00:1", &ask);
    expect_drop(&f, TE_DROP_ND_NOT_READY);
    assert_int_equal(fixture_counters(&f)->nd_ignored, 1);
    fixture_stop(&f);
}

/* --- IP --------------------------------------------------------------------------------------- */

static void packets(void **state)
{
    struct fixture f;
    uint8_t frame[FRAME_MAX];
    struct ip_spec spec = to_v4;
    (void)state;
    fixture_init(&f);
    start(&f);
    size_t len = build_ip(&spec, "abcd", 4, frame);
    frame[TE_ETH_HEADER_LEN + 10] ^= 1; /* its checksum */
    fixture_input(&f, frame, len);
    expect_drop(&f, TE_DROP_IP_MALFORMED);
    build_ip(&to_v6, "abcd", 4, frame);
    fixture_input(&f, frame, TE_ETH_HEADER_LEN + TE_IPV6_HEADER_LEN - 1);
    expect_drop(&f, TE_DROP_IP_MALFORMED);
    spec.protocol = 200;
    input_ip(&f, &spec, "abcd", 4);
    struct te_dropped drop = expect_drop(&f, TE_DROP_IP_UNKNOWN_PROTOCOL);
    assert_addr(&drop.local.addr, "10.0.0.1");
    assert_addr(&drop.remote.addr, "10.0.0.2");
    assert_int_equal(drop.local.port, 0);
    spec.destination = "10.0.0.9";
    spec.to_mac = stack_mac;
    input_ip(&f, &spec, "abcd", 4);
    expect_drop(&f, TE_DROP_IP_NOT_FOR_US);
    spec.destination = "10.0.0.1";
    spec.source = "127.0.0.1";
    input_ip(&f, &spec, "abcd", 4);
    expect_drop(&f, TE_DROP_IP_BAD_SOURCE);
    fixture_stop(&f);
}

static void ipv6_headers(void **state)
{
    struct fixture f;
    uint8_t chain[8 * 40];
    struct ip_spec spec = to_v6;
    (void)state;
    fixture_init(&f);
    start(&f);
    spec.protocol = 200;
    input_ip(&f, &spec, "abcd", 4);
    expect_drop(&f, TE_DROP_IP_UNKNOWN_PROTOCOL);
    spec.protocol = TE_PROTO_NONE;
    input_ip(&f, &spec, "abcd", 4);
    expect_drop(&f, TE_DROP_IP6_NO_NEXT_HEADER);
    assert_int_equal(fixture_counters(&f)->ip6_no_next_header, 1);
    for (size_t i = 0; i < sizeof(chain); i += 8) /* destination options: one PadN of 6 bytes */
        memcpy(chain + i, (uint8_t[8]){60, 0, 1, 4}, 8);
    spec.protocol = 60;
    input_ip(&f, &spec, chain, sizeof(chain));
    expect_drop(&f, TE_DROP_IP6_EXTENSION_LIMIT);
    fixture_stop(&f);
}

static void udp(void **state)
{
    struct fixture f;
    const uint8_t datagram[8] = {0, 53, 0, 53, 0, 8, 0, 0};
    struct ip_spec spec = to_v4;
    (void)state;
    fixture_init(&f);
    start(&f);
    spec.protocol = TE_PROTO_UDP;
    input_ip(&f, &spec, datagram, 7);
    expect_drop(&f, TE_DROP_UDP_MALFORMED);
    input_ip(&f, &spec, datagram, 8);
    expect_drop(&f, TE_DROP_UDP_NO_PORT);
    fixture_stop(&f);
}

/* --- fragments -------------------------------------------------------------------------------- */

static void input_part(struct fixture *f, uint32_t id, uint16_t offset, size_t len, uint8_t ecn)
{
    static const uint8_t bytes[64];
    struct ip_spec spec = to_v4;
    spec.protocol = 200;
    spec.is_fragment = spec.more = true;
    spec.id = id;
    spec.offset_bytes = offset;
    spec.ecn = ecn;
    input_ip(f, &spec, bytes, len);
}

static void fragments(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.reassembly_max = 2;
    start(&f);
    input_part(&f, 1, 0, 9, 0);
    expect_drop(&f, TE_DROP_REASSEMBLY_MALFORMED);
    input_part(&f, 1, 0, 16, 0);
    expect_none(&f);
    input_part(&f, 1, 0, 16, 0);
    expect_drop(&f, TE_DROP_REASSEMBLY_DUPLICATE);
    assert_int_equal(fixture_counters(&f)->reassembly_duplicate, 1);
    input_part(&f, 1, 8, 16, 0);
    expect_drop(&f, TE_DROP_REASSEMBLY_OVERLAP);
    input_part(&f, 1, 32, 16, 0);
    expect_drop(&f, TE_DROP_REASSEMBLY_DEAD);
    input_part(&f, 2, 0, 16, TE_ECN_NOT_ECT);
    input_part(&f, 2, 16, 16, TE_ECN_CE);
    expect_drop(&f, TE_DROP_REASSEMBLY_BAD_ECN);
    input_part(&f, 3, 0, 16, 0); /* takes the place of the first, of which nothing is left */
    input_part(&f, 3, 16, 16, 0);
    input_part(&f, 4, 0, 16, 0); /* of the second: the same */
    expect_none(&f);
    input_part(&f, 5, 0, 16, 0);
    struct te_dropped drop = expect_drop(&f, TE_DROP_REASSEMBLY_LIMIT);
    assert_int_equal(fixture_counters(&f)->reassembly_limit, 2);
    assert_addr(&drop.remote.addr, "10.0.0.2");
    fixture_stop(&f);
}

static void a_datagram_that_is_never_whole(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    start(&f);
    input_part(&f, 1, 8, 16, 0);
    fixture_advance(&f, te_reassembly_timeout_us(0));
    expect_drop(&f, TE_DROP_REASSEMBLY_TIMEOUT);
    input_part(&f, 2, 8, 16, 0);
    f.heap.allocations_left = 0;
    input_part(&f, 2, 24, 16, 0);
    expect_drop(&f, TE_DROP_REASSEMBLY_LIMIT);
    fixture_stop(&f);
}

/* --- ICMP ------------------------------------------------------------------------------------- */

static void icmp(void **state)
{
    struct fixture f;
    struct ip_spec spec = to_v4;
    struct te_icmp timestamp = {.type = 13}, redirect = {.type = 5}, unreachable = {.type = 3};
    struct te_icmp echo = {.type = TE_ICMP4_ECHO_REQUEST};
    (void)state;
    fixture_init(&f);
    f.config.icmp_per_second = f.config.icmp_echo_per_second = 0;
    start(&f);
    spec.protocol = TE_PROTO_ICMP;
    input_ip(&f, &spec, "\x08\0\0\0\0\0\0\0", 8); /* its checksum is not 0 */
    expect_drop(&f, TE_DROP_ICMP_MALFORMED);
    input_icmp(&f, &to_v4, &timestamp);
    expect_drop(&f, TE_DROP_ICMP_UNKNOWN);
    input_icmp(&f, &to_v4, &redirect);
    expect_drop(&f, TE_DROP_ICMP_MEANINGLESS);
    input_icmp(&f, &to_v4, &unreachable);
    expect_drop(&f, TE_DROP_ICMP_BAD_QUOTE);
    input_icmp(&f, &to_v4, &echo);
    expect_drop(&f, TE_DROP_ICMP_ECHO_LIMITED);
    spec.destination = "10.0.0.255";
    input_icmp(&f, &spec, &echo);
    expect_drop(&f, TE_DROP_ICMP_ECHO_GROUP);
    assert_int_equal(fixture_counters(&f)->icmp_echo_group, 1);
    fixture_stop(&f);
}

/* --- output ----------------------------------------------------------------------------------- */

static void send_to(struct fixture *f, const char *destination, size_t len)
{
    static const uint8_t bytes[65536];
    struct te_addr to = fixture_addr(destination);
    struct te_addr from = fixture_addr(te_addr_is_v4(&to) ? "10.0.0.1" : "2001:db8::1");
    te_ip_send_packet(f->stack, &from, &to, 200, bytes, len);
}

static void output(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.control_queue_max = 16;
    start(&f);
    send_to(&f, "192.0.2.1", 8);
    struct te_dropped drop = expect_drop(&f, TE_DROP_IP_NO_ROUTE);
    assert_addr(&drop.local.addr, "10.0.0.1");
    assert_addr(&drop.remote.addr, "192.0.2.1");
    send_to(&f, "2001:db8::2", 65530);
    expect_drop(&f, TE_DROP_IP_TOO_LONG);
    send_to(&f, "10.0.0.2", 60000); /* in more fragments than the queue holds */
    expect_drop(&f, TE_DROP_CONTROL_QUEUE_FULL);
    f.heap.allocations_left = 0;
    send_to(&f, "10.0.0.2", 8);
    expect_drop(&f, TE_DROP_CONTROL_NO_MEMORY);
    f.heap.allocations_left = -1;
    assert_int_equal(fixture_counters(&f)->control_queue_full, 1);
    fixture_stop(&f);
}

#define WAITING 9 /* one more than half of the control queue may wait */

static void a_neighbour_that_does_not_answer(void **state)
{
    struct fixture f;
    struct te_dropped drops[TE_DROPS_MAX];
    (void)state;
    fixture_init(&f);
    f.config.control_queue_max = 16;
    start(&f);
    for (unsigned i = 0; i < WAITING; i++)
        send_to(&f, "10.0.0.7", 8);
    expect_none(&f);
    send_to(&f, "10.0.0.7", 8);
    expect_drop(&f, TE_DROP_NEIGHBOUR_QUEUE_FULL);
    fixture_advance(&f, 3 * SECOND);
    assert_int_equal(copy(&f, drops), seen + WAITING);
    for (unsigned i = seen; i < seen + WAITING; i++)
        assert_int_equal(drops[i].reason, TE_DROP_NEIGHBOUR_FAILED);
    seen += WAITING;
    send_to(&f, "10.0.0.7", 8); /* it failed a moment ago */
    expect_drop(&f, TE_DROP_NEIGHBOUR_FAILED);
    assert_int_equal(fixture_counters(&f)->neighbour_frames_dropped, WAITING + 1);
    assert_int_equal(fixture_counters(&f)->neighbour_failed, 1);
    fixture_stop(&f);
}

static void too_many_wait_for_one_neighbour(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    start(&f);
    for (unsigned i = 0; i < TE_NEIGHBOUR_FRAMES_MAX; i++)
        send_to(&f, "10.0.0.7", 8);
    expect_none(&f);
    send_to(&f, "10.0.0.7", 8);
    expect_drop(&f, TE_DROP_NEIGHBOUR_QUEUE_FULL);
    assert_int_equal(fixture_counters(&f)->control_queue_full, 1);
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames),
        cmocka_unit_test(arp),
        cmocka_unit_test(neighbour_discovery),
        cmocka_unit_test(a_question_about_an_address_that_is_probed),
        cmocka_unit_test(packets),
        cmocka_unit_test(ipv6_headers),
        cmocka_unit_test(udp),
        cmocka_unit_test(fragments),
        cmocka_unit_test(a_datagram_that_is_never_whole),
        cmocka_unit_test(icmp),
        cmocka_unit_test(output),
        cmocka_unit_test(a_neighbour_that_does_not_answer),
        cmocka_unit_test(too_many_wait_for_one_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What goes out and comes in as ARP; the states behind it are local_test.c's and
 * neighbour_test.c's.
 */
#include <string.h>

#include "ip/arp.h"
#include "ip/ip.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"

static const uint8_t no_mac[6];

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
    fixture_expect_none(&f);
    fixture_stop(&f);
    return 0;
}

static void assert_question(const struct te_arp *arp, const char *sender, const char *target)
{
    assert_int_equal(arp->operation, TE_ARP_REQUEST);
    assert_addr(&arp->sender, sender);
    assert_addr(&arp->target, target);
    assert_mac(arp->sender_mac, stack_mac);
    assert_mac(arp->target_mac, no_mac);
}

/* --- out -------------------------------------------------------------------------------------- */

static void a_question_to_everybody(void **state)
{
    struct te_addr source = fixture_addr("10.0.0.1"), target = fixture_addr("10.0.0.9");
    (void)state;
    te_arp_ask(f.stack, &source, &target, NULL);
    fixture_poll(&f);
    struct te_arp arp = expect_arp(&f, broadcast_mac);
    assert_question(&arp, "10.0.0.1", "10.0.0.9");
    assert_int_equal(fixture_counters(&f)->arp_out, 2); /* one announcement at birth */
}

static void a_question_to_one_station(void **state)
{
    struct te_addr source = fixture_addr("10.0.0.1"), target = fixture_addr("10.0.0.2");
    (void)state;
    te_arp_ask(f.stack, &source, &target, peer_mac);
    fixture_poll(&f);
    struct te_arp arp = expect_arp(&f, peer_mac);
    assert_question(&arp, "10.0.0.1", "10.0.0.2");
}

/* RFC 5227 2.1.1: an all-zero sender, so that no cache on the link learns anything from it. */
static void a_probe_claims_nothing(void **state)
{
    struct te_addr addr = fixture_addr("10.0.0.7");
    (void)state;
    te_arp_probe(f.stack, &addr);
    fixture_poll(&f);
    struct te_arp arp = expect_arp(&f, broadcast_mac);
    assert_question(&arp, "0.0.0.0", "10.0.0.7");
}

/* RFC 5227 2.3: like the probe, with our address as the sender's too. */
static void an_announcement_names_the_address_twice(void **state)
{
    struct te_addr addr = fixture_addr("10.0.0.1");
    (void)state;
    te_arp_announce(f.stack, &addr);
    fixture_poll(&f);
    struct te_arp arp = expect_arp(&f, broadcast_mac);
    assert_question(&arp, "10.0.0.1", "10.0.0.1");
}

static void without_memory_nothing_is_sent(void **state)
{
    struct te_addr addr = fixture_addr("10.0.0.1");
    uint64_t out = fixture_counters(&f)->arp_out;
    (void)state;
    f.heap.allocations_left = 0;
    te_arp_announce(f.stack, &addr);
    f.heap.allocations_left = -1;
    fixture_poll(&f);
    assert_int_equal(fixture_counters(&f)->arp_out, out);
    assert_int_equal(fixture_counters(&f)->control_no_memory, 1);
}

/* --- in --------------------------------------------------------------------------------------- */

static void a_question_for_us_is_answered(void **state)
{
    (void)state;
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.1", NULL);
    struct te_arp arp = expect_arp(&f, peer_mac);
    assert_int_equal(arp.operation, TE_ARP_REPLY);
    assert_addr(&arp.sender, "10.0.0.1");
    assert_mac(arp.sender_mac, stack_mac);
    assert_addr(&arp.target, "10.0.0.2");
    assert_mac(arp.target_mac, peer_mac);
    assert_int_equal(fixture_counters(&f)->arp_in, 1);
    struct te_addr asker = fixture_addr("10.0.0.2");
    assert_int_equal(f.stack->neighbours.count, 1); /* who asks for us is learned (RFC 826) */
    assert_mac(te_neighbour_find(f.stack, &asker)->mac, peer_mac);
}

/* A station that probes our address hears that it is taken; it has no address to be learned. */
static void a_probe_for_us_is_answered(void **state)
{
    (void)state;
    input_arp(&f, TE_ARP_REQUEST, "0.0.0.0", "10.0.0.1", other_mac);
    struct te_arp arp = expect_arp(&f, other_mac);
    assert_int_equal(arp.operation, TE_ARP_REPLY);
    assert_addr(&arp.sender, "10.0.0.1");
    assert_addr(&arp.target, "0.0.0.0");
    assert_mac(arp.target_mac, other_mac);
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 0);
}

static void a_question_for_others_is_not(void **state)
{
    (void)state;
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.9", NULL);
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.2", NULL); /* an announcement */
    input_arp(&f, TE_ARP_REQUEST, "0.0.0.0", "10.0.0.9", NULL);
    assert_int_equal(fixture_counters(&f)->arp_ignored, 3);
    assert_int_equal(fixture_counters(&f)->arp_in, 3);
}

static void a_reply_resolves_whom_we_asked_for(void **state)
{
    uint8_t mac[6];
    struct te_addr asked = fixture_addr("10.0.0.2");
    (void)state;
    assert_int_equal(te_ip_resolve(f.stack, &asked, NULL, mac), TE_HOP_PENDING);
    fixture_poll(&f);
    (void)expect_arp(&f, broadcast_mac);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.3", "10.0.0.1", other_mac); /* about another one */
    assert_int_equal(te_ip_resolve(f.stack, &asked, NULL, mac), TE_HOP_PENDING);
    assert_int_equal(fixture_counters(&f)->arp_unsolicited, 1);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.2", "10.0.0.1", peer_mac);
    assert_int_equal(te_ip_resolve(f.stack, &asked, NULL, mac), TE_HOP_READY);
    assert_mac(mac, peer_mac);
}

static void a_reply_to_others_is_not_believed(void **state)
{
    uint8_t mac[6];
    struct te_addr asked = fixture_addr("10.0.0.2");
    (void)state;
    assert_int_equal(te_ip_resolve(f.stack, &asked, NULL, mac), TE_HOP_PENDING);
    fixture_poll(&f);
    (void)expect_arp(&f, broadcast_mac);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.2", "10.0.0.9", peer_mac);
    assert_int_equal(te_ip_resolve(f.stack, &asked, NULL, mac), TE_HOP_PENDING);
    assert_int_equal(fixture_counters(&f)->arp_unsolicited, 1);
}

/* RFC 5227 2.4: whatever its operation, a packet with our address as the sender's is a conflict. It
 * is defended by an announcement, and its question is not answered. */
static void a_packet_from_our_address_is_a_claim(void **state)
{
    static const uint16_t operations[] = {TE_ARP_REQUEST, TE_ARP_REPLY};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        input_arp(&f, operations[i], "10.0.0.1", "10.0.0.1", other_mac);
        struct te_arp arp = expect_arp(&f, broadcast_mac);
        assert_question(&arp, "10.0.0.1", "10.0.0.1");
        assert_int_equal(fixture_counters(&f)->dad_conflicts, i + 1);
        fixture_advance(&f, 10 * SECOND);
    }
    assert_int_equal(fixture_counters(&f)->arp_ignored, 0);
}

/* RFC 5227 2.4: only a packet from another hardware address is a conflict. */
static void our_own_packet_come_back_is_no_claim(void **state)
{
    struct te_eth_header eth = {.type = TE_ETH_TYPE_ARP};
    struct te_arp arp = {.operation = TE_ARP_REQUEST,
                         .sender = fixture_addr("10.0.0.1"),
                         .target = fixture_addr("10.0.0.1")};
    uint8_t frame[TE_ETH_HEADER_LEN + TE_ARP_LEN];
    (void)state;
    memcpy(eth.source, other_mac, 6); /* what passed it on has a MAC of its own */
    memcpy(eth.destination, broadcast_mac, 6);
    memcpy(arp.sender_mac, stack_mac, 6);
    te_eth_emit(&eth, frame);
    te_arp_emit(&arp, frame + TE_ETH_HEADER_LEN);
    fixture_input(&f, frame, sizeof(frame));
    assert_int_equal(fixture_counters(&f)->arp_ignored, 1);
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 0);
}

static void what_is_cut_short_is_malformed(void **state)
{
    struct te_arp arp = {.operation = TE_ARP_REQUEST,
                         .sender = fixture_addr("10.0.0.2"),
                         .target = fixture_addr("10.0.0.1")};
    uint8_t packet[TE_ARP_LEN];
    (void)state;
    memcpy(arp.sender_mac, peer_mac, 6);
    te_arp_emit(&arp, packet);
    for (size_t len = 0; len < TE_ARP_LEN; len++)
        te_arp_input(f.stack, packet, len, false);
    fixture_poll(&f);
    assert_int_equal(fixture_counters(&f)->arp_malformed, TE_ARP_LEN);
    assert_int_equal(fixture_counters(&f)->arp_in, TE_ARP_LEN);
}

#define ARP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARP_TEST(a_question_to_everybody),
        ARP_TEST(a_question_to_one_station),
        ARP_TEST(a_probe_claims_nothing),
        ARP_TEST(an_announcement_names_the_address_twice),
        ARP_TEST(without_memory_nothing_is_sent),
        ARP_TEST(a_question_for_us_is_answered),
        ARP_TEST(a_probe_for_us_is_answered),
        ARP_TEST(a_question_for_others_is_not),
        ARP_TEST(a_reply_resolves_whom_we_asked_for),
        ARP_TEST(a_reply_to_others_is_not_believed),
        ARP_TEST(a_packet_from_our_address_is_a_claim),
        ARP_TEST(our_own_packet_come_back_is_no_claim),
        ARP_TEST(what_is_cut_short_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

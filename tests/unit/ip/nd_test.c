/* What goes out and comes in as Neighbour Discovery; the states behind it are local_test.c's and
 * neighbour_test.c's. */
#include <string.h>

#include "ip/ip.h"
#include "ip/nd.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"

#define OURS "2001:db8::1"
#define PEER "2001:db8::2"
#define OUR_GROUP "ff02::1:ff00:1"

static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
static const uint8_t peer_group_mac[6] = {0x33, 0x33, 0xff, 0, 0, 2};

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

static struct te_nd solicit(const char *target, bool has_mac)
{
    struct te_nd nd = {.type = TE_ND_SOLICIT, .has_mac = has_mac, .target = fixture_addr(target)};
    memcpy(nd.mac, peer_mac, 6);
    return nd;
}

static struct te_nd advertise(const char *target)
{
    struct te_nd nd = {.type = TE_ND_ADVERTISE,
                       .is_solicited = true,
                       .has_mac = true,
                       .target = fixture_addr(target)};
    memcpy(nd.mac, peer_mac, 6);
    return nd;
}

/* A message that te_nd_input is to judge by its IP header alone. */
static void input_packet(const struct te_nd *nd, const struct te_packet *like, const uint8_t *mac)
{
    uint8_t message[TE_ND_LEN_MAX];
    struct te_packet packet = *like;
    packet.protocol = TE_PROTO_ICMPV6;
    packet.payload = message;
    packet.payload_len = te_nd_emit(nd, message);
    te_nd_input(f.stack, &packet, mac);
    fixture_poll(&f);
}

static struct te_packet packet_of(const char *source, const char *destination)
{
    return (struct te_packet){.source = fixture_addr(source),
                              .destination = fixture_addr(destination),
                              .is_broadcast = destination[0] == 'f' && destination[1] == 'f',
                              .hop_limit = 255};
}

/* --- groups ----------------------------------------------------------------------------------- */

/* RFC 4291 2.7.1, with its own example. */
static void solicited_node_groups(void **state)
{
    static const char *const rows[][2] = {
        {"4037::1:800:200e:8c6c", "ff02::1:ff0e:8c6c"},
        {"2001:db8::1", OUR_GROUP},
        {"fe80::ff:fe00:1", OUR_GROUP},
        {"2001:db8::ffff:ffff", "ff02::1:ffff:ffff"},
        {"2001:db8:1:2:3:4:0:0", "ff02::1:ff00:0"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_addr addr = fixture_addr(rows[i][0]);
        struct te_addr group = te_nd_group_of(&addr);
        assert_addr(&group, rows[i][1]);
    }
}

/* --- out -------------------------------------------------------------------------------------- */

static void a_question_goes_to_the_group(void **state)
{
    struct te_addr source = fixture_addr(OURS), target = fixture_addr(PEER);
    (void)state;
    te_nd_ask(f.stack, &source, &target, NULL);
    fixture_poll(&f);
    struct te_nd nd = expect_nd(&f, peer_group_mac, OURS, "ff02::1:ff00:2");
    assert_int_equal(nd.type, TE_ND_SOLICIT);
    assert_addr(&nd.target, PEER);
    assert_true(nd.has_mac); /* RFC 4861 4.3: MUST be included in multicast solicitations */
    assert_mac(nd.mac, stack_mac);
}

static void a_question_goes_to_one_station(void **state)
{
    struct te_addr source = fixture_addr(OURS), target = fixture_addr(PEER);
    (void)state;
    te_nd_ask(f.stack, &source, &target, peer_mac);
    fixture_poll(&f);
    struct te_nd nd = expect_nd(&f, peer_mac, OURS, PEER);
    assert_int_equal(nd.type, TE_ND_SOLICIT);
    assert_addr(&nd.target, PEER);
    assert_mac(nd.mac, stack_mac);
}

/* RFC 4861 4.3: no source link-layer address when the source is unspecified. */
static void a_probe_claims_nothing(void **state)
{
    struct te_addr addr = fixture_addr(PEER);
    (void)state;
    te_nd_probe(f.stack, &addr);
    fixture_poll(&f);
    struct te_nd nd = expect_nd(&f, peer_group_mac, "::", "ff02::1:ff00:2");
    assert_int_equal(nd.type, TE_ND_SOLICIT);
    assert_addr(&nd.target, PEER);
    assert_false(nd.has_mac);
}

/* RFC 4861 7.2.6: unsolicited, overriding, to all nodes; we are no router. */
static void an_announcement_goes_to_all_nodes(void **state)
{
    struct te_addr addr = fixture_addr(OURS);
    (void)state;
    te_nd_announce(f.stack, &addr);
    fixture_poll(&f);
    struct te_nd nd = expect_nd(&f, all_nodes_mac, OURS, "ff02::1");
    assert_int_equal(nd.type, TE_ND_ADVERTISE);
    assert_addr(&nd.target, OURS);
    assert_mac(nd.mac, stack_mac);
    assert_false(nd.is_solicited);
    assert_true(nd.is_override);
    assert_false(nd.is_router);
}

/* --- in --------------------------------------------------------------------------------------- */

static void expect_answer(const uint8_t *to_mac, const char *to)
{
    struct te_nd nd = expect_nd(&f, to_mac, OURS, to);
    assert_int_equal(nd.type, TE_ND_ADVERTISE);
    assert_addr(&nd.target, OURS);
    assert_true(nd.has_mac);
    assert_mac(nd.mac, stack_mac);
    assert_true(nd.is_solicited);
    assert_true(nd.is_override);
    assert_false(nd.is_router);
}

/* RFC 4861 7.2.4. The answer goes to the option's MAC, or without one to the frame's. */
static void a_question_for_us_is_answered(void **state)
{
    struct te_packet packet = packet_of(PEER, OUR_GROUP);
    (void)state;
    struct te_nd nd = solicit(OURS, true);
    input_packet(&nd, &packet, other_mac);
    expect_answer(peer_mac, PEER);
    nd = solicit(OURS, false);
    input_packet(&nd, &packet, other_mac);
    expect_answer(other_mac, PEER);
    assert_int_equal(fixture_counters(&f)->nd_in, 2);
    struct te_addr asker = fixture_addr(PEER);
    assert_int_equal(f.stack->neighbours.count, 1); /* learned from the option (RFC 4861 7.2.3) */
    assert_mac(te_neighbour_find(f.stack, &asker)->mac, peer_mac);
}

/* RFC 4862 5.4.3: a probe for a READY address is answered to all nodes. */
static void a_probe_for_us_is_answered(void **state)
{
    struct te_nd nd = solicit(OURS, false);
    struct te_packet packet = packet_of("::", OUR_GROUP);
    (void)state;
    input_packet(&nd, &packet, other_mac);
    nd = expect_nd(&f, all_nodes_mac, OURS, "ff02::1");
    assert_int_equal(nd.type, TE_ND_ADVERTISE);
    assert_false(nd.is_solicited);
    assert_true(nd.is_override);
}

/* A question tells its MAC only to those who are asking for it, and only by the option. */
static void a_question_resolves_whom_we_ask_for(void **state)
{
    uint8_t mac[6];
    struct te_addr peer = fixture_addr(PEER);
    struct te_packet packet = packet_of(PEER, OURS);
    (void)state;
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_PENDING);
    fixture_poll(&f);
    (void)expect_nd(&f, peer_group_mac, OURS, "ff02::1:ff00:2");
    struct te_nd nd = solicit(OURS, false);
    input_packet(&nd, &packet, other_mac);
    expect_answer(other_mac, PEER);
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_PENDING);
    nd = solicit(OURS, true);
    input_packet(&nd, &packet, other_mac);
    expect_answer(peer_mac, PEER);
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_READY);
    assert_mac(mac, peer_mac);
}

static void a_question_for_others_is_not_answered(void **state)
{
    struct te_nd nd = solicit("2001:db8::9", true);
    struct te_packet packet = packet_of(PEER, OUR_GROUP);
    (void)state;
    input_packet(&nd, &packet, peer_mac);
    assert_int_equal(fixture_counters(&f)->nd_ignored, 1);
}

/* An advertisement resolves the entry that asks, and nothing else. */
static void an_answer_resolves_whom_we_asked_for(void **state)
{
    uint8_t mac[6];
    struct te_addr peer = fixture_addr(PEER);
    struct te_packet packet = packet_of(PEER, OURS);
    (void)state;
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_PENDING);
    fixture_poll(&f);
    (void)expect_nd(&f, peer_group_mac, OURS, "ff02::1:ff00:2");
    struct te_nd nd = advertise("2001:db8::3");
    input_packet(&nd, &packet, peer_mac);
    nd = advertise(PEER);
    nd.has_mac = false; /* RFC 4861 7.2.5: no use without it */
    input_packet(&nd, &packet, peer_mac);
    assert_int_equal(fixture_counters(&f)->arp_unsolicited, 2);
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_PENDING);
    nd = advertise(PEER);
    input_packet(&nd, &packet, other_mac);
    assert_int_equal(te_neighbour_find(f.stack, &peer)->state, TE_NEIGHBOUR_REACHABLE);
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_READY);
    assert_mac(mac, peer_mac);
}

/* RFC 4861 7.1.1 and 7.1.2, RFC 6980 5: each of these makes the message invalid. */
static void what_does_not_fit_its_packet_is_malformed(void **state)
{
    struct te_nd question = solicit(OURS, true), probe = solicit(OURS, false);
    struct te_nd answer = advertise(PEER), probe_with_mac = solicit(OURS, true);
    const struct {
        const struct te_nd *nd;
        const char *source, *destination;
        uint8_t hop_limit;
        const uint8_t *mac;
    } rows[] = {
        {&question, PEER, OUR_GROUP, 254, peer_mac},        /* it came by a router */
        {&answer, PEER, OURS, 254, peer_mac},               /* */
        {&question, PEER, OUR_GROUP, 255, NULL},            /* in fragments */
        {&answer, PEER, OURS, 255, NULL},                   /* */
        {&probe_with_mac, "::", OUR_GROUP, 255, other_mac}, /* a probe with a MAC to learn */
        {&probe, "::", OURS, 255, other_mac},               /* a probe not to the group */
        {&probe, "::", "ff02::1", 255, other_mac},          /* */
        {&answer, "::", OURS, 255, peer_mac},               /* an answer from nobody */
        {&answer, PEER, "ff02::1", 255, peer_mac},          /* solicited, to everybody */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_packet packet = packet_of(rows[i].source, rows[i].destination);
        packet.hop_limit = rows[i].hop_limit;
        input_packet(rows[i].nd, &packet, rows[i].mac);
        if (fixture_counters(&f)->nd_malformed != i + 1 || fixture_next(&f) != NULL)
            fail_msg("row %u", i);
    }
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 0);
}

/* --- an address that is not ours yet ---------------------------------------------------------- */

static void start_tentative(bool is_optimistic)
{
    fixture_stop(&f);
    fixture_init(&f);
    f.config.dad = true;
    f.config.optimistic_dad = is_optimistic;
    fixture_start(&f);
    fixture_discard(&f);
}

static void a_question_while_tentative_waits(void **state)
{
    struct te_nd nd = solicit(OURS, true);
    struct te_packet packet = packet_of(PEER, OUR_GROUP);
    (void)state;
    start_tentative(false);
    input_packet(&nd, &packet, peer_mac);
    assert_int_equal(fixture_counters(&f)->nd_ignored, 1);
    start_tentative(true);
    input_packet(&nd, &packet, peer_mac);
    expect_answer(peer_mac, PEER);
}

static void an_answer_about_our_address_is_a_claim(void **state)
{
    struct te_nd nd = claim_of_other(OURS);
    struct te_packet packet = packet_of(OURS, "ff02::1");
    struct te_addr ours = fixture_addr(OURS);
    (void)state;
    start_tentative(false);
    input_packet(&nd, &packet, other_mac);
    assert_int_equal(te_local_find(f.stack, &ours)->state, TE_LOCAL_CONFLICT);
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 1);
}

/* What a repeater sends back has a new source MAC and says what we said: nobody else's address. */
static void our_own_message_come_back_is_no_claim(void **state)
{
    struct te_nd nd = claim_of_other(OURS);
    struct te_packet packet = packet_of(OURS, "ff02::1");
    struct te_addr ours = fixture_addr(OURS);
    (void)state;
    memcpy(nd.mac, stack_mac, 6);
    start_tentative(true);
    input_packet(&nd, &packet, other_mac);
    assert_int_equal(te_local_find(f.stack, &ours)->state, TE_LOCAL_TENTATIVE);
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 0);
    assert_int_equal(fixture_counters(&f)->eth_bad_source, 1);
}

#define ND_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ND_TEST(solicited_node_groups),
        ND_TEST(a_question_goes_to_the_group),
        ND_TEST(a_question_goes_to_one_station),
        ND_TEST(a_probe_claims_nothing),
        ND_TEST(an_announcement_goes_to_all_nodes),
        ND_TEST(a_question_for_us_is_answered),
        ND_TEST(a_probe_for_us_is_answered),
        ND_TEST(a_question_resolves_whom_we_ask_for),
        ND_TEST(a_question_for_others_is_not_answered),
        ND_TEST(an_answer_resolves_whom_we_asked_for),
        ND_TEST(what_does_not_fit_its_packet_is_malformed),
        ND_TEST(a_question_while_tentative_waits),
        ND_TEST(an_answer_about_our_address_is_a_claim),
        ND_TEST(our_own_message_come_back_is_no_claim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

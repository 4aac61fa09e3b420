#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "ip/local.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "support/test.h"
#include "units.h"

static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
static const uint8_t group_mac[6] = {0x33, 0x33, 0xff, 0, 0, 1};

static void only_v4(struct fixture *f)
{
    fixture_init(f);
    f->config.address_count = 1;
}

static void only_v6(struct fixture *f)
{
    fixture_init(f);
    f->config.addresses[0] = f->config.addresses[1];
    f->config.address_count = 1;
}

static enum te_local_state state_of(const struct fixture *f, const char *text)
{
    struct te_addr addr = fixture_addr(text);
    return te_local_find(f->stack, &addr)->state;
}

static bool is_local(const struct fixture *f, const char *text)
{
    struct te_addr addr = fixture_addr(text);
    return te_ip_is_local(f->stack, &addr);
}

/* --- birth ------------------------------------------------------------------------------------ */

static void test_ready_at_once_without_dad(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start_listening(&f);
    assert_true(te_stack_is_address_ready(f.stack));
    assert_true(is_local(&f, "10.0.0.1") && is_local(&f, "2001:db8::1"));
    struct te_arp arp = expect_arp(&f, broadcast_mac);
    assert_int_equal(arp.operation, TE_ARP_REQUEST);
    assert_addr(&arp.sender, "10.0.0.1");
    assert_addr(&arp.target, "10.0.0.1");
    struct te_nd nd = expect_nd(&f, all_nodes_mac, "2001:db8::1", "ff02::1");
    assert_int_equal(nd.type, TE_ND_ADVERTISE);
    assert_addr(&nd.target, "2001:db8::1");
    assert_true(nd.has_mac && nd.is_override && !nd.is_solicited);
    (void)expect_nd(&f, all_nodes_mac, "fe80::ff:fe00:1", "ff02::1");
    fixture_expect_none(&f);
    assert_int_equal(te_stack_next_timeout(f.stack), TE_NEVER);
    fixture_stop(&f);
}

static void test_link_local_is_derived(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    assert_int_equal(f.stack->locals.count, 3);
    assert_int_equal(f.stack->locals.configured_count, 2);
    assert_true(is_local(&f, "fe80::ff:fe00:1"));
    fixture_stop(&f);
    only_v4(&f);
    fixture_start(&f);
    assert_int_equal(f.stack->locals.count, 1);
    fixture_stop(&f);
    fixture_init(&f);
    f.config.addresses[2] = fixture_cidr("fe80::5/64");
    f.config.address_count = 3;
    fixture_start(&f);
    assert_int_equal(f.stack->locals.count, 3);
    assert_false(is_local(&f, "fe80::ff:fe00:1"));
    fixture_stop(&f);
}

static void test_full_table(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    for (unsigned i = 0; i < TE_LOCAL_ADDRESSES_MAX; i++) {
        f.config.addresses[i] = fixture_cidr("2001:db8::1/64");
        f.config.addresses[i].addr.bytes[15] = (uint8_t)(i + 1);
    }
    f.config.address_count = TE_LOCAL_ADDRESSES_MAX;
    fixture_start(&f);
    assert_int_equal(f.stack->locals.count, TE_LOCAL_ADDRESSES_MAX);
    for (unsigned i = 0; i < TE_LOCAL_ADDRESSES_MAX; i++) {
        const struct te_addr *addr = te_ip_local_at(f.stack, i);
        assert_int_equal(te_ip_local_index(f.stack, addr), i);
    }
    assert_null(te_ip_local_at(f.stack, TE_LOCAL_ADDRESSES_MAX));
    fixture_stop(&f);
}

static void test_index_of_others(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    struct te_addr other = fixture_addr("10.0.0.2");
    assert_int_equal(te_ip_local_index(f.stack, &other), -1);
    assert_null(te_ip_local_at(f.stack, 3));
    fixture_stop(&f);
}

/* --- probing ---------------------------------------------------------------------------------- */

/* RFC 5227 2.1.1: three probes within 1 s, then 1 to 2 s apart; 2 s of silence; two announcements.
 */
static void test_arp_probes(void **state)
{
    struct fixture f;
    int64_t sent_us[3];
    (void)state;
    only_v4(&f);
    f.config.dad = true;
    fixture_start_listening(&f);
    int64_t born_us = f.now_us;
    fixture_expect_none(&f);
    fixture_advance(&f, 20 * SECOND);
    for (unsigned i = 0; i < 3; i++) {
        sent_us[i] = f.frames[i].time_us;
        struct te_arp arp = expect_arp(&f, broadcast_mac);
        assert_int_equal(arp.operation, TE_ARP_REQUEST);
        assert_addr(&arp.sender, "0.0.0.0");
        assert_addr(&arp.target, "10.0.0.1");
    }
    assert_in_range((uint64_t)(sent_us[0] - born_us), 0, SECOND);
    assert_in_range((uint64_t)(sent_us[1] - sent_us[0]), SECOND, 2 * SECOND);
    assert_in_range((uint64_t)(sent_us[2] - sent_us[1]), SECOND, 2 * SECOND);
    assert_int_equal(f.frames[3].time_us, sent_us[2] + 2 * SECOND);
    assert_int_equal(f.frames[4].time_us, sent_us[2] + 4 * SECOND);
    for (unsigned i = 0; i < 2; i++) {
        struct te_arp arp = expect_arp(&f, broadcast_mac);
        assert_addr(&arp.sender, "10.0.0.1");
        assert_addr(&arp.target, "10.0.0.1");
    }
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_not_ours_while_tentative(void **state)
{
    struct fixture f;
    (void)state;
    only_v4(&f);
    f.config.dad = true;
    fixture_start(&f);
    assert_false(te_stack_is_address_ready(f.stack));
    assert_false(is_local(&f, "10.0.0.1"));
    assert_int_equal(state_of(&f, "10.0.0.1"), TE_LOCAL_TENTATIVE);
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.1", NULL);
    fixture_expect_none(&f);
    struct te_icmp echo = {.type = TE_ICMP4_ECHO_REQUEST};
    input_icmp(&f, &(struct ip_spec){.source = "10.0.0.2", .destination = "10.0.0.1"}, &echo);
    assert_int_equal(fixture_counters(&f)->ip_not_for_us, 1);
    fixture_expect_none(&f);
    fixture_advance(&f, 10 * SECOND);
    assert_true(te_stack_is_address_ready(f.stack));
    assert_true(is_local(&f, "10.0.0.1"));
    fixture_stop(&f);
}

/* RFC 4862 5.4: one solicitation within 1 s, ready 1 s later. */
static void test_nd_probe(void **state)
{
    struct fixture f;
    (void)state;
    only_v6(&f);
    f.config.dad = true;
    fixture_start_listening(&f);
    int64_t born_us = f.now_us;
    fixture_advance(&f, 10 * SECOND);
    /* The global address and the link-local one, in the order of chance. */
    assert_int_equal(f.frame_count, 6);
    unsigned probes = 0;
    for (unsigned i = 0; i < 6; i++) {
        struct sent_ip ip = expect_ip(&f);
        if (ip.payload[0] != TE_ND_SOLICIT)
            continue;
        probes++;
        assert_addr(&ip.source, "::");
        assert_int_equal(ip.payload_len, 24); /* without our MAC */
        assert_int_equal(ip.destination.bytes[0], 0xff);
        assert_in_range((uint64_t)(f.frames[i].time_us - born_us), 0, SECOND);
    }
    assert_int_equal(probes, 2);
    assert_true(is_local(&f, "2001:db8::1") && is_local(&f, "fe80::ff:fe00:1"));
    fixture_stop(&f);
}

static void expect_conflict(struct fixture *f, const char *addr)
{
    struct te_event event;
    assert_true(te_stack_next_event(f->stack, &event));
    assert_int_equal(event.kind, TE_EVENT_ADDRESS_CONFLICT);
    assert_addr(&event.local.addr, addr);
    assert_int_equal(event.time_us, f->now_us);
}

static void start_probing(struct fixture *f, bool is_v4)
{
    if (is_v4)
        only_v4(f);
    else
        only_v6(f);
    f->config.dad = true;
    fixture_start(f);
    fixture_advance(f, SECOND);
    fixture_discard(f);
}

static void assert_conflict(struct fixture *f, const char *addr)
{
    assert_int_equal(state_of(f, addr), TE_LOCAL_CONFLICT);
    assert_false(is_local(f, addr));
    assert_false(te_stack_is_address_ready(f->stack));
    assert_int_equal(fixture_counters(f)->dad_conflicts, 1);
    expect_conflict(f, addr);
}

static void test_reply_to_a_probe(void **state)
{
    struct fixture f;
    (void)state;
    start_probing(&f, true);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.1", "0.0.0.0", other_mac);
    assert_conflict(&f, "10.0.0.1");
    fixture_advance(&f, 5 * SECOND - 1);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_two_stations_that_probe(void **state)
{
    struct fixture f;
    (void)state;
    start_probing(&f, true);
    input_arp(&f, TE_ARP_REQUEST, "0.0.0.0", "10.0.0.1", other_mac);
    assert_conflict(&f, "10.0.0.1");
    fixture_stop(&f);
}

static void test_our_own_probe_come_back(void **state)
{
    struct fixture f;
    (void)state;
    start_probing(&f, true);
    input_arp(&f, TE_ARP_REQUEST, "0.0.0.0", "10.0.0.1", stack_mac);
    assert_int_equal(fixture_counters(&f)->eth_bad_source, 1);
    assert_int_equal(state_of(&f, "10.0.0.1"), TE_LOCAL_TENTATIVE);
    fixture_stop(&f);
}

static void test_a_conflict_is_tried_again(void **state)
{
    struct fixture f;
    (void)state;
    start_probing(&f, true);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.1", "0.0.0.0", other_mac);
    expect_conflict(&f, "10.0.0.1");
    fixture_advance(&f, 5 * SECOND - 1);
    assert_int_equal(state_of(&f, "10.0.0.1"), TE_LOCAL_CONFLICT);
    fixture_advance(&f, SECOND);
    assert_int_equal(state_of(&f, "10.0.0.1"), TE_LOCAL_TENTATIVE);
    struct te_arp arp = expect_arp(&f, broadcast_mac);
    assert_addr(&arp.sender, "0.0.0.0");
    fixture_advance(&f, 10 * SECOND);
    assert_true(is_local(&f, "10.0.0.1"));
    struct te_event event;
    assert_true(te_stack_next_event(f.stack, &event));
    assert_int_equal(event.kind, TE_EVENT_ADDRESS_READY);
    assert_addr(&event.local.addr, "10.0.0.1");
    fixture_stop(&f);
}

/* RFC 5227 2.1.1: after ten conflicts (MAX_CONFLICTS) once per minute, until nobody claims it. */
static void test_conflicts_are_tried_ever_less(void **state)
{
    struct te_addr addr = fixture_addr("10.0.0.1");
    struct fixture f;
    (void)state;
    start_probing(&f, true);
    for (unsigned i = 1; i <= 13; i++) {
        int64_t claimed_us = f.now_us;
        input_arp(&f, TE_ARP_REPLY, "10.0.0.1", "0.0.0.0", other_mac);
        struct te_local *local = te_local_find(f.stack, &addr);
        assert_int_equal(local->state, TE_LOCAL_CONFLICT);
        int64_t wait_us = local->step_at_us - claimed_us - (i < 10 ? 5 : 60) * SECOND;
        assert_in_range((uint64_t)wait_us, 0, SECOND - 1);
        fixture_advance(&f, local->step_at_us - f.now_us);
        assert_int_equal(state_of(&f, "10.0.0.1"), TE_LOCAL_TENTATIVE);
        fixture_discard(&f);
    }
    fixture_advance(&f, 20 * SECOND);
    assert_int_equal(state_of(&f, "10.0.0.1"), TE_LOCAL_READY);
    assert_int_equal(te_local_find(f.stack, &addr)->conflicts, 0);
    fixture_stop(&f);
}

/* When a station with that key, conflicting now, tries again. */
static int64_t retry_of(uint8_t key)
{
    struct te_address_info info;
    struct fixture f;
    fixture_init(&f);
    f.config.dad = true;
    memset(f.config.secret, key, sizeof(f.config.secret));
    fixture_start(&f);
    fixture_advance(&f, SECOND);
    input_arp(&f, TE_ARP_REQUEST, "0.0.0.0", "10.0.0.1", other_mac);
    assert_true(te_stack_address(f.stack, 0, &info));
    assert_int_equal(info.state, TE_ADDRESS_CONFLICT);
    int64_t wait_us = info.retry_at_us - f.now_us;
    fixture_stop(&f);
    return wait_us;
}

/* Else two that began together would meet again each time. */
static void test_stations_try_again_at_times_of_their_own(void **state)
{
    int64_t first_us = INT64_MAX, last_us = 0;
    (void)state;
    assert_int_equal(retry_of(1), retry_of(1)); /* by the key, and by nothing else */
    for (uint8_t key = 1; key <= 16; key++) {
        int64_t wait_us = retry_of(key);
        first_us = wait_us < first_us ? wait_us : first_us;
        last_us = wait_us > last_us ? wait_us : last_us;
    }
    assert_true(last_us - first_us > SECOND / 2);
}

/* The probe of a switch or an access point that looks who is there: to us alone. A station that
 * wants the address asks everybody. */
static void input_monitor(struct fixture *f)
{
    uint8_t frame[TE_ETH_HEADER_LEN + TE_ARP_LEN];
    struct te_eth_header eth = {.type = TE_ETH_TYPE_ARP};
    struct te_arp arp = {.operation = TE_ARP_REQUEST,
                         .sender = fixture_addr("0.0.0.0"),
                         .target = fixture_addr("10.0.0.1")};
    memcpy(arp.sender_mac, other_mac, 6);
    memcpy(eth.source, other_mac, 6);
    memcpy(eth.destination, stack_mac, 6);
    te_eth_emit(&eth, frame);
    te_arp_emit(&arp, frame + TE_ETH_HEADER_LEN);
    fixture_input(f, frame, sizeof(frame));
}

static void test_a_unicast_probe_is_no_conflict(void **state)
{
    struct fixture f;
    (void)state;
    start_probing(&f, true);
    input_monitor(&f);
    assert_int_equal(state_of(&f, "10.0.0.1"), TE_LOCAL_TENTATIVE);
    fixture_expect_none(&f); /* nobody answers for an address that is not ours yet */
    fixture_advance(&f, 20 * SECOND);
    assert_int_equal(state_of(&f, "10.0.0.1"), TE_LOCAL_READY);
    fixture_discard(&f);
    input_monitor(&f);
    struct te_arp arp = expect_arp(&f, other_mac);
    assert_int_equal(arp.operation, TE_ARP_REPLY);
    assert_addr(&arp.sender, "10.0.0.1");
    fixture_expect_none(&f); /* and no defence */
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 0);
    fixture_stop(&f);
}

/* RFC 4862 5.4.4: the owner answers from the address itself, also while we use it already (RFC
 * 4429), and later as well. */
static void test_an_owner_answers_from_our_address(void **state)
{
    struct te_nd claim = claim_of_other("2001:db8::1");
    struct te_nd question = {
        .type = TE_ND_SOLICIT, .has_mac = true, .target = fixture_addr("2001:db8::7")};
    struct fixture f;
    (void)state;
    memcpy(question.mac, other_mac, 6);
    for (unsigned optimistic = 0; optimistic < 2; optimistic++) {
        only_v6(&f);
        f.config.dad = true;
        f.config.optimistic_dad = optimistic != 0;
        fixture_start(&f);
        fixture_advance(&f, SECOND);
        fixture_discard(&f);
        input_nd(&f, "2001:db8::1", "ff02::1", &claim);
        assert_int_equal(state_of(&f, "2001:db8::1"), TE_LOCAL_CONFLICT);
        assert_false(is_local(&f, "2001:db8::1"));
        fixture_advance(&f, 20 * SECOND);
        assert_int_equal(state_of(&f, "2001:db8::1"), TE_LOCAL_READY);
        fixture_discard(&f);
        input_nd(&f, "2001:db8::1", "ff02::1", &claim);
        struct te_nd defence =
            expect_nd(&f, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, "2001:db8::1", "ff02::1");
        assert_int_equal(defence.type, TE_ND_ADVERTISE);
        fixture_advance(&f, 10 * SECOND);
        input_nd(&f, "2001:db8::1", "ff02::1:ff00:1", &question); /* it asks for somebody */
        (void)expect_nd(&f, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, "2001:db8::1", "ff02::1");
        fixture_expect_none(&f);
        assert_int_equal(fixture_counters(&f)->dad_conflicts, 3);
        fixture_stop(&f);
    }
}

/* What a host can say of each address: its state, and who claimed it. */
static void test_addresses_tell_where_they_stand(void **state)
{
    struct te_address_info info;
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.dad = true;
    fixture_start(&f);
    fixture_advance(&f, SECOND);
    assert_true(te_stack_address(f.stack, 0, &info));
    assert_addr(&info.cidr.addr, "10.0.0.1");
    assert_int_equal(info.cidr.prefix_bits, 24);
    assert_int_equal(info.state, TE_ADDRESS_TENTATIVE);
    assert_true(info.is_configured);
    assert_false(info.was_claimed);
    assert_int_equal(info.retry_at_us, TE_NEVER);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.1", "0.0.0.0", other_mac);
    assert_true(te_stack_address(f.stack, 0, &info));
    assert_int_equal(info.state, TE_ADDRESS_CONFLICT);
    assert_true(info.was_claimed);
    assert_mac(info.claimed_by, other_mac);
    assert_int_equal(info.claimed_at_us, f.now_us);
    assert_in_range((uint64_t)(info.retry_at_us - f.now_us), 5 * SECOND, 6 * SECOND - 1);
    assert_true(te_stack_address(f.stack, 2, &info));
    assert_addr(&info.cidr.addr, "fe80::ff:fe00:1");
    assert_false(info.is_configured);
    assert_false(te_stack_address(f.stack, 3, &info));
    fixture_advance(&f, 20 * SECOND);
    struct te_nd claim = claim_of_other("2001:db8::1");
    input_nd(&f, "2001:db8::1", "ff02::1", &claim); /* of an address in use */
    assert_true(te_stack_address(f.stack, 1, &info));
    assert_int_equal(info.state, TE_ADDRESS_READY);
    assert_mac(info.claimed_by, other_mac);
    assert_string_equal(te_address_state_name(TE_ADDRESS_CONFLICT), "conflict");
    assert_string_equal(te_address_state_name(TE_ADDRESS_STATE_COUNT), "?");
    fixture_stop(&f);
}

/* A station with an address that is not ours after all is a neighbour like any other. */
static void test_the_winner_is_a_neighbour(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.addresses[1] = fixture_cidr("10.0.0.9/24");
    f.config.dad = true;
    fixture_start(&f);
    fixture_advance(&f, SECOND);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.1", "0.0.0.0", other_mac);
    for (unsigned i = 0; i < 20; i++) { /* it keeps it, whenever we try */
        fixture_advance(&f, SECOND);
        input_arp(&f, TE_ARP_REPLY, "10.0.0.1", "0.0.0.0", other_mac);
    }
    fixture_discard(&f);
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.1", "10.0.0.9", other_mac);
    struct te_arp arp = expect_arp(&f, other_mac);
    assert_addr(&arp.sender, "10.0.0.9");
    fixture_stop(&f);
}

static void test_nd_advertisement_of_a_probed_address(void **state)
{
    struct te_nd nd = claim_of_other("2001:db8::1");
    struct fixture f;
    (void)state;
    start_probing(&f, false);
    input_nd(&f, "2001:db8::1", "ff02::1", &nd);
    assert_conflict(&f, "2001:db8::1");
    fixture_stop(&f);
}

static void test_nd_stations_that_probe(void **state)
{
    struct te_nd nd = {.type = TE_ND_SOLICIT, .target = fixture_addr("2001:db8::1")};
    struct fixture f;
    (void)state;
    start_probing(&f, false);
    input_nd(&f, "::", "ff02::1:ff00:1", &nd);
    assert_conflict(&f, "2001:db8::1");
    fixture_stop(&f);
}

/* RFC 4862 5.4.3: one who only wants to speak to the address proves nothing. */
static void test_nd_question_while_tentative(void **state)
{
    struct te_nd nd = {.type = TE_ND_SOLICIT,
                       .has_mac = true,
                       .mac = {0x02, 0, 0, 0, 0, 0x77},
                       .target = fixture_addr("2001:db8::1")};
    struct fixture f;
    (void)state;
    start_probing(&f, false);
    input_nd(&f, "2001:db8::2", "ff02::1:ff00:1", &nd);
    assert_int_equal(state_of(&f, "2001:db8::1"), TE_LOCAL_TENTATIVE);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* --- defence ---------------------------------------------------------------------------------- */

/* RFC 5227 2.4 (c): one announcement each ten seconds, and the address stays ours. */
static void test_defence(void **state)
{
    struct fixture f;
    (void)state;
    only_v4(&f);
    fixture_start(&f);
    for (unsigned i = 0; i < 100; i++)
        input_arp(&f, TE_ARP_REQUEST, "10.0.0.1", "10.0.0.1", other_mac);
    assert_true(is_local(&f, "10.0.0.1"));
    assert_int_equal(f.frame_count, 1);
    struct te_arp arp = expect_arp(&f, broadcast_mac);
    assert_addr(&arp.sender, "10.0.0.1");
    expect_conflict(&f, "10.0.0.1");
    fixture_advance(&f, 10 * SECOND);
    input_arp(&f, TE_ARP_REPLY, "10.0.0.1", "10.0.0.1", other_mac);
    (void)expect_arp(&f, broadcast_mac);
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 2);
    fixture_stop(&f);
}

static void test_nd_defence(void **state)
{
    struct te_nd nd = claim_of_other("2001:db8::1");
    struct fixture f;
    (void)state;
    only_v6(&f);
    fixture_start(&f);
    for (unsigned i = 0; i < 100; i++)
        input_nd(&f, "2001:db8::1", "ff02::1", &nd);
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 1); /* one defence in ten seconds */
    input_nd(&f, "2001:db8::7", "ff02::1", &nd);
    input_nd(&f, "2001:db8::7", "ff02::1", &nd);
    assert_true(is_local(&f, "2001:db8::1"));
    assert_int_equal(f.frame_count, 1);
    (void)expect_nd(&f, all_nodes_mac, "2001:db8::1", "ff02::1");
    fixture_stop(&f);
}

/* A newcomer that probes for our address learns that it is taken. */
static void test_probes_of_others_are_answered(void **state)
{
    struct te_nd solicit = {.type = TE_ND_SOLICIT, .target = fixture_addr("2001:db8::1")};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    input_arp(&f, TE_ARP_REQUEST, "0.0.0.0", "10.0.0.1", other_mac);
    struct te_arp arp = expect_arp(&f, other_mac);
    assert_int_equal(arp.operation, TE_ARP_REPLY);
    assert_addr(&arp.sender, "10.0.0.1");
    input_nd(&f, "::", "ff02::1:ff00:1", &solicit);
    struct te_nd nd = expect_nd(&f, all_nodes_mac, "2001:db8::1", "ff02::1");
    assert_false(nd.is_solicited);
    assert_int_equal(fixture_counters(&f)->dad_conflicts, 0);
    fixture_stop(&f);
}

/* --- kinds of address ------------------------------------------------------------------------- */

static void test_unicast(void **state)
{
    static const char *const unicast[] = {"10.0.0.2", "192.0.2.1",   "10.0.0.0", "10.0.1.255",
                                          "1.0.0.0",  "2001:db8::2", "fe80::2"};
    static const char *const others[] = {
        "0.0.0.0",         "0.1.2.3",    "127.0.0.1", "224.0.0.1", "239.1.2.3",
        "255.255.255.255", "10.0.0.255", "::",        "::1",       "ff02::1"};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    for (unsigned i = 0; i < sizeof(unicast) / sizeof(unicast[0]); i++) {
        struct te_addr addr = fixture_addr(unicast[i]);
        assert_true(te_ip_is_unicast(f.stack, &addr));
    }
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct te_addr addr = fixture_addr(others[i]);
        assert_false(te_ip_is_unicast(f.stack, &addr));
    }
    fixture_stop(&f);
}

/* RFC 3021: a network of two addresses has no broadcast address. */
static void test_broadcast_of_small_networks(void **state)
{
    struct te_addr last = fixture_addr("10.0.0.1"), next = fixture_addr("10.0.0.3");
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.addresses[0] = fixture_cidr("10.0.0.0/31");
    fixture_start(&f);
    assert_false(te_local_is_broadcast(f.stack, &last));
    fixture_stop(&f);
    fixture_init(&f);
    f.config.addresses[0] = fixture_cidr("10.0.0.1/30");
    fixture_start(&f);
    assert_true(te_local_is_broadcast(f.stack, &next));
    fixture_stop(&f);
    fixture_init(&f);
    f.config.addresses[0] = fixture_cidr("10.0.0.1/32");
    fixture_start(&f);
    assert_false(te_local_is_broadcast(f.stack, &last));
    fixture_stop(&f);
}

static void test_groups(void **state)
{
    static const char *const ours[] = {"224.0.0.1", "255.255.255.255", "10.0.0.255",
                                       "ff02::1",   "ff01::1",         "ff02::1:ff00:1"};
    static const char *const others[] = {"224.0.0.2", "ff02::2", "ff02::1:ff00:2", "ff05::1",
                                         "10.0.0.1"};
    static const uint8_t all_v4_mac[6] = {0x01, 0, 0x5e, 0, 0, 1};
    static const uint8_t routers_mac[6] = {0x33, 0x33, 0, 0, 0, 2};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    for (unsigned i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        struct te_addr addr = fixture_addr(ours[i]);
        assert_true(te_local_is_in_group(f.stack, &addr));
    }
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct te_addr addr = fixture_addr(others[i]);
        assert_false(te_local_is_in_group(f.stack, &addr));
    }
    assert_true(te_local_hears_mac(f.stack, broadcast_mac));
    assert_true(te_local_hears_mac(f.stack, all_nodes_mac));
    assert_true(te_local_hears_mac(f.stack, all_v4_mac));
    assert_true(te_local_hears_mac(f.stack, group_mac));
    assert_false(te_local_hears_mac(f.stack, routers_mac));
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ready_at_once_without_dad),
        cmocka_unit_test(test_link_local_is_derived),
        cmocka_unit_test(test_full_table),
        cmocka_unit_test(test_index_of_others),
        cmocka_unit_test(test_arp_probes),
        cmocka_unit_test(test_not_ours_while_tentative),
        cmocka_unit_test(test_nd_probe),
        cmocka_unit_test(test_reply_to_a_probe),
        cmocka_unit_test(test_two_stations_that_probe),
        cmocka_unit_test(test_our_own_probe_come_back),
        cmocka_unit_test(test_a_conflict_is_tried_again),
        cmocka_unit_test(test_conflicts_are_tried_ever_less),
        cmocka_unit_test(test_stations_try_again_at_times_of_their_own),
        cmocka_unit_test(test_a_unicast_probe_is_no_conflict),
        cmocka_unit_test(test_an_owner_answers_from_our_address),
        cmocka_unit_test(test_addresses_tell_where_they_stand),
        cmocka_unit_test(test_the_winner_is_a_neighbour),
        cmocka_unit_test(test_nd_advertisement_of_a_probed_address),
        cmocka_unit_test(test_nd_stations_that_probe),
        cmocka_unit_test(test_nd_question_while_tentative),
        cmocka_unit_test(test_defence),
        cmocka_unit_test(test_nd_defence),
        cmocka_unit_test(test_probes_of_others_are_answered),
        cmocka_unit_test(test_unicast),
        cmocka_unit_test(test_broadcast_of_small_networks),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

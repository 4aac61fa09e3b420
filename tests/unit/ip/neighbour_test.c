#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "ip/neighbour.h"
#include "stack_internal.h"
#include "support/captured.h"
#include "support/frames.h"
#include "support/test.h"
#include "units.h"

/* Of 2001:db8::2's solicited-node group. */
static const uint8_t peer_group_mac[6] = {0x33, 0x33, 0xff, 0, 0, 2};

static enum te_hop_state resolve(struct fixture *f, const char *text, uint8_t ret_mac[6])
{
    struct te_addr addr = fixture_addr(text);
    enum te_hop_state state = te_ip_resolve(f->stack, &addr, NULL, ret_mac);
    fixture_poll(f);
    return state;
}

static enum te_hop_state ask_for(struct fixture *f, const char *text)
{
    uint8_t mac[6];
    return resolve(f, text, mac);
}

static const struct te_neighbour *entry_of(const struct fixture *f, const char *text)
{
    struct te_addr addr = fixture_addr(text);
    return te_neighbour_find(f->stack, &addr);
}

static enum te_neighbour_state state_of(const struct fixture *f, const char *text)
{
    const struct te_neighbour *entry = entry_of(f, text);
    assert_non_null(entry);
    return entry->state;
}

static void confirm(struct fixture *f, const char *text)
{
    struct te_addr addr = fixture_addr(text);
    te_ip_confirm(f->stack, &addr);
}

static void suspect(struct fixture *f, const char *text)
{
    struct te_addr addr = fixture_addr(text);
    te_ip_suspect(f->stack, &addr);
    fixture_poll(f);
}

/* A stack that has just resolved the peer's address. */
static void start_reachable(struct fixture *f, const char *text)
{
    fixture_init(f);
    fixture_start(f);
    assert_int_equal(ask_for(f, text), TE_HOP_PENDING);
    input_answer(f, text, peer_mac);
    assert_int_equal(state_of(f, text), TE_NEIGHBOUR_REACHABLE);
    fixture_discard(f);
}

static void start_stale(struct fixture *f, const char *text)
{
    start_reachable(f, text);
    fixture_advance(f, 45 * SECOND);
    assert_int_equal(state_of(f, text), TE_NEIGHBOUR_STALE);
}

/* --- resolution ------------------------------------------------------------------------------- */

static void test_arp_resolution(void **state)
{
    struct fixture f;
    uint8_t mac[6];
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_PENDING);
    struct te_arp arp = expect_arp(&f, broadcast_mac);
    assert_int_equal(arp.operation, TE_ARP_REQUEST);
    assert_mac(arp.sender_mac, stack_mac);
    assert_addr(&arp.sender, "10.0.0.1");
    assert_addr(&arp.target, "10.0.0.2");
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_PENDING);
    fixture_expect_none(&f);
    input_answer(&f, "10.0.0.2", peer_mac);
    assert_int_equal(resolve(&f, "10.0.0.2", mac), TE_HOP_READY);
    assert_mac(mac, peer_mac);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_nd_resolution(void **state)
{
    struct fixture f;
    uint8_t mac[6];
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    assert_int_equal(ask_for(&f, "2001:db8::2"), TE_HOP_PENDING);
    struct te_nd nd = expect_nd(&f, peer_group_mac, "2001:db8::1", "ff02::1:ff00:2");
    assert_int_equal(nd.type, TE_ND_SOLICIT);
    assert_addr(&nd.target, "2001:db8::2");
    assert_true(nd.has_mac);
    assert_mac(nd.mac, stack_mac);
    input_answer(&f, "2001:db8::2", peer_mac);
    assert_int_equal(resolve(&f, "2001:db8::2", mac), TE_HOP_READY);
    assert_mac(mac, peer_mac);
    fixture_stop(&f);
}

/* The kernel's own answers, to a stack that stands where the asker stood. */
static void test_answers_of_linux(void **state)
{
    static const uint8_t asker_mac[6] = {0x02, 0, 0, 0, 0, 0x02};
    static const uint8_t linux_mac[6] = {0x02, 0, 0, 0, 0, 0x03};
    struct fixture f;
    uint8_t mac[6];
    (void)state;
    fixture_init(&f);
    memcpy(f.config.mac, asker_mac, 6);
    f.config.addresses[0] = fixture_cidr("10.0.0.2/24");
    f.config.addresses[1] = fixture_cidr("2001:db8::2/64");
    fixture_start(&f);
    assert_int_equal(ask_for(&f, "10.0.0.3"), TE_HOP_PENDING);
    assert_int_equal(ask_for(&f, "2001:db8::3"), TE_HOP_PENDING);
    assert_memory_equal(fixture_next(&f)->bytes, linux_arp_request.bytes, linux_arp_request.len);
    const struct fixture_frame *solicit = fixture_next(&f);
    assert_int_equal(solicit->len, linux_nd_solicit.len);
    assert_memory_equal(solicit->bytes, linux_nd_solicit.bytes, solicit->len);
    fixture_input(&f, linux_arp_reply.bytes, linux_arp_reply.len);
    fixture_input(&f, linux_nd_advertise.bytes, linux_nd_advertise.len);
    assert_int_equal(resolve(&f, "10.0.0.3", mac), TE_HOP_READY);
    assert_mac(mac, linux_mac);
    assert_int_equal(resolve(&f, "2001:db8::3", mac), TE_HOP_READY);
    assert_mac(mac, linux_mac);
    fixture_stop(&f);
}

/* What Linux asks when it verifies an entry of its own, and how Linux answered that. */
static void test_questions_of_linux(void **state)
{
    static const uint8_t answerer_mac[6] = {0x02, 0, 0, 0, 0, 0x02};
    static const uint8_t linux_mac[6] = {0x02, 0, 0, 0, 0, 0x03};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    memcpy(f.config.mac, answerer_mac, 6);
    f.config.addresses[0] = fixture_cidr("10.0.0.2/24");
    f.config.addresses[1] = fixture_cidr("2001:db8::2/64");
    fixture_start(&f);
    fixture_input(&f, linux_arp_unicast_request.bytes, linux_arp_unicast_request.len);
    struct te_arp arp = expect_arp(&f, linux_mac);
    assert_int_equal(arp.operation, TE_ARP_REPLY);
    assert_addr(&arp.sender, "10.0.0.2");
    assert_addr(&arp.target, "10.0.0.3");
    fixture_input(&f, linux_nd_solicit_unicast.bytes, linux_nd_solicit_unicast.len);
    struct te_nd nd = expect_nd(&f, linux_mac, "2001:db8::2", "fe80::ff:fe00:3");
    assert_int_equal(nd.type, TE_ND_ADVERTISE);
    assert_true(nd.is_solicited);
    assert_addr(&nd.target, "2001:db8::2");
    assert_mac(nd.mac, answerer_mac);
    /* A station that asks is known from then on (RFC 826, RFC 4861 7.2.3). */
    assert_int_equal(f.stack->neighbours.count, 2);
    assert_mac(entry_of(&f, "10.0.0.3")->mac, linux_mac);
    assert_mac(entry_of(&f, "fe80::ff:fe00:3")->mac, linux_mac);
    assert_int_equal(state_of(&f, "10.0.0.3"), TE_NEIGHBOUR_STALE);
    assert_int_equal(state_of(&f, "fe80::ff:fe00:3"), TE_NEIGHBOUR_STALE);
    fixture_stop(&f);
}

static void test_nobody_answers(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_PENDING);
    fixture_advance(&f, 3 * SECOND - 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f.frames[i].time_us, (1 + i) * SECOND);
        (void)expect_arp(&f, broadcast_mac);
    }
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_PENDING);
    fixture_advance(&f, 1);
    assert_int_equal(fixture_counters(&f)->neighbour_failed, 1);
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_FAILED);
    fixture_advance(&f, SECOND - 1);
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_FAILED);
    fixture_expect_none(&f);
    fixture_advance(&f, 1);
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_PENDING);
    (void)expect_arp(&f, broadcast_mac);
    fixture_stop(&f);
}

static void test_what_cannot_be_resolved(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    assert_int_equal(ask_for(&f, "10.0.0.255"), TE_HOP_FAILED);
    assert_int_equal(ask_for(&f, "224.0.0.1"), TE_HOP_FAILED);
    assert_int_equal(ask_for(&f, "ff02::1"), TE_HOP_FAILED);
    assert_int_equal(ask_for(&f, "0.0.0.0"), TE_HOP_FAILED);
    fixture_stop(&f);
    fixture_init(&f);
    f.config.dad = true; /* no address to ask from */
    fixture_start(&f);
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_FAILED);
    assert_int_equal(f.stack->neighbours.count, 0);
    fixture_stop(&f);
}

static void test_no_memory(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    f.heap.allocations_left = 0;
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_FAILED);
    f.heap.allocations_left = 1; /* the entry, but not the question: it comes a second later */
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_PENDING);
    fixture_expect_none(&f);
    f.heap.allocations_left = -1;
    fixture_advance(&f, SECOND);
    (void)expect_arp(&f, broadcast_mac);
    fixture_stop(&f);
}

/* Whatever allocation of its birth fails, the stack leaves nothing behind. */
static void test_birth_without_memory(void **state)
{
    struct fixture f;
    enum te_err err = TE_ERR_NOMEM;
    (void)state;
    fixture_init(&f);
    for (int64_t allowed = 0; err != TE_OK; allowed++) {
        assert_true(allowed < 100);
        f.heap.allocations_left = allowed;
        err = te_stack_new(&f.config, f.now_us, &f.stack);
        if (err != TE_OK)
            assert_int_equal(f.heap.held_bytes, 0);
    }
    fixture_stop(&f);
}

/* --- TCP waits -------------------------------------------------------------------------------- */

static uint64_t open_to(struct fixture *f, const char *text)
{
    struct te_open open = {.remote = {fixture_addr(text), 80}};
    uint64_t id = 0;
    assert_int_equal(te_open_active(f->stack, &open, &id, f->now_us), TE_OK);
    fixture_poll(f);
    return id;
}

static void test_tcp_waits_for_the_answer(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    (void)open_to(&f, "10.0.0.2");
    (void)open_to(&f, "10.0.0.2");
    (void)expect_arp(&f, broadcast_mac);
    fixture_expect_none(&f);
    input_answer(&f, "10.0.0.2", peer_mac);
    for (unsigned i = 0; i < 2; i++) {
        struct sent_ip ip = expect_ip(&f);
        assert_int_equal(ip.protocol, TE_PROTO_TCP);
        assert_mac(ip.eth.destination, peer_mac);
        assert_int_equal(ip.payload[13], TE_SYN);
    }
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_tcp_hears_of_the_failure(void **state)
{
    struct te_status status;
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    uint64_t id = open_to(&f, "2001:db8::2");
    fixture_advance(&f, 3 * SECOND);
    assert_int_equal(te_status(f.stack, id, &status), TE_OK);
    assert_int_equal(status.state, TE_CLOSED);
    assert_int_equal(status.error, TE_ERR_HOST_UNREACHABLE);
    fixture_stop(&f);
}

static void test_tcp_gives_up_while_it_waits(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    uint64_t id = open_to(&f, "10.0.0.2");
    assert_int_equal(te_abort(f.stack, id, f.now_us), TE_OK);
    fixture_poll(&f);
    fixture_discard(&f);
    input_answer(&f, "10.0.0.2", peer_mac);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* --- the states of RFC 4861 7.3 --------------------------------------------------------------- */

static void test_from_reachable_to_stale(void **state)
{
    struct fixture f;
    (void)state;
    start_reachable(&f, "10.0.0.2");
    fixture_advance(&f, 15 * SECOND - 1);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_REACHABLE);
    fixture_advance(&f, 30 * SECOND + 1);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_STALE);
    fixture_expect_none(&f);
    /* Nobody needs it, so nobody asks. */
    fixture_advance(&f, 3600 * SECOND);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_from_stale_by_use(const char *text)
{
    struct fixture f;
    uint8_t mac[6];
    start_stale(&f, text);
    assert_int_equal(resolve(&f, text, mac), TE_HOP_READY);
    assert_int_equal(state_of(&f, text), TE_NEIGHBOUR_DELAY);
    fixture_advance(&f, 5 * SECOND - 1);
    fixture_expect_none(&f);
    fixture_advance(&f, 1);
    assert_int_equal(state_of(&f, text), TE_NEIGHBOUR_PROBE);
    assert_mac(f.frames[0].bytes, peer_mac);
    assert_int_equal(resolve(&f, text, mac), TE_HOP_READY);
    input_answer(&f, text, peer_mac);
    assert_int_equal(state_of(&f, text), TE_NEIGHBOUR_REACHABLE);
    fixture_advance(&f, 10 * SECOND);
    assert_int_equal(f.frame_count, 1);
    fixture_stop(&f);
}

static void test_verified_by_a_question(void **state)
{
    (void)state;
    test_from_stale_by_use("10.0.0.2");
    test_from_stale_by_use("2001:db8::2");
}

/* RFC 4861 4.4: the answer to a unicast question may leave the MAC out, and Linux does. */
static void test_verified_by_a_short_answer(void **state)
{
    struct te_nd nd = {
        .type = TE_ND_ADVERTISE, .is_solicited = true, .target = fixture_addr("2001:db8::2")};
    struct fixture f;
    (void)state;
    start_reachable(&f, "2001:db8::2");
    suspect(&f, "2001:db8::2");
    assert_int_equal(state_of(&f, "2001:db8::2"), TE_NEIGHBOUR_PROBE);
    input_nd(&f, "2001:db8::2", "2001:db8::1", &nd);
    assert_int_equal(state_of(&f, "2001:db8::2"), TE_NEIGHBOUR_REACHABLE);
    fixture_stop(&f);
}

static void test_verified_by_tcp(void **state)
{
    struct fixture f;
    (void)state;
    start_stale(&f, "10.0.0.2");
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_READY);
    confirm(&f, "10.0.0.2");
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_REACHABLE);
    for (unsigned i = 0; i < 1000; i++) {
        fixture_advance(&f, SECOND / 10);
        confirm(&f, "10.0.0.2");
        assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_READY);
        assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_REACHABLE);
    }
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_a_hint_without_entry(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    confirm(&f, "10.0.0.2");
    suspect(&f, "10.0.0.2");
    assert_null(entry_of(&f, "10.0.0.2"));
    (void)ask_for(&f, "10.0.0.2");
    confirm(&f, "10.0.0.2");
    suspect(&f, "10.0.0.2");
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_INCOMPLETE);
    fixture_stop(&f);
}

/* Three questions to it alone, then it is forgotten and the next use asks everybody. */
static void test_a_neighbour_that_went_away(void **state)
{
    struct fixture f;
    (void)state;
    start_reachable(&f, "10.0.0.2");
    suspect(&f, "10.0.0.2");
    fixture_advance(&f, 3 * SECOND - 1);
    for (unsigned i = 0; i < 3; i++)
        (void)expect_arp(&f, peer_mac);
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_READY);
    fixture_advance(&f, 1);
    assert_null(entry_of(&f, "10.0.0.2"));
    assert_int_equal(ask_for(&f, "10.0.0.2"), TE_HOP_PENDING);
    (void)expect_arp(&f, broadcast_mac);
    fixture_stop(&f);
}

/* --- forgers ---------------------------------------------------------------------------------- */

static void assert_mac_is_kept(struct fixture *f, const char *text)
{
    uint8_t mac[6];
    assert_int_equal(resolve(f, text, mac), TE_HOP_READY);
    assert_mac(mac, peer_mac);
}

static void test_answers_that_nobody_asked_for(void **state)
{
    struct fixture f;
    (void)state;
    start_reachable(&f, "10.0.0.2");
    input_answer(&f, "10.0.0.2", other_mac);
    input_answer(&f, "10.0.0.3", other_mac);
    assert_int_equal(fixture_counters(&f)->arp_unsolicited, 2);
    assert_null(entry_of(&f, "10.0.0.3"));
    assert_mac_is_kept(&f, "10.0.0.2");
    fixture_stop(&f);
    /* RFC 4861 7.2.5: without the override flag another MAC is a hint to look, and no more. */
    struct te_nd nd = claim_of_other("2001:db8::2");
    nd.is_solicited = true;
    nd.is_override = false;
    start_reachable(&f, "2001:db8::2");
    input_nd(&f, "2001:db8::2", "2001:db8::1", &nd);
    input_answer(&f, "2001:db8::3", other_mac);
    assert_int_equal(fixture_counters(&f)->arp_unsolicited, 2);
    assert_null(entry_of(&f, "2001:db8::3"));
    assert_mac_is_kept(&f, "2001:db8::2");
    fixture_stop(&f);
}

/* What they say of themselves is believed at once, with and without a MAC before
 * (neighbour_claim_test.c has all of it). */
static void test_announcements_of_others(void **state)
{
    struct te_nd nd = claim_of_other("2001:db8::2");
    struct fixture f;
    uint8_t mac[6];
    (void)state;
    start_reachable(&f, "10.0.0.2");
    (void)ask_for(&f, "2001:db8::2");
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.2", other_mac);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_STALE);
    assert_int_equal(resolve(&f, "10.0.0.2", mac), TE_HOP_READY);
    assert_mac(mac, other_mac);
    input_nd(&f, "2001:db8::2", "ff02::1", &nd);
    assert_int_equal(state_of(&f, "2001:db8::2"), TE_NEIGHBOUR_STALE);
    assert_int_equal(resolve(&f, "2001:db8::2", mac), TE_HOP_READY);
    assert_mac(mac, other_mac);
    fixture_stop(&f);
}

/* A claim of another MAC makes us ask the one that we know; as soon as it answers, it is back, and
 * nobody who claims its address again is believed. */
static void test_a_forged_question(void **state)
{
    struct fixture f;
    (void)state;
    start_reachable(&f, "10.0.0.2");
    fixture_advance(&f, SECOND);
    for (unsigned i = 0; i < 20; i++)
        input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.1", other_mac);
    input_answer(&f, "10.0.0.2", other_mac);
    input_answer(&f, "10.0.0.2", peer_mac);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_REACHABLE);
    assert_mac_is_kept(&f, "10.0.0.2");
    assert_int_equal(fixture_counters(&f)->neighbour_claims_refuted, 1);
    for (unsigned i = 0; i < 20; i++)
        input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.1", other_mac);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_PROBE);
    assert_mac_is_kept(&f, "10.0.0.2");
    input_answer(&f, "10.0.0.2", peer_mac);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_REACHABLE);
    assert_mac_is_kept(&f, "10.0.0.2");
    unsigned questions = 0;
    for (const struct fixture_frame *frame; (frame = fixture_next(&f)) != NULL;)
        questions += memcmp(frame->bytes, peer_mac, 6) == 0;
    assert_int_equal(questions, 2);
    fixture_stop(&f);
}

static void test_a_forged_nd_question(void **state)
{
    struct te_nd nd = {.type = TE_ND_SOLICIT,
                       .has_mac = true,
                       .mac = {0x02, 0, 0, 0, 0, 0x77},
                       .target = fixture_addr("2001:db8::1")};
    struct te_nd answer = {
        .type = TE_ND_ADVERTISE, .is_solicited = true, .target = fixture_addr("2001:db8::2")};
    struct fixture f;
    (void)state;
    start_stale(&f, "2001:db8::2");
    input_nd(&f, "2001:db8::2", "2001:db8::1", &nd);
    (void)expect_nd(&f, other_mac, "2001:db8::1", "2001:db8::2"); /* our answer */
    struct te_nd question = expect_nd(&f, peer_mac, "2001:db8::1", "2001:db8::2");
    assert_int_equal(question.type, TE_ND_SOLICIT);
    /* As Linux answers a unicast question: its MAC is that of the frame (frames.c: peer_mac). */
    input_nd(&f, "2001:db8::2", "2001:db8::1", &answer);
    assert_int_equal(state_of(&f, "2001:db8::2"), TE_NEIGHBOUR_REACHABLE);
    assert_mac_is_kept(&f, "2001:db8::2");
    input_nd(&f, "2001:db8::2", "2001:db8::1", &nd);
    assert_int_equal(state_of(&f, "2001:db8::2"), TE_NEIGHBOUR_PROBE);
    assert_mac_is_kept(&f, "2001:db8::2");
    fixture_stop(&f);
}

/* A true move is believed at once: the old card is not there to deny it. */
static void test_a_neighbour_with_a_new_card(void **state)
{
    struct fixture f;
    uint8_t mac[6];
    (void)state;
    start_reachable(&f, "10.0.0.2");
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.1", other_mac);
    assert_int_equal(resolve(&f, "10.0.0.2", mac), TE_HOP_READY);
    assert_mac(mac, other_mac);
    fixture_advance(&f, 5 * SECOND);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_PROBE);
    input_answer(&f, "10.0.0.2", other_mac);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_REACHABLE);
    assert_int_equal(resolve(&f, "10.0.0.2", mac), TE_HOP_READY);
    assert_mac(mac, other_mac);
    fixture_stop(&f);
}

/* Both ask at once: its question tells us as much as its answer would. */
static void test_a_question_while_we_ask(void **state)
{
    struct fixture f;
    uint8_t mac[6];
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    (void)ask_for(&f, "10.0.0.2");
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.2", "10.0.0.1", peer_mac);
    assert_int_equal(state_of(&f, "10.0.0.2"), TE_NEIGHBOUR_STALE);
    assert_int_equal(resolve(&f, "10.0.0.2", mac), TE_HOP_READY);
    assert_mac(mac, peer_mac);
    fixture_stop(&f);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void numbered(char text[32], unsigned i)
{
    snprintf(text, 32, "10.0.%u.%u", i >> 8 & 0xff, i & 0xff);
}

static void start_with_limits(struct fixture *f, uint32_t max, uint32_t incomplete_max)
{
    fixture_init(f);
    f->config.addresses[0] = fixture_cidr("10.0.0.1/16");
    f->config.neighbour_max = max;
    f->config.neighbour_incomplete_max = incomplete_max;
    fixture_start(f);
}

static void test_limit_of_unanswered_questions(void **state)
{
    struct fixture f;
    char text[32];
    (void)state;
    start_with_limits(&f, 64, 8);
    (void)ask_for(&f, "10.0.0.2");
    input_answer(&f, "10.0.0.2", peer_mac);
    for (unsigned i = 256; i < 1256; i++) {
        numbered(text, i);
        assert_int_equal(ask_for(&f, text), i < 264 ? TE_HOP_PENDING : TE_HOP_FAILED);
    }
    assert_int_equal(f.stack->neighbours.count, 9);
    assert_int_equal(fixture_counters(&f)->neighbour_incomplete_full, 992);
    assert_int_equal(fixture_counters(&f)->neighbour_evicted, 0);
    assert_mac_is_kept(&f, "10.0.0.2");
    fixture_discard(&f);
    /* What has failed makes room for what is asked for next. */
    fixture_advance(&f, 3 * SECOND);
    assert_int_equal(ask_for(&f, "10.0.200.1"), TE_HOP_PENDING);
    fixture_stop(&f);
}

static void test_least_recently_used_goes(void **state)
{
    struct fixture f;
    char text[32];
    (void)state;
    start_with_limits(&f, 16, 4);
    for (unsigned i = 2; i < 1000; i++) {
        numbered(text, i);
        (void)ask_for(&f, text);
        input_answer(&f, text, peer_mac);
        assert_mac_is_kept(&f, "10.0.0.2");
        fixture_discard(&f);
    }
    assert_int_equal(f.stack->neighbours.count, 16);
    assert_int_equal(fixture_counters(&f)->neighbour_evicted, 998 - 16);
    numbered(text, 999);
    assert_non_null(entry_of(&f, text));
    numbered(text, 900);
    assert_null(entry_of(&f, text));
    fixture_stop(&f);
}

/* 2^20 addresses that do not answer: memory stays flat and the entry in use stays. */
static void test_a_scan_of_a_million(void **state)
{
    struct fixture f;
    uint8_t mac[6];
    (void)state;
    fixture_init(&f);
    f.config.addresses[0] = fixture_cidr("10.0.0.1/8");
    fixture_start(&f);
    (void)ask_for(&f, "10.0.0.2");
    input_answer(&f, "10.0.0.2", peer_mac);
    int64_t before_bytes = f.heap.held_bytes;
    for (unsigned i = 0; i < 1u << 20; i++) {
        struct te_addr addr = fixture_addr("10.0.0.0");
        addr.bytes[13] = (uint8_t)(16 + (i >> 16));
        addr.bytes[14] = (uint8_t)(i >> 8);
        addr.bytes[15] = (uint8_t)i;
        (void)te_ip_resolve(f.stack, &addr, NULL, mac);
        if (i % 4096 == 0) {
            fixture_poll(&f);
            fixture_advance(&f, SECOND / 10);
            fixture_discard(&f);
            assert_true(f.heap.held_bytes - before_bytes <
                        (int64_t)(f.config.neighbour_incomplete_max * 1024));
        }
    }
    fixture_poll(&f);
    assert_mac_is_kept(&f, "10.0.0.2");
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arp_resolution),
        cmocka_unit_test(test_nd_resolution),
        cmocka_unit_test(test_answers_of_linux),
        cmocka_unit_test(test_questions_of_linux),
        cmocka_unit_test(test_nobody_answers),
        cmocka_unit_test(test_what_cannot_be_resolved),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_birth_without_memory),
        cmocka_unit_test(test_tcp_waits_for_the_answer),
        cmocka_unit_test(test_tcp_hears_of_the_failure),
        cmocka_unit_test(test_tcp_gives_up_while_it_waits),
        cmocka_unit_test(test_from_reachable_to_stale),
        cmocka_unit_test(test_verified_by_a_question),
        cmocka_unit_test(test_verified_by_a_short_answer),
        cmocka_unit_test(test_verified_by_tcp),
        cmocka_unit_test(test_a_hint_without_entry),
        cmocka_unit_test(test_a_neighbour_that_went_away),
        cmocka_unit_test(test_answers_that_nobody_asked_for),
        cmocka_unit_test(test_announcements_of_others),
        cmocka_unit_test(test_a_forged_question),
        cmocka_unit_test(test_a_forged_nd_question),
        cmocka_unit_test(test_a_neighbour_with_a_new_card),
        cmocka_unit_test(test_a_question_while_we_ask),
        cmocka_unit_test(test_limit_of_unanswered_questions),
        cmocka_unit_test(test_least_recently_used_goes),
        cmocka_unit_test(test_a_scan_of_a_million),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

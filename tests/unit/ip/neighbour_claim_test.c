/* What neighbours say of their own MACs without being asked: RFC 826's merge, RFC 4861 7.2.3 and
 * 7.2.5, and what keeps forgers from making use of it. */
#include <stdio.h>
#include <string.h>

#include "ip/ip.h"
#include "ip/neighbour.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "support/test.h"
#include "units.h"

#define V4 "10.0.0.2"
#define V6 "2001:db8::2"

static const uint8_t third_mac[6] = {0x02, 0, 0, 0, 0, 0x33};

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
    fixture_stop(&f);
    return 0;
}

static struct te_neighbour *entry_of(const char *text)
{
    struct te_addr addr = fixture_addr(text);
    const struct te_neighbour *found = te_neighbour_find(f.stack, &addr);
    return found == NULL ? NULL : TE_CONTAINER(&found->addr, struct te_neighbour, addr);
}

static enum te_hop_state ask_for(const char *text, uint8_t ret_mac[6])
{
    struct te_addr addr = fixture_addr(text);
    enum te_hop_state state = te_ip_resolve(f.stack, &addr, NULL, ret_mac);
    fixture_poll(&f);
    return state;
}

static void assert_sends_to(const char *text, const uint8_t mac[6])
{
    uint8_t is[6];
    assert_int_equal(ask_for(text, is), TE_HOP_READY);
    assert_mac(is, mac);
}

static void assert_entry(const char *text, enum te_neighbour_state state, const uint8_t mac[6])
{
    assert_non_null(entry_of(text));
    assert_int_equal(entry_of(text)->state, state);
    assert_mac(entry_of(text)->mac, mac);
}

/* --- an entry in each state, with peer_mac if it has one -------------------------------------- */

static void make(const char *text, enum te_neighbour_state state)
{
    uint8_t mac[6];
    struct te_addr addr = fixture_addr(text);
    (void)ask_for(text, mac);
    if (state == TE_NEIGHBOUR_FAILED)
        fixture_advance(&f, 3 * SECOND);
    if (state != TE_NEIGHBOUR_INCOMPLETE && state != TE_NEIGHBOUR_FAILED) {
        input_answer(&f, text, peer_mac);
        fixture_advance(&f, SECOND);
    }
    if (state == TE_NEIGHBOUR_STALE || state == TE_NEIGHBOUR_DELAY)
        fixture_advance(&f, 45 * SECOND);
    if (state == TE_NEIGHBOUR_DELAY)
        (void)ask_for(text, mac);
    if (state == TE_NEIGHBOUR_PROBE)
        te_ip_suspect(f.stack, &addr);
    fixture_poll(&f);
    assert_int_equal(entry_of(text)->state, state);
    fixture_discard(&f);
}

static void restart(void)
{
    fixture_stop(&f);
    fixture_init(&f);
    fixture_start(&f);
}

/* --- RFC 4861 7.2.5 --------------------------------------------------------------------------- */

struct advertisement {
    bool solicited, override, router, has_mac, is_same;
};

static void input_advertisement(const struct advertisement *ad)
{
    struct te_nd nd = {.type = TE_ND_ADVERTISE,
                       .is_solicited = ad->solicited,
                       .is_override = ad->override,
                       .is_router = ad->router,
                       .has_mac = ad->has_mac,
                       .target = fixture_addr(V6)};
    memcpy(nd.mac, ad->is_same ? peer_mac : other_mac, 6);
    input_nd(&f, V6, ad->solicited ? "2001:db8::1" : "ff02::1", &nd);
}

/* The text of the section, sentence by sentence; false: the entry is as before. */
static bool by_the_rfc(enum te_neighbour_state before, const struct advertisement *ad,
                       enum te_neighbour_state *ret_state, bool *ret_has_new_mac)
{
    bool is_other = ad->has_mac && !ad->is_same;
    *ret_state = before;
    *ret_has_new_mac = false;
    if (before == TE_NEIGHBOUR_FAILED)
        return false; /* "If no entry exists, the advertisement SHOULD be silently discarded" */
    if (before == TE_NEIGHBOUR_INCOMPLETE) {
        if (!ad->has_mac)
            return false;
        *ret_state = ad->solicited ? TE_NEIGHBOUR_REACHABLE : TE_NEIGHBOUR_STALE;
        *ret_has_new_mac = is_other;
        return true;
    }
    if (!ad->override && is_other) {
        if (before == TE_NEIGHBOUR_REACHABLE)
            *ret_state = TE_NEIGHBOUR_STALE;
        return before == TE_NEIGHBOUR_REACHABLE;
    }
    *ret_has_new_mac = is_other;
    if (ad->solicited)
        *ret_state = TE_NEIGHBOUR_REACHABLE;
    else if (is_other)
        *ret_state = TE_NEIGHBOUR_STALE;
    return ad->solicited || is_other;
}

static void every_advertisement_in_every_state(void **state)
{
    unsigned changed = 0, runs = 0;
    (void)state;
    for (unsigned before = 0; before < TE_NEIGHBOUR_STATE_COUNT; before++) {
        for (unsigned bits = 0; bits < 32; bits++) {
            struct advertisement ad = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0,
                                       (bits & 8) != 0, (bits & 16) != 0};
            enum te_neighbour_state expected;
            bool has_new_mac;
            restart();
            make(V6, (enum te_neighbour_state)before);
            changed += by_the_rfc((enum te_neighbour_state)before, &ad, &expected, &has_new_mac);
            input_advertisement(&ad);
            if (entry_of(V6)->state != expected)
                fail_msg("state %u, flags %u: %u instead of %u", before, bits, entry_of(V6)->state,
                         expected);
            if (expected != TE_NEIGHBOUR_INCOMPLETE && expected != TE_NEIGHBOUR_FAILED)
                assert_mac(entry_of(V6)->mac, has_new_mac ? other_mac : peer_mac);
            runs++;
        }
    }
    assert_int_equal(runs, 6 * 32);
    assert_true(changed > 60);
}

/* A router that says it is none stays the gateway that the configuration made it. */
static void the_router_flag_changes_no_configured_route(void **state)
{
    const struct advertisement router = {true, true, true, true, true};
    const struct advertisement host = {true, true, false, true, true};
    struct te_path path;
    struct te_addr far = fixture_addr("2001:db8:9::1");
    (void)state;
    fixture_stop(&f);
    fixture_init(&f);
    f.config.routes[0] = (struct te_route){fixture_cidr("::/0"), fixture_addr(V6)};
    f.config.route_count = 1;
    fixture_start(&f);
    make(V6, TE_NEIGHBOUR_REACHABLE);
    input_advertisement(&router);
    input_advertisement(&host);
    assert_entry(V6, TE_NEIGHBOUR_REACHABLE, peer_mac);
    assert_int_equal(te_ip_route(f.stack, &far, &path), TE_OK);
    assert_addr(&path.next_hop, V6);
}

/* --- RFC 4861 7.2.3 --------------------------------------------------------------------------- */

static void input_question6(const char *source, const uint8_t *mac)
{
    struct te_nd nd = {
        .type = TE_ND_SOLICIT, .has_mac = mac != NULL, .target = fixture_addr("2001:db8::1")};
    if (mac != NULL)
        memcpy(nd.mac, mac, 6);
    input_nd(&f, source, "ff02::1:ff00:1", &nd);
}

/* A question from mac, in both families, to a neighbour in this state. */
static void check_question(unsigned before, const uint8_t mac[6], enum te_neighbour_state after)
{
    restart();
    make(V6, (enum te_neighbour_state)before);
    input_question6(V6, mac);
    assert_entry(V6, after, mac);
    restart();
    make(V4, (enum te_neighbour_state)before);
    input_arp(&f, TE_ARP_REQUEST, V4, "10.0.0.1", mac);
    assert_entry(V4, after, mac);
}

static void a_question_with_a_new_mac_in_every_state(void **state)
{
    (void)state;
    for (unsigned before = 0; before < TE_NEIGHBOUR_STATE_COUNT; before++)
        check_question(before, other_mac, TE_NEIGHBOUR_STALE);
}

static void a_question_with_the_known_mac_changes_nothing(void **state)
{
    (void)state;
    for (unsigned before = 0; before < TE_NEIGHBOUR_STATE_COUNT; before++) {
        bool had_mac = before != TE_NEIGHBOUR_INCOMPLETE && before != TE_NEIGHBOUR_FAILED;
        check_question(before, peer_mac,
                       had_mac ? (enum te_neighbour_state)before : TE_NEIGHBOUR_STALE);
    }
}

static void who_asks_for_us_is_known_at_once(void **state)
{
    (void)state;
    input_arp(&f, TE_ARP_REQUEST, V4, "10.0.0.1", peer_mac);
    input_question6(V6, peer_mac);
    fixture_discard(&f);
    assert_entry(V4, TE_NEIGHBOUR_STALE, peer_mac);
    assert_entry(V6, TE_NEIGHBOUR_STALE, peer_mac);
    assert_sends_to(V4, peer_mac);
    assert_sends_to(V6, peer_mac);
    fixture_expect_none(&f); /* nothing to ask */
    assert_int_equal(entry_of(V4)->state, TE_NEIGHBOUR_DELAY);
}

static void whose_question_teaches_nothing(void **state)
{
    (void)state;
    input_question6("2001:db8::3", NULL);                           /* no option */
    input_question6("2001:db8:7::3", peer_mac);                     /* not on the link */
    input_arp(&f, TE_ARP_REQUEST, "192.0.2.7", "10.0.0.1", NULL);   /* not on the link */
    input_arp(&f, TE_ARP_REQUEST, "0.0.0.0", "10.0.0.1", NULL);     /* a probe */
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.255", "10.0.0.1", NULL);  /* a broadcast address */
    input_arp(&f, TE_ARP_REQUEST, "224.0.0.5", "10.0.0.1", NULL);   /* a group */
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.9", "10.0.0.7", NULL);    /* about somebody else */
    input_arp(&f, TE_ARP_REQUEST, "10.0.0.10", "10.0.0.10", NULL);  /* an announcement */
    input_arp(&f, TE_ARP_REPLY, "10.0.0.11", "10.0.0.11", NULL);    /* as a reply */
    input_arp(&f, TE_ARP_REPLY, "10.0.0.12", "10.0.0.1", peer_mac); /* to us */
    assert_int_equal(f.stack->neighbours.count, 0);
}

/* --- RFC 826 ---------------------------------------------------------------------------------- */

/* Each message that a host with a new card may send, in each state that has a MAC. */
static void a_move_is_believed_at_once(void **state)
{
    static const struct {
        uint16_t operation;
        const char *target;
    } rows[] = {
        {TE_ARP_REQUEST, V4},          /* arping -U, ifconfig, keepalived */
        {TE_ARP_REPLY, V4},            /* arping -A */
        {TE_ARP_REQUEST, "10.0.0.1"},  /* it asks for us */
        {TE_ARP_REQUEST, "10.0.0.77"}, /* it asks for somebody else */
        {TE_ARP_REPLY, "10.0.0.1"},    /* an answer without a question */
        {TE_ARP_REPLY, "10.0.0.77"},   /* it answers somebody else */
    };
    static const enum te_neighbour_state states[] = {TE_NEIGHBOUR_REACHABLE, TE_NEIGHBOUR_STALE,
                                                     TE_NEIGHBOUR_DELAY, TE_NEIGHBOUR_PROBE};
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned j = 0; j < sizeof(states) / sizeof(states[0]); j++) {
            bool answers = rows[i].operation == TE_ARP_REPLY && i == 4;
            bool was_asked = states[j] == TE_NEIGHBOUR_PROBE && answers;
            restart();
            make(V4, states[j]);
            input_arp(&f, rows[i].operation, V4, rows[i].target, other_mac);
            if (entry_of(V4)->state != (was_asked ? TE_NEIGHBOUR_REACHABLE : TE_NEIGHBOUR_STALE))
                fail_msg("row %u, state %u: %u", i, states[j], entry_of(V4)->state);
            assert_int_equal(fixture_counters(&f)->neighbour_moved, 1);
            assert_sends_to(V4, other_mac);
        }
    }
}

/* The frames that wait for it leave at once, too. */
static void an_announcement_resolves_whom_we_ask_for(void **state)
{
    (void)state;
    make(V4, TE_NEIGHBOUR_INCOMPLETE);
    input_arp(&f, TE_ARP_REPLY, V4, "10.0.0.77", other_mac); /* not an answer to us */
    assert_int_equal(entry_of(V4)->state, TE_NEIGHBOUR_INCOMPLETE);
    input_arp(&f, TE_ARP_REQUEST, V4, V4, peer_mac);
    assert_entry(V4, TE_NEIGHBOUR_STALE, peer_mac);
}

/* Linux's locktime: of several answers to one question (proxies) the first counts. */
static void the_first_of_two_answers_counts(void **state)
{
    (void)state;
    make(V4, TE_NEIGHBOUR_INCOMPLETE);
    input_answer(&f, V4, peer_mac);
    input_answer(&f, V4, other_mac);
    assert_mac(entry_of(V4)->mac, peer_mac);
    fixture_advance(&f, SECOND - 1);
    input_answer(&f, V4, other_mac);
    assert_mac(entry_of(V4)->mac, peer_mac);
    fixture_advance(&f, 1);
    input_answer(&f, V4, other_mac);
    assert_entry(V4, TE_NEIGHBOUR_STALE, other_mac);
}

/* --- forgers ---------------------------------------------------------------------------------- */

static void announce(const char *text, const uint8_t *mac)
{
    struct te_nd nd = claim_of_other(text);
    memcpy(nd.mac, mac, 6);
    if (te_addr_is_v4(&nd.target))
        input_arp(&f, TE_ARP_REQUEST, text, text, mac);
    else
        input_nd(&f, text, "ff02::1", &nd);
}

/* The former MAC is asked, alone and once; its answer undoes the claim. */
static void the_owner_answers_the_forger(void **state)
{
    static const char *const both[] = {V4, V6};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        restart();
        make(both[i], TE_NEIGHBOUR_REACHABLE);
        announce(both[i], other_mac);
        announce(both[i], third_mac);
        assert_entry(both[i], TE_NEIGHBOUR_STALE, third_mac);
        assert_int_equal(f.frame_count, 1);
        assert_mac(f.frames[0].bytes, peer_mac);
        fixture_advance(&f, SECOND - 1);
        input_answer(&f, both[i], peer_mac);
        assert_entry(both[i], TE_NEIGHBOUR_REACHABLE, peer_mac);
        assert_int_equal(fixture_counters(&f)->neighbour_claims_refuted, 1);
    }
}

/* It takes an answer to the question: an announcement of the owner's says no more than the forger's
 * did. */
static void an_announcement_of_the_owner_is_no_answer(void **state)
{
    (void)state;
    make(V6, TE_NEIGHBOUR_REACHABLE);
    announce(V6, other_mac);
    announce(V6, peer_mac);
    assert_entry(V6, TE_NEIGHBOUR_STALE, peer_mac);
    announce(V6, other_mac);
    assert_entry(V6, TE_NEIGHBOUR_STALE, other_mac);
    assert_int_equal(fixture_counters(&f)->neighbour_claims_refuted, 0);
}

/* After a second nobody doubts the move any more: the former MAC is as good as any other. */
static void a_late_answer_is_a_claim(void **state)
{
    (void)state;
    make(V4, TE_NEIGHBOUR_REACHABLE);
    announce(V4, other_mac);
    fixture_advance(&f, SECOND);
    input_answer(&f, V4, peer_mac);
    assert_entry(V4, TE_NEIGHBOUR_STALE, peer_mac);
    assert_int_equal(fixture_counters(&f)->neighbour_claims_refuted, 0);
    assert_int_equal(fixture_counters(&f)->neighbour_moved, 2);
}

/* A thousand forged claims per second, alternating, for ten seconds: four round trips per second
 * are lost. */
static void a_flood_of_claims(void **state)
{
    unsigned misled = 0;
    (void)state;
    make(V4, TE_NEIGHBOUR_REACHABLE);
    for (unsigned i = 0; i < 10000; i++) {
        announce(V4, i % 2 == 0 ? other_mac : third_mac);
        misled += !te_mac_equal(entry_of(V4)->mac, peer_mac);
        if (f.frame_count > 0)
            input_answer(&f, V4, peer_mac); /* the owner hears what is sent to it */
        fixture_discard(&f);
        fixture_advance(&f, SECOND / 1000);
    }
    assert_int_equal(misled, 40);
    assert_mac(entry_of(V4)->mac, peer_mac);
    assert_int_equal(fixture_counters(&f)->neighbour_claims_refuted, 40);
}

/* An owner that has refuted a claim and then moves in earnest: three questions, then everybody is
 * asked. */
static void a_move_after_a_forged_one(void **state)
{
    uint8_t mac[6];
    (void)state;
    make(V4, TE_NEIGHBOUR_REACHABLE);
    announce(V4, other_mac);
    input_answer(&f, V4, peer_mac);
    fixture_discard(&f);
    announce(V4, third_mac);
    assert_entry(V4, TE_NEIGHBOUR_PROBE, peer_mac);
    fixture_advance(&f, 3 * SECOND);
    assert_null(entry_of(V4));
    assert_int_equal(ask_for(V4, mac), TE_HOP_PENDING);
    input_answer(&f, V4, third_mac);
    assert_sends_to(V4, third_mac);
    /* 250 ms after a refutation claims are believed again. */
    restart();
    make(V4, TE_NEIGHBOUR_REACHABLE);
    announce(V4, other_mac);
    input_answer(&f, V4, peer_mac);
    fixture_advance(&f, 250 * MS - 1);
    announce(V4, third_mac);
    assert_entry(V4, TE_NEIGHBOUR_PROBE, peer_mac);
    fixture_advance(&f, 1);
    announce(V4, third_mac);
    assert_sends_to(V4, third_mac);
}

/* --- many ------------------------------------------------------------------------------------- */

static void numbered(char text[32], unsigned i)
{
    snprintf(text, 32, "10.%u.%u.%u", 1 + (i >> 16), i >> 8 & 0xff, i & 0xff);
}

static const uint8_t *mac_of(unsigned i)
{
    static uint8_t mac[6] = {0x02, 0xaa};
    mac[3] = (uint8_t)(i >> 16);
    mac[4] = (uint8_t)(i >> 8);
    mac[5] = (uint8_t)i;
    return mac;
}

static void start_wide(void)
{
    fixture_stop(&f);
    fixture_init(&f);
    f.config.addresses[0] = fixture_cidr("10.0.0.1/8");
    fixture_start(&f);
}

static void input_syn(const char *source, const uint8_t *mac)
{
    uint8_t segment[20] = {0x30, 0x39, 0, 80, 0, 0, 0, 1, [12] = 0x50, TE_SYN, 0xff, 0xff};
    struct ip_spec spec = {
        .source = source, .destination = "10.0.0.1", .protocol = TE_PROTO_TCP, .mac = mac};
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_VALID};
    static uint8_t frame[200];
    size_t len = build_ip(&spec, segment, sizeof(segment), frame);
    fixture_input_meta(&f, frame, len, &meta);
}

static void listen_on_80(void)
{
    struct te_listen listen = {.local = {fixture_addr("0.0.0.0"), 80}, .backlog = 1000};
    uint64_t id;
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
}

static unsigned count_syn_acks(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < f.frame_count; i++) {
        const struct fixture_frame *frame = &f.frames[i];
        count += frame->len >= 54 && frame->bytes[12] == 8 && frame->bytes[13] == 0 &&
                 frame->bytes[47] == (TE_SYN | TE_ACK);
    }
    return count;
}

/* 250 hosts of one network connect in the same moment, each after it asked for us. */
static void many_hosts_connect_together(void **state)
{
    char text[32];
    (void)state;
    start_wide();
    listen_on_80();
    for (unsigned i = 2; i < 252; i++) {
        numbered(text, i);
        input_arp(&f, TE_ARP_REQUEST, text, "10.0.0.1", mac_of(i));
    }
    assert_int_equal(f.frame_count, 250); /* the answers */
    fixture_discard(&f);
    for (unsigned i = 2; i < 252; i++) {
        numbered(text, i);
        input_syn(text, mac_of(i));
        assert_int_equal(f.frame_count, i - 1); /* its SYN,ACK and nothing else */
        assert_mac(f.frames[i - 2].bytes, mac_of(i));
    }
    assert_int_equal(count_syn_acks(), 250);
}

/* The same with hosts that know our MAC already, so that we have to ask for theirs. */
static void many_hosts_that_ask_nothing(void **state)
{
    char text[32];
    (void)state;
    start_wide();
    listen_on_80();
    for (unsigned i = 2; i < 252; i++) {
        numbered(text, i);
        input_syn(text, mac_of(i));
    }
    assert_int_equal(count_syn_acks(), 0);
    assert_int_equal(f.frame_count, 250); /* the questions */
    fixture_discard(&f);
    for (unsigned i = 2; i < 252; i++) {
        numbered(text, i);
        input_answer(&f, text, mac_of(i));
    }
    assert_int_equal(count_syn_acks(), 250);
    assert_int_equal(fixture_counters(&f)->neighbour_incomplete_full, 0);
}

/* 2^20 questions from forged addresses: the gateway's entry stays, and so does everybody's that we
 * send to; memory is flat. */
static void a_flood_of_questions(void **state)
{
    char text[32];
    (void)state;
    start_wide();
    make(V4, TE_NEIGHBOUR_REACHABLE);
    int64_t before_bytes = f.heap.held_bytes;
    for (unsigned i = 0; i < 1u << 20; i++) {
        struct te_addr addr = fixture_addr("10.0.0.0");
        addr.bytes[13] = (uint8_t)(16 + (i >> 16));
        addr.bytes[14] = (uint8_t)(i >> 8);
        addr.bytes[15] = (uint8_t)i;
        te_neighbour_on_question(f.stack, &addr, mac_of(i));
    }
    fixture_poll(&f);
    assert_int_equal(f.stack->neighbours.count, f.config.neighbour_max);
    assert_true(f.heap.held_bytes - before_bytes < (int64_t)f.config.neighbour_max * 256);
    assert_sends_to(V4, peer_mac);
    /* A host that asks now is known, and whoever we need finds room. */
    numbered(text, 7);
    input_arp(&f, TE_ARP_REQUEST, text, "10.0.0.1", third_mac);
    assert_entry(text, TE_NEIGHBOUR_STALE, third_mac);
    make("10.0.0.3", TE_NEIGHBOUR_REACHABLE);
    assert_sends_to(V4, peer_mac);
}

/* A table full of neighbours in use: a question costs none of them its place. */
static void a_question_takes_no_place_in_use(void **state)
{
    char text[32];
    uint8_t mac[6];
    (void)state;
    fixture_stop(&f);
    fixture_init(&f);
    f.config.addresses[0] = fixture_cidr("10.0.0.1/8");
    f.config.neighbour_max = 16;
    f.config.neighbour_incomplete_max = 4;
    fixture_start(&f);
    for (unsigned i = 2; i < 18; i++) {
        numbered(text, i);
        (void)ask_for(text, mac);
        input_answer(&f, text, peer_mac);
    }
    input_arp(&f, TE_ARP_REQUEST, V4, "10.0.0.1", other_mac);
    assert_null(entry_of(V4));
    assert_int_equal(fixture_counters(&f)->neighbour_unused_full, 1);
    assert_int_equal(fixture_counters(&f)->neighbour_evicted, 0);
    /* But one in use makes room for the next that is needed. */
    (void)ask_for(V4, mac);
    input_answer(&f, V4, other_mac);
    assert_sends_to(V4, other_mac);
    assert_int_equal(f.stack->neighbours.count, 16);
}

#define CLAIM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM_TEST(every_advertisement_in_every_state),
        CLAIM_TEST(the_router_flag_changes_no_configured_route),
        CLAIM_TEST(a_question_with_a_new_mac_in_every_state),
        CLAIM_TEST(a_question_with_the_known_mac_changes_nothing),
        CLAIM_TEST(who_asks_for_us_is_known_at_once),
        CLAIM_TEST(whose_question_teaches_nothing),
        CLAIM_TEST(a_move_is_believed_at_once),
        CLAIM_TEST(an_announcement_resolves_whom_we_ask_for),
        CLAIM_TEST(the_first_of_two_answers_counts),
        CLAIM_TEST(the_owner_answers_the_forger),
        CLAIM_TEST(an_announcement_of_the_owner_is_no_answer),
        CLAIM_TEST(a_late_answer_is_a_claim),
        CLAIM_TEST(a_flood_of_claims),
        CLAIM_TEST(a_move_after_a_forged_one),
        CLAIM_TEST(many_hosts_connect_together),
        CLAIM_TEST(many_hosts_that_ask_nothing),
        CLAIM_TEST(a_flood_of_questions),
        CLAIM_TEST(a_question_takes_no_place_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

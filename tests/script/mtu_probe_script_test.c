/* Path MTU discovery without messages: RFC 4821, RFC 8899. */
#include <string.h>

#include "script.h"

#define MSS 1460
#define BASE 1024
#define BASE_MSS (BASE - 40)
#define R1 3

static void established(struct script *s)
{
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    conn_in_established(s);
}

static void check_phase(const struct script *s, const char *want)
{
    assert_string_equal(script_status(s).mtu_probing, want);
}

/* The retransmission timer expires that many times in a row; the last output is left to read. */
static void time_out(struct script *s, unsigned times)
{
    uint64_t until = fixture_counters(&s->f)->retransmit_timeouts + times;
    for (unsigned i = 0; fixture_counters(&s->f)->retransmit_timeouts < until; i++) {
        assert_true(i < 100 * 1000);
        script_skip(s);
        script_advance(s, MS);
    }
}

/* --- black holes (RFC 4821 7.7) --------------------------------------------------------------- */

static void rfc4821_7_7_after_r1_timeouts_the_base_size(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    check_phase(s, "disabled");
    time_out(s, R1 - 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    check_phase(s, "disabled");
    time_out(s, 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = BASE_MSS);
    check_phase(s, "base");
    T_EQUAL(script_status(s).path_mtu_bytes, BASE);
    T_COUNT(s, mtu_black_holes, 1);
    T_COUNT(s, path_mtu_changes, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + BASE_MSS);
    check_phase(s, "searching");
    script_skip(s);
}

static void with_ipv6_the_base_is_1280(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    established(s);
    T_EQUAL(script_user_send(s, 4 * 1440), 4 * 1440);
    time_out(s, R1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1220);
    T_EQUAL(script_status(s).path_mtu_bytes, 1280);
    time_out(s, 3); /* it stays there: no IPv6 path has less */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1220);
    check_phase(s, "base");
}

/* "Upon additional successive timeouts, search_low and eff_pmtu SHOULD be halved." */
static void rfc4821_7_7_further_timeouts_halve_it(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_probe_base_bytes = 1200;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    time_out(s, R1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1160);
    time_out(s, 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 560);
    check_phase(s, "error");
    time_out(s, 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 512); /* RFC 5927 7 */
    time_out(s, 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 512);
    T_COUNT(s, mtu_black_holes, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 513);
    check_phase(s, "searching");
    script_skip(s);
}

static void small_segments_fall_into_no_black_hole(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, BASE_MSS), BASE_MSS);
    time_out(s, R1 + 2);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = BASE_MSS);
    check_phase(s, "disabled");
    T_COUNT(s, mtu_black_holes, 0);
}

static void off_means_messages_alone(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_probing = TE_MTU_PROBING_OFF;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    time_out(s, R1 + 2);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    check_phase(s, "disabled");
}

static void without_memory_it_falls_back_too(void **state)
{
    struct script *s = *state;
    established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    time_out(s, R1 - 1);
    script_skip(s);
    s->f.heap.allocations_left = 0;
    time_out(s, 1);
    s->f.heap.allocations_left = -1;
    T_EQUAL(script_status(s).path_mtu_bytes, BASE);
    check_phase(s, "disabled");
    script_skip(s);
}

/* The SYN has nothing to shrink. */
static void a_lost_syn_is_no_black_hole(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    time_out(s, R1 + 1);
    T_EXPECT(s, .flags = TE_SYN, .seq = 0);
    T_EQUAL(script_status(s).path_mtu_bytes, 1500);
}

static void always_starts_at_the_base_size(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_probing = TE_MTU_PROBING_ALWAYS;
    established(s);
    check_phase(s, "base");
    T_EQUAL(script_status(s).path_mtu_bytes, BASE);
    T_EQUAL(script_user_send(s, 1000), 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = BASE_MSS);
    script_skip(s);
}

/* Nothing larger than the base can leave: there is nothing to search. */
static void a_peer_of_small_segments_needs_no_search(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_probing = TE_MTU_PROBING_ALWAYS;
    s->peer_mss = 600;
    established(s);
    check_phase(s, "disabled");
    T_EQUAL(script_status(s).mss, 600);
}

/* --- the search (RFC 4821 7) ------------------------------------------------------------------ */

#define ROUND_TRIP (4 * MS) /* shorter than what a loss probe waits for */

/* Output since the last look: how far it reaches, and the first segment larger than the others. */
struct look {
    uint32_t end;
    uint32_t probe, probe_len; /* 0: none */
};

static struct look look(struct script *s, uint32_t len_max)
{
    struct look seen = {0};
    const struct script_out *out;
    while ((out = script_next(s)) != NULL) {
        uint32_t seq = script_rel_seq(s, out);
        T_EQUAL(out->meta.gso_type, TE_GSO_NONE);
        T_EQUAL(out->dont_fragment, true);
        if (out->len > len_max) {
            T_EQUAL(seen.probe_len, 0);
            seen.probe = seq;
            seen.probe_len = out->len;
        }
        if (seq + out->len > seen.end)
            seen.end = seq + out->len;
    }
    return seen;
}

static void ack(struct script *s, uint32_t number)
{
    script_advance(s, ROUND_TRIP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = number);
}

/* A connection confirmed at the base size, with its first probe in flight. */
static struct look probing(struct script *s)
{
    s->options |= SPEAKS_SACK;
    s->f.config.mtu_probing = TE_MTU_PROBING_ALWAYS;
    established(s);
    T_EQUAL(script_user_send(s, 200 * 1000), 200 * 1000);
    T_EQUAL(look(s, BASE_MSS).probe_len, 0);
    ack(s, 1 + 2 * BASE_MSS);
    check_phase(s, "searching");
    struct look first = look(s, BASE_MSS);
    T_EQUAL(first.probe_len, MSS); /* largest first */
    T_COUNT(s, mtu_probes, 1);
    return first;
}

static void rfc4821_7_6_1_a_probe_that_arrives_raises_it(void **state)
{
    struct script *s = *state;
    struct look first = probing(s);
    T_EQUAL(script_status(s).path_mtu_bytes, BASE); /* not before it has arrived */
    ack(s, first.end);
    T_COUNT(s, mtu_probes_arrived, 1);
    T_EQUAL(script_status(s).path_mtu_bytes, 1500);
    T_EQUAL(script_status(s).mss, MSS);
    check_phase(s, "complete");
    T_EXPECT(s, .flags = TE_ACK, .seq = first.end, .ack = 1, .len = MSS);
    script_skip(s);
}

/* The probe in first is lost, what follows it is SACKed; returns the output. */
static void lose_probe(struct script *s, const struct look *first)
{
    uint32_t after = first->probe + first->probe_len;
    ack(s, first->probe);
    uint32_t end = look(s, BASE_MSS).end;
    if (end == 0)
        end = first->end;
    assert_true(end > after);
    script_advance(s, ROUND_TRIP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = first->probe, SACK1(BLOCK(after, end)));
    script_advance(s, 3 * MS); /* RACK's quarter of a round trip */
}

static void rfc4821_7_6_2_a_lost_probe_is_no_congestion(void **state)
{
    struct script *s = *state;
    struct look first = probing(s);
    uint32_t ssthresh = script_status(s).ssthresh_bytes;
    lose_probe(s, &first);
    T_COUNT(s, mtu_probes_lost, 1);
    T_COUNT(s, recoveries, 0);
    T_EQUAL(script_status(s).ssthresh_bytes, ssthresh);
    assert_string_equal(script_status(s).recovery, "open");
    bool has_first = false, has_rest = false;
    const struct script_out *out;
    while ((out = script_next(s)) != NULL) {
        uint32_t seq = script_rel_seq(s, out);
        has_first |= seq == first.probe && out->len == BASE_MSS;
        has_rest |= seq == first.probe + BASE_MSS && out->len == MSS - BASE_MSS;
        assert_true(out->len <= BASE_MSS);
    }
    assert_true(has_first && has_rest);
    T_COUNT(s, mtu_probes, 1); /* the next one waits */
}

static void ack_all(struct script *s)
{
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = script_status(s).snd_nxt - s->c.our_iss);
}

/* Lets the maximum number of round trips that a sender waits for pass. */
static struct look next_probe(struct script *s)
{
    struct te_status status = script_status(s);
    unsigned trips = 2 * (status.cwnd_bytes / status.mss + 1);
    for (unsigned i = 0; i < trips; i++) {
        if (script_status(s).send_queue_bytes < 200 * 1000)
            script_user_send(s, 200 * 1000);
        script_skip(s);
        uint64_t probes = fixture_counters(&s->f)->mtu_probes;
        script_advance(s, ROUND_TRIP);
        ack_all(s);
        if (fixture_counters(&s->f)->mtu_probes > probes)
            return look(s, status.mss);
    }
    fail_msg("no probe came");
    return (struct look){0};
}

/* After a probe was lost, as many round trips as cwnd has segments pass until the next. */
static void rfc4821_7_6_2_the_next_probe_waits(void **state)
{
    struct script *s = *state;
    struct look first = probing(s);
    lose_probe(s, &first);
    script_skip(s);
    ack_all(s);
    T_EQUAL(look(s, BASE_MSS).probe_len, 0);
    struct look second = next_probe(s);
    T_EQUAL(second.probe_len, MSS); /* the same size once more (RFC 8899 5.1.2) */
    lose_probe(s, &second);
    T_COUNT(s, mtu_probes_lost, 2);
    script_skip(s);
    T_EQUAL(next_probe(s).probe_len, (BASE + 1499 + 1) / 2 - 40); /* half way */
}

/* With other losses too it is congestion as usual, and nothing is learned (7.6.4). */
static void rfc4821_7_6_4_with_other_losses_it_says_nothing(void **state)
{
    struct script *s = *state;
    struct look first = probing(s);
    uint32_t after = first.probe + first.probe_len;
    assert_true(first.end > after);
    ack(s, first.probe - BASE_MSS);
    uint32_t end = look(s, BASE_MSS).end;
    script_advance(s, ROUND_TRIP);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = first.probe - BASE_MSS, SACK1(BLOCK(after, end)));
    script_advance(s, 5 * MS);
    T_COUNT(s, mtu_probes_lost, 0);
    T_COUNT(s, recoveries, 1);
    check_phase(s, "searching");
    script_skip(s);
}

/* A message about the probe names the size, which is tried next; nothing else changes. */
static void a_router_answers_the_probe(void **state)
{
    struct script *s = *state;
    struct look first = probing(s);
    uint32_t ssthresh = script_status(s).ssthresh_bytes;
    script_icmp_error(s, 3, 4, first.probe, 1400);
    T_COUNT(s, mtu_probes_lost, 1);
    T_COUNT(s, path_mtu_changes, 0);
    T_EQUAL(script_status(s).path_mtu_bytes, BASE);
    T_EQUAL(script_status(s).ssthresh_bytes, ssthresh);
    script_skip(s);
    struct look second = next_probe(s);
    T_EQUAL(second.probe_len, 1360);
    ack(s, second.end);
    T_EQUAL(script_status(s).path_mtu_bytes, 1400);
    check_phase(s, "complete");
    script_skip(s);
}

/* 7.3: ten minutes later a larger size is tried again. */
static void rfc4821_7_3_the_search_begins_anew(void **state)
{
    struct script *s = *state;
    a_router_answers_the_probe(state);
    while (script_status(s).send_queue_bytes > 0) {
        ack_all(s);
        script_skip(s);
    }
    uint64_t probes = fixture_counters(&s->f)->mtu_probes;
    script_advance(s, 600 * SECOND);
    T_EQUAL(script_user_send(s, 100 * 1000), 100 * 1000);
    T_EQUAL(fixture_counters(&s->f)->mtu_probes, probes + 1);
    T_EQUAL(look(s, 1360).probe_len, MSS);
}

/* Without SACK a lost probe could not be told from other losses. */
static void without_sack_there_are_no_probes(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_probing = TE_MTU_PROBING_ALWAYS;
    established(s);
    T_EQUAL(script_user_send(s, 100 * 1000), 100 * 1000);
    for (unsigned i = 0; i < 5; i++) {
        script_skip(s);
        ack_all(s);
    }
    T_COUNT(s, mtu_probes, 0);
    T_EQUAL(look(s, BASE_MSS).probe_len, 0);
}

/* 7.4: a probe is followed by enough to notice its loss. */
static void rfc4821_7_4_not_with_little_data(void **state)
{
    struct script *s = *state;
    s->options |= SPEAKS_SACK;
    s->f.config.mtu_probing = TE_MTU_PROBING_ALWAYS;
    established(s);
    T_EQUAL(script_user_send(s, 500), 500);
    script_skip(s);
    ack(s, 501);
    check_phase(s, "searching");
    T_EQUAL(script_user_send(s, MSS + 3 * BASE_MSS - 1), MSS + 3 * BASE_MSS - 1);
    T_EQUAL(look(s, BASE_MSS).probe_len, 0);
    T_COUNT(s, mtu_probes, 0);
    ack_all(s);
    script_skip(s);
    ack_all(s);
    script_skip(s);
    T_EQUAL(script_user_send(s, MSS + 3 * BASE_MSS), MSS + 3 * BASE_MSS);
    T_EQUAL(look(s, BASE_MSS).probe_len, MSS);
}

/* A large frame for the link to cut is not a probe, and a probe is not cut. */
static void a_probe_is_one_packet_with_gso(void **state)
{
    struct script *s = *state;
    s->options |= SPEAKS_SACK;
    s->f.config.gso = s->f.config.checksum_offload = true;
    s->f.config.mtu_probing = TE_MTU_PROBING_ALWAYS;
    established(s);
    T_EQUAL(script_user_send(s, 200 * 1000), 200 * 1000);
    script_skip(s);
    ack_all(s);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->len, MSS);
    T_EQUAL(out->meta.gso_type, TE_GSO_NONE);
    out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->meta.gso_type, TE_GSO_TCPV4);
    T_EQUAL(out->meta.gso_size_bytes, BASE_MSS);
    script_skip(s);
}

/* After a black hole that was none, the first probe is full-sized. */
static void an_outage_ends_with_the_first_probe(void **state)
{
    struct script *s = *state;
    s->options |= SPEAKS_SACK;
    established(s);
    T_EQUAL(script_user_send(s, 200 * 1000), 200 * 1000);
    time_out(s, R1);
    check_phase(s, "base");
    for (unsigned i = 0; i < 20 && script_status(s).path_mtu_bytes < 1500; i++) {
        script_skip(s);
        ack_all(s);
    }
    T_EQUAL(script_status(s).path_mtu_bytes, 1500);
    T_COUNT(s, mtu_probes, 1);
    check_phase(s, "complete");
    script_skip(s);
}

/* 7.8: larger segments get lost after all. */
static void rfc4821_7_8_back_to_what_worked(void **state)
{
    struct script *s = *state;
    struct look first = probing(s);
    ack(s, first.end);
    T_EQUAL(script_status(s).path_mtu_bytes, 1500);
    time_out(s, 1);
    T_EQUAL(script_status(s).path_mtu_bytes, 1500);
    time_out(s, 1);
    T_EQUAL(script_status(s).path_mtu_bytes, BASE);
    script_skip(s);
}

/* --- after a message (RFC 1191 3, RFC 8201 4: nothing larger for five minutes) ---------------- */

/* Everything queued is sent and acknowledged; returns the largest payload sent. */
static uint32_t drain(struct script *s)
{
    uint32_t largest = 0;
    for (unsigned i = 0; i < 1000; i++) {
        const struct script_out *out;
        while ((out = script_next(s)) != NULL)
            largest = out->len > largest ? out->len : largest;
        if (script_status(s).send_queue_bytes == 0)
            break;
        script_advance(s, ROUND_TRIP);
        ack_all(s);
    }
    T_EQUAL(script_status(s).send_queue_bytes, 0);
    return largest;
}

static uint32_t send_and_drain(struct script *s)
{
    T_EQUAL(script_user_send(s, 100 * 1000), 100 * 1000);
    return drain(s);
}

/* A black hole behind the router that reported: the search ends at the size it reported. */
static void rfc1191_3_an_outage_after_a_message(void **state)
{
    struct script *s = *state;
    s->options |= SPEAKS_SACK;
    established(s);
    T_EQUAL(script_user_send(s, 100 * 1000), 100 * 1000);
    script_skip(s);
    script_icmp_error(s, 3, 4, 1, 1300);
    T_EQUAL(script_status(s).path_mtu_bytes, 1300);
    time_out(s, R1);
    check_phase(s, "base");
    T_EQUAL(drain(s), 1300 - 40);
    T_EQUAL(script_status(s).path_mtu_bytes, 1300);
    check_phase(s, "complete");
    script_advance(s, 300 * SECOND);
    T_EQUAL(send_and_drain(s), 1300 - 40);
    script_advance(s, 300 * SECOND);
    T_EQUAL(send_and_drain(s), MSS);
    T_EQUAL(script_status(s).path_mtu_bytes, 1500);
}

/* A router's report about a probe also holds when the path is lost afterwards. */
static void rfc1191_3_an_outage_after_a_message_about_a_probe(void **state)
{
    struct script *s = *state;
    a_router_answers_the_probe(state);
    drain(s);
    T_EQUAL(script_user_send(s, 100 * 1000), 100 * 1000);
    time_out(s, 2 * R1); /* since 1400 is known to get through */
    check_phase(s, "base");
    T_EQUAL(drain(s), 1400 - 40);
    T_EQUAL(script_status(s).path_mtu_bytes, 1400);
    script_advance(s, 600 * SECOND);
    T_EQUAL(send_and_drain(s), MSS);
}

/* The search had been over for nearly ten minutes: the message restarts them. */
static void rfc1191_3_a_message_late_in_a_complete_search(void **state)
{
    struct script *s = *state;
    struct look first = probing(s);
    ack(s, first.end);
    drain(s);
    check_phase(s, "complete");
    script_advance(s, 590 * SECOND);
    uint32_t at = script_status(s).snd_nxt - s->c.our_iss;
    T_EQUAL(script_user_send(s, 20 * 1000), 20 * 1000);
    script_skip(s);
    script_icmp_error(s, 3, 4, at, 1000);
    T_COUNT(s, too_big_held, 1);
    time_out(s, 1); /* which confirms it */
    T_EQUAL(script_status(s).path_mtu_bytes, 1000);
    drain(s);
    script_advance(s, 20 * SECOND);
    T_EQUAL(send_and_drain(s), 1000 - 40);
    script_advance(s, 280 * SECOND);
    T_EQUAL(send_and_drain(s), 1000 - 40);
    script_advance(s, 300 * SECOND);
    T_EQUAL(send_and_drain(s), MSS);
}

/* 7.3: "must determine when probing has converged", and begin again after a while. */
static void rfc4821_7_3_a_message_ends_the_search(void **state)
{
    struct script *s = *state;
    s->options |= SPEAKS_SACK;
    s->f.config.mtu_probing = TE_MTU_PROBING_ALWAYS;
    established(s);
    T_EQUAL(script_user_send(s, 20 * 1000), 20 * 1000);
    script_skip(s);
    ack(s, 1 + 2 * BASE_MSS);
    check_phase(s, "searching");
    script_skip(s);
    script_icmp_error(s, 3, 4, 1 + 2 * BASE_MSS, 800);
    time_out(s, 1);
    T_EQUAL(script_status(s).path_mtu_bytes, 800);
    check_phase(s, "complete");
    T_EQUAL(drain(s), 800 - 40);
    script_advance(s, 600 * SECOND);
    T_EQUAL(send_and_drain(s), MSS);
    T_EQUAL(script_status(s).path_mtu_bytes, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc4821_7_7_after_r1_timeouts_the_base_size),
        SCRIPT_TEST(with_ipv6_the_base_is_1280),
        SCRIPT_TEST(rfc4821_7_7_further_timeouts_halve_it),
        SCRIPT_TEST(small_segments_fall_into_no_black_hole),
        SCRIPT_TEST(off_means_messages_alone),
        SCRIPT_TEST(without_memory_it_falls_back_too),
        SCRIPT_TEST(a_lost_syn_is_no_black_hole),
        SCRIPT_TEST(always_starts_at_the_base_size),
        SCRIPT_TEST(a_peer_of_small_segments_needs_no_search),
        SCRIPT_TEST(rfc4821_7_6_1_a_probe_that_arrives_raises_it),
        SCRIPT_TEST(rfc4821_7_6_2_a_lost_probe_is_no_congestion),
        SCRIPT_TEST(rfc4821_7_6_2_the_next_probe_waits),
        SCRIPT_TEST(rfc4821_7_6_4_with_other_losses_it_says_nothing),
        SCRIPT_TEST(a_router_answers_the_probe),
        SCRIPT_TEST(rfc4821_7_3_the_search_begins_anew),
        SCRIPT_TEST(without_sack_there_are_no_probes),
        SCRIPT_TEST(rfc4821_7_4_not_with_little_data),
        SCRIPT_TEST(a_probe_is_one_packet_with_gso),
        SCRIPT_TEST(an_outage_ends_with_the_first_probe),
        SCRIPT_TEST(rfc4821_7_8_back_to_what_worked),
        SCRIPT_TEST(rfc1191_3_an_outage_after_a_message),
        SCRIPT_TEST(rfc1191_3_an_outage_after_a_message_about_a_probe),
        SCRIPT_TEST(rfc1191_3_a_message_late_in_a_complete_search),
        SCRIPT_TEST(rfc4821_7_3_a_message_ends_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

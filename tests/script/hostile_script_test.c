/* Hostile peers before and during handshakes: numbers that cannot be predicted, tables that cannot
 * be filled, and bounds that always hold. Floods of SYNs are in syn_cookie_script_test.c. */
#include <stdio.h>
#include <string.h>

#include "script.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "tcp/conn/conn.h"
#include "util/bytes.h"
#include "wire/checksum.h"

#define MANY 100000
#define CHECKSUM_AT 16

/* A SYN from 198.18.0.0/15 without the fixture's checks, which look at every connection. */
static void give_syn(struct script *s, uint32_t host, uint16_t port)
{
    uint8_t segment[TE_TCP_HEADER_MAX], frame[200];
    char source[32];
    snprintf(source, sizeof(source), "198.%u.%u.%u", 18 + (host >> 16 & 1), host >> 8 & 0xff,
             host & 0xff);
    struct ip_spec spec = {.source = source, .destination = "10.0.0.1", .protocol = TE_PROTO_TCP};
    struct te_tcp_header header = {
        .source_port = port, .destination_port = SERVER_PORT, .seq = host, .flags = TE_SYN};
    struct te_addr from = fixture_addr(source), to = fixture_addr("10.0.0.1");
    size_t len = te_tcp_emit(&header, segment);
    uint64_t sum = te_checksum_pseudo(&from, &to, TE_PROTO_TCP, (uint32_t)len);
    te_store_be16(segment + CHECKSUM_AT, te_checksum_finish(te_checksum_add(sum, segment, len)));
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    te_stack_input(s->f.stack, frame, build_ip(&spec, segment, len, frame), &meta, s->f.now_us);
}

/* The next SYN,ACK's number; other frames are passed over. */
static uint32_t take_iss(struct script *s)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    while (te_stack_poll_output(s->f.stack, header, &output, s->f.now_us)) {
        const uint8_t *tcp = output.iov[0].base + TE_ETH_HEADER_LEN + 20;
        if (output.total_bytes > TE_ETH_HEADER_LEN + 40 && (tcp[13] & TE_SYN))
            return te_load_be32(tcp + 4);
    }
    fail_msg("no SYN,ACK came out");
    return 0;
}

static void start_with_gateway(struct script *s)
{
    s->f.config.syn_queue_max = MANY;
    s->f.config.routes[0] = (struct te_route){.gateway = fixture_addr("10.0.0.2")};
    s->f.config.routes[0].destination.addr = fixture_addr("0.0.0.0");
    s->f.config.route_count = 1;
    conn_in_listen(s);
    give_syn(s, 1, 1); /* the gateway is resolved */
    script_pump(s);
    T_EQUAL(s->neighbour_questions, 1);
    script_skip(s);
}

static uint32_t draw_host(uint32_t i)
{
    return 2 + i / 1000;
}

/* --- prediction ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* RFC 6528: across 10^5 consecutive tuples no step between two numbers repeats often, and the
 * numbers fill the space. */
static void isn_has_no_constant_step(void **state)
{
    static uint32_t steps[MANY];
    struct script *s = *state;
    uint32_t last = 0, halves = 0, run = 1, longest = 1;
    start_with_gateway(s);
    for (uint32_t i = 0; i < MANY; i++) {
        give_syn(s, draw_host(i), (uint16_t)(1024 + i % 1000));
        uint32_t iss = take_iss(s);
        steps[i] = iss - last;
        halves += iss >> 31;
        last = iss;
    }
    qsort(steps, MANY, sizeof(steps[0]), compare);
    for (uint32_t i = 1; i < MANY; i++) {
        run = steps[i] == steps[i - 1] ? run + 1 : 1;
        longest = run > longest ? run : longest;
    }
    assert_true(longest <= 4);
    assert_true(halves > MANY * 49 / 100 && halves < MANY * 51 / 100);
}

/* --- the table of connections ----------------------------------------------------------------- */

static uint32_t longer_chain(uint32_t longest, const struct te_conn *conn)
{
    uint32_t len = 0;
    for (; conn != NULL; conn = conn->next_by_tuple)
        len++;
    return len > longest ? len : longest;
}

/* While the table grows, some buckets are in the second array, in halves. */
static uint32_t longest_chain(const struct te_conn_table *table)
{
    uint32_t longest = 0, old_count = table->growth.bucket_count;
    for (uint32_t i = 0; i < old_count; i++) {
        if (i < table->growth.moved) {
            longest = longer_chain(longest, table->next_by_tuple[i]);
            longest = longer_chain(longest, table->next_by_tuple[i + old_count]);
        } else {
            longest = longer_chain(longest, table->by_tuple[i]);
        }
    }
    return longest;
}

/* CVE-2024-10026: whatever 4-tuples an attacker chooses, here consecutive ones, a keyed hash picks
 * their slots. */
static void hash_table_cannot_be_steered(void **state)
{
    struct script *s = *state;
    start_with_gateway(s);
    for (uint32_t i = 0; i < MANY - 1; i++) {
        give_syn(s, draw_host(i), (uint16_t)(1024 + i % 1000));
        take_iss(s);
    }
    T_EQUAL(s->f.stack->conns.count, MANY);
    assert_true(longest_chain(&s->f.stack->conns) <= 8);
}

/* --- segments that nobody should send --------------------------------------------------------- */

/* Where a segment with an ACK delivers its text, half-closed as the constructors leave it. */
static bool takes_text(enum te_state state)
{
    return state == TE_SYN_RCVD || state == TE_ESTABLISHED || state == TE_FIN_WAIT_1 ||
           state == TE_FIN_WAIT_2;
}

static void urgent_pointer_means_nothing_in_any_state(void **state)
{
    static const uint16_t pointers[] = {0, 1, 10, 11, 65535};
    static const uint8_t flags[] = {TE_URG | TE_ACK, TE_URG | TE_ACK | TE_FIN, TE_URG | TE_SYN,
                                    TE_URG};
    struct script *s = *state;
    for (unsigned i = 0; i < 11 * 5 * 4; i++) {
        script_start_over(s);
        conn_in_state(s, (enum te_state)(i % 11));
        T_SEND(s, .flags = flags[i / 55], .seq = 1, .ack = 1, .len = 10,
               .urg = pointers[i / 11 % 5]);
        script_skip(s);
        bool delivers = takes_text((enum te_state)(i % 11)) && (flags[i / 55] & TE_ACK);
        T_EQUAL(script_user_take(s, NULL), delivers ? 10 : 0);
    }
}

/* LAND, and its variant with another port: a SYN that claims to come from us. */
static void syn_from_our_own_address_is_dropped(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    for (unsigned i = 0; i < 2; i++) {
        s->c.remote_port = (uint16_t)(SERVER_PORT + i);
        T_SEND(s, .flags = TE_SYN, .seq = 0, .from = "10.0.0.1");
        T_EXPECT_NONE(s);
    }
    T_COUNT(s, passive_opens, 0);
    T_EQUAL(fixture_counters(&s->f)->ip_bad_source + fixture_counters(&s->f)->tcp_land, 2);
}

/* --- limits ----------------------------------------------------------------------------------- */

/* CVE-2016-5696: probes on one connection leave no trace in what another one answers. */
static void challenges_of_one_connection_cost_another_nothing(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    struct script_conn probed = s->c;
    script_new_peer(s, CLIENT_PORT + 1);
    conn_in_established(s);
    struct script_conn other = s->c;
    for (unsigned probes = 0; probes <= 1000; probes += 1000) {
        script_advance(s, 2 * SECOND);
        script_mark(s);
        s->c = probed;
        for (unsigned i = 0; i < probes; i++) {
            T_SEND(s, .flags = TE_RST, .seq = 2 + i);
            script_skip(s);
        }
        s->c = other;
        T_SEND(s, .flags = TE_RST, .seq = 100);
        T_EXPECT_ACK(s, 1, 1);
        T_COUNT(s, challenge_acks, probes > 0 ? 2 : 1);
    }
}

/* Two ends that disagree answer each other's ACKs: at most two per second. */
static void ack_storm_dies(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    for (unsigned i = 0; i < 1000; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 200000, .ack = 1);
        script_advance(s, 10 * MS);
    }
    uint64_t sent = fixture_counters(&s->f)->segments_out - s->mark.segments_out;
    assert_true(sent > 0 && sent <= 2 * 10 + 1);
    script_skip(s);
    T_STATE(s, TE_ESTABLISHED);
}

static void open_sockstress(struct script *s, uint16_t port, bool closes)
{
    script_new_peer(s, port);
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    T_EQUAL(script_user_send(s, 100), 100);
    if (closes)
        T_ERR(script_user_close(s), TE_OK);
    script_skip(s);
}

/* Sockstress: zero windows, and bytes that wait for ever. A connection whose peer no longer answers
 * is given up after R2; a closed one, after the orphan timeout. */
static void windows_of_nothing_are_given_up(void **state)
{
    struct script *s = *state;
    struct te_totals totals;
    for (unsigned closes = 0; closes < 2; closes++) {
        script_start_over(s);
        s->f.config.r2_retries = 5;
        s->f.config.remains_us = 0;
        for (uint16_t i = 0; i < 200; i++)
            open_sockstress(s, (uint16_t)(20000 + i), closes);
        te_totals(s->f.stack, &totals);
        T_EQUAL(totals.connections, 200);
        script_advance(s, 130 * SECOND);
        script_skip(s);
        te_totals(s->f.stack, &totals);
        T_EQUAL(totals.connections, 0);
        T_EQUAL(totals.buffer_memory_bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(isn_has_no_constant_step),
        SCRIPT_TEST(hash_table_cannot_be_steered),
        SCRIPT_TEST(urgent_pointer_means_nothing_in_any_state),
        SCRIPT_TEST(syn_from_our_own_address_is_dropped),
        SCRIPT_TEST(challenges_of_one_connection_cost_another_nothing),
        SCRIPT_TEST(ack_storm_dies),
        SCRIPT_TEST(windows_of_nothing_are_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

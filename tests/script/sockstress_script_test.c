/* Peers that open many connections and hold them, by number and with a window of 0. */
#include <string.h>

#include "script.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "tcp/conn/conn.h"
#include "util/bytes.h"
#include "wire/checksum.h"

/* --- how many one remote address may have ----------------------------------------------------- */

#define HOST_A "198.18.0.1"
#define HOST_B "198.18.0.2"

static void limited_listen(struct script *s, uint32_t max)
{
    s->f.config.connections_per_remote_max = max;
    s->f.config.routes[0].gateway = fixture_addr("10.0.0.2");
    s->f.config.routes[0].destination.addr = fixture_addr("0.0.0.0");
    s->f.config.routes[1].gateway = fixture_addr("2001:db8::2");
    s->f.config.routes[1].destination.addr = fixture_addr("::");
    s->f.config.route_count = 2;
    conn_in_listen(s);
}

/* False if no answer came; otherwise our SYN,ACK's number is known. */
static bool half_open(struct script *s, const char *from, uint16_t port)
{
    script_new_peer(s, port);
    T_SEND(s, .flags = TE_SYN, .seq = 0, .from = from);
    const struct script_out *out = script_next(s);
    if (out == NULL)
        return false;
    T_EQUAL(out->header.flags, TE_SYN | TE_ACK);
    s->c.our_iss = out->header.seq;
    return true;
}

static bool complete(struct script *s, const char *from)
{
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .from = from);
    return script_user_accept(s) == TE_OK;
}

static bool open_from(struct script *s, const char *from, uint16_t port)
{
    return half_open(s, from, port) && complete(s, from);
}

static void at_the_limit_of_a_remote_its_syns_are_dropped(void **state)
{
    struct script *s = *state;
    limited_listen(s, 2);
    assert_true(open_from(s, HOST_A, 2000));
    uint64_t first = s->c.id;
    assert_true(open_from(s, HOST_A, 2001));
    assert_false(half_open(s, HOST_A, 2002));
    T_COUNT(s, remote_limit, 1);
    T_DROPPED(s, s->listener_id, TE_DROP_REMOTE_LIMIT);
    assert_true(open_from(s, HOST_B, 2000));
    T_ERR(te_abort(s->f.stack, first, s->f.now_us), TE_OK);
    script_pump(s);
    script_skip(s);
    assert_true(open_from(s, HOST_A, 2002));
    assert_false(half_open(s, HOST_A, 2003));
    T_COUNT(s, remote_limit, 2);
    T_EXPECT_NONE(s);
}

/* Half-open ones do not count, since their sender may be forged; that many may complete at once. */
static void at_the_limit_of_a_remote_a_handshake_waits(void **state)
{
    struct script *s = *state;
    limited_listen(s, 1);
    assert_true(half_open(s, HOST_A, 2000));
    struct script_conn first = s->c;
    assert_true(half_open(s, HOST_A, 2001));
    assert_true(complete(s, HOST_A));
    struct script_conn second = s->c;
    s->c = first;
    assert_false(complete(s, HOST_A));
    T_COUNT(s, remote_limit, 1);
    T_ERR(te_abort(s->f.stack, second.id, s->f.now_us), TE_OK);
    script_pump(s);
    script_skip(s);
    s->c = first;
    assert_true(complete(s, HOST_A));
    T_EXPECT_NONE(s);
}

static void forged_syns_shut_nobody_out(void **state)
{
    struct script *s = *state;
    limited_listen(s, 1);
    for (uint16_t port = 3000; port < 3050; port++)
        assert_true(half_open(s, HOST_A, port));
    assert_true(open_from(s, HOST_A, 2000));
    T_COUNT(s, remote_limit, 0);
    script_skip(s);
}

static void at_the_limit_of_a_remote_a_cookie_waits(void **state)
{
    struct script *s = *state;
    s->f.config.syn_cookies = TE_SYN_COOKIES_ALWAYS;
    limited_listen(s, 1);
    assert_true(half_open(s, HOST_A, 2000));
    struct script_conn first = s->c;
    assert_true(open_from(s, HOST_A, 2001));
    s->c = first;
    assert_false(complete(s, HOST_A));
    T_COUNT(s, remote_limit, 1);
    T_EXPECT_NONE(s);
}

/* Whoever has one IPv6 address has 2^64. */
static void an_ipv6_remote_is_a_slash_64(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    limited_listen(s, 2);
    assert_true(open_from(s, "2001:db8:0:1::1", 2000));
    assert_true(open_from(s, "2001:db8:0:1:ffff:ffff:ffff:ffff", 2000));
    assert_false(half_open(s, "2001:db8:0:1::3", 2000));
    assert_true(open_from(s, "2001:db8:0:2::1", 2000));
    T_EXPECT_NONE(s);
}

static void what_ends_in_any_way_counts_no_more(void **state)
{
    static const enum te_state from[] = {TE_FIN_WAIT_2, TE_CLOSING};
    struct script *s = *state;
    s->f.config.connections_per_remote_max = 1;
    for (uint16_t i = 0; i < 8; i++) {
        script_new_peer(s, (uint16_t)(2000 + i));
        if (i % 2 == 0)
            conn_in_time_wait(s, from[i / 2 % 2]);
        else {
            conn_in_established(s);
            T_SEND(s, .flags = TE_RST, .seq = 1);
        }
    }
    T_COUNT(s, remote_limit, 0);
}

static void our_own_openings_do_not_count(void **state)
{
    struct script *s = *state;
    s->f.config.connections_per_remote_max = 1;
    s->way = BY_ACTIVE;
    for (uint16_t i = 0; i < 4; i++) {
        script_new_peer(s, (uint16_t)(2000 + i));
        conn_in_established(s);
    }
    T_EXPECT_NONE(s);
}

static void without_a_limit_nothing_is_counted(void **state)
{
    struct script *s = *state;
    limited_listen(s, 0);
    for (uint16_t i = 0; i < 20; i++)
        assert_true(open_from(s, HOST_A, (uint16_t)(2000 + i)));
    T_COUNT(s, remote_limit, 0);
    T_EXPECT_NONE(s);
}

/* One that is not in the table. */
static struct te_conn one_of(uint32_t host)
{
    uint8_t bytes[4];
    te_store_be32(bytes, host);
    return (struct te_conn){
        .remote.addr = te_addr_from_v4(bytes), .was_passive = true, .syn_acked = true};
}

static void account_often(struct script *s, uint32_t host, bool is_over)
{
    for (uint32_t i = 0; i < s->f.config.connections_per_remote_max; i++) {
        struct te_conn conn = one_of(host);
        conn.counted_remote = conn.is_remains = is_over;
        te_remotes_account(s->f.stack, &conn);
    }
}

/* The worst case for everybody else: a table of a million connections, shared by 64 remotes. */
static void remotes_at_their_limit_shut_nobody_else_out(void **state)
{
    struct script *s = *state;
    limited_listen(s, 16384);
    T_EQUAL(s->f.config.conn_max, 64 * 16384);
    unsigned refused = 0;
    for (uint32_t host = 1; host <= 64; host++)
        account_often(s, host << 24, false);
    for (uint32_t host = 1; host <= 100000; host++) {
        struct te_conn conn = one_of(host);
        refused += te_remotes_is_full(s->f.stack, &conn.remote.addr);
    }
    assert_true(refused <= 10);
    for (uint32_t host = 1; host <= 64; host++) {
        struct te_conn conn = one_of(host << 24);
        assert_true(te_remotes_is_full(s->f.stack, &conn.remote.addr));
        account_often(s, host << 24, true);
    }
    T_EXPECT_NONE(s);
}

/* --- ten thousand windows of 0 ---------------------------------------------------------------- */

/* Without the fixture, whose checks look at every connection after every frame. */

#define MANY 10000
#define PORT_FIRST 20000
#define USER_TIMEOUT_S 300
#define ORPHAN_S 120

static struct {
    uint32_t ack[MANY]; /* 0: not open */
    unsigned resets;
} peer;

static void give(struct script *s, uint16_t port, uint8_t flags, uint32_t ack)
{
    uint8_t segment[TE_TCP_HEADER_MAX], frame[200];
    struct ip_spec spec = {
        .source = "10.0.0.2", .destination = "10.0.0.1", .protocol = TE_PROTO_TCP};
    struct te_tcp_header header = {.source_port = port,
                                   .destination_port = SERVER_PORT,
                                   .seq = flags & TE_SYN ? 1000 : 1001,
                                   .ack = ack,
                                   .flags = flags};
    struct te_addr from = fixture_addr(spec.source), to = fixture_addr(spec.destination);
    size_t len = te_tcp_emit(&header, segment);
    uint64_t sum = te_checksum_pseudo(&from, &to, TE_PROTO_TCP, (uint32_t)len);
    te_store_be16(segment + 16, te_checksum_finish(te_checksum_add(sum, segment, len)));
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    te_stack_input(s->f.stack, frame, build_ip(&spec, segment, len, frame), &meta, s->f.now_us);
}

static void give_arp(struct script *s)
{
    uint8_t frame[TE_ETH_HEADER_LEN + TE_ARP_LEN];
    struct te_eth_header eth = {.type = TE_ETH_TYPE_ARP};
    struct te_arp arp = {.operation = TE_ARP_REPLY,
                         .sender = fixture_addr("10.0.0.2"),
                         .target = fixture_addr("10.0.0.1")};
    memcpy(eth.source, peer_mac, 6);
    memcpy(eth.destination, stack_mac, 6);
    memcpy(arp.sender_mac, peer_mac, 6);
    memcpy(arp.target_mac, stack_mac, 6);
    te_eth_emit(&eth, frame);
    te_arp_emit(&arp, frame + TE_ETH_HEADER_LEN);
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    te_stack_input(s->f.stack, frame, sizeof(frame), &meta, s->f.now_us);
}

/* A live peer that never accepts a byte: it answers everything with a window of 0. */
static void answer(struct script *s, const uint8_t *tcp)
{
    uint16_t port = te_load_be16(tcp + 2);
    uint8_t flags = tcp[13];
    if (port < PORT_FIRST || port >= PORT_FIRST + MANY)
        return; /* the honest one's */
    uint32_t *ack = &peer.ack[port - PORT_FIRST];
    if (flags & TE_RST) {
        peer.resets++;
        *ack = 0;
    } else if (flags & TE_SYN) {
        *ack = te_load_be32(tcp + 4) + 1;
        give(s, port, TE_ACK, *ack);
    } else if (te_load_be32(tcp + 4) == *ack || te_load_be32(tcp + 4) + 1 == *ack) {
        give(s, port, TE_ACK, *ack);
    }
}

static void answer_all(struct script *s)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    while (te_stack_poll_output(s->f.stack, header, &output, s->f.now_us)) {
        const uint8_t *frame = output.iov[0].base;
        uint8_t tcp[20];
        if (te_load_be16(frame + 12) == TE_ETH_TYPE_ARP) {
            give_arp(s);
            continue;
        }
        memcpy(tcp, frame + TE_ETH_HEADER_LEN + 20, sizeof(tcp));
        answer(s, tcp);
    }
}

static void pass(struct script *s, int64_t duration_us)
{
    int64_t end_us = s->f.now_us + duration_us;
    for (;;) {
        int64_t next_us = te_stack_next_timeout(s->f.stack);
        if (next_us > end_us)
            break;
        s->f.now_us = next_us > s->f.now_us ? next_us : s->f.now_us;
        te_stack_handle_timeout(s->f.stack, s->f.now_us);
        answer_all(s);
    }
    s->f.now_us = end_us;
}

/* Every second one gets a user timeout; every second one of the others is closed by its user. */
static void open_one(struct script *s, unsigned i)
{
    uint64_t id;
    size_t taken;
    give(s, (uint16_t)(PORT_FIRST + i), TE_SYN, 0);
    answer_all(s);
    T_ERR(te_accept(s->f.stack, s->listener_id, USER, &id, s->f.now_us), TE_OK);
    if (i % 2 == 0)
        T_ERR(te_set_option(s->f.stack, id, TE_OPTION_USER_TIMEOUT_US, USER_TIMEOUT_S * SECOND,
                            s->f.now_us),
              TE_OK);
    T_ERR(te_send(s->f.stack, id, (const uint8_t *)"some bytes", 10, &taken, s->f.now_us), TE_OK);
    if (i % 4 == 1)
        T_ERR(te_close(s->f.stack, id, s->f.now_us), TE_OK);
    answer_all(s);
}

/* RFC 9293 3.8.6.1: a sender probes for as long as it is answered (MUST-37); the user timeout and
 * the orphan timeout end that, whatever the peer says. */
static void ten_thousand_windows_of_0_are_freed_on_schedule(void **state)
{
    struct script *s = *state;
    memset(&peer, 0, sizeof(peer));
    s->f.config.orphan_us = ORPHAN_S * SECOND;
    s->f.config.remains_us = 0;
    s->f.config.send_buffer_initial_bytes = 512;
    conn_in_established(s); /* the honest one, whose neighbour is resolved */
    for (unsigned i = 0; i < MANY; i++) {
        open_one(s, i);
        pass(s, SECOND / MANY);
    }
    T_EQUAL(script_connections(s), MANY + 1);
    pass(s, (ORPHAN_S - 1) * SECOND - 1);
    T_EQUAL(script_connections(s), MANY + 1);
    pass(s, SECOND + 1);
    T_EQUAL(script_connections(s), MANY * 3 / 4 + 1);
    T_COUNT(s, orphans_dropped, MANY / 4);
    pass(s, (USER_TIMEOUT_S - ORPHAN_S - 1) * SECOND - 1);
    T_EQUAL(script_connections(s), MANY * 3 / 4 + 1);
    pass(s, SECOND + 1);
    T_EQUAL(script_connections(s), MANY / 4 + 1);
    T_COUNT(s, timeouts_user, MANY / 2);
    T_EQUAL(peer.resets, MANY * 3 / 4);
    uint64_t probes = fixture_counters(&s->f)->zero_window_probes;
    pass(s, 3600 * SECOND);
    assert_true(fixture_counters(&s->f)->zero_window_probes >= probes + 29 * MANY / 4);
    T_EQUAL(script_connections(s), MANY / 4 + 1);
    T_STATE(s, TE_ESTABLISHED);
}

/* --- memory that is short --------------------------------------------------------------------- */

#define FEW 40

/* The fixture's allocator with a limit. */
static struct {
    struct te_allocator all;
    const struct heap *heap;
    int64_t max_bytes;
} memory;

static void *alloc_limited(void *ctx, size_t size_bytes)
{
    (void)ctx;
    if (memory.heap->held_bytes + (int64_t)size_bytes > memory.max_bytes)
        return NULL;
    return memory.all.alloc(memory.all.ctx, size_bytes);
}

static void free_limited(void *ctx, void *block, size_t size_bytes)
{
    (void)ctx;
    memory.all.free(memory.all.ctx, block, size_bytes);
}

/* An honest connection with nothing to send, and a few facing a window of 0. */
static void hold_memory(struct script *s)
{
    memset(&peer, 0, sizeof(peer));
    memory.all = s->f.config.allocator;
    memory.heap = &s->f.heap;
    memory.max_bytes = INT64_MAX;
    s->f.config.allocator = (struct te_allocator){NULL, alloc_limited, free_limited};
    s->f.config.remains_us = 0;
    s->f.config.send_buffer_initial_bytes = 512;
    s->f.config.receive_buffer_initial_bytes = 2048;
    conn_in_established(s);
    for (unsigned i = 0; i < FEW; i++)
        open_one(s, 4 * i + 3);
}

static void rfc6429_without_memory_windows_of_0_go(void **state)
{
    struct script *s = *state;
    hold_memory(s);
    pass(s, 3600 * SECOND);
    T_EQUAL(script_connections(s), FEW + 1);
    memory.max_bytes = s->f.heap.held_bytes;
    pass(s, 3600 * SECOND);
    uint64_t dropped = fixture_counters(&s->f)->persist_dropped;
    assert_in_range(dropped, 1, 4); /* then there is room for one more connection */
    T_EQUAL(script_connections(s), FEW + 1 - dropped);
    T_EQUAL(peer.resets, dropped);
    memory.max_bytes = 0;
    pass(s, 3600 * SECOND);
    T_EQUAL(script_connections(s), 1);
    T_STATE(s, TE_ESTABLISHED);
}

/* A window may be 0 for a while, however little memory there is. */
static void without_memory_young_windows_of_0_stay(void **state)
{
    struct script *s = *state;
    hold_memory(s);
    memory.max_bytes = 0;
    pass(s, 60 * SECOND);
    T_EQUAL(script_connections(s), FEW + 1);
    T_COUNT(s, persist_dropped, 0);
    memory.max_bytes = INT64_MAX;
    pass(s, 3600 * SECOND);
    T_EQUAL(script_connections(s), FEW + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(at_the_limit_of_a_remote_its_syns_are_dropped),
        SCRIPT_TEST(at_the_limit_of_a_remote_a_handshake_waits),
        SCRIPT_TEST(forged_syns_shut_nobody_out),
        SCRIPT_TEST(at_the_limit_of_a_remote_a_cookie_waits),
        SCRIPT_TEST(an_ipv6_remote_is_a_slash_64),
        SCRIPT_TEST(what_ends_in_any_way_counts_no_more),
        SCRIPT_TEST(our_own_openings_do_not_count),
        SCRIPT_TEST(without_a_limit_nothing_is_counted),
        SCRIPT_TEST(remotes_at_their_limit_shut_nobody_else_out),
        SCRIPT_TEST(ten_thousand_windows_of_0_are_freed_on_schedule),
        SCRIPT_TEST(rfc6429_without_memory_windows_of_0_go),
        SCRIPT_TEST(without_memory_young_windows_of_0_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

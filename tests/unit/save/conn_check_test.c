/* conn_check.h: which connections a restore takes, and which it must refuse.
 *
 * Each case starts from a copy of a healthy connection, which is taken, changes one thing, and says
 * whether it is still one that the engine could have made. */
#include "save/conn_check.h"
#include "save/save_sections.h"
#include "stack_internal.h"
#include "support/couple.h"
#include "support/test.h"
#include "tcp/conn/sender.h"
#include "tcp/mtu/mtu_probe.h"

#define WINDOW_MAX (UINT32_C(65535) << 14) /* RFC 7323 2.3 */
#define BUFFER_MAX (UINT32_C(1) << 30)
#define DATA_BYTES 3000

static struct couple c;
static struct te_conn conn;

/* A copy that is in no table, of a connection that has sent DATA_BYTES: of which nothing is
 * acknowledged yet. */
static void take_copy(void)
{
    conn = *c.conn;
    conn.id = c.id + 100;
    conn.remote.port++;
}

static int start(void **state)
{
    static const uint8_t data[DATA_BYTES];
    size_t accepted;
    (void)state;
    couple_init(&c);
    couple_start(&c);
    assert_int_equal(te_send(c.a.stack, c.id, data, DATA_BYTES, &accepted, c.a.now_us), TE_OK);
    fixture_poll(&c.a);
    c.a.stack->next_id = 1000;
    take_copy();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    couple_stop(&c);
    return 0;
}

static bool is_taken(void)
{
    return te_conn_check_restored(c.a.stack, &conn);
}

/* Runs what changes the copy, looks, and goes back to a healthy copy. */
#define REFUSED(...)                                                                               \
    do {                                                                                           \
        assert_true(is_taken());                                                                   \
        __VA_ARGS__;                                                                               \
        if (is_taken())                                                                            \
            fail_msg("taken: %s", #__VA_ARGS__);                                                   \
        take_copy();                                                                               \
    } while (0)
#define TAKEN(...)                                                                                 \
    do {                                                                                           \
        __VA_ARGS__;                                                                               \
        if (!is_taken())                                                                           \
            fail_msg("refused: %s", #__VA_ARGS__);                                                 \
        take_copy();                                                                               \
    } while (0)

/* --- identity --------------------------------------------------------------------------------- */

static void ids_and_tuples_are_new(void **state)
{
    (void)state;
    REFUSED(conn.id = c.id);
    REFUSED(conn.remote.port--); /* the 4-tuple of the connection that is there */
    TAKEN(conn.remote.port += 7);
}

static void endpoints_are_of_one_family_and_have_ports(void **state)
{
    (void)state;
    REFUSED(conn.local.port = 0);
    REFUSED(conn.remote.port = 0);
    REFUSED(conn.local.addr = fixture_addr("2001:db8::1"));
    REFUSED(conn.next_hop = fixture_addr("2001:db8::9"));
    TAKEN(conn.next_hop = fixture_addr("10.0.0.9"));
}

static void the_remote_is_one_station(void **state)
{
    (void)state;
    REFUSED(conn.remote.addr = fixture_addr("224.0.0.1"));
    REFUSED(conn.remote.addr = fixture_addr("255.255.255.255"));
    REFUSED(conn.remote.addr = fixture_addr("10.0.0.255"));
    REFUSED(conn.remote.addr = fixture_addr("127.0.0.1"));
    REFUSED(conn.remote.addr = fixture_addr("0.0.0.0"));
    TAKEN(conn.remote.addr = fixture_addr("10.0.0.77"));
}

/* --- states and flags ------------------------------------------------------------------------- */

static void the_state_is_one_of_a_living_connection(void **state)
{
    (void)state;
    REFUSED(conn.state = TE_CLOSED);
    REFUSED(conn.state = TE_LISTEN);
    REFUSED(conn.state = TE_TIME_WAIT);
    REFUSED(conn.error = TE_ERR_RESET);
    TAKEN(conn.soft_error = TE_ERR_HOST_UNREACHABLE);
}

/* RFC 9293 figure 5: the states behind our FIN, and those behind the peer's. */
static void flags_fit_the_state(void **state)
{
    (void)state;
    REFUSED(conn.fin_queued = true);
    REFUSED(conn.state = TE_FIN_WAIT_1);
    TAKEN(conn.state = TE_FIN_WAIT_1, conn.fin_queued = true);
    REFUSED(conn.fin_sent = true);
    REFUSED(conn.user_closed = true);
    TAKEN(conn.state = TE_FIN_WAIT_1, conn.fin_queued = conn.user_closed = true);
    REFUSED(conn.fin_received = true, conn.rcv_nxt++);
    REFUSED(conn.state = TE_CLOSE_WAIT);
    TAKEN(conn.state = TE_CLOSE_WAIT, conn.fin_received = true, conn.rcv_nxt++);
    REFUSED(conn.state = TE_CLOSE_WAIT, conn.fin_received = conn.fin_queued = true, conn.rcv_nxt++);
    TAKEN(conn.state = TE_LAST_ACK, conn.fin_received = conn.fin_queued = true, conn.rcv_nxt++);
    TAKEN(conn.state = TE_CLOSING, conn.fin_received = conn.fin_queued = true, conn.rcv_nxt++);
    REFUSED(conn.state = TE_CLOSING, conn.fin_queued = true);
}

static void our_syn_is_acknowledged_or_not(void **state)
{
    (void)state;
    REFUSED(conn.syn_acked = false);
    REFUSED(conn.syn_acked = false, conn.snd_una = conn.iss);
    REFUSED(conn.state = TE_SYN_SENT);
    REFUSED(conn.state = TE_SYN_RCVD);
    REFUSED(conn.syn_acked = false, conn.state = TE_SYN_RCVD); /* SND.UNA is beyond ISS */
    TAKEN(conn.syn_acked = false, conn.state = TE_SYN_RCVD, conn.snd_una = conn.iss);
    REFUSED(conn.syn_acked = false, conn.state = TE_SYN_RCVD, conn.snd_una = conn.iss,
            conn.acked_offset = 1);
}

static void before_the_peers_syn_nothing_was_received(void **state)
{
    (void)state;
#define SYN_SENT conn.state = TE_SYN_SENT, conn.syn_acked = false, conn.snd_una = conn.iss
    TAKEN(SYN_SENT);
    TAKEN(SYN_SENT, conn.rcv_nxt = conn.irs = 0); /* not known yet */
    REFUSED(SYN_SENT, conn.received_offset = 1);
    REFUSED(SYN_SENT, conn.fin_received = true);
#undef SYN_SENT
}

/* FIN_WAIT_2: our FIN is acknowledged, and with it everything before. */
static void fin_wait_2_is_beyond_our_fin(void **state)
{
    (void)state;
    REFUSED(conn.state = TE_FIN_WAIT_2, conn.fin_queued = conn.fin_sent = true);
    TAKEN(conn.state = TE_FIN_WAIT_2, conn.fin_queued = conn.fin_sent = true,
          conn.acked_offset = conn.queued_offset,
          conn.snd_una = conn.snd_nxt = conn.snd_max = conn.iss + 2 + DATA_BYTES);
}

/* Where all is queued and acknowledged, SND.UNA may be one beyond the data: our FIN's. */
static void only_our_fin_is_beyond_the_data(void **state)
{
    (void)state;
#define ACKED(beyond)                                                                              \
    conn.state = TE_CLOSING, conn.fin_queued = conn.fin_sent = conn.fin_received = true,           \
    conn.rcv_nxt++, conn.acked_offset = conn.queued_offset,                                        \
    conn.snd_una = conn.iss + 1 + DATA_BYTES + (beyond)
    TAKEN(ACKED(0));
    TAKEN(ACKED(1));
    REFUSED(ACKED(2));
    REFUSED(ACKED(1), conn.queued_offset++);
    REFUSED(ACKED(1), conn.fin_sent = false);
#undef ACKED
}

static void remains_have_no_protocol(void **state)
{
    (void)state;
#define REMAINS                                                                                    \
    conn.is_remains = true, conn.state = TE_CLOSED, conn.queued_offset = conn.acked_offset,        \
    conn.send_ring = (struct te_ring){.region = NULL},                                             \
    conn.timer_at_us[TE_TIMER_RETRANSMIT] = TE_NEVER,                                              \
    conn.timer_at_us[TE_TIMER_LOSS_PROBE] = TE_NEVER, conn.timer_at_us[TE_TIMER_IDLE] = TE_NEVER
    TAKEN(REMAINS);
    TAKEN(REMAINS, conn.error = TE_ERR_RESET);
    TAKEN(REMAINS, conn.state = TE_TIME_WAIT);
    TAKEN(REMAINS, conn.timer_at_us[TE_TIMER_REMAINS] = c.a.now_us);
    REFUSED(REMAINS, conn.state = TE_ESTABLISHED);
    REFUSED(REMAINS, conn.user_closed = true);
    REFUSED(REMAINS, conn.queued_offset = conn.acked_offset + 1);
    REFUSED(REMAINS, conn.send_ring = c.conn->send_ring);
    REFUSED(REMAINS, conn.out_of_order.count = 1);
    REFUSED(REMAINS, conn.timer_at_us[TE_TIMER_RETRANSMIT] = c.a.now_us);
    REFUSED(conn.timer_at_us[TE_TIMER_REMAINS] = c.a.now_us);
#undef REMAINS
}

/* --- sequence numbers and streams ------------------------------------------------------------- */

static void snd_una_follows_from_iss_and_offset(void **state)
{
    (void)state;
    REFUSED(conn.snd_una++);
    REFUSED(conn.snd_una--);
    REFUSED(conn.iss++);
    REFUSED(conn.acked_offset++);
    TAKEN(conn.acked_offset += 5, conn.snd_una += 5);
    /* Wrapped around: offsets count on where numbers start anew. */
    TAKEN(conn.acked_offset += UINT64_C(1) << 32, conn.queued_offset += UINT64_C(1) << 32);
}

static void rcv_nxt_follows_from_irs_and_offset(void **state)
{
    (void)state;
    REFUSED(conn.rcv_nxt++);
    REFUSED(conn.irs++);
    REFUSED(conn.received_offset++);
    TAKEN(conn.received_offset += 5, conn.rcv_nxt += 5);
    TAKEN(conn.received_offset += UINT64_C(1) << 32, conn.released_offset += UINT64_C(1) << 32);
}

static void what_is_held_is_in_the_window(void **state)
{
    static struct te_range held[1];
    uint32_t window = conn.rcv_adv - conn.rcv_nxt;
    (void)state;
#define HOLD(first, last)                                                                          \
    conn.out_of_order.items = held, conn.out_of_order.count = 1,                                   \
    held[0] = (struct te_range){conn.received_offset + (first), conn.received_offset + (last)}
    TAKEN(HOLD(10, 20));
    TAKEN(HOLD(10, window));
    REFUSED(HOLD(10, window + 1));
    TAKEN(HOLD(10, 20), conn.fin_pending = true, conn.fin_offset = conn.received_offset + 20);
    REFUSED(HOLD(10, 20), conn.fin_pending = true, conn.fin_offset = conn.received_offset + 19);
    TAKEN(conn.fin_pending = true, conn.fin_offset = conn.received_offset);
    REFUSED(conn.fin_pending = true, conn.received_offset = 1, conn.rcv_nxt++, conn.fin_offset = 0);
    REFUSED(HOLD(10, 20), conn.state = TE_CLOSE_WAIT, conn.fin_received = true, conn.rcv_nxt++);
#undef HOLD
}

/* What is unread and what may still come fit into a ring of 2^31 bytes. */
static void what_is_unread_fits_into_a_ring(void **state)
{
    uint64_t room = (UINT64_C(1) << 31) - (conn.rcv_adv - conn.rcv_nxt);
    (void)state;
#define UNREAD(bytes)                                                                              \
    conn.received_offset += UINT64_C(1) << 32, conn.released_offset = conn.received_offset - (bytes)
    TAKEN(UNREAD(room));
    REFUSED(UNREAD(room + 1));
#undef UNREAD
}

/* A FIN is received once, and only where the state says so. */
static void fins_pending_are_not_received_yet(void **state)
{
    (void)state;
    REFUSED(conn.state = TE_CLOSE_WAIT, conn.fin_received = conn.fin_pending = true, conn.rcv_nxt++,
            conn.fin_offset = conn.received_offset);
    REFUSED(conn.state = TE_SYN_RCVD, conn.syn_acked = false, conn.snd_una = conn.iss,
            conn.fin_pending = true, conn.fin_offset = conn.received_offset);
}

static void a_window_is_at_most_a_gibibyte(void **state)
{
    (void)state;
    TAKEN(conn.rcv_adv = conn.rcv_nxt + WINDOW_MAX);
    REFUSED(conn.rcv_adv = conn.rcv_nxt + WINDOW_MAX + 1);
    TAKEN(conn.snd_wnd = conn.max_snd_wnd = WINDOW_MAX);
    REFUSED(conn.snd_wnd = WINDOW_MAX + 1);
    REFUSED(conn.max_snd_wnd = WINDOW_MAX + 1);
    TAKEN(conn.snd_wscale = 14);
    REFUSED(conn.snd_wscale = 15);
    TAKEN(conn.rcv_wscale = 14);
    REFUSED(conn.rcv_wscale = 15);
}

/* RFC 7323 5: PAWS compares in 32 bits; its edges must not have turned around. */
static void paws_is_in_order(void **state)
{
    (void)state;
    TAKEN(conn.paws.floor = conn.paws.next_floor = conn.paws.ts_recent - 1);
    REFUSED(conn.paws.next_floor = conn.paws.ts_recent + 1);
    REFUSED(conn.paws.floor = conn.paws.next_floor + 1);
}

/* --- sizes ------------------------------------------------------------------------------------ */

static void buffers_have_a_size(void **state)
{
    (void)state;
    REFUSED(conn.send_max_bytes = 0);
    REFUSED(conn.send_max_bytes = BUFFER_MAX + 1);
    TAKEN(conn.send_max_bytes = BUFFER_MAX);
    TAKEN(conn.receive_max_bytes = BUFFER_MAX);
    REFUSED(conn.receive_max_bytes = BUFFER_MAX + 1);
    TAKEN(conn.receive_limit_bytes = conn.receive_max_bytes);
    REFUSED(conn.receive_max_bytes = conn.receive_limit_bytes - 1);
    REFUSED(conn.receive_limit_bytes = 0);
    REFUSED(conn.receive_mark_offset = conn.released_offset + 1);
}

static void segments_carry_something(void **state)
{
    (void)state;
    REFUSED(conn.mss = 0);
    TAKEN(conn.path_mtu = 1500, conn.mss = 1460, conn.peer_mss = 1460);
    REFUSED(conn.path_mtu = 1500, conn.mss = 1461, conn.peer_mss = 9000, conn.cc.cwnd_bytes = 9000);
    REFUSED(conn.peer_mss = (uint16_t)(conn.mss - 1));
    REFUSED(conn.peer_mss = 40, conn.mss = 40); /* no room beside the options */
    TAKEN(conn.peer_mss = 41, conn.mss = 41);
    TAKEN(conn.path_mtu = TE_SAVE_MTU_MIN, conn.mss = TE_SAVE_MTU_MIN - 40);
    REFUSED(conn.path_mtu = TE_SAVE_MTU_MIN - 1, conn.mss = 1);
}

static void an_ipv6_header_is_larger(void **state)
{
    (void)state;
#define V6                                                                                         \
    conn.local.addr = fixture_addr("2001:db8::1"),                                                 \
    conn.next_hop = conn.remote.addr = fixture_addr("2001:db8::2"), conn.path_mtu = 1500,          \
    conn.peer_mss = 1460
    TAKEN(V6, conn.mss = 1440);
    REFUSED(V6, conn.mss = 1441);
#undef V6
}

static void congestion_control_can_compute(void **state)
{
    (void)state;
    TAKEN(conn.cc.cwnd_bytes = conn.mss);
    REFUSED(conn.cc.cwnd_bytes = conn.mss - 1u);
    REFUSED(conn.rtt.base_rto_us = 0);
    TAKEN(conn.rtt.backoff = TE_RTT_BACKOFF_MAX);
    REFUSED(conn.rtt.backoff = TE_RTT_BACKOFF_MAX + 1);
    TAKEN(conn.ack.owed = TE_ACKS_OWED_MAX);
    REFUSED(conn.ack.owed = TE_ACKS_OWED_MAX + 1);
    REFUSED(conn.user_timeout_us = -1);
}

/* PRR divides by what was in flight when the reduction began (RFC 6937 3). */
static void a_reduction_has_its_sender(void **state)
{
    static struct te_sender sender;
    (void)state;
    TAKEN(conn.sender = NULL);
    REFUSED(conn.recovery.state = TE_RECOVERY_LOSS, conn.sender = NULL);
    TAKEN(conn.recovery.state = TE_RECOVERY_LOSS);
    REFUSED(conn.recovery.state = TE_RECOVERY_FAST, conn.sender = &sender);
    REFUSED(conn.recovery.state = TE_RECOVERY_CWR, conn.sender = &sender);
    sender.prr.recover_fs_bytes = 1;
    TAKEN(conn.recovery.state = TE_RECOVERY_FAST, conn.sender = &sender);
    TAKEN(conn.recovery.state = TE_RECOVERY_CWR, conn.sender = &sender);
}

/* --- a smaller link --------------------------------------------------------------------------- */

static void paths_shrink_to_the_link(void **state)
{
    (void)state;
    assert_int_equal(c.conn->path_mtu, 1500);
    te_conns_fit_mtu(c.a.stack);
    assert_int_equal(c.conn->path_mtu, 1500);
    c.a.stack->config.mtu_bytes = 1400;
    te_conns_fit_mtu(c.a.stack);
    assert_int_equal(c.conn->path_mtu, 1400);
    assert_true(c.conn->mss <= 1360);
    c.a.stack->config.mtu_bytes = 9000; /* a larger link tells nothing about the path */
    te_conns_fit_mtu(c.a.stack);
    assert_int_equal(c.conn->path_mtu, 1400);
    c.a.stack->config.mtu_bytes = 1500;
}

/* A search beyond the link's MTU would never end. */
static void searches_end_at_the_link(void **state)
{
    (void)state;
    c.conn->mtu_search = te_stack_alloc(c.a.stack, sizeof(*c.conn->mtu_search));
    c.conn->mtu_search->low = 1024;
    c.conn->mtu_search->high = 1500;
    te_conns_fit_mtu(c.a.stack);
    assert_non_null(c.conn->mtu_search);
    c.conn->mtu_search->high = 1501;
    te_conns_fit_mtu(c.a.stack);
    assert_null(c.conn->mtu_search);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ids_and_tuples_are_new),
        TEST(endpoints_are_of_one_family_and_have_ports),
        TEST(the_remote_is_one_station),
        TEST(the_state_is_one_of_a_living_connection),
        TEST(flags_fit_the_state),
        TEST(our_syn_is_acknowledged_or_not),
        TEST(before_the_peers_syn_nothing_was_received),
        TEST(fin_wait_2_is_beyond_our_fin),
        TEST(only_our_fin_is_beyond_the_data),
        TEST(remains_have_no_protocol),
        TEST(snd_una_follows_from_iss_and_offset),
        TEST(rcv_nxt_follows_from_irs_and_offset),
        TEST(what_is_held_is_in_the_window),
        TEST(what_is_unread_fits_into_a_ring),
        TEST(fins_pending_are_not_received_yet),
        TEST(a_window_is_at_most_a_gibibyte),
        TEST(paws_is_in_order),
        TEST(buffers_have_a_size),
        TEST(segments_carry_something),
        TEST(an_ipv6_header_is_larger),
        TEST(congestion_control_can_compute),
        TEST(a_reduction_has_its_sender),
        TEST(paths_shrink_to_the_link),
        TEST(searches_end_at_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Why a segment was dropped: cases beyond the columns of state_event_script_test.c, and what is
 * remembered about drops. */
#include "script.h"
#include "support/frames.h"

#define WINDOW 2048
#define FLOOD 2000

static unsigned drops_of(const struct script *s, uint64_t id, struct te_dropped *ret_drops)
{
    unsigned count = 0;
    T_ERR(te_drops(s->f.stack, id, ret_drops, &count), TE_OK);
    return count;
}

/* --- reasons ---------------------------------------------------------------------------------- */

static void text_finds_the_window_closed(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = WINDOW;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = WINDOW);
    script_advance(s, DELAYED_ACK);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1 + WINDOW, WIN(0));
    T_SEND(s, .flags = TE_ACK, .seq = 1 + WINDOW, .ack = 1, .len = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1 + WINDOW, WIN(0));
    T_COUNT(s, window_closed, 1);
    T_DROPPED(s, s->c.id, TE_DROP_WINDOW_CLOSED);
    if (s->f.reborn)
        return;
    struct te_dropped drops[TE_DROPS_MAX];
    T_EQUAL(drops_of(s, s->c.id, drops), 1);
    T_EQUAL(drops[0].segment.len_bytes, 1); /* as it came, not as it was cut */
    T_EQUAL(drops[0].segment.seq, s->c.peer_iss + 1 + WINDOW);
    T_EQUAL(drops[0].time_us, s->f.now_us);
}

/* What is already held beyond a hole is dropped; the new part of a segment is not. */
static void text_that_came_before(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 1);
    T_COUNT(s, duplicate_segments, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 1);
    T_COUNT(s, duplicate_segments, 1);
    T_DROPPED(s, s->c.id, TE_DROP_DUPLICATE);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 150);
    T_EXPECT_ACK(s, 1, 201);
    T_COUNT(s, duplicate_segments, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 200); /* left of the window: one drop */
    T_EXPECT_ACK(s, 1, 201);
    T_COUNT(s, duplicate_segments, 2);
    T_COUNT(s, tcp_unacceptable, 1);
    T_DROPPED(s, s->c.id, TE_DROP_UNACCEPTABLE);
    struct te_dropped drops[TE_DROPS_MAX];
    T_EQUAL(drops_of(s, s->c.id, drops), s->f.reborn ? 0 : 2);
}

/* The FIN waits behind a hole: whatever repeats it or goes beyond it is dropped. */
static void beyond_a_fin_that_waits(void **state)
{
    struct script *s = *state;
    struct te_dropped drops[TE_DROPS_MAX];
    conn_in_established(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 101, .ack = 1);
    T_EXPECT_ACK(s, 1, 1);
    T_EQUAL(drops_of(s, s->c.id, drops), 0);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 101, .ack = 1);
    T_DROPPED(s, s->c.id, TE_DROP_AFTER_FIN);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 10);
    T_DROPPED(s, s->c.id, TE_DROP_AFTER_FIN);
    T_EQUAL(drops_of(s, s->c.id, drops), s->f.reborn ? 0 : 2);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 102);
    T_STATE(s, TE_CLOSE_WAIT);
    T_EQUAL(drops_of(s, s->c.id, drops), s->f.reborn ? 0 : 2);
}

static void a_syn_that_finds_no_memory(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    script_new_peer(s, 7000);
    s->f.heap.allocations_left = 0;
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    s->f.heap.allocations_left = -1;
    T_DROPPED(s, s->listener_id, TE_DROP_CONN_NO_MEMORY);
    T_COUNT(s, conn_no_memory, 1); /* a stack without memory is not reborn */
}

static void a_syn_that_nobody_can_answer(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    script_new_peer(s, 7000);
    T_SEND(s, .flags = TE_SYN, .seq = 0, .from = "192.0.2.7");
    T_DROPPED(s, s->listener_id, TE_DROP_CONN_NO_ROUTE);
    T_COUNT(s, conn_no_route, 1);
}

static void a_handshake_that_is_held_back(void **state)
{
    struct script *s = *state;
    s->f.config.backlog_max = 1;
    conn_in_syn_rcvd(s);
    struct script_conn first = s->c;
    script_new_peer(s, 7000);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT_SYN_ACK(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    s->c = first;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_COUNT(s, accept_queue_full, 1);
    T_DROPPED(s, s->c.id, TE_DROP_ACCEPT_QUEUE_FULL);
    T_STATE(s, TE_SYN_RCVD);
}

static void a_segment_to_a_group(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .to = "10.0.0.255");
    T_COUNT(s, tcp_broadcast, 1);
    T_DROPPED(s, 0, TE_DROP_TCP_BROADCAST);
}

static void an_error_about_no_segment_of_ours(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 1, 77, 0);
    T_COUNT(s, icmp_bad_quote, 1);
    T_DROPPED(s, 0, TE_DROP_ICMP_BAD_QUOTE);
}

/* --- what others do --------------------------------------------------------------------------- */

static void an_honest_connection_keeps_its_drops_in_a_flood(void **state)
{
    struct script *s = *state;
    struct te_dropped before[TE_DROPS_MAX], after[TE_DROPS_MAX];
    if (s->f.reborn)
        return;
    s->f.config.drop_log_conn_max = 16;
    s->f.config.syn_queue_max = FLOOD;
    conn_in_established(s);
    struct script_conn honest = s->c;
    for (uint32_t i = 0; i < TE_CONN_DROPS_MAX; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 100000 + i, .ack = 1);
    script_skip(s);
    T_EQUAL(drops_of(s, honest.id, before), TE_CONN_DROPS_MAX);
    for (uint16_t i = 0; i < FLOOD; i++) { /* forged: SYNs with trailing data, and strays */
        script_new_peer(s, (uint16_t)(10000 + i));
        s->c.local_port = SERVER_PORT;
        T_SEND(s, .flags = TE_SYN, .seq = 0);
        T_SEND(s, .flags = TE_SYN, .seq = 0);
        T_SEND(s, .flags = TE_RST, .seq = 200000);
        s->c.local_port = 4444;
        T_SEND(s, .flags = TE_RST, .seq = i);
        script_skip(s);
    }
    T_EQUAL(drops_of(s, honest.id, after), TE_CONN_DROPS_MAX);
    for (unsigned i = 0; i < TE_CONN_DROPS_MAX; i++) {
        T_EQUAL(after[i].reason, TE_DROP_UNACCEPTABLE);
        T_EQUAL(after[i].time_us, before[i].time_us);
        T_EQUAL(after[i].segment.seq, before[i].segment.seq);
    }
    T_EQUAL(drops_of(s, 0, after), TE_DROPS_MAX);
    T_COUNT(s, syns_repeated, FLOOD);
    s->c = honest;
}

/* --- afterwards ------------------------------------------------------------------------------- */

static void drops_are_known_when_the_connection_is_gone(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 1, 1);
    T_DROPPED(s, s->c.id, TE_DROP_BAD_ACK);
    T_ERR(script_user_abort(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    T_GONE(s);
    T_DROPPED(s, s->c.id, TE_DROP_BAD_ACK);
    struct te_dropped drops[TE_DROPS_MAX];
    unsigned count = 5;
    T_ERR(te_drops(s->f.stack, s->c.id + 1000, drops, &count), TE_ERR_NO_CONNECTION);
    T_EQUAL(count, 5);
}

/* The log continues in TIME_WAIT, under the same id. */
static void drops_go_on_in_time_wait(void **state)
{
    struct script *s = *state;
    struct te_dropped drops[TE_DROPS_MAX];
    if (s->f.reborn)
        return;
    conn_in_fin_wait_2(s);
    T_SEND(s, .flags = TE_RST, .seq = 100);
    T_EXPECT_ACK(s, 2, 1);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_STATE(s, TE_TIME_WAIT);
    T_SEND(s, .flags = TE_RST, .seq = 2);
    T_EQUAL(drops_of(s, s->c.id, drops), 2);
    T_EQUAL(drops[0].reason, TE_DROP_RST_INEXACT);
    T_EQUAL(drops[1].reason, TE_DROP_TIME_WAIT_RST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(text_finds_the_window_closed),
        SCRIPT_TEST(text_that_came_before),
        SCRIPT_TEST(beyond_a_fin_that_waits),
        SCRIPT_TEST(a_syn_that_finds_no_memory),
        SCRIPT_TEST(a_syn_that_nobody_can_answer),
        SCRIPT_TEST(a_handshake_that_is_held_back),
        SCRIPT_TEST(a_segment_to_a_group),
        SCRIPT_TEST(an_error_about_no_segment_of_ours),
        SCRIPT_TEST(an_honest_connection_keeps_its_drops_in_a_flood),
        SCRIPT_TEST(drops_are_known_when_the_connection_is_gone),
        SCRIPT_TEST(drops_go_on_in_time_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

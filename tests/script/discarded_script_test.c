/* What a segment leaves behind that one of the checks of RFC 9293 3.10.7.4 discards: nothing. Its
 * sender may be anyone (RFC 5961 1.1); TS.Recent above all must not be his (RFC 7323 4.3, 5.3). */
#include <string.h>

#include "script_columns.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/receive_buffer.h"

#define TEXT 1000
#define SETUP (TE_ECE | TE_CWR)
#define AGE (10 * SECOND) /* of the connection, so that clocks have something to say */
#define BLIND 1000000000u /* a timestamp far ahead: all that the peer sends would be old */

static const enum column synchronized[] = {ES, F1, F2, CW, CG, LA};
#define SYNCHRONIZED (sizeof(synchronized) / sizeof(synchronized[0]))

static uint32_t peer_clock(const struct script *s)
{
    return (uint32_t)((s->f.now_us - SECOND) / MS) + 1;
}

/* --- all that a segment may tell -------------------------------------------------------------- */

struct told {
    struct te_paws paws;
    struct te_rtt rtt;
    struct te_ecn ecn;
    uint32_t snd_una, snd_wnd, snd_wl1, snd_wl2, max_snd_wnd;
    uint32_t rcv_nxt, receive_rtt_us, ranges;
    uint16_t rcv_mss, mss;
    uint64_t acked_offset, received_offset, cwnd_bytes;
    int64_t last_received_at_us, keepalive_at_us, retransmit_at_us;
    uint8_t state, probes, retransmits, recovery, duplicate_acks;
};

static struct te_conn *conn_of(const struct script *s)
{
    struct te_conn *conn = te_conn_table_find_id(s->f.stack, s->c.id);
    assert_non_null(conn);
    return conn;
}

static struct told what_is_told(const struct script *s)
{
    const struct te_conn *conn = conn_of(s);
    struct told told;
    memset(&told, 0, sizeof(told)); /* compared as bytes */
    told.paws = conn->paws;
    told.rtt = conn->rtt;
    told.ecn = conn->ecn;
    told.snd_una = conn->snd_una;
    told.snd_wnd = conn->snd_wnd;
    told.snd_wl1 = conn->snd_wl1;
    told.snd_wl2 = conn->snd_wl2;
    told.max_snd_wnd = conn->max_snd_wnd;
    told.rcv_nxt = conn->rcv_nxt;
    told.receive_rtt_us = conn->receive_rtt_us;
    told.ranges = conn->out_of_order.count;
    told.rcv_mss = conn->rcv_mss;
    told.mss = conn->mss;
    told.acked_offset = conn->acked_offset;
    told.received_offset = conn->received_offset;
    told.cwnd_bytes = conn->cc.cwnd_bytes;
    told.last_received_at_us = conn->last_received_at_us;
    told.keepalive_at_us = conn->timer_at_us[TE_TIMER_KEEPALIVE];
    told.retransmit_at_us = conn->timer_at_us[TE_TIMER_RETRANSMIT];
    told.state = conn->state;
    told.probes = conn->probes;
    told.retransmits = conn->retransmits;
    told.recovery = conn->recovery.state;
    told.duplicate_acks = conn->recovery.duplicate_acks;
    return told;
}

/* --- the segments ----------------------------------------------------------------------------- */

/* Everything that could be believed: newer, larger, marked, with news of each kind. */
static struct seg tempting(const struct script *s, uint8_t flags, uint32_t seq, uint32_t ack)
{
    return (struct seg){.flags = flags | SETUP,
                        .seq = seq,
                        .ack = ack,
                        .len = TEXT,
                        TSVAL(peer_clock(s) + BLIND),
                        WIN(65535),
                        .ecn = TE_ECN_CE};
}

enum fault { NO_ACK, NO_ACK_FIN, ACK_TOO_NEW, ACK_TOO_OLD, FAULTS };

static struct seg faulty(const struct script *s, enum fault fault, uint32_t seq)
{
    const struct te_conn *conn = conn_of(s);
    uint32_t too_new = conn->snd_max + 1 - s->c.our_iss;
    uint32_t too_old = conn->snd_una - conn->max_snd_wnd - 1 - s->c.our_iss;
    switch (fault) {
    case NO_ACK:
        return tempting(s, 0, seq, 0);
    case NO_ACK_FIN:
        return tempting(s, TE_FIN, seq, 0);
    case ACK_TOO_NEW:
        return tempting(s, TE_ACK | TE_FIN, seq, too_new);
    default:
        return tempting(s, TE_ACK, seq, too_old);
    }
}

static void in_column_of_age(struct script *s, enum column column)
{
    s->options = SPEAKS_ALL;
    s->f.config.rto_max_us = 120 * SECOND;
    conn_in_column(s, column);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    script_advance(s, AGE);
    script_skip(s);
}

static void send_and_compare(struct script *s, const struct seg *seg)
{
    struct told before = what_is_told(s);
    script_send(s, seg);
    struct told after = what_is_told(s);
    T_EQUAL(after.paws.ts_recent, before.paws.ts_recent);
    assert_memory_equal(&after, &before, sizeof(before));
    script_skip(s);
}

/* The first byte of the segment: at the left edge, overlapping it, all old, all old and before. */
static const uint32_t places[] = {0, TEXT / 2, TEXT, 3 * TEXT};
#define PLACES (sizeof(places) / sizeof(places[0]))

static void a_faulty_ack_leaves_nothing_in_any_synchronized_state(void **state)
{
    struct script *s = *state;
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        for (unsigned fault = 0; fault < FAULTS; fault++) {
            for (unsigned place = 0; place < PLACES; place++) {
                script_start_over(s);
                in_column_of_age(s, synchronized[i]);
                uint32_t rcv_nxt = conn_of(s)->rcv_nxt - s->c.peer_iss;
                struct seg seg = faulty(s, (enum fault)fault, rcv_nxt - places[place]);
                send_and_compare(s, &seg);
                T_STATE(s, columns[synchronized[i]].state);
            }
        }
    }
}

/* The ACK is good; what comes before it in 3.10.7.4 is not. */
static void an_earlier_check_leaves_nothing_either(void **state)
{
    struct script *s = *state;
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        script_start_over(s);
        in_column_of_age(s, synchronized[i]);
        const struct te_conn *conn = conn_of(s);
        uint32_t rcv_nxt = conn->rcv_nxt - s->c.peer_iss;
        uint32_t snd_nxt = conn->snd_nxt - s->c.our_iss;
        uint32_t beyond = rcv_nxt + te_receive_window(conn);
        struct seg right = tempting(s, TE_ACK, beyond, snd_nxt);
        struct seg before = tempting(s, TE_ACK, rcv_nxt - TEXT - 1, snd_nxt);
        struct seg paws = tempting(s, TE_ACK, rcv_nxt, snd_nxt);
        struct seg missing = tempting(s, TE_ACK, rcv_nxt, snd_nxt);
        struct seg syn = tempting(s, TE_SYN | TE_ACK, rcv_nxt, snd_nxt);
        struct seg rst = tempting(s, TE_RST | TE_ACK, rcv_nxt + 1, snd_nxt);
        paws.ts = conn->paws.floor - 1 - PEER_TS;
        missing.has_ts = false;
        missing.no_ts = true;
        send_and_compare(s, &right);
        send_and_compare(s, &before);
        send_and_compare(s, &paws);
        send_and_compare(s, &missing);
        send_and_compare(s, &syn);
        send_and_compare(s, &rst);
    }
}

/* --- the peer goes on ------------------------------------------------------------------------- */

static void rfc5961_5_2_no_ack_does_not_move_ts_recent(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_established(s);
    T_SEND(s, .flags = TE_FIN, .seq = 1, TSVAL(200000));
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = TEXT, TSVAL(201));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 1 + TEXT, ECR(201));
    T_COUNT(s, paws_rejected, 0);
}

static void rfc5961_5_2_a_bad_ack_does_not_move_ts_recent(void **state)
{
    static const uint32_t acks[] = {2, 0u - 65536};
    struct script *s = *state;
    for (unsigned i = 0; i < 2; i++) {
        script_start_over(s);
        s->options = SPEAKS_TIMESTAMPS;
        conn_in_established(s);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = acks[i], .len = TEXT, TSVAL(BLIND));
        T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(1)); /* the challenge */
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = TEXT, TSVAL(201));
        T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 1 + TEXT, ECR(201));
    }
}

static void rfc5961_5_2_overlapping_from_the_left_does_not_either(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 0u - 499, .ack = 5, .len = TEXT, TSVAL(BLIND));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(1));
    T_SEND(s, .flags = 0, .seq = 0u - 499, .len = TEXT, TSVAL(BLIND));
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = TEXT, TSVAL(201));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 1 + TEXT, ECR(201));
}

/* A good segment that overlaps brings its timestamp: SEG.SEQ =< Last.ACK.sent (R3). */
static void rfc7323_5_3_r3_an_overlapping_segment_that_is_good_moves_it(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 0u - 499, .ack = 1, .len = TEXT, TSVAL(300));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 501, ECR(300));
}

/* --- the handshake ---------------------------------------------------------------------------- */

/* RFC 9293 3.10.7.4, fifth check: the RST is for who sent it; the opening goes on. */
static void a_bad_ack_in_syn_rcvd_leaves_nothing(void **state)
{
    static const enum column opening[] = {SR, SX};
    struct script *s = *state;
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned fault = 0; fault < FAULTS; fault++) {
            script_start_over(s);
            s->options = SPEAKS_ALL;
            conn_in_column(s, opening[i]);
            struct seg seg = faulty(s, (enum fault)fault, 1);
            send_and_compare(s, &seg);
            T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
            T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11,
                           ECR(peer_clock(s)));
            T_STATE(s, TE_ESTABLISHED);
        }
    }
}

/* The accept queue is full: the ACK is dropped as if it had not come, and with it its clock. */
static void an_ack_that_finds_the_queue_full_leaves_nothing(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    T_ERR(script_user_listen(s, 1), TE_OK);
    struct script_conn first;
    for (unsigned i = 0; i < 2; i++) {
        s->c.remote_port = (uint16_t)(CLIENT_PORT + i);
        struct seg syn = script_syn(s, TE_SYN);
        script_send(s, &syn);
        T_EXPECT_SYN_ACK(s);
        s->c.id = s->events[s->event_count - 1].id;
        s->c.timestamps = true;
        if (i == 0)
            first = s->c;
    }
    struct script_conn second = s->c;
    s->c = first;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
    s->c = second;
    struct seg ack = {.flags = TE_ACK, .seq = 1, .ack = 1, TSVAL(BLIND)};
    send_and_compare(s, &ack);
    T_STATE(s, TE_SYN_RCVD);
    s->c = first;
    T_ERR(script_user_accept(s), TE_OK);
    s->c = second;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
}

/* The peer's SYN,ACK while both sides open (RFC 9293 figure 7), with an ACK that is not of our SYN,
 * or older than its SYN: it is answered, and says nothing of ECN or of loss. */
static void a_crossing_syn_ack_that_is_not_the_peers_leaves_nothing(void **state)
{
    struct script *s = *state;
    for (unsigned i = 0; i < 3; i++) {
        script_start_over(s);
        s->options = SPEAKS_ALL;
        s->f.config.ecn = TE_ECN_ON;
        T_ERR(script_user_open(s), TE_OK);
        script_expect_syn(s, TE_SYN | SETUP, T_HERE);
        struct seg syn = script_syn(s, TE_SYN | SETUP);
        script_send(s, &syn);
        s->c.timestamps = true;
        script_expect_syn(s, TE_SYN | TE_ACK | TE_ECE, T_HERE);
        struct seg foreign = script_syn(s, TE_SYN | TE_ACK);
        foreign.ack = i == 0 ? 2 : i == 1 ? 0 : 1;
        foreign.has_ts = true;
        foreign.ts = i == 2 ? 0u - 1 : BLIND;
        send_and_compare(s, &foreign);
        assert_false(conn_of(s)->syn_was_lost);
        struct seg good = script_syn(s, TE_SYN | TE_ACK | TE_ECE);
        good.ack = 1;
        script_send(s, &good);
        script_skip(s);
        T_STATE(s, TE_ESTABLISHED);
        T_EQUAL(script_status(s).ecn, true);
    }
}

/* --- TIME_WAIT -------------------------------------------------------------------------------- */

/* Who cannot say what we sent must not hold the entry: 2MSL starts anew for the peer alone. */
static void a_fin_that_is_not_the_peers_does_not_restart_2msl(void **state)
{
    static const struct seg fins[] = {
        {.flags = TE_FIN, .seq = 1},
        {.flags = TE_FIN | TE_ACK, .seq = 1, .ack = 3},
        {.flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1u - (65535u << 14)},
    };
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    int64_t ends_at_us = script_status(s).time_wait_ends_at_us;
    script_advance(s, 10 * SECOND);
    for (unsigned i = 0; i < 3; i++) {
        script_send(s, &fins[i]);
        T_EXPECT_ACK(s, 2, 2);
        T_EQUAL(script_status(s).time_wait_ends_at_us, ends_at_us);
    }
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EQUAL(script_status(s).time_wait_ends_at_us, ends_at_us + 10 * SECOND);
    script_advance(s, 10 * SECOND); /* a late copy, from before all that it acknowledged since */
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2u - (65535u << 14));
    T_EXPECT_ACK(s, 2, 2);
    T_EQUAL(script_status(s).time_wait_ends_at_us, ends_at_us + 20 * SECOND);
}

/* --- ECN -------------------------------------------------------------------------------------- */

/* Text behind the peer's FIN is no text (seventh check): its mark is not echoed. */
static void a_mark_behind_the_fin_says_nothing(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN | SETUP);
    script_send(s, &syn);
    script_expect_syn(s, TE_SYN | TE_ACK | TE_ECE, T_HERE);
    s->c.id = s->events[s->event_count - 1].id;
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1);
    T_EXPECT_ACK(s, 1, 2);
    T_ERR(script_user_accept(s), TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 1, .len = 10, .ecn = TE_ECN_CE);
    T_EQUAL(script_status(s).ecn_ce_in, 0);
    T_EQUAL(script_user_send(s, 10), 10);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 10, .ecn = TE_ECN_ECT0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_faulty_ack_leaves_nothing_in_any_synchronized_state),
        SCRIPT_TEST(an_earlier_check_leaves_nothing_either),
        SCRIPT_TEST(rfc5961_5_2_no_ack_does_not_move_ts_recent),
        SCRIPT_TEST(rfc5961_5_2_a_bad_ack_does_not_move_ts_recent),
        SCRIPT_TEST(rfc5961_5_2_overlapping_from_the_left_does_not_either),
        SCRIPT_TEST(rfc7323_5_3_r3_an_overlapping_segment_that_is_good_moves_it),
        SCRIPT_TEST(a_bad_ack_in_syn_rcvd_leaves_nothing),
        SCRIPT_TEST(an_ack_that_finds_the_queue_full_leaves_nothing),
        SCRIPT_TEST(a_crossing_syn_ack_that_is_not_the_peers_leaves_nothing),
        SCRIPT_TEST(a_fin_that_is_not_the_peers_does_not_restart_2msl),
        SCRIPT_TEST(a_mark_behind_the_fin_says_nothing),
    };
    return cmocka_run_group_tests_name("discarded", tests, NULL, NULL);
}

/* TIME_WAIT: RFC 9293 3.6.1 (MUST-13), 3.10.7.4, RFC 1337 3 (F1), RFC 6191 2, RFC 1122 4.2.2.13,
 * and the two reasons for which the state exists. */
#include "script.h"

#define TWO_MSL (60 * SECOND)

static struct te_status time_wait(struct script *s)
{
    struct te_status status = script_status(s);
    T_EQUAL(status.state, TE_TIME_WAIT);
    return status;
}

/* --- in and out ------------------------------------------------------------------------------- */

static void entered_from_fin_wait_1(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_1);
    T_HISTORY(s, "LISTEN SYN_RCVD ESTABLISHED FIN_WAIT_1 TIME_WAIT");
    T_TIMER(s, TE_TIMER_TIME_WAIT, TWO_MSL);
}

static void entered_from_fin_wait_2(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    T_HISTORY(s, "LISTEN SYN_RCVD ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT");
}

static void entered_from_closing(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_CLOSING);
    T_HISTORY(s, "LISTEN SYN_RCVD ESTABLISHED FIN_WAIT_1 CLOSING TIME_WAIT");
}

static void rfc9293_3_6_1_lasts_2msl_whichever_way_it_was_entered(void **state)
{
    static const enum te_state from[] = {TE_FIN_WAIT_1, TE_FIN_WAIT_2, TE_CLOSING};
    struct script *s = *state;
    for (unsigned i = 0; i < 3; i++) {
        script_start_over(s);
        conn_in_time_wait(s, from[i]);
        T_EQUAL(time_wait(s).time_wait_ends_at_us - time_wait(s).time_wait_started_at_us, TWO_MSL);
        script_advance(s, TWO_MSL - MS);
        T_STATE(s, TE_TIME_WAIT);
        script_advance(s, MS);
        T_EVENT(s, TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_TIMEOUT_2MSL);
        T_STATE(s, TE_CLOSED);
        T_COUNT(s, time_wait_expired, 1);
    }
}

static void msl_is_the_configs(void **state)
{
    struct script *s = *state;
    s->f.config.msl_us = 120 * SECOND; /* RFC 9293 3.4.2 */
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    script_advance(s, 239 * SECOND);
    T_STATE(s, TE_TIME_WAIT);
    script_advance(s, SECOND);
    T_STATE(s, TE_CLOSED);
}

static void events_and_counters_tell_of_it(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_2(s);
    T_ERR(script_user_close(s), TE_OK);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EVENT(s, TE_FIN_WAIT_2, TE_TIME_WAIT, TE_CAUSE_RECV_FIN);
    T_COUNT(s, time_wait_entered, 1);
    struct te_totals totals;
    te_totals(s->f.stack, &totals);
    T_EQUAL(totals.time_wait, 1);
    T_EQUAL(totals.by_state[TE_TIME_WAIT], 1);
    T_EQUAL(totals.connections, 0);
    struct te_status status;
    uint64_t cursor = 0;
    assert_true(te_walk(s->f.stack, TE_WALK_TIME_WAIT, &cursor, &status));
    T_EQUAL(status.id, s->c.id);
    assert_false(te_walk(s->f.stack, TE_WALK_TIME_WAIT, &cursor, &status));
}

/* --- the first reason: the last ACK is lost --------------------------------------------------- */

static void rfc9293_3_10_7_4_fin_again_is_acknowledged_and_2msl_starts_anew(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    script_advance(s, 50 * SECOND);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EQUAL(time_wait(s).fin_reacked, 1);
    T_TIMER(s, TE_TIMER_TIME_WAIT, TWO_MSL);
    T_COUNT(s, time_wait_fin_again, 1);
    T_EQUAL(s->events[s->event_count - 1].kind, TE_EVENT_FIN_AGAIN);
    T_EQUAL(s->events[s->event_count - 1].id, s->c.id);
    T_EQUAL(s->events[s->event_count - 1].remote.port, CLIENT_PORT);
    script_advance(s, 50 * SECOND);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EQUAL(time_wait(s).fin_reacked, 2);
    script_advance(s, 59 * SECOND);
    T_STATE(s, TE_TIME_WAIT);
    script_advance(s, SECOND);
    T_STATE(s, TE_CLOSED);
}

static void fin_again_with_its_text_is_acknowledged(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_2(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_EXPECT_ACK(s, 2, 102);
    script_mark(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_EXPECT_ACK(s, 2, 102);
    T_COUNT(s, time_wait_fin_again, 1);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 51, .ack = 2, .len = 50);
    T_EXPECT_ACK(s, 2, 102);
    T_COUNT(s, time_wait_fin_again, 2);
}

/* Without the entry the peer, which only waits for an ACK, is reset: 2MSL prevents that. */
static void without_time_wait_the_peer_is_reset(void **state)
{
    struct script *s = *state;
    s->f.config.time_wait_max = 1;
    s->f.config.time_wait_policy = TE_TIME_WAIT_SKIP;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    script_new_peer(s, CLIENT_PORT + 1);
    conn_in_fin_wait_2(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_STATE(s, TE_CLOSED);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT(s, .flags = TE_RST, .seq = 2);
}

/* --- the second reason: old duplicates -------------------------------------------------------- */

static void old_duplicate_text_is_answered_and_not_taken(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_2(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 101, .ack = 2);
    script_skip(s);
    T_EQUAL(script_user_take(s, NULL), 100);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_EXPECT_ACK(s, 2, 102);
    T_SEND(s, .flags = TE_ACK, .seq = 500, .ack = 2, .len = 100);
    T_EXPECT_ACK(s, 2, 102);
    T_EQUAL(time_wait(s).receive_queue_bytes, 0);
    T_EQUAL(time_wait(s).fin_reacked, 0);
}

/* The old incarnation's segment is in the new one's window by its number; its timestamp tells. */
static void old_duplicate_meets_the_new_incarnation(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    uint32_t old_ts = (uint32_t)((s->f.now_us - SECOND) / MS) + 1;
    script_advance(s, 10 * SECOND);
    s->c.peer_iss = PEER_ISS - 50; /* the ISN may be lower: the timestamp is newer */
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EXPECT_SYN_ACK(s);
    T_COUNT(s, time_wait_reused, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 51, .ack = 1, .len = 100, TSVAL(old_ts));
    T_EXPECT_ACK(s, 1, 1);
    T_EQUAL(script_user_take(s, NULL), 0);
    T_COUNT(s, paws_rejected, 1);
}

static void rfc1337_3_rst_does_not_end_it(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    T_SEND(s, .flags = TE_RST, .seq = 2);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 2, .ack = 2);
    T_SEND(s, .flags = TE_RST, .seq = 3);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_TIME_WAIT);
    T_COUNT(s, time_wait_rst_ignored, 3);
    T_TIMER(s, TE_TIMER_TIME_WAIT, TWO_MSL);
}

/* --- a new SYN -------------------------------------------------------------------------------- */

/* A SYN of that ISN and timestamp against an old incarnation that ended at 1 with TS.Recent 1. */
struct new_syn {
    const char *name;
    bool old_ts, new_ts;
    uint32_t seq; /* relative; the old FIN was at 1 */
    int32_t ts;   /* relative to the last of the old incarnation */
    bool is_honored;
};

/* RFC 6191 2, line by line; without timestamps on both sides RFC 1122 4.2.2.13. */
static const struct new_syn new_syns[] = {
    {"both, newer timestamp, higher ISN", true, true, 1000, 1, true},
    {"both, newer timestamp, lower ISN", true, true, 0u - 1000, 1, true},
    {"both, same timestamp, higher ISN", true, true, 1000, 0, true},
    {"both, same timestamp, the ISN next to the FIN", true, true, 2, 0, true},
    {"both, same timestamp, the FIN's number", true, true, 1, 0, false},
    {"both, same timestamp, lower ISN", true, true, 0u - 1000, 0, false},
    {"both, older timestamp, higher ISN", true, true, 1000, -1, false},
    {"only the old had them, higher ISN", true, false, 1000, 0, true},
    {"only the old had them, the FIN's number", true, false, 1, 0, false},
    {"only the old had them, lower ISN", true, false, 0u - 1000, 0, false},
    {"only the new has them, higher ISN", false, true, 1000, 1, true},
    {"only the new has them, lower ISN", false, true, 0u - 1000, 1, true},
    {"none, higher ISN", false, false, 1000, 0, true},
    {"none, the ISN next to the FIN", false, false, 2, 0, true},
    {"none, the FIN's number", false, false, 1, 0, false},
    {"none, lower ISN", false, false, 0u - 1000, 0, false},
};

static void try_new_syn(struct script *s, const struct new_syn *row)
{
    script_start_over(s);
    s->options = row->old_ts ? SPEAKS_TIMESTAMPS : 0;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    uint32_t last_ts = (uint32_t)((s->f.now_us - SECOND) / MS) + 1;
    script_advance(s, 100 * MS);
    struct seg syn = {.flags = TE_SYN, .seq = row->seq, .no_ts = true};
    if (row->new_ts) {
        syn.has_ts = true;
        syn.ts = last_ts + (uint32_t)row->ts;
    }
    script_send(s, &syn);
    const struct script_out *out = script_next(s);
    bool opened = out != NULL && (out->header.flags & TE_SYN);
    if (opened != row->is_honored)
        fail_msg("%s: %s", row->name, opened ? "opened" : "not opened");
    if (opened) {
        T_EQUAL(script_rel_ack(s, out), row->seq + 1);
        T_COUNT(s, time_wait_reused, 1);
        T_EVENT(s, TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_NEW_SYN);
        /* RFC 1122 4.2.2.13: our ISN is beyond all numbers of the old incarnation. */
        uint32_t iss = script_rel_seq(s, out);
        assert_true(iss > 2 && iss < 1u << 31);
    } else {
        T_COUNT(s, time_wait_syn_rejected, 1);
        T_STATE(s, TE_TIME_WAIT);
    }
}

static void rfc6191_2_new_syn(void **state)
{
    struct script *s = *state;
    for (size_t i = 0; i < sizeof(new_syns) / sizeof(new_syns[0]); i++) {
        try_new_syn(s, &new_syns[i]);
        script_skip(s);
    }
}

/* The ISN clock advances by 250,000 per second (RFC 6528 3): a faster old incarnation has used
 * numbers beyond it, which may still be in flight. */
static void rfc1122_4_2_2_13_isn_is_beyond_a_fast_incarnation(void **state)
{
    enum { SENT = 60000 };
    struct script *s = *state;
    s->f.config.send_buffer_initial_bytes = 1 << 17;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, SENT), SENT);
    for (uint32_t sent = 0; sent < SENT;) {
        script_skip(s);
        sent = script_status(s).snd_nxt - script_status(s).iss - 1;
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + sent);
    }
    script_skip(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1 + SENT, .ack = 1);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2 + SENT);
    script_skip(s);
    T_STATE(s, TE_TIME_WAIT);
    T_SEND(s, .flags = TE_SYN, .seq = 1000);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->header.flags, TE_SYN | TE_ACK);
    assert_in_range(script_rel_seq(s, out), 2 + SENT, INT32_MAX);
}

/* Our answer to a refused SYN lets a peer that has forgotten the old incarnation proceed. */
static void refused_syn_is_answered_by_an_ack(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    T_SEND(s, .flags = TE_SYN, .seq = 0u - 100);
    T_EXPECT_ACK(s, 2, 2);
    T_STATE(s, TE_TIME_WAIT);
    script_advance(s, TWO_MSL);
    T_SEND(s, .flags = TE_SYN, .seq = 0u - 100);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->header.flags, TE_SYN | TE_ACK);
}

static void syn_where_nobody_listens_leaves_it_alone(void **state)
{
    struct script *s = *state;
    s->way = BY_ACTIVE;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    T_SEND(s, .flags = TE_SYN, .seq = 1000);
    T_EXPECT_ACK(s, 2, 2);
    T_STATE(s, TE_TIME_WAIT);
}

static void new_incarnation_works_in_full(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    uint64_t old_id = s->c.id;
    s->c.peer_iss = PEER_ISS + 1000;
    conn_in_established(s);
    assert_true(s->c.id != old_id);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 50);
    T_EQUAL(script_user_take(s, NULL), 50);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 101, .ack = 51);
    T_STATE(s, TE_ESTABLISHED);
}

/* The new SYN is good, but its listener has no room: the old incarnation stays protected. */
static void syn_that_finds_no_room_leaves_it_alone(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = 1;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    struct script_conn old = s->c;
    script_new_peer(s, CLIENT_PORT + 1);
    conn_in_syn_rcvd(s);
    s->c = old;
    T_SEND(s, .flags = TE_SYN, .seq = 1000);
    script_skip(s);
    T_STATE(s, TE_TIME_WAIT);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
}

static void fill_up(struct script *s, unsigned kind)
{
    script_new_peer(s, CLIENT_PORT + 1);
    conn_in_syn_rcvd(s);
    if (kind == 1)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1); /* the accept queue */
}

/* Whichever resource the new connection lacks. */
static void syn_that_opens_nothing_leaves_it_alone(void **state)
{
    struct script *s = *state;
    for (unsigned kind = 0; kind <= 2; kind++) {
        script_start_over(s);
        if (kind == 0)
            s->f.config.syn_queue_max = 1;
        if (kind == 2)
            s->f.config.conn_max = 2; /* the one in TIME_WAIT still has its user */
        T_ERR(script_user_listen(s, 1), TE_OK);
        conn_in_time_wait(s, TE_FIN_WAIT_2);
        struct script_conn old = s->c;
        fill_up(s, kind);
        s->c = old;
        T_SEND(s, .flags = TE_SYN, .seq = 1000);
        script_skip(s);
        T_STATE(s, TE_TIME_WAIT);
        T_EQUAL(fixture_counters(&s->f)->time_wait_reused, 0);
        T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
        T_EXPECT_ACK(s, 2, 2);
    }
}

static void syn_that_finds_no_memory_leaves_it_alone(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    s->f.heap.allocations_left = 0;
    T_SEND(s, .flags = TE_SYN, .seq = 1000);
    s->f.heap.allocations_left = -1;
    script_skip(s);
    T_STATE(s, TE_TIME_WAIT);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
}

/* Deadlines are kept in milliseconds of 32 bits: they wrap after 49.7 days. */
static void the_clock_of_the_table_wraps(void **state)
{
    struct script *s = *state;
    script_start(s);
    script_advance(s, 49 * 86400 * SECOND);
    for (unsigned i = 0; i < 40; i++) {
        script_new_peer(s, (uint16_t)(7000 + i));
        s->way = BY_ACTIVE;
        conn_in_time_wait(s, TE_FIN_WAIT_2);
        T_TIMER(s, TE_TIMER_TIME_WAIT, TWO_MSL);
        T_EQUAL(time_wait(s).time_wait_started_at_us, s->f.now_us);
        script_advance(s, TWO_MSL - MS);
        T_STATE(s, TE_TIME_WAIT);
        script_advance(s, MS);
        T_STATE(s, TE_CLOSED);
        script_advance(s, 3600 * SECOND);
    }
}

static void fin_that_comes_again_and_again_is_counted_up_to_255(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    for (unsigned i = 1; i <= 300; i++) {
        script_advance(s, 50 * SECOND);
        T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
        T_EXPECT_ACK(s, 2, 2);
        T_EQUAL(time_wait(s).fin_reacked, i < 255 ? i : 255);
    }
    T_COUNT(s, time_wait_fin_again, 300);
    script_advance(s, TWO_MSL);
    T_STATE(s, TE_CLOSED);
}

static void rfc9293_3_10_1_open_in_time_wait_exists(void **state)
{
    struct script *s = *state;
    s->way = BY_ACTIVE;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    T_ERR(script_user_open(s), TE_ERR_EXISTS);
    T_STATE(s, TE_TIME_WAIT);
}

/* --- ACKs of it ------------------------------------------------------------------------------- */

static void rfc7323_3_2_acks_carry_timestamps(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    uint32_t last_ts = (uint32_t)((s->f.now_us - SECOND) / MS) + 1;
    script_advance(s, 10 * SECOND);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT(s, .flags = TE_ACK, .seq = 2, .ack = 2, ECR(last_ts));
}

static void answers_to_strangers_are_limited(void **state)
{
    struct script *s = *state;
    s->f.config.challenge_ack_per_second = 10;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    for (unsigned i = 0; i < 100; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 5000 + i, .ack = 2, .len = 10);
    unsigned sent = s->out_count - s->out_next;
    script_skip(s);
    assert_in_range(sent, 5, 10);
    T_COUNT(s, challenge_acks_limited, 100 - sent);
}

/* CVE-2016-5696: flooding an entry takes nothing from a connection, and reveals nothing about
 * it. */
static void flood_of_an_entry_leaves_the_connections_their_challenge_acks(void **state)
{
    struct script *s = *state;
    s->f.config.challenge_ack_per_second = 10;
    conn_in_established(s);
    struct script_conn other = s->c;
    script_new_peer(s, CLIENT_PORT + 1);
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    struct script_conn flooded = s->c;
    for (unsigned round = 0; round < 5; round++) {
        s->c = flooded;
        for (unsigned i = 0; i < 1000; i++)
            T_SEND(s, .flags = TE_ACK, .seq = 5000 + i, .ack = 2);
        script_skip(s);
        s->c = other;
        T_SEND(s, .flags = TE_RST, .seq = 1000);
        T_EXPECT_ACK(s, 1, 1);
        script_advance(s, SECOND);
    }
}

/* RFC 5961 5.2 here too: the window below SND.NXT, both ends included. */
static void range_of_acks_in_time_wait(void **state)
{
    static const struct {
        uint32_t ack;
        bool answered;
    } rows[] = {{2, false}, {1, false}, {2u - 65535, false}, {2u - 65536, true}, {3, true}};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        script_start_over(s);
        conn_in_time_wait(s, TE_FIN_WAIT_2);
        T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = rows[i].ack);
        if (rows[i].answered)
            T_EXPECT_ACK(s, 2, 2);
        T_EXPECT_NONE(s);
    }
}

static void paws_is_counted_in_time_wait(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 2, TSVAL(0u - 100));
    T_EXPECT_ACK(s, 2, 2);
    T_COUNT(s, paws_rejected, 1);
    T_EQUAL(time_wait(s).fin_reacked, 0);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 2, .no_ts = true);
    T_EXPECT_NONE(s);
    T_COUNT(s, timestamp_missing, 1);
}

/* --- the table -------------------------------------------------------------------------------- */

static void full_table_evicts_the_oldest(void **state)
{
    struct script *s = *state;
    s->f.config.time_wait_max = 2;
    s->f.config.time_wait_policy = TE_TIME_WAIT_EVICT_OLDEST;
    s->way = BY_ACTIVE;
    struct script_conn conns[3];
    for (uint16_t i = 0; i < 3; i++) {
        script_new_peer(s, (uint16_t)(7000 + i));
        conn_in_time_wait(s, TE_FIN_WAIT_2);
        conns[i] = s->c;
        script_advance(s, SECOND);
    }
    T_EQUAL(fixture_counters(&s->f)->time_wait_overflow, 1);
    T_EQUAL(script_state_of(s, conns[0].id), TE_CLOSED);
    T_EQUAL(script_state_of(s, conns[1].id), TE_TIME_WAIT);
    T_EQUAL(script_state_of(s, conns[2].id), TE_TIME_WAIT);
}

/* An entry whose FIN was repeated is no longer the oldest. */
static void eviction_goes_by_what_is_left(void **state)
{
    struct script *s = *state;
    s->f.config.time_wait_max = 2;
    s->way = BY_ACTIVE;
    struct script_conn conns[3];
    for (uint16_t i = 0; i < 3; i++) {
        script_new_peer(s, (uint16_t)(7000 + i));
        conn_in_time_wait(s, TE_FIN_WAIT_2);
        conns[i] = s->c;
        script_advance(s, SECOND);
        if (i != 1)
            continue;
        s->c = conns[0];
        T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
        T_EXPECT_ACK(s, 2, 2);
    }
    T_EQUAL(script_state_of(s, conns[0].id), TE_TIME_WAIT);
    T_EQUAL(script_state_of(s, conns[1].id), TE_CLOSED);
}

static void full_table_skips_the_state(void **state)
{
    struct script *s = *state;
    s->f.config.time_wait_max = 1;
    s->f.config.time_wait_policy = TE_TIME_WAIT_SKIP;
    s->way = BY_ACTIVE;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    uint64_t first = s->c.id;
    script_new_peer(s, 7001);
    conn_in_fin_wait_2(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EVENT(s, TE_FIN_WAIT_2, TE_TIME_WAIT, TE_CAUSE_RECV_FIN);
    T_EVENT(s, TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_LIMIT);
    T_STATE(s, TE_CLOSED);
    T_COUNT(s, time_wait_overflow, 1);
    T_EQUAL(script_state_of(s, first), TE_TIME_WAIT);
}

static uint64_t bytes_of_entries(struct script *s, unsigned options, uint16_t count)
{
    struct te_totals totals;
    script_start_over(s);
    s->options = options;
    s->way = BY_ACTIVE;
    s->f.config.time_wait_max = 4096;
    for (uint16_t i = 0; i < count; i++) {
        script_new_peer(s, (uint16_t)(2000 + i));
        conn_in_fin_wait_2(s);
        T_ERR(script_user_close(s), TE_OK);
        T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
        T_EXPECT_ACK(s, 2, 2);
    }
    te_totals(s->f.stack, &totals);
    T_EQUAL(totals.time_wait, count);
    T_EQUAL(totals.conn_memory_bytes % sizeof(void *), 0);
    return totals.time_wait_memory_bytes;
}

/* 64 bytes per entry with IPv4, 88 with IPv6, buckets and chunk lists included. */
static void an_entry_is_small(void **state)
{
    struct script *s = *state;
    uint64_t bytes = bytes_of_entries(s, 0, 1024);
    assert_true(bytes <= 1024 * 64 + 64);
    bytes = bytes_of_entries(s, SPEAKS_IPV6, 1024);
    assert_true(bytes <= 1024 * 88 + 64);
}

/* An emptied table takes as much memory as a new one. */
static void expired_entries_give_their_memory_back(void **state)
{
    struct script *s = *state;
    s->f.config.time_wait_max = 4096;
    s->way = BY_ACTIVE;
    int64_t baseline = 0;
    for (unsigned round = 0; round < 2; round++) {
        for (uint16_t i = 0; i < 500; i++) {
            script_new_peer(s, (uint16_t)(2000 + i));
            conn_in_fin_wait_2(s);
            T_ERR(script_user_close(s), TE_OK);
            T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
            T_EXPECT_ACK(s, 2, 2);
        }
        script_advance(s, 300 * SECOND);
        struct te_totals totals;
        te_totals(s->f.stack, &totals);
        T_EQUAL(totals.time_wait, 0);
        assert_true(totals.time_wait_memory_bytes < 1024);
        baseline = round == 0 ? s->f.heap.held_bytes : baseline;
        T_EQUAL(s->f.heap.held_bytes, baseline);
    }
}

/* Without a user the control block is freed at once. */
static void no_control_block_is_left(void **state)
{
    struct script *s = *state;
    struct te_totals before, after;
    conn_in_listen(s);
    te_totals(s->f.stack, &before);
    conn_in_fin_wait_2(s);
    T_ERR(script_user_close(s), TE_OK);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    te_totals(s->f.stack, &after);
    T_EQUAL(after.conn_memory_bytes, before.conn_memory_bytes);
    T_EQUAL(after.buffer_memory_bytes, 0);
    T_STATE(s, TE_TIME_WAIT);
    T_ERR(script_user_close(s), TE_ERR_CLOSING);
}

static void unread_bytes_survive_until_their_user_takes_them(void **state)
{
    struct script *s = *state;
    bool is_end = false;
    conn_in_fin_wait_2(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2, .len = 100);
    T_EXPECT_ACK(s, 2, 102);
    script_advance(s, TWO_MSL + SECOND);
    T_STATE(s, TE_CLOSED);
    T_EQUAL(script_user_take(s, &is_end), 100);
    assert_true(is_end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(entered_from_fin_wait_1),
        SCRIPT_TEST(entered_from_fin_wait_2),
        SCRIPT_TEST(entered_from_closing),
        SCRIPT_TEST(rfc9293_3_6_1_lasts_2msl_whichever_way_it_was_entered),
        SCRIPT_TEST(msl_is_the_configs),
        SCRIPT_TEST(events_and_counters_tell_of_it),
        SCRIPT_TEST(rfc9293_3_10_7_4_fin_again_is_acknowledged_and_2msl_starts_anew),
        SCRIPT_TEST(fin_again_with_its_text_is_acknowledged),
        SCRIPT_TEST(without_time_wait_the_peer_is_reset),
        SCRIPT_TEST(old_duplicate_text_is_answered_and_not_taken),
        SCRIPT_TEST(old_duplicate_meets_the_new_incarnation),
        SCRIPT_TEST(rfc1337_3_rst_does_not_end_it),
        SCRIPT_TEST(rfc6191_2_new_syn),
        SCRIPT_TEST(rfc1122_4_2_2_13_isn_is_beyond_a_fast_incarnation),
        SCRIPT_TEST(refused_syn_is_answered_by_an_ack),
        SCRIPT_TEST(syn_where_nobody_listens_leaves_it_alone),
        SCRIPT_TEST(new_incarnation_works_in_full),
        SCRIPT_TEST(syn_that_finds_no_room_leaves_it_alone),
        SCRIPT_TEST(syn_that_opens_nothing_leaves_it_alone),
        SCRIPT_TEST(syn_that_finds_no_memory_leaves_it_alone),
        SCRIPT_TEST(the_clock_of_the_table_wraps),
        SCRIPT_TEST(fin_that_comes_again_and_again_is_counted_up_to_255),
        SCRIPT_TEST(rfc9293_3_10_1_open_in_time_wait_exists),
        SCRIPT_TEST(rfc7323_3_2_acks_carry_timestamps),
        SCRIPT_TEST(answers_to_strangers_are_limited),
        SCRIPT_TEST(flood_of_an_entry_leaves_the_connections_their_challenge_acks),
        SCRIPT_TEST(range_of_acks_in_time_wait),
        SCRIPT_TEST(paws_is_counted_in_time_wait),
        SCRIPT_TEST(full_table_evicts_the_oldest),
        SCRIPT_TEST(eviction_goes_by_what_is_left),
        SCRIPT_TEST(full_table_skips_the_state),
        SCRIPT_TEST(an_entry_is_small),
        SCRIPT_TEST(expired_entries_give_their_memory_back),
        SCRIPT_TEST(no_control_block_is_left),
        SCRIPT_TEST(unread_bytes_survive_until_their_user_takes_them),
    };
    return cmocka_run_group_tests_name("time_wait", tests, NULL, NULL);
}

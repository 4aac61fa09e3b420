/* What the stack reports against what was seen on the wire: counters, STATUS, totals, events. */
#include <string.h>

#include "script.h"

#define MSS 1460

/* --- a recount -------------------------------------------------------------------------------- */

/* All that came out, counted here. */
struct tally {
    uint64_t segments, resent_segments, payload, resent_payload, resets;
    uint32_t highest; /* the end of what was seen, relative */
};

static void count_output(struct script *s, struct tally *tally)
{
    const struct script_out *out;
    while ((out = script_next(s)) != NULL) {
        uint32_t seq = script_rel_seq(s, out);
        uint32_t len = out->len + ((out->header.flags & (TE_SYN | TE_FIN)) != 0);
        tally->resets += (out->header.flags & TE_RST) != 0;
        if (len > 0 && seq + len <= tally->highest) {
            tally->resent_segments++;
            tally->resent_payload += out->len;
            continue;
        }
        tally->segments++;
        tally->payload += out->len;
        if (len > 0)
            tally->highest = seq + len;
    }
}

/* A connection with text both ways, a loss, duplicates, and an end by RST. */
static void live(struct script *s, struct tally *tally)
{
    T_EQUAL(script_user_send(s, 10 * MSS), 10 * MSS);
    count_output(s, tally);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 2 * MSS, .len = 1000);
    count_output(s, tally);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 2 * MSS, .len = 1000);
    T_SEND(s, .flags = TE_ACK, .seq = 2001, .ack = 1 + 2 * MSS, .len = 500);
    T_SEND(s, .flags = TE_ACK, .seq = 1001, .ack = 1 + 2 * MSS, .len = 1000);
    count_output(s, tally);
    script_advance(s, 300 * MS);
    count_output(s, tally);
    T_SEND(s, .flags = TE_ACK, .seq = 2501, .ack = 1 + 6 * MSS);
    script_advance(s, SECOND);
    count_output(s, tally);
    T_ERR(script_user_abort(s), TE_OK);
    count_output(s, tally);
}

static void counters_equal_a_recount(void **state)
{
    struct script *s = *state;
    struct tally tally = {.highest = 1};
    uint64_t before_in;
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    s->way = BY_ACTIVE;
    conn_in_established(s);
    before_in = fixture_counters(&s->f)->segments_in;
    live(s, &tally);
    assert_true(tally.resent_segments > 0);
    T_COUNT(s, segments_out, tally.segments);
    T_COUNT(s, segments_retransmitted, tally.resent_segments);
    T_COUNT(s, bytes_out, tally.payload);
    T_COUNT(s, bytes_retransmitted, tally.resent_payload);
    T_COUNT(s, resets_out, tally.resets);
    T_COUNT(s, bytes_in, 2500);
    T_COUNT(s, duplicate_segments, 1);
    T_COUNT(s, out_of_order_segments, 1);
    T_EQUAL(fixture_counters(&s->f)->segments_in - before_in, 5);
    T_EQUAL(tally.payload, 10 * MSS);
}

static void status_equals_a_recount(void **state)
{
    struct script *s = *state;
    struct tally tally = {.highest = 1};
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    s->way = BY_ACTIVE;
    conn_in_established(s);
    struct te_status before = script_status(s);
    T_EQUAL(script_user_send(s, 10 * MSS), 10 * MSS);
    script_advance(s, 700 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 3 * MSS, .len = 300, WIN(40000));
    count_output(s, &tally);
    struct te_status status = script_status(s);
    T_EQUAL(status.send_accepted, 10 * MSS);
    T_EQUAL(status.send_acked, 3 * MSS);
    T_EQUAL(status.send_queue_bytes, 7 * MSS);
    T_EQUAL(status.bytes_sent, 10 * MSS);
    T_EQUAL(status.bytes_acked, 3 * MSS);
    T_EQUAL(status.receive_next, 300);
    T_EQUAL(status.receive_queue_bytes, 300);
    T_EQUAL(status.bytes_received, 300);
    T_EQUAL(status.segments_in - before.segments_in, 1);
    T_EQUAL(status.segments_out - before.segments_out, tally.segments + tally.resent_segments);
    T_EQUAL(status.retransmits, tally.resent_segments);
    T_EQUAL(status.bytes_retransmitted, tally.resent_payload);
    T_EQUAL(status.iss, s->c.our_iss);
    T_EQUAL(status.irs, PEER_ISS);
    T_EQUAL(status.snd_una, s->c.our_iss + 1 + 3 * MSS);
    T_EQUAL(status.snd_max, s->c.our_iss + 1 + 10 * MSS);
    T_EQUAL(status.rcv_nxt, PEER_ISS + 301);
    T_EQUAL(status.snd_wnd, 40000);
    T_EQUAL(status.snd_wl1, PEER_ISS + 1);
    T_EQUAL(status.snd_wl2, s->c.our_iss + 1 + 3 * MSS);
    script_advance(s, DELAYED_ACK);
    script_skip(s);
}

static void status_tells_who_and_when(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    script_advance(s, 5 * SECOND);
    int64_t opened_at_us = s->f.now_us;
    conn_in_syn_rcvd(s);
    struct te_status status = script_status(s);
    T_EQUAL(status.is_orphan, true); /* nobody has accepted it */
    T_EQUAL(status.uid, USER);
    script_advance(s, 100 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    status = script_status(s);
    T_EQUAL(status.is_orphan, false);
    T_EQUAL(status.opened_at_us, opened_at_us);
    T_EQUAL(status.state_since_us, opened_at_us + 100 * MS);
    T_EQUAL(status.remote.port, CLIENT_PORT);
    T_EQUAL(status.user_closed, false);
    assert_string_equal(status.congestion_control, "cubic");
    assert_string_equal(status.recovery, "open");
    T_ERR(te_status(s->f.stack, s->listener_id, &status), TE_OK);
    T_EQUAL(status.is_listener, true);
    T_EQUAL(status.opened_at_us, SECOND);
    T_EQUAL(status.uid, USER);
    T_EQUAL(status.send_queue_bytes, 128); /* the backlog by default */
}

/* No remains: the entry keeps no times, but the history does. */
static void status_of_time_wait_knows_its_age(void **state)
{
    struct script *s = *state;
    s->closes_fully = true;
    int64_t opened_at_us = s->f.now_us;
    conn_in_fin_wait_2(s);
    script_advance(s, 5 * SECOND);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    script_advance(s, 3 * SECOND);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2); /* 2MSL anew, the state goes on */
    T_EXPECT_ACK(s, 2, 2);
    struct te_status status = script_status(s);
    T_EQUAL(status.opened_at_us, opened_at_us);
    T_EQUAL(status.state_since_us, opened_at_us + 5 * SECOND);
    T_EQUAL(status.mss, 0);
}

static void status_of_time_wait_tells_what_is_left(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_fin_wait_2(s);
    T_ERR(script_user_close(s), TE_OK);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    struct te_status status = script_status(s);
    T_EQUAL(status.state, TE_TIME_WAIT);
    T_EQUAL(status.uid, USER);
    T_EQUAL(status.timestamps, true);
    T_EQUAL(status.snd_nxt, s->c.our_iss + 2);
    T_EQUAL(status.rcv_nxt, PEER_ISS + 2);
    T_EQUAL(status.local.port, SERVER_PORT);
    T_EQUAL(status.remote.port, CLIENT_PORT);
    T_EQUAL(status.user_closed, true);
}

/* --- totals ----------------------------------------------------------------------------------- */

static void totals_count_every_state(void **state)
{
    static const enum te_state states[] = {TE_SYN_SENT,   TE_ESTABLISHED, TE_FIN_WAIT_1,
                                           TE_FIN_WAIT_2, TE_CLOSE_WAIT,  TE_CLOSING,
                                           TE_LAST_ACK,   TE_TIME_WAIT};
    struct script *s = *state;
    struct te_totals totals;
    s->way = BY_ACTIVE;
    for (uint16_t i = 0; i < 8; i++) {
        script_new_peer(s, (uint16_t)(7000 + i));
        conn_in_state(s, states[i]);
    }
    T_ERR(script_user_listen(s, 0), TE_OK);
    te_totals(s->f.stack, &totals);
    for (unsigned i = 0; i < 8; i++)
        T_EQUAL(totals.by_state[states[i]], 1);
    T_EQUAL(totals.by_state[TE_LISTEN], 1);
    T_EQUAL(totals.by_state[TE_SYN_RCVD], 0);
    T_EQUAL(totals.listeners, 1);
    T_EQUAL(totals.time_wait, 1);
    T_EQUAL(totals.connections, 7);
    T_EQUAL(totals.orphans, 0);
    T_EQUAL(totals.neighbours, 1);
    script_advance(s, 10 * MS);
    script_skip(s);
}

static void totals_do_not_count_what_remains(void **state)
{
    struct script *s = *state;
    struct te_totals totals;
    conn_in_established(s);
    te_totals(s->f.stack, &totals);
    T_EQUAL(totals.connections, 1);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    te_totals(s->f.stack, &totals);
    T_EQUAL(totals.connections, 0);
    T_EQUAL(totals.by_state[TE_CLOSED], 1);
    assert_true(totals.conn_memory_bytes > 0);
}

/* --- events ----------------------------------------------------------------------------------- */

static unsigned ready_events_of(struct script *s, uint64_t id)
{
    struct te_event event;
    unsigned ready = 0;
    while (te_stack_next_event(s->f.stack, &event))
        if (event.kind == TE_EVENT_READY && event.id == id)
            ready |= event.ready;
    return ready;
}

static void listener_is_ready_as_long_as_somebody_waits(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    script_new_peer(s, 7000);
    conn_in_syn_rcvd(s);
    struct script_conn first = s->c;
    script_new_peer(s, 7001);
    conn_in_syn_rcvd(s);
    uint64_t listener = s->listener_id;
    s->c.id = listener; /* so that the pump records what is ready there */
    s->ready = 0;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_READY(s, TE_READY_ACCEPT);
    s->c = first;
    s->c.id = listener;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_READY(s, TE_READY_ACCEPT);
    uint64_t id;
    T_ERR(te_accept(s->f.stack, listener, USER, &id, s->f.now_us), TE_OK);
    T_EQUAL(ready_events_of(s, listener), TE_READY_ACCEPT); /* one more */
    T_ERR(te_accept(s->f.stack, listener, USER, &id, s->f.now_us), TE_OK);
    T_EQUAL(ready_events_of(s, listener), 0);
}

static void events_carry_what_happened(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1, WIN(55));
    const struct te_event *event = &s->events[s->event_count - 1];
    T_EQUAL(event->kind, TE_EVENT_STATE);
    T_EQUAL(event->id, s->c.id);
    T_EQUAL(event->uid, USER);
    T_EQUAL(event->local.port, SERVER_PORT);
    T_EQUAL(event->remote.port, CLIENT_PORT);
    T_EQUAL(event->time_us, s->f.now_us);
    T_ERR(event->error, TE_ERR_RESET);
    assert_true(event->transition.has_segment);
    T_EQUAL(event->transition.segment.flags, TE_RST | TE_ACK);
    T_EQUAL(event->transition.segment.wnd_bytes, 55);
    T_COUNT(s, attempt_fails, 0);
    T_COUNT(s, established_resets, 1);
}

static void dropped_segments_are_counted_by_reason(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = 0, .seq = 1, .len = 10);
    T_COUNT(s, tcp_no_ack, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 9999);
    T_COUNT(s, tcp_bad_ack, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 200000, .ack = 1, .len = 1);
    T_COUNT(s, tcp_unacceptable, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 10);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 10);
    T_COUNT(s, out_of_order_segments, 1);
    T_COUNT(s, duplicate_segments, 1);
    T_COUNT(s, bytes_in, 0);
    script_skip(s);
}

static void the_end_of_a_listener_is_told(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    T_ERR(te_close(s->f.stack, s->listener_id, s->f.now_us), TE_OK);
    T_EQUAL(ready_events_of(s, s->listener_id), TE_READY_END);
}

static void refused_opening_is_counted(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 0, .ack = 1);
    T_COUNT(s, resets_in, 1);
    T_COUNT(s, attempt_fails, 1);
    T_COUNT(s, established_resets, 0);
    T_COUNT(s, state_transitions, 1);
}

/* A call may come later than the last deadline: its time counts. */
static void calls_bring_the_time_along(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    s->f.now_us += 50 * MS;
    struct te_open open = {.remote = {script_peer_addr(s), 7000}, .uid = USER};
    T_ERR(te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us), TE_OK);
    T_EQUAL(script_status(s).opened_at_us, s->f.now_us);
    script_pump(s);
    script_skip(s);
    s->f.now_us += 50 * MS;
    T_ERR(te_set_option(s->f.stack, s->c.id, TE_OPTION_USER_TIMEOUT_US, 10 * MS, s->f.now_us),
          TE_OK);
    T_TIMER(s, TE_TIMER_USER_TIMEOUT, 10 * MS);
    T_ERR(te_close(s->f.stack, s->c.id, s->f.now_us), TE_OK);
    struct te_history history;
    T_ERR(te_history(s->f.stack, s->c.id, &history), TE_OK);
    T_EQUAL(history.transitions[1].time_us, s->f.now_us);
    T_ERR(te_close(s->f.stack, s->listener_id, s->f.now_us), TE_OK);
    T_ERR(te_history(s->f.stack, s->listener_id, &history), TE_OK);
    T_EQUAL(history.transitions[1].time_us, s->f.now_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(counters_equal_a_recount),
        SCRIPT_TEST(status_equals_a_recount),
        SCRIPT_TEST(status_tells_who_and_when),
        SCRIPT_TEST(status_of_time_wait_knows_its_age),
        SCRIPT_TEST(status_of_time_wait_tells_what_is_left),
        SCRIPT_TEST(totals_count_every_state),
        SCRIPT_TEST(totals_do_not_count_what_remains),
        SCRIPT_TEST(listener_is_ready_as_long_as_somebody_waits),
        SCRIPT_TEST(events_carry_what_happened),
        SCRIPT_TEST(dropped_segments_are_counted_by_reason),
        SCRIPT_TEST(the_end_of_a_listener_is_told),
        SCRIPT_TEST(refused_opening_is_counted),
        SCRIPT_TEST(calls_bring_the_time_along),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}

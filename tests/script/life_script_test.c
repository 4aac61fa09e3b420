/* Connections from birth to end: numbers that wrap, listener queues when connections leave early,
 * memory that runs out at any point, and histories. */
#include <string.h>

#include "script.h"

#define MSS 1460

/* --- queues of the listener ------------------------------------------------------------------- */

/* A connection closed by its id in SYN_RCVD, before it was accepted, leaves the queue for good. */
static void closed_in_syn_rcvd_leaves_the_queue(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = 1;
    T_ERR(script_user_listen(s, 1), TE_OK);
    conn_in_syn_rcvd(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_FIN_WAIT_1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_STATE(s, TE_FIN_WAIT_2);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_EQUAL(script_listener_status(s).receive_queue_bytes, 0);
    T_ERR(script_user_accept(s), TE_ERR_AGAIN);
    script_new_peer(s, CLIENT_PORT + 1);
    conn_in_established(s);
    T_EQUAL(script_listener_status(s).receive_queue_bytes, 0);
}

static void closed_in_syn_rcvd_its_syn_ack_is_still_sent_again(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    script_advance(s, SECOND);
    T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    script_skip(s);
    T_STATE(s, TE_FIN_WAIT_1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_STATE(s, TE_FIN_WAIT_2);
}

/* Duplicates of an ACK from before our SYN: SND.UNA is the SYN, not a byte of a buffer. The FIN may
 * be taken for lost. */
static void closed_in_syn_rcvd_duplicate_acks_resend_no_data(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    for (unsigned i = 0; i < 5; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 0);
    const struct script_out *out;
    while ((out = script_next(s)) != NULL)
        T_EQUAL(out->len, 0);
    T_STATE(s, TE_FIN_WAIT_1);
    script_advance(s, SECOND);
    T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    script_skip(s);
}

static void closed_before_it_was_accepted_is_not_accepted(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_EQUAL(script_listener_status(s).receive_queue_bytes, 0);
    T_ERR(script_user_accept(s), TE_ERR_AGAIN);
}

static void aborted_before_it_was_accepted_is_not_accepted(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_abort(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    T_EQUAL(script_listener_status(s).receive_queue_bytes, 0);
    T_ERR(script_user_accept(s), TE_ERR_AGAIN);
}

static void turning_active_resets_whom_nobody_accepted(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    struct te_open open = {
        .remote = {script_peer_addr(s), 9999}, .uid = USER, .listener_id = s->listener_id};
    uint64_t id;
    T_ERR(te_open_active(s->f.stack, &open, &id, s->f.now_us), TE_OK);
    script_pump(s);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    T_GONE(s);
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->header.flags, TE_SYN);
    T_EQUAL(out->header.destination_port, 9999);
}

/* --- numbers that wrap ------------------------------------------------------------------------ */

/* SND.NXT passes 2^32 at every point of the handshake and of the first segments. */
static void our_numbers_wrap_anywhere(void **state)
{
    struct script *s = *state;
    for (uint32_t i = 0; i < 12; i++) {
        script_start_over(s);
        s->way = (enum script_way)(i % 3);
        script_wait_for_iss(s, 0u - 4 + i / 3);
        conn_in_established(s);
        T_EQUAL(script_user_send(s, 3), 3);
        T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 3);
        T_EXPECT_AFTER(s, script_status(s).rto_us, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 3);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 3);
        T_EQUAL(script_status(s).send_acked, 2);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 4);
        T_ERR(script_user_shutdown(s), TE_OK);
        T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 4, .ack = 1);
        T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 5);
        T_EXPECT_ACK(s, 5, 2);
        T_STATE(s, TE_TIME_WAIT);
    }
}

static void a_recovery_across_the_wrap(void **state)
{
    struct script *s = *state;
    script_wait_for_iss(s, 0u - 5 * MSS);
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 10 * MSS), 10 * MSS);
    script_skip(s);
    for (unsigned i = 0; i < 3; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 6 * MSS); /* partial, beyond the wrap */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 6 * MSS, .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 10 * MSS);
    assert_string_equal(script_status(s).recovery, "open");
}

static void their_numbers_wrap_anywhere(void **state)
{
    struct script *s = *state;
    for (uint32_t i = 0; i < 5; i++) {
        script_start_over(s);
        s->c.peer_iss = 0u - 3 + i;
        conn_in_established(s);
        T_SEND(s, .flags = TE_ACK, .seq = 3, .ack = 1, .len = 2);
        T_EXPECT_ACK(s, 1, 1);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 3);
        T_EXPECT_ACK(s, 1, 5);
        T_EQUAL(script_user_take(s, NULL), 4);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 3); /* old */
        T_EXPECT_ACK(s, 1, 5);
        T_SEND(s, .flags = TE_RST, .seq = 4); /* left of the window */
        T_STATE(s, TE_ESTABLISHED);
        T_SEND(s, .flags = TE_RST, .seq = 5);
        T_STATE(s, TE_CLOSED);
    }
}

/* --- memory that runs out --------------------------------------------------------------------- */

/* A conversation without expectations: the invariants are checked after each step. */
static void talk(struct script *s)
{
    struct seg syn = script_syn(s, TE_SYN);
    uint8_t bytes[3000];
    size_t accepted;
    memset(bytes, 7, sizeof(bytes));
    script_send(s, &syn);
    const struct script_out *out = script_next(s);
    if (out != NULL)
        s->c.our_iss = out->header.seq;
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    script_user_accept(s);
    te_send(s->f.stack, s->c.id, bytes, sizeof(bytes), &accepted, s->f.now_us);
    script_pump(s);
    T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 401, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 3001, .len = 500);
    script_user_take(s, NULL);
    script_user_shutdown(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 501, .ack = 3002);
    script_advance(s, SECOND);
    struct te_open open = {.remote = {script_peer_addr(s), 9999}, .uid = USER};
    uint64_t id;
    te_open_active(s->f.stack, &open, &id, s->f.now_us);
    script_pump(s);
    script_advance(s, 5 * SECOND);
    script_skip(s);
}

static void memory_may_run_out_at_any_point(void **state)
{
    struct script *s = *state;
    for (int64_t n = 0; n < 40; n++) {
        script_start_over(s);
        s->options = (n % 2) ? SPEAKS_ALL : SPEAKS_ALL | SPEAKS_IPV6;
        conn_in_listen(s);
        s->f.heap.allocations_left = n;
        talk(s);
        s->f.heap.allocations_left = -1;
        script_new_peer(s, CLIENT_PORT + 1);
        conn_in_established(s); /* and the stack still works */
    }
}

/* One allocation fails, those after it succeed. */
static void one_allocation_may_fail_at_any_point(void **state)
{
    struct script *s = *state;
    for (int64_t n = 0; n < 40; n++) {
        script_start_over(s);
        s->options = SPEAKS_ALL;
        conn_in_listen(s);
        s->f.heap.allocations_left = n;
        struct seg syn = script_syn(s, TE_SYN);
        for (unsigned i = 0; i < 3; i++) {
            script_send(s, &syn);
            s->f.heap.allocations_left =
                s->f.heap.allocations_left == 0 ? -1 : s->f.heap.allocations_left;
        }
        script_skip(s);
        talk(s);
        s->f.heap.allocations_left = -1;
    }
}

/* The host's memory for streams: each region belongs to a connection and a direction. */
struct regions {
    uint64_t id;
    unsigned held[2], reserved[2];
    bool strange;
};

static uint8_t *give_region(void *ctx, uint64_t id, bool is_send, size_t size)
{
    struct regions *regions = ctx;
    regions->strange = regions->strange || (regions->id != 0 && regions->id != id);
    regions->id = id;
    regions->held[is_send]++;
    regions->reserved[is_send]++;
    return malloc(size);
}

static uint8_t *grow_region(void *ctx, uint64_t id, bool is_send, size_t old_size, size_t size)
{
    (void)old_size;
    return give_region(ctx, id, is_send, size);
}

static void take_region(void *ctx, uint64_t id, bool is_send, uint8_t *region, size_t size)
{
    struct regions *regions = ctx;
    (void)size;
    regions->strange = regions->strange || regions->id != id || regions->held[is_send] == 0;
    regions->held[is_send]--;
    free(region);
}

static void stream_memory_is_asked_for_by_direction(void **state)
{
    struct script *s = *state;
    struct regions regions = {0};
    s->f.config.buffer_memory =
        (struct te_buffer_memory){&regions, give_region, grow_region, take_region, 0, NULL, NULL};
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EQUAL(regions.held[0], 1);
    T_EQUAL(regions.held[1], 0);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, .len = 100);
    T_EQUAL(regions.held[1], 1);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 101, .len = 20000);
    script_skip(s);
    T_EQUAL(regions.held[0], 1); /* the old one was freed when the larger one came */
    assert_true(regions.reserved[0] >= 2);
    T_EQUAL(regions.id, s->c.id);
    T_EQUAL(script_user_take(s, NULL), 20100);
    script_skip(s);
    script_advance(s, 3 * SECOND);
    T_EQUAL(regions.held[0] + regions.held[1], 0);
    assert_false(regions.strange);
}

/* --- histories and lists ---------------------------------------------------------------------- */

static void history_has_the_segments(void **state)
{
    struct script *s = *state;
    struct te_history history;
    conn_in_fin_wait_1(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1, .len = 10, WIN(777));
    T_EXPECT_ACK(s, 2, 12);
    T_ERR(te_history(s->f.stack, s->c.id, &history), TE_OK);
    T_EQUAL(history.count, 4);
    const struct te_transition *last = &history.transitions[3];
    T_EQUAL(last->from, TE_FIN_WAIT_1);
    T_EQUAL(last->to, TE_CLOSING);
    assert_true(last->has_segment);
    T_EQUAL(last->segment.seq, PEER_ISS + 1);
    T_EQUAL(last->segment.ack, s->c.our_iss + 1);
    T_EQUAL(last->segment.len_bytes, 10);
    T_EQUAL(last->segment.wnd_bytes, 777);
    T_EQUAL(last->segment.flags, TE_FIN | TE_ACK);
    assert_false(history.transitions[2].has_segment); /* the user's */
}

static void history_outlives_the_connection(void **state)
{
    struct script *s = *state;
    struct te_history history;
    s->f.config.history_conn_max = 2;
    s->way = BY_ACTIVE;
    uint64_t ids[3];
    for (uint16_t i = 0; i < 3; i++) {
        script_new_peer(s, (uint16_t)(7000 + i));
        conn_in_established(s);
        ids[i] = s->c.id;
        T_ERR(script_user_abort(s), TE_OK);
        T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    }
    T_ERR(te_history(s->f.stack, ids[0], &history), TE_ERR_NO_CONNECTION);
    T_ERR(te_history(s->f.stack, ids[1], &history), TE_OK);
    T_ERR(te_history(s->f.stack, ids[2], &history), TE_OK);
    T_EQUAL(history.is_gone, true);
    T_EQUAL(history.remote.port, 7002);
}

static void history_of_a_closed_listener(void **state)
{
    struct script *s = *state;
    struct te_history history;
    conn_in_listen(s);
    T_ERR(te_close(s->f.stack, s->listener_id, s->f.now_us), TE_OK);
    T_ERR(te_history(s->f.stack, s->listener_id, &history), TE_OK);
    T_EQUAL(history.is_gone, true);
    T_EQUAL(history.count, 2);
    T_EQUAL(history.transitions[1].from, TE_LISTEN);
    T_EQUAL(history.transitions[1].to, TE_CLOSED);
    T_EQUAL(history.local.port, SERVER_PORT);
}

static void history_of_the_longest_life_keeps_its_birth(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    struct te_open open = {.remote = script_peer(s), .uid = USER, .listener_id = s->listener_id};
    T_ERR(te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us), TE_OK);
    script_pump(s);
    T_EXPECT_SYN(s);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT_ACK(s, 2, 2);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 2);
    script_advance(s, 61 * SECOND);
    char text[256];
    script_history_text(s, text, sizeof(text));
    assert_true(strncmp(text, "CLOSED LISTEN", 13) == 0);
    assert_non_null(strstr(text, "CLOSING TIME_WAIT CLOSED"));
}

static void walk_sees_everything_once(void **state)
{
    struct script *s = *state;
    unsigned seen[TE_STATE_COUNT] = {0};
    s->way = BY_ACTIVE;
    for (uint16_t i = 0; i < 20; i++) {
        script_new_peer(s, (uint16_t)(7000 + i));
        if (i % 2)
            conn_in_established(s);
        else
            conn_in_close_wait(s);
    }
    uint64_t cursor = 0;
    struct te_status status;
    while (te_walk(s->f.stack, TE_WALK_CONNECTIONS, &cursor, &status))
        seen[status.state]++;
    T_EQUAL(seen[TE_ESTABLISHED], 10);
    T_EQUAL(seen[TE_CLOSE_WAIT], 10);
    struct te_totals totals;
    te_totals(s->f.stack, &totals);
    T_EQUAL(totals.connections, 20);
}

/* The tables grow and shrink with a thousand connections and lose none. */
static void a_thousand_connections_are_all_found(void **state)
{
    struct script *s = *state;
    static uint64_t ids[1000];
    s->way = BY_ACTIVE;
    s->f.config.time_wait_max = 4096;
    for (uint16_t i = 0; i < 1000; i++) {
        script_new_peer(s, (uint16_t)(2000 + i));
        if (i % 4 == 3)
            conn_in_time_wait(s, TE_FIN_WAIT_2);
        else
            conn_in_established(s);
        ids[i] = s->c.id;
    }
    uint64_t cursor = 0;
    struct te_status status;
    unsigned seen = 0;
    while (te_walk(s->f.stack, TE_WALK_CONNECTIONS, &cursor, &status))
        seen++;
    T_EQUAL(seen, 750);
    for (cursor = 0, seen = 0; te_walk(s->f.stack, TE_WALK_TIME_WAIT, &cursor, &status);)
        seen++;
    T_EQUAL(seen, 250);
    for (unsigned i = 0; i < 1000; i++) {
        unsigned at = i * 7 % 1000; /* in a different order */
        T_EQUAL(script_state_of(s, ids[at]), at % 4 == 3 ? TE_TIME_WAIT : TE_ESTABLISHED);
        T_ERR(te_abort(s->f.stack, ids[at], s->f.now_us), TE_OK);
        if (i % 50 == 0) {
            script_pump(s);
            script_skip(s);
        }
    }
    script_pump(s);
    script_skip(s);
    struct te_totals totals;
    te_totals(s->f.stack, &totals);
    T_EQUAL(totals.connections + totals.time_wait, 0);
}

/* An event queue that nobody empties drops the oldest events and counts them. */
static void events_that_nobody_takes_are_counted(void **state)
{
    struct script *s = *state;
    s->f.config.event_max = 2;
    script_start(s);
    struct te_open open = {.local = script_local(s), .remote = script_peer(s), .uid = USER};
    for (unsigned i = 0; i < 5; i++) {
        open.remote.port = (uint16_t)(7000 + i);
        T_ERR(te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us), TE_OK);
    }
    T_COUNT(s, events_lost, 3);
    struct te_event event;
    assert_true(te_stack_next_event(s->f.stack, &event));
    T_EQUAL(event.remote.port, 7003);
    script_pump(s);
    script_skip(s);
}

static void send_buffer_max_can_be_set(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_ERR(script_user_option(s, TE_OPTION_SEND_BUFFER_MAX, 5000), TE_OK);
    T_EQUAL(script_user_send(s, 20000), 8192);
}

/* The host grants the first region and no larger one. */
static void send_takes_what_the_region_holds(void **state)
{
    struct script *s = *state;
    s->f.config.send_buffer_initial_bytes = 4096;
    conn_in_syn_sent(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    s->f.heap.allocations_left = 0;
    T_EQUAL(script_user_send(s, 20000), 1096);
    T_EQUAL(script_user_send(s, 1), 0);
}

/* After a cycle of connections nothing is left: no block, no timer, no buffer. */
static void cycles_of_connections_leave_nothing(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    script_advance(s, 300 * SECOND);
    int64_t baseline = 0;
    for (unsigned round = 0; round < 30; round++) {
        script_new_peer(s, (uint16_t)(7000 + round));
        conn_in_established(s);
        T_EQUAL(script_user_send(s, 3 * MSS), 3 * MSS);
        script_skip(s);
        T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1 + 3 * MSS, .len = 1000);
        script_skip(s);
        T_EQUAL(script_user_take(s, NULL), 1000);
        T_ERR(script_user_close(s), TE_OK);
        script_skip(s);
        T_SEND(s, .flags = TE_ACK, .seq = 1002, .ack = 2 + 3 * MSS);
        T_GONE(s);
        script_advance(s, 300 * SECOND);
        if (round == 0)
            baseline = s->f.heap.held_bytes;
        T_EQUAL(s->f.heap.held_bytes, baseline);
    }
}

/* --- options of a connection ------------------------------------------------------------------ */

static void options_set_while_opening_hold_when_open(void **state)
{
    struct script *s = *state;
    s->way = BY_ACTIVE;
    conn_in_syn_sent(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_IDLE_US, 10 * SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_NAGLE, 0), TE_OK);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    T_EQUAL(script_status(s).nagle, false);
    T_EXPECT_AFTER(s, 10 * SECOND, .flags = TE_ACK, .seq = 0, .ack = 1);
}

static void options_at_their_bounds_are_taken(void **state)
{
    static const struct {
        enum te_option option;
        int64_t value;
    } rows[] = {{TE_OPTION_NAGLE, 0},
                {TE_OPTION_NAGLE, 1},
                {TE_OPTION_KEEPALIVE_IDLE_US, 1},
                {TE_OPTION_KEEPALIVE_IDLE_US, (int64_t)UINT32_MAX * SECOND},
                {TE_OPTION_KEEPALIVE_INTERVAL_US, 1},
                {TE_OPTION_KEEPALIVE_INTERVAL_US, (int64_t)UINT32_MAX * MS},
                {TE_OPTION_KEEPALIVE_PROBES, 1},
                {TE_OPTION_KEEPALIVE_PROBES, 255},
                {TE_OPTION_USER_TIMEOUT_US, 0},
                {TE_OPTION_USER_TIMEOUT_US, 1},
                {TE_OPTION_SEND_BUFFER_MAX, 4096},
                {TE_OPTION_SEND_BUFFER_MAX, 1 << 30},
                {TE_OPTION_RECEIVE_BUFFER_MAX, 4096}};
    struct script *s = *state;
    conn_in_established(s);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        T_ERR(script_user_option(s, rows[i].option, rows[i].value), TE_OK);
}

static void options_out_of_range_are_refused(void **state)
{
    static const struct {
        enum te_option option;
        int64_t value;
    } rows[] = {{TE_OPTION_NAGLE, -1},
                {TE_OPTION_KEEPALIVE, 2},
                {TE_OPTION_KEEPALIVE_IDLE_US, 0},
                {TE_OPTION_KEEPALIVE_INTERVAL_US, 0},
                {TE_OPTION_KEEPALIVE_PROBES, 0},
                {TE_OPTION_KEEPALIVE_PROBES, 256},
                {TE_OPTION_USER_TIMEOUT_US, -1},
                {TE_OPTION_DELAYED_ACK, 3},
                {TE_OPTION_SEND_BUFFER_MAX, 0},
                {TE_OPTION_RECEIVE_BUFFER_MAX, INT64_MAX},
                {(enum te_option)0, 1},
                {(enum te_option)99, 1}};
    struct script *s = *state;
    conn_in_established(s);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        T_ERR(script_user_option(s, rows[i].option, rows[i].value), TE_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(closed_in_syn_rcvd_leaves_the_queue),
        SCRIPT_TEST(closed_in_syn_rcvd_its_syn_ack_is_still_sent_again),
        SCRIPT_TEST(closed_in_syn_rcvd_duplicate_acks_resend_no_data),
        SCRIPT_TEST(closed_before_it_was_accepted_is_not_accepted),
        SCRIPT_TEST(aborted_before_it_was_accepted_is_not_accepted),
        SCRIPT_TEST(turning_active_resets_whom_nobody_accepted),
        SCRIPT_TEST(our_numbers_wrap_anywhere),
        SCRIPT_TEST(a_recovery_across_the_wrap),
        SCRIPT_TEST(their_numbers_wrap_anywhere),
        SCRIPT_TEST(memory_may_run_out_at_any_point),
        SCRIPT_TEST(one_allocation_may_fail_at_any_point),
        SCRIPT_TEST(stream_memory_is_asked_for_by_direction),
        SCRIPT_TEST(history_has_the_segments),
        SCRIPT_TEST(history_outlives_the_connection),
        SCRIPT_TEST(history_of_a_closed_listener),
        SCRIPT_TEST(history_of_the_longest_life_keeps_its_birth),
        SCRIPT_TEST(walk_sees_everything_once),
        SCRIPT_TEST(a_thousand_connections_are_all_found),
        SCRIPT_TEST(events_that_nobody_takes_are_counted),
        SCRIPT_TEST(send_buffer_max_can_be_set),
        SCRIPT_TEST(send_takes_what_the_region_holds),
        SCRIPT_TEST(cycles_of_connections_leave_nothing),
        SCRIPT_TEST(options_set_while_opening_hold_when_open),
        SCRIPT_TEST(options_at_their_bounds_are_taken),
        SCRIPT_TEST(options_out_of_range_are_refused),
    };
    return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}

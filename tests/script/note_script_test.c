/* What a connection's log of notes says (note.h): each kind where it happens, in order, with its
 * numbers. A reborn stack has forgotten them (save.h): then only the wire is checked. */
#include <string.h>

#include "script_segments.h"
#include "stack_internal.h"
#include "support/frames.h"

#define TIMESTAMP_BYTES 12 /* of a segment's options, RFC 7323 */
#define RTT (100 * MS)
#define RTO_MIN (200 * MS)

static unsigned notes_of(const struct script *s, uint64_t id, struct te_note *ret_notes)
{
    unsigned count = 0;
    uint64_t older;
    assert_int_equal(te_notes(s->f.stack, id, ret_notes, &count, &older), TE_OK);
    return count;
}

/* The names of all notes, each with a blank after it. */
static void check_notes(const struct script *s, const char *want, struct script_at at)
{
    struct te_note notes[TE_NOTES_MAX];
    char got[TE_NOTES_MAX * 32] = "";
    unsigned count = notes_of(s, s->c.id, notes);
    for (unsigned i = 0; i < count; i++) {
        strcat(got, te_note_info(notes[i].kind)->name);
        strcat(got, " ");
        assert_true(notes[i].time_us > 0 && notes[i].time_us <= s->f.now_us);
    }
    if (!s->f.reborn && strcmp(got, want) != 0)
        fail_msg("%s:%d: notes are \"%s\", wanted \"%s\"", at.file, at.line, got, want);
}
#define T_NOTES(s, want) check_notes((s), (want), T_HERE)

/* Note number index; all zeros in a reborn stack. */
static struct te_note note_at(const struct script *s, unsigned index)
{
    struct te_note notes[TE_NOTES_MAX] = {{0}};
    unsigned count = notes_of(s, s->c.id, notes);
    assert_true(s->f.reborn || index < count);
    return notes[index];
}

static void check_range(const struct script *s, unsigned index, uint32_t first, uint32_t len)
{
    struct te_note note = note_at(s, index);
    if (s->f.reborn)
        return;
    T_EQUAL(note.seq - s->c.our_iss, first);
    T_EQUAL(note.len_bytes, len);
}

static void open_path(struct script *s, int64_t rtt_us)
{
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    s->f.config.mtu_probing = TE_MTU_PROBING_OFF;
    strcpy(s->f.config.congestion_control, "reno");
    conn_in_established_with_rtt(s, rtt_us);
}

static void fly(struct script *s, unsigned segments)
{
    send_segments(s, segments);
    script_skip(s);
}

/* --- nothing happened ------------------------------------------------------------------------- */

static void a_quiet_connection_has_no_notes_and_no_memory_for_them(void **state)
{
    struct script *s = *state;
    open_path(s, RTT);
    fly(s, 3);
    ack(s, 3);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(3), .len = 100);
    script_user_take(s, NULL);
    script_skip(s);
    T_NOTES(s, "");
    assert_null(s->f.stack->notes.by_id);
    assert_int_equal(s->f.stack->notes.count, 0);
}

/* --- what was sent again ---------------------------------------------------------------------- */

static void timeouts_back_off(void **state)
{
    struct script *s = *state;
    open_path(s, RTT);
    int64_t rto_us = script_status(s).rto_us;
    fly(s, 1);
    for (unsigned i = 0; i < 3; i++) {
        script_advance(s, rto_us << i);
        script_skip(s);
    }
    T_NOTES(s, "loss_entered rto rto_retransmit rto rto_retransmit rto rto_retransmit ");
    if (s->f.reborn)
        return;
    for (unsigned i = 0; i < 3; i++) {
        T_EQUAL(note_at(s, 1 + 2 * i).count, i + 1);
        T_EQUAL(note_at(s, 1 + 2 * i).value, rto_us << (i + 1));
        T_EQUAL(note_at(s, 2 + 2 * i).count, i + 1);
        check_range(s, 2 + 2 * i, 1, MSS);
    }
    ack(s, 1);
    T_EQUAL(note_at(s, 7).kind, TE_NOTE_RECOVERY_LEFT);
}

static void a_syn_is_sent_again(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    script_advance(s, SECOND);
    script_skip(s);
    T_NOTES(s, "rto syn_retransmit ");
    check_range(s, 1, 0, 1);
}

static void rack_repairs(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_path(s, RTT);
    fly(s, 10);
    script_advance(s, RTT);
    sack(s, 0, 1, 4);
    script_skip(s);
    T_NOTES(s, "recovery_entered rack_retransmit ");
    T_EQUAL(s->f.reborn ? 10 * MSS : note_at(s, 0).value, 10 * MSS);
    check_range(s, 1, 1, MSS);
    ack(s, 10);
    T_NOTES(s, "recovery_entered rack_retransmit recovery_left ");
}

static void three_duplicates_repair(void **state)
{
    struct script *s = *state;
    open_path(s, RTT);
    fly(s, 10);
    for (unsigned i = 0; i < 3; i++)
        ack(s, 0);
    script_skip(s);
    T_NOTES(s, "recovery_entered fast_retransmit ");
    check_range(s, 1, 1, MSS);
}

static void a_tail_loss_probe_repairs(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_path(s, RTT);
    fly(s, 5);
    script_advance(s, RTT);
    ack(s, 4);
    script_advance(s, script_status(s).timer_at_us - s->f.now_us);
    script_skip(s);
    T_NOTES(s, "loss_probe ");
    check_range(s, 0, start_of(4), MSS);
    script_advance(s, RTT);
    ack(s, 5);
    fly(s, 1);
    ack(s, 6);
    T_NOTES(s, "loss_probe probe_repaired ");
}

static void a_spurious_timeout_is_undone(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    s->f.config.features &= ~(uint32_t)TE_FEATURE_LOSS_PROBE;
    open_path(s, 10 * MS);
    fly(s, 20);
    script_advance(s, RTO_MIN);
    ack(s, 2);
    script_skip(s);
    T_NOTES(s, "loss_entered rto rto_retransmit spurious_timeout ");
}

static void a_dsack_undoes(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_path(s, RTT);
    fly(s, 10);
    script_advance(s, RTT);
    sack(s, 0, 1, 8);
    script_skip(s);
    ack(s, 10);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(10), SACK1(BLOCK(1, start_of(1))));
    T_NOTES(s, "recovery_entered rack_retransmit recovery_left undone_dsack ");
}

/* The original was late, not lost: its acknowledgment echoes the first sending's timestamp. */
static void a_timestamp_undoes(void **state)
{
    struct script *s = *state;
    uint32_t mss = MSS - TIMESTAMP_BYTES;
    s->options = SPEAKS_SACK | SPEAKS_TIMESTAMPS;
    open_path(s, RTT);
    T_EQUAL(script_user_send(s, 5 * mss), 5 * mss);
    script_skip(s);
    uint32_t original_ts = s->c.their_ts;
    script_advance(s, RTT);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(original_ts),
           SACK1(BLOCK(1 + mss, 1 + 5 * mss)));
    script_skip(s);
    script_advance(s, 5 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 5 * mss, ECR(original_ts));
    T_NOTES(s, "recovery_entered rack_retransmit undone_timestamp ");
    check_range(s, 1, 1, mss);
}

/* --- marks on the way ------------------------------------------------------------------------- */

static void open_with_ecn(struct script *s)
{
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN | TE_ECE | TE_CWR);
    script_send(s, &syn);
    script_expect_syn(s, TE_SYN | TE_ACK | TE_ECE, T_HERE);
    s->c.id = s->events[s->event_count - 1].id;
    s->c.timestamps = script_status(s).timestamps;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
}

static void congestion_is_marked_both_ways(void **state)
{
    struct script *s = *state;
    open_with_ecn(s);
    for (uint32_t i = 0; i < 2; i++) { /* the first mark is the news */
        T_SEND(s, .flags = TE_ACK, .seq = 1 + i * 10, .ack = 1, .len = 10, .ecn = TE_ECN_CE);
        script_skip(s);
    }
    T_NOTES(s, "ecn_mark ");
    uint32_t cwnd = script_status(s).cwnd_bytes;
    fly(s, 4);
    T_SEND(s, .flags = TE_ACK | TE_ECE, .seq = 21, .ack = start_of(1));
    script_skip(s);
    T_NOTES(s, "ecn_mark ecn_reduction ");
    if (!s->f.reborn)
        T_EQUAL(note_at(s, 1).value, cwnd);
}

static void a_peer_that_reneges(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_path(s, RTT);
    fly(s, 10);
    script_advance(s, RTT);
    sack(s, 0, 1, 4);
    ack(s, 1);
    script_skip(s);
    script_advance(s, script_status(s).rto_us);
    script_skip(s);
    T_NOTES(s, "recovery_entered rack_retransmit sack_reneging loss_entered rto rto_retransmit ");
}

/* --- windows ---------------------------------------------------------------------------------- */

static void the_peers_window_shuts_and_opens(void **state)
{
    struct script *s = *state;
    open_path(s, RTT);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    T_EQUAL(script_user_send(s, 500), 500);
    script_advance(s, script_status(s).rto_us);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(8000));
    script_skip(s);
    T_NOTES(s, "zero_window_received window_probe window_opened other_retransmit ");
    if (s->f.reborn)
        return;
    T_EQUAL(note_at(s, 1).count, 1);
    T_EQUAL(note_at(s, 2).value, 8000);
}

static void our_window_shuts_and_opens(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_initial_bytes = s->f.config.receive_buffer_max_bytes = 4096;
    conn_in_established(s);
    for (uint32_t at = 1; at < 4097; at += 1024)
        T_SEND(s, .flags = TE_ACK, .seq = at, .ack = 1, .len = 1024);
    script_skip(s);
    T_NOTES(s, "zero_window_sent ");
    T_EQUAL(s->f.reborn ? 4096 : note_at(s, 0).value, 4096);
    T_EQUAL(script_user_take(s, NULL), 4096);
    script_skip(s);
    if (s->f.reborn)
        return;
    T_NOTES(s, "zero_window_sent window_reopened ");
    T_EQUAL(note_at(s, 1).value, 4096);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void a_forged_rst_is_challenged(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 10);
    T_EXPECT_ACK(s, 1, 1);
    T_NOTES(s, "challenge_ack ");
    T_DROPPED(s, s->c.id, TE_DROP_RST_INEXACT);
}

static void keepalive_asks(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_IDLE_US, 10 * SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    script_advance(s, 10 * SECOND);
    script_skip(s);
    T_NOTES(s, "option_set option_set keepalive_probe ");
    if (s->f.reborn)
        return;
    T_EQUAL(note_at(s, 0).count, TE_OPTION_KEEPALIVE_IDLE_US);
    T_EQUAL(note_at(s, 0).value, 10 * SECOND);
    T_EQUAL(note_at(s, 2).count, 1);
}

static void options_that_are_refused_are_not_set(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_PROBES, 0), TE_ERR_INVALID);
    T_NOTES(s, "");
    T_ERR(te_set_congestion_control(s->f.stack, s->c.id, "bbr", s->f.now_us), TE_OK);
    T_NOTES(s, "congestion_control_set ");
}

static void the_path_narrows(void **state)
{
    struct script *s = *state;
    open_path(s, RTT);
    fly(s, 4);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, TE_ICMP4_FRAGMENTATION_NEEDED, 1, 1000);
    script_skip(s);
    struct te_note note = note_at(s, 0);
    if (s->f.reborn)
        return;
    T_EQUAL(note.kind, TE_NOTE_PATH_MTU);
    T_EQUAL(note.value, 1000);
    T_EQUAL(note_at(s, 1).kind, TE_NOTE_OTHER_RETRANSMIT);
    check_range(s, 1, 1, 960);
}

/* --- how long, and whose ---------------------------------------------------------------------- */

static void the_last_are_kept_and_the_others_counted(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    for (unsigned i = 0; i < TE_NOTES_MAX + 5; i++)
        T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_INTERVAL_US, 1000 + (int64_t)i), TE_OK);
    struct te_note notes[TE_NOTES_MAX];
    unsigned count = 0;
    uint64_t older = 0;
    T_ERR(te_notes(s->f.stack, s->c.id, notes, &count, &older), TE_OK);
    if (s->f.reborn)
        return;
    T_EQUAL(count, TE_NOTES_MAX);
    T_EQUAL(older, 5);
    T_EQUAL(notes[0].value, 1005);
    T_EQUAL(notes[TE_NOTES_MAX - 1].value, 1000 + TE_NOTES_MAX + 4);
}

static void notes_outlive_the_connection(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 10);
    T_EXPECT_ACK(s, 1, 1);
    T_ERR(script_user_abort(s), TE_OK);
    script_skip(s);
    T_GONE(s);
    T_NOTES(s, "challenge_ack ");
    struct te_note notes[TE_NOTES_MAX];
    unsigned count = 7;
    uint64_t older = 8;
    T_ERR(te_notes(s->f.stack, s->c.id + 1000, notes, &count, &older), TE_ERR_NO_CONNECTION);
    T_EQUAL(count, 7);
    T_EQUAL(older, 8);
}

static void notes_are_events_when_asked_for(void **state)
{
    struct script *s = *state;
    struct te_event event;
    if (s->f.reborn)
        return;
    conn_in_established(s);
    while (te_stack_next_event(s->f.stack, &event))
        continue;
    T_ERR(te_set_option(s->f.stack, s->c.id, TE_OPTION_NAGLE, 0, s->f.now_us), TE_OK);
    assert_false(te_stack_next_event(s->f.stack, &event));
    te_note_events(s->f.stack, true);
    T_ERR(te_set_option(s->f.stack, s->c.id, TE_OPTION_NAGLE, 1, s->f.now_us), TE_OK);
    assert_true(te_stack_next_event(s->f.stack, &event));
    T_EQUAL(event.kind, TE_EVENT_NOTE);
    T_EQUAL(event.id, s->c.id);
    T_EQUAL(event.note.kind, TE_NOTE_OPTION_SET);
    T_EQUAL(event.note.value, 1);
    T_EQUAL(event.remote.port, s->c.remote_port);
    te_note_events(s->f.stack, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_quiet_connection_has_no_notes_and_no_memory_for_them),
        SCRIPT_TEST(timeouts_back_off),
        SCRIPT_TEST(a_syn_is_sent_again),
        SCRIPT_TEST(rack_repairs),
        SCRIPT_TEST(three_duplicates_repair),
        SCRIPT_TEST(a_tail_loss_probe_repairs),
        SCRIPT_TEST(a_spurious_timeout_is_undone),
        SCRIPT_TEST(a_dsack_undoes),
        SCRIPT_TEST(a_timestamp_undoes),
        SCRIPT_TEST(congestion_is_marked_both_ways),
        SCRIPT_TEST(a_peer_that_reneges),
        SCRIPT_TEST(the_peers_window_shuts_and_opens),
        SCRIPT_TEST(our_window_shuts_and_opens),
        SCRIPT_TEST(a_forged_rst_is_challenged),
        SCRIPT_TEST(keepalive_asks),
        SCRIPT_TEST(options_that_are_refused_are_not_set),
        SCRIPT_TEST(the_path_narrows),
        SCRIPT_TEST(the_last_are_kept_and_the_others_counted),
        SCRIPT_TEST(notes_outlive_the_connection),
        SCRIPT_TEST(notes_are_events_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

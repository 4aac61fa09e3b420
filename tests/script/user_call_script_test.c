/* Each of the eleven states against each user call: RFC 9293 3.10.1 to 3.10.6, and the half close
 * of conn.h, which the RFC's CLOSE does not have. */
#include <stdio.h>
#include <string.h>

#include "script_columns.h"

#define QUEUED 100

/* --- the calls -------------------------------------------------------------------------------- */

static uint64_t subject(const struct script *s)
{
    return s->c.id != 0 ? s->c.id : s->listener_id != 0 ? s->listener_id : 4711;
}

static enum te_err call_open(struct script *s)
{
    uint64_t id;
    struct te_open open = {.local = script_local(s), .remote = script_peer(s), .uid = USER};
    if (s->c.id == 0)
        open.listener_id = s->listener_id;
    return te_open_active(s->f.stack, &open, &id, s->f.now_us);
}

static enum te_err call_open_by_id(struct script *s)
{
    uint64_t id;
    struct te_open open = {.remote = script_peer(s), .uid = USER, .listener_id = subject(s)};
    return te_open_active(s->f.stack, &open, &id, s->f.now_us);
}

static enum te_err call_open_unspecified(struct script *s)
{
    uint64_t id;
    struct te_open open = {.uid = USER, .listener_id = s->c.id == 0 ? s->listener_id : 0};
    return te_open_active(s->f.stack, &open, &id, s->f.now_us);
}

static enum te_err call_send(struct script *s)
{
    uint8_t bytes[QUEUED];
    size_t accepted = 0;
    for (unsigned i = 0; i < QUEUED; i++)
        bytes[i] = script_pattern(i, 0);
    enum te_err err = te_send(s->f.stack, subject(s), bytes, QUEUED, &accepted, s->f.now_us);
    assert_true(err != TE_OK || accepted == QUEUED);
    return err;
}

static enum te_err call_receive(struct script *s)
{
    struct te_received received = {.total_bytes = 0};
    return te_receive_peek(s->f.stack, subject(s), 0, QUEUED, &received);
}

static enum te_err call_receive_bad_offset(struct script *s)
{
    struct te_received received;
    return te_receive_peek(s->f.stack, subject(s), 1000000, QUEUED, &received);
}

static enum te_err call_release(struct script *s)
{
    return te_receive_release(s->f.stack, subject(s), 1000000, s->f.now_us);
}

static enum te_err call_shutdown(struct script *s)
{
    return te_shutdown(s->f.stack, subject(s), s->f.now_us);
}

static enum te_err call_close(struct script *s)
{
    return te_close(s->f.stack, subject(s), s->f.now_us);
}

static enum te_err call_close_again(struct script *s)
{
    enum te_err err = te_close(s->f.stack, subject(s), s->f.now_us);
    script_pump(s);
    script_skip(s);
    return err == TE_OK ? te_close(s->f.stack, subject(s), s->f.now_us) : err;
}

static enum te_err call_send_after_close(struct script *s)
{
    te_close(s->f.stack, subject(s), s->f.now_us);
    script_pump(s);
    script_skip(s);
    return call_send(s);
}

static enum te_err call_abort(struct script *s)
{
    return te_abort(s->f.stack, subject(s), s->f.now_us);
}

static enum te_err call_accept(struct script *s)
{
    uint64_t id;
    return te_accept(s->f.stack, subject(s), USER, &id, s->f.now_us);
}

static enum te_err call_option(struct script *s)
{
    return te_set_option(s->f.stack, subject(s), TE_OPTION_NAGLE, 0, s->f.now_us);
}

static enum te_err call_option_bad(struct script *s)
{
    return te_set_option(s->f.stack, subject(s), TE_OPTION_NAGLE, 2, s->f.now_us);
}

static enum te_err call_status(struct script *s)
{
    struct te_status status;
    enum te_err err = te_status(s->f.stack, subject(s), &status);
    assert_true(err != TE_OK || status.id == subject(s));
    return err;
}

static enum te_err call_history(struct script *s)
{
    struct te_history history;
    return te_history(s->f.stack, subject(s), &history);
}

/* --- what they answer ------------------------------------------------------------------------- */

#define OK_ TE_OK
#define NOCO TE_ERR_NO_CONNECTION
#define EXST TE_ERR_EXISTS
#define CLSG TE_ERR_CLOSING
#define UNSP TE_ERR_REMOTE_UNSPECIFIED
#define AGN_ TE_ERR_AGAIN
#define STAT TE_ERR_STATE
#define NOLI TE_ERR_NOT_LISTENER
#define INVA TE_ERR_INVALID
#define OFFS TE_ERR_OFFSET

static const struct answer {
    const char *name;
    enum te_err (*call)(struct script *);
    int8_t answers[COLUMNS];
} answers[] = {
    /* clang-format off */
    /*                                         CL    LI    SS    SR    SX    ES    F1    F2    CW    CG    LA    TW */
    {"3_10_1_open", call_open,              {OK_,  OK_,  EXST, EXST, EXST, EXST, EXST, EXST, EXST, EXST, EXST, EXST}},
    {"3_10_1_open_of_that_id", call_open_by_id,
                                            {NOCO, OK_,  EXST, EXST, EXST, EXST, EXST, EXST, EXST, EXST, EXST, EXST}},
    {"3_10_1_open_unspecified", call_open_unspecified,
                                            {UNSP, UNSP, UNSP, UNSP, UNSP, UNSP, UNSP, UNSP, UNSP, UNSP, UNSP, UNSP}},
    {"3_10_2_send", call_send,              {NOCO, STAT, OK_,  OK_,  OK_,  OK_,  CLSG, CLSG, OK_,  CLSG, CLSG, CLSG}},
    {"3_10_2_send_after_close", call_send_after_close,
                                            {NOCO, NOCO, NOCO, CLSG, CLSG, CLSG, CLSG, CLSG, CLSG, CLSG, CLSG, CLSG}},
    {"3_10_3_receive", call_receive,        {NOCO, STAT, AGN_, AGN_, AGN_, AGN_, AGN_, AGN_, CLSG, CLSG, CLSG, CLSG}},
    {"3_10_3_receive_beyond", call_receive_bad_offset,
                                            {NOCO, STAT, AGN_, AGN_, AGN_, OFFS, OFFS, OFFS, OFFS, OFFS, OFFS, OFFS}},
    {"3_10_3_release_beyond", call_release, {NOCO, STAT, OFFS, OFFS, OFFS, OFFS, OFFS, OFFS, OFFS, OFFS, OFFS, OFFS}},
    {"3_10_4_shutdown", call_shutdown,      {NOCO, STAT, STAT, OK_,  OK_,  OK_,  CLSG, CLSG, OK_,  CLSG, CLSG, CLSG}},
    {"3_10_4_close", call_close,            {NOCO, OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_}},
    {"3_10_4_close_again", call_close_again, {NOCO, NOCO, NOCO, CLSG, CLSG, CLSG, CLSG, CLSG, CLSG, CLSG, CLSG, CLSG}},
    {"3_10_5_abort", call_abort,            {NOCO, OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_}},
    {"3_10_6_status", call_status,          {NOCO, OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_}},
    {"3_10_6_history", call_history,        {NOCO, OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_}},
    {"accept", call_accept,                 {NOCO, AGN_, NOLI, NOLI, NOLI, NOLI, NOLI, NOLI, NOLI, NOLI, NOLI, NOLI}},
    {"option", call_option,                 {NOCO, STAT, OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  OK_,  STAT}},
    {"option_out_of_range", call_option_bad, {INVA, INVA, INVA, INVA, INVA, INVA, INVA, INVA, INVA, INVA, INVA, INVA}},
    /* clang-format on */
};

static void run_answers(void **state)
{
    static struct script s;
    const struct answer *answer = *state;
    unsigned wrong = 0;
    for (int column = CL; column < COLUMNS; column++) {
        script_init(&s);
        conn_in_column(&s, (enum column)column);
        enum te_err got = answer->call(&s);
        script_pump(&s);
        script_skip(&s);
        if (got != (enum te_err)answer->answers[column]) {
            print_error("%s in %s: \"%s\", not \"%s\"\n", answer->name, columns[column].name,
                        te_err_text(got), te_err_text((enum te_err)answer->answers[column]));
            wrong++;
        }
        script_done(&s);
    }
    assert_int_equal(wrong, 0);
}

/* --- what they do ----------------------------------------------------------------------------- */

/* The state afterwards and the flags of the one segment sent; 0: none. */
struct effect {
    enum te_state state;
    uint8_t flags;
};

#define FIN_ (TE_FIN | TE_ACK)
#define RST_ (TE_RST | TE_ACK)
#define DATA (TE_ACK)

static const struct doing {
    const char *name;
    enum te_err (*call)(struct script *);
    struct effect effects[COLUMNS];
} doings[] = {
    {"3_10_1_open_sends_syn",
     call_open,
     {{TE_SYN_SENT, TE_SYN},
      {TE_SYN_SENT, TE_SYN},
      {TE_SYN_SENT, 0},
      {TE_SYN_RCVD, 0},
      {TE_SYN_RCVD, 0},
      {TE_ESTABLISHED, 0},
      {TE_FIN_WAIT_1, 0},
      {TE_FIN_WAIT_2, 0},
      {TE_CLOSE_WAIT, 0},
      {TE_CLOSING, 0},
      {TE_LAST_ACK, 0},
      {TE_TIME_WAIT, 0}}},
    {"3_10_2_send_queues_or_sends",
     call_send,
     {{TE_CLOSED, 0},
      {TE_LISTEN, 0},
      {TE_SYN_SENT, 0},
      {TE_SYN_RCVD, 0},
      {TE_SYN_RCVD, 0},
      {TE_ESTABLISHED, DATA},
      {TE_FIN_WAIT_1, 0},
      {TE_FIN_WAIT_2, 0},
      {TE_CLOSE_WAIT, DATA},
      {TE_CLOSING, 0},
      {TE_LAST_ACK, 0},
      {TE_TIME_WAIT, 0}}},
    {"3_10_4_close_sends_fin",
     call_close,
     {{TE_CLOSED, 0},
      {TE_CLOSED, 0},
      {TE_CLOSED, 0},
      {TE_FIN_WAIT_1, FIN_},
      {TE_FIN_WAIT_1, FIN_},
      {TE_FIN_WAIT_1, FIN_},
      {TE_FIN_WAIT_1, 0},
      {TE_FIN_WAIT_2, 0},
      {TE_LAST_ACK, FIN_},
      {TE_CLOSING, 0},
      {TE_LAST_ACK, 0},
      {TE_TIME_WAIT, 0}}},
    {"3_10_4_half_close_sends_fin",
     call_shutdown,
     {{TE_CLOSED, 0},
      {TE_LISTEN, 0},
      {TE_SYN_SENT, 0},
      {TE_FIN_WAIT_1, FIN_},
      {TE_FIN_WAIT_1, FIN_},
      {TE_FIN_WAIT_1, FIN_},
      {TE_FIN_WAIT_1, 0},
      {TE_FIN_WAIT_2, 0},
      {TE_LAST_ACK, FIN_},
      {TE_CLOSING, 0},
      {TE_LAST_ACK, 0},
      {TE_TIME_WAIT, 0}}},
    {"3_10_5_abort_sends_rst",
     call_abort,
     {{TE_CLOSED, 0},
      {TE_CLOSED, 0},
      {TE_CLOSED, 0},
      {TE_CLOSED, RST_},
      {TE_CLOSED, RST_},
      {TE_CLOSED, RST_},
      {TE_CLOSED, RST_},
      {TE_CLOSED, RST_},
      {TE_CLOSED, RST_},
      {TE_CLOSED, 0},
      {TE_CLOSED, 0},
      {TE_CLOSED, 0}}},
};

static enum te_state state_after(struct script *s, enum te_err (*call)(struct script *))
{
    if (s->c.id == 0 && call == call_open && s->event_count > 0)
        return script_state_of(s, s->events[s->event_count - 1].id);
    return script_state_of(s, subject(s));
}

static bool is_as_told(struct script *s, const struct doing *doing, const struct effect *effect)
{
    struct te_status before = script_status(s);
    bool has_numbers = s->c.our_iss != 0;
    doing->call(s);
    script_pump(s);
    const struct script_out *out = script_next(s);
    enum te_state state = state_after(s, doing->call);
    if (state != effect->state) {
        print_error("state is %s, not %s\n", te_state_name(state), te_state_name(effect->state));
        return false;
    }
    uint8_t flags = out != NULL ? out->header.flags & (uint8_t)~TE_PSH : 0;
    if (flags != effect->flags) {
        print_error("flags are %#x, not %#x\n", flags, effect->flags);
        return false;
    }
    if (out == NULL || !has_numbers)
        return true;
    /* <SEQ=SND.NXT>, and the ACK of everything. */
    return out->header.seq == before.snd_nxt && out->header.ack == before.rcv_nxt;
}

static void run_doings(void **state)
{
    static struct script s;
    const struct doing *doing = *state;
    unsigned wrong = 0;
    for (int column = CL; column < COLUMNS; column++) {
        script_init(&s);
        conn_in_column(&s, (enum column)column);
        if (!is_as_told(&s, doing, &doing->effects[column])) {
            print_error("%s in %s\n", doing->name, columns[column].name);
            wrong++;
        }
        script_done(&s);
    }
    assert_int_equal(wrong, 0);
}

/* --- what a table has no room for ------------------------------------------------------------- */

static void turn_listener_active(struct script *s)
{
    conn_in_listen(s);
    struct te_open open = {.remote = script_peer(s), .uid = USER, .listener_id = s->listener_id};
    T_ERR(te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us), TE_OK);
    script_pump(s);
}

static void rfc9293_3_10_1_listener_turns_active_under_its_id(void **state)
{
    struct script *s = *state;
    turn_listener_active(s);
    assert_true(s->c.id == s->listener_id);
    T_EXPECT_SYN(s);
    T_STATE(s, TE_SYN_SENT);
    T_HISTORY(s, "CLOSED LISTEN SYN_SENT");
    s->way = BY_ACTIVE;
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    T_HISTORY(s, "CLOSED LISTEN SYN_SENT ESTABLISHED");
}

static void rfc9293_3_10_1_no_listener_is_left_behind_the_active_one(void **state)
{
    struct script *s = *state;
    turn_listener_active(s);
    T_EXPECT_SYN(s);
    script_new_peer(s, CLIENT_PORT + 1);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 0u - s->c.our_iss, .ack = 1);
}

static void rfc9293_3_10_2_data_queued_in_syn_sent_goes_out_after_the_handshake(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_EQUAL(script_user_send(s, 2000), 2000);
    T_EXPECT_NONE(s);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1460);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1461);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1461, .ack = 1, .len = 540, PSH(true));
}

static void rfc9293_3_10_2_data_queued_in_syn_rcvd_goes_out_after_the_handshake(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd_simultaneous(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
}

static void rfc9293_3_10_3_what_is_on_hand_is_received_in_every_state_after_the_fin(void **state)
{
    static const enum te_state states[] = {TE_CLOSE_WAIT, TE_LAST_ACK, TE_CLOSING, TE_TIME_WAIT};
    struct script *s = *state;
    for (unsigned i = 0; i < 4; i++) {
        bool we_first = states[i] == TE_CLOSING || states[i] == TE_TIME_WAIT;
        bool is_end = false;
        script_start_over(s);
        if (we_first)
            conn_in_fin_wait_1(s);
        else
            conn_in_established(s);
        uint32_t ack = states[i] == TE_TIME_WAIT ? 2 : 1;
        T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = ack, .len = 100);
        T_EXPECT_ACK(s, we_first ? 2 : 1, 102);
        if (states[i] == TE_LAST_ACK) {
            T_ERR(script_user_shutdown(s), TE_OK);
            T_EXPECT(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 102);
        }
        T_STATE(s, states[i]);
        T_EQUAL(script_user_take(s, &is_end), 100);
        assert_true(is_end);
        struct te_received received;
        T_ERR(te_receive_peek(s->f.stack, s->c.id, 100, 1, &received), TE_ERR_CLOSING);
    }
}

static void rfc9293_3_10_4_close_in_syn_rcvd_waits_for_queued_data(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd_simultaneous(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_SYN_RCVD);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 100);
    T_STATE(s, TE_FIN_WAIT_1);
}

static void rfc9293_3_10_4_close_sends_what_is_queued_then_fin(void **state)
{
    struct script *s = *state;
    s->peer_window = 1460;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 2000), 2000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1460);
    T_ERR(script_user_close(s), TE_OK);
    T_STATE(s, TE_FIN_WAIT_1);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1461);
    T_EXPECT(s, .flags = TE_ACK | TE_FIN, .seq = 1461, .ack = 1, .len = 540);
}

static void rfc9293_3_10_4_close_in_syn_sent_tells_no_peer(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EVENT(s, TE_SYN_SENT, TE_CLOSED, TE_CAUSE_CLOSE);
    T_GONE(s);
    T_COUNT(s, attempt_fails, 1);
}

/* MUST-12, 3.10.5: outstanding calls are told. */
static void rfc9293_3_10_5_abort_is_the_end_for_the_user(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_ERR(script_user_abort(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 101, .ack = 1);
    T_EVENT(s, TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_ABORT);
    T_READY(s, TE_READY_END);
    T_GONE(s);
    T_COUNT(s, resets_out, 1);
    T_COUNT(s, established_resets, 1);
}

static void rfc9293_3_10_5_abort_in_time_wait_ends_it(void **state)
{
    struct script *s = *state;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    T_ERR(script_user_abort(s), TE_OK);
    T_EVENT(s, TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_ABORT);
    T_GONE(s);
}

static void rfc9293_3_10_6_status_tells_every_state(void **state)
{
    struct script *s = *state;
    for (int column = LI; column < COLUMNS; column++) {
        script_start_over(s);
        conn_in_column(s, (enum column)column);
        struct te_status status;
        T_ERR(te_status(s->f.stack, subject(s), &status), TE_OK);
        T_EQUAL(status.state, columns[column].state);
        T_EQUAL(status.is_listener, column == LI);
        T_EQUAL(status.local.port, SERVER_PORT);
    }
}

int main(void)
{
    static const struct CMUnitTest named[] = {
        SCRIPT_TEST(rfc9293_3_10_1_listener_turns_active_under_its_id),
        SCRIPT_TEST(rfc9293_3_10_1_no_listener_is_left_behind_the_active_one),
        SCRIPT_TEST(rfc9293_3_10_2_data_queued_in_syn_sent_goes_out_after_the_handshake),
        SCRIPT_TEST(rfc9293_3_10_2_data_queued_in_syn_rcvd_goes_out_after_the_handshake),
        SCRIPT_TEST(rfc9293_3_10_3_what_is_on_hand_is_received_in_every_state_after_the_fin),
        SCRIPT_TEST(rfc9293_3_10_4_close_in_syn_rcvd_waits_for_queued_data),
        SCRIPT_TEST(rfc9293_3_10_4_close_sends_what_is_queued_then_fin),
        SCRIPT_TEST(rfc9293_3_10_4_close_in_syn_sent_tells_no_peer),
        SCRIPT_TEST(rfc9293_3_10_5_abort_is_the_end_for_the_user),
        SCRIPT_TEST(rfc9293_3_10_5_abort_in_time_wait_ends_it),
        SCRIPT_TEST(rfc9293_3_10_6_status_tells_every_state),
    };
    enum { NAMED = sizeof(named) / sizeof(named[0]) };
    enum { ANSWERS = sizeof(answers) / sizeof(answers[0]) };
    enum { DOINGS = sizeof(doings) / sizeof(doings[0]) };
    static struct CMUnitTest tests[NAMED + ANSWERS + DOINGS];
    size_t count = 0;
    memcpy(tests, named, sizeof(named));
    count = NAMED;
    for (size_t i = 0; i < ANSWERS; i++)
        tests[count++] = (struct CMUnitTest){answers[i].name, run_answers, NULL, NULL,
                                             (void *)(uintptr_t)&answers[i]};
    for (size_t i = 0; i < DOINGS; i++)
        tests[count++] = (struct CMUnitTest){doings[i].name, run_doings, NULL, NULL,
                                             (void *)(uintptr_t)&doings[i]};
    return _cmocka_run_group_tests("user_call", tests, count, NULL, NULL);
}

/* Closing while text is on its way, in both directions, with loss: RFC 9293 3.6 case 1 to 3, 3.8.1,
 * RFC 6582 with a FIN in flight, closed windows. */
#include "script_segments.h"
#include "wire/icmp.h"

#define RTO_MIN (200 * MS)

static void expect_segments(struct script *s, unsigned first, unsigned count, uint32_t their,
                            struct script_at at)
{
    for (unsigned i = first; i < first + count; i++) {
        struct seg want = {.flags = TE_ACK, .seq = start_of(i), .ack = their, .len = MSS};
        script_expect(s, &want, at);
    }
}
#define T_EXPECT_SEGMENTS(s, first, count, their)                                                  \
    expect_segments((s), (first), (count), (their), T_HERE)

/* count segments and the FIN are out; the state is FIN_WAIT_1. */
static void close_behind(struct script *s, unsigned count)
{
    s->way = BY_ACTIVE;
    conn_in_established(s);
    send_segments(s, count);
    T_EXPECT_SEGMENTS(s, 0, count, 1);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = start_of(count), .ack = 1);
    script_mark(s);
}

/* --- our FIN and loss ------------------------------------------------------------------------- */

static void fin_after_text_that_is_lost_entirely(void **state)
{
    struct script *s = *state;
    close_behind(s, 3);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(1));
    T_EXPECT(s, .flags = TE_ACK, .seq = start_of(1), .ack = 1, .len = MSS);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = start_of(2), .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(3) + 1);
    T_STATE(s, TE_FIN_WAIT_2);
    T_EXPECT_NONE(s);
}

static void only_the_fin_is_lost(void **state)
{
    struct script *s = *state;
    close_behind(s, 3);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(3));
    T_STATE(s, TE_FIN_WAIT_1);
    T_EXPECT_AFTER(s, script_status(s).rto_us, .flags = TE_FIN | TE_ACK, .seq = start_of(3),
                   .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(3) + 1);
    T_STATE(s, TE_FIN_WAIT_2);
}

static void fast_retransmit_with_a_fin_in_flight(void **state)
{
    struct script *s = *state;
    close_behind(s, 4);
    for (unsigned i = 0; i < 3; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1,
           .ack = start_of(3)); /* partial: the last one is lost too */
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(script_rel_seq(s, out), start_of(3));
    T_EQUAL(out->len, MSS);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(4) + 1);
    T_STATE(s, TE_FIN_WAIT_2);
    T_EXPECT_NONE(s);
}

/* A partial acknowledgment of all text: what is lost is the FIN alone. */
static void partial_ack_up_to_the_fin_sends_the_fin(void **state)
{
    struct script *s = *state;
    close_behind(s, 4);
    for (unsigned i = 0; i < 3; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(4));
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = start_of(4), .ack = 1);
    T_EXPECT_NONE(s);
}

/* The last segment is short: it is sent again unchanged, each byte once, and the FIN after it. */
static void fast_retransmit_of_a_short_segment_with_fin(void **state)
{
    struct script *s = *state;
    s->way = BY_ACTIVE;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_NAGLE, 0), TE_OK);
    T_EQUAL(script_user_send(s, 100), 100);
    T_ERR(script_user_shutdown(s), TE_OK);
    script_skip(s);
    for (unsigned i = 0; i < 3; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 101, .ack = 1);
}

/* One sequence number for the FIN, however often it is sent and in whatever segment. */
static void fin_has_one_number(void **state)
{
    struct script *s = *state;
    close_behind(s, 2);
    for (unsigned i = 0; i < 5; i++) {
        script_advance(s, 10 * SECOND);
        const struct script_out *out;
        while ((out = script_next(s)) != NULL)
            if (out->header.flags & TE_FIN)
                T_EQUAL(script_rel_seq(s, out) + out->len, start_of(2));
    }
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(2) + 1);
    T_STATE(s, TE_FIN_WAIT_2);
}

/* Half is acknowledged, then the timer expires: sending resumes from there. */
static void timeout_in_the_middle_goes_on_from_there(void **state)
{
    struct script *s = *state;
    close_behind(s, 4);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(2) + 700);
    T_EXPECT_AFTER(s, script_status(s).rto_us, .flags = TE_ACK, .seq = start_of(2) + 700, .ack = 1,
                   .len = MSS - 700);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(4));
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(4) + 1);
    T_STATE(s, TE_FIN_WAIT_2);
}

static void path_mtu_falls_with_a_fin_in_flight(void **state)
{
    struct script *s = *state;
    close_behind(s, 2);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, TE_ICMP4_FRAGMENTATION_NEEDED, 1, 1040);
    uint32_t next = 1;
    uint8_t flags = 0;
    const struct script_out *out;
    while ((out = script_next(s)) != NULL) {
        T_EQUAL(script_rel_seq(s, out), next);
        assert_true(out->len <= 1000);
        next += out->len;
        flags = out->header.flags;
    }
    T_EQUAL(next, start_of(2));
    T_EQUAL(flags & TE_FIN, 0); /* it was not too big */
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(2) + 1);
    T_STATE(s, TE_FIN_WAIT_2);
}

/* --- CLOSING and LAST_ACK with text ----------------------------------------------------------- */

static void both_close_with_text_on_its_way(void **state)
{
    struct script *s = *state;
    close_behind(s, 2);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, start_of(2) + 1, 102);
    T_STATE(s, TE_CLOSING);
    T_SEND(s, .flags = TE_ACK, .seq = 102, .ack = start_of(1)); /* a part: not our FIN */
    T_STATE(s, TE_CLOSING);
    T_EXPECT_AFTER(s, script_status(s).rto_us, .flags = TE_FIN | TE_ACK, .seq = start_of(1),
                   .ack = 102, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 102, .ack = start_of(2) + 1);
    T_STATE(s, TE_TIME_WAIT);
    T_EQUAL(script_user_take(s, NULL), 100);
}

static void last_ack_with_text_on_its_way(void **state)
{
    struct script *s = *state;
    conn_in_close_wait(s);
    send_segments(s, 2);
    T_EXPECT_SEGMENTS(s, 0, 2, 2);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = start_of(2), .ack = 2);
    T_STATE(s, TE_LAST_ACK);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = start_of(2));
    T_STATE(s, TE_LAST_ACK);
    T_EXPECT_AFTER(s, script_status(s).rto_us, .flags = TE_FIN | TE_ACK, .seq = start_of(2),
                   .ack = 2);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = start_of(2) + 1);
    T_GONE(s);
}

static void fast_retransmit_in_last_ack(void **state)
{
    struct script *s = *state;
    conn_in_close_wait(s);
    send_segments(s, 5);
    T_EXPECT_SEGMENTS(s, 0, 5, 2);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = start_of(5), .ack = 2);
    for (unsigned i = 0; i < 3; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = start_of(5) + 1);
    T_GONE(s);
}

static void text_crosses_our_fin(void **state)
{
    struct script *s = *state;
    close_behind(s, 1);
    for (uint32_t i = 0; i < 4; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1 + i * MSS, .ack = 1, .len = MSS);
    T_EXPECT_ACK(s, start_of(1) + 1, start_of(2));
    T_EXPECT_ACK(s, start_of(1) + 1, start_of(4));
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = start_of(4), .ack = start_of(1) + 1);
    T_EXPECT_ACK(s, start_of(1) + 1, start_of(4) + 1);
    T_STATE(s, TE_TIME_WAIT);
    T_EQUAL(script_user_take(s, NULL), 4 * MSS);
}

static void reset_of_text_on_its_way_is_an_error(void **state)
{
    struct script *s = *state;
    conn_in_close_wait(s);
    send_segments(s, 2);
    T_EXPECT_SEGMENTS(s, 0, 2, 2);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = start_of(2), .ack = 2);
    T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = start_of(1));
    T_SEND(s, .flags = TE_RST, .seq = 2);
    T_ERR(script_status(s).error, TE_ERR_RESET);
}

/* A peer that was never told of the end would wait for it (RFC 9293 3.10.4 and 3.10.5). */
static void abort_tells_who_waits_for_text_before_our_fin(void **state)
{
    static const enum te_state states[] = {TE_LAST_ACK, TE_CLOSING};
    struct script *s = *state;
    for (unsigned i = 0; i < 2; i++) {
        script_start_over(s);
        s->peer_window = MSS;
        conn_in_established(s);
        send_segments(s, 2);
        T_EXPECT_SEGMENTS(s, 0, 1, 1);
        if (states[i] == TE_CLOSING)
            T_ERR(script_user_shutdown(s), TE_OK);
        T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
        T_EXPECT_ACK(s, start_of(1), 2);
        if (states[i] == TE_LAST_ACK)
            T_ERR(script_user_shutdown(s), TE_OK);
        T_STATE(s, states[i]);
        T_ERR(script_user_abort(s), TE_OK);
        T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = start_of(1), .ack = 2);
        T_GONE(s);
    }
}

static void orphan_too_many_in_last_ack_resets_who_waits_for_its_text(void **state)
{
    struct script *s = *state;
    s->f.config.orphan_max = 0;
    s->peer_window = MSS;
    conn_in_close_wait(s);
    send_segments(s, 2);
    T_EXPECT_SEGMENTS(s, 0, 1, 2);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = start_of(1), .ack = 2);
    T_GONE(s);
    T_COUNT(s, orphans_dropped, 1);
}

/* --- closed windows --------------------------------------------------------------------------- */

static void orphan_sends_its_rest_through_a_small_window(void **state)
{
    struct script *s = *state;
    s->peer_window = MSS;
    conn_in_established(s);
    send_segments(s, 4);
    T_EXPECT_SEGMENTS(s, 0, 1, 1);
    T_ERR(script_user_close(s), TE_OK);
    for (unsigned i = 1; i < 4; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(i));
        const struct script_out *out = script_next(s);
        assert_non_null(out);
        T_EQUAL(script_rel_seq(s, out), start_of(i));
        T_EQUAL(out->len, MSS);
    }
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(4), WIN(2 * MSS));
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(4) + 1);
    T_STATE(s, TE_FIN_WAIT_2);
}

static void orphan_before_a_closed_window_is_given_up(void **state)
{
    struct script *s = *state;
    s->f.config.orphan_us = 60 * SECOND;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    T_EQUAL(script_user_send(s, 100), 100);
    T_ERR(script_user_close(s), TE_OK);
    T_STATE(s, TE_FIN_WAIT_1);
    for (unsigned i = 0; i < 59; i++) {
        script_advance(s, SECOND);
        if (s->out_next == s->out_count)
            continue;
        script_skip(s);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    }
    T_STATE(s, TE_FIN_WAIT_1);
    script_advance(s, SECOND);
    const struct script_out *out;
    uint8_t flags = 0;
    while ((out = script_next(s)) != NULL)
        flags = out->header.flags;
    T_EQUAL(flags & TE_RST, TE_RST);
    T_GONE(s);
}

static void text_and_fin_wait_for_the_window(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    T_EQUAL(script_user_send(s, 100), 100);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT_AFTER(s, RTO_MIN, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(1000));
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 102);
    T_STATE(s, TE_FIN_WAIT_2);
}

/* The window has room for the text but not for the FIN, which follows when the window grows. */
static void fin_waits_for_a_byte_of_window(void **state)
{
    struct script *s = *state;
    s->peer_window = 1000;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1000), 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1001);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1001, .ack = 1);
}

/* --- a closed window of ours, all that may stand at it ---------------------------------------- */

struct at_edge {
    const char *name;
    struct seg seg;
    bool has_ack;        /* an ACK of RCV.NXT comes out */
    enum te_state state; /* afterwards, from ESTABLISHED */
};

#define NEXT 2921
static const struct at_edge at_edges[] = {
    {"ACK at RCV.NXT", {.flags = TE_ACK, .seq = NEXT, .ack = 1}, false, TE_ESTABLISHED},
    {"ACK beyond", {.flags = TE_ACK, .seq = NEXT + 1, .ack = 1}, true, TE_ESTABLISHED},
    {"ACK before", {.flags = TE_ACK, .seq = NEXT - 1, .ack = 1}, true, TE_ESTABLISHED},
    {"text", {.flags = TE_ACK, .seq = NEXT, .ack = 1, .len = 1}, true, TE_ESTABLISHED},
    {"text beyond", {.flags = TE_ACK, .seq = NEXT + 1, .ack = 1, .len = 1}, true, TE_ESTABLISHED},
    {"old text", {.flags = TE_ACK, .seq = NEXT - 1, .ack = 1, .len = 1}, true, TE_ESTABLISHED},
    {"RST", {.flags = TE_RST, .seq = NEXT}, false, TE_CLOSED},
    {"RST beyond", {.flags = TE_RST, .seq = NEXT + 1}, false, TE_ESTABLISHED},
    {"RST before", {.flags = TE_RST, .seq = NEXT - 1}, false, TE_ESTABLISHED},
    {"SYN", {.flags = TE_SYN, .seq = NEXT}, true, TE_ESTABLISHED},
    {"SYN far away", {.flags = TE_SYN, .seq = 77}, true, TE_ESTABLISHED},
    {"text and FIN",
     {.flags = TE_ACK | TE_FIN, .seq = NEXT, .ack = 1, .len = 1},
     true,
     TE_ESTABLISHED},
    {"FIN beyond", {.flags = TE_ACK | TE_FIN, .seq = NEXT + 1, .ack = 1}, true, TE_ESTABLISHED},
    {"URG", {.flags = TE_ACK | TE_URG, .seq = NEXT, .ack = 1, .urg = 9}, false, TE_ESTABLISHED},
    {"no ACK", {.flags = TE_PSH, .seq = NEXT, .len = 1}, true, TE_ESTABLISHED},
};

static void rfc9293_3_10_7_4_segments_before_a_closed_window(void **state)
{
    struct script *s = *state;
    size_t count = sizeof(at_edges) / sizeof(at_edges[0]);
    for (size_t i = 0; i < count; i++) {
        script_start_over(s);
        s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 2920;
        conn_in_established(s);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 2920);
        T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = NEXT, WIN(0));
        script_send(s, &at_edges[i].seg);
        const struct script_out *out = script_next(s);
        bool right = (out != NULL) == at_edges[i].has_ack &&
                     (out == NULL || (out->header.flags == TE_ACK && out->header.window == 0 &&
                                      script_rel_ack(s, out) == NEXT));
        if (!right)
            fail_msg("%s: %s", at_edges[i].name, out == NULL ? "no ACK" : "another answer");
        T_STATE(s, at_edges[i].state);
        if (at_edges[i].state != TE_CLOSED)
            T_EQUAL(script_user_take(s, NULL), 2920);
        script_skip(s);
    }
}

/* A bare FIN takes no buffer space: refusing it would only make the sender repeat it. */
static void bare_fin_before_a_closed_window_is_taken(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 2920;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 2920);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = NEXT, WIN(0));
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = NEXT, .ack = 1);
    T_EXPECT_ACK(s, 1, NEXT + 1);
    T_STATE(s, TE_CLOSE_WAIT);
    T_EQUAL(script_user_take(s, NULL), 2920);
}

/* RFC 9293 3.10.7.4, seventh and eighth: a segment that starts before RCV.NXT and reaches beyond an
 * early FIN is cut at the FIN, like one that starts after RCV.NXT. */
static void overlapping_text_ends_at_the_pending_fin(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 301, .ack = 1);
    T_EXPECT_ACK(s, 1, 101);
    T_SEND(s, .flags = TE_ACK, .seq = 51, .ack = 1, .len = 500);
    T_EXPECT_ACK(s, 1, 302);
    T_STATE(s, TE_CLOSE_WAIT);
    T_EQUAL(script_user_take(s, NULL), 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(fin_after_text_that_is_lost_entirely),
        SCRIPT_TEST(only_the_fin_is_lost),
        SCRIPT_TEST(fast_retransmit_with_a_fin_in_flight),
        SCRIPT_TEST(partial_ack_up_to_the_fin_sends_the_fin),
        SCRIPT_TEST(fast_retransmit_of_a_short_segment_with_fin),
        SCRIPT_TEST(fin_has_one_number),
        SCRIPT_TEST(timeout_in_the_middle_goes_on_from_there),
        SCRIPT_TEST(path_mtu_falls_with_a_fin_in_flight),
        SCRIPT_TEST(both_close_with_text_on_its_way),
        SCRIPT_TEST(last_ack_with_text_on_its_way),
        SCRIPT_TEST(fast_retransmit_in_last_ack),
        SCRIPT_TEST(text_crosses_our_fin),
        SCRIPT_TEST(reset_of_text_on_its_way_is_an_error),
        SCRIPT_TEST(abort_tells_who_waits_for_text_before_our_fin),
        SCRIPT_TEST(orphan_too_many_in_last_ack_resets_who_waits_for_its_text),
        SCRIPT_TEST(orphan_sends_its_rest_through_a_small_window),
        SCRIPT_TEST(orphan_before_a_closed_window_is_given_up),
        SCRIPT_TEST(text_and_fin_wait_for_the_window),
        SCRIPT_TEST(fin_waits_for_a_byte_of_window),
        SCRIPT_TEST(rfc9293_3_10_7_4_segments_before_a_closed_window),
        SCRIPT_TEST(bare_fin_before_a_closed_window_is_taken),
        SCRIPT_TEST(overlapping_text_ends_at_the_pending_fin),
    };
    return cmocka_run_group_tests_name("closing_data", tests, NULL, NULL);
}

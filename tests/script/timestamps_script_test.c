/* Timestamps on a connection that negotiated them: RFC 7323 3.2, 4.3 and 5. */
#include "script.h"
#include "units.h"

/* TS.Recent is 1 + the age of the connection in ms; these values are relative to it. */
static uint32_t recent(const struct script *s)
{
    return (uint32_t)((s->f.now_us - SECOND) / MS) + 1;
}

static void open_with_timestamps(struct script *s)
{
    s->options |= SPEAKS_TIMESTAMPS;
    conn_in_established(s);
}

/* --- which to echo ---------------------------------------------------------------------------- */

/* 4.3, first example: with delayed ACKs the earliest unacknowledged segment's. */
static void rfc7323_4_3_delayed_ack_echoes_the_earliest(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, TSVAL(101));
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100, TSVAL(102));
    T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1, .len = 100, TSVAL(103));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 301, ECR(101));
}

/* 4.3, second example, number by number. */
static void rfc7323_4_3_holes_echo_what_advanced_rcv_nxt(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_ERR(script_user_option(s, TE_OPTION_DELAYED_ACK, 0), TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, TSVAL(101)); /* A */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, ECR(101));
    T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1, .len = 100, TSVAL(103)); /* C */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, ECR(101));
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100, TSVAL(102)); /* B */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 301, ECR(102));
    T_SEND(s, .flags = TE_ACK, .seq = 401, .ack = 1, .len = 100, TSVAL(105)); /* E */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 301, ECR(102));
    T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1, .len = 100, TSVAL(104)); /* D */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 501, ECR(104));
}

static void rfc7323_4_3_text_of_ours_echoes_too(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, TSVAL(500));
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, ECR(500));
    T_EXPECT_AFTER(s, 200 * MS, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, ECR(500));
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_ACK | TE_FIN, .seq = 101, .ack = 1, ECR(500));
}

/* --- PAWS ------------------------------------------------------------------------------------- */

static void rfc7323_5_3_old_text_is_answered_and_dropped(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, TSVAL(200));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101, ECR(200));
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100, TSVAL(199));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 101, ECR(200));
    T_COUNT(s, paws_rejected, 1);
    T_EQUAL(script_user_take(s, NULL), 100);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100, TSVAL(200)); /* equal is fine */
    T_EQUAL(script_user_take(s, NULL), 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 201);
}

static void rfc7323_5_3_old_fin_is_answered_and_dropped(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, TSVAL(200));
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, TSVAL(100));
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, TSVAL(201));
    T_EXPECT_ACK(s, 1, 2);
}

static void rfc7323_5_3_old_ack_acknowledges_nothing(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, TSVAL(200));
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101, TSVAL(100));
    T_EXPECT_ACK(s, 101, 1);
    T_EQUAL(script_status(s).send_acked, 0);
}

/* RST is not subject to PAWS, and its timestamp is not remembered. */
static void rfc7323_5_2_old_rst_counts(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, TSVAL(200));
    T_SEND(s, .flags = TE_RST, .seq = 2, TSVAL(10000)); /* challenged */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(200));
    T_SEND(s, .flags = TE_RST, .seq = 1, TSVAL(100));
    T_ERR(script_status(s).error, TE_ERR_RESET);
}

/* "Less than" is modular: the peer's clock wraps in the middle of this. */
static void rfc7323_5_2_clock_wraps(void **state)
{
    struct script *s = *state;
    uint32_t before = 0u - PEER_TS - 1; /* 0xffffffff on the wire */
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, TSVAL(before));
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1, .len = 10, TSVAL(before + 1));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 21);
    T_SEND(s, .flags = TE_ACK, .seq = 21, .ack = 1, .len = 10, TSVAL(before + 2));
    T_SEND(s, .flags = TE_ACK, .seq = 31, .ack = 1, .len = 10, TSVAL(before));
    T_EXPECT_ACK(s, 1, 31);
    T_COUNT(s, paws_rejected, 1);
}

/* 5.5: after 24 days of silence TS.Recent is no longer valid. */
static void rfc7323_5_5_timestamps_outlive_an_idle_month(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    script_advance(s, 23 * DAY);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, TSVAL(0u - 100));
    T_EXPECT_ACK(s, 1, 1);
    script_advance(s, 2 * DAY);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, TSVAL(0u - 100));
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11, ECR(0u - 100));
}

/* TS.Recent is as old as the SYN that brought it, not as the stack. */
static void rfc7323_5_5_ts_recent_of_the_syn_is_young(void **state)
{
    struct script *s = *state;
    script_start(s);
    script_advance(s, 30 * DAY);
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, TSVAL(recent(s) - 100));
    T_EXPECT_ACK(s, 1, 1);
    T_COUNT(s, paws_rejected, 1);
}

/* Segments out of order do not move TS.Recent (R3), those outside the window even less so. */
static void rfc7323_5_3_r3_only_the_left_edge_moves_ts_recent(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100, TSVAL(900));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(1));
    T_SEND(s, .flags = TE_ACK, .seq = 100000, .ack = 1, .len = 100, TSVAL(5000));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, ECR(1));
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, TSVAL(2));
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 201, ECR(2));
}

/* --- text that is late, not old --------------------------------------------------------------- */

/* Segments of 100 bytes: A has arrived; B was lost and sent again after all the others. */
static void open_with_a_repair(struct script *s)
{
    open_with_timestamps(s);
    T_ERR(script_user_option(s, TE_OPTION_DELAYED_ACK, 0), TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, TSVAL(100)); /* A */
    T_EXPECT_ACK(s, 1, 101);
    T_SEND(s, .flags = TE_ACK, .seq = 201, .ack = 1, .len = 100, TSVAL(101)); /* C */
    T_EXPECT_ACK(s, 1, 101);
    T_SEND(s, .flags = TE_ACK, .seq = 401, .ack = 1, .len = 100, TSVAL(102)); /* E */
    T_EXPECT_ACK(s, 1, 101);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 100, TSVAL(200)); /* B */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 301, ECR(200));
}

/* RFC 7323 5.3 has this very case, with another end. */
static void text_that_a_repair_overtook_is_taken(void **state)
{
    struct script *s = *state;
    open_with_a_repair(s);
    T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1, .len = 100, TSVAL(101)); /* D */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 501, ECR(200));
    T_SEND(s, .flags = TE_ACK, .seq = 501, .ack = 1, .len = 100, TSVAL(103)); /* F */
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 601, ECR(200));
    T_COUNT(s, paws_rejected, 0);
}

static void text_older_than_the_hole_is_dropped(void **state)
{
    struct script *s = *state;
    open_with_a_repair(s);
    T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1, .len = 100, TSVAL(99));
    T_EXPECT_ACK(s, 1, 301);
    T_COUNT(s, paws_rejected, 1);
}

/* A bare ACK is not awaited, and could be anything. */
static void an_ack_that_a_repair_overtook_is_dropped(void **state)
{
    struct script *s = *state;
    open_with_a_repair(s);
    T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1, TSVAL(150));
    T_EXPECT_ACK(s, 1, 301);
    T_COUNT(s, paws_rejected, 1);
}

static void without_holes_ts_recent_is_the_least_again(void **state)
{
    struct script *s = *state;
    open_with_a_repair(s);
    T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1, .len = 100, TSVAL(101)); /* D */
    T_EXPECT_ACK(s, 1, 501);
    T_SEND(s, .flags = TE_ACK, .seq = 501, .ack = 1, .len = 100, TSVAL(300));
    T_EXPECT_ACK(s, 1, 601);
    T_SEND(s, .flags = TE_ACK, .seq = 601, .ack = 1, .len = 100, TSVAL(299));
    T_EXPECT_ACK(s, 1, 601);
    T_COUNT(s, paws_rejected, 1);
}

static void send_block(struct script *s, uint32_t block, uint32_t ts)
{
    T_SEND(s, .flags = TE_ACK, .seq = 1 + 100 * block, .ack = 1, .len = 100, TSVAL(ts));
    (void)script_user_take(s, NULL);
    script_skip(s);
}

/* With some hole always open, the minimum still follows, by two windows at most. */
static void holes_without_end_do_not_hold_the_least_back(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_initial_bytes = s->f.config.receive_buffer_max_bytes = 1000;
    open_with_timestamps(s);
    T_ERR(script_user_option(s, TE_OPTION_DELAYED_ACK, 0), TE_OK);
    send_block(s, 1, 1001);
    for (uint32_t i = 0; i < 40; i += 2) { /* segments late by two blocks are always accepted */
        send_block(s, i + 3, 1000 + i + 3);
        send_block(s, i, 1000 + i);
    }
    T_COUNT(s, paws_rejected, 0);
    T_EQUAL(script_status(s).receive_next, 4000);
    send_block(s, 40, 1040 - 21);
    T_COUNT(s, paws_rejected, 1);
    send_block(s, 40, 1040 - 2);
    T_COUNT(s, paws_rejected, 1);
}

/* --- missing ---------------------------------------------------------------------------------- */

static void rfc7323_3_2_missing_timestamps_are_dropped_in_silence(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, .no_ts = true);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .no_ts = true);
    script_advance(s, SECOND);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_ESTABLISHED); /* MUST NOT abort */
    T_COUNT(s, timestamp_missing, 2);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
}

static void rfc7323_3_2_rst_may_lack_them(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_SEND(s, .flags = TE_RST, .seq = 1, .no_ts = true);
    T_ERR(script_status(s).error, TE_ERR_RESET);
}

static void the_handshakes_ack_may_not_lack_them(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .no_ts = true);
    T_STATE(s, TE_SYN_RCVD);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
}

/* --- on our RSTs ------------------------------------------------------------------------------ */

/* 5.2: an RST of a user abort SHOULD carry them when Snd.TS.OK is set. */
static void rfc7323_5_2_abort_carries_timestamps(void **state)
{
    struct script *s = *state;
    open_with_timestamps(s);
    T_ERR(script_user_abort(s), TE_OK);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1, ECR(1));
}

/* 5.2: an answering RST SHOULD echo, with TSval zero, when the segment had the option. */
static void rfc7323_5_2_rst_in_answer_echoes(void **state)
{
    struct script *s = *state;
    script_start(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 5, TSVAL(777));
    T_EXPECT(s, .flags = TE_RST, .seq = 5, .has_ts = true, .ts = 0, ECR(777));
    T_SEND(s, .flags = TE_SYN, .seq = 1, TSVAL(778));
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 0, .ack = 2, .has_ts = true, .ts = 0, ECR(778));
    T_SEND(s, .flags = TE_SYN, .seq = 1);
    const struct script_out *out = T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 0, .ack = 2);
    T_EQUAL(out->header.options.has_timestamps, false);
}

/* --- IPv6 ------------------------------------------------------------------------------------- */

static void ipv6_paws(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    open_with_timestamps(s);
    script_advance(s, 10 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11, ECR(11));
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1, .len = 10, TSVAL(recent(s) - 60));
    T_EXPECT_ACK(s, 1, 11);
    T_COUNT(s, paws_rejected, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc7323_4_3_delayed_ack_echoes_the_earliest),
        SCRIPT_TEST(rfc7323_4_3_holes_echo_what_advanced_rcv_nxt),
        SCRIPT_TEST(rfc7323_4_3_text_of_ours_echoes_too),
        SCRIPT_TEST(rfc7323_5_3_old_text_is_answered_and_dropped),
        SCRIPT_TEST(rfc7323_5_3_old_fin_is_answered_and_dropped),
        SCRIPT_TEST(rfc7323_5_3_old_ack_acknowledges_nothing),
        SCRIPT_TEST(rfc7323_5_2_old_rst_counts),
        SCRIPT_TEST(rfc7323_5_2_clock_wraps),
        SCRIPT_TEST(rfc7323_5_5_timestamps_outlive_an_idle_month),
        SCRIPT_TEST(rfc7323_5_5_ts_recent_of_the_syn_is_young),
        SCRIPT_TEST(rfc7323_5_3_r3_only_the_left_edge_moves_ts_recent),
        SCRIPT_TEST(text_that_a_repair_overtook_is_taken),
        SCRIPT_TEST(text_older_than_the_hole_is_dropped),
        SCRIPT_TEST(an_ack_that_a_repair_overtook_is_dropped),
        SCRIPT_TEST(without_holes_ts_recent_is_the_least_again),
        SCRIPT_TEST(holes_without_end_do_not_hold_the_least_back),
        SCRIPT_TEST(rfc7323_3_2_missing_timestamps_are_dropped_in_silence),
        SCRIPT_TEST(rfc7323_3_2_rst_may_lack_them),
        SCRIPT_TEST(the_handshakes_ack_may_not_lack_them),
        SCRIPT_TEST(rfc7323_5_2_abort_carries_timestamps),
        SCRIPT_TEST(rfc7323_5_2_rst_in_answer_echoes),
        SCRIPT_TEST(ipv6_paws),
    };
    return cmocka_run_group_tests_name("timestamps", tests, NULL, NULL);
}

/* Keepalive (RFC 9293 3.8.4), the user timeout (3.8.3, 3.10.8), ICMP (3.9.2.2, RFC 5927, RFC 1191,
 * RFC 5461) and urgent text (3.8.5, RFC 6093). */
#include "script.h"
#include "wire/icmp.h"

#define MSS 1460
#define HOUR (3600 * SECOND)

/* --- keepalive -------------------------------------------------------------------------------- */

static void establish_with_keepalive(struct script *s)
{
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
}

static void expect_nine_probes(struct script *s)
{
    T_EXPECT_AFTER(s, 2 * HOUR, .flags = TE_ACK, .seq = 0, .ack = 1);
    for (unsigned i = 1; i < 9; i++)
        T_EXPECT_AFTER(s, 75 * SECOND, .flags = TE_ACK, .seq = 0, .ack = 1);
}

/* MUST-25. */
static void rfc9293_3_8_4_keepalive_is_off_at_birth(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_status(s).keepalive, false);
    script_advance(s, 48 * HOUR);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_ESTABLISHED);
}

/* MUST-26, MUST-28, SHLD-12. */
static void rfc9293_3_8_4_probe_after_two_hours_of_silence(void **state)
{
    struct script *s = *state;
    establish_with_keepalive(s);
    T_TIMER(s, TE_TIMER_KEEPALIVE, 2 * HOUR);
    T_EXPECT_AFTER(s, 2 * HOUR, .flags = TE_ACK, .seq = 0, .ack = 1);
    T_COUNT(s, keepalive_probes, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT_AFTER(s, 2 * HOUR, .flags = TE_ACK, .seq = 0, .ack = 1);
    T_STATE(s, TE_ESTABLISHED);
}

static void rfc9293_3_8_4_whatever_arrives_starts_the_interval_anew(void **state)
{
    struct script *s = *state;
    establish_with_keepalive(s);
    script_advance(s, HOUR);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    script_advance(s, DELAYED_ACK);
    T_EXPECT_ACK(s, 1, 11);
    T_EXPECT_AFTER(s, 2 * HOUR - DELAYED_ACK, .flags = TE_ACK, .seq = 0, .ack = 11);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = 1);
}

/* MUST-29: no single probe is decisive. */
static void rfc9293_3_8_4_dead_after_nine_unanswered_probes(void **state)
{
    struct script *s = *state;
    establish_with_keepalive(s);
    expect_nine_probes(s);
    T_EXPECT_AFTER(s, 75 * SECOND, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    T_EVENT(s, TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_TIMEOUT_KEEPALIVE);
    T_ERR(script_status(s).error, TE_ERR_KEEPALIVE);
    T_READY(s, TE_READY_END);
    T_COUNT(s, keepalive_drops, 1);
}

static void one_answer_forgives_all_silent_probes(void **state)
{
    struct script *s = *state;
    establish_with_keepalive(s);
    expect_nine_probes(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_TIMER(s, TE_TIMER_KEEPALIVE, 2 * HOUR);
}

/* The timer is late and the peer's segment arrives in the same turn: an answer to a probe not yet
 * sent. */
static void a_probe_that_has_not_left_needs_no_answer(void **state)
{
    struct script *s = *state;
    establish_with_keepalive(s);
    s->f.now_us += 2 * HOUR;
    te_stack_handle_timeout(s->f.stack, s->f.now_us);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT_NONE(s);
    T_COUNT(s, keepalive_probes, 0);
    T_TIMER(s, TE_TIMER_KEEPALIVE, 2 * HOUR);
}

/* MUST-27, MUST-24. */
static void rfc9293_3_8_4_keepalive_is_configurable(void **state)
{
    struct script *s = *state;
    establish_with_keepalive(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_IDLE_US, 10 * SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_INTERVAL_US, 2 * SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_PROBES, 2), TE_OK);
    T_EXPECT_AFTER(s, 10 * SECOND, .flags = TE_ACK, .seq = 0, .ack = 1);
    T_EXPECT_AFTER(s, 2 * SECOND, .flags = TE_ACK, .seq = 0, .ack = 1);
    T_EXPECT_AFTER(s, 2 * SECOND, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_status(s).error, TE_ERR_KEEPALIVE);
}

static void keepalive_can_be_turned_off_again(void **state)
{
    struct script *s = *state;
    establish_with_keepalive(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 0), TE_OK);
    script_advance(s, 48 * HOUR);
    T_EXPECT_NONE(s);
}

/* MUST-26: only when nothing is outstanding. */
static void rfc9293_3_8_4_no_probe_while_text_is_on_its_way(void **state)
{
    struct script *s = *state;
    establish_with_keepalive(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_IDLE_US, SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_INTERVAL_US, SECOND), TE_OK);
    T_EQUAL(script_user_send(s, 100), 100);
    script_advance(s, 60 * SECOND);
    const struct script_out *out;
    while ((out = script_next(s)) != NULL)
        T_EQUAL(out->len, 100);
    T_COUNT(s, keepalive_probes, 0);
    T_STATE(s, TE_ESTABLISHED);
}

static void keepalive_works_in_close_wait_and_fin_wait_2(void **state)
{
    static const enum te_state states[] = {TE_CLOSE_WAIT, TE_FIN_WAIT_2};
    struct script *s = *state;
    for (unsigned i = 0; i < 2; i++) {
        script_start_over(s);
        conn_in_state(s, states[i]);
        T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
        struct te_status status = script_status(s);
        T_EXPECT_AFTER(s, 2 * HOUR, .flags = TE_ACK, .seq = status.snd_nxt - s->c.our_iss - 1,
                       .ack = status.rcv_nxt - s->c.peer_iss);
    }
}

/* Their probe, with and without the garbage byte, is answered. */
static void rfc9293_3_8_4_their_probe_is_answered(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EQUAL(script_user_take(s, NULL), 10);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11);
    for (unsigned i = 0; i < 5; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 10, .ack = 1);
        T_EXPECT_ACK(s, 1, 11);
        T_SEND(s, .flags = TE_ACK, .seq = 10, .ack = 1, .len = 1, .salt = 7);
        T_EXPECT_ACK(s, 1, 11);
        script_advance(s, SECOND);
    }
}

/* --- user timeout ----------------------------------------------------------------------------- */

static void rfc9293_3_10_8_user_timeout_ends_the_connection(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_USER_TIMEOUT_US, 5 * SECOND), TE_OK);
    T_EQUAL(script_user_send(s, 100), 100);
    script_advance(s, 5 * SECOND - 1);
    T_STATE(s, TE_ESTABLISHED);
    script_skip(s);
    script_advance(s, 1);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 101, .ack = 1);
    T_EVENT(s, TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_TIMEOUT_USER);
    T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
    T_READY(s, TE_READY_END);
    T_COUNT(s, timeouts_user, 1);
}

static void user_timeout_starts_anew_with_each_answer(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_USER_TIMEOUT_US, 5 * SECOND), TE_OK);
    T_EQUAL(script_user_send(s, 2 * MSS), 2 * MSS);
    script_advance(s, 4 * SECOND);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    script_advance(s, 4 * SECOND);
    script_skip(s);
    T_STATE(s, TE_ESTABLISHED);
    script_advance(s, SECOND);
    script_skip(s);
    T_STATE(s, TE_CLOSED);
}

static void user_timeout_does_not_touch_an_idle_connection(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_USER_TIMEOUT_US, 5 * SECOND), TE_OK);
    script_advance(s, HOUR);
    T_STATE(s, TE_ESTABLISHED);
}

static void user_timeout_set_while_text_is_on_its_way(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_ERR(script_user_option(s, TE_OPTION_USER_TIMEOUT_US, 5 * SECOND), TE_OK);
    script_advance(s, 5 * SECOND);
    script_skip(s);
    T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
}

static void rfc9293_3_10_1_user_timeout_holds_for_the_opening(void **state)
{
    struct script *s = *state;
    s->f.config.user_timeout_us = 5 * SECOND;
    conn_in_syn_sent(s);
    script_advance(s, 5 * SECOND);
    script_skip(s);
    T_EVENT(s, TE_SYN_SENT, TE_CLOSED, TE_CAUSE_TIMEOUT_USER);
    T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
}

static void rfc9293_3_10_8_user_timeout_holds_for_the_closing(void **state)
{
    static const enum te_state states[] = {TE_FIN_WAIT_1, TE_CLOSING, TE_LAST_ACK};
    struct script *s = *state;
    for (unsigned i = 0; i < 3; i++) {
        script_start_over(s);
        s->f.config.user_timeout_us = 5 * SECOND;
        conn_in_state(s, states[i]);
        script_advance(s, 5 * SECOND);
        script_skip(s);
        T_EVENT(s, states[i], TE_CLOSED, TE_CAUSE_TIMEOUT_USER);
        T_ERR(script_status(s).error, TE_ERR_TIMED_OUT);
    }
}

/* --- ICMP ------------------------------------------------------------------------------------- */

static void rfc9293_3_9_2_2_unreachable_while_opening(void **state)
{
    static const struct {
        uint8_t code;
        enum te_err error;
    } rows[] = {{0, TE_ERR_NET_UNREACHABLE},
                {1, TE_ERR_HOST_UNREACHABLE},
                {2, TE_ERR_PORT_UNREACHABLE},
                {3, TE_ERR_PORT_UNREACHABLE},
                {13, TE_ERR_PROHIBITED}};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        script_start_over(s);
        conn_in_syn_sent(s);
        script_icmp_error(s, TE_ICMP4_UNREACHABLE, rows[i].code, 0, 0);
        T_EVENT(s, TE_SYN_SENT, TE_CLOSED, TE_CAUSE_ICMP);
        T_ERR(script_status(s).error, rows[i].error);
        T_READY(s, TE_READY_OPEN | TE_READY_END);
    }
}

static void ipv6_unreachable_while_opening(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    conn_in_syn_sent(s);
    script_icmp_error(s, TE_ICMP6_UNREACHABLE, 3, 0, 0);
    T_ERR(script_status(s).error, TE_ERR_HOST_UNREACHABLE);
}

/* MUST-56; hard errors are soft, too, once the connection is synchronized (RFC 5927 5.2). */
static void rfc5927_5_2_every_error_is_soft_when_established(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    for (uint8_t code = 0; code <= 3; code++) {
        script_icmp_error(s, TE_ICMP4_UNREACHABLE, code, 1, 0);
        T_STATE(s, TE_ESTABLISHED);
    }
    T_ERR(script_status(s).soft_error, TE_ERR_PORT_UNREACHABLE);
    T_COUNT(s, icmp_soft_errors, 4);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101);
    T_ERR(script_status(s).soft_error, TE_OK);
}

/* RFC 1122 4.2.3.9: the ICMP error is the reported cause when it does end. */
static void soft_error_is_told_when_the_connection_times_out(void **state)
{
    struct script *s = *state;
    s->f.config.r2_retries = 3;
    s->f.config.r1_retries = 3;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 100), 100);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 1, 1, 0);
    script_advance(s, 30 * SECOND);
    script_skip(s);
    T_ERR(script_status(s).error, TE_ERR_HOST_UNREACHABLE);
}

/* RFC 1122 4.2.3.9: time exceeded and parameter problem are soft errors, with both families. */
struct soft_error {
    bool is_v6;
    uint8_t type, code;
};

static const struct soft_error soft_errors[] = {
    {false, TE_ICMP4_TIME_EXCEEDED, 0},     {false, TE_ICMP4_TIME_EXCEEDED, 1},
    {false, TE_ICMP4_PARAMETER_PROBLEM, 0}, {false, TE_ICMP4_PARAMETER_PROBLEM, 1},
    {true, TE_ICMP6_TIME_EXCEEDED, 0},      {true, TE_ICMP6_TIME_EXCEEDED, 1},
    {true, TE_ICMP6_PARAMETER_PROBLEM, 0},  {true, TE_ICMP6_PARAMETER_PROBLEM, 2},
};

static void open_with_soft_error(struct script *s, const struct soft_error *row)
{
    script_start_over(s);
    s->options = row->is_v6 ? SPEAKS_IPV6 : 0;
    s->f.config.syn_retries_max = 2;
    conn_in_syn_sent(s);
    script_icmp_error(s, row->type, row->code, 0, 0);
    T_STATE(s, TE_SYN_SENT);
    T_ERR(script_status(s).soft_error, TE_ERR_HOST_UNREACHABLE);
    T_EQUAL(script_status(s).has_icmp, true);
    T_EQUAL(script_status(s).icmp_type, row->type);
    T_EQUAL(script_status(s).icmp_code, row->code);
    T_COUNT(s, icmp_soft_errors, 1);
}

static void rfc1122_4_2_3_9_soft_errors_end_no_opening(void **state)
{
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(soft_errors) / sizeof(soft_errors[0]); i++) {
        open_with_soft_error(s, &soft_errors[i]);
        T_SEND(s, .flags = TE_SYN | TE_ACK, .seq = 0, .ack = 1);
        T_STATE(s, TE_ESTABLISHED);
        T_ERR(script_status(s).soft_error, TE_OK);
        T_EQUAL(script_status(s).has_icmp, false);
        script_skip(s);
    }
}

static void rfc1122_4_2_3_9_soft_errors_are_told_when_an_opening_times_out(void **state)
{
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(soft_errors) / sizeof(soft_errors[0]); i++) {
        open_with_soft_error(s, &soft_errors[i]);
        script_advance(s, 30 * SECOND);
        script_skip(s);
        T_EVENT(s, TE_SYN_SENT, TE_CLOSED, TE_CAUSE_TIMEOUT_RETRANSMIT);
        T_ERR(script_status(s).error, TE_ERR_HOST_UNREACHABLE);
        T_EQUAL(script_status(s).icmp_type, soft_errors[i].type);
        T_EQUAL(script_status(s).icmp_code, soft_errors[i].code);
    }
}

/* RFC 4443 3.4: a peer that does not know TCP is "protocol unreachable", which does not pass. */
static void unknown_next_header_ends_an_opening(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    conn_in_syn_sent(s);
    script_icmp_error(s, TE_ICMP6_PARAMETER_PROBLEM, 1, 0, 0);
    T_EVENT(s, TE_SYN_SENT, TE_CLOSED, TE_CAUSE_ICMP);
    T_ERR(script_status(s).error, TE_ERR_PORT_UNREACHABLE);
    T_EQUAL(script_status(s).icmp_type, TE_ICMP6_PARAMETER_PROBLEM);
    T_EQUAL(script_status(s).icmp_code, 1);
}

static void rfc5927_4_quote_that_is_not_in_flight_is_ignored(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 1, 1, 0);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 1, 0u - 1, 0);
    T_STATE(s, TE_SYN_SENT);
    T_COUNT(s, icmp_bad_quote, 2);
    s->c.remote_port++;
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 1, 0, 0);
    s->c.remote_port--;
    T_STATE(s, TE_SYN_SENT);
    T_COUNT(s, icmp_bad_quote, 3);
}

/* MUST-55: source quench; time exceeded and parameter problem do not abort. */
static void rfc9293_3_9_2_2_other_errors_end_nothing(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 10 * MSS), 10 * MSS);
    script_skip(s);
    uint32_t cwnd = script_status(s).cwnd_bytes;
    script_icmp_error(s, 4, 0, 1, 0);  /* source quench: discarded */
    script_icmp_error(s, 11, 0, 1, 0); /* time exceeded */
    script_icmp_error(s, 11, 1, 1, 0);
    script_icmp_error(s, 12, 0, 1, 0); /* parameter problem */
    script_icmp_error(s, 5, 1, 1, 0);  /* redirect */
    T_STATE(s, TE_ESTABLISHED);
    T_EQUAL(script_status(s).cwnd_bytes, cwnd);
    T_EXPECT_NONE(s);
}

static void rfc1191_6_4_too_big_makes_smaller_segments(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 4 * MSS), 4 * MSS);
    script_skip(s);
    uint32_t cwnd = script_status(s).cwnd_bytes;
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 4, 1, 1000);
    T_COUNT(s, path_mtu_changes, 1);
    T_EQUAL(script_status(s).mss, 960);
    uint32_t next = 1;
    const struct script_out *out;
    while ((out = script_next(s)) != NULL) { /* at once, and not a sign of congestion */
        T_EQUAL(script_rel_seq(s, out), next);
        assert_true(out->len <= 960);
        next += out->len;
    }
    T_EQUAL(next, 1 + 4 * MSS);
    T_EQUAL(script_status(s).cwnd_bytes, cwnd);
    T_STATE(s, TE_ESTABLISHED);
}

static void rfc8201_4_too_big_for_ipv6(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    script_skip(s);
    script_icmp_error(s, TE_ICMP6_TOO_BIG, 0, 1, 1300);
    T_EQUAL(script_status(s).mss, 1240);
    script_skip(s);
    script_icmp_error(s, TE_ICMP6_TOO_BIG, 0, 1, 600); /* below the IPv6 minimum: discarded */
    T_EQUAL(script_status(s).mss, 1240);
    script_skip(s);
}

static void rfc5927_7_too_big_has_a_floor(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    script_skip(s);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 4, 1, 68);
    assert_true(script_status(s).mss >= 512);
    script_skip(s);
}

static void rfc5927_7_too_big_with_a_bad_quote_is_ignored(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1000), 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 4, 1001, 600);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 4, 0, 600);
    T_EQUAL(script_status(s).mss, MSS);
    T_COUNT(s, icmp_bad_quote, 2);
}

static void too_big_that_is_no_news_changes_nothing(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1000), 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 4, 1, 1500);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, 4, 1, 9000);
    T_COUNT(s, path_mtu_changes, 0);
    T_EXPECT_NONE(s);
}

/* No link is too narrow for a SYN: a message that says so is forged (RFC 5927 7.2, maxsizesent). */
static void too_big_for_a_syn_is_ignored(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, TE_ICMP4_FRAGMENTATION_NEEDED, 0, 1000);
    T_STATE(s, TE_SYN_SENT);
    T_COUNT(s, too_big_ignored, 1);
    T_DROPPED(s, s->c.id, TE_DROP_TOO_BIG_IGNORED);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN, .seq = 0);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    T_EQUAL(script_status(s).mss, MSS);
}

/* The RFC 1191 answer to an error that names no MTU is a guess; here the minimum is used. */
static void too_big_without_an_mtu_is_survived(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 3000), 3000);
    script_skip(s);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, TE_ICMP4_FRAGMENTATION_NEEDED, 1, 0);
    script_skip(s);
    T_STATE(s, TE_ESTABLISHED);
    assert_true(script_status(s).mss >= 512 && script_status(s).mss <= MSS);
}

/* A smaller path MTU during recovery loses nothing. */
static void too_big_in_the_middle_of_a_recovery(void **state)
{
    struct script *s = *state;
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 10 * MSS), 10 * MSS);
    for (unsigned i = 0; i < 4; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    script_skip(s);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, TE_ICMP4_FRAGMENTATION_NEEDED, 1, 1000);
    uint32_t acked = 1;
    for (unsigned i = 0; i < 100 && acked < 1 + 10 * MSS; i++) {
        const struct script_out *out;
        while ((out = script_next(s)) != NULL) {
            assert_true(out->len <= 960);
            if (script_rel_seq(s, out) <= acked && script_rel_seq(s, out) + out->len > acked)
                acked = script_rel_seq(s, out) + out->len;
        }
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = acked);
        if (s->out_next == s->out_count)
            script_advance(s, 100 * MS);
    }
    T_EQUAL(acked, 1 + 10 * MSS);
    script_skip(s);
}

static void our_packets_may_not_be_fragmented(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1000), 1000);
    const struct script_out *out = T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    assert_true(out->dont_fragment);
    T_EQUAL(out->hop_limit, 64);
}

/* --- urgent text ------------------------------------------------------------------------------ */

/* RFC 6093 5: inline, wherever the pointer points. */
static void rfc6093_urgent_text_is_delivered_in_line(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_URG, .seq = 1, .ack = 1, .len = 100, .urg = 1);
    T_SEND(s, .flags = TE_ACK | TE_URG, .seq = 101, .ack = 1, .len = 100, .urg = 65535);
    T_SEND(s, .flags = TE_ACK | TE_URG, .seq = 201, .ack = 1, .len = 100, .urg = 0);
    T_SEND(s, .flags = TE_ACK, .seq = 301, .ack = 1, .len = 100, .urg = 50);
    T_EQUAL(script_user_take(s, NULL), 400);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 401);
}

static void rfc9293_3_10_7_4_urg_with_a_closed_window(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 2920;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 2920);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2921, WIN(0));
    T_SEND(s, .flags = TE_ACK | TE_URG, .seq = 2921, .ack = 1, .urg = 1);
    T_EXPECT_NONE(s); /* acceptable, and nothing to say */
    T_SEND(s, .flags = TE_ACK | TE_URG, .seq = 2921, .ack = 1, .len = 1, .urg = 1);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2921, WIN(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc9293_3_8_4_keepalive_is_off_at_birth),
        SCRIPT_TEST(rfc9293_3_8_4_probe_after_two_hours_of_silence),
        SCRIPT_TEST(rfc9293_3_8_4_whatever_arrives_starts_the_interval_anew),
        SCRIPT_TEST(rfc9293_3_8_4_dead_after_nine_unanswered_probes),
        SCRIPT_TEST(one_answer_forgives_all_silent_probes),
        SCRIPT_TEST(a_probe_that_has_not_left_needs_no_answer),
        SCRIPT_TEST(rfc9293_3_8_4_keepalive_is_configurable),
        SCRIPT_TEST(keepalive_can_be_turned_off_again),
        SCRIPT_TEST(rfc9293_3_8_4_no_probe_while_text_is_on_its_way),
        SCRIPT_TEST(keepalive_works_in_close_wait_and_fin_wait_2),
        SCRIPT_TEST(rfc9293_3_8_4_their_probe_is_answered),
        SCRIPT_TEST(rfc9293_3_10_8_user_timeout_ends_the_connection),
        SCRIPT_TEST(user_timeout_starts_anew_with_each_answer),
        SCRIPT_TEST(user_timeout_does_not_touch_an_idle_connection),
        SCRIPT_TEST(user_timeout_set_while_text_is_on_its_way),
        SCRIPT_TEST(rfc9293_3_10_1_user_timeout_holds_for_the_opening),
        SCRIPT_TEST(rfc9293_3_10_8_user_timeout_holds_for_the_closing),
        SCRIPT_TEST(rfc9293_3_9_2_2_unreachable_while_opening),
        SCRIPT_TEST(ipv6_unreachable_while_opening),
        SCRIPT_TEST(rfc5927_5_2_every_error_is_soft_when_established),
        SCRIPT_TEST(soft_error_is_told_when_the_connection_times_out),
        SCRIPT_TEST(rfc1122_4_2_3_9_soft_errors_end_no_opening),
        SCRIPT_TEST(rfc1122_4_2_3_9_soft_errors_are_told_when_an_opening_times_out),
        SCRIPT_TEST(unknown_next_header_ends_an_opening),
        SCRIPT_TEST(rfc5927_4_quote_that_is_not_in_flight_is_ignored),
        SCRIPT_TEST(rfc9293_3_9_2_2_other_errors_end_nothing),
        SCRIPT_TEST(rfc1191_6_4_too_big_makes_smaller_segments),
        SCRIPT_TEST(rfc8201_4_too_big_for_ipv6),
        SCRIPT_TEST(rfc5927_7_too_big_has_a_floor),
        SCRIPT_TEST(rfc5927_7_too_big_with_a_bad_quote_is_ignored),
        SCRIPT_TEST(too_big_that_is_no_news_changes_nothing),
        SCRIPT_TEST(too_big_for_a_syn_is_ignored),
        SCRIPT_TEST(too_big_without_an_mtu_is_survived),
        SCRIPT_TEST(too_big_in_the_middle_of_a_recovery),
        SCRIPT_TEST(our_packets_may_not_be_fragmented),
        SCRIPT_TEST(rfc6093_urgent_text_is_delivered_in_line),
        SCRIPT_TEST(rfc9293_3_10_7_4_urg_with_a_closed_window),
    };
    return cmocka_run_group_tests_name("timeout", tests, NULL, NULL);
}

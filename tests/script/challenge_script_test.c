/* Blind attacks: RFC 5961 3 (RST), 4 (SYN), 5 (text), 7 (throttling), RFC 9293 3.10.7.4.
 * state_event_script_test.c has each segment once; here they come again and again. */
#include "script.h"

#define MSS 1460
#define INTERVAL (500 * MS)

/* --- RST -------------------------------------------------------------------------------------- */

static void rfc5961_3_2_challenge_then_exact_rst(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1000);
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
    T_SEND(s, .flags = TE_RST, .seq = 1); /* as a real peer answers the ACK */
    T_STATE(s, TE_CLOSED);
    T_ERR(script_status(s).error, TE_ERR_RESET);
}

static void rfc9293_3_10_7_4_second_rst_in_window_gets_challenge_ack(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1000);
    T_EXPECT_ACK(s, 1, 1);
    script_advance(s, INTERVAL);
    T_SEND(s, .flags = TE_RST, .seq = 1001);
    T_EXPECT_ACK(s, 1, 1);
    T_COUNT(s, challenge_acks, 2);
    T_STATE(s, TE_ESTABLISHED);
}

/* RCV.NXT moves with every byte, delayed ACK or not. */
static void rfc5961_3_2_exact_is_rcv_nxt_not_the_last_ack(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_SEND(s, .flags = TE_RST, .seq = 1); /* Last.ACK.sent: left of the window */
    T_EXPECT_NONE(s);
    T_STATE(s, TE_ESTABLISHED);
    T_SEND(s, .flags = TE_RST, .seq = 101);
    T_STATE(s, TE_CLOSED);
}

/* SHLD-2: text that explains a RST is not part of the stream and takes no sequence numbers. */
static void rfc9293_3_5_3_rst_with_words(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1, .len = 30);
    T_ERR(script_status(s).error, TE_ERR_RESET);
    T_EQUAL(script_status(s).receive_next, 0);
}

static void rst_with_a_closed_window(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = s->f.config.receive_buffer_initial_bytes = 2920;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 2920);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 2921, WIN(0));
    T_SEND(s, .flags = TE_RST, .seq = 2922);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_ESTABLISHED);
    T_SEND(s, .flags = TE_RST, .seq = 2921);
    T_ERR(script_status(s).error, TE_ERR_RESET);
}

/* --- SYN -------------------------------------------------------------------------------------- */

static void rfc5961_4_2_syn_is_challenged_wherever_it_stands(void **state)
{
    static const uint32_t places[] = {0u - 1000000, 0, 1, 1000, 65536, 65537, 1000000, 1u << 31};
    struct script *s = *state;
    conn_in_established(s);
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        T_SEND(s, .flags = TE_SYN, .seq = places[i]);
        T_EXPECT_ACK(s, 1, 1);
        script_advance(s, INTERVAL);
    }
    T_STATE(s, TE_ESTABLISHED);
    T_COUNT(s, challenge_acks, 8);
}

/* A peer that was reborn without timestamps: RFC 7323 3.2 SHOULD drop, RFC 5961 4.2 MUST answer,
 * and the RST in answer to that makes room for its new connection. */
static void rfc5961_4_2_syn_without_timestamps_is_challenged(void **state)
{
    static const uint32_t places[] = {0, 1, 1000, 1u << 31};
    static const uint8_t flags[] = {TE_SYN, TE_SYN | TE_ACK};
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_established(s);
    for (unsigned i = 0; i < 8; i++) {
        T_SEND(s, .flags = flags[i % 2], .seq = places[i / 2], .ack = 1, .no_ts = true);
        T_EXPECT_ACK(s, 1, 1);
        script_advance(s, INTERVAL);
    }
    T_COUNT(s, timestamp_missing, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10, .no_ts = true); /* text is dropped */
    T_EXPECT_NONE(s);
    T_COUNT(s, timestamp_missing, 1);
    T_SEND(s, .flags = TE_RST, .seq = 1, .no_ts = true);
    T_ERR(script_status(s).error, TE_ERR_RESET);
}

/* --- throttling ------------------------------------------------------------------------------- */

static void send_nasty(struct script *s, unsigned kind)
{
    switch (kind) {
    case 0:
        T_SEND(s, .flags = TE_RST, .seq = 1000);
        break;
    case 1:
        T_SEND(s, .flags = TE_SYN, .seq = 1);
        break;
    case 2:
        T_SEND(s, .flags = TE_SYN, .seq = 1u << 31);
        break;
    case 3:
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 5000);
        break;
    case 4:
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 5000, .len = 10);
        break;
    case 5:
        T_SEND(s, .flags = TE_ACK, .seq = 1u << 31, .ack = 1);
        break;
    default:
        fail();
    }
}

/* One connection answers at most once per half second, however much arrives. */
static void rfc5961_7_one_connection_is_throttled(void **state)
{
    struct script *s = *state;
    for (unsigned kind = 0; kind <= 5; kind++) {
        script_start_over(s);
        conn_in_established(s);
        for (unsigned i = 0; i < 50; i++)
            send_nasty(s, kind);
        T_EXPECT_ACK(s, 1, 1);
        T_EXPECT_NONE(s);
        T_COUNT(s, challenge_acks_limited, 49);
        script_advance(s, INTERVAL - 1);
        send_nasty(s, kind);
        T_EXPECT_NONE(s);
        script_advance(s, 1);
        send_nasty(s, kind);
        T_EXPECT_ACK(s, 1, 1);
        T_STATE(s, TE_ESTABLISHED);
    }
}

/* RFC 5961 7 (2): both numbers can be configured. */
static void rfc5961_7_the_limits_are_configurable(void **state)
{
    struct script *s = *state;
    s->f.config.challenge_ack_interval_us = 0;
    s->f.config.challenge_ack_per_second = 20;
    conn_in_established(s);
    for (unsigned i = 0; i < 100; i++)
        T_SEND(s, .flags = TE_RST, .seq = 1000 + i);
    unsigned sent = s->out_count - s->out_next;
    script_skip(s);
    assert_in_range(sent, 10, 20); /* half of them are certain; an observer cannot count the rest */
    T_COUNT(s, challenge_acks, sent);
    T_COUNT(s, challenge_acks_limited, 100 - sent);
    script_advance(s, SECOND);
    T_SEND(s, .flags = TE_RST, .seq = 1000);
    T_EXPECT_ACK(s, 1, 1);
}

static void limit_of_the_stack_holds_over_all_connections(void **state)
{
    struct script *s = *state;
    unsigned sent = 0;
    s->f.config.challenge_ack_per_second = 10;
    s->way = BY_ACTIVE;
    for (uint16_t i = 0; i < 40; i++) {
        script_new_peer(s, (uint16_t)(7000 + i));
        conn_in_established(s);
        T_SEND(s, .flags = TE_RST, .seq = 1000);
        if (script_next(s) != NULL)
            sent++;
    }
    assert_in_range(sent, 5, 10);
}

/* A limit of zero suppresses them all; RST and text still work. */
static void no_challenge_acks_at_all(void **state)
{
    struct script *s = *state;
    s->f.config.challenge_ack_per_second = 0;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1000);
    T_SEND(s, .flags = TE_SYN, .seq = 1);
    T_EXPECT_NONE(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11);
}

/* The first challenge is free, even in the first half second after the stack starts. */
static void a_stack_born_just_now_challenges(void **state)
{
    struct script *s = *state;
    s->f.now_us = 1;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1000);
    T_EXPECT_ACK(s, 1, 1);
    T_SEND(s, .flags = TE_RST, .seq = 1000);
    T_EXPECT_NONE(s);
}

/* ACKs that a sender of text waits for are not throttled: each old segment is answered. */
static void text_received_before_is_answered_each_time(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 101);
    for (unsigned i = 0; i < 20; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
        T_EXPECT_ACK(s, 1, 101);
    }
}

/* --- at RCV.NXT - 1 --------------------------------------------------------------------------- */

/* At the sequence number of keepalive probes, and of ACKs from an end that is off by one byte. */
static void acks_at_rcv_nxt_less_one_do_not_storm(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    unsigned answers = 0;
    for (unsigned i = 0; i < 1000; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 0, .ack = 1);
        while (script_next(s) != NULL)
            answers++;
        script_advance(s, 10 * MS);
    }
    T_EQUAL(answers, 2 * 10);
    T_COUNT(s, challenge_acks, 0);
    T_COUNT(s, challenge_acks_limited, 1000 - answers);
}

/* A peer that gets no answer takes us for dead: neither a limit used up by others nor one
 * configured against blind attacks may cause that. */
static void rfc9293_3_8_4_keepalive_is_answered_whatever_the_limits(void **state)
{
    struct script *s = *state;
    s->f.config.challenge_ack_per_second = 0;
    s->f.config.challenge_ack_interval_us = 60 * SECOND;
    conn_in_established(s);
    for (unsigned i = 0; i < 20; i++) {
        script_advance(s, SECOND);
        T_SEND(s, .flags = TE_RST, .seq = 1000);
        T_SEND(s, .flags = TE_ACK, .seq = 0, .ack = 1);
        T_EXPECT_ACK(s, 1, 1);
        T_EXPECT_NONE(s);
    }
}

/* ... and the other way round: probes do not use up the challenge ACKs of other connections. */
static void probes_spend_nothing_of_the_stacks_limit(void **state)
{
    struct script *s = *state;
    s->f.config.challenge_ack_per_second = 1;
    s->way = BY_ACTIVE;
    conn_in_established(s);
    struct script_conn other = s->c;
    script_new_peer(s, 7000);
    conn_in_established(s);
    for (unsigned i = 0; i < 10; i++) {
        T_SEND(s, .flags = TE_ACK, .seq = 0, .ack = 1);
        script_skip(s);
        script_advance(s, INTERVAL);
    }
    s->c = other;
    T_SEND(s, .flags = TE_RST, .seq = 1000);
    T_EXPECT_ACK(s, 1, 1);
}

/* --- ACK numbers ------------------------------------------------------------------------------ */

/* Sends text segment by segment, each acknowledged, and returns SND.UNA. */
static uint32_t send_acknowledged(struct script *s, unsigned segments)
{
    uint32_t snd_una = 1;
    for (unsigned i = 0; i < segments; i++) {
        T_EQUAL(script_user_send(s, MSS), MSS);
        T_EXPECT(s, .flags = TE_ACK, .seq = snd_una, .ack = 1, .len = MSS);
        snd_una += MSS;
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = snd_una);
    }
    return snd_una;
}

/* 5.2: (SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT, both ends included, once a whole window has
 * been acknowledged. */
static void rfc5961_5_2_range_of_acks(void **state)
{
    static const struct {
        int32_t ack; /* beyond SND.UNA; 65535 is MAX.SND.WND, 100 are in flight */
        bool good;
    } rows[] = {{-65536, false}, {-65535, true}, {-1, true}, {0, true}, {100, true}, {101, false}};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        script_start_over(s);
        conn_in_established(s);
        uint32_t snd_una = send_acknowledged(s, 65535 / MSS + 1);
        T_EQUAL(script_user_send(s, 100), 100);
        T_EXPECT(s, .flags = TE_ACK, .seq = snd_una, .ack = 1, .len = 100);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = snd_una + (uint32_t)rows[i].ack, .len = 10);
        T_EQUAL(script_user_take(s, NULL), rows[i].good ? 10 : 0);
        T_COUNT(s, tcp_bad_ack, rows[i].good ? 0 : 1);
        if (rows[i].good)
            script_advance(s, DELAYED_ACK);
        T_EXPECT_ACK(s, snd_una + 100, rows[i].good ? 11 : 1);
    }
}

/* The largest window ever counts, scaled; not the current one. */
static void rfc5961_5_2_max_snd_wnd_is_scaled_and_remembered(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_WSCALE;
    s->peer_wscale = 2;
    conn_in_established(s);
    uint32_t max = 65535u << 2;
    uint32_t snd_una = send_acknowledged(s, max / MSS + 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = snd_una, WIN(100));
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = snd_una - max, .len = 10, WIN(100));
    T_EQUAL(script_user_take(s, NULL), 10);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = snd_una, .ack = 11);
    T_SEND(s, .flags = TE_ACK, .seq = 11, .ack = snd_una - max - 1, .len = 10, WIN(100));
    T_EXPECT_ACK(s, snd_una, 11);
    T_EQUAL(script_user_take(s, NULL), 0);
}

/* Text in the window with an ACK below ISS was sent to an earlier connection between these
 * ports, which a RST ended: no TIME_WAIT and no timestamp keeps it away. */
static void rfc9293_3_4_text_for_an_earlier_connection_is_refused(void **state)
{
    static const struct {
        unsigned segments; /* acknowledged before */
        uint32_t ack;      /* beyond ISS */
        bool good;
    } rows[] = {{0, 0u - 65534, false}, {0, 0u - 1, false},  {0, 0, true},  {0, 1, true},
                {44, 0u - 1294, false}, {44, 0u - 1, false}, {44, 0, true}, {44, 1, true}};
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        script_start_over(s);
        conn_in_established(s);
        uint32_t snd_una = send_acknowledged(s, rows[i].segments);
        T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = rows[i].ack, .len = 10);
        T_EQUAL(script_user_take(s, NULL), rows[i].good ? 10 : 0);
        T_EXPECT_ACK(s, snd_una, rows[i].good ? 12 : 1);
        T_COUNT(s, tcp_bad_ack, rows[i].good ? 0 : 1);
        T_COUNT(s, challenge_acks, rows[i].good ? 0 : 1);
        T_STATE(s, rows[i].good ? TE_CLOSE_WAIT : TE_ESTABLISHED);
    }
}

/* The ACK of our SYN stays good after our FIN was acknowledged, which is no text. */
static void ack_of_the_syn_is_good_after_the_fin(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_STATE(s, TE_FIN_WAIT_2);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EQUAL(script_user_take(s, NULL), 10);
    T_COUNT(s, tcp_bad_ack, 0);
}

static void rfc5961_5_2_fin_with_a_bad_ack_closes_nothing(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 70000);
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
}

/* Old ACKs, in range, are ignored as ACKs: text counts, nothing goes back. */
static void rfc9293_3_10_7_4_old_ack_moves_nothing_back(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 1000), 1000);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1000);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1001);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 501);
    T_EQUAL(script_status(s).send_acked, 1000);
    T_EXPECT_NONE(s);
}

/* Half a segment acknowledged: the rest is sent again from there. */
static void ack_in_the_middle_of_a_segment(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, MSS), MSS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 701);
    T_EXPECT_AFTER(s, 200 * MS, .flags = TE_ACK, .seq = 701, .ack = 1, .len = 760);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1461);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc5961_3_2_challenge_then_exact_rst),
        SCRIPT_TEST(rfc9293_3_10_7_4_second_rst_in_window_gets_challenge_ack),
        SCRIPT_TEST(rfc5961_3_2_exact_is_rcv_nxt_not_the_last_ack),
        SCRIPT_TEST(rfc9293_3_5_3_rst_with_words),
        SCRIPT_TEST(rst_with_a_closed_window),
        SCRIPT_TEST(rfc5961_4_2_syn_is_challenged_wherever_it_stands),
        SCRIPT_TEST(rfc5961_4_2_syn_without_timestamps_is_challenged),
        SCRIPT_TEST(rfc5961_7_one_connection_is_throttled),
        SCRIPT_TEST(rfc5961_7_the_limits_are_configurable),
        SCRIPT_TEST(limit_of_the_stack_holds_over_all_connections),
        SCRIPT_TEST(no_challenge_acks_at_all),
        SCRIPT_TEST(a_stack_born_just_now_challenges),
        SCRIPT_TEST(text_received_before_is_answered_each_time),
        SCRIPT_TEST(acks_at_rcv_nxt_less_one_do_not_storm),
        SCRIPT_TEST(rfc9293_3_8_4_keepalive_is_answered_whatever_the_limits),
        SCRIPT_TEST(probes_spend_nothing_of_the_stacks_limit),
        SCRIPT_TEST(rfc5961_5_2_range_of_acks),
        SCRIPT_TEST(rfc5961_5_2_max_snd_wnd_is_scaled_and_remembered),
        SCRIPT_TEST(rfc9293_3_4_text_for_an_earlier_connection_is_refused),
        SCRIPT_TEST(ack_of_the_syn_is_good_after_the_fin),
        SCRIPT_TEST(rfc5961_5_2_fin_with_a_bad_ack_closes_nothing),
        SCRIPT_TEST(rfc9293_3_10_7_4_old_ack_moves_nothing_back),
        SCRIPT_TEST(ack_in_the_middle_of_a_segment),
    };
    return cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}

/* A congestion window that is not used: RFC 7661. validation_test.c covers what is measured and
 * when; here, that it is consulted at the right moments. */
#include <string.h>

#include "script.h"

#define MSS 1460
#define RTT (600 * MS)
#define SMALL 100
#define SMALL_ROUNDS 4 /* more than the sampling period of three round trips (4.2) */
#define PERIOD_ROUNDS 500

struct flow {
    struct script *s;
    uint32_t acked; /* bytes */
};

/* An active opening over a path of that RTT; Reno, so that windows are predictable. */
static struct flow open_path(struct script *s)
{
    s->options = SPEAKS_SACK | SPEAKS_WSCALE;
    s->way = BY_ACTIVE;
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    s->f.config.initial_window_segments = 4;
    s->f.config.features &= ~(uint32_t)TE_FEATURE_PACING;
    strcpy(s->f.config.congestion_control, "reno");
    conn_in_syn_sent(s);
    script_advance(s, RTT);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    T_EXPECT_ACK(s, 1, 1);
    return (struct flow){.s = s};
}

static void send_bytes(struct flow *flow, uint32_t bytes)
{
    T_EQUAL(script_user_send(flow->s, bytes), bytes);
    script_skip(flow->s);
}

static void ack_bytes(struct flow *flow, uint32_t bytes)
{
    flow->acked += bytes;
    T_SEND(flow->s, .flags = TE_ACK, .seq = 1, .ack = 1 + flow->acked);
    script_skip(flow->s);
}

/* One round trip, with an ACK per segment. */
static void round_of(struct flow *flow, uint32_t bytes)
{
    send_bytes(flow, bytes);
    script_advance(flow->s, RTT);
    for (; bytes > MSS; bytes -= MSS)
        ack_bytes(flow, MSS);
    ack_bytes(flow, bytes);
}

/* The first lost of count segments have to be sent again. */
static void recover(struct flow *flow, uint32_t count, uint32_t lost)
{
    struct script *s = flow->s;
    send_bytes(flow, count * MSS);
    script_advance(s, RTT);
    uint32_t base = 1 + flow->acked;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = base,
           SACK1(BLOCK(base + lost * MSS, base + count * MSS)));
    assert_string_equal(script_status(s).recovery, "recovery");
    script_advance(s, RTT);
    ack_bytes(flow, count * MSS);
    assert_string_equal(script_status(s).recovery, "open");
}

static void stay_small(struct flow *flow, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        round_of(flow, SMALL);
}

/* 4.4.1: (max(pipeACK, LossFlightSize) - R) / 2. */
static void rfc7661_4_4_1_what_was_resent_is_taken_off(void **state)
{
    struct script *s = *state;
    struct flow flow = open_path(s);
    for (uint32_t i = 0; i < 3; i++)
        round_of(&flow, (4u << i) * MSS);
    T_EQUAL(script_status(s).cwnd_bytes, 32 * MSS);
    stay_small(&flow, SMALL_ROUNDS);
    recover(&flow, 12, 2);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS);
    T_EQUAL(script_status(s).cwnd_bytes, 5 * MSS);
}

/* 4.4: after a recovery the window counts as validated: retransmissions of the next one are not
 * subtracted. */
static void rfc7661_4_4_recovery_ends_the_phase(void **state)
{
    struct script *s = *state;
    struct flow flow = open_path(s);
    for (uint32_t i = 0; i < 3; i++)
        round_of(&flow, (4u << i) * MSS);
    stay_small(&flow, SMALL_ROUNDS);
    recover(&flow, 12, 2);
    recover(&flow, 5, 2);
    T_EQUAL(script_status(s).ssthresh_bytes, 5 * MSS / 2);
    T_EQUAL(script_status(s).cwnd_bytes, 5 * MSS / 2);
}

/* 4.4.3: half of cwnd after five minutes, with ssthresh at three quarters to return to. */
static void rfc7661_4_4_3_unused_window_decays(void **state)
{
    struct script *s = *state;
    struct flow flow = open_path(s);
    for (uint32_t i = 0; i < 3; i++)
        round_of(&flow, (4u << i) * MSS);
    recover(&flow, 32, 1);
    T_EQUAL(script_status(s).ssthresh_bytes, 16 * MSS);
    for (uint32_t i = 0; i < 8; i++) /* congestion avoidance */
        round_of(&flow, (16 + i) * MSS);
    T_EQUAL(script_status(s).cwnd_bytes, 24 * MSS);
    stay_small(&flow, PERIOD_ROUNDS);
    T_EQUAL(script_status(s).cwnd_bytes, 24 * MSS);
    stay_small(&flow, SMALL_ROUNDS);
    T_EQUAL(script_status(s).cwnd_bytes, 12 * MSS);
    T_EQUAL(script_status(s).ssthresh_bytes, 18 * MSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc7661_4_4_1_what_was_resent_is_taken_off),
        SCRIPT_TEST(rfc7661_4_4_recovery_ends_the_phase),
        SCRIPT_TEST(rfc7661_4_4_3_unused_window_decays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Deadlines on a fast path, to the microsecond: of pacing, of RACK's reordering window, of the tail
 * loss probe. On a path of 48 us a clock of milliseconds would be twenty round trips late. */
#include <string.h>

#include "script.h"

#define MSS 1460
#define RTT_US 48
#define WINDOW 10 /* the initial one, in segments */

static void open_path(struct script *s, int64_t rtt_us)
{
    s->f.config.send_buffer_initial_bytes = 1 << 20;
    strcpy(s->f.config.congestion_control, "reno");
    s->options = SPEAKS_SACK;
    conn_in_established_with_rtt(s, rtt_us);
}

static void fly(struct script *s, unsigned count)
{
    T_EQUAL(script_user_send(s, count * MSS), count * MSS);
    for (unsigned i = 0; i < count; i++)
        T_EXPECT(s, .flags = TE_ACK, .seq = 1 + i * MSS, .ack = 1, .len = MSS);
    T_EXPECT_NONE(s);
}

/* The host is asked to come back exactly then: not a microsecond before, and not after. */
static void check_due_in(struct script *s, enum te_timer timer, int64_t in_us)
{
    T_TIMER(s, timer, in_us);
    T_EQUAL(te_stack_next_timeout(s->f.stack) - s->f.now_us, in_us);
    script_advance(s, in_us - 1);
    T_EXPECT_NONE(s);
    T_TIMER(s, timer, 1);
    script_advance(s, 1);
}

static void rfc8985_6_2_a_quarter_of_a_short_round_trip(void **state)
{
    struct script *s = *state;
    open_path(s, RTT_US);
    fly(s, 2);
    script_advance(s, RTT_US);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, SACK1(BLOCK(1 + MSS, 1 + 2 * MSS)));
    check_due_in(s, TE_TIMER_REORDER, RTT_US / 4);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = MSS);
    T_COUNT(s, segments_retransmitted, 1);
}

static void rfc8985_7_2_two_round_trips(void **state)
{
    struct script *s = *state;
    open_path(s, 7777);
    fly(s, 4);
    check_due_in(s, TE_TIMER_LOSS_PROBE, 2 * 7777);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 3 * MSS, .ack = 1, .len = MSS);
    T_COUNT(s, loss_probes, 1);
}

/* The peer's clock may tick slowly: no probe before 10 ms, to the microsecond. */
static void a_short_path_is_probed_after_ten_milliseconds(void **state)
{
    struct script *s = *state;
    open_path(s, RTT_US);
    fly(s, 4);
    check_due_in(s, TE_TIMER_LOSS_PROBE, 10 * MS);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 3 * MSS, .ack = 1, .len = MSS);
}

/* Slow start paces twice the window over a round trip: 20 segments in half of 12,340 us, which is
 * one per 308.5 us: the half is not lost. */
static void paced_by_microseconds(void **state)
{
    struct script *s = *state;
    s->f.config.features |= TE_FEATURE_PACING;
    open_path(s, 12340);
    T_EQUAL(script_user_send(s, 3 * WINDOW * MSS), 3 * WINDOW * MSS);
    script_skip(s);
    script_advance(s, 12340);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + WINDOW * MSS);
    script_skip(s); /* what leaves at once */
    int64_t first_us = te_stack_next_timeout(s->f.stack);
    for (unsigned i = 0; i < 5; i++) {
        check_due_in(s, TE_TIMER_PACING, te_stack_next_timeout(s->f.stack) - s->f.now_us);
        assert_non_null(script_next(s));
        T_EXPECT_NONE(s);
    }
    assert_in_range(s->f.now_us - first_us, 4 * 617 / 2 - 1, 4 * 617 / 2 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(rfc8985_6_2_a_quarter_of_a_short_round_trip),
        SCRIPT_TEST(rfc8985_7_2_two_round_trips),
        SCRIPT_TEST(a_short_path_is_probed_after_ten_milliseconds),
        SCRIPT_TEST(paced_by_microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

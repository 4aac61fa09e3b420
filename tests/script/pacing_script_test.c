/* Pacing: what leaves when (tcp/cc/pacer.h), by the features and by the algorithm; and the
 * algorithm itself, chosen for one connection. The path's RTT is 100 ms, and the initial window ten
 * segments: slow start then paces 20 segments in 50 ms. */
#include <string.h>

#include "script.h"

#define MSS 1460
#define IW 10
#define RTT_US (100 * MS)
#define WINDOW_BYTES 65535
#define ALL_BYTES (40 * MSS)

static void open_path(struct script *s)
{
    s->peer_window = WINDOW_BYTES;
    s->f.config.send_buffer_initial_bytes = 2 * WINDOW_BYTES + 2;
    conn_in_syn_rcvd(s);
    script_advance(s, RTT_US);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
    script_mark(s);
}

static void open_with(struct script *s, const char *algorithm, bool is_paced)
{
    strcpy(s->f.config.congestion_control, algorithm);
    if (is_paced)
        s->f.config.features |= TE_FEATURE_PACING;
    else
        s->f.config.features &= ~(unsigned)TE_FEATURE_PACING;
    open_path(s);
}

static unsigned count_segments(struct script *s)
{
    unsigned count = 0;
    while (script_next(s) != NULL)
        count++;
    return count;
}

/* Sends, and has the initial window acknowledged; returns what then leaves at once. */
static unsigned send_and_acknowledge(struct script *s)
{
    T_EQUAL(script_user_send(s, ALL_BYTES), ALL_BYTES);
    T_EQUAL(count_segments(s), IW); /* at once: nothing is known about the path */
    script_advance(s, RTT_US);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + IW * MSS);
    return count_segments(s);
}

static void without_pacing_a_window_is_a_burst(void **state)
{
    struct script *s = *state;
    open_with(s, "cubic", false);
    T_EQUAL(send_and_acknowledge(s), 2 * IW);
    T_COUNT(s, pacing_waits, 0);
}

static void a_window_is_spread_over_half_a_round_trip(void **state)
{
    struct script *s = *state;
    open_with(s, "cubic", true);
    unsigned at_once = send_and_acknowledge(s);
    assert_in_range(at_once, 2, 5);
    T_TIMER(s, TE_TIMER_PACING, 2500);
    int64_t last_us = s->f.now_us;
    unsigned count = at_once;
    for (const struct script_out *out; script_advance(s, 500), count < 2 * IW;) {
        assert_true(s->f.now_us - last_us < 10 * MS);
        while ((out = script_next(s)) != NULL) {
            assert_in_range(out->time_us - last_us, 2000, 3000);
            last_us = out->time_us;
            count++;
        }
    }
    assert_true(fixture_counters(&s->f)->pacing_waits > 5);
    script_advance(s, 50 * MS);
    T_EXPECT_NONE(s); /* the window is full */
}

static void bbr_paces_by_itself(void **state)
{
    struct script *s = *state;
    open_with(s, "bbr", false);
    unsigned at_once = send_and_acknowledge(s);
    assert_in_range(at_once, 2, 6);
    script_advance(s, 60 * MS); /* 2.77 times a window of ten in 100 ms */
    assert_in_range(at_once + count_segments(s), 14, 2 * IW);
    assert_true(fixture_counters(&s->f)->pacing_waits > 0);
}

/* Nothing is in flight, and pacing holds the rest: there is no window to probe. */
static void pacing_is_not_a_closed_window(void **state)
{
    struct script *s = *state;
    open_with(s, "cubic", true);
    unsigned sent = IW + send_and_acknowledge(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + sent * MSS);
    T_EXPECT_NONE(s);
    T_TIMER(s, TE_TIMER_PACING, 2500);
    script_advance(s, 2500);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1 + sent * MSS, .ack = 1, .len = MSS);
    T_COUNT(s, zero_window_probes, 0);
    script_skip(s);
}

static void the_first_retransmission_does_not_wait(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_with(s, "cubic", true);
    unsigned sent = IW + send_and_acknowledge(s);
    uint32_t una = 1 + IW * MSS;
    assert_true(sent >= IW + 2);
    script_advance(s, 20 * MS);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = una, SACK1(BLOCK(una + MSS, una + 4 * MSS)));
    T_EXPECT(s, .flags = TE_ACK, .seq = una, .ack = 1, .len = MSS);
    T_COUNT(s, fast_retransmits, 1);
    script_skip(s);
}

/* After a moment's silence a connection may send a few segments, not its whole window. */
static void no_burst_after_silence(void **state)
{
    struct script *s = *state;
    open_with(s, "cubic", true);
    send_and_acknowledge(s);
    script_advance(s, 60 * MS);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 3 * IW * MSS);
    script_advance(s, 50 * MS);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + ALL_BYTES);
    script_advance(s, 800 * MS);
    T_EQUAL(script_user_send(s, IW * MSS), IW * MSS);
    assert_in_range(count_segments(s), 2, 5);
    script_advance(s, RTT_US);
    assert_in_range(count_segments(s), IW - 5, IW - 2);
    script_skip(s);
}

/* --- another algorithm, on the way ------------------------------------------------------------ */

static struct te_cc_variable find_variable(struct script *s, const char *name)
{
    struct te_cc_variable variables[TE_CC_VARIABLES_MAX];
    unsigned count = 0;
    T_ERR(te_cc_variables(s->f.stack, s->c.id, variables, &count), TE_OK);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(variables[i].name, name) == 0)
            return variables[i];
    }
    return (struct te_cc_variable){.value = INT64_MIN};
}

static int64_t variable(struct script *s, const char *name)
{
    return find_variable(s, name).value;
}

static enum te_err choose(struct script *s, const char *name)
{
    return te_set_congestion_control(s->f.stack, s->c.id, name, s->f.now_us);
}

static void the_algorithm_can_be_changed(void **state)
{
    struct script *s = *state;
    open_with(s, "cubic", false);
    T_EQUAL(variable(s, "w_max_bytes"), INT64_MIN); /* it does not send yet */
    T_EQUAL(send_and_acknowledge(s), 2 * IW);
    T_EQUAL(variable(s, "w_max_bytes"), 0);
    T_ERR(choose(s, "vegas"), TE_ERR_INVALID);
    uint32_t cwnd_bytes = script_status(s).cwnd_bytes;
    T_ERR(choose(s, "bbr"), TE_OK);
    assert_string_equal(script_status(s).congestion_control, "bbr");
    T_EQUAL(script_status(s).cwnd_bytes, cwnd_bytes);
    T_EQUAL(variable(s, "w_max_bytes"), INT64_MIN);
    T_EQUAL(variable(s, "pacing_gain_permille"), 2770);
    script_advance(s, RTT_US);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 3 * IW * MSS);
    T_EQUAL(count_segments(s) < IW, true); /* paced from now on */
    T_ERR(choose(s, "reno"), TE_OK);
    script_advance(s, 0);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 3 * IW * MSS, WIN(WINDOW_BYTES - 1));
    script_advance(s, RTT_US);
    script_skip(s);
}

static void hystart_can_be_switched_off_on_the_way(void **state)
{
    struct script *s = *state;
    open_with(s, "cubic", false);
    unsigned sent = IW + send_and_acknowledge(s);
    assert_string_equal(find_variable(s, "hystart").text, "slow-start");
    T_ERR(script_user_option(s, TE_OPTION_FEATURES,
                             TE_FEATURES_DEFAULT & ~(uint32_t)TE_FEATURE_HYSTART),
          TE_OK);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + sent * MSS);
    assert_string_equal(find_variable(s, "hystart").text, "off");
    script_skip(s);
}

/* A recovery begun under BBR, without a threshold, ends under an algorithm that needs one. */
static void the_algorithm_can_be_changed_in_recovery(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    open_with(s, "bbr", false);
    uint32_t una = 1 + IW * MSS;
    send_and_acknowledge(s);
    script_advance(s, DELAYED_ACK);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = una, SACK1(BLOCK(una + MSS, una + 5 * MSS)));
    assert_string_equal(script_status(s).recovery, "recovery");
    T_EQUAL(script_status(s).ssthresh_bytes, UINT32_MAX);
    T_ERR(choose(s, "cubic"), TE_OK);
    assert_true(script_status(s).ssthresh_bytes < 100 * MSS);
    script_advance(s, RTT_US);
    script_skip(s);
    struct te_status status = script_status(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = status.snd_nxt - status.iss);
    assert_string_equal(script_status(s).recovery, "open");
    assert_in_range(script_status(s).cwnd_bytes, 2 * MSS, 100 * MSS);
    T_COUNT(s, fast_retransmits, 1);
    script_skip(s);
}

static void lose_first(struct script *s)
{
    struct te_status status = script_status(s);
    uint32_t una = status.snd_una - status.iss;
    for (int i = 0; i < 3; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = una);
    assert_string_equal(script_status(s).recovery, "recovery");
    script_advance(s, RTT_US);
    script_skip(s);
}

static void acknowledge_all(struct script *s)
{
    struct te_status status = script_status(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = status.snd_nxt - status.iss);
}

/* draft-ietf-ccwg-bbr 5.2.4, 5.3.1.3: it learns of a lost segment, and that SACK would not have
 * shown more: Startup is over, and later a round with loss bounds the rate. */
static void bbr_hears_of_loss_without_sack(void **state)
{
    struct script *s = *state;
    open_with(s, "bbr", false);
    send_and_acknowledge(s);
    script_advance(s, DELAYED_ACK);
    script_skip(s);
    T_EQUAL(variable(s, "pacing_gain_permille"), 2770);
    lose_first(s);
    assert_true(variable(s, "pacing_gain_permille") < 1000);
    acknowledge_all(s);
    T_EQUAL(variable(s, "bw_shortterm_bytes_per_s"), -1);
    T_EQUAL(script_user_send(s, 8 * MSS), 8 * MSS);
    script_advance(s, RTT_US);
    script_skip(s);
    struct te_status status = script_status(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = status.snd_una - status.iss + MSS);
    script_skip(s);
    lose_first(s);
    acknowledge_all(s);
    assert_true(variable(s, "bw_shortterm_bytes_per_s") > 0);
    script_advance(s, RTT_US);
    script_skip(s);
}

static void only_connections_have_an_algorithm(void **state)
{
    struct script *s = *state;
    struct te_cc_variable variables[TE_CC_VARIABLES_MAX];
    unsigned count = 7;
    conn_in_listen(s);
    T_ERR(te_set_congestion_control(s->f.stack, s->listener_id, "reno", s->f.now_us), TE_ERR_STATE);
    T_ERR(te_cc_variables(s->f.stack, s->listener_id, variables, &count), TE_ERR_STATE);
    T_ERR(te_set_congestion_control(s->f.stack, 999, "reno", s->f.now_us), TE_ERR_NO_CONNECTION);
    T_ERR(te_cc_variables(s->f.stack, 999, variables, &count), TE_ERR_NO_CONNECTION);
    T_EQUAL(count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(without_pacing_a_window_is_a_burst),
        SCRIPT_TEST(a_window_is_spread_over_half_a_round_trip),
        SCRIPT_TEST(bbr_paces_by_itself),
        SCRIPT_TEST(pacing_is_not_a_closed_window),
        SCRIPT_TEST(the_first_retransmission_does_not_wait),
        SCRIPT_TEST(no_burst_after_silence),
        SCRIPT_TEST(the_algorithm_can_be_changed),
        SCRIPT_TEST(hystart_can_be_switched_off_on_the_way),
        SCRIPT_TEST(the_algorithm_can_be_changed_in_recovery),
        SCRIPT_TEST(bbr_hears_of_loss_without_sack),
        SCRIPT_TEST(only_connections_have_an_algorithm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

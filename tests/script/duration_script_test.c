/* Every duration of the configuration on a live connection: the least that the engine takes, one
 * microsecond more, and the least that a user may ask for. None is cut to a coarser unit: what
 * is due after D is not due at D - 1 us, and is at D. */
#include <string.h>

#include "script.h"
#include "support/frames.h"

#define MSS PEER_MSS

/* The configuration has the duration already. */
typedef void run_fn(struct script *s, int64_t duration_us);

static void expect_silence_until(struct script *s, int64_t duration_us)
{
    if (duration_us > 0)
        script_advance(s, duration_us - 1);
    T_EXPECT_NONE(s);
    script_advance(s, duration_us > 0 ? 1 : 0);
}

/* --- timeouts --------------------------------------------------------------------------------- */

static void run_rto_initial(struct script *s, int64_t duration_us)
{
    s->f.config.rto_min_us = 1;
    T_ERR(script_user_open(s), TE_OK);
    T_EXPECT_SYN(s);
    expect_silence_until(s, duration_us);
    T_EXPECT_SYN(s);
    expect_silence_until(s, 2 * duration_us); /* RFC 6298 (5.5) */
    T_EXPECT_SYN(s);
    script_skip(s);
}

/* The round trip is 1 us, and G 1 ms (RFC 6298 2): nothing below is seen through it. */
static void run_rto_min(struct script *s, int64_t duration_us)
{
    const int64_t srtt_us = 1, g_us = MS;
    conn_in_established_with_rtt(s, srtt_us);
    T_EQUAL(script_status(s).rto_us, duration_us > srtt_us + g_us ? duration_us : srtt_us + g_us);
}

/* And a minimum above G is exact. */
static void run_rto_min_beyond_g(struct script *s, int64_t duration_us)
{
    conn_in_established_with_rtt(s, 1);
    T_EQUAL(script_user_send(s, 10), 10);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    expect_silence_until(s, duration_us);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
}

static void run_rto_max(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 10), 10);
    while (script_status(s).rto_us < duration_us) {
        script_advance(s, script_status(s).rto_us);
        script_skip(s);
    }
    T_EQUAL(script_status(s).rto_us, duration_us);
    script_advance(s, duration_us); /* the timer of the last one before */
    script_skip(s);
    expect_silence_until(s, duration_us);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
}

static void run_delayed_ack(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_TIMER(s, TE_TIMER_DELAYED_ACK, duration_us);
    if (duration_us > 0)
        expect_silence_until(s, duration_us);
    else
        script_advance(s, 1); /* the host calls at once */
    T_EXPECT_ACK(s, 1, 11);
}

static void run_user_timeout(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    T_EQUAL(script_user_send(s, 10), 10);
    T_EXPECT(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    script_advance(s, duration_us > 0 ? duration_us - 1 : 10 * SECOND);
    script_skip(s);
    T_STATE(s, TE_ESTABLISHED);
    script_advance(s, 1);
    script_skip(s);
    T_STATE(s, duration_us > 0 ? TE_CLOSED : TE_ESTABLISHED); /* 0: never by time alone */
}

/* --- keepalive -------------------------------------------------------------------------------- */

static void run_keepalive_idle(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    for (unsigned i = 0; i < 3; i++) { /* answered, and idle again */
        expect_silence_until(s, duration_us);
        T_EXPECT_ACK(s, 0, 1);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
        T_EXPECT_NONE(s);
    }
    T_COUNT(s, keepalive_probes, 3);
}

static void run_keepalive_interval(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    expect_silence_until(s, s->f.config.keepalive_idle_us);
    for (unsigned i = 0; i < s->f.config.keepalive_probes_max; i++) {
        T_EXPECT_ACK(s, 0, 1);
        T_STATE(s, TE_ESTABLISHED);
        expect_silence_until(s, duration_us);
    }
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_CLOSED);
}

/* The same by te_set_option. */
static void run_keepalive_options(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_IDLE_US, duration_us), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_INTERVAL_US, duration_us + 1), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    expect_silence_until(s, duration_us);
    T_EXPECT_ACK(s, 0, 1);
    expect_silence_until(s, duration_us + 1);
    T_EXPECT_ACK(s, 0, 1);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 0), TE_OK);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void run_fin_wait_2(struct script *s, int64_t duration_us)
{
    script_close_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    T_TIMER(s, TE_TIMER_FIN_WAIT_2, duration_us);
    expect_silence_until(s, duration_us);
    T_GONE(s);
    T_COUNT(s, timeouts_fin_wait_2, 1);
}

static void run_orphan(struct script *s, int64_t duration_us)
{
    script_close_established(s);
    T_TIMER(s, TE_TIMER_ORPHAN, duration_us);
    script_advance(s, duration_us - 1);
    script_skip(s);
    T_STATE(s, TE_FIN_WAIT_1);
    script_advance(s, 1);
    script_skip(s);
    T_GONE(s);
    T_COUNT(s, orphans_dropped, 1);
}

static void run_remains(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    if (duration_us > 0) {
        script_advance(s, duration_us - 1);
        T_ERR(script_status(s).error, TE_ERR_RESET);
    }
    script_advance(s, 1);
    T_GONE(s);
}

/* TIME_WAIT counts whole milliseconds, and never fewer than 2MSL. */
static void run_msl(struct script *s, int64_t duration_us)
{
    s->closes_fully = true;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    int64_t lasts_us = script_status(s).time_wait_ends_at_us - s->f.now_us;
    assert_in_range(lasts_us, 2 * duration_us, 2 * duration_us + MS);
    T_EQUAL((script_status(s).time_wait_ends_at_us - script_status(s).time_wait_started_at_us) % MS,
            0);
    script_advance(s, 2 * duration_us - 1);
    T_STATE(s, TE_TIME_WAIT);
    script_advance(s, MS + 1);
    T_GONE(s);
}

/* --- what is kept for a while ----------------------------------------------------------------- */

static void run_idle_release(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_AFTER(s, s->f.config.delayed_ack_us, .flags = TE_ACK, .seq = 1, .ack = 11);
    assert_true(script_status(s).receive_buffer_bytes > 0);
    T_EQUAL(script_user_take(s, NULL), 10);
    if (duration_us > 0) {
        script_advance(s, duration_us - 1);
        assert_true(script_status(s).receive_buffer_bytes > 0);
    }
    script_advance(s, 1);
    T_EQUAL(script_status(s).receive_buffer_bytes, 0);
}

static void run_path_mtu_age(struct script *s, int64_t duration_us)
{
    s->f.config.mtu_probing = TE_MTU_PROBING_OFF;
    conn_in_established(s);
    T_EQUAL(script_user_send(s, MSS), MSS);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, TE_ICMP4_FRAGMENTATION_NEEDED, 1, 1000);
    script_skip(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    T_EQUAL(script_status(s).path_mtu_bytes, 1000);
    script_advance(s, duration_us - 1);
    T_EQUAL(script_user_send(s, 10), 10);
    script_skip(s);
    T_EQUAL(script_status(s).path_mtu_bytes, 1000);
    script_advance(s, 1);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 11 + MSS);
    T_EQUAL(script_user_send(s, 10), 10);
    script_skip(s);
    T_EQUAL(script_status(s).path_mtu_bytes, 1500);
}

static void run_challenge_ack_interval(struct script *s, int64_t duration_us)
{
    conn_in_established(s);
    script_advance(s, SECOND);
    T_SEND(s, .flags = TE_RST, .seq = 2);
    T_EXPECT_ACK(s, 1, 1);
    if (duration_us > 0) {
        script_advance(s, duration_us - 1);
        T_SEND(s, .flags = TE_RST, .seq = 2);
        T_EXPECT_NONE(s);
        script_advance(s, 1);
    }
    T_SEND(s, .flags = TE_RST, .seq = 2);
    T_EXPECT_ACK(s, 1, 1);
}

/* --- all of them ------------------------------------------------------------------------------ */

static const struct duration {
    const char *name;
    run_fn *run;
} durations[] = {
    {"msl", run_msl},
    {"rto_initial", run_rto_initial},
    {"rto_min", run_rto_min},
    {"rto_max", run_rto_max},
    {"delayed_ack", run_delayed_ack},
    {"fin_wait_2", run_fin_wait_2},
    {"orphan", run_orphan},
    {"remains", run_remains},
    {"user_timeout", run_user_timeout},
    {"keepalive_idle", run_keepalive_idle},
    {"keepalive_interval", run_keepalive_interval},
    {"path_mtu_age", run_path_mtu_age},
    {"idle_release", run_idle_release},
    {"challenge_ack_interval", run_challenge_ack_interval},
};
#define DURATIONS (sizeof(durations) / sizeof(durations[0]))

static const struct te_config_key *key_of(const char *name)
{
    size_t count;
    const struct te_config_key *table = te_config_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    fail_msg("no key is called %s", name);
    return NULL;
}

static void run_with(struct script *s, const struct te_config_key *key, run_fn *run,
                     int64_t duration_us)
{
    script_start_over(s);
    te_config_put(key, &s->f.config, duration_us);
    T_ERR(te_config_check(&s->f.config, NULL), TE_OK);
    run(s, duration_us);
    script_skip(s);
}

static void each_duration_at_its_least(void **state)
{
    struct script *s = *state;
    for (size_t i = 0; i < DURATIONS; i++) {
        const struct te_config_key *key = key_of(durations[i].name);
        const int64_t values[] = {key->min, key->min + 1, key->user_min, key->user_min + 1};
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++)
            run_with(s, key, durations[i].run, values[k]);
    }
}

static void values_between_whole_milliseconds(void **state)
{
    struct script *s = *state;
    for (int64_t us = 1001; us < 100000; us = us * 7 / 3) {
        run_with(s, key_of("rto_min"), run_rto_min_beyond_g, us + MS);
        for (size_t i = 0; i < DURATIONS; i++)
            if (key_of(durations[i].name)->min <= us && key_of(durations[i].name)->max >= us)
                run_with(s, key_of(durations[i].name), durations[i].run, us);
    }
}

static void keepalive_as_an_option(void **state)
{
    static const int64_t values[] = {1, 2, 999, MS, MS + 1, 500 * MS, SECOND - 1, 3 * SECOND / 2};
    struct script *s = *state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        script_start_over(s);
        run_keepalive_options(s, values[i]);
    }
}

/* A new key needs a line above. */
static void every_duration_is_in_the_table(void **state)
{
    (void)state;
    size_t count, found = 0;
    const struct te_config_key *table = te_config_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (table[i].kind != TE_CONFIG_DURATION)
            continue;
        size_t k = 0;
        while (k < DURATIONS && strcmp(durations[k].name, table[i].name) != 0)
            k++;
        if (k == DURATIONS)
            fail_msg("the duration %s is not tried", table[i].name);
        found++;
    }
    T_EQUAL(found, DURATIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(each_duration_at_its_least),
        SCRIPT_TEST(values_between_whole_milliseconds),
        SCRIPT_TEST(keepalive_as_an_option),
        SCRIPT_TEST(every_duration_is_in_the_table),
    };
    return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}

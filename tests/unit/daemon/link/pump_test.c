#include <stdlib.h>
#include <string.h>
#include <tcpengine/tcpengine.h>

#include "link/pump.h"
#include "support.h"

#define FRAMES_PER_FLUSH 128
#define FRAMES_PER_READING 16
#define ROUNDS_PER_FLUSH 4
#define PEERS 200
#define RTO_US 20000
#define EVENTS_MAX 1024
#define ETHERTYPE_AT 12

/* --- the tap's place -------------------------------------------------------------------------- */

struct env;

struct tap {
    struct tap_handlers handlers;
    void (*on_write)(struct env *env);        /* NULL: nothing more happens */
    void (*on_read_waiting)(struct env *env); /* NULL: no frame waits */
    struct env *env;
    unsigned readings;                      /* calls of tap_read_waiting() */
    void (*on_read_batch)(struct env *env); /* NULL: no frame has come */
    unsigned batches;                       /* calls of tap_read_batch() */
    bool may_spin;                          /* batches are read without frames written, too */
    unsigned spins;                         /* and were */
    unsigned unread;                        /* frames written since the last of them */
    unsigned frames;                        /* written, one that is kept included */
    unsigned room;                          /* frames until the queue is full */
    uint8_t last[1600];                     /* the frame written last */
    size_t last_len;
};

void tap_set_handlers(struct tap *tap, const struct tap_handlers *handlers)
{
    tap->handlers = handlers != NULL ? *handlers : (struct tap_handlers){0};
}

void tap_read_waiting(struct tap *tap)
{
    tap->readings++;
    if (tap->on_read_waiting != NULL)
        tap->on_read_waiting(tap->env);
}

void tap_read_batch(struct tap *tap)
{
    tap->batches++;
    assert_in_range(tap->unread, tap->may_spin ? 0 : 1, FRAMES_PER_READING);
    tap->spins += tap->unread == 0;
    tap->unread = 0;
    if (tap->on_read_batch != NULL)
        tap->on_read_batch(tap->env);
}

enum tap_write_result tap_write(struct tap *tap, const struct te_output *output)
{
    assert_true(tap->room > 0); /* after TAP_WRITE_FULL comes nothing until on_writable */
    assert_true(tap->unread < FRAMES_PER_READING);
    tap->unread++;
    tap->frames++;
    tap->last_len = 0;
    for (unsigned i = 0; i < output->iov_count; i++) {
        memcpy(tap->last + tap->last_len, output->iov[i].base, output->iov[i].len);
        tap->last_len += output->iov[i].len;
    }
    if (tap->on_write != NULL)
        tap->on_write(tap->env);
    return --tap->room == 0 ? TAP_WRITE_FULL : TAP_WRITE_OK;
}

/* --- the engine's host ------------------------------------------------------------------------ */

struct env {
    struct t_loop loop;
    struct tap tap;
    struct te_config config;
    struct pump *pump;
    uint64_t ids[EVENTS_MAX]; /* of the events so far */
    unsigned events;
    void (*on_event)(struct env *env, const struct te_event *event);
};

static void on_event(void *ctx, const struct te_event *event)
{
    struct env *env = ctx;
    assert_true(env->events < EVENTS_MAX);
    env->ids[env->events++] = event->id;
    if (env->on_event != NULL)
        env->on_event(env, event);
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    const struct pump_options options = {.engine = &env->config, .on_event = on_event, .ctx = env};
    const char *error = NULL;
    t_loop_init(&env->loop);
    env->tap.room = UINT32_MAX;
    te_config_init(&env->config);
    env->config.allocator = t_heap;
    env->config.mac[0] = 2;
    env->config.dad = false;
    env->config.rto_initial_us = RTO_US;
    env->config.neighbour_incomplete_max = env->config.neighbour_max; /* many may ask at once */
    assert_true(te_addr_parse("10.0.0.1", &env->config.addresses[0].addr));
    env->config.addresses[0].prefix_bits = 16;
    env->config.address_count = 1;
    env->pump = pump_new(&env->loop.uv, &env->tap, &options, &error);
    assert_non_null(env->pump);
    t_turn(&env->loop);
    env->tap.frames = env->tap.batches = 0; /* the engine has announced itself (RFC 5227 2.3) */
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    pump_free(env->pump);
    assert_null(env->tap.handlers.on_frame); /* nothing is delivered to a pump that is gone */
    t_loop_done(&env->loop);
    free(env);
    return 0;
}

static struct te_stack *stack_of(const struct env *env)
{
    return pump_stack(env->pump);
}

/* Opens a connection to 10.0.hi.lo, of which the engine knows no MAC yet. Does not wake. */
static uint64_t open_to(struct env *env, unsigned host)
{
    const uint8_t addr[4] = {10, 0, (uint8_t)(host >> 8), (uint8_t)host};
    const struct te_open open = {.remote = {te_addr_from_v4(addr), 80}};
    uint64_t id;
    assert_int_equal(te_open_active(stack_of(env), &open, &id, pump_now_us(env->pump)), TE_OK);
    return id;
}

/* The ARP reply of 10.0.0.9 (RFC 826), from the device. */
static void deliver_arp_reply(struct env *env)
{
    static const uint8_t frame[42] = {2,  0, 0, 0, 0, 0, 2, 0, 0, 0, 0,  9, 8, 6,
                                      0,  1, 8, 0, 6, 4, 0, 2, 2, 0, 0,  0, 0, 9,
                                      10, 0, 0, 9, 2, 0, 0, 0, 0, 0, 10, 0, 0, 1};
    const struct te_frame_meta meta = {0};
    env->tap.handlers.on_frame(env->tap.handlers.ctx, frame, sizeof(frame), &meta);
}

static bool last_is_tcp(const struct env *env)
{
    return env->tap.last[ETHERTYPE_AT] == 8 && env->tap.last[ETHERTYPE_AT + 1] == 0;
}

/* --- flushes ---------------------------------------------------------------------------------- */

static void test_wake_flushes_once_before_the_loop_waits(void **state)
{
    struct env *env = *state;
    uint64_t before = pump_get_stats(env->pump)->flushes;
    open_to(env, 9);
    t_turn(&env->loop);
    assert_int_equal(env->tap.frames, 0); /* nobody said that there is something to do */
    for (int i = 0; i < 10; i++)
        pump_wake(env->pump);
    assert_int_equal(env->tap.frames, 0);
    t_turn(&env->loop);
    assert_int_equal(env->tap.frames, 1);
    assert_int_equal(pump_get_stats(env->pump)->flushes, before + 1);
}

static void test_flush_does_it_now(void **state)
{
    struct env *env = *state;
    open_to(env, 9);
    assert_false(pump_flush(env->pump));
    assert_int_equal(env->tap.frames, 1);
    assert_int_equal(env->events, 1);
}

/* Frames come in, and the answer leaves, within one turn: input alone sends nothing. */
static void test_batch_of_input_is_flushed_at_its_end(void **state)
{
    struct env *env = *state;
    open_to(env, 9);
    pump_flush(env->pump);
    deliver_arp_reply(env);
    assert_int_equal(env->tap.frames, 1);
    env->tap.handlers.on_batch_end(env->tap.handlers.ctx);
    t_turn(&env->loop);
    assert_int_equal(env->tap.frames, 2);
    assert_true(last_is_tcp(env)); /* the SYN that waited for the MAC */
}

static void answer_arp(struct env *env)
{
    env->tap.on_read_batch = NULL;
    deliver_arp_reply(env);
    env->tap.handlers.on_batch_end(env->tap.handlers.ctx);
}

/* A peer on the same machine has answered before tap_write() returns. */
static void test_what_answers_at_once_is_read_in_the_same_flush(void **state)
{
    struct env *env = *state;
    env->tap.env = env;
    env->tap.on_read_batch = answer_arp;
    open_to(env, 9);
    assert_false(pump_flush(env->pump));
    assert_int_equal(env->tap.frames, 2);
    assert_true(last_is_tcp(env));
    assert_int_equal(env->tap.batches, 2);
    pump_flush(env->pump);
    assert_int_equal(env->tap.batches, 2); /* nothing was written */
}

static void test_flush_is_bounded_and_goes_on(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < PEERS; i++)
        open_to(env, 256 + i);
    uint64_t before = pump_get_stats(env->pump)->postponed;
    assert_true(pump_flush(env->pump));
    assert_int_equal(env->tap.frames, FRAMES_PER_FLUSH);
    assert_int_equal(env->tap.batches, FRAMES_PER_FLUSH / FRAMES_PER_READING);
    assert_int_equal(env->tap.unread, 0);
    assert_int_equal(pump_get_stats(env->pump)->postponed, before + 1);
    t_turn(&env->loop); /* no wake: the rest follows by itself */
    assert_int_equal(env->tap.frames, PEERS);
    assert_int_equal(pump_get_stats(env->pump)->postponed, before + 1);
}

/* --- a TAP that is full ----------------------------------------------------------------------- */

static void test_full_tap_stops_output_and_nothing_else(void **state)
{
    struct env *env = *state;
    env->tap.room = 2;
    for (unsigned i = 0; i < 5; i++)
        open_to(env, 256 + i);
    pump_flush(env->pump);
    assert_int_equal(env->tap.frames, 2);
    assert_int_equal(env->events, 5); /* events do not wait for the device */
    pump_flush(env->pump);
    t_turn(&env->loop);
    assert_int_equal(env->tap.frames, 2);
    env->tap.room = UINT32_MAX;
    env->tap.handlers.on_writable(env->tap.handlers.ctx);
    t_turn(&env->loop);
    assert_int_equal(env->tap.frames, 5);
}

/* A full TAP leaves the loop idle: it waits for on_writable instead of spinning. */
static void test_full_tap_is_no_work_left(void **state)
{
    struct env *env = *state;
    env->tap.room = 1;
    open_to(env, 9);
    open_to(env, 10);
    uint64_t before = pump_get_stats(env->pump)->postponed;
    assert_false(pump_flush(env->pump));
    assert_int_equal(pump_get_stats(env->pump)->postponed, before);
}

/* --- events ----------------------------------------------------------------------------------- */

static void test_events_come_in_order(void **state)
{
    struct env *env = *state;
    uint64_t ids[3];
    for (unsigned i = 0; i < 3; i++)
        ids[i] = open_to(env, 9 + i);
    pump_flush(env->pump);
    assert_int_equal(env->events, 3);
    assert_memory_equal(env->ids, ids, sizeof(ids));
    assert_int_equal(pump_get_stats(env->pump)->events, 3);
}

/* Opens one more connection from within the first event. */
static void open_another(struct env *env, const struct te_event *event)
{
    (void)event;
    if (env->events > 1)
        return;
    open_to(env, 10);
    pump_wake(env->pump);
    assert_false(pump_flush(env->pump)); /* from within an event it does nothing */
    assert_int_equal(env->tap.frames, 1);
}

/* What an event makes the engine send goes out in the same flush. */
static void test_work_made_by_an_event_is_done_too(void **state)
{
    struct env *env = *state;
    env->on_event = open_another;
    open_to(env, 9);
    assert_false(pump_flush(env->pump));
    assert_int_equal(env->events, 2);
    assert_int_equal(env->tap.frames, 2);
}

/* Each frame makes an event, and each such event a frame: work without end. */
static void listen_once_more(struct env *env)
{
    static uint16_t port;
    const struct te_listen listen = {.local.port = ++port};
    uint64_t id;
    assert_int_equal(te_open_passive(stack_of(env), &listen, &id, pump_now_us(env->pump)), TE_OK);
}

static void open_for_each_listener(struct env *env, const struct te_event *event)
{
    if (event->transition.to != TE_LISTEN)
        return;
    open_to(env, 256 + env->events);
    pump_wake(env->pump);
}

static void test_work_without_end_cannot_hold_the_loop(void **state)
{
    struct env *env = *state;
    env->tap.on_write = listen_once_more;
    env->tap.env = env;
    env->on_event = open_for_each_listener;
    open_to(env, 9);
    assert_true(pump_flush(env->pump));
    assert_int_equal(env->tap.frames, ROUNDS_PER_FLUSH);
    env->tap.on_write = NULL;
    t_turn(&env->loop); /* the last of it, without a wake */
    assert_int_equal(env->tap.frames, ROUNDS_PER_FLUSH + 1);
    assert_false(pump_flush(env->pump));
}

/* --- time ------------------------------------------------------------------------------------- */

static void test_time_starts_with_the_pump_and_runs(void **state)
{
    struct env *env = *state;
    int64_t before_us = pump_now_us(env->pump);
    uint64_t start_ns = uv_hrtime();
    assert_true(before_us >= 0);
    while (uv_hrtime() < start_ns + 2000000)
        ;
    int64_t passed_us = pump_now_us(env->pump) - before_us;
    assert_true(passed_us >= 2000);
    assert_true(passed_us <= (int64_t)(uv_hrtime() - start_ns) / 1000 + 1000);
}

static bool has_retransmitted(void *ctx)
{
    return ((struct env *)ctx)->tap.frames >= 3;
}

/* Sends the SYN to 10.0.0.9; its retransmission timer runs then. */
static void send_syn(struct env *env)
{
    open_to(env, 9);
    pump_flush(env->pump);
    deliver_arp_reply(env);
    pump_flush(env->pump);
    assert_int_equal(env->tap.frames, 2);
    assert_true(last_is_tcp(env));
}

static void test_timer_fires_without_a_wake(void **state)
{
    struct env *env = *state;
    uint64_t before = pump_get_stats(env->pump)->timeouts;
    int64_t sent_us = pump_now_us(env->pump);
    send_syn(env);
    t_turn_until(&env->loop, has_retransmitted, env);
    assert_true(pump_now_us(env->pump) - sent_us >= RTO_US); /* and not early */
    assert_true(last_is_tcp(env));
    assert_true(pump_get_stats(env->pump)->timeouts > before);
}

static void test_lateness_is_that_of_the_earliest_timer(void **state)
{
    struct env *env = *state;
    assert_int_equal(pump_lateness_us(env->pump), 0); /* nothing is due */
    send_syn(env);
    int64_t due_us = te_stack_next_timeout(stack_of(env));
    while (pump_now_us(env->pump) < due_us + 3000) /* the loop does not turn */
        ;
    int64_t late_us = pump_lateness_us(env->pump);
    assert_in_range(late_us, 3000, pump_now_us(env->pump) - due_us);
    pump_flush(env->pump);
    assert_true(te_stack_next_timeout(stack_of(env)) > due_us);
}

/* The device's queue holds what came while we did not run. */
static void deliver_waiting(struct env *env)
{
    deliver_arp_reply(env);
    env->tap.handlers.on_batch_end(env->tap.handlers.ctx);
}

static void sleep_until(struct env *env, int64_t until_us)
{
    while (pump_now_us(env->pump) < until_us) /* the loop does not turn, as in a stopped process */
        ;
}

/* The answer to our ARP request came in time, and so did we not: it is read before the timer that
 * would repeat the request. */
static void test_late_timers_run_after_what_waits(void **state)
{
    struct env *env = *state;
    env->tap.env = env;
    env->tap.on_read_waiting = deliver_waiting;
    open_to(env, 9);
    pump_flush(env->pump);
    assert_int_equal(env->tap.frames, 1); /* who has 10.0.0.9? */
    assert_int_equal(env->tap.readings, 0);
    sleep_until(env, te_stack_next_timeout(stack_of(env)) + 25000);
    pump_flush(env->pump);
    assert_int_equal(env->tap.readings, 1);
    assert_int_equal(env->tap.frames, 2);
    assert_true(last_is_tcp(env)); /* the SYN, and not the question again */
    assert_int_equal(pump_get_stats(env->pump)->late, 1);
}

/* A timer that is on time costs no reading. */
static void test_timers_on_time_read_nothing(void **state)
{
    struct env *env = *state;
    send_syn(env);
    sleep_until(env, te_stack_next_timeout(stack_of(env)) + 100);
    pump_flush(env->pump);
    assert_int_equal(env->tap.frames, 3);
    if (pump_get_stats(env->pump)->late == 0) /* this process may have been stopped in earnest */
        assert_int_equal(env->tap.readings, 0);
}

/* --- busy-polling ----------------------------------------------------------------------------- */

static unsigned spins, rests;

static void on_spin(void *ctx)
{
    (void)ctx;
    spins++;
}

static void on_rest(void *ctx)
{
    (void)ctx;
    rests++;
}

/* A frame comes while the pump looks for one. */
static void one_frame_is_read(struct env *env)
{
    env->tap.on_read_batch = NULL;
    env->tap.handlers.on_batch_end(env->tap.handlers.ctx);
}

static struct pump *looking_pump(struct env *env, int64_t busy_poll_us, int64_t short_poll_us)
{
    const struct pump_options options = {.engine = &env->config,
                                         .on_event = on_event,
                                         .on_rest = on_rest,
                                         .busy_poll_us = busy_poll_us,
                                         .short_poll_us = short_poll_us,
                                         .on_spin = on_spin,
                                         .ctx = env};
    const char *error = NULL;
    spins = rests = 0;
    env->tap.may_spin = true;
    env->tap.env = env;
    struct pump *pump = pump_new(&env->loop.uv, &env->tap, &options, &error);
    assert_non_null(pump);
    return pump;
}

static struct pump *busy_pump(struct env *env, int64_t busy_poll_us)
{
    return looking_pump(env, busy_poll_us, 0);
}

static void test_a_busy_pump_looks_without_pause(void **state)
{
    struct env *env = *state;
    struct pump *pump = busy_pump(env, TE_HOUR);
    t_turn(&env->loop); /* the address is announced: something to do */
    t_turn(&env->loop);
    assert_int_equal(uv_backend_timeout(&env->loop.uv), 0);
    assert_int_equal(spins, env->tap.spins);
    assert_true(spins > 1);
    assert_int_equal(rests, 0);
    pump_free(pump);
}

static void test_what_a_busy_pump_finds_is_done_at_once(void **state)
{
    struct env *env = *state;
    struct pump *pump = busy_pump(env, TE_HOUR);
    t_turn(&env->loop);
    uint64_t flushes = pump_get_stats(pump)->flushes;
    env->tap.on_read_batch = one_frame_is_read;
    t_turn(&env->loop);
    assert_int_equal(pump_get_stats(pump)->flushes, flushes + 1);
    pump_free(pump);
}

static bool has_rested(void *ctx)
{
    (void)ctx;
    return rests > 0;
}

static void test_a_busy_pump_rests_when_its_time_is_over(void **state)
{
    struct env *env = *state;
    struct pump *pump = busy_pump(env, 1);
    t_turn_until(&env->loop, has_rested, NULL);
    unsigned before = spins;
    t_turn(&env->loop);
    assert_int_equal(spins, before);
    assert_true(uv_backend_timeout(&env->loop.uv) != 0);
    pump_free(pump);
}

static void test_a_pump_that_is_not_busy_never_spins(void **state)
{
    struct env *env = *state;
    struct pump *pump = busy_pump(env, 0);
    t_turn(&env->loop);
    assert_int_equal(spins, 0);
    assert_int_equal(rests, 1);
    pump_free(pump);
}

static void wake_and_turn(struct env *env, struct pump *pump)
{
    pump_wake(pump);
    t_turn(&env->loop);
}

static void test_a_pump_whose_sleeps_are_short_looks_before_the_next(void **state)
{
    struct env *env = *state;
    struct pump *pump = looking_pump(env, 0, TE_HOUR);
    wake_and_turn(env, pump);
    assert_int_equal(spins, 0);
    assert_int_equal(rests, 1);
    while (spins == 0 && rests < 100)
        wake_and_turn(env, pump);
    /* One more watch would depend on how long the machine took to come back from a yield. */
    assert_true(spins > 0);
    assert_int_equal(rests, 4);
    assert_int_equal(uv_backend_timeout(&env->loop.uv), 0);
    pump_free(pump);
}

/* --- life ------------------------------------------------------------------------------------- */

static void test_engine_that_refuses_its_config(void **state)
{
    struct env *env = *state;
    struct te_config config = env->config;
    const struct pump_options options = {.engine = &config, .on_event = on_event, .ctx = env};
    struct tap tap = {0};
    const char *error = NULL;
    config.mtu_bytes = 1;
    assert_null(pump_new(&env->loop.uv, &tap, &options, &error));
    assert_string_equal(error, te_err_text(TE_ERR_INVALID));
    assert_null(tap.handlers.on_frame);
    pump_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wake_flushes_once_before_the_loop_waits),
        TEST(test_flush_does_it_now),
        TEST(test_batch_of_input_is_flushed_at_its_end),
        TEST(test_what_answers_at_once_is_read_in_the_same_flush),
        TEST(test_flush_is_bounded_and_goes_on),
        TEST(test_full_tap_stops_output_and_nothing_else),
        TEST(test_full_tap_is_no_work_left),
        TEST(test_events_come_in_order),
        TEST(test_work_made_by_an_event_is_done_too),
        TEST(test_work_without_end_cannot_hold_the_loop),
        TEST(test_time_starts_with_the_pump_and_runs),
        TEST(test_timer_fires_without_a_wake),
        TEST(test_lateness_is_that_of_the_earliest_timer),
        TEST(test_late_timers_run_after_what_waits),
        TEST(test_timers_on_time_read_nothing),
        TEST(test_a_busy_pump_looks_without_pause),
        TEST(test_what_a_busy_pump_finds_is_done_at_once),
        TEST(test_a_busy_pump_rests_when_its_time_is_over),
        TEST(test_a_pump_that_is_not_busy_never_spins),
        TEST(test_a_pump_whose_sleeps_are_short_looks_before_the_next),
        TEST(test_engine_that_refuses_its_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The sums for monitoring, against what each connection says of itself. */
#include <string.h>

#include "stack_internal.h"
#include "support/couple.h"
#include "support/test.h"

static struct couple c;

static int setup(void **state)
{
    (void)state;
    couple_init(&c);
    couple_start(&c);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    couple_stop(&c);
    return 0;
}

static struct te_tallies tally_of(const struct fixture *side)
{
    struct te_tallies tallies;
    te_tally(side->stack, side->now_us, &tallies);
    return tallies;
}

static void advance(int64_t us)
{
    fixture_advance(&c.a, us);
    fixture_advance(&c.b, us);
}

static uint32_t total(const struct te_age_histogram *ages)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i <= TE_AGE_BOUNDS; i++)
        sum += ages->counts[i];
    return sum;
}

/* --- ages ------------------------------------------------------------------------------------- */

static void half_close(void)
{
    assert_int_equal(te_shutdown(c.a.stack, c.id, c.a.now_us), TE_OK);
    couple_run(&c);
    assert_int_equal(c.conn->state, TE_FIN_WAIT_2);
    assert_int_equal(c.peer->state, TE_CLOSE_WAIT);
}

static void ages_of_those_in_the_state(void **state)
{
    (void)state;
    half_close();
    advance(20 * SECOND);
    struct te_tallies a = tally_of(&c.a), b = tally_of(&c.b);
    assert_int_equal(a.fin_wait_2.counts[3], 1); /* over 15 s, at most 60 s */
    assert_int_equal(total(&a.fin_wait_2), 1);
    assert_int_equal(a.fin_wait_2.total_us, 20 * SECOND);
    assert_int_equal(total(&a.close_wait), 0);
    assert_int_equal(b.close_wait.counts[3], 1);
    assert_int_equal(total(&b.fin_wait_2), 0);
    assert_int_equal(te_close(c.b.stack, c.peer_id, c.b.now_us), TE_OK);
    couple_run(&c);
    a = tally_of(&c.a), b = tally_of(&c.b);
    assert_int_equal(total(&a.fin_wait_2) + total(&b.close_wait), 0);
}

static void a_reset_ends_it_too(void **state)
{
    (void)state;
    half_close();
    assert_int_equal(te_abort(c.b.stack, c.peer_id, c.b.now_us), TE_OK);
    couple_run(&c);
    struct te_tallies a = tally_of(&c.a), b = tally_of(&c.b);
    assert_int_equal(total(&a.fin_wait_2) + total(&b.close_wait), 0);
}

static void a_restored_stack_knows_them(void **state)
{
    (void)state;
    half_close();
    advance(100 * SECOND);
    fixture_rebear(&c.b);
    struct te_tallies b = tally_of(&c.b);
    assert_int_equal(b.close_wait.counts[4], 1);
    assert_int_equal(total(&b.close_wait), 1);
}

/* --- what holds senders ----------------------------------------------------------------------- */

static void assert_as_explained(void)
{
    struct te_tallies tallies = tally_of(&c.a);
    struct te_explanation of;
    assert_int_equal(te_explain(c.a.stack, c.id, c.a.now_us, &of), TE_OK);
    for (unsigned i = 0; i < TE_HOLD_COUNT; i++)
        assert_int_equal(tallies.held_us[i], of.held_us[i]);
}

/* The peer does not read, so that its window shuts. */
static void send_until_held(void)
{
    static uint8_t bytes[1 << 20];
    size_t accepted;
    for (unsigned i = 0; i < 20 && c.conn->snd_wnd > 0; i++) {
        te_send(c.a.stack, c.id, bytes, sizeof(bytes), &accepted, c.a.now_us);
        couple_run(&c);
        advance(100 * MS);
        couple_run(&c);
    }
    assert_int_equal(c.conn->snd_wnd, 0);
}

static void held_as_each_connection_says(void **state)
{
    (void)state;
    assert_as_explained();
    send_until_held();
    uint64_t before_us = tally_of(&c.a).held_us[TE_HOLD_PEER_WINDOW];
    assert_as_explained();
    advance(7 * SECOND);
    assert_as_explained();
    assert_int_equal(tally_of(&c.a).held_us[TE_HOLD_PEER_WINDOW], before_us + 7 * SECOND);
}

static void those_that_ended_still_count(void **state)
{
    (void)state;
    send_until_held();
    advance(3 * SECOND);
    struct te_tallies before = tally_of(&c.a);
    assert_int_equal(te_abort(c.a.stack, c.id, c.a.now_us), TE_OK);
    couple_run(&c);
    advance(SECOND);
    struct te_tallies after = tally_of(&c.a);
    assert_true(after.held_us[TE_HOLD_PEER_WINDOW] >= 3 * SECOND);
    assert_memory_equal(after.held_us, before.held_us, sizeof(before.held_us));
}

/* --- sizes ------------------------------------------------------------------------------------ */

static uint64_t segments(const struct te_size_histogram *sizes)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < TE_SIZE_BUCKETS; i++)
        sum += sizes->counts[i];
    return sum;
}

static void sizes_of_both_ends(void **state)
{
    static const uint8_t bytes[5000];
    size_t accepted;
    (void)state;
    struct te_tallies before = tally_of(&c.a);
    uint64_t out = fixture_counters(&c.a)->segments_out;
    te_send(c.a.stack, c.id, bytes, sizeof(bytes), &accepted, c.a.now_us);
    couple_run(&c);
    struct te_tallies a = tally_of(&c.a), b = tally_of(&c.b);
    unsigned full = te_size_bucket(c.conn->mss);
    assert_int_equal(a.sent.counts[full] - before.sent.counts[full], sizeof(bytes) / c.conn->mss);
    assert_int_equal(a.sent.total_bytes, 5000);
    assert_int_equal(segments(&a.sent) - segments(&before.sent),
                     fixture_counters(&c.a)->segments_out - out);
    assert_memory_equal(&a.sent, &b.received, sizeof(a.sent));
    assert_memory_equal(&b.sent, &a.received, sizeof(a.sent));
    assert_true(b.sent.counts[0] > 0); /* ACKs */
}

/* --- drops ------------------------------------------------------------------------------------ */

static void drops_by_reason(void **state)
{
    static const uint8_t runt[5];
    (void)state;
    struct te_open open = {.remote = {fixture_addr("10.0.0.2"), 81}};
    uint64_t id;
    fixture_input(&c.b, runt, sizeof(runt));
    fixture_input(&c.b, runt, sizeof(runt));
    te_open_active(c.a.stack, &open, &id, c.a.now_us);
    couple_run(&c);
    struct te_tallies b = tally_of(&c.b);
    uint64_t sum = 0;
    for (unsigned i = 0; i < TE_DROP_COUNT; i++)
        sum += b.drops[i];
    assert_int_equal(b.drops[TE_DROP_ETH_MALFORMED], 2);
    assert_int_equal(b.drops[TE_DROP_TCP_NO_CONNECTION], 1);
    assert_int_equal(sum, 3);
}

/* --- listeners -------------------------------------------------------------------------------- */

static struct te_listener_tally the_listener(void)
{
    struct te_listener_tally tally;
    uint64_t cursor = 0;
    assert_true(te_tally_listener(c.b.stack, &cursor, &tally));
    assert_int_equal(tally.id, c.listener_id);
    struct te_listener_tally none;
    assert_false(te_tally_listener(c.b.stack, &cursor, &none));
    return tally;
}

static void a_listener_whose_program_does_not_accept(void **state)
{
    struct te_open open = {.remote = {fixture_addr("10.0.0.2"), COUPLE_PORT}};
    uint64_t id;
    (void)state;
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(te_open_active(c.a.stack, &open, &id, c.a.now_us), TE_OK);
    couple_run(&c);
    struct te_listener_tally tally = the_listener();
    assert_int_equal(tally.local.port, COUPLE_PORT);
    assert_true(te_addr_is_unspecified(&tally.remote.addr));
    assert_int_equal(tally.accept_count, 4);
    assert_int_equal(tally.backlog, 4);
    assert_int_equal(tally.syn_count, 2); /* their ACKs found it full */
    assert_int_equal(tally.syn_max, c.b.config.syn_queue_max);
    assert_int_equal(tally.accept_drops, fixture_counters(&c.b)->accept_queue_full);
    assert_int_equal(tally.accept_drops, 2);
    assert_int_equal(tally.cookies_sent, 0);
}

static int setup_narrow(void **state)
{
    (void)state;
    couple_init(&c);
    c.b.config.syn_queue_max = 1;
    couple_start(&c);
    return 0;
}

/* None of the SYNs' answers arrives. */
static void open_half(unsigned count)
{
    struct te_open open = {.remote = {fixture_addr("10.0.0.2"), COUPLE_PORT}};
    const struct fixture_frame *frame;
    uint64_t id;
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(te_open_active(c.a.stack, &open, &id, c.a.now_us), TE_OK);
    fixture_poll(&c.a);
    while ((frame = fixture_next(&c.a)) != NULL)
        fixture_input_meta(&c.b, frame->bytes, frame->len, &frame->meta);
}

static void a_listener_that_gives_cookies(void **state)
{
    (void)state;
    open_half(4);
    struct te_listener_tally tally = the_listener();
    assert_int_equal(tally.syn_count, 1);
    assert_int_equal(tally.syn_max, 1);
    assert_int_equal(tally.cookies_sent, 3);
    assert_int_equal(fixture_counters(&c.b)->syn_cookies_sent, 3);
    assert_int_equal(tally.syn_drops, 0);
}

static int setup_without_cookies(void **state)
{
    (void)state;
    couple_init(&c);
    c.b.config.syn_queue_max = 1;
    c.b.config.syn_cookies = TE_SYN_COOKIES_OFF;
    couple_start(&c);
    return 0;
}

static void a_listener_that_gives_none(void **state)
{
    (void)state;
    open_half(4);
    struct te_listener_tally tally = the_listener();
    assert_int_equal(tally.syn_drops, 3);
    assert_int_equal(fixture_counters(&c.b)->syn_queue_full, 3);
    assert_int_equal(tally.cookies_sent + tally.accept_drops, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ages_of_those_in_the_state),
        TEST(a_reset_ends_it_too),
        TEST(a_restored_stack_knows_them),
        TEST(held_as_each_connection_says),
        TEST(those_that_ended_still_count),
        TEST(sizes_of_both_ends),
        TEST(drops_by_reason),
        TEST(a_listener_whose_program_does_not_accept),
        cmocka_unit_test_setup_teardown(a_listener_that_gives_cookies, setup_narrow, teardown),
        cmocka_unit_test_setup_teardown(a_listener_that_gives_none, setup_without_cookies,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

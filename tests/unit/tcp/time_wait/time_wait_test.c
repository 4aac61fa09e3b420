/* The table alone: entries are put into it, and no segment comes. What segments do to an entry is
 * time_wait_script_test.c's. */
#include <string.h>

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/random.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/time_wait/time_wait.h"
#include "util/bytes.h"

#define TWO_MSL (60 * SECOND)
#define NONE TE_TIME_WAIT_NONE

static struct fixture f;

static void start(uint32_t max, enum te_time_wait_policy policy)
{
    fixture_init(&f);
    f.reborn = false; /* handles do not survive a restore */
    f.config.msl_us = TWO_MSL / 2;
    f.config.time_wait_max = max;
    f.config.time_wait_policy = policy;
    fixture_start(&f);
}

static int setup(void **state)
{
    (void)state;
    start(5000, TE_TIME_WAIT_EVICT_OLDEST);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

static struct te_time_wait_table *table(void)
{
    return &f.stack->time_wait;
}

static void check(void)
{
    const char *wrong = te_time_wait_check(f.stack);
    if (wrong != NULL)
        fail_msg("%s", wrong);
}

/* The number-th entry: every other one is of IPv6. */
static struct te_time_wait_view view_of(unsigned number)
{
    bool is_v4 = number % 2 == 0;
    struct te_time_wait_view view = {
        .id = (UINT64_C(1) << 40) + number,
        .local = {fixture_addr(is_v4 ? "10.0.0.1" : "2001:db8::1"), 80},
        .remote = {fixture_addr(is_v4 ? "198.51.100.0" : "2001:db8:7::"), 4000},
        .uid = 1000 + number % 2,
        .snd_nxt = 0xfffffff0 + number,
        .rcv_nxt = 0x80000000 + number,
        .ts_recent = 7 * number,
        .window = (uint16_t)(number * 3),
        .ts_ok = number % 3 == 0,
        .from = number % 3 == 0   ? TE_FIN_WAIT_1
                : number % 3 == 1 ? TE_FIN_WAIT_2
                                  : TE_CLOSING,
        .fin_reacked = number % 256,
        .started_at_us = f.stack->now_us,
        .ends_at_us = f.stack->now_us + TWO_MSL,
    };
    te_store_be16(view.remote.addr.bytes + 14, (uint16_t)(number / 2));
    return view;
}

static uint32_t put(unsigned number)
{
    struct te_time_wait_view view = view_of(number);
    assert_true(te_time_wait_put(f.stack, &view));
    return table()->tail;
}

/* As much of a connection as te_time_wait_enter looks at. */
static struct te_conn conn_of(unsigned number)
{
    struct te_time_wait_view view = view_of(number);
    struct te_conn conn = {.id = view.id,
                           .local = view.local,
                           .remote = view.remote,
                           .uid = view.uid,
                           .snd_max = view.snd_nxt,
                           .rcv_nxt = view.rcv_nxt,
                           .ts_ok = true,
                           .receive_limit_bytes = 65536,
                           .receive_max_bytes = 65536,
                           .rcv_wscale = 1};
    conn.paws.ts_recent = view.ts_recent;
    conn.rcv_adv = conn.rcv_nxt;
    return conn;
}

static bool enter(unsigned number)
{
    struct te_conn conn = conn_of(number);
    return te_time_wait_enter(f.stack, &conn, TE_FIN_WAIT_2);
}

static bool is_there(unsigned number)
{
    return te_time_wait_find_id(f.stack, view_of(number).id) != NONE;
}

static void drain_events(void)
{
    struct te_event event;
    while (te_stack_next_event(f.stack, &event))
        ;
}

/* --- what an entry says ----------------------------------------------------------------------- */

static void assert_view(const struct te_time_wait_view *is, const struct te_time_wait_view *want)
{
    assert_int_equal(is->id, want->id);
    assert_true(te_addr_equal(&is->local.addr, &want->local.addr));
    assert_int_equal(is->local.port, want->local.port);
    assert_true(te_addr_equal(&is->remote.addr, &want->remote.addr));
    assert_int_equal(is->remote.port, want->remote.port);
    assert_int_equal(is->uid, want->uid);
    assert_int_equal(is->snd_nxt, want->snd_nxt);
    assert_int_equal(is->rcv_nxt, want->rcv_nxt);
    assert_int_equal(is->ts_recent, want->ts_recent);
    assert_int_equal(is->window, want->window);
    assert_int_equal(is->ts_ok, want->ts_ok);
    assert_int_equal(is->from, want->from);
    assert_int_equal(is->fin_reacked, want->fin_reacked);
    assert_int_equal(is->started_at_us, want->started_at_us);
    assert_int_equal(is->ends_at_us, want->ends_at_us);
}

static void a_view_comes_back_as_it_was(void **state)
{
    struct te_time_wait_view view, want;
    (void)state;
    for (unsigned number = 0; number < 12; number++) {
        uint32_t handle = put(number);
        want = view_of(number);
        te_time_wait_view(f.stack, handle, &view);
        assert_int_equal(view.handle, handle);
        assert_view(&view, &want);
    }
    check();
}

/* An id has 53 bits outside, 48 here. */
static void the_largest_values_fit(void **state)
{
    struct te_time_wait_view want = view_of(0), view;
    (void)state;
    want.id = (UINT64_C(1) << 48) - 1;
    want.local.port = want.remote.port = want.window = UINT16_MAX;
    want.uid = want.snd_nxt = want.rcv_nxt = want.ts_recent = UINT32_MAX;
    want.fin_reacked = 255;
    assert_true(te_time_wait_put(f.stack, &want));
    te_time_wait_view(f.stack, table()->head, &view);
    assert_view(&view, &want);
}

/* Times are kept in milliseconds, rounded up: no entry ends early. */
static void an_end_is_rounded_up(void **state)
{
    struct te_time_wait_view view = view_of(0);
    int64_t exact_us = view.ends_at_us;
    (void)state;
    for (int64_t odd_us = 0; odd_us < 3; odd_us++) {
        view.id++;
        view.remote.port++;
        view.ends_at_us = exact_us + odd_us;
        assert_true(te_time_wait_put(f.stack, &view));
        struct te_time_wait_view is;
        te_time_wait_view(f.stack, table()->tail, &is);
        assert_int_equal(is.ends_at_us, odd_us == 0 ? exact_us : exact_us + MS);
    }
}

static void every_local_address_has_its_index(void **state)
{
    struct te_time_wait_view view;
    (void)state;
    fixture_stop(&f);
    fixture_init(&f);
    f.reborn = false;
    f.config.address_count = TE_LOCAL_ADDRESSES_MAX;
    for (unsigned i = 0; i < TE_LOCAL_ADDRESSES_MAX; i++) {
        f.config.addresses[i] = fixture_cidr("10.0.0.1/24");
        f.config.addresses[i].addr.bytes[15] = (uint8_t)(1 + i);
    }
    fixture_start(&f);
    for (unsigned i = 0; i < TE_LOCAL_ADDRESSES_MAX; i++) {
        struct te_time_wait_view want = view_of(2 * i);
        want.local.addr.bytes[15] = (uint8_t)(1 + i);
        assert_true(te_time_wait_put(f.stack, &want));
        te_time_wait_view(f.stack, table()->tail, &view);
        assert_true(te_addr_equal(&view.local.addr, &want.local.addr));
    }
}

/* --- found ------------------------------------------------------------------------------------ */

static void found_by_tuple_and_by_id(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 3000; number++)
        (void)put(number);
    check();
    for (unsigned number = 0; number < 3000; number += 7) {
        struct te_time_wait_view want = view_of(number);
        uint32_t handle = te_time_wait_find(f.stack, &want.local, &want.remote);
        assert_int_not_equal(handle, NONE);
        assert_int_equal(te_time_wait_find_id(f.stack, want.id), handle);
        want.remote.port++;
        assert_int_equal(te_time_wait_find(f.stack, &want.local, &want.remote), NONE);
        want.remote.port--;
        want.local.port++;
        assert_int_equal(te_time_wait_find(f.stack, &want.local, &want.remote), NONE);
        want.local.port--;
        want.remote.addr.bytes[12] ^= 1;
        assert_int_equal(te_time_wait_find(f.stack, &want.local, &want.remote), NONE);
    }
    assert_int_equal(te_time_wait_find_id(f.stack, view_of(3000).id), NONE);
    assert_int_equal(te_time_wait_find_id(f.stack, view_of(0).id >> 8),
                     NONE); /* the high bits count */
}

/* --- how long --------------------------------------------------------------------------------- */

static void an_entry_lasts_2msl(void **state)
{
    struct te_event event;
    (void)state;
    assert_true(enter(0));
    assert_int_equal(fixture_counters(&f)->time_wait_entered, 1);
    fixture_advance(&f, TWO_MSL - 1);
    assert_true(is_there(0));
    drain_events();
    fixture_advance(&f, 1);
    assert_false(is_there(0));
    assert_int_equal(fixture_counters(&f)->time_wait_expired, 1);
    assert_true(te_stack_next_event(f.stack, &event));
    assert_int_equal(event.kind, TE_EVENT_STATE);
    assert_int_equal(event.id, view_of(0).id);
    assert_int_equal(event.transition.from, TE_TIME_WAIT);
    assert_int_equal(event.transition.to, TE_CLOSED);
    assert_int_equal(event.transition.cause, TE_CAUSE_TIMEOUT_2MSL);
}

static void entries_end_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 10; number++) {
        assert_true(enter(number));
        fixture_advance(&f, SECOND);
    }
    unsigned number = 0;
    for (uint32_t h = te_time_wait_next(table(), NONE); h != NONE;
         h = te_time_wait_next(table(), h)) {
        struct te_time_wait_view view;
        te_time_wait_view(f.stack, h, &view);
        assert_int_equal(view.id, view_of(number).id);
        number++;
    }
    assert_int_equal(number, 10);
    fixture_advance(&f, TWO_MSL - 10 * SECOND);
    for (number = 0; number < 10; number++) {
        assert_int_equal(table()->count, 9 - number);
        assert_false(is_there(number));
        assert_true(number == 9 || is_there(number + 1));
        fixture_advance(&f, SECOND);
    }
}

/* RFC 9293 3.10.7.4, eighth check: the peer's FIN again. */
static void a_restart_begins_2msl_anew(void **state)
{
    struct te_time_wait_view view;
    struct te_event event;
    (void)state;
    assert_true(enter(0));
    assert_true(enter(1));
    int64_t start_us = f.now_us;
    drain_events();
    fixture_advance(&f, 40 * SECOND);
    te_time_wait_restart(f.stack, te_time_wait_find_id(f.stack, view_of(0).id));
    check();
    assert_int_equal(fixture_counters(&f)->time_wait_fin_again, 1);
    assert_true(te_stack_next_event(f.stack, &event));
    assert_int_equal(event.kind, TE_EVENT_FIN_AGAIN);
    assert_int_equal(event.id, view_of(0).id);
    te_time_wait_view(f.stack, table()->tail, &view); /* it ends last now */
    assert_int_equal(view.id, view_of(0).id);
    assert_int_equal(view.fin_reacked, 1);
    assert_int_equal(view.ends_at_us, f.now_us + TWO_MSL);
    assert_in_range(view.started_at_us, start_us - 8 * MS, start_us + 8 * MS);
    fixture_advance(&f, 20 * SECOND);
    assert_false(is_there(1));
    assert_true(is_there(0));
    fixture_advance(&f, 40 * SECOND - 1);
    assert_true(is_there(0));
    fixture_advance(&f, 1);
    assert_false(is_there(0));
}

static void restarts_are_counted_up_to_255(void **state)
{
    struct te_time_wait_view view;
    (void)state;
    assert_true(enter(0));
    for (unsigned i = 1; i <= 300; i++) {
        te_time_wait_restart(f.stack, table()->head);
        te_time_wait_view(f.stack, table()->head, &view);
        assert_int_equal(view.fin_reacked, i < 255 ? i : 255);
    }
    assert_int_equal(fixture_counters(&f)->time_wait_fin_again, 300);
}

/* How long it has lasted is kept in 16 bits of 16 ms, and does not wrap. */
static void the_start_of_a_long_one_does_not_wrap(void **state)
{
    struct te_time_wait_view view;
    int64_t last_us = 0;
    (void)state;
    assert_true(enter(0));
    for (unsigned i = 0; i < 100; i++) {
        fixture_advance(&f, TWO_MSL - SECOND);
        te_time_wait_restart(f.stack, table()->head);
        te_time_wait_view(f.stack, table()->head, &view);
        int64_t lasted_us = view.ends_at_us - view.started_at_us;
        assert_true(lasted_us >= last_us);
        last_us = lasted_us;
    }
    assert_int_equal(last_us, TWO_MSL + UINT16_MAX * INT64_C(16000));
}

/* One call ends 512: a table that is over all at once does not hold the host up. */
static void a_bounded_number_ends_in_one_call(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 1200; number++)
        (void)put(number);
    f.stack->now_us += TWO_MSL;
    f.now_us = f.stack->now_us;
    te_time_wait_on_timer(f.stack);
    assert_int_equal(table()->count, 1200 - 512);
    te_time_wait_on_timer(f.stack);
    assert_int_equal(table()->count, 1200 - 1024);
    check(); /* still armed */
    te_time_wait_on_timer(f.stack);
    assert_int_equal(table()->count, 0);
    assert_int_equal(table()->timer.at_us, TE_NEVER);
    assert_int_equal(fixture_counters(&f)->time_wait_expired, 1200);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void a_full_table_evicts_who_ends_next(void **state)
{
    struct te_event event;
    (void)state;
    fixture_stop(&f);
    start(3, TE_TIME_WAIT_EVICT_OLDEST);
    for (unsigned number = 0; number < 3; number++)
        assert_true(enter(number));
    te_time_wait_restart(f.stack, table()->head); /* now 1 ends next */
    drain_events();
    assert_true(enter(3));
    assert_int_equal(table()->count, 3);
    assert_false(is_there(1));
    assert_true(is_there(0) && is_there(2) && is_there(3));
    assert_int_equal(fixture_counters(&f)->time_wait_overflow, 1);
    assert_true(te_stack_next_event(f.stack, &event));
    assert_int_equal(event.id, view_of(1).id);
    assert_int_equal(event.transition.cause, TE_CAUSE_LIMIT);
}

static void a_full_table_skips_the_new_one(void **state)
{
    (void)state;
    fixture_stop(&f);
    start(3, TE_TIME_WAIT_SKIP);
    for (unsigned number = 0; number < 3; number++)
        assert_true(enter(number));
    assert_false(enter(3));
    assert_false(is_there(3));
    assert_true(is_there(0) && is_there(1) && is_there(2));
    assert_int_equal(fixture_counters(&f)->time_wait_overflow, 1);
    assert_int_equal(fixture_counters(&f)->time_wait_entered, 3);
    te_time_wait_end(f.stack, table()->head, TE_CAUSE_ABORT, NULL);
    assert_true(enter(3));
}

static void without_memory_there_is_no_entry(void **state)
{
    (void)state;
    f.heap.allocations_left = 0;
    assert_false(enter(0));
    assert_int_equal(fixture_counters(&f)->time_wait_entered, 0);
    f.heap.allocations_left = -1;
    check();
    assert_true(enter(0));
    f.heap.allocations_left = 0; /* the chunk has room for more */
    assert_true(enter(2));
    assert_false(enter(1)); /* the other family needs a chunk of its own */
    f.heap.allocations_left = -1;
    check();
}

/* Buckets that cannot grow stay as they are, and everything is still found. */
static void buckets_that_cannot_grow(void **state)
{
    uint32_t buckets = table()->growth.bucket_count;
    (void)state;
    (void)put(0);
    f.heap.allocations_left = 0;
    for (unsigned number = 1; number < 500; number++)
        (void)put(2 * number);
    f.heap.allocations_left = -1;
    assert_int_equal(table()->growth.bucket_count, buckets);
    check();
    for (unsigned more = 1; more < buckets / TE_GROWTH_STEP; more++) {
        (void)put(998 + 2 * more);
        assert_int_equal(table()->growth.bucket_count, buckets);
        assert_int_equal(table()->growth.moved, more * TE_GROWTH_STEP);
        check();
    }
    (void)put(998 + 2 * (buckets / TE_GROWTH_STEP));
    assert_int_equal(table()->growth.bucket_count, 2 * buckets);
    assert_int_equal(table()->growth.moved, 0);
    check();
}

/* No addition moves more, at any size. */
static void no_addition_moves_many_buckets(void **state)
{
    uint32_t most = 0;
    (void)state;
    for (unsigned number = 0; number < 3000; number++) {
        struct te_growth before = table()->growth;
        (void)put(number);
        uint32_t moved = table()->growth.moved - before.moved;
        if (table()->growth.bucket_count != before.bucket_count)
            moved += before.bucket_count;
        most = moved > most ? moved : most;
        assert_true(table()->count <= 4 * table()->growth.bucket_count);
    }
    assert_int_equal(most, TE_GROWTH_STEP);
    assert_int_equal(table()->growth.bucket_count, 2048);
    check();
}

/* What is left is found while others end, and nothing is held in the end. */
static void entries_end_while_the_tables_grow(void **state)
{
    uint64_t empty = te_time_wait_memory(table());
    (void)state;
    for (unsigned number = 0; number < 132; number++)
        (void)put(2 * number);
    assert_int_equal(table()->growth.moved, 4 * TE_GROWTH_STEP);
    while (table()->count > 0) {
        check();
        te_time_wait_end(f.stack, table()->tail, TE_CAUSE_ABORT, NULL);
    }
    (void)put(0);
    te_time_wait_end(f.stack, table()->head, TE_CAUSE_ABORT, NULL);
    assert_int_equal(te_time_wait_memory(table()), empty);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* 56 and 68 bytes, with the buckets under 64 and 88 on average. */
static void an_entry_is_small(void **state)
{
    uint64_t empty = te_time_wait_memory(table());
    (void)state;
    assert_int_equal(table()->pools[0].entry_bytes, 56);
    assert_int_equal(table()->pools[1].entry_bytes, 68);
    for (unsigned number = 0; number < 4096; number++)
        (void)put(2 * number);
    assert_true(te_time_wait_memory(table()) - empty <= 64 * 4096);
    while (table()->count > 0)
        te_time_wait_end(f.stack, table()->head, TE_CAUSE_ABORT, NULL);
    assert_int_equal(te_time_wait_memory(table()), empty); /* all of it is given back */
    for (unsigned number = 0; number < 4096; number++)
        (void)put(2 * number + 1);
    assert_true(te_time_wait_memory(table()) - empty <= 88 * 4096);
}

/* --- the walk --------------------------------------------------------------------------------- */

#define MANY 2000

static uint32_t walk(uint64_t *cursor)
{
    uint32_t steps = UINT32_MAX;
    return te_time_wait_scan(table(), cursor, &steps);
}

static void the_walk_sees_each_once(void **state)
{
    static bool seen[MANY];
    uint64_t cursor = 0;
    uint32_t handle;
    unsigned count = 0;
    (void)state;
    memset(seen, 0, sizeof(seen));
    assert_int_equal(walk(&cursor), NONE);
    for (unsigned number = 0; number < MANY; number++)
        (void)put(number);
    for (unsigned number = 0; number < MANY; number += 3)
        te_time_wait_end(f.stack, te_time_wait_find_id(f.stack, view_of(number).id), TE_CAUSE_ABORT,
                         NULL);
    cursor = 0;
    while ((handle = walk(&cursor)) != NONE) {
        struct te_time_wait_view view;
        te_time_wait_view(f.stack, handle, &view);
        uint64_t number = view.id - view_of(0).id;
        assert_true(number < MANY && number % 3 != 0 && !seen[number]);
        seen[number] = true;
        count++;
    }
    assert_int_equal(count, table()->count);
    assert_int_equal(walk(&cursor), NONE); /* the end stays the end */
}

/* Whatever comes and goes: the FIFO, both tables and the account agree. */
static void random_walks_keep_the_invariants(void **state)
{
    static bool is_in[400];
    uint64_t seed = 3;
    uint32_t count = 0;
    (void)state;
    memset(is_in, 0, sizeof(is_in));
    for (unsigned step = 0; step < 20000; step++) {
        unsigned number = random_below(&seed, 400);
        uint32_t handle = te_time_wait_find_id(f.stack, view_of(number).id);
        assert_int_equal(handle != NONE, is_in[number]);
        f.stack->now_us += 700; /* so little that nothing ends by itself */
        if (handle == NONE) {
            (void)put(number);
        } else if (random_below(&seed, 2) != 0) {
            te_time_wait_restart(f.stack, handle);
            continue;
        } else {
            te_time_wait_end(f.stack, handle, TE_CAUSE_ABORT, NULL);
        }
        is_in[number] = handle == NONE;
        count += handle == NONE ? 1u : UINT32_MAX;
        assert_int_equal(table()->count, count);
        if (step % 100 == 0)
            check();
    }
    f.now_us = f.stack->now_us;
    check();
}

#define TIME_WAIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TIME_WAIT_TEST(a_view_comes_back_as_it_was),
        TIME_WAIT_TEST(the_largest_values_fit),
        TIME_WAIT_TEST(an_end_is_rounded_up),
        TIME_WAIT_TEST(every_local_address_has_its_index),
        TIME_WAIT_TEST(found_by_tuple_and_by_id),
        TIME_WAIT_TEST(an_entry_lasts_2msl),
        TIME_WAIT_TEST(entries_end_in_the_order_in_which_they_came),
        TIME_WAIT_TEST(a_restart_begins_2msl_anew),
        TIME_WAIT_TEST(restarts_are_counted_up_to_255),
        TIME_WAIT_TEST(the_start_of_a_long_one_does_not_wrap),
        TIME_WAIT_TEST(a_bounded_number_ends_in_one_call),
        TIME_WAIT_TEST(a_full_table_evicts_who_ends_next),
        TIME_WAIT_TEST(a_full_table_skips_the_new_one),
        TIME_WAIT_TEST(without_memory_there_is_no_entry),
        TIME_WAIT_TEST(buckets_that_cannot_grow),
        TIME_WAIT_TEST(no_addition_moves_many_buckets),
        TIME_WAIT_TEST(entries_end_while_the_tables_grow),
        TIME_WAIT_TEST(an_entry_is_small),
        TIME_WAIT_TEST(the_walk_sees_each_once),
        TIME_WAIT_TEST(random_walks_keep_the_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* event_queue.h: the ring of state changes, and the list of objects that are ready. */
#include <string.h>

#include "event_queue.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"

#define CAPACITY 4u

static void start(struct fixture *f)
{
    struct te_event event;
    fixture_init(f);
    f->config.event_max = CAPACITY;
    fixture_start(f);
    while (te_event_pop(f->stack, &event))
        ;
}

/* The number tells events apart. */
static void push(struct fixture *f, uint64_t number)
{
    struct te_event event = {.kind = TE_EVENT_STATE, .id = number};
    te_event_push(f->stack, &event);
}

static void expect_state(struct fixture *f, uint64_t number)
{
    struct te_event event;
    assert_true(te_event_pop(f->stack, &event));
    assert_int_equal(event.kind, TE_EVENT_STATE);
    assert_int_equal(event.id, number);
}

static void expect_ready(struct fixture *f, uint64_t id, unsigned flags)
{
    struct te_event event;
    assert_true(te_event_pop(f->stack, &event));
    assert_int_equal(event.kind, TE_EVENT_READY);
    assert_int_equal(event.id, id);
    assert_int_equal(event.ready, flags);
    assert_int_equal(event.time_us, f->now_us);
}

static void expect_empty(struct fixture *f)
{
    struct te_event event = {.id = 4711};
    assert_false(te_event_pop(f->stack, &event));
    assert_int_equal(event.id, 4711);
}

static uint64_t lost(const struct fixture *f)
{
    return fixture_counters(f)->events_lost;
}

/* --- the ring --------------------------------------------------------------------------------- */

static void events_come_in_their_order(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    expect_empty(&f);
    for (uint64_t i = 1; i <= CAPACITY; i++)
        push(&f, i);
    for (uint64_t i = 1; i <= CAPACITY; i++)
        expect_state(&f, i);
    expect_empty(&f);
    assert_int_equal(lost(&f), 0);
    fixture_stop(&f);
}

static void a_full_ring_loses_the_oldest_and_counts(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    for (uint64_t i = 1; i <= CAPACITY + 3; i++)
        push(&f, i);
    assert_int_equal(lost(&f), 3);
    for (uint64_t i = 4; i <= CAPACITY + 3; i++)
        expect_state(&f, i);
    expect_empty(&f);
    fixture_stop(&f);
}

/* Pushed and taken at a different pace, many times around. */
static void the_ring_wraps_around(void **state)
{
    struct fixture f;
    uint64_t pushed = 0, taken = 0;
    (void)state;
    start(&f);
    for (unsigned round = 0; round < 100; round++) {
        for (unsigned i = 0; i < 1 + round % CAPACITY; i++)
            push(&f, ++pushed);
        while (taken < pushed)
            expect_state(&f, ++taken);
        expect_empty(&f);
    }
    assert_int_equal(lost(&f), 0);
    fixture_stop(&f);
}

static void an_event_is_copied_whole(void **state)
{
    struct fixture f;
    struct te_event event = {.kind = TE_EVENT_FIN_AGAIN,
                             .id = 9,
                             .time_us = 10,
                             .uid = 11,
                             .local = {fixture_addr("10.0.0.1"), 80},
                             .remote = {fixture_addr("10.0.0.2"), 4000},
                             .transition = {.cause = TE_CAUSE_RECV_FIN},
                             .error = TE_ERR_RESET};
    struct te_event taken;
    (void)state;
    start(&f);
    te_event_push(f.stack, &event);
    assert_true(te_event_pop(f.stack, &taken));
    assert_memory_equal(&taken, &event, sizeof(event));
    fixture_stop(&f);
}

/* --- readiness -------------------------------------------------------------------------------- */

static void flags_gather_until_they_are_taken(void **state)
{
    struct fixture f;
    struct te_ready_node node;
    (void)state;
    start(&f);
    te_ready_init(&node, 7);
    te_ready_add(f.stack, &node, TE_READY_RECEIVE);
    te_ready_add(f.stack, &node, TE_READY_SEND);
    te_ready_add(f.stack, &node, TE_READY_RECEIVE);
    expect_ready(&f, 7, TE_READY_RECEIVE | TE_READY_SEND);
    expect_empty(&f);
    te_ready_add(f.stack, &node, TE_READY_OPEN);
    expect_ready(&f, 7, TE_READY_OPEN);
    expect_empty(&f);
    fixture_stop(&f);
}

/* An object keeps its place while flags are added, and goes to the end once it was taken. */
static void objects_come_first_come_first_served(void **state)
{
    struct fixture f;
    struct te_ready_node nodes[3];
    (void)state;
    start(&f);
    for (uint64_t i = 0; i < 3; i++) {
        te_ready_init(&nodes[i], i + 1);
        te_ready_add(f.stack, &nodes[i], TE_READY_SEND);
    }
    te_ready_add(f.stack, &nodes[0], TE_READY_RECEIVE);
    expect_ready(&f, 1, TE_READY_SEND | TE_READY_RECEIVE);
    te_ready_add(f.stack, &nodes[0], TE_READY_SEND);
    expect_ready(&f, 2, TE_READY_SEND);
    expect_ready(&f, 3, TE_READY_SEND);
    expect_ready(&f, 1, TE_READY_SEND);
    expect_empty(&f);
    fixture_stop(&f);
}

static void state_changes_come_before_readiness(void **state)
{
    struct fixture f;
    struct te_ready_node node;
    (void)state;
    start(&f);
    te_ready_init(&node, 7);
    te_ready_add(f.stack, &node, TE_READY_ACCEPT);
    push(&f, 1);
    push(&f, 2);
    expect_state(&f, 1);
    expect_state(&f, 2);
    expect_ready(&f, 7, TE_READY_ACCEPT);
    fixture_stop(&f);
}

/* More objects than the ring has places, and a ring that overflows meanwhile. */
static void readiness_is_never_lost(void **state)
{
    struct fixture f;
    struct te_ready_node nodes[10 * CAPACITY];
    (void)state;
    start(&f);
    for (uint64_t i = 0; i < 10 * CAPACITY; i++) {
        te_ready_init(&nodes[i], i + 1);
        te_ready_add(f.stack, &nodes[i], TE_READY_RECEIVE);
        push(&f, i);
    }
    assert_int_equal(lost(&f), 9 * CAPACITY);
    for (uint64_t i = 9 * CAPACITY; i < 10 * CAPACITY; i++)
        expect_state(&f, i);
    for (uint64_t i = 0; i < 10 * CAPACITY; i++)
        expect_ready(&f, i + 1, TE_READY_RECEIVE);
    expect_empty(&f);
    fixture_stop(&f);
}

/* --- the end of an object --------------------------------------------------------------------- */

/* The node goes away with its object: nothing may point to it afterwards. */
static void the_end_takes_what_was_pending_along(void **state)
{
    struct fixture f;
    struct te_event event;
    struct te_ready_node nodes[2];
    (void)state;
    start(&f);
    for (uint64_t i = 0; i < 2; i++) {
        te_ready_init(&nodes[i], i + 1);
        te_ready_add(f.stack, &nodes[i], TE_READY_RECEIVE);
    }
    te_ready_end(f.stack, &nodes[0], TE_ERR_TIMED_OUT);
    assert_true(te_list_is_empty(&nodes[0].link));
    assert_int_equal(nodes[0].flags, 0);
    memset(&nodes[0], 0xff, sizeof(nodes[0]));
    int64_t ended_at_us = f.now_us;
    fixture_advance(&f, SECOND);
    assert_true(te_event_pop(f.stack, &event));
    assert_int_equal(event.kind, TE_EVENT_READY);
    assert_int_equal(event.id, 1);
    assert_int_equal(event.ready, TE_READY_RECEIVE | TE_READY_END);
    assert_int_equal(event.error, TE_ERR_TIMED_OUT);
    assert_int_equal(event.time_us, ended_at_us);
    te_stack_set_now(f.stack, f.now_us);
    expect_ready(&f, 2, TE_READY_RECEIVE);
    expect_empty(&f);
    fixture_stop(&f);
}

static void an_object_may_end_with_nothing_pending(void **state)
{
    struct fixture f;
    struct te_ready_node node;
    (void)state;
    start(&f);
    te_ready_init(&node, 5);
    te_ready_end(f.stack, &node, TE_OK);
    expect_ready(&f, 5, TE_READY_END);
    expect_empty(&f);
    fixture_stop(&f);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void without_memory_there_is_no_stack(void **state)
{
    struct heap heap;
    static struct te_stack stack;
    (void)state;
    stack.config.event_max = CAPACITY;
    stack.config.allocator = heap_init(&heap);
    heap.allocations_left = 0;
    assert_int_equal(te_event_queue_init(&stack), TE_ERR_NOMEM);
    te_event_queue_done(&stack);
    heap.allocations_left = -1;
    assert_int_equal(te_event_queue_init(&stack), TE_OK);
    assert_int_equal(heap.held_bytes, CAPACITY * sizeof(struct te_event));
    te_event_queue_done(&stack);
    te_event_queue_done(&stack);
    assert_int_equal(heap.held_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_their_order),
        cmocka_unit_test(a_full_ring_loses_the_oldest_and_counts),
        cmocka_unit_test(the_ring_wraps_around),
        cmocka_unit_test(an_event_is_copied_whole),
        cmocka_unit_test(flags_gather_until_they_are_taken),
        cmocka_unit_test(objects_come_first_come_first_served),
        cmocka_unit_test(state_changes_come_before_readiness),
        cmocka_unit_test(readiness_is_never_lost),
        cmocka_unit_test(the_end_takes_what_was_pending_along),
        cmocka_unit_test(an_object_may_end_with_nothing_pending),
        cmocka_unit_test(without_memory_there_is_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

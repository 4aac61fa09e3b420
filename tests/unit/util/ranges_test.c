#include <stdlib.h>
#include <string.h>

#include "support/heap.h"
#include "support/random.h"
#include "support/test.h"
#include "util/ranges.h"

static struct heap heap;
static struct te_allocator allocator;
static struct te_ranges ranges;

static int setup(void **state)
{
    (void)state;
    memset(&ranges, 0, sizeof(ranges));
    allocator = heap_init(&heap);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_ranges_clear(&ranges, &allocator);
    return heap.held_bytes == 0 ? 0 : -1;
}

static enum te_ranges_result add(uint64_t start, uint64_t end)
{
    return te_ranges_insert(&ranges, start, end, 64, &allocator);
}

static void assert_range(unsigned index, uint64_t start, uint64_t end)
{
    assert_true(index < ranges.count);
    assert_int_equal(ranges.items[index].start, start);
    assert_int_equal(ranges.items[index].end, end);
}

static void test_disjoint_ranges_are_sorted(void **state)
{
    (void)state;
    assert_int_equal(add(50, 60), TE_RANGES_ADDED);
    assert_int_equal(add(10, 20), TE_RANGES_ADDED);
    assert_int_equal(add(30, 40), TE_RANGES_ADDED);
    assert_int_equal(ranges.count, 3);
    assert_range(0, 10, 20);
    assert_range(1, 30, 40);
    assert_range(2, 50, 60);
}

static void test_neighbours_merge(void **state)
{
    (void)state;
    add(10, 20);
    add(30, 40);
    assert_int_equal(add(20, 25), TE_RANGES_ADDED);
    assert_int_equal(ranges.count, 2);
    assert_range(0, 10, 25);
    assert_int_equal(add(25, 30), TE_RANGES_ADDED);
    assert_int_equal(ranges.count, 1);
    assert_range(0, 10, 40);
    assert_int_equal(add(5, 10), TE_RANGES_ADDED);
    assert_range(0, 5, 40);
}

static void test_overlap_swallows(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10; i++)
        add(i * 10, i * 10 + 5);
    assert_int_equal(add(12, 83), TE_RANGES_ADDED);
    assert_int_equal(ranges.count, 3);
    assert_range(0, 0, 5);
    assert_range(1, 10, 85);
    assert_range(2, 90, 95);
}

static void test_duplicates(void **state)
{
    (void)state;
    add(10, 20);
    assert_int_equal(add(10, 20), TE_RANGES_DUPLICATE);
    assert_int_equal(add(12, 15), TE_RANGES_DUPLICATE);
    assert_int_equal(add(19, 21), TE_RANGES_ADDED);
    assert_int_equal(add(9, 12), TE_RANGES_ADDED);
    assert_int_equal(add(33, 33), TE_RANGES_DUPLICATE);
    assert_int_equal(add(40, 35), TE_RANGES_DUPLICATE);
    assert_int_equal(ranges.count, 1);
    assert_range(0, 9, 21);
}

static void test_full_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(te_ranges_insert(&ranges, 10, 20, 2, &allocator), TE_RANGES_ADDED);
    assert_int_equal(te_ranges_insert(&ranges, 30, 40, 2, &allocator), TE_RANGES_ADDED);
    assert_int_equal(te_ranges_insert(&ranges, 50, 60, 2, &allocator), TE_RANGES_FULL);
    assert_int_equal(ranges.count, 2);
    assert_int_equal(te_ranges_insert(&ranges, 40, 45, 2, &allocator), TE_RANGES_ADDED);
    assert_range(1, 30, 45);
    assert_int_equal(te_ranges_insert(&ranges, 0, 5, 0, &allocator), TE_RANGES_FULL);
}

static void test_no_memory_changes_nothing(void **state)
{
    (void)state;
    heap.allocations_left = 0;
    assert_int_equal(add(10, 20), TE_RANGES_NO_MEMORY);
    assert_null(ranges.items);
    heap.allocations_left = -1;
    while (ranges.count == 0 || ranges.count < ranges.capacity)
        add(ranges.count * 10u, ranges.count * 10u + 5);
    unsigned count = ranges.count;
    heap.allocations_left = 0;
    assert_int_equal(add(5000, 5001), TE_RANGES_NO_MEMORY);
    assert_int_equal(ranges.count, count);
    assert_range(count - 1, (count - 1) * 10, (count - 1) * 10 + 5);
    assert_int_equal(add(5, 10), TE_RANGES_ADDED); /* merging needs none */
}

static void test_memory_goes_with_the_last_range(void **state)
{
    (void)state;
    add(10, 20);
    add(30, 40);
    assert_true(heap.held_bytes > 0);
    te_ranges_remove_below(&ranges, 40, &allocator);
    assert_int_equal(heap.held_bytes, 0);
    assert_null(ranges.items);
    assert_int_equal(ranges.count, 0);
    te_ranges_remove_below(&ranges, 100, &allocator);
    assert_int_equal(add(200, 210), TE_RANGES_ADDED);
    te_ranges_clear(&ranges, &allocator);
    assert_int_equal(heap.held_bytes, 0);
}

static void test_remove_below_cuts(void **state)
{
    (void)state;
    add(10, 20);
    add(30, 40);
    te_ranges_remove_below(&ranges, 10, &allocator);
    assert_range(0, 10, 20);
    te_ranges_remove_below(&ranges, 15, &allocator);
    assert_range(0, 15, 20);
    te_ranges_remove_below(&ranges, 20, &allocator);
    assert_int_equal(ranges.count, 1);
    assert_range(0, 30, 40);
}

static void test_remove_above_cuts(void **state)
{
    (void)state;
    add(10, 20);
    add(30, 40);
    te_ranges_remove_above(&ranges, 40, &allocator);
    assert_range(1, 30, 40);
    te_ranges_remove_above(&ranges, 35, &allocator);
    assert_range(1, 30, 35);
    te_ranges_remove_above(&ranges, 30, &allocator);
    assert_int_equal(ranges.count, 1);
    assert_range(0, 10, 20);
    te_ranges_remove_above(&ranges, 0, &allocator);
    assert_int_equal(ranges.count, 0);
    assert_null(ranges.items);
}

static void test_find(void **state)
{
    (void)state;
    assert_null(te_ranges_find(&ranges, 0));
    add(10, 20);
    add(30, 40);
    assert_null(te_ranges_find(&ranges, 9));
    assert_ptr_equal(te_ranges_find(&ranges, 10), &ranges.items[0]);
    assert_ptr_equal(te_ranges_find(&ranges, 19), &ranges.items[0]);
    assert_null(te_ranges_find(&ranges, 20));
    assert_ptr_equal(te_ranges_find(&ranges, 30), &ranges.items[1]);
    assert_null(te_ranges_find(&ranges, 40));
    assert_null(te_ranges_find_within(&ranges, 20, 30));
    assert_null(te_ranges_find_within(&ranges, 40, 100));
    assert_ptr_equal(te_ranges_find_within(&ranges, 19, 31), &ranges.items[0]);
    assert_ptr_equal(te_ranges_find_within(&ranges, 20, 31), &ranges.items[1]);
    assert_ptr_equal(te_ranges_find_within(&ranges, 0, 11), &ranges.items[0]);
}

static void assert_newest(const uint64_t *starts, unsigned count, unsigned max)
{
    struct te_range newest[8];
    assert_int_equal(te_ranges_newest(&ranges, newest, max), count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(newest[i].start, starts[i]);
}

static void test_newest_first(void **state)
{
    (void)state;
    assert_newest(NULL, 0, 4);
    add(50, 60);
    add(10, 20);
    add(30, 40);
    assert_newest((const uint64_t[]){30, 10, 50}, 3, 8);
    assert_newest((const uint64_t[]){30, 10}, 2, 2);
    assert_newest(NULL, 0, 0);
    add(60, 61);
    assert_newest((const uint64_t[]){50, 30, 10}, 3, 8);
    add(12, 13); /* a duplicate reports its range first, too (RFC 2018 4) */
    assert_newest((const uint64_t[]){10, 50, 30}, 3, 3);
    te_ranges_remove_below(&ranges, 15, &allocator); /* cut, it is as new as it was */
    assert_newest((const uint64_t[]){15, 50, 30}, 3, 3);
}

/* What is too old to be remembered is listed all the same when there is room for it. */
static void test_forgotten_ones_fill_up(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < TE_RANGES_RECENT_MAX + 3; i++)
        add(i * 10, i * 10 + 5);
    add(35, 105); /* takes the newest ones up */
    assert_int_equal(ranges.count, 4);
    assert_newest((const uint64_t[]){30, 20, 10, 0}, 4, 8);
}

/* At both ends of many, where a recovery works, and in between. */
static void test_many_at_both_ends(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 3000; i++)
        assert_int_equal(te_ranges_insert(&ranges, 10 * i, 10 * i + 5, 4096, &allocator),
                         TE_RANGES_ADDED);
    for (uint64_t i = 1; i < 1500; i++) {
        assert_int_equal(te_ranges_insert(&ranges, 10 * i + 5, 10 * i + 10, 4096, &allocator),
                         TE_RANGES_ADDED);
        te_ranges_remove_below(&ranges, 10 * i + 10, &allocator);
        assert_int_equal(ranges.count, 3000 - i);
    }
    assert_int_equal(te_ranges_insert(&ranges, 7, 8, 4096, &allocator), TE_RANGES_ADDED);
    assert_int_equal(te_ranges_insert(&ranges, 20007, 20008, 4096, &allocator), TE_RANGES_ADDED);
    assert_range(0, 7, 8);
    assert_range(1, 15000, 15005);
    assert_range(501, 20000, 20005);
    assert_range(502, 20007, 20008);
    assert_range(1502, 30000, 30005);
}

static void test_offsets_of_64_bits(void **state)
{
    (void)state;
    assert_int_equal(add(UINT64_MAX - 10, UINT64_MAX), TE_RANGES_ADDED);
    assert_int_equal(add(UINT64_C(1) << 33, (UINT64_C(1) << 33) + 4), TE_RANGES_ADDED);
    assert_int_equal(ranges.count, 2);
    assert_range(0, UINT64_C(1) << 33, (UINT64_C(1) << 33) + 4);
    assert_non_null(te_ranges_find(&ranges, UINT64_MAX - 1));
}

/* Counts are 16 bits wide, whatever the caller allows. */
static void test_more_than_the_type_holds(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < UINT16_MAX; i++)
        assert_int_equal(te_ranges_insert(&ranges, 3 * i, 3 * i + 1, 100000, &allocator),
                         TE_RANGES_ADDED);
    assert_int_equal(ranges.count, UINT16_MAX);
    assert_int_equal(te_ranges_insert(&ranges, 900000, 900001, 100000, &allocator),
                     TE_RANGES_NO_MEMORY);
    assert_int_equal(ranges.count, UINT16_MAX);
    assert_range(UINT16_MAX - 1, 3 * (UINT16_MAX - 1), 3 * (UINT16_MAX - 1) + 1);
}

/* The model: for each offset of a small universe, when it was last touched; 0 = absent. */
#define UNIVERSE 200u
#define MODEL_MAX TE_RANGES_RECENT_MAX /* so that the order of all is known */
#define BASE ((UINT64_C(1) << 40) - 77)

static uint32_t touched[UNIVERSE + 1]; /* the last one stays absent */
static uint64_t random_state;

static unsigned model_runs(const uint32_t *marks)
{
    unsigned runs = 0;
    for (unsigned i = 0; i < UNIVERSE; i++)
        runs += marks[i] && !marks[i + 1];
    return runs;
}

static void model_touch_run(unsigned at, uint32_t now)
{
    unsigned first = at, end = at;
    while (first > 0 && touched[first - 1])
        first--;
    while (touched[end])
        end++;
    for (unsigned i = first; i < end; i++)
        touched[i] = now;
}

static enum te_ranges_result model_insert(unsigned start, unsigned end, uint32_t now)
{
    uint32_t marks[UNIVERSE + 1];
    bool is_new = false;
    memcpy(marks, touched, sizeof(marks));
    for (unsigned i = start; i < end; i++) {
        is_new |= marks[i] == 0;
        marks[i] = now;
    }
    if (model_runs(marks) > MODEL_MAX)
        return TE_RANGES_FULL;
    memcpy(touched, marks, sizeof(marks));
    model_touch_run(start, now);
    return is_new ? TE_RANGES_ADDED : TE_RANGES_DUPLICATE;
}

static void assert_same_as_model(void)
{
    unsigned index = 0;
    for (unsigned i = 0; i < UNIVERSE; i++) {
        const struct te_range *found = te_ranges_find(&ranges, BASE + i);
        assert_int_equal(found != NULL, touched[i] != 0);
        if (!touched[i] || (i > 0 && touched[i - 1]))
            continue;
        unsigned end = i;
        while (touched[end])
            end++;
        assert_range(index++, BASE + i, BASE + end);
    }
    assert_int_equal(ranges.count, index);
    assert_int_equal(heap.held_bytes == 0, index == 0);
}

static void assert_newest_as_model(void)
{
    struct te_range newest[4];
    uint32_t before = UINT32_MAX;
    unsigned expected = ranges.count < 4 ? ranges.count : 4;
    assert_int_equal(te_ranges_newest(&ranges, newest, 4), expected);
    for (unsigned n = 0; n < expected; n++) {
        uint32_t latest = 0;
        for (unsigned i = 0; i < UNIVERSE; i++)
            if (touched[i] < before && touched[i] > latest)
                latest = touched[i];
        assert_int_equal(touched[newest[n].start - BASE], latest);
        before = latest;
    }
}

static void model_step(uint32_t now)
{
    unsigned start = random_below(&random_state, UNIVERSE),
             len = 1 + random_below(&random_state, 12);
    unsigned end = start + len < UNIVERSE ? start + len : UNIVERSE;
    if (random_below(&random_state, 12) > 0) {
        enum te_ranges_result result =
            te_ranges_insert(&ranges, BASE + start, BASE + end, MODEL_MAX, &allocator);
        assert_int_equal(result, model_insert(start, end, now));
        return;
    }
    start = random_below(&random_state, 3) ? start / 4 : UNIVERSE;
    te_ranges_remove_below(&ranges, BASE + start, &allocator);
    memset(touched, 0, start * sizeof(touched[0]));
}

static void test_random_against_model(void **state)
{
    (void)state;
    random_state = 20260101;
    memset(touched, 0, sizeof(touched));
    for (uint32_t now = 1; now < 60000; now++) {
        model_step(now);
        assert_same_as_model();
        assert_newest_as_model();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_disjoint_ranges_are_sorted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_neighbours_merge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overlap_swallows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_duplicates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_goes_with_the_last_range, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove_below_cuts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove_above_cuts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_find, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_ones_fill_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_at_both_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_ones_fill_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_at_both_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_offsets_of_64_bits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_the_type_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_against_model, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

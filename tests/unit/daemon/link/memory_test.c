#include <string.h>

#include "link/memory.h"
#include "support/test.h"

#define MAX 1000

/* With AddressSanitizer too, malloc refuses what it cannot give. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void *take(struct memory *memory, size_t size_bytes)
{
    struct te_allocator allocator = memory_allocator(memory);
    return allocator.alloc(allocator.ctx, size_bytes);
}

static void give_back(struct memory *memory, void *block, size_t size_bytes)
{
    struct te_allocator allocator = memory_allocator(memory);
    allocator.free(allocator.ctx, block, size_bytes);
}

static void test_counts_what_was_asked_for(void **state)
{
    struct memory memory;
    (void)state;
    memset(&memory, 0xff, sizeof(memory));
    memory_init(&memory, MAX);
    void *a = take(&memory, 1), *b = take(&memory, 400);
    assert_int_equal(memory.used_bytes, 401);
    memset(b, 0xff, 400);
    give_back(&memory, b, 400);
    assert_int_equal(memory.used_bytes, 1);
    give_back(&memory, a, 1);
    assert_int_equal(memory.used_bytes, 0);
    assert_int_equal(memory.refused, 0);
}

static void test_limit_is_reached_and_not_passed(void **state)
{
    struct memory memory;
    (void)state;
    memory_init(&memory, MAX);
    void *first = take(&memory, MAX - 1);
    assert_non_null(first);
    assert_null(take(&memory, 2));
    assert_int_equal(memory.refused, 1);
    assert_int_equal(memory.used_bytes, MAX - 1);
    void *last = take(&memory, 1);
    assert_non_null(last);
    assert_null(take(&memory, 1));
    assert_int_equal(memory.refused, 2);
    give_back(&memory, last, 1);
    last = take(&memory, 1); /* what was given back can be taken again */
    assert_non_null(last);
    give_back(&memory, last, 1);
    give_back(&memory, first, MAX - 1);
}

/* used + size would wrap to a small number. */
static void test_huge_size_does_not_wrap(void **state)
{
    struct memory memory;
    (void)state;
    memory_init(&memory, MAX);
    void *block = take(&memory, 10);
    assert_null(take(&memory, SIZE_MAX - 5));
    assert_int_equal(memory.used_bytes, 10);
    assert_int_equal(memory.refused, 1);
    give_back(&memory, block, 10);
}

/* malloc's own refusal is counted as one of ours. */
static void test_refusal_by_malloc_is_counted(void **state)
{
    struct memory memory;
    (void)state;
    memory_init(&memory, UINT64_MAX);
    assert_null(take(&memory, PTRDIFF_MAX));
    assert_int_equal(memory.refused, 1);
    assert_int_equal(memory.used_bytes, 0);
}

static void test_free_of_null_changes_nothing(void **state)
{
    struct memory memory;
    (void)state;
    memory_init(&memory, MAX);
    give_back(&memory, NULL, 10);
    assert_int_equal(memory.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_what_was_asked_for),
        cmocka_unit_test(test_limit_is_reached_and_not_passed),
        cmocka_unit_test(test_huge_size_does_not_wrap),
        cmocka_unit_test(test_refusal_by_malloc_is_counted),
        cmocka_unit_test(test_free_of_null_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

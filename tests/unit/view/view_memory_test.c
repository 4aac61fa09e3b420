/* What is made without memory is not whole, and its maker hears of it. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "support/test.h"
#include "texts.h"
#include "view_memory.h"

/* AddressSanitizer would end the test instead. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static unsigned failures;

static void on_failure(void)
{
    failures++;
}

static int setup(void **state)
{
    (void)state;
    view_memory_init(on_failure);
    failures = 0;
    return 0;
}

static void test_growing(void **state)
{
    (void)state;
    uint32_t *numbers = view_memory_grow(NULL, 2, sizeof(*numbers));
    assert_non_null(numbers);
    numbers[0] = 7;
    assert_null(view_memory_grow(numbers, SIZE_MAX / 2, sizeof(*numbers)));
    assert_int_equal(failures, 1);
    assert_int_equal(numbers[0], 7); /* still there */
    free(numbers);
}

/* The texts have as much as there was memory for. */
static void test_texts(void **state)
{
    struct texts texts = {.count = 0};
    (void)state;
    texts_add_text(&texts, "of nobody"); /* none was begun */
    texts_begin(&texts, 1);
    texts_add_text(&texts, "abc");
    texts.room = texts.len; /* full, and there is no more */
    texts_add(&texts, "x", SIZE_MAX / 4);
    assert_int_equal(failures, 1);
    assert_int_equal(texts.len, 3);
    assert_memory_equal(texts.bytes, "abc", 3);
    texts_done(&texts);
}

static void test_jansson(void **state)
{
    (void)state;
    json_t *array = json_array();
    assert_non_null(array);
    json_decref(array);
    assert_int_equal(failures, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_growing),
        TEST(test_texts),
        TEST(test_jansson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

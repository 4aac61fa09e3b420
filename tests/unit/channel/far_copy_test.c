#include <string.h>

#include "far_copy.h"
#include "support/test.h"

#define LINE 64u
#define LEN_MAX 70000u
#define ROOM (LEN_MAX + 4 * LINE)
#define OUTSIDE 0xa5

static uint8_t from[ROOM], to[ROOM];

static void fill(void)
{
    for (size_t i = 0; i < ROOM; i++)
        from[i] = (uint8_t)(i * 131 + (i >> 8));
}

/* len bytes from one place to another, and not a byte beside them. */
static void copy_and_compare(size_t from_at, size_t to_at, size_t len)
{
    memset(to, OUTSIDE, sizeof(to));
    channel_far_copy(to + to_at, from + from_at, len);
    assert_memory_equal(to + to_at, from + from_at, len);
    for (size_t i = 0; i < to_at; i++)
        assert_int_equal(to[i], OUTSIDE);
    for (size_t i = to_at + len; i < to_at + len + 2 * LINE; i++)
        assert_int_equal(to[i], OUTSIDE);
}

static void test_every_place_in_a_line(void **state)
{
    (void)state;
    for (size_t to_at = 0; to_at < LINE; to_at++)
        for (size_t from_at = 0; from_at < LINE; from_at += 7)
            copy_and_compare(from_at, to_at, 5000 + to_at);
}

static void test_every_size(void **state)
{
    static const size_t lens[] = {0,    1,    63,   64,    65,    1460,  4095,
                                  4096, 4097, 4160, 16384, 65535, 65536, LEN_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
        for (size_t to_at = 0; to_at < 3; to_at++)
            copy_and_compare(1, to_at * 31, lens[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_place_in_a_line),
        cmocka_unit_test(test_every_size),
    };
    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <string.h>

#include "support/heap.h"
#include "support/test.h"
#include "util/codec.h"
#include "util/ranges.h"

#define HEADER_BYTES 4
#define RANGE_BYTES 16
#define RECENT_BYTES (8 * TE_RANGES_RECENT_MAX)
#define STATE_MAX 1024

static struct heap heap;
static struct te_allocator allocator;
static struct te_ranges ranges, read;
static uint8_t bytes[STATE_MAX];

static int setup(void **state)
{
    (void)state;
    allocator = heap_init(&heap);
    memset(&ranges, 0, sizeof(ranges));
    memset(&read, 0, sizeof(read));
    memset(bytes, 0, sizeof(bytes));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_ranges_clear(&ranges, &allocator);
    te_ranges_clear(&read, &allocator);
    return heap.held_bytes == 0 ? 0 : -1;
}

static void add(uint64_t start, uint64_t end)
{
    assert_int_equal(te_ranges_insert(&ranges, start, end, 64, &allocator), TE_RANGES_ADDED);
}

static size_t save(struct te_ranges *from)
{
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    te_ranges_save(&codec, from, &allocator);
    assert_true(codec.at <= sizeof(bytes));
    return codec.at;
}

static enum te_err restore(size_t len)
{
    struct te_codec codec;
    te_ranges_clear(&read, &allocator);
    te_codec_init_reader(&codec, bytes, len);
    te_ranges_save(&codec, &read, &allocator);
    assert_true(!te_codec_is_ok(&codec) || codec.at == len);
    return codec.err;
}

static void put_u64(size_t at, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(save(&ranges), HEADER_BYTES);
    assert_int_equal(restore(HEADER_BYTES), TE_OK);
    assert_int_equal(read.count, 0);
    assert_null(read.items);
}

/* The ranges, and which of them changed last. */
static void test_round_trip(void **state)
{
    (void)state;
    add(50, 60);
    add(10, 20);
    add(UINT64_MAX - 9, UINT64_MAX - 1);
    add(30, 40);
    size_t len = save(&ranges);
    assert_int_equal(len, HEADER_BYTES + 4 * RANGE_BYTES + RECENT_BYTES);
    assert_int_equal(restore(len), TE_OK);
    assert_int_equal(read.count, 4);
    assert_memory_equal(read.items, ranges.items, 4 * sizeof(*read.items));
    struct te_range newest[4];
    assert_int_equal(te_ranges_newest(&read, newest, 4), 4);
    assert_int_equal(newest[0].start, 30);
    assert_int_equal(newest[1].start, UINT64_MAX - 9);
    assert_int_equal(newest[2].start, 10);
    assert_int_equal(newest[3].start, 50);
}

/* How the memory is used does not show: the same ranges, made in another way, are the same bytes.
 */
static void test_canonical(void **state)
{
    (void)state;
    uint8_t first[STATE_MAX];
    for (unsigned i = 0; i < 40; i++)
        add(100 * i, 100 * i + 10);
    te_ranges_remove_below(&ranges, 3700, &allocator);
    assert_true(ranges.head > 0);
    size_t len = save(&ranges);
    memcpy(first, bytes, sizeof(first));
    assert_int_equal(restore(len), TE_OK);
    assert_int_equal(read.head, 0);
    assert_int_equal(save(&read), len);
    assert_memory_equal(bytes, first, len);
}

static void test_short_input(void **state)
{
    (void)state;
    add(10, 20);
    add(30, 40);
    size_t len = save(&ranges);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(restore(cut), TE_ERR_INVALID);
    assert_int_equal(restore(len), TE_OK);
}

static void test_no_memory(void **state)
{
    (void)state;
    add(10, 20);
    size_t len = save(&ranges);
    heap.allocations_left = 0;
    assert_int_equal(restore(len), TE_ERR_NOMEM);
    heap.allocations_left = -1;
    assert_int_equal(restore(len), TE_OK);
}

/* Sorted, disjoint, not even touching, none empty. */
static void test_ranges_that_cannot_be(void **state)
{
    static const uint64_t bad[][4] = {
        {30, 40, 10, 20}, {10, 20, 20, 30}, {10, 20, 15, 30}, {10, 10, 30, 40},
        {20, 10, 30, 40}, {10, 20, 30, 30}, {10, 20, 10, 20},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        te_ranges_clear(&ranges, &allocator);
        add(10, 20);
        add(30, 40);
        size_t len = save(&ranges);
        for (unsigned k = 0; k < 4; k++)
            put_u64(HEADER_BYTES + 8 * k, bad[i][k]);
        for (unsigned k = 0; k < 2; k++) /* lest these be what is wrong */
            put_u64(HEADER_BYTES + 2 * RANGE_BYTES + 8 * k, TE_RANGES_NO_START);
        assert_int_equal(restore(len), TE_ERR_INVALID);
    }
}

/* Each of the newest is the start of a range, once, and none follows a gap. */
static void test_newest_that_cannot_be(void **state)
{
    static const uint64_t none = TE_RANGES_NO_START;
    const uint64_t rows[][3] = {
        {10, 30, none}, {30, 10, none}, {30, none, none}, {none, none, none}, /* these can */
        {11, 30, none}, {25, 30, none}, {10, 10, none},   {none, 10, none},
        {10, none, 30}, {40, 10, none}, {0, 10, none},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        te_ranges_clear(&ranges, &allocator);
        add(10, 20);
        add(30, 40);
        size_t len = save(&ranges);
        for (unsigned k = 0; k < 3; k++)
            put_u64(HEADER_BYTES + 2 * RANGE_BYTES + 8 * k, rows[i][k]);
        assert_int_equal(restore(len), i < 4 ? TE_OK : TE_ERR_INVALID);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_round_trip),
        TEST(test_canonical),
        TEST(test_short_input),
        TEST(test_no_memory),
        TEST(test_ranges_that_cannot_be),
        TEST(test_newest_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

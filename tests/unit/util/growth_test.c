/* Where a hash is while a table grows. */
#include "support/test.h"
#include "util/growth.h"
#include "util/scan.h"

#define BUCKETS 16u
#define HASHES (8 * BUCKETS)

static void test_without_growth_there_is_one_array(void **state)
{
    const struct te_growth growth = {.bucket_count = BUCKETS};
    (void)state;
    for (uint32_t hash = 0; hash < HASHES; hash++) {
        assert_int_equal(te_growth_mask(&growth, hash), BUCKETS - 1);
        assert_false(te_growth_is_second(&growth, te_growth_mask(&growth, hash)));
    }
}

/* At each step exactly the hashes of the buckets moved so far are in the second array. */
static void test_a_bucket_moves_as_a_whole(void **state)
{
    struct te_growth growth = {.bucket_count = BUCKETS};
    (void)state;
    for (uint32_t moved = 0; moved < BUCKETS; moved++) {
        assert_int_equal(growth.moved, moved);
        for (uint32_t hash = 0; hash < HASHES; hash++) {
            uint32_t mask = te_growth_mask(&growth, hash);
            bool is_second = hash % BUCKETS < moved;
            assert_int_equal(mask, is_second ? 2 * BUCKETS - 1 : BUCKETS - 1);
            assert_int_equal(te_growth_is_second(&growth, mask), is_second);
        }
        assert_int_equal(te_growth_advance(&growth), moved == BUCKETS - 1);
    }
    assert_int_equal(growth.bucket_count, 2 * BUCKETS);
    assert_int_equal(growth.moved, 0);
}

/* What is in a bucket goes to its own number, or to that of its other half. */
static void test_halves_keep_the_low_bits(void **state)
{
    struct te_growth growth = {.bucket_count = BUCKETS, .moved = BUCKETS - 1};
    (void)state;
    for (uint32_t hash = 0; hash < HASHES; hash++) {
        uint32_t bucket = hash & te_growth_mask(&growth, hash);
        assert_int_equal(bucket % BUCKETS, hash % BUCKETS);
        if (hash % BUCKETS < growth.moved)
            assert_int_equal(bucket, hash % (2 * BUCKETS));
    }
}

/* A walk meets each bucket of both arrays once, whatever has been moved. */
static void test_a_walk_meets_each_bucket_once(void **state)
{
    (void)state;
    for (uint32_t moved = 0; moved < BUCKETS; moved++) {
        const struct te_growth growth = {.bucket_count = BUCKETS, .moved = moved};
        unsigned seen[2][2 * BUCKETS] = {{0}}, steps = 0;
        uint64_t cursor = 0;
        uint32_t mask;
        do {
            mask = te_growth_mask(&growth, (uint32_t)cursor);
            seen[te_growth_is_second(&growth, mask)][te_scan_bucket(cursor, mask)]++;
            steps++;
        } while (te_scan_next_bucket(&cursor, mask));
        assert_int_equal(steps, BUCKETS + moved);
        for (uint32_t i = 0; i < BUCKETS; i++) {
            assert_int_equal(seen[0][i], i >= moved);
            assert_int_equal(seen[1][i], i < moved);
            assert_int_equal(seen[1][i + BUCKETS], i < moved);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_growth_there_is_one_array),
        cmocka_unit_test(test_a_bucket_moves_as_a_whole),
        cmocka_unit_test(test_halves_keep_the_low_bits),
        cmocka_unit_test(test_a_walk_meets_each_bucket_once),
    };
    return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}

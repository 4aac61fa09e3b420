/* A walk over a set of ids in buckets whose number changes under it. */
#include <string.h>

#include "support/test.h"
#include "util/scan.h"

#define IDS 500u

/* The id that the walk comes to next in a table of mask + 1 buckets; 0 at the end. */
static uint64_t next(const bool *is_there, uint32_t mask, uint64_t *cursor)
{
    do {
        uint64_t first = 0;
        for (uint64_t id = 1; id < IDS; id++)
            if (is_there[id] && ((uint32_t)id & mask) == te_scan_bucket(*cursor, mask) &&
                te_scan_is_ahead(*cursor, id) && (first == 0 || te_scan_is_before(id, first)))
                first = id;
        if (first != 0) {
            *cursor = first;
            return first;
        }
    } while (te_scan_next_bucket(cursor, mask));
    return 0;
}

static void bits_are_reversed(void **state)
{
    (void)state;
    assert_int_equal(te_scan_reverse(1), UINT64_C(1) << 63);
    assert_int_equal(te_scan_reverse(0x123456789abcdef0), 0x0f7b3d591e6a2c48);
}

static void each_bucket_comes_once(void **state)
{
    (void)state;
    for (uint32_t mask = 0; mask < 1024; mask = 2 * mask + 1) {
        bool seen[1024] = {false};
        uint64_t cursor = 0;
        unsigned count = 0;
        do {
            uint32_t bucket = te_scan_bucket(cursor, mask);
            assert_true(bucket <= mask && !seen[bucket]);
            seen[bucket] = true;
            count++;
        } while (te_scan_next_bucket(&cursor, mask));
        assert_int_equal(count, mask + 1);
    }
}

/* The table grows and shrinks after every third id, others come and go: those that stay come once.
 */
static void what_stays_comes_once(void **state)
{
    bool is_there[IDS], seen[IDS] = {false};
    uint32_t mask = 15, turn = 0;
    uint64_t cursor = 0, id;
    (void)state;
    memset(is_there, true, sizeof(is_there));
    for (unsigned i = 1; i < IDS; i += 5)
        is_there[i] = false;
    while ((id = next(is_there, mask, &cursor)) != 0) {
        assert_false(seen[id]);
        seen[id] = true;
        if (id % 7 == 0)
            is_there[id] = false;
        is_there[1 + 5 * (turn % (IDS / 5))] = turn % 2 == 0;
        if (++turn % 3 == 0)
            mask = turn % 2 == 0 ? (mask << 1 | 1) & 0xff : mask >> 1 | 3;
    }
    for (unsigned i = 1; i < IDS; i++)
        assert_true(seen[i] || i % 5 == 1);
}

/* A cursor at a bucket, not at an id, outlives a change of the table's size as well. */
static void a_cursor_between_ids_goes_on(void **state)
{
    bool is_there[IDS] = {false};
    uint64_t cursor = 0;
    (void)state;
    is_there[6] = is_there[14] = is_there[1] = true;
    for (unsigned i = 0; i < 3; i++) /* of 16: 0, 8, 4, 12 */
        assert_true(te_scan_next_bucket(&cursor, 15));
    assert_int_equal(te_scan_bucket(cursor, 15), 12);
    assert_int_equal(next(is_there, 3, &cursor), 6);
    assert_int_equal(next(is_there, 63, &cursor), 14);
    assert_int_equal(next(is_there, 15, &cursor), 1);
    assert_int_equal(next(is_there, 15, &cursor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_reversed),
        cmocka_unit_test(each_bucket_comes_once),
        cmocka_unit_test(what_stays_comes_once),
        cmocka_unit_test(a_cursor_between_ids_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

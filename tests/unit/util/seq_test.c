#include "support/test.h"
#include "util/seq.h"

#define HALF UINT32_C(0x80000000)

/* Numbers at which something wraps: around 0, around 2^31, and one in between. */
static const uint32_t bases[] = {0, 1, 0x12345678, HALF - 1, HALF, HALF + 1, UINT32_MAX};
#define BASES (sizeof(bases) / sizeof(bases[0]))

static void assert_order(uint32_t before, uint32_t after)
{
    assert_true(seq_lt(before, after));
    assert_true(seq_leq(before, after));
    assert_false(seq_gt(before, after));
    assert_false(seq_geq(before, after));
    assert_false(seq_lt(after, before));
    assert_false(seq_leq(after, before));
    assert_true(seq_gt(after, before));
    assert_true(seq_geq(after, before));
    assert_int_equal(seq_max(before, after), after);
    assert_int_equal(seq_max(after, before), after);
}

/* RFC 9293 3.4: every number compares with the 2^31 - 1 before it and the 2^31 - 1 after it. */
static void test_order_around_every_base(void **state)
{
    static const uint32_t distances[] = {1, 2, 0x7fff, 0x10000, HALF - 2, HALF - 1};
    (void)state;
    for (unsigned i = 0; i < BASES; i++)
        for (unsigned k = 0; k < sizeof(distances) / sizeof(distances[0]); k++)
            assert_order(bases[i], bases[i] + distances[k]);
}

static void test_equal(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BASES; i++) {
        uint32_t seq = bases[i];
        assert_false(seq_lt(seq, seq));
        assert_true(seq_leq(seq, seq));
        assert_false(seq_gt(seq, seq));
        assert_true(seq_geq(seq, seq));
        assert_int_equal(seq_max(seq, seq), seq);
    }
}

/* Exactly half of the space apart each is before the other, and neither after it. */
static void test_half_apart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BASES; i++) {
        uint32_t other = bases[i] + HALF;
        assert_true(seq_lt(bases[i], other) && seq_lt(other, bases[i]));
        assert_false(seq_gt(bases[i], other) || seq_gt(other, bases[i]));
    }
}

static void test_in_window(void **state)
{
    static const uint32_t lens[] = {1, 2, 0x10000, HALF - 1, HALF, HALF + 1, UINT32_MAX};
    (void)state;
    for (unsigned i = 0; i < BASES; i++) {
        uint32_t start = bases[i];
        assert_false(seq_in(start, start, 0));
        for (unsigned k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
            assert_true(seq_in(start, start, lens[k]));
            assert_true(seq_in(start + lens[k] - 1, start, lens[k]));
            assert_false(seq_in(start + lens[k], start, lens[k]));
            assert_false(seq_in(start - 1, start, lens[k]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_around_every_base),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_half_apart),
        cmocka_unit_test(test_in_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

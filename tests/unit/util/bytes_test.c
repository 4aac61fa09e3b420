#include <string.h>

#include "support/test.h"
#include "util/bytes.h"

/* The order of the network, whatever the order of the machine. */
static void test_big_endian(void **state)
{
    static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab};
    (void)state;
    assert_int_equal(te_load_be16(bytes), 0x0123);
    assert_int_equal(te_load_be32(bytes), 0x01234567);
    assert_int_equal(te_load_be16(bytes + 4), 0x89ab);
    assert_int_equal(te_load_be32(bytes + 2), 0x456789ab);
}

/* No sign creeps in from the top byte. */
static void test_top_bits(void **state)
{
    static const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
    static const uint8_t top[4] = {0x80, 0, 0, 0};
    (void)state;
    assert_true(te_load_be16(ones) == UINT16_MAX);
    assert_true(te_load_be32(ones) == UINT32_MAX);
    assert_true(te_load_be16(top) == 0x8000u);
    assert_true(te_load_be32(top) == 0x80000000u);
}

/* At every alignment a value comes back, and no byte beside it is touched. */
static void test_round_trip_at_any_alignment(void **state)
{
    static const uint32_t values[] = {0, 1, 0x80, 0xff00, 0x12345678, 0x80000000, UINT32_MAX};
    (void)state;
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        for (unsigned at = 1; at < 9; at++) {
            uint8_t bytes[16];
            memset(bytes, 0xa5, sizeof(bytes));
            te_store_be32(bytes + at, values[i]);
            assert_int_equal(te_load_be32(bytes + at), values[i]);
            assert_int_equal(bytes[at - 1], 0xa5);
            assert_int_equal(bytes[at + 4], 0xa5);
            te_store_be16(bytes + at, (uint16_t)values[i]);
            assert_int_equal(te_load_be16(bytes + at), values[i] & 0xffff);
            assert_int_equal(te_load_be16(bytes + at + 2), values[i] & 0xffff);
        }
    }
}

static void test_stored_bytes(void **state)
{
    static const uint8_t want[] = {0xde, 0xad, 0xbe, 0xef, 0x00, 0x50};
    uint8_t bytes[6];
    (void)state;
    te_store_be32(bytes, 0xdeadbeef);
    te_store_be16(bytes + 4, 80);
    assert_memory_equal(bytes, want, sizeof(want));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_top_bits),
        cmocka_unit_test(test_round_trip_at_any_alignment),
        cmocka_unit_test(test_stored_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

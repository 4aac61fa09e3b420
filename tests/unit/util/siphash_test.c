#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "util/siphash.h"

/* Key 00 01 .. 0f; the input of row n is the n bytes 00 01 .. n-1. From the authors' reference
 * vectors for SipHash-2-4 with 64 bits. */
static const uint64_t vectors[16] = {
    0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
    0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
    0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
    0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
};
#define VECTOR_63 0x958a324ceb064572u

static const struct te_siphash_key key = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};

/* 0, 1, 2..., exactly len bytes on the heap, where a sanitizer sees a read beyond them. */
static uint64_t hash_of_count(size_t len)
{
    uint8_t count[63];
    uint8_t *data = malloc(len ? len : 1);
    assert_non_null(data);
    for (size_t i = 0; i < sizeof(count); i++)
        count[i] = (uint8_t)i;
    memcpy(data, count, len);
    uint64_t hash = te_siphash(&key, data, len);
    free(data);
    return hash;
}

static void test_reference_vectors(void **state)
{
    (void)state;
    for (size_t len = 0; len < 16; len++)
        assert_int_equal(hash_of_count(len), vectors[len]);
    assert_int_equal(hash_of_count(63), VECTOR_63);
}

static void test_empty_input_may_be_null(void **state)
{
    (void)state;
    assert_int_equal(te_siphash(&key, NULL, 0), vectors[0]);
}

static void test_any_alignment(void **state)
{
    uint8_t buffer[15 + 8];
    (void)state;
    for (size_t shift = 0; shift < 8; shift++) {
        memset(buffer, 0xee, sizeof(buffer));
        for (size_t i = 0; i < 15; i++)
            buffer[shift + i] = (uint8_t)i;
        assert_int_equal(te_siphash(&key, buffer + shift, 15), vectors[15]);
    }
}

static void test_every_key_byte_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(key.bytes); i++) {
        struct te_siphash_key other = key;
        other.bytes[i] ^= 0x80;
        assert_int_not_equal(te_siphash(&other, NULL, 0), vectors[0]);
    }
}

static void test_length_counts(void **state)
{
    static const uint8_t zeros[300];
    (void)state;
    for (size_t len = 1; len < sizeof(zeros); len++)
        assert_int_not_equal(te_siphash(&key, zeros, len), te_siphash(&key, zeros, len - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_vectors), cmocka_unit_test(test_empty_input_may_be_null),
        cmocka_unit_test(test_any_alignment),     cmocka_unit_test(test_every_key_byte_counts),
        cmocka_unit_test(test_length_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

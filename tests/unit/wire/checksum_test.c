#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/test.h"
#include "wire/checksum.h"

static uint64_t random_state;

static int setup(void **state)
{
    (void)state;
    random_state = 1071;
    return 0;
}

static void fill(uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)random_next(&random_state);
}

/* As RFC 1071 1 tells it: 16-bit words, most significant byte first, end-around carry. */
static uint16_t naive_fold(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void test_rfc_1071_example(void **state)
{
    static const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    (void)state;
    uint64_t sum = te_checksum_add(0, data, sizeof(data));
    assert_int_equal(te_checksum_fold(sum), 0xddf2);
    assert_int_equal(te_checksum_finish(sum), 0x220d);
}

static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(te_checksum_fold(0), 0);
    assert_int_equal(te_checksum_finish(0), 0xffff);
    assert_int_equal(te_checksum_add(77, NULL, 0), 77);
    assert_int_equal(te_checksum_add_iovec(77, NULL, 0), 77);
}

/* The buffer ends where the heap block ends, so that a read beyond it is seen. */
static void test_every_length_and_alignment(void **state)
{
    (void)state;
    for (size_t len = 0; len < 200; len++) {
        for (size_t shift = 0; shift < 9; shift++) {
            uint8_t *block = malloc(shift + len + 1);
            assert_non_null(block);
            uint8_t *data = realloc(block, shift + len > 0 ? shift + len : 1);
            assert_non_null(data);
            fill(data, shift + len);
            uint64_t sum = te_checksum_add(0, data + shift, len);
            assert_int_equal(te_checksum_fold(sum), naive_fold(data + shift, len));
            free(data);
        }
    }
}

static void test_large(void **state)
{
    static uint8_t data[65535 + 40];
    (void)state;
    fill(data, sizeof(data));
    for (size_t len = sizeof(data) - 40; len <= sizeof(data); len++)
        assert_int_equal(te_checksum_fold(te_checksum_add(0, data, len)), naive_fold(data, len));
    memset(data, 0xff, sizeof(data));
    assert_int_equal(te_checksum_fold(te_checksum_add(0, data, 65535)), naive_fold(data, 65535));
    assert_int_equal(te_checksum_fold(te_checksum_add(0, data, 65534)), 0xffff);
}

static void test_carries_are_not_lost(void **state)
{
    static const uint8_t one[] = {0x00, 0x01};
    (void)state;
    assert_int_equal(te_checksum_fold(UINT64_MAX), 0xffff);
    assert_int_equal(te_checksum_fold(te_checksum_add(UINT64_MAX, one, 2)), 1);
    assert_int_equal(te_checksum_fold(0x1fffe), 0xffff);
    assert_int_equal(te_checksum_fold(0xffffffffffff0000u), 0xffff);
    /* The last carry of the fold makes one more. */
    assert_int_equal(te_checksum_fold(0xffff0001ffffffffu), te_checksum_fold(1));
}

static void test_sum_continues_at_even_offsets(void **state)
{
    uint8_t data[101];
    (void)state;
    fill(data, sizeof(data));
    for (size_t cut = 0; cut < sizeof(data); cut += 2) {
        uint64_t sum = te_checksum_add(0, data, cut);
        sum = te_checksum_add(sum, data + cut, sizeof(data) - cut);
        assert_int_equal(te_checksum_fold(sum), naive_fold(data, sizeof(data)));
    }
}

/* Cuts data into count pieces of random length, empty ones included. */
static void cut_randomly(const uint8_t *data, size_t len, struct te_iovec *ret_iov, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        size_t piece = i + 1 == count ? len : random_next(&random_state) % (len + 1);
        ret_iov[i] = (struct te_iovec){data, piece};
        data += piece;
        len -= piece;
    }
}

static void test_iovec_of_odd_pieces(void **state)
{
    uint8_t data[301];
    struct te_iovec iov[7];
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = random_next(&random_state) % (sizeof(data) + 1);
        unsigned count = 1 + random_next(&random_state) % 7;
        fill(data, len);
        cut_randomly(data, len, iov, count);
        uint64_t sum = te_checksum_add_iovec(0, iov, count);
        assert_int_equal(te_checksum_fold(sum), naive_fold(data, len));
    }
}

static void test_iovec_continues_a_sum(void **state)
{
    static const uint8_t data[] = {0x12, 0x34, 0x56, 0x78, 0x9a};
    const struct te_iovec iov[] = {{data + 2, 1}, {data + 3, 2}};
    (void)state;
    uint64_t sum = te_checksum_add_iovec(te_checksum_add(0, data, 2), iov, 2);
    assert_int_equal(te_checksum_fold(sum), naive_fold(data, sizeof(data)));
}

/* The headers below were seen between two Linux hosts with checksum offload: the checksum field of
 * their segments holds the sum of the pseudo-header. */

static const uint8_t linux_ipv4_header[20] = {0x45, 0x00, 0x00, 0x3c, 0x61, 0xde, 0x40,
                                              0x00, 0x40, 0x06, 0xc4, 0xc9, 0x0a, 0x09,
                                              0x00, 0x01, 0x0a, 0x09, 0x00, 0x02};
static const uint8_t linux_syn[40] = {0xe6, 0x32, 0x1f, 0x90, 0xb6, 0x61, 0x3e, 0x64, 0x00, 0x00,
                                      0x00, 0x00, 0xa0, 0x02, 0xfa, 0xf0, 0x14, 0x43, 0x00, 0x00,
                                      0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a, 0x56, 0x60,
                                      0xb2, 0x73, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x0a};

static void test_linux_ipv4_header(void **state)
{
    uint8_t header[20];
    (void)state;
    assert_int_equal(te_checksum_finish(te_checksum_add(0, linux_ipv4_header, 20)), 0);
    memcpy(header, linux_ipv4_header, 20);
    header[10] = header[11] = 0;
    assert_int_equal(te_checksum_finish(te_checksum_add(0, header, 20)), 0xc4c9);
}

static void test_linux_partial_checksum_ipv4(void **state)
{
    struct te_addr a = te_addr_from_v4((const uint8_t[]){10, 9, 0, 1});
    struct te_addr b = te_addr_from_v4((const uint8_t[]){10, 9, 0, 2});
    (void)state;
    assert_int_equal(te_checksum_fold(te_checksum_pseudo(&a, &b, 6, 40)), 0x1443);
    assert_int_equal(te_checksum_fold(te_checksum_pseudo(&b, &a, 6, 37)), 0x1440);
    /* Who finishes it sums the segment with the partial sum still in the field. */
    uint64_t sum = te_checksum_add(0, linux_syn, sizeof(linux_syn));
    assert_int_equal(te_checksum_finish(sum), 0x359b);
}

static void test_linux_partial_checksum_ipv6(void **state)
{
    struct te_addr a = te_addr_from_v6((const uint8_t[16]){0xfd, 0x09, [15] = 1});
    struct te_addr b = te_addr_from_v6((const uint8_t[16]){0xfd, 0x09, [15] = 2});
    (void)state;
    assert_int_equal(te_checksum_fold(te_checksum_pseudo(&a, &b, 6, 40)), 0xfa44);
    assert_int_equal(te_checksum_fold(te_checksum_pseudo(&a, &b, 6, 37)), 0xfa41);
    assert_int_equal(te_checksum_fold(te_checksum_pseudo(&a, &b, 58, 0x10000 + 37)), 0xfa76);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rfc_1071_example, setup),
        cmocka_unit_test_setup(test_nothing, setup),
        cmocka_unit_test_setup(test_every_length_and_alignment, setup),
        cmocka_unit_test_setup(test_large, setup),
        cmocka_unit_test_setup(test_carries_are_not_lost, setup),
        cmocka_unit_test_setup(test_sum_continues_at_even_offsets, setup),
        cmocka_unit_test_setup(test_iovec_of_odd_pieces, setup),
        cmocka_unit_test_setup(test_iovec_continues_a_sum, setup),
        cmocka_unit_test_setup(test_linux_ipv4_header, setup),
        cmocka_unit_test_setup(test_linux_partial_checksum_ipv4, setup),
        cmocka_unit_test_setup(test_linux_partial_checksum_ipv6, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

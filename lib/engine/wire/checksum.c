/* Words are summed in the machine's byte order: a ones' complement sum does not care, as long as
 * the result is stored in the same order (RFC 1071 2 (B)). te_checksum_fold converts it to wire
 * order once. Words are split into 32-bit halves, so that 64 bits hold the sum of gigabytes without
 * carry handling (RFC 1071 2 (C)). */
#include "checksum.h"

#include <string.h>

#include "util/bytes.h"

#define HALF_MASK UINT64_C(0xffffffff)

/* Ones' complement: the carry out of the top is added at the bottom. */
static inline uint64_t add_carry(uint64_t a, uint64_t b)
{
    uint64_t sum;
    bool carry = __builtin_add_overflow(a, b, &sum);
    return sum + carry;
}

static inline uint64_t halves(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return (word & HALF_MASK) + (word >> 32);
}

static inline uint64_t pair(uint8_t first, uint8_t second)
{
    uint8_t bytes[2] = {first, second};
    uint16_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* Below 32 bytes. An odd byte at the end is the first of a pair whose second is zero (RFC 1071 1).
 */
static uint64_t sum_tail(const uint8_t *p, size_t len)
{
    uint64_t sum = 0;
    for (; len >= 8; len -= 8, p += 8)
        sum += halves(p);
    for (; len >= 2; len -= 2, p += 2)
        sum += pair(p[0], p[1]);
    return len > 0 ? sum + pair(p[0], 0) : sum;
}

/* Four sums that do not depend on one another. */
uint64_t te_checksum_add(uint64_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (; len >= 32; len -= 32, p += 32) {
        s0 += halves(p);
        s1 += halves(p + 8);
        s2 += halves(p + 16);
        s3 += halves(p + 24);
    }
    return add_carry(sum, s0 + s1 + s2 + s3 + sum_tail(p, len));
}

static uint16_t fold_native(uint64_t sum)
{
    sum = (sum & HALF_MASK) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

uint64_t te_checksum_add_iovec(uint64_t sum, const struct te_iovec *iov, unsigned count)
{
    bool is_odd = false;
    for (unsigned i = 0; i < count; i++) {
        uint64_t piece = te_checksum_add(0, iov[i].base, iov[i].len);
        /* Bytes at odd offsets were summed as if at even ones; swapping corrects that (RFC 1071 2
         * (B)). */
        if (is_odd)
            piece = __builtin_bswap16(fold_native(piece));
        sum = add_carry(sum, piece);
        is_odd ^= iov[i].len & 1;
    }
    return sum;
}

uint64_t te_checksum_pseudo(const struct te_addr *source, const struct te_addr *destination,
                            uint8_t protocol, uint32_t len_bytes)
{
    /* One layout for both families: the ffff of a mapped IPv4 address is the zero of this
     * arithmetic, and so are the zeros that IPv6 has where IPv4 has nothing. */
    uint8_t rest[8] = {0};
    te_store_be32(rest, len_bytes);
    rest[7] = protocol;
    uint64_t sum = te_checksum_add(0, source->bytes, sizeof(source->bytes));
    sum = te_checksum_add(sum, destination->bytes, sizeof(destination->bytes));
    return te_checksum_add(sum, rest, sizeof(rest));
}

uint16_t te_checksum_fold(uint64_t sum)
{
    uint16_t native = fold_native(sum);
    uint8_t wire[2];
    memcpy(wire, &native, sizeof(wire));
    return te_load_be16(wire);
}

uint16_t te_checksum_finish(uint64_t sum)
{
    return (uint16_t)~te_checksum_fold(sum);
}

#include "util/siphash.h"

#include <string.h>

/* The four words of state, named as in the paper. */
struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v0 = rotl(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v2 = rotl(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

/* Little-endian on every machine; compilers turn it into one load. */
static inline uint64_t load_le64(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

/* The last 0..7 bytes, and the length modulo 256 in the top byte. */
static uint64_t last_word(const uint8_t *tail, size_t len)
{
    uint8_t bytes[8] = {0};
    size_t rest = len & 7;
    if (rest > 0)
        memcpy(bytes, tail, rest);
    bytes[7] = (uint8_t)len;
    return load_le64(bytes);
}

uint64_t te_siphash(const struct te_siphash_key *key, const void *data, size_t len)
{
    uint64_t k0 = load_le64(key->bytes);
    uint64_t k1 = load_le64(key->bytes + 8);
    struct sip s = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                    k1 ^ 0x7465646279746573u};
    const uint8_t *p = data;
    for (size_t words = len / 8; words > 0; words--, p += 8)
        sip_word(&s, load_le64(p));
    sip_word(&s, last_word(p, len));
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

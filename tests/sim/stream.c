#include "stream.h"

#include <endian.h>
#include <string.h>

#include "rng.h"

#define BLOCK 8
#define PIECE 512

static uint64_t name_of(const struct te_endpoint *endpoint)
{
    return (uint64_t)endpoint->addr.bytes[sizeof(endpoint->addr.bytes) - 1] << 16 | endpoint->port;
}

uint64_t stream_key(const struct te_endpoint *sender, const struct te_endpoint *receiver,
                    uint32_t iss)
{
    return rng_mix(rng_mix(name_of(sender) << 24 | name_of(receiver)) ^ iss);
}

static uint64_t block_at(uint64_t key, uint64_t index)
{
    uint64_t value = (key ^ index) * 0x9fb21c651e98df25u;
    return (value ^ (value >> 32)) * 0x9fb21c651e98df25u;
}

static void fill_part(uint64_t block, size_t skip, uint8_t *ret_bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = (uint8_t)(block >> (8 * (skip + i)));
}

void stream_fill(uint64_t key, uint64_t offset, uint8_t *ret_bytes, size_t len)
{
    while (len > 0) {
        size_t skip = (size_t)(offset % BLOCK);
        size_t take = BLOCK - skip < len ? BLOCK - skip : len;
        uint64_t block = block_at(key, offset / BLOCK);
        if (take == BLOCK) { /* independent of byte order */
            block = htole64(block);
            memcpy(ret_bytes, &block, BLOCK);
        } else {
            fill_part(block, skip, ret_bytes, take);
        }
        ret_bytes += take;
        offset += take;
        len -= take;
    }
}

bool stream_matches(uint64_t key, uint64_t offset, const uint8_t *bytes, size_t len)
{
    uint8_t expected[PIECE];
    while (len > 0) {
        size_t take = len < PIECE ? len : PIECE;
        stream_fill(key, offset, expected, take);
        if (memcmp(expected, bytes, take) != 0)
            return false;
        bytes += take;
        offset += take;
        len -= take;
    }
    return true;
}

#include "stream.h"

#include "rng.h"
#include <string.h>

#define BLOCK 8
#define PIECE 512

uint64_t stream_key(unsigned sender_side, uint16_t sender_port, uint16_t receiver_port,
                    uint32_t iss)
{
    uint64_t ports = (uint64_t)sender_port << 16 | receiver_port;
    return rng_mix(rng_mix(ports << 1 | sender_side) ^ iss);
}

static void block_bytes(uint64_t key, uint64_t index, uint8_t ret_bytes[BLOCK])
{
    uint64_t value = (key ^ index) * 0x9fb21c651e98df25u;
    value = (value ^ (value >> 32)) * 0x9fb21c651e98df25u;
    for (unsigned i = 0; i < BLOCK; i++)
        ret_bytes[i] = (uint8_t)(value >> (8 * i));
}

void stream_fill(uint64_t key, uint64_t offset, uint8_t *ret_bytes, size_t len)
{
    uint8_t block[BLOCK];
    while (len > 0) {
        size_t skip = (size_t)(offset % BLOCK);
        size_t take = BLOCK - skip < len ? BLOCK - skip : len;
        block_bytes(key, offset / BLOCK, block);
        memcpy(ret_bytes, block + skip, take);
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

#include "util/ring.h"

#include <string.h>

/* The smallest power of two that is at least both; 0 if that is 2^32. */
static uint32_t size_for(uint32_t size_bytes, uint32_t need_bytes)
{
    uint32_t size = 1;
    while (size != 0 && (size < size_bytes || size < need_bytes))
        size <<= 1;
    return size;
}

static uint8_t *take_region(const struct te_ring *ring, const struct te_ring_owner *owner,
                            uint32_t size_bytes)
{
    const struct te_buffer_memory *memory = owner->memory;
    if (ring->region == NULL)
        return memory->reserve(memory->ctx, owner->conn_id, owner->is_send, size_bytes);
    return memory->grow(memory->ctx, owner->conn_id, owner->is_send, ring->size_bytes, size_bytes);
}

static void copy_bytes(const struct te_ring *from_ring, struct te_ring *to_ring, uint64_t from,
                       uint64_t to)
{
    struct te_iovec iov[2];
    unsigned count = te_ring_read(from_ring, from, (size_t)(to - from), iov);
    for (unsigned i = 0; i < count; i++) {
        te_ring_write(to_ring, from, iov[i].base, iov[i].len);
        from += iov[i].len;
    }
}

bool te_ring_grow(struct te_ring *ring, const struct te_ring_owner *owner,
                  const struct te_ring_growth *growth)
{
    uint32_t max = growth->max_bytes;
    if (ring->region != NULL && growth->need_bytes <= ring->size_bytes)
        return true;
    if (growth->need_bytes > max)
        return false;
    uint32_t first_bytes = growth->initial_bytes < max ? growth->initial_bytes : max;
    bool is_first = ring->region == NULL;
    uint32_t size = size_for(is_first ? first_bytes : ring->size_bytes, growth->need_bytes);
    uint8_t *region = size == 0 ? NULL : take_region(ring, owner, size);
    if (region == NULL)
        return false;
    struct te_ring grown = {region, size};
    if (!is_first)
        copy_bytes(ring, &grown, growth->from, growth->to);
    te_ring_release(ring, owner);
    *ring = grown;
    return true;
}

void te_ring_release(struct te_ring *ring, const struct te_ring_owner *owner)
{
    const struct te_buffer_memory *memory = owner->memory;
    if (ring->region != NULL)
        memory->release(memory->ctx, owner->conn_id, owner->is_send, ring->region,
                        ring->size_bytes);
    ring->region = NULL;
    ring->size_bytes = 0;
}

void te_ring_write(struct te_ring *ring, uint64_t offset, const uint8_t *data, size_t len)
{
    if (len == 0)
        return;
    size_t at = (size_t)(offset & (ring->size_bytes - 1));
    size_t first = ring->size_bytes - at;
    if (first > len)
        first = len;
    memcpy(ring->region + at, data, first);
    memcpy(ring->region, data + first, len - first);
}

unsigned te_ring_read(const struct te_ring *ring, uint64_t offset, size_t len,
                      struct te_iovec ret_iov[2])
{
    if (len == 0)
        return 0;
    size_t at = (size_t)(offset & (ring->size_bytes - 1));
    size_t first = ring->size_bytes - at;
    if (first >= len) {
        ret_iov[0] = (struct te_iovec){ring->region + at, len};
        return 1;
    }
    ret_iov[0] = (struct te_iovec){ring->region + at, first};
    ret_iov[1] = (struct te_iovec){ring->region, len - first};
    return 2;
}

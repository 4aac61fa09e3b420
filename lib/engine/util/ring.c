#include "util/ring.h"

#include <string.h>

#include "util/ranges.h"

#define GRANULES_MAX 64
#define MAP_START_BITS 8 /* te_ring.map_start */
/* Smaller regions cost all of their bytes: the host takes them from a heap. */
#define LAZY_PAGES_MIN 4

/* --- what a ring costs ------------------------------------------------------------------------ */

static unsigned shift_of(uint32_t bytes)
{
    unsigned shift = 0;
    while (bytes > 1u << shift)
        shift++;
    return shift;
}

/* Of the smallest granule. The whole region, where each of its bytes costs from the start. */
static unsigned granule_shift(const struct te_ring_owner *owner, uint32_t size_bytes, bool is_lent)
{
    uint32_t page_bytes = owner->memory->page_bytes;
    if (page_bytes == 0 || size_bytes / LAZY_PAGES_MIN <= page_bytes)
        return shift_of(size_bytes);
    uint32_t part = is_lent ? 0 : size_bytes / GRANULES_MAX;
    return shift_of(part > page_bytes ? part : page_bytes);
}

/* In the ring: the map covers the first GRANULES_MAX of them. */
static unsigned granule_count(const struct te_ring *ring)
{
    return te_ring_size(ring) >> ring->granule_shift;
}

static uint64_t low_bits(unsigned count)
{
    return count < GRANULES_MAX ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

static unsigned count_bits(uint64_t bits)
{
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

/* Where in the region the stream's byte is. */
static uint32_t place_of(const struct te_ring *ring, uint64_t offset)
{
    return ((uint32_t)offset - ring->origin) & (te_ring_size(ring) - 1);
}

/* Nothing is written yet. */
static void clear_map(struct te_ring *ring, const struct te_ring_owner *owner)
{
    ring->map_start = 0;
    ring->granule_shift = (uint8_t)granule_shift(owner, te_ring_size(ring), ring->is_lent);
    unsigned count = granule_count(ring);
    ring->touched = count == 1 ? UINT64_MAX : ~low_bits(count);
}

/* Where the byte is as seen from the first granule. */
static uint32_t mapped_place_of(const struct te_ring *ring, uint64_t offset)
{
    uint32_t start =
        (uint32_t)(((uint64_t)ring->map_start << ring->size_bits) >> MAP_START_BITS >> 1);
    return (place_of(ring, offset) - start) & (te_ring_size(ring) - 1);
}

/* The granules of [offset, offset + len), which the map covers, with len from 1 to the ring's size.
 */
static uint64_t granules_of(const struct te_ring *ring, uint64_t offset, size_t len)
{
    unsigned count = granule_count(ring);
    uint64_t at = mapped_place_of(ring, offset);
    unsigned first = (unsigned)(at >> ring->granule_shift);
    uint64_t span = ((at + len - 1) >> ring->granule_shift) - first;
    if (span >= count)
        return low_bits(count);
    uint64_t bits = low_bits((unsigned)span + 1);
    uint64_t wrapped = first > 0 && first + span >= count ? bits >> (count - first) : 0;
    return ((bits << first) | wrapped) & low_bits(count);
}

static bool covers_all(const struct te_ring *ring)
{
    return granule_count(ring) <= GRANULES_MAX;
}

static bool covers(const struct te_ring *ring, uint64_t offset, size_t len)
{
    uint64_t covered_bytes = (uint64_t)GRANULES_MAX << ring->granule_shift;
    return covers_all(ring) || mapped_place_of(ring, offset) + (uint64_t)len <= covered_bytes;
}

/* Bit n of the result: bit 2n or 2n + 1. */
static uint64_t join_pairs(uint64_t bits)
{
    bits = (bits | bits >> 1) & UINT64_C(0x5555555555555555);
    bits = (bits | bits >> 1) & UINT64_C(0x3333333333333333);
    bits = (bits | bits >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    bits = (bits | bits >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    bits = (bits | bits >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (bits | bits >> 16) & UINT64_C(0xffffffff);
}

static void double_granules(struct te_ring *ring)
{
    ring->touched = join_pairs(ring->touched);
    ring->granule_shift++;
}

/* The page of the first byte, rounded down to a 256th. */
static void start_map(struct te_ring *ring, uint64_t offset)
{
    uint64_t page_at = (uint64_t)place_of(ring, offset) >> ring->granule_shift
                                                               << ring->granule_shift;
    ring->map_start = (uint8_t)(page_at << MAP_START_BITS << 1 >> ring->size_bits);
}

static void cover(struct te_ring *ring, uint64_t offset, size_t len)
{
    if (ring->touched == 0)
        start_map(ring, offset);
    while (!covers(ring, offset, len))
        double_granules(ring);
}

/* Out of the way of te_ring_write, which is done once all of the ring was written. */
static bool touch(struct te_ring *ring, uint64_t offset, size_t len)
{
    if (!covers_all(ring))
        cover(ring, offset, len);
    uint64_t before = ring->touched;
    ring->touched |= granules_of(ring, offset, len);
    bool is_more = ring->touched != before;
    if (ring->touched == UINT64_MAX && !covers_all(ring))
        double_granules(ring); /* there is more of the ring */
    return is_more;
}

uint32_t te_ring_cost(const struct te_ring *ring)
{
    if (ring->region == NULL)
        return 0;
    if (ring->touched == UINT64_MAX)
        return te_ring_size(ring);
    return count_bits(ring->touched & low_bits(granule_count(ring))) << ring->granule_shift;
}

uint32_t te_ring_least_cost(const struct te_ring_owner *owner, uint32_t size_bytes)
{
    return 1u << granule_shift(owner, size_bytes, false);
}

uint32_t te_ring_cost_of(const struct te_ring *ring, uint64_t offset, size_t len)
{
    if (ring->touched == UINT64_MAX || len == 0)
        return 0;
    if (covers(ring, offset, len))
        return count_bits(granules_of(ring, offset, len) & ~ring->touched) << ring->granule_shift;
    struct te_ring written = *ring;
    touch(&written, offset, len);
    return te_ring_cost(&written) - te_ring_cost(ring);
}

size_t te_ring_run(const struct te_ring *ring, uint64_t offset, size_t len, uint32_t cost_bytes)
{
    size_t granule_bytes = (size_t)1 << ring->granule_shift;
    size_t run = 0;
    size_t next = granule_bytes - (mapped_place_of(ring, offset) & (granule_bytes - 1));
    for (; next < len && te_ring_cost_of(ring, offset, next) <= cost_bytes; next += granule_bytes)
        run = next;
    return te_ring_cost_of(ring, offset, len) <= cost_bytes ? len : run;
}

/* --- regions ---------------------------------------------------------------------------------- */

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
    return memory->grow(memory->ctx, owner->conn_id, owner->is_send, te_ring_size(ring),
                        size_bytes);
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

static void copy_content(const struct te_ring *from_ring, struct te_ring *to_ring,
                         const struct te_ring_growth *content)
{
    copy_bytes(from_ring, to_ring, content->from, content->to);
    for (unsigned i = 0; content->beyond != NULL && i < content->beyond->count; i++)
        copy_bytes(from_ring, to_ring, content->beyond->items[i].start,
                   content->beyond->items[i].end);
}

void te_ring_take(struct te_ring *ring, const struct te_ring_owner *owner, uint8_t *region,
                  uint32_t size_bytes)
{
    *ring = (struct te_ring){.region = region, .size_bits = (uint8_t)(shift_of(size_bytes) + 1)};
    clear_map(ring, owner);
}

uint32_t te_ring_size_for(const struct te_ring *ring, const struct te_ring_growth *growth)
{
    uint32_t max = growth->max_bytes;
    uint32_t first_bytes = growth->initial_bytes < max ? growth->initial_bytes : max;
    return size_for(ring->region == NULL ? first_bytes : te_ring_size(ring), growth->need_bytes);
}

bool te_ring_grow(struct te_ring *ring, const struct te_ring_owner *owner,
                  const struct te_ring_growth *growth)
{
    uint32_t max = growth->max_bytes;
    if (ring->region != NULL && growth->need_bytes <= te_ring_size(ring))
        return true;
    if (growth->need_bytes > max || ring->is_lent)
        return false;
    uint32_t size = te_ring_size_for(ring, growth);
    uint8_t *region = size == 0 ? NULL : take_region(ring, owner, size);
    if (region == NULL)
        return false;
    struct te_ring grown;
    te_ring_take(&grown, owner, region, size);
    if (ring->region != NULL)
        copy_content(ring, &grown, growth);
    te_ring_release(ring, owner);
    *ring = grown;
    return true;
}

/* What the content would cost in a region of that many bytes, at most. */
static uint64_t cost_in(const struct te_ring_owner *owner, const struct te_ring_growth *content,
                        uint32_t size_bytes)
{
    uint64_t granule_bytes = te_ring_least_cost(owner, size_bytes);
    uint64_t cost = content->to - content->from + 2 * granule_bytes;
    for (unsigned i = 0; content->beyond != NULL && i < content->beyond->count; i++) {
        const struct te_range *range = &content->beyond->items[i];
        cost += range->end - range->start + 2 * granule_bytes;
    }
    return cost < size_bytes ? cost : size_bytes;
}

void te_ring_fit(struct te_ring *ring, const struct te_ring_owner *owner,
                 const struct te_ring_growth *content)
{
    uint32_t size = size_for(content->initial_bytes, content->need_bytes);
    if (ring->region == NULL || ring->is_lent || size == 0 || size > te_ring_size(ring) ||
        2 * cost_in(owner, content, size) > te_ring_cost(ring))
        return;
    uint8_t *region = take_region(ring, owner, size);
    if (region == NULL)
        return;
    struct te_ring fitted;
    te_ring_take(&fitted, owner, region, size);
    copy_content(ring, &fitted, content);
    te_ring_release(ring, owner);
    *ring = fitted;
}

void te_ring_release(struct te_ring *ring, const struct te_ring_owner *owner)
{
    const struct te_buffer_memory *memory = owner->memory;
    if (ring->region != NULL && !ring->is_lent)
        memory->release(memory->ctx, owner->conn_id, owner->is_send, ring->region,
                        te_ring_size(ring));
    *ring = (struct te_ring){0};
}

/* The end of the last byte that is held. */
static uint64_t content_end(const struct te_ring_growth *content)
{
    const struct te_ranges *beyond = content->beyond;
    return beyond != NULL && beyond->count > 0 ? beyond->items[beyond->count - 1].end : content->to;
}

static void move_to(struct te_ring *ring, const struct te_ring_owner *owner,
                    const struct te_ring_growth *content, struct te_ring *to)
{
    if (ring->region != NULL)
        copy_content(ring, to, content);
    te_ring_release(ring, owner);
    *ring = *to;
}

bool te_ring_lend(struct te_ring *ring, const struct te_ring_owner *owner,
                  const struct te_ring_growth *content, uint8_t *region, uint32_t size_bytes)
{
    struct te_ring lent;
    if (content_end(content) - content->from > size_bytes)
        return false;
    te_ring_take(&lent, owner, region, size_bytes);
    lent.is_lent = true;
    clear_map(&lent, owner);
    move_to(ring, owner, content, &lent);
    return true;
}

bool te_ring_own(struct te_ring *ring, const struct te_ring_owner *owner,
                 const struct te_ring_growth *content)
{
    const struct te_buffer_memory *memory = owner->memory;
    struct te_ring own = {0};
    if (content->need_bytes > 0) {
        uint32_t size = size_for(content->initial_bytes, content->need_bytes);
        uint8_t *region = memory->reserve(memory->ctx, owner->conn_id, owner->is_send, size);
        if (region == NULL)
            return false;
        te_ring_take(&own, owner, region, size);
        move_to(ring, owner, content, &own);
    } else {
        te_ring_release(ring, owner);
    }
    return true;
}

void te_ring_vacate(struct te_ring *ring, const struct te_ring_owner *owner)
{
    const struct te_buffer_memory *memory = owner->memory;
    if (memory->vacate == NULL || te_ring_cost(ring) == 0)
        return;
    if (!memory->vacate(memory->ctx, owner->conn_id, owner->is_send, ring->region,
                        te_ring_size(ring)))
        return;
    clear_map(ring, owner);
}

void te_ring_restart(struct te_ring *ring, uint64_t offset)
{
    if (!ring->is_lent)
        ring->origin = (uint32_t)offset;
}

bool te_ring_touch(struct te_ring *ring, uint64_t offset, size_t len)
{
    return len > 0 && ring->touched != UINT64_MAX && touch(ring, offset, len);
}

static void copy_near(uint8_t *to, const uint8_t *from, size_t len)
{
    memcpy(to, from, len);
}

static bool write_by(struct te_ring *ring, uint64_t offset, const uint8_t *data, size_t len,
                     void (*copy)(uint8_t *to, const uint8_t *from, size_t len))
{
    if (len == 0)
        return false;
    bool is_more = ring->touched != UINT64_MAX && touch(ring, offset, len);
    size_t at = place_of(ring, offset);
    size_t first = te_ring_size(ring) - at;
    if (first > len)
        first = len;
    copy(ring->region + at, data, first);
    copy(ring->region, data + first, len - first);
    return is_more;
}

bool te_ring_write(struct te_ring *ring, uint64_t offset, const uint8_t *data, size_t len)
{
    return write_by(ring, offset, data, len, copy_near);
}

bool te_ring_receive(struct te_ring *ring, const struct te_buffer_memory *memory, uint64_t offset,
                     const uint8_t *data, size_t len)
{
    bool is_hosts = ring->is_lent && memory->copy_lent != NULL;
    return write_by(ring, offset, data, len, is_hosts ? memory->copy_lent : copy_near);
}

unsigned te_ring_read(const struct te_ring *ring, uint64_t offset, size_t len,
                      struct te_iovec ret_iov[2])
{
    if (len == 0)
        return 0;
    size_t at = place_of(ring, offset);
    size_t first = te_ring_size(ring) - at;
    if (first >= len) {
        ret_iov[0] = (struct te_iovec){ring->region + at, len};
        return 1;
    }
    ret_iov[0] = (struct te_iovec){ring->region + at, first};
    ret_iov[1] = (struct te_iovec){ring->region, len - first};
    return 2;
}

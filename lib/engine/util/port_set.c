#include "util/port_set.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define LIST_MIN 4u
#define WORD_BITS 64u
#define BITMAP_BYTES ((UINT16_MAX + 1u) / 8u)

static size_t list_bytes(const struct te_port_set *set)
{
    return set->capacity * sizeof(*set->list);
}

static uint32_t index_of(const struct te_port_set *set, uint16_t port)
{
    uint32_t i = 0;
    while (i < set->count && set->list[i] != port)
        i++;
    return i;
}

static uint64_t bit_of(uint32_t port)
{
    return UINT64_C(1) << port % WORD_BITS;
}

bool te_port_set_has(const struct te_port_set *set, uint16_t port)
{
    if (set->bits != NULL)
        return (set->bits[port / WORD_BITS] & bit_of(port)) != 0;
    return index_of(set, port) < set->count;
}

void te_port_set_clear(struct te_port_set *set, const struct te_allocator *allocator)
{
    if (set->list != NULL)
        allocator->free(allocator->ctx, set->list, list_bytes(set));
    if (set->bits != NULL)
        allocator->free(allocator->ctx, set->bits, BITMAP_BYTES);
    *set = (struct te_port_set){0};
}

static bool become_bitmap(struct te_port_set *set, const struct te_allocator *allocator)
{
    uint64_t *bits = allocator->alloc(allocator->ctx, BITMAP_BYTES);
    if (bits == NULL)
        return false;
    memset(bits, 0, BITMAP_BYTES);
    for (uint32_t i = 0; i < set->count; i++)
        bits[set->list[i] / WORD_BITS] |= bit_of(set->list[i]);
    allocator->free(allocator->ctx, set->list, list_bytes(set));
    set->list = NULL;
    set->capacity = 0;
    set->bits = bits;
    return true;
}

static bool lengthen(struct te_port_set *set, const struct te_allocator *allocator)
{
    uint32_t capacity = set->capacity == 0 ? LIST_MIN : 2 * set->capacity;
    uint16_t *list = allocator->alloc(allocator->ctx, capacity * sizeof(*list));
    if (list == NULL)
        return false;
    if (set->list != NULL) {
        memcpy(list, set->list, list_bytes(set));
        allocator->free(allocator->ctx, set->list, list_bytes(set));
    }
    set->list = list;
    set->capacity = capacity;
    return true;
}

static bool make_room(struct te_port_set *set, const struct te_allocator *allocator)
{
    if (set->bits != NULL || set->count < set->capacity)
        return true;
    return set->count < TE_PORT_SET_LISTED_MAX ? lengthen(set, allocator)
                                               : become_bitmap(set, allocator);
}

bool te_port_set_add(struct te_port_set *set, uint16_t port, const struct te_allocator *allocator)
{
    assert(!te_port_set_has(set, port));
    if (!make_room(set, allocator))
        return false;
    if (set->bits != NULL)
        set->bits[port / WORD_BITS] |= bit_of(port);
    else
        set->list[set->count] = port;
    set->count++;
    return true;
}

void te_port_set_remove(struct te_port_set *set, uint16_t port,
                        const struct te_allocator *allocator)
{
    assert(te_port_set_has(set, port));
    if (set->bits != NULL)
        set->bits[port / WORD_BITS] &= ~bit_of(port);
    else
        set->list[index_of(set, port)] = set->list[set->count - 1];
    if (--set->count == 0)
        te_port_set_clear(set, allocator);
}

/* The place of the lowest bit, of which there is one. */
static uint32_t lowest(uint64_t word)
{
    uint32_t at = 0;
    for (uint32_t step = WORD_BITS / 2; step > 0; step /= 2) {
        if ((word & ((UINT64_C(1) << step) - 1)) != 0)
            continue;
        word >>= step;
        at += step;
    }
    return at;
}

static uint32_t first_free_bit(const uint64_t *bits, uint32_t from, uint32_t last)
{
    uint64_t below = bit_of(from) - 1;
    for (uint32_t word = from / WORD_BITS; word <= last / WORD_BITS; word++) {
        uint64_t taken = bits[word] | below;
        below = 0;
        if (taken == UINT64_MAX)
            continue;
        uint32_t port = word * WORD_BITS + lowest(~taken);
        return port <= last ? port : last + 1;
    }
    return last + 1;
}

uint32_t te_port_set_first_free(const struct te_port_set *set, uint32_t from, uint32_t last)
{
    assert(last <= UINT16_MAX);
    if (from > last)
        return last + 1;
    if (set->bits != NULL)
        return first_free_bit(set->bits, from, last);
    while (from <= last && te_port_set_has(set, (uint16_t)from))
        from++;
    return from;
}

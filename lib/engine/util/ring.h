/* The bytes of one direction of one stream, addressed by stream offset.
 *
 * The region comes from te_buffer_memory, and its size is a power of two; byte n of the stream is
 * at (n - origin) & (size - 1). Only the owner knows which bytes are valid, not the ring. Starts
 * zeroed.
 *
 * What a ring costs is not its size: where the host gives memory page by page as it is written
 * (te_buffer_memory.page_bytes), one byte far beyond a hole costs a page, not the way to it. The
 * ring has a map of 64 granules that says which of them were written. They cover all of it, except
 * in a lent ring, which is as large from the start as it ever gets: there they are pages, from
 * about the first byte that was written on, and double whenever one is written beyond the last. */
#ifndef TCPENGINE_UTIL_RING_H
#define TCPENGINE_UTIL_RING_H

#include <tcpengine/config.h>

struct te_ranges;

struct te_ring {
    uint8_t *region;       /* NULL while it has no memory */
    uint64_t touched;      /* a bit per granule that was written; ones for those beyond the ring.
                            * UINT64_MAX: all of the ring was written */
    uint32_t origin;       /* a stream offset, modulo 2^32, that lies at the region's start */
    uint8_t size_bits;     /* te_ring_size() */
    uint8_t granule_shift; /* a granule is 2^n bytes: from a page to a 64th of the ring */
    uint8_t map_start;     /* where the first granule begins, in 256ths of the ring */
    bool is_lent;          /* the region is the host's own: it keeps its place and its size */
};

/* Of the region: a power of two, or 0 while there is none. */
static inline uint32_t te_ring_size(const struct te_ring *ring)
{
    return (uint32_t)(UINT64_C(1) << ring->size_bits >> 1);
}

/* Identifies the buffer to the host's memory interface. */
struct te_ring_owner {
    const struct te_buffer_memory *memory;
    uint64_t conn_id;
    bool is_send;
};

/* What a buffer has to hold: need_bytes, with [from, to) and the ranges beyond preserved. */
struct te_ring_growth {
    uint64_t from, to;
    uint32_t need_bytes;
    uint32_t initial_bytes; /* size of the first region */
    uint32_t max_bytes;
    const struct te_ranges *beyond; /* NULL: none */
};

/* Makes room for need_bytes: the size doubles until it is enough, from initial_bytes or max_bytes,
 * whichever is less. Rounding up to a power of two may exceed max_bytes. False when need_bytes is
 * over max_bytes or the host refuses: nothing has changed. */
bool te_ring_grow(struct te_ring *ring, const struct te_ring_owner *owner,
                  const struct te_ring_growth *growth);
/* The size that te_ring_grow would take for this; 0: none is large enough. */
uint32_t te_ring_size_for(const struct te_ring *ring, const struct te_ring_growth *growth);
/* Moves the content to the smallest region that holds need_bytes, of at least initial_bytes, if
 * that halves what the ring costs or more. Otherwise, and when the host refuses, nothing changes.
 */
void te_ring_fit(struct te_ring *ring, const struct te_ring_owner *owner,
                 const struct te_ring_growth *content);
/* Uses a region that the owner has reserved, of which nothing is written yet. */
void te_ring_take(struct te_ring *ring, const struct te_ring_owner *owner, uint8_t *region,
                  uint32_t size_bytes);
/* Moves the content into a region that the host lends, of size_bytes (a power of two), and gives
 * the old one back. The ring stays there until te_ring_own or te_ring_release. False, with nothing
 * changed: the content spans more than size_bytes. */
bool te_ring_lend(struct te_ring *ring, const struct te_ring_owner *owner,
                  const struct te_ring_growth *content, uint8_t *region, uint32_t size_bytes);
/* Moves the content of a lent ring to a region of te_buffer_memory that holds content->need_bytes;
 * to none if that is 0. False, with nothing changed: the host refuses. */
bool te_ring_own(struct te_ring *ring, const struct te_ring_owner *owner,
                 const struct te_ring_growth *content);
/* Nothing is held: the host may take the pages of a lent ring back (te_buffer_memory.vacate), and
 * it costs nothing until it is written again. */
void te_ring_vacate(struct te_ring *ring, const struct te_ring_owner *owner);
/* Nothing is held: byte offset, which comes next, lies at the region's start. So a ring that runs
 * empty again and again uses the same few pages, which are in the processor's cache. A lent ring
 * stays as it is: its user counts from zero. */
void te_ring_restart(struct te_ring *ring, uint64_t offset);
/* Notes that [offset, offset + len), which fits, was written by somebody else. True, as of
 * te_ring_write and te_ring_receive: te_ring_cost may have grown. */
bool te_ring_touch(struct te_ring *ring, uint64_t offset, size_t len);
/* Gives the region back, if there is one; a lent one is only forgotten. */
void te_ring_release(struct te_ring *ring, const struct te_ring_owner *owner);
/* The bytes of memory behind what was written. */
uint32_t te_ring_cost(const struct te_ring *ring);
/* What a region costs at least: for a single byte, as te_ring_cost counts. */
uint32_t te_ring_least_cost(const struct te_ring_owner *owner, uint32_t size_bytes);
/* How much te_ring_cost would grow if [offset, offset + len), which fits, were written. */
uint32_t te_ring_cost_of(const struct te_ring *ring, uint64_t offset, size_t len);
/* How many of the bytes from offset on, at most len, can be written if te_ring_cost may grow by
 * that much. */
size_t te_ring_run(const struct te_ring *ring, uint64_t offset, size_t len, uint32_t cost_bytes);
/* Copies in at stream offset; the caller has ensured that [offset, offset + len) fits. */
bool te_ring_write(struct te_ring *ring, uint64_t offset, const uint8_t *data, size_t len);
/* The same for what was received: by the host's own means, if the ring is lent and it has any. */
bool te_ring_receive(struct te_ring *ring, const struct te_buffer_memory *memory, uint64_t offset,
                     const uint8_t *data, size_t len);
/* The pieces of [offset, offset + len): none when len is 0, else one or two. They point into the
 * region, until it grows or is released. Returns how many. */
unsigned te_ring_read(const struct te_ring *ring, uint64_t offset, size_t len,
                      struct te_iovec ret_iov[2]);

#endif

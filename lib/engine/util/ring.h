/* The bytes of one direction of one stream, addressed by stream offset.
 *
 * The region comes from te_buffer_memory, and its size is a power of two; byte n of the stream is
 * at n & (size - 1). Only the owner knows which bytes are valid, not the ring. Starts zeroed. */
#ifndef TCPENGINE_UTIL_RING_H
#define TCPENGINE_UTIL_RING_H

#include <tcpengine/config.h>

struct te_ring {
    uint8_t *region; /* NULL while it has no memory */
    uint32_t size_bytes;
};

/* Identifies the buffer to the host's memory interface. */
struct te_ring_owner {
    const struct te_buffer_memory *memory;
    uint64_t conn_id;
    bool is_send;
};

/* What a buffer has to hold: need_bytes, with [from, to) preserved. */
struct te_ring_growth {
    uint64_t from, to;
    uint32_t need_bytes;
    uint32_t initial_bytes; /* size of the first region */
    uint32_t max_bytes;
};

/* Makes room for need_bytes: the size doubles until it is enough, from initial_bytes or max_bytes,
 * whichever is less. Rounding up to a power of two may exceed max_bytes. False when need_bytes is
 * over max_bytes or the host refuses: nothing has changed. */
bool te_ring_grow(struct te_ring *ring, const struct te_ring_owner *owner,
                  const struct te_ring_growth *growth);
/* Gives the region back, if there is one. */
void te_ring_release(struct te_ring *ring, const struct te_ring_owner *owner);
/* Copies in at stream offset; the caller has ensured that [offset, offset + len) fits. */
void te_ring_write(struct te_ring *ring, uint64_t offset, const uint8_t *data, size_t len);
/* The pieces of [offset, offset + len): none when len is 0, else one or two. They point into the
 * region, until it grows or is released. Returns how many. */
unsigned te_ring_read(const struct te_ring *ring, uint64_t offset, size_t len,
                      struct te_iovec ret_iov[2]);

#endif

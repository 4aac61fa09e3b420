/* The bytes of one direction of one stream, addressed by stream offset.
 *
 * The region is a power of two and comes from te_buffer_memory; byte number n of the stream lies at
 * n & (size - 1). The ring itself does not know which of its bytes are valid: its owner does. */
#ifndef TCPENGINE_UTIL_RING_H
#define TCPENGINE_UTIL_RING_H

#include <tcpengine/config.h>

struct te_ring {
    uint8_t *region; /* NULL while it has no memory */
    uint32_t size_bytes;
};

/* Who pays: identifies the buffer toward the host's memory interface. */
struct te_ring_owner {
    const struct te_buffer_memory *memory;
    uint64_t conn_id;
    bool is_send;
};

/* What a buffer has to hold: need_bytes, with the bytes of [from, to) kept. */
struct te_ring_growth {
    uint64_t from, to;
    uint32_t need_bytes;
    uint32_t initial_bytes; /* size of the first region */
    uint32_t max_bytes;
};

/* Makes room. Sizes double from the first region's to the power of two that holds need_bytes. False
 * when need_bytes is over max_bytes or the host refuses; nothing changes then. */
bool te_ring_grow(struct te_ring *ring, const struct te_ring_owner *owner,
                  const struct te_ring_growth *growth);
void te_ring_release(struct te_ring *ring, const struct te_ring_owner *owner);
/* Copies in at stream offset; the caller has made sure that [offset, offset + len) fits. */
void te_ring_write(struct te_ring *ring, uint64_t offset, const uint8_t *data, size_t len);
/* The one or two pieces of [offset, offset + len). Returns how many. */
unsigned te_ring_read(const struct te_ring *ring, uint64_t offset, size_t len,
                      struct te_iovec ret_iov[2]);

#endif

/* Memory for stream buffers, which costs what was written of it (te_buffer_memory.page_bytes).
 *
 * Regions of up to four pages come from malloc. Larger ones, all powers of two, come from an arena
 * per size: one mapping without reservation, in which the kernel gives a page when it is first
 * written, and takes it back when its region is released (MADV_DONTNEED). One mapping per size
 * instead of one per region, because the kernel limits their number (vm.max_map_count), and a peer
 * that opens many connections could use them up. Huge pages are off: with them the first byte of a
 * region would cost 2 MiB. */
#ifndef TCPENGINED_REGION_H
#define TCPENGINED_REGION_H

#include <stdint.h>
#include <tcpengine/config.h>

#define REGION_SIZES 18 /* 2^14 to 2^31 bytes */

struct region_arena {
    uint8_t *base;     /* NULL: not mapped yet */
    uint32_t *free;    /* indexes of released regions, last in first out */
    uint32_t capacity; /* regions that fit */
    uint32_t unused;   /* the first that was never handed out */
    uint32_t free_count;
};

/* Who has lent a connection its send buffer (buffers.h): drops the pages, if nobody writes there.
 */
typedef bool region_vacate_send(void *ctx, uint64_t conn_id);

struct region_memory {
    region_vacate_send *vacate_send; /* NULL: they stay */
    void *ctx;
    uint64_t budget_bytes;
    uint32_t page_bytes;
    struct region_arena arenas[REGION_SIZES];
};

/* budget_bytes: how much the engine may use, which sets the size of the arenas. */
void region_init(struct region_memory *memory, uint64_t budget_bytes);
/* Unmaps everything; no region may be in use. */
void region_done(struct region_memory *memory);
/* Drops the pages of a lent region: what is read there is zero. */
void region_drop(uint8_t *region, size_t size_bytes);
/* memory must outlive every stack that uses it. */
struct te_buffer_memory region_buffers(struct region_memory *memory);

#endif

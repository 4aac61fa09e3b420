/* Stream buffers as a host gives them that takes memory page by page (te_buffer_memory). */
#ifndef TESTS_SUPPORT_LAZY_MEMORY_H
#define TESTS_SUPPORT_LAZY_MEMORY_H

#include <tcpengine/config.h>

#define LAZY_PAGE 4096u

struct lazy_memory {
    unsigned regions;    /* held */
    size_t region_bytes; /* their sizes, written or not */
    bool is_refusing;
};

struct te_buffer_memory lazy_memory_init(struct lazy_memory *memory);

#endif

/* An allocator that keeps an account and refuses on demand.
 *
 *     struct heap heap;
 *     config.allocator = heap_init(&heap);    the heap stays where it is as long as that is used
 *     heap.allocations_left = 0;              no memory from now on; negative: as much as there is
 *     assert_int_equal(heap.held_bytes, 0);   everything was given back */
#ifndef TESTS_SUPPORT_HEAP_H
#define TESTS_SUPPORT_HEAP_H

#include <tcpengine/config.h>

struct heap {
    int64_t held_bytes;
    int64_t allocations_left; /* then it refuses; negative: never */
};

struct te_allocator heap_init(struct heap *heap);

#endif

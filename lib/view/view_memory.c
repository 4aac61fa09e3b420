#include "view_memory.h"

#include <jansson.h>
#include <stdlib.h>

static void (*on_no_memory)(void);

static void *checked(void *memory)
{
    if (memory == NULL && on_no_memory != NULL)
        on_no_memory();
    return memory;
}

static void *on_alloc(size_t size)
{
    return checked(malloc(size));
}

void view_memory_init(void (*on_failure)(void))
{
    on_no_memory = on_failure;
    json_set_alloc_funcs(on_alloc, free);
}

void *view_memory_grow(void *old, size_t count, size_t size)
{
    return checked(reallocarray(old, count, size));
}

/* Memory for what is shown. Each program says what happens when there is none: tcpctl ends; the
 * daemon lets a page fail, since what is made without memory is not whole, but can be freed. */
#ifndef VIEW_MEMORY_H
#define VIEW_MEMORY_H

#include <stddef.h>

/* Calls on_failure whenever there is no memory from now on, also for jansson. */
void view_memory_init(void (*on_failure)(void));
/* As realloc(3) of count elements. NULL: on_failure was called, and has returned; old is still
 * valid. */
void *view_memory_grow(void *old, size_t count, size_t size);

#endif

/* Copying into memory that another processor reads next. */
#ifndef TCPENGINE_FAR_COPY_H
#define TCPENGINE_FAR_COPY_H

#include <stddef.h>
#include <stdint.h>

/* As memcpy(). Many bytes go by the processor's caches: they would only push out what is of use
 * there, and a ring's old bytes, which lie in the reader's cache, would first be fetched from it
 * just to be overwritten. In order with whatever is stored afterwards. */
void channel_far_copy(uint8_t *to, const uint8_t *from, size_t len);

#endif

#include "far_copy.h"

#ifdef __SSE2__ /* always there on x86-64 */
#include <emmintrin.h>
#endif
#include <string.h>

/* Below, what it saves is less than what it costs to wait until all has left. */
#define FAR_BYTES_MIN 4096u

#ifdef __SSE2__

#define LINE_BYTES 64u

static void copy_line(uint8_t *to, const uint8_t *from)
{
    __m128i part[LINE_BYTES / sizeof(__m128i)];
    memcpy(part, from, sizeof(part));
    for (size_t i = 0; i < LINE_BYTES / sizeof(__m128i); i++)
        _mm_stream_si128((__m128i *)(void *)to + i, part[i]);
}

void channel_far_copy(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len < FAR_BYTES_MIN) {
        memcpy(to, from, len);
        return;
    }
    size_t head = (LINE_BYTES - (uintptr_t)to % LINE_BYTES) % LINE_BYTES;
    memcpy(to, from, head);
    size_t at = head;
    for (; len - at >= LINE_BYTES; at += LINE_BYTES)
        copy_line(to + at, from + at);
    memcpy(to + at, from + at, len - at);
    _mm_sfence();
}

#else

void channel_far_copy(uint8_t *to, const uint8_t *from, size_t len)
{
    memcpy(to, from, len);
}

#endif

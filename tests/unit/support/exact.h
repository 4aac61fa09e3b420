/* Copies of exactly a given size, so that AddressSanitizer sees every byte read beyond it. */
#ifndef TESTS_SUPPORT_EXACT_H
#define TESTS_SUPPORT_EXACT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* To be freed by free(). */
static inline uint8_t *exact_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = calloc(1, len > 0 ? len : 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

#endif

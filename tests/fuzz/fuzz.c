#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/save.h>

uint8_t fuzz_u8(struct fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

uint16_t fuzz_u16(struct fuzz_input *input)
{
    uint16_t high = fuzz_u8(input);
    return (uint16_t)(high << 8 | fuzz_u8(input));
}

uint32_t fuzz_u32(struct fuzz_input *input)
{
    uint32_t high = fuzz_u16(input);
    return high << 16 | fuzz_u16(input);
}

const uint8_t *fuzz_bytes(struct fuzz_input *input, size_t want, size_t *ret_len)
{
    const uint8_t *bytes = input->at;
    *ret_len = want < input->left ? want : input->left;
    input->at += *ret_len;
    input->left -= *ret_len;
    return bytes;
}

void fuzz_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("fuzz: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

static void *allocate(void *ctx, size_t size_bytes)
{
    struct fuzz_memory *memory = ctx;
    memory->allocs++;
    if (memory->left == 0) {
        memory->left = -1;
        return NULL;
    }
    if (memory->left > 0)
        memory->left--;
    memory->bytes += (int64_t)size_bytes;
    return malloc(size_bytes);
}

static void deallocate(void *ctx, void *block, size_t size_bytes)
{
    struct fuzz_memory *memory = ctx;
    if (block != NULL)
        memory->bytes -= (int64_t)size_bytes;
    free(block);
}

struct te_allocator fuzz_allocator(struct fuzz_memory *memory)
{
    *memory = (struct fuzz_memory){.left = -1};
    return (struct te_allocator){memory, allocate, deallocate};
}

uint8_t *fuzz_save(const struct te_stack *stack, size_t *ret_len)
{
    *ret_len = te_stack_save(stack, NULL, 0);
    uint8_t *bytes = malloc(*ret_len);
    FUZZ_CHECK(te_stack_save(stack, bytes, *ret_len) == *ret_len,
               "the length of the state changes");
    return bytes;
}

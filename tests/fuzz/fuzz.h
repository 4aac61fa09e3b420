/* Shared by all fuzz targets: reading the input, failing, and counted memory.
 *
 * A target is one file NAME_fuzz.c with LLVMFuzzerTestOneInput(). Built with -DTCPENGINE_FUZZERS=ON
 * it is driven by libFuzzer; in every other build replay.c gives it the kept corpus, file by file.
 * An input is read as a program or as plain bytes; reading beyond its end gives zeros, so that
 * every input means something. */
#ifndef FUZZ_H
#define FUZZ_H

#include <tcpengine/tcpengine.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
    const uint8_t *at;
    size_t left;
};
uint8_t fuzz_u8(struct fuzz_input *input);
uint16_t fuzz_u16(struct fuzz_input *input);
uint32_t fuzz_u32(struct fuzz_input *input);
/* Up to want bytes of the input, borrowed. */
const uint8_t *fuzz_bytes(struct fuzz_input *input, size_t want, size_t *ret_len);

/* Reports an invariant that does not hold, and aborts. */
_Noreturn void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define FUZZ_CHECK(condition, ...) ((condition) ? (void)0 : fuzz_fail(__VA_ARGS__))

/* An allocator that counts and can refuse. */
struct fuzz_memory {
    int64_t bytes;   /* held now */
    uint64_t allocs; /* calls so far */
    int64_t left;    /* calls that succeed before one is refused; negative: all succeed */
};
struct te_allocator fuzz_allocator(struct fuzz_memory *memory);

/* Size of the checksum that ends a saved stack (docs/state-format.md, "Frame"). */
#define FUZZ_STATE_CHECKSUM_BYTES 8
/* The state of a stack; the caller frees it with free(). */
uint8_t *fuzz_save(const struct te_stack *stack, size_t *ret_len);

#endif

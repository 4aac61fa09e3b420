/* Memory for one request: a block of fixed size, handed out in pieces and taken back as a whole.
 *
 * It is also the budget of a decode: a message that needs more than the block fails to decode, and
 * leaves nothing behind. */
#ifndef TCPENGINED_ARENA_H
#define TCPENGINED_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *block;
    size_t size_bytes, used_bytes;
};

/* False: no memory. Pages that are never touched cost nothing. */
bool arena_init(struct arena *arena, size_t size_bytes);
/* Frees the block, and with it every piece. Harmless after a failed arena_init(), or twice. */
void arena_done(struct arena *arena);

/* Takes every piece back: pointers to them are invalid from now on. */
void arena_reset(struct arena *arena);
/* A zeroed piece, aligned for any type and valid until the reset. NULL: not enough room left; a
 * smaller piece may still fit. */
void *arena_alloc(struct arena *arena, size_t size_bytes);
/* A copy of text, valid until the reset. NULL: not enough room left. */
char *arena_copy_text(struct arena *arena, const char *text);
/* Bytes left. */
size_t arena_left(const struct arena *arena);

/* For protobuf_c_message_unpack(). Its free does nothing: unpacked messages live until the reset.
 */
ProtobufCAllocator arena_protobuf_allocator(struct arena *arena);

#endif

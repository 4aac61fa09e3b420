/* Memory of one request: a block of fixed size, handed out piece by piece, and taken back whole.
 *
 * It is the budget of a decode: a message that would unfold into more than the block fails to
 * decode, and nothing of it is left behind. */
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

/* False when there is no memory. Pages that are never used cost nothing. */
bool arena_init(struct arena *arena, size_t size_bytes);
void arena_done(struct arena *arena);

/* Takes everything back. */
void arena_reset(struct arena *arena);
/* Zeroed, aligned for anything; valid until the reset. NULL when the block is used up. */
void *arena_alloc(struct arena *arena, size_t size_bytes);
/* A copy of text, which is cut at its first NUL. */
char *arena_copy_text(struct arena *arena, const char *text);
size_t arena_left(const struct arena *arena);

/* For protobuf_c_message_unpack; what it unpacks must not be freed but by the reset. */
ProtobufCAllocator arena_protobuf_allocator(struct arena *arena);

#endif

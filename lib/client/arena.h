/* The memory of one response: allocated piece by piece, freed at once. The budget bounds how large
 * a small message can grow when it is decoded. An arena belongs to one thread at a time. */
#ifndef TCPCLIENT_ARENA_H
#define TCPCLIENT_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct tcpc_arena;

/* A new arena, from which budget_bytes can be taken in all. NULL: out of memory. */
struct tcpc_arena *tcpci_arena_new(size_t budget_bytes);
/* Frees the arena and all memory taken from it. NULL is legal. */
void tcpci_arena_free(struct tcpc_arena *arena);

/* size bytes of zeros, aligned for any type, valid as long as the arena. NULL: out of memory or
 * over budget; the budget then stays as it was. size 0 gives a valid pointer. */
void *tcpci_arena_alloc(struct tcpc_arena *arena, size_t size);
/* The same for count elements of size bytes; NULL also when count * size overflows. */
void *tcpci_arena_array(struct tcpc_arena *arena, size_t count, size_t size);

/* Makes all memory taken from `from` live as long as into, and frees from. into's budget stays. */
void tcpci_arena_adopt(struct tcpc_arena *into, struct tcpc_arena *from);

/* An allocator for protobuf-c that takes from arena, which must outlive it; its free does nothing.
 */
ProtobufCAllocator tcpci_arena_allocator(struct tcpc_arena *arena);

#endif

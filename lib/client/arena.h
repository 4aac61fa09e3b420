/* Memory of one response: allocated piece by piece, freed at once.
 *
 * The budget bounds what a small message can swell to when it is decoded. */
#ifndef TCPCLIENT_ARENA_H
#define TCPCLIENT_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct tcpc_arena;

/* NULL when there is no memory. budget_bytes: all that may ever be taken from it. */
struct tcpc_arena *tcpci_arena_new(size_t budget_bytes);
void tcpci_arena_free(struct tcpc_arena *arena);

/* size bytes of zeros, aligned for any type; NULL without memory or beyond the budget. */
void *tcpci_arena_alloc(struct tcpc_arena *arena, size_t size);
/* count * size, checked against overflow. */
void *tcpci_arena_array(struct tcpc_arena *arena, size_t count, size_t size);

/* Makes all memory of from live as long as into; from is freed. */
void tcpci_arena_adopt(struct tcpc_arena *into, struct tcpc_arena *from);

/* An allocator for protobuf-c, whose free does nothing. */
ProtobufCAllocator tcpci_arena_allocator(struct tcpc_arena *arena);

#endif

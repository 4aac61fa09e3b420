/* What the cases of streams have in common: a client, a channel, and a peer on the kernel's TCP in
 * the same process. */
#ifndef TESTS_STREAMS_WORLD_H
#define TESTS_STREAMS_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpclient/stream.h>

#include "support/test.h"

#define PATIENCE_MS 30000u

struct world {
    struct tcpc_endpoint remote; /* where the peer listens */
    int listener;
    int peer; /* the connection's other end; -1: none */
    struct tcpc_client *client;
    struct tcpc_channel *channel;
    struct tcpc_error error;
};
extern struct world world;

/* Where the peer listens: of main's arguments. */
void world_init(int argc, char **argv);
int world_set_up(void **state);
int world_tear_down(void **state);
struct tcpc_channel *world_channel(uint32_t spin_us);

/* A connection opened by a request, whose peer is world.peer. */
uint64_t world_open(void);
/* A stream of the channel, whose peer is world.peer. */
struct tcpc_stream *world_open_stream(struct tcpc_channel *channel);
/* Accepts the peer's end of what was opened. */
void world_accept(void);
/* Fails unless code is TCPC_OK, with what it says. */
void world_check(enum tcpc_code code);

/* Byte number offset of either direction: each has its own. */
uint8_t world_byte(uint64_t offset, bool is_ours);
void world_fill(uint8_t *bytes, uint64_t offset, size_t len, bool is_ours);
bool world_is_right(const uint8_t *bytes, uint64_t offset, size_t len, bool is_ours);

/* The peer's side: all of it, or the test fails. */
void world_peer_send(const void *bytes, size_t len);
void world_peer_expect(const void *bytes, size_t len);
void world_peer_expect_end(void);
void world_peer_expect_reset(void);
/* Reads exactly len bytes, or up to the end. */
size_t world_stream_read(struct tcpc_stream *stream, void *bytes, size_t len);
struct tcpc_response *world_status(uint64_t id);

#endif

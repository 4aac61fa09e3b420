/* An rpc over a stack wired to another one, in virtual time and without a socket. */
#ifndef FUZZ_RPC_WORLD_H
#define FUZZ_RPC_WORLD_H

#include <uv.h>

#include "fake_sp.h"
#include "fuzz.h"
#include "rpc/rpc.h"

#define WORLD_LINKS 3
#define WORLD_PEER_PORT 7
#define WORLD_PEER_CONNS 4

struct pump {
    struct te_stack *stack;
    int64_t now_us;
};

struct rpc_world {
    uv_loop_t loop;
    struct fuzz_memory memory, peer_memory;
    struct pump pump;
    struct te_stack *peer;
    struct event_log *events;
    struct rpc *rpc;
    struct sp_link links[WORLD_LINKS];
    uint64_t peer_listener;
    uint64_t peer_conns[WORLD_PEER_CONNS]; /* of the peer, the latest ones */
    unsigned peer_conn_count;
    bool is_cable_cut;
};

void rpc_world_start(struct rpc_world *world, fake_answer_fn *on_answer, void *ctx);
/* Ends everything; no request and no memory of the stacks may be left. */
void rpc_world_stop(struct rpc_world *world);
/* Carries frames, delivers events and runs what is due, until nothing is left to do. */
void rpc_world_settle(struct rpc_world *world);
void rpc_world_advance(struct rpc_world *world, int64_t us);

/* 10.0.0.1 is the rpc's stack, 10.0.0.2 the peer. */
struct te_addr rpc_world_addr(uint8_t host);
/* The byte at an offset of a stream, in either direction. */
uint8_t rpc_world_byte(uint64_t offset);

#endif

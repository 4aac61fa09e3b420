/* One end of a benchmark that runs engines back to back in one process. */
#ifndef BENCH_ENGINE_SIDE_H
#define BENCH_ENGINE_SIDE_H

#include <tcpengine/tcpengine.h>

/* Ends the program with "what: why" unless err is TE_OK. */
void bench_must(const char *what, enum te_err err);

/* 10.9.0.host. */
struct te_addr bench_address(uint8_t host);

/* malloc and free. */
extern const struct te_allocator bench_allocator;

/* The defaults, for a station at bench_address(host) in a /24, without DAD. The allocator is the
 * caller's to set. */
void bench_config_init(struct te_config *config, uint8_t host);

/* Sends what fits, at most max_bytes; returns how much that was. */
uint64_t bench_send(struct te_stack *stack, uint64_t id, uint64_t max_bytes, int64_t now_us);
/* Takes what has come beyond offset; returns the new offset. */
uint64_t bench_receive(struct te_stack *stack, uint64_t id, uint64_t offset, int64_t now_us);

#endif

/* Which programs have most connections, for metrics. */
#ifndef TCPENGINED_RPC_PROGRAMS_H
#define TCPENGINED_RPC_PROGRAMS_H

#include <stdint.h>

#include "util/process.h"

#define RPC_PROGRAMS_MAX 16
/* Those of programs beyond that, or whose name is not known; a program of this name is among them.
 */
#define RPC_PROGRAM_OTHER "(other)"

struct rpc;

struct rpc_program {
    char name[PROCESS_NAME_MAX + 1];
    uint64_t connections;
};

struct rpc_programs {
    struct rpc_program rows[RPC_PROGRAMS_MAX]; /* those with most first */
    unsigned count;
    uint64_t other;
};

/* Looks at each owner once. */
void rpc_programs_find(const struct rpc *rpc, struct rpc_programs *ret_programs);

/* The pure part: sums the count rows by name, in place, and picks the largest. */
void rpc_programs_sum(struct rpc_program *rows, unsigned count, struct rpc_programs *ret_programs);

#endif

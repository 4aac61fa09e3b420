/* The local ports of the ephemeral range that are in use from one of our addresses toward one
 * remote endpoint, by connections and TIME_WAIT entries: which ones, and how many each uid has. So
 * the search for a free one need not try those that are taken, and its refusal tries none.
 *
 * A use is made by the first connection that is opened from here, and exists while it has a port.
 * A peer that connects to a listener in the range makes none: it would be one per client. What was
 * not noted for that reason, or for want of memory, is noted when a search comes across it
 * (port.h). What is noted is in use: that is the invariant.
 *
 * Nothing of this is saved: a restore notes again. */
#ifndef TCPENGINE_TCP_CONN_PORT_USE_H
#define TCPENGINE_TCP_CONN_PORT_USE_H

#include <tcpengine/types.h>

#include "util/port_set.h"
#include "util/tree.h"

struct te_stack;

struct te_port_user {
    struct te_port_user *next;
    uint32_t uid;
    uint32_t count;
};

struct te_port_use {
    struct te_tree_node node;
    struct te_addr local;
    struct te_endpoint remote;
    struct te_port_set ports;
    struct te_port_user first; /* the others are allocated */
};

/* Who has a port: a 4-tuple and a uid. */
struct te_port_claim {
    const struct te_endpoint *local, *remote;
    uint32_t uid;
};

/* Notes that a port of the range is in use. makes: a use is made where there is none. */
void te_port_use_note(struct te_stack *stack, const struct te_port_claim *claim, bool makes);
/* It is no longer, neither by a connection nor by a TIME_WAIT entry. Harmless when not noted. */
void te_port_use_forget(struct te_stack *stack, const struct te_port_claim *claim);
/* It is the uid's from now on. */
void te_port_use_move(struct te_stack *stack, const struct te_port_claim *claim, uint32_t uid);

/* NULL: no port toward remote is noted. The port of local is ignored. Good until the next note. */
struct te_port_use *te_port_use_find(const struct te_stack *stack, const struct te_addr *local,
                                     const struct te_endpoint *remote);
/* How many of the ports are the uid's. use may be NULL. */
uint32_t te_port_use_count(const struct te_port_use *use, uint32_t uid);
/* Frees all: for te_stack_free. */
void te_port_uses_free(struct te_stack *stack);

/* For the invariant: ports noted, and a sum over whose they are. */
struct te_port_sum {
    uint64_t ports, marks;
};

/* Adds the claim, if its port is noted. */
void te_port_sum_claim(const struct te_stack *stack, const struct te_port_claim *claim,
                       struct te_port_sum *sum);
/* Adds what all uses say. */
void te_port_sum_uses(const struct te_stack *stack, struct te_port_sum *sum);

#endif

/* What nobody is left to use makes room in a full table (tcpengine/limits.h). */
#ifndef TCPENGINE_TCP_YIELD_H
#define TCPENGINE_TCP_YIELD_H

#include <tcpengine/limits.h>

/* What stands in the way of one more connection of uid, which it opens itself or a peer to its
 * listener, or of one more listener. If the table is full, those of the uid that has most of them
 * among the uids without a program, if it has more than uid, are ended one by one until there is
 * room; a bounded number, so that a call may be in vain and the next one not. */
enum te_limit te_yield_to_connection(struct te_stack *stack, uint32_t uid, bool is_peers);
enum te_limit te_yield_to_listener(struct te_stack *stack, uint32_t uid);

#endif

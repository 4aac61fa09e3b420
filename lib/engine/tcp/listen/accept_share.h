/* The share of a listener's accept queue that one remote may have, so that one host cannot keep all
 * others out by connecting faster than the program accepts.
 *
 * With config.connections_per_remote_percent of 25, the last quarter of the queue is closed to a
 * remote (with IPv6 its /64) that has a quarter of it. So a remote that is alone gets three
 * quarters, and one that has little always finds room, unless several take a quarter each. As in
 * remotes.h, config.connections_per_remote_max of 0 means no limit, and the counts are a count-min
 * sketch, here one per listener: whoever shares his four places with remotes that have their share
 * is mistaken for one, which in a queue of three such is one in 10^5. */
#ifndef TCPENGINE_TCP_LISTEN_ACCEPT_SHARE_H
#define TCPENGINE_TCP_LISTEN_ACCEPT_SHARE_H

#include <tcpengine/types.h>

struct te_stack;
struct te_listener;

#define TE_ACCEPT_SHARE_ROWS 4
#define TE_ACCEPT_SHARE_ROW_LEN 64 /* a power of two */

struct te_accept_share {
    uint32_t places[TE_ACCEPT_SHARE_ROWS][TE_ACCEPT_SHARE_ROW_LEN];
};

/* Whether remote must not have one more in the accept queue now. */
bool te_accept_share_is_used_up(const struct te_stack *stack, const struct te_listener *listener,
                                const struct te_addr *remote);
/* A connection of remote has joined the accept queue (1) or left it (-1). */
void te_accept_share_count(const struct te_stack *stack, struct te_listener *listener,
                           const struct te_addr *remote, int change);
/* An invariant: whether the counts are those of the queue. */
bool te_accept_share_adds_up(const struct te_stack *stack, const struct te_listener *listener);

#endif

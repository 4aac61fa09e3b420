/* The number of connections per remote address, so that one host cannot fill the table alone
 * (config.connections_per_remote_max, and config.connections_per_remote_percent of the table; 0 of
 * the former: no limit, nothing is counted).
 *
 * Connections count that the peer has opened, from the ACK of our SYN,ACK to the end of the
 * protocol. Those in SYN_RCVD do not: their address may be forged, and the forger could shut out
 * its owner; the SYN queue bounds these. So the limit is checked twice, when a SYN comes and when
 * its handshake completes, and like a full accept queue it drops silently.
 *
 * An IPv6 host can choose addresses from its /64, so a /64 counts as one remote.
 *
 * The counts are a count-min sketch: a few rows of counters, in each of which a keyed hash gives a
 * remote its place; the smallest of its counters is the answer. It is never too small. It is too
 * large for a remote that shares its place with large ones in every row, which the width of the
 * rows makes improbable and the key impossible to aim at. In return, counting needs no memory per
 * connection or per address that a flood makes up, and cannot fail. The counts are not saved: a
 * restore counts again. */
#ifndef TCPENGINE_TCP_LISTEN_REMOTES_H
#define TCPENGINE_TCP_LISTEN_REMOTES_H

#include <tcpengine/types.h>

struct te_stack;
struct te_conn;

#define TE_REMOTES_ROWS 4

struct te_remotes {
    uint32_t *counts; /* TE_REMOTES_ROWS times row_len; NULL: no limit */
    uint32_t row_len; /* a power of two */
};

/* TE_ERR_NOMEM when the allocator refuses the rows. */
enum te_err te_remotes_init(struct te_stack *stack);
/* Legal when te_remotes_init has not been called or has failed. */
void te_remotes_done(struct te_stack *stack);

/* Whether remote has reached its limit. */
bool te_remotes_is_full(const struct te_stack *stack, const struct te_addr *remote);
/* Counts conn, or no longer, by its present state. To be called after every change of was_passive,
 * syn_acked or is_remains. */
void te_remotes_account(struct te_stack *stack, struct te_conn *conn);
/* Whether each row adds up to that many connections: an invariant. */
bool te_remotes_add_up(const struct te_stack *stack, uint64_t connections);
/* The same of each place: whether it is what a recount of the table finds. */
bool te_remotes_are_right(const struct te_stack *stack);

#endif

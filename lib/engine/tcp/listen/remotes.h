/* How many connections each remote address holds, so that one host cannot take the table for
 * itself (config.connections_per_remote_max; 0: nothing is counted).
 *
 * Those count that a peer has opened, from the ACK of our SYN,ACK to the end of the protocol. What
 * stands in SYN_RCVD does not: its address may be forged, and whoever forges it would shut out the
 * one it belongs to; the SYN queue bounds these. So the limit is looked at twice, when a SYN comes
 * and when its handshake would complete, and bites in silence like a full accept queue.
 *
 * An IPv6 host has a /64 to choose addresses from: that is what counts as one remote.
 *
 * The counts are a sketch: a few rows of counters, in each of which a keyed hash gives a remote its
 * place; the smallest of them is the answer. It never is too small. It is too large for one that
 * shares its place with large ones in every row, which the width of the rows makes improbable;
 * nobody outside can aim at it. In return a count costs no memory for a connection, nor for an
 * address that a flood makes up, and nothing that may fail. It is not saved: a restore counts anew.
 */
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

/* TE_ERR_NOMEM. */
enum te_err te_remotes_init(struct te_stack *stack);
void te_remotes_done(struct te_stack *stack);

/* Whether remote may not have one more. */
bool te_remotes_is_full(const struct te_stack *stack, const struct te_addr *remote);
/* After any change that decides whether conn counts. */
void te_remotes_account(struct te_stack *stack, struct te_conn *conn);
/* Whether the rows add up to so many connections. */
bool te_remotes_add_up(const struct te_stack *stack, uint64_t connections);

#endif

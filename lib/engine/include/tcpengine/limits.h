/* Shares: how many connections and listeners one user may have, so that nobody takes them all.
 *
 * Of config.conn_max connections and config.listeners_max listeners
 *
 * - config.root_reserve_percent are kept for what uid 0 opens itself, so that an administrator
 *   always gets in;
 * - a uid may have config.connections_per_uid_percent and config.listeners_per_uid_percent, but at
 *   least TE_SHARE_MIN. A connection belongs to who opened or accepted it, before that to its
 *   listener's uid, and counts from its SYN until it is gone, remains included. What uid 0 opens
 *   itself has no share;
 * - of the ephemeral ports (config.port_first to port_last) from one of our addresses toward one
 *   remote address and port a uid may have config.connections_per_uid_percent, TIME_WAIT entries
 *   included. Root is exempt;
 * - of config.orphan_max orphans a uid may have config.orphans_per_uid_percent, root as well:
 * beyond it te_close() resets, as it does beyond orphan_max;
 * - a remote address (with IPv6 its /64) may have opened config.connections_per_remote_percent and
 *   config.connections_per_remote_max of the connections, whichever is less.
 *
 * When a table is full, what nobody is left to use yields (pressure.h: te_set_client_present,
 * te_set_kept): one
 * connection or listener of the uid that has most of them, if it has more than the one that asks.
 * So a flood that was left behind gives way, and nobody can drive out those who have little. */
#ifndef TCPENGINE_LIMITS_H
#define TCPENGINE_LIMITS_H

#include <tcpengine/stack.h>

/* No share is smaller, however small the table. */
#define TE_SHARE_MIN 16

enum te_limit {
    TE_LIMIT_NONE = 0,
    TE_LIMIT_CONNECTIONS,     /* the table is full, but for what is kept for root */
    TE_LIMIT_CONNECTIONS_UID, /* the uid has its share of it */
    TE_LIMIT_LISTENERS,
    TE_LIMIT_LISTENERS_UID
};

/* What stands in the way of an OPEN by uid: after TE_ERR_RESOURCES, why. */
enum te_limit te_open_limit(const struct te_stack *stack, uint32_t uid, bool is_passive);
/* How many connections or listeners that limit allows; 0 for TE_LIMIT_NONE. */
uint32_t te_limit_value(const struct te_stack *stack, enum te_limit limit);
/* The key of the configuration that sets it, "conn_max"; empty for TE_LIMIT_NONE. Static. */
const char *te_limit_key(enum te_limit limit);

#endif

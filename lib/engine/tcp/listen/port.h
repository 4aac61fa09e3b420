/* Ephemeral ports by RFC 6056 3.3.3 (simple hash-based port selection): a keyed offset per peer
 * plus a counter, so that the ports toward one peer rise and no outsider can predict them. The
 * range is config.port_first to config.port_last. */
#ifndef TCPENGINE_TCP_LISTEN_PORT_H
#define TCPENGINE_TCP_LISTEN_PORT_H

#include <tcpengine/types.h>

struct te_conn;
struct te_stack;

/* Chooses a port on which local (its port is ignored) has no connection or TIME_WAIT entry with
 * remote, and no listener. 0 when every port of the range is taken (counted): the caller fails with
 * TE_ERR_ADDR_IN_USE. Tries no port that is noted as taken (port_use.h), and notes what it finds
 * taken: a refusal costs as much as there are listeners in the range. */
uint16_t te_port_choose(struct te_stack *stack, const struct te_endpoint *local,
                        const struct te_endpoint *remote);
/* Whether uid has its share of the ports toward remote (limits.h), so that it must not take another
 * one (counted): local.port is 0, or in the range. */
bool te_port_share_is_used_up(struct te_stack *stack, const struct te_endpoint *local,
                              const struct te_endpoint *remote, uint32_t uid);
/* Whether the 4-tuple belongs to a connection or a TIME_WAIT entry. */
bool te_port_is_taken(const struct te_stack *stack, const struct te_endpoint *local,
                      const struct te_endpoint *remote);
/* conn, which was passive, is an active one now: its port counts. */
void te_port_note(struct te_stack *stack, const struct te_conn *conn);

/* An invariant: the sentence that does not hold, or NULL. O(connections and TIME_WAIT entries). */
const char *te_port_check(const struct te_stack *stack);

#endif

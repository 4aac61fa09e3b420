/* What SEND has accepted and has not left yet, not even once, over all connections. While it waits
 * it is of no use to anybody: it takes memory, and falls out of the processor's caches. So all of
 * it together stays below config.unsent_max_bytes, and a user who has more is told to go on as
 * output drains, not only as it is acknowledged.
 *
 * Each connection may have UNSENT_FLOOR_BYTES whatever the others have, so that nobody waits for
 * somebody else's peer: who finds no room has so much unsent itself, and hears when that leaves.
 * Rings that the host lends do not count: their size is their bound. */
#ifndef TCPENGINE_TCP_CONN_UNSENT_H
#define TCPENGINE_TCP_CONN_UNSENT_H

#include "tcp/conn/conn.h"

/* Of this connection, as it is; conn->unsent_bytes is what it was when it was last counted. */
uint32_t te_unsent_of(const struct te_conn *conn);
/* What this connection may have unsent. */
uint32_t te_unsent_allowance(const struct te_stack *stack, const struct te_conn *conn);
/* How much more the user may add. */
uint32_t te_unsent_room(const struct te_stack *stack, const struct te_conn *conn);
/* Counts again; after everything that changes te_unsent_of. */
void te_unsent_update(struct te_stack *stack, struct te_conn *conn);

#endif

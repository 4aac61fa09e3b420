/* Drops of TCP segments (drop.h): which connection the segment was for, and what its header says.
 * Counts and logs; the segment itself is borrowed and stays the caller's. */
#ifndef TCPENGINE_TCP_CONN_DROP_SEGMENT_H
#define TCPENGINE_TCP_CONN_DROP_SEGMENT_H

#include "drop.h"
#include "tcp/conn/segment_in.h"

/* conn: the connection that the segment was for, or NULL. Call it before anything that may end the
 * connection. */
void te_drop_segment(struct te_stack *stack, const struct te_conn *conn, enum te_drop_reason reason,
                     const struct te_segment *segment);
/* id: of the listener or TIME_WAIT entry that the segment was for. */
void te_drop_segment_of(struct te_stack *stack, uint64_t id, enum te_drop_reason reason,
                        const struct te_segment *segment);

#endif

/* Dropping a segment (drop.h), as TCP knows it: whose it was, and what its header says. */
#ifndef TCPENGINE_TCP_CONN_DROP_SEGMENT_H
#define TCPENGINE_TCP_CONN_DROP_SEGMENT_H

#include "drop.h"
#include "tcp/conn/segment_in.h"

/* conn: the segment was for it, or NULL. Before anything that may end the connection. */
void te_drop_segment(struct te_stack *stack, const struct te_conn *conn, enum te_drop_reason reason,
                     const struct te_segment *segment);
/* id: of the listener or the TIME_WAIT entry that it was for. */
void te_drop_segment_of(struct te_stack *stack, uint64_t id, enum te_drop_reason reason,
                        const struct te_segment *segment);

#endif

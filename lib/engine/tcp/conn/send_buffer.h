/* The send side's bytes: from SND.UNA to the last byte that the user handed over, in one ring. */
#ifndef TCPENGINE_TCP_CONN_SEND_BUFFER_H
#define TCPENGINE_TCP_CONN_SEND_BUFFER_H

#include "tcp/conn/conn.h"

/* How many bytes the user may add now. The limit follows cwnd: twice of it keeps the pipe full
 * while the user is slow to come back. */
uint32_t te_send_room(const struct te_stack *stack, const struct te_conn *conn);
/* Copies as much as there is room for; returns how much. */
size_t te_send_append(struct te_stack *stack, struct te_conn *conn, const uint8_t *data,
                      size_t len);
/* Everything below offset is acknowledged. */
void te_send_free_below(struct te_stack *stack, struct te_conn *conn, uint64_t offset);
/* Gives memory back if nothing is queued. */
void te_send_release_memory(struct te_stack *stack, struct te_conn *conn);
/* Drops what is queued: the connection has died. */
void te_send_drop(struct te_stack *stack, struct te_conn *conn);

#endif

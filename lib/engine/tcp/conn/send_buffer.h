/* Bytes to send: from SND.UNA to the last one that SEND accepted, at [acked_offset, queued_offset)
 * of one ring. The ring comes with the first byte, doubles as the queue grows, and goes when the
 * connection has been idle for config.idle_release_us. */
#ifndef TCPENGINE_TCP_CONN_SEND_BUFFER_H
#define TCPENGINE_TCP_CONN_SEND_BUFFER_H

#include "tcp/conn/conn.h"

/* How many bytes the user may add now. The limit is twice cwnd, which keeps the pipe full while the
 * user is slow to return, but at least config.send_buffer_initial_bytes and at most
 * conn->send_max_bytes. */
uint32_t te_send_room(const struct te_stack *stack, const struct te_conn *conn);
/* Copies in as much as te_send_room and memory allow; returns how many bytes, 0 included. data is
 * borrowed until return. */
size_t te_send_append(struct te_stack *stack, struct te_conn *conn, const uint8_t *data,
                      size_t len);
/* Everything below offset, which is within the queue, is acknowledged. The memory stays until the
 * IDLE timer, which starts when the queue is empty. */
void te_send_free_below(struct te_stack *stack, struct te_conn *conn, uint64_t offset);
/* Frees the ring if nothing is queued. */
void te_send_release_memory(struct te_stack *stack, struct te_conn *conn);
/* Frees the ring with what is queued: the connection has died. The offsets stay. */
void te_send_drop(struct te_stack *stack, struct te_conn *conn);

#endif

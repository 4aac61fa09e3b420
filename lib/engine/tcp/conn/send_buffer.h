/* Bytes to send: from SND.UNA to the last one that SEND accepted, at [acked_offset, queued_offset)
 * of one ring. The ring comes with the first byte and doubles as the queue grows.
 * config.idle_release_us after most of it has run empty, it is cut to what is queued, and goes if
 * that is nothing. */
#ifndef TCPENGINE_TCP_CONN_SEND_BUFFER_H
#define TCPENGINE_TCP_CONN_SEND_BUFFER_H

#include <tcpengine/buffers.h>

#include "tcp/conn/conn.h"

/* How many bytes the user may add now. The limit is twice cwnd, which keeps the pipe full while the
 * user is slow to return, but at least config.send_buffer_initial_bytes and at most
 * conn->send_max_bytes; and what has not left is bounded for all together (unsent.h). */
uint32_t te_send_room(const struct te_stack *stack, const struct te_conn *conn);
/* Copies in as much as te_send_room and memory allow; returns how many bytes, 0 included. data is
 * borrowed until return. */
size_t te_send_append(struct te_stack *stack, struct te_conn *conn, const uint8_t *data,
                      size_t len);
/* The same for a lent ring, into which the user has written the bytes already: as many as the ring
 * and memory allow. */
size_t te_send_extend(struct te_stack *stack, struct te_conn *conn, size_t len);
/* The same without bytes: where up to len of them may be written, at most as many as
 * te_send_append would take. te_send_extend takes them. */
void te_send_find_place(struct te_stack *stack, struct te_conn *conn, size_t len,
                        struct te_send_place *ret_place);
/* Moves the queue into a region that the host lends; false: it is too small (ring.h). */
bool te_send_lend(struct te_stack *stack, struct te_conn *conn, uint8_t *region,
                  uint32_t size_bytes);
/* Moves the queue of a lent ring to memory of the stack's own; false: there is none. */
bool te_send_own(struct te_stack *stack, struct te_conn *conn);
/* New text has left: a user who found too little room goes on once half of what may be unsent has
 * left (unsent.h). */
void te_send_on_sent(struct te_stack *stack, struct te_conn *conn);
/* Everything below offset, which is within the queue, is acknowledged. The memory stays until the
 * IDLE timer, which starts when the queue fills a quarter of it or less. */
void te_send_free_below(struct te_stack *stack, struct te_conn *conn, uint64_t offset);
/* Frees the ring if nothing is queued, or moves what is queued to a smaller one if it fills a
 * quarter or less. A lent ring stays as it is. */
void te_send_release_memory(struct te_stack *stack, struct te_conn *conn);
/* Nothing is queued, because memory refused: no ACK will tell the user to go on. Starts the IDLE
 * timer, which tells it. Does nothing while something is queued. */
void te_send_await_memory(struct te_stack *stack, struct te_conn *conn);
/* Frees the ring with what is queued: the connection has died. The offsets stay. */
void te_send_drop(struct te_stack *stack, struct te_conn *conn);

#endif

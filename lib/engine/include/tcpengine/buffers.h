/* Buffers of one connection in memory that the host lends, so that a program which shares it writes
 * what is sent, and reads what was received, in place.
 *
 * Each is a ring of a power of two of bytes; byte number n of the stream lies at n mod size.
 * Whoever shares the memory may change any byte of it at any time: the engine keeps all indexes to
 * itself, and never decides anything by what lies there. Bytes that change between
 * te_send_in_place() and their acknowledgement go out as they are at that moment; a segment that is
 * sent again may then differ from the first.
 *
 * The rules for calls are those of stack.h. */
#ifndef TCPENGINE_BUFFERS_H
#define TCPENGINE_BUFFERS_H

#include <tcpengine/conn.h>

struct te_buffers {
    uint8_t *send, *receive;
    uint32_t send_bytes, receive_bytes; /* powers of two */
};

/* The connection's streams move into *buffers, with what they hold, and stay until
 * te_buffers_own(), or until the connection dies or is freed: the memory must last as long. The
 * window may then open to the size of the receive buffer at once. The send buffer is as large as
 * its ring, whatever cwnd. te_send() is refused from now on.
 *
 * TE_ERR_INVALID: a size is no power of two, or over 1 GiB, or the stack was made without
 * buffer_memory. TE_ERR_RESOURCES: what the connection holds, or the smallest window that it could
 * offer, does not fit. Lend more. TE_ERR_STATE: the connection is dead, or has such buffers
 * already. TE_ERR_NOMEM: it has failed half-way, and there was no memory to undo it: te_abort().
 * TE_ERR_NO_CONNECTION: no such connection (any more); a listener has none. */
enum te_err te_buffers_lend(struct te_stack *stack, uint64_t id, const struct te_buffers *buffers,
                            int64_t now_us);

/* What the lent buffers hold moves to memory of the stack's own; the lent memory is free
 * afterwards. Harmless without lent buffers.
 *
 * TE_ERR_NOMEM: there is no memory. Free something and try again, or te_abort().
 * TE_ERR_NO_CONNECTION: no such connection (any more): the lent memory is free. */
enum te_err te_buffers_own(struct te_stack *stack, uint64_t id, int64_t now_us);

/* SEND of the next len bytes, which the host has written behind te_position.send_accepted in the
 * lent buffer. *ret_accepted and errors as for te_send(); TE_ERR_STATE also without lent buffers.
 */
enum te_err te_send_in_place(struct te_stack *stack, uint64_t id, size_t len, size_t *ret_accepted,
                             int64_t now_us);

/* Room in a send buffer, in one or two pieces; an unused one has length 0. */
struct te_send_place {
    uint8_t *base[2];
    size_t len[2];
    size_t total_bytes;
};
/* SEND without a copy, for a connection without lent buffers: says where up to len bytes may be
 * written, in the stack's own buffer. The place may be smaller, and total_bytes 0, when the buffer
 * is full: continue at TE_READY_SEND, as after te_send(). It is valid until the next call that
 * changes the stack, which must be te_send_placed() with as many bytes as were written there, 0
 * included.
 *
 * Errors of te_send_place() are those of te_send(). */
enum te_err te_send_place(struct te_stack *stack, uint64_t id, size_t len,
                          struct te_send_place *ret_place, int64_t now_us);
/* They are accepted: all of them. TE_ERR_NO_CONNECTION, TE_ERR_STATE: it was not called behind
 * te_send_place(). */
enum te_err te_send_placed(struct te_stack *stack, uint64_t id, size_t len, int64_t now_us);

/* Where a connection's streams are; offsets count from 0 at its birth. */
struct te_position {
    enum te_state state;
    enum te_err error; /* why it failed; TE_OK while it lives, and after an orderly end */
    uint64_t send_acked, send_accepted;
    uint64_t receive_released, received; /* nothing is shown before the handshake allows it */
    bool is_end;                         /* the peer's FIN follows the byte before received */
};
/* TE_ERR_NO_CONNECTION: no such connection (any more): a listener, or a TIME_WAIT entry alone. */
enum te_err te_position(const struct te_stack *stack, uint64_t id,
                        struct te_position *ret_position);

#endif

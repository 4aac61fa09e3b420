/* The receive side of a connection: what is accepted, what is reported by SACK, what window is
 * offered.
 *
 * In-order and out-of-order bytes lie in one ring at their stream offsets; out_of_order names the
 * ranges beyond RCV.NXT that are there. The right edge that we have offered never shrinks (RFC 9293
 * 3.8.6). The window grows with use: it is at least four times what the application took within a
 * round trip, up to its maximum. */
#ifndef TCPENGINE_TCP_CONN_RECEIVE_BUFFER_H
#define TCPENGINE_TCP_CONN_RECEIVE_BUFFER_H

#include "tcp/conn/conn.h"

enum te_receive_result {
    TE_RECEIVE_IN_ORDER,     /* RCV.NXT has moved */
    TE_RECEIVE_OUT_OF_ORDER, /* kept beyond a hole */
    TE_RECEIVE_DUPLICATE,    /* nothing new */
    TE_RECEIVE_NO_WINDOW,    /* these three take nothing: it lies beyond the right edge, */
    TE_RECEIVE_NO_MEMORY,    /* no memory for the ring, */
    TE_RECEIVE_NO_RANGE      /* too many holes, or no memory to note one more */
};

/* Takes payload at seq, which starts inside the window or before it; trims both sides to it. */
enum te_receive_result te_receive_payload(struct te_stack *stack, struct te_conn *conn,
                                          uint32_t seq, const uint8_t *data, size_t len);
/* SACK blocks for the next ACK: D-SACK first, then the newest (RFC 2018 4, RFC 2883 4). */
unsigned te_receive_sack_blocks(const struct te_conn *conn, struct te_sack_block *ret_blocks);

/* Bytes between RCV.NXT and the right edge that was offered: RCV.WND of the acceptability test. */
uint32_t te_receive_window(const struct te_conn *conn);
/* Chooses the right edge for a segment that leaves now (SWS avoidance, RFC 9293 3.8.6.2.2),
 * remembers it, and returns the header's window field. Without scaling in SYNs (RFC 7323 2.2). */
uint16_t te_receive_offer(struct te_conn *conn, bool is_syn);
/* Whether the window could open enough to be worth an ACK of its own. */
bool te_receive_should_update_window(const struct te_conn *conn);
/* In-order text came with an echo of our timestamp. */
void te_receive_note_echo(const struct te_stack *stack, struct te_conn *conn, uint32_t ts_echo);
/* The window scale that the receive buffer's maximum needs. */
uint8_t te_receive_wscale(uint32_t receive_max_bytes);
/* What a new connection may receive at first, and its first window. */
uint32_t te_receive_limit_initial(const struct te_config *config);
/* The least buffer that makes sense with the connection's scale: of less than one unit no window
 * could ever be offered, and the peer would probe for ever. */
uint32_t te_receive_limit_min(const struct te_conn *conn);

/* The user took everything below offset. */
void te_receive_release_below(struct te_stack *stack, struct te_conn *conn, uint64_t offset);
/* Gives memory back if nothing is held (idle timer, end). */
void te_receive_release_memory(struct te_stack *stack, struct te_conn *conn);

#endif

/* The receive side of a connection: which text is accepted, what SACK reports, which window is
 * offered.
 *
 * In-order and out-of-order bytes are in one ring at their stream offsets; out_of_order lists the
 * ranges beyond RCV.NXT that are there. The right edge that was offered never moves left (RFC 9293
 * 3.8.6). The window grows with use: to at least four times what the application takes within a
 * round trip, up to receive_max_bytes. */
#ifndef TCPENGINE_TCP_CONN_RECEIVE_BUFFER_H
#define TCPENGINE_TCP_CONN_RECEIVE_BUFFER_H

#include "tcp/conn/conn.h"

enum te_receive_result {
    TE_RECEIVE_IN_ORDER,     /* RCV.NXT has moved */
    TE_RECEIVE_OUT_OF_ORDER, /* kept beyond a hole */
    TE_RECEIVE_DUPLICATE,    /* nothing new */
    TE_RECEIVE_NO_WINDOW,    /* these three take nothing: beyond the right edge; */
    TE_RECEIVE_NO_MEMORY,    /* no memory for the ring; */
    TE_RECEIVE_NO_RANGE      /* too many holes, or no memory to note one more */
};

/* Takes the part of [seq, seq + len) that is inside the window: what lies before RCV.NXT or beyond
 * the right edge is cut off. Copies; data is borrowed until return. What was received twice is
 * queued for D-SACK. The caller acknowledges. */
enum te_receive_result te_receive_payload(struct te_stack *stack, struct te_conn *conn,
                                          uint32_t seq, const uint8_t *data, size_t len);
/* The SACK blocks of the next ACK into ret_blocks[TE_SACK_BLOCKS_MAX], one fewer with timestamps:
 * the oldest pending D-SACK, then the ranges that changed last (RFC 2018 4, RFC 2883 4). Returns
 * how many. */
unsigned te_receive_sack_blocks(const struct te_conn *conn, struct te_sack_block *ret_blocks);

/* RCV.WND of the acceptability test: bytes from RCV.NXT to the right edge that was offered. */
uint32_t te_receive_window(const struct te_conn *conn);
/* Chooses the right edge for a segment that leaves now, remembers it in rcv_adv, and returns the
 * header's window field. The edge moves by a segment or half of the limit, or not at all (SWS
 * avoidance, RFC 9293 3.8.6.2.2). is_syn: the field is not scaled (RFC 7323 2.2). */
uint16_t te_receive_offer(struct te_conn *conn, bool is_syn);
/* Whether the window could open enough to be worth an ACK of its own: by two segments, or half of
 * the limit; by a quarter of it while more than half of a large window is open, text comes in
 * frames of many segments, and nothing else is to be acknowledged. */
bool te_receive_should_update_window(const struct te_conn *conn);
/* In-order text came with an echo of our timestamp: a sample for receive_rtt_us, the round trip as
 * a receiver that sends nothing can know it. Echoes older than 10 s are ignored. */
void te_receive_note_echo(const struct te_stack *stack, struct te_conn *conn, uint32_t ts_echo);
/* The smallest window scale with which the field can announce the maximum; 14 at most (RFC 7323
 * 2.3). */
uint8_t te_receive_wscale(uint32_t receive_max_bytes);
/* receive_limit_bytes of a new connection, hence its first window: the configured initial size, at
 * least two units of the scale, at most the configured maximum. */
uint32_t te_receive_limit_initial(const struct te_config *config);
/* The smallest useful buffer, two units of the connection's scale: with less than one unit free no
 * window can be offered, and the peer would probe for ever. */
uint32_t te_receive_limit_min(const struct te_conn *conn);
/* Caps the window by what memory allows at present, or lifts the cap. */
void te_receive_cap(struct te_stack *stack, struct te_conn *conn);

/* The user took everything below offset, which is at most received_offset. May grow the limit. Once
 * nothing is held any more it starts the IDLE timer; of remains it frees the memory and, in CLOSED,
 * starts REMAINS. The caller decides about a window update. */
void te_receive_release_below(struct te_stack *stack, struct te_conn *conn, uint64_t offset);
/* Frees the ring if nothing is unread and nothing is out of order; moves what there is to a ring
 * that costs at most half if it is a quarter of that or less. Of a lent ring, the pages go if
 * nothing is held. */
void te_receive_release_memory(struct te_stack *stack, struct te_conn *conn);
/* Moves what is held into a region that the host lends, and the window may grow to its size at
 * once. False, with nothing changed: it is too small for what is held, or for a window. */
bool te_receive_lend(struct te_stack *stack, struct te_conn *conn, uint8_t *region,
                     uint32_t size_bytes);
/* Moves what a lent ring holds to memory of the stack's own; false: there is none. */
bool te_receive_own(struct te_stack *stack, struct te_conn *conn);
/* Drops what lies beyond holes, although SACK may have reported it: the peer keeps it until it is
 * acknowledged (RFC 2018 8). Returns how many bytes. A FIN beyond a hole stays noted. */
uint64_t te_receive_prune(struct te_stack *stack, struct te_conn *conn);

#endif

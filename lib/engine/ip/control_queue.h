/* Whole frames that no connection owns: ARP, ND, ICMP, RST, TIME_WAIT's ACKs.
 *
 * A frame is either ready, in one of the two lists here, or waiting in the list of the neighbour
 * whose MAC it needs (ip/neighbour.h), where it holds up no other frame. Both kinds count toward
 * the limits here. ARP and ND go first and have their own share: a flood of answers cannot keep us
 * from resolving addresses. So have the last words of connections, which end in thousands when a
 * listener or a user's program ends: each follows from memory that its connection gives back. */
#ifndef TCPENGINE_IP_CONTROL_QUEUE_H
#define TCPENGINE_IP_CONTROL_QUEUE_H

#include <stdint.h>

#include "util/list.h"

struct te_stack;

enum te_control_share {
    TE_CONTROL_ORDINARY, /* at most config.control_queue_max */
    TE_CONTROL_URGENT,   /* ARP or ND; as many */
    TE_CONTROL_LAST_WORD /* the RST of a connection that ends; config.conn_max. In the queue it is
                            an ordinary frame */
};
#define TE_CONTROL_SHARES 3

struct te_control_frame {
    struct te_list link; /* in a ready list, or in a neighbour's */
    uint8_t share;       /* enum te_control_share */
    size_t frame_len;
    uint8_t bytes[]; /* from the Ethernet header on */
};

struct te_control_queue {
    struct te_list urgent, ordinary;    /* ready frames, oldest first */
    uint32_t counts[TE_CONTROL_SHARES]; /* the one last taken included, and those that wait */
    struct te_control_frame *taken;     /* the one that the host is reading */
};

void te_control_queue_init(struct te_control_queue *queue);
/* Frees the ready frames and the one last taken. Waiting frames are te_neighbours_done's to free.
 */
void te_control_queue_done(struct te_stack *stack);

/* Allocates a zeroed frame of frame_len bytes and counts it; it is in no list yet. The caller owns
 * it until te_control_queue_push, te_neighbour_send or te_control_frame_free. NULL when its share
 * is full or memory is refused; the drop has then been counted, and the caller gives up. */
struct te_control_frame *te_control_frame_new(struct te_stack *stack, size_t frame_len,
                                              enum te_control_share share);
/* Frees a frame that is in no list. NULL is legal. */
void te_control_frame_free(struct te_stack *stack, struct te_control_frame *frame);
/* How many more ordinary frames fit. */
uint32_t te_control_queue_room(const struct te_stack *stack);

/* Queues a complete frame, destination MAC included. Takes it over. */
void te_control_queue_push(struct te_stack *stack, struct te_control_frame *frame);
/* Takes the next frame to send, urgent ones first; NULL when there is none. The queue keeps owning
 * it and frees it on the next call. */
const struct te_control_frame *te_control_queue_take(struct te_stack *stack);

#endif

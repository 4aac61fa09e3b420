/* Whole frames that no connection owns: ARP, ND, ICMP, RST, the ACKs of TIME_WAIT.
 *
 * A frame is ready, in one of the two lists here, or waits in the list of the neighbour whose MAC
 * it needs (ip/neighbour.h), so that it holds up nobody behind it. Either way it counts here. ARP
 * and ND go first and have a share of their own: a flood of answers cannot keep us from resolving.
 */
#ifndef TCPENGINE_IP_CONTROL_QUEUE_H
#define TCPENGINE_IP_CONTROL_QUEUE_H

#include <stdint.h>

#include "util/list.h"

struct te_stack;

struct te_control_frame {
    struct te_list link; /* in a ready list, or in a neighbour's */
    bool is_urgent;      /* ARP or ND */
    size_t frame_len;
    uint8_t bytes[]; /* from the Ethernet header on */
};

struct te_control_queue {
    struct te_list urgent, ordinary;       /* ready frames, first come first served */
    uint32_t urgent_count, ordinary_count; /* each at most config.control_queue_max */
    struct te_control_frame *taken;        /* what the host is reading */
};

void te_control_queue_init(struct te_control_queue *queue);
/* Frees the ready frames; those that wait belong to the neighbours. */
void te_control_queue_done(struct te_stack *stack);

/* A frame of frame_len zero bytes, in no list, counted. NULL when its share is full (counted) or
 * memory is refused. */
struct te_control_frame *te_control_frame_new(struct te_stack *stack, size_t frame_len,
                                              bool is_urgent);
/* The frame must be in no list. NULL is legal. */
void te_control_frame_free(struct te_stack *stack, struct te_control_frame *frame);
/* How many more ordinary frames there is room for. */
uint32_t te_control_queue_room(const struct te_stack *stack);

/* Hands a complete frame over to be sent. */
void te_control_queue_push(struct te_stack *stack, struct te_control_frame *frame);
/* The next frame to send, valid until the next call; NULL when there is none. */
const struct te_control_frame *te_control_queue_take(struct te_stack *stack);

#endif

/* Frames that a fault holds back, in the order of their release. Bounded in bytes. */
#ifndef TCPENGINED_FAULT_QUEUE_H
#define TCPENGINED_FAULT_QUEUE_H

#include <sys/queue.h>
#include <tcpengine/fault.h>

struct fault_held {
    TAILQ_ENTRY(fault_held) link;
    int64_t release_at_us;
    uint64_t fault_id; /* which holds it */
    enum te_fault_way way;
    /* Not unspecified: also released behind the next segment of this connection on that way. */
    struct te_endpoint local, remote;
    bool is_overtaken_next;
    struct te_frame_meta meta;
    size_t len;
    uint8_t frame[];
};

struct fault_queue {
    TAILQ_HEAD(fault_held_head, fault_held) held;
    size_t bytes, bytes_max;
    unsigned count;
};

void fault_queue_init(struct fault_queue *queue, size_t bytes_max);
/* Frees what is held. */
void fault_queue_done(struct fault_queue *queue);

/* Copies the frame; the caller fills in the rest of the result but release_at_us, meta and len.
 * NULL: no room, or no memory. */
struct fault_held *fault_queue_put(struct fault_queue *queue, int64_t release_at_us,
                                   const uint8_t *frame, size_t len,
                                   const struct te_frame_meta *meta);
/* The first in the order; NULL: none. */
struct fault_held *fault_queue_first(const struct fault_queue *queue);
/* What this fault holds becomes due, in its order, behind what is due already. */
void fault_queue_hasten(struct fault_queue *queue, uint64_t fault_id, int64_t now_us);
void fault_queue_drop(struct fault_queue *queue, struct fault_held *held);

#endif

/* The cable between the hosts, and everything that goes wrong on it.
 *
 * A frame goes from one end to the other, to the host there that has its destination's MAC address,
 * or to all of them. On the way it meets middleboxes (they cut, strip, split), faults (loss,
 * copies, damage), and the bottleneck of its direction: a queue of limited size before a wire of
 * limited speed, which drops what does not fit and may mark ECN-capable packets earlier (RFC 3168
 * 5). Then come the delay and partitions. */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include <tcpengine/frame.h>

#include "scenario.h"

#define LINK_FRAMES_MAX 65536

struct trace;

struct link_frame {
    int64_t at_us;
    uint64_t order; /* between frames due at the same time */
    unsigned to;    /* host */
    size_t len;
    struct te_frame_meta meta;
    uint8_t *bytes;
};

struct link {
    const struct scenario *scenario;
    struct trace *trace;
    struct rng rng;
    bool is_calm;     /* the faults are over */
    int64_t start_us; /* the scenario's times count from here */
    int64_t busy_until_us[ENDS];
    uint64_t marked; /* frames, by queues */
    uint64_t next_order;
    unsigned count;
    struct link_frame heap[LINK_FRAMES_MAX]; /* next frame first */
};

void link_init(struct link *link, const struct scenario *scenario, struct trace *trace);
void link_done(struct link *link);
/* Takes a frame that a host sends at the current time. */
void link_send(struct link *link, unsigned side, const uint8_t *frame, size_t len,
               const struct te_frame_meta *meta, int64_t now_us);
/* When the next frame arrives, or TE_NEVER. */
int64_t link_next_us(const struct link *link);
/* The next frame; the caller frees its bytes with free(). */
struct link_frame link_take(struct link *link);
/* Puts a taken frame back, to arrive later. */
void link_put_back(struct link *link, const struct link_frame *frame, int64_t at_us);
/* Merges into a taken frame those that arrive at the same time and continue it. Its bytes may
 * move. */
void link_merge(struct link *link, struct link_frame *frame);
/* The shortest time a frame may take from one end to the other. */
int64_t link_shortest_us(const struct link *link, unsigned end);

#endif

/* Which MAC an address on the link has: one cache for ARP and Neighbour Discovery.
 *
 * Both follow the state machine of RFC 4861 7.3. An entry lives in a keyed hash table, once it has
 * a MAC in a list by use (the least recently used is evicted), and while a timer runs for it in the
 * FIFO of its state: the timers of a state all last equally long, so that the head of each FIFO is
 * its first deadline and one wheel node serves all.
 *
 * Entries without a MAC (INCOMPLETE and FAILED) have a quota of their own, so that a scan of
 * addresses that nobody has cannot push out those that we speak to.
 *
 * Only our own need makes an entry, and a MAC comes only in answer to our own question, or from a
 * neighbour that asks us while we ask for it. A MAC that still answers is never replaced: whoever
 * claims another one makes us ask the old one, and everybody when that stays silent.
 *
 * DEVIATION: RFC 826 and RFC 4861 7.2.3, 7.2.5 let any request and any advertisement that overrides
 * replace the MAC; a move then takes effect at once, and so does a forged packet. */
#ifndef TCPENGINE_IP_NEIGHBOUR_H
#define TCPENGINE_IP_NEIGHBOUR_H

#include <tcpengine/types.h>

#include "ip/control_queue.h"
#include "util/wheel.h"

enum te_neighbour_state {
    TE_NEIGHBOUR_INCOMPLETE, /* asking everybody; no MAC yet */
    TE_NEIGHBOUR_REACHABLE,
    TE_NEIGHBOUR_STALE,  /* the MAC is old; verified on next use */
    TE_NEIGHBOUR_DELAY,  /* in use; waiting for a hint from TCP before we ask */
    TE_NEIGHBOUR_PROBE,  /* asking the neighbour itself */
    TE_NEIGHBOUR_FAILED, /* nobody answered: remembered for a second */
    TE_NEIGHBOUR_STATE_COUNT
};

/* Frames that wait for one MAC: a datagram of 65,535 bytes on a link with MTU 1500 are 45. */
#define TE_NEIGHBOUR_FRAMES_MAX 64

struct te_neighbour {
    struct te_list bucket_link;
    struct te_list use_link;   /* only with a MAC */
    struct te_list timer_link; /* in the FIFO of its state; STALE has no timer */
    struct te_list waiters;    /* TCP's nodes; INCOMPLETE only */
    struct te_list frames;     /* te_control_frame; INCOMPLETE only */
    int64_t due_at_us;
    int64_t confirmed_at_us;
    struct te_addr addr;
    uint8_t mac[6];
    uint8_t asked; /* questions sent in this state */
    uint8_t frame_count;
    enum te_neighbour_state state;
};

struct te_neighbours {
    struct te_list *buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t count;
    uint32_t unresolved_count; /* INCOMPLETE and FAILED */
    uint32_t waiting_count;    /* frames that wait for a MAC */
    struct te_list used;       /* the least recently used first */
    struct te_list timers[TE_NEIGHBOUR_STATE_COUNT];
    int64_t reachable_us; /* drawn once for this boot (RFC 4861 6.3.2) */
    struct te_wheel_node timer;
};

/* TE_ERR_NOMEM. */
enum te_err te_neighbours_init(struct te_stack *stack);
/* TCP's waiters are forgotten, not told. */
void te_neighbours_done(struct te_stack *stack);
void te_neighbours_handle_timer(struct te_stack *stack);
/* NULL when all invariants hold, else a static sentence. */
const char *te_neighbours_check(const struct te_stack *stack);
/* Arms the wheel for the first deadline. */
void te_neighbours_arm(struct te_stack *stack);
/* How long the timer of a state runs; TE_NEVER when it has none. */
int64_t te_neighbour_duration_us(const struct te_neighbours *neighbours,
                                 enum te_neighbour_state state);
/* Puts an entry that has its address and its state into the table; nothing waits for it yet, and
 * it stands neither in the list by use nor in a FIFO. */
void te_neighbour_link(struct te_stack *stack, struct te_neighbour *neighbour);
/* For tests and for people; NULL when there is no entry. */
const struct te_neighbour *te_neighbour_find(const struct te_stack *stack,
                                             const struct te_addr *addr);

/* Sends a frame to next_hop, now or when its MAC is known; takes the frame over. */
void te_neighbour_send(struct te_stack *stack, const struct te_addr *next_hop,
                       struct te_control_frame *frame);

/* An ARP reply, or a Neighbour Advertisement, directed at us. */
struct te_neighbour_answer {
    struct te_addr addr;
    bool is_solicited; /* RFC 4861 4.4; true for ARP */
    bool has_mac;
    uint8_t mac[6];
};
void te_neighbour_on_answer(struct te_stack *stack, const struct te_neighbour_answer *answer);
/* A neighbour asked for one of our addresses and told its own MAC (RFC 826, RFC 4861 7.2.3). */
void te_neighbour_on_question(struct te_stack *stack, const struct te_addr *addr,
                              const uint8_t mac[6]);

#endif

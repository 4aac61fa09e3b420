/* The MACs of addresses on the link: one cache for ARP and Neighbour Discovery.
 *
 * Both follow the state machine of RFC 4861 7.3. An entry is in a keyed hash table; once it has a
 * MAC, in a list by use (the least recently used is evicted); and while its timer runs, in the FIFO
 * of its state. The timers of one state all last equally long, so the head of each FIFO is its
 * earliest deadline and one wheel node serves all.
 *
 * Entries without a MAC (INCOMPLETE and FAILED) have a quota of their own, so that a scan of unused
 * addresses cannot push out the neighbours that we talk to.
 *
 * An entry is created only when we need one, and learns its MAC only from an answer to our own
 * question or from a neighbour that asks us while we ask for it. A MAC that still answers is never
 * replaced: a claim to another one makes us ask the old one, and everybody once that stays silent.
 *
 * DEVIATION: RFC 826 and RFC 4861 7.2.3, 7.2.5 let any request and any overriding advertisement
 * replace the MAC. A move then takes effect at once, and so does a forged packet. */
#ifndef TCPENGINE_IP_NEIGHBOUR_H
#define TCPENGINE_IP_NEIGHBOUR_H

#include <tcpengine/types.h>

#include "ip/control_queue.h"
#include "util/wheel.h"

enum te_neighbour_state {
    TE_NEIGHBOUR_INCOMPLETE, /* asking everybody; no MAC yet */
    TE_NEIGHBOUR_REACHABLE,  /* confirmed lately */
    TE_NEIGHBOUR_STALE,      /* the MAC is old; verified on next use */
    TE_NEIGHBOUR_DELAY,      /* in use; TCP may confirm it before we ask */
    TE_NEIGHBOUR_PROBE,      /* asking the neighbour itself */
    TE_NEIGHBOUR_FAILED,     /* nobody answered: remembered for a second */
    TE_NEIGHBOUR_STATE_COUNT
};

/* Most frames that wait for one MAC: a datagram of 65,535 bytes takes 45 at MTU 1500. */
#define TE_NEIGHBOUR_FRAMES_MAX 64

struct te_neighbour {
    struct te_list bucket_link;
    struct te_list use_link;   /* only with a MAC */
    struct te_list timer_link; /* in the FIFO of its state; STALE has no timer */
    struct te_list waiters;    /* the transport's nodes (te_ip_resolve); INCOMPLETE only */
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
    int64_t reachable_us; /* 15 to 45 s, drawn once per boot (RFC 4861 6.3.2) */
    struct te_wheel_node timer;
};

/* TE_ERR_NOMEM when the allocator refuses the table. */
enum te_err te_neighbours_init(struct te_stack *stack);
/* Frees all entries and the frames that wait. Waiters are unlinked, not notified. */
void te_neighbours_done(struct te_stack *stack);
/* Takes the steps that are due. */
void te_neighbours_handle_timer(struct te_stack *stack);
/* NULL when all invariants hold, else a static sentence. */
const char *te_neighbours_check(const struct te_stack *stack);
/* Arms the wheel for the earliest deadline. */
void te_neighbours_arm(struct te_stack *stack);
/* How long the timer of a state runs (RFC 4861 10); TE_NEVER when it has none. */
int64_t te_neighbour_duration_us(const struct te_neighbours *neighbours,
                                 enum te_neighbour_state state);
/* Adds an entry, its address and state set, to the hash table and the counts. Nothing waits for it
 * yet, and it is neither in the list by use nor in a FIFO: the caller adds it there. */
void te_neighbour_link(struct te_stack *stack, struct te_neighbour *neighbour);
/* The entry of addr; NULL when there is none. Valid until the next call that changes the cache. */
const struct te_neighbour *te_neighbour_find(const struct te_stack *stack,
                                             const struct te_addr *addr);

/* Fills in next_hop's MAC and queues the frame, now or once it is resolved. Takes the frame over.
 * Dropped and counted when next_hop does not resolve, when TE_NEIGHBOUR_FRAMES_MAX newer ones wait
 * for it (RFC 4861 7.2.2), or when waiting frames fill half of the control queue. */
void te_neighbour_send(struct te_stack *stack, const struct te_addr *next_hop,
                       struct te_control_frame *frame);

/* An ARP reply or a Neighbour Advertisement. */
struct te_neighbour_answer {
    struct te_addr addr;
    bool is_solicited; /* RFC 4861 4.4; true for ARP */
    bool has_mac;
    uint8_t mac[6];
};
/* Resolves an INCOMPLETE entry, or confirms one in PROBE when the MAC is the same. Dropped and
 * counted when we did not ask. */
void te_neighbour_on_answer(struct te_stack *stack, const struct te_neighbour_answer *answer);
/* A neighbour asked for one of our addresses and gave its own MAC (RFC 826, RFC 4861 7.2.3).
 * Resolves an unresolved entry as STALE; a MAC other than the known one starts PROBE. Never creates
 * an entry. */
void te_neighbour_on_question(struct te_stack *stack, const struct te_addr *addr,
                              const uint8_t mac[6]);

#endif

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
 * An entry is created when we need one, and for whoever asks for one of our addresses (RFC 826,
 * RFC 4861 7.2.3): its SYN comes next. The latter are UNUSED until we send to them; they take free
 * places and each other's, so that a flood of forged questions pushes out nobody we talk to.
 *
 * What others say of themselves unasked (announcements, questions, advertisements) changes an entry
 * and makes none, as in RFC 826 and RFC 4861 7.2.3 and 7.2.5: a neighbour may have a new MAC, and
 * what we send must not go to the old one for seconds. Whoever can send a frame on the link can
 * forge that, so the former MAC is asked at once, by itself: if it answers, the claim was false,
 * the former MAC is back, and for 250 ms further claims are not believed while it answers. A true
 * move costs nothing, forged ones four round trips per second.
 *
 * The R flag of an advertisement is not kept: it serves the Default Router List of hosts that
 * discover routers (RFC 4861 6.3.4, 7.3.3), and our routes are configured.
 */
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

/* What was said of an entry's MAC without a question of ours, and what came of it. */
enum te_neighbour_claim {
    TE_CLAIM_NONE,
    TE_CLAIM_TAKEN,   /* the MAC has changed; former_mac was asked whether that is so */
    TE_CLAIM_REFUTED, /* former_mac answered, and is the entry's MAC again */
    TE_CLAIM_COUNT
};

struct te_neighbour {
    struct te_list bucket_link;
    struct te_list use_link;   /* only with a MAC: in used or in unused */
    struct te_list timer_link; /* in the FIFO of its state; STALE has no timer */
    struct te_list waiters;    /* the transport's nodes (te_ip_resolve); INCOMPLETE only */
    struct te_list frames;     /* te_control_frame; INCOMPLETE only */
    int64_t due_at_us;
    int64_t confirmed_at_us;
    int64_t resolved_at_us; /* when its first MAC was learned */
    int64_t claim_at_us;    /* of claim, unless that is NONE */
    struct te_addr addr;
    uint8_t mac[6];
    uint8_t former_mac[6]; /* with TE_CLAIM_TAKEN */
    uint8_t asked;         /* questions sent in this state */
    uint8_t frame_count;
    enum te_neighbour_state state;
    enum te_neighbour_claim claim;
    bool is_unused; /* made by a question; nothing was sent there yet */
};

/* Whether it counts against the quota of entries without a MAC. */
static inline bool te_neighbour_is_unresolved(const struct te_neighbour *neighbour)
{
    return neighbour->state == TE_NEIGHBOUR_INCOMPLETE || neighbour->state == TE_NEIGHBOUR_FAILED;
}

struct te_neighbours {
    struct te_list *buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t count;
    uint32_t unresolved_count; /* INCOMPLETE and FAILED */
    uint32_t waiting_count;    /* frames that wait for a MAC */
    struct te_list used;       /* the least recently used first */
    struct te_list unused;     /* is_unused: the oldest first */
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

/* What a neighbour says of its own MAC, other than in a question to us: an advertisement, or an ARP
 * packet in the terms of one. */
struct te_neighbour_answer {
    struct te_addr addr;
    bool is_solicited; /* RFC 4861 4.4: it confirms that the neighbour hears us */
    bool is_override;  /* it may replace another MAC; true for ARP */
    bool has_mac;
    uint8_t mac[6];      /* with has_mac */
    uint8_t from_mac[6]; /* the frame's source */
};
/* Updates an entry as RFC 4861 7.2.5 has it; dropped and counted when that changes nothing. Never
 * creates an entry. */
void te_neighbour_on_answer(struct te_stack *stack, const struct te_neighbour_answer *answer);
/* An ARP reply to us. It is an answer while we ask (its MAC then counts as REACHABLE), else a
 * claim. Of several answers to one question the first counts, for a second (proxies; Linux's
 * locktime). */
void te_neighbour_on_arp_reply(struct te_stack *stack, const struct te_addr *addr,
                               const uint8_t mac[6]);
/* Somebody said in an ARP packet that was no answer to us that addr has mac: RFC 826's merge into a
 * table that has addr. False, nothing taken, when that tells us nothing new. */
bool te_neighbour_on_claim(struct te_stack *stack, const struct te_addr *addr,
                           const uint8_t mac[6]);
/* A neighbour asked for one of our addresses and gave its own MAC (RFC 826, RFC 4861 7.2.3): the
 * entry becomes STALE if it is new, had no MAC, or had another one. Creates an entry for an address
 * on the link, if there is room that costs no entry in use. */
void te_neighbour_on_question(struct te_stack *stack, const struct te_addr *addr,
                              const uint8_t mac[6]);

#endif

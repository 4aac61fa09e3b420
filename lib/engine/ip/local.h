/* Our own addresses: which ones we have, and whether another station holds them.
 *
 * With config.dad an address is TENTATIVE while it is probed (ARP probes of RFC 5227 2.1.1,
 * Neighbour Solicitations of RFC 4862 5.4), then READY if nobody answered or CONFLICT if somebody
 * did; a conflict is probed again after five to six seconds, from the tenth on after a minute (RFC
 * 5227 2.1.1, MAX_CONFLICTS and RATE_LIMIT_INTERVAL). With config.optimistic_dad a TENTATIVE
 * address is used meanwhile (RFC 4429), so that a daemon does not take seconds to start. Without
 * config.dad addresses are READY from the start. A READY address is announced and never given up: a
 * claim to it is answered by at most one announcement every ten seconds (RFC 5227 2.4 (c)), so that
 * two forged packets cannot end our connections.
 *
 * An IPv6 address brings a link-local one made from the MAC (RFC 4291 appendix A), unless one is
 * configured or the table is full. It is the last item. */
#ifndef TCPENGINE_IP_LOCAL_H
#define TCPENGINE_IP_LOCAL_H

#include <tcpengine/config.h>

#include "util/wheel.h"

struct te_stack;

enum te_local_state { TE_LOCAL_TENTATIVE, TE_LOCAL_READY, TE_LOCAL_CONFLICT };

struct te_local {
    struct te_addr addr;
    uint8_t network_bits; /* prefix length of its network, as in te_cidr */
    enum te_local_state state;
    uint8_t step;       /* probes and announcements sent since probing began */
    int64_t step_at_us; /* when the next one is due; TE_NEVER: none is left */
    uint8_t conflicts;  /* since it was last READY, up to MAX_CONFLICTS */
    bool was_defended;
    int64_t defended_at_us; /* the last time; with was_defended */
    bool was_claimed;
    uint8_t claimed_by[6]; /* the last one who did; these with was_claimed */
    int64_t claimed_at_us;
};

struct te_locals {
    struct te_local items[TE_LOCAL_ADDRESSES_MAX];
    unsigned count;
    unsigned configured_count; /* these come first; the rest is derived */
    struct te_wheel_node timer;
};

/* Fills the table from the configuration. */
void te_locals_init(struct te_stack *stack);
/* Starts to probe every address, or without config.dad makes it READY and announces it. */
void te_locals_start(struct te_stack *stack);
/* The same for one address; the caller calls te_locals_arm afterwards. */
void te_local_start(struct te_stack *stack, struct te_local *local);
/* Arms the wheel for the earliest step of any address. */
void te_locals_arm(struct te_stack *stack);
/* How many probes and announcements the address takes in all: 5 for IPv4, 3 for IPv6. */
uint8_t te_local_steps(const struct te_local *local);
/* Takes the steps that are due. */
void te_locals_handle_timer(struct te_stack *stack);

/* The item of that address, whatever its state; NULL when it is not ours. */
struct te_local *te_local_find(struct te_stack *stack, const struct te_addr *addr);
/* Whether it may be used: READY, or TENTATIVE with config.optimistic_dad. */
bool te_local_is_usable(const struct te_stack *stack, const struct te_local *local);
/* Whether at least one configured address is usable. */
bool te_locals_any_ready(const struct te_stack *stack);
/* The usable address from which to send to destination by way of next_hop: of destination's family
 * and scope (RFC 6724 5, rule 2), in next_hop's network if possible, then the longest prefix in
 * common with destination (rule 8), then the first configured. NULL when there is none. */
const struct te_local *te_local_select(const struct te_stack *stack,
                                       const struct te_addr *destination,
                                       const struct te_addr *next_hop);
/* The same, but falls back to the first address of the right family and scope that is not usable
 * yet. */
const struct te_local *te_local_select_any(const struct te_stack *stack,
                                           const struct te_addr *destination,
                                           const struct te_addr *next_hop);
/* The station with that MAC uses or probes for the address of local. A TENTATIVE one goes to
 * CONFLICT; a READY one is defended, at most every ten seconds. Each time an event says so
 * (TE_EVENT_ADDRESS_CONFLICT). */
void te_local_on_claim(struct te_stack *stack, struct te_local *local, const uint8_t mac[6]);

/* Whether addr is 255.255.255.255 or the broadcast address of one of our networks. Networks of one
 * or two addresses have none (RFC 3021 2.1). */
bool te_local_is_broadcast(const struct te_stack *stack, const struct te_addr *addr);
/* Whether addr is a broadcast address, or a multicast group that we listen to: all nodes, and the
 * solicited-node groups of our addresses, whatever their state. */
bool te_local_is_in_group(const struct te_stack *stack, const struct te_addr *addr);
/* Whether frames to that group MAC may carry packets for us. */
bool te_local_hears_mac(const struct te_stack *stack, const uint8_t mac[6]);

#endif

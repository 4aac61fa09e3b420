/* Our own addresses: which ones there are, and whether somebody else holds them.
 *
 * With config.dad an address is TENTATIVE while it is probed (ARP probes of RFC 5227 2.1.1,
 * Neighbour Solicitations of RFC 4862 5.4), READY when nobody answered, CONFLICT when somebody did;
 * a conflict is probed again after a minute. With config.optimistic_dad a TENTATIVE address is used
 * meanwhile (RFC 4429), so that nobody waits seconds for a daemon to start. Without config.dad
 * addresses are READY from the start. A READY address is announced, and never given up again:
 * whoever claims it is answered by one announcement each ten seconds (RFC 5227 2.4 (c)), so that
 * nobody on the link can end our connections by two forged packets.
 *
 * With an IPv6 address comes a link-local one made from the MAC (RFC 4291 appendix A), unless one
 * is configured or the table is full. It is the last item. */
#ifndef TCPENGINE_IP_LOCAL_H
#define TCPENGINE_IP_LOCAL_H

#include <tcpengine/config.h>

#include "util/wheel.h"

struct te_stack;

enum te_local_state { TE_LOCAL_TENTATIVE, TE_LOCAL_READY, TE_LOCAL_CONFLICT };

struct te_local {
    struct te_addr addr;
    uint8_t network_bits; /* prefix length in the 128 bits of addr */
    enum te_local_state state;
    uint8_t step;       /* probes and announcements sent since probing began */
    int64_t step_at_us; /* the next one; TE_NEVER */
    bool was_defended;
    int64_t defended_at_us;
};

struct te_locals {
    struct te_local items[TE_LOCAL_ADDRESSES_MAX];
    unsigned count;
    unsigned configured_count; /* the first ones; the rest is derived */
    struct te_wheel_node timer;
};

/* Lists the addresses. */
void te_locals_init(struct te_stack *stack);
/* Begins to probe all of them, and queues the announcements of those that need no probing. */
void te_locals_start(struct te_stack *stack);
/* The same for one; te_locals_arm comes after. */
void te_local_start(struct te_stack *stack, struct te_local *local);
/* Arms the wheel for the next step of any address. */
void te_locals_arm(struct te_stack *stack);
/* How many probes and announcements there are in all. */
uint8_t te_local_steps(const struct te_local *local);
void te_locals_handle_timer(struct te_stack *stack);

/* The item with that address whatever its state, or NULL. */
struct te_local *te_local_find(struct te_stack *stack, const struct te_addr *addr);
/* READY, or TENTATIVE with config.optimistic_dad: it may be used. */
bool te_local_is_usable(const struct te_stack *stack, const struct te_local *local);
/* True when at least one configured address is usable. */
bool te_locals_any_ready(const struct te_stack *stack);
/* The READY address to speak to destination from by way of next_hop: of its family and scope, one
 * in next_hop's network before others, then the longest common prefix with destination (RFC 6724 5,
 * rule 8). NULL when there is none. */
const struct te_local *te_local_select(const struct te_stack *stack,
                                       const struct te_addr *destination,
                                       const struct te_addr *next_hop);
/* Like te_local_select, but one that is not READY rather than none. */
const struct te_local *te_local_select_any(const struct te_stack *stack,
                                           const struct te_addr *destination,
                                           const struct te_addr *next_hop);
/* Another station uses, or probes for, the address of local. */
void te_local_on_claim(struct te_stack *stack, struct te_local *local);

/* Whether addr is 255.255.255.255 or the broadcast address of one of our networks. */
bool te_local_is_broadcast(const struct te_stack *stack, const struct te_addr *addr);
/* Whether addr is a broadcast address, or a multicast group that we are in: all nodes, and the
 * solicited-node groups of our addresses, whatever their state. */
bool te_local_is_in_group(const struct te_stack *stack, const struct te_addr *addr);
/* Whether frames to that group MAC may hold packets for us. */
bool te_local_hears_mac(const struct te_stack *stack, const uint8_t mac[6]);

#endif

/* Multicast Listener Discovery, the host's part (RFC 3810, RFC 2710): tells routers, and the
 * switches that snoop, which groups we listen to. Without it a switch with a querier stops to
 * forward solicitations for our addresses after some minutes, and IPv6 dies.
 *
 * The groups are the solicited-node groups of our IPv6 addresses (RFC 4861 7.2.1), each joined
 * before its address is probed for the first time (RFC 4862 5.4.2), and left while another station
 * holds it. All nodes (ff02::1) is never reported (RFC 3810 6). We listen to all sources.
 *
 * A change is reported at once and, since reports get lost, as many times as the querier's
 * robustness says. A query is answered after a random delay. Reports come from our link-local
 * address; from :: while that is probed, and then once more from it (RFC 3590). Where a querier
 * speaks version 1 so do we, until it has been silent for 260 s (RFC 3810 8.2.1).
 *
 * DEVIATION: a query about certain sources is answered as one about the group (RFC 3810 6.3 wants
 * these sources named). That says the same: no source is unwanted.
 *
 * DEVIATION: answers are at least ANSWER_GAP apart, whatever delay a query asks for, so that a
 * flood of forged queries costs the link no flood of answers. */
#ifndef TCPENGINE_IP_MLD_H
#define TCPENGINE_IP_MLD_H

#include <tcpengine/config.h>

#include "ip/packet.h"
#include "util/wheel.h"

struct te_stack;

#define TE_MLD_ROBUSTNESS_MIN 2 /* RFC 3810 9.1: the default; 1 would be no repetition */
#define TE_MLD_ROBUSTNESS_MAX 7

struct te_mld_group {
    struct te_addr addr;
    bool is_joined;
    bool was_last;        /* version 1: the last report that we know of was ours */
    uint8_t changes_left; /* reports of having joined or left that are still to be sent */
    int64_t answer_at_us; /* to a query about it; TE_NEVER: none */
};

struct te_mld {
    struct te_mld_group groups[TE_LOCAL_ADDRESSES_MAX]; /* without repetition */
    unsigned count;
    uint8_t robustness;     /* the querier's */
    bool has_source;        /* the groups were reported from our link-local address */
    int64_t change_at_us;   /* the next report of changes; TE_NEVER: none is left */
    int64_t answer_at_us;   /* to a general query of version 2; TE_NEVER: none */
    int64_t answered_at_us; /* the last answer */
    int64_t v1_until_us;    /* version 1 is spoken until then */
    struct te_wheel_node timer;
};

/* Fills the table of groups, none of them joined. te_locals_init comes first. */
void te_mld_init(struct te_stack *stack);
/* Joins and leaves what the states of our addresses call for, and reports it. Does nothing without
 * config.mld. */
void te_mld_update(struct te_stack *stack);
/* Sends the reports that are due. */
void te_mld_handle_timer(struct te_stack *stack);
/* Arms the wheel for the next one. */
void te_mld_arm(struct te_stack *stack);
/* Handles an ICMPv6 message of type 130 or 131 whose checksum is right. Dropped and counted when it
 * does not come from this link (RFC 3810 6.2), or calls for nothing. */
void te_mld_input(struct te_stack *stack, const struct te_packet *packet);
/* NULL when all invariants hold, else a static sentence. */
const char *te_mld_check(const struct te_stack *stack);

#endif

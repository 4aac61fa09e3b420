/* A hierarchical timing wheel: arming, cancelling and firing are O(1) for any number of timers.
 *
 * Level 0 has 64 slots of 1 us; each level above has 64 slots, each as wide as the whole level
 * below, and 11 levels hold any 64-bit time. Every slot remembers a lower bound of its deadlines,
 * so that the next expiry is exact to the microsecond and a timer does not wake the host just to
 * move down a level. Nodes live in their owners. Order is deterministic: due nodes come sorted by
 * deadline, ties in the order of their id. */
#ifndef TCPENGINE_UTIL_WHEEL_H
#define TCPENGINE_UTIL_WHEEL_H

#include <stdint.h>

#include "list.h"

#define TE_WHEEL_LEVELS 11
#define TE_WHEEL_SLOTS 64

struct te_codec;

struct te_wheel_node {
    struct te_list link;
    int64_t at_us;   /* deadline; TE_NEVER when not armed */
    uint64_t tie_id; /* set by the owner once */
};

struct te_wheel {
    int64_t now_us; /* all deadlines at or before it have been collected */
    uint64_t occupied[TE_WHEEL_LEVELS];
    int64_t lower_bound_us[TE_WHEEL_LEVELS][TE_WHEEL_SLOTS];
    struct te_list slots[TE_WHEEL_LEVELS][TE_WHEEL_SLOTS];
    struct te_list due; /* collected, not yet popped */
    uint32_t armed_count;
};

void te_wheel_init(struct te_wheel *wheel, int64_t now_us);
void te_wheel_node_init(struct te_wheel_node *node, uint64_t tie_id);
/* Arms, or moves, a node. at_us in the past is legal: the next te_wheel_advance, even
 * to the same now_us, collects it. TE_NEVER disarms. */
void te_wheel_arm(struct te_wheel *wheel, struct te_wheel_node *node, int64_t at_us);
void te_wheel_cancel(struct te_wheel *wheel, struct te_wheel_node *node);
/* For a restored wheel: a node of that slot which was cancelled may have left a lower bound as
 * early as that. Passed over when it does not belong there. */
void te_wheel_lower_bound(struct te_wheel *wheel, unsigned level, unsigned slot, int64_t bound_us);
/* Writes or reads those bounds; the nodes are armed again by their owners, before. */
void te_wheel_save(struct te_codec *codec, struct te_wheel *wheel);
/* A time at or before the first deadline (equal to it unless the first was cancelled); TE_NEVER. */
int64_t te_wheel_next_us(const struct te_wheel *wheel);
/* Moves time forward and collects what is due, sorted by (deadline, tie_id). */
void te_wheel_advance(struct te_wheel *wheel, int64_t now_us);
/* Takes the first collected node, disarmed; NULL when none is left. */
struct te_wheel_node *te_wheel_pop_due(struct te_wheel *wheel);

#endif

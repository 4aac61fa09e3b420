/* A hierarchical timing wheel: arming, cancelling and firing are O(1) for any number of timers.
 *
 * Level 0 has 64 slots of 1 us; each level above has 64 slots, each as wide as the whole level
 * below, and 11 levels hold any 64-bit time. Every slot remembers a lower bound of its deadlines,
 * so that the next expiry is exact to the microsecond and the host is not woken just to move a
 * timer down a level. Nodes are embedded in their owners, which cancel them before they go away.
 * Order is deterministic: due nodes come sorted by deadline, ties by tie_id. */
#ifndef TCPENGINE_UTIL_WHEEL_H
#define TCPENGINE_UTIL_WHEEL_H

#include <stdint.h>

#include "util/list.h"

#define TE_WHEEL_LEVELS 11
#define TE_WHEEL_SLOTS 64

struct te_codec;

struct te_wheel_node {
    struct te_list link;
    int64_t at_us;   /* deadline; TE_NEVER when not armed */
    uint64_t tie_id; /* set once by the owner */
};

struct te_wheel {
    int64_t now_us; /* deadlines up to here were collected when time got here */
    uint64_t occupied[TE_WHEEL_LEVELS];
    int64_t lower_bound_us[TE_WHEEL_LEVELS][TE_WHEEL_SLOTS];
    struct te_list slots[TE_WHEEL_LEVELS][TE_WHEEL_SLOTS];
    struct te_list due; /* collected, not yet popped */
    uint32_t armed_count;
};

/* An empty wheel at that time. */
void te_wheel_init(struct te_wheel *wheel, int64_t now_us);
/* A node that is not armed. */
void te_wheel_node_init(struct te_wheel_node *node, uint64_t tie_id);
/* Arms a node, or moves it. at_us may be in the past: the next te_wheel_advance(), even to the same
 * now_us, collects it. TE_NEVER disarms. */
void te_wheel_arm(struct te_wheel *wheel, struct te_wheel_node *node, int64_t at_us);
/* Disarms a node, armed or collected; harmless if it is neither. */
void te_wheel_cancel(struct te_wheel *wheel, struct te_wheel_node *node);
/* For a restored wheel: lowers a slot's bound to what a cancelled node may have left there. Ignored
 * when the slot is empty, or the time belongs to another slot. */
void te_wheel_lower_bound(struct te_wheel *wheel, unsigned level, unsigned slot, int64_t bound_us);
/* Writes those bounds, or reads them once the owners have armed the nodes again. */
void te_wheel_save(struct te_codec *codec, struct te_wheel *wheel);
/* When to call te_wheel_advance() next: at or before the first deadline, and equal to it unless a
 * node was cancelled; TE_NEVER when nothing is armed. */
int64_t te_wheel_next_us(const struct te_wheel *wheel);
/* Moves time forward, never back, and collects what is due, sorted by (deadline, tie_id). */
void te_wheel_advance(struct te_wheel *wheel, int64_t now_us);
/* Takes the first collected node, disarmed; NULL when none is left. */
struct te_wheel_node *te_wheel_pop_due(struct te_wheel *wheel);

#endif

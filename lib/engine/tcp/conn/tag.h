/* Tags: the host's own numbers for who has what. A connection, a listener, a TIME_WAIT entry and a
 * grave each carry one, and the engine only stores it.
 *
 * Each pair of uid and tag that is carried exists once, counted; what carries it names it by a
 * 32-bit reference. A TIME_WAIT entry has no more room than that: its uid is in the pair. The first
 * few pairs need no memory; the table doubles when it is full, and starts anew when it is empty. */
#ifndef TCPENGINE_TCP_CONN_TAG_H
#define TCPENGINE_TCP_CONN_TAG_H

#include <stdbool.h>
#include <stdint.h>

struct te_stack;

#define TE_TAGS_BUILT_IN 8 /* a power of two */
#define TE_TAG_NONE UINT32_MAX

struct te_tag {
    uint32_t uid, tag;
    uint32_t uses;        /* 0: free */
    uint32_t connections; /* of these; remains included */
    uint32_t next;        /* in its bucket, or among the free ones; or TE_TAG_NONE */
};

struct te_tag_table {
    struct te_tag *tags;
    uint32_t *buckets; /* as many as tags, and behind them in memory */
    uint32_t size;     /* a power of two */
    uint32_t used;
    uint32_t free_head;
    uint64_t uses; /* of all */
    struct te_tag built_in[TE_TAGS_BUILT_IN];
    uint32_t built_in_buckets[TE_TAGS_BUILT_IN];
};

void te_tags_init(struct te_stack *stack);
void te_tags_free(struct te_stack *stack);

/* A reference to the pair, to be given back. TE_TAG_NONE: no memory, and nothing has changed. */
uint32_t te_tag_join(struct te_stack *stack, uint32_t uid, uint32_t tag);
/* Gives a reference back; TE_TAG_NONE is legal. */
void te_tag_leave(struct te_stack *stack, uint32_t reference);
/* The same for a connection, which is counted. */
uint32_t te_tag_join_conn(struct te_stack *stack, uint32_t uid, uint32_t tag);
void te_tag_leave_conn(struct te_stack *stack, uint32_t reference);
/* Exchanges *reference, a connection's, for one to another pair. False: no memory, and nothing has
 * changed. */
bool te_tag_change(struct te_stack *stack, uint32_t *reference, uint32_t uid, uint32_t tag);
/* What a reference names; tag 0 for TE_TAG_NONE. */
uint32_t te_tag_uid(const struct te_stack *stack, uint32_t reference);
uint32_t te_tag_number(const struct te_stack *stack, uint32_t reference);

#endif

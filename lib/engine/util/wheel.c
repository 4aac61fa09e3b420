/* The place of a node follows from its deadline and wheel->now_us alone: with both written in base
 * 64, the highest digit in which they differ is the level, and the deadline's digit there is the
 * slot. So
 *
 * - every deadline of a level comes before every deadline of the level above, and the slots of a
 *   level are in order: the first occupied slot of the lowest occupied level holds the first node;
 * - when time moves and H is the highest digit that changes, everything below level H is due, and
 * in level H all slots before the new digit; only the slot of the new digit must be dealt out
 * again. A node moves down at most once per level in its life;
 * - cancelling finds the slot by the same calculation.
 *
 * Level 0 has one slot for each microsecond, so its slot never holds two different deadlines. The
 * slot of now itself is empty except for nodes that were armed in the past: they wait there for the
 * next te_wheel_advance(). */
#include "util/wheel.h"

#include <tcpengine/types.h>

#define DIGIT_BITS 6u
#define DIGIT_MASK 63u

struct place {
    unsigned level, slot;
};

/* Unsigned, in the same order as the signed time. */
static inline uint64_t key_of(int64_t time_us)
{
    return (uint64_t)time_us ^ UINT64_C(1) << 63;
}

/* The highest digit in which two keys differ; 0 when they are equal. */
static inline unsigned level_of(uint64_t a, uint64_t b)
{
    return (63u - (unsigned)__builtin_clzll((a ^ b) | 1)) / DIGIT_BITS;
}

static inline unsigned digit_of(uint64_t key, unsigned level)
{
    return (unsigned)(key >> (level * DIGIT_BITS)) & DIGIT_MASK;
}

static struct place place_of(const struct te_wheel *wheel, int64_t at_us)
{
    uint64_t now = key_of(wheel->now_us);
    uint64_t at = at_us > wheel->now_us ? key_of(at_us) : now;
    unsigned level = level_of(at, now);
    return (struct place){level, digit_of(at, level)};
}

static inline struct te_wheel_node *node_of(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_wheel_node, link);
}

static void insert(struct te_wheel *wheel, struct te_wheel_node *node)
{
    struct place p = place_of(wheel, node->at_us);
    uint64_t bit = UINT64_C(1) << p.slot;
    int64_t *bound = &wheel->lower_bound_us[p.level][p.slot];
    if (!(wheel->occupied[p.level] & bit) || node->at_us < *bound)
        *bound = node->at_us;
    wheel->occupied[p.level] |= bit;
    te_list_push_back(&wheel->slots[p.level][p.slot], &node->link);
}

void te_wheel_init(struct te_wheel *wheel, int64_t now_us)
{
    wheel->now_us = now_us;
    wheel->armed_count = 0;
    te_list_init(&wheel->due);
    for (unsigned level = 0; level < TE_WHEEL_LEVELS; level++) {
        wheel->occupied[level] = 0;
        for (unsigned slot = 0; slot < TE_WHEEL_SLOTS; slot++) {
            wheel->lower_bound_us[level][slot] = TE_NEVER;
            te_list_init(&wheel->slots[level][slot]);
        }
    }
}

void te_wheel_node_init(struct te_wheel_node *node, uint64_t tie_id)
{
    te_list_init(&node->link);
    node->at_us = TE_NEVER;
    node->tie_id = tie_id;
}

void te_wheel_arm(struct te_wheel *wheel, struct te_wheel_node *node, int64_t at_us)
{
    if (node->at_us == at_us)
        return;
    te_wheel_cancel(wheel, node);
    if (at_us == TE_NEVER)
        return;
    node->at_us = at_us;
    insert(wheel, node);
    wheel->armed_count++;
}

void te_wheel_cancel(struct te_wheel *wheel, struct te_wheel_node *node)
{
    if (node->at_us == TE_NEVER)
        return;
    te_list_remove(&node->link);
    /* For a collected node this is the slot of now, which may be empty already. */
    struct place p = place_of(wheel, node->at_us);
    if (te_list_is_empty(&wheel->slots[p.level][p.slot]))
        wheel->occupied[p.level] &= ~(UINT64_C(1) << p.slot);
    node->at_us = TE_NEVER;
    wheel->armed_count--;
}

void te_wheel_lower_bound(struct te_wheel *wheel, unsigned level, unsigned slot, int64_t bound_us)
{
    struct place p = place_of(wheel, bound_us);
    int64_t *bound = &wheel->lower_bound_us[level][slot];
    bool is_occupied = (wheel->occupied[level] & UINT64_C(1) << slot) != 0;
    if (is_occupied && p.level == level && p.slot == slot && bound_us < *bound)
        *bound = bound_us;
}

int64_t te_wheel_next_us(const struct te_wheel *wheel)
{
    int64_t next_us = TE_NEVER;
    if (!te_list_is_empty(&wheel->due))
        next_us = node_of(wheel->due.next)->at_us;
    for (unsigned level = 0; level < TE_WHEEL_LEVELS; level++) {
        if (wheel->occupied[level] == 0)
            continue;
        unsigned slot = (unsigned)__builtin_ctzll(wheel->occupied[level]);
        int64_t bound_us = wheel->lower_bound_us[level][slot];
        return bound_us < next_us ? bound_us : next_us;
    }
    return next_us;
}

/* True when a must not run after b. */
static bool is_before(struct te_list *a, struct te_list *b)
{
    const struct te_wheel_node *x = node_of(a), *y = node_of(b);
    return x->at_us != y->at_us ? x->at_us < y->at_us : x->tie_id <= y->tie_id;
}

/* Merges two sorted chains, linked by next alone and ended by NULL. */
static struct te_list *merge_chains(struct te_list *a, struct te_list *b)
{
    struct te_list head = {NULL, NULL};
    struct te_list *tail = &head;
    while (a != NULL && b != NULL) {
        struct te_list **first = is_before(a, b) ? &a : &b;
        tail->next = *first;
        tail = *first;
        *first = tail->next;
    }
    tail->next = a != NULL ? a : b;
    return head.next;
}

/* Merge sort from the bottom up: runs[i] is empty or a sorted chain of 2^i nodes (the last one: of
 * any length). A 32-bit armed_count cannot fill more. */
#define RUNS_MAX 33

static struct te_list *sort_chain(struct te_list *chain)
{
    struct te_list *runs[RUNS_MAX] = {NULL};
    while (chain != NULL) {
        struct te_list *run = chain;
        chain = chain->next;
        run->next = NULL;
        unsigned i = 0;
        for (; i < RUNS_MAX - 1 && runs[i] != NULL; i++) {
            run = merge_chains(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (unsigned i = 0; i < RUNS_MAX; i++)
        chain = merge_chains(runs[i], chain);
    return chain;
}

static void sort_list(struct te_list *list)
{
    if (list->next->next == list)
        return; /* none or one */
    list->prev->next = NULL;
    struct te_list *chain = sort_chain(list->next);
    te_list_init(list);
    while (chain != NULL) {
        struct te_list *node = chain;
        chain = chain->next;
        te_list_push_back(list, node);
    }
}

/* Merges the sorted batch into the sorted due list, from the back: what is collected now is usually
 * later than everything collected before, so nothing is searched. */
static void append_due(struct te_list *due, struct te_list *batch)
{
    struct te_list *after = due->prev;
    while (!te_list_is_empty(batch)) {
        struct te_list *node = batch->prev;
        te_list_remove(node);
        while (after != due && !is_before(after, node))
            after = after->prev;
        te_list_push_back(after->next, node); /* before the one that follows after */
    }
}

/* Empties one slot: what is due goes into the batch, the rest to lower levels. */
static void deal_slot(struct te_wheel *wheel, struct place p, struct te_list *batch)
{
    struct te_list *link;
    wheel->occupied[p.level] &= ~(UINT64_C(1) << p.slot);
    while ((link = te_list_pop_front(&wheel->slots[p.level][p.slot])) != NULL) {
        if (node_of(link)->at_us <= wheel->now_us)
            te_list_push_back(batch, link);
        else
            insert(wheel, node_of(link));
    }
}

void te_wheel_advance(struct te_wheel *wheel, int64_t now_us)
{
    if (now_us < wheel->now_us)
        now_us = wheel->now_us;
    unsigned top = level_of(key_of(now_us), key_of(wheel->now_us));
    wheel->now_us = now_us;
    struct te_list batch;
    te_list_init(&batch);
    for (unsigned level = 0; level <= top; level++) {
        unsigned last = level < top ? DIGIT_MASK : digit_of(key_of(now_us), top);
        uint64_t slots = wheel->occupied[level] & UINT64_MAX >> (63 - last);
        for (; slots != 0; slots &= slots - 1)
            deal_slot(wheel, (struct place){level, (unsigned)__builtin_ctzll(slots)}, &batch);
    }
    sort_list(&batch);
    append_due(&wheel->due, &batch);
}

struct te_wheel_node *te_wheel_pop_due(struct te_wheel *wheel)
{
    struct te_list *link = te_list_pop_front(&wheel->due);
    if (link == NULL)
        return NULL;
    struct te_wheel_node *node = node_of(link);
    node->at_us = TE_NEVER;
    wheel->armed_count--;
    return node;
}

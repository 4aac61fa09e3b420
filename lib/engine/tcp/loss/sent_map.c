#include "tcp/loss/sent_map.h"

#include <assert.h>

#include "util/seq.h"

static struct te_sent *of_seq(struct te_tree_node *node)
{
    return node == NULL ? NULL : TE_CONTAINER(node, struct te_sent, by_seq);
}

static struct te_sent *of_loss(struct te_tree_node *node)
{
    return node == NULL ? NULL : TE_CONTAINER(node, struct te_sent, by_loss);
}

/* --- the three states ------------------------------------------------------------------------- */

typedef bool before_fn(const struct te_sent *a, const struct te_sent *b);

static bool is_lower(const struct te_sent *a, const struct te_sent *b)
{
    return seq_lt(a->start, b->start);
}

static bool is_older(const struct te_sent *a, const struct te_sent *b)
{
    return a->sent_at_us < b->sent_at_us;
}

/* Into a tree of lost records, in the order of is_before. */
static void insert_lost(struct te_tree *tree, struct te_sent *sent, before_fn *is_before)
{
    struct te_tree_node **link = &tree->root;
    struct te_tree_node *parent = NULL;
    while (*link != NULL) {
        parent = *link;
        link = is_before(sent, of_loss(parent)) ? &parent->left : &parent->right;
    }
    te_tree_insert(tree, &sent->by_loss, parent, link);
}

/* Links and counts a record by its state; an IN_FLIGHT one goes behind that link of by_time. */
static void enter(struct te_sent_map *map, struct te_sent *sent, struct te_list *after)
{
    uint32_t len = te_sent_len(sent);
    switch ((enum te_sent_state)sent->state) {
    case TE_SENT_IN_FLIGHT:
        map->in_flight_bytes += len;
        te_list_push_back(after->next, &sent->by_time);
        break;
    case TE_SENT_LOST:
        map->lost_bytes += len;
        insert_lost(&map->by_loss, sent, is_lower);
        break;
    case TE_SENT_SACKED:
        map->sacked_bytes += len;
        map->sacked_segments += sent->segments;
        break;
    }
}

static void leave(struct te_sent_map *map, struct te_sent *sent)
{
    uint32_t len = te_sent_len(sent);
    switch ((enum te_sent_state)sent->state) {
    case TE_SENT_IN_FLIGHT:
        assert(map->in_flight_bytes >= len);
        map->in_flight_bytes -= len;
        te_list_remove(&sent->by_time);
        break;
    case TE_SENT_LOST:
        assert(map->lost_bytes >= len);
        map->lost_bytes -= len;
        te_tree_remove(&map->by_loss, &sent->by_loss);
        break;
    case TE_SENT_SACKED:
        assert(map->sacked_bytes >= len);
        map->sacked_bytes -= len;
        map->sacked_segments -= sent->segments;
        break;
    }
}

static void move_to(struct te_sent_map *map, struct te_sent *sent, enum te_sent_state state)
{
    leave(map, sent);
    sent->state = (uint8_t)state;
    enter(map, sent, map->by_time.prev);
}

/* --- life of a record ------------------------------------------------------------------------- */

void te_sent_map_init(struct te_sent_map *map)
{
    *map = (struct te_sent_map){.count = 0};
    te_list_init(&map->by_time);
}

bool te_sent_map_reserve(struct te_sent_map *map, const struct te_allocator *allocator)
{
    if (map->spare == NULL)
        map->spare = allocator->alloc(allocator->ctx, sizeof(*map->spare));
    return map->spare != NULL;
}

static struct te_sent *take_spare(struct te_sent_map *map)
{
    struct te_sent *sent = map->spare;
    assert(sent != NULL);
    map->spare = NULL;
    *sent = (struct te_sent){.transmissions = 1};
    te_list_init(&sent->by_time);
    return sent;
}

static void insert_by_seq(struct te_sent_map *map, struct te_sent *sent)
{
    struct te_tree_node **link = &map->by_seq.root;
    struct te_tree_node *parent = NULL;
    while (*link != NULL) {
        parent = *link;
        link = seq_lt(sent->start, of_seq(parent)->start) ? &parent->left : &parent->right;
    }
    te_tree_insert(&map->by_seq, &sent->by_seq, parent, link);
    map->count++;
}

static void discard(struct te_sent_map *map, struct te_sent *sent,
                    const struct te_allocator *allocator)
{
    leave(map, sent);
    te_tree_remove(&map->by_seq, &sent->by_seq);
    map->count--;
    if (map->spare == NULL)
        map->spare = sent;
    else
        allocator->free(allocator->ctx, sent, sizeof(*sent));
}

void te_sent_map_clear(struct te_sent_map *map, const struct te_allocator *allocator)
{
    struct te_sent *sent;
    while ((sent = te_sent_map_first(map)) != NULL)
        discard(map, sent, allocator);
    assert(map->count == 0 && map->in_flight_bytes == 0 && map->lost_bytes == 0);
}

void te_sent_map_done(struct te_sent_map *map, const struct te_allocator *allocator)
{
    te_sent_map_clear(map, allocator);
    if (map->spare != NULL)
        allocator->free(allocator->ctx, map->spare, sizeof(*map->spare));
    map->spare = NULL;
}

struct te_sent *te_sent_map_append(struct te_sent_map *map, uint32_t start, uint32_t end,
                                   uint16_t segments, int64_t now_us)
{
    assert(seq_lt(start, end));
    struct te_sent *sent = take_spare(map);
    sent->start = start;
    sent->end = end;
    sent->segments = segments;
    sent->sent_at_us = now_us;
    insert_by_seq(map, sent);
    enter(map, sent, map->by_time.prev);
    return sent;
}

void te_sent_map_put(struct te_sent_map *map, const struct te_sent *like)
{
    struct te_sent *sent = take_spare(map);
    sent->start = like->start;
    sent->end = like->end;
    sent->segments = like->segments;
    sent->state = like->state;
    sent->transmissions = like->transmissions;
    sent->sent_at_us = like->sent_at_us;
    sent->mark = like->mark;
    insert_by_seq(map, sent);
    enter(map, sent, map->by_time.prev);
}

void te_sent_map_resent(struct te_sent_map *map, struct te_sent *sent, int64_t now_us)
{
    if (sent->transmissions < UINT8_MAX)
        sent->transmissions++;
    sent->sent_at_us = now_us;
    move_to(map, sent, TE_SENT_IN_FLIGHT);
}

static uint16_t segments_in(uint32_t bytes, uint32_t mss_bytes)
{
    uint32_t segments = (bytes + mss_bytes - 1) / mss_bytes;
    return (uint16_t)(segments > UINT16_MAX ? UINT16_MAX : segments);
}

struct te_sent *te_sent_map_split(struct te_sent_map *map, struct te_sent *sent, uint32_t seq,
                                  uint32_t mss_bytes)
{
    assert(seq_gt(seq, sent->start) && seq_lt(seq, sent->end));
    struct te_sent *upper = take_spare(map);
    struct te_list *after = sent->by_time.prev;
    upper->start = seq;
    upper->end = sent->end;
    upper->state = sent->state;
    upper->transmissions = sent->transmissions;
    upper->sent_at_us = sent->sent_at_us;
    upper->mark = sent->mark;
    upper->segments = segments_in(te_sent_len(upper), mss_bytes);
    leave(map, sent);
    sent->end = seq;
    sent->segments = segments_in(te_sent_len(sent), mss_bytes);
    enter(map, sent, after);
    insert_by_seq(map, upper);
    enter(map, upper, sent->state == TE_SENT_IN_FLIGHT ? &sent->by_time : map->by_time.prev);
    return upper;
}

/* --- what the peer says ----------------------------------------------------------------------- */

/* Removes the bytes below una from the front of a record. */
static void trim_front(struct te_sent_map *map, struct te_sent *sent, uint32_t una)
{
    uint32_t cut = una - sent->start;
    sent->start = una; /* keeps its place in both trees: it is the lowest of all */
    switch ((enum te_sent_state)sent->state) {
    case TE_SENT_IN_FLIGHT:
        map->in_flight_bytes -= cut;
        break;
    case TE_SENT_LOST:
        map->lost_bytes -= cut;
        break;
    case TE_SENT_SACKED:
        map->sacked_bytes -= cut;
        break;
    }
}

static void visit(const struct te_sent_visitor *visitor, const struct te_sent *sent, uint32_t bytes)
{
    if (sent->state != TE_SENT_SACKED)
        visitor->on_delivered(visitor->ctx, sent, bytes);
}

void te_sent_map_ack(struct te_sent_map *map, uint32_t una, const struct te_allocator *allocator,
                     const struct te_sent_visitor *visitor)
{
    struct te_sent *sent;
    while ((sent = te_sent_map_first(map)) != NULL && seq_leq(sent->end, una)) {
        visit(visitor, sent, te_sent_len(sent));
        discard(map, sent, allocator);
    }
    if (sent != NULL && seq_lt(sent->start, una)) {
        visit(visitor, sent, una - sent->start);
        trim_front(map, sent, una);
    }
}

/* Two neighbours in the same state: the lower one absorbs the upper one. */
static void merge(struct te_sent_map *map, struct te_sent *lower, struct te_sent *upper,
                  const struct te_allocator *allocator)
{
    uint32_t segments = (uint32_t)lower->segments + upper->segments;
    uint32_t end = upper->end;
    discard(map, upper, allocator);
    leave(map, lower);
    lower->end = end;
    lower->segments = (uint16_t)(segments > UINT16_MAX ? UINT16_MAX : segments);
    enter(map, lower, map->by_time.prev);
}

static struct te_sent *merge_around(struct te_sent_map *map, struct te_sent *sent,
                                    const struct te_allocator *allocator)
{
    struct te_sent *next = te_sent_map_next(sent);
    if (next != NULL && next->state == TE_SENT_SACKED)
        merge(map, sent, next, allocator);
    struct te_sent *previous = te_sent_map_previous(sent);
    if (previous == NULL || previous->state != TE_SENT_SACKED)
        return sent;
    merge(map, previous, sent, allocator);
    return previous;
}

/* The part of a record that the block covers, in whole segments; NULL when there is none, or no
 * memory to split. */
static struct te_sent *cut_out(struct te_sent_map *map, struct te_sent *sent,
                               const struct te_sent_sack *sack,
                               const struct te_allocator *allocator)
{
    uint32_t from = seq_gt(sack->start, sent->start) ? sack->start - sent->start : 0;
    uint32_t to = seq_lt(sack->end, sent->end) ? sack->end - sent->start : te_sent_len(sent);
    from += (sack->mss_bytes - from % sack->mss_bytes) % sack->mss_bytes;
    if (to < te_sent_len(sent))
        to -= to % sack->mss_bytes;
    if (from >= to)
        return NULL;
    uint32_t start = sent->start + from;
    uint32_t end = sent->start + to;
    if (end != sent->end) {
        if (!te_sent_map_reserve(map, allocator))
            return NULL;
        te_sent_map_split(map, sent, end, sack->mss_bytes);
    }
    if (start == sent->start)
        return sent;
    return te_sent_map_reserve(map, allocator)
               ? te_sent_map_split(map, sent, start, sack->mss_bytes)
               : NULL;
}

/* The first record that ends after seq. */
static struct te_sent *first_after(const struct te_sent_map *map, uint32_t seq)
{
    struct te_tree_node *node = map->by_seq.root;
    struct te_sent *found = NULL;
    while (node != NULL) {
        struct te_sent *sent = of_seq(node);
        if (seq_gt(sent->end, seq)) {
            found = sent;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return found;
}

void te_sent_map_sack(struct te_sent_map *map, const struct te_sent_sack *sack,
                      const struct te_allocator *allocator, const struct te_sent_visitor *visitor)
{
    assert(sack->mss_bytes > 0);
    struct te_sent *sent = first_after(map, sack->start);
    while (sent != NULL && seq_lt(sent->start, sack->end)) {
        struct te_sent *part = sent;
        if (sent->state != TE_SENT_SACKED)
            part = cut_out(map, sent, sack, allocator);
        if (part == NULL) {
            sent = te_sent_map_next(sent);
            continue;
        }
        if (part->state != TE_SENT_SACKED) {
            visit(visitor, part, te_sent_len(part));
            if (map->sacked_bytes == 0 || seq_gt(part->end, map->highest_sacked))
                map->highest_sacked = part->end;
            move_to(map, part, TE_SENT_SACKED);
            part = merge_around(map, part, allocator);
        }
        sent = te_sent_map_next(part);
    }
}

/* --- what the sender thinks ------------------------------------------------------------------- */

void te_sent_map_mark_lost(struct te_sent_map *map, struct te_sent *sent)
{
    assert(sent->state == TE_SENT_IN_FLIGHT);
    move_to(map, sent, TE_SENT_LOST);
}

static int64_t sent_at_us(const struct te_list *link)
{
    return TE_CONTAINER(link, const struct te_sent, by_time)->sent_at_us;
}

/* The link of the time order behind which a record of that time belongs, searched from a link
 * before it. */
static struct te_list *place_after(struct te_sent_map *map, struct te_list *from, int64_t at_us)
{
    while (from->next != &map->by_time && sent_at_us(from->next) <= at_us)
        from = from->next;
    return from;
}

/* What was lost, in the order of last transmission: some of it may have been sent again, some not.
 */
static struct te_tree take_lost_by_age(struct te_sent_map *map)
{
    struct te_tree ages = {.root = NULL};
    struct te_sent *sent;
    while ((sent = te_sent_map_first_lost(map)) != NULL) {
        te_tree_remove(&map->by_loss, &sent->by_loss);
        insert_lost(&ages, sent, is_older);
    }
    map->lost_bytes = 0;
    return ages;
}

void te_sent_map_unmark_lost(struct te_sent_map *map)
{
    struct te_tree ages = take_lost_by_age(map);
    struct te_list *place = &map->by_time;
    struct te_sent *sent;
    while ((sent = of_loss(te_tree_first(&ages))) != NULL) {
        te_tree_remove(&ages, &sent->by_loss);
        place = place_after(map, place, sent->sent_at_us);
        sent->state = TE_SENT_IN_FLIGHT;
        enter(map, sent, place);
        place = &sent->by_time;
    }
}

static bool fits(const struct te_sent *sent, const struct te_sent *next,
                 const struct te_sent_joint *joint)
{
    uint32_t payload = next->end - sent->start - (next->end == joint->fin_end ? 1 : 0);
    return next->state == TE_SENT_LOST && payload <= joint->mss_bytes;
}

void te_sent_map_join_lost(struct te_sent_map *map, const struct te_sent_joint *joint,
                           const struct te_allocator *allocator)
{
    struct te_sent *sent = te_sent_map_first_lost(map);
    struct te_sent *next;
    while (sent != NULL && (next = te_sent_map_next(sent)) != NULL && fits(sent, next, joint)) {
        if (next->transmissions > sent->transmissions)
            sent->transmissions = next->transmissions;
        merge(map, sent, next, allocator);
        sent->segments = 1;
    }
}

void te_sent_map_renege(struct te_sent_map *map)
{
    struct te_sent *sent = te_sent_map_first(map);
    for (; sent != NULL && map->sacked_bytes > 0; sent = te_sent_map_next(sent)) {
        if (sent->state != TE_SENT_SACKED)
            continue;
        if (sent->transmissions == 1)
            sent->transmissions = 2; /* Karn: it arrived long before the ACK that is to come */
        move_to(map, sent, TE_SENT_LOST);
    }
}

void te_sent_map_truncate(struct te_sent_map *map, uint32_t seq,
                          const struct te_allocator *allocator)
{
    struct te_sent *sent;
    while ((sent = te_sent_map_last(map)) != NULL && seq_geq(sent->start, seq))
        discard(map, sent, allocator);
    if (sent == NULL || seq_leq(sent->end, seq))
        return;
    struct te_list *after = sent->by_time.prev;
    leave(map, sent);
    sent->end = seq;
    enter(map, sent, after);
}

/* --- order ------------------------------------------------------------------------------------ */

struct te_sent *te_sent_map_first(const struct te_sent_map *map)
{
    return of_seq(te_tree_first(&map->by_seq));
}

struct te_sent *te_sent_map_last(const struct te_sent_map *map)
{
    return of_seq(te_tree_last(&map->by_seq));
}

struct te_sent *te_sent_map_next(const struct te_sent *sent)
{
    return of_seq(te_tree_next(&sent->by_seq));
}

struct te_sent *te_sent_map_previous(const struct te_sent *sent)
{
    return of_seq(te_tree_previous(&sent->by_seq));
}

struct te_sent *te_sent_map_find(const struct te_sent_map *map, uint32_t seq)
{
    struct te_sent *sent = first_after(map, seq);
    return sent != NULL && seq_leq(sent->start, seq) ? sent : NULL;
}

struct te_sent *te_sent_map_first_lost(const struct te_sent_map *map)
{
    return of_loss(te_tree_first(&map->by_loss));
}

struct te_sent *te_sent_map_oldest(const struct te_sent_map *map)
{
    if (te_list_is_empty(&map->by_time))
        return NULL;
    return TE_CONTAINER(map->by_time.next, struct te_sent, by_time);
}

struct te_sent *te_sent_map_younger(const struct te_sent_map *map, const struct te_sent *sent)
{
    if (sent->by_time.next == &map->by_time)
        return NULL;
    return TE_CONTAINER(sent->by_time.next, struct te_sent, by_time);
}

/* --- check ------------------------------------------------------------------------------------ */

struct recount {
    uint32_t count;
    uint32_t bytes[TE_SENT_SACKED + 1];
    uint32_t sacked_segments;
};

static const char *check_sums(const struct te_sent_map *map, const struct recount *sums)
{
    if (sums->count != map->count)
        return "sent map: records are miscounted";
    if (sums->bytes[TE_SENT_IN_FLIGHT] != map->in_flight_bytes ||
        sums->bytes[TE_SENT_LOST] != map->lost_bytes ||
        sums->bytes[TE_SENT_SACKED] != map->sacked_bytes ||
        sums->sacked_segments != map->sacked_segments)
        return "sent map: the sums differ from a recount";
    uint32_t listed = 0;
    const struct te_sent *last = NULL;
    const struct te_sent *sent = te_sent_map_oldest(map);
    for (; sent != NULL; last = sent, sent = te_sent_map_younger(map, sent)) {
        listed += te_sent_len(sent);
        if (last != NULL && sent->sent_at_us < last->sent_at_us)
            return "sent map: the time order is broken";
    }
    return listed != map->in_flight_bytes ? "sent map: the time order misses something" : NULL;
}

const char *te_sent_map_check(const struct te_sent_map *map, uint32_t start, uint32_t end)
{
    struct recount sums = {.count = 0};
    uint32_t at = start;
    uint8_t last_state = TE_SENT_IN_FLIGHT;
    const struct te_sent *sent = te_sent_map_first(map);
    for (; sent != NULL; sent = te_sent_map_next(sent)) {
        if (sent->start != at || !seq_lt(sent->start, sent->end))
            return "sent map: a gap or an overlap";
        if (sent->state == TE_SENT_SACKED && last_state == TE_SENT_SACKED)
            return "sent map: SACKed neighbours are not merged";
        last_state = sent->state;
        at = sent->end;
        sums.count++;
        sums.bytes[sent->state] += te_sent_len(sent);
        if (sent->state == TE_SENT_SACKED)
            sums.sacked_segments += sent->segments;
    }
    if (map->count > 0 && at != end)
        return "sent map: it does not end at SND.NXT";
    return check_sums(map, &sums);
}

#include "drop.h"

#include <assert.h>

#include "stack_internal.h"
#include "util/bytes.h"
#include "util/siphash.h"

#define NONE UINT32_MAX

static_assert(TE_DROP_COUNT <= TE_DROP_HAS_SEGMENT, "a reason and a flag share a byte");

/* --- reasons ---------------------------------------------------------------------------------- */

struct reason {
    const char *name, *text, *counter_name;
    size_t counter_offset;
};

static const struct reason reasons[TE_DROP_COUNT] = {
#define ROW(constant, name, counter, text)                                                         \
    [TE_DROP_##constant] = {#name, text, #counter, offsetof(struct te_counters, counter)},
    [TE_DROP_NONE] = {"", "", "", 0}, TE_DROP_LIST(ROW)
#undef ROW
};

static bool is_reason(enum te_drop_reason reason)
{
    return (unsigned)reason < TE_DROP_COUNT;
}

const char *te_drop_name(enum te_drop_reason reason)
{
    return is_reason(reason) ? reasons[reason].name : "?";
}

const char *te_drop_text(enum te_drop_reason reason)
{
    return is_reason(reason) ? reasons[reason].text : "?";
}

const char *te_drop_counter_name(enum te_drop_reason reason)
{
    return is_reason(reason) ? reasons[reason].counter_name : "?";
}

/* --- birth ------------------------------------------------------------------------------------ */

static uint32_t bucket_count_of(const struct te_config *config)
{
    uint32_t count = 1;
    while (count < config->drop_log_conn_max)
        count *= 2;
    return count;
}

static size_t buckets_at(const struct te_config *config)
{
    return sizeof(struct te_drop_logs) + config->drop_log_conn_max * sizeof(struct te_drop_log);
}

size_t te_drop_logs_bytes(const struct te_config *config)
{
    return buckets_at(config) + bucket_count_of(config) * sizeof(uint32_t);
}

struct te_drop_logs *te_drop_logs_init(const struct te_config *config, void *block)
{
    struct te_drop_logs *logs = block;
    logs->capacity = config->drop_log_conn_max;
    logs->bucket_count = bucket_count_of(config);
    logs->by_id = (void *)((uint8_t *)block + buckets_at(config));
    for (uint32_t i = 0; i < logs->bucket_count; i++)
        logs->by_id[i] = NONE;
    logs->lists[0] = logs->lists[1] = (struct te_drop_list){NONE, NONE};
    return logs;
}

/* --- the pool --------------------------------------------------------------------------------- */

/* Keyed: ids rise by one, and opening connections must not let a peer choose which chain grows. */
static uint32_t *bucket_of(const struct te_stack *stack, uint64_t id)
{
    uint8_t bytes[8];
    te_store_be32(bytes, (uint32_t)(id >> 32));
    te_store_be32(bytes + 4, (uint32_t)id);
    uint64_t hash = te_siphash(&stack->key, bytes, sizeof(bytes));
    return &stack->drops->by_id[(uint32_t)hash & (stack->drops->bucket_count - 1)];
}

static uint32_t find(const struct te_stack *stack, uint64_t id)
{
    const struct te_drop_logs *logs = stack->drops;
    uint32_t index = *bucket_of(stack, id);
    while (index != NONE && logs->logs[index].id != id)
        index = logs->logs[index].next_by_id;
    return index;
}

static struct te_drop_list *list_of(struct te_drop_logs *logs, uint32_t index)
{
    return &logs->lists[logs->logs[index].is_half_open ? 0 : 1];
}

static void unlink_log(struct te_drop_logs *logs, uint32_t index)
{
    const struct te_drop_log *log = &logs->logs[index];
    struct te_drop_list *list = list_of(logs, index);
    *(log->older != NONE ? &logs->logs[log->older].newer : &list->oldest) = log->newer;
    *(log->newer != NONE ? &logs->logs[log->newer].older : &list->newest) = log->older;
}

static void link_log(struct te_drop_logs *logs, uint32_t index)
{
    struct te_drop_log *log = &logs->logs[index];
    struct te_drop_list *list = list_of(logs, index);
    log->older = list->newest;
    log->newer = NONE;
    *(list->newest != NONE ? &logs->logs[list->newest].newer : &list->oldest) = index;
    list->newest = index;
}

static void forget(struct te_stack *stack, uint32_t index)
{
    struct te_drop_logs *logs = stack->drops;
    uint32_t *at = bucket_of(stack, logs->logs[index].id);
    while (*at != index)
        at = &logs->logs[*at].next_by_id;
    *at = logs->logs[index].next_by_id;
    unlink_log(logs, index);
}

/* A log that is free, or was taken from its owner, in no list; NONE: no room. */
static uint32_t vacate(struct te_stack *stack, bool is_half_open)
{
    struct te_drop_logs *logs = stack->drops;
    if (logs->used < logs->capacity)
        return logs->used++;
    uint32_t index = logs->lists[0].oldest;
    if (index == NONE && !is_half_open)
        index = logs->lists[1].oldest;
    if (index != NONE)
        forget(stack, index);
    return index;
}

static uint32_t take(struct te_stack *stack, uint64_t id, bool is_half_open)
{
    uint32_t index = vacate(stack, is_half_open);
    if (index == NONE)
        return NONE;
    struct te_drop_log *log = &stack->drops->logs[index];
    uint32_t *bucket = bucket_of(stack, id);
    *log = (struct te_drop_log){.id = id, .next_by_id = *bucket, .is_half_open = is_half_open};
    *bucket = index;
    link_log(stack->drops, index);
    return index;
}

static void note_in_log(struct te_stack *stack, const struct te_drop_about *about,
                        const struct te_drop_item *item)
{
    struct te_drop_logs *logs = stack->drops;
    uint32_t index = find(stack, about->id);
    if (index == NONE)
        index = take(stack, about->id, about->is_half_open);
    if (index == NONE)
        return;
    struct te_drop_log *log = &logs->logs[index];
    unlink_log(logs, index);
    log->is_half_open = about->is_half_open;
    link_log(logs, index);
    log->items[log->next] = *item;
    log->next = (uint8_t)((log->next + 1) % TE_CONN_DROPS_MAX);
    if (log->count < TE_CONN_DROPS_MAX)
        log->count++;
}

/* --- dropping --------------------------------------------------------------------------------- */

static struct te_drop_item pack(const struct te_stack *stack, enum te_drop_reason reason,
                                const struct te_segment_info *segment)
{
    struct te_drop_item item = {.time_us = stack->now_us, .reason = (uint8_t)reason};
    if (segment == NULL)
        return item;
    item.reason |= TE_DROP_HAS_SEGMENT;
    item.seq = segment->seq;
    item.ack = segment->ack;
    item.wnd_bytes = segment->wnd_bytes;
    item.len_bytes = segment->len_bytes;
    item.flags = segment->flags;
    return item;
}

static bool is_noise(enum te_drop_reason reason)
{
    switch (reason) {
#define NOISE(constant) case TE_DROP_##constant:
        TE_DROP_NOISE_LIST(NOISE)
#undef NOISE
        return true;
    default:
        return false;
    }
}

static struct te_drop_entry *ring_entry(struct te_drop_logs *logs, unsigned age)
{
    return &logs->ring[(logs->next + TE_DROPS_MAX - 1 - age) % TE_DROPS_MAX];
}

/* Takes the ring's entry of a noise out, if there is one. It is near: it was the newest when it
 * came, and only what came since is passed over and moved. */
static void forget_noise(struct te_drop_logs *logs, enum te_drop_reason reason)
{
    unsigned age = 0;
    while (age < logs->count && ring_entry(logs, age)->item.reason != (uint8_t)reason)
        age++;
    if (age == logs->count)
        return;
    for (; age > 0; age--)
        *ring_entry(logs, age) = *ring_entry(logs, age - 1);
    logs->next = (logs->next + TE_DROPS_MAX - 1) % TE_DROPS_MAX;
    logs->count--;
}

static void note_in_ring(struct te_drop_logs *logs, const struct te_drop_about *about,
                         const struct te_drop_item *item)
{
    struct te_drop_entry *entry = &logs->ring[logs->next];
    *entry = (struct te_drop_entry){.item = *item, .id = about->id};
    if (about->local != NULL) {
        entry->has_endpoints = true;
        entry->local = *about->local;
        entry->remote = *about->remote;
    }
    logs->next = (logs->next + 1) % TE_DROPS_MAX;
    if (logs->count < TE_DROPS_MAX)
        logs->count++;
}

void te_drop_packets(struct te_stack *stack, enum te_drop_reason reason, uint32_t packet_count,
                     const struct te_drop_about *about)
{
    assert(reason != TE_DROP_NONE && is_reason(reason));
    if (packet_count == 0)
        return;
    uint64_t *counter = (void *)((uint8_t *)&stack->counters + reasons[reason].counter_offset);
    *counter += packet_count;
    stack->drops->by_reason[reason] += packet_count;
    stack->drops->total++;
    stack->drops->last = reason;
    struct te_drop_item item = pack(stack, reason, about->segment);
    if (is_noise(reason))
        forget_noise(stack->drops, reason);
    note_in_ring(stack->drops, about, &item);
    if (about->id != 0)
        note_in_log(stack, about, &item);
}

void te_drop(struct te_stack *stack, enum te_drop_reason reason, const struct te_drop_about *about)
{
    te_drop_packets(stack, reason, 1, about);
}

void te_drop_packet(struct te_stack *stack, enum te_drop_reason reason, const struct te_addr *local,
                    const struct te_addr *remote)
{
    struct te_drop_about about = {.id = 0};
    struct te_endpoint ends[2];
    if (local != NULL) {
        ends[0] = (struct te_endpoint){.addr = *local};
        ends[1] = (struct te_endpoint){.addr = *remote};
        about.local = &ends[0];
        about.remote = &ends[1];
    }
    te_drop(stack, reason, &about);
}

/* --- looking ---------------------------------------------------------------------------------- */

uint64_t te_drop_last(const struct te_stack *stack, enum te_drop_reason *ret_reason)
{
    *ret_reason = stack->drops->last;
    return stack->drops->total;
}

static struct te_dropped unpack(const struct te_drop_item *item, uint64_t id)
{
    return (struct te_dropped){
        .time_us = item->time_us,
        .reason = (enum te_drop_reason)(item->reason & ~TE_DROP_HAS_SEGMENT),
        .id = id,
        .has_segment = (item->reason & TE_DROP_HAS_SEGMENT) != 0,
        .segment = {item->seq, item->ack, item->wnd_bytes, item->len_bytes, item->flags},
    };
}

static unsigned copy_ring(const struct te_drop_logs *logs, struct te_dropped *ret_drops)
{
    unsigned first = (logs->next + TE_DROPS_MAX - logs->count) % TE_DROPS_MAX;
    for (unsigned i = 0; i < logs->count; i++) {
        const struct te_drop_entry *entry = &logs->ring[(first + i) % TE_DROPS_MAX];
        ret_drops[i] = unpack(&entry->item, entry->id);
        ret_drops[i].has_endpoints = entry->has_endpoints;
        ret_drops[i].local = entry->local;
        ret_drops[i].remote = entry->remote;
    }
    return logs->count;
}

unsigned te_drop_copy(const struct te_stack *stack, uint64_t id,
                      struct te_dropped ret_drops[TE_DROPS_MAX])
{
    if (id == 0)
        return copy_ring(stack->drops, ret_drops);
    uint32_t index = find(stack, id);
    if (index == NONE)
        return 0;
    const struct te_drop_log *log = &stack->drops->logs[index];
    unsigned first = (log->next + TE_CONN_DROPS_MAX - log->count) % TE_CONN_DROPS_MAX;
    for (unsigned i = 0; i < log->count; i++)
        ret_drops[i] = unpack(&log->items[(first + i) % TE_CONN_DROPS_MAX], id);
    return log->count;
}

/* --- invariants ------------------------------------------------------------------------------- */

/* Number of logs in one list, or UINT32_MAX when the list is damaged. */
static uint32_t count_list(const struct te_stack *stack, unsigned kind)
{
    const struct te_drop_logs *logs = stack->drops;
    uint32_t count = 0;
    uint32_t older = NONE;
    for (uint32_t i = logs->lists[kind].oldest; i != NONE; i = logs->logs[i].newer) {
        const struct te_drop_log *log = &logs->logs[i];
        if (i >= logs->used || count++ >= logs->used || log->older != older ||
            log->is_half_open != (kind == 0) || log->count == 0 || find(stack, log->id) != i)
            return UINT32_MAX;
        older = i;
    }
    return logs->lists[kind].newest == older ? count : UINT32_MAX;
}

const char *te_drop_check(const struct te_stack *stack)
{
    const struct te_drop_logs *logs = stack->drops;
    uint32_t half_open = count_list(stack, 0);
    uint32_t others = count_list(stack, 1);
    if (half_open == UINT32_MAX || others == UINT32_MAX)
        return "a list of drop logs is damaged";
    if (logs->used > logs->capacity || half_open + others != logs->used)
        return "a drop log is in no list";
    return NULL;
}

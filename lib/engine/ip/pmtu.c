#include "ip/pmtu.h"

#include <assert.h>
#include <string.h>

#include "stack_internal.h"

static struct te_pmtu *by_bucket(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_pmtu, bucket_link);
}

static struct te_pmtu *by_use(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_pmtu, use_link);
}

static struct te_pmtu *by_age(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_pmtu, age_link);
}

uint32_t te_pmtu_min(const struct te_addr *destination)
{
    return te_addr_is_v4(destination) ? TE_PMTU_MIN_IPV4 : TE_PMTU_MIN_IPV6;
}

/* --- entries ---------------------------------------------------------------------------------- */

static struct te_list *bucket_of(const struct te_stack *stack, const struct te_addr *destination)
{
    uint64_t hash = te_siphash(&stack->key, destination, sizeof(*destination));
    return &stack->pmtus.buckets[hash & (stack->pmtus.bucket_count - 1)];
}

static struct te_pmtu *find(const struct te_stack *stack, const struct te_addr *destination)
{
    if (stack->pmtus.count == 0)
        return NULL;
    struct te_list *bucket = bucket_of(stack, destination);
    for (struct te_list *link = bucket->next; link != bucket; link = link->next) {
        if (te_addr_equal(&by_bucket(link)->destination, destination))
            return by_bucket(link);
    }
    return NULL;
}

static void arm(struct te_stack *stack)
{
    const struct te_list *aged = &stack->pmtus.aged;
    te_wheel_arm(&stack->wheel, &stack->pmtus.timer,
                 te_list_is_empty(aged) ? TE_NEVER : by_age(aged->next)->expires_at_us);
}

static void forget(struct te_stack *stack, struct te_pmtu *entry)
{
    assert(stack->pmtus.count > 0);
    te_list_remove(&entry->bucket_link);
    te_list_remove(&entry->use_link);
    te_list_remove(&entry->age_link);
    te_stack_dealloc(stack, entry, sizeof(*entry));
    stack->pmtus.count--;
    stack->pmtus.generation++;
}

static struct te_pmtu *add(struct te_stack *stack, const struct te_addr *destination)
{
    struct te_pmtus *pmtus = &stack->pmtus;
    if (pmtus->count >= stack->config.path_mtu_max) {
        stack->counters.path_mtu_evicted++;
        forget(stack, by_use(pmtus->used.next));
    }
    struct te_pmtu *entry = te_stack_alloc(stack, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->destination = *destination;
    te_list_push_back(bucket_of(stack, destination), &entry->bucket_link);
    te_list_push_back(&pmtus->used, &entry->use_link);
    te_list_init(&entry->age_link);
    pmtus->count++;
    return entry;
}

bool te_pmtu_put(struct te_stack *stack, const struct te_pmtu *like)
{
    struct te_pmtu *entry = add(stack, &like->destination);
    if (entry == NULL)
        return false;
    entry->mtu_bytes = like->mtu_bytes;
    entry->expires_at_us = like->expires_at_us;
    te_list_push_back(&stack->pmtus.aged, &entry->age_link);
    arm(stack);
    return true;
}

bool te_pmtu_is_known(const struct te_stack *stack, const struct te_addr *destination)
{
    return find(stack, destination) != NULL;
}

static void use(struct te_stack *stack, struct te_pmtu *entry)
{
    te_list_remove(&entry->use_link);
    te_list_push_back(&stack->pmtus.used, &entry->use_link);
}

/* --- questions and answers -------------------------------------------------------------------- */

uint32_t te_pmtu_get(struct te_stack *stack, const struct te_addr *destination)
{
    struct te_pmtu *entry = find(stack, destination);
    if (entry == NULL)
        return stack->config.mtu_bytes;
    use(stack, entry);
    return entry->mtu_bytes;
}

void te_pmtu_lower(struct te_stack *stack, const struct te_addr *destination, uint32_t mtu_bytes)
{
    if (mtu_bytes < te_pmtu_min(destination))
        mtu_bytes = te_pmtu_min(destination);
    struct te_pmtu *entry = find(stack, destination);
    if (mtu_bytes >= (entry != NULL ? entry->mtu_bytes : stack->config.mtu_bytes))
        return;
    if (entry == NULL)
        entry = add(stack, destination);
    if (entry == NULL)
        return;
    entry->mtu_bytes = (uint16_t)mtu_bytes;
    entry->expires_at_us = stack->now_us + stack->config.path_mtu_age_us;
    te_list_remove(&entry->age_link);
    te_list_push_back(&stack->pmtus.aged, &entry->age_link);
    use(stack, entry);
    stack->pmtus.generation++;
    arm(stack);
}

void te_pmtu_raise(struct te_stack *stack, const struct te_addr *destination, uint32_t mtu_bytes)
{
    struct te_pmtu *entry = find(stack, destination);
    if (entry == NULL || mtu_bytes <= entry->mtu_bytes)
        return;
    stack->pmtus.generation++;
    if (mtu_bytes < stack->config.mtu_bytes)
        entry->mtu_bytes = (uint16_t)mtu_bytes;
    else
        forget(stack, entry);
    arm(stack);
}

/* --- time, birth, death, invariants ----------------------------------------------------------- */

void te_pmtus_handle_timer(struct te_stack *stack)
{
    struct te_list *aged = &stack->pmtus.aged;
    while (!te_list_is_empty(aged) && by_age(aged->next)->expires_at_us <= stack->now_us) {
        stack->counters.path_mtu_expired++;
        forget(stack, by_age(aged->next));
    }
    arm(stack);
}

static size_t buckets_size(const struct te_pmtus *pmtus)
{
    return pmtus->bucket_count * sizeof(struct te_list);
}

enum te_err te_pmtus_init(struct te_stack *stack)
{
    struct te_pmtus *pmtus = &stack->pmtus;
    memset(pmtus, 0, sizeof(*pmtus));
    te_list_init(&pmtus->used);
    te_list_init(&pmtus->aged);
    te_wheel_node_init(&pmtus->timer, UINT64_MAX - 4);
    pmtus->bucket_count = 1;
    while (pmtus->bucket_count < stack->config.path_mtu_max)
        pmtus->bucket_count *= 2;
    pmtus->buckets = te_stack_alloc(stack, buckets_size(pmtus));
    if (pmtus->buckets == NULL)
        return TE_ERR_NOMEM;
    for (uint32_t i = 0; i < pmtus->bucket_count; i++)
        te_list_init(&pmtus->buckets[i]);
    return TE_OK;
}

void te_pmtus_done(struct te_stack *stack)
{
    struct te_pmtus *pmtus = &stack->pmtus;
    if (pmtus->buckets == NULL)
        return;
    while (!te_list_is_empty(&pmtus->used))
        forget(stack, by_use(pmtus->used.next));
    te_wheel_cancel(&stack->wheel, &pmtus->timer);
    te_stack_dealloc(stack, pmtus->buckets, buckets_size(pmtus));
    pmtus->buckets = NULL;
}

const char *te_pmtus_check(const struct te_stack *stack)
{
    const struct te_pmtus *pmtus = &stack->pmtus;
    uint32_t count = 0;
    int64_t last_us = INT64_MIN;
    for (struct te_list *link = pmtus->aged.next; link != &pmtus->aged; link = link->next) {
        const struct te_pmtu *entry = by_age(link);
        if (entry->mtu_bytes < te_pmtu_min(&entry->destination) ||
            entry->mtu_bytes >= stack->config.mtu_bytes)
            return "a path MTU is out of its bounds";
        if (entry->expires_at_us < last_us)
            return "path MTUs do not expire in their order";
        last_us = entry->expires_at_us;
        count++;
    }
    if (count != pmtus->count || count > stack->config.path_mtu_max)
        return "the table of path MTUs is over its limit, or its account is wrong";
    return NULL;
}

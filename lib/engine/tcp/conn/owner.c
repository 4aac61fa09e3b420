#include "tcp/conn/owner.h"

#include <assert.h>

#include "stack_internal.h"
#include "util/mix.h"

static struct te_owner **bucket_of(struct te_stack *stack, uint32_t uid)
{
    return &stack->owners.buckets[uid % TE_OWNER_BUCKETS];
}

struct te_owner *te_owner_find(const struct te_stack *stack, uint32_t uid)
{
    struct te_owner *owner = stack->owners.buckets[uid % TE_OWNER_BUCKETS];
    while (owner != NULL && owner->uid != uid)
        owner = owner->next;
    return owner;
}

static bool is_in_use(const struct te_owner *owner)
{
    return owner->connections > 0 || owner->listeners > 0 || owner->is_gone;
}

static bool is_built_in(const struct te_stack *stack, const struct te_owner *owner)
{
    const struct te_owner *first = stack->owners.built_in;
    return owner >= first && owner < first + TE_OWNERS_BUILT_IN;
}

static struct te_owner *take(struct te_stack *stack)
{
    for (unsigned i = 0; i < TE_OWNERS_BUILT_IN; i++)
        if (!is_in_use(&stack->owners.built_in[i]))
            return &stack->owners.built_in[i];
    return te_stack_alloc(stack, sizeof(struct te_owner));
}

static void give_back(struct te_stack *stack, struct te_owner *owner)
{
    if (is_built_in(stack, owner))
        *owner = (struct te_owner){0};
    else
        te_stack_dealloc(stack, owner, sizeof(*owner));
}

static struct te_owner *find_or_make(struct te_stack *stack, uint32_t uid)
{
    struct te_owner *owner = te_owner_find(stack, uid);
    if (owner != NULL)
        return owner;
    owner = take(stack);
    if (owner == NULL)
        return NULL;
    struct te_owner **head = bucket_of(stack, uid);
    owner->uid = uid;
    owner->next = *head;
    *head = owner;
    return owner;
}

static void free_if_unused(struct te_stack *stack, struct te_owner *owner)
{
    if (is_in_use(owner))
        return;
    assert(owner->bytes == 0);
    struct te_owner **at = bucket_of(stack, owner->uid);
    while (*at != owner)
        at = &(*at)->next;
    *at = owner->next;
    give_back(stack, owner);
}

struct te_owner *te_owner_join(struct te_stack *stack, uint32_t uid)
{
    struct te_owner *owner = find_or_make(stack, uid);
    if (owner != NULL)
        owner->connections++;
    return owner;
}

void te_owner_leave(struct te_stack *stack, uint32_t uid)
{
    struct te_owner *owner = te_owner_find(stack, uid);
    assert(owner != NULL && owner->connections > 0);
    owner->connections--;
    free_if_unused(stack, owner);
}

bool te_owner_add_listener(struct te_stack *stack, uint32_t uid)
{
    struct te_owner *owner = find_or_make(stack, uid);
    if (owner != NULL)
        owner->listeners++;
    return owner != NULL;
}

void te_owner_remove_listener(struct te_stack *stack, uint32_t uid)
{
    struct te_owner *owner = te_owner_find(stack, uid);
    assert(owner != NULL && owner->listeners > 0);
    owner->listeners--;
    free_if_unused(stack, owner);
}

/* That clients are gone is noted even of a uid that holds nothing yet: its listeners may. */
void te_set_client_present(struct te_stack *stack, uint32_t uid, bool is_present)
{
    struct te_owner *owner = is_present ? te_owner_find(stack, uid) : find_or_make(stack, uid);
    if (owner == NULL)
        return;
    owner->is_gone = !is_present;
    free_if_unused(stack, owner);
}

uint64_t te_owners_sum_listeners(const struct te_stack *stack)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < TE_OWNER_BUCKETS; i++)
        for (const struct te_owner *owner = stack->owners.buckets[i]; owner != NULL;
             owner = owner->next)
            sum += owner->listeners * te_mix(owner->uid);
    return sum;
}

void te_owners_free(struct te_stack *stack)
{
    for (unsigned i = 0; i < TE_OWNER_BUCKETS; i++) {
        for (struct te_owner *owner = stack->owners.buckets[i], *next; owner != NULL;
             owner = next) {
            next = owner->next;
            give_back(stack, owner);
        }
        stack->owners.buckets[i] = NULL;
    }
}

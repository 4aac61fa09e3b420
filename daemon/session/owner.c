#include "session/owner.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct owner_table *owner_table_new(void)
{
    struct owner_table *table = calloc(1, sizeof(*table)); /* zero is an empty SLIST */
    if (table != NULL)
        TAILQ_INIT(&table->all);
    return table;
}

static struct owner_bucket *tag_bucket(struct owner_table *table, uint32_t tag)
{
    return &table->by_tag[tag & (OWNER_BUCKETS - 1)];
}

/* Pids of a machine are mostly given out in turn. */
static struct owner_bucket *who_bucket(struct owner_table *table, const struct process *process)
{
    return &table->by_who[(unsigned)process->pid & (OWNER_BUCKETS - 1)];
}

static void owner_free(struct owner_table *table, struct owner *owner)
{
    SLIST_REMOVE(tag_bucket(table, owner->tag), owner, owner, by_tag);
    SLIST_REMOVE(who_bucket(table, &owner->process), owner, owner, by_who);
    TAILQ_REMOVE(&table->all, owner, in_all);
    table->count--;
    free(owner);
}

void owner_table_free(struct owner_table *table)
{
    if (table == NULL)
        return;
    while (!TAILQ_EMPTY(&table->all))
        owner_free(table, TAILQ_FIRST(&table->all));
    free(table);
}

struct owner *owner_find(const struct owner_table *table, uint32_t tag)
{
    struct owner *owner;
    SLIST_FOREACH(owner, &table->by_tag[tag & (OWNER_BUCKETS - 1)], by_tag)
    {
        if (owner->tag == tag)
            return owner;
    }
    return NULL;
}

static bool is_same(const struct owner *owner, uint32_t uid, const struct process *process,
                    const char *session)
{
    return owner->process.pid == process->pid && owner->process.started == process->started &&
           owner->uid == uid && strcmp(owner->process.name, process->name) == 0 &&
           strcmp(owner->session, session) == 0;
}

/* Of those with tags, which wrap around after four thousand million owners. */
static uint32_t next_tag(struct owner_table *table)
{
    do
        table->last_tag++;
    while (table->last_tag == 0 || owner_find(table, table->last_tag) != NULL);
    return table->last_tag;
}

static struct owner *owner_new(struct owner_table *table, uint32_t uid,
                               const struct process *process, const char *session)
{
    size_t session_bytes = strlen(session) + 1;
    struct owner *owner = calloc(1, sizeof(*owner) + session_bytes);
    if (owner == NULL)
        return NULL;
    owner->tag = next_tag(table);
    owner->uid = uid;
    owner->process = *process;
    owner->looked_at_us = INT64_MIN;
    memcpy(owner->session, session, session_bytes);
    SLIST_INSERT_HEAD(tag_bucket(table, owner->tag), owner, by_tag);
    SLIST_INSERT_HEAD(who_bucket(table, process), owner, by_who);
    TAILQ_INSERT_TAIL(&table->all, owner, in_all);
    table->count++;
    return owner;
}

struct owner *owner_get(struct owner_table *table, uint32_t uid, const struct process *process,
                        const char *session)
{
    struct owner *owner;
    SLIST_FOREACH(owner, who_bucket(table, process), by_who)
    {
        if (is_same(owner, uid, process, session))
            return owner_ref(owner);
    }
    return owner_ref(owner_new(table, uid, process, session));
}

struct owner *owner_ref(struct owner *owner)
{
    if (owner != NULL)
        owner->refs++;
    return owner;
}

void owner_unref(struct owner *owner)
{
    if (owner == NULL)
        return;
    assert(owner->refs > 0);
    owner->refs--;
}

bool owner_is_gone(struct owner *owner, int64_t now_us)
{
    if (!owner->is_gone && owner->looked_at_us != now_us) {
        owner->looked_at_us = now_us;
        owner->is_gone = process_is_gone(&owner->process);
    }
    return owner->is_gone;
}

void owner_sweep(struct owner_table *table, size_t count,
                 bool (*is_used)(void *ctx, const struct owner *owner), void *ctx)
{
    for (size_t i = 0; i < count && !TAILQ_EMPTY(&table->all); i++) {
        struct owner *owner = TAILQ_FIRST(&table->all);
        TAILQ_REMOVE(&table->all, owner, in_all);
        TAILQ_INSERT_TAIL(&table->all, owner, in_all);
        if (owner->refs == 0 && !is_used(ctx, owner))
            owner_free(table, owner);
    }
}

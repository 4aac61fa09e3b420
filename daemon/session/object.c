#include "session/object.h"

#include <assert.h>
#include <stdlib.h>

/* The engine counts ids up, so their low bits spread evenly: a million objects make chains of 16.
 * With a fixed size no request ever pays for a rehash. */
#define OBJECT_BUCKETS 65536

/* Of a sweep, per record that it may check. */
#define BUCKETS_PER_STEP 16

SLIST_HEAD(object_bucket, object);

struct object_table {
    struct account_table *accounts;
    size_t count;
    size_t next_to_sweep; /* a bucket */
    struct object_bucket buckets[OBJECT_BUCKETS];
};

static struct object_bucket *bucket_of(struct object_table *table, uint64_t id)
{
    return &table->buckets[id & (OBJECT_BUCKETS - 1)];
}

struct object_table *object_table_new(struct account_table *accounts)
{
    struct object_table *table = calloc(1, sizeof(*table)); /* zero is an empty SLIST */
    if (table == NULL)
        return NULL;
    table->accounts = accounts;
    return table;
}

void object_table_free(struct object_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < OBJECT_BUCKETS; i++)
        while (!SLIST_EMPTY(&table->buckets[i]))
            object_remove(table, SLIST_FIRST(&table->buckets[i]));
    free(table);
}

size_t object_table_count(const struct object_table *table)
{
    return table->count;
}

void object_list_init(struct object_list *list)
{
    TAILQ_INIT(&list->queue);
    list->count = 0;
    list->listeners = 0;
}

struct object *object_find(const struct object_table *table, uint64_t id)
{
    struct object *object;
    SLIST_FOREACH(object, &table->buckets[id & (OBJECT_BUCKETS - 1)], in_bucket)
    {
        if (object->id == id)
            return object;
    }
    return NULL;
}

struct object *object_add(struct object_table *table, uint64_t id, struct account *account,
                          struct object_list *list)
{
    assert(object_find(table, id) == NULL);
    struct object *object = calloc(1, sizeof(*object));
    if (object == NULL)
        return NULL;
    object->id = id;
    object->account = account_ref(account);
    account->objects++;
    table->count++;
    SLIST_INSERT_HEAD(bucket_of(table, id), object, in_bucket);
    object_move(object, list);
    return object;
}

static bool is_listener(const struct object *object)
{
    return object->shown_to == OBJECT_IS_LISTENER;
}

uint64_t object_shown_to(const struct object *object)
{
    return is_listener(object) ? 0 : object->shown_to;
}

void object_remove(struct object_table *table, struct object *object)
{
    if (object == NULL)
        return;
    assert(table->count > 0 && object->account->objects > 0);
    object_move(object, NULL);
    SLIST_REMOVE(bucket_of(table, object->id), object, object, in_bucket);
    table->count--;
    object->account->objects--;
    account_unref(table->accounts, object->account);
    free(object);
}

void object_move(struct object *object, struct object_list *list)
{
    if (object->list != NULL) {
        assert(object->list->count > 0);
        TAILQ_REMOVE(&object->list->queue, object, in_list);
        object->list->count--;
        object->list->listeners -= is_listener(object);
    }
    object->list = list;
    if (list != NULL) {
        TAILQ_INSERT_TAIL(&list->queue, object, in_list);
        list->count++;
        list->listeners += is_listener(object);
    }
}

void object_set_listener(struct object *object, bool becomes_listener)
{
    if (becomes_listener == is_listener(object))
        return;
    if (object->list != NULL)
        object->list->listeners += becomes_listener ? 1 : (size_t)-1;
    object->shown_to = becomes_listener ? OBJECT_IS_LISTENER : 0;
}

/* Returns how many there were. */
static size_t sweep_bucket(struct object_table *table, struct object_bucket *bucket,
                           bool (*is_gone)(void *ctx, uint64_t id), void *ctx)
{
    size_t count = 0;
    for (struct object *object = SLIST_FIRST(bucket), *next; object != NULL; object = next) {
        next = SLIST_NEXT(object, in_bucket);
        count++;
        if (is_gone(ctx, object->id))
            object_remove(table, object);
    }
    return count;
}

/* In a table that is nearly empty, looking for the next record must not take long either. */
void object_sweep(struct object_table *table, size_t count, bool (*is_gone)(void *ctx, uint64_t id),
                  void *ctx)
{
    size_t buckets =
        count < OBJECT_BUCKETS / BUCKETS_PER_STEP ? count * BUCKETS_PER_STEP : OBJECT_BUCKETS;
    for (size_t checked = 0; checked < count && buckets > 0; buckets--) {
        struct object_bucket *bucket = &table->buckets[table->next_to_sweep];
        table->next_to_sweep = (table->next_to_sweep + 1) % OBJECT_BUCKETS;
        checked += sweep_bucket(table, bucket, is_gone, ctx);
    }
}

#include "session/object.h"

#include <assert.h>
#include <stdlib.h>

/* The engine counts ids up, so their low bits spread evenly: a million objects make chains of 16.
 * With a fixed size no request ever pays for a rehash. */
#define OBJECT_BUCKETS 65536

SLIST_HEAD(object_bucket, object);

struct object_table {
    struct account_table *accounts;
    struct object_queue all; /* the next one to sweep first */
    size_t count;
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
    TAILQ_INIT(&table->all);
    return table;
}

void object_table_free(struct object_table *table)
{
    if (table == NULL)
        return;
    while (!TAILQ_EMPTY(&table->all))
        object_remove(table, TAILQ_FIRST(&table->all));
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
    TAILQ_INSERT_TAIL(&table->all, object, in_all);
    SLIST_INSERT_HEAD(bucket_of(table, id), object, in_bucket);
    object_move(object, list);
    return object;
}

void object_remove(struct object_table *table, struct object *object)
{
    if (object == NULL)
        return;
    assert(table->count > 0 && object->account->objects > 0);
    object_move(object, NULL);
    SLIST_REMOVE(bucket_of(table, object->id), object, object, in_bucket);
    TAILQ_REMOVE(&table->all, object, in_all);
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
        object->list->listeners -= object->is_listener;
    }
    object->list = list;
    if (list != NULL) {
        TAILQ_INSERT_TAIL(&list->queue, object, in_list);
        list->count++;
        list->listeners += object->is_listener;
    }
}

void object_set_listener(struct object *object, bool is_listener)
{
    if (object->list != NULL && object->is_listener != is_listener)
        object->list->listeners += is_listener ? 1 : (size_t)-1;
    object->is_listener = is_listener;
}

void object_sweep(struct object_table *table, size_t count, bool (*is_gone)(void *ctx, uint64_t id),
                  void *ctx)
{
    for (size_t i = 0; i < count && !TAILQ_EMPTY(&table->all); i++) {
        struct object *object = TAILQ_FIRST(&table->all);
        TAILQ_REMOVE(&table->all, object, in_all);
        TAILQ_INSERT_TAIL(&table->all, object, in_all);
        if (is_gone(ctx, object->id))
            object_remove(table, object);
    }
}

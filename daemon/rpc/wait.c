/* Theory of operation: a wait is in exactly one queue, or in none. Waking moves it from its bucket
 * to the due queue at once, so that a hundred events about one connection find it only once, and
 * its request runs once for all of them. */
#include "rpc/wait.h"

#include <assert.h>
#include <stdlib.h>
#include <tcpengine/units.h>

/* For reading what came while the loop did not run. Clients that wait were told how long, so this
 * is short. */
#define READ_US (100 * TE_MS)

static struct wait_queue *bucket_of(struct wait_table *table, uint64_t key)
{
    return &table->buckets[(key ^ key >> 32) & (WAIT_BUCKETS - 1)];
}

bool wait_table_init(struct wait_table *table, size_t max)
{
    *table = (struct wait_table){0};
    TAILQ_INIT(&table->due);
    table->buckets = calloc(WAIT_BUCKETS, sizeof(*table->buckets));
    if (table->buckets == NULL || !deadlines_init(&table->deadlines, max)) {
        wait_table_done(table);
        return false;
    }
    for (size_t i = 0; i < WAIT_BUCKETS; i++)
        TAILQ_INIT(&table->buckets[i]);
    return true;
}

void wait_table_done(struct wait_table *table)
{
    deadlines_done(&table->deadlines);
    free(table->buckets);
    table->buckets = NULL;
}

static void enter(struct wait *wait, struct wait_queue *queue)
{
    assert(wait->queue == NULL);
    TAILQ_INSERT_TAIL(queue, wait, in_queue);
    wait->queue = queue;
}

void wait_forget(struct wait_table *table, struct wait *wait)
{
    deadlines_clear(&table->deadlines, &wait->deadline);
    if (wait->queue != NULL)
        TAILQ_REMOVE(wait->queue, wait, in_queue);
    wait->queue = NULL;
}

void wait_park(struct wait_table *table, struct wait *wait, uint64_t key, unsigned wakers,
               int64_t at)
{
    wait->key = key;
    wait->wakers = wakers;
    enter(wait, bucket_of(table, key));
    if (at != DEADLINE_NEVER)
        deadlines_set(&table->deadlines, &wait->deadline, at);
}

static void make_due(struct wait_table *table, struct wait *wait)
{
    wait_forget(table, wait);
    enter(wait, &table->due);
}

static struct wait *next_of(const struct wait *wait)
{
    return TAILQ_NEXT(wait, in_queue);
}

void wait_wake(struct wait_table *table, uint64_t key, unsigned wakers)
{
    struct wait *next;
    for (struct wait *wait = TAILQ_FIRST(bucket_of(table, key)); wait != NULL; wait = next) {
        next = next_of(wait);
        if (wait->key == key && (wait->wakers & wakers) != 0)
            make_due(table, wait);
    }
}

void wait_wake_all(struct wait_table *table)
{
    for (size_t i = 0; i < WAIT_BUCKETS; i++)
        while (!TAILQ_EMPTY(&table->buckets[i]))
            make_due(table, TAILQ_FIRST(&table->buckets[i]));
}

void wait_expire(struct wait_table *table, int64_t now)
{
    struct deadline *due;
    while ((due = deadlines_take_due(&table->deadlines, now)) != NULL)
        make_due(table, (struct wait *)(void *)due);
}

void wait_forgive(struct wait_table *table, int64_t now_us)
{
    deadlines_forgive(&table->deadlines, now_us, DEADLINE_LATE_MIN_MS * TE_MS, READ_US);
}

int64_t wait_next_at(const struct wait_table *table)
{
    return deadlines_next_at(&table->deadlines);
}

struct wait *wait_take_due(struct wait_table *table)
{
    struct wait *wait = TAILQ_FIRST(&table->due);
    if (wait != NULL)
        wait_forget(table, wait);
    return wait;
}

void wait_put_aside(struct wait *wait, struct wait_queue *queue)
{
    enter(wait, queue);
}

void wait_bring_back(struct wait_table *table, struct wait_queue *queue)
{
    while (!TAILQ_EMPTY(queue))
        make_due(table, TAILQ_FIRST(queue));
}

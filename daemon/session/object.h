/* The daemon's record of each id that a program holds: whose it is, and of which session.
 *
 * A record is made by Open or Accept, and goes when the program gives the id up (Close, Abort) or
 * the engine no longer knows it. What the engine goes on with after that (FIN_WAIT_2, TIME_WAIT) is
 * no longer the program's, and counts against no limit here. */
#ifndef TCPENGINED_OBJECT_H
#define TCPENGINED_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "session/account.h"

struct object;
TAILQ_HEAD(object_queue, object);

/* Objects that share a fate: those of one session. */
struct object_list {
    struct object_queue queue;
    size_t count;
};

struct object {
    uint64_t id;
    struct account *account;
    struct object_list *list; /* NULL: of no session */
    uint64_t shown_to;        /* Receive has answered the stream's bytes below this offset */
    TAILQ_ENTRY(object) in_list;
    TAILQ_ENTRY(object) in_all;
    SLIST_ENTRY(object) in_bucket;
};

struct object_table;

/* NULL: no memory. */
struct object_table *object_table_new(struct account_table *accounts);
void object_table_free(struct object_table *table);
size_t object_table_count(const struct object_table *table);

void object_list_init(struct object_list *list);

/* Records id, which must be new, for account; list may be NULL. NULL: no memory. */
struct object *object_add(struct object_table *table, uint64_t id, struct account *account,
                          struct object_list *list);
struct object *object_find(const struct object_table *table, uint64_t id);
/* Forgets the object; NULL is legal. */
void object_remove(struct object_table *table, struct object *object);
/* Moves the object to list, or with NULL to none. */
void object_move(struct object *object, struct object_list *list);

/* Looks at the next count records, in turn at all of them over many calls, and forgets those of
 * which is_gone says so. Keeps the table true even when an event about an end was lost. */
void object_sweep(struct object_table *table, size_t count, bool (*is_gone)(void *ctx, uint64_t id),
                  void *ctx);

#endif

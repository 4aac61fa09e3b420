/* The daemon's record of each id that a program holds: its owner and its session.
 *
 * Open and Accept make a record; it goes when the program gives the id up (Close, Abort) or the
 * engine no longer knows it. What the engine still does then (FIN_WAIT_2, TIME_WAIT) is no longer
 * the program's, and counts against no limit here. */
#ifndef TCPENGINED_OBJECT_H
#define TCPENGINED_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "session/account.h"

struct object;
TAILQ_HEAD(object_queue, object);

/* The objects of one session. */
struct object_list {
    struct object_queue queue;
    size_t count;
    size_t listeners; /* of these */
};

/* In place of an offset: a listener has no bytes. */
#define OBJECT_IS_LISTENER UINT64_MAX

/* There is one per connection: 56 bytes, and the allocator's own. */
struct object {
    uint64_t id;
    struct account *account;
    struct object_list *list; /* NULL: no session's */
    uint64_t shown_to; /* Receive has returned the bytes below this offset; OBJECT_IS_LISTENER */
    TAILQ_ENTRY(object) in_list;
    SLIST_ENTRY(object) in_bucket;
};

struct object_table;

/* accounts must outlive the table. NULL: no memory. */
struct object_table *object_table_new(struct account_table *accounts);
/* Forgets every object; lists that they were in must still exist. NULL is legal. */
void object_table_free(struct object_table *table);
size_t object_table_count(const struct object_table *table);

void object_list_init(struct object_list *list);

/* Records id, which must be new, for account (takes a reference); list may be NULL. NULL: no
 * memory. The object is the table's. */
struct object *object_add(struct object_table *table, uint64_t id, struct account *account,
                          struct object_list *list);
/* NULL: there is no record of id. */
struct object *object_find(const struct object_table *table, uint64_t id);
/* Forgets and frees the object. NULL is legal. */
void object_remove(struct object_table *table, struct object *object);
/* Below which offset Receive has returned the bytes; 0 for a listener. */
uint64_t object_shown_to(const struct object *object);
/* What it is; a connection unless this is called. */
void object_set_listener(struct object *object, bool is_listener);
/* Moves the object to the end of list; NULL: out of any. */
void object_move(struct object *object, struct object_list *list);

/* Checks count records or so, the next ones, and forgets those for which is_gone returns true;
 * successive calls go round the whole table. Keeps the table right even if the event of an end was
 * lost. */
void object_sweep(struct object_table *table, size_t count, bool (*is_gone)(void *ctx, uint64_t id),
                  void *ctx);

#endif

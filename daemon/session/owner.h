/* Who has a connection or listener: the process that made it, and its session.
 *
 * Owners are shared: there is one per process and session name, however many links, sessions and
 * connections it has. The engine keeps its number, as the tag of what the owner has made; so an
 * owner stays while a link or a session refers to it, an event that is kept names it, or anything
 * in the engine has its tag: the process may be long gone then. What is no longer needed is found
 * by and by (owner_sweep). */
#ifndef TCPENGINED_OWNER_H
#define TCPENGINED_OWNER_H

#include <stddef.h>
#include <sys/queue.h>

#include "util/process.h"

#define OWNER_BUCKETS 4096 /* a power of two */

struct owner {
    SLIST_ENTRY(owner) by_tag, by_who;
    TAILQ_ENTRY(owner) in_all;
    unsigned refs;
    uint32_t tag; /* never 0 */
    uint32_t uid;
    struct process process;
    bool is_gone;         /* the process was seen to have ended */
    int64_t looked_at_us; /* when it was looked for */
    uint64_t event_seq;   /* of the newest event with its tag */
    char session[];       /* name; empty: no session */
};

SLIST_HEAD(owner_bucket, owner);
struct owner_table {
    struct owner_bucket by_tag[OWNER_BUCKETS], by_who[OWNER_BUCKETS];
    TAILQ_HEAD(, owner) all; /* the next one to sweep first */
    size_t count;
    uint32_t last_tag;
};

/* NULL: no memory. */
struct owner_table *owner_table_new(void);
/* Frees the owners as well; nothing may refer to them any more. NULL is legal. */
void owner_table_free(struct owner_table *table);

/* Takes a reference to the owner, making it if there is none. session may be empty. NULL: no
 * memory. */
struct owner *owner_get(struct owner_table *table, uint32_t uid, const struct process *process,
                        const char *session);
/* One more reference; NULL is legal. Returns owner. */
struct owner *owner_ref(struct owner *owner);
/* Returns a reference; NULL is legal. */
void owner_unref(struct owner *owner);
/* NULL: no owner has that tag (any more). */
struct owner *owner_find(const struct owner_table *table, uint32_t tag);
/* Whether its process has ended. Looks at most once per time that now_us names. */
bool owner_is_gone(struct owner *owner, int64_t now_us);

/* Checks the next count owners, and frees those without a reference which is_used denies. */
void owner_sweep(struct owner_table *table, size_t count,
                 bool (*is_used)(void *ctx, const struct owner *owner), void *ctx);

#endif

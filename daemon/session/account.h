/* What one uid has in the daemon: the counts that the limits for each client are about.
 *
 * An account exists while somebody holds a reference to it: a link, a session, an object, a
 * remembered answer. */
#ifndef TCPENGINED_ACCOUNT_H
#define TCPENGINED_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define ACCOUNT_BUCKETS 256 /* power of two */

struct recent_entry;
TAILQ_HEAD(recent_list, recent_entry);

struct account {
    SLIST_ENTRY(account) in_bucket;
    uint32_t uid;
    unsigned refs;
    unsigned sessions;
    unsigned objects;          /* connections and listeners that its programs hold */
    size_t held_bytes;         /* data of requests that wait */
    struct recent_list recent; /* oldest first */
    unsigned recent_count;
};

SLIST_HEAD(account_bucket, account);
struct account_table {
    struct account_bucket buckets[ACCOUNT_BUCKETS];
};

void account_table_init(struct account_table *table);

/* Takes a reference to the account of uid, which is made when there is none. NULL: no memory. */
struct account *account_get(struct account_table *table, uint32_t uid);
/* One more reference to an account at hand. */
struct account *account_ref(struct account *account);
/* Gives one reference back. NULL is legal. */
void account_unref(struct account_table *table, struct account *account);

#endif

/* What one uid holds in the daemon: the counts behind the per-uid limits.
 *
 * An account exists while something refers to it: a link, a session, an object or a remembered
 * answer. */
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
    unsigned links;
    unsigned sessions;
    unsigned objects;          /* connections and listeners of its programs */
    size_t held_bytes;         /* Send data of its waiting requests */
    unsigned waits;            /* its waiting requests */
    unsigned event_readers;    /* those of them that wait for events */
    struct recent_list recent; /* oldest first */
    unsigned recent_count;
};

SLIST_HEAD(account_bucket, account);
struct account_table {
    struct account_bucket buckets[ACCOUNT_BUCKETS];
};

/* The table needs no clean-up once every reference is returned. */
void account_table_init(struct account_table *table);

/* Takes a reference to uid's account, creating it if there is none. NULL: no memory. Return the
 * reference with account_unref(). */
struct account *account_get(struct account_table *table, uint32_t uid);
/* Takes one more reference; returns account. */
struct account *account_ref(struct account *account);
/* Returns a reference. The last one frees the account, whose counts must then be 0. NULL is legal.
 */
void account_unref(struct account_table *table, struct account *account);

#endif

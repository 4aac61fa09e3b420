/* Theory of operation: an entry is in three lists: its hash bucket, its account's and the list of
 * all, the latter two oldest first. A new entry evicts the oldest of its account if that has used
 * up its share, or else the oldest of all if the table is full. */
#include "session/recent.h"

#include <assert.h>
#include <stdlib.h>

#define RECENT_BUCKETS 4096 /* power of two */

struct recent_entry {
    struct recent_key key;
    struct recent_answer answer;
    SLIST_ENTRY(recent_entry) in_bucket;
    TAILQ_ENTRY(recent_entry) in_account;
    TAILQ_ENTRY(recent_entry) in_all;
};

SLIST_HEAD(recent_bucket, recent_entry);

struct recent {
    struct account_table *accounts;
    struct recent_list all;
    size_t count, max;
    uint64_t evicted;
    struct recent_bucket buckets[RECENT_BUCKETS];
};

struct recent *recent_new(size_t max, struct account_table *accounts)
{
    assert(max >= RECENT_UID_SHARE);
    struct recent *recent = calloc(1, sizeof(*recent)); /* zero is an empty SLIST */
    if (recent == NULL)
        return NULL;
    recent->accounts = accounts;
    recent->max = max;
    TAILQ_INIT(&recent->all);
    return recent;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

/* Clients choose the tokens, so they could aim at one bucket. A uid's share bounds the cost of
 * that; a keyed hash would bound it no better. */
static size_t bucket_index(const struct recent_key *key)
{
    uint64_t hash = mix(key->verb, key->account->uid);
    hash = mix(mix(mix(hash, key->session), key->token), key->id);
    return (size_t)(hash >> 32) & (RECENT_BUCKETS - 1);
}

static bool key_equal(const struct recent_key *a, const struct recent_key *b)
{
    return a->account == b->account && a->session == b->session && a->verb == b->verb &&
           a->token == b->token && a->id == b->id;
}

static void entry_remove(struct recent *recent, struct recent_entry *entry)
{
    struct account *account = entry->key.account;
    assert(recent->count > 0 && account->recent_count > 0);
    SLIST_REMOVE(&recent->buckets[bucket_index(&entry->key)], entry, recent_entry, in_bucket);
    TAILQ_REMOVE(&recent->all, entry, in_all);
    TAILQ_REMOVE(&account->recent, entry, in_account);
    recent->count--;
    account->recent_count--;
    account_unref(recent->accounts, account);
    free(entry);
}

void recent_free(struct recent *recent)
{
    if (recent == NULL)
        return;
    while (!TAILQ_EMPTY(&recent->all))
        entry_remove(recent, TAILQ_FIRST(&recent->all));
    free(recent);
}

size_t recent_count(const struct recent *recent)
{
    return recent->count;
}

uint64_t recent_evicted(const struct recent *recent)
{
    return recent->evicted;
}

bool recent_find(const struct recent *recent, const struct recent_key *key,
                 struct recent_answer *ret_answer)
{
    const struct recent_entry *entry;
    SLIST_FOREACH(entry, &recent->buckets[bucket_index(key)], in_bucket)
    {
        if (key_equal(&entry->key, key)) {
            *ret_answer = entry->answer;
            return true;
        }
    }
    return false;
}

static void make_room(struct recent *recent, struct account *account)
{
    struct recent_entry *oldest = NULL;
    if (account->recent_count >= recent->max / RECENT_UID_SHARE)
        oldest = TAILQ_FIRST(&account->recent);
    else if (recent->count >= recent->max)
        oldest = TAILQ_FIRST(&recent->all);
    if (oldest == NULL)
        return;
    entry_remove(recent, oldest);
    recent->evicted++;
}

void recent_add(struct recent *recent, const struct recent_key *key,
                const struct recent_answer *answer)
{
    struct recent_entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return;
    make_room(recent, key->account);
    entry->key = *key;
    entry->answer = *answer;
    account_ref(key->account);
    key->account->recent_count++;
    recent->count++;
    SLIST_INSERT_HEAD(&recent->buckets[bucket_index(key)], entry, in_bucket);
    TAILQ_INSERT_TAIL(&recent->all, entry, in_all);
    TAILQ_INSERT_TAIL(&key->account->recent, entry, in_account);
}

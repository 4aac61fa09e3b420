#include "session/account.h"

#include <assert.h>
#include <stdlib.h>

static struct account_bucket *bucket_of(struct account_table *table, uint32_t uid)
{
    return &table->buckets[uid & (ACCOUNT_BUCKETS - 1)];
}

void account_table_init(struct account_table *table)
{
    for (size_t i = 0; i < ACCOUNT_BUCKETS; i++)
        SLIST_INIT(&table->buckets[i]);
}

static struct account *account_new(struct account_bucket *bucket, uint32_t uid)
{
    struct account *account = calloc(1, sizeof(*account));
    if (account == NULL)
        return NULL;
    account->uid = uid;
    TAILQ_INIT(&account->recent);
    SLIST_INSERT_HEAD(bucket, account, in_bucket);
    return account;
}

struct account *account_get(struct account_table *table, uint32_t uid)
{
    struct account_bucket *bucket = bucket_of(table, uid);
    struct account *account;
    SLIST_FOREACH(account, bucket, in_bucket)
    {
        if (account->uid == uid)
            return account_ref(account);
    }
    account = account_new(bucket, uid);
    return account == NULL ? NULL : account_ref(account);
}

struct account *account_ref(struct account *account)
{
    account->refs++;
    return account;
}

void account_unref(struct account_table *table, struct account *account)
{
    if (account == NULL)
        return;
    assert(account->refs > 0);
    if (--account->refs > 0)
        return;
    assert(account->sessions == 0 && account->objects == 0 && account->held_bytes == 0);
    assert(account->recent_count == 0);
    SLIST_REMOVE(bucket_of(table, account->uid), account, account, in_bucket);
    free(account);
}

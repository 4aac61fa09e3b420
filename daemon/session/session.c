/* Theory of operation: a session is alive while a link uses it, and after that until its expiry. A
 * link uses a session from the first request that names it, so a client whose link broke keeps its
 * session by continuing over a new link. Each pair of link and session has a session_binding, which
 * is in a list of each.
 *
 *     alive, bound --last link gone--> alive, expiry armed --time--> ended --objects gone--> freed
 *          ^-----------a link uses it-----------'
 *
 * An ended session can no longer be found; it only stays until its policy has been applied to all
 * its objects, which may take several turns of the loop. */
#include "session/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <tcpengine/units.h>

#include "util/text.h"

#define SESSION_BUCKETS 1024 /* power of two; ids are random */

struct session_binding {
    struct session *session;
    struct session_binding_list *link;
    TAILQ_ENTRY(session_binding) in_session;
    TAILQ_ENTRY(session_binding) in_link;
};

TAILQ_HEAD(session_list, session);
SLIST_HEAD(session_bucket, session);

struct session_table {
    struct session_options options;
    struct account_table *accounts;
    struct session_list alive, ended;
    size_t count; /* of alive */
    uint64_t last_number;
    struct deadlines expiries;
    struct session_bucket buckets[SESSION_BUCKETS];
};

struct session_table *session_table_new(const struct session_options *options,
                                        struct account_table *accounts)
{
    struct session_table *table = calloc(1, sizeof(*table)); /* zero is an empty SLIST */
    if (table == NULL)
        return NULL;
    table->options = *options;
    table->accounts = accounts;
    TAILQ_INIT(&table->alive);
    TAILQ_INIT(&table->ended);
    if (!deadlines_init(&table->expiries, options->max + options->reserve)) {
        free(table);
        return NULL;
    }
    return table;
}

void session_table_free(struct session_table *table)
{
    if (table == NULL)
        return;
    while (!TAILQ_EMPTY(&table->alive))
        session_end(table, TAILQ_FIRST(&table->alive));
    while (!TAILQ_EMPTY(&table->ended)) {
        struct session *session = TAILQ_FIRST(&table->ended);
        while (!TAILQ_EMPTY(&session->objects.queue))
            object_move(TAILQ_FIRST(&session->objects.queue), NULL);
        session_free(table, session);
    }
    deadlines_done(&table->expiries);
    free(table);
}

size_t session_table_count(const struct session_table *table)
{
    return table->count;
}

static struct session_bucket *bucket_of(struct session_table *table, uint64_t id)
{
    return &table->buckets[id & (SESSION_BUCKETS - 1)];
}

static struct session *find_any(const struct session_table *table, uint64_t id)
{
    struct session *session;
    SLIST_FOREACH(session, &table->buckets[id & (SESSION_BUCKETS - 1)], in_bucket)
    {
        if (session->id == id)
            return session;
    }
    return NULL;
}

/* Draws what must not be guessable. False: the kernel has no random bytes. */
static bool session_draw(const struct session_table *table, struct session *session)
{
    do {
        if (getrandom(&session->id, sizeof(session->id), 0) != sizeof(session->id))
            return false;
    } while (session->id == 0 || find_any(table, session->id) != NULL);
    return getrandom(session->token, sizeof(session->token), 0) == sizeof(session->token);
}

static enum session_err wish_check(const struct session_table *table, const struct account *account,
                                   const struct session_wish *wish)
{
    if (wish->policy == SESSION_KEEP && wish->keep_us > table->options.keep_max_us)
        return SESSION_ERR_KEEP;
    unsigned reserve = account->uid == 0 ? table->options.reserve : 0;
    if (account->sessions >= table->options.per_uid_max)
        return SESSION_ERR_UID_LIMIT;
    return table->count >= table->options.max + reserve ? SESSION_ERR_LIMIT : SESSION_OK;
}

static void session_insert(struct session_table *table, struct session *session,
                           struct account *account)
{
    session->account = account_ref(account);
    account->sessions++;
    session->number = ++table->last_number;
    table->count++;
    TAILQ_INSERT_TAIL(&table->alive, session, in_list);
    SLIST_INSERT_HEAD(bucket_of(table, session->id), session, in_bucket);
}

enum session_err session_new(struct session_table *table, struct account *account,
                             const struct session_wish *wish, struct session **ret_session)
{
    enum session_err err = wish_check(table, account, wish);
    if (err != SESSION_OK)
        return err;
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL || !session_draw(table, session)) {
        free(session);
        return SESSION_ERR_NOMEM;
    }
    strncpy(session->name, wish->name, SESSION_NAME_MAX);
    text_make_printable(session->name, strlen(session->name));
    session->policy = wish->policy;
    session->keep_us = wish->keep_us;
    object_list_init(&session->objects);
    TAILQ_INIT(&session->links);
    session_insert(table, session, account);
    *ret_session = session;
    return SESSION_OK;
}

struct session *session_find(const struct session_table *table, const struct account *account,
                             uint64_t id)
{
    struct session *session = find_any(table, id);
    return session != NULL && !session->is_ended && session->account == account ? session : NULL;
}

/* Takes the same time wherever the tokens differ. */
static bool token_equal(const uint8_t *a, const uint8_t *b)
{
    unsigned difference = 0;
    for (size_t i = 0; i < SESSION_TOKEN_BYTES; i++)
        difference |= (unsigned)(a[i] ^ b[i]);
    return difference == 0;
}

struct session *session_find_token(const struct session_table *table, const struct account *account,
                                   const uint8_t token[SESSION_TOKEN_BYTES])
{
    struct session *session;
    TAILQ_FOREACH(session, &table->alive, in_list)
    {
        if (session->account == account && token_equal(session->token, token))
            return session;
    }
    return NULL;
}

struct session *session_after(const struct session_table *table, uint64_t number)
{
    struct session *session = TAILQ_FIRST(&table->alive);
    while (session != NULL && session->number <= number)
        session = session_next(session);
    return session;
}

struct session *session_next(const struct session *session)
{
    return TAILQ_NEXT(session, in_list);
}

bool session_bind(struct session_table *table, struct session *session,
                  struct session_binding_list *links)
{
    struct session_binding *binding;
    assert(!session->is_ended);
    TAILQ_FOREACH(binding, links, in_link) /* at most per_uid_max of them, and mostly one */
    {
        if (binding->session == session)
            return true;
    }
    binding = calloc(1, sizeof(*binding));
    if (binding == NULL)
        return false;
    binding->session = session;
    binding->link = links;
    TAILQ_INSERT_TAIL(links, binding, in_link);
    TAILQ_INSERT_TAIL(&session->links, binding, in_session);
    deadlines_clear(&table->expiries, &session->expiry);
    return true;
}

static void binding_free(struct session_binding *binding)
{
    TAILQ_REMOVE(binding->link, binding, in_link);
    TAILQ_REMOVE(&binding->session->links, binding, in_session);
    free(binding);
}

void session_unbind_all(struct session_table *table, struct session_binding_list *links,
                        int64_t now_us)
{
    while (!TAILQ_EMPTY(links)) {
        struct session *session = TAILQ_FIRST(links)->session;
        binding_free(TAILQ_FIRST(links));
        if (!TAILQ_EMPTY(&session->links))
            continue;
        int64_t wait_us = table->options.grace_us;
        if (session->policy == SESSION_KEEP && session->keep_us > wait_us)
            wait_us = session->keep_us;
        deadlines_set(&table->expiries, &session->expiry, now_us + wait_us);
    }
}

void session_end(struct session_table *table, struct session *session)
{
    assert(!session->is_ended && table->count > 0);
    session->is_ended = true;
    deadlines_clear(&table->expiries, &session->expiry);
    while (!TAILQ_EMPTY(&session->links))
        binding_free(TAILQ_FIRST(&session->links));
    TAILQ_REMOVE(&table->alive, session, in_list);
    TAILQ_INSERT_TAIL(&table->ended, session, in_list);
    table->count--;
    session->account->sessions--;
}

void session_expire(struct session_table *table, int64_t now_us)
{
    struct deadline *due;
    while ((due = deadlines_take_due(&table->expiries, now_us)) != NULL) {
        char *base = (char *)due - offsetof(struct session, expiry);
        session_end(table, (struct session *)(void *)base);
    }
}

void session_forgive(struct session_table *table, int64_t now_us)
{
    deadlines_forgive(&table->expiries, now_us, DEADLINE_LATE_MIN_MS * TE_MS,
                      DEADLINE_GRACE_MS * TE_MS);
}

int64_t session_next_at(const struct session_table *table)
{
    return deadlines_next_at(&table->expiries);
}

struct session *session_first_ended(const struct session_table *table)
{
    return TAILQ_FIRST(&table->ended);
}

void session_free(struct session_table *table, struct session *session)
{
    assert(session->is_ended && session->objects.count == 0);
    TAILQ_REMOVE(&table->ended, session, in_list);
    SLIST_REMOVE(bucket_of(table, session->id), session, session, in_bucket);
    account_unref(table->accounts, session->account);
    owner_unref(session->owner);
    free(session);
}

/* Sessions: what ties a client's connections and listeners to the life of the client.
 *
 * Theory of operation of this room: what the daemon remembers about its clients, as plain data. An
 * account counts what one uid has, for the limits; an object is an id that a program holds, and
 * knows its account and its session; a session ends some time after its last link, and its objects
 * with it; recent answers are what a request that comes twice is answered from.
 *
 * Knows neither the engine nor the loop: time is a parameter (microseconds), and applying a policy
 * to the objects of an ended session is the caller's business (session_first_ended). */
#ifndef TCPENGINED_SESSION_H
#define TCPENGINED_SESSION_H

#include "session/object.h"
#include "util/deadline.h"

#define SESSION_TOKEN_BYTES 16
#define SESSION_NAME_MAX 64

enum session_policy { SESSION_CLOSE = 0, SESSION_ABORT, SESSION_KEEP };

enum session_err {
    SESSION_OK = 0,
    SESSION_ERR_UID_LIMIT, /* per_uid_max sessions of that uid */
    SESSION_ERR_LIMIT,     /* max sessions in all */
    SESSION_ERR_KEEP,      /* keep_us is beyond keep_max_us */
    SESSION_ERR_NOMEM
};

struct session_options {
    int64_t grace_us;    /* from the last link's end to the policy */
    int64_t keep_max_us; /* of SESSION_KEEP */
    unsigned per_uid_max;
    unsigned max;
};

struct session_wish {
    const char *name; /* copied; cut at SESSION_NAME_MAX bytes */
    enum session_policy policy;
    int64_t keep_us;
};

struct session_binding;
TAILQ_HEAD(session_binding_list, session_binding);

struct session {
    uint64_t id;
    uint8_t token[SESSION_TOKEN_BYTES];
    struct account *account;
    char name[SESSION_NAME_MAX + 1];
    enum session_policy policy;
    int64_t keep_us;
    bool is_ended; /* no request can use it any more; the policy is being applied */
    struct object_list objects;
    struct session_binding_list links;
    struct deadline expiry; /* armed while links is empty */
    TAILQ_ENTRY(session) in_list;
    SLIST_ENTRY(session) in_bucket;
};

struct session_table;

/* NULL: no memory. */
struct session_table *session_table_new(const struct session_options *options,
                                        struct account_table *accounts);
/* Every link must have been unbound before. */
void session_table_free(struct session_table *table);
/* Sessions that can be used. */
size_t session_table_count(const struct session_table *table);

/* Makes a session. It lives until it is ended, or its last link is unbound and time has passed. */
enum session_err session_new(struct session_table *table, struct account *account,
                             const struct session_wish *wish, struct session **ret_session);

/* The session of that id, or token, of that account; NULL when there is none, or it has ended. */
struct session *session_find(const struct session_table *table, const struct account *account,
                             uint64_t id);
struct session *session_find_token(const struct session_table *table, const struct account *account,
                                   const uint8_t token[SESSION_TOKEN_BYTES]);

/* A link uses the session: links is the list of the link's bindings, which the link owns and has
 * initialised with TAILQ_INIT. Binding twice is harmless. False: no memory. */
bool session_bind(struct session_table *table, struct session *session,
                  struct session_binding_list *links);
/* The link is gone. Sessions that it was the last one of expire some time after now_us. */
void session_unbind_all(struct session_table *table, struct session_binding_list *links,
                        int64_t now_us);

/* Ends the session now: session_first_ended() will show it. */
void session_end(struct session_table *table, struct session *session);
/* The same for every session whose time has passed. */
void session_expire(struct session_table *table, int64_t now_us);
/* When session_expire() has work, DEADLINE_NEVER for never. */
int64_t session_next_at(const struct session_table *table);

/* An ended session that is still here. The caller applies the policy to its objects, takes them
 * away and calls session_free(). NULL: none. */
struct session *session_first_ended(const struct session_table *table);
/* Only of an ended session without objects. */
void session_free(struct session_table *table, struct session *session);

#endif

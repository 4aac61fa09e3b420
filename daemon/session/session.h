/* Sessions tie a client's connections and listeners to the lifetime of the client.
 *
 * Theory of operation of this room: what the daemon knows about its clients, as plain data. An
 * account counts what one uid holds, for the limits. An object is an id that a program holds; it
 * knows its account and its session. A session ends some time after its last link, and its objects
 * with it. Recent answers serve requests that arrive twice.
 *
 * Knows neither the engine nor the loop: time is a parameter (microseconds), and the caller applies
 * the policy to the objects of an ended session (session_first_ended). */
#ifndef TCPENGINED_SESSION_H
#define TCPENGINED_SESSION_H

#include "session/object.h"
#include "session/owner.h"
#include "util/deadline.h"

#define SESSION_TOKEN_BYTES 16
#define SESSION_NAME_MAX 64

enum session_policy { SESSION_CLOSE = 0, SESSION_ABORT, SESSION_KEEP };

enum session_err {
    SESSION_OK = 0,
    SESSION_ERR_UID_LIMIT, /* that uid has per_uid_max sessions: end one first */
    SESSION_ERR_LIMIT,     /* there are max sessions: try again later */
    SESSION_ERR_KEEP,      /* SESSION_KEEP with keep_us above keep_max_us: ask for less */
    SESSION_ERR_NOMEM      /* no memory, or no random bytes */
};

struct session_options {
    int64_t grace_us;    /* from the end of the last link to the end of the session */
    int64_t keep_max_us; /* upper bound of keep_us with SESSION_KEEP */
    unsigned per_uid_max;
    unsigned max;
    unsigned reserve; /* beyond max, for uid 0 alone */
};

struct session_wish {
    const char *name; /* copied; cut at SESSION_NAME_MAX bytes */
    enum session_policy policy;
    int64_t keep_us; /* SESSION_KEEP: in place of grace_us, if longer */
};

struct session_binding;
TAILQ_HEAD(session_binding_list, session_binding);

struct session {
    uint64_t id;
    uint8_t token[SESSION_TOKEN_BYTES];
    struct account *account;
    struct owner *owner; /* the process that attached it last, under the session's name */
    uint64_t number;     /* they count up */
    int64_t made_at_us;
    char name[SESSION_NAME_MAX + 1];
    enum session_policy policy;
    int64_t keep_us;
    bool is_ended; /* no request can use it; its policy is being applied */
    struct object_list objects;
    struct session_binding_list links;
    struct deadline expiry; /* armed while links is empty */
    TAILQ_ENTRY(session) in_list;
    SLIST_ENTRY(session) in_bucket;
};

struct session_table;

/* options is copied; accounts must outlive the table. NULL: no memory. */
struct session_table *session_table_new(const struct session_options *options,
                                        struct account_table *accounts);
/* Frees the sessions; their objects belong to none afterwards. Every link must be unbound first.
 * NULL is legal. */
void session_table_free(struct session_table *table);
/* Number of sessions that have not ended. */
size_t session_table_count(const struct session_table *table);

/* Makes a session. It lives until session_end(), or until its last link is unbound and its time has
 * passed: bind one, or it lives forever. *ret_session, the table's, is untouched on failure. */
enum session_err session_new(struct session_table *table, struct account *account,
                             const struct session_wish *wish, struct session **ret_session);

/* The session of that account with that id or token; NULL if there is none, or it has ended. */
struct session *session_find(const struct session_table *table, const struct account *account,
                             uint64_t id);
struct session *session_find_token(const struct session_table *table, const struct account *account,
                                   const uint8_t token[SESSION_TOKEN_BYTES]);

/* The first session in the order of their numbers that has not ended, of those behind number, or
 * behind session; NULL: none. */
struct session *session_after(const struct session_table *table, uint64_t number);
struct session *session_next(const struct session *session);

/* Notes that a link uses the session, which stops its expiry. links is the link's own list of
 * bindings, initialized with TAILQ_INIT. Binding twice is harmless. False: no memory. */
bool session_bind(struct session_table *table, struct session *session,
                  struct session_binding_list *links);
/* The link is gone. Sessions for which it was the last expire grace_us, or keep_us, after now_us.
 */
void session_unbind_all(struct session_table *table, struct session_binding_list *links,
                        int64_t now_us);

/* Ends the session now, and unbinds its links: session_first_ended() returns it in its turn. */
void session_end(struct session_table *table, struct session *session);
/* The loop runs again at now_us. If it did not run when a session's time was up, its client may
 * have come back, unheard: it gets more (deadlines_forgive). Call before session_expire(). */
void session_forgive(struct session_table *table, int64_t now_us);
/* Ends every session whose time is up at now_us. */
void session_expire(struct session_table *table, int64_t now_us);
/* When session_expire() next has work; DEADLINE_NEVER: not at all. */
int64_t session_next_at(const struct session_table *table);

/* The ended session that was ended first; NULL: none. Apply its policy to its objects, remove them,
 * then call session_free(). */
struct session *session_first_ended(const struct session_table *table);
/* Frees an ended session that has no objects left. */
void session_free(struct session_table *table, struct session *session);

#endif

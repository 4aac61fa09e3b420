/* Answers that may be asked for again: they make Open, Accept, Close, Abort, Shutdown and Detach
 * exactly-once when a request arrives twice.
 *
 * Bounded: at most max answers in all, and a quarter of that per uid; the oldest make room. */
#ifndef TCPENGINED_RECENT_H
#define TCPENGINED_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/account.h"

#define RECENT_MAX_DEFAULT 4096
/* One uid may hold max / RECENT_UID_SHARE answers, so that it cannot evict everybody else's. */
#define RECENT_UID_SHARE 4

/* What makes two requests the same one. */
struct recent_key {
    struct account *account;
    uint64_t session; /* 0: none */
    uint32_t verb;    /* the number of the operation in Request */
    uint64_t token;   /* Open and Accept: their token; the others: the request id */
    uint64_t id;      /* the object concerned; 0 for Open and Accept */
};

struct recent_answer {
    uint64_t id;
    uint32_t state; /* of the object, when the answer was given */
};

struct recent;

/* max is at least RECENT_UID_SHARE; accounts must outlive the result. NULL: no memory. */
struct recent *recent_new(size_t max, struct account_table *accounts);
/* NULL is legal. */
void recent_free(struct recent *recent);
/* Number of answers remembered now. */
size_t recent_count(const struct recent *recent);
/* Number of answers evicted so far. */
uint64_t recent_evicted(const struct recent *recent);

/* False, *ret_answer untouched: the answer is unknown, or was evicted. */
bool recent_find(const struct recent *recent, const struct recent_key *key,
                 struct recent_answer *ret_answer);
/* Remembers an answer (copied) and takes a reference to key's account. key must not be known yet.
 * Without memory the answer is not remembered. */
void recent_add(struct recent *recent, const struct recent_key *key,
                const struct recent_answer *answer);

#endif

/* Answers that may be asked for again: what makes Open, Accept, Close, Abort, Shutdown and Detach
 * exactly-once when a request arrives twice.
 *
 * Bounded: at most max answers in all and a quarter of that for one uid; the oldest make room. */
#ifndef TCPENGINED_RECENT_H
#define TCPENGINED_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/account.h"

#define RECENT_MAX_DEFAULT 4096
/* One uid may hold max / RECENT_UID_SHARE answers, so that it cannot push out all the others'. */
#define RECENT_UID_SHARE 4

/* What makes two requests the same one. */
struct recent_key {
    struct account *account;
    uint64_t session; /* 0: none */
    uint32_t verb;    /* the number of the operation in Request */
    uint64_t token;   /* of Open and Accept; of the others the request id */
    uint64_t id;      /* the object concerned; 0 for Open and Accept */
};

struct recent_answer {
    uint64_t id;
    uint32_t state; /* of the object, when the answer was given */
};

struct recent;

/* NULL: no memory. */
struct recent *recent_new(size_t max, struct account_table *accounts);
void recent_free(struct recent *recent);
size_t recent_count(const struct recent *recent);
/* How many were pushed out so far. */
uint64_t recent_evicted(const struct recent *recent);

/* False when the answer is not known (any more). */
bool recent_find(const struct recent *recent, const struct recent_key *key,
                 struct recent_answer *ret_answer);
/* Remembers an answer; key must not be known yet. Without memory it is not remembered. */
void recent_add(struct recent *recent, const struct recent_key *key,
                const struct recent_answer *answer);

#endif

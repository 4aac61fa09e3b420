/* Connections that were accepted and are not links yet.
 *
 * Theory of operation: the kernel keeps one queue of connections for all users. Whoever fills it
 * delays everybody, so it is emptied at once, and all that an arrival costs then is its descriptor.
 * It becomes a link in its uid's turn: a storm of one uid delays the links of that uid alone. */
#ifndef TCPENGINED_SP_ARRIVALS_H
#define TCPENGINED_SP_ARRIVALS_H

#include "sp/sp.h"
#include "util/turns.h"

#define SP_ARRIVALS_MAX 256
/* Of one uid. */
#define SP_ARRIVALS_PER_UID_MAX 64
/* The last ones are for uids that have none. */
#define SP_ARRIVALS_RESERVE 64

struct sp_arrivals;

/* Takes fd over and makes it a link of share's uid, or closes it. */
typedef void sp_arrivals_admit_fn(void *ctx, int fd, struct fair_share *share);

/* turns and counters are borrowed. NULL: no memory. */
struct sp_arrivals *sp_arrivals_new(struct turns *turns, struct sp_counters *counters,
                                    sp_arrivals_admit_fn *admit, void *ctx);
/* Closes all arrivals. NULL is legal. */
void sp_arrivals_free(struct sp_arrivals *arrivals);
/* Whether fd's client has gone away without a word; counted. */
bool sp_arrivals_is_abandoned(struct sp_arrivals *arrivals, int fd);
/* Takes fd over, a connection of uid's; closes it, counted, if there are too many. */
void sp_arrivals_add(struct sp_arrivals *arrivals, int fd, uid_t uid);

#endif

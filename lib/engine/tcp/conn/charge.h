/* Who pays for memory, and who may have more (pressure.h has the rules).
 *
 * A connection's charge is its control block, its sender, what its rings cost (ring.h), and the
 * list of its out-of-order ranges. It is charged to the connection's uid, and to the remote when
 * the remote has opened the connection, as in remotes.h. Records of what is in flight are not
 * charged to anybody: they count in all, and are few for what they stand for.
 *
 * Bytes per remote are a count-min sketch like the one of remotes.h: never too small, and too large
 * only for a remote that shares all four places with large ones. Four indexes are taken from one
 * keyed hash; the noise of all others is a thousandth of the budget.
 *
 * Nothing of this is saved: a restore charges again. */
#ifndef TCPENGINE_TCP_CONN_CHARGE_H
#define TCPENGINE_TCP_CONN_CHARGE_H

#include <tcpengine/pressure.h>

#include "util/list.h"

struct te_conn;
struct te_ring;
struct te_ring_growth;

#define TE_CHARGE_ROWS 4
#define TE_CHARGE_ROW_LEN 1024 /* a power of two */

struct te_charges {
    uint64_t pressure_bytes, limit_bytes; /* thresholds; UINT64_MAX: no budget */
    uint64_t relief_bytes;   /* in use, from here on relief.h has work: 0 during an episode */
    uint64_t relieved_bytes; /* below it the pressure is over */
    uint64_t per_uid_bytes, per_remote_bytes;
    uint64_t (*remotes)[TE_CHARGE_ROW_LEN]; /* TE_CHARGE_ROWS of them; NULL: no budget */
    uint64_t charged_bytes;                 /* of all connections */
    uint64_t ring_bytes;                    /* what all rings cost */
    struct te_list holders;                 /* connections with memory for streams */
    uint32_t holder_count;
    bool is_pressed;         /* an episode: relief.h */
    uint64_t wanted_bytes;   /* refused at the limit to somebody who is within his shares */
    bool is_yielding;        /* the limit was reached, and not enough has been freed since */
    int64_t next_pass_at_us; /* relief.h */
    uint64_t idle_cursor;    /* of the search for connections without stream memory */
};

/* TE_ERR_NOMEM: no memory for the sketch. */
enum te_err te_charges_init(struct te_stack *stack);
void te_charges_done(struct te_stack *stack);

/* --- one connection --------------------------------------------------------------------------- */

/* A connection is born: from here on it is charged. False: no memory for its uid's account. */
bool te_charge_begin(struct te_stack *stack, struct te_conn *conn);
/* It is about to be freed. Legal without te_charge_begin. */
void te_charge_end(struct te_stack *stack, struct te_conn *conn);
/* To be called after anything that changes what the connection costs. */
void te_charge_update(struct te_stack *stack, struct te_conn *conn);
/* The uid changes: its account takes over the charge. False: no memory, and nothing has changed. */
bool te_charge_move(struct te_stack *stack, struct te_conn *conn, uint32_t uid);
/* What it costs at present. */
uint64_t te_charge_of(const struct te_conn *conn);
/* Memory was freed for a good part of what is held: the connection is of use. For
 * te_charge_idle_us. */
void te_charge_note_drained(const struct te_stack *stack, struct te_conn *conn, uint64_t bytes);
/* How long it has not been. */
int64_t te_charge_idle_us(const struct te_stack *stack, const struct te_conn *conn);
/* What the account that pays for it holds: the remote's or the uid's. */
uint64_t te_charge_account_bytes(const struct te_stack *stack, const struct te_conn *conn);
/* Whether nobody is left to use it. */
bool te_charge_is_abandoned(const struct te_stack *stack, const struct te_conn *conn);

/* --- may it be more? -------------------------------------------------------------------------- */

/* Whether a connection of uid, and of remote unless that is NULL, may be opened. */
bool te_charge_admits(const struct te_stack *stack, uint32_t uid, const struct te_addr *remote);
/* Makes room in one of conn's rings as te_ring_grow does, as far as its accounts and the reserve
 * allow. Returns how many of the len bytes from offset on may be written now. */
size_t te_charge_room(struct te_stack *stack, struct te_conn *conn, struct te_ring *ring,
                      const struct te_ring_growth *growth, uint64_t offset, size_t len);
/* What a window may offer, unread bytes included: 0 while the receive ring may grow, else what it
 * costs already, at least the reserve. */
uint32_t te_charge_window_cap(const struct te_stack *stack, const struct te_conn *conn);

/* An invariant: the sentence that does not hold, or NULL. O(connections). */
const char *te_charges_check(const struct te_stack *stack);

#endif

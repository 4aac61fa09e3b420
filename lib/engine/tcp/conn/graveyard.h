/* Histories of connections and listeners that are gone, so that they can still be asked for.
 *
 * A ring of the last config.history_conn_max, allocated at start; the oldest is overwritten. With a
 * capacity of 0 nothing is kept. A connection in TIME_WAIT whose user has gone is here already, and
 * its last transition is added here (te_graveyard_history). */
#ifndef TCPENGINE_TCP_CONN_GRAVEYARD_H
#define TCPENGINE_TCP_CONN_GRAVEYARD_H

#include "tcp/conn/history.h"

struct te_stack;
struct te_conn;
struct te_listener;

struct te_grave {
    uint64_t id; /* 0: empty */
    struct te_endpoint local, remote;
    uint32_t uid, tag;
    uint32_t tag_reference; /* tag.h; the graveyard's */
    uint32_t next_by_id;    /* index, or UINT32_MAX */
    struct te_history_log history;
    struct te_history_item room[TE_HISTORY_MORE]; /* the history's, once it is in the ring */
};

struct te_graveyard {
    struct te_grave *ring;
    uint32_t *by_id;
    uint32_t capacity, bucket_count; /* bucket_count: a power of two */
    uint32_t next;                   /* index of the grave to be overwritten next */
};

/* TE_ERR_NOMEM; te_graveyard_done frees what there is. */
enum te_err te_graveyard_init(struct te_stack *stack);
void te_graveyard_done(struct te_stack *stack);
/* Takes what is kept of an object that is about to be freed: it has no history then. Its id must
 * not be here yet. */
void te_graveyard_bury(struct te_stack *stack, struct te_conn *conn);
void te_graveyard_bury_listener(struct te_stack *stack, struct te_listener *listener);
/* A grave, whose history is handed over; next_by_id and tag_reference are ignored. Without memory
 * it loses its tag. */
void te_graveyard_put(struct te_stack *stack, struct te_grave grave);
/* NULL when the id was never buried or has been overwritten. Valid until the next burial. */
const struct te_grave *te_graveyard_find(const struct te_stack *stack, uint64_t id);
struct te_history_log *te_graveyard_history(struct te_stack *stack, uint64_t id);

#endif

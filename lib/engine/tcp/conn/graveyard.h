/* Histories of connections that are gone: "history ID" still answers for a while.
 *
 * A ring of the last config.history_conn_max; the oldest makes room. A connection in TIME_WAIT
 * stands here already, so that its last transition finds its history. */
#ifndef TCPENGINE_TCP_CONN_GRAVEYARD_H
#define TCPENGINE_TCP_CONN_GRAVEYARD_H

#include "tcp/conn/history.h"

struct te_stack;
struct te_conn;
struct te_listener;

struct te_grave {
    uint64_t id; /* 0: empty */
    struct te_endpoint local, remote;
    uint32_t uid;
    uint32_t next_by_id; /* index, or UINT32_MAX */
    struct te_history_log history;
};

struct te_graveyard {
    struct te_grave *ring;
    uint32_t *by_id;
    uint32_t capacity, bucket_count, next;
};

enum te_err te_graveyard_init(struct te_stack *stack);
void te_graveyard_done(struct te_stack *stack);
void te_graveyard_bury(struct te_stack *stack, const struct te_conn *conn);
void te_graveyard_bury_listener(struct te_stack *stack, const struct te_listener *listener);
/* A grave as it is; next_by_id does not matter. */
void te_graveyard_put(struct te_stack *stack, struct te_grave grave);
/* NULL when it was never there or has been overwritten. */
const struct te_grave *te_graveyard_find(const struct te_stack *stack, uint64_t id);
struct te_history_log *te_graveyard_history(struct te_stack *stack, uint64_t id);

#endif

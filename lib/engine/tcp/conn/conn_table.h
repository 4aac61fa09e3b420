/* Finds connections by 4-tuple and by id.
 *
 * Two chained hash tables with the same number of buckets, a power of two. They begin to double
 * when there is one connection per bucket, TE_GROWTH_STEP buckets with each connection that is
 * added (growth.h), and shrink to their first size when the last connection goes; when the
 * allocator refuses they stay as they are, with longer chains. Tuples are hashed under the
 * stack's secret, so that no peer can aim at a bucket; ids are ours and rise by one, so that their
 * low bits spread evenly as they are. The table links connections and owns none of them.
 *
 * Remains (conn.h) are found by id alone. */
#ifndef TCPENGINE_TCP_CONN_CONN_TABLE_H
#define TCPENGINE_TCP_CONN_CONN_TABLE_H

#include <tcpengine/conn.h>

#include "util/growth.h"

struct te_conn;
struct te_stack;

struct te_conn_table {
    struct te_conn **by_tuple, **by_id;
    struct te_conn **next_by_tuple, **next_by_id; /* the second arrays; NULL: it does not grow */
    struct te_growth growth;                      /* of both tables */
    uint32_t count;                               /* connections, remains included */
    uint32_t orphan_count;                        /* te_conn_account_orphan */
    uint32_t state_count[TE_STATE_COUNT];
    uint64_t buffer_bytes; /* memory of all rings */
    uint64_t unsent_bytes; /* unsent.h */
};

/* TE_ERR_NOMEM: no memory for the first buckets; te_conn_table_done frees what there is. */
enum te_err te_conn_table_init(struct te_stack *stack);
/* The table must be empty. */
void te_conn_table_done(struct te_stack *stack);

/* Links a connection under its 4-tuple and its id, which the caller knows to be free, and counts
 * its state. TE_ERR_RESOURCES: config.conn_max connections exist, remains included; nothing was
 * linked, and the caller refuses the opening. The connection stays the caller's to free, after both
 * removals. */
enum te_err te_conn_table_add(struct te_stack *stack, struct te_conn *conn);

/* Bytes of all arrays. */
uint64_t te_conn_table_memory(const struct te_conn_table *table);

/* For a restored table: first its size, a power of two of at most te_conn_table_buckets_max, while
 * it is empty (false: no memory, nothing changed), then the connections in the order of the walk.
 * Remains get no tuple. */
uint32_t te_conn_table_buckets_max(const struct te_stack *stack);
bool te_conn_table_set_buckets(struct te_stack *stack, uint32_t bucket_count);
void te_conn_table_append(struct te_stack *stack, struct te_conn *conn);

/* The protocol is over: segments no longer find the connection. It must be linked by tuple. */
void te_conn_table_remove_tuple(struct te_stack *stack, struct te_conn *conn);
/* The connection is about to be freed; its tuple was removed before. Uncounts its state. */
void te_conn_table_remove_id(struct te_stack *stack, struct te_conn *conn);
/* A connection's state has changed (state.h). */
void te_conn_table_count_state(struct te_conn_table *table, enum te_state from, enum te_state to);

/* NULL: none. What is found stays the stack's, and may be freed by anything that ends it. */
struct te_conn *te_conn_table_find(const struct te_stack *stack, const struct te_endpoint *local,
                                   const struct te_endpoint *remote);
struct te_conn *te_conn_table_find_id(const struct te_stack *stack, uint64_t id);

/* For te_walk: the connection after *cursor, which advances; NULL at the end. Starts at 0. Each
 * connection that is there all the time comes once, whatever is added or removed between the calls.
 */
struct te_conn *te_conn_table_walk(const struct te_conn_table *table, uint64_t *cursor);
/* The same, but NULL as well when *steps, which counts down with each bucket looked into, is 0. */
struct te_conn *te_conn_table_scan(const struct te_conn_table *table, uint64_t *cursor,
                                   uint32_t *steps);

#endif

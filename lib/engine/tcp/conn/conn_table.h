/* Finds connections by 4-tuple and by id: two chained hash tables, keyed with the stack's secret,
 * that double as they fill. */
#ifndef TCPENGINE_TCP_CONN_CONN_TABLE_H
#define TCPENGINE_TCP_CONN_CONN_TABLE_H

#include <tcpengine/conn.h>

struct te_conn;
struct te_stack;

struct te_conn_table {
    struct te_conn **by_tuple, **by_id;
    uint32_t bucket_count; /* of each; a power of two */
    uint32_t count;        /* connections, remains included */
    uint32_t orphan_count;
    uint32_t state_count[TE_STATE_COUNT];
    uint64_t buffer_bytes; /* of all rings */
};

enum te_err te_conn_table_init(struct te_stack *stack);
void te_conn_table_done(struct te_stack *stack);

/* TE_ERR_RESOURCES, TE_ERR_NOMEM. */
enum te_err te_conn_table_add(struct te_stack *stack, struct te_conn *conn);
/* For a restored table: its size, at most te_conn_table_buckets_max, a power of two (false: no
 * memory); then the connections in the order of the walk. Remains get no tuple. */
uint32_t te_conn_table_buckets_max(const struct te_stack *stack);
bool te_conn_table_set_buckets(struct te_stack *stack, uint32_t bucket_count);
void te_conn_table_append(struct te_stack *stack, struct te_conn *conn);
void te_conn_table_remove_tuple(struct te_stack *stack, struct te_conn *conn);
void te_conn_table_remove_id(struct te_stack *stack, struct te_conn *conn);
void te_conn_table_count_state(struct te_conn_table *table, enum te_state from, enum te_state to);

struct te_conn *te_conn_table_find(const struct te_stack *stack, const struct te_endpoint *local,
                                   const struct te_endpoint *remote);
struct te_conn *te_conn_table_find_id(const struct te_stack *stack, uint64_t id);

/* For te_walk: the connection at *cursor, which moves on; NULL at the end. */
struct te_conn *te_conn_table_walk(const struct te_conn_table *table, uint64_t *cursor);

#endif

#include "tcp/conn/conn_table.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/port_use.h"
#include "tcp/conn/tuple.h"
#include "util/scan.h"

#define BUCKETS_MIN 64
#define DOMAIN_TABLE 1

static uint32_t tuple_bucket(const struct te_stack *stack, const struct te_endpoint *local,
                             const struct te_endpoint *remote)
{
    return (uint32_t)te_tuple_hash(stack, DOMAIN_TABLE, local, remote) &
           (stack->conns.bucket_count - 1);
}

static uint32_t id_bucket(const struct te_conn_table *table, uint64_t id)
{
    return (uint32_t)id & (table->bucket_count - 1);
}

static size_t array_bytes(uint32_t bucket_count)
{
    return (size_t)bucket_count * sizeof(struct te_conn *);
}

enum te_err te_conn_table_init(struct te_stack *stack)
{
    struct te_conn_table *table = &stack->conns;
    table->bucket_count = BUCKETS_MIN;
    table->by_tuple = te_stack_alloc(stack, array_bytes(BUCKETS_MIN));
    table->by_id = te_stack_alloc(stack, array_bytes(BUCKETS_MIN));
    return table->by_tuple != NULL && table->by_id != NULL ? TE_OK : TE_ERR_NOMEM;
}

void te_conn_table_done(struct te_stack *stack)
{
    struct te_conn_table *table = &stack->conns;
    assert(table->count == 0);
    te_stack_dealloc(stack, table->by_tuple, array_bytes(table->bucket_count));
    te_stack_dealloc(stack, table->by_id, array_bytes(table->bucket_count));
}

static void rehash(struct te_stack *stack, struct te_conn **by_tuple, struct te_conn **by_id,
                   uint32_t new_count)
{
    struct te_conn_table *table = &stack->conns;
    struct te_conn **old_ids = table->by_id;
    struct te_conn **old_tuples = table->by_tuple;
    uint32_t old_count = table->bucket_count;
    table->by_tuple = by_tuple;
    table->by_id = by_id;
    table->bucket_count = new_count;
    for (uint32_t i = 0; i < old_count; i++) {
        for (struct te_conn *conn = old_ids[i], *next; conn != NULL; conn = next) {
            next = conn->next_by_id;
            struct te_conn **head = &by_id[id_bucket(table, conn->id)];
            conn->next_by_id = *head;
            *head = conn;
        }
        for (struct te_conn *conn = old_tuples[i], *next; conn != NULL; conn = next) {
            next = conn->next_by_tuple;
            struct te_conn **head = &by_tuple[tuple_bucket(stack, &conn->local, &conn->remote)];
            conn->next_by_tuple = *head;
            *head = conn;
        }
    }
    te_stack_dealloc(stack, old_tuples, array_bytes(old_count));
    te_stack_dealloc(stack, old_ids, array_bytes(old_count));
}

/* Nothing changes when the allocator refuses. */
static void resize(struct te_stack *stack, uint32_t new_count)
{
    struct te_conn **by_tuple = te_stack_alloc(stack, array_bytes(new_count));
    struct te_conn **by_id = te_stack_alloc(stack, array_bytes(new_count));
    if (by_tuple != NULL && by_id != NULL) {
        rehash(stack, by_tuple, by_id, new_count);
        return;
    }
    te_stack_dealloc(stack, by_tuple, array_bytes(new_count));
    te_stack_dealloc(stack, by_id, array_bytes(new_count));
}

static struct te_port_claim claim_of(const struct te_conn *conn)
{
    return (struct te_port_claim){&conn->local, &conn->remote, conn->uid};
}

static void note_port(struct te_stack *stack, const struct te_conn *conn)
{
    struct te_port_claim claim = claim_of(conn);
    te_port_use_note(stack, &claim, !conn->was_passive);
}

enum te_err te_conn_table_add(struct te_stack *stack, struct te_conn *conn)
{
    struct te_conn_table *table = &stack->conns;
    if (table->count >= stack->config.conn_max)
        return TE_ERR_RESOURCES;
    if (table->count >= table->bucket_count)
        resize(stack, table->bucket_count * 2);
    struct te_conn **head = &table->by_tuple[tuple_bucket(stack, &conn->local, &conn->remote)];
    conn->next_by_tuple = *head;
    *head = conn;
    head = &table->by_id[id_bucket(table, conn->id)];
    conn->next_by_id = *head;
    *head = conn;
    table->count++;
    table->state_count[conn->state]++;
    note_port(stack, conn);
    return TE_OK;
}

uint32_t te_conn_table_buckets_max(const struct te_stack *stack)
{
    uint32_t count = BUCKETS_MIN;
    while (count < stack->config.conn_max)
        count *= 2;
    return count;
}

bool te_conn_table_set_buckets(struct te_stack *stack, uint32_t bucket_count)
{
    resize(stack, bucket_count);
    return stack->conns.bucket_count == bucket_count;
}

void te_conn_table_append(struct te_stack *stack, struct te_conn *conn)
{
    struct te_conn_table *table = &stack->conns;
    struct te_conn **at = &table->by_id[id_bucket(table, conn->id)];
    while (*at != NULL)
        at = &(*at)->next_by_id;
    *at = conn;
    table->count++;
    table->state_count[conn->state]++;
    if (conn->is_remains)
        return;
    at = &table->by_tuple[tuple_bucket(stack, &conn->local, &conn->remote)];
    conn->next_by_tuple = *at;
    *at = conn;
    note_port(stack, conn);
}

void te_conn_table_remove_tuple(struct te_stack *stack, struct te_conn *conn)
{
    struct te_conn **at = &stack->conns.by_tuple[tuple_bucket(stack, &conn->local, &conn->remote)];
    while (*at != conn) {
        assert(*at != NULL);
        at = &(*at)->next_by_tuple;
    }
    *at = conn->next_by_tuple;
    conn->next_by_tuple = NULL;
    struct te_port_claim claim = claim_of(conn);
    if (conn->state != TE_TIME_WAIT) /* else its entry has the port from now on */
        te_port_use_forget(stack, &claim);
}

void te_conn_table_remove_id(struct te_stack *stack, struct te_conn *conn)
{
    struct te_conn_table *table = &stack->conns;
    struct te_conn **at = &table->by_id[id_bucket(table, conn->id)];
    while (*at != conn) {
        assert(*at != NULL);
        at = &(*at)->next_by_id;
    }
    *at = conn->next_by_id;
    conn->next_by_id = NULL;
    assert(table->count > 0 && table->state_count[conn->state] > 0);
    table->count--;
    table->state_count[conn->state]--;
    if (table->count == 0 && table->bucket_count > BUCKETS_MIN)
        resize(stack, BUCKETS_MIN);
}

void te_conn_table_count_state(struct te_conn_table *table, enum te_state from, enum te_state to)
{
    assert(table->state_count[from] > 0);
    table->state_count[from]--;
    table->state_count[to]++;
}

struct te_conn *te_conn_table_find(const struct te_stack *stack, const struct te_endpoint *local,
                                   const struct te_endpoint *remote)
{
    struct te_conn *conn = stack->conns.by_tuple[tuple_bucket(stack, local, remote)];
    for (; conn != NULL; conn = conn->next_by_tuple)
        if (conn->local.port == local->port && conn->remote.port == remote->port &&
            te_addr_equal(&conn->local.addr, &local->addr) &&
            te_addr_equal(&conn->remote.addr, &remote->addr))
            return conn;
    return NULL;
}

struct te_conn *te_conn_table_find_id(const struct te_stack *stack, uint64_t id)
{
    struct te_conn *conn = stack->conns.by_id[id_bucket(&stack->conns, id)];
    while (conn != NULL && conn->id != id)
        conn = conn->next_by_id;
    return conn;
}

/* The first connection of a chain that the walk has yet to visit; chains are short. */
static struct te_conn *first_ahead(struct te_conn *conn, uint64_t cursor)
{
    struct te_conn *first = NULL;
    for (; conn != NULL; conn = conn->next_by_id)
        if (te_scan_is_ahead(cursor, conn->id) &&
            (first == NULL || te_scan_is_before(conn->id, first->id)))
            first = conn;
    return first;
}

/* A walk jumps through all memory, and waits for each connection unless it was sent for while the
 * one before was looked at. */
static void fetch_next(const struct te_conn_table *table, uint64_t cursor)
{
    uint32_t mask = table->bucket_count - 1;
    if (!te_scan_next_bucket(&cursor, mask))
        return;
    const struct te_conn *conn = table->by_id[te_scan_bucket(cursor, mask)];
    if (conn != NULL) {
        __builtin_prefetch(&conn->id);
        __builtin_prefetch(&conn->next_by_id);
    }
    if (te_scan_next_bucket(&cursor, mask))
        __builtin_prefetch(&table->by_id[te_scan_bucket(cursor, mask)]);
}

struct te_conn *te_conn_table_scan(const struct te_conn_table *table, uint64_t *cursor,
                                   uint32_t *steps)
{
    uint32_t mask = table->bucket_count - 1;
    while (*steps > 0) {
        struct te_conn *conn = first_ahead(table->by_id[te_scan_bucket(*cursor, mask)], *cursor);
        --*steps;
        fetch_next(table, *cursor);
        if (conn != NULL)
            *cursor = conn->id;
        if (conn != NULL || !te_scan_next_bucket(cursor, mask))
            return conn;
    }
    return NULL;
}

struct te_conn *te_conn_table_walk(const struct te_conn_table *table, uint64_t *cursor)
{
    uint32_t steps = UINT32_MAX;
    return te_conn_table_scan(table, cursor, &steps);
}

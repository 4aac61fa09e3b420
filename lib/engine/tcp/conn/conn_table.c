#include "tcp/conn/conn_table.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/port_use.h"
#include "tcp/conn/tuple.h"
#include "util/scan.h"

#define BUCKETS_MIN 64
#define DOMAIN_TABLE 1

/* --- buckets ---------------------------------------------------------------------------------- */

static struct te_conn **head_of(const struct te_growth *growth, struct te_conn **first,
                                struct te_conn **second, uint32_t hash)
{
    uint32_t mask = te_growth_mask(growth, hash);
    return &(te_growth_is_second(growth, mask) ? second : first)[hash & mask];
}

static struct te_conn **tuple_head(const struct te_stack *stack, const struct te_endpoint *local,
                                   const struct te_endpoint *remote)
{
    const struct te_conn_table *table = &stack->conns;
    uint32_t hash = (uint32_t)te_tuple_hash(stack, DOMAIN_TABLE, local, remote);
    return head_of(&table->growth, table->by_tuple, table->next_by_tuple, hash);
}

static struct te_conn **id_head(const struct te_conn_table *table, uint64_t id)
{
    return head_of(&table->growth, table->by_id, table->next_by_id, (uint32_t)id);
}

static void push_tuple(struct te_stack *stack, struct te_conn *conn)
{
    struct te_conn **head = tuple_head(stack, &conn->local, &conn->remote);
    conn->next_by_tuple = *head;
    *head = conn;
}

static void push_id(struct te_conn_table *table, struct te_conn *conn)
{
    struct te_conn **head = id_head(table, conn->id);
    conn->next_by_id = *head;
    *head = conn;
}

/* --- size ------------------------------------------------------------------------------------- */

static size_t array_bytes(uint32_t bucket_count)
{
    return (size_t)bucket_count * sizeof(struct te_conn *);
}

/* Both arrays of the first kind, or of the second. */
static void free_arrays(struct te_stack *stack, struct te_conn **by_tuple, struct te_conn **by_id,
                        uint32_t bucket_count)
{
    te_stack_dealloc(stack, by_tuple, array_bytes(bucket_count));
    te_stack_dealloc(stack, by_id, array_bytes(bucket_count));
}

static void free_all(struct te_stack *stack)
{
    struct te_conn_table *table = &stack->conns;
    free_arrays(stack, table->by_tuple, table->by_id, table->growth.bucket_count);
    free_arrays(stack, table->next_by_tuple, table->next_by_id, 2 * table->growth.bucket_count);
    table->next_by_tuple = table->next_by_id = NULL;
}

/* Gives the empty table another size. False, and nothing changes, when the allocator refuses. */
static bool set_size(struct te_stack *stack, uint32_t bucket_count)
{
    struct te_conn_table *table = &stack->conns;
    assert(table->count == 0);
    struct te_conn **by_tuple = te_stack_alloc(stack, array_bytes(bucket_count));
    struct te_conn **by_id = te_stack_alloc(stack, array_bytes(bucket_count));
    if (by_tuple == NULL || by_id == NULL) {
        free_arrays(stack, by_tuple, by_id, bucket_count);
        return false;
    }
    free_all(stack);
    table->by_tuple = by_tuple;
    table->by_id = by_id;
    table->growth = (struct te_growth){.bucket_count = bucket_count};
    return true;
}

enum te_err te_conn_table_init(struct te_stack *stack)
{
    return set_size(stack, BUCKETS_MIN) ? TE_OK : TE_ERR_NOMEM;
}

void te_conn_table_done(struct te_stack *stack)
{
    assert(stack->conns.count == 0);
    free_all(stack);
}

/* The second arrays are filled bucket by bucket: what is in them now does not matter. */
static void begin_growth(struct te_stack *stack)
{
    struct te_conn_table *table = &stack->conns;
    uint32_t bucket_count = 2 * table->growth.bucket_count;
    table->next_by_tuple = te_stack_alloc_raw(stack, array_bytes(bucket_count));
    table->next_by_id = te_stack_alloc_raw(stack, array_bytes(bucket_count));
    if (table->next_by_tuple != NULL && table->next_by_id != NULL)
        return;
    free_arrays(stack, table->next_by_tuple, table->next_by_id, bucket_count);
    table->next_by_tuple = table->next_by_id = NULL;
}

static void end_growth(struct te_stack *stack, uint32_t old_count)
{
    struct te_conn_table *table = &stack->conns;
    free_arrays(stack, table->by_tuple, table->by_id, old_count);
    table->by_tuple = table->next_by_tuple;
    table->by_id = table->next_by_id;
    table->next_by_tuple = table->next_by_id = NULL;
}

static void move_bucket(struct te_stack *stack)
{
    struct te_conn_table *table = &stack->conns;
    uint32_t old_count = table->growth.bucket_count, low = table->growth.moved;
    uint32_t high = low + old_count;
    struct te_conn *by_id = table->by_id[low], *by_tuple = table->by_tuple[low];
    table->next_by_id[low] = table->next_by_id[high] = NULL;
    table->next_by_tuple[low] = table->next_by_tuple[high] = NULL;
    if (te_growth_advance(&table->growth))
        end_growth(stack, old_count);
    for (struct te_conn *next; by_id != NULL; by_id = next) {
        next = by_id->next_by_id;
        push_id(table, by_id);
    }
    for (struct te_conn *next; by_tuple != NULL; by_tuple = next) {
        next = by_tuple->next_by_tuple;
        push_tuple(stack, by_tuple);
    }
}

static void fetch(const struct te_conn *conn)
{
    if (conn == NULL)
        return;
    __builtin_prefetch(&conn->id);
    __builtin_prefetch(&conn->next_by_id);
}

/* Sends for the connections that the next addition moves. */
static void fetch_step(const struct te_conn_table *table)
{
    uint32_t end = table->growth.moved + TE_GROWTH_STEP;
    for (uint32_t i = table->growth.moved; i < end && i < table->growth.bucket_count; i++) {
        fetch(table->by_id[i]);
        fetch(table->by_tuple[i]);
    }
}

static void grow_some(struct te_stack *stack)
{
    struct te_conn_table *table = &stack->conns;
    if (table->next_by_id == NULL && table->count >= table->growth.bucket_count)
        begin_growth(stack);
    for (unsigned i = 0; i < TE_GROWTH_STEP && table->next_by_id != NULL; i++)
        move_bucket(stack);
    if (table->next_by_id != NULL)
        fetch_step(table);
}

uint64_t te_conn_table_memory(const struct te_conn_table *table)
{
    uint64_t bytes = array_bytes(table->growth.bucket_count);
    return 2 * (table->next_by_id != NULL ? 3 * bytes : bytes);
}

/* --- connections ------------------------------------------------------------------------------ */

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
    grow_some(stack);
    push_tuple(stack, conn);
    push_id(table, conn);
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
    return set_size(stack, bucket_count);
}

void te_conn_table_append(struct te_stack *stack, struct te_conn *conn)
{
    struct te_conn_table *table = &stack->conns;
    struct te_conn **at = id_head(table, conn->id);
    while (*at != NULL)
        at = &(*at)->next_by_id;
    *at = conn;
    table->count++;
    table->state_count[conn->state]++;
    te_tally_enter(&stack->tally, conn->state, conn->state_since_us, stack->now_us);
    if (conn->is_remains)
        return;
    push_tuple(stack, conn);
    note_port(stack, conn);
}

void te_conn_table_remove_tuple(struct te_stack *stack, struct te_conn *conn)
{
    struct te_conn **at = tuple_head(stack, &conn->local, &conn->remote);
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
    struct te_conn **at = id_head(table, conn->id);
    while (*at != conn) {
        assert(*at != NULL);
        at = &(*at)->next_by_id;
    }
    *at = conn->next_by_id;
    conn->next_by_id = NULL;
    assert(table->count > 0 && table->state_count[conn->state] > 0);
    table->count--;
    table->state_count[conn->state]--;
    te_tally_leave(&stack->tally, conn->state, conn->state_since_us, stack->now_us);
    if (table->count == 0 &&
        (table->growth.bucket_count > BUCKETS_MIN || table->next_by_id != NULL))
        set_size(stack, BUCKETS_MIN);
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
    struct te_conn *conn = *tuple_head(stack, local, remote);
    for (; conn != NULL; conn = conn->next_by_tuple)
        if (conn->local.port == local->port && conn->remote.port == remote->port &&
            te_addr_equal(&conn->local.addr, &local->addr) &&
            te_addr_equal(&conn->remote.addr, &remote->addr))
            return conn;
    return NULL;
}

struct te_conn *te_conn_table_find_id(const struct te_stack *stack, uint64_t id)
{
    struct te_conn *conn = *id_head(&stack->conns, id);
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
    if (!te_scan_next_bucket(&cursor, te_growth_mask(&table->growth, (uint32_t)cursor)))
        return;
    fetch(*id_head(table, cursor));
    if (te_scan_next_bucket(&cursor, te_growth_mask(&table->growth, (uint32_t)cursor)))
        __builtin_prefetch(id_head(table, cursor));
}

struct te_conn *te_conn_table_scan(const struct te_conn_table *table, uint64_t *cursor,
                                   uint32_t *steps)
{
    while (*steps > 0) {
        uint32_t mask = te_growth_mask(&table->growth, (uint32_t)*cursor);
        struct te_conn *conn = first_ahead(*id_head(table, *cursor), *cursor);
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

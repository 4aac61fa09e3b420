#include "tcp/time_wait/time_wait.h"

#include <assert.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/port_use.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/state.h"
#include "tcp/conn/tuple.h"
#include "util/scan.h"

#define CHUNK_ENTRIES 1024
#define BUCKETS_MIN 64
#define DOMAIN_TIME_WAIT 4
#define EXPIRED_MAX 512 /* entries ended per timer call */
#define FAMILY_BIT 0x80000000u
#define EXTENSION_UNIT_MS 16
#define FIN_REACKED_MAX UINT8_MAX

#define BITS_FROM 0x03
#define BITS_TS_OK 0x04
#define BITS_LOCAL_SHIFT 4

/* Fields are sorted from wide to narrow; remote is last, and as long as its family needs. */
struct te_time_wait_entry {
    uint32_t next_by_tuple, next_by_id; /* also: next free */
    uint32_t previous, next;            /* FIFO */
    uint32_t id_low;
    uint32_t snd_nxt, rcv_nxt, ts_recent;
    uint32_t deadline_ms;
    uint32_t tag_reference; /* tag.h: also of the uid */
    uint16_t id_high;
    uint16_t local_port, remote_port;
    uint16_t window;
    uint16_t extension; /* units of 16 ms between entry and deadline - 2MSL */
    uint8_t fin_reacked;
    uint8_t bits; /* from, timestamps, index of the local address */
    uint8_t remote[4];
};

#define ENTRY_BYTES_IPV4 sizeof(struct te_time_wait_entry)
#define ENTRY_BYTES_IPV6 (sizeof(struct te_time_wait_entry) + 12)

static const enum te_state from_states[] = {TE_FIN_WAIT_1, TE_FIN_WAIT_2, TE_CLOSING};

/* --- time ------------------------------------------------------------------------------------- */

/* Rounded up, before the stack's birth too (a restored entry): the inverse of us_of. */
static uint32_t ms_of(const struct te_stack *stack, int64_t at_us)
{
    int64_t age_us = at_us - stack->born_at_us;
    return (uint32_t)(age_us / 1000 + (age_us % 1000 > 0));
}

static uint32_t lifetime_ms(const struct te_stack *stack)
{
    return (uint32_t)((2 * stack->config.msl_us + TE_MS - 1) / TE_MS); /* never less than 2MSL */
}

/* Milliseconds wrap after 49 days. No deadline is further ahead than a lifetime: one that seems to
 * be is in the past, maybe far in the past when the host has slept. */
static int64_t us_of(const struct te_stack *stack, uint32_t ms)
{
    int64_t now_ms = (stack->now_us - stack->born_at_us) / 1000;
    int64_t ahead_ms = ms - (uint32_t)now_ms;
    if (ahead_ms > (int64_t)lifetime_ms(stack) + 2) /* two roundings */
        ahead_ms -= INT64_C(1) << 32;
    return stack->born_at_us + (now_ms + ahead_ms) * 1000;
}

/* --- chunks ----------------------------------------------------------------------------------- */

static struct te_time_wait_entry *entry_at(const struct te_time_wait_table *table, uint32_t handle)
{
    const struct te_time_wait_pool *pool = &table->pools[(handle & FAMILY_BIT) != 0];
    uint32_t index = handle & ~FAMILY_BIT;
    uint8_t *chunk = pool->chunks[index / CHUNK_ENTRIES];
    return (void *)(chunk + (size_t)(index % CHUNK_ENTRIES) * pool->entry_bytes);
}

static size_t chunk_bytes(const struct te_time_wait_pool *pool)
{
    return (size_t)CHUNK_ENTRIES * pool->entry_bytes;
}

static bool add_chunk(struct te_stack *stack, struct te_time_wait_pool *pool, uint32_t family_bit)
{
    if (pool->chunk_count == pool->chunks_max)
        return false;
    uint8_t *chunk = te_stack_alloc(stack, chunk_bytes(pool));
    if (chunk == NULL)
        return false;
    uint32_t first = pool->chunk_count * CHUNK_ENTRIES;
    pool->chunks[pool->chunk_count++] = chunk;
    for (uint32_t i = CHUNK_ENTRIES; i-- > 0;) {
        uint32_t handle = (first + i) | family_bit;
        entry_at(&stack->time_wait, handle)->next_by_tuple = pool->free_head;
        pool->free_head = handle;
    }
    return true;
}

static uint32_t take_entry(struct te_stack *stack, bool is_v4)
{
    struct te_time_wait_pool *pool = &stack->time_wait.pools[is_v4 ? 0 : 1];
    if (pool->free_head == TE_TIME_WAIT_NONE && !add_chunk(stack, pool, is_v4 ? 0 : FAMILY_BIT))
        return TE_TIME_WAIT_NONE;
    uint32_t handle = pool->free_head;
    pool->free_head = entry_at(&stack->time_wait, handle)->next_by_tuple;
    pool->used++;
    return handle;
}

/* An empty pool frees its chunks: nothing points into them. */
static void release_chunks(struct te_stack *stack, struct te_time_wait_pool *pool)
{
    for (uint32_t i = 0; i < pool->chunk_count; i++)
        te_stack_dealloc(stack, pool->chunks[i], chunk_bytes(pool));
    pool->chunk_count = 0;
    pool->free_head = TE_TIME_WAIT_NONE;
}

static void give_entry(struct te_stack *stack, uint32_t handle)
{
    struct te_time_wait_pool *pool = &stack->time_wait.pools[(handle & FAMILY_BIT) != 0];
    assert(pool->used > 0);
    entry_at(&stack->time_wait, handle)->next_by_tuple = pool->free_head;
    pool->free_head = handle;
    if (--pool->used == 0)
        release_chunks(stack, pool);
}

static enum te_err pool_init(struct te_stack *stack, struct te_time_wait_pool *pool, size_t bytes)
{
    pool->entry_bytes = (uint32_t)bytes;
    pool->free_head = TE_TIME_WAIT_NONE;
    pool->chunks_max = stack->config.time_wait_max / CHUNK_ENTRIES + 1;
    pool->chunks = te_stack_alloc(stack, pool->chunks_max * sizeof(uint8_t *));
    return pool->chunks != NULL ? TE_OK : TE_ERR_NOMEM;
}

/* --- entries, unpacked ------------------------------------------------------------------------ */

static uint64_t entry_id(const struct te_time_wait_entry *entry)
{
    return (uint64_t)entry->id_high << 32 | entry->id_low;
}

static struct te_addr entry_remote(const struct te_time_wait_entry *entry, uint32_t handle)
{
    if ((handle & FAMILY_BIT) == 0)
        return te_addr_from_v4(entry->remote);
    struct te_addr addr;
    memcpy(addr.bytes, (const uint8_t *)entry + offsetof(struct te_time_wait_entry, remote), 16);
    return addr;
}

static void set_remote(struct te_time_wait_entry *entry, const struct te_addr *addr)
{
    uint8_t *to = (uint8_t *)entry + offsetof(struct te_time_wait_entry, remote);
    if (te_addr_is_v4(addr))
        memcpy(to, addr->bytes + 12, 4);
    else
        memcpy(to, addr->bytes, 16);
}

void te_time_wait_view(const struct te_stack *stack, uint32_t handle,
                       struct te_time_wait_view *ret_view)
{
    const struct te_time_wait_entry *entry = entry_at(&stack->time_wait, handle);
    int64_t ends_at_us = us_of(stack, entry->deadline_ms);
    int64_t lasts_ms = (int64_t)lifetime_ms(stack) + entry->extension * EXTENSION_UNIT_MS;
    *ret_view = (struct te_time_wait_view){
        .handle = handle,
        .id = entry_id(entry),
        .local = {*te_ip_local_at(stack, entry->bits >> BITS_LOCAL_SHIFT), entry->local_port},
        .remote = {entry_remote(entry, handle), entry->remote_port},
        .uid = te_tag_uid(stack, entry->tag_reference),
        .tag = te_tag_number(stack, entry->tag_reference),
        .snd_nxt = entry->snd_nxt,
        .rcv_nxt = entry->rcv_nxt,
        .ts_recent = entry->ts_recent,
        .window = entry->window,
        .ts_ok = (entry->bits & BITS_TS_OK) != 0,
        .from = from_states[entry->bits & BITS_FROM],
        .fin_reacked = entry->fin_reacked,
        .started_at_us = ends_at_us - lasts_ms * 1000,
        .ends_at_us = ends_at_us,
    };
}

/* --- the two hash tables ---------------------------------------------------------------------- */

static uint32_t *head_of(const struct te_growth *growth, uint32_t *first, uint32_t *second,
                         uint32_t hash)
{
    uint32_t mask = te_growth_mask(growth, hash);
    return &(te_growth_is_second(growth, mask) ? second : first)[hash & mask];
}

static uint32_t *tuple_bucket(const struct te_stack *stack, const struct te_endpoint *local,
                              const struct te_endpoint *remote)
{
    const struct te_time_wait_table *table = &stack->time_wait;
    uint32_t hash = (uint32_t)te_tuple_hash(stack, DOMAIN_TIME_WAIT, local, remote);
    return head_of(&table->growth, table->by_tuple, table->next_by_tuple, hash);
}

static uint32_t *id_bucket(const struct te_time_wait_table *table, uint64_t id)
{
    return head_of(&table->growth, table->by_id, table->next_by_id, (uint32_t)id);
}

static uint32_t *tuple_bucket_of(const struct te_stack *stack, uint32_t handle)
{
    struct te_time_wait_view view;
    te_time_wait_view(stack, handle, &view);
    return tuple_bucket(stack, &view.local, &view.remote);
}

static void link_tuple(struct te_stack *stack, uint32_t handle)
{
    uint32_t *bucket = tuple_bucket_of(stack, handle);
    entry_at(&stack->time_wait, handle)->next_by_tuple = *bucket;
    *bucket = handle;
}

static void link_id(struct te_time_wait_table *table, uint32_t handle)
{
    struct te_time_wait_entry *entry = entry_at(table, handle);
    uint32_t *bucket = id_bucket(table, entry_id(entry));
    entry->next_by_id = *bucket;
    *bucket = handle;
}

static void unlink_hashes(struct te_stack *stack, uint32_t handle)
{
    struct te_time_wait_table *table = &stack->time_wait;
    struct te_time_wait_entry *entry = entry_at(table, handle);
    uint32_t *at = tuple_bucket_of(stack, handle);
    while (*at != handle)
        at = &entry_at(table, *at)->next_by_tuple;
    *at = entry->next_by_tuple;
    at = id_bucket(table, entry_id(entry));
    while (*at != handle)
        at = &entry_at(table, *at)->next_by_id;
    *at = entry->next_by_id;
}

static size_t array_bytes(uint32_t bucket_count)
{
    return bucket_count * sizeof(uint32_t);
}

/* Both arrays of the first kind, or of the second. */
static void free_buckets(struct te_stack *stack, uint32_t *by_tuple, uint32_t *by_id,
                         uint32_t bucket_count)
{
    te_stack_dealloc(stack, by_tuple, array_bytes(bucket_count));
    te_stack_dealloc(stack, by_id, array_bytes(bucket_count));
}

static void free_all_buckets(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    free_buckets(stack, table->by_tuple, table->by_id, table->growth.bucket_count);
    free_buckets(stack, table->next_by_tuple, table->next_by_id, 2 * table->growth.bucket_count);
    table->next_by_tuple = table->next_by_id = NULL;
}

/* Gives the empty tables their first size. False, and nothing changes, when memory is refused. */
static bool reset_size(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    assert(table->count == 0);
    uint32_t *by_tuple = te_stack_alloc_raw(stack, array_bytes(BUCKETS_MIN));
    uint32_t *by_id = te_stack_alloc_raw(stack, array_bytes(BUCKETS_MIN));
    if (by_tuple == NULL || by_id == NULL) {
        free_buckets(stack, by_tuple, by_id, BUCKETS_MIN);
        return false;
    }
    free_all_buckets(stack);
    table->by_tuple = memset(by_tuple, 0xff, array_bytes(BUCKETS_MIN)); /* TE_TIME_WAIT_NONE */
    table->by_id = memset(by_id, 0xff, array_bytes(BUCKETS_MIN));
    table->growth = (struct te_growth){.bucket_count = BUCKETS_MIN};
    return true;
}

/* The second arrays are filled bucket by bucket: what is in them now does not matter. */
static void begin_growth(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    uint32_t bucket_count = 2 * table->growth.bucket_count;
    table->next_by_tuple = te_stack_alloc_raw(stack, array_bytes(bucket_count));
    table->next_by_id = te_stack_alloc_raw(stack, array_bytes(bucket_count));
    if (table->next_by_tuple != NULL && table->next_by_id != NULL)
        return;
    free_buckets(stack, table->next_by_tuple, table->next_by_id, bucket_count);
    table->next_by_tuple = table->next_by_id = NULL;
}

static void end_growth(struct te_stack *stack, uint32_t old_count)
{
    struct te_time_wait_table *table = &stack->time_wait;
    free_buckets(stack, table->by_tuple, table->by_id, old_count);
    table->by_tuple = table->next_by_tuple;
    table->by_id = table->next_by_id;
    table->next_by_tuple = table->next_by_id = NULL;
}

static void move_bucket(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    uint32_t old_count = table->growth.bucket_count, low = table->growth.moved;
    uint32_t high = low + old_count;
    uint32_t by_id = table->by_id[low], by_tuple = table->by_tuple[low];
    table->next_by_id[low] = table->next_by_id[high] = TE_TIME_WAIT_NONE;
    table->next_by_tuple[low] = table->next_by_tuple[high] = TE_TIME_WAIT_NONE;
    if (te_growth_advance(&table->growth))
        end_growth(stack, old_count);
    for (uint32_t next; by_id != TE_TIME_WAIT_NONE; by_id = next) {
        next = entry_at(table, by_id)->next_by_id;
        link_id(table, by_id);
    }
    for (uint32_t next; by_tuple != TE_TIME_WAIT_NONE; by_tuple = next) {
        next = entry_at(table, by_tuple)->next_by_tuple;
        link_tuple(stack, by_tuple);
    }
}

/* Chains of two on average keep an entry with its buckets under 64 bytes. When memory is refused
 * the tables stay as they are. */
static void grow_some(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    if (table->next_by_id == NULL && table->count >= 2 * table->growth.bucket_count)
        begin_growth(stack);
    for (unsigned i = 0; i < TE_GROWTH_STEP && table->next_by_id != NULL; i++)
        move_bucket(stack);
}

uint32_t te_time_wait_find(const struct te_stack *stack, const struct te_endpoint *local,
                           const struct te_endpoint *remote)
{
    const struct te_time_wait_table *table = &stack->time_wait;
    if (table->count == 0)
        return TE_TIME_WAIT_NONE;
    uint32_t handle = *tuple_bucket(stack, local, remote);
    while (handle != TE_TIME_WAIT_NONE) {
        const struct te_time_wait_entry *entry = entry_at(table, handle);
        if (entry->local_port == local->port && entry->remote_port == remote->port) {
            struct te_addr addr = entry_remote(entry, handle);
            const struct te_addr *ours = te_ip_local_at(stack, entry->bits >> BITS_LOCAL_SHIFT);
            if (te_addr_equal(&addr, &remote->addr) && te_addr_equal(ours, &local->addr))
                return handle;
        }
        handle = entry->next_by_tuple;
    }
    return TE_TIME_WAIT_NONE;
}

uint32_t te_time_wait_find_id(const struct te_stack *stack, uint64_t id)
{
    const struct te_time_wait_table *table = &stack->time_wait;
    uint32_t handle = *id_bucket(table, id);
    while (handle != TE_TIME_WAIT_NONE && entry_id(entry_at(table, handle)) != id)
        handle = entry_at(table, handle)->next_by_id;
    return handle;
}

/* --- the FIFO --------------------------------------------------------------------------------- */

static void fifo_append(struct te_time_wait_table *table, uint32_t handle)
{
    struct te_time_wait_entry *entry = entry_at(table, handle);
    entry->previous = table->tail;
    entry->next = TE_TIME_WAIT_NONE;
    if (table->tail != TE_TIME_WAIT_NONE)
        entry_at(table, table->tail)->next = handle;
    else
        table->head = handle;
    table->tail = handle;
}

static void fifo_remove(struct te_time_wait_table *table, uint32_t handle)
{
    struct te_time_wait_entry *entry = entry_at(table, handle);
    if (entry->previous != TE_TIME_WAIT_NONE)
        entry_at(table, entry->previous)->next = entry->next;
    else
        table->head = entry->next;
    if (entry->next != TE_TIME_WAIT_NONE)
        entry_at(table, entry->next)->previous = entry->previous;
    else
        table->tail = entry->previous;
}

static void arm(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    int64_t at_us = TE_NEVER;
    if (table->head != TE_TIME_WAIT_NONE)
        at_us = us_of(stack, entry_at(table, table->head)->deadline_ms);
    te_wheel_arm(&stack->wheel, &table->timer, at_us);
}

/* --- life ------------------------------------------------------------------------------------- */

enum te_err te_time_wait_init(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    table->head = table->tail = TE_TIME_WAIT_NONE;
    te_wheel_node_init(&table->timer, 0);
    if (pool_init(stack, &table->pools[0], ENTRY_BYTES_IPV4) != TE_OK ||
        pool_init(stack, &table->pools[1], ENTRY_BYTES_IPV6) != TE_OK)
        return TE_ERR_NOMEM;
    return reset_size(stack) ? TE_OK : TE_ERR_NOMEM;
}

void te_time_wait_done(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    for (unsigned i = 0; i < 2; i++) {
        struct te_time_wait_pool *pool = &table->pools[i];
        release_chunks(stack, pool);
        te_stack_dealloc(stack, pool->chunks, pool->chunks_max * sizeof(uint8_t *));
    }
    free_all_buckets(stack);
}

static uint8_t from_code(enum te_state from)
{
    assert(from == TE_FIN_WAIT_1 || from == TE_FIN_WAIT_2 || from == TE_CLOSING);
    return from == TE_FIN_WAIT_1 ? 0 : from == TE_FIN_WAIT_2 ? 1 : 2;
}

static uint16_t extension_of(const struct te_stack *stack, const struct te_time_wait_view *view)
{
    int64_t ms = (view->ends_at_us - view->started_at_us) / 1000 - lifetime_ms(stack);
    int64_t units = (ms + EXTENSION_UNIT_MS / 2) / EXTENSION_UNIT_MS;
    return (uint16_t)(units < 0 ? 0 : units > UINT16_MAX ? UINT16_MAX : units);
}

static void fill_entry(const struct te_stack *stack, uint32_t handle,
                       const struct te_time_wait_view *view, uint32_t tag_reference)
{
    struct te_time_wait_entry *entry = entry_at(&stack->time_wait, handle);
    int local_index = te_ip_local_index(stack, &view->local.addr);
    assert(local_index >= 0 && local_index < TE_LOCAL_ADDRESSES_MAX);
    *entry = (struct te_time_wait_entry){
        .id_low = (uint32_t)view->id,
        .id_high = (uint16_t)(view->id >> 32),
        .snd_nxt = view->snd_nxt,
        .rcv_nxt = view->rcv_nxt,
        .ts_recent = view->ts_recent,
        .deadline_ms = ms_of(stack, view->ends_at_us),
        .tag_reference = tag_reference,
        .local_port = view->local.port,
        .remote_port = view->remote.port,
        .window = view->window,
        .extension = extension_of(stack, view),
        .fin_reacked = (uint8_t)view->fin_reacked,
        .bits = (uint8_t)(from_code(view->from) | (view->ts_ok ? BITS_TS_OK : 0) |
                          local_index << BITS_LOCAL_SHIFT),
    };
    set_remote(entry, &view->remote.addr);
}

/* --- the port --------------------------------------------------------------------------------- */

static struct te_port_claim claim_of(const struct te_time_wait_view *view)
{
    return (struct te_port_claim){&view->local, &view->remote, view->uid};
}

/* A new incarnation may have the 4-tuple already. */
static void release_port(struct te_stack *stack, const struct te_time_wait_view *view)
{
    struct te_port_claim claim = claim_of(view);
    const struct te_conn *heir = te_conn_table_find(stack, &view->local, &view->remote);
    if (heir != NULL)
        te_port_use_move(stack, &claim, heir->uid);
    else
        te_port_use_forget(stack, &claim);
}

/* --- life ------------------------------------------------------------------------------------- */

static bool put(struct te_stack *stack, const struct te_time_wait_view *view, bool makes_use)
{
    struct te_time_wait_table *table = &stack->time_wait;
    uint32_t tag_reference = te_tag_join(stack, view->uid, view->tag);
    if (tag_reference == TE_TAG_NONE)
        return false;
    uint32_t handle = take_entry(stack, te_addr_is_v4(&view->remote.addr));
    if (handle == TE_TIME_WAIT_NONE) {
        te_tag_leave(stack, tag_reference);
        return false;
    }
    fill_entry(stack, handle, view, tag_reference);
    grow_some(stack);
    link_tuple(stack, handle);
    link_id(table, handle);
    fifo_append(table, handle);
    table->count++;
    arm(stack);
    struct te_port_claim claim = claim_of(view);
    te_port_use_note(stack, &claim, makes_use);
    return true;
}

bool te_time_wait_put(struct te_stack *stack, const struct te_time_wait_view *view)
{
    return put(stack, view, true);
}

bool te_time_wait_enter(struct te_stack *stack, const struct te_conn *conn, enum te_state from)
{
    struct te_time_wait_table *table = &stack->time_wait;
    if (table->count >= stack->config.time_wait_max) {
        stack->counters.time_wait_overflow++;
        if (stack->config.time_wait_policy == TE_TIME_WAIT_SKIP || table->count == 0)
            return false;
        te_time_wait_end(stack, table->head, TE_CAUSE_LIMIT, NULL);
    }
    uint32_t window = te_receive_window(conn) >> conn->rcv_wscale;
    struct te_time_wait_view view = {
        .id = conn->id,
        .local = conn->local,
        .remote = conn->remote,
        .uid = conn->uid,
        .tag = te_tag_number(stack, conn->tag_reference),
        .snd_nxt = conn->snd_max,
        .rcv_nxt = conn->rcv_nxt,
        .ts_recent = conn->paws.ts_recent,
        .window = (uint16_t)(window > UINT16_MAX ? UINT16_MAX : window),
        .ts_ok = conn->ts_ok,
        .from = from,
        .started_at_us = stack->now_us,
        .ends_at_us = stack->now_us + 2 * stack->config.msl_us,
    };
    if (!put(stack, &view, !conn->was_passive))
        return false;
    stack->counters.time_wait_entered++;
    return true;
}

void te_time_wait_restart(struct te_stack *stack, uint32_t handle)
{
    struct te_time_wait_table *table = &stack->time_wait;
    struct te_time_wait_entry *entry = entry_at(table, handle);
    uint32_t deadline_ms = ms_of(stack, stack->now_us + 2 * stack->config.msl_us);
    uint32_t extension =
        entry->extension +
        (deadline_ms - entry->deadline_ms + EXTENSION_UNIT_MS / 2) / EXTENSION_UNIT_MS;
    entry->extension = (uint16_t)(extension > UINT16_MAX ? UINT16_MAX : extension);
    entry->deadline_ms = deadline_ms;
    if (entry->fin_reacked < FIN_REACKED_MAX)
        entry->fin_reacked++;
    stack->counters.time_wait_fin_again++;
    fifo_remove(table, handle);
    fifo_append(table, handle);
    arm(stack);
    struct te_time_wait_view view;
    te_time_wait_view(stack, handle, &view);
    struct te_event event = {.kind = TE_EVENT_FIN_AGAIN,
                             .id = view.id,
                             .time_us = stack->now_us,
                             .uid = view.uid,
                             .tag = view.tag,
                             .local = view.local,
                             .remote = view.remote};
    te_event_push(stack, &event);
}

void te_time_wait_end(struct te_stack *stack, uint32_t handle, enum te_cause cause,
                      const struct te_segment_info *segment)
{
    struct te_time_wait_table *table = &stack->time_wait;
    struct te_time_wait_view view;
    te_time_wait_view(stack, handle, &view);
    unlink_hashes(stack, handle);
    fifo_remove(table, handle);
    te_tag_leave(stack, entry_at(table, handle)->tag_reference);
    give_entry(stack, handle);
    assert(table->count > 0);
    table->count--;
    if (table->count == 0 &&
        (table->growth.bucket_count > BUCKETS_MIN || table->next_by_id != NULL))
        reset_size(stack);
    arm(stack);
    release_port(stack, &view);

    struct te_conn *remains = te_conn_table_find_id(stack, view.id);
    struct te_history_log *history =
        remains != NULL ? &remains->history : te_graveyard_history(stack, view.id);
    struct te_state_subject subject = {view.id,     view.uid,     view.tag,
                                       &view.local, &view.remote, history};
    struct te_state_change change = {TE_TIME_WAIT, TE_CLOSED, cause, TE_OK, segment};
    te_state_record(stack, &subject, &change);
    if (remains != NULL)
        te_conn_on_time_wait_end(stack, remains);
}

void te_time_wait_on_timer(struct te_stack *stack)
{
    struct te_time_wait_table *table = &stack->time_wait;
    for (unsigned i = 0; i < EXPIRED_MAX && table->head != TE_TIME_WAIT_NONE; i++) {
        if (us_of(stack, entry_at(table, table->head)->deadline_ms) > stack->now_us)
            break;
        stack->counters.time_wait_expired++;
        te_time_wait_end(stack, table->head, TE_CAUSE_TIMEOUT_2MSL, NULL);
    }
    arm(stack);
}

uint32_t te_time_wait_next(const struct te_time_wait_table *table, uint32_t handle)
{
    return handle == TE_TIME_WAIT_NONE ? table->head : entry_at(table, handle)->next;
}

/* --- looking at it ---------------------------------------------------------------------------- */

/* The first entry of a chain that the walk has yet to visit. */
static uint32_t first_ahead(const struct te_time_wait_table *table, uint32_t handle,
                            uint64_t cursor)
{
    uint32_t first = TE_TIME_WAIT_NONE;
    uint64_t first_id = 0;
    for (; handle != TE_TIME_WAIT_NONE; handle = entry_at(table, handle)->next_by_id) {
        uint64_t id = entry_id(entry_at(table, handle));
        if (!te_scan_is_ahead(cursor, id) ||
            (first != TE_TIME_WAIT_NONE && !te_scan_is_before(id, first_id)))
            continue;
        first = handle;
        first_id = id;
    }
    return first;
}

uint32_t te_time_wait_scan(const struct te_time_wait_table *table, uint64_t *cursor,
                           uint32_t *steps)
{
    while (*steps > 0) {
        uint32_t mask = te_growth_mask(&table->growth, (uint32_t)*cursor);
        uint32_t handle = first_ahead(table, *id_bucket(table, *cursor), *cursor);
        --*steps;
        if (handle != TE_TIME_WAIT_NONE)
            *cursor = entry_id(entry_at(table, handle));
        if (handle != TE_TIME_WAIT_NONE || !te_scan_next_bucket(cursor, mask))
            return handle;
    }
    return TE_TIME_WAIT_NONE;
}

uint64_t te_time_wait_memory(const struct te_time_wait_table *table)
{
    uint32_t arrays = table->next_by_id != NULL ? 3 : 1; /* the second kind is twice as large */
    uint64_t bytes = 2 * (uint64_t)arrays * array_bytes(table->growth.bucket_count);
    for (unsigned i = 0; i < 2; i++)
        bytes += table->pools[i].chunk_count * chunk_bytes(&table->pools[i]) +
                 table->pools[i].chunks_max * sizeof(uint8_t *);
    return bytes;
}

const char *te_time_wait_check(const struct te_stack *stack)
{
    const struct te_time_wait_table *table = &stack->time_wait;
    uint32_t count = 0;
    uint32_t previous = TE_TIME_WAIT_NONE;
    for (uint32_t h = table->head; h != TE_TIME_WAIT_NONE; h = entry_at(table, h)->next) {
        const struct te_time_wait_entry *entry = entry_at(table, h);
        if (entry->previous != previous)
            return "TIME_WAIT: the FIFO's links disagree";
        if (previous != TE_TIME_WAIT_NONE &&
            us_of(stack, entry->deadline_ms) < us_of(stack, entry_at(table, previous)->deadline_ms))
            return "TIME_WAIT: the FIFO is not in the order of deadlines";
        if (te_time_wait_find_id(stack, entry_id(entry)) != h)
            return "TIME_WAIT: an entry is not found by its id";
        struct te_time_wait_view view;
        te_time_wait_view(stack, h, &view);
        if (te_time_wait_find(stack, &view.local, &view.remote) != h)
            return "TIME_WAIT: an entry is not found by its 4-tuple";
        previous = h;
        count++;
    }
    if (count != table->count || count != table->pools[0].used + table->pools[1].used)
        return "TIME_WAIT: the counts disagree";
    bool armed = table->timer.at_us != TE_NEVER;
    return armed != (count > 0) ? "TIME_WAIT: timer armed without entry, or the other way" : NULL;
}

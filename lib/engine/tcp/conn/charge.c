#include "tcp/conn/charge.h"

#include <assert.h>
#include <string.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/remote.h"
#include "tcp/conn/sender.h"
#include "util/mix.h"
#include "util/percent.h"

#define DOMAIN_CHARGE 0x63
/* Shares are this much smaller under pressure. */
#define PRESSED_SHIFT 2
/* What has to be drained before it counts as progress: a quarter of what is held. */
#define DRAINED_PART 4

/* --- life ------------------------------------------------------------------------------------- */

static size_t sketch_bytes(void)
{
    return sizeof(uint64_t[TE_CHARGE_ROWS][TE_CHARGE_ROW_LEN]);
}

enum te_err te_charges_init(struct te_stack *stack)
{
    struct te_charges *charges = &stack->charges;
    const struct te_config *config = &stack->config;
    uint64_t max_bytes = config->memory_max_bytes;
    te_list_init(&charges->holders);
    charges->pressure_bytes = charges->limit_bytes = charges->relief_bytes = UINT64_MAX;
    if (max_bytes == 0)
        return TE_OK;
    charges->pressure_bytes = te_percent_of(max_bytes, config->memory_pressure_percent);
    charges->relief_bytes = charges->pressure_bytes;
    charges->limit_bytes = te_percent_of(max_bytes, config->memory_limit_percent);
    charges->relieved_bytes = charges->pressure_bytes - charges->pressure_bytes / 8;
    charges->per_uid_bytes = te_percent_of(max_bytes, config->memory_per_uid_percent);
    charges->per_remote_bytes = te_percent_of(max_bytes, config->memory_per_remote_percent);
    charges->remotes = te_stack_alloc(stack, sketch_bytes());
    return charges->remotes != NULL ? TE_OK : TE_ERR_NOMEM;
}

void te_charges_done(struct te_stack *stack)
{
    te_stack_dealloc(stack, stack->charges.remotes, sketch_bytes());
    stack->charges.remotes = NULL;
    te_owners_free(stack);
}

/* --- remotes ---------------------------------------------------------------------------------- */

/* Each row takes its own bits of the hash. */
static uint64_t *place_in(const struct te_stack *stack, uint64_t hash, unsigned row)
{
    return &stack->charges.remotes[row][(hash >> (16 * row)) & (TE_CHARGE_ROW_LEN - 1)];
}

static void charge_remote(struct te_stack *stack, const struct te_addr *remote, int64_t bytes)
{
    if (stack->charges.remotes == NULL)
        return;
    uint64_t hash = te_remote_hash(stack, DOMAIN_CHARGE, remote);
    for (unsigned row = 0; row < TE_CHARGE_ROWS; row++)
        *place_in(stack, hash, row) += (uint64_t)bytes;
}

static uint64_t remote_bytes(const struct te_stack *stack, const struct te_addr *remote)
{
    if (stack->charges.remotes == NULL)
        return 0;
    uint64_t hash = te_remote_hash(stack, DOMAIN_CHARGE, remote);
    uint64_t least = UINT64_MAX;
    for (unsigned row = 0; row < TE_CHARGE_ROWS; row++)
        if (*place_in(stack, hash, row) < least)
            least = *place_in(stack, hash, row);
    return least;
}

/* --- one connection --------------------------------------------------------------------------- */

/* Each has 1 GiB at most. */
static uint32_t ring_bytes(const struct te_conn *conn)
{
    return te_ring_cost(&conn->send_ring) + te_ring_cost(&conn->receive_ring);
}

static uint32_t rest_bytes(const struct te_conn *conn)
{
    size_t sender = conn->sender != NULL ? sizeof(*conn->sender) : 0;
    return (uint32_t)(sizeof(*conn) + sender + te_history_more_bytes(&conn->history) +
                      conn->out_of_order.capacity * sizeof(*conn->out_of_order.items));
}

uint64_t te_charge_of(const struct te_conn *conn)
{
    return (uint64_t)ring_bytes(conn) + rest_bytes(conn);
}

static uint64_t charged(const struct te_conn *conn)
{
    return (uint64_t)conn->charged_ring_bytes + conn->charged_rest_bytes;
}

static void charge_accounts(struct te_stack *stack, const struct te_conn *conn, int64_t bytes)
{
    struct te_owner *owner = te_owner_find(stack, conn->uid);
    assert(owner != NULL);
    owner->bytes += (uint64_t)bytes;
    stack->charges.charged_bytes += (uint64_t)bytes;
    if (conn->charged_remote)
        charge_remote(stack, &conn->remote.addr, bytes);
}

/* Ranges need a ring, so the ring alone decides. */
static void list_holder(struct te_stack *stack, struct te_conn *conn, bool holds)
{
    if (holds == !te_list_is_empty(&conn->holder_link))
        return;
    if (holds) {
        te_list_push_back(&stack->charges.holders, &conn->holder_link);
        stack->charges.holder_count++;
    } else {
        te_list_remove(&conn->holder_link);
        stack->charges.holder_count--;
    }
}

static void set_charge(struct te_stack *stack, struct te_conn *conn, uint32_t rings, uint32_t rest)
{
    int64_t more_of_rings = (int64_t)rings - conn->charged_ring_bytes;
    int64_t more = (int64_t)rings + rest - (int64_t)charged(conn);
    conn->charged_ring_bytes = rings;
    conn->charged_rest_bytes = rest;
    stack->charges.ring_bytes += (uint64_t)more_of_rings;
    te_memory_charge(stack, more_of_rings);
    charge_accounts(stack, conn, more);
    list_holder(stack, conn, rings > 0);
}

void te_charge_update(struct te_stack *stack, struct te_conn *conn)
{
    uint32_t rings = ring_bytes(conn);
    uint32_t rest = rest_bytes(conn);
    if (conn->is_charged && (rings != conn->charged_ring_bytes || rest != conn->charged_rest_bytes))
        set_charge(stack, conn, rings, rest);
}

bool te_charge_begin(struct te_stack *stack, struct te_conn *conn)
{
    if (te_owner_join(stack, conn->uid) == NULL)
        return false;
    conn->is_charged = true;
    conn->charged_remote = conn->was_passive;
    conn->progress_at_us = stack->now_us;
    te_list_init(&conn->holder_link);
    te_charge_update(stack, conn);
    return true;
}

void te_charge_end(struct te_stack *stack, struct te_conn *conn)
{
    if (!conn->is_charged)
        return;
    set_charge(stack, conn, 0, 0);
    conn->is_charged = false;
    te_owner_leave(stack, conn->uid);
}

bool te_charge_move(struct te_stack *stack, struct te_conn *conn, uint32_t uid)
{
    if (uid == conn->uid)
        return true;
    struct te_owner *heir = te_owner_join(stack, uid);
    if (heir == NULL)
        return false;
    uint32_t tag = te_tag_number(stack, conn->tag_reference);
    if (!te_tag_change(stack, &conn->tag_reference, uid, tag)) {
        te_owner_leave(stack, uid);
        return false;
    }
    te_owner_find(stack, conn->uid)->bytes -= charged(conn);
    heir->bytes += charged(conn);
    te_owner_leave(stack, conn->uid);
    struct te_port_claim claim = {&conn->local, &conn->remote, conn->uid};
    if (!conn->is_remains)
        te_port_use_move(stack, &claim, uid);
    conn->uid = uid;
    return true;
}

void te_charge_note_drained(const struct te_stack *stack, struct te_conn *conn, uint64_t bytes)
{
    uint64_t held =
        conn->queued_offset - conn->acked_offset + conn->received_offset - conn->released_offset;
    uint64_t drained = conn->drained_bytes + bytes;
    bool is_progress = drained >= held / DRAINED_PART;
    conn->drained_bytes = is_progress ? 0 : (uint32_t)drained; /* buffers have 1 GiB at most */
    if (is_progress)
        conn->progress_at_us = stack->now_us;
}

int64_t te_charge_idle_us(const struct te_stack *stack, const struct te_conn *conn)
{
    return stack->now_us - conn->progress_at_us;
}

uint64_t te_charge_account_bytes(const struct te_stack *stack, const struct te_conn *conn)
{
    if (conn->charged_remote)
        return remote_bytes(stack, &conn->remote.addr);
    const struct te_owner *owner = te_owner_find(stack, conn->uid);
    return owner != NULL ? owner->bytes : 0;
}

bool te_charge_is_abandoned(const struct te_stack *stack, const struct te_conn *conn)
{
    const struct te_owner *owner = te_owner_find(stack, conn->uid);
    return !conn->is_kept && owner != NULL && owner->is_gone;
}

/* --- may it be more? -------------------------------------------------------------------------- */

static bool is_within_shares(const struct te_stack *stack, uint32_t uid,
                             const struct te_addr *remote, uint64_t more)
{
    const struct te_charges *charges = &stack->charges;
    unsigned shift = charges->is_pressed ? PRESSED_SHIFT : 0;
    const struct te_owner *owner = te_owner_find(stack, uid);
    uint64_t held = owner != NULL ? owner->bytes : 0;
    if (held + more > charges->per_uid_bytes >> shift)
        return false;
    return remote == NULL ||
           remote_bytes(stack, remote) + more <= charges->per_remote_bytes >> shift;
}

bool te_charge_admits(const struct te_stack *stack, uint32_t uid, const struct te_addr *remote)
{
    return stack->charges.remotes == NULL ||
           is_within_shares(stack, uid, remote, sizeof(struct te_conn));
}

/* Whether a buffer of conn may grow by so much, the reserve apart. */
static bool allows(const struct te_stack *stack, const struct te_conn *conn, uint64_t more)
{
    if (stack->charges.remotes == NULL)
        return true;
    return stack->memory.used_bytes + more <= stack->charges.limit_bytes &&
           is_within_shares(stack, conn->uid, conn->charged_remote ? &conn->remote.addr : NULL,
                            more);
}

/* The reserve comes from what is left beyond the limit. */
static bool allows_reserve(const struct te_stack *stack, uint64_t cost, uint64_t more)
{
    return cost <= stack->config.memory_reserve_bytes &&
           stack->memory.used_bytes + more <= stack->memory.max_bytes;
}

/* What is left of the reserve for a ring that has its memory. */
static uint32_t reserve_left(const struct te_stack *stack, const struct te_ring *ring)
{
    uint32_t reserve = stack->config.memory_reserve_bytes, cost = te_ring_cost(ring);
    if (cost >= reserve || !allows_reserve(stack, cost, reserve - cost))
        return 0;
    return reserve - cost;
}

static struct te_ring_owner ring_owner(const struct te_stack *stack, const struct te_conn *conn,
                                       const struct te_ring *ring)
{
    return (struct te_ring_owner){&stack->config.buffer_memory, conn->id, ring == &conn->send_ring};
}

/* What growth adds to the ring's cost, at most. */
static uint64_t growth_cost(const struct te_stack *stack, const struct te_conn *conn,
                            const struct te_ring *ring, const struct te_ring_growth *growth,
                            size_t len)
{
    struct te_ring_owner owner = ring_owner(stack, conn, ring);
    uint32_t size = te_ring_size_for(ring, growth);
    uint64_t cost = growth->to - growth->from + len + 2ull * te_ring_least_cost(&owner, size);
    if (growth->beyond != NULL)
        cost += 2ull * growth->beyond->count * te_ring_least_cost(&owner, size);
    if (cost > size)
        cost = size;
    return cost > te_ring_cost(ring) ? cost - te_ring_cost(ring) : 0;
}

static void grow(struct te_stack *stack, struct te_conn *conn, struct te_ring *ring,
                 const struct te_ring_growth *growth)
{
    struct te_ring_owner owner = ring_owner(stack, conn, ring);
    uint32_t before = te_ring_size(ring);
    te_ring_grow(ring, &owner, growth);
    stack->conns.buffer_bytes += te_ring_size(ring) - before;
    te_charge_update(stack, conn);
}

/* Somebody who holds little is held back by the limit alone: relief.h makes room, for the next try.
 */
static void want(struct te_stack *stack, const struct te_conn *conn, uint64_t more)
{
    struct te_charges *charges = &stack->charges;
    const struct te_addr *remote = conn->charged_remote ? &conn->remote.addr : NULL;
    if (!is_within_shares(stack, conn->uid, remote, more) || more <= charges->wanted_bytes)
        return;
    charges->wanted_bytes = more;
    charges->relief_bytes = 0;
}

/* The ring that growth asks for or, failing that, the reserve. */
static void grow_within(struct te_stack *stack, struct te_conn *conn, struct te_ring *ring,
                        const struct te_ring_growth *growth, size_t len)
{
    uint32_t reserve = stack->config.memory_reserve_bytes;
    if (ring->is_lent || (ring->region != NULL && growth->need_bytes <= te_ring_size(ring)))
        return;
    uint64_t cost = growth_cost(stack, conn, ring, growth, len);
    if (allows(stack, conn, cost)) {
        grow(stack, conn, ring, growth);
        return;
    }
    want(stack, conn, cost);
    struct te_ring_growth least = *growth;
    least.initial_bytes = reserve;
    if (least.need_bytes > reserve)
        least.need_bytes = reserve;
    if (te_ring_size(ring) < least.need_bytes && allows_reserve(stack, least.need_bytes, reserve))
        grow(stack, conn, ring, &least);
}

static size_t fitting(const struct te_ring *ring, uint64_t from, uint64_t offset, size_t len)
{
    uint64_t end = from + te_ring_size(ring);
    if (end <= offset)
        return 0;
    return end - offset < len ? (size_t)(end - offset) : len;
}

size_t te_charge_room(struct te_stack *stack, struct te_conn *conn, struct te_ring *ring,
                      const struct te_ring_growth *growth, uint64_t offset, size_t len)
{
    if (ring->touched == UINT64_MAX && growth->need_bytes <= te_ring_size(ring))
        return len; /* costs nothing */
    grow_within(stack, conn, ring, growth, len);
    size_t fits = fitting(ring, growth->from, offset, len);
    uint32_t more = te_ring_cost_of(ring, offset, fits);
    if (more == 0 || allows(stack, conn, more) ||
        allows_reserve(stack, te_ring_cost(ring) + (uint64_t)more, more))
        return fits;
    want(stack, conn, more);
    return te_ring_run(ring, offset, fits, reserve_left(stack, ring));
}

uint32_t te_charge_window_cap(const struct te_stack *stack, const struct te_conn *conn)
{
    uint32_t reserve = stack->config.memory_reserve_bytes;
    if (allows(stack, conn, reserve))
        return 0;
    uint32_t cost = te_ring_cost(&conn->receive_ring);
    return cost > reserve ? cost : reserve;
}

/* --- questions -------------------------------------------------------------------------------- */

const char *te_memory_level_name(enum te_memory_level level)
{
    static const char *const names[] = {"plenty", "pressure", "limit"};
    return (unsigned)level < sizeof(names) / sizeof(names[0]) ? names[level] : "?";
}

enum te_memory_level te_memory_level(const struct te_stack *stack)
{
    if (!stack->charges.is_pressed)
        return TE_MEMORY_PLENTY;
    return stack->memory.used_bytes >= stack->charges.limit_bytes ? TE_MEMORY_LIMIT
                                                                  : TE_MEMORY_PRESSURE;
}

/* Keeps the largest, in falling order; what falls out, or does not get in, goes to the others. */
static void rank_owner(struct te_memory_use *use, const struct te_owner *owner)
{
    struct te_memory_owner entry = {owner->uid, owner->connections, owner->bytes, !owner->is_gone};
    unsigned at = use->owner_count;
    while (at > 0 && use->owners[at - 1].bytes < entry.bytes)
        at--;
    if (use->owner_count < TE_MEMORY_OWNERS_MAX)
        use->owner_count++;
    else if (at == TE_MEMORY_OWNERS_MAX)
        use->other_bytes += entry.bytes;
    else
        use->other_bytes += use->owners[TE_MEMORY_OWNERS_MAX - 1].bytes;
    for (unsigned i = use->owner_count - 1; i > at && at < use->owner_count; i--)
        use->owners[i] = use->owners[i - 1];
    if (at < use->owner_count)
        use->owners[at] = entry;
}

void te_memory(const struct te_stack *stack, struct te_memory_use *ret_use)
{
    const struct te_charges *charges = &stack->charges;
    bool has_budget = stack->config.memory_max_bytes > 0;
    *ret_use = (struct te_memory_use){
        .level = te_memory_level(stack),
        .used_bytes = stack->memory.used_bytes,
        .max_bytes = stack->config.memory_max_bytes,
        .pressure_bytes = has_budget ? charges->pressure_bytes : 0,
        .limit_bytes = has_budget ? charges->limit_bytes : 0,
        .per_uid_bytes = charges->per_uid_bytes,
        .per_remote_bytes = charges->per_remote_bytes,
        .refused = stack->memory.refused,
    };
    for (unsigned i = 0; i < TE_OWNER_BUCKETS; i++)
        for (const struct te_owner *owner = stack->owners.buckets[i]; owner != NULL;
             owner = owner->next)
            if (owner->connections > 0)
                rank_owner(ret_use, owner);
}

/* --- invariants ------------------------------------------------------------------------------- */

/* What a recount finds; the sums over owners and places tell whose counts they are (mix.h). */
struct recount {
    uint64_t bytes, rings;
    uint64_t owners_bytes, owners_connections, owners_orphans, places;
};

static void add_places(const struct te_stack *stack, const struct te_conn *conn,
                       struct recount *recount)
{
    uint64_t hash = te_remote_hash(stack, DOMAIN_CHARGE, &conn->remote.addr);
    for (unsigned row = 0; row < TE_CHARGE_ROWS && stack->charges.remotes != NULL; row++) {
        const uint64_t *first = &stack->charges.remotes[0][0];
        recount->places += charged(conn) * te_mix((uint64_t)(place_in(stack, hash, row) - first));
    }
}

static const char *check_conn(const struct te_stack *stack, const struct te_conn *conn,
                              struct recount *recount)
{
    bool holds = ring_bytes(conn) > 0;
    if (charged(conn) != te_charge_of(conn) || conn->charged_ring_bytes != ring_bytes(conn))
        return "a connection's charge is not what it holds";
    if (holds == te_list_is_empty(&conn->holder_link))
        return "a connection with stream memory is not among the holders, or one without is";
    recount->bytes += charged(conn);
    recount->rings += conn->charged_ring_bytes;
    recount->owners_bytes += charged(conn) * te_mix(conn->uid);
    recount->owners_connections += te_mix(conn->uid);
    recount->owners_orphans += conn->counted_orphan * te_mix(conn->uid);
    if (conn->charged_remote)
        add_places(stack, conn, recount);
    return NULL;
}

static uint64_t sum_of_places(const struct te_charges *charges)
{
    uint64_t sum = 0;
    for (unsigned row = 0; charges->remotes != NULL && row < TE_CHARGE_ROWS; row++)
        for (unsigned i = 0; i < TE_CHARGE_ROW_LEN; i++)
            sum += charges->remotes[row][i] * te_mix(row * TE_CHARGE_ROW_LEN + i);
    return sum;
}

static const char *check_owners(const struct te_stack *stack, const struct recount *recount)
{
    uint64_t bytes = 0, connections = 0, orphans = 0;
    for (unsigned i = 0; i < TE_OWNER_BUCKETS; i++) {
        for (const struct te_owner *owner = stack->owners.buckets[i]; owner != NULL;
             owner = owner->next) {
            bytes += owner->bytes * te_mix(owner->uid);
            connections += owner->connections * te_mix(owner->uid);
            orphans += owner->orphans * te_mix(owner->uid);
        }
    }
    if (bytes != recount->owners_bytes)
        return "bytes charged to uids: the accounts differ from a recount";
    if (connections != recount->owners_connections)
        return "connections of uids: the accounts differ from a recount";
    return orphans != recount->owners_orphans
               ? "orphans of uids: the accounts differ from a recount"
               : NULL;
}

const char *te_charges_check(const struct te_stack *stack)
{
    const struct te_charges *charges = &stack->charges;
    uint64_t cursor = 0;
    struct recount recount = {0};
    const struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL) {
        const char *wrong = conn->is_charged ? check_conn(stack, conn, &recount) : NULL;
        if (wrong != NULL)
            return wrong;
    }
    if (recount.bytes != charges->charged_bytes || recount.rings != charges->ring_bytes)
        return "bytes charged: the account differs from a recount";
    if (te_list_len(&charges->holders) != charges->holder_count)
        return "holders of stream memory: the account differs from a recount";
    if (sum_of_places(charges) != recount.places)
        return "bytes charged to remotes: the accounts differ from a recount";
    if (stack->memory.used_bytes < recount.rings)
        return "less memory in use than its connections hold";
    return check_owners(stack, &recount);
}

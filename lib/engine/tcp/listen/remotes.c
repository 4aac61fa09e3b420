#include "tcp/listen/remotes.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/remote.h"
#include "tcp/listen/share.h"
#include "util/mix.h"

#define ROW_MIN 64
/* Places per remote at its limit: when such remotes fill the table of connections, one in 16^4
 * others finds all of its 4 places taken by them. */
#define ROW_FACTOR 16

/* What one remote may have; 0: no limit. */
static uint32_t limit_of(const struct te_config *config)
{
    uint32_t max = config->connections_per_remote_max;
    uint32_t share = te_share(config->conn_max, config->connections_per_remote_percent);
    return max < share ? max : share;
}

/* Rows are never longer than the table of connections. So a limit below ROW_FACTOR leaves only that
 * many places per remote, and one in limit^4 others is mistaken. */
static uint32_t row_len_for(const struct te_config *config)
{
    uint64_t want = (uint64_t)ROW_FACTOR * config->conn_max / limit_of(config);
    uint32_t len = ROW_MIN;
    while (len < want && len < config->conn_max)
        len *= 2;
    return len;
}

static size_t counts_size(const struct te_remotes *remotes)
{
    return (size_t)TE_REMOTES_ROWS * remotes->row_len * sizeof(*remotes->counts);
}

enum te_err te_remotes_init(struct te_stack *stack)
{
    struct te_remotes *remotes = &stack->remotes;
    if (stack->config.connections_per_remote_max == 0)
        return TE_OK;
    remotes->row_len = row_len_for(&stack->config);
    remotes->counts = te_stack_alloc(stack, counts_size(remotes));
    return remotes->counts != NULL ? TE_OK : TE_ERR_NOMEM;
}

void te_remotes_done(struct te_stack *stack)
{
    te_stack_dealloc(stack, stack->remotes.counts, counts_size(&stack->remotes));
    stack->remotes.counts = NULL;
}

/* A remote's counter in each row. */
struct places {
    uint32_t *at[TE_REMOTES_ROWS];
};

/* Two hashes, each good for two rows. */
static struct places places_of(const struct te_stack *stack, const struct te_addr *remote)
{
    const struct te_remotes *remotes = &stack->remotes;
    struct places places;
    for (unsigned row = 0; row < TE_REMOTES_ROWS; row += 2) {
        uint64_t hash = te_remote_hash(stack, (uint8_t)row, remote);
        uint32_t *start = &remotes->counts[row * (size_t)remotes->row_len];
        places.at[row] = &start[(uint32_t)hash & (remotes->row_len - 1)];
        start += remotes->row_len;
        places.at[row + 1] = &start[(uint32_t)(hash >> 32) & (remotes->row_len - 1)];
    }
    return places;
}

bool te_remotes_is_full(const struct te_stack *stack, const struct te_addr *remote)
{
    if (stack->remotes.counts == NULL)
        return false;
    struct places places = places_of(stack, remote);
    uint32_t limit = limit_of(&stack->config);
    for (unsigned row = 0; row < TE_REMOTES_ROWS; row++)
        if (*places.at[row] < limit)
            return false;
    return true;
}

void te_remotes_account(struct te_stack *stack, struct te_conn *conn)
{
    bool counts =
        stack->remotes.counts != NULL && conn->was_passive && conn->syn_acked && !conn->is_remains;
    if (counts == conn->counted_remote)
        return;
    conn->counted_remote = counts;
    struct places places = places_of(stack, &conn->remote.addr);
    for (unsigned row = 0; row < TE_REMOTES_ROWS; row++) {
        assert(counts || *places.at[row] > 0);
        if (counts)
            ++*places.at[row];
        else
            --*places.at[row];
    }
}

bool te_remotes_add_up(const struct te_stack *stack, uint64_t connections)
{
    const struct te_remotes *remotes = &stack->remotes;
    if (remotes->counts == NULL)
        return connections == 0;
    for (unsigned row = 0; row < TE_REMOTES_ROWS; row++) {
        uint64_t sum = 0;
        for (uint32_t i = 0; i < remotes->row_len; i++)
            sum += remotes->counts[row * (size_t)remotes->row_len + i];
        if (sum != connections)
            return false;
    }
    return true;
}

static uint64_t sum_of_conn(const struct te_stack *stack, const struct te_conn *conn)
{
    uint64_t sum = 0;
    struct places places = places_of(stack, &conn->remote.addr);
    for (unsigned row = 0; row < TE_REMOTES_ROWS; row++)
        sum += te_mix((uint64_t)(places.at[row] - stack->remotes.counts));
    return sum;
}

bool te_remotes_are_right(const struct te_stack *stack)
{
    const struct te_remotes *remotes = &stack->remotes;
    uint64_t cursor = 0, noted = 0, found = 0;
    const struct te_conn *conn;
    if (remotes->counts == NULL)
        return true;
    for (uint64_t i = 0; i < TE_REMOTES_ROWS * remotes->row_len; i++)
        noted += remotes->counts[i] * te_mix(i);
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL)
        if (conn->counted_remote)
            found += sum_of_conn(stack, conn);
    return noted == found;
}

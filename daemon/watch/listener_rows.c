#include "watch/listener_rows.h"

#include <stdio.h>
#include <string.h>

static uint64_t weight_of(const struct te_listener_tally *tally)
{
    return tally->accept_drops + tally->syn_drops + tally->cookies_sent;
}

/* Of equal ones, that which has been there for longer. */
static bool is_before(const struct te_listener_tally *a, const struct te_listener_tally *b)
{
    return weight_of(a) != weight_of(b) ? weight_of(a) > weight_of(b) : a->id < b->id;
}

static void consider(struct listener_look *look, const struct te_listener_tally *tally)
{
    struct te_listener_tally *best = look->best;
    unsigned place = look->count;
    if (place == LISTENER_ROWS_MAX && !is_before(tally, &best[place - 1]))
        return;
    if (place < LISTENER_ROWS_MAX)
        look->count++;
    else
        place--;
    for (; place > 0 && is_before(tally, &best[place - 1]); place--)
        best[place] = best[place - 1];
    best[place] = *tally;
}

/* --- what a row says -------------------------------------------------------------------------- */

static struct listener_counts counts_of(const struct te_listener_tally *tally)
{
    return (struct listener_counts){tally->accept_drops, tally->syn_drops, tally->cookies_sent};
}

static void add(struct listener_counts *sum, const struct listener_counts *counts)
{
    sum->accept_drops += counts->accept_drops;
    sum->syn_drops += counts->syn_drops;
    sum->cookies_sent += counts->cookies_sent;
}

static struct listener_counts minus(const struct listener_counts *a,
                                    const struct listener_counts *b)
{
    return (struct listener_counts){a->accept_drops - b->accept_drops, a->syn_drops - b->syn_drops,
                                    a->cookies_sent - b->cookies_sent};
}

/* As `tcpctl ls` has it, and what tells listeners of one address from each other. */
static void format_name(const struct te_listener_tally *tally, char *ret_name)
{
    char local[TE_ADDR_TEXT_MAX], remote[TE_ADDR_TEXT_MAX];
    te_endpoint_format(&tally->local, local);
    if (tally->family != TE_LISTEN_ANY && te_addr_is_unspecified(&tally->local.addr))
        snprintf(local, sizeof(local), "%s:%u", tally->family == TE_LISTEN_V4 ? "0.0.0.0" : "[::]",
                 tally->local.port);
    te_endpoint_format(&tally->remote, remote);
    bool is_open = te_addr_is_unspecified(&tally->remote.addr) && tally->remote.port == 0;
    snprintf(ret_name, LISTENER_ROW_NAME_MAX, "%s%s%s", local, is_open ? "" : " from ",
             is_open ? "" : remote);
}

static void show(struct listener_rows *rows, struct listener_row *row,
                 const struct te_listener_tally *tally)
{
    struct listener_counts now = counts_of(tally), counts = minus(&now, &row->base);
    struct listener_counts news = minus(&counts, &row->counts);
    add(&rows->attributed, &news);
    row->counts = counts;
    row->weight = weight_of(tally);
    row->accept_count = tally->accept_count;
    row->backlog = tally->backlog;
    row->syn_count = tally->syn_count;
    row->syn_max = tally->syn_max;
    row->is_seen = true;
}

/* --- who has one ------------------------------------------------------------------------------ */

static struct listener_row *find(struct listener_rows *rows, uint64_t id)
{
    for (unsigned i = 0; i < rows->count; i++)
        if (rows->rows[i].id == id)
            return &rows->rows[i];
    return NULL;
}

static bool has_name(const struct listener_rows *rows, const char *name)
{
    for (unsigned i = 0; i < rows->count; i++)
        if (strcmp(rows->rows[i].name, name) == 0)
            return true;
    return false;
}

static void forget_closed(struct listener_rows *rows)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < rows->count; i++)
        if (rows->rows[i].is_seen)
            rows->rows[kept++] = rows->rows[i];
    rows->count = kept;
}

/* The row that a listener of that weight may have; NULL: none. */
static struct listener_row *row_for(struct listener_rows *rows, uint64_t weight)
{
    struct listener_row *least = &rows->rows[0];
    if (rows->count < LISTENER_ROWS_MAX) {
        rows->rows[rows->count] = (struct listener_row){.id = 0}; /* what was there has gone */
        return &rows->rows[rows->count++];
    }
    for (unsigned i = 1; i < LISTENER_ROWS_MAX; i++)
        if (rows->rows[i].weight < least->weight)
            least = &rows->rows[i];
    return weight > LISTENER_ROWS_LEAD * least->weight ? least : NULL;
}

static void join_others(struct listener_row *other, const struct listener_row *row)
{
    other->accept_count += row->accept_count;
    other->backlog += row->backlog;
    other->syn_count += row->syn_count;
    other->syn_max += row->syn_max;
}

static void leave_others(struct listener_row *other, const struct listener_row *row)
{
    other->accept_count -= row->accept_count;
    other->backlog -= row->backlog;
    other->syn_count -= row->syn_count;
    other->syn_max -= row->syn_max;
}

/* What a listener has dropped that was there at the last look was counted among the others. */
static void give_row(struct listener_rows *rows, const struct te_listener_tally *tally)
{
    struct listener_row fresh = {.id = tally->id};
    format_name(tally, fresh.name);
    struct listener_row *row = has_name(rows, fresh.name) ? NULL : row_for(rows, weight_of(tally));
    if (row == NULL)
        return;
    join_others(&rows->other, row); /* of a new place: nothing */
    if (tally->id <= rows->newest_id)
        fresh.base = counts_of(tally);
    *row = fresh;
    show(rows, row, tally);
    leave_others(&rows->other, row);
}

void listener_rows_begin(struct listener_rows *rows, struct listener_look *look)
{
    *look = (struct listener_look){.newest_id = rows->newest_id};
    rows->other = (struct listener_row){.name = LISTENER_ROW_OTHER};
    for (unsigned i = 0; i < rows->count; i++)
        rows->rows[i].is_seen = false;
}

void listener_rows_see(struct listener_rows *rows, struct listener_look *look,
                       const struct te_listener_tally *tally)
{
    struct listener_row *row = find(rows, tally->id);
    const struct listener_row queues = {.accept_count = tally->accept_count,
                                        .backlog = tally->backlog,
                                        .syn_count = tally->syn_count,
                                        .syn_max = tally->syn_max};
    if (tally->id > look->newest_id)
        look->newest_id = tally->id;
    if (row != NULL) {
        show(rows, row, tally);
        return;
    }
    join_others(&rows->other, &queues);
    consider(look, tally);
}

void listener_rows_end(struct listener_rows *rows, const struct listener_look *look,
                       const struct listener_counts *total)
{
    forget_closed(rows);
    for (unsigned i = 0; i < look->count; i++)
        give_row(rows, &look->best[i]);
    rows->newest_id = look->newest_id;
    rows->other.counts = minus(total, &rows->attributed);
}

void listener_rows_update(struct listener_rows *rows, const struct te_stack *stack)
{
    const struct te_counters *counters = te_stack_counters(stack);
    const struct listener_counts total = {counters->accept_queue_full, counters->syn_queue_full,
                                          counters->syn_cookies_sent};
    struct listener_look look;
    struct te_listener_tally tally;
    uint64_t cursor = 0;
    listener_rows_begin(rows, &look);
    while (te_tally_listener(stack, &cursor, &tally))
        listener_rows_see(rows, &look, &tally);
    listener_rows_end(rows, &look, &total);
}

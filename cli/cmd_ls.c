/* tcpctl ls: connections and listeners, with ss's columns; also the TIME_WAIT table if the
 * expression asks for that state. */
#include <inttypes.h>

#include "cli.h"
#include "filtered.h"
#include "format.h"
#include "json_rows.h"
#include "listing.h"

static bool is_shown(const struct filter *filter, const struct tcpc_connection *row)
{
    struct filter_subject subject = {
        .state = row->state, .local = &row->local, .remote = &row->remote, .uid = row->uid};
    return filter_shows(filter, &subject);
}

static void add_timer(struct table *table, const struct tcpc_connection *row)
{
    if (row->timer != NULL && *row->timer)
        table_cell(table, "%s,%" PRId64 "ms", row->timer, row->timer_ms);
    else
        table_text(table, "-");
}

static void add_cells(struct table *table, const struct tcpc_connection *row)
{
    char text[TCPC_ENDPOINT_TEXT_MAX];
    table_row_of(table, row->id);
    table_number(table, row->id);
    table_color(table, format_state_color(row->state));
    table_text(table, tcpc_state_name(row->state));
    table_number(table, row->receive_queue_bytes);
    table_number(table, row->send_queue_bytes);
    table_text(table, tcpc_endpoint_format(&row->local, text));
    table_text(table, tcpc_endpoint_format(&row->remote, text));
    table_number(table, row->uid);
    add_timer(table, row);
}

static const struct column columns[] = {{"Id", false},
                                        {"State", false},
                                        {"Recv-Q", true},
                                        {"Send-Q", true},
                                        {"Local Address:Port", false},
                                        {"Peer Address:Port", false},
                                        {"Uid", true},
                                        {"Timer", false},
                                        {NULL, false}};

static void add_row(struct listing *listing, const struct tcpc_connection *row)
{
    if (!is_shown(listing->filter, row))
        return;
    if (listing->table != NULL)
        add_cells(listing->table, row);
    else
        json_rows_add_connection(&listing->json, row);
}

static bool on_connections(void *ctx, const struct tcpc_response *page)
{
    for (size_t i = 0; i < page->u.list.count; i++)
        add_row(ctx, &page->u.list.rows[i]);
    return true;
}

static bool on_time_wait(void *ctx, const struct tcpc_response *page)
{
    for (size_t i = 0; i < page->u.time_wait_list.count; i++) {
        const struct tcpc_time_wait *entry = &page->u.time_wait_list.rows[i];
        const struct tcpc_connection row = {.id = entry->id,
                                            .state = TCPC_TIME_WAIT,
                                            .local = entry->local,
                                            .remote = entry->remote,
                                            .uid = entry->uid,
                                            .timer = "time_wait",
                                            .timer_ms = entry->remaining_ms};
        add_row(ctx, &row);
    }
    return true;
}

/* The daemon's order is that of its tables; people look for an id, and get the rows in that order.
 * A connection in TIME_WAIT with unread bytes is in both lists: the row of the first is shown. */
static int list_and_print(struct cli *cli, const struct filter *filter)
{
    struct listing listing = listing_begin(cli, filter, columns);
    struct tcpc_error error;
    enum tcpc_code code =
        tcpc_list_pages(cli->client, TCPC_OP_LIST, on_connections, &listing, &error);
    if (code == TCPC_OK && filter_asks_for(filter, TCPC_TIME_WAIT))
        code = tcpc_list_pages(cli->client, TCPC_OP_TIME_WAIT_LIST, on_time_wait, &listing, &error);
    texts_sort(&listing.json);
    return listing_end(cli, &listing, code, &error);
}

static int cmd_ls(struct cli *cli, int argc, char **argv)
{
    return filtered_run(cli, argc, argv, list_and_print);
}

const struct verb verb_ls = {.name = "ls",
                             .arguments = "[EXPR]",
                             .summary = "List connections and listeners",
                             .details =
                                 FILTER_DETAILS "tcpctl ls state established 'dport = :80'\n",
                             .run = cmd_ls};

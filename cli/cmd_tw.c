/* tcpctl tw: the TIME_WAIT table. */
#include "cli.h"
#include "filtered.h"
#include "format.h"
#include "json_rows.h"
#include "listing.h"
#include "owner.h"

static void add_cells(struct table *table, const struct tcpc_time_wait *row)
{
    char text[FORMAT_MAX];
    table_row(table);
    table_number(table, row->id);
    table_text(table, tcpc_endpoint_format(&row->local, text));
    table_text(table, tcpc_endpoint_format(&row->remote, text));
    table_text(table, tcpc_state_name(row->entered_from));
    table_text(table, row->entered_by);
    table_text(table, format_duration(row->remaining_ms * 1000, text));
    table_text(table, format_duration(row->duration_ms * 1000, text));
    table_number(table, row->fin_reacked);
    table_number(table, row->uid);
    table_text(table, *owner_name(&row->owner, text) ? text : "-");
}

static const struct column columns[] = {{"Id", false},
                                        {"Local Address:Port", false},
                                        {"Peer Address:Port", false},
                                        {"Entered from", false},
                                        {"Closed by", false},
                                        {"Remaining", true},
                                        {"2MSL", true},
                                        {"FINs repeated", true},
                                        {"Uid", true},
                                        {"Program", false},
                                        {NULL, false}};

static bool on_page(void *ctx, const struct tcpc_response *page)
{
    struct listing *listing = ctx;
    for (size_t i = 0; i < page->u.time_wait_list.count; i++) {
        const struct tcpc_time_wait *row = &page->u.time_wait_list.rows[i];
        if (listing->table != NULL)
            add_cells(listing->table, row);
        else
            json_rows_add_time_wait(&listing->json, row);
    }
    return true;
}

static int list_and_print(struct cli *cli, const struct filter *filter)
{
    struct listing listing = listing_begin(cli, columns);
    struct tcpc_filter_node nodes[TCPC_FILTER_NODES_MAX];
    const struct tcpc_request request = {
        .op = TCPC_OP_TIME_WAIT_LIST,
        .u.page = {.filter = nodes, .filter_count = filter_nodes(filter, 0, nodes)}};
    struct tcpc_error error;
    enum tcpc_code code = tcpc_request_pages(cli->client, &request, on_page, &listing, &error);
    return listing_end(cli, &listing, code, &error);
}

static int cmd_tw(struct cli *cli, int argc, char **argv)
{
    return filtered_run(cli, argc, argv, 1u << TCPC_TIME_WAIT, list_and_print);
}

const struct verb verb_tw = {.name = "tw",
                             .arguments = "[EXPR]",
                             .summary = "List the TIME_WAIT table",
                             .details = FILTER_DETAILS "tcpctl tw 'dport = :80'\n",
                             .run = cmd_tw};

/* tcpctl tw: the TIME_WAIT table. */
#include <inttypes.h>

#include "cli.h"
#include "filtered.h"
#include "format.h"
#include "json.h"
#include "table.h"

static bool is_shown(const struct filter *filter, const struct tcpc_time_wait *row)
{
    struct filter_subject subject = {
        .state = TCPC_TIME_WAIT, .local = &row->local, .remote = &row->remote, .uid = row->uid};
    return filter_shows(filter, &subject);
}

static void add_row(struct table *table, const struct tcpc_time_wait *row)
{
    char text[FORMAT_MAX];
    table_row(table);
    table_cell(table, "%" PRIu64, row->id);
    table_cell(table, "%s", tcpc_endpoint_format(&row->local, text));
    table_cell(table, "%s", tcpc_endpoint_format(&row->remote, text));
    table_cell(table, "%s", tcpc_state_name(row->entered_from));
    table_cell(table, "%s", row->entered_by);
    table_cell(table, "%s", format_duration(row->remaining_ms * 1000, text));
    table_cell(table, "%s", format_duration(row->duration_ms * 1000, text));
    table_cell(table, "%" PRIu32, row->fin_reacked);
    table_cell(table, "%" PRIu32, row->uid);
}

static void print_table(const struct cli *cli, const struct tcpc_time_wait_list *list,
                        const struct filter *filter)
{
    static const struct column columns[] = {{"Id", false},
                                            {"Local Address:Port", false},
                                            {"Peer Address:Port", false},
                                            {"Entered from", false},
                                            {"Closed by", false},
                                            {"Remaining", true},
                                            {"2MSL", true},
                                            {"FINs repeated", true},
                                            {"Uid", true},
                                            {NULL, false}};
    struct table *table = table_new(cli, columns);
    for (size_t i = 0; i < list->count; i++) {
        if (is_shown(filter, &list->rows[i]))
            add_row(table, &list->rows[i]);
    }
    table_print(table);
}

static void print_json(const struct tcpc_time_wait_list *list, const struct filter *filter)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        if (is_shown(filter, &list->rows[i]))
            json_append(array, json_time_wait(&list->rows[i]));
    }
    json_print(array);
}

static int list_and_print(struct cli *cli, const struct filter *filter)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    if (tcpc_time_wait_list(cli->client, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "tw");
    if (cli->is_json)
        print_json(&response->u.time_wait_list, filter);
    else
        print_table(cli, &response->u.time_wait_list, filter);
    tcpc_response_free(response);
    return EXIT_DONE;
}

static int cmd_tw(struct cli *cli, int argc, char **argv)
{
    return filtered_run(cli, argc, argv, list_and_print);
}

const struct verb verb_tw = {.name = "tw",
                             .arguments = "[EXPR]",
                             .summary = "List the TIME_WAIT table",
                             .details = FILTER_DETAILS "tcpctl tw 'dport = :80'\n",
                             .run = cmd_tw};

/* tcpctl ls: connections, listeners and TIME_WAIT entries, with ss's columns. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "filter.h"
#include "json.h"
#include "table.h"

static bool is_shown(const struct filter *filter, const struct tcpc_connection *row)
{
    struct filter_subject subject = {
        .state = row->state, .local = &row->local, .remote = &row->remote, .uid = row->uid};
    return filter_shows(filter, &subject);
}

static void add_row(struct table *table, const struct tcpc_connection *row)
{
    char local[TCPC_ENDPOINT_TEXT_MAX], remote[TCPC_ENDPOINT_TEXT_MAX];
    table_row(table);
    table_cell(table, "%" PRIu64, row->id);
    table_cell(table, "%s", tcpc_state_name(row->state));
    table_cell(table, "%" PRIu64, row->receive_queue_bytes);
    table_cell(table, "%" PRIu64, row->send_queue_bytes);
    table_cell(table, "%s", tcpc_endpoint_format(&row->local, local));
    table_cell(table, "%s", tcpc_endpoint_format(&row->remote, remote));
    table_cell(table, "%" PRIu32, row->uid);
    if (*row->timer)
        table_cell(table, "%s,%" PRId64 "ms", row->timer, row->timer_ms);
    else
        table_cell(table, "-");
}

static void print_table(const struct cli *cli, const struct tcpc_connection **rows, size_t count)
{
    static const struct column columns[] = {{"Id", false},
                                            {"State", false},
                                            {"Recv-Q", true},
                                            {"Send-Q", true},
                                            {"Local Address:Port", false},
                                            {"Peer Address:Port", false},
                                            {"Uid", true},
                                            {"Timer", false},
                                            {NULL, false}};
    struct table *table = table_new(cli, columns);
    for (size_t i = 0; i < count; i++)
        add_row(table, rows[i]);
    table_print(table);
}

static int by_id(const void *left, const void *right)
{
    const struct tcpc_connection *a = *(const struct tcpc_connection *const *)left;
    const struct tcpc_connection *b = *(const struct tcpc_connection *const *)right;
    return (a->id > b->id) - (a->id < b->id);
}

/* The daemon's order is that of its tables; people look for ids. */
static const struct tcpc_connection **choose(const struct tcpc_connection_list *list,
                                             const struct filter *filter, size_t *ret_count)
{
    const struct tcpc_connection **rows = calloc(list->count + 1, sizeof(struct tcpc_connection *));
    if (!rows)
        abort();
    *ret_count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (is_shown(filter, &list->rows[i]))
            rows[(*ret_count)++] = &list->rows[i];
    }
    qsort(rows, *ret_count, sizeof(struct tcpc_connection *), by_id);
    return rows;
}

static int list_and_print(struct cli *cli, const struct filter *filter)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    size_t count;
    if (tcpc_list(cli->client, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "ls");
    const struct tcpc_connection **rows = choose(&response->u.list, filter, &count);
    if (cli->is_json) {
        json_t *array = json_array();
        for (size_t i = 0; i < count; i++)
            json_append(array, json_connection(rows[i]));
        json_print(array);
    } else {
        print_table(cli, rows, count);
    }
    free(rows);
    tcpc_response_free(response);
    return EXIT_DONE;
}

int cmd_ls(struct cli *cli, int argc, char **argv)
{
    struct filter filter;
    char why[FILTER_ERROR_MAX];
    int status;
    if (!cli_arguments(cli, argc, argv, &status))
        return status;
    if (!filter_parse_words(argc - optind, argv + optind, &filter, why))
        return cli_usage(cli, "%s", why);
    status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : list_and_print(cli, &filter);
}

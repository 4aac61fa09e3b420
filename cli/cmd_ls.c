/* tcpctl ls: connections and listeners, with ss's columns; also the TIME_WAIT table if the
 * expression asks for that state. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "filtered.h"
#include "format.h"
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
    table_color(table, format_state_color(row->state));
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

/* The rows shown; what they point to belongs to the responses. */
struct rows {
    struct tcpc_connection *list;
    size_t count;
};

static void print_table(const struct cli *cli, const struct rows *rows)
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
    for (size_t i = 0; i < rows->count; i++)
        add_row(table, &rows->list[i]);
    table_print(table);
}

static int by_id(const void *left, const void *right)
{
    const struct tcpc_connection *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static void rows_add(struct rows *rows, const struct filter *filter,
                     const struct tcpc_connection *row)
{
    if (is_shown(filter, row))
        rows->list[rows->count++] = *row;
}

static void rows_reserve(struct rows *rows, size_t more)
{
    rows->list = reallocarray(rows->list, rows->count + more + 1, sizeof(*rows->list));
    if (rows->list == NULL)
        abort();
}

static void rows_add_connections(struct rows *rows, const struct filter *filter,
                                 const struct tcpc_connection_list *list)
{
    rows_reserve(rows, list->count);
    for (size_t i = 0; i < list->count; i++)
        rows_add(rows, filter, &list->rows[i]);
}

/* A connection in TIME_WAIT with unread bytes is in both lists. */
static bool rows_have(const struct rows *rows, size_t count, uint64_t id)
{
    struct tcpc_connection key = {.id = id};
    return count && bsearch(&key, rows->list, count, sizeof(key), by_id) != NULL;
}

static void rows_add_time_wait(struct rows *rows, const struct filter *filter,
                               const struct tcpc_time_wait_list *list)
{
    size_t before = rows->count;
    rows_reserve(rows, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct tcpc_time_wait *entry = &list->rows[i];
        struct tcpc_connection row = {.id = entry->id,
                                      .state = TCPC_TIME_WAIT,
                                      .local = entry->local,
                                      .remote = entry->remote,
                                      .uid = entry->uid,
                                      .timer = "time_wait",
                                      .timer_ms = entry->remaining_ms};
        if (!rows_have(rows, before, row.id))
            rows_add(rows, filter, &row);
    }
}

/* The daemon's order is that of its tables; people look for an id. */
static void rows_sort(struct rows *rows)
{
    qsort(rows->list, rows->count, sizeof(*rows->list), by_id);
}

static void rows_print(const struct cli *cli, const struct rows *rows)
{
    if (!cli->is_json) {
        print_table(cli, rows);
        return;
    }
    json_t *array = json_array();
    for (size_t i = 0; i < rows->count; i++)
        json_append(array, json_connection(&rows->list[i]));
    json_print(array);
}

static int list_and_print(struct cli *cli, const struct filter *filter)
{
    struct tcpc_response *list = NULL, *entries = NULL;
    struct tcpc_error error;
    struct rows rows = {.list = NULL};
    enum tcpc_code code = tcpc_list(cli->client, &list, &error);
    if (code == TCPC_OK && filter_asks_for(filter, TCPC_TIME_WAIT))
        code = tcpc_time_wait_list(cli->client, &entries, &error);
    if (code != TCPC_OK) {
        tcpc_response_free(list);
        return cli_fail(cli, &error, "ls");
    }
    rows_add_connections(&rows, filter, &list->u.list);
    rows_sort(&rows);
    if (entries != NULL)
        rows_add_time_wait(&rows, filter, &entries->u.time_wait_list);
    rows_sort(&rows);
    rows_print(cli, &rows);
    free(rows.list);
    tcpc_response_free(entries);
    tcpc_response_free(list);
    return EXIT_DONE;
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

/* tcpctl stats */
#include <inttypes.h>

#include "cli.h"
#include "json.h"
#include "table.h"

static void print_json(const struct tcpc_counters *counters)
{
    json_t *object = json_object();
    for (size_t i = 0; i < counters->count; i++)
        json_put(object, counters->rows[i].name, json_number(counters->rows[i].value));
    json_print(object);
}

static void print_table(const struct cli *cli, const struct tcpc_counters *counters)
{
    static const struct column columns[] = {
        {"Counter", false}, {"Value", true}, {"Meaning", false}, {NULL, false}};
    struct table *table = table_new(cli, columns);
    for (size_t i = 0; i < counters->count; i++) {
        table_row(table);
        table_cell(table, "%s", counters->rows[i].name);
        table_cell(table, "%" PRIu64, counters->rows[i].value);
        table_cell(table, "%s", counters->rows[i].help);
    }
    table_print(table);
}

static int cmd_stats(struct cli *cli, int argc, char **argv)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    int status;
    if (!cli_arguments(cli, argc, argv, 0, 0, &status))
        return status;
    status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    if (tcpc_counters(cli->client, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "stats");
    if (cli->is_json)
        print_json(&response->u.counters);
    else
        print_table(cli, &response->u.counters);
    tcpc_response_free(response);
    return EXIT_DONE;
}

const struct verb verb_stats = {.name = "stats",
                                .arguments = "",
                                .summary = "Show the counters; see tcpctl-stats(7)",
                                .run = cmd_stats};

/* tcpctl stats */
#include <inttypes.h>

#include "cli.h"
#include "inquiry.h"
#include "json.h"
#include "table.h"

static void print_json(struct cli *cli, const struct tcpc_response *response)
{
    const struct tcpc_counters *counters = &response->u.counters;
    (void)cli;
    json_t *object = json_object();
    for (size_t i = 0; i < counters->count; i++)
        json_put(object, counters->rows[i].name, json_number(counters->rows[i].value));
    json_print(object);
}

static void print_table(struct cli *cli, const struct tcpc_response *response)
{
    const struct tcpc_counters *counters = &response->u.counters;
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
    static const struct inquiry inquiry = {tcpc_counters, print_json, print_table};
    return inquiry_run(cli, argc, argv, &inquiry);
}

const struct verb verb_stats = {.name = "stats",
                                .arguments = "",
                                .summary = "Show the counters; see tcpctl-stats(7)",
                                .run = cmd_stats};

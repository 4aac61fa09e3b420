/* tcpctl history */
#include <inttypes.h>

#include "format.h"
#include "json.h"
#include "one_id.h"
#include "table.h"

static void print_json(const struct tcpc_history *history)
{
    json_t *array = json_array();
    for (size_t i = 0; i < history->count; i++) {
        const struct tcpc_transition *row = &history->rows[i];
        json_t *object = json_object();
        json_put(object, "time_us", json_integer(row->time_us));
        json_put(object, "from", json_state(row->from));
        json_put(object, "to", json_state(row->to));
        json_put(object, "cause", json_text(row->cause));
        json_put(object, "segment", json_segment(row->segment));
        json_append(array, object);
    }
    json_print(array);
}

static void print_table(const struct cli *cli, const struct tcpc_history *history)
{
    static const struct column columns[] = {{"Time", true},   {"From", false},    {"To", false},
                                            {"Cause", false}, {"Segment", false}, {NULL, false}};
    struct table *table = table_new(cli, columns);
    for (size_t i = 0; i < history->count; i++) {
        const struct tcpc_transition *row = &history->rows[i];
        char text[FORMAT_MAX];
        table_row(table);
        table_cell(table, "%s", format_time(row->time_us, text));
        table_cell(table, "%s", tcpc_state_name(row->from));
        table_cell(table, "%s", tcpc_state_name(row->to));
        table_cell(table, "%s", row->cause);
        table_cell(table, "%s", row->segment ? format_segment(row->segment, text) : "-");
    }
    table_print(table);
}

static int do_history(struct cli *cli, uint64_t id)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    if (tcpc_history(cli->client, id, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "history %" PRIu64, id);
    if (cli->is_json)
        print_json(&response->u.history);
    else
        print_table(cli, &response->u.history);
    tcpc_response_free(response);
    return EXIT_DONE;
}

int cmd_history(struct cli *cli, int argc, char **argv)
{
    return one_id_run(cli, argc, argv, do_history);
}

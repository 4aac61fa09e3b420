/* tcpctl history */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "cli.h"
#include "format.h"
#include "history_merge.h"
#include "ids.h"
#include "json.h"
#include "owner.h"
#include "table.h"

static void add_transition(struct table *table, const struct tcpc_transition *row)
{
    char text[FORMAT_MAX];
    table_row(table);
    table_cell(table, "%s", format_time(row->time_us, text));
    table_cell(table, "%s", tcpc_state_name(row->from));
    table_cell(table, "%s", tcpc_state_name(row->to));
    table_cell(table, "%s", row->cause);
    table_cell(table, "%s", row->segment != NULL ? format_segment(row->segment, text) : "-");
}

static void add_note(struct table *table, const char *time, const char *state, const char *what)
{
    table_row(table);
    table_cell(table, "%s", time);
    table_cell(table, "%s", state);
    table_cell(table, "-");
    table_cell(table, "%s", what);
    table_cell(table, "-");
}

static void print_table(const struct cli *cli, const struct tcpc_history *history)
{
    static const struct column columns[] = {{"Time", true},   {"From", false},    {"To", false},
                                            {"Cause", false}, {"Segment", false}, {NULL, false}};
    struct table *table = table_new(cli, columns);
    struct history_merge merge = {.history = history, .with_notes = true};
    const struct tcpc_transition *transition;
    const struct tcpc_note *note;
    char text[FORMAT_MAX];
    while (history_merge_next(&merge, &transition, &note)) {
        if (transition != NULL) {
            add_transition(table, transition);
            continue;
        }
        if (note == history->notes && history->notes_older > 0) {
            snprintf(text, sizeof(text), "%" PRIu64 " earlier notes are no longer kept",
                     history->notes_older);
            add_note(table, "-", "-", text);
        }
        add_note(table, format_time(note->time_us, text), tcpc_state_name(note->state), note->text);
    }
    table_print(table);
}

static json_t *endpoint_or_null(const struct tcpc_endpoint *endpoint)
{
    return endpoint->address[0] != '\0' ? json_endpoint(endpoint) : json_null();
}

static void print_drops_json(const struct tcpc_history *history)
{
    json_t *array = json_array();
    for (size_t i = 0; i < history->drop_count; i++) {
        const struct tcpc_drop *row = &history->drops[i];
        json_t *object = json_object();
        json_put(object, "time_us", json_integer(row->time_us));
        json_put(object, "reason", json_text(row->reason));
        json_put(object, "text", json_text(row->text));
        json_put(object, "counter", json_text(row->counter));
        json_put(object, "segment", json_segment(row->segment));
        json_put(object, "id", row->id != 0 ? json_number(row->id) : json_null());
        json_put(object, "local", endpoint_or_null(&row->local));
        json_put(object, "remote", endpoint_or_null(&row->remote));
        json_append(array, object);
    }
    json_print(array);
}

static void add_drop(struct table *table, const struct tcpc_drop *row, bool is_of_all)
{
    char text[FORMAT_MAX];
    char end[TCPC_ENDPOINT_TEXT_MAX];
    table_row(table);
    table_cell(table, "%s", format_time(row->time_us, text));
    table_cell(table, "%s", row->reason);
    if (is_of_all) {
        const char *none = row->remote.address[0] == '\0' ? "-" : NULL;
        if (row->id != 0)
            table_cell(table, "%" PRIu64, row->id);
        else
            table_cell(table, "-");
        table_cell(table, "%s", none != NULL ? none : tcpc_endpoint_format(&row->local, end));
        table_cell(table, "%s", none != NULL ? none : tcpc_endpoint_format(&row->remote, end));
    }
    table_cell(table, "%s", row->segment != NULL ? format_segment(row->segment, text) : "-");
    table_cell(table, "%s", row->text);
}

static void print_drops_table(const struct cli *cli, const struct tcpc_history *history,
                              bool is_of_all)
{
    static const struct column own[] = {
        {"Time", true}, {"Dropped", false}, {"Segment", false}, {"Why", false}, {NULL, false}};
    static const struct column all[] = {{"Time", true},   {"Dropped", false}, {"ID", true},
                                        {"Local", false}, {"Peer", false},    {"Segment", false},
                                        {"Why", false},   {NULL, false}};
    struct table *table = table_new(cli, is_of_all ? all : own);
    for (size_t i = 0; i < history->drop_count; i++)
        add_drop(table, &history->drops[i], is_of_all);
    table_print(table);
}

static void print_owner(const struct cli *cli, const struct tcpc_history *history)
{
    const struct tcpc_owner *owner = &history->owner;
    char text[OWNER_TEXT_MAX];
    if (cli->is_headerless || !*owner_name(owner, text))
        return;
    printf("Of %s", text);
    if (*owner->session)
        printf(", session %s", owner->session);
    putchar('\n');
}

/* Programs get transitions alone; only people get notes and drops without asking. */
static void print_all(const struct cli *cli, const struct tcpc_history *history, bool with_notes)
{
    if (cli->is_json) {
        json_print(json_history(history, with_notes));
        return;
    }
    print_owner(cli, history);
    print_table(cli, history);
    if (history->drop_count == 0 || cli->is_headerless)
        return;
    putchar('\n');
    print_drops_table(cli, history, false);
}

struct choice {
    bool drops_only, with_notes;
};

/* id 0: only the drops of the whole stack. */
static int do_history(struct cli *cli, uint64_t id, void *ctx)
{
    const struct choice *choice = ctx;
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    if (tcpc_history(cli->client, id, &response, &error) != TCPC_OK)
        return id == 0 ? cli_fail(cli, &error, "history --drops")
                       : cli_fail(cli, &error, "history %" PRIu64, id);
    const struct tcpc_history *history = &response->u.history;
    if (!choice->drops_only)
        print_all(cli, history, choice->with_notes);
    else if (cli->is_json)
        print_drops_json(history);
    else
        print_drops_table(cli, history, id == 0);
    tcpc_response_free(response);
    return EXIT_DONE;
}

static int cmd_history(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {
        {"drops", no_argument, NULL, 'd'}, {"notes", no_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
    struct choice choice = {false, false};
    int option;
    while ((option = cli_next_option(cli, argc, argv, "dn", options)) >= 0) {
        if (option == '?')
            return EXIT_USAGE;
        choice.drops_only = choice.drops_only || option == 'd';
        choice.with_notes = choice.with_notes || option == 'n';
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, choice.drops_only ? 0 : 1, choice.drops_only ? 1 : INT_MAX))
        return EXIT_USAGE;
    cli->separates_ids = true;
    if (optind < argc)
        return ids_each(cli, argc - optind, argv + optind, do_history, &choice);
    int status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : do_history(cli, 0, &choice);
}

const struct verb verb_history = {
    .name = "history",
    .arguments = "ID...",
    .summary = "Show state transitions, and what happened between them",
    .options =
        "  -d, --drops             only the latest drops; without ID, those of the whole stack\n"
        "  -n, --notes             with --json: what happened between the transitions as well\n",
    .run = cmd_history};

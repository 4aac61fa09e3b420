/* tcpctl sessions: the sessions of programs, and what they hold. */
#include <inttypes.h>

#include "cli.h"
#include "format.h"
#include "inquiry.h"
#include "json.h"
#include "owner.h"
#include "table.h"

static const char *policy_name(enum tcpc_policy policy)
{
    switch (policy) {
    case TCPC_POLICY_ABORT:
        return "abort";
    case TCPC_POLICY_KEEP:
        return "keep";
    case TCPC_POLICY_NONE:
    case TCPC_POLICY_CLOSE:
        break;
    }
    return "close";
}

static json_t *session_json(const struct tcpc_session *row)
{
    json_t *object = json_object();
    json_put(object, "session", json_number(row->number));
    json_put(object, "name", json_text(row->name));
    json_put(object, "uid", json_number(row->uid));
    json_put(object, "pid", row->owner.pid != 0 ? json_number(row->owner.pid) : json_null());
    json_put(object, "program", json_text(row->owner.program));
    json_put(object, "gone", json_boolean(row->owner.is_gone));
    json_put(object, "policy", json_text(policy_name(row->policy)));
    json_put(object, "keep_seconds", json_number(row->keep_seconds));
    json_put(object, "connections", json_number(row->connections));
    json_put(object, "listeners", json_number(row->listeners));
    json_put(object, "age_ms", json_integer(row->age_ms));
    json_put(object, "attached", json_boolean(row->is_attached));
    return object;
}

static void print_json(struct cli *cli, const struct tcpc_response *response)
{
    const struct tcpc_session_list *list = &response->u.sessions;
    (void)cli;
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_append(array, session_json(&list->rows[i]));
    json_print(array);
}

static void add_policy(struct table *table, const struct tcpc_session *row)
{
    if (row->policy == TCPC_POLICY_KEEP)
        table_cell(table, "keep %" PRIu32 " s", row->keep_seconds);
    else
        table_text(table, policy_name(row->policy));
}

static void print_table(struct cli *cli, const struct tcpc_response *response)
{
    const struct tcpc_session_list *list = &response->u.sessions;
    static const struct column columns[] = {
        {"Session", true},   {"Name", false},   {"Program", false},
        {"Uid", true},       {"Policy", false}, {"Connections", true},
        {"Listeners", true}, {"Age", true},     {NULL, false}};
    struct table *table = table_new(cli, columns);
    for (size_t i = 0; i < list->count; i++) {
        const struct tcpc_session *row = &list->rows[i];
        char text[FORMAT_MAX];
        table_row(table);
        table_number(table, row->number);
        table_text(table, *row->name ? row->name : "-");
        table_text(table, *owner_name(&row->owner, text) ? text : "-");
        table_number(table, row->uid);
        add_policy(table, row);
        table_number(table, row->connections);
        table_number(table, row->listeners);
        table_text(table, format_duration(row->age_ms * 1000, text));
    }
    table_print(table);
}

static int cmd_sessions(struct cli *cli, int argc, char **argv)
{
    static const struct inquiry inquiry = {tcpc_sessions, print_json, print_table};
    return inquiry_run(cli, argc, argv, &inquiry);
}

const struct verb verb_sessions = {.name = "sessions",
                                   .arguments = "",
                                   .summary = "List the sessions of programs",
                                   .run = cmd_sessions};

/* tcpctl show: everything about one connection. */
#include <inttypes.h>
#include <stdio.h>

#include "format.h"
#include "ids.h"
#include "json.h"
#include "owner.h"
#include "status_field.h"
#include "terminal.h"

enum { NAME_COLUMNS = 13 };

static void print_errors(const struct tcpc_status *status)
{
    if (status->error.code != TCPC_OK)
        printf("%-12s %s (%s)\n", "error", status->error.message, status->error.errno_name);
    if (status->soft_error.code != TCPC_OK)
        printf("%-12s %s (%s)\n", "ICMP", status->soft_error.message,
               status->soft_error.errno_name);
}

static void print_owner(const struct tcpc_connection *row)
{
    char text[OWNER_TEXT_MAX];
    printf("%-12s %" PRIu32 "\n", "uid", row->uid);
    printf("%-12s %s\n", "program", *owner_name(&row->owner, text) ? text : "not known");
    printf("%-12s %s\n", "session",
           row->owner.session != NULL && *row->owner.session ? row->owner.session : "none");
}

static void print_head(const struct tcpc_status *status)
{
    const struct tcpc_connection *row = &status->connection;
    char text[FORMAT_MAX];
    printf("%-12s %" PRIu64 "\n", "id", row->id);
    status_line_print(STATUS_LINE_STATE, tcpc_state_name(row->state), status);
    printf("%-12s %s\n", "local", tcpc_endpoint_format(&row->local, text));
    printf("%-12s %s\n", "remote", tcpc_endpoint_format(&row->remote, text));
    print_owner(row);
    if (*status->socket)
        printf("%-12s %s\n", "socket", status->socket);
    if (*row->timer)
        printf("%-12s %s in %s\n", "timer", row->timer,
               format_duration(row->timer_ms * 1000, text));
    else
        printf("%-12s none\n", "timer");
    print_errors(status);
}

static void print_congestion_variables(const struct tcpc_status *status)
{
    for (size_t i = 0; i < status->congestion_variable_count; i++) {
        const struct tcpc_variable *variable = &status->congestion_variables[i];
        if (*variable->text)
            printf("%-12s %s %s\n", "", variable->name, variable->text);
        else
            printf("%-12s %s %" PRId64 "\n", "", variable->name, variable->value);
    }
}

/* What a line begins with besides fields of the list; NULL: nothing. */
static const char *line_start(enum status_line line, const struct tcpc_status *status,
                              char *ret_text)
{
    if (line == STATUS_LINE_SEND_QUEUE)
        return format_bytes(status->connection.send_queue_bytes, ret_text);
    if (line == STATUS_LINE_RECEIVE_QUEUE)
        return format_bytes(status->connection.receive_queue_bytes, ret_text);
    return NULL;
}

static void print_lines(const struct tcpc_status *status)
{
    char text[FORMAT_MAX];
    for (enum status_line line = STATUS_LINE_STATE + 1; line < STATUS_LINE_JSON_ONLY; line++) {
        status_line_print(line, line_start(line, status, text), status);
        if (line == STATUS_LINE_ALGORITHM)
            print_congestion_variables(status);
    }
}

static void print_time_wait(const struct tcpc_time_wait *entry)
{
    char left[FORMAT_MAX], all[FORMAT_MAX];
    printf("%-12s from %s, closed by %s; %s of %s left, FINs repeated %" PRIu32 "\n", "TIME_WAIT",
           tcpc_state_name(entry->entered_from), entry->entered_by,
           format_duration(entry->remaining_ms * 1000, left),
           format_duration(entry->duration_ms * 1000, all), entry->fin_reacked);
}

static void print_text(const struct tcpc_status *status)
{
    struct terminal_lines lines;
    terminal_lines_begin(&lines);
    print_head(status);
    if (!status->is_listener)
        print_lines(status);
    if (status->time_wait != NULL)
        print_time_wait(status->time_wait);
    terminal_lines_end(&lines, NAME_COLUMNS);
}

static int do_show(struct cli *cli, uint64_t id, void *ctx)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    (void)ctx;
    if (tcpc_status(cli->client, id, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "show %" PRIu64, id);
    const struct tcpc_status *status = &response->u.status;
    if (cli->is_json) {
        json_print(json_status(status));
    } else {
        print_text(status);
    }
    tcpc_response_free(response);
    return EXIT_DONE;
}

static int cmd_show(struct cli *cli, int argc, char **argv)
{
    cli->separates_ids = true;
    return ids_run(cli, argc, argv, do_show);
}

const struct verb verb_show = {.name = "show",
                               .arguments = "ID...",
                               .summary = "Show everything about connections",
                               .run = cmd_show};

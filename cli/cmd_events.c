/* tcpctl events: the events that the daemon remembers, and with -f new ones. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "filter.h"
#include "format.h"
#include "json.h"
#include "owner.h"
#include "terminal.h"

enum { EVENT_INDENT = 4 };

struct watch {
    struct cli *cli;
    struct filter filter;
    bool is_following;
    json_t *array; /* with --json, when not following */
    uint64_t after_seq;
};

static bool is_shown(const struct watch *watch, const struct tcpc_event *event)
{
    struct filter_subject subject = {.state = event->to,
                                     .local = &event->local,
                                     .remote = &event->remote,
                                     .uid = event->uid,
                                     .owner = &event->owner};
    return filter_matches(&watch->filter, &subject);
}

static json_t *to_json(const struct tcpc_event *event)
{
    json_t *object = json_object();
    json_put(object, "seq", json_number(event->seq));
    json_put(object, "time_us", json_integer(event->time_us));
    json_put(object, "id", json_number(event->id));
    json_put(object, "kind", json_text(event->kind));
    json_put(object, "from", json_state(event->from));
    json_put(object, "to", json_state(event->to));
    json_put(object, "cause", json_text(event->cause));
    json_put(object, "local", json_endpoint(&event->local));
    json_put(object, "remote", json_endpoint(&event->remote));
    json_put(object, "uid", json_number(event->uid));
    json_put(object, "owner", owner_json(&event->owner));
    json_put(object, "segment", json_segment(event->segment));
    return object;
}

static void print_text(const struct tcpc_event *event)
{
    char time[FORMAT_MAX], segment[FORMAT_MAX], what[3 * FORMAT_MAX], line[6 * FORMAT_MAX];
    char local[TCPC_ENDPOINT_TEXT_MAX], remote[TCPC_ENDPOINT_TEXT_MAX];
    snprintf(what, sizeof(what), "%s", event->kind);
    if (strcmp(event->kind, "state") == 0)
        snprintf(what, sizeof(what), "%s -> %s %s", tcpc_state_name(event->from),
                 tcpc_state_name(event->to), event->cause);
    snprintf(line, sizeof(line), "%s id %" PRIu64 " %s %s <-> %s%s%s",
             format_time(event->time_us, time), event->id, what,
             tcpc_endpoint_format(&event->local, local),
             tcpc_endpoint_format(&event->remote, remote), event->segment != NULL ? " " : "",
             event->segment != NULL ? format_segment(event->segment, segment) : "");
    terminal_print_line(line, EVENT_INDENT, terminal_width());
}

static void show(const struct watch *watch, const struct tcpc_event *event)
{
    if (!is_shown(watch, event))
        return;
    if (!watch->cli->is_json)
        print_text(event);
    else if (watch->is_following)
        json_print_line(to_json(event));
    else
        json_append(watch->array, to_json(event));
}

/* Reads and shows one answer; *ret_count: its events. */
static int watch_step(struct watch *watch, uint32_t wait_ms, size_t *ret_count)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    if (tcpc_next_events(watch->cli->client, watch->after_seq, wait_ms, &response, &error) !=
        TCPC_OK)
        return cli_fail(watch->cli, &error, "events");
    const struct tcpc_events *events = &response->u.events;
    /* At the start, that the oldest are gone is no news. */
    if (events->lost && watch->after_seq)
        cli_note("events: %" PRIu64 " were overwritten before they could be read", events->lost);
    for (size_t i = 0; i < events->count; i++)
        show(watch, &events->rows[i]);
    watch->after_seq = events->last_seq;
    *ret_count = events->count;
    tcpc_response_free(response);
    cli_flush();
    return EXIT_DONE;
}

static int watch_run(struct watch *watch)
{
    size_t count = 0;
    int status;
    do {
        status = watch_step(watch, watch->is_following ? TCPC_WAIT_FOREVER : 0, &count);
    } while (status == EXIT_DONE && (count || watch->is_following));
    return status;
}

static int cmd_events(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"follow", no_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
    struct watch watch = {.cli = cli};
    char why[FILTER_ERROR_MAX];
    int option;
    while ((option = cli_next_option(cli, argc, argv, "f", options)) >= 0) {
        if (option == '?')
            return EXIT_USAGE;
        watch.is_following = true;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!filter_parse_words(argc - optind, argv + optind, &watch.filter, why))
        return cli_usage(cli, "%s", why);
    int status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    if (cli->is_json && !watch.is_following)
        watch.array = json_array();
    status = watch_run(&watch);
    if (watch.array != NULL && status == EXIT_DONE)
        json_print(watch.array);
    return status;
}

const struct verb verb_events = {.name = "events",
                                 .arguments = "[EXPR]",
                                 .summary = "Show recent state changes",
                                 .options =
                                     "  -f, --follow            and new ones as they happen\n",
                                 .details = FILTER_DETAILS "tcpctl events -f 'dport = :80'\n",
                                 .run = cmd_events};

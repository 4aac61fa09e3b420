/* tcpctl events: the events that the daemon remembers, and with -f new ones. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/note.h>
#include <tcpengine/units.h>
#include <time.h>

#include "cli.h"
#include "cli_clock.h"
#include "filter.h"
#include "format.h"
#include "json.h"
#include "owner.h"
#include "parse.h"
#include "since.h"
#include "terminal.h"

enum { EVENT_INDENT = 4, KINDS_MAX = 16, LAST_MAX = 65536 };

struct watch {
    struct cli *cli;
    struct filter filter;
    char *kinds[KINDS_MAX]; /* none: all of them */
    unsigned kind_count;
    bool is_following, is_monotonic;
    const char *since; /* NULL: not given */
    uint64_t last;     /* -n; UINT64_MAX: not given */
    json_t *array;     /* with --json, when not following */
    uint64_t after_seq;
    int64_t since_us; /* on the daemon's clock: older ones are not shown */
    int64_t epoch_us; /* when the daemon's clock was 0, in microseconds since 1970 */
    int id_width, local_width, remote_width, kind_width;
};

/* What an event is called: notes have kinds of their own. */
static const char *kind_of(const struct tcpc_event *event)
{
    return event->note != NULL ? event->note->kind : event->kind;
}

static bool is_kind_wanted(const struct watch *watch, const struct tcpc_event *event)
{
    for (unsigned i = 0; i < watch->kind_count; i++)
        if (strcmp(watch->kinds[i], kind_of(event)) == 0 ||
            strcmp(watch->kinds[i], event->kind) == 0)
            return true;
    return watch->kind_count == 0;
}

static bool is_shown(const struct watch *watch, const struct tcpc_event *event)
{
    struct filter_subject subject = {.id = event->id,
                                     .state = event->to,
                                     .local = &event->local,
                                     .remote = &event->remote,
                                     .uid = event->uid,
                                     .owner = &event->owner};
    return event->time_us >= watch->since_us && is_kind_wanted(watch, event) &&
           filter_matches(&watch->filter, &subject);
}

/* --- one event -------------------------------------------------------------------------------- */

/* RFC 3339, in UTC. */
static json_t *json_time(const struct watch *watch, int64_t time_us)
{
    char text[FORMAT_MAX], all[FORMAT_MAX + 16];
    struct tm time;
    int64_t us = watch->epoch_us + time_us;
    time_t seconds = (time_t)(us / TE_SECOND);
    gmtime_r(&seconds, &time);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &time);
    snprintf(all, sizeof(all), "%s.%06" PRId64 "Z", text, us % TE_SECOND);
    return json_text(all);
}

static json_t *to_json(const struct watch *watch, const struct tcpc_event *event)
{
    json_t *object = json_object();
    json_put(object, "seq", json_number(event->seq));
    json_put(object, "time_us", json_integer(event->time_us));
    json_put(object, "time", json_time(watch, event->time_us));
    json_put(object, "id", json_number(event->id));
    json_put(object, "kind", json_text(kind_of(event)));
    json_put(object, "from", json_state(event->from));
    json_put(object, "to", json_state(event->to));
    json_put(object, "cause", json_text(event->cause));
    json_put(object, "local", json_endpoint(&event->local));
    json_put(object, "remote", json_endpoint(&event->remote));
    json_put(object, "uid", json_number(event->uid));
    json_put(object, "owner", owner_json(&event->owner));
    json_put(object, "segment", json_segment(event->segment));
    json_put(object, "note", json_note(event->note));
    json_put(object, "lost", json_number(event->lost));
    return object;
}

static void format_moment(const struct watch *watch, int64_t time_us, char *ret_text)
{
    if (watch->is_monotonic) {
        format_time(time_us, ret_text);
        return;
    }
    char text[FORMAT_MAX / 2];
    struct tm time;
    int64_t us = watch->epoch_us + time_us;
    time_t seconds = (time_t)(us / TE_SECOND);
    localtime_r(&seconds, &time);
    strftime(text, sizeof(text), "%m-%d %H:%M:%S", &time);
    snprintf(ret_text, FORMAT_MAX, "%s.%06" PRId64, text, us % TE_SECOND);
}

/* What happened, in words. */
static void format_what(const struct tcpc_event *event, char *ret_text, size_t size)
{
    char segment[FORMAT_MAX];
    if (strcmp(event->kind, "state") == 0)
        snprintf(ret_text, size, "%s -> %s %s%s%s", tcpc_state_name(event->from),
                 tcpc_state_name(event->to), event->cause, event->segment != NULL ? " " : "",
                 event->segment != NULL ? format_segment(event->segment, segment) : "");
    else if (event->note != NULL)
        snprintf(ret_text, size, "%s", event->note->text);
    else if (event->lost > 0)
        snprintf(ret_text, size, "%" PRIu64 " more notes in one second were not kept", event->lost);
    else
        snprintf(ret_text, size, "%s", event->cause);
}

/* A column is as wide as its widest cell so far. */
static int widen(int *width, const char *text)
{
    int len = (int)strlen(text);
    if (len > *width)
        *width = len;
    return *width;
}

static void print_text(struct watch *watch, const struct tcpc_event *event)
{
    char time[FORMAT_MAX], id[FORMAT_MAX] = "-", what[4 * FORMAT_MAX], line[8 * FORMAT_MAX];
    char local[TCPC_ENDPOINT_TEXT_MAX], remote[TCPC_ENDPOINT_TEXT_MAX];
    format_moment(watch, event->time_us, time);
    if (event->id != 0)
        snprintf(id, sizeof(id), "%" PRIu64, event->id);
    format_what(event, what, sizeof(what));
    tcpc_endpoint_format(&event->local, local);
    tcpc_endpoint_format(&event->remote, remote);
    snprintf(line, sizeof(line), "%s  %*s  %-*s  %-*s  %-*s  %s", time, widen(&watch->id_width, id),
             id, widen(&watch->local_width, local), local, widen(&watch->remote_width, remote),
             remote, widen(&watch->kind_width, kind_of(event)), kind_of(event), what);
    for (size_t len = strlen(line); len > 0 && line[len - 1] == ' '; len--)
        line[len - 1] = '\0';
    terminal_print_line(line, EVENT_INDENT, terminal_width());
}

static void print_header(struct watch *watch)
{
    if (watch->cli->is_json || watch->cli->is_headerless)
        return;
    char line[2 * FORMAT_MAX];
    snprintf(line, sizeof(line), "%-*s  %*s  %-*s  %-*s  %-*s  %s", watch->is_monotonic ? 9 : 21,
             "Time", watch->id_width, "ID", watch->local_width, "Local", watch->remote_width,
             "Peer", watch->kind_width, "Kind", "What");
    terminal_print_line(line, EVENT_INDENT, terminal_width());
}

static void show(struct watch *watch, const struct tcpc_event *event)
{
    if (!is_shown(watch, event))
        return;
    if (!watch->cli->is_json)
        print_text(watch, event);
    else if (watch->is_following)
        json_print_line(to_json(watch, event));
    else
        json_append(watch->array, to_json(watch, event));
}

/* --- reading ---------------------------------------------------------------------------------- */

/* ": 30 of connection 17, 4 of 18, 6 of others". */
static void format_losses(const struct tcpc_events *events, char *ret_text, size_t size)
{
    const char *before = ": ";
    size_t len = 0;
    uint64_t others = events->lost;
    ret_text[0] = '\0';
    for (size_t i = 0; i < events->lost_by_count && len < size; i++) {
        const struct tcpc_lost_events *lost = &events->lost_by[i];
        if (lost->id == 0 || lost->count > others)
            continue;
        len += (size_t)snprintf(ret_text + len, size - len, "%s%" PRIu64 " of %s%" PRIu64, before,
                                lost->count, *before == ':' ? "connection " : "", lost->id);
        before = ", ";
        others -= lost->count;
    }
    if (*before == ',' && others > 0 && len < size)
        snprintf(ret_text + len, size - len, ", %" PRIu64 " of others", others);
}

/* At the start, that the oldest are gone is no news. */
static void note_lost(const struct watch *watch, const struct tcpc_events *events)
{
    char losses[1024];
    if (events->lost == 0 || watch->after_seq == 0)
        return;
    format_losses(events, losses, sizeof(losses));
    cli_note("events: %" PRIu64 " after number %" PRIu64
             " were overwritten before they could be read%s",
             events->lost, watch->after_seq, losses);
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
    note_lost(watch, events);
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
    } while (status == EXIT_DONE && (count > 0 || watch->is_following));
    return status;
}

/* Sets after_seq so that of all events that would be shown watch->last are left. */
static int find_last(struct watch *watch)
{
    static uint64_t numbers[LAST_MAX];
    uint64_t seen = 0, last = watch->last;
    size_t count;
    struct watch reading = *watch;
    do {
        struct tcpc_response *response = NULL;
        struct tcpc_error error;
        if (tcpc_next_events(watch->cli->client, reading.after_seq, 0, &response, &error) !=
            TCPC_OK)
            return cli_fail(watch->cli, &error, "events");
        for (size_t i = 0; i < response->u.events.count; i++)
            if (is_shown(&reading, &response->u.events.rows[i]))
                numbers[seen++ % last] = response->u.events.rows[i].seq;
        count = response->u.events.count;
        reading.after_seq = response->u.events.last_seq;
        tcpc_response_free(response);
    } while (count > 0);
    if (seen >= last)
        watch->after_seq = numbers[seen % last] - 1;
    return EXIT_DONE;
}

/* Where to begin: at the oldest event, or with -f at the next, unless --since or -n say more. */
static int find_start(struct watch *watch)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    if (tcpc_daemon_status(watch->cli->client, &response, &error) != TCPC_OK)
        return cli_fail(watch->cli, &error, "events");
    int64_t now_us = cli_wall_us();
    watch->epoch_us = response->u.daemon.epoch_us;
    tcpc_response_free(response);
    watch->since_us = INT64_MIN;
    int64_t since_us;
    if (watch->since != NULL && since_parse(watch->since, now_us, &since_us))
        watch->since_us = since_us - watch->epoch_us;
    if (watch->last != UINT64_MAX && watch->last > 0)
        return find_last(watch);
    if (watch->last == 0 || (watch->is_following && watch->since == NULL))
        watch->after_seq = UINT64_MAX;
    return EXIT_DONE;
}

/* --- the command line ------------------------------------------------------------------------- */

/* Those of the protocol, and of notes. */
static const char *const kinds[] = {"state",
                                    "note",
                                    "fin_again",
                                    "address_conflict",
                                    "address_ready",
                                    "notes_lost",
                                    "fault_added",
                                    "fault_hit",
                                    "fault_ended",
#define NOTE_NAME(constant, name, unit, label, text) #name,
                                    TE_NOTE_LIST(NOTE_NAME)
#undef NOTE_NAME
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(*kinds) };

static bool is_kind(const char *word)
{
    for (unsigned i = 0; i < KIND_COUNT; i++)
        if (strcmp(kinds[i], word) == 0)
            return true;
    return false;
}

static int complain_of_kind(const struct watch *watch, const char *word)
{
    char known[2 * FORMAT_MAX + 1024] = "";
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        size_t len = strlen(known);
        snprintf(known + len, sizeof(known) - len, "%s%s", i > 0 ? ", " : "", kinds[i]);
    }
    return cli_usage(watch->cli, "-k: %s is no kind of event: %s", word, known);
}

/* EXIT_DONE, or the status after a complaint. */
static int add_kinds(struct watch *watch, char *list)
{
    for (char *save, *kind = strtok_r(list, ",", &save); kind != NULL;
         kind = strtok_r(NULL, ",", &save)) {
        if (watch->kind_count == KINDS_MAX)
            return cli_usage(watch->cli, "-k: more than %d kinds", KINDS_MAX);
        if (!is_kind(kind))
            return complain_of_kind(watch, kind);
        watch->kinds[watch->kind_count++] = kind;
    }
    return EXIT_DONE;
}

static const struct option options[] = {
    {"follow", no_argument, NULL, 'f'},      {"since", required_argument, NULL, 'S'},
    {"lines", required_argument, NULL, 'n'}, {"kind", required_argument, NULL, 'k'},
    {"monotonic", no_argument, NULL, 'm'},   {NULL, 0, NULL, 0}};

/* EXIT_DONE, or the status after a complaint. */
static int take_option(struct watch *watch, int option)
{
    int64_t us;
    switch (option) {
    case 'f':
        watch->is_following = true;
        return EXIT_DONE;
    case 'm':
        watch->is_monotonic = true;
        return EXIT_DONE;
    case 'S':
        watch->since = optarg;
        if (since_parse(optarg, 0, &us))
            return EXIT_DONE;
        return cli_usage(watch->cli, "%s is no time: all, 90s, 5min, 2h, 14:05 or 2026-03-01 14:05",
                         optarg);
    case 'n':
        if (parse_number(optarg, LAST_MAX, &watch->last))
            return EXIT_DONE;
        return cli_usage(watch->cli, "%s is no number of events up to %d", optarg, LAST_MAX);
    case 'k':
        return add_kinds(watch, optarg);
    default:
        return EXIT_USAGE;
    }
}

static int run(struct watch *watch)
{
    int status = cli_connect(watch->cli, TCPC_POLICY_NONE);
    if (status == EXIT_DONE)
        status = find_start(watch);
    if (status != EXIT_DONE)
        return status;
    if (watch->cli->is_json && !watch->is_following)
        watch->array = json_array();
    print_header(watch);
    cli_flush();
    status = watch_run(watch);
    if (watch->array != NULL && status == EXIT_DONE)
        json_print(watch->array);
    return status;
}

static int cmd_events(struct cli *cli, int argc, char **argv)
{
    struct watch watch = {.cli = cli,
                          .last = UINT64_MAX,
                          .id_width = 4,
                          .local_width = 20,
                          .remote_width = 20,
                          .kind_width = 16};
    char why[FILTER_ERROR_MAX];
    int option;
    while ((option = cli_next_option(cli, argc, argv, "fn:k:", options)) >= 0) {
        int status = take_option(&watch, option);
        if (status != EXIT_DONE)
            return status;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!filter_parse_words(argc - optind, argv + optind, &watch.filter, why))
        return cli_usage(cli, "%s", why);
    const char *unknown = filter_unknown_of_event(&watch.filter);
    if (unknown != NULL)
        return cli_usage(cli,
                         "%s is not known of an event: it has state, ports, hosts, id, uid, pid, "
                         "program and session",
                         unknown);
    return run(&watch);
}

const struct verb verb_events = {
    .name = "events",
    .arguments = "[EXPR]",
    .summary = "Show what happened to connections",
    .options = "  -f, --follow            new ones as they happen, from now on\n"
               "      --since WHEN        from then on: all, 90s, 5min, 2h, 14:05,\n"
               "                          2026-03-01 14:05\n"
               "  -n, --lines N           the last N, and with -f new ones\n"
               "  -k, --kind KIND,...     state, note (all but changes of state), rto,\n"
               "                          rack_retransmit, challenge_ack, ...\n"
               "      --monotonic         time in seconds since the daemon's start\n",
    .details = FILTER_DETAILS "tcpctl events -f 'dport = :80'\n"
                              "Of an event age, idle, rtt, retransmits, queues and timer are not "
                              "known.\n",
    .run = cmd_events};

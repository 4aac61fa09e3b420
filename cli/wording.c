#include "wording.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct row {
    const char *theirs; /* how it begins */
    const char *verb;   /* NULL: any */
    const char *ours;
};

static const struct row hints[] = {
    {"List names", NULL, "see tcpctl ls, or tcpctl history for what has ended"},
    {"History still", NULL, "see tcpctl ls, or tcpctl history for what has ended"},
    {"all connections of that run", NULL, "see tcpctl ls for what there is now"},
    {"DaemonStatus names", NULL, "see tcpctl status"},
    {"ask again, with wait_ms", "send", "allow more time with --timeout SECONDS"},
    {"ask again, with wait_ms", NULL, "allow more time with --wait SECONDS"},
    {"allow more time", NULL, "allow more time with --timeout SECONDS, or see the daemon's log"},
    {"an active open needs", NULL, "give a host and a port"},
    {"only an active open", NULL, "give a port"},
    {"Attach", NULL, "try again"},
    {"end some of them with Detach", NULL,
     "end some of the programs that use the daemon, such as tcpctl connect"},
    {"make a new client", NULL, "try again"},
    {"send the data in several requests", NULL, ""},
    {"Status names the stream's", NULL, "does another program use this connection?"},
    {"continue at the", NULL, "does another program use this connection?"},
    {"Receive frees", NULL, "does another program use this connection?"},
    {"use a client of the daemon's version", NULL, "use the tcpctl that came with the daemon"},
    {"see proto/", NULL, "use the tcpctl that came with the daemon"},
    {"name a connection of yours", NULL, "give the id of a connection of yours"},
};

static const struct row messages[] = {
    {"deadline_ms has passed", NULL, "the daemon could not do it within the time allowed"},
    {"api_major is", NULL, "the daemon speaks another version of the protocol"},
    {"keep_seconds is", NULL, "the daemon does not keep a session for that long"},
    {"the policy is unknown", NULL, "the daemon does not accept this kind of session"},
};

static const struct row *find(const struct row *rows, size_t count, const char *text,
                              const char *verb)
{
    for (size_t i = 0; i < count; i++) {
        bool is_verb = rows[i].verb == NULL || strcmp(rows[i].verb, verb) == 0;
        if (is_verb && strncmp(text, rows[i].theirs, strlen(rows[i].theirs)) == 0)
            return &rows[i];
    }
    return NULL;
}

/* What follows "Open: ", or text itself. */
static const char *without_operation(const char *text)
{
    static const char *const names[] = {
        "Attach",  "Detach",       "Open",    "Accept",   "Send",    "Receive",    "Shutdown",
        "Close",   "Abort",        "Status",  "List",     "History", "NextEvents", "TimeWaitList",
        "Explain", "DaemonStatus", "Capture", "Counters", "Fault",   "SetOption"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(text, names[i], len) == 0 && strncmp(text + len, ": ", 2) == 0)
            return text + len + 2;
    }
    return text;
}

const char *wording_message(const char *message)
{
    const char *text = without_operation(message);
    const struct row *row = find(messages, sizeof(messages) / sizeof(messages[0]), text, "");
    return row != NULL ? row->ours : text;
}

const char *wording_hint(const struct tcpc_error *error, const char *verb)
{
    const struct row *row = find(hints, sizeof(hints) / sizeof(hints[0]), error->hint, verb);
    return row != NULL ? row->ours : error->hint;
}

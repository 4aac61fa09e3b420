#include "wording.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct row {
    const char *theirs; /* how it begins */
    const char *ours;
};

/* The daemon's own text, which may have the numbers of the case. */
static const char as_sent[] = "";

static const char *const hints[] = {
    [TCPC_HINT_NONE] = as_sent,
    [TCPC_HINT_PEER_ADDRESS] = as_sent,
    [TCPC_HINT_FREE_MEMORY] = as_sent,
    [TCPC_HINT_RAISE_LIMIT] = as_sent,
    [TCPC_HINT_LIST_IDS] = "see tcpctl ls, or tcpctl history for what has ended",
    [TCPC_HINT_OTHER_PORT_OR_CLOSE] = as_sent,
    [TCPC_HINT_CANNOT_SEND] = as_sent,
    [TCPC_HINT_PEER_MISSING] = "give a host and a port",
    [TCPC_HINT_OTHER_PORT] = as_sent,
    [TCPC_HINT_OWN_ADDRESSES] = "see tcpctl status",
    [TCPC_HINT_ROUTE] = as_sent,
    [TCPC_HINT_WAIT] = "allow more time with --wait SECONDS",
    [TCPC_HINT_OPEN_ANOTHER] = as_sent,
    [TCPC_HINT_PEER_LISTENS] = as_sent,
    [TCPC_HINT_PEER_OR_FIREWALL] = as_sent,
    [TCPC_HINT_PEER_OR_ROUTE] = as_sent,
    [TCPC_HINT_ROUTER] = as_sent,
    [TCPC_HINT_PEER_PROTOCOL] = as_sent,
    [TCPC_HINT_FIREWALL] = as_sent,
    [TCPC_HINT_STREAM_OFFSETS] = "does another program use this connection?",
    [TCPC_HINT_PEER_UP] = as_sent,
    [TCPC_HINT_MEMORY_SHARE] = as_sent,
    [TCPC_HINT_MEMORY_PRESSURE] = as_sent,
    [TCPC_HINT_PEER_ON_NETWORK] = as_sent,
    [TCPC_HINT_HISTORY] = "see tcpctl ls, or tcpctl history for what has ended",
    [TCPC_HINT_EARLIER_RUN] = "see tcpctl ls for what there is now",
    [TCPC_HINT_CONFLICT] = as_sent,
    [TCPC_HINT_ADDRESS_CHECK] = as_sent,
    [TCPC_HINT_MORE_TIME] = "allow more time with --timeout SECONDS, or see the daemon's log",
    [TCPC_HINT_ASK_LESS] = as_sent,
    [TCPC_HINT_NEW_SESSION] = "try again",
    [TCPC_HINT_NO_TOKEN] = "try again",
    [TCPC_HINT_OWNER] = as_sent,
    [TCPC_HINT_OBJECTS_PER_UID] = as_sent,
    [TCPC_HINT_PORT_RANGE] = as_sent,
    [TCPC_HINT_ADDRESS_FORM] = as_sent,
    [TCPC_HINT_PORT_MISSING] = "give a port",
    [TCPC_HINT_PRIVILEGED_PORT] = as_sent,
    [TCPC_HINT_WAITING_REQUESTS] =
        "end some of the programs that use the daemon, such as tcpctl connect",
    [TCPC_HINT_EVENT_READERS] =
        "end some of the programs that read events, such as tcpctl events -f",
    [TCPC_HINT_WAITING_DATA] = as_sent,
    [TCPC_HINT_OWN_CONNECTION] = "give the id of a connection of yours",
    [TCPC_HINT_SEND_OFFSET] = "does another program use this connection?",
    [TCPC_HINT_RECEIVE_FREED] = "does another program use this connection?",
    [TCPC_HINT_RECEIVE_OFFSET] = "does another program use this connection?",
    [TCPC_HINT_LINKS] = as_sent,
    [TCPC_HINT_CLIENT_VERSION] = "use the tcpctl that came with the daemon",
    [TCPC_HINT_PROTOCOL_FILE] = "use the tcpctl that came with the daemon",
    [TCPC_HINT_SEND_IN_PARTS] = "use the tcpctl that came with the daemon",
    [TCPC_HINT_ALGORITHMS] = as_sent,
    [TCPC_HINT_OPTIONS] = as_sent,
    [TCPC_HINT_KEEP_SECONDS] = as_sent,
    [TCPC_HINT_SESSIONS_PER_UID] =
        "end some of the programs that use the daemon, such as tcpctl connect",
    [TCPC_HINT_SESSIONS] = as_sent,
    [TCPC_HINT_PORT_SHARE] = as_sent,
    [TCPC_HINT_ALLOW_FAULTS] = as_sent,
    [TCPC_HINT_FAULTS] = as_sent,
    [TCPC_HINT_FAULT_IDS] = "tcpctl fault ls names those that exist",
    [TCPC_HINT_CONN_MAX] = as_sent,
    [TCPC_HINT_CONNECTIONS_PER_UID] = as_sent,
    [TCPC_HINT_LISTENERS_MAX] = as_sent,
    [TCPC_HINT_LISTENERS_PER_UID] = as_sent,
    [TCPC_HINT_OTHER_VERSION] = "use the tcpctl that came with the daemon",
    [TCPC_HINT_LATE] = "allow more time with --timeout SECONDS, or see the daemon's log",
    [TCPC_HINT_NEW_CLIENT] = "try again",
    [TCPC_HINT_IS_RUNNING] = as_sent,
    [TCPC_HINT_IS_TCPENGINED] = as_sent,
    [TCPC_HINT_SOCKET_GROUP] = as_sent,
    [TCPC_HINT_CONTROL_URL] = as_sent,
    [TCPC_HINT_SYN_UNANSWERED] = as_sent,
};

static const struct row messages[] = {
    {"deadline_ms has passed", "the daemon could not do it within the time allowed"},
    {"api_major is", "the daemon speaks another version of the protocol"},
    {"keep_seconds is", "the daemon does not keep a session for that long"},
    {"the policy is unknown", "the daemon does not accept this kind of session"},
};

/* What follows "Open: ", or text itself. */
static const char *without_operation(const char *text)
{
    static const char *const names[] = {
        "Attach",     "Detach",       "Open",     "Accept",       "Send",    "Receive",
        "Shutdown",   "Close",        "Abort",    "Status",       "List",    "History",
        "NextEvents", "TimeWaitList", "Explain",  "DaemonStatus", "Capture", "Counters",
        "Fault",      "SetOption",    "Sessions", "Rank"};
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
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        if (strncmp(text, messages[i].theirs, strlen(messages[i].theirs)) == 0)
            return messages[i].ours;
    }
    return text;
}

bool wording_has_hint(enum tcpc_hint code)
{
    return (size_t)code < sizeof(hints) / sizeof(hints[0]) && hints[code] != NULL;
}

const char *wording_hint(const struct tcpc_error *error, const char *verb)
{
    if (error->hint_code == TCPC_HINT_WAIT && strcmp(verb, "send") == 0)
        return "allow more time with --timeout SECONDS";
    if (!wording_has_hint(error->hint_code) || hints[error->hint_code] == as_sent)
        return error->hint;
    return hints[error->hint_code];
}

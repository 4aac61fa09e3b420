#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_info {
    enum tcpc_code code;
    const char *name;
    int number;          /* errno */
    const char *message; /* when the library finds it; %s is the URL */
    enum tcpc_hint hint;
};

static const struct code_info code_table[] = {
    {TCPC_OK, "OK", 0, "", TCPC_HINT_NONE},
    {TCPC_INVALID_ARGUMENT, "INVALID_ARGUMENT", EINVAL, "an argument is out of range",
     TCPC_HINT_NONE},
    {TCPC_NOT_FOUND, "NOT_FOUND", ENOENT, "no such connection", TCPC_HINT_NONE},
    {TCPC_PERMISSION, "PERMISSION", EACCES, "permission denied", TCPC_HINT_NONE},
    {TCPC_BAD_OFFSET, "BAD_OFFSET", ESPIPE, "the stream offset does not match the daemon's",
     TCPC_HINT_NONE},
    {TCPC_CONNECTION_CLOSING, "CONNECTION_CLOSING", EPIPE, "connection closing", TCPC_HINT_NONE},
    {TCPC_EXISTS, "EXISTS", EEXIST, "connection already exists", TCPC_HINT_NONE},
    {TCPC_RESOURCES, "RESOURCES", ENOBUFS, "insufficient resources", TCPC_HINT_NONE},
    {TCPC_REFUSED, "REFUSED", ECONNREFUSED, "connection refused", TCPC_HINT_NONE},
    {TCPC_RESET, "RESET", ECONNRESET, "connection reset", TCPC_HINT_NONE},
    {TCPC_TIMED_OUT, "TIMED_OUT", ETIMEDOUT, "connection timed out", TCPC_HINT_NONE},
    {TCPC_PEER_UNREACHABLE, "PEER_UNREACHABLE", EHOSTUNREACH, "the peer is unreachable",
     TCPC_HINT_NONE},
    {TCPC_ABORTED, "ABORTED", ECONNABORTED, "connection aborted", TCPC_HINT_NONE},
    {TCPC_ADDRESS, "ADDRESS", EADDRNOTAVAIL, "the local address cannot be used", TCPC_HINT_NONE},
    {TCPC_AGAIN, "AGAIN", EAGAIN, "nothing came in time", TCPC_HINT_NONE},
    {TCPC_BAD_STATE, "BAD_STATE", EISCONN, "not possible in this state", TCPC_HINT_NONE},
    {TCPC_UNSUPPORTED, "UNSUPPORTED", EOPNOTSUPP, "the daemon does not know this request",
     TCPC_HINT_OTHER_VERSION},
    {TCPC_MALFORMED, "MALFORMED", EBADMSG, "the daemon could not decode the request",
     TCPC_HINT_NONE},
    {TCPC_INTERNAL, "INTERNAL", EIO, "internal error of the daemon", TCPC_HINT_NONE},
    {TCPC_DEADLINE, "DEADLINE", ETIMEDOUT, "the daemon at %s did not answer in time",
     TCPC_HINT_LATE},
    {TCPC_SESSION, "SESSION", ESTALE, "the session has expired", TCPC_HINT_NEW_CLIENT},
    {TCPC_UNREACHABLE, "UNREACHABLE", ECONNREFUSED, "no daemon at %s", TCPC_HINT_IS_RUNNING},
    {TCPC_RESTARTED, "RESTARTED", ECONNRESET, "the daemon was restarted; its connections are gone",
     TCPC_HINT_NEW_CLIENT},
    {TCPC_PROTOCOL, "PROTOCOL", EPROTO, "the daemon at %s sent an invalid answer",
     TCPC_HINT_IS_TCPENGINED},
    {TCPC_NO_MEMORY, "NO_MEMORY", ENOMEM, "out of memory", TCPC_HINT_NONE},
    {TCPC_CANCELLED, "CANCELLED", ECANCELED, "cancelled: the client is being freed",
     TCPC_HINT_NONE},
};

static const char *hint_text(enum tcpc_hint hint)
{
    static const struct {
        enum tcpc_hint hint;
        const char *text;
    } texts[] = {
        {TCPC_HINT_OBJECTS_PER_UID, "close some of them, or raise objects_per_uid_max"},
        {TCPC_HINT_FREE_MEMORY, "close connections that are no longer needed"},
        {TCPC_HINT_MEMORY_SHARE, "read or close some of them, or raise memory_per_uid_percent"},
        {TCPC_HINT_PORT_SHARE, "close some of them, or raise connections_per_uid_percent"},
        {TCPC_HINT_CONN_MAX, "close connections that are no longer needed, or raise conn_max"},
        {TCPC_HINT_CONNECTIONS_PER_UID,
         "close connections that are no longer needed, or raise connections_per_uid_percent"},
        {TCPC_HINT_LISTENERS_MAX,
         "close listeners that are no longer needed, or raise listeners_max"},
        {TCPC_HINT_LISTENERS_PER_UID,
         "close listeners that are no longer needed, or raise listeners_per_uid_percent"},
        {TCPC_HINT_OTHER_VERSION, "daemon and client may be of different versions"},
        {TCPC_HINT_LATE, "allow more time, or see its log"},
        {TCPC_HINT_NEW_CLIENT, "make a new client"},
        {TCPC_HINT_IS_RUNNING, "is tcpengined running?"},
        {TCPC_HINT_IS_TCPENGINED, "is it tcpengined, and of this version?"},
        {TCPC_HINT_SOCKET_GROUP, "become root, or join the group that owns the socket"},
        {TCPC_HINT_CONTROL_URL, "a control URL looks like ipc:///PATH"},
        {TCPC_HINT_SYN_UNANSWERED, "the peer has not answered our SYN yet"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].hint == hint)
            return texts[i].text;
    }
    return "";
}

static const struct code_info *code_find(enum tcpc_code code)
{
    for (size_t i = 0; i < sizeof(code_table) / sizeof(code_table[0]); i++) {
        if (code_table[i].code == code)
            return &code_table[i];
    }
    return NULL;
}

const char *tcpc_code_name(enum tcpc_code code)
{
    const struct code_info *info = code_find(code);
    return info != NULL ? info->name : "?";
}

void tcpci_text_copy(char *ret_text, size_t size, const char *text)
{
    size_t len = strlen(text);
    if (len >= size)
        len = size - 1;
    memcpy(ret_text, text, len);
    ret_text[len] = '\0';
}

void tcpci_error_set_errno(struct tcpc_error *ret_error, int number)
{
    const char *name = number ? strerrorname_np(number) : "";
    if (ret_error != NULL)
        tcpci_text_copy(ret_error->errno_name, sizeof(ret_error->errno_name),
                        name != NULL ? name : "");
}

enum tcpc_code tcpci_error_set(struct tcpc_error *ret_error, enum tcpc_code code,
                               enum tcpc_hint hint, const char *format, ...)
{
    if (ret_error == NULL)
        return code;
    const struct code_info *info = code_find(code);
    ret_error->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(ret_error->message, sizeof(ret_error->message), format, args);
    va_end(args);
    ret_error->hint_code = hint;
    tcpci_text_copy(ret_error->hint, sizeof(ret_error->hint), hint_text(hint));
    tcpci_error_set_errno(ret_error, info != NULL ? info->number : EIO);
    return code;
}

enum tcpc_code tcpci_error_set_code(struct tcpc_error *ret_error, enum tcpc_code code,
                                    const char *url)
{
    const struct code_info *info = code_find(code);
    if (info == NULL)
        return tcpci_error_set(ret_error, code, TCPC_HINT_NONE, "error %d", (int)code);
    const char *mark = strstr(info->message, "%s");
    if (mark == NULL)
        return tcpci_error_set(ret_error, code, info->hint, "%s", info->message);
    return tcpci_error_set(ret_error, code, info->hint, "%.*s%s%s", (int)(mark - info->message),
                           info->message, url != NULL ? url : "", mark + 2);
}

void tcpci_error_clear(struct tcpc_error *ret_error)
{
    if (ret_error != NULL)
        *ret_error = (struct tcpc_error){.code = TCPC_OK};
}

enum tcpc_code tcpci_error_copy(struct tcpc_error *ret_error, const struct tcpc_error *error)
{
    if (ret_error != NULL)
        *ret_error = *error;
    return error->code;
}

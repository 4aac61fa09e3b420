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
    const char *hint;
};

static const struct code_info code_table[] = {
    {TCPC_OK, "OK", 0, "", ""},
    {TCPC_INVALID_ARGUMENT, "INVALID_ARGUMENT", EINVAL, "an argument is out of range", ""},
    {TCPC_NOT_FOUND, "NOT_FOUND", ENOENT, "no such connection", ""},
    {TCPC_PERMISSION, "PERMISSION", EACCES, "permission denied", ""},
    {TCPC_BAD_OFFSET, "BAD_OFFSET", ESPIPE, "the stream offset does not match the daemon's", ""},
    {TCPC_CONNECTION_CLOSING, "CONNECTION_CLOSING", EPIPE, "connection closing", ""},
    {TCPC_EXISTS, "EXISTS", EEXIST, "connection already exists", ""},
    {TCPC_RESOURCES, "RESOURCES", ENOBUFS, "insufficient resources", ""},
    {TCPC_REFUSED, "REFUSED", ECONNREFUSED, "connection refused", ""},
    {TCPC_RESET, "RESET", ECONNRESET, "connection reset", ""},
    {TCPC_TIMED_OUT, "TIMED_OUT", ETIMEDOUT, "connection timed out", ""},
    {TCPC_PEER_UNREACHABLE, "PEER_UNREACHABLE", EHOSTUNREACH, "the peer is unreachable", ""},
    {TCPC_ABORTED, "ABORTED", ECONNABORTED, "connection aborted", ""},
    {TCPC_ADDRESS, "ADDRESS", EADDRNOTAVAIL, "the local address cannot be used", ""},
    {TCPC_AGAIN, "AGAIN", EAGAIN, "nothing came in time", ""},
    {TCPC_BAD_STATE, "BAD_STATE", EISCONN, "not possible in this state", ""},
    {TCPC_UNSUPPORTED, "UNSUPPORTED", EOPNOTSUPP, "the daemon does not know this request",
     "daemon and client may be of different versions"},
    {TCPC_MALFORMED, "MALFORMED", EBADMSG, "the daemon could not decode the request", ""},
    {TCPC_INTERNAL, "INTERNAL", EIO, "internal error of the daemon", ""},
    {TCPC_DEADLINE, "DEADLINE", ETIMEDOUT, "the daemon at %s did not answer in time",
     "allow more time, or see its log"},
    {TCPC_SESSION, "SESSION", ESTALE, "the session has expired", "make a new client"},
    {TCPC_UNREACHABLE, "UNREACHABLE", ECONNREFUSED, "no daemon at %s", "is tcpengined running?"},
    {TCPC_RESTARTED, "RESTARTED", ECONNRESET, "the daemon was restarted; its connections are gone",
     "make a new client"},
    {TCPC_PROTOCOL, "PROTOCOL", EPROTO, "the daemon at %s sent an invalid answer",
     "is it tcpengined, and of this version?"},
    {TCPC_NO_MEMORY, "NO_MEMORY", ENOMEM, "out of memory", ""},
    {TCPC_CANCELLED, "CANCELLED", ECANCELED, "cancelled: the client is being freed", ""},
};

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

enum tcpc_code tcpci_error_set(struct tcpc_error *ret_error, enum tcpc_code code, const char *hint,
                               const char *format, ...)
{
    if (ret_error == NULL)
        return code;
    const struct code_info *info = code_find(code);
    ret_error->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(ret_error->message, sizeof(ret_error->message), format, args);
    va_end(args);
    tcpci_text_copy(ret_error->hint, sizeof(ret_error->hint), hint != NULL ? hint : "");
    tcpci_error_set_errno(ret_error, info != NULL ? info->number : EIO);
    return code;
}

enum tcpc_code tcpci_error_set_code(struct tcpc_error *ret_error, enum tcpc_code code,
                                    const char *url)
{
    const struct code_info *info = code_find(code);
    if (info == NULL)
        return tcpci_error_set(ret_error, code, "", "error %d", (int)code);
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

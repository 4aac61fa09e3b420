#include "socket/socket_error.h"

#include <errno.h>
#include <string.h>

#include "rpc/rpc_status.h"

#define ERRNO_LAST 133 /* of Linux: EHWPOISON */

static const struct {
    enum te_err err;
    int number;
} rows[] = {
    {TE_OK, 0},
    {TE_ERR_INVALID, EINVAL},
    {TE_ERR_NOMEM, ENOBUFS},
    {TE_ERR_RESOURCES, ENOBUFS},
    {TE_ERR_NO_CONNECTION, ENOTCONN},
    {TE_ERR_EXISTS, EADDRNOTAVAIL}, /* connect(2) from a port that has this peer already */
    {TE_ERR_CLOSING, EPIPE},
    {TE_ERR_REMOTE_UNSPECIFIED, ECONNREFUSED}, /* a kernel asks its own host, and port 0 */
    {TE_ERR_ADDR_IN_USE, EADDRINUSE},
    {TE_ERR_ADDR_NOT_AVAILABLE, EADDRNOTAVAIL},
    {TE_ERR_NO_ROUTE, ENETUNREACH},
    {TE_ERR_AGAIN, EAGAIN},
    {TE_ERR_RESET, ECONNRESET},
    {TE_ERR_REFUSED, ECONNREFUSED},
    {TE_ERR_TIMED_OUT, ETIMEDOUT},
    {TE_ERR_HOST_UNREACHABLE, EHOSTUNREACH},
    {TE_ERR_NET_UNREACHABLE, ENETUNREACH},
    {TE_ERR_PORT_UNREACHABLE, ECONNREFUSED}, /* RFC 1122 4.2.3.9, as Linux has it */
    {TE_ERR_PROHIBITED, EHOSTUNREACH},
    {TE_ERR_ABORTED, ECONNABORTED},
    {TE_ERR_KEEPALIVE, ETIMEDOUT},
    {TE_ERR_MEMORY_SHARE, ENOBUFS},
    {TE_ERR_MEMORY_PRESSURE, ECONNABORTED},
    {TE_ERR_PORT_SHARE, EADDRNOTAVAIL},
};

int socket_error_of(enum te_err err)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].err == err)
            return rows[i].number;
    return EIO;
}

int socket_error_of_answer(const struct rpc *rpc)
{
    const char *name = rpc->answer.status.errno_name;
    for (int number = 1; number <= ERRNO_LAST; number++) {
        const char *known = strerrorname_np(number);
        if (known != NULL && strcmp(known, name) == 0)
            return number == EDESTADDRREQ ? socket_error_of(TE_ERR_REMOTE_UNSPECIFIED) : number;
    }
    return EIO;
}

int socket_error_of_gone(const struct rpc *rpc, uint64_t id)
{
    struct te_history history;
    if (te_history(rpc_stack(rpc), id, &history) != TE_OK)
        return ECONNABORTED;
    return socket_error_of(rpc_history_err(&history));
}

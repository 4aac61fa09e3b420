/* A connection as a plain descriptor: the request WRAP of lib/socket. */
#include <errno.h>
#include <socket.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "beside.h"
#include "error.h"

#define ANSWER_MAX_S 5

/* What the daemon has refused. */
static enum tcpc_code fail_answer(uint64_t id, int number, struct tcpc_error *ret_error)
{
    static const struct {
        int number;
        enum tcpc_code code;
    } rows[] = {{ENOENT, TCPC_NOT_FOUND}, {EPERM, TCPC_PERMISSION}, {EINVAL, TCPC_BAD_STATE},
                {EBUSY, TCPC_BAD_STATE},  {EMFILE, TCPC_RESOURCES}, {ENFILE, TCPC_RESOURCES},
                {ENOBUFS, TCPC_RESOURCES}};
    enum tcpc_code code = TCPC_PROTOCOL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].number == number)
            code = rows[i].code;
    tcpci_error_set(ret_error, code, TCPC_HINT_NONE, "connection %llu as a descriptor: %s",
                    (unsigned long long)id, strerror(number));
    tcpci_error_set_errno(ret_error, number);
    return code;
}

/* The answer and the descriptor in it, -1: none. False: errno says why there is no answer. */
static bool receive(int fd, struct socket_answer *ret_answer, int *ret_fd)
{
    const struct timeval limit = {.tv_sec = ANSWER_MAX_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ssize_t len = tcpci_beside_receive(fd, 0, ret_answer, sizeof(*ret_answer), ret_fd, 1);
    if (len < 0)
        return false;
    if (len == (ssize_t)sizeof(*ret_answer) && ret_answer->magic == SOCKET_MAGIC &&
        ret_answer->version == SOCKET_VERSION)
        return true;
    if (*ret_fd >= 0)
        close(*ret_fd);
    errno = len == 0 ? ECONNRESET : EPROTO;
    return false;
}

/* What tcpc_receive() has handed out stays out of the descriptor, and nothing else. */
static struct socket_request request_make(struct tcpc_client *client, uint64_t id)
{
    struct socket_request request = {
        .magic = SOCKET_MAGIC, .version = SOCKET_VERSION, .op = SOCKET_OP_WRAP, .id = id};
    uint64_t sent, received;
    tcpc_stream_offsets(client, id, &sent, &received);
    request.length = sizeof(received);
    memcpy(request.value, &received, sizeof(received));
    return request;
}

static enum tcpc_code ask(struct tcpc_client *client, int fd, uint64_t id, int *ret_fd,
                          struct tcpc_error *ret_error)
{
    const struct socket_request request = request_make(client, id);
    const char *url = tcpc_client_url(client);
    struct socket_answer answer;
    int made_fd = -1;
    if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0 || !receive(fd, &answer, &made_fd))
        return tcpci_beside_fail(url, ret_error);
    if (answer.error != 0 || made_fd < 0)
        return fail_answer(id, answer.error != 0 ? (int)answer.error : EMFILE, ret_error);
    tcpci_error_clear(ret_error);
    *ret_fd = made_fd;
    return TCPC_OK;
}

enum tcpc_code tcpc_stream_fd(struct tcpc_client *client, uint64_t id, int *ret_fd,
                              struct tcpc_error *ret_error)
{
    const char *url = tcpc_client_url(client);
    struct sockaddr_un address;
    if (!tcpci_beside_address(url, SOCKET_PATH_SUFFIX, &address))
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "a descriptor needs an ipc:// URL that leaves room for \"%s\"",
                               SOCKET_PATH_SUFFIX);
    int fd = tcpci_beside_connect(&address);
    if (fd < 0)
        return tcpci_beside_fail(url, ret_error);
    enum tcpc_code code = ask(client, fd, id, ret_fd, ret_error);
    close(fd);
    return code;
}

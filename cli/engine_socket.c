#include "engine_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define URL_PREFIX "ipc://"
/* The daemon answers in microseconds; one that is stopped must not hang us for ever. */
#define ANSWER_MAX_S 5
#define BACKLOG 1024

/* --- requests --------------------------------------------------------------------------------- */

bool engine_sockets_init(struct engine_sockets *sockets, const char *url)
{
    size_t prefix = strlen(URL_PREFIX), room = sizeof(sockets->address.sun_path);
    sockets->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strncmp(url, URL_PREFIX, prefix) != 0)
        return false;
    int len = snprintf(sockets->address.sun_path, room, "%s" SOCKET_PATH_SUFFIX, url + prefix);
    return len > 0 && (size_t)len < room;
}

static int link_error(int number)
{
    return number == ENOENT || number == ECONNREFUSED || number == ENOTDIR || number == EAGAIN ||
                   number == ECONNRESET || number == EPIPE
               ? ENETDOWN
               : number;
}

/* A connection for requests, or -errno. */
static int link_open(const struct engine_sockets *sockets)
{
    const struct timeval limit = {.tv_sec = ANSWER_MAX_S};
    int link = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (link < 0)
        return -errno;
    setsockopt(link, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(link, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(link, (const struct sockaddr *)&sockets->address, sizeof(sockets->address)) == 0)
        return link;
    int number = errno;
    close(link);
    return -link_error(number);
}

union one_descriptor {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static int send_request(int link, int fd, const struct socket_request *request)
{
    union one_descriptor control = {.bytes = {0}};
    struct iovec bytes = {(void *)(uintptr_t)request, sizeof(*request)};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof(int));
    }
    return sendmsg(link, &message, MSG_NOSIGNAL) < 0 ? link_error(errno) : 0;
}

/* A message of just len bytes, and the descriptor in it, -1: none. 0 bytes: the sender has gone. */
static ssize_t receive(int fd, int flags, void *data, size_t len, int *ret_fd)
{
    union one_descriptor control;
    struct iovec bytes = {data, len};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    *ret_fd = -1;
    ssize_t got = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(ret_fd, CMSG_DATA(header), sizeof(int));
    return got;
}

/* One request and its answer: the answer's error. ret_fd NULL: no descriptor is expected. */
static int ask(int link, int fd, const struct socket_request *request,
               struct socket_answer *ret_answer, int *ret_fd)
{
    int made_fd = -1;
    int error = send_request(link, fd, request);
    if (error != 0)
        return error;
    ssize_t got = receive(link, 0, ret_answer, sizeof(*ret_answer), &made_fd);
    if (got < 0)
        error = link_error(errno);
    else if (got != (ssize_t)sizeof(*ret_answer) || ret_answer->magic != SOCKET_MAGIC ||
             ret_answer->version != SOCKET_VERSION)
        error = ENETDOWN;
    else
        error = (int)ret_answer->error;
    if (ret_fd != NULL && error == 0 && made_fd < 0)
        return EMFILE;
    if (ret_fd != NULL && error == 0)
        *ret_fd = made_fd;
    else if (made_fd >= 0)
        close(made_fd);
    return error;
}

static int ask_once(const struct engine_sockets *sockets, int fd, struct socket_request *request,
                    struct socket_answer *ret_answer)
{
    int link = link_open(sockets);
    if (link < 0)
        return -link;
    request->magic = SOCKET_MAGIC;
    request->version = SOCKET_VERSION;
    int error = ask(link, fd, request, ret_answer, NULL);
    close(link);
    return error;
}

static struct socket_request request_of(enum socket_op op)
{
    return (struct socket_request){.magic = SOCKET_MAGIC, .version = SOCKET_VERSION, .op = op};
}

static int make(int link, int family, int *ret_fd)
{
    struct socket_request request = request_of(SOCKET_OP_SOCKET);
    struct socket_answer answer;
    request.argument = (uint32_t)family;
    return ask(link, -1, &request, &answer, ret_fd);
}

static int set_option(int link, int fd, int name, int value)
{
    struct socket_request request = request_of(SOCKET_OP_SETSOCKOPT);
    struct socket_answer answer;
    request.level = IPPROTO_TCP;
    request.name = name;
    request.length = sizeof(value);
    memcpy(request.value, &value, sizeof(value));
    return ask(link, fd, &request, &answer, NULL);
}

/* --- opening ---------------------------------------------------------------------------------- */

static int connect_over(int link, int fd, const struct socket_address *remote)
{
    struct socket_request request = request_of(SOCKET_OP_CONNECT);
    struct socket_answer answer;
    request.flags = SOCKET_NOWAIT;
    request.address = *remote;
    set_option(link, fd, TCP_NODELAY, 1);
    int error = ask(link, fd, &request, &answer, NULL);
    return error == EINPROGRESS ? 0 : error;
}

int engine_socket_connect(const struct engine_sockets *sockets, const struct socket_address *remote,
                          int *ret_fd)
{
    int link = link_open(sockets), fd = -1;
    if (link < 0)
        return -link;
    int error = make(link, remote->family, &fd);
    if (error == 0)
        error = connect_over(link, fd, remote);
    close(link);
    if (error == 0)
        *ret_fd = fd;
    else if (fd >= 0)
        close(fd);
    return error;
}

static int listen_over(int link, int fd, const struct socket_address *local, bool fast_open,
                       struct socket_address *ret_local)
{
    struct socket_request request = request_of(SOCKET_OP_BIND);
    struct socket_answer answer;
    request.address = *local;
    int error = ask(link, fd, &request, &answer, NULL);
    if (error == 0 && fast_open)
        error = set_option(link, fd, TCP_FASTOPEN, BACKLOG);
    request = request_of(SOCKET_OP_LISTEN);
    request.argument = BACKLOG;
    if (error == 0)
        error = ask(link, fd, &request, &answer, NULL);
    if (error == 0)
        *ret_local = answer.local;
    return error;
}

int engine_socket_listen(const struct engine_sockets *sockets, const struct socket_address *local,
                         bool fast_open, int *ret_fd, struct socket_address *ret_local)
{
    int link = link_open(sockets), fd = -1;
    if (link < 0)
        return -link;
    int error = make(link, local->family, &fd);
    if (error == 0)
        error = listen_over(link, fd, local, fast_open, ret_local);
    close(link);
    if (error == 0)
        *ret_fd = fd;
    else if (fd >= 0)
        close(fd);
    return error;
}

/* A connection whose record is taken without a descriptor to hold it would be lost. */
static bool has_free_descriptor(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0)
        close(copy);
    return copy >= 0;
}

static void drop_greeting(int fd, uint32_t count)
{
    char bytes[64];
    while (count > 0) {
        ssize_t got = read(fd, bytes, count < sizeof(bytes) ? count : sizeof(bytes));
        if (got <= 0)
            return;
        count -= (uint32_t)got;
    }
}

int engine_socket_accept(int listener_fd, struct engine_accepted *ret_accepted)
{
    struct socket_accepted accepted;
    int fd;
    if (!has_free_descriptor(listener_fd))
        return EMFILE;
    ssize_t got = receive(listener_fd, MSG_DONTWAIT, &accepted, sizeof(accepted), &fd);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? EAGAIN : ENETDOWN;
    if (fd < 0)
        return got == 0 ? ENETDOWN : EMFILE;
    drop_greeting(fd, accepted.greeting_bytes);
    *ret_accepted = (struct engine_accepted){
        .fd = fd, .id = accepted.id, .local = accepted.local, .remote = accepted.remote};
    return 0;
}

/* --- afterwards ------------------------------------------------------------------------------- */

static bool boot_of(int fd, uint64_t *ret_boot_id)
{
    struct sockaddr_un peer;
    struct socket_name name;
    socklen_t length = sizeof(peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &length) < 0 ||
        !socket_name_read(&peer, length, &name))
        return false;
    *ret_boot_id = name.boot_id;
    return true;
}

bool engine_socket_is_of_this_run(const struct engine_sockets *sockets, int fd)
{
    uint64_t then = 0, now = 1;
    int link = link_open(sockets), newest = -1;
    if (link < 0)
        return false;
    bool is_same = make(link, AF_INET, &newest) == 0 && boot_of(newest, &now) &&
                   boot_of(fd, &then) && now == then;
    if (newest >= 0)
        close(newest);
    close(link);
    return is_same;
}

int engine_socket_error(const struct engine_sockets *sockets, int fd, bool is_shut)
{
    struct socket_request request = request_of(SOCKET_OP_GETSOCKOPT);
    struct socket_answer answer;
    int error = 0;
    request.level = SOL_SOCKET;
    request.name = SO_ERROR;
    request.length = sizeof(error);
    int refused = ask_once(sockets, fd, &request, &answer);
    if (refused == ENOTSOCK)
        return is_shut && engine_socket_is_of_this_run(sockets, fd) ? 0 : ECONNRESET;
    if (refused != 0)
        return ECONNRESET; /* the daemon has ended, and the connection with it */
    memcpy(&error, answer.value, sizeof(error));
    return error;
}

bool engine_socket_name(const struct engine_sockets *sockets, int fd,
                        struct socket_address *ret_local)
{
    struct socket_request request = request_of(SOCKET_OP_GETSOCKNAME);
    struct socket_answer answer;
    if (ask_once(sockets, fd, &request, &answer) != 0)
        return false;
    *ret_local = answer.local;
    return true;
}

void engine_socket_hurry(const struct engine_sockets *sockets, int fd)
{
    int link = link_open(sockets);
    if (link < 0)
        return;
    set_option(link, fd, TCP_NODELAY, 1);
    close(link);
}

void engine_socket_abort(const struct engine_sockets *sockets, int fd)
{
    struct socket_request request = request_of(SOCKET_OP_ABORT);
    struct socket_answer answer;
    (void)ask_once(sockets, fd, &request, &answer);
}

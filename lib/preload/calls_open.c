/* socket, bind, listen, connect, accept. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/time.h>

#include "address.h"
#include "calls.h"
#include "changed.h"
#include "control.h"
#include "convert.h"
#include "kind.h"
#include "named.h"
#include "note.h"
#include "open.h"
#include "real.h"
#include "settings.h"
#include "sys.h"

/* --- socket ----------------------------------------------------------------------------------- */

REPLACES int socket(int family, int type, int protocol)
{
    bool is_ip = family == AF_INET || family == AF_INET6;
    if (is_ip && protocol == IPPROTO_MPTCP) {
        note("no MPTCP: the program may ask for TCP instead");
        errno = EPROTONOSUPPORT;
        return -1;
    }
    int fd = sys_socket(family, type, protocol);
    bool is_tcp = is_ip && (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_STREAM;
    if (fd >= 0 && is_tcp)
        changed_begin(fd);
    return (int)real_result(fd);
}

/* --- bind and listen -------------------------------------------------------------------------- */

/* Carries request out on engine_fd, while the program still has fd. Returns 0, or a negative errno.
 */
typedef int ask_fn(struct control *control, int engine_fd, int fd, struct socket_request *request);

static int ask_at_once(struct control *control, int engine_fd, int fd,
                       struct socket_request *request)
{
    struct socket_answer answer;
    (void)fd;
    return control_ask(control, engine_fd, request, &answer, false);
}

/* A new engine socket, asked for what request says, takes the place of fd, also while it still
 * opens; after a failure fd is what it was, and may be tried again. */
static int open_in_place_of(int fd, int family, struct socket_request *request, ask_fn *ask)
{
    struct control control;
    int engine_fd;
    int result = control_open(&control);
    if (result < 0)
        return result;
    result = convert_make(&control, fd, family, &engine_fd);
    if (result == 0) {
        result = ask(&control, engine_fd, fd, request);
        if (result == 0 || result == -EINPROGRESS || result == -EINTR) {
            int placed = convert_place(engine_fd, fd);
            result = placed < 0 ? placed : result;
        } else {
            sys_close(engine_fd);
        }
    }
    control_close(&control);
    return result;
}

static int apply(int fd, enum kind kind, int family, struct socket_request *request)
{
    struct socket_answer answer;
    return kind == KIND_ENGINE ? control_ask_once(fd, request, &answer)
                               : open_in_place_of(fd, family, request, ask_at_once);
}

enum open_by open_bind(int fd, const struct sockaddr *address, socklen_t length, int *ret_result)
{
    int family;
    struct socket_request request;
    control_request_init(&request, SOCKET_OP_BIND);
    if (!socket_address_read(address, length, &request.address))
        return OPEN_BY_KERNEL;
    enum kind kind = kind_of(fd, &family);
    if (kind == KIND_OTHER ||
        (kind == KIND_KERNEL_TCP &&
         (!settings_engine_holds(address, length) || address_is_kernel_bound(fd))))
        return OPEN_BY_KERNEL;
    *ret_result = apply(fd, kind, family, &request);
    return OPEN_BY_ENGINE;
}

REPLACES int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
    int result;
    const struct sockaddr *given = address.__sockaddr__;
    if (open_bind(fd, given, length, &result) == OPEN_BY_KERNEL)
        result = sys_bind(fd, given, length);
    return (int)real_result(result);
}

enum open_by open_listen(int fd, int backlog, int *ret_result)
{
    int family;
    struct socket_request request;
    enum kind kind = kind_of(fd, &family);
    if (kind == KIND_OTHER ||
        (kind == KIND_KERNEL_TCP &&
         (address_is_kernel_bound(fd) || !settings_engine_holds_wildcard(family))))
        return OPEN_BY_KERNEL;
    control_request_init(&request, SOCKET_OP_LISTEN);
    request.argument = backlog < 0 ? SOMAXCONN : (uint32_t)backlog;
    *ret_result = apply(fd, kind, family, &request);
    if (*ret_result == 0)
        kind_mark_listener(fd);
    return OPEN_BY_ENGINE;
}

REPLACES int listen(int fd, int backlog)
{
    int result;
    if (open_listen(fd, backlog, &result) == OPEN_BY_KERNEL)
        result = sys_listen(fd, backlog);
    return (int)real_result(result);
}

/* --- connect ---------------------------------------------------------------------------------- */

/* As connect(2) of a blocking socket: SO_SNDTIMEO limits it. */
static void limit_answer(struct control *control, int fd)
{
    struct timeval limit = {0};
    socklen_t length = sizeof(limit);
    sys_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, &length);
    sys_setsockopt(control->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* The program stops waiting, because of a signal or SO_SNDTIMEO (why). Once the daemon has heard
 * it, the socket is not writable before the outcome is known. That may be so just now. */
static int stop_waiting(int engine_fd, struct socket_request *request, int why)
{
    struct socket_answer answer;
    request->flags |= SOCKET_NOWAIT;
    int result = control_ask_once(engine_fd, request, &answer);
    return result == -EALREADY || result == -EINPROGRESS || result == -ENETDOWN ? why : result;
}

/* engine_fd connects as fd is set to, blocking or not; never blocking if the request says so. */
static int connect_engine(struct control *control, int engine_fd, int fd,
                          struct socket_request *request)
{
    struct socket_answer answer;
    if ((sys_fcntl(fd, F_GETFL, 0) & O_NONBLOCK) != 0)
        request->flags |= SOCKET_NOWAIT;
    if ((request->flags & SOCKET_NOWAIT) != 0)
        return control_ask(control, engine_fd, request, &answer, false);
    limit_answer(control, fd);
    int result = control_ask(control, engine_fd, request, &answer, true);
    if (result == -EINTR)
        return stop_waiting(engine_fd, request, -EINTR);
    return result == -EAGAIN ? stop_waiting(engine_fd, request, -EINPROGRESS) : result;
}

static int connect_again(int fd, struct socket_request *request)
{
    struct control control;
    int result = control_open(&control);
    if (result < 0)
        return result;
    result = connect_engine(&control, fd, fd, request);
    control_close(&control);
    return result;
}

static bool is_unconnected(int fd)
{
    struct socket_request request;
    struct socket_answer answer;
    control_request_init(&request, SOCKET_OP_GETSOCKNAME);
    return control_ask_once(fd, &request, &answer) == 0 &&
           (answer.state == SOCKET_NEW || answer.state == SOCKET_BOUND);
}

static int connect_to_engine(int fd, enum kind kind, int family, struct socket_request *request)
{
    if (kind == KIND_ENGINE)
        return connect_again(fd, request);
    if (address_is_kernel_bound(fd)) {
        note("socket %d is bound with the kernel, and connects to what is the engine's", fd);
        return -EINVAL; /* as from 127.0.0.1 to a foreign address */
    }
    return open_in_place_of(fd, family, request, connect_engine);
}

/* What has ended, and said why, may connect anew. */
static bool is_over(int fd, int result)
{
    return (result == -ECONNABORTED || result == -ENOTSOCK) && sys_hangs_up(fd);
}

static bool is_unspecified(const struct sockaddr *address, socklen_t length)
{
    return address != NULL && length >= sizeof(address->sa_family) &&
           address->sa_family == AF_UNSPEC;
}

enum open_by open_connect(int fd, const struct sockaddr *address, socklen_t length, bool is_nowait,
                          int *ret_result)
{
    int family;
    struct socket_request request;
    if (is_unspecified(address, length) && kind_of(fd, &family) == KIND_ENGINE) {
        *ret_result = convert_to_new(fd, family);
        return OPEN_BY_ENGINE;
    }
    control_request_init(&request, SOCKET_OP_CONNECT);
    request.flags = is_nowait ? SOCKET_NOWAIT : 0;
    if (!socket_address_read(address, length, &request.address))
        return OPEN_BY_KERNEL;
    enum kind kind = kind_of(fd, &family);
    bool is_engines = settings_engine_reaches(address, length);
    if (kind == KIND_OTHER || (kind == KIND_KERNEL_TCP && (!is_engines || address_has_peer(fd))))
        return OPEN_BY_KERNEL;
    if (is_engines || !is_unconnected(fd)) {
        *ret_result = connect_to_engine(fd, kind, family, &request);
        if (kind == KIND_ENGINE && is_over(fd, *ret_result) && convert_to_new(fd, family) == 0)
            return open_connect(fd, address, length, is_nowait, ret_result);
        return OPEN_BY_ENGINE;
    }
    *ret_result = convert_to_kernel(fd, family);
    return *ret_result < 0 ? OPEN_BY_ENGINE : OPEN_BY_KERNEL;
}

REPLACES int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
    int result;
    const struct sockaddr *given = address.__sockaddr__;
    return open_connect(fd, given, length, false, &result) == OPEN_BY_ENGINE
               ? (int)real_result(result)
               : real_connect(fd, given, length);
}

/* --- accept ----------------------------------------------------------------------------------- */

/* A connection that comes while no descriptor is free must stay where it is: once its record is
 * taken, it would be lost. */
static int ask_for_free_descriptor(int fd)
{
    int copy = sys_fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0)
        sys_close(copy);
    return copy < 0 ? copy : 0;
}

union one_descriptor {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/* The descriptor, or -1 with errno. Of a listener that has ended (EINVAL), nothing more comes. */
static int receive_accepted(int fd, struct socket_accepted *ret_accepted, int flags)
{
    union one_descriptor control_bytes;
    struct iovec bytes = {ret_accepted, sizeof(*ret_accepted)};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control_bytes,
                             .msg_controllen = sizeof(control_bytes)};
    ssize_t count = real_recvmsg(fd, &message, flags);
    if (count < 0 && errno == ECONNRESET)
        count = 0; /* the daemon's end was closed */
    if (count < 0)
        return -1;
    struct cmsghdr *header = count > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    int accepted_fd = -1;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(&accepted_fd, CMSG_DATA(header), sizeof(int));
    else
        errno = (message.msg_flags & MSG_CTRUNC) != 0 ? EMFILE : EINVAL;
    if (count == 0)
        convert_to_silent(fd);
    return accepted_fd;
}

static void drop_greeting(int fd, uint32_t count)
{
    char bytes[64];
    while (count > 0) {
        long dropped = sys_read(fd, bytes, count < sizeof(bytes) ? count : sizeof(bytes));
        if (dropped <= 0)
            return;
        count -= (uint32_t)dropped;
    }
}

int open_accept(int fd, struct sockaddr *address, socklen_t *length, int flags, int receive_flags)
{
    struct socket_accepted accepted;
    if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0 || !kind_is_listener(fd))
        return (int)real_result(-EINVAL);
    int result = ask_for_free_descriptor(fd);
    if (result < 0)
        return (int)real_result(result);
    if ((flags & SOCK_CLOEXEC) != 0)
        receive_flags |= MSG_CMSG_CLOEXEC;
    int accepted_fd = receive_accepted(fd, &accepted, receive_flags);
    if (accepted_fd < 0)
        return -1;
    drop_greeting(accepted_fd, accepted.greeting_bytes);
    named_keep(accepted_fd, &(struct named){accepted.local, accepted.remote});
    if ((flags & SOCK_NONBLOCK) != 0)
        sys_fcntl(accepted_fd, F_SETFL, O_RDWR | O_NONBLOCK);
    address_show(&accepted.remote, address, length);
    return accepted_fd;
}

static int accept_any(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    int result = real_accept4(fd, address, length, flags);
    if (result < 0 && errno == EOPNOTSUPP && kind_is_ended_listener(fd))
        errno = EINVAL; /* once more */
    /* EINVAL is what the kernel says of an engine socket at once: no Unix socket that listens. */
    if (result >= 0 || errno != EINVAL || kind_of(fd, NULL) != KIND_ENGINE)
        return result;
    return open_accept(fd, address, length, flags, 0);
}

REPLACES int accept(int fd, __SOCKADDR_ARG address, socklen_t *length)
{
    return accept_any(fd, address.__sockaddr__, length, 0);
}

REPLACES int accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
    return accept_any(fd, address.__sockaddr__, length, flags);
}

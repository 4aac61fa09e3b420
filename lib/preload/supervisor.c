#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "kind.h"
#include "note.h"
#include "open.h"
#include "ring.h"
#include "sys.h"
#include "tracee.h"

/* How often a call that waits looks for signals of its thread. */
#define LOOK_MS 50
#define VALUE_MAX 256u
#define OPENING_BYTES_MAX 65536u
/* The kernel's own: the call is made again, or ends with EINTR, as the signal's handler says. */
#define RESTART_BY_HANDLER 512

/* --- a call ----------------------------------------------------------------------------------- */

struct call {
    int notify_fd;
    struct seccomp_notif notification;
    int fd;          /* our copy of its first argument */
    uint64_t cookie; /* of fd, before the call */
    enum kind kind;  /* before the call */
    bool is_kernels; /* the kernel is to do it */
    bool stays;      /* the program keeps the socket that it has */
    bool is_answered;
};

static uint64_t argument(const struct call *call, unsigned index)
{
    return call->notification.data.args[index];
}

static pid_t thread_of(const struct call *call)
{
    return (pid_t)call->notification.pid;
}

/* An engine socket has taken the copy's place: it takes that of the program's, too. */
static int hand_back(const struct call *call)
{
    int number = (int)argument(call, 0);
    struct seccomp_notif_addfd place = {
        .id = call->notification.id,
        .flags = SECCOMP_ADDFD_FLAG_SETFD,
        .srcfd = (uint32_t)call->fd,
        .newfd = (uint32_t)number,
        .newfd_flags = tracee_is_close_on_exec(thread_of(call), number) ? O_CLOEXEC : 0};
    return ioctl(call->notify_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &place) < 0 ? -errno : 0;
}

static bool read_address(const struct call *call, struct sockaddr_storage *ret_address,
                         socklen_t *ret_length)
{
    uint64_t length = argument(call, 2);
    memset(ret_address, 0, sizeof(*ret_address));
    if (length > sizeof(*ret_address))
        return false;
    *ret_length = (socklen_t)length;
    return tracee_read(thread_of(call), argument(call, 1), ret_address, length);
}

/* A value, and its length behind it, as getsockname(2) hands them over: no more than there is room
 * for. */
static int write_value(const struct call *call, unsigned index, const void *value, socklen_t length)
{
    socklen_t room;
    uint64_t at = argument(call, index), length_at = argument(call, index + 1);
    if (!tracee_read(thread_of(call), length_at, &room, sizeof(room)))
        return -EFAULT;
    if (room > INT32_MAX)
        return -EINVAL;
    bool is_written = tracee_write(thread_of(call), at, value, room < length ? room : length) &&
                      tracee_write(thread_of(call), length_at, &length, sizeof(length));
    return is_written ? 0 : -EFAULT;
}

/* --- calls that open -------------------------------------------------------------------------- */

static int do_bind(struct call *call)
{
    struct sockaddr_storage address;
    socklen_t length;
    int result = 0;
    if (!read_address(call, &address, &length))
        return -EFAULT;
    call->is_kernels =
        open_bind(call->fd, (struct sockaddr *)&address, length, &result) == OPEN_BY_KERNEL;
    return result;
}

static int do_listen(struct call *call)
{
    int result = 0;
    call->is_kernels = open_listen(call->fd, (int)argument(call, 1), &result) == OPEN_BY_KERNEL;
    return result;
}

static int64_t time_limit_ms(int fd, int name)
{
    struct timeval limit = {0};
    socklen_t length = sizeof(limit);
    getsockopt(fd, SOL_SOCKET, name, &limit, &length);
    int64_t limit_ms = (int64_t)limit.tv_sec * 1000 + limit.tv_usec / 1000;
    return limit_ms == 0 && limit.tv_usec == 0 ? INT64_MAX : limit_ms;
}

/* Waits as the program's thread would; 0, or why it waits no longer. */
static int wait_for(const struct call *call, short events, int64_t limit_ms, int when_late)
{
    struct pollfd one = {.fd = call->fd, .events = events};
    for (int64_t waited_ms = 0; poll(&one, 1, LOOK_MS) == 0; waited_ms += LOOK_MS) {
        if (waited_ms >= limit_ms)
            return when_late;
        if (tracee_is_signalled(thread_of(call)))
            return limit_ms == INT64_MAX ? -RESTART_BY_HANDLER : -EINTR;
    }
    return 0;
}

/* As a connect() that waits: once it has said how it ended, the next one starts from there. */
static int outcome(struct call *call, const struct sockaddr *address, socklen_t length)
{
    int error = 0, unused;
    socklen_t error_length = sizeof(error);
    int result = wait_for(call, POLLOUT, time_limit_ms(call->fd, SO_SNDTIMEO), -EINPROGRESS);
    if (result < 0)
        return result;
    getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &error, &error_length);
    if (error == 0)
        open_connect(call->fd, address, length, true, &unused); /* takes the success */
    else
        call->stays = true; /* the program may try again with what it has */
    return -error;
}

static int connect_to(struct call *call, const struct sockaddr *address, socklen_t length)
{
    int result = 0;
    bool is_nonblocking = (fcntl(call->fd, F_GETFL) & O_NONBLOCK) != 0;
    call->is_kernels = open_connect(call->fd, address, length, true, &result) == OPEN_BY_KERNEL;
    /* A blocking call that was begun anew after a signal finds it under way. */
    bool goes_on = result == -EINPROGRESS || result == -EALREADY;
    return goes_on && !is_nonblocking ? outcome(call, address, length) : result;
}

static int do_connect(struct call *call)
{
    struct sockaddr_storage address;
    socklen_t length;
    if (!read_address(call, &address, &length))
        return -EFAULT;
    return connect_to(call, (const struct sockaddr *)&address, length);
}

/* The new descriptor is the call's result. */
static int hand_over(struct call *call, int fd, int flags)
{
    struct seccomp_notif_addfd result = {.id = call->notification.id,
                                         .flags = SECCOMP_ADDFD_FLAG_SEND,
                                         .srcfd = (uint32_t)fd,
                                         .newfd_flags =
                                             (flags & SOCK_CLOEXEC) != 0 ? O_CLOEXEC : 0};
    int number = ioctl(call->notify_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &result);
    int error = number < 0 ? -errno : 0;
    close(fd);
    call->is_answered = number >= 0;
    return error;
}

static int accept_with(struct call *call, int flags)
{
    struct sockaddr_storage address;
    bool is_nonblocking = (fcntl(call->fd, F_GETFL) & O_NONBLOCK) != 0;
    while (true) {
        socklen_t length = sizeof(address);
        int fd = open_accept(call->fd, (struct sockaddr *)&address, &length, flags, MSG_DONTWAIT);
        if (fd >= 0) {
            int written = argument(call, 1) == 0 ? 0 : write_value(call, 1, &address, length);
            if (written == 0)
                return hand_over(call, fd, flags);
            close(fd);
            return written;
        }
        if (errno != EAGAIN || is_nonblocking)
            return -errno;
        int waited = wait_for(call, POLLIN, time_limit_ms(call->fd, SO_RCVTIMEO), -EAGAIN);
        if (waited < 0)
            return waited;
    }
}

static int do_accept(struct call *call)
{
    call->is_kernels = call->kind == KIND_KERNEL_TCP;
    return call->is_kernels ? 0 : accept_with(call, 0);
}

static int do_accept4(struct call *call)
{
    call->is_kernels = call->kind == KIND_KERNEL_TCP;
    return call->is_kernels ? 0 : accept_with(call, (int)argument(call, 3));
}

/* --- calls that open while they send ---------------------------------------------------------- */

/* MSG_FASTOPEN, as the library does it: connect() and the first bytes, as many as fit here. */
struct opening {
    uint64_t address, bytes;
    uint64_t address_length, count;
};

static int send_first(const struct call *call, const struct opening *opening)
{
    uint8_t bytes[OPENING_BYTES_MAX];
    size_t count = opening->count < sizeof(bytes) ? opening->count : sizeof(bytes);
    if (!tracee_read(thread_of(call), opening->bytes, bytes, count))
        return -EFAULT;
    ssize_t sent = send(call->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -errno : (int)sent;
}

static int open_by_sending(struct call *call, const struct opening *opening)
{
    struct sockaddr_storage address = {0};
    socklen_t length = (socklen_t)opening->address_length;
    call->is_kernels = opening->address == 0;
    if (call->is_kernels)
        return 0;
    if (opening->address_length > sizeof(address) ||
        !tracee_read(thread_of(call), opening->address, &address, length))
        return -EFAULT;
    if (call->kind == KIND_ENGINE)
        return -EISCONN;
    int result = connect_to(call, (const struct sockaddr *)&address, length);
    return result < 0 || call->is_kernels ? result : send_first(call, opening);
}

static int do_sendto(struct call *call)
{
    return open_by_sending(call, &(struct opening){.address = argument(call, 4),
                                                   .address_length = argument(call, 5),
                                                   .bytes = argument(call, 1),
                                                   .count = argument(call, 2)});
}

/* The first piece of the message: a count that falls short is an answer, too. */
static int do_sendmsg(struct call *call)
{
    struct msghdr message;
    struct iovec piece = {0};
    if (!tracee_read(thread_of(call), argument(call, 1), &message, sizeof(message)))
        return -EFAULT;
    size_t read_bytes = message.msg_iovlen > 0 ? sizeof(piece) : 0;
    if (!tracee_read(thread_of(call), (uintptr_t)message.msg_iov, &piece, read_bytes))
        return -EFAULT;
    return open_by_sending(call, &(struct opening){.address = (uintptr_t)message.msg_name,
                                                   .address_length = message.msg_namelen,
                                                   .bytes = (uintptr_t)piece.iov_base,
                                                   .count = piece.iov_len});
}

/* --- calls that ask --------------------------------------------------------------------------- */

static int hand_over_name(const struct call *call, bool is_peers)
{
    struct sockaddr_storage name;
    struct sockaddr *address = (struct sockaddr *)&name;
    socklen_t length = sizeof(name);
    int result = is_peers ? getpeername(call->fd, address, &length)
                          : getsockname(call->fd, address, &length);
    return result < 0 ? -errno : write_value(call, 1, &name, length);
}

static int do_getsockname(struct call *call)
{
    return hand_over_name(call, false);
}

static int do_getpeername(struct call *call)
{
    return hand_over_name(call, true);
}

static int do_getsockopt(struct call *call)
{
    uint8_t value[VALUE_MAX];
    socklen_t length;
    if (!tracee_read(thread_of(call), argument(call, 4), &length, sizeof(length)))
        return -EFAULT;
    if (length > INT32_MAX)
        return -EINVAL;
    length = length < sizeof(value) ? length : sizeof(value);
    if (getsockopt(call->fd, (int)argument(call, 1), (int)argument(call, 2), value, &length) < 0)
        return -errno;
    return write_value(call, 3, value, length);
}

static int do_setsockopt(struct call *call)
{
    uint8_t value[VALUE_MAX];
    uint64_t length = argument(call, 4);
    if (length > sizeof(value)) {
        call->is_kernels = call->kind == KIND_KERNEL_TCP;
        return -EINVAL;
    }
    if (!tracee_read(thread_of(call), argument(call, 3), value, length))
        return -EFAULT;
    int result = setsockopt(call->fd, (int)argument(call, 1), (int)argument(call, 2), value,
                            (socklen_t)length);
    return result < 0 ? -errno : 0;
}

/* --- rings ------------------------------------------------------------------------------------ */

/* Those of a ring that belongs to the thread, or process, that has made it. */
#define FOREIGN_RING_FLAGS                                                                         \
    (IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF | IORING_SETUP_ATTACH_WQ |                          \
     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

/* The program gets a ring that is made here, and so restricted before it has it (ring.h). As a
 * kernel that does not know a flag, we say EINVAL. */
static int do_io_uring_setup(struct call *call)
{
    struct io_uring_params params;
    uint64_t at = argument(call, 1);
    if (!tracee_read(thread_of(call), at, &params, sizeof(params)))
        return -EFAULT;
    if ((params.flags & FOREIGN_RING_FLAGS) != 0) {
        note("an io_uring with flags %#x is refused", params.flags);
        return -EINVAL;
    }
    long fd = ring_setup((unsigned)argument(call, 0), &params);
    if (fd < 0)
        return (int)fd;
    if (tracee_write(thread_of(call), at, &params, sizeof(params)))
        return hand_over(call, (int)fd, SOCK_CLOEXEC);
    close((int)fd);
    return -EFAULT;
}

/* --- the loop --------------------------------------------------------------------------------- */

static int carry_out(struct call *call)
{
    switch (call->notification.data.nr) {
#define X(name)                                                                                    \
    case SYS_##name:                                                                               \
        return do_##name(call);
        SUPERVISED_LIST(X)
        X(sendto)
        X(sendmsg)
#undef X
    default:
        call->is_kernels = true;
        return 0;
    }
}

static void answer(struct call *call, int result)
{
    struct seccomp_notif_resp response = {.id = call->notification.id,
                                          .val = result > 0 ? result : 0,
                                          .error = result < 0 ? result : 0};
    if (call->is_kernels) {
        response.val = response.error = 0;
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ioctl(call->notify_fd, SECCOMP_IOCTL_NOTIF_SEND, &response); /* ENOENT: its thread has ended */
}

static bool is_accept(const struct call *call)
{
    int number = call->notification.data.nr;
#ifdef SYS_accept
    if (number == SYS_accept)
        return true;
#endif
    return number == SYS_accept4;
}

static int carry_out_on_copy(struct call *call)
{
    call->kind = kind_of(call->fd, NULL);
    call->cookie = sys_cookie(call->fd);
    if (call->kind == KIND_OTHER) {
        call->is_kernels = !is_accept(call) || !kind_is_ended_listener(call->fd);
        return -EINVAL;
    }
    int result = carry_out(call);
    if (!call->is_answered && !call->stays && sys_cookie(call->fd) != call->cookie) {
        int placed = hand_back(call);
        return placed < 0 ? placed : result;
    }
    return result;
}

/* The call is about a descriptor. */
static int carry_out_on_descriptor(struct call *call)
{
    int result = 0;
    call->fd = tracee_descriptor(thread_of(call), (int)argument(call, 0));
    if (call->fd >= 0)
        result = carry_out_on_copy(call);
    else if (call->fd == -EBADF)
        call->is_kernels = true; /* it says so itself */
    else
        result = call->fd;
    if (call->fd < 0 && result < 0)
        note_always("cannot supervise process %d: error %d", (int)thread_of(call), -result);
    return result;
}

static void *serve_call(void *argument_of_thread)
{
    struct call *call = argument_of_thread;
    call->fd = -1;
    int result = call->notification.data.nr == SYS_io_uring_setup ? do_io_uring_setup(call)
                                                                  : carry_out_on_descriptor(call);
    if (!call->is_answered)
        answer(call, result);
    if (call->fd >= 0)
        close(call->fd);
    free(call);
    return NULL;
}

/* Each call has a thread: connect() and accept() may wait. */
static void start(struct call *call)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    if (pthread_create(&thread, &attributes, serve_call, call) != 0) {
        answer(call, -ENOMEM);
        free(call);
    }
    pthread_attr_destroy(&attributes);
}

void supervisor_serve(int notify_fd)
{
    struct pollfd one = {.fd = notify_fd, .events = POLLIN};
    while (poll(&one, 1, -1) > 0 || errno == EINTR) {
        if ((one.revents & POLLIN) == 0)
            return; /* POLLHUP: the last one has ended */
        struct call *call = calloc(1, sizeof(*call));
        if (call == NULL)
            continue;
        call->notify_fd = notify_fd;
        if (ioctl(notify_fd, SECCOMP_IOCTL_NOTIF_RECV, &call->notification) == 0)
            start(call);
        else
            free(call); /* its thread was killed meanwhile */
    }
}

/* send*, write*, sendfile: what a TCP socket does otherwise than a Unix one. splice and the rest
 * are the same. */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "calls.h"
#include "failure.h"
#include "kind.h"
#include "real.h"
#include "settings.h"

/* --- one message ------------------------------------------------------------------------------ */

/* TCP says once what has ended the connection, and EPIPE with SIGPIPE only then. So SIGPIPE waits
 * until it is known: the call that is made again raises it. */
static ssize_t send_quietly(int fd, const struct msghdr *message, int flags)
{
    ssize_t sent = real_sendmsg(fd, message, flags | MSG_NOSIGNAL);
    if (sent >= 0 || failure_at_write(fd) != EPIPE || (flags & MSG_NOSIGNAL) != 0)
        return sent;
    return real_sendmsg(fd, message, flags);
}

/* connect() and the first bytes in one call: tcp(7). The bytes follow once the connection stands.
 */
static ssize_t send_opening(int fd, const struct msghdr *message, int flags)
{
    if (connect(fd, message->msg_name, message->msg_namelen) < 0)
        return -1;
    struct msghdr rest = *message;
    rest.msg_name = NULL;
    rest.msg_namelen = 0;
    return send_quietly(fd, &rest, flags);
}

static ssize_t send_to_engine(int fd, const struct msghdr *message, int flags)
{
    if ((flags & MSG_OOB) != 0)
        return real_result(-EOPNOTSUPP);
    if ((flags & MSG_FASTOPEN) != 0 && message->msg_name != NULL)
        return real_result(-EISCONN);
    struct msghdr plain = {.msg_iov = message->msg_iov, .msg_iovlen = message->msg_iovlen};
    return send_quietly(fd, &plain, flags & ~(MSG_FASTOPEN | MSG_ZEROCOPY));
}

/* True if the message is more than bytes for a connection. */
static bool is_special(const struct msghdr *message, int flags)
{
    return message->msg_controllen > 0 || (flags & (MSG_OOB | MSG_FASTOPEN)) != 0;
}

static ssize_t send_message(int fd, const struct msghdr *message, int flags)
{
    enum kind kind = is_special(message, flags) ? kind_of(fd, NULL) : KIND_OTHER;
    if (kind == KIND_ENGINE)
        return send_to_engine(fd, message, flags);
    if (kind == KIND_KERNEL_TCP && (flags & MSG_FASTOPEN) != 0 && message->msg_name != NULL &&
        settings_engine_reaches(message->msg_name, message->msg_namelen))
        return send_opening(fd, message, flags & ~MSG_FASTOPEN);
    ssize_t sent = send_quietly(fd, message, flags);
    /* EISCONN: a Unix socket refuses an address that TCP ignores. */
    if (sent < 0 && errno == EISCONN && message->msg_name != NULL &&
        kind_of(fd, NULL) == KIND_ENGINE)
        return send_to_engine(fd, message, flags);
    return sent;
}

REPLACES ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return send_message(fd, message, flags);
}

/* The usual case: without a copy of what is known. */
static ssize_t send_bytes(int fd, const void *bytes, size_t count, int flags)
{
    ssize_t sent = real_sendto(fd, bytes, count, flags | MSG_NOSIGNAL, NULL, 0);
    if (sent >= 0 || failure_at_write(fd) != EPIPE || (flags & MSG_NOSIGNAL) != 0)
        return sent;
    return real_sendto(fd, bytes, count, flags, NULL, 0);
}

static ssize_t send_to(int fd, const void *bytes, size_t count, int flags,
                       const struct sockaddr *address, socklen_t length)
{
    struct iovec piece = {(void *)(uintptr_t)bytes, count};
    struct msghdr message = {.msg_name = (void *)(uintptr_t)address,
                             .msg_namelen = address == NULL ? 0 : length,
                             .msg_iov = &piece,
                             .msg_iovlen = 1};
    if (address == NULL && (flags & (MSG_OOB | MSG_FASTOPEN)) == 0)
        return send_bytes(fd, bytes, count, flags);
    return send_message(fd, &message, flags);
}

REPLACES ssize_t send(int fd, const void *bytes, size_t count, int flags)
{
    return send_to(fd, bytes, count, flags, NULL, 0);
}

REPLACES ssize_t sendto(int fd, const void *bytes, size_t count, int flags,
                        __CONST_SOCKADDR_ARG address, socklen_t length)
{
    return send_to(fd, bytes, count, flags, address.__sockaddr__, length);
}

/* --- several ---------------------------------------------------------------------------------- */

static int send_each(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    unsigned done = 0;
    for (; done < count; done++) {
        ssize_t sent = send_message(fd, &messages[done].msg_hdr, flags);
        if (sent < 0)
            return done > 0 ? (int)done : -1;
        messages[done].msg_len = (unsigned)sent;
    }
    return (int)done;
}

/* What is none of the engine's goes at once, as do messages that are nothing but bytes. */
REPLACES int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if ((flags & (MSG_OOB | MSG_FASTOPEN)) != 0 && kind_of(fd, NULL) != KIND_OTHER)
        return send_each(fd, messages, count, flags);
    int sent = real_sendmmsg(fd, messages, count, flags | MSG_NOSIGNAL);
    if (sent >= 0 || (errno != EISCONN && errno != EPIPE))
        return sent;
    return send_each(fd, messages, count, flags);
}

/* --- without flags ---------------------------------------------------------------------------- */

/* SIGPIPE has come already; for whom ignores it, the error is TCP's. */
static ssize_t written(int fd, ssize_t count)
{
    if (count < 0)
        failure_at_write(fd);
    return count;
}

REPLACES ssize_t write(int fd, const void *bytes, size_t count)
{
    return written(fd, real_write(fd, bytes, count));
}

REPLACES ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    return written(fd, real_writev(fd, pieces, count));
}

REPLACES ssize_t sendfile(int fd, int file, off_t *offset, size_t count)
{
    return written(fd, real_sendfile(fd, file, offset, count));
}

REPLACES ssize_t sendfile64(int fd, int file, off64_t *offset, size_t count)
{
    return sendfile(fd, file, offset, count);
}

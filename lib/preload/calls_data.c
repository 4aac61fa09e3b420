/* read, readv, recv*, send*: what a TCP socket does otherwise than a Unix one. write, writev,
 * sendfile, splice and the rest are the same. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "calls.h"
#include "failure.h"
#include "kind.h"
#include "real.h"
#include "settings.h"

/* The fortified forms (-D_FORTIFY_SOURCE) of the C library. */
ssize_t __read_chk(int fd, void *bytes, size_t count, size_t room);
ssize_t __recv_chk(int fd, void *bytes, size_t count, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *bytes, size_t count, size_t room, int flags,
                       __SOCKADDR_ARG address, socklen_t *length);

/* --- receiving -------------------------------------------------------------------------------- */

#define DISCARD_BYTES 16384u

/* tcp(7): MSG_TRUNC drops what would have been received. */
static ssize_t discard(int fd, size_t count, int flags)
{
    char bytes[DISCARD_BYTES];
    size_t done = 0;
    while (done < count) {
        size_t piece = count - done < sizeof(bytes) ? count - done : sizeof(bytes);
        ssize_t got =
            real_recvfrom(fd, bytes, piece, flags | (done > 0 ? MSG_DONTWAIT : 0), NULL, NULL);
        if (got <= 0)
            return done > 0 ? (ssize_t)done : got == 0 ? failure_at_end(fd) : got;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

/* Flags that mean something else on a Unix socket, or nothing. */
#define RECEIVE_FLAGS (MSG_ERRQUEUE | MSG_TRUNC)

static bool has_own_flags(int fd, int flags)
{
    return (flags & RECEIVE_FLAGS) != 0 && kind_of(fd, NULL) == KIND_ENGINE;
}

static ssize_t receive_flagged(int fd, size_t count, int flags)
{
    if ((flags & MSG_ERRQUEUE) != 0)
        return real_result(-EAGAIN); /* nothing is ever queued there */
    return discard(fd, count, flags & ~MSG_TRUNC);
}

static ssize_t receive(int fd, void *bytes, size_t count, int flags)
{
    if (has_own_flags(fd, flags))
        return receive_flagged(fd, count, flags);
    ssize_t got = real_recvfrom(fd, bytes, count, flags, NULL, NULL);
    return got == 0 && count > 0 ? failure_at_end(fd) : got;
}

static ssize_t receive_from(int fd, void *bytes, size_t count, int flags, struct sockaddr *address,
                            socklen_t *length)
{
    if (address == NULL || length == NULL)
        return receive(fd, bytes, count, flags);
    socklen_t room = *length;
    if (has_own_flags(fd, flags)) {
        *length = 0;
        return receive_flagged(fd, count, flags);
    }
    ssize_t got = real_recvfrom(fd, bytes, count, flags, address, length);
    if (got >= 0 && address_is_daemons(address, room < *length ? room : *length))
        *length = 0; /* TCP gives none */
    return got == 0 && count > 0 ? failure_at_end(fd) : got;
}

REPLACES ssize_t read(int fd, void *bytes, size_t count)
{
    ssize_t got = real_read(fd, bytes, count);
    return got == 0 && count > 0 ? failure_at_end(fd) : got;
}

REPLACES ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    ssize_t got = real_readv(fd, pieces, count);
    return got == 0 && count > 0 ? failure_at_end(fd) : got;
}

REPLACES ssize_t recv(int fd, void *bytes, size_t count, int flags)
{
    return receive(fd, bytes, count, flags);
}

REPLACES ssize_t recvfrom(int fd, void *bytes, size_t count, int flags, __SOCKADDR_ARG address,
                          socklen_t *length)
{
    return receive_from(fd, bytes, count, flags, address.__sockaddr__, length);
}

static size_t room_of(const struct msghdr *message)
{
    size_t room = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        room += message->msg_iov[i].iov_len;
    return room;
}

REPLACES ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    if (has_own_flags(fd, flags)) {
        ssize_t got = receive_flagged(fd, room_of(message), flags);
        if (got >= 0) {
            message->msg_namelen = 0;
            message->msg_controllen = 0;
            message->msg_flags = 0;
        }
        return got;
    }
    socklen_t room = message->msg_namelen;
    ssize_t got = real_recvmsg(fd, message, flags);
    if (got < 0)
        return got;
    socklen_t named = room < message->msg_namelen ? room : message->msg_namelen;
    if (message->msg_name != NULL && address_is_daemons(message->msg_name, named))
        message->msg_namelen = 0;
    /* Whoever is passed descriptors may get an end of file with them, from a socket of his own. */
    return got == 0 && room_of(message) > 0 ? failure_at_end(fd) : got;
}

REPLACES ssize_t __read_chk(int fd, void *bytes, size_t count, size_t room)
{
    if (count > room)
        abort();
    return read(fd, bytes, count);
}

REPLACES ssize_t __recv_chk(int fd, void *bytes, size_t count, size_t room, int flags)
{
    if (count > room)
        abort();
    return receive(fd, bytes, count, flags);
}

REPLACES ssize_t __recvfrom_chk(int fd, void *bytes, size_t count, size_t room, int flags,
                                __SOCKADDR_ARG address, socklen_t *length)
{
    if (count > room)
        abort();
    return receive_from(fd, bytes, count, flags, address.__sockaddr__, length);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* connect() and the first bytes in one call: tcp(7). The bytes follow once the connection stands.
 */
static ssize_t send_opening(int fd, const struct msghdr *message, int flags)
{
    if (connect(fd, message->msg_name, message->msg_namelen) < 0)
        return -1;
    struct msghdr rest = *message;
    rest.msg_name = NULL;
    rest.msg_namelen = 0;
    return real_sendmsg(fd, &rest, flags);
}

static ssize_t send_to_engine(int fd, const struct msghdr *message, int flags)
{
    if ((flags & MSG_OOB) != 0)
        return real_result(-EOPNOTSUPP);
    if ((flags & MSG_FASTOPEN) != 0 && message->msg_name != NULL)
        return real_result(-EISCONN);
    struct msghdr plain = {.msg_iov = message->msg_iov, .msg_iovlen = message->msg_iovlen};
    return real_sendmsg(fd, &plain, flags & ~(MSG_FASTOPEN | MSG_ZEROCOPY));
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
    ssize_t sent = real_sendmsg(fd, message, flags);
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

static ssize_t send_to(int fd, const void *bytes, size_t count, int flags,
                       const struct sockaddr *address, socklen_t length)
{
    struct iovec piece = {(void *)(uintptr_t)bytes, count};
    struct msghdr message = {.msg_name = (void *)(uintptr_t)address,
                             .msg_namelen = address == NULL ? 0 : length,
                             .msg_iov = &piece,
                             .msg_iovlen = 1};
    if (address == NULL && (flags & (MSG_OOB | MSG_FASTOPEN)) == 0)
        return real_sendto(fd, bytes, count, flags, NULL, 0);
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

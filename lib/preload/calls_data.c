/* read, readv, recv*: what a TCP socket does otherwise than a Unix one. */
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

/* The fortified forms (-D_FORTIFY_SOURCE) of the C library. */
ssize_t __read_chk(int fd, void *bytes, size_t count, size_t room);
ssize_t __recv_chk(int fd, void *bytes, size_t count, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *bytes, size_t count, size_t room, int flags,
                       __SOCKADDR_ARG address, socklen_t *length);

/* The end, or a reset, may be another failure, which the daemon knows. */
static ssize_t received(int fd, ssize_t got, size_t room)
{
    if (got < 0 && errno == ECONNRESET)
        failure_at_reset(fd);
    return got == 0 && room > 0 ? failure_at_end(fd) : got;
}

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
            return done > 0 ? (ssize_t)done : received(fd, got, piece);
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
    return received(fd, got, count);
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
    return received(fd, got, count);
}

REPLACES ssize_t read(int fd, void *bytes, size_t count)
{
    ssize_t got = real_read(fd, bytes, count);
    return received(fd, got, count);
}

REPLACES ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    ssize_t got = real_readv(fd, pieces, count);
    return received(fd, got, (size_t)count);
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
        return received(fd, got, 1);
    socklen_t named = room < message->msg_namelen ? room : message->msg_namelen;
    if (message->msg_name != NULL && address_is_daemons(message->msg_name, named))
        message->msg_namelen = 0;
    /* Whoever is passed descriptors may get an end of file with them, from a socket of his own. */
    return received(fd, got, room_of(message));
}

static void hide_name(struct msghdr *message)
{
    if (message->msg_name != NULL && address_is_daemons(message->msg_name, message->msg_namelen))
        message->msg_namelen = 0;
}

REPLACES int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                      struct timespec *limit)
{
    int got = real_recvmmsg(fd, messages, count, flags, limit);
    for (int i = 0; i < got; i++)
        hide_name(&messages[i].msg_hdr);
    if (got == 1 && messages[0].msg_len == 0 && room_of(&messages[0].msg_hdr) > 0)
        return failure_at_end(fd) < 0 ? -1 : got;
    return (int)received(fd, got, 0);
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

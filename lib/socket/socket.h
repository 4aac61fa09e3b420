/* Engine sockets: connections and listeners of the engine as plain kernel descriptors, and the
 * requests by which a program gets them.
 *
 * An engine socket is one end (A) of a pair of Unix stream sockets. The daemon keeps the other end
 * (B) and moves bytes between it and the engine. read, write, poll, dup, fork, exec and passing A
 * to another process are the kernel's own.
 *
 *     on A                                   on the connection
 *     shutdown(SHUT_WR)                      FIN behind what was written
 *     last copy closed                       CLOSE: what was written is still sent
 *     last copy closed, bytes unread         RST (RFC 9293 3.6.1)
 *     end of file, no POLLHUP                the peer's FIN
 *     POLLHUP though both ends were not      the connection has failed: ask SO_ERROR. If B held
 * bytes shut down                              that were not taken yet, the kernel says ECONNRESET
 * too
 *
 * Recognition. B is bound to the abstract name "tcpengine/BOOT/NUMBER/FAMILY" (socket_name_*), so
 * that getpeername(A) says what A is, in every process that has it. The name is for programs. The
 * daemon goes by SO_COOKIE of the descriptor itself: who has A may use it, and nobody else.
 *
 * Requests. The program connects to the socket beside the control socket, of type SOCK_SEQPACKET,
 * and sends one socket_request, with A by SCM_RIGHTS where the request is about one; the answer is
 * one socket_answer. Another request may follow on the same connection once the answer is there, or
 * a new connection is made for it: nothing is remembered of a connection but who has made it
 * (SO_PEERCRED). A new socket belongs to that uid.
 *
 * CONNECT. The answer comes when the outcome is known; if the program closes the connection before,
 * the opening goes on, as with a connect(2) that was interrupted. With SOCKET_NOWAIT the answer is
 * EINPROGRESS at once (or why not), and A is not writable until the outcome is known: then it is
 * writable, and after a failure it has POLLIN, POLLOUT, POLLERR and POLLHUP as well; SO_ERROR says
 * which.
 *
 * Listeners. A connection that was accepted comes over the listener's own A: one socket_accepted,
 * as a message of its own, with the new A by SCM_RIGHTS. POLLIN says that there is one. The new A
 * holds greeting_bytes that are not the peer's, in front of everything else: read and drop them at
 * once. (If the record is never taken, A is closed with unread bytes, and the connection is reset,
 * as those in a listener's queue are.) End of file: the listener is gone.
 *
 * Numbers are in the machine's byte order, ports too; errors are errno values; constants of options
 * are those of Linux. Members named unused are 0. */
#ifndef TCPENGINE_SOCKET_H
#define TCPENGINE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKET_MAGIC 0x314b4353u /* "SCK1" */
#define SOCKET_VERSION 1u
/* The requests' socket is the control socket's path with this behind it. */
#define SOCKET_PATH_SUFFIX ".socket"
/* Longest value of an option: holds a struct tcp_info. */
#define SOCKET_VALUE_MAX 256u

/* An address; IPv4 as ::ffff:a.b.c.d, unspecified as all zero. family is that of the socket,
 * AF_INET or AF_INET6, in answers (0: there is no address); in requests that of what was given. */
struct socket_address {
    uint8_t addr[16];  /* 0 */
    uint16_t family;   /* 16 */
    uint16_t port;     /* 18 */
    uint32_t scope_id; /* 20 */
};
_Static_assert(sizeof(struct socket_address) == 24, "socket_address");

enum socket_op {
    SOCKET_OP_NONE,
    SOCKET_OP_SOCKET,      /* argument: AF_INET or AF_INET6. The answer carries A */
    SOCKET_OP_CONNECT,     /* A; address; flags: SOCKET_NOWAIT */
    SOCKET_OP_BIND,        /* A; address, port 0: one is chosen */
    SOCKET_OP_LISTEN,      /* A; argument: backlog. Once more: another backlog */
    SOCKET_OP_GETSOCKNAME, /* A; local has it */
    SOCKET_OP_GETPEERNAME, /* A; remote has it. ENOTCONN: not connected (any more) */
    SOCKET_OP_SETSOCKOPT,  /* A; level, name, value, length */
    SOCKET_OP_GETSOCKOPT,  /* A; level, name, length: of the buffer. SO_ERROR clears it */
    SOCKET_OP_ABORT,       /* A; RST. ECONNABORTED is its error from then on */
    SOCKET_OP_WRAP, /* id: a connection of the control socket's. value, a uint64_t: the stream
                     * offset below which received bytes were taken; length 0: all that Receive has
                     * shown. The answer carries A, and the connection is its own from then on */
    SOCKET_OP_COUNT
};

/* Flags of a request. */
#define SOCKET_NOWAIT 1u

/* Program to daemon, one message. */
struct socket_request {
    uint32_t magic, version;         /* 0, 4 */
    uint32_t op, flags;              /* 8, 12: enum socket_op; SOCKET_NOWAIT */
    uint64_t id;                     /* 16 */
    int32_t level, name;             /* 24, 28: of the option */
    uint32_t argument, length;       /* 32, 36: length of value, at most SOCKET_VALUE_MAX */
    struct socket_address address;   /* 40 */
    uint8_t value[SOCKET_VALUE_MAX]; /* 64 */
};
_Static_assert(offsetof(struct socket_request, id) == 16, "id");
_Static_assert(offsetof(struct socket_request, address) == 40, "address");
_Static_assert(offsetof(struct socket_request, value) == 64, "value");
_Static_assert(sizeof(struct socket_request) == 320, "socket_request");

/* What a socket is, in each answer about one. */
enum socket_state {
    SOCKET_NONE, /* the answer is about none */
    SOCKET_NEW,  /* neither bound nor connected */
    SOCKET_BOUND,
    SOCKET_LISTENING,
    SOCKET_CONNECTING,
    SOCKET_CONNECTED,
    SOCKET_ENDED, /* failed, or both directions have ended */
    SOCKET_STATE_COUNT
};

/* Daemon to program, one message. Whatever error says, the rest is as the socket is now. */
struct socket_answer {
    uint32_t magic, version;         /* 0, 4 */
    uint32_t error, state;           /* 8, 12: errno, 0: done; enum socket_state */
    uint64_t id;                     /* 16: of the engine's connection or listener; 0: none yet */
    uint32_t length, unused;         /* 24, 28: length of value */
    struct socket_address local;     /* 32 */
    struct socket_address remote;    /* 56 */
    uint8_t value[SOCKET_VALUE_MAX]; /* 80 */
};
_Static_assert(offsetof(struct socket_answer, id) == 16, "id");
_Static_assert(offsetof(struct socket_answer, local) == 32, "local");
_Static_assert(offsetof(struct socket_answer, remote) == 56, "remote");
_Static_assert(offsetof(struct socket_answer, value) == 80, "value");
_Static_assert(sizeof(struct socket_answer) == 336, "socket_answer");

/* Daemon to program, over the A of a listener. */
struct socket_accepted {
    uint32_t magic, version;         /* 0, 4 */
    uint64_t id;                     /* 8 */
    uint32_t greeting_bytes, unused; /* 16, 20 */
    struct socket_address local;     /* 24 */
    struct socket_address remote;    /* 48 */
};
_Static_assert(offsetof(struct socket_accepted, local) == 24, "local");
_Static_assert(offsetof(struct socket_accepted, remote) == 48, "remote");
_Static_assert(sizeof(struct socket_accepted) == 72, "socket_accepted");

/* Errors of requests that are no connection's own:
 *
 *     EPROTO        not a request of this version (magic, version, size)
 *     EINVAL        a field has no meaning: op, flags, argument, length; or bind(2) says so
 *     EBADF         the request needs a descriptor, or just one, and had none, or several
 *     ENOTSOCK      the descriptor is none of this daemon's sockets (or of an earlier run)
 *     EAFNOSUPPORT  neither AF_INET nor AF_INET6, or not the socket's family
 *     EMFILE        the uid has as many sockets as it may
 *     ENFILE        there are as many sockets as there may be, or no descriptor is left
 *     ENOPROTOOPT   the engine has no such option
 *     EPERM, ENOENT WRAP: not yours; no such connection */

/* --- names ------------------------------------------------------------------------------------ */

/* How B's name begins, behind the NUL of abstract names. */
#define SOCKET_NAME_PREFIX "tcpengine/"

/* What B's name says. */
struct socket_name {
    uint64_t boot_id;
    uint64_t number; /* of the socket; never again in this run */
    uint16_t family; /* AF_INET or AF_INET6 */
};
/* Writes the abstract address, and returns its length. */
socklen_t socket_name_write(const struct socket_name *name, struct sockaddr_un *ret_address);
/* False, *ret_name untouched: not such a name. */
bool socket_name_read(const struct sockaddr_un *address, socklen_t len,
                      struct socket_name *ret_name);

/* --- addresses -------------------------------------------------------------------------------- */

/* From what a program gave. False, *ret_address untouched: too short, or neither AF_INET nor
 * AF_INET6. */
bool socket_address_read(const struct sockaddr *given, socklen_t len,
                         struct socket_address *ret_address);
/* As a program sees it, in the socket's family. Returns the length; 0: there is none. */
socklen_t socket_address_write(const struct socket_address *address,
                               struct sockaddr_storage *ret_shown);

#endif

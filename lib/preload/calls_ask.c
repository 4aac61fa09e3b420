/* getsockname, getpeername, getsockopt, setsockopt. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "address.h"
#include "calls.h"
#include "control.h"
#include "failure.h"
#include "kind.h"
#include "named.h"
#include "note.h"
#include "option.h"
#include "real.h"
#include "settings.h"
#include "sys.h"

/* --- names ------------------------------------------------------------------------------------ */

/* Of what is no connection any more, and no listener. */
static int forgotten_name(int fd, enum socket_op op, struct sockaddr *address, socklen_t *length)
{
    int family;
    struct sockaddr_storage none = {0};
    if (op != SOCKET_OP_GETSOCKNAME || kind_of(fd, &family) != KIND_ENGINE)
        return -ENOTCONN;
    none.ss_family = (sa_family_t)family;
    address_copy(&none,
                 family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
                 address, length);
    return 0;
}

static int ask_name(int fd, enum socket_op op, struct sockaddr *address, socklen_t *length)
{
    struct socket_request request;
    struct socket_answer answer;
    struct named named;
    control_request_init(&request, op);
    if (!named_look(fd, &named)) {
        int result = control_ask_once(fd, &request, &answer);
        if (result == -ENOTSOCK) /* forgotten: it has ended on both sides */
            return forgotten_name(fd, op, address, length);
        if (result != 0)
            return result;
        named = (struct named){answer.local, answer.remote};
    }
    address_show(op == SOCKET_OP_GETSOCKNAME ? &named.local : &named.remote, address, length);
    return 0;
}

/* As the kernel, once it has the answer. */
static int check_room(const void *place, const socklen_t *length)
{
    if (length == NULL)
        return -EFAULT;
    if (*length > INT32_MAX)
        return -EINVAL;
    return place == NULL && *length > 0 ? -EFAULT : 0;
}

static int name_of(int fd, enum socket_op op, struct sockaddr *address, socklen_t *length)
{
    struct sockaddr_storage name, nothing;
    socklen_t name_length = sizeof(name);
    int result = op == SOCKET_OP_GETSOCKNAME ? sys_getsockname(fd, &name, &name_length)
                                             : sys_getpeername(fd, &name, &name_length);
    if (result == 0)
        result = check_room(address, length);
    if (result < 0)
        return result;
    if (address == NULL) /* no room, but its length is said */
        address = (struct sockaddr *)&nothing;
    if (name.ss_family == AF_UNIX && kind_of(fd, NULL) == KIND_ENGINE)
        return ask_name(fd, op, address, length);
    address_copy(&name, name_length, address, length);
    return 0;
}

REPLACES int getsockname(int fd, __SOCKADDR_ARG address, socklen_t *length)
{
    return (int)real_result(name_of(fd, SOCKET_OP_GETSOCKNAME, address.__sockaddr__, length));
}

REPLACES int getpeername(int fd, __SOCKADDR_ARG address, socklen_t *length)
{
    return (int)real_result(name_of(fd, SOCKET_OP_GETPEERNAME, address.__sockaddr__, length));
}

/* --- getsockopt ------------------------------------------------------------------------------- */

static int answer_bytes(const void *bytes, socklen_t count, void *value, socklen_t *length)
{
    if (*length > count)
        *length = count;
    memcpy(value, bytes, *length);
    return 0;
}

static int answer_int(int number, void *value, socklen_t *length)
{
    return answer_bytes(&number, sizeof(number), value, length);
}

static int ask_option(int fd, int level, int name, void *value, socklen_t *length)
{
    struct socket_request request;
    struct socket_answer answer;
    control_request_init(&request, SOCKET_OP_GETSOCKOPT);
    request.level = level;
    request.name = name;
    request.length = *length > SOCKET_VALUE_MAX ? SOCKET_VALUE_MAX : *length;
    int result = control_ask_once(fd, &request, &answer);
    if (result < 0 || answer.length > SOCKET_VALUE_MAX)
        return result;
    return answer_bytes(answer.value, answer.length, value, length);
}

static int get_socket_level(int fd, int name, int family, void *value, socklen_t *length)
{
    switch (name) {
    case SO_DOMAIN:
        return answer_int(family, value, length);
    case SO_PROTOCOL:
        return answer_int(IPPROTO_TCP, value, length);
    case SO_ERROR:
        return answer_int(failure_take(fd), value, length);
    case SO_ACCEPTCONN:
        return answer_int(kind_is_listener(fd), value, length);
    case SO_PEERNAME:
        return ask_name(fd, SOCKET_OP_GETPEERNAME, value, length);
    case SO_TYPE:
        return sys_getsockopt(fd, SOL_SOCKET, name, value, length);
    case SO_PEERCRED:
    case SO_PEERSEC:
    case SO_PEERGROUPS:
        return -ENOPROTOOPT; /* the daemon's are none of the peer's */
    default:
        break;
    }
    if (option_is_descriptors(SOL_SOCKET, name))
        return sys_getsockopt(fd, SOL_SOCKET, name, value, length);
    int result = ask_option(fd, SOL_SOCKET, name, value, length);
    return result == -ENOPROTOOPT ? sys_getsockopt(fd, SOL_SOCKET, name, value, length) : result;
}

static int get_option(int fd, int level, int name, void *value, socklen_t *length)
{
    int family;
    if (kind_of(fd, &family) != KIND_ENGINE)
        return sys_getsockopt(fd, level, name, value, length);
    int result = check_room(value, length);
    if (result < 0)
        return result;
    if (level == SOL_SOCKET)
        return get_socket_level(fd, name, family, value, length);
    return ask_option(fd, level, name, value, length);
}

REPLACES int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    return (int)real_result(get_option(fd, level, name, value, length));
}

/* --- setsockopt ------------------------------------------------------------------------------- */

static int tell_option(int fd, int level, int name, const void *value, socklen_t length)
{
    struct socket_request request;
    struct socket_answer answer;
    if (length > SOCKET_VALUE_MAX)
        return -EINVAL;
    control_request_init(&request, SOCKET_OP_SETSOCKOPT);
    request.level = level;
    request.name = name;
    request.length = length;
    if (length > 0)
        memcpy(request.value, value, length);
    int result = control_ask_once(fd, &request, &answer);
    if (result < 0)
        note("setsockopt(%d, %s (%d, %d)): error %d", fd, option_text(level, name), level, name,
             -result);
    return result;
}

/* Whether segments from a peer, or to it, would have to be signed (RFC 2385): the value begins with
 * its address. */
static bool signs_for_engine(int level, int name, const void *value, socklen_t length)
{
    return level == IPPROTO_TCP && (name == TCP_MD5SIG || name == TCP_MD5SIG_EXT) &&
           length >= sizeof(struct sockaddr_storage) && settings_engine_reaches(value, length);
}

/* What is refused before it is known, too, whose the socket will be: a program that was told that
 * it has it would go on without. */
static int check_option(int level, int name, const void *value, socklen_t length)
{
    int result = 0;
    if (level == SOL_SOCKET && name == SO_ZEROCOPY)
        result = -EOPNOTSUPP;
    else if (signs_for_engine(level, name, value, length))
        result = -ENOPROTOOPT;
    if (result < 0)
        note("option %d of level %d is refused: error %d", name, level, -result);
    return result;
}

static int set_option(int fd, int level, int name, const void *value, socklen_t length)
{
    enum kind kind = kind_of(fd, NULL);
    int refused = kind == KIND_OTHER ? 0 : check_option(level, name, value, length);
    if (refused < 0)
        return refused;
    if (kind == KIND_ENGINE && !option_is_descriptors(level, name))
        return tell_option(fd, level, name, value, length);
    int result = sys_setsockopt(fd, level, name, value, length);
    if (result == 0 && kind == KIND_KERNEL_TCP)
        option_note_set(fd, level, name);
    return result;
}

REPLACES int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    return (int)real_result(set_option(fd, level, name, value, length));
}

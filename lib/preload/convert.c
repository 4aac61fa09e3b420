#include "convert.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#include "cidr.h"
#include "kind.h"
#include "note.h"
#include "option.h"
#include "sys.h"
#include "watched.h"

int convert_make(struct control *control, int kernel_fd, int family, int *ret_engine_fd)
{
    int engine_fd = control_socket_new(control, family);
    if (engine_fd < 0)
        return engine_fd;
    int result = option_copy_to_engine(control, kernel_fd, family, engine_fd);
    if (result < 0)
        sys_close(engine_fd);
    else
        *ret_engine_fd = engine_fd;
    return result;
}

/* O_NONBLOCK, O_ASYNC and their owner belong to the open file, close-on-exec to the number. */
static void copy_flags(int from_fd, int to_fd)
{
    int flags = sys_fcntl(from_fd, F_GETFL, 0);
    int owner = sys_fcntl(from_fd, F_GETOWN, 0);
    if (owner != 0)
        sys_fcntl(to_fd, F_SETOWN, owner);
    if (flags >= 0)
        sys_fcntl(to_fd, F_SETFL, flags);
}

int convert_place(int engine_fd, int fd)
{
    int descriptor_flags = sys_fcntl(fd, F_GETFD, 0);
    copy_flags(fd, engine_fd);
    int result =
        watched_replace(engine_fd, fd, (descriptor_flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
    sys_close(engine_fd);
    return result;
}

static int bind_again(int kernel_fd, const struct socket_answer *answer)
{
    struct sockaddr_storage local;
    struct te_addr address;
    socklen_t length = socket_address_write(&answer->local, &local);
    if (length == 0 || !cidr_address_of((struct sockaddr *)&local, length, &address))
        return 0;
    /* Bound to an address of the engine's: from there, no way leads to the kernel's. */
    return te_addr_is_unspecified(&address) ? sys_bind(kernel_fd, &local, length) : -EINVAL;
}

static int prepare_kernel_socket(struct control *control, int engine_fd, int kernel_fd)
{
    struct socket_request request;
    struct socket_answer answer;
    control_request_init(&request, SOCKET_OP_GETSOCKNAME);
    int result = control_ask(control, engine_fd, &request, &answer, false);
    if (result < 0)
        return result;
    option_copy_to_kernel(control, engine_fd, kernel_fd);
    return bind_again(kernel_fd, &answer);
}

int convert_to_kernel(int fd, int family)
{
    struct control control;
    int result = control_open(&control);
    if (result < 0)
        return result;
    int kernel_fd = sys_socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    result = kernel_fd < 0 ? kernel_fd : prepare_kernel_socket(&control, fd, kernel_fd);
    if (result == 0)
        result = convert_place(kernel_fd, fd);
    else if (kernel_fd >= 0)
        sys_close(kernel_fd);
    control_close(&control);
    note("socket %d, bound with the engine, connects to what is the kernel's", fd);
    return result;
}

/* The last close(2) of what is left resets it. */
static void abandon(struct control *control, int engine_fd)
{
    const struct linger none = {.l_onoff = 1};
    struct socket_request request;
    struct socket_answer answer;
    control_request_init(&request, SOCKET_OP_SETSOCKOPT);
    request.level = SOL_SOCKET;
    request.name = SO_LINGER;
    request.length = sizeof(none);
    memcpy(request.value, &none, sizeof(none));
    control_ask(control, engine_fd, &request, &answer, false);
}

int convert_to_new(int fd, int family)
{
    struct control control;
    int result = control_open(&control);
    if (result < 0)
        return result;
    int kernel_fd = sys_socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (kernel_fd >= 0) {
        option_copy_to_kernel(&control, fd, kernel_fd);
        abandon(&control, fd);
    }
    result = kernel_fd < 0 ? kernel_fd : convert_place(kernel_fd, fd);
    control_close(&control);
    return result;
}

/* A Unix datagram socket without a name: nobody can send to it. */
void convert_to_silent(int fd)
{
    int saved = errno;
    int silent_fd = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (silent_fd >= 0) {
        kind_mark_ended_listener(silent_fd);
        convert_place(silent_fd, fd);
    }
    note_always("listener %d was ended by the daemon: nobody comes to it any more", fd);
    errno = saved;
}

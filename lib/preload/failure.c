#include "failure.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "control.h"
#include "kind.h"
#include "sys.h"

/* Whether the daemon that answers is the one that fd is from. */
static bool is_of_this_run(int fd)
{
    struct control control;
    if (control_open(&control) < 0)
        return false;
    int newest = control_socket_new(&control, AF_INET);
    bool is_same = newest >= 0 && kind_is_same_run(fd, newest);
    if (newest >= 0)
        sys_close(newest);
    control_close(&control);
    return is_same;
}

static int ask_daemon(int fd)
{
    struct socket_request request;
    struct socket_answer answer;
    int error = 0;
    control_request_init(&request, SOCKET_OP_GETSOCKOPT);
    request.level = SOL_SOCKET;
    request.name = SO_ERROR;
    request.length = sizeof(error);
    int result = control_ask_once(fd, &request, &answer);
    if (result == -ENETDOWN || (result == -ENOTSOCK && !is_of_this_run(fd)))
        return ECONNRESET; /* the daemon has ended, and the connection with it */
    if (result < 0)
        return 0; /* it has forgotten what ended well, long ago */
    memcpy(&error, answer.value, sizeof(error));
    return error;
}

/* Only a descriptor that hangs up may have failed: the rest costs no request. */
int failure_take(int fd)
{
    int own = 0;
    socklen_t length = sizeof(own);
    if (!sys_hangs_up(fd))
        return 0;
    int error = ask_daemon(fd);
    sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &own, &length); /* the kernel's is taken as well */
    return error != 0 ? error : own;
}

ssize_t failure_at_end(int fd)
{
    if (!sys_hangs_up(fd) || kind_of(fd, NULL) != KIND_ENGINE)
        return 0;
    int error = ask_daemon(fd);
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

int failure_at_write(int fd)
{
    int error = errno;
    if (error != EPIPE || kind_of(fd, NULL) != KIND_ENGINE)
        return error;
    int failure = failure_take(fd);
    errno = failure != 0 ? failure : EPIPE;
    return errno;
}

void failure_at_reset(int fd)
{
    int error = kind_of(fd, NULL) == KIND_ENGINE ? ask_daemon(fd) : 0;
    errno = error != 0 ? error : ECONNRESET;
}

#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include "note.h"
#include "settings.h"
#include "sys.h"

/* The daemon answers in microseconds; one that is stopped must not hang the program for ever. */
#define ANSWER_MAX_S 10

static int error_of_connect(int error)
{
    switch (error) {
    case -ENOENT:
    case -ECONNREFUSED:
    case -ENOTDIR:
        note("no daemon answers at %s", settings_get()->requests.sun_path);
        return -ENETDOWN;
    default:
        return error;
    }
}

static int connect_to_daemon(int fd)
{
    const struct settings *settings = settings_get();
    struct timeval limit = {.tv_sec = ANSWER_MAX_S};
    sys_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sys_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    int result;
    do
        result = sys_connect(fd, &settings->requests, settings->requests_length);
    while (result == -EINTR);
    return error_of_connect(result);
}

int control_open(struct control *control)
{
    control->fd = sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (control->fd < 0)
        return control->fd;
    int result = connect_to_daemon(control->fd);
    if (result < 0)
        control_close(control);
    return result;
}

void control_close(struct control *control)
{
    sys_close(control->fd);
    control->fd = -1;
}

void control_request_init(struct socket_request *request, enum socket_op op)
{
    memset(request, 0, sizeof(*request));
    request->magic = SOCKET_MAGIC;
    request->version = SOCKET_VERSION;
    request->op = op;
}

union one_descriptor {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static int send_request(struct control *control, int socket_fd,
                        const struct socket_request *request)
{
    union one_descriptor control_bytes;
    memset(&control_bytes, 0, sizeof(control_bytes));
    struct iovec bytes = {(void *)request, sizeof(*request)};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (socket_fd >= 0) {
        message.msg_control = &control_bytes;
        message.msg_controllen = sizeof(control_bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &socket_fd, sizeof(int));
    }
    long result;
    do
        result = sys_sendmsg(control->fd, &message, MSG_NOSIGNAL);
    while (result == -EINTR);
    return result < 0 ? (int)result : 0;
}

static int descriptor_of(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return -1;
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}

/* The descriptor that came along goes to *ret_fd, -1: none. */
static int receive_answer(struct control *control, struct socket_answer *ret_answer, int *ret_fd,
                          bool interruptible)
{
    union one_descriptor control_bytes;
    struct iovec bytes = {ret_answer, sizeof(*ret_answer)};
    struct msghdr message;
    long result;
    do {
        message = (struct msghdr){.msg_iov = &bytes,
                                  .msg_iovlen = 1,
                                  .msg_control = &control_bytes,
                                  .msg_controllen = sizeof(control_bytes)};
        result = sys_recvmsg(control->fd, &message, MSG_CMSG_CLOEXEC);
    } while (result == -EINTR && !interruptible);
    *ret_fd = result < 0 ? -1 : descriptor_of(&message);
    if (result < 0)
        return (int)result;
    if (result != (long)sizeof(*ret_answer) || ret_answer->magic != SOCKET_MAGIC ||
        ret_answer->version != SOCKET_VERSION) {
        note("the daemon's answer is none of this version (%d bytes)", (int)result);
        return -ENETDOWN; /* 0 bytes: it is gone */
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0 && *ret_fd < 0)
        return -EMFILE;
    return -(int)ret_answer->error;
}

int control_ask(struct control *control, int socket_fd, const struct socket_request *request,
                struct socket_answer *ret_answer, bool interruptible)
{
    int unwanted;
    int result = send_request(control, socket_fd, request);
    if (result == 0)
        result = receive_answer(control, ret_answer, &unwanted, interruptible);
    else
        unwanted = -1;
    if (unwanted >= 0)
        sys_close(unwanted);
    return result;
}

int control_ask_once(int socket_fd, const struct socket_request *request,
                     struct socket_answer *ret_answer)
{
    struct control control;
    int result = control_open(&control);
    if (result < 0)
        return result;
    result = control_ask(&control, socket_fd, request, ret_answer, false);
    control_close(&control);
    return result;
}

int control_socket_new(struct control *control, int family)
{
    struct socket_request request;
    struct socket_answer answer;
    int fd = -1;
    control_request_init(&request, SOCKET_OP_SOCKET);
    request.argument = (uint32_t)family;
    int result = send_request(control, -1, &request);
    if (result == 0)
        result = receive_answer(control, &answer, &fd, false);
    if (result < 0 && fd >= 0)
        sys_close(fd);
    return result < 0 ? result : fd < 0 ? -ENFILE : fd;
}

#include "socket/socket_pair.h"

#include <errno.h>
#include <unistd.h>

/* Room for records of accepted connections: Linux counts about 1 KiB for each. */
#define RECORDS_BYTES 16384
/* net.core.wmem_default of Linux. */
#define BUFFER_USUAL_BYTES 212992u
/* Beyond that, as far as net.core.wmem_max allows, so that neither side has to be woken for every
 * few frames: as much as tcp_wmem of Linux lets a connection have. */
#define BUFFER_WIDE_BYTES (4u * 1024 * 1024)
#define PAGE_BYTES 4096u
#define FILLER_PAGES 16u

/* --- making ----------------------------------------------------------------------------------- */

/* The kernel doubles what it is told, and has a least size of its own. */
static void set_buffer(int fd, uint32_t bytes)
{
    int half = (int)(bytes / 2);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
}

void socket_pair_widen(int fd, uint32_t buffer_bytes)
{
    set_buffer(fd, buffer_bytes < BUFFER_WIDE_BYTES ? buffer_bytes : BUFFER_WIDE_BYTES);
}

int socket_pair_make(const struct socket_name *name, uint32_t buffer_bytes,
                     struct socket_pair *ret_pair)
{
    struct sockaddr_un address;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return errno;
    if (buffer_bytes < BUFFER_USUAL_BYTES)
        set_buffer(fds[0], buffer_bytes);
    socket_pair_widen(fds[1], buffer_bytes);
    socklen_t len = socket_name_write(name, &address);
    struct socket_pair pair = {.program_fd = fds[0], .daemon_fd = fds[1]};
    if (bind(fds[1], (const struct sockaddr *)&address, len) == 0 &&
        socket_pair_cookie(fds[0], &pair.cookie)) {
        *ret_pair = pair;
        return 0;
    }
    int number = errno;
    close(fds[0]);
    close(fds[1]);
    return number;
}

bool socket_pair_cookie(int fd, uint64_t *ret_cookie)
{
    socklen_t size = sizeof(*ret_cookie);
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, ret_cookie, &size) == 0 &&
           size == sizeof(*ret_cookie);
}

void socket_pair_narrow(int daemon_fd)
{
    set_buffer(daemon_fd, RECORDS_BYTES);
}

/* --- filler ----------------------------------------------------------------------------------- */

/* The same page again and again. */
struct pages {
    struct iovec iov[FILLER_PAGES];
    struct msghdr message;
};

static void pages_init(struct pages *pages, uint8_t page[PAGE_BYTES], size_t bytes)
{
    size_t left = bytes < FILLER_PAGES * PAGE_BYTES ? bytes : FILLER_PAGES * PAGE_BYTES;
    size_t count = 0;
    for (; left > 0; left -= pages->iov[count++].iov_len)
        pages->iov[count] = (struct iovec){page, left < PAGE_BYTES ? left : PAGE_BYTES};
    pages->message = (struct msghdr){.msg_iov = pages->iov, .msg_iovlen = count};
}

/* poll(2) calls an end writable while it holds no more than a quarter of what it may (unix_writable
 * of Linux). */
uint32_t socket_pair_fill(int program_fd)
{
    uint8_t page[PAGE_BYTES] = {0};
    struct pages pages;
    int limit = 0;
    uint32_t filled = 0;
    socklen_t size = sizeof(limit);
    getsockopt(program_fd, SOL_SOCKET, SO_SNDBUF, &limit, &size);
    while (filled <= (uint32_t)limit / 4) {
        pages_init(&pages, page, (uint32_t)limit / 4 + 1 - filled);
        ssize_t sent = sendmsg(program_fd, &pages.message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0)
            break; /* it is full already */
        filled += (uint32_t)sent;
    }
    return filled;
}

void socket_pair_empty(int daemon_fd, uint32_t filler_bytes)
{
    uint8_t page[PAGE_BYTES];
    struct pages pages;
    while (filler_bytes > 0) {
        pages_init(&pages, page, filler_bytes);
        ssize_t got = recvmsg(daemon_fd, &pages.message, MSG_DONTWAIT);
        if (got <= 0)
            return;
        filler_bytes -= (uint32_t)got;
    }
}

uint32_t socket_pair_silence(int program_fd, int daemon_fd)
{
    set_buffer(program_fd, 0); /* the least there is: so is the filler */
    uint32_t filler_bytes = socket_pair_fill(program_fd);
    shutdown(daemon_fd, SHUT_RD);
    return filler_bytes;
}

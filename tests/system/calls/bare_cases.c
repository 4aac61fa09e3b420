/* Calls that do not take the C library's usual way: by number, and by a ring. */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "calls.h"

/* --- by number -------------------------------------------------------------------------------- */

/* syscall(), or an instruction of the program's own, which no library sees. */
static long (*call)(long number, ...) = syscall;

static long trap(long number, const long a[6])
{
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = a[3];
    register long r8 __asm__("r8") = a[4];
    register long r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a[0];
    register long x1 __asm__("x1") = a[1];
    register long x2 __asm__("x2") = a[2];
    register long x3 __asm__("x3") = a[3];
    register long x4 __asm__("x4") = a[4];
    register long x5 __asm__("x5") = a[5];
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#endif
}

static long inline_call(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    long result = trap(number, a);
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

static void bare_client(void)
{
    int fd = (int)call(SYS_socket, peer.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);
    char bytes[16];
    CHECK(fd >= 0);
    CHECK_INT(call(SYS_connect, fd, at_port(peer.echo), peer.length), 0);
    CHECK_ERRNO(call(SYS_connect, fd, at_port(peer.echo), peer.length), EISCONN);
    CHECK_INT(call(SYS_getpeername, fd, &name, &length), 0);
    CHECK_INT(memcmp(&name, at_port(peer.echo), length), 0);
    length = sizeof(name);
    CHECK_INT(call(SYS_getsockname, fd, &name, &length), 0);
    CHECK_INT(length, peer.length);
    int error = -1;
    length = sizeof(error);
    CHECK_INT(call(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    CHECK_INT(error, 0);
    CHECK_INT(call(SYS_setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int)), 0);
    CHECK_INT(call(SYS_sendto, fd, "bare", 4, 0, NULL, 0), 4);
    CHECK_INT(call(SYS_recvfrom, fd, bytes, 4, MSG_WAITALL, NULL, NULL), 4);
    CHECK_INT(memcmp(bytes, "bare", 4), 0);
    CHECK_INT(call(SYS_shutdown, fd, SHUT_WR), 0);
    CHECK_INT(call(SYS_read, fd, bytes, sizeof(bytes)), 0);
    CHECK_INT(call(SYS_close, fd), 0);
    fd = tcp_socket(0);
    CHECK_ERRNO(call(SYS_connect, fd, at_port(peer.closed), peer.length), ECONNREFUSED);
    close(fd);
}

static void bare_server(void)
{
    int listener = (int)call(SYS_socket, peer.address.ss_family, SOCK_STREAM, IPPROTO_TCP);
    struct sockaddr_storage any = {.ss_family = peer.address.ss_family}, name;
    socklen_t length = sizeof(name);
    char bytes[2];
    CHECK_INT(call(SYS_bind, listener, &any, peer.length), 0);
    CHECK_INT(call(SYS_listen, listener, 8), 0);
    ask_for_calls(listener, 2);
    for (int i = 0; i < 2; i++) {
        int fd = (int)(i == 0 ? call(SYS_accept4, listener, &name, &length, SOCK_CLOEXEC)
                              : call(SYS_accept4, listener, NULL, NULL, 0));
        CHECK(fd >= 0);
        CHECK_INT(fcntl(fd, F_GETFD), i == 0 ? FD_CLOEXEC : 0);
        CHECK_INT(call(SYS_recvfrom, fd, bytes, 2, MSG_WAITALL, NULL, NULL), 2);
        CHECK_INT(memcmp(bytes, "hi", 2), 0);
        close(fd);
    }
    CHECK_INT(name.ss_family, peer.address.ss_family);
    CHECK_INT(length, peer.length);
    close(listener);
}

static void inline_client(void)
{
    call = inline_call;
    bare_client();
}

static void inline_server(void)
{
    call = inline_call;
    bare_server();
}

/* What does not name a connect(): the Fast Open of tcp(7). */
static void inline_fast_open(void)
{
    struct iovec piece = {(void *)(uintptr_t) "open", 4};
    struct msghdr message = {.msg_name = (void *)(uintptr_t)at_port(peer.echo),
                             .msg_namelen = peer.length,
                             .msg_iov = &piece,
                             .msg_iovlen = 1};
    int fd = tcp_socket(0);
    CHECK_INT(inline_call(SYS_sendmsg, fd, &message, MSG_FASTOPEN), 4);
    expect_text(fd, "open");
    close(fd);
    fd = tcp_socket(0);
    CHECK_INT(inline_call(SYS_sendto, fd, "fast", 4, MSG_FASTOPEN, at_port(peer.echo), peer.length),
              4);
    expect_text(fd, "fast");
    CHECK_ERRNO(
        inline_call(SYS_sendto, fd, "fast", 4, MSG_FASTOPEN, at_port(peer.echo), peer.length),
        EISCONN);
    close(fd);
    fd = tcp_socket(0);
    CHECK_ERRNO(
        inline_call(SYS_sendto, fd, "fast", 4, MSG_FASTOPEN, at_port(peer.closed), peer.length),
        ECONNREFUSED);
    close(fd);
}

/* --- io_uring --------------------------------------------------------------------------------- */

struct ring {
    int fd;
    unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
    struct io_uring_sqe *entries;
    struct io_uring_cqe *outcomes;
};

static char *map(int fd, size_t bytes, off_t at)
{
    void *place = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
    CHECK(place != MAP_FAILED);
    return place;
}

static void ring_open(struct ring *ring)
{
    struct io_uring_params params = {0};
    ring->fd = (int)syscall(SYS_io_uring_setup, 4, &params);
    CHECK(ring->fd >= 0);
    CHECK_INT(params.flags, 0);
    size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *sq = map(ring->fd, sq_bytes, IORING_OFF_SQ_RING);
    char *cq = map(ring->fd, cq_bytes, IORING_OFF_CQ_RING);
    ring->entries =
        (void *)map(ring->fd, params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    ring->sq_tail = (void *)(sq + params.sq_off.tail);
    ring->sq_mask = (void *)(sq + params.sq_off.ring_mask);
    ring->sq_array = (void *)(sq + params.sq_off.array);
    ring->cq_head = (void *)(cq + params.cq_off.head);
    ring->cq_tail = (void *)(cq + params.cq_off.tail);
    ring->cq_mask = (void *)(cq + params.cq_off.ring_mask);
    ring->outcomes = (void *)(cq + params.cq_off.cqes);
}

/* One operation, to its end. */
static int ring_do(struct ring *ring, unsigned operation, int fd, const void *place,
                   unsigned length, uint64_t offset)
{
    unsigned at = *ring->sq_tail & *ring->sq_mask;
    ring->entries[at] = (struct io_uring_sqe){.opcode = (uint8_t)operation,
                                              .fd = fd,
                                              .addr = (uint64_t)(uintptr_t)place,
                                              .len = length,
                                              .off = offset};
    ring->sq_array[at] = at;
    __atomic_store_n(ring->sq_tail, *ring->sq_tail + 1, __ATOMIC_RELEASE);
    CHECK_INT(syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), 1);
    CHECK(__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) != *ring->cq_head);
    int result = ring->outcomes[*ring->cq_head & *ring->cq_mask].res;
    __atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
    return result;
}

static void ring_on_a_connection(void)
{
    struct ring ring;
    char bytes[8] = {0};
    int fd = connected_to(peer.echo);
    ring_open(&ring);
    CHECK_INT(ring_do(&ring, IORING_OP_NOP, -1, NULL, 0, 0), 0);
    CHECK_INT(ring_do(&ring, IORING_OP_SEND, fd, "round", 5, 0), 5);
    CHECK_INT(wait_for_events(fd, POLLIN, 10000), POLLIN);
    CHECK_INT(ring_do(&ring, IORING_OP_READ, fd, bytes, sizeof(bytes), (uint64_t)-1), 5);
    CHECK_INT(memcmp(bytes, "round", 5), 0);
    close(ring.fd);
    close(fd);
}

/* On the engine it is refused, and the program learns it; the socket can still be connected. */
static void ring_connects(void)
{
    struct ring ring;
    int fd = tcp_socket(0);
    bool is_on_engine = getenv("CASES_ON_ENGINE") != NULL;
    ring_open(&ring);
    int result = ring_do(&ring, IORING_OP_CONNECT, fd, at_port(peer.echo), 0, peer.length);
    CHECK_INT(result, is_on_engine ? -EACCES : 0);
    if (is_on_engine)
        CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    expect_echo(fd);
    close(ring.fd);
    close(fd);
}

const struct a_case bare_cases[] = {
    {"bare_client", bare_client},           {"bare_server", bare_server},
    {"inline_client", inline_client},       {"inline_server", inline_server},
    {"inline_fast_open", inline_fast_open}, {"ring_on_a_connection", ring_on_a_connection},
    {"ring_connects", ring_connects},       {NULL, NULL},
};

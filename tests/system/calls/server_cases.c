#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "calls.h"

static int accepted_hi(int listener, int flags)
{
    struct sockaddr_storage from = {0};
    socklen_t length = sizeof(from);
    int fd = accept4(listener, (struct sockaddr *)&from, &length, flags);
    CHECK(fd >= 0);
    CHECK_INT(length, peer.length);
    CHECK_INT(from.ss_family, peer.address.ss_family);
    CHECK(((struct sockaddr_in *)&from)->sin_port != 0);
    struct sockaddr_storage again;
    length = sizeof(again);
    CHECK_INT(getpeername(fd, (struct sockaddr *)&again, &length), 0);
    CHECK_INT(memcmp(&from, &again, length), 0);
    CHECK_INT(local_port(fd), local_port(listener));
    CHECK_INT(wait_for_events(fd, POLLIN, 10000) & POLLIN, POLLIN);
    expect_text(fd, "hi");
    return fd;
}

static void accepting(void)
{
    int value = -1, listener = listening_socket(0);
    socklen_t length = sizeof(value);
    CHECK_INT(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value, &length), 0);
    CHECK_INT(value, 1);
    ask_for_calls(listener, 2);
    int first = accepted_hi(listener, 0);
    int second = accepted_hi(listener, SOCK_CLOEXEC | SOCK_NONBLOCK);
    CHECK_INT(fcntl(first, F_GETFD), 0);
    CHECK_INT(fcntl(first, F_GETFL) & O_NONBLOCK, 0);
    CHECK_INT(fcntl(second, F_GETFD), FD_CLOEXEC);
    CHECK_INT(fcntl(second, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_ERRNO(accept4(listener, NULL, NULL, 1), EINVAL);
    close(first);
    close(second);
    close(listener);
}

static void accepting_nonblocking(void)
{
    int listener = listening_socket(SOCK_NONBLOCK);
    CHECK_ERRNO(accept(listener, NULL, NULL), EAGAIN);
    CHECK_INT(wait_for_events(listener, POLLIN, 0), 0);
    ask_for_calls(listener, 3);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(wait_for_events(listener, POLLIN, 10000), POLLIN);
        close(accepted_hi(listener, 0));
    }
    CHECK_ERRNO(accept(listener, NULL, NULL), EAGAIN);
    close(listener);
}

static void not_listening(void)
{
    int fd = bound_socket(0, 0);
    CHECK_ERRNO(accept(fd, NULL, NULL), EINVAL);
    close(fd);
    fd = tcp_socket(0);
    CHECK_ERRNO(accept(fd, NULL, NULL), EINVAL);
    close(fd);
    CHECK_ERRNO(accept(fd, NULL, NULL), EBADF);
    CHECK_ERRNO(accept(1, NULL, NULL), ENOTSOCK);
}

static void address_in_use(void)
{
    int listener = listening_socket(0);
    struct sockaddr_storage taken;
    socklen_t length = sizeof(taken);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&taken, &length), 0);
    int fd = tcp_socket(0);
    CHECK_ERRNO(bind(fd, (struct sockaddr *)&taken, length), EADDRINUSE);
    close(listener);
    CHECK_INT(bind(fd, (struct sockaddr *)&taken, length), 0);
    CHECK_ERRNO(bind(fd, (struct sockaddr *)&taken, length), EINVAL);
    CHECK_INT(listen(fd, 5), 0);
    CHECK_INT(listen(fd, 10), 0);
    close(fd);
}

static void listening_unbound(void)
{
    int fd = tcp_socket(0);
    CHECK_INT(listen(fd, 5), 0);
    CHECK(local_port(fd) != 0);
    ask_for_calls(fd, 1);
    close(accepted_hi(fd, 0));
    close(fd);
}

static void *shut_down_soon(void *listener)
{
    usleep(200000);
    CHECK_INT(shutdown(*(int *)listener, SHUT_RDWR), 0);
    return NULL;
}

static void shut_down_while_accepting(void)
{
    pthread_t thread;
    int listener = listening_socket(0);
    CHECK_INT(pthread_create(&thread, NULL, shut_down_soon, &listener), 0);
    CHECK_ERRNO(accept(listener, NULL, NULL), EINVAL);
    pthread_join(thread, NULL);
    close(listener);
}

enum { SHARED_CALLS = 20 };

/* Ends when no more connections come. */
static void accept_as_worker(int listener)
{
    int count = 0;
    CHECK_INT(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
    while ((wait_for_events(listener, POLLIN, 1500) & POLLIN) != 0) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            CHECK(errno == EAGAIN); /* the other one was faster */
            continue;
        }
        expect_text(fd, "hi");
        close(fd);
        count++;
    }
    _exit(count);
}

static void two_processes_accepting(void)
{
    pid_t workers[2];
    int status, count = 0, listener = listening_socket(0);
    for (int i = 0; i < 2; i++) {
        if ((workers[i] = fork()) == 0)
            accept_as_worker(listener);
    }
    ask_for_calls(listener, SHARED_CALLS);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(waitpid(workers[i], &status, 0), workers[i]);
        count += WEXITSTATUS(status);
    }
    CHECK_INT(count, SHARED_CALLS);
    close(listener);
}

static void epoll_of_listener(uint32_t mode)
{
    int count = 0, listener = listening_socket(SOCK_NONBLOCK), epoll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | mode, .data.fd = listener};
    CHECK_INT(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event), 0);
    CHECK_INT(epoll_wait(epoll_fd, &event, 1, 0), 0);
    ask_for_calls(listener, 10);
    while (count < 10) {
        CHECK_INT(epoll_wait(epoll_fd, &event, 1, 10000), 1);
        CHECK_INT(event.data.fd, listener);
        int fd;
        while ((fd = accept(listener, NULL, NULL)) >= 0) {
            count++;
            expect_text(fd, "hi");
            close(fd);
            if ((mode & EPOLLET) == 0)
                break; /* level: the rest is reported again */
        }
    }
    CHECK_INT(epoll_wait(epoll_fd, &event, 1, 100), 0);
    close(epoll_fd);
    close(listener);
}

static void listener_level(void)
{
    epoll_of_listener(0);
}

static void listener_edge(void)
{
    epoll_of_listener(EPOLLET);
}

static void listener_exclusive(void)
{
    epoll_of_listener(EPOLLEXCLUSIVE);
}

/* While no descriptor is free, the connection waits. */
static void descriptors_exhausted(void)
{
    struct rlimit before, limit;
    int listener = listening_socket(SOCK_NONBLOCK);
    ask_for_calls(listener, 1);
    CHECK_INT(wait_for_events(listener, POLLIN, 10000), POLLIN);
    int next = dup(listener);
    close(next);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)next;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_ERRNO(accept(listener, NULL, NULL), EMFILE);
    CHECK_ERRNO(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(accepted_hi(listener, 0));
    close(listener);
}

static void mapped_addresses(void)
{
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(peer.echo)}, name;
    socklen_t length = sizeof(name);
    if (peer.address.ss_family != AF_INET)
        return;
    memset(mapped.sin6_addr.s6_addr + 10, 0xff, 2);
    memcpy(mapped.sin6_addr.s6_addr + 12, &((struct sockaddr_in *)&peer.address)->sin_addr, 4);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_INT(connect(fd, (struct sockaddr *)&mapped, sizeof(mapped)), 0);
    expect_echo(fd);
    CHECK_INT(getpeername(fd, (struct sockaddr *)&name, &length), 0);
    CHECK_INT(memcmp(&name, &mapped, sizeof(mapped)), 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    CHECK(name.sin6_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&name.sin6_addr));
    close(fd);
}

const struct a_case server_cases[] = {
    {"accepting", accepting},
    {"accepting_nonblocking", accepting_nonblocking},
    {"not_listening", not_listening},
    {"address_in_use", address_in_use},
    {"listening_unbound", listening_unbound},
    {"shut_down_while_accepting", shut_down_while_accepting},
    {"two_processes_accepting", two_processes_accepting},
    {"listener_level", listener_level},
    {"listener_edge", listener_edge},
    {"listener_exclusive", listener_exclusive},
    {"descriptors_exhausted", descriptors_exhausted},
    {"mapped_addresses", mapped_addresses},
    {NULL, NULL},
};

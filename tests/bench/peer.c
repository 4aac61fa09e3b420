/* The kernel's side of every benchmark: peer ADDRESS PORT MODE [PORTS], until killed. It listens at
 * PORTS ports from PORT on, one by default; eight threads per port serve one connection at a time
 * each. Prints "ready" first. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

#define PIECE (128u * 1024u)
#define ACCEPTORS 8
#define PORTS_MAX 64

static bool send_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t count = send(fd, at, len, MSG_NOSIGNAL);
        if (count <= 0)
            return false;
        at += count;
        len -= (size_t)count;
    }
    return true;
}

static void sink(int fd)
{
    char *piece = malloc(PIECE);
    while (piece != NULL && recv(fd, piece, PIECE, 0) > 0)
        continue;
    send_all(fd, "k", 1);
    free(piece);
}

static void source(int fd)
{
    uint8_t ask[8];
    uint64_t left = 0;
    char *piece = calloc(1, PIECE);

    if (piece != NULL && recv(fd, ask, sizeof(ask), MSG_WAITALL) == (ssize_t)sizeof(ask)) {
        for (unsigned i = 0; i < sizeof(ask); i++)
            left = left << 8 | ask[i];
    }
    while (left > 0) {
        size_t len = left < PIECE ? (size_t)left : PIECE;
        if (!send_all(fd, piece, len))
            break;
        left -= len;
    }
    free(piece);
}

static void echo(int fd)
{
    char buffer[4096];
    for (ssize_t count; (count = recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
        if (!send_all(fd, buffer, (size_t)count))
            break;
    }
}

/* One byte, and the other side closes first. */
static void greet(int fd)
{
    char byte;
    send_all(fd, "k", 1);
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
}

/* One thread waits for what happens to the connections that are held: it answers, and closes. */
static int held = -1;

static void hold(int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = dup(fd)};
    if (event.data.fd < 0 || epoll_ctl(held, EPOLL_CTL_ADD, event.data.fd, &event) != 0)
        bench_die("hold", strerror(errno));
}

static void answer(int fd)
{
    char piece[4096];
    ssize_t count = recv(fd, piece, sizeof(piece), 0);
    if (count > 0)
        send_all(fd, piece, (size_t)count);
    else
        close(fd);
}

static void *keep_held(void *arg)
{
    struct epoll_event event;
    (void)arg;
    while (epoll_wait(held, &event, 1, -1) > 0)
        answer(event.data.fd);
    return NULL;
}

static void hold_start(void)
{
    pthread_t thread;
    held = epoll_create1(0);
    if (held < 0 || pthread_create(&thread, NULL, keep_held, NULL) != 0)
        bench_die("hold", strerror(errno));
}

struct mode {
    const char *name;
    void (*serve)(int fd);
};

static const struct mode modes[] = {{"bulk_out", sink},
                                    {"bulk_in", source},
                                    {"latency", echo},
                                    {"connections", greet},
                                    {"hold", hold}};

struct listener {
    int fd;
    void (*serve)(int fd);
};

static void *accept_forever(void *arg)
{
    const struct listener *listener = arg;
    int on = 1;
    for (int fd; (fd = accept(listener->fd, NULL, NULL)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        listener->serve(fd);
        close(fd);
    }
    return NULL;
}

static int listen_on(const char *address, uint16_t port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
    struct addrinfo *found;
    char service[8];
    int on = 1;

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &found) != 0)
        bench_die(address, "not an address");
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    bench_use_cubic(fd);
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 1024) != 0)
        bench_die("listen", strerror(errno));
    freeaddrinfo(found);
    return fd;
}

static void start(struct listener *listener)
{
    pthread_t thread;
    for (unsigned i = 0; i < ACCEPTORS; i++)
        if (pthread_create(&thread, NULL, accept_forever, listener) != 0)
            bench_die("peer", "no thread");
}

int main(int argc, char **argv)
{
    static struct listener listeners[PORTS_MAX];
    void (*serve)(int fd) = NULL;
    unsigned long ports = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;

    for (size_t i = 0; argc >= 4 && i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].name, argv[3]) == 0)
            serve = modes[i].serve;
    }
    if (serve == NULL || ports == 0 || ports > PORTS_MAX) {
        fprintf(stderr, "usage: peer ADDRESS PORT MODE [PORTS]\n");
        return 2;
    }
    bench_allow_descriptors();
    hold_start();
    for (unsigned long i = 0; i < ports; i++) {
        uint16_t port = (uint16_t)(strtoul(argv[2], NULL, 10) + i);
        listeners[i] = (struct listener){.fd = listen_on(argv[1], port), .serve = serve};
        start(&listeners[i]);
    }
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}

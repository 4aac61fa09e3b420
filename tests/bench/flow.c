/* One end of a connection that carries as much as it can for a while:
 *
 *   flow kernel|engine send ADDRESS PORT SECONDS [URL]      to ADDRESS, until killed
 *   flow kernel|engine receive ADDRESS PORT SECONDS [URL]   at ADDRESS
 *
 * The receiver prints "ready" once it listens. Its clock starts when the connection is established
 * and stops after SECONDS; then it prints {"seconds": ..., "bytes": ..., "tenths": [...]} on one
 * line: the bytes the application received, in total and per tenth of a second, and waits to be
 * killed. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tcpclient/tcpclient.h>
#include <time.h>
#include <unistd.h>

#include "support.h"
#include "transport.h"

#define SEND_BYTES (64u * 1024u)
#define RECEIVE_BYTES (128u * 1024u)
#define OPEN_WAIT_MS 30000u
#define SECONDS_MAX 600u
#define MS_PER_SECOND 1000
#define TENTH_MS 100

struct flow {
    const char *address;
    uint16_t port;
    unsigned seconds;
    const char *url;
};

/* What a receiver does, per kind of TCP. */
struct receiver {
    /* Waits for the one connection. */
    void (*accept)(const struct flow *flow);
    /* Waits at most wait_ms for bytes; returns how many came, 0 if none. */
    size_t (*receive)(void *buffer, size_t max, uint32_t wait_ms);
};

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * MS_PER_SECOND + time.tv_nsec / 1000000;
}

static void say_ready(void)
{
    puts("ready");
    fflush(stdout);
}

/* Nothing of this connection may still be on the path when the next one is measured. */
static void reset_when_closed(int fd)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) != 0)
        bench_die("socket", strerror(errno));
}

static void be_sure_of_cubic(int fd)
{
    char name[16] = "";
    socklen_t len = sizeof(name);
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len) != 0 || strcmp(name, "cubic") != 0)
        bench_die("this kernel has no cubic, but", name);
}

static int kernel_fd;

static void kernel_accept(const struct flow *flow)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(flow->port)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    if (inet_pton(AF_INET, flow->address, &name.sin_addr) != 1)
        bench_die(flow->address, "not an address");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    bench_use_cubic(listener);
    if (bind(listener, (const struct sockaddr *)&name, sizeof(name)) != 0 ||
        listen(listener, 1) != 0)
        bench_die(flow->address, strerror(errno));
    say_ready();
    kernel_fd = accept(listener, NULL, NULL);
    if (kernel_fd < 0)
        bench_die("accept", strerror(errno));
    reset_when_closed(kernel_fd);
    close(listener);
}

static size_t kernel_receive(void *buffer, size_t max, uint32_t wait_ms)
{
    const struct timeval wait = {.tv_sec = wait_ms / MS_PER_SECOND,
                                 .tv_usec = (wait_ms % MS_PER_SECOND) * 1000};
    setsockopt(kernel_fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    ssize_t count = recv(kernel_fd, buffer, max, 0);
    if (count == 0)
        bench_die("receive", "the sender closed");
    if (count < 0 && errno != EAGAIN)
        bench_die("receive", strerror(errno));
    return count > 0 ? (size_t)count : 0;
}

static struct tcpc_client *engine;
static uint64_t engine_id;

static void must(const char *what, enum tcpc_code code, const struct tcpc_error *error)
{
    if (code != TCPC_OK)
        bench_die(what, error->message);
}

static void engine_accept(const struct flow *flow)
{
    struct tcpc_options options = {
        .url = flow->url, .name = "flow", .timeout_ms = OPEN_WAIT_MS, .policy = TCPC_POLICY_ABORT};
    struct tcpc_open open = {.is_passive = true};
    struct tcpc_opened opened;
    struct tcpc_error error;

    must("daemon", tcpc_client_new(&options, &engine, &error), &error);
    if (!tcpc_endpoint_set(&open.local, flow->address, flow->port))
        bench_die(flow->address, "not an address");
    must("listen", tcpc_listen(engine, &open, &opened, &error), &error);
    say_ready();
    must("accept", tcpc_accept(engine, opened.id, OPEN_WAIT_MS, &opened, &error), &error);
    engine_id = opened.id;
}

static size_t engine_receive(void *buffer, size_t max, uint32_t wait_ms)
{
    struct tcpc_error error;
    enum tcpc_code code = tcpc_receive(engine, engine_id, buffer, &max, wait_ms, &error);
    if (code == TCPC_AGAIN)
        return 0;
    must("receive", code, &error);
    if (max == 0)
        bench_die("receive", "the sender closed");
    return max;
}

static const struct receiver receiver_kernel = {kernel_accept, kernel_receive};
static const struct receiver receiver_engine = {engine_accept, engine_receive};

static void print_received(const struct flow *flow, const uint64_t *tenths)
{
    unsigned count = flow->seconds * MS_PER_SECOND / TENTH_MS;
    uint64_t total = 0;
    for (unsigned i = 0; i < count; i++)
        total += tenths[i];
    printf("{\"seconds\": %u, \"bytes\": %" PRIu64 ", \"tenths\": [", flow->seconds, total);
    for (unsigned i = 0; i < count; i++)
        printf("%s%" PRIu64, i > 0 ? ", " : "", tenths[i]);
    printf("]}\n");
    fflush(stdout);
}

static void run_receiver(const struct flow *flow, const struct receiver *receiver)
{
    static uint64_t tenths[SECONDS_MAX * MS_PER_SECOND / TENTH_MS];
    char *buffer = malloc(RECEIVE_BYTES);

    if (buffer == NULL)
        bench_die("receive", "no memory");
    receiver->accept(flow);
    int64_t start = now_ms(), length = (int64_t)flow->seconds * MS_PER_SECOND, now;
    while ((now = now_ms() - start) < length) {
        size_t count = receiver->receive(buffer, RECEIVE_BYTES, (uint32_t)(length - now));
        now = now_ms() - start;
        if (now < length)
            tenths[now / TENTH_MS] += count;
    }
    print_received(flow, tenths);
    free(buffer);
    for (;;)
        pause();
}

static void run_sender(const struct flow *flow, const struct transport *transport)
{
    char *piece = calloc(1, SEND_BYTES);
    if (piece == NULL)
        bench_die("send", "no memory");
    transport->init(flow->url, 1);
    uint64_t handle = transport->open(flow->address, flow->port);
    if (transport == &transport_kernel) {
        be_sure_of_cubic((int)handle);
        reset_when_closed((int)handle);
    }
    for (;;)
        transport->send(handle, piece, SEND_BYTES);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: flow kernel|engine send|receive ADDRESS PORT SECONDS [URL]\n");
        return 2;
    }
    struct flow flow = {.address = argv[3],
                        .port = (uint16_t)strtoul(argv[4], NULL, 10),
                        .seconds = (unsigned)strtoul(argv[5], NULL, 10),
                        .url = argc > 6 ? argv[6] : NULL};
    bool is_engine = strcmp(argv[1], "engine") == 0;
    if (flow.seconds == 0 || flow.seconds > SECONDS_MAX)
        bench_die(argv[5], "not so many seconds");
    if (strcmp(argv[2], "receive") == 0)
        run_receiver(&flow, is_engine ? &receiver_engine : &receiver_kernel);
    run_sender(&flow, is_engine ? &transport_engine : &transport_kernel);
}

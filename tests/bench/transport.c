#include "transport.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tcpclient/stream.h>
#include <unistd.h>

#include "support.h"

#define WAIT_MS 30000u

/* --- the kernel ------------------------------------------------------------------------------- */

static void kernel_init(const char *url, unsigned busy)
{
    (void)url;
    (void)busy;
}

static void kernel_done(void)
{
}

static uint64_t kernel_open(const char *address, uint16_t port)
{
    char service[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *found;
    int on = 1;

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &found) != 0)
        bench_die(address, "not an address");
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (fd < 0)
        bench_die("socket", strerror(errno));
    bench_use_cubic(fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, found->ai_addr, found->ai_addrlen) != 0)
        bench_die("connect", strerror(errno));
    freeaddrinfo(found);
    return (uint64_t)fd;
}

static void kernel_send(uint64_t handle, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t count = send((int)handle, at, len, MSG_NOSIGNAL);
        if (count < 0)
            bench_die("send", strerror(errno));
        at += count;
        len -= (size_t)count;
    }
}

static size_t kernel_receive(uint64_t handle, void *buffer, size_t max)
{
    ssize_t count = recv((int)handle, buffer, max, 0);
    if (count < 0)
        bench_die("recv", strerror(errno));
    return (size_t)count;
}

static void kernel_shutdown(uint64_t handle)
{
    shutdown((int)handle, SHUT_WR);
}

static void kernel_close(uint64_t handle)
{
    close((int)handle);
}

static void kernel_abort(uint64_t handle)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt((int)handle, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close((int)handle);
}

const struct transport transport_kernel = {
    .init = kernel_init,
    .done = kernel_done,
    .thread_done = kernel_done,
    .open = kernel_open,
    .open_to_send = kernel_open,
    .send = kernel_send,
    .receive = kernel_receive,
    .shutdown = kernel_shutdown,
    .close = kernel_close,
    .abort = kernel_abort,
};

/* --- the engine ------------------------------------------------------------------------------- */

static struct tcpc_client *client;

static void must(const char *what, enum tcpc_code code, const struct tcpc_error *error)
{
    char why[sizeof(error->message) + sizeof(error->hint) + 2];
    snprintf(why, sizeof(why), "%s%s%s", error->message, *error->hint ? "; " : "", error->hint);
    if (code != TCPC_OK)
        bench_die(what, why);
}

static void engine_init(const char *url, unsigned busy)
{
    (void)busy;
    struct tcpc_options options = {
        .url = url, .name = "bench", .timeout_ms = WAIT_MS, .policy = TCPC_POLICY_ABORT};
    struct tcpc_error error;
    must("daemon", tcpc_client_new(&options, &client, &error), &error);
}

static void engine_done(void)
{
    tcpc_client_free(client);
}

static void engine_thread_done(void)
{
}

static uint64_t engine_open(const char *address, uint16_t port)
{
    struct tcpc_open open = {.wait_ms = WAIT_MS};
    struct tcpc_opened opened;
    struct tcpc_error error;

    if (!tcpc_endpoint_set(&open.remote, address, port))
        bench_die(address, "not an address");
    must("open", tcpc_open_active(client, &open, &opened, &error), &error);
    must("nagle", tcpc_set_option(client, opened.id, "nagle", 0, &error), &error);
    return opened.id;
}

static void engine_send(uint64_t handle, const void *data, size_t len)
{
    struct tcpc_error error;
    must("send", tcpc_send(client, handle, data, len, WAIT_MS, &error), &error);
}

static size_t engine_receive(uint64_t handle, void *buffer, size_t max)
{
    struct tcpc_error error;
    must("receive", tcpc_receive(client, handle, buffer, &max, WAIT_MS, &error), &error);
    return max;
}

static void engine_shutdown(uint64_t handle)
{
    struct tcpc_error error;
    must("shutdown", tcpc_shutdown(client, handle, &error), &error);
}

static void engine_close(uint64_t handle)
{
    struct tcpc_error error;
    must("close", tcpc_close(client, handle, 0, NULL, &error), &error);
}

static void engine_abort(uint64_t handle)
{
    struct tcpc_error error;
    must("abort", tcpc_abort(client, handle, &error), &error);
}

const struct transport transport_engine = {
    .init = engine_init,
    .done = engine_done,
    .thread_done = engine_thread_done,
    .open = engine_open,
    .open_to_send = engine_open,
    .send = engine_send,
    .receive = engine_receive,
    .shutdown = engine_shutdown,
    .close = engine_close,
    .abort = engine_abort,
};

/* --- the engine, by a channel ----------------------------------------------------------------- */

#define SPIN_ENVIRONMENT "TCPENGINE_BENCH_SPIN_US"

#define FEW_STREAMS 64u
#define MANY_STREAMS 4096u
#define CHANNELS_MAX 64u
/* What is written in one turn of the rings should still be in the processor's last cache in the
 * next: so all busy rings together are about as large as it, or as our part of it. */
#define RINGS_BYTES (4u << 20)
#define RING_MIN (256u << 10)
#define SEND_RING_MAX (1u << 20)
#define CACHE_LINE 64u

static const char *channel_url;
static uint32_t channel_ring_bytes = RINGS_BYTES;
static _Atomic uint32_t seen; /* so that bytes are looked at */

/* A channel belongs to one thread. One is small and stays in the processor's cache; those who hold
 * many connections make large ones when it is full. */
struct one_channel {
    struct tcpc_channel *channel;
    uint32_t streams, streams_max;
};
static _Thread_local struct one_channel channels[CHANNELS_MAX];

static void channel_init(const char *url, unsigned busy)
{
    channel_url = url;
    while (channel_ring_bytes > RING_MIN && channel_ring_bytes > RINGS_BYTES / busy)
        channel_ring_bytes /= 2;
}

static void channel_thread_done(void)
{
    for (unsigned i = 0; i < CHANNELS_MAX; i++) {
        tcpc_channel_free(channels[i].channel);
        channels[i] = (struct one_channel){.channel = NULL};
    }
}

static void channel_make(struct one_channel *one, uint32_t streams_max)
{
    const char *spin = getenv(SPIN_ENVIRONMENT);
    struct tcpc_channel_options options = {
        .url = channel_url,
        .streams_max = streams_max,
        .aborts = true,
        .receive_bytes = channel_ring_bytes,
        .send_bytes = channel_ring_bytes < SEND_RING_MAX ? channel_ring_bytes : SEND_RING_MAX,
        .spin_us = spin != NULL ? (uint32_t)atoi(spin) : 0};
    struct tcpc_error error;
    must("channel", tcpc_channel_new(&options, &one->channel, &error), &error);
    one->streams_max = streams_max;
}

/* One that has room for another stream. */
static struct one_channel *channel_with_room(void)
{
    for (unsigned i = 0; i < CHANNELS_MAX; i++) {
        if (channels[i].channel == NULL)
            channel_make(&channels[i], i == 0 ? FEW_STREAMS : MANY_STREAMS);
        if (channels[i].streams < channels[i].streams_max)
            return &channels[i];
    }
    bench_die("channel", "too many connections for one thread");
}

static struct tcpc_stream *stream_of(uint64_t handle)
{
    return (struct tcpc_stream *)(uintptr_t)handle;
}

static uint64_t open_stream(const char *address, uint16_t port, uint32_t wait_ms)
{
    struct tcpc_endpoint remote;
    struct tcpc_stream *stream;
    struct tcpc_error error;
    struct one_channel *one = channel_with_room();
    if (!tcpc_endpoint_set(&remote, address, port))
        bench_die(address, "not an address");
    must("open", tcpc_stream_open(one->channel, NULL, &remote, wait_ms, &stream, &error), &error);
    tcpc_stream_set_user(stream, one);
    one->streams++;
    return (uintptr_t)stream;
}

static uint64_t channel_open(const char *address, uint16_t port)
{
    return open_stream(address, port, WAIT_MS);
}

/* A refusal shows when the answer is read. */
static uint64_t channel_open_to_send(const char *address, uint16_t port)
{
    return open_stream(address, port, 0);
}

static void channel_send(uint64_t handle, const void *data, size_t len)
{
    struct tcpc_error error;
    size_t written;
    must("send", tcpc_stream_write(stream_of(handle), data, len, WAIT_MS, &written, &error),
         &error);
    if (written < len)
        bench_die("send", "no room in time");
}

static size_t channel_receive(uint64_t handle, void *buffer, size_t max)
{
    struct tcpc_error error;
    size_t len;
    must("receive", tcpc_stream_read(stream_of(handle), buffer, max, WAIT_MS, &len, &error),
         &error);
    return len;
}

static uint32_t look_at(const struct tcpc_span *span)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < span->len; i += CACHE_LINE)
        sum += span->bytes[i];
    return sum;
}

/* The first piece of what can be read; of no bytes at the end. */
static struct tcpc_span channel_peek(struct tcpc_stream *stream)
{
    const struct one_channel *one = tcpc_stream_user(stream);
    struct pollfd fds = {.fd = tcpc_channel_descriptor(one->channel), .events = POLLIN};
    struct tcpc_span spans[2];
    while (tcpc_stream_peek(stream, spans) == 0 && !tcpc_stream_is_at_end(stream)) {
        enum tcpc_code code = tcpc_stream_code(stream);
        if (code != TCPC_OK)
            bench_die("receive", tcpc_code_name(code));
        if (tcpc_channel_next(one->channel) == NULL && poll(&fds, 1, WAIT_MS) == 0)
            bench_die("receive", "nothing came in time");
    }
    return spans[0];
}

static size_t channel_look(uint64_t handle, size_t max)
{
    struct tcpc_span span = channel_peek(stream_of(handle));
    if (span.len > max)
        span.len = max;
    seen = look_at(&span);
    tcpc_stream_release(stream_of(handle), span.len);
    return span.len;
}

static void channel_shutdown(uint64_t handle)
{
    tcpc_stream_shutdown(stream_of(handle));
}

static void channel_leave(struct tcpc_stream *stream)
{
    struct one_channel *one = tcpc_stream_user(stream);
    one->streams--;
}

static void channel_close(uint64_t handle)
{
    channel_leave(stream_of(handle));
    tcpc_stream_close(stream_of(handle));
}

static void channel_abort(uint64_t handle)
{
    channel_leave(stream_of(handle));
    tcpc_stream_abort(stream_of(handle));
}

const struct transport transport_channel = {
    .init = channel_init,
    .done = channel_thread_done,
    .thread_done = channel_thread_done,
    .open = channel_open,
    .open_to_send = channel_open_to_send,
    .send = channel_send,
    .receive = channel_receive,
    .look = channel_look,
    .shutdown = channel_shutdown,
    .close = channel_close,
    .abort = channel_abort,
};

/* --- all of them ------------------------------------------------------------------------------ */

struct named_transport {
    const char *name;
    const struct transport *transport;
};

static const struct named_transport transports[] = {
    {"kernel", &transport_kernel},
    {"engine", &transport_engine},
    {"channel", &transport_channel},
};

const struct transport *transport_find(const char *name)
{
    for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
        if (strcmp(transports[i].name, name) == 0)
            return transports[i].transport;
    bench_die(name, "no such transport");
}

void transport_list(void)
{
    for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
        puts(transports[i].name);
}

/* One piece of work on one kind of TCP; prints {"seconds": ..., ...} on one line.
 *
 *   work TRANSPORT MODE ADDRESS PORT AMOUNT [key=value]...     plan.h says what there is
 *   work list                                                  the transports, one per line
 *
 * The peer is tests/bench/peer in the mode of the same name; for requests, in the mode latency. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "support.h"
#include "transport.h"

#define PIECE (128u * 1024u)
#define TIMES_MAX 4000000u

struct work {
    const struct transport *transport;
    struct plan plan;
    void (*client)(struct work *work);
    pthread_barrier_t opened;
    double start, deadline; /* since all clients have opened */
    uint64_t filled;
    bool in_place; /* the application reads where the bytes lie */
    atomic_uint_fast64_t started, done;
};

/* The clock starts once every client is connected. */
static void wait_for_others(struct work *work)
{
    if (pthread_barrier_wait(&work->opened) == PTHREAD_BARRIER_SERIAL_THREAD) {
        work->start = plan_now();
        work->deadline = work->start + work->plan.seconds;
    }
    pthread_barrier_wait(&work->opened);
}

static void *run_client(void *arg)
{
    struct work *work = arg;
    work->client(work);
    work->transport->thread_done();
    return NULL;
}

/* Returns how long it took from the clock's start. */
static double run_clients(struct work *work, void (*client)(struct work *work))
{
    pthread_t threads[PLAN_CLIENTS_MAX];
    unsigned count = work->plan.clients;

    work->client = client;
    work->started = 0;
    work->done = 0;
    if (pthread_barrier_init(&work->opened, NULL, count) != 0)
        bench_die("work", "no barrier");
    for (unsigned i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, run_client, work) != 0)
            bench_die("work", "no thread");
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&work->opened);
    return plan_now() - work->start;
}

/* The peer answers with one byte when it has read everything. */
static void bulk_out_client(struct work *work)
{
    const struct transport *transport = work->transport;
    char *piece = calloc(1, PIECE), answer;
    uint64_t handle = transport->open(work->plan.address, work->plan.port);
    uint64_t left = work->plan.amount / work->plan.clients;

    wait_for_others(work);
    while (left > 0 && plan_now() < work->deadline) {
        size_t len = left < PIECE ? (size_t)left : PIECE;
        transport->send(handle, piece, len);
        left -= len;
    }
    atomic_fetch_add(&work->done, work->plan.amount / work->plan.clients - left);
    transport->shutdown(handle);
    if (transport->receive(handle, &answer, 1) != 1)
        bench_die("bulk_out", "the peer did not confirm");
    transport->close(handle);
    free(piece);
}

/* Asks for its share as a 64-bit big-endian number. */
static void bulk_in_client(struct work *work)
{
    const struct transport *transport = work->transport;
    char *piece = malloc(PIECE);
    uint64_t handle = transport->open(work->plan.address, work->plan.port), got = 0;
    uint64_t wanted = work->plan.amount / work->plan.clients;
    uint8_t ask[8];

    for (unsigned i = 0; i < sizeof(ask); i++)
        ask[i] = (uint8_t)(wanted >> (56 - 8 * i));
    wait_for_others(work);
    transport->send(handle, ask, sizeof(ask));
    while (got < wanted && plan_now() < work->deadline) {
        size_t count = work->in_place ? transport->look(handle, PIECE)
                                      : transport->receive(handle, piece, PIECE);
        if (count == 0)
            bench_die("bulk_in", "bytes are missing");
        got += count;
    }
    atomic_fetch_add(&work->done, got);
    if (got < wanted)
        transport->abort(handle);
    else
        transport->close(handle);
    free(piece);
}

static void there_and_back(const struct transport *transport, uint64_t handle)
{
    uint8_t buffer[PLAN_REQUEST_BYTES] = {0};
    transport->send(handle, buffer, sizeof(buffer));
    for (size_t got = 0; got < sizeof(buffer);) {
        size_t count = transport->receive(handle, buffer + got, sizeof(buffer) - got);
        if (count == 0)
            bench_die("request", "the peer closed");
        got += count;
    }
}

static void request(const struct transport *transport, uint64_t handle)
{
    there_and_back(transport, handle);
    transport->close(handle);
}

static void greeting(const struct transport *transport, uint64_t handle)
{
    char byte;
    if (transport->receive(handle, &byte, 1) != 1)
        bench_die("connections", "the peer said nothing");
    transport->close(handle);
}

static void connect_repeatedly(struct work *work,
                               uint64_t (*open)(const char *address, uint16_t port),
                               void (*use)(const struct transport *transport, uint64_t handle))
{
    wait_for_others(work);
    while (plan_now() < work->deadline && atomic_fetch_add(&work->started, 1) < work->plan.amount) {
        use(work->transport, open(work->plan.address, work->plan.port));
        atomic_fetch_add(&work->done, 1);
    }
}

static void requests_client(struct work *work)
{
    connect_repeatedly(work, work->transport->open_to_send, request);
}

static void connections_client(struct work *work)
{
    connect_repeatedly(work, work->transport->open, greeting);
}

static void bulk_out(struct work *work)
{
    double seconds = run_clients(work, bulk_out_client);
    plan_report(seconds, "bytes", work->done, 0);
}

static void bulk_in(struct work *work)
{
    double seconds = run_clients(work, bulk_in_client);
    plan_report(seconds, "bytes", work->done, 0);
}

static void bulk_in_place(struct work *work)
{
    if (work->transport->look == NULL)
        bench_die("bulk_in_place", "this transport can only copy");
    work->in_place = true;
    bulk_in(work);
}

static void requests(struct work *work)
{
    double seconds = run_clients(work, requests_client);
    plan_report(seconds, "count", work->done, work->filled);
}

static void connections(struct work *work)
{
    double seconds = run_clients(work, connections_client);
    plan_report(seconds, "count", work->done, work->filled);
}

static void latency(struct work *work)
{
    const struct transport *transport = work->transport;
    uint64_t wanted = work->plan.amount < TIMES_MAX ? work->plan.amount : TIMES_MAX, count = 0;
    double *times = calloc(wanted, sizeof(*times));
    uint64_t handle = transport->open(work->plan.address, work->plan.port);
    double start = plan_now(), sent = start;

    if (times == NULL || wanted == 0)
        bench_die("latency", "no round trips");
    do {
        there_and_back(transport, handle);
        double now = plan_now();
        times[count++] = now - sent;
        sent = now;
    } while (count < wanted && sent - start < work->plan.seconds);
    plan_report_times(sent - start, times, count);
    transport->abort(handle);
    free(times);
}

static uint64_t open_and_use(const struct work *work, uint16_t port)
{
    uint64_t handle = work->transport->open(work->plan.address, port);
    if (work->plan.use)
        there_and_back(work->transport, handle);
    return handle;
}

static void hold(struct work *work)
{
    const struct transport *transport = work->transport;
    uint64_t *handles = calloc(work->plan.amount, sizeof(*handles));
    double start = plan_now();
    char byte;

    if (handles == NULL)
        bench_die("hold", "no memory");
    for (uint64_t i = 0; i < work->plan.amount; i++)
        handles[i] = open_and_use(work, (uint16_t)(work->plan.port + i % work->plan.ports));
    plan_report(plan_now() - start, "count", work->plan.amount, 0);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    for (uint64_t i = 0; i < work->plan.amount; i++)
        transport->abort(handles[i]);
    free(handles);
}

/* The side that closes first has the TIME_WAIT: this one. */
static void fill_time_waits(struct work *work)
{
    struct plan plan = work->plan;
    work->plan.clients = 8;
    for (unsigned i = 0; i < PLAN_FILL_PORTS; i++) {
        work->plan.port = (uint16_t)(plan.fill_port + i);
        work->plan.amount = plan.fill * (i + 1) / PLAN_FILL_PORTS - plan.fill * i / PLAN_FILL_PORTS;
        work->plan.seconds = plan.fill_seconds / PLAN_FILL_PORTS;
        run_clients(work, requests_client);
        work->filled += work->done;
    }
    work->plan = plan;
}

struct mode {
    const char *name;
    void (*run)(struct work *work);
};

static const struct mode modes[] = {
    {"bulk_out", bulk_out}, {"bulk_in", bulk_in},   {"bulk_in_place", bulk_in_place},
    {"latency", latency},   {"requests", requests}, {"connections", connections},
    {"hold", hold},
};

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    bench_die(name, "no such work");
}

int main(int argc, char **argv)
{
    static struct work work;
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        transport_list();
        return 0;
    }
    if (argc < 2 || !plan_parse(&work.plan, argc - 2, argv + 2)) {
        fprintf(stderr, "usage: work TRANSPORT MODE ADDRESS PORT AMOUNT [key=value]...\n");
        return 2;
    }
    const struct mode *mode = find_mode(work.plan.mode);
    bench_allow_descriptors();
    work.transport = transport_find(argv[1]);
    work.transport->init(work.plan.url, work.plan.clients);
    if (work.plan.fill > 0)
        fill_time_waits(&work);
    mode->run(&work);
    work.transport->done();
    return 0;
}

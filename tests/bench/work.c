/* One piece of work on one kind of TCP; prints {"seconds": ..., ...} on one line.
 *
 *   work kernel|engine bulk_out|bulk_in ADDRESS PORT BYTES [URL]
 *   work kernel|engine latency ADDRESS PORT COUNT [URL]       64 bytes there and back
 *   work kernel|engine connections ADDRESS PORT COUNT [URL]   open, 1 byte back, close; 8 at a time
 *
 * The peer is tests/bench/peer in the mode of the same name. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support.h"
#include "transport.h"

#define PIECE (128u * 1024u)
#define REQUEST_BYTES 64u
#define WORKERS 8

struct work {
    const struct transport *transport;
    const char *address;
    uint16_t port;
    uint64_t amount;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The peer answers with one byte when it has read everything; then the clock stops. */
static void bulk_out(const struct work *work)
{
    const struct transport *transport = work->transport;
    char *piece = calloc(1, PIECE), answer;
    uint64_t handle = transport->open(work->address, work->port);
    double start = now();

    for (uint64_t left = work->amount; left > 0;) {
        size_t len = left < PIECE ? (size_t)left : PIECE;
        transport->send(handle, piece, len);
        left -= len;
    }
    transport->shutdown(handle);
    if (transport->receive(handle, &answer, 1) != 1)
        bench_die("bulk_out", "the peer did not confirm");
    printf("{\"seconds\": %.6f, \"bytes\": %" PRIu64 "}\n", now() - start, work->amount);
    transport->close(handle);
    free(piece);
}

/* Asks for amount bytes, as a 64-bit big-endian number. */
static void bulk_in(const struct work *work)
{
    const struct transport *transport = work->transport;
    char *piece = malloc(PIECE);
    uint64_t handle = transport->open(work->address, work->port), got = 0;
    uint8_t ask[8];
    double start = now();

    for (unsigned i = 0; i < sizeof(ask); i++)
        ask[i] = (uint8_t)(work->amount >> (56 - 8 * i));
    transport->send(handle, ask, sizeof(ask));
    for (size_t count; (count = transport->receive(handle, piece, PIECE)) > 0;)
        got += count;
    if (got != work->amount)
        bench_die("bulk_in", "bytes are missing");
    printf("{\"seconds\": %.6f, \"bytes\": %" PRIu64 "}\n", now() - start, got);
    transport->close(handle);
    free(piece);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void latency(const struct work *work)
{
    const struct transport *transport = work->transport;
    uint8_t buffer[REQUEST_BYTES] = {0};
    double *times = calloc(work->amount, sizeof(*times));
    uint64_t handle = transport->open(work->address, work->port);
    double start = now();

    for (uint64_t i = 0; i < work->amount; i++) {
        double sent = now();
        transport->send(handle, buffer, sizeof(buffer));
        for (size_t got = 0; got < sizeof(buffer);) {
            size_t count = transport->receive(handle, buffer + got, sizeof(buffer) - got);
            if (count == 0)
                bench_die("latency", "the peer closed");
            got += count;
        }
        times[i] = now() - sent;
    }
    double total = now() - start;
    qsort(times, work->amount, sizeof(*times), compare_doubles);
    printf("{\"seconds\": %.6f, \"count\": %" PRIu64 ", \"p50_us\": %.2f, \"p99_us\": %.2f}\n",
           total, work->amount, times[work->amount / 2] * 1e6,
           times[work->amount * 99 / 100] * 1e6);
    transport->abort(handle);
    free(times);
}

static atomic_uint_fast64_t connections_started;

static void *connect_repeatedly(void *arg)
{
    const struct work *work = arg;
    const struct transport *transport = work->transport;
    char byte;

    while (atomic_fetch_add(&connections_started, 1) < work->amount) {
        uint64_t handle = transport->open(work->address, work->port);
        if (transport->receive(handle, &byte, 1) != 1)
            bench_die("connections", "the peer said nothing");
        transport->close(handle);
    }
    return NULL;
}

static void connections(const struct work *work)
{
    pthread_t threads[WORKERS];
    struct work shared = *work;
    double start = now();

    for (unsigned i = 0; i < WORKERS; i++) {
        if (pthread_create(&threads[i], NULL, connect_repeatedly, &shared) != 0)
            bench_die("connections", "no thread");
    }
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    printf("{\"seconds\": %.6f, \"count\": %" PRIu64 "}\n", now() - start, work->amount);
}

struct mode {
    const char *name;
    void (*run)(const struct work *work);
};

static const struct mode modes[] = {
    {"bulk_out", bulk_out},
    {"bulk_in", bulk_in},
    {"latency", latency},
    {"connections", connections},
};

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: work kernel|engine MODE ADDRESS PORT AMOUNT [URL]\n");
        return 2;
    }
    struct work work = {
        .transport = strcmp(argv[1], "engine") == 0 ? &transport_engine : &transport_kernel,
        .address = argv[3],
        .port = (uint16_t)strtoul(argv[4], NULL, 10),
        .amount = strtoull(argv[5], NULL, 10),
    };
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].name, argv[2]) != 0)
            continue;
        work.transport->init(argc > 6 ? argv[6] : NULL);
        modes[i].run(&work);
        work.transport->done();
        return 0;
    }
    fprintf(stderr, "work: unknown mode %s\n", argv[2]);
    return 2;
}

/* What grows with the number of connections, and must not: two engines back to back, in virtual
 * time.
 *
 *   scale open COUNT...       nanoseconds of one opening beside COUNT open connections
 *   scale time_wait COUNT     bytes that the process grows by per TIME_WAIT entry
 *
 * An opening is te_open_active() alone (call), and everything until both ends are ESTABLISHED and
 * the server's is accepted (whole); each is the least of some batches. One line of JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine_pair.h"
#include "engine_side.h"
#include "support.h"
#include "units.h"

#define OPENINGS 200u
#define BATCHES 25u
#define PORT_FREE 6999u /* no connection goes there but those that are measured */
#define TIME_WAIT_BATCH 1024u

static void allow_many(struct te_config *config)
{
    config->conn_max = TE_CONFIG_TABLE_MAX;
    config->time_wait_max = TE_CONFIG_TABLE_MAX;
    config->memory_limit_percent = 100;
}

static void lesser(double *least, double value)
{
    if (*least == 0 || value < *least)
        *least = value;
}

/* Opens a batch, and resets it so that nothing of it stays. */
static void open_batch(struct pair *pair, uint64_t listener, double *call_ns, double *whole_ns)
{
    const struct te_open open = {.remote = {bench_address(2), PORT_FREE}};
    uint64_t ids[OPENINGS], id;
    double start = bench_now_ns();

    for (unsigned i = 0; i < OPENINGS; i++)
        bench_must("te_open_active",
                   te_open_active(pair->client.stack, &open, &ids[i], pair->now_us));
    lesser(call_ns, (bench_now_ns() - start) / OPENINGS);
    pair_settle(pair);
    unsigned accepted = 0;
    while (te_accept(pair->server.stack, listener, 0, &id, pair->now_us) == TE_OK)
        accepted++;
    lesser(whole_ns, (bench_now_ns() - start) / OPENINGS);
    pair_expect("accepted", accepted, OPENINGS);
    for (unsigned i = 0; i < OPENINGS; i++)
        bench_must("te_abort", te_abort(pair->client.stack, ids[i], pair->now_us));
    pair_settle(pair);
    pair_pass(pair, MS);
}

static void scale_open(struct pair *pair, int count, char **words)
{
    const struct te_listen listen = {.local.port = PORT_FREE, .backlog = OPENINGS * 2};
    uint64_t listener;
    bench_must("te_open_passive",
               te_open_passive(pair->server.stack, &listen, &listener, pair->now_us));
    printf("{\"bench\": \"scale_open\"");
    for (int i = 0; i < count; i++) {
        size_t wanted = strtoull(words[i], NULL, 10);
        double call_ns = 0, whole_ns = 0;
        if (wanted < pair->client.count)
            bench_die(words[i], "counts must grow");
        pair_open_many(pair, wanted - pair->client.count);
        for (unsigned batch = 0; batch < BATCHES; batch++)
            open_batch(pair, listener, &call_ns, &whole_ns);
        printf(", \"%zu\": {\"call_ns\": %.0f, \"whole_ns\": %.0f}", wanted, call_ns, whole_ns);
    }
    printf("}\n");
}

static uint64_t rss_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*u %llu", &pages) != 1)
        bench_die("/proc/self/statm", "not readable");
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Opened and closed in small batches, so that only TIME_WAIT entries are many. */
static void scale_time_wait(struct pair *pair, size_t count)
{
    struct te_totals totals;
    uint64_t before = rss_bytes();
    for (size_t done = 0; done < count; done += TIME_WAIT_BATCH) {
        size_t batch = count - done < TIME_WAIT_BATCH ? count - done : TIME_WAIT_BATCH;
        pair_open_many(pair, batch);
        pair_close_all(pair);
    }
    te_totals(pair->client.stack, &totals);
    pair_expect("TIME_WAIT", totals.time_wait, count);
    printf("{\"bench\": \"scale_time_wait\", \"entries\": %zu, \"rss_bytes\": %.1f, "
           "\"table_bytes\": %.1f}\n",
           count, (double)(rss_bytes() - before) / (double)count,
           (double)totals.time_wait_memory_bytes / (double)count);
}

static size_t largest(int count, char **words)
{
    size_t most = 0;
    for (int i = 0; i < count; i++) {
        size_t value = strtoull(words[i], NULL, 10);
        most = value > most ? value : most;
    }
    return most;
}

int main(int argc, char **argv)
{
    static struct pair pair;
    if (argc < 3)
        bench_die("usage", "scale open COUNT... | time_wait COUNT");
    pair_start(&pair, largest(argc - 2, argv + 2), allow_many);
    if (strcmp(argv[1], "open") == 0)
        scale_open(&pair, argc - 2, argv + 2);
    else if (strcmp(argv[1], "time_wait") == 0)
        scale_time_wait(&pair, strtoull(argv[2], NULL, 10));
    else
        bench_die(argv[1], "no such work");
    pair_stop(&pair);
    return 0;
}

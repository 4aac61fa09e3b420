/* Memory of idle connections and of TIME_WAIT entries: two engines back to back in virtual time,
 * one line of JSON.
 *
 *   memory [CONNECTIONS]     default 100,000
 *
 * Counts what the active side's engine took from its allocator beyond what the empty stack had
 * taken: control blocks, grown tables, buffers, everything. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/tcpengine.h>

#include "engine_side.h"
#include "support.h"
#include "units.h"

#define BATCH 256u
#define PORT_FIRST 7000u
#define CLIENT_PORTS 60000u
#define FRAME_MAX 70000u

struct side {
    struct te_stack *stack;
    uint64_t bytes; /* taken from the allocator and not given back */
    uint64_t *ids;
    size_t count;
};

struct bench {
    struct side client, server;
    int64_t now_us;
    uint64_t *listeners;
    size_t listener_count;
};

static void *count_alloc(void *ctx, size_t size_bytes)
{
    struct side *side = ctx;
    side->bytes += size_bytes;
    return malloc(size_bytes);
}

static void count_free(void *ctx, void *block, size_t size_bytes)
{
    struct side *side = ctx;
    if (block != NULL)
        side->bytes -= size_bytes;
    free(block);
}

static void side_start(struct side *side, uint8_t host, size_t connections)
{
    struct te_config config;
    bench_config_init(&config, host);
    config.allocator = (struct te_allocator){.ctx = side, .alloc = count_alloc, .free = count_free};
    config.port_first = 1024;
    config.port_last = 65535;
    config.syn_queue_max = BATCH * 4;
    config.connections_per_remote_max = 0; /* all of them are between two addresses */
    bench_must("te_stack_new", te_stack_new(&config, 0, &side->stack));
    side->ids = calloc(connections, sizeof(*side->ids));
    if (side->ids == NULL)
        bench_die("memory", "out of memory");
}

/* Moves one frame; false if there is none. */
static bool carry(struct side *from, struct side *to, int64_t now_us)
{
    static uint8_t frame[FRAME_MAX];
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    size_t len = 0;

    if (!te_stack_poll_output(from->stack, header, &output, now_us))
        return false;
    for (unsigned i = 0; i < output.iov_count; i++) {
        memcpy(frame + len, output.iov[i].base, output.iov[i].len);
        len += output.iov[i].len;
    }
    te_stack_input(to->stack, frame, len, &output.meta, now_us);
    return true;
}

static void forget_events(struct side *side)
{
    struct te_event event;
    while (te_stack_next_event(side->stack, &event))
        continue;
}

/* Carries frames until both stacks are silent. */
static void settle(struct bench *bench)
{
    bool is_busy = true;
    while (is_busy) {
        is_busy = carry(&bench->client, &bench->server, bench->now_us);
        is_busy |= carry(&bench->server, &bench->client, bench->now_us);
    }
    forget_events(&bench->client);
    forget_events(&bench->server);
}

/* Lets virtual time pass and runs every timer that is due. */
static void pass(struct bench *bench, int64_t us)
{
    int64_t end = bench->now_us + us;
    while (bench->now_us < end) {
        int64_t a = te_stack_next_timeout(bench->client.stack);
        int64_t b = te_stack_next_timeout(bench->server.stack);
        int64_t next = a < b ? a : b;
        if (next > bench->now_us)
            bench->now_us = next < end ? next : end;
        te_stack_handle_timeout(bench->client.stack, bench->now_us);
        te_stack_handle_timeout(bench->server.stack, bench->now_us);
        settle(bench);
    }
}

static void listen_all(struct bench *bench, size_t connections)
{
    bench->listener_count = connections / CLIENT_PORTS + 1;
    bench->listeners = calloc(bench->listener_count, sizeof(*bench->listeners));
    for (size_t i = 0; i < bench->listener_count; i++) {
        struct te_listen listen = {.backlog = BATCH * 4};
        listen.local.port = (uint16_t)(PORT_FIRST + i);
        bench_must("te_open_passive", te_open_passive(bench->server.stack, &listen,
                                                      &bench->listeners[i], bench->now_us));
    }
}

static void accept_all(struct bench *bench, uint64_t listener)
{
    struct side *server = &bench->server;
    uint64_t id;
    while (te_accept(server->stack, listener, 0, &id, bench->now_us) == TE_OK)
        server->ids[server->count++] = id;
    settle(bench);
}

static void open_all(struct bench *bench, size_t connections)
{
    struct side *client = &bench->client;
    while (client->count < connections) {
        size_t which = client->count / CLIENT_PORTS;
        struct te_open open = {.remote = {bench_address(2), (uint16_t)(PORT_FIRST + which)}};
        bench_must("te_open_active", te_open_active(client->stack, &open,
                                                    &client->ids[client->count], bench->now_us));
        client->count++;
        if (client->count % BATCH == 0 || client->count == connections ||
            client->count % CLIENT_PORTS == 0) {
            settle(bench);
            accept_all(bench, bench->listeners[which]);
            bench->now_us += 1000;
        }
    }
}

static void close_some(struct bench *bench, struct side *side, size_t first)
{
    for (size_t i = first; i < first + BATCH && i < side->count; i++)
        bench_must("te_close", te_close(side->stack, side->ids[i], bench->now_us));
    settle(bench);
}

/* In batches, so that there are never many orphans. Both sides have the same batches. */
static void close_all(struct bench *bench)
{
    for (size_t first = 0; first < bench->client.count; first += BATCH) {
        close_some(bench, &bench->client, first);
        close_some(bench, &bench->server, first);
    }
}

static void expect(const char *what, uint64_t got, uint64_t wanted)
{
    if (got == wanted)
        return;
    fprintf(stderr, "memory: %s: %" PRIu64 " instead of %" PRIu64 "\n", what, got, wanted);
    exit(1);
}

int main(int argc, char **argv)
{
    size_t connections = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    struct bench bench = {.now_us = SECOND};
    struct side *client = &bench.client;
    struct te_totals totals;
    double count = (double)connections;

    side_start(client, 1, connections);
    side_start(&bench.server, 2, connections);
    listen_all(&bench, connections);
    uint64_t empty = client->bytes;

    open_all(&bench, connections);
    pass(&bench, 5 * SECOND);
    te_totals(client->stack, &totals);
    expect("ESTABLISHED", totals.by_state[TE_ESTABLISHED], connections);
    double established = (double)(client->bytes - empty) / count;
    double conn_blocks = (double)totals.conn_memory_bytes / count;

    close_all(&bench);
    te_totals(client->stack, &totals);
    expect("TIME_WAIT", totals.time_wait, connections);
    expect("control blocks", totals.connections, 0);
    double time_wait = (double)(client->bytes - empty) / count;
    double time_wait_table = (double)totals.time_wait_memory_bytes / count;

    pass(&bench, 120 * SECOND);
    te_totals(client->stack, &totals);
    expect("TIME_WAIT in the end", totals.time_wait, 0);
    printf("{\"bench\": \"memory\", \"connections\": %zu, \"established_bytes\": %.1f, "
           "\"established_block_bytes\": %.1f, \"time_wait_bytes\": %.1f, "
           "\"time_wait_table_bytes\": %.1f, \"empty_stack_bytes\": %" PRIu64
           ", \"left_bytes\": %" PRId64 "}\n",
           connections, established, conn_blocks, time_wait, time_wait_table, empty,
           (int64_t)(client->bytes - empty));
    te_stack_free(client->stack);
    te_stack_free(bench.server.stack);
    expect("bytes after te_stack_free", client->bytes, 0);
    free(client->ids);
    free(bench.server.ids);
    free(bench.listeners);
    return 0;
}

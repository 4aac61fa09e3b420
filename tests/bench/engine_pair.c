#include "engine_pair.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_side.h"
#include "support.h"
#include "units.h"

#define BATCH 256u
#define FRAME_MAX 70000u
#define HEADERS_MAX 120u

static void *count_alloc(void *ctx, size_t size_bytes)
{
    struct pair_side *side = ctx;
    side->bytes += size_bytes;
    return malloc(size_bytes);
}

static void count_free(void *ctx, void *block, size_t size_bytes)
{
    struct pair_side *side = ctx;
    if (block != NULL)
        side->bytes -= size_bytes;
    free(block);
}

static void side_start(struct pair_side *side, uint8_t host, size_t connections_max,
                       void (*adjust)(struct te_config *config))
{
    struct te_config config;
    bench_config_init(&config, host);
    config.allocator = (struct te_allocator){.ctx = side, .alloc = count_alloc, .free = count_free};
    config.port_first = 1024;
    config.port_last = 65535;
    config.syn_queue_max = BATCH * 4;
    config.connections_per_remote_max = 0; /* all of them are between two addresses */
    if (adjust != NULL)
        adjust(&config);
    bench_must("te_stack_new", te_stack_new(&config, 0, &side->stack));
    side->ids = calloc(connections_max + 1, sizeof(*side->ids));
    if (side->ids == NULL)
        bench_die("pair", "out of memory");
}

void pair_start(struct pair *pair, size_t connections_max, void (*adjust)(struct te_config *config))
{
    *pair = (struct pair){.now_us = SECOND};
    side_start(&pair->client, 1, connections_max, adjust);
    side_start(&pair->server, 2, connections_max, adjust);
}

static void side_stop(struct pair_side *side)
{
    te_stack_free(side->stack);
    pair_expect("bytes after te_stack_free", side->bytes, 0);
    free(side->ids);
}

void pair_stop(struct pair *pair)
{
    side_stop(&pair->client);
    side_stop(&pair->server);
}

/* Moves one frame; false if there is none. */
static bool carry(struct pair *pair, struct pair_side *from, struct pair_side *to)
{
    static uint8_t frame[FRAME_MAX];
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    size_t len = 0;

    if (!te_stack_poll_output(from->stack, header, &output, pair->now_us))
        return false;
    for (unsigned i = 0; i < output.iov_count; i++) {
        memcpy(frame + len, output.iov[i].base, output.iov[i].len);
        len += output.iov[i].len;
    }
    pair->frames++;
    pair->data_frames += len > HEADERS_MAX;
    te_stack_input(to->stack, frame, len, &output.meta, pair->now_us);
    return true;
}

static void forget_events(struct pair_side *side)
{
    struct te_event event;
    while (te_stack_next_event(side->stack, &event))
        continue;
}

void pair_settle(struct pair *pair)
{
    bool is_busy = true;
    while (is_busy) {
        is_busy = carry(pair, &pair->client, &pair->server);
        is_busy |= carry(pair, &pair->server, &pair->client);
    }
    forget_events(&pair->client);
    forget_events(&pair->server);
}

void pair_pass(struct pair *pair, int64_t us)
{
    int64_t end = pair->now_us + us;
    while (pair->now_us < end) {
        int64_t a = te_stack_next_timeout(pair->client.stack);
        int64_t b = te_stack_next_timeout(pair->server.stack);
        int64_t next = a < b ? a : b;
        if (next > pair->now_us)
            pair->now_us = next < end ? next : end;
        te_stack_handle_timeout(pair->client.stack, pair->now_us);
        te_stack_handle_timeout(pair->server.stack, pair->now_us);
        pair_settle(pair);
    }
}

/* The listener of the next connection, made when the last one has its share. */
static uint64_t next_listener(struct pair *pair)
{
    size_t which = pair->opened / PAIR_PORT_CONNECTIONS;
    if (which >= PAIR_PORTS_MAX)
        bench_die("pair", "too many connections");
    while (pair->listener_count <= which) {
        struct te_listen listen = {.backlog = BATCH * 4};
        listen.local.port = (uint16_t)(PAIR_PORT_FIRST + pair->listener_count);
        bench_must("te_open_passive",
                   te_open_passive(pair->server.stack, &listen,
                                   &pair->listeners[pair->listener_count++], pair->now_us));
    }
    return pair->listeners[which];
}

static void accept_all(struct pair *pair, uint64_t listener)
{
    struct pair_side *server = &pair->server;
    uint64_t id;
    while (te_accept(server->stack, listener, 0, &id, pair->now_us) == TE_OK)
        server->ids[server->count++] = id;
    pair_settle(pair);
}

void pair_open_many(struct pair *pair, size_t count)
{
    struct pair_side *client = &pair->client;
    for (size_t end = client->count + count; client->count < end;) {
        uint64_t listener = next_listener(pair);
        uint16_t port = (uint16_t)(PAIR_PORT_FIRST + pair->opened / PAIR_PORT_CONNECTIONS);
        struct te_open open = {.remote = {bench_address(2), port}};
        bench_must("te_open_active",
                   te_open_active(client->stack, &open, &client->ids[client->count], pair->now_us));
        client->count++;
        pair->opened++;
        if (pair->opened % BATCH == 0 || client->count == end ||
            pair->opened % PAIR_PORT_CONNECTIONS == 0) {
            pair_settle(pair);
            accept_all(pair, listener);
            pair->now_us += 1000;
        }
    }
}

static void close_some(struct pair *pair, struct pair_side *side, size_t first)
{
    for (size_t i = first; i < first + BATCH && i < side->count; i++)
        bench_must("te_close", te_close(side->stack, side->ids[i], pair->now_us));
    pair_settle(pair);
}

/* In batches, so that there are never many orphans. Both sides have the same batches. */
void pair_close_all(struct pair *pair)
{
    for (size_t first = 0; first < pair->client.count; first += BATCH) {
        close_some(pair, &pair->client, first);
        close_some(pair, &pair->server, first);
    }
    pair->client.count = pair->server.count = 0;
}

void pair_expect(const char *what, uint64_t got, uint64_t wanted)
{
    if (got == wanted)
        return;
    fprintf(stderr, "%s: %" PRIu64 " instead of %" PRIu64 "\n", what, got, wanted);
    exit(1);
}

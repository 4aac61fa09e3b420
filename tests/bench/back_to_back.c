/* What the engine itself costs: two of them in one process, without I/O. tests/bench/instructions
 * counts what they execute.
 *
 *   back_to_back segment_mtu COUNT    text in full frames of an MTU of 1500, summed in software
 *   back_to_back segment_gso COUNT    text in frames of up to 64 KiB, checksums left to the link
 *   back_to_back round_trip COUNT     64 bytes there and back
 *   back_to_back connection COUNT     open, 64 bytes there and back, close, and TIME_WAIT's end
 *
 * Both ends together. Prints one line of JSON: how many were done, which for segments may be a few
 * more or less, and nanoseconds for each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_pair.h"
#include "engine_side.h"
#include "support.h"
#include "units.h"

#define REQUEST_BYTES 64u
#define SEGMENT_MTU_BYTES 1448u
#define SEGMENT_GSO_BYTES 60000u /* about: they are multiples of the MSS */
#define STEP_US 10
#define STALL_US (50 * MS)

static void without_offload(struct te_config *config)
{
    config->gso = false;
    config->checksum_offload = false;
    config->msl_us = MS;
}

static void with_offload(struct te_config *config)
{
    config->gso = true;
    config->checksum_offload = true;
}

struct stream {
    uint64_t id, offset;
};

static uint64_t send_some(struct pair *pair, struct pair_side *side, uint64_t id, uint64_t left)
{
    return bench_send(side->stack, id, left, pair->now_us);
}

/* Takes what is there; returns how much that was. */
static size_t receive_some(struct pair *pair, struct pair_side *side, struct stream *stream)
{
    uint64_t before = stream->offset;
    stream->offset = bench_receive(side->stack, stream->id, before, pair->now_us);
    return (size_t)(stream->offset - before);
}

/* Carries bytes from the client to the server. */
static void transfer(struct pair *pair, struct stream *from, struct stream *to, uint64_t bytes)
{
    uint64_t left = bytes, end = to->offset + bytes;
    while (to->offset < end) {
        uint64_t sent = send_some(pair, &pair->client, from->id, left);
        left -= sent;
        pair_settle(pair);
        size_t got = receive_some(pair, &pair->server, to);
        pair_settle(pair);
        if (sent == 0 && got == 0)
            pair_pass(pair, STALL_US); /* a delayed ACK, or pacing */
        pair->now_us += STEP_US;
    }
}

static void segments(struct pair *pair, uint64_t bytes)
{
    pair_open_many(pair, 1);
    struct stream from = {.id = pair->client.ids[0]}, to = {.id = pair->server.ids[0]};
    transfer(pair, &from, &to, bytes);
}

static void segments_mtu(struct pair *pair, uint64_t count)
{
    segments(pair, count * SEGMENT_MTU_BYTES);
}

static void segments_gso(struct pair *pair, uint64_t count)
{
    segments(pair, count * SEGMENT_GSO_BYTES);
}

static void exchange(struct pair *pair, struct stream *client, struct stream *server)
{
    pair_expect("sent", send_some(pair, &pair->client, client->id, REQUEST_BYTES), REQUEST_BYTES);
    pair_settle(pair);
    pair_expect("asked", receive_some(pair, &pair->server, server), REQUEST_BYTES);
    pair_expect("sent", send_some(pair, &pair->server, server->id, REQUEST_BYTES), REQUEST_BYTES);
    pair_settle(pair);
    pair_expect("answered", receive_some(pair, &pair->client, client), REQUEST_BYTES);
    pair->now_us += STEP_US;
}

static void round_trips(struct pair *pair, uint64_t count)
{
    pair_open_many(pair, 1);
    struct stream client = {.id = pair->client.ids[0]}, server = {.id = pair->server.ids[0]};
    for (uint64_t i = 0; i < count; i++)
        exchange(pair, &client, &server);
}

static void connections(struct pair *pair, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        pair_open_many(pair, 1);
        struct stream client = {.id = pair->client.ids[0]}, server = {.id = pair->server.ids[0]};
        exchange(pair, &client, &server);
        pair_close_all(pair);
        pair_pass(pair, STEP_US);
    }
}

struct work {
    const char *name;
    void (*run)(struct pair *pair, uint64_t count);
    void (*adjust)(struct te_config *config);
    bool counts_frames;
};

static const struct work works[] = {
    {"segment_mtu", segments_mtu, without_offload, true},
    {"segment_gso", segments_gso, with_offload, true},
    {"round_trip", round_trips, without_offload, false},
    {"connection", connections, without_offload, false},
};

static const struct work *find_work(const char *name)
{
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
        if (strcmp(works[i].name, name) == 0)
            return &works[i];
    bench_die(name, "no such work");
}

int main(int argc, char **argv)
{
    static struct pair pair;
    if (argc != 3)
        bench_die("usage", "back_to_back segment_mtu|segment_gso|round_trip|connection COUNT");
    const struct work *work = find_work(argv[1]);
    uint64_t count = strtoull(argv[2], NULL, 10);

    pair_start(&pair, 1, work->adjust);
    double start = bench_now_ns();
    work->run(&pair, count);
    double took = bench_now_ns() - start;
    if (work->counts_frames)
        count = pair.data_frames;
    printf("{\"work\": \"%s\", \"count\": %" PRIu64 ", \"ns\": %.1f, \"frames\": %" PRIu64 "}\n",
           work->name, count, took / (double)count, pair.frames);
    pair_stop(&pair);
    return 0;
}

/* Frames that nobody asked for, into an engine in virtual time, whose instructions
 * tests/bench/instructions counts.
 *
 *   unwanted syn_flood|syn_closed|ack_stray|rst_stray|echo COUNT
 *
 * COUNT frames come from changing addresses, one every 20 us, and all answers are taken. Prints the
 * number of frames. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/tcpengine.h>

#include "engine_side.h"
#include "support.h"

#define PORT_LISTENING 7000
#define PORT_CLOSED 7001
#define FRAMES 4096u
#define FRAME_BYTES 74u
#define IP_AT 14u
#define L4_AT 34u
#define FRAME_US 20
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

struct kind {
    const char *name;
    uint16_t port; /* 0: ICMP */
    uint8_t flags;
};

static const struct kind kinds[] = {
    {"syn_flood", PORT_LISTENING, SYN},
    {"syn_closed", PORT_CLOSED, SYN},
    {"ack_stray", PORT_LISTENING, ACK},
    {"rst_stray", PORT_LISTENING, RST},
    {"echo", 0, 0},
};

static void store_be16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint32_t sum(const uint8_t *bytes, size_t len)
{
    uint32_t total = 0;
    for (size_t i = 0; i + 1 < len; i += 2)
        total += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return total;
}

static void store_checksum(uint8_t *at, uint32_t total)
{
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    store_be16(at, ~total);
}

/* From 198.18.0.0/15, to the engine at 10.9.0.1. */
static void frame_make(const struct kind *kind, uint32_t number, uint8_t *frame)
{
    static const uint8_t template[FRAME_BYTES] = {
        2,    0, 0,    0,    0, 1, 2, 0,  0,  0, 0, 9, 8,    0, /* Ethernet */
        0x45, 0, 0,    60,   0, 1, 0, 0,  64, 6, 0, 0, 198,  18, 0,    0,    10, 9, 0, 1,
        0,    0, 0,    0,    1, 2, 3, 4,  5,  6, 7, 8, 0xa0, 0,  0xff, 0xff, 0,  0, 0, 0,
        2,    4, 0x05, 0xb4, 4, 2, 8, 10, 0,  0, 0, 1, 0,    0,  0,    0,    1,  3, 3, 7};
    memcpy(frame, template, sizeof(template));
    store_be16(frame + IP_AT + 14, number * 40503u);
    store_be16(frame + L4_AT, 1024 + number % 50000);
    store_be16(frame + L4_AT + 2, kind->port);
    frame[L4_AT + 13] = kind->flags;
    uint32_t pseudo = sum(frame + IP_AT + 12, 8) + 6 + FRAME_BYTES - L4_AT;
    if (kind->port == 0) { /* an echo request, type 8 */
        frame[IP_AT + 9] = 1;
        memset(frame + L4_AT, 0, 8);
        frame[L4_AT] = 8;
        store_checksum(frame + L4_AT + 2, sum(frame + L4_AT, FRAME_BYTES - L4_AT));
    } else {
        store_checksum(frame + L4_AT + 16, pseudo + sum(frame + L4_AT, FRAME_BYTES - L4_AT));
    }
    store_checksum(frame + IP_AT + 10, sum(frame + IP_AT, L4_AT - IP_AT));
}

static struct te_stack *stack_start(void)
{
    struct te_config config;
    struct te_stack *stack;
    const struct te_listen listen = {.local.port = PORT_LISTENING};
    uint64_t listener;
    bench_config_init(&config, 1);
    config.allocator = bench_allocator;
    config.routes[config.route_count++] = (struct te_route){.gateway = bench_address(9)};
    bench_must("te_stack_new", te_stack_new(&config, 0, &stack));
    bench_must("te_open_passive", te_open_passive(stack, &listen, &listener, 0));
    return stack;
}

static void run(struct te_stack *stack, uint8_t (*frames)[FRAME_BYTES], uint64_t count)
{
    static const struct te_frame_meta plain;
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    int64_t now_us = 0;
    for (uint64_t i = 0; i < count; i++, now_us += FRAME_US) {
        if (te_stack_next_timeout(stack) <= now_us)
            te_stack_handle_timeout(stack, now_us);
        te_stack_input(stack, frames[i % FRAMES], FRAME_BYTES, &plain, now_us);
        while (te_stack_poll_output(stack, header, &output, now_us))
            continue;
    }
}

int main(int argc, char **argv)
{
    static uint8_t frames[FRAMES][FRAME_BYTES];
    const struct kind *kind = NULL;
    for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, argv[1]) == 0)
            kind = &kinds[i];
    if (kind == NULL)
        bench_die("usage", "unwanted syn_flood|syn_closed|ack_stray|rst_stray|echo COUNT");
    for (uint32_t i = 0; i < FRAMES; i++)
        frame_make(kind, i, frames[i]);
    struct te_stack *stack = stack_start();
    run(stack, frames, strtoull(argv[2], NULL, 10));
    printf("%s\n", argv[2]);
    te_stack_free(stack);
    return 0;
}

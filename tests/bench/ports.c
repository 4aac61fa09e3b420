/* Opening connections toward a remote when most of the ephemeral ports are taken; instructions are
 * counted by tests/bench/instructions.
 *
 *   ports FREE COUNT
 *
 * Opens connections toward one remote endpoint until only FREE ports of the default range are left
 * (FREE beyond the range: none is opened). Then COUNT times: opens one more, and aborts it if it
 * was not refused. Prints COUNT. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <tcpengine/tcpengine.h>

#include "engine_side.h"
#include "support.h"

#define PORT_REMOTE 7000

static enum te_err open_one(struct te_stack *stack, uint64_t *ret_id)
{
    struct te_open open = {.remote = {bench_address(2), PORT_REMOTE}};
    return te_open_active(stack, &open, ret_id, 0);
}

/* Frames and events are thrown away. */
static void drain(struct te_stack *stack)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    struct te_event event;
    while (te_stack_poll_output(stack, header, &output, 0))
        continue;
    while (te_stack_next_event(stack, &event))
        continue;
}

static void fill(struct te_stack *stack, uint64_t count)
{
    uint64_t id;
    for (uint64_t i = 0; i < count; i++) {
        bench_must("te_open_active", open_one(stack, &id));
        drain(stack);
    }
}

static void try_one(struct te_stack *stack)
{
    uint64_t id;
    if (open_one(stack, &id) == TE_OK)
        bench_must("te_abort", te_abort(stack, id, 0));
    drain(stack);
}

int main(int argc, char **argv)
{
    struct te_config config;
    struct te_stack *stack;
    if (argc != 3)
        bench_die("ports", "usage: ports FREE COUNT");
    uint64_t left = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10);
    bench_config_init(&config, 1);
    config.allocator = bench_allocator;
    bench_must("te_stack_new", te_stack_new(&config, 0, &stack));
    uint64_t range = config.port_last - config.port_first + 1u;
    fill(stack, left < range ? range - left : 0);
    for (uint64_t i = 0; i < count; i++)
        try_one(stack);
    te_stack_free(stack);
    printf("%" PRIu64 "\n", count);
    return 0;
}

#include "long_path.h"

#include <inttypes.h>

#include "transfer.h"
#include "units.h"

#define SECONDS 7
#define SECONDS_OF_START 3 /* slow start, and the recovery from its overshoot */
#define SLICES 100
#define RATE_BYTES_PER_S UINT64_C(125000000)
#define RTT_US INT64_C(100000)
/* Of each frame of 1,514 bytes, 1,448 are payload. */
#define FULL_MBIT_PER_S 950
/* Walking over a flight of ten thousand segments after each frame would take an hour. */
#define CHECK_EVERY 10000

static unsigned run_second(struct world *world)
{
    uint64_t before = transfer_received_bytes(world);
    for (unsigned i = 0; i < SLICES; i++) {
        world->events = world->progress_event = 0; /* there are many, but not endlessly */
        world_run(world, world->now_us + SECOND / SLICES);
    }
    return (unsigned)((transfer_received_bytes(world) - before) * 8 / 1000000);
}

static void print_second(const struct world *world, unsigned second, unsigned mbit_per_s,
                         FILE *file)
{
    const struct te_counters *sender = te_stack_counters(world->hosts[0].stack);
    const struct te_counters *receiver = te_stack_counters(world->hosts[SIDE_B].stack);
    fprintf(file,
            "second %u: %4u Mbit/s; so far %" PRIu64 " recoveries, %" PRIu64 " timeouts, %" PRIu64
            " segments sent again, %" PRIu64 " thrown away out of order\n",
            second, mbit_per_s, sender->recoveries, sender->retransmit_timeouts,
            sender->segments_retransmitted, receiver->out_of_order_dropped);
}

bool long_path_run(FILE *file)
{
    static struct world world;
    static struct coverage coverage;
    struct scenario scenario;
    struct transfer_path path = {RTT_US, RATE_BYTES_PER_S, RATE_BYTES_PER_S / 10};
    struct world_options options = {.coverage = &coverage, .check_every = CHECK_EVERY};
    transfer_draw(&scenario, &path, UINT64_MAX / 2);
    bool is_full = transfer_start(&world, &scenario, &options);
    for (unsigned second = 1; is_full && second <= SECONDS; second++) {
        unsigned mbit_per_s = run_second(&world);
        print_second(&world, second, mbit_per_s, file);
        is_full = second <= SECONDS_OF_START || mbit_per_s >= FULL_MBIT_PER_S;
    }
    if (world.failure != NULL)
        fprintf(file, "FAILED: %s\n", world.failure);
    else if (!is_full)
        fprintf(file, "FAILED: the path is not filled\n");
    is_full = is_full && world.failure == NULL;
    world_done(&world);
    return is_full;
}

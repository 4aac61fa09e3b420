#include "transfer.h"

#include "run.h"

#define PORT_FROM 40000
#define PORT_TO 80
#define CALL_BYTES 65536

void transfer_draw(struct scenario *scenario, const struct transfer_path *path, uint64_t bytes)
{
    scenario_plain(scenario, false);
    scenario->seed = 1;
    for (unsigned end = 0; end < ENDS; end++) {
        struct link_plan *link = &scenario->link[end];
        link->delay_us = path->rtt_us / 2;
        link->bytes_per_s = path->bytes_per_s;
        link->queue_bytes = path->queue_bytes;
    }
    scenario->connections[0] = (struct connection_plan){
        .kind = OPEN_TO_LISTENER,
        .opener = 0,
        .peer = SIDE_B,
        .local_port = PORT_FROM,
        .remote_port = PORT_TO,
        .behaviour = {{.bytes = bytes, .ending = ENDING_NONE}, {.ending = ENDING_NONE}}};
    for (unsigned end = 0; end < ENDS; end++) {
        struct behaviour *behaviour = &scenario->connections[0].behaviour[end];
        behaviour->write_max = behaviour->read_max = CALL_BYTES;
        behaviour->read_stop = UINT64_MAX;
    }
}

bool transfer_start(struct world *world, const struct scenario *scenario,
                    const struct world_options *options)
{
    if (!world_init(world, scenario, options))
        return false;
    run_cycle(world);
    world->link.is_calm = false;
    actors_listen(world, SIDE_B, &scenario->listeners[SIDE_B]);
    actors_connect(world, &scenario->connections[0]);
    return true;
}

uint64_t transfer_received_bytes(const struct world *world)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < world->actors.endpoint_count; i++)
        bytes += world->actors.endpoints[i].received;
    return bytes;
}

/* One transfer from host A to host B over a path of a given rate and round trip, with nothing drawn
 * by chance: what measures goodput starts from it. */
#ifndef SIM_TRANSFER_H
#define SIM_TRANSFER_H

#include "world.h"

struct transfer_path {
    int64_t rtt_us;
    uint64_t bytes_per_s; /* of the link, both ways */
    uint64_t queue_bytes; /* before it */
};

/* Two hosts with the default configuration, and a connection on which A sends that many bytes as
 * fast as it may. */
void transfer_draw(struct scenario *scenario, const struct transfer_path *path, uint64_t bytes);
/* Prepares the world, in which everybody knows everybody's MAC address, and opens the connection.
 * False: there is nothing to run. */
bool transfer_start(struct world *world, const struct scenario *scenario,
                    const struct world_options *options);
/* What B's application has received. */
uint64_t transfer_received_bytes(const struct world *world);

#endif

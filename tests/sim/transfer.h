/* One transfer from host A to host B over a path of a given rate and round trip time, without
 * randomness: the basis of goodput measurements. */
#ifndef SIM_TRANSFER_H
#define SIM_TRANSFER_H

#include "world.h"

struct transfer_path {
    int64_t rtt_us;
    uint64_t bytes_per_s; /* of the link, in both directions */
    uint64_t queue_bytes; /* of the queue before the link */
};

/* Two hosts with the default configuration, and a connection on which A sends that many bytes as
 * fast as it may. */
void transfer_draw(struct scenario *scenario, const struct transfer_path *path, uint64_t bytes);
/* Prepares the world, in which all MAC addresses are known, and opens the connection. False if
 * there is nothing to run. */
bool transfer_start(struct world *world, const struct scenario *scenario,
                    const struct world_options *options);
/* Bytes received by B's application. */
uint64_t transfer_received_bytes(const struct world *world);

#endif

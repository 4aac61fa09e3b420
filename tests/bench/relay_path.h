/* One direction of an emulated path: which frames survive, and when each one arrives.
 *
 * A frame meets, in this order: random loss; a drop-tail queue before a link of a fixed rate; the
 * link; a fixed delay; and, for some frames, an extra delay that lets others overtake them. No
 * clock is read and no frame is stored: the queue is represented by the time at which the link is
 * free again, so a late caller changes nothing as long as it says when the frame arrived.
 *
 * Loss and reordering look only at TCP segments without SYN, so that every connection starts alike,
 * and depend on a keyed hash of (seed, direction, number of such segments before): the k-th segment
 * of a direction meets the same fate in every run with that seed, whatever carries it. */
#ifndef BENCH_RELAY_PATH_H
#define BENCH_RELAY_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_MILLION 1000000u

struct path_config {
    uint64_t seed;
    uint64_t rate_bps;    /* bits of Ethernet frames, without preamble and FCS */
    uint64_t queue_bytes; /* limit of the queue, including the frame on the link */
    int64_t delay_ns;
    int64_t reorder_ns; /* extra */
    uint32_t loss_ppm, reorder_ppm;
    uint32_t direction;
};

struct path {
    struct path_config config;
    int64_t link_free_at_ns;
    uint64_t segments; /* subject to loss and reordering */
    uint64_t frames, lost, overflowed, reordered, passed_bytes;
    int64_t queue_max_ns, queue_sum_ns; /* time in the queue of frames that passed */
};

enum path_fate { PATH_PASSED, PATH_LOST, PATH_OVERFLOWED };

/* Sets *ret_at_ns to when the frame leaves at the far end; only with PATH_PASSED. Arrival times may
 * go backwards. */
enum path_fate path_input(struct path *path, const uint8_t *frame, size_t len, int64_t arrival_ns,
                          int64_t *ret_at_ns);

/* An IPv4 TCP segment without SYN. */
bool path_is_counted(const uint8_t *frame, size_t len);

#endif

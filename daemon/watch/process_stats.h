/* What the kernel knows about this process, for the process_* metrics. */
#ifndef TCPENGINED_PROCESS_STATS_H
#define TCPENGINED_PROCESS_STATS_H

#include <stdint.h>

struct process_stats {
    int64_t cpu_us; /* user and system */
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_fds, max_fds; /* max_fds: the soft limit */
};

/* Fills all of *ret_stats; what /proc does not say is 0. */
void process_stats_read(struct process_stats *ret_stats);

#endif

/* The state of the daemon in Prometheus's text format (version 0.0.4).
 *
 * Names are those of node_exporter behind "tcpengine_", so that dashboards port by a prefix. What
 * Linux has under a name of its own (netstat_Tcp_*, netstat_TcpExt_*) has it here, and is untyped
 * as it is there; every other counter of the engine is tcpengine_NAME_total. */
#ifndef TCPENGINED_METRICS_H
#define TCPENGINED_METRICS_H

#include <stdio.h>
#include <tcpengine/conn.h>

#include "link/memory.h"
#include "link/pump.h"
#include "link/tap.h"
#include "rpc/rpc_stats.h"
#include "watch/latency.h"
#include "watch/process_stats.h"

struct metrics_input {
    const char *version;
    const struct te_counters *counters;
    struct te_totals totals;
    const struct latency *latency;
    const struct memory *memory;
    const struct tap_stats *tap;
    const char *tap_name;
    bool is_tap_up;
    const struct pump_stats *pump;
    const struct rpc_stats *rpc;
    struct process_stats process;
    int64_t started_at_unix_us; /* wall clock */
};

void metrics_write(FILE *stream, const struct metrics_input *input);

/* The name that a counter of te_counter_table() has as a metric. Writes at most METRICS_NAME_MAX.
 */
#define METRICS_NAME_MAX 96
void metrics_counter_name(const char *counter, char *ret_name);

#endif

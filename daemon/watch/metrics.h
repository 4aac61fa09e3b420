/* The state of the daemon for Prometheus, in either format (exposition.h).
 *
 * Names follow Prometheus' conventions; what has a cap stands beside it, as NAME and NAME_max. The
 * number of lines does not depend on the number of connections. */
#ifndef TCPENGINED_METRICS_H
#define TCPENGINED_METRICS_H

#include <stdio.h>
#include <tcpengine/config.h>
#include <tcpengine/conn.h>
#include <tcpengine/pressure.h>
#include <tcpengine/tally.h>

#include "link/pump.h"
#include "link/tap.h"
#include "rpc/rpc_options.h"
#include "rpc/rpc_programs.h"
#include "rpc/rpc_stats.h"
#include "watch/exposition.h"
#include "watch/latency.h"
#include "watch/listener_rows.h"
#include "watch/process_stats.h"

/* What a page is made of; everything is borrowed. */
struct metrics_input {
    const char *version;
    const struct te_config *engine;
    const struct rpc_options *rpc_options;
    const struct te_counters *counters;
    struct te_totals totals;
    const struct latency *latency;
    const struct te_tallies *tallies;
    const struct listener_rows *listeners;
    struct te_memory_use memory;
    const struct tap_stats *tap;
    int64_t tap_kernel_dropped; /* -1: not known */
    const char *tap_name;
    bool is_tap_up;
    unsigned addresses[TE_ADDRESS_STATE_COUNT]; /* of the stack, by state */
    const struct pump_stats *pump;
    const struct rpc_stats *rpc;
    struct rpc_programs programs;
    struct process_stats process;
    unsigned streams, streams_max; /* of viewers of the live page */
    int64_t started_at_unix_us;    /* wall clock */
};

/* Writes the whole page. */
void metrics_write(FILE *stream, enum exposition_format format, const struct metrics_input *input);

#endif

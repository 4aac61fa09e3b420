#include "watch/metrics.h"

#include <inttypes.h>
#include <net/if.h>
#include <string.h>
#include <tcpengine/units.h>

#include "util/log_uid.h"
#include "util/text.h"
#include "watch/metric_name.h"

#define PREFIX METRIC_PREFIX

static void write_head(FILE *stream, const char *name, const char *type, const char *help)
{
    fprintf(stream, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void write_number(FILE *stream, const char *name, const char *type, const char *help,
                         uint64_t value)
{
    write_head(stream, name, type, help);
    fprintf(stream, "%s %" PRIu64 "\n", name, value);
}

static void write_seconds(FILE *stream, int64_t us)
{
    fprintf(stream, "%" PRId64 ".%06" PRId64, us / TE_SECOND, us % TE_SECOND);
}

static void write_counters(FILE *stream, const struct te_counters *counters)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    for (size_t i = 0; i < count; i++) {
        char name[METRIC_NAME_MAX];
        uint64_t value;
        memcpy(&value, (const char *)counters + table[i].offset, sizeof(value));
        metric_name_format(table[i].name, name);
        write_number(stream, name, "counter", table[i].help, value);
    }
}

static void write_states(FILE *stream, const struct te_totals *totals)
{
    static const char name[] = PREFIX "tcp_connection_states";
    write_head(stream, name, "gauge", "Connections and listeners in each state of RFC 9293");
    for (unsigned state = 0; state < TE_STATE_COUNT; state++)
        fprintf(stream, "%s{state=\"%s\"} %" PRIu32 "\n", name, te_state_name((enum te_state)state),
                totals->by_state[state]);
}

static void write_addresses(FILE *stream, const struct metrics_input *input)
{
    static const char name[] = PREFIX "addresses";
    write_head(stream, name, "gauge",
               "Own addresses by state; in conflict: another station has it");
    for (unsigned state = 0; state < TE_ADDRESS_STATE_COUNT; state++)
        fprintf(stream, "%s{state=\"%s\"} %u\n", name,
                te_address_state_name((enum te_address_state)state), input->addresses[state]);
}

/* A gauge, and beside it the most that it can be. */
static void write_use(FILE *stream, const char *name, const char *help, uint64_t value,
                      uint64_t max)
{
    char full[METRIC_NAME_MAX], limit[METRIC_NAME_MAX];
    snprintf(full, sizeof(full), PREFIX "%s", name);
    write_number(stream, full, "gauge", help, value);
    snprintf(limit, sizeof(limit), PREFIX "%s_max", name);
    snprintf(full, sizeof(full), "The most that " PREFIX "%s can be", name);
    write_number(stream, limit, "gauge", full, max);
}

static void write_totals(FILE *stream, const struct metrics_input *input)
{
    const struct te_totals *totals = &input->totals;
    const struct te_config *config = input->engine;
    write_use(stream, "tcp_connections", "Connections, those in TIME_WAIT excepted",
              totals->connections, config->conn_max);
    write_use(stream, "tcp_listeners", "Listeners", totals->listeners, config->listeners_max);
    write_use(stream, "tcp_orphans", "Connections that no longer have an owner", totals->orphans,
              config->orphan_max);
    write_use(stream, "tcp_time_wait", "Entries of the TIME_WAIT table", totals->time_wait,
              config->time_wait_max);
    write_use(stream, "neighbours", "Entries of the neighbour cache", totals->neighbours,
              config->neighbour_max);
}

/* The largest by uid, the rest together: the number of series is bounded. */
static void write_owners(FILE *stream, const struct te_memory_use *memory)
{
    static const char name[] = PREFIX "memory_uid_bytes";
    write_head(stream, name, "gauge", "Memory of connections by user, the largest few by name");
    for (unsigned i = 0; i < memory->owner_count; i++)
        fprintf(stream, "%s{uid=\"%" PRIu32 "\"} %" PRIu64 "\n", name, memory->owners[i].uid,
                memory->owners[i].bytes);
    fprintf(stream, "%s{uid=\"other\"} %" PRIu64 "\n", name, memory->other_bytes);
}

/* A label's value: what is special there has a backslash in front. */
static void write_label(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', stream);
        fputc(*text, stream);
    }
}

/* The programs with most, the rest together: the number of series is bounded. */
static void write_programs(FILE *stream, const struct rpc_programs *programs)
{
    static const char name[] = PREFIX "tcp_program_connections";
    write_head(stream, name, "gauge",
               "Connections by the program that made them, the largest few by name");
    for (unsigned i = 0; i < programs->count; i++) {
        fprintf(stream, "%s{program=\"", name);
        write_label(stream, programs->rows[i].name);
        fprintf(stream, "\"} %" PRIu64 "\n", programs->rows[i].connections);
    }
    fprintf(stream, "%s{program=\"" RPC_PROGRAM_OTHER "\"} %" PRIu64 "\n", name, programs->other);
}

static void write_memory(FILE *stream, const struct metrics_input *input)
{
    static const char name[] = PREFIX "memory_bytes";
    const struct te_totals *totals = &input->totals;
    write_head(stream, name, "gauge", "Memory of the engine by use");
    fprintf(stream, "%s{use=\"connections\"} %" PRIu64 "\n", name, totals->conn_memory_bytes);
    fprintf(stream, "%s{use=\"time_wait\"} %" PRIu64 "\n", name, totals->time_wait_memory_bytes);
    fprintf(stream, "%s{use=\"buffers\"} %" PRIu64 "\n", name, totals->buffer_memory_bytes);
    write_number(stream, PREFIX "memory_used_bytes", "gauge", "Memory of the engine in all",
                 input->memory.used_bytes);
    write_number(stream, PREFIX "memory_max_bytes", "gauge", "Most memory that the engine may use",
                 input->memory.max_bytes);
    write_number(stream, PREFIX "memory_refused_total", "counter",
                 "Requests for memory that were refused", input->memory.refused);
    write_number(stream, PREFIX "memory_pressure", "gauge",
                 "Whether memory is short: 0 no, 1 yes, 2 at the limit",
                 (uint64_t)input->memory.level);
    write_owners(stream, &input->memory);
}

static void write_histogram(FILE *stream, const char *name, const char *help,
                            const struct histogram *histogram)
{
    uint64_t count = 0;
    write_head(stream, name, "histogram", help);
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        count += histogram->counts[i];
        fprintf(stream, "%s_bucket{le=\"", name);
        write_seconds(stream, latency_bounds_us[i]);
        fprintf(stream, "\"} %" PRIu64 "\n", count);
    }
    count += histogram->counts[LATENCY_BUCKETS];
    fprintf(stream, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", name, count, name);
    write_seconds(stream, (int64_t)histogram->sum_us);
    fprintf(stream, "\n%s_count %" PRIu64 "\n", name, count);
}

/* The one line of something that is the device's. */
static void write_of_device(FILE *stream, const struct metrics_input *input, const char *name,
                            uint64_t value)
{
    char device[IFNAMSIZ];
    snprintf(device, sizeof(device), "%s", input->tap_name);
    text_make_printable(device, strlen(device));
    fprintf(stream, "%s{device=\"", name);
    write_label(stream, device);
    fprintf(stream, "\"} %" PRIu64 "\n", value);
}

static void write_device(FILE *stream, const struct metrics_input *input, const char *name,
                         const char *help, uint64_t value)
{
    char full[METRIC_NAME_MAX];
    snprintf(full, sizeof(full), PREFIX "network_%s", name);
    write_head(stream, full, "counter", help);
    write_of_device(stream, input, full, value);
}

static void write_tap(FILE *stream, const struct metrics_input *input)
{
    const struct tap_stats *tap = input->tap;
    static const char up[] = PREFIX "network_up";
    write_head(stream, up, "gauge", "1 if the TAP exists and its link is up");
    write_of_device(stream, input, up, input->is_tap_up);
    write_device(stream, input, "receive_packets_total", "Frames read from the TAP",
                 tap->frames_in);
    write_device(stream, input, "receive_bytes_total", "Bytes read from the TAP",
                 tap->frame_bytes_in);
    write_device(stream, input, "receive_errs_total", "Reads that failed, and unusable frames",
                 tap->read_errors + tap->dropped_malformed);
    if (input->tap_kernel_dropped >= 0)
        write_device(stream, input, "receive_drop_total",
                     "Frames that the kernel dropped before they were read from the TAP",
                     (uint64_t)input->tap_kernel_dropped);
    write_device(stream, input, "transmit_packets_total", "Frames written to the TAP",
                 tap->frames_out);
    write_device(stream, input, "transmit_bytes_total", "Bytes written to the TAP",
                 tap->frame_bytes_out);
    write_device(stream, input, "transmit_errs_total", "Frames that the kernel refused",
                 tap->dropped_error);
    write_device(stream, input, "transmit_drop_total", "Frames dropped because the link was down",
                 tap->dropped_down);
    write_device(stream, input, "transmit_queue_full_total",
                 "Times sending waited for the kernel's queue", tap->queue_full);
    write_device(stream, input, "reopened_total", "Times the device was recreated", tap->reopened);
}

static void write_pump(FILE *stream, const struct pump_stats *pump)
{
    write_number(stream, PREFIX "loop_flushes_total", "counter",
                 "Flushes of the engine's output and events", pump->flushes);
    write_number(stream, PREFIX "loop_flushes_postponed_total", "counter",
                 "Flushes that left work for the next turn of the loop", pump->postponed);
    write_number(stream, PREFIX "loop_timeouts_total", "counter",
                 "Times the engine's timers were run", pump->timeouts);
    write_number(stream, PREFIX "loop_late_total", "counter",
                 "Times the engine's timers were late, and waiting frames were read first",
                 pump->late);
    write_number(stream, PREFIX "loop_events_total", "counter", "Events taken from the engine",
                 pump->events);
}

static void write_rpc_tables(FILE *stream, const struct rpc_stats *rpc)
{
    static const char verbs[] = PREFIX "rpc_requests_total", codes[] = PREFIX "rpc_answers_total";
    write_head(stream, verbs, "counter", "Requests of clients by verb");
    for (unsigned i = 0; i < RPC_VERB_COUNT; i++)
        fprintf(stream, "%s{verb=\"%s\"} %" PRIu64 "\n", verbs, rpc_verb_name(i),
                rpc->requests_by_verb[i]);
    write_head(stream, codes, "counter", "Answers to clients by code");
    for (unsigned i = 0; i < RPC_CODE_COUNT; i++)
        fprintf(stream, "%s{code=\"%s\"} %" PRIu64 "\n", codes, rpc_code_name(i),
                rpc->answers_by_code[i]);
}

static void write_rpc_use(FILE *stream, const struct rpc_stats *rpc,
                          const struct rpc_options *options)
{
    write_use(stream, "rpc_links", "Links to the control socket", rpc->links,
              options->control.links_max);
    write_use(stream, "rpc_channels", "Channels of clients", rpc->channels, options->channels_max);
    write_use(stream, "rpc_sockets", "Descriptors of connections and listeners that programs hold",
              rpc->sockets, options->sockets_max);
    write_use(stream, "rpc_sessions", "Sessions of clients", rpc->sessions, options->sessions_max);
    write_number(stream, PREFIX "rpc_objects", "gauge",
                 "Connections and listeners that clients hold", rpc->objects);
    write_number(stream, PREFIX "rpc_waits", "gauge", "Waiting requests", rpc->waits);
    write_number(stream, PREFIX "rpc_held_bytes", "gauge", "Data held by waiting requests",
                 rpc->held_bytes);
    write_number(stream, PREFIX "rpc_held_max_bytes", "gauge",
                 "The most that " PREFIX "rpc_held_bytes can be", options->held_max);
    write_use(stream, "rpc_remembered_answers", "Answers remembered", rpc->recent,
              options->recent_max);
}

static void write_rpc(FILE *stream, const struct rpc_stats *rpc)
{
    const struct sp_counters *control = &rpc->control;
    const struct rpc_counters *counters = &rpc->counters;
    write_rpc_tables(stream, rpc);
#define WRITE_CONTROL(name, help)                                                                  \
    write_number(stream, PREFIX "control_" #name "_total", "counter", help, control->name);
    SP_COUNTER_LIST(WRITE_CONTROL)
#undef WRITE_CONTROL
#define WRITE_RPC(name, help)                                                                      \
    write_number(stream, PREFIX "rpc_" #name "_total", "counter", help, counters->name);
    RPC_COUNTER_LIST(WRITE_RPC)
#undef WRITE_RPC
}

static void write_faults(FILE *stream, const struct fault_stats *faults)
{
    static const char hits[] = PREFIX "fault_hits_by_kind_total";
    write_number(stream, PREFIX "faults", "gauge", "Faults that users have added", faults->faults);
    write_number(stream, PREFIX "faults_max", "gauge",
                 "Most faults that there can be; 0: allow_faults is not set", faults->faults_max);
    write_number(stream, PREFIX "fault_held_bytes", "gauge", "Frames that faults hold back",
                 faults->held_bytes);
    write_number(stream, PREFIX "fault_held_max_bytes", "gauge",
                 "Most bytes that faults can hold back", faults->held_max);
    write_head(stream, hits, "counter", "Segments that met a fault, by what it does");
    for (unsigned kind = 0; kind < TE_FAULT_KIND_COUNT; kind++)
        fprintf(stream, "%s{what=\"%s\"} %" PRIu64 "\n", hits, te_fault_kind_name(kind),
                faults->hits_by_kind[kind]);
#define WRITE_FAULT(name, help)                                                                    \
    write_number(stream, PREFIX "fault_" #name "_total", "counter", help, faults->counters.name);
    FAULT_COUNTER_LIST(WRITE_FAULT)
#undef WRITE_FAULT
}

static void write_log(FILE *stream)
{
    write_number(stream, PREFIX "log_lost_total", "counter",
                 "Log lines lost: standard error was full", log_lost_lines());
    write_number(stream, PREFIX "log_suppressed_total", "counter",
                 "Log lines left out: too many about one user in a second", log_uid_suppressed());
}

static void write_process(FILE *stream, const struct metrics_input *input)
{
    const struct process_stats *process = &input->process;
    write_head(stream, "process_cpu_seconds_total", "counter", "User and system time spent");
    fprintf(stream, "process_cpu_seconds_total ");
    write_seconds(stream, process->cpu_us);
    fputc('\n', stream);
    write_head(stream, "process_start_time_seconds", "gauge", "Start, since the Unix epoch");
    fprintf(stream, "process_start_time_seconds ");
    write_seconds(stream, input->started_at_unix_us);
    fputc('\n', stream);
    write_number(stream, "process_resident_memory_bytes", "gauge", "Resident memory",
                 process->resident_bytes);
    write_number(stream, "process_virtual_memory_bytes", "gauge", "Virtual memory",
                 process->virtual_bytes);
    write_number(stream, "process_open_fds", "gauge", "Open descriptors", process->open_fds);
    write_number(stream, "process_max_fds", "gauge", "Most descriptors that may be open",
                 process->max_fds);
}

void metrics_write(FILE *stream, const struct metrics_input *input)
{
    write_head(stream, PREFIX "build_info", "gauge", "Version of the daemon");
    fprintf(stream, PREFIX "build_info{version=\"%s\"} 1\n", input->version);
    write_states(stream, &input->totals);
    write_addresses(stream, input);
    write_totals(stream, input);
    write_programs(stream, &input->programs);
    write_counters(stream, input->counters);
    write_histogram(stream, PREFIX "tcp_rtt_seconds",
                    "Smoothed round trip time of connections as they leave ESTABLISHED",
                    &input->latency->rtt);
    write_histogram(stream, PREFIX "tcp_handshake_seconds",
                    "Time from SYN_SENT or SYN_RCVD to ESTABLISHED", &input->latency->handshake);
    write_memory(stream, input);
    write_tap(stream, input);
    write_pump(stream, input->pump);
    write_rpc_use(stream, input->rpc, input->rpc_options);
    write_rpc(stream, input->rpc);
    write_faults(stream, &input->rpc->faults);
    write_log(stream);
    write_process(stream, input);
}

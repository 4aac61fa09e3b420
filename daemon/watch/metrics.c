#include "watch/metrics.h"

#include <inttypes.h>
#include <net/if.h>
#include <string.h>
#include <tcpengine/units.h>

#include "util/log_uid.h"
#include "util/text.h"
#include "watch/metric_name.h"
#include "watch/metrics_tally.h"

#define PREFIX METRIC_PREFIX

static void write_counters(struct exposition *out, const struct te_counters *counters)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    for (size_t i = 0; i < count; i++) {
        char name[METRIC_NAME_MAX];
        uint64_t value;
        memcpy(&value, (const char *)counters + table[i].offset, sizeof(value));
        metric_name_format(table[i].name, name);
        exposition_number(out, name, EXPOSITION_COUNTER, table[i].help, value);
    }
}

static void write_states(struct exposition *out, const struct te_totals *totals)
{
    static const char name[] = PREFIX "tcp_connection_states";
    exposition_head(out, name, EXPOSITION_GAUGE,
                    "Connections and listeners in each state of RFC 9293");
    for (unsigned state = 0; state < TE_STATE_COUNT; state++)
        exposition_labelled(out, name, "state", te_state_name((enum te_state)state),
                            totals->by_state[state]);
}

static void write_addresses(struct exposition *out, const struct metrics_input *input)
{
    static const char name[] = PREFIX "addresses";
    exposition_head(out, name, EXPOSITION_GAUGE,
                    "Own addresses by state; in conflict: another station has it");
    for (unsigned state = 0; state < TE_ADDRESS_STATE_COUNT; state++)
        exposition_labelled(out, name, "state", te_address_state_name((enum te_address_state)state),
                            input->addresses[state]);
}

/* A gauge, and beside it the most that it can be. */
static void write_use(struct exposition *out, const char *name, const char *help, uint64_t value,
                      uint64_t max)
{
    char full[METRIC_NAME_MAX], limit[METRIC_NAME_MAX];
    snprintf(full, sizeof(full), PREFIX "%s", name);
    exposition_number(out, full, EXPOSITION_GAUGE, help, value);
    snprintf(limit, sizeof(limit), PREFIX "%s_max", name);
    snprintf(full, sizeof(full), "The most that " PREFIX "%s can be", name);
    exposition_number(out, limit, EXPOSITION_GAUGE, full, max);
}

static void write_totals(struct exposition *out, const struct metrics_input *input)
{
    const struct te_totals *totals = &input->totals;
    const struct te_config *config = input->engine;
    write_use(out, "tcp_connections", "Connections, those in TIME_WAIT excepted",
              totals->connections, config->conn_max);
    write_use(out, "tcp_listeners", "Listeners", totals->listeners, config->listeners_max);
    write_use(out, "tcp_orphans", "Connections that no longer have an owner", totals->orphans,
              config->orphan_max);
    write_use(out, "tcp_time_wait", "Entries of the TIME_WAIT table", totals->time_wait,
              config->time_wait_max);
    write_use(out, "neighbours", "Entries of the neighbour cache", totals->neighbours,
              config->neighbour_max);
}

/* The largest by uid, the rest together: the number of series is bounded. */
static void write_owners(struct exposition *out, const struct te_memory_use *memory)
{
    static const char name[] = PREFIX "memory_uid_bytes";
    exposition_head(out, name, EXPOSITION_GAUGE,
                    "Memory of connections by user, the largest few by name");
    for (unsigned i = 0; i < memory->owner_count; i++)
        fprintf(out->stream, "%s{uid=\"%" PRIu32 "\"} %" PRIu64 "\n", name, memory->owners[i].uid,
                memory->owners[i].bytes);
    exposition_labelled(out, name, "uid", "other", memory->other_bytes);
}

/* The programs with most, the rest together: the number of series is bounded. */
static void write_programs(struct exposition *out, const struct rpc_programs *programs)
{
    static const char name[] = PREFIX "tcp_program_connections";
    exposition_head(out, name, EXPOSITION_GAUGE,
                    "Connections by the program that made them, the largest few by name");
    for (unsigned i = 0; i < programs->count; i++)
        exposition_labelled(out, name, "program", programs->rows[i].name,
                            programs->rows[i].connections);
    exposition_labelled(out, name, "program", RPC_PROGRAM_OTHER, programs->other);
}

static void write_memory(struct exposition *out, const struct metrics_input *input)
{
    static const char name[] = PREFIX "memory_bytes";
    const struct te_totals *totals = &input->totals;
    exposition_head(out, name, EXPOSITION_GAUGE, "Memory of the engine by use");
    exposition_labelled(out, name, "use", "connections", totals->conn_memory_bytes);
    exposition_labelled(out, name, "use", "time_wait", totals->time_wait_memory_bytes);
    exposition_labelled(out, name, "use", "buffers", totals->buffer_memory_bytes);
    exposition_number(out, PREFIX "memory_used_bytes", EXPOSITION_GAUGE,
                      "Memory of the engine in all", input->memory.used_bytes);
    exposition_number(out, PREFIX "memory_max_bytes", EXPOSITION_GAUGE,
                      "Most memory that the engine may use", input->memory.max_bytes);
    exposition_number(out, PREFIX "memory_refused_total", EXPOSITION_COUNTER,
                      "Requests for memory that were refused", input->memory.refused);
    exposition_number(out, PREFIX "memory_pressure", EXPOSITION_GAUGE,
                      "Whether memory is short: 0 no, 1 yes, 2 at the limit",
                      (uint64_t)input->memory.level);
    write_owners(out, &input->memory);
}

/* The one line of something that is the device's. */
static void write_of_device(struct exposition *out, const struct metrics_input *input,
                            const char *name, uint64_t value)
{
    char device[IFNAMSIZ];
    snprintf(device, sizeof(device), "%s", input->tap_name);
    text_make_printable(device, strlen(device));
    exposition_labelled(out, name, "device", device, value);
}

static void write_device(struct exposition *out, const struct metrics_input *input,
                         const char *name, const char *help, uint64_t value)
{
    char full[METRIC_NAME_MAX];
    snprintf(full, sizeof(full), PREFIX "network_%s", name);
    exposition_head(out, full, EXPOSITION_COUNTER, help);
    write_of_device(out, input, full, value);
}

static void write_tap(struct exposition *out, const struct metrics_input *input)
{
    const struct tap_stats *tap = input->tap;
    static const char up[] = PREFIX "network_up";
    exposition_head(out, up, EXPOSITION_GAUGE, "1 if the TAP exists and its link is up");
    write_of_device(out, input, up, input->is_tap_up);
    write_device(out, input, "receive_packets_total", "Frames read from the TAP", tap->frames_in);
    write_device(out, input, "receive_bytes_total", "Bytes read from the TAP", tap->frame_bytes_in);
    write_device(out, input, "receive_errs_total", "Reads that failed, and unusable frames",
                 tap->read_errors + tap->dropped_malformed);
    if (input->tap_kernel_dropped >= 0)
        write_device(out, input, "receive_drop_total",
                     "Frames that the kernel dropped before they were read from the TAP",
                     (uint64_t)input->tap_kernel_dropped);
    write_device(out, input, "transmit_packets_total", "Frames written to the TAP",
                 tap->frames_out);
    write_device(out, input, "transmit_bytes_total", "Bytes written to the TAP",
                 tap->frame_bytes_out);
    write_device(out, input, "transmit_errs_total", "Frames that the kernel refused",
                 tap->dropped_error);
    write_device(out, input, "transmit_drop_total", "Frames dropped because the link was down",
                 tap->dropped_down);
    write_device(out, input, "transmit_queue_full_total",
                 "Times sending waited for the kernel's queue", tap->queue_full);
    write_device(out, input, "reopened_total", "Times the device was recreated", tap->reopened);
}

static void write_pump(struct exposition *out, const struct pump_stats *pump)
{
    exposition_number(out, PREFIX "loop_flushes_total", EXPOSITION_COUNTER,
                      "Flushes of the engine's output and events", pump->flushes);
    exposition_number(out, PREFIX "loop_flushes_postponed_total", EXPOSITION_COUNTER,
                      "Flushes that left work for the next turn of the loop", pump->postponed);
    exposition_number(out, PREFIX "loop_timeouts_total", EXPOSITION_COUNTER,
                      "Times the engine's timers were run", pump->timeouts);
    exposition_number(out, PREFIX "loop_late_total", EXPOSITION_COUNTER,
                      "Times the engine's timers were late, and waiting frames were read first",
                      pump->late);
    exposition_number(out, PREFIX "loop_events_total", EXPOSITION_COUNTER,
                      "Events taken from the engine", pump->events);
}

static void write_rpc_tables(struct exposition *out, const struct rpc_stats *rpc)
{
    static const char verbs[] = PREFIX "rpc_requests_total", codes[] = PREFIX "rpc_answers_total",
                      direct[] = PREFIX "rpc_direct_requests_total";
    exposition_head(out, verbs, EXPOSITION_COUNTER, "Requests of clients by verb");
    for (unsigned i = 0; i < RPC_VERB_COUNT; i++)
        exposition_labelled(out, verbs, "verb", rpc_verb_name(i), rpc->requests_by_verb[i]);
    exposition_head(out, direct, EXPOSITION_COUNTER,
                    "Of these, those by channels, sockets and the live page by verb: they are "
                    "carried out at once, and have no latency");
    for (unsigned i = 0; i < RPC_VERB_COUNT; i++)
        exposition_labelled(out, direct, "verb", rpc_verb_name(i), rpc->direct_by_verb[i]);
    exposition_head(out, codes, EXPOSITION_COUNTER, "Answers to clients by code");
    for (unsigned i = 0; i < RPC_CODE_COUNT; i++)
        exposition_labelled(out, codes, "code", rpc_code_name(i), rpc->answers_by_code[i]);
}

static void write_rpc_use(struct exposition *out, const struct rpc_stats *rpc,
                          const struct rpc_options *options)
{
    write_use(out, "rpc_links", "Links to the control socket", rpc->links,
              options->control.links_max);
    write_use(out, "rpc_channels", "Channels of clients", rpc->channels, options->channels_max);
    write_use(out, "rpc_sockets", "Descriptors of connections and listeners that programs hold",
              rpc->sockets, options->sockets_max);
    write_use(out, "captures", "Captures that run", rpc->captures, rpc->captures_max);
    write_use(out, "rpc_sessions", "Sessions of clients", rpc->sessions, options->sessions_max);
    exposition_number(out, PREFIX "rpc_objects", EXPOSITION_GAUGE,
                      "Connections and listeners that clients hold", rpc->objects);
    exposition_number(out, PREFIX "rpc_waits", EXPOSITION_GAUGE, "Waiting requests", rpc->waits);
    exposition_number(out, PREFIX "rpc_held_bytes", EXPOSITION_GAUGE,
                      "Data held by waiting requests", rpc->held_bytes);
    exposition_number(out, PREFIX "rpc_held_max_bytes", EXPOSITION_GAUGE,
                      "The most that " PREFIX "rpc_held_bytes can be", options->held_max);
    write_use(out, "rpc_remembered_answers", "Answers remembered", rpc->recent,
              options->recent_max);
}

static void write_rpc(struct exposition *out, const struct rpc_stats *rpc)
{
    const struct sp_counters *control = &rpc->control;
    const struct rpc_counters *counters = &rpc->counters;
    write_rpc_tables(out, rpc);
#define WRITE_CONTROL(name, help)                                                                  \
    exposition_number(out, PREFIX "control_" #name "_total", EXPOSITION_COUNTER, help,             \
                      control->name);
    SP_COUNTER_LIST(WRITE_CONTROL)
#undef WRITE_CONTROL
#define WRITE_RPC(name, help)                                                                      \
    exposition_number(out, PREFIX "rpc_" #name "_total", EXPOSITION_COUNTER, help, counters->name);
    RPC_COUNTER_LIST(WRITE_RPC)
#undef WRITE_RPC
}

static void write_faults(struct exposition *out, const struct fault_stats *faults)
{
    static const char hits[] = PREFIX "fault_hits_by_kind_total";
    exposition_number(out, PREFIX "faults", EXPOSITION_GAUGE, "Faults that users have added",
                      faults->faults);
    exposition_number(out, PREFIX "faults_max", EXPOSITION_GAUGE,
                      "Most faults that there can be; 0: allow_faults is not set",
                      faults->faults_max);
    exposition_number(out, PREFIX "fault_held_bytes", EXPOSITION_GAUGE,
                      "Frames that faults hold back", faults->held_bytes);
    exposition_number(out, PREFIX "fault_held_max_bytes", EXPOSITION_GAUGE,
                      "Most bytes that faults can hold back", faults->held_max);
    exposition_head(out, hits, EXPOSITION_COUNTER, "Segments that met a fault, by what it does");
    for (unsigned kind = 0; kind < TE_FAULT_KIND_COUNT; kind++)
        exposition_labelled(out, hits, "what", te_fault_kind_name(kind),
                            faults->hits_by_kind[kind]);
#define WRITE_FAULT(name, help)                                                                    \
    exposition_number(out, PREFIX "fault_" #name "_total", EXPOSITION_COUNTER, help,               \
                      faults->counters.name);
    FAULT_COUNTER_LIST(WRITE_FAULT)
#undef WRITE_FAULT
}

static void write_log(struct exposition *out)
{
    exposition_number(out, PREFIX "log_lost_total", EXPOSITION_COUNTER,
                      "Log lines lost: standard error was full", log_lost_lines());
    exposition_number(out, PREFIX "log_suppressed_total", EXPOSITION_COUNTER,
                      "Log lines left out: too many about one user in a second",
                      log_uid_suppressed());
}

static void write_process(struct exposition *out, const struct metrics_input *input)
{
    const struct process_stats *process = &input->process;
    exposition_head(out, "process_cpu_seconds_total", EXPOSITION_COUNTER,
                    "User and system time spent");
    fprintf(out->stream, "process_cpu_seconds_total ");
    exposition_seconds(out, process->cpu_us);
    fputc('\n', out->stream);
    exposition_head(out, "process_start_time_seconds", EXPOSITION_GAUGE,
                    "Start, since the Unix epoch");
    fprintf(out->stream, "process_start_time_seconds ");
    exposition_seconds(out, input->started_at_unix_us);
    fputc('\n', out->stream);
    exposition_number(out, "process_resident_memory_bytes", EXPOSITION_GAUGE, "Resident memory",
                      process->resident_bytes);
    exposition_number(out, "process_virtual_memory_bytes", EXPOSITION_GAUGE, "Virtual memory",
                      process->virtual_bytes);
    exposition_number(out, "process_open_fds", EXPOSITION_GAUGE, "Open descriptors",
                      process->open_fds);
    exposition_number(out, "process_max_fds", EXPOSITION_GAUGE, "Most descriptors that may be open",
                      process->max_fds);
}

static void write_page(struct exposition *out, const struct metrics_input *input)
{
    exposition_head(out, PREFIX "build_info", EXPOSITION_GAUGE, "Version of the daemon");
    exposition_labelled(out, PREFIX "build_info", "version", input->version, 1);
    write_states(out, &input->totals);
    write_addresses(out, input);
    write_totals(out, input);
    write_programs(out, &input->programs);
    write_counters(out, input->counters);
    metrics_tally_write(out, input);
    write_memory(out, input);
    write_tap(out, input);
    write_pump(out, input->pump);
    write_rpc_use(out, input->rpc, input->rpc_options);
    write_use(out, "http_streams", "Viewers of the live page", input->streams, input->streams_max);
    write_rpc(out, input->rpc);
    write_faults(out, &input->rpc->faults);
    write_log(out);
    write_process(out, input);
}

void metrics_write(FILE *stream, enum exposition_format format, const struct metrics_input *input)
{
    struct exposition out = {stream, format};
    write_page(&out, input);
    exposition_end(&out);
}

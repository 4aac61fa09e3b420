#include "watch/metrics_tally.h"

#include <stddef.h>
#include <tcpengine/units.h>

#include "watch/metric_name.h"

#define PREFIX METRIC_PREFIX

/* --- durations -------------------------------------------------------------------------------- */

static struct exposition_buckets buckets_of(const char *name, const struct histogram *histogram)
{
    return (struct exposition_buckets){.name = name,
                                       .type = EXPOSITION_HISTOGRAM,
                                       .bounds = histogram_bounds_us,
                                       .counts = histogram->counts,
                                       .bound_count = HISTOGRAM_BUCKETS,
                                       .is_seconds = true,
                                       .sum = histogram->sum_us};
}

/* A family of one series. */
static void write_histogram(struct exposition *out, const struct exposition_buckets *buckets,
                            const char *help)
{
    exposition_head(out, buckets->name, buckets->type, help);
    exposition_histogram(out, buckets);
}

static void write_latency(struct exposition *out, const char *name, const char *help,
                          const struct histogram *histogram)
{
    struct exposition_buckets buckets = buckets_of(name, histogram);
    write_histogram(out, &buckets, help);
}

static void write_requests(struct exposition *out, const struct rpc_stats *rpc)
{
    static const char name[] = PREFIX "rpc_latency_seconds";
    exposition_head(out, name, EXPOSITION_HISTOGRAM,
                    "Time from a request of a client to its answer by verb, waiting included");
    for (unsigned i = 0; i < RPC_VERB_COUNT; i++) {
        struct exposition_buckets buckets = buckets_of(name, &rpc->latency_by_verb[i]);
        buckets.label = "verb";
        buckets.label_value = rpc_verb_name(i);
        exposition_histogram(out, &buckets);
    }
}

/* --- connections ------------------------------------------------------------------------------ */

/* Idle senders are held back by nothing. */
static void write_holds(struct exposition *out, const struct te_tallies *tallies)
{
    static const char name[] = PREFIX "tcp_limited_seconds_total";
    exposition_head(out, name, EXPOSITION_COUNTER,
                    "Time that connections with data in flight or queued were held back, by what");
    for (unsigned i = TE_HOLD_IDLE + 1; i < TE_HOLD_COUNT; i++) {
        fprintf(out->stream, "%s{by=\"%s\"} ", name, te_hold_name((enum te_hold)i));
        exposition_seconds(out, (int64_t)tallies->held_us[i]);
        fputc('\n', out->stream);
    }
}

static void write_ages(struct exposition *out, const char *name, const char *help,
                       const struct te_age_histogram *ages)
{
    int64_t bounds_us[TE_AGE_BOUNDS];
    uint64_t counts[TE_AGE_BOUNDS + 1];
    for (unsigned i = 0; i < TE_AGE_BOUNDS; i++)
        bounds_us[i] = te_age_bounds_s()[i] * TE_SECOND;
    for (unsigned i = 0; i <= TE_AGE_BOUNDS; i++)
        counts[i] = ages->counts[i];
    struct exposition_buckets buckets = {.name = name,
                                         .type = EXPOSITION_GAUGE_HISTOGRAM,
                                         .bounds = bounds_us,
                                         .counts = counts,
                                         .bound_count = TE_AGE_BOUNDS,
                                         .is_seconds = true,
                                         .sum = ages->total_us};
    write_histogram(out, &buckets, help);
}

static void write_sizes(struct exposition *out, const char *name, const char *help,
                        const struct te_size_histogram *sizes)
{
    int64_t bounds[TE_SIZE_BUCKETS];
    uint64_t counts[TE_SIZE_BUCKETS + 1] = {0};
    for (unsigned i = 0; i < TE_SIZE_BUCKETS; i++) {
        bounds[i] = te_size_bound_bytes(i);
        counts[i] = sizes->counts[i];
    }
    struct exposition_buckets buckets = {.name = name,
                                         .type = EXPOSITION_HISTOGRAM,
                                         .bounds = bounds,
                                         .counts = counts,
                                         .bound_count = TE_SIZE_BUCKETS,
                                         .sum = sizes->total_bytes};
    write_histogram(out, &buckets, help);
}

static void write_drops(struct exposition *out, const struct te_tallies *tallies)
{
    static const char name[] = PREFIX "dropped_total";
    exposition_head(out, name, EXPOSITION_COUNTER,
                    "Frames, packets and segments dropped, by the reason that history names");
    for (unsigned i = TE_DROP_NONE + 1; i < TE_DROP_COUNT; i++)
        exposition_labelled(out, name, "reason", te_drop_name((enum te_drop_reason)i),
                            tallies->drops[i]);
}

/* --- listeners -------------------------------------------------------------------------------- */

static void write_rows(struct exposition *out, const struct listener_rows *rows, const char *name,
                       size_t offset)
{
    for (unsigned i = 0; i <= rows->count; i++) {
        const struct listener_row *row = i < rows->count ? &rows->rows[i] : &rows->other;
        const uint32_t *value = (const void *)((const char *)row + offset);
        exposition_labelled(out, name, "listener", row->name, *value);
    }
}

static void write_queues(struct exposition *out, const struct listener_rows *rows)
{
#define WRITE_QUEUE(name, field, help)                                                             \
    exposition_head(out, PREFIX name, EXPOSITION_GAUGE, help);                                     \
    write_rows(out, rows, PREFIX name, offsetof(struct listener_row, field));
    WRITE_QUEUE("tcp_listener_accept_queue", accept_count, "Connections that wait to be accepted")
    WRITE_QUEUE("tcp_listener_accept_queue_max", backlog,
                "The most that " PREFIX "tcp_listener_accept_queue can be: the backlog")
    WRITE_QUEUE("tcp_listener_syn_queue", syn_count, "Handshakes under way")
    WRITE_QUEUE("tcp_listener_syn_queue_max", syn_max,
                "The most that " PREFIX "tcp_listener_syn_queue can be")
#undef WRITE_QUEUE
}

static void write_queue_drops(struct exposition *out, const struct listener_row *row)
{
    static const char name[] = PREFIX "tcp_listener_dropped_total";
    const struct {
        const char *kind;
        uint64_t value;
    } kinds[] = {{"accept_queue_full", row->counts.accept_drops},
                 {"syn_queue_full", row->counts.syn_drops}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        fprintf(out->stream, "%s{listener=\"", name);
        exposition_escape(out, row->name);
        fprintf(out->stream, "\",reason=\"%s\"} %llu\n", kinds[i].kind,
                (unsigned long long)kinds[i].value);
    }
}

static void write_listeners(struct exposition *out, const struct listener_rows *rows)
{
    static const char drops[] = PREFIX "tcp_listener_dropped_total";
    static const char cookies[] = PREFIX "tcp_listener_syn_cookies_total";
    write_queues(out, rows);
    exposition_head(out, drops, EXPOSITION_COUNTER, "Handshakes held back, by the queue's fault");
    for (unsigned i = 0; i < rows->count; i++)
        write_queue_drops(out, &rows->rows[i]);
    write_queue_drops(out, &rows->other);
    exposition_head(out, cookies, EXPOSITION_COUNTER, "SYNs answered by a SYN cookie");
    for (unsigned i = 0; i < rows->count; i++)
        exposition_labelled(out, cookies, "listener", rows->rows[i].name,
                            rows->rows[i].counts.cookies_sent);
    exposition_labelled(out, cookies, "listener", rows->other.name,
                        rows->other.counts.cookies_sent);
}

void metrics_tally_write(struct exposition *out, const struct metrics_input *input)
{
    const struct te_tallies *tallies = input->tallies;
    write_latency(out, PREFIX "tcp_rtt_seconds",
                  "Smoothed round trip time of connections as they leave ESTABLISHED",
                  &input->latency->rtt);
    write_latency(out, PREFIX "tcp_handshake_seconds",
                  "Time from SYN_SENT or SYN_RCVD to ESTABLISHED", &input->latency->handshake);
    write_requests(out, input->rpc);
    write_holds(out, tallies);
    write_ages(out, PREFIX "tcp_close_wait_age_seconds",
               "For how long the connections in CLOSE_WAIT have been in it", &tallies->close_wait);
    write_ages(out, PREFIX "tcp_fin_wait_2_age_seconds",
               "For how long the connections in FIN_WAIT_2 have been in it", &tallies->fin_wait_2);
    write_sizes(out, PREFIX "tcp_received_segment_bytes", "Payload of segments received",
                &tallies->received);
    write_sizes(out, PREFIX "tcp_sent_segment_bytes", "Payload of segments sent", &tallies->sent);
    write_drops(out, tallies);
    write_listeners(out, input->listeners);
}

#include "coverage.h"

#include <inttypes.h>
#include <string.h>

/* RFC 9293 figure 5, its notes included. */
static const struct edge {
    enum te_state from, to;
    const char *name;
} figure_5[] = {
    {TE_CLOSED, TE_LISTEN, "CLOSED -> LISTEN (passive OPEN)"},
    {TE_CLOSED, TE_SYN_SENT, "CLOSED -> SYN_SENT (active OPEN)"},
    {TE_LISTEN, TE_CLOSED, "LISTEN -> CLOSED (CLOSE)"},
    {TE_LISTEN, TE_SYN_RCVD, "LISTEN -> SYN_RCVD (recv SYN)"},
    {TE_LISTEN, TE_SYN_SENT, "LISTEN -> SYN_SENT (SEND)"},
    {TE_SYN_SENT, TE_CLOSED, "SYN_SENT -> CLOSED (CLOSE)"},
    {TE_SYN_SENT, TE_SYN_RCVD, "SYN_SENT -> SYN_RCVD (recv SYN)"},
    {TE_SYN_SENT, TE_ESTABLISHED, "SYN_SENT -> ESTABLISHED (recv SYN,ACK)"},
    {TE_SYN_RCVD, TE_LISTEN, "SYN_RCVD -> LISTEN (recv RST, note 1)"},
    {TE_SYN_RCVD, TE_ESTABLISHED, "SYN_RCVD -> ESTABLISHED (recv ACK of SYN)"},
    {TE_SYN_RCVD, TE_FIN_WAIT_1, "SYN_RCVD -> FIN_WAIT_1 (CLOSE)"},
    {TE_ESTABLISHED, TE_FIN_WAIT_1, "ESTABLISHED -> FIN_WAIT_1 (CLOSE)"},
    {TE_ESTABLISHED, TE_CLOSE_WAIT, "ESTABLISHED -> CLOSE_WAIT (recv FIN)"},
    {TE_FIN_WAIT_1, TE_FIN_WAIT_2, "FIN_WAIT_1 -> FIN_WAIT_2 (recv ACK of FIN)"},
    {TE_FIN_WAIT_1, TE_CLOSING, "FIN_WAIT_1 -> CLOSING (recv FIN)"},
    {TE_FIN_WAIT_1, TE_TIME_WAIT, "FIN_WAIT_1 -> TIME_WAIT (recv FIN and ACK of FIN, note 2)"},
    {TE_FIN_WAIT_2, TE_TIME_WAIT, "FIN_WAIT_2 -> TIME_WAIT (recv FIN)"},
    {TE_CLOSE_WAIT, TE_LAST_ACK, "CLOSE_WAIT -> LAST_ACK (CLOSE)"},
    {TE_CLOSING, TE_TIME_WAIT, "CLOSING -> TIME_WAIT (recv ACK of FIN)"},
    {TE_LAST_ACK, TE_CLOSED, "LAST_ACK -> CLOSED (recv ACK of FIN)"},
    {TE_TIME_WAIT, TE_CLOSED, "TIME_WAIT -> CLOSED (timeout=2MSL)"},
};

static uint64_t counter_at(const struct te_counters *counters, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)counters + offset, sizeof(value));
    return value;
}

void coverage_add_counters(struct coverage *sum, const struct te_counters *counters)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    for (size_t i = 0; i < count; i++) {
        uint64_t value =
            counter_at(&sum->counters, table[i].offset) + counter_at(counters, table[i].offset);
        memcpy((char *)&sum->counters + table[i].offset, &value, sizeof(value));
    }
}

void coverage_add(struct coverage *sum, const struct coverage *part)
{
    for (unsigned from = 0; from < TE_STATE_COUNT; from++) {
        for (unsigned to = 0; to < TE_STATE_COUNT; to++) {
            sum->edges[from][to] += part->edges[from][to];
            sum->pairs[from][to] += part->pairs[from][to];
        }
    }
    coverage_add_counters(sum, &part->counters);
    sum->runs += part->runs;
    sum->events += part->events;
    sum->frames += part->frames;
    sum->arrivals += part->arrivals;
    sum->marked += part->marked;
    sum->rebirths += part->rebirths;
    sum->cpu_us += part->cpu_us;
    sum->bytes += part->bytes;
    sum->early_takes += part->early_takes;
    sum->syn_replays += part->syn_replays;
    sum->ghosts += part->ghosts;
    sum->isn_wanted += part->isn_wanted;
    sum->isn_reached += part->isn_reached;
}

static void print_edges(const struct coverage *coverage, FILE *file)
{
    fprintf(file, "edges reached:\n");
    for (unsigned from = 0; from < TE_STATE_COUNT; from++)
        for (unsigned to = 0; to < TE_STATE_COUNT; to++)
            if (coverage->edges[from][to] > 0)
                fprintf(file, "  %11s -> %-11s %10" PRIu64 "\n", te_state_name(from),
                        te_state_name(to), coverage->edges[from][to]);
}

static void print_pairs(const struct coverage *coverage, FILE *file)
{
    fprintf(file, "pairs of states of the two ends:\n");
    for (unsigned a = 0; a < TE_STATE_COUNT; a++) {
        for (unsigned b = a; b < TE_STATE_COUNT; b++) {
            uint64_t count = coverage->pairs[a][b] + (a != b ? coverage->pairs[b][a] : 0);
            if (count > 0)
                fprintf(file, "  %11s and %-11s %10" PRIu64 "\n", te_state_name(a),
                        te_state_name(b), count);
        }
    }
}

static void print_counters(const struct coverage *coverage, FILE *file)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    fprintf(file, "counters of all stacks:\n");
    for (size_t i = 0; i < count; i++)
        fprintf(file, "  %-28s %12" PRIu64 "\n", table[i].name,
                counter_at(&coverage->counters, table[i].offset));
}

void coverage_print(const struct coverage *coverage, FILE *file)
{
    print_edges(coverage, file);
    print_pairs(coverage, file);
    print_counters(coverage, file);
    fprintf(file,
            "%" PRIu64 " runs, %" PRIu64 " events, %" PRIu64 " frames, %" PRIu64
            " bytes delivered, %" PRIu64 " marked by queues, %" PRIu64
            " stacks restored, data of %" PRIu64 " SYNs read in SYN_RCVD, and of %" PRIu64
            " once more, %" PRIu64
            " runs ended where nothing is promised; ISS near wrapping: %" PRIu64 " of %" PRIu64
            " wanted\n",
            coverage->runs, coverage->events, coverage->frames, coverage->bytes, coverage->marked,
            coverage->rebirths, coverage->early_takes, coverage->syn_replays, coverage->ghosts,
            coverage->isn_reached, coverage->isn_wanted);
}

void coverage_print_rate(const struct coverage *coverage, FILE *file)
{
    uint64_t frames = coverage->frames + coverage->arrivals;
    uint64_t cpu_ms = coverage->cpu_us / 1000;
    fprintf(file,
            "%" PRIu64 " runs, %" PRIu64 " frames sent and got in %" PRIu64
            " ms of processor time: "
            "%" PRIu64 " a second for each processor\n",
            coverage->runs, frames, cpu_ms, frames * 1000 / (cpu_ms > 0 ? cpu_ms : 1));
}

const char *coverage_find_gap(const struct coverage *coverage)
{
    for (unsigned i = 0; i < sizeof(figure_5) / sizeof(figure_5[0]); i++)
        if (coverage->edges[figure_5[i].from][figure_5[i].to] == 0)
            return figure_5[i].name;
    return NULL;
}

#include "watch/pressure.h"

#include <inttypes.h>
#include <stdio.h>
#include <tcpengine/units.h>

static unsigned percent_of(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (unsigned)(100 * (part / TE_KIB) / (whole / TE_KIB)) : 0;
}

void pressure_format_begin(const struct te_memory_use *use, char ret_text[PRESSURE_TEXT_MAX])
{
    const struct te_memory_owner *first = &use->owners[0];
    int len = snprintf(ret_text, PRESSURE_TEXT_MAX,
                       "memory is short: %" PRIu64 " MiB of %" PRIu64 " MiB are in use (%u %%)",
                       use->used_bytes / TE_MIB, use->max_bytes / TE_MIB,
                       percent_of(use->used_bytes, use->max_bytes));
    if (use->owner_count > 0 && len > 0 && len < PRESSURE_TEXT_MAX)
        snprintf(ret_text + len, PRESSURE_TEXT_MAX - (size_t)len,
                 ", most by uid %" PRIu32 ": %" PRIu64 " KiB in %" PRIu32 " connections",
                 first->uid, first->bytes / TE_KIB, first->connections);
}

void pressure_format_end(const struct pressure *pressure, const struct te_memory_use *use,
                         const struct te_counters *counters, char ret_text[PRESSURE_TEXT_MAX])
{
    snprintf(
        ret_text, PRESSURE_TEXT_MAX,
        "memory is no longer short: %" PRIu64 " MiB of %" PRIu64 " MiB are in use (%u %%); %" PRIu64
        " connections were reset for it, %" PRIu64 " lost data beyond a hole",
        use->used_bytes / TE_MIB, use->max_bytes / TE_MIB,
        percent_of(use->used_bytes, use->max_bytes), counters->memory_yields - pressure->yields,
        counters->memory_pruned - pressure->pruned);
}

void pressure_note(struct pressure *pressure, const struct te_stack *stack)
{
    bool is_short = te_memory_level(stack) != TE_MEMORY_PLENTY;
    const struct te_counters *counters = te_stack_counters(stack);
    struct te_memory_use use;
    char text[PRESSURE_TEXT_MAX];
    if (is_short == pressure->is_short)
        return;
    pressure->is_short = is_short;
    te_memory(stack, &use);
    if (is_short) {
        pressure->yields = counters->memory_yields;
        pressure->pruned = counters->memory_pruned;
        pressure_format_begin(&use, text);
    } else {
        pressure_format_end(pressure, &use, counters, text);
    }
    log_write_limited(&pressure->limit, is_short ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "%s",
                      text);
}

/* One line in the log when memory runs short, and one when that is over. */
#ifndef TCPENGINED_PRESSURE_H
#define TCPENGINED_PRESSURE_H

#include <tcpengine/tcpengine.h>

#include "util/log.h"

/* All zero: no episode yet. */
struct pressure {
    bool is_short;
    uint64_t yields, pruned; /* the counters when the episode began */
    struct log_limit limit;  /* an episode may be brief */
};

#define PRESSURE_TEXT_MAX 256

/* To be called when te_memory_level() may have changed. */
void pressure_note(struct pressure *pressure, const struct te_stack *stack);
/* The line that begins an episode, and the one that ends it, into ret_text. */
void pressure_format_begin(const struct te_memory_use *use, char ret_text[PRESSURE_TEXT_MAX]);
void pressure_format_end(const struct pressure *pressure, const struct te_memory_use *use,
                         const struct te_counters *counters, char ret_text[PRESSURE_TEXT_MAX]);

#endif

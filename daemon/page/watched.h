/* A connection that somebody looks at: its last segments, and samples of what changes in it. There
 * is none while nobody looks. */
#ifndef TCPENGINED_WATCHED_H
#define TCPENGINED_WATCHED_H

#include <jansson.h>

#include "capture/capture_comment.h"

#define WATCHED_SEGMENTS_MAX 64
#define WATCHED_SAMPLE_US 500000

struct watched_segment {
    int64_t at_us;
    bool is_out;
    uint64_t skipped; /* segments before it that found no room */
    struct capture_about about;
};

struct watched {
    uint64_t id;
    int64_t sampled_at_us; /* 0: never */
    bool is_gone;
    /* To read segments by, also of one that has gone. */
    struct te_endpoint local, remote;
    uint32_t iss, irs;
    uint8_t snd_wscale, rcv_wscale;
    unsigned begin, count; /* of the ring */
    uint64_t skipped;
    struct watched_segment segments[WATCHED_SEGMENTS_MAX];
};

void watched_init(struct watched *watched, uint64_t id);
/* A segment passed that may be the connection's: keeps it, at the cost of the oldest. */
void watched_add(struct watched *watched, const struct capture_about *about, bool is_out,
                 int64_t now_us);
/* The oldest segment, which is taken out; NULL: there is none. */
json_t *watched_segment_json(struct watched *watched, const struct te_stack *stack);
/* A sample, if it is time for one and the connection is there; else NULL. */
json_t *watched_sample_json(struct watched *watched, const struct te_stack *stack, int64_t now_us);

#endif

/* One refresh of tcpctl top: what it asks the daemon, and the frame that it makes of the answers.
 *
 * Theory of operation: the daemon ranks (Rank), in pages that name only who may be among the first;
 * the rows that are on the screen are asked for by their ids. So what a refresh costs the daemon is
 * one look at each connection, and what it costs the link depends on what is seen, not on how many
 * there are. Speeds are computed here, from two looks (top_samples.h): ranked by speed, the daemon
 * names all that have moved since the last refresh. */
#ifndef TCPCTL_TOP_FETCH_H
#define TCPCTL_TOP_FETCH_H

#include "cli.h"
#include "filter.h"
#include "top_frame.h"
#include "top_ranking.h"
#include "top_samples.h"

/* What the screen needs to know. */
struct top_question {
    enum top_column sort;
    bool is_reversed;
    struct filter filter;
    uint64_t first;        /* place of the first row, from 0; UINT64_MAX: as far down as there is */
    unsigned page;         /* rows */
    uint64_t selected;     /* place of the cursor */
    uint64_t followed_id;  /* the cursor shall stay on it; 0: at its place */
    uint64_t explained_id; /* 0: none */
    bool is_same_order;    /* only other rows of the order that is known */
};

struct top_totals {
    uint64_t bytes_in, bytes_out, segments_in, segments_out, retransmissions, opens, present;
    int64_t taken_at_us; /* 0: never */
};

struct top_fetch {
    struct cli *cli;
    struct tcpc_client *client; /* its own: one that gives up soon */
    char url[256];
    struct top_samples samples;
    struct top_ranking ranking; /* of the last refresh, sorted */
    uint64_t matched;
    struct top_totals totals;
    struct top_frame head; /* what they made: a frame without rows */
    struct filter filter;  /* of the last refresh */
    char *explanation;     /* the last one that there was */
    uint64_t explained_id;
};

/* cli is connected and borrowed. False after a complaint. */
bool top_fetch_init(struct top_fetch *fetch, struct cli *cli);
void top_fetch_done(struct top_fetch *fetch);
/* Asks. Never NULL: a frame with a problem, when there is no answer. */
struct top_frame *top_fetch_frame(struct top_fetch *fetch, const struct top_question *question);

#endif

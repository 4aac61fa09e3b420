/* tcpctl top without a screen: one refresh after the other, as text or as JSON lines. */
#ifndef TCPCTL_TOP_BATCH_H
#define TCPCTL_TOP_BATCH_H

#include "top_fetch.h"
#include "top_view.h"

struct top_batch {
    unsigned rows;  /* connections per refresh */
    uint64_t count; /* refreshes; 0: no end */
    int64_t every_us;
};

/* view: order and filter. Returns the exit status. */
int top_batch_run(struct cli *cli, struct top_fetch *fetch, struct top_view *view,
                  const struct top_batch *batch);

#endif

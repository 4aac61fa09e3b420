/* tcpctl top on a screen, until somebody quits. */
#ifndef TCPCTL_TOP_FULL_H
#define TCPCTL_TOP_FULL_H

#include "top_fetch.h"
#include "top_view.h"

struct top_full {
    int64_t every_us;
    uint64_t count; /* refreshes; 0: no end */
};

/* The screen is open. Takes fetch over. Returns the exit status. */
int top_full_run(struct top_fetch *fetch, struct top_view *view, const struct top_full *full);

#endif

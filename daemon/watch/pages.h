/* What the HTTP server shows: /metrics, /healthz and the live page.
 *
 * Theory of operation of this room: the daemon as seen from outside, and never asked twice. For
 * each page its owner fills one struct metrics_input from the parts of the daemon; metrics turns
 * that into text, http carries it out. Nothing here changes the daemon. latency and process_stats
 * gather what no other part counts; notify reports to the service manager. */
#ifndef TCPENGINED_PAGES_H
#define TCPENGINED_PAGES_H

#include "watch/http.h"
#include "watch/metrics.h"

struct pages {
    /* Fills what the pages show. */
    void (*fill)(void *ctx, struct metrics_input *ret_input);
    /* NULL when all is well, else why not. */
    const char *(*health)(void *ctx);
    void *ctx;
};

/* The http_page_fn for them; ctx is the struct pages. */
void pages_serve(void *ctx, const char *path, FILE *body, struct http_reply *reply);

#endif

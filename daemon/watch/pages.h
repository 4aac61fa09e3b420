/* The pages of the HTTP server for programs: /metrics and /healthz; page/ has the one for people.
 *
 * Theory of operation of this room: the daemon as seen from outside. For each page the owner fills
 * one struct metrics_input from the parts of the daemon; metrics turns it into text, and http
 * serves that. Nothing here changes the daemon. latency and process_stats gather what no other part
 * counts; notify reports to the service manager. */
#ifndef TCPENGINED_PAGES_H
#define TCPENGINED_PAGES_H

#include "watch/http.h"
#include "watch/metrics.h"

struct pages {
    /* Fills in *ret_input, which is zeroed. */
    void (*fill)(void *ctx, struct metrics_input *ret_input);
    /* NULL: all is well. Otherwise a sentence that says what is wrong. */
    const char *(*health)(void *ctx);
    /* NULL: nothing is amiss. Otherwise what the daemon is short of, although it goes on. */
    const char *(*degradation)(void *ctx);
    void *ctx;
};

/* The http_page_fn of these pages; ctx is the struct pages. Any other path is a 404. */
void pages_serve(void *ctx, const char *path, FILE *body, struct http_reply *reply);

#endif

/* What the HTTP server shows: /metrics, /healthz and the live page. */
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

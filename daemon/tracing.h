/* Connects captures (capture/) and the live page (page/) to the pump, and captures to the rpc:
 * while there is a capture, or somebody watches a connection, the pump reports its frames; what a
 * capture gets wakes the request that waits for it. */
#ifndef TCPENGINED_TRACING_H
#define TCPENGINED_TRACING_H

#include "capture/capture.h"
#include "link/pump.h"
#include "page/page.h"
#include "rpc/rpc.h"

struct tracing {
    struct pump *pump; /* NULL: it is gone */
    struct rpc *rpc;   /* NULL: there is none (any more) */
    struct capture_set *captures;
    struct page *page;             /* NULL: there is none */
    bool is_capturing, is_watched; /* who wants to be told */
    struct pump_tracer tracer;
};

/* False: no memory. interface is borrowed. */
bool tracing_init(struct tracing *tracing, struct pump *pump, const char *interface,
                  const uint8_t mac[6]);
/* Whether somebody watches a connection on the page. */
void tracing_set_watched(struct tracing *tracing, bool is_watched);
/* The pump and the rpc go: nothing of them is called any more. */
void tracing_detach(struct tracing *tracing);
/* Harmless for one that is all zeros. */
void tracing_done(struct tracing *tracing);

#endif

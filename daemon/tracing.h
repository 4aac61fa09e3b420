/* Connects captures (capture/) to the pump and to the rpc: while there is one, the pump tells of
 * its frames; what a capture gets wakes the request that waits for it. */
#ifndef TCPENGINED_TRACING_H
#define TCPENGINED_TRACING_H

#include "capture/capture.h"
#include "link/pump.h"
#include "rpc/rpc.h"

struct tracing {
    struct pump *pump; /* NULL: it is gone */
    struct rpc *rpc;   /* NULL: there is none (any more) */
    struct capture_set *captures;
    struct pump_tracer tracer;
};

/* False: no memory. interface is borrowed. */
bool tracing_init(struct tracing *tracing, struct pump *pump, const char *interface,
                  const uint8_t mac[6]);
/* The pump and the rpc go: nothing of them is called any more. */
void tracing_detach(struct tracing *tracing);
/* Harmless for one that is all zeros. */
void tracing_done(struct tracing *tracing);

#endif

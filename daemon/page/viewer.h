/* One who watches: a stream of server-sent events, and the connection that is looked at. */
#ifndef TCPENGINED_VIEWER_H
#define TCPENGINED_VIEWER_H

#include <jansson.h>
#include <sys/queue.h>

#include "page/watched.h"
#include "watch/http_stream.h"

struct viewer {
    TAILQ_ENTRY(viewer) in_page;
    struct http_stream *stream;
    struct watched *watched; /* NULL: none */
    uint64_t lost;           /* events that found no room, and that it has not been told of */
    bool is_told_gone;
    void (*on_gone)(void *ctx, struct viewer *viewer);
    void *ctx;
};
TAILQ_HEAD(viewer_list, viewer);

/* Its stream is to be handed to the HTTP server. When that frees the stream, on_gone is called, and
 * then the viewer is freed. connection 0: none. NULL: no memory. */
struct viewer *viewer_new(uint64_t connection, void (*on_gone)(void *ctx, struct viewer *viewer),
                          void *ctx);
/* Sends an event of that name with data, borrowed, as its JSON; counts it if there is no room, or
 * no memory. */
void viewer_send(struct viewer *viewer, const char *name, const json_t *data);
/* The same for an event that tells how many were lost: "lost" is set in data. */
void viewer_send_lost(struct viewer *viewer, const char *name, json_t *data, uint64_t lost);

#endif

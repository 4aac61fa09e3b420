#include "page/viewer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_stream_gone(void *ctx)
{
    struct viewer *viewer = ctx;
    viewer->on_gone(viewer->ctx, viewer);
    free(viewer->watched);
    free(viewer);
}

/* False: no memory. */
static bool watch(struct viewer *viewer, uint64_t connection)
{
    if (connection == 0)
        return true;
    viewer->watched = malloc(sizeof(*viewer->watched));
    if (viewer->watched != NULL)
        watched_init(viewer->watched, connection);
    return viewer->watched != NULL;
}

struct viewer *viewer_new(uint64_t connection, void (*on_gone)(void *ctx, struct viewer *viewer),
                          void *ctx)
{
    static const char hello[] = "retry: 2000\n\n"; /* ms until a browser comes back */
    struct viewer *viewer = calloc(1, sizeof(*viewer));
    if (viewer == NULL)
        return NULL;
    viewer->on_gone = on_gone;
    viewer->ctx = ctx;
    viewer->stream = http_stream_new(on_stream_gone, viewer);
    if (viewer->stream != NULL && watch(viewer, connection)) {
        http_stream_write(viewer->stream, hello, sizeof(hello) - 1);
        return viewer;
    }
    if (viewer->stream != NULL)
        http_stream_free(viewer->stream);
    free(viewer);
    return NULL;
}

/* False: no room, or no memory. */
static bool send_event(struct viewer *viewer, const char *name, const json_t *data)
{
    char *json = data != NULL ? json_dumps(data, JSON_COMPACT) : NULL;
    char *event = NULL;
    bool is_sent = false;
    if (json != NULL) {
        int len = asprintf(&event, "event: %s\ndata: %s\n\n", name, json);
        is_sent = len > 0 && http_stream_write(viewer->stream, event, (size_t)len);
        if (len < 0)
            event = NULL;
    }
    free(event);
    free(json);
    return is_sent;
}

void viewer_send(struct viewer *viewer, const char *name, const json_t *data)
{
    viewer->lost += !send_event(viewer, name, data);
}

void viewer_send_lost(struct viewer *viewer, const char *name, json_t *data, uint64_t lost)
{
    json_object_set_new(data, "lost", json_integer((json_int_t)(viewer->lost + lost)));
    if (send_event(viewer, name, data))
        viewer->lost = 0;
    else
        viewer->lost += lost + 1;
}

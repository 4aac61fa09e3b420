/* An answer that goes on until one of its two ends has enough (server-sent events): bytes that wait
 * for a viewer, in a buffer of fixed size. What finds no room in it is the writer's to count:
 * nothing waits for a slow viewer. */
#ifndef TCPENGINED_HTTP_STREAM_H
#define TCPENGINED_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_STREAM_BYTES (64 * 1024)

struct http_stream {
    uint8_t *bytes; /* HTTP_STREAM_BYTES */
    size_t begin, len;
    bool is_ended; /* nothing comes after what is in it */
    /* The viewer is gone, and so is the stream. */
    void (*on_gone)(void *ctx);
    void *ctx;
};

/* NULL: no memory. */
struct http_stream *http_stream_new(void (*on_gone)(void *ctx), void *ctx);
void http_stream_free(struct http_stream *stream);

/* Takes all of it; false: there is no room, and nothing was taken. */
bool http_stream_write(struct http_stream *stream, const void *bytes, size_t len);
/* Takes out at most max bytes; returns how many. */
size_t http_stream_read(struct http_stream *stream, void *ret_bytes, size_t max);

#endif

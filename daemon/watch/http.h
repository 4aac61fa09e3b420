/* A small HTTP server on the daemon's loop, for programs that look and people that glance.
 *
 * It is bounded in every direction: HTTP_CONNECTIONS_MAX connections, HTTP_MEMORY_BYTES of header
 * each, HTTP_DEADLINE_MS from accept to close, GET and nothing else. */
#ifndef TCPENGINED_HTTP_H
#define TCPENGINED_HTTP_H

#include <stdio.h>
#include <tcpengine/types.h>
#include <uv.h>

#define HTTP_CONNECTIONS_MAX 8
#define HTTP_MEMORY_BYTES 4096
#define HTTP_DEADLINE_MS 5000
#define HTTP_MESSAGE_MAX 256

struct http_reply {
    unsigned status; /* 200 at first */
    const char *content_type;
};

/* Writes the page of path to body. Answering 404 and other errors is done through reply. */
typedef void http_page_fn(void *ctx, const char *path, FILE *body, struct http_reply *reply);

struct http_options {
    struct te_endpoint address; /* port 0: any free one */
    http_page_fn *page;
    void *ctx;
};

struct http;

/* NULL: ret_message (HTTP_MESSAGE_MAX bytes) says why, and what to do. */
struct http *http_new(uv_loop_t *loop, const struct http_options *options, char *ret_message);
/* The handles close as the loop runs on. NULL is legal. */
void http_free(struct http *http);

/* Where it listens, "127.0.0.1:9409". */
const char *http_address(const struct http *http);

#endif

/* A small HTTP server on the daemon's loop, for scrapers and browsers.
 *
 * Bounded in every way: HTTP_CONNECTIONS_MAX connections, HTTP_MEMORY_BYTES of headers each,
 * HTTP_DEADLINE_MS from accept to close, GET and HEAD only; and one page per turn (turns.h), since
 * nobody knows which user asks. When all connections are taken and another client waits, those that
 * have not sent their request make room for it. */
#ifndef TCPENGINED_HTTP_H
#define TCPENGINED_HTTP_H

#include <stdbool.h>
#include <stdio.h>
#include <tcpengine/types.h>
#include <uv.h>

#include "util/turns.h"

#define HTTP_CONNECTIONS_MAX 8
#define HTTP_MEMORY_BYTES 4096
/* What MHD may need to parse them: they may be thousands of arguments of one letter. */
#define HTTP_POOL_BYTES (192 * 1024)
#define HTTP_DEADLINE_MS 5000
/* When somebody waits: how old a connection without a request must be to make room, the same once
 * it has shown that there are many of them, and for one whose answer is not taken. */
#define HTTP_IDLE_MS 100
#define HTTP_IDLE_PRESSED_MS 20
#define HTTP_STALLED_MS 500
#define HTTP_MESSAGE_MAX 256

struct http_reply {
    unsigned status;          /* 200 unless the page sets another */
    const char *content_type; /* plain text unless the page sets another; static */
    const char *accept;       /* in: what the client accepts (http_accept.h); "": it did not say */
};

/* Writes the page at path to body, which stays open. Sets reply->status for 404 and other errors.
 */
typedef void http_page_fn(void *ctx, const char *path, FILE *body, struct http_reply *reply);

struct http_options {
    struct te_endpoint address; /* port 0: any free one */
    http_page_fn *page;
    void *ctx;
    bool checks_host; /* 421 for what is meant for others: see http_host.h */
    /* Where pages wait for their turn; must outlive the server. NULL: nowhere. */
    struct turns *turns;
};

struct http;

/* Starts listening; options is copied. NULL: ret_message (HTTP_MESSAGE_MAX bytes) says why (the
 * port is in use, the address is not ours, no memory), and what to do. */
struct http *http_new(uv_loop_t *loop, const struct http_options *options, char *ret_message);
/* Closes every connection. The memory is freed by the loop's next turns, when the handles have
 * closed. NULL is legal. */
void http_free(struct http *http);

/* Where it listens, "127.0.0.1:9409", with the port that was chosen. Valid as long as http. */
const char *http_address(const struct http *http);

#endif

/* A small HTTP server on the daemon's loop, for scrapers and browsers.
 *
 * Bounded in every way: HTTP_CONNECTIONS_MAX connections, HTTP_MEMORY_BYTES of headers each,
 * HTTP_DEADLINE_MS from accept to close, GET and HEAD only; and one page per turn (turns.h), since
 * nobody knows which user asks. When all connections are taken and another client waits, those that
 * have not sent their request make room for it.
 *
 * An answer of the live page may take several turns to make, or go on as a stream. Streams have
 * HTTP_STREAMS_MAX connections more, so that however many there are, as many connections as ever
 * are left for the rest. */
#ifndef TCPENGINED_HTTP_H
#define TCPENGINED_HTTP_H

#include <stdbool.h>
#include <stdio.h>
#include <tcpengine/types.h>
#include <uv.h>

#include "util/turns.h"
#include "watch/http_stream.h"

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
#define HTTP_STREAMS_MAX 8
/* A viewer that takes nothing for so long is cut off. */
#define HTTP_STREAM_STALLED_S 30
/* What the kernel holds for a viewer, at most: what is in there is old. */
#define HTTP_STREAM_KERNEL_BYTES (64 * 1024)

struct http_reply {
    unsigned status;          /* 200 unless the page sets another */
    const char *content_type; /* plain text unless the page sets another; static */
    const char *accept;       /* in: what the client accepts (http_accept.h); "": it did not say */
};

/* Writes the page at path to body, which stays open. Sets reply->status for 404 and other errors.
 */
typedef void http_page_fn(void *ctx, const char *path, FILE *body, struct http_reply *reply);

/* One request to the live page, through all turns of its answer. */
struct http_exchange {
    const char *path;
    FILE *body; /* of this turn's part of the answer; thrown away if there is a stream */
    struct http_reply reply;
    bool is_head;    /* only the header is wanted */
    bool may_stream; /* there are fewer than HTTP_STREAMS_MAX */
    /* Set by the page: */
    bool is_unfinished;         /* this function is to be called again, in another turn */
    struct http_stream *stream; /* handed over: what is written to it is the answer */
    unsigned retry_after_s;     /* with status 503 */
    void *work;                 /* what is kept from turn to turn */
    void (*work_free)(void *work);
    void *connection; /* for http_argument() */
};

/* The value of an argument in the query, without its escapes; NULL: it has none. Valid during the
 * call. */
const char *http_argument(const struct http_exchange *exchange, const char *name);

/* Answers, wholly or in part. False: the path is none of the live page. */
typedef bool http_live_fn(void *ctx, struct http_exchange *exchange);

struct http_options {
    struct te_endpoint address; /* port 0: any free one */
    http_page_fn *page;
    void *ctx;
    http_live_fn *live; /* is asked first; NULL: there is no live page */
    void *live_ctx;
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

/* Something was written to streams, or one was ended: sends it. */
void http_wake(struct http *http);

/* Viewers that a stream is for. */
unsigned http_stream_count(const struct http *http);

/* Where it listens, "127.0.0.1:9409", with the port that was chosen. Valid as long as http. */
const char *http_address(const struct http *http);

#endif

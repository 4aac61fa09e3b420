/* The live page: the state diagram of this daemon's connections in a browser.
 *
 * Theory of operation of this room: the HTTP server asks page_answer() about each request. Files of
 * the page come from assets; tables and details are answers of the daemon's own verbs (ask), as
 * JSON with the keys of tcpctl --json (lib/view). A stream of server-sent events belongs to a
 * viewer. While there are viewers a timer runs, and tells them together what has changed: how many
 * connections are in each state, and along which edges they went, which page_on_event() counts. A
 * viewer may watch one connection: then segments are traced as for a capture, and kept in a ring.
 *
 * With nobody watching there is no timer, no tracer, and nothing is counted. */
#ifndef TCPENGINED_PAGE_H
#define TCPENGINED_PAGE_H

#include <tcpengine/config.h>
#include <tcpengine/trace.h>

#include "link/pump.h"
#include "rpc/rpc.h"
#include "watch/http.h"

#define PAGE_TICK_MS 250
/* A state event is sent after so long even if nothing has changed. */
#define PAGE_QUIET_US 5000000
/* The bar of TIME_WAIT is counted anew after so long, unless one step is enough for it. */
#define PAGE_BAR_US 1000000

struct page_options {
    uv_loop_t *loop;
    struct pump *pump;
    struct rpc *rpc;
    const struct te_config *engine;
    /* Whether the page wants to be told of segments from now on. */
    void (*set_tracing)(void *ctx, bool is_on);
    void *ctx;
};

struct page;

/* options is copied; what it names is borrowed, and outlives the page. NULL: no memory. */
struct page *page_new(const struct page_options *options);
/* After http_free(): there are no viewers any more. The memory is freed by the loop's next turns.
 * NULL is legal. */
void page_free(struct page *page);
/* Who serves it. NULL: nobody (any more). */
void page_set_http(struct page *page, struct http *http);

/* The http_live_fn of the page; ctx is the page. */
bool page_answer(void *ctx, struct http_exchange *exchange);

/* Call with every event of the engine. NULL is legal. */
void page_on_event(struct page *page, const struct te_event *event);

/* From the pump, while tracing is on. */
void page_before_input(struct page *page, const uint8_t *frame, size_t len);
void page_after_input(struct page *page, const uint8_t *frame, size_t len);
void page_before_output(struct page *page);
void page_after_output(struct page *page, const struct te_output *output);

#endif

#include "watch/pages.h"

#include <string.h>

#include "watch/http_accept.h"

static void page_metrics(const struct pages *pages, FILE *body, struct http_reply *reply)
{
    struct metrics_input input = {0};
    bool is_open_metrics = reply->accept != NULL && http_accept_is_open_metrics(reply->accept);
    enum exposition_format format = is_open_metrics ? EXPOSITION_OPEN_METRICS : EXPOSITION_TEXT;
    reply->content_type = exposition_content_type(format);
    pages->fill(pages->ctx, &input);
    metrics_write(body, format, &input);
}

static void page_health(const struct pages *pages, FILE *body, struct http_reply *reply)
{
    const char *trouble = pages->health(pages->ctx);
    const char *shortage = pages->degradation(pages->ctx);
    if (trouble != NULL) {
        reply->status = 503;
        fprintf(body, "%s\n", trouble);
    } else if (shortage != NULL) { /* still 200: a restart would reset everybody's connections */
        fprintf(body, "degraded: %s\n", shortage);
    } else {
        fputs("ok\n", body);
    }
}

static const struct {
    const char *path;
    void (*write)(const struct pages *pages, FILE *body, struct http_reply *reply);
} routes[] = {{"/metrics", page_metrics}, {"/healthz", page_health}};

void pages_serve(void *ctx, const char *path, FILE *body, struct http_reply *reply)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].path, path) == 0) {
            routes[i].write(ctx, body, reply);
            return;
        }
    }
    reply->status = 404;
    fputs("not found; try /metrics, /healthz, or / for the live page, unless http_page is off\n",
          body);
}

#include "watch/pages.h"

#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "util/text.h"
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

/* --- the live page ---------------------------------------------------------------------------- */

/* Interface names may contain anything but slashes and spaces. */
static void write_escaped(FILE *body, const char *name)
{
    char printable[IFNAMSIZ];
    snprintf(printable, sizeof(printable), "%s", name);
    text_make_printable(printable, strlen(printable));
    for (const char *text = printable; *text != '\0'; text++) {
        if (strchr("<>&\"'", *text) != NULL)
            fprintf(body, "&#%d;", *text);
        else
            fputc(*text, body);
    }
}

static void write_row(FILE *body, const char *name, uint64_t value)
{
    fprintf(body, "<tr><td>%s</td><td class=n>%" PRIu64 "</td></tr>\n", name, value);
}

static void write_states(FILE *body, const struct te_totals *totals)
{
    fputs("<table><caption>States</caption>\n", body);
    for (unsigned state = 0; state < TE_STATE_COUNT; state++)
        write_row(body, te_state_name((enum te_state)state), totals->by_state[state]);
    fputs("</table>\n", body);
}

static void write_totals(FILE *body, const struct metrics_input *input)
{
    const struct te_totals *totals = &input->totals;
    fputs("<table><caption>Totals</caption>\n", body);
    write_row(body, "connections", totals->connections);
    write_row(body, "listeners", totals->listeners);
    write_row(body, "orphans", totals->orphans);
    write_row(body, "neighbours", totals->neighbours);
    write_row(body, "memory, bytes", input->memory.used_bytes);
    write_row(body, "frames in", input->tap->frames_in);
    write_row(body, "frames out", input->tap->frames_out);
    write_row(body, "clients", input->rpc->links);
    fputs("</table>\n", body);
}

static void write_counters(FILE *body, const struct te_counters *counters)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    fputs("<table><caption>Counters above zero</caption>\n", body);
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        memcpy(&value, (const char *)counters + table[i].offset, sizeof(value));
        if (value > 0)
            write_row(body, table[i].help, value);
    }
    fputs("</table>\n", body);
}

static const char *const page_head =
    "<!DOCTYPE html>\n"
    "<html lang=en><head><meta charset=utf-8><meta http-equiv=refresh content=2>\n"
    "<title>tcpengine</title><style>\n"
    "body{font:14px sans-serif;margin:2em;color:#222;background:#fff}\n"
    "table{display:inline-table;vertical-align:top;border-collapse:collapse;margin:0 2em 2em 0}\n"
    "caption{text-align:left;font-weight:bold;padding:.3em 0}\n"
    "td{border-top:1px solid #ccc;padding:.2em .6em}.n{text-align:right;font-family:monospace}\n"
    "</style></head><body>\n";

static void page_live(const struct pages *pages, FILE *body, struct http_reply *reply)
{
    struct metrics_input input = {0};
    reply->content_type = "text/html; charset=utf-8";
    pages->fill(pages->ctx, &input);
    fprintf(body, "%s<h1>tcpengine %s</h1>\n<p>TAP ", page_head, input.version);
    write_escaped(body, input.tap_name);
    fprintf(body, " is %s.</p>\n", input.is_tap_up ? "up" : "<b>down</b>");
    write_states(body, &input.totals);
    write_totals(body, &input);
    write_counters(body, input.counters);
    fputs("</body></html>\n", body);
}

static const struct {
    const char *path;
    void (*write)(const struct pages *pages, FILE *body, struct http_reply *reply);
} routes[] = {{"/metrics", page_metrics}, {"/healthz", page_health}, {"/", page_live}};

void pages_serve(void *ctx, const char *path, FILE *body, struct http_reply *reply)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].path, path) == 0) {
            routes[i].write(ctx, body, reply);
            return;
        }
    }
    reply->status = 404;
    fputs("not found; try /metrics, /healthz or /\n", body);
}

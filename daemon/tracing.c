#include "tracing.h"

#include <string.h>

#include "util/version.h"

static struct te_stack *stack_of(void *ctx)
{
    const struct tracing *tracing = ctx;
    return pump_stack(tracing->pump);
}

static void update(struct tracing *tracing)
{
    bool is_on = tracing->is_capturing || tracing->is_watched;
    if (tracing->pump != NULL)
        pump_set_tracer(tracing->pump, is_on ? &tracing->tracer : NULL);
}

static int64_t now_us(void *ctx)
{
    const struct tracing *tracing = ctx;
    return pump_now_us(tracing->pump);
}

static void set_tracing(void *ctx, bool is_on)
{
    struct tracing *tracing = ctx;
    tracing->is_capturing = is_on;
    update(tracing);
}

void tracing_set_watched(struct tracing *tracing, bool is_watched)
{
    tracing->is_watched = is_watched;
    update(tracing);
}

static void on_data(void *ctx, uint64_t capture)
{
    const struct tracing *tracing = ctx;
    if (tracing->rpc != NULL)
        rpc_on_capture(tracing->rpc, capture);
}

static void before_input(void *ctx, const uint8_t *frame, size_t len)
{
    struct tracing *tracing = ctx;
    if (tracing->is_capturing)
        capture_before_input(tracing->captures, frame, len);
    if (tracing->is_watched)
        page_before_input(tracing->page, frame, len);
}

static void after_input(void *ctx, const uint8_t *frame, size_t len,
                        const struct te_frame_meta *meta)
{
    struct tracing *tracing = ctx;
    if (tracing->is_capturing)
        capture_after_input(tracing->captures, frame, len, meta);
    if (tracing->is_watched)
        page_after_input(tracing->page, frame, len);
}

static void before_output(void *ctx)
{
    struct tracing *tracing = ctx;
    if (tracing->is_capturing)
        capture_before_output(tracing->captures);
    if (tracing->is_watched)
        page_before_output(tracing->page);
}

static void after_output(void *ctx, const struct te_output *output)
{
    struct tracing *tracing = ctx;
    if (tracing->is_capturing)
        capture_after_output(tracing->captures, output);
    if (tracing->is_watched)
        page_after_output(tracing->page, output);
}

bool tracing_init(struct tracing *tracing, struct pump *pump, const char *interface,
                  const uint8_t mac[6])
{
    struct capture_set_options options = {.stack = stack_of,
                                          .now_us = now_us,
                                          .set_tracing = set_tracing,
                                          .on_data = on_data,
                                          .interface = interface,
                                          .application = "tcpengined " TCPENGINE_VERSION,
                                          .ctx = tracing};
    memcpy(options.mac, mac, sizeof(options.mac));
    *tracing = (struct tracing){.pump = pump};
    tracing->tracer =
        (struct pump_tracer){before_input, after_input, before_output, after_output, tracing};
    tracing->captures = capture_set_new(&options);
    return tracing->captures != NULL;
}

void tracing_detach(struct tracing *tracing)
{
    tracing->rpc = NULL;
    tracing->pump = NULL;
}

void tracing_done(struct tracing *tracing)
{
    tracing_detach(tracing);
    capture_set_free(tracing->captures);
    tracing->captures = NULL;
}

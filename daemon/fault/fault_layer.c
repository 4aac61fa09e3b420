#include "fault/fault_layer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fault/fault_queue.h"

/* The right edge of our window, as stop-reading found it. */
struct edge {
    uint64_t fault_id, conn_id;
    uint32_t seq;
};

struct fault_layer {
    struct fault_gate gate; /* first: fault_layer_is_active() */
    struct fault_layer_options options;
    struct fault_ports ports;
    const struct owner_table *owners;
    TAILQ_HEAD(fault_list, fault) faults;
    unsigned fault_count;
    uint64_t last_id;
    uint64_t random;
    struct fault_queue queues[2]; /* by index_of() */
    bool is_link_full;            /* the first frames of the queue outward wait for it */
    struct fault_counters counters;
    uint64_t hits_by_kind[TE_FAULT_KIND_COUNT];
    struct edge edges[FAULT_EDGES_MAX];
    unsigned edge_count;
    struct te_status status; /* of the segment that is being judged */
    struct fault_traces traces;
    uint8_t whole[TE_SEGMENT_FRAME_MAX]; /* a frame in one piece */
    uint8_t piece[TE_SEGMENT_FRAME_MAX]; /* a segment of it */
};

/* A segment on its way through the layer. */
struct passing {
    enum te_fault_way way;
    uint8_t *frame; /* writable */
    size_t len;
    struct te_frame_meta meta;
    struct te_segment_view view;
    struct fault_subject subject;
    bool is_again;
    int64_t now_us;
};

/* What all faults together make of it. */
struct verdict {
    bool is_lost, is_doubled, is_broken, is_overtaken, is_answered, is_reset;
    uint32_t mtu_bytes;             /* is_answered */
    int64_t delay_us;               /* 0: at once */
    int64_t copy_delay_us;          /* is_doubled */
    uint64_t delayer_id, copier_id; /* the faults of these two */
};

static unsigned index_of(enum te_fault_way way)
{
    return way == TE_FAULT_OUT;
}

static void gate_set(struct fault_layer *layer)
{
    layer->gate.is_open =
        layer->fault_count > 0 || layer->queues[0].count > 0 || layer->queues[1].count > 0;
}

/* --- random numbers: xorshift64* -------------------------------------------------------------- */

static bool is_drawn(struct fault_layer *layer, uint32_t probability_millionths)
{
    if (probability_millionths >= FAULT_PROBABILITY_ALWAYS)
        return true;
    layer->random ^= layer->random >> 12;
    layer->random ^= layer->random << 25;
    layer->random ^= layer->random >> 27;
    uint64_t number = (layer->random * UINT64_C(2685821657736338717)) >> 32;
    return number * FAULT_PROBABILITY_ALWAYS >> 32 < probability_millionths;
}

/* --- notes ------------------------------------------------------------------------------------ */

static void tell(struct fault_layer *layer, const struct fault_note *note)
{
    if (layer->options.on_note != NULL)
        layer->options.on_note(layer->options.ctx, note);
}

static void tell_of_fault(struct fault_layer *layer, const struct fault *fault,
                          enum fault_phase phase, int64_t now_us)
{
    const struct fault_target *target = &fault->order.target;
    struct fault_note note = {.phase = phase,
                              .fault = fault,
                              .time_us = now_us,
                              .conn_id = target->id,
                              .uid = fault->order.uid,
                              .local = target->local,
                              .remote = target->remote};
    tell(layer, &note);
}

static void tell_of_hit(struct fault_layer *layer, const struct fault *fault,
                        const struct passing *passing)
{
    const struct te_segment_view *view = &passing->view;
    const struct te_status *status = passing->subject.status;
    if (fault->hits > FAULT_HIT_EVENTS_MAX) {
        layer->counters.events_omitted++;
        return;
    }
    struct fault_note note = {
        .phase = FAULT_HIT,
        .fault = fault,
        .time_us = passing->now_us,
        .conn_id = status != NULL ? status->id : fault->order.target.id,
        .uid = status != NULL ? status->uid : fault->order.uid,
        .local = *passing->subject.local,
        .remote = *passing->subject.remote,
        .has_segment = true,
        .segment = {.seq = view->seq,
                    .ack = view->ack,
                    .wnd_bytes = view->window,
                    .len_bytes = (uint16_t)view->payload_bytes,
                    .flags = view->flags},
    };
    tell(layer, &note);
}

static struct fault_trace trace_of(const struct fault *fault, uint64_t conn_id)
{
    return (struct fault_trace){.conn_id = conn_id,
                                .fault_id = fault->id,
                                .spec = fault->order.spec,
                                .probability_millionths = fault->order.probability_millionths,
                                .count = fault->order.count,
                                .hits = fault->hits,
                                .hit_at_us = TE_NEVER,
                                .is_over = fault->is_over};
}

/* What is left of a hit when its event is gone: with the connection, and here. */
static void leave_trace(struct fault_layer *layer, const struct fault *fault,
                        const struct passing *passing)
{
    const struct te_segment_view *view = &passing->view;
    const struct te_status *status = passing->subject.status;
    uint64_t conn_id = status != NULL ? status->id : fault->order.target.id;
    if (conn_id == 0)
        return;
    struct fault_trace trace = trace_of(fault, conn_id);
    trace.hit_at_us = passing->now_us;
    fault_traces_add(&layer->traces, &trace);
    te_note_fault(layer->ports.stack, conn_id, fault->id, view->seq, (uint32_t)view->payload_bytes,
                  passing->now_us);
}

/* --- the list of faults ----------------------------------------------------------------------- */

static void edges_forget(struct fault_layer *layer, uint64_t fault_id)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < layer->edge_count; i++)
        if (layer->edges[i].fault_id != fault_id)
            layer->edges[kept++] = layer->edges[i];
    layer->edge_count = kept;
}

/* Frees the faults that are over. Not while the list is being walked. */
static void sweep(struct fault_layer *layer, int64_t now_us)
{
    struct fault *fault = TAILQ_FIRST(&layer->faults), *next;
    for (; fault != NULL; fault = next) {
        next = TAILQ_NEXT(fault, link);
        if (!fault->is_over && fault->expires_at_us > now_us)
            continue;
        TAILQ_REMOVE(&layer->faults, fault, link);
        layer->fault_count--;
        layer->counters.ended++;
        edges_forget(layer, fault->id);
        fault_traces_end(&layer->traces, fault->id, fault->hits);
        tell_of_fault(layer, fault, FAULT_ENDED, now_us);
        free(fault);
    }
    gate_set(layer);
}

const struct fault *fault_layer_from(const struct fault_layer *layer, uint64_t id)
{
    const struct fault *fault = TAILQ_FIRST(&layer->faults);
    while (fault != NULL && fault->id < id)
        fault = TAILQ_NEXT(fault, link);
    return fault;
}

bool fault_layer_remove(struct fault_layer *layer, uint64_t id, int64_t now_us)
{
    struct fault *fault = TAILQ_FIRST(&layer->faults);
    while (fault != NULL && fault->id != id)
        fault = TAILQ_NEXT(fault, link);
    if (fault == NULL)
        return false;
    fault->is_over = true;
    for (unsigned i = 0; i < 2; i++)
        fault_queue_hasten(&layer->queues[i], id, now_us);
    sweep(layer, now_us);
    return true;
}

void fault_layer_on_event(struct fault_layer *layer, const struct te_event *event)
{
    struct fault *fault;
    bool is_any_over = false;
    if (!fault_layer_is_active(layer))
        return;
    TAILQ_FOREACH(fault, &layer->faults, link)
    {
        if (fault->order.target.id == 0 || fault->order.target.id != event->id)
            continue;
        fault->is_over = te_status(layer->ports.stack, event->id, &layer->status) != TE_OK ||
                         layer->status.state == TE_CLOSED;
        is_any_over = is_any_over || fault->is_over;
    }
    if (is_any_over)
        sweep(layer, event->time_us);
}

static unsigned count_of_uid(const struct fault_layer *layer, uint32_t uid)
{
    const struct fault *fault;
    unsigned count = 0;
    TAILQ_FOREACH(fault, &layer->faults, link)
    count += fault->order.uid == uid;
    return count;
}

static enum fault_refusal refusal_of(const struct fault_layer *layer,
                                     const struct fault_order *order)
{
    if (layer->fault_count >= layer->options.faults_max)
        return FAULT_TOO_MANY;
    if (!order->is_admin && count_of_uid(layer, order->uid) >= layer->options.per_uid_max)
        return FAULT_TOO_MANY_OF_UID;
    return FAULT_TAKEN;
}

/* --- sending on ------------------------------------------------------------------------------- */

static bool put_on_link(struct fault_layer *layer, const uint8_t *frame, size_t len,
                        const struct te_frame_meta *meta)
{
    struct te_output output = {
        .iov = {{frame, len}}, .iov_count = 1, .total_bytes = len, .meta = *meta};
    return layer->ports.transmit(layer->ports.ctx, &output);
}

static struct fault_held *hold(struct fault_layer *layer, const struct passing *passing,
                               int64_t release_at_us)
{
    struct fault_held *held = fault_queue_put(&layer->queues[index_of(passing->way)], release_at_us,
                                              passing->frame, passing->len, &passing->meta);
    if (held == NULL) {
        layer->counters.overflows++;
        return NULL;
    }
    held->way = passing->way;
    held->local = *passing->subject.local;
    held->remote = *passing->subject.remote;
    return held;
}

/* A link that is full gets it later, behind what waits already. */
static void pass_on(struct fault_layer *layer, const struct passing *passing)
{
    if (passing->way == TE_FAULT_IN) {
        layer->ports.deliver(layer->ports.ctx, passing->frame, passing->len, &passing->meta,
                             passing->now_us);
        return;
    }
    if (layer->is_link_full || !put_on_link(layer, passing->frame, passing->len, &passing->meta))
        layer->is_link_full = hold(layer, passing, passing->now_us) != NULL || layer->is_link_full;
}

/* False: the link is full. */
static bool release(struct fault_layer *layer, struct fault_held *held, int64_t now_us)
{
    struct fault_queue *queue = &layer->queues[index_of(held->way)];
    if (held->way == TE_FAULT_OUT && !put_on_link(layer, held->frame, held->len, &held->meta)) {
        layer->is_link_full = true;
        return false;
    }
    if (held->way == TE_FAULT_IN)
        layer->ports.deliver(layer->ports.ctx, held->frame, held->len, &held->meta, now_us);
    fault_queue_drop(queue, held);
    return true;
}

static void release_due(struct fault_layer *layer, enum te_fault_way way, int64_t now_us)
{
    struct fault_held *held;
    struct fault_queue *queue = &layer->queues[index_of(way)];
    while ((held = fault_queue_first(queue)) != NULL && held->release_at_us <= now_us)
        if (!release(layer, held, now_us))
            return;
    if (way == TE_FAULT_OUT)
        layer->is_link_full = false;
}

static bool same_endpoint(const struct te_endpoint *a, const struct te_endpoint *b)
{
    return a->port == b->port && te_addr_equal(&a->addr, &b->addr);
}

/* This segment has overtaken those that waited for it. */
static void release_overtaken(struct fault_layer *layer, const struct passing *passing)
{
    struct fault_queue *queue = &layer->queues[index_of(passing->way)];
    struct fault_held *held = TAILQ_FIRST(&queue->held), *next;
    for (; held != NULL; held = next) {
        next = TAILQ_NEXT(held, link);
        if (held->is_overtaken_next && same_endpoint(&held->local, passing->subject.local) &&
            same_endpoint(&held->remote, passing->subject.remote) &&
            !release(layer, held, passing->now_us))
            return;
    }
}

/* Passes it on, and behind it what it overtakes: also when the fault that held that is over. */
static void pass_by(struct fault_layer *layer, const struct passing *passing)
{
    pass_on(layer, passing);
    release_overtaken(layer, passing);
}

int64_t fault_layer_next_us(const struct fault_layer *layer)
{
    const struct fault *fault;
    const struct fault_held *in = fault_queue_first(&layer->queues[0]);
    const struct fault_held *out = fault_queue_first(&layer->queues[1]);
    int64_t next_us = in != NULL ? in->release_at_us : TE_NEVER;
    if (out != NULL && !layer->is_link_full && out->release_at_us < next_us)
        next_us = out->release_at_us;
    TAILQ_FOREACH(fault, &layer->faults, link)
    if (fault->expires_at_us < next_us)
        next_us = fault->expires_at_us;
    return next_us;
}

void fault_layer_run(struct fault_layer *layer, int64_t now_us)
{
    release_due(layer, TE_FAULT_IN, now_us);
    release_due(layer, TE_FAULT_OUT, now_us);
    sweep(layer, now_us);
}

/* --- forged segments -------------------------------------------------------------------------- */

static const uint8_t forger_mac[6] = {0x02, 0, 0, 0, 0, 0xfe};
static const struct te_frame_meta whole_meta = {.checksum = TE_CHECKSUM_UNKNOWN};

static bool can_be_reset(const struct te_status *status)
{
    return status != NULL && status->state >= TE_SYN_RCVD && status->state <= TE_LAST_ACK;
}

/* From the peer, exactly at RCV.NXT (RFC 5961 3.2). */
static void reset_our_side(struct fault_layer *layer, const struct te_status *status,
                           int64_t now_us)
{
    uint8_t frame[TE_SEGMENT_MADE_MAX];
    struct te_segment_reset reset = {
        .source = status->remote, .destination = status->local, .seq = status->rcv_nxt};
    memcpy(reset.destination_mac, layer->options.mac, sizeof(reset.destination_mac));
    memcpy(reset.source_mac, forger_mac, sizeof(reset.source_mac));
    size_t len = te_segment_make_reset(&reset, frame);
    layer->ports.deliver(layer->ports.ctx, frame, len, &whole_meta, now_us);
}

/* From us, at the number that the peer expects: what it has acknowledged, or what it gets now. */
static void reset_peer(struct fault_layer *layer, const struct passing *passing)
{
    uint8_t frame[TE_SEGMENT_MADE_MAX];
    bool is_in = passing->way == TE_FAULT_IN;
    struct te_segment_reset reset = {.source = *passing->subject.local,
                                     .destination = *passing->subject.remote,
                                     .seq = is_in ? passing->view.ack : passing->view.seq};
    memcpy(reset.destination_mac, passing->frame + (is_in ? 6 : 0), sizeof(reset.destination_mac));
    memcpy(reset.source_mac, layer->options.mac, sizeof(reset.source_mac));
    struct passing made = *passing;
    made.way = TE_FAULT_OUT;
    made.frame = frame;
    made.len = te_segment_make_reset(&reset, frame);
    made.meta = whole_meta;
    pass_on(layer, &made);
}

/* To whoever sent it. */
static void answer_too_big(struct fault_layer *layer, const struct passing *passing,
                           uint32_t mtu_bytes)
{
    uint8_t frame[TE_SEGMENT_MADE_MAX];
    struct passing made = *passing;
    made.way = passing->way == TE_FAULT_IN ? TE_FAULT_OUT : TE_FAULT_IN;
    made.frame = frame;
    made.len = te_segment_make_too_big(passing->frame, &passing->view, mtu_bytes, frame);
    made.meta = whole_meta;
    if (made.len > 0)
        pass_on(layer, &made);
}

/* --- windows ---------------------------------------------------------------------------------- */

/* The scale of the window in a segment that is not a SYN (RFC 7323 2.2). */
static unsigned scale_of(const struct passing *passing)
{
    const struct te_status *status = passing->subject.status;
    return (passing->view.flags & TE_SYN) != 0 || status == NULL ? 0 : status->rcv_wscale;
}

/* The edge that the peer knew when the fault saw the connection first. NULL: no room. */
static const struct edge *edge_of(struct fault_layer *layer, const struct fault *fault,
                                  const struct passing *passing)
{
    uint64_t conn_id = passing->subject.status->id;
    for (unsigned i = 0; i < layer->edge_count; i++)
        if (layer->edges[i].fault_id == fault->id && layer->edges[i].conn_id == conn_id)
            return &layer->edges[i];
    if (layer->edge_count == FAULT_EDGES_MAX) {
        layer->counters.windows_shut++;
        return NULL;
    }
    struct edge *edge = &layer->edges[layer->edge_count++];
    *edge = (struct edge){.fault_id = fault->id,
                          .conn_id = conn_id,
                          .seq = passing->view.ack +
                                 ((uint32_t)passing->view.window << scale_of(passing))};
    return edge;
}

/* What the fault leaves of the segment's window. */
static uint16_t window_left(struct fault_layer *layer, const struct fault *fault,
                            const struct passing *passing)
{
    if (fault->order.spec.kind == TE_FAULT_ZERO_WINDOW)
        return 0;
    const struct edge *edge = edge_of(layer, fault, passing);
    uint32_t left = edge != NULL ? edge->seq - passing->view.ack : 0;
    if ((int32_t)left <= 0)
        return 0;
    left >>= scale_of(passing);
    return left < passing->view.window ? (uint16_t)left : passing->view.window;
}

/* False: the segment's window stays as it is. */
static bool narrow(struct fault_layer *layer, const struct fault *fault, struct passing *passing)
{
    struct te_segment_view *view = &passing->view;
    if ((view->flags & TE_ACK) == 0 || (view->flags & TE_RST) != 0)
        return false;
    if (fault->order.spec.kind == TE_FAULT_STOP_READING &&
        (passing->subject.status == NULL || (view->flags & TE_SYN) != 0))
        return false;
    uint16_t window = window_left(layer, fault, passing);
    if (window == view->window)
        return false;
    te_segment_set_window(passing->frame, view, &passing->meta, window);
    view->window = window;
    return true;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* Whether the fault's user may do this to that connection. */
static bool may_concern(const struct fault *fault, const struct fault_subject *subject)
{
    const struct fault_order *order = &fault->order;
    if (order->is_admin)
        return true;
    if (subject->status == NULL) /* the last segment of what is gone: the id was the user's */
        return order->target.id != 0 && !order->target.is_listener;
    return subject->status->uid == order->uid;
}

static bool concerns(const struct fault *fault, const struct fault_subject *subject)
{
    return !fault->is_over && may_concern(fault, subject) &&
           fault_target_matches(&fault->order.target, subject);
}

/* A RST is injected on its own way, whatever segment it comes with. */
static bool is_aimed(const struct fault *fault, const struct passing *passing)
{
    const struct te_fault_spec *spec = &fault->order.spec;
    struct te_fault_sight sight = {.segment = &passing->view,
                                   .status = passing->subject.status,
                                   .way = passing->way,
                                   .is_again = passing->is_again};
    if (spec->kind == TE_FAULT_RST_INJECT)
        return can_be_reset(passing->subject.status) && (passing->view.flags & TE_RST) == 0;
    if (spec->kind == TE_FAULT_MTU &&
        te_segment_packet_bytes(&passing->view, &passing->meta) <= spec->mtu_bytes)
        return false;
    return te_fault_is_aimed(spec, &sight);
}

static void inject(struct fault_layer *layer, const struct fault *fault,
                   const struct passing *passing, struct verdict *verdict)
{
    unsigned ways = fault->order.spec.ways;
    if ((ways & TE_FAULT_OUT) != 0)
        reset_peer(layer, passing);
    verdict->is_reset = (ways & TE_FAULT_IN) != 0;
}

static void decide(struct fault_layer *layer, const struct fault *fault,
                   const struct passing *passing, struct verdict *verdict)
{
    const struct fault_order *order = &fault->order;
    switch (order->spec.kind) {
    case TE_FAULT_MTU:
        verdict->is_answered = order->spec.answers_icmp;
        verdict->mtu_bytes = order->spec.mtu_bytes;
        verdict->is_lost = true;
        break;
    case TE_FAULT_DROP:
    case TE_FAULT_BLACKHOLE:
        verdict->is_lost = true;
        break;
    case TE_FAULT_DELAY:
        verdict->delay_us += order->delay_us;
        verdict->delayer_id = fault->id;
        break;
    case TE_FAULT_REORDER:
        verdict->is_overtaken = true;
        verdict->delay_us += order->delay_us;
        verdict->delayer_id = fault->id;
        break;
    case TE_FAULT_DUPLICATE:
        verdict->is_doubled = true;
        verdict->copy_delay_us = order->delay_us;
        verdict->copier_id = fault->id;
        break;
    case TE_FAULT_CORRUPT:
        verdict->is_broken = true;
        break;
    case TE_FAULT_RST_INJECT:
        inject(layer, fault, passing, verdict);
        break;
    default: /* windows are changed already */
        break;
    }
}

static bool is_of_windows(const struct fault *fault)
{
    return fault->order.spec.kind == TE_FAULT_ZERO_WINDOW ||
           fault->order.spec.kind == TE_FAULT_STOP_READING;
}

static void count_hit(struct fault_layer *layer, struct fault *fault, const struct passing *passing)
{
    fault->hits++;
    layer->counters.hits++;
    layer->hits_by_kind[fault->order.spec.kind]++;
    fault->is_over = fault->order.count != 0 && fault->hits >= fault->order.count;
    tell_of_hit(layer, fault, passing);
    leave_trace(layer, fault, passing);
}

static void judge(struct fault_layer *layer, struct passing *passing, struct verdict *verdict)
{
    struct fault *fault;
    TAILQ_FOREACH(fault, &layer->faults, link)
    {
        if (!concerns(fault, &passing->subject) || !is_aimed(fault, passing) ||
            !is_drawn(layer, fault->order.probability_millionths))
            continue;
        if (is_of_windows(fault) && !narrow(layer, fault, passing))
            continue;
        count_hit(layer, fault, passing);
        decide(layer, fault, passing, verdict);
        if (verdict->is_lost)
            return;
    }
}

static void delay(struct fault_layer *layer, const struct passing *passing,
                  const struct verdict *verdict)
{
    struct fault_held *held = hold(layer, passing, passing->now_us + verdict->delay_us);
    if (held == NULL)
        return;
    held->is_overtaken_next = verdict->is_overtaken;
    held->fault_id = verdict->delayer_id;
    layer->counters.held++;
}

static void copy(struct fault_layer *layer, const struct passing *passing,
                 const struct verdict *verdict)
{
    if (verdict->copy_delay_us == 0) {
        pass_on(layer, passing);
        return;
    }
    struct fault_held *held = hold(layer, passing, passing->now_us + verdict->copy_delay_us);
    if (held == NULL)
        return;
    held->fault_id = verdict->copier_id;
    layer->counters.held++;
}

/* Judges one segment and lets happen to it what the faults decide. */
static void pass(struct fault_layer *layer, struct passing *passing)
{
    struct verdict verdict = {.delay_us = 0};
    judge(layer, passing, &verdict);
    if (verdict.is_broken)
        te_segment_break_checksum(passing->frame, &passing->view);
    if (verdict.is_answered)
        answer_too_big(layer, passing, verdict.mtu_bytes);
    if (verdict.is_reset)
        reset_our_side(layer, passing->subject.status, passing->now_us);
    if (verdict.is_lost) {
        layer->counters.dropped++;
    } else if (verdict.delay_us > 0) {
        delay(layer, passing, &verdict);
    } else {
        pass_by(layer, passing);
    }
    if (verdict.is_doubled && !verdict.is_lost)
        copy(layer, passing, &verdict);
}

/* --- frames ----------------------------------------------------------------------------------- */

static void subject_find(struct fault_layer *layer, struct passing *passing)
{
    const struct te_segment_view *view = &passing->view;
    bool is_in = passing->way == TE_FAULT_IN;
    struct te_found found;
    passing->subject = (struct fault_subject){.local = is_in ? &view->destination : &view->source,
                                              .remote = is_in ? &view->source : &view->destination,
                                              .owners = layer->owners,
                                              .now_us = passing->now_us};
    if (te_find(layer->ports.stack, passing->subject.local, passing->subject.remote, &found) &&
        te_status(layer->ports.stack, found.id, &layer->status) == TE_OK)
        passing->subject.status = &layer->status;
}

static bool is_any_concerned(const struct fault_layer *layer, const struct fault_subject *subject)
{
    const struct fault *fault;
    TAILQ_FOREACH(fault, &layer->faults, link)
    if (concerns(fault, subject))
        return true;
    return false;
}

/* The kernel vouches for the checksum of what it merged (frame.h); a frame without that promise
 * keeps its checksum, right or wrong. */
static bool may_cut(const struct passing *frame)
{
    return frame->meta.checksum != TE_CHECKSUM_UNKNOWN || frame->way == TE_FAULT_OUT;
}

/* Each segment sees what those before it have done to the connection. */
static void pass_pieces(struct fault_layer *layer, const struct passing *frame)
{
    struct passing piece = *frame;
    piece.frame = layer->piece;
    piece.meta = whole_meta;
    for (unsigned i = 0;; i++) {
        piece.len = te_segment_cut(frame->frame, &frame->view, &frame->meta, i, layer->piece);
        if (piece.len == 0)
            break;
        if (i == 1)
            layer->counters.cut++;
        bool is_read = te_segment_parse(layer->piece, piece.len, &piece.view);
        assert(is_read);
        (void)is_read;
        subject_find(layer, &piece);
        pass(layer, &piece);
    }
}

/* frame->frame is layer->whole. */
static void pass_frame(struct fault_layer *layer, struct passing *frame)
{
    if (!te_segment_parse(frame->frame, frame->len, &frame->view)) {
        frame->subject = (struct fault_subject){.local = &frame->view.destination,
                                                .remote = &frame->view.source};
        pass_on(layer, frame);
        return;
    }
    subject_find(layer, frame);
    if (!is_any_concerned(layer, &frame->subject))
        pass_by(layer, frame);
    else if (may_cut(frame))
        pass_pieces(layer, frame);
    else
        pass(layer, frame);
    sweep(layer, frame->now_us);
}

void fault_layer_input(struct fault_layer *layer, const uint8_t *frame, size_t len,
                       const struct te_frame_meta *meta, int64_t now_us)
{
    if (len > TE_SEGMENT_FRAME_MAX) {
        layer->ports.deliver(layer->ports.ctx, frame, len, meta, now_us);
        return;
    }
    struct passing passing = {
        .way = TE_FAULT_IN, .frame = layer->whole, .len = len, .meta = *meta, .now_us = now_us};
    memcpy(layer->whole, frame, len);
    pass_frame(layer, &passing);
}

void fault_layer_output(struct fault_layer *layer, const struct te_output *output, int64_t now_us)
{
    struct passing passing = {.way = TE_FAULT_OUT,
                              .frame = layer->whole,
                              .meta = output->meta,
                              .is_again = output->is_again,
                              .now_us = now_us};
    assert(output->total_bytes <= TE_SEGMENT_FRAME_MAX);
    for (unsigned i = 0; i < output->iov_count; i++) {
        memcpy(layer->whole + passing.len, output->iov[i].base, output->iov[i].len);
        passing.len += output->iov[i].len;
    }
    pass_frame(layer, &passing);
}

/* --- life ------------------------------------------------------------------------------------- */

/* A connection that is silent would wait for its next segment. */
static void inject_now(struct fault_layer *layer, struct fault *fault, int64_t now_us)
{
    const struct te_status *status = &layer->status;
    if (fault->order.spec.kind != TE_FAULT_RST_INJECT || fault->order.target.id == 0 ||
        (fault->order.spec.ways & TE_FAULT_OUT) != 0 ||
        te_status(layer->ports.stack, fault->order.target.id, &layer->status) != TE_OK ||
        !can_be_reset(status) || !is_drawn(layer, fault->order.probability_millionths))
        return;
    struct passing passing = {
        .way = TE_FAULT_IN,
        .view = {.seq = status->rcv_nxt, .flags = TE_RST},
        .subject = {.local = &status->local, .remote = &status->remote, .status = status},
        .now_us = now_us};
    count_hit(layer, fault, &passing);
    reset_our_side(layer, status, now_us);
    sweep(layer, now_us);
}

enum fault_refusal fault_layer_add(struct fault_layer *layer, const struct fault_order *order,
                                   uint64_t *ret_id, int64_t now_us)
{
    enum fault_refusal refusal = refusal_of(layer, order);
    struct fault *fault = refusal == FAULT_TAKEN ? calloc(1, sizeof(*fault)) : NULL;
    if (fault == NULL) {
        layer->counters.refused++;
        return refusal == FAULT_TAKEN ? FAULT_NO_MEMORY : refusal;
    }
    fault->id = ++layer->last_id;
    fault->order = *order;
    fault->expires_at_us = order->lasts_us > 0 ? now_us + order->lasts_us : TE_NEVER;
    TAILQ_INSERT_TAIL(&layer->faults, fault, link);
    layer->fault_count++;
    layer->counters.added++;
    gate_set(layer);
    *ret_id = fault->id;
    tell_of_fault(layer, fault, FAULT_ADDED, now_us);
    inject_now(layer, fault, now_us);
    return FAULT_TAKEN;
}

struct fault_layer *fault_layer_new(const struct fault_layer_options *options)
{
    struct fault_layer *layer = calloc(1, sizeof(*layer));
    if (layer == NULL)
        return NULL;
    layer->options = *options;
    layer->random = options->seed != 0 ? options->seed : 1; /* 0 would stay 0 */
    TAILQ_INIT(&layer->faults);
    fault_queue_init(&layer->queues[0], options->held_max);
    fault_queue_init(&layer->queues[1], options->held_max);
    return layer;
}

void fault_layer_connect(struct fault_layer *layer, const struct fault_ports *ports)
{
    layer->ports = *ports;
}

void fault_layer_set_owners(struct fault_layer *layer, const struct owner_table *owners)
{
    if (layer != NULL)
        layer->owners = owners;
}

void fault_layer_free(struct fault_layer *layer)
{
    struct fault *fault;
    if (layer == NULL)
        return;
    while ((fault = TAILQ_FIRST(&layer->faults)) != NULL) {
        TAILQ_REMOVE(&layer->faults, fault, link);
        free(fault);
    }
    fault_queue_done(&layer->queues[0]);
    fault_queue_done(&layer->queues[1]);
    free(layer);
}

static bool has_hit(const struct fault_layer *layer, const struct fault *fault, uint64_t conn_id)
{
    const struct fault_trace *row;
    for (unsigned at = 0; (row = fault_traces_next(&layer->traces, conn_id, &at)) != NULL;)
        if (row->fault_id == fault->id)
            return true;
    return false;
}

/* The hits in all are those of now. */
static void trace_put(const struct fault_layer *layer, const struct fault_trace *trace,
                      struct fault_trace *ret_trace)
{
    const struct fault *fault = fault_layer_from(layer, trace->fault_id);
    *ret_trace = *trace;
    if (fault != NULL && fault->id == trace->fault_id)
        ret_trace->hits = fault->hits;
}

unsigned fault_layer_traces(const struct fault_layer *layer, const struct te_status *status,
                            struct fault_trace *ret_traces, unsigned max, int64_t now_us)
{
    const struct fault_trace *row;
    const struct fault *fault;
    unsigned count = 0;
    if (layer == NULL)
        return 0;
    const struct fault_subject subject = {.local = &status->local,
                                          .remote = &status->remote,
                                          .status = status,
                                          .owners = layer->owners,
                                          .now_us = now_us};
    for (unsigned at = 0; (row = fault_traces_next(&layer->traces, status->id, &at)) != NULL;
         count++)
        if (count < max)
            trace_put(layer, row, &ret_traces[count]);
    TAILQ_FOREACH(fault, &layer->faults, link)
    {
        if (status->state == TE_CLOSED || !concerns(fault, &subject) ||
            has_hit(layer, fault, status->id))
            continue;
        if (count < max)
            ret_traces[count] = trace_of(fault, status->id);
        count++;
    }
    return count;
}

const struct te_fault_spec *fault_layer_spec(const struct fault_layer *layer, uint64_t fault_id)
{
    if (layer == NULL)
        return NULL;
    const struct fault *fault = fault_layer_from(layer, fault_id);
    if (fault != NULL && fault->id == fault_id)
        return &fault->order.spec;
    for (unsigned i = 0; i < layer->traces.count; i++)
        if (layer->traces.rows[i].fault_id == fault_id)
            return &layer->traces.rows[i].spec;
    return NULL;
}

void fault_layer_fill_stats(const struct fault_layer *layer, struct fault_stats *ret_stats)
{
    *ret_stats = (struct fault_stats){.faults = 0};
    if (layer == NULL)
        return;
    ret_stats->counters = layer->counters;
    memcpy(ret_stats->hits_by_kind, layer->hits_by_kind, sizeof(layer->hits_by_kind));
    ret_stats->faults = layer->fault_count;
    ret_stats->faults_max = layer->options.faults_max;
    ret_stats->held_bytes = layer->queues[0].bytes + layer->queues[1].bytes;
    ret_stats->held_max = 2 * layer->options.held_max;
}

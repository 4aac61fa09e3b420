#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "too_big.h"
#include "trace.h"
#include "units.h"
#include "wire.h"

#define CALM_DELAY_US 1000
#define CALM_MTU 576
#define COPIES_MAX 3
#define LATE_MIN_US 1000
#define LATE_MAX_US 2000000
#define PADDING_MAX 18

/* One frame passing through the faults. */
struct passage {
    unsigned from;  /* end */
    uint8_t *bytes; /* borrowed; room for WIRE_FRAME_MAX + PADDING_MAX */
    size_t len;
    struct te_frame_meta meta;
    int64_t now_us;
};

/* --- the queue of frames in flight: a heap ---------------------------------------------------- */

static bool is_before(const struct link_frame *a, const struct link_frame *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(struct link_frame *a, struct link_frame *b)
{
    struct link_frame kept = *a;
    *a = *b;
    *b = kept;
}

static void push(struct link *link, const struct link_frame *frame)
{
    unsigned at = link->count++;
    link->heap[at] = *frame;
    for (; at > 0 && is_before(&link->heap[at], &link->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&link->heap[at], &link->heap[(at - 1) / 2]);
}

static void sink(struct link *link)
{
    for (unsigned at = 0;;) {
        unsigned first = at;
        for (unsigned child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < link->count && is_before(&link->heap[child], &link->heap[first]))
                first = child;
        if (first == at)
            return;
        swap(&link->heap[at], &link->heap[first]);
        at = first;
    }
}

struct link_frame link_take(struct link *link)
{
    struct link_frame frame = link->heap[0];
    link->heap[0] = link->heap[--link->count];
    sink(link);
    return frame;
}

void link_put_back(struct link *link, const struct link_frame *frame, int64_t at_us)
{
    struct link_frame later = *frame;
    later.at_us = at_us;
    push(link, &later);
}

int64_t link_next_us(const struct link *link)
{
    return link->count > 0 ? link->heap[0].at_us : TE_NEVER;
}

void link_init(struct link *link, const struct scenario *scenario, struct trace *trace)
{
    link->scenario = scenario;
    link->trace = trace;
    link->is_calm = true;
    link->start_us = 0;
    link->next_order = 0;
    link->count = 0;
    link->marked = 0;
    for (unsigned end = 0; end < ENDS; end++)
        link->busy_until_us[end] = 0;
    rng_init(&link->rng, rng_mix(scenario->seed) + 1);
}

void link_done(struct link *link)
{
    while (link->count > 0)
        free(link->heap[--link->count].bytes);
}

/* --- delay ------------------------------------------------------------------------------------ */

static const struct link_plan *plan_of(const struct link *link, unsigned end)
{
    return &link->scenario->link[end];
}

int64_t link_shortest_us(const struct link *link, unsigned end)
{
    int64_t delay_us = plan_of(link, end)->delay_us;
    return delay_us < CALM_DELAY_US ? delay_us : CALM_DELAY_US;
}

static void note(struct link *link, const struct passage *passage, const char *what)
{
    struct trace_entry entry = {"  %s%s", {0}, {passage->from == 0 ? "A>B " : "B>A ", what}, 0};
    trace_add(link->trace, passage->now_us, &entry);
}

static void mark_in_queue(struct link *link, struct passage *passage)
{
    if (!wire_is_ecn_capable(passage->bytes, passage->len))
        return;
    wire_mark(passage->bytes, passage->len);
    link->marked++;
    note(link, passage, "marked: queue");
}

/* Queues before a wire of limited speed; false if the queue is full. */
static bool wait_in_queue(struct link *link, struct passage *passage, int64_t *at_us)
{
    const struct link_plan *plan = plan_of(link, passage->from);
    if (link->is_calm || plan->bytes_per_s == 0)
        return true;
    int64_t *busy_until_us = &link->busy_until_us[passage->from];
    int64_t start_us = *busy_until_us > passage->now_us ? *busy_until_us : passage->now_us;
    uint64_t queued_bytes = (uint64_t)(start_us - passage->now_us) * plan->bytes_per_s / SECOND;
    if (queued_bytes > plan->queue_bytes)
        return false;
    if (plan->mark_bytes > 0 && queued_bytes > plan->mark_bytes)
        mark_in_queue(link, passage);
    *busy_until_us = start_us + (int64_t)(passage->len * SECOND / plan->bytes_per_s);
    *at_us += *busy_until_us - passage->now_us;
    return true;
}

static int64_t draw_delay(struct link *link, const struct passage *passage)
{
    const struct link_plan *plan = plan_of(link, passage->from);
    if (link->is_calm)
        return link_shortest_us(link, passage->from);
    int64_t delay_us = plan->delay_us + rng_between(&link->rng, 0, plan->jitter_us);
    if (rng_chance(&link->rng, plan->reorder)) {
        note(link, passage, "held back");
        delay_us += rng_between(&link->rng, 0, plan->reorder_us);
    }
    return delay_us;
}

/* The current partition, or NULL. */
static const struct partition *find_partition(const struct link *link,
                                              const struct passage *passage)
{
    const struct scenario *scenario = link->scenario;
    int64_t time_us = passage->now_us - link->start_us;
    for (unsigned i = 0; i < scenario->partition_count; i++) {
        const struct partition *partition = &scenario->partitions[i];
        if (time_us >= partition->start_us && time_us < partition->end_us &&
            (partition->directions >> passage->from & 1))
            return partition;
    }
    return NULL;
}

/* A copy for one host. */
static void push_copy(struct link *link, const struct passage *passage, unsigned to, int64_t at_us)
{
    struct link_frame frame = {.at_us = at_us,
                               .order = link->next_order++,
                               .to = to,
                               .len = passage->len,
                               .meta = passage->meta,
                               .bytes = malloc(passage->len)};
    if (frame.bytes == NULL)
        abort();
    memcpy(frame.bytes, passage->bytes, passage->len);
    push(link, &frame);
}

/* The host at the other end that has the destination's MAC address; HOSTS_MAX: all hosts there. */
static unsigned find_addressee(const struct link *link, const struct passage *passage)
{
    for (unsigned side = 0; side < link->scenario->host_count; side++)
        if (scenario_end(side) != passage->from &&
            memcmp(passage->bytes, link->scenario->hosts[side].config.mac, 6) == 0)
            return side;
    return HOSTS_MAX;
}

static void arrive(struct link *link, const struct passage *passage, int64_t at_us)
{
    unsigned addressee = find_addressee(link, passage);
    for (unsigned side = 0; side < link->scenario->host_count; side++)
        if (scenario_end(side) != passage->from && (addressee == HOSTS_MAX || addressee == side))
            push_copy(link, passage, side, at_us);
}

static void schedule(struct link *link, struct passage *passage)
{
    int64_t at_us = passage->now_us + draw_delay(link, passage);
    const struct partition *partition = link->is_calm ? NULL : find_partition(link, passage);
    if (!wait_in_queue(link, passage, &at_us) || (partition != NULL && !partition->holds) ||
        link->count + HOSTS_MAX > LINK_FRAMES_MAX) {
        note(link, passage, partition != NULL ? "lost: partition" : "lost: queue");
        return;
    }
    if (partition != NULL)
        at_us += partition->end_us - (passage->now_us - link->start_us);
    arrive(link, passage, at_us);
}

/* --- faults that change the frame ------------------------------------------------------------- */

/* Padding like Ethernet's on short frames, and longer. */
static void pad(struct link *link, struct passage *passage)
{
    size_t len = (size_t)rng_between(&link->rng, 1, PADDING_MAX);
    for (size_t i = 0; i < len; i++)
        passage->bytes[passage->len + i] = (uint8_t)rng_next(&link->rng);
    passage->len += len;
    note(link, passage, "padded");
}

/* Flips one bit of the packet. Ethernet's header and ARP are protected by Ethernet's checksum only:
 * such frames count as lost. */
static bool corrupt(struct link *link, struct passage *passage)
{
    bool is_arp = wire_get16(passage->bytes + 12) == 0x0806;
    note(link, passage, is_arp ? "lost: frame checksum" : "corrupted");
    if (is_arp)
        return false;
    uint64_t bits = (passage->len - WIRE_ETH_BYTES) * 8;
    uint64_t bit = rng_below(&link->rng, bits);
    passage->bytes[WIRE_ETH_BYTES + bit / 8] ^= (uint8_t)(1u << bit % 8);
    return true;
}

/* False if nothing is left to arrive. */
static bool damage(struct link *link, struct passage *passage)
{
    const struct link_plan *plan = plan_of(link, passage->from);
    if (rng_chance(&link->rng, plan->mark))
        wire_mark(passage->bytes, passage->len);
    if (rng_chance(&link->rng, plan->bleach))
        wire_bleach(passage->bytes, passage->len);
    bool is_corrupted = rng_chance(&link->rng, plan->corrupt);
    bool is_truncated = rng_chance(&link->rng, plan->truncate);
    if (is_corrupted || is_truncated || plan->finishes_checksums)
        wire_finish_checksum(passage->bytes, passage->len, &passage->meta);
    if (rng_chance(&link->rng, plan->pad))
        pad(link, passage);
    if (is_corrupted && !corrupt(link, passage))
        return false;
    if (is_truncated) {
        passage->len = (size_t)rng_between(&link->rng, WIRE_ETH_BYTES, (int64_t)passage->len - 1);
        note(link, passage, "truncated");
    }
    return true;
}

static void pass(struct link *link, struct passage *passage)
{
    const struct link_plan *plan = plan_of(link, passage->from);
    if (link->is_calm) {
        schedule(link, passage);
        return;
    }
    if (rng_chance(&link->rng, plan->drop)) {
        note(link, passage, "lost");
        return;
    }
    unsigned copies = 1;
    while (copies < COPIES_MAX && rng_chance(&link->rng, plan->duplicate))
        copies++;
    if (copies > 1)
        note(link, passage, "duplicated");
    if (!damage(link, passage))
        return;
    for (unsigned i = 0; i < copies; i++)
        schedule(link, passage);
}

/* --- middleboxes: they change what is on the wire, and break nothing -------------------------- */

static void strip_options(struct link *link, struct passage *passage,
                          const struct wire_segment *segment)
{
    for (uint8_t kind = 2; kind <= WIRE_OPTION_FAST_OPEN; kind++) {
        if (!(link->scenario->strip_options >> kind & 1))
            continue;
        wire_finish_checksum(passage->bytes, passage->len, &passage->meta);
        if (wire_strip_option(passage->bytes, segment, kind))
            note(link, passage, "option taken off");
    }
}

/* One segment becomes two. */
static bool split(struct link *link, const struct passage *passage,
                  const struct wire_segment *segment)
{
    static uint8_t bytes[WIRE_FRAME_MAX + PADDING_MAX];
    if (link->is_calm || segment->payload_len < 2 || (segment->flags & (TE_SYN | TE_RST)) ||
        !rng_chance(&link->rng, plan_of(link, passage->from)->split))
        return false;
    struct te_frame_meta meta = passage->meta;
    int64_t first = rng_between(&link->rng, 1, (int64_t)segment->payload_len - 1);
    size_t half = (segment->payload_len + 1) / 2;
    meta.gso_size_bytes = (uint16_t)((size_t)first < half ? half : (size_t)first);
    note(link, passage, "split");
    for (unsigned i = 0; i < 2; i++) {
        struct passage piece = {.from = passage->from, .bytes = bytes, .now_us = passage->now_us};
        piece.len = wire_cut(passage->bytes, passage->len, &meta, i, bytes);
        if (piece.len > 0)
            pass(link, &piece);
    }
    return true;
}

/* The path's current MTU; {0}: that of the hosts. Once the faults are over, no path is so narrow
 * that a stack may take it for an attack (RFC 5927 7), and no router is silent. */
static struct path_mtu path_at(const struct link *link, int64_t now_us)
{
    struct path_mtu path = {.mtu_bytes = 0};
    for (unsigned i = 0; i < link->scenario->path_count && link->start_us > 0; i++)
        if (now_us - link->start_us >= link->scenario->paths[i].at_us)
            path = link->scenario->paths[i];
    if (link->is_calm && path.mtu_bytes > 0 && path.mtu_bytes < CALM_MTU)
        path.mtu_bytes = CALM_MTU;
    path.is_silent = path.is_silent && !link->is_calm;
    return path;
}

/* True if the packet was too big to pass. Its sender is told, unless the message gets lost. */
static bool is_stopped(struct link *link, const struct passage *passage)
{
    uint8_t bytes[TOO_BIG_FRAME_MAX];
    struct path_mtu path = path_at(link, passage->now_us);
    if (path.mtu_bytes == 0 ||
        too_big_packet_bytes(passage->bytes, passage->len, &passage->meta) <= path.mtu_bytes)
        return false;
    note(link, passage, "too big");
    if (path.is_silent)
        return true;
    struct passage answer = {.from = !passage->from, .bytes = bytes, .now_us = passage->now_us};
    answer.len = too_big_answer(passage->bytes, passage->len, path.mtu_bytes, bytes);
    if (link->is_calm || !rng_chance(&link->rng, plan_of(link, answer.from)->drop))
        schedule(link, &answer);
    return true;
}

/* From here on random numbers are drawn only if the plan has the fault: otherwise a run is the same
 * as without it. */
static void repeat_late(struct link *link, const struct passage *passage)
{
    uint32_t chance = plan_of(link, passage->from)->late_syn_data;
    if (link->is_calm || chance == 0 || link->count + HOSTS_MAX > LINK_FRAMES_MAX ||
        !rng_chance(&link->rng, chance))
        return;
    note(link, passage, "duplicated, much later");
    arrive(link, passage, passage->now_us + rng_log_between(&link->rng, LATE_MIN_US, LATE_MAX_US));
}

static bool is_lost_to_middlebox(struct link *link, const struct passage *passage)
{
    uint32_t drop = plan_of(link, passage->from)->drop_syn_data;
    if (link->is_calm || drop == 0 || !rng_chance(&link->rng, drop))
        return false;
    note(link, passage, "lost: data on a SYN");
    return true;
}

static void pass_middleboxes(struct link *link, struct passage *passage)
{
    struct wire_segment segment;
    if (is_stopped(link, passage))
        return;
    if (wire_parse(passage->bytes, passage->len, &passage->meta, &segment)) {
        if (segment.flags & TE_SYN)
            strip_options(link, passage, &segment);
        if ((segment.flags & TE_SYN) && segment.payload_len > 0) {
            repeat_late(link, passage);
            if (is_lost_to_middlebox(link, passage))
                return;
        }
        if (passage->meta.gso_type == TE_GSO_NONE && split(link, passage, &segment))
            return;
    }
    pass(link, passage);
}

void link_send(struct link *link, unsigned side, const uint8_t *frame, size_t len,
               const struct te_frame_meta *meta, int64_t now_us)
{
    static uint8_t bytes[WIRE_FRAME_MAX + PADDING_MAX];
    struct passage passage = {.from = scenario_end(side), .bytes = bytes, .now_us = now_us};
    bool cuts = meta->gso_type != TE_GSO_NONE && plan_of(link, passage.from)->cuts_segments;
    for (unsigned i = 0; cuts; i++) {
        passage.len = wire_cut(frame, len, meta, i, bytes);
        passage.meta = (struct te_frame_meta){.checksum = TE_CHECKSUM_UNKNOWN};
        if (passage.len == 0)
            return;
        pass_middleboxes(link, &passage);
    }
    memcpy(bytes, frame, len);
    passage.len = len;
    passage.meta = *meta;
    pass_middleboxes(link, &passage);
}

/* --- large frames at the receiver ------------------------------------------------------------- */

/* Whether b continues a's stream with nothing else changed. */
static bool goes_on(const struct wire_segment *a, const struct wire_segment *b)
{
    return a->is_sound && b->is_sound && b->payload_len > 0 && a->payload_len > 0 &&
           b->seq == a->seq + (uint32_t)a->payload_len && a->ack == b->ack &&
           te_addr_equal(&a->source.addr, &b->source.addr) && a->window == b->window &&
           a->source.port == b->source.port && a->destination.port == b->destination.port &&
           a->ts_value == b->ts_value && a->ts_echo == b->ts_echo &&
           !(a->flags & ~(TE_ACK | TE_PSH)) && !(b->flags & ~(TE_ACK | TE_PSH)) &&
           a->payload_at == b->payload_at &&
           a->ip_bytes + b->payload_len < WIRE_FRAME_MAX - WIRE_ETH_BYTES;
}

static void append(struct link_frame *frame, const struct wire_segment *segment,
                   const struct link_frame *next, const struct wire_segment *more)
{
    size_t end = segment->payload_at + segment->payload_len;
    size_t largest =
        segment->payload_len > more->payload_len ? segment->payload_len : more->payload_len;
    frame->bytes = realloc(frame->bytes, end + more->payload_len);
    if (frame->bytes == NULL)
        abort();
    memcpy(frame->bytes + end, next->bytes + more->payload_at, more->payload_len);
    frame->len = end + more->payload_len;
    bool v4 = te_addr_is_v4(&segment->source.addr);
    if (frame->meta.gso_size_bytes == 0)
        frame->meta.gso_size_bytes = (uint16_t)largest;
    frame->meta.gso_type = v4 ? TE_GSO_TCPV4 : TE_GSO_TCPV6;
    frame->meta.header_len_bytes = (uint16_t)segment->payload_at;
    frame->meta.checksum = TE_CHECKSUM_UNKNOWN;
    wire_rewrite(frame->bytes, frame->len, segment);
}

void link_merge(struct link *link, struct link_frame *frame)
{
    struct wire_segment segment;
    struct wire_segment more;
    if (!plan_of(link, !scenario_end(frame->to))->merges_segments)
        return;
    while (link->count > 0 && link->heap[0].to == frame->to &&
           link->heap[0].at_us == frame->at_us) {
        const struct link_frame *next = &link->heap[0];
        if (!wire_parse(frame->bytes, frame->len, &frame->meta, &segment) ||
            !wire_parse(next->bytes, next->len, &next->meta, &more) || !goes_on(&segment, &more))
            return;
        append(frame, &segment, next, &more);
        struct link_frame merged = link_take(link);
        free(merged.bytes);
    }
}

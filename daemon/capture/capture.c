#include "capture/capture.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/stack.h>
#include <tcpengine/units.h>

#include "capture/capture_comment.h"
#include "capture/pcapng.h"
#include "util/clock.h"

#define FRAME_MAX (18 + 65535)
#define BLOCK_MAX (FRAME_MAX + PCAPNG_COMMENT_MAX + 128)
/* What is kept free, so that the statistics always fit. */
#define STATISTICS_MAX 128

struct capture {
    struct capture *next;
    uint64_t id;
    struct capture_request request;
    uint64_t packets;           /* written */
    uint64_t received, matched; /* that passed the interface, and the filter */
    uint64_t lost, lost_told;
    int64_t started_at_us; /* since 1970 */
    bool is_stopped;
    uint64_t base_offset; /* of the file: bytes[start] */
    size_t start, len;
    uint8_t bytes[];
};

/* Connections whose packets were seen last, by their ends: a RST leaves after its connection has
 * ended, and an ACK after the segment that it challenges. */
#define SEEN_MAX 64

struct seen {
    struct te_endpoint local, remote;
    uint64_t id; /* 0: empty */
    uint32_t uid;
    struct te_note challenge; /* whose ACK is yet to be sent; kind 0: none */
};

struct capture_set {
    struct capture_set_options options;
    struct capture *first;
    unsigned count;
    uint64_t next_id;
    struct capture_before before;
    struct seen seen[SEEN_MAX];
    unsigned next_seen;
    uint8_t frame[FRAME_MAX]; /* in one piece, with its checksum */
    uint8_t block[BLOCK_MAX];
};

struct capture_set *capture_set_new(const struct capture_set_options *options)
{
    struct capture_set *set = calloc(1, sizeof(*set));
    if (set == NULL)
        return NULL;
    set->options = *options;
    set->next_id = 1;
    return set;
}

void capture_set_free(struct capture_set *set)
{
    if (set == NULL)
        return;
    while (set->first != NULL)
        capture_end(set, set->first);
    free(set);
}

unsigned capture_set_count(const struct capture_set *set)
{
    return set->count;
}

/* --- the buffer ------------------------------------------------------------------------------- */

/* Makes room at the end: what was read is overwritten. */
static bool has_room(struct capture *capture, size_t len, size_t reserve)
{
    if (len + reserve > CAPTURE_BUFFER_BYTES - capture->len)
        return false;
    if (capture->start + capture->len + len > CAPTURE_BUFFER_BYTES) {
        memmove(capture->bytes, capture->bytes + capture->start, capture->len);
        capture->start = 0;
    }
    return true;
}

static bool append(struct capture_set *set, struct capture *capture, size_t len, size_t reserve)
{
    if (len == 0 || !has_room(capture, len, reserve))
        return false;
    bool was_empty = capture->len == 0;
    memcpy(capture->bytes + capture->start + capture->len, set->block, len);
    capture->len += len;
    if (was_empty)
        set->options.on_data(set->options.ctx, capture->id);
    return true;
}

bool capture_read(struct capture *capture, uint64_t offset, size_t max, const uint8_t **ret_bytes,
                  size_t *ret_len)
{
    if (offset < capture->base_offset || offset > capture->base_offset + capture->len)
        return false;
    size_t freed = (size_t)(offset - capture->base_offset);
    capture->base_offset = offset;
    capture->start += freed;
    capture->len -= freed;
    if (capture->len == 0)
        capture->start = 0;
    *ret_bytes = capture->bytes + capture->start;
    *ret_len = capture->len < max ? capture->len : max;
    return true;
}

bool capture_is_over(const struct capture *capture)
{
    return capture->is_stopped;
}

uint64_t capture_lost(const struct capture *capture)
{
    return capture->lost;
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void write_names(struct capture_set *set, struct capture *capture)
{
    struct pcapng_name names[CAPTURE_NAMES_MAX];
    unsigned count = capture_names(set->options.stack(set->options.ctx), names);
    append(set, capture, pcapng_write_names(set->block, BLOCK_MAX, names, count), 0);
}

static void write_start(struct capture_set *set, struct capture *capture)
{
    struct pcapng_interface interface = {.name = set->options.interface,
                                         .description = "tcpengine: inside the TCP engine",
                                         .snaplen = capture->request.snaplen};
    memcpy(interface.mac, set->options.mac, sizeof(interface.mac));
    append(set, capture,
           pcapng_write_section(set->block, BLOCK_MAX, "tcpengine", set->options.application), 0);
    append(set, capture, pcapng_write_interface(set->block, BLOCK_MAX, &interface), 0);
    write_names(set, capture);
}

struct capture *capture_start(struct capture_set *set, const struct capture_request *request)
{
    assert(filter_find_bad(&request->filter, CONN_FILTER_FIELDS) == request->filter.count);
    if (set->count >= CAPTURES_MAX)
        return NULL;
    struct capture *capture = malloc(sizeof(*capture) + CAPTURE_BUFFER_BYTES);
    if (capture == NULL)
        return NULL;
    *capture = (struct capture){.next = set->first,
                                .id = set->next_id++,
                                .request = *request,
                                .started_at_us = clock_unix_us()};
    if (request->snaplen == 0 || request->snaplen > CAPTURE_SNAPLEN_MAX)
        capture->request.snaplen = CAPTURE_SNAPLEN_MAX;
    set->first = capture;
    if (set->count++ == 0)
        set->options.set_tracing(set->options.ctx, true);
    write_start(set, capture);
    return capture;
}

uint64_t capture_id(const struct capture *capture)
{
    return capture->id;
}

struct capture *capture_find_request(const struct capture_set *set, uint64_t request,
                                     const void *owner)
{
    struct capture *capture = set->first;
    while (capture != NULL &&
           (capture->request.id != request || capture->request.reader.owner != owner))
        capture = capture->next;
    return capture;
}

struct capture *capture_find(const struct capture_set *set, uint64_t id, const void *owner)
{
    struct capture *capture = set->first;
    while (capture != NULL && (capture->id != id || capture->request.reader.owner != owner))
        capture = capture->next;
    return capture;
}

void capture_stop(struct capture_set *set, struct capture *capture)
{
    if (capture->is_stopped)
        return;
    struct pcapng_statistics statistics = {
        .time_us = clock_unix_us(),
        .start_us = capture->started_at_us,
        .end_us = clock_unix_us(),
        .received = capture->received,
        .accepted = capture->matched,
        .dropped = capture->lost,
        .delivered = capture->packets,
    };
    capture->is_stopped = true;
    append(set, capture, pcapng_write_statistics(set->block, BLOCK_MAX, &statistics), 0);
    set->options.on_data(set->options.ctx, capture->id);
}

void capture_end(struct capture_set *set, struct capture *capture)
{
    struct capture **at = &set->first;
    while (*at != capture)
        at = &(*at)->next;
    *at = capture->next;
    free(capture);
    if (--set->count == 0)
        set->options.set_tracing(set->options.ctx, false);
}

void capture_end_all(struct capture_set *set, const void *owner)
{
    struct capture *next;
    for (struct capture *capture = set->first; capture != NULL; capture = next) {
        next = capture->next;
        if (capture->request.reader.owner == owner)
            capture_end(set, capture);
    }
}

/* --- one packet ------------------------------------------------------------------------------- */

/* A frame in one piece, and what there is to say about it. */
struct taken {
    size_t len;
    bool is_out;
    struct capture_about about;
};

/* Of the connection, as it is after the packet; or what is left of it. */
static void find_status(const struct te_stack *stack, const struct capture_about *about,
                        struct te_status *ret_status)
{
    if (te_status(stack, about->id, ret_status) != TE_OK &&
        !conn_filter_status_of_gone(stack, about->id, ret_status))
        *ret_status = (struct te_status){
            .id = about->id, .uid = about->uid, .opened_at_us = TE_NEVER, .active_at_us = TE_NEVER};
}

static bool is_wanted(const struct capture_set *set, const struct capture *capture,
                      const struct taken *taken)
{
    const struct capture_about *about = &taken->about;
    const struct capture_request *request = &capture->request;
    struct capture_subject subject = {.before = about->before,
                                      .after = about->after,
                                      .local = &about->trace.local,
                                      .remote = &about->trace.remote,
                                      .owners = request->owners};
    struct te_status status;
    bool is_own = about->id != 0 && about->uid == request->reader.uid;
    if (!request->reader.sees_all && !is_own)
        return false;
    if (about->id != 0 && capture_filter_asks_status(&request->filter)) {
        find_status(set->options.stack(set->options.ctx), about, &status);
        subject.status = &status;
        subject.now_us = set->options.now_us(set->options.ctx);
    }
    return capture_filter_matches(&request->filter, &subject);
}

static void write_packet(struct capture_set *set, struct capture *capture,
                         const struct taken *taken, const char *comment)
{
    uint32_t snaplen = capture->request.snaplen;
    struct pcapng_packet packet = {
        .time_us = clock_unix_us(),
        .data = set->frame,
        .captured_len = (uint32_t)(taken->len < snaplen ? taken->len : snaplen),
        .len = (uint32_t)taken->len,
        .is_out = taken->is_out,
        .dropped = capture->lost - capture->lost_told,
        .comment = comment,
    };
    capture->matched++;
    if (!append(set, capture, pcapng_write_packet(set->block, BLOCK_MAX, &packet),
                STATISTICS_MAX)) {
        capture->lost++;
        return;
    }
    capture->lost_told = capture->lost;
    if (++capture->packets == capture->request.count)
        capture_stop(set, capture);
}

static void offer(struct capture_set *set, const struct taken *taken)
{
    char comment[PCAPNG_COMMENT_MAX] = "";
    for (struct capture *capture = set->first; capture != NULL; capture = capture->next) {
        if (capture->is_stopped)
            continue;
        capture->received++;
        if (!is_wanted(set, capture, taken))
            continue;
        if (comment[0] == '\0')
            capture_comment(&taken->about, comment, sizeof(comment));
        write_packet(set, capture, taken, comment);
    }
}

static bool is_same(const struct te_endpoint *a, const struct te_endpoint *b)
{
    return a->port == b->port && te_addr_equal(&a->addr, &b->addr);
}

static struct seen *find_seen(struct capture_set *set, const struct te_trace *trace)
{
    for (unsigned i = 0; i < SEEN_MAX; i++) {
        struct seen *seen = &set->seen[i];
        if (seen->id != 0 && is_same(&seen->local, &trace->local) &&
            is_same(&seen->remote, &trace->remote))
            return seen;
    }
    return NULL;
}

static void note_challenge(struct seen *seen, const struct capture_about *about)
{
    for (unsigned i = 0; i < about->note_count; i++)
        if (about->notes[i].kind == TE_NOTE_CHALLENGE_ACK)
            seen->challenge = about->notes[i];
}

static void see(struct capture_set *set, const struct capture_about *about)
{
    struct seen *seen = find_seen(set, &about->trace);
    if (seen == NULL) {
        seen = &set->seen[set->next_seen++ % SEEN_MAX];
        seen->challenge.kind = TE_NOTE_NONE;
    }
    seen->id = about->id;
    seen->uid = about->uid;
    seen->local = about->trace.local;
    seen->remote = about->trace.remote;
    note_challenge(seen, about);
}

/* What goes out, by what was seen before. */
static void recall(struct capture_set *set, struct capture_about *about)
{
    struct seen *seen = about->is_tcp ? find_seen(set, &about->trace) : NULL;
    if (seen == NULL)
        return;
    if (about->id == 0) { /* it has ended */
        about->id = seen->id;
        about->uid = seen->uid;
    }
    if (seen->challenge.kind != TE_NOTE_NONE && about->note_count < CAPTURE_NOTES_MAX)
        about->notes[about->note_count++] = seen->challenge;
    seen->challenge.kind = TE_NOTE_NONE;
}

/* The sum that the device would have completed (frame.h). */
static void complete_checksum(uint8_t *frame, size_t len, const struct te_frame_meta *meta)
{
    if (meta->checksum != TE_CHECKSUM_PARTIAL ||
        (size_t)meta->checksum_start + meta->checksum_offset + 2 > len)
        return;
    uint64_t sum = 0;
    for (size_t i = meta->checksum_start; i + 1 < len; i += 2)
        sum += (uint64_t)frame[i] << 8 | frame[i + 1];
    if ((len - meta->checksum_start) % 2 != 0)
        sum += (uint64_t)frame[len - 1] << 8;
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    uint8_t *field = frame + meta->checksum_start + meta->checksum_offset;
    field[0] = (uint8_t)(~sum >> 8 & 0xff);
    field[1] = (uint8_t)(~sum & 0xff);
}

void capture_before_input(struct capture_set *set, const uint8_t *frame, size_t len)
{
    capture_note_before(set->options.stack(set->options.ctx), frame, len, &set->before);
}

void capture_after_input(struct capture_set *set, const uint8_t *frame, size_t len,
                         const struct te_frame_meta *meta)
{
    struct taken taken = {.len = len < FRAME_MAX ? len : FRAME_MAX};
    capture_note_after(set->options.stack(set->options.ctx), frame, len, &set->before,
                       &taken.about);
    if (taken.about.id != 0)
        see(set, &taken.about);
    memcpy(set->frame, frame, taken.len);
    complete_checksum(set->frame, taken.len, meta);
    offer(set, &taken);
}

void capture_before_output(struct capture_set *set)
{
    te_trace_mark(set->options.stack(set->options.ctx), &set->before.marks);
}

void capture_after_output(struct capture_set *set, const struct te_output *output)
{
    struct taken taken = {.is_out = true};
    for (unsigned i = 0; i < output->iov_count; i++) {
        size_t len = output->iov[i].len;
        if (len > FRAME_MAX - taken.len)
            len = FRAME_MAX - taken.len;
        memcpy(set->frame + taken.len, output->iov[i].base, len);
        taken.len += len;
    }
    complete_checksum(set->frame, taken.len, &output->meta);
    capture_note_output(set->options.stack(set->options.ctx), set->frame, taken.len, &set->before,
                        &taken.about);
    recall(set, &taken.about);
    if (taken.about.id != 0)
        see(set, &taken.about);
    offer(set, &taken);
}

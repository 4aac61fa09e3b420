/* Theory of operation: one link, from greeting to end.
 *
 * Input is read into link->in, which holds a few small requests, or one incomplete message: it
 * grows to the size in the frame's header, once that has been checked, and shrinks when the message
 * has been handled. It is handled when the link's uid has its turn. link_run() takes frames until
 * it needs more bytes, the turn is over (the link then queues again), or unread answers pause it.
 *
 * Output goes to the socket at once if that takes it. The rest is copied and given to libuv, one
 * piece at a time; answers that come meanwhile are collected for the next piece. Beyond
 * output_pause_bytes the link is full: nothing is read or handled until half of that is left, and
 * if not one byte goes out for stall_timeout_ms, the link is closed.
 *
 * A link may be closed at any point, even from within its own callbacks: that only sets is_closing
 * and calls uv_close(); the struct lives until libuv's close callback. */
#include "sp/sp_link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sp/sp_arrivals.h"

/* SP over IPC: both sides greet with NUL "SP" NUL, the protocol number, and a reserved word. */
#define HELLO_BYTES 8
#define PROTOCOL_REQ 0x30
#define PROTOCOL_REP 0x31
/* A frame: its type, a be64 length, and the message. */
#define FRAME_MESSAGE 0x01
#define FRAME_HEADER_BYTES 9
#define ID_BYTES 4
#define ID_LAST 0x80 /* top bit of the client's own id; devices' ids have it clear */
#define IDS_MAX_BYTES ((size_t)ID_BYTES * (SP_HOPS_MAX + 1))
/* Input buffer of an idle link. */
#define INPUT_BYTES ((size_t)16 * 1024)
/* Up to this size, a message that is too long is read and thrown away, so that the client, which is
 * still writing, sees the answer; beyond it the link is closed. */
#define DISCARD_MAX_BYTES (UINT64_C(16) * 1024 * 1024)
/* Input and stall. */
#define DEADLINES_PER_LINK 2

static const uint8_t hello_ours[HELLO_BYTES] = {0, 'S', 'P', 0, 0, PROTOCOL_REP, 0, 0};
static const uint8_t hello_theirs[HELLO_BYTES] = {0, 'S', 'P', 0, 0, PROTOCOL_REQ, 0, 0};

struct sp_request {
    struct sp_link *link; /* NULL: gone */
    TAILQ_ENTRY(sp_request) in_link;
    size_t ids_bytes;
    uint8_t ids[IDS_MAX_BYTES]; /* as they came, the client's own last */
};

/* Answers that the socket did not take at once: collected, or being written by libuv. */
struct sp_write {
    uv_write_t write;
    size_t len, size;
    uint8_t bytes[];
};
/* Per link. */
#define SPARE_REQUESTS_MAX 64
/* Initial size of a collection of answers. */
#define COLLECT_BYTES ((size_t)4096)

/* --- life ------------------------------------------------------------------------------------- */

static void link_input_queue(struct sp_link *link);

static void deadline_set(struct sp_deadline *deadline, int64_t after_ms)
{
    const struct sp_link *link = deadline->owner;
    sp_schedule_deadline_set(&link->links->schedule, deadline, after_ms);
}

static void deadline_clear(struct sp_deadline *deadline)
{
    const struct sp_link *link = deadline->owner;
    sp_schedule_deadline_clear(&link->links->schedule, deadline);
}

static void link_report_closed(struct sp_link *link)
{
    struct sp_links *links = link->links;
    if (link->is_reported)
        return;
    link->is_reported = true;
    if (!links->is_ended)
        links->callbacks.on_link_closed(links->callbacks.ctx, link);
}

static void spare_free(struct sp_link *link)
{
    struct sp_request *request;
    while ((request = TAILQ_FIRST(&link->spare)) != NULL) {
        TAILQ_REMOVE(&link->spare, request, in_link);
        free(request);
    }
}

static void on_pipe_closed(uv_handle_t *handle)
{
    struct sp_link *link = handle->data;
    struct sp_links *links = link->links;
    link_report_closed(link);
    fair_share_put(link->share);
    TAILQ_REMOVE(&links->all, link, in_all);
    free(link->in);
    free(link->collected);
    spare_free(link);
    free(link);
    sp_links_handle_closed(links);
}

static void requests_orphan(struct sp_link *link)
{
    while (!TAILQ_EMPTY(&link->requests)) {
        struct sp_request *request = TAILQ_FIRST(&link->requests);
        TAILQ_REMOVE(&link->requests, request, in_link);
        request->link = NULL;
    }
}

/* Adds change, 1 or -1, to the number of links of this kind. */
static void link_count(struct sp_link *link, int change)
{
    struct sp_links *links = link->links;
    unsigned *count = link->refusal[0] != '\0' ? &links->refused_count : &links->count;
    assert(change > 0 || *count > 0);
    *count += (unsigned)change;
}

/* Closes a link; harmless if it is being closed already. */
static void link_close(struct sp_link *link)
{
    struct sp_links *links = link->links;
    if (link->is_closing)
        return;
    link->is_closing = true;
    link_count(link, -1);
    turns_drop(&links->turns, &link->input);
    turns_drop(&links->turns, &link->work);
    deadline_clear(&link->input_deadline);
    deadline_clear(&link->stall_deadline);
    requests_orphan(link);
    uv_close((uv_handle_t *)&link->pipe, on_pipe_closed);
}

/* Closes a link because of something its client did. */
static void link_kill(struct sp_link *link, uint64_t *counter, const char *why)
{
    (*counter)++;
    log_write_uid(link->peer.uid, LOG_LEVEL_WARNING,
                  "control socket: link of uid %u (pid %d) closed: %s", link->peer.uid,
                  (int)link->peer.pid, why);
    link_close(link);
}

/* --- output ----------------------------------------------------------------------------------- */

static size_t link_unsent(const struct sp_link *link)
{
    size_t collected = link->collected == NULL ? 0 : link->collected->len;
    return uv_stream_get_write_queue_size((const uv_stream_t *)&link->pipe) + collected;
}

/* How many of the queued bytes the socket has taken. */
static uint64_t link_sent(const struct sp_link *link)
{
    return link->queued_bytes - link_unsent(link);
}

static void link_stall_arm(struct sp_link *link)
{
    link->stall_sent_bytes = link_sent(link);
    deadline_set(&link->stall_deadline, link->links->options.stall_timeout_ms);
}

/* Applies the limits after output was queued. */
static void link_check_output(struct sp_link *link)
{
    struct sp_links *links = link->links;
    if (link_unsent(link) > links->options.output_max_bytes) {
        link_kill(link, &links->counters.output_overflows, "too many unread answers");
    } else if (!link->is_full && link_unsent(link) > links->options.output_pause_bytes) {
        link->is_full = true;
        links->counters.output_pauses++;
        link_stall_arm(link);
    }
}

static void link_drained(struct sp_link *link)
{
    struct sp_links *links = link->links;
    link->is_full = false;
    deadline_clear(&link->stall_deadline);
    links->callbacks.on_link_drained(links->callbacks.ctx, link);
    if (!link->is_closing)
        link_input_queue(link);
}

static void on_written(uv_write_t *write, int status);

/* Hands the collected output to libuv. */
static void link_submit(struct sp_link *link)
{
    struct sp_write *write = link->collected;
    uv_buf_t buffer = uv_buf_init((char *)write->bytes, (unsigned)write->len);
    link->collected = NULL;
    link->is_writing = true;
    if (uv_write(&write->write, (uv_stream_t *)&link->pipe, &buffer, 1, on_written) == 0)
        return;
    free(write);
    link_close(link);
}

static void on_written(uv_write_t *write, int status)
{
    struct sp_link *link = write->handle->data;
    free(write); /* its first member */
    link->is_writing = false;
    if (link->is_closing)
        return;
    if (status < 0) {
        link_close(link);
        return;
    }
    if (link->collected != NULL)
        link_submit(link);
    if (!link->is_closing && link->is_full &&
        link_unsent(link) <= link->links->options.output_pause_bytes / 2)
        link_drained(link);
}

/* Makes room for len more bytes. False: no memory. */
static bool link_collect(struct sp_link *link, size_t len)
{
    struct sp_write *write = link->collected;
    size_t have = write == NULL ? 0 : write->len;
    size_t size = write == NULL ? 0 : write->size;
    if (write != NULL && have + len <= size)
        return true;
    size = have + len > 2 * size ? have + len : 2 * size;
    if (link->is_writing && size < COLLECT_BYTES)
        size = COLLECT_BYTES; /* more will come while libuv writes */
    write = realloc(write, sizeof(*write) + size);
    if (write == NULL)
        return false;
    write->len = have;
    write->size = size;
    link->collected = write;
    return true;
}

/* Queues the two pieces, without their first skip bytes. */
static void link_queue(struct sp_link *link, const uv_buf_t pieces[2], size_t skip)
{
    size_t total = pieces[0].len + pieces[1].len - skip;
    if (!link_collect(link, total)) {
        link_close(link); /* a torn answer would garble all later ones */
        return;
    }
    link->queued_bytes += total;
    for (int i = 0; i < 2; i++) {
        size_t skipped = skip < pieces[i].len ? skip : pieces[i].len;
        size_t len = pieces[i].len - skipped;
        if (len > 0)
            memcpy(link->collected->bytes + link->collected->len, pieces[i].base + skipped, len);
        link->collected->len += len;
        skip -= skipped;
    }
    if (!link->is_writing)
        link_submit(link);
    if (!link->is_closing)
        link_check_output(link);
}

static void link_write(struct sp_link *link, const uint8_t *head, size_t head_len,
                       const uint8_t *body, size_t body_len)
{
    uv_buf_t pieces[2] = {uv_buf_init((char *)(uintptr_t)head, (unsigned)head_len),
                          uv_buf_init((char *)(uintptr_t)body, (unsigned)body_len)};
    int sent = UV_EAGAIN;
    if (!link->is_writing)
        sent = uv_try_write((uv_stream_t *)&link->pipe, pieces, body_len > 0 ? 2 : 1);
    if (sent < 0 && sent != UV_EAGAIN)
        link_close(link);
    else if (sent < 0 || (size_t)sent < head_len + body_len)
        link_queue(link, pieces, sent < 0 ? 0 : (size_t)sent);
}

static void be64_write(uint8_t *bytes, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        bytes[i] = (uint8_t)value;
}

static uint64_t be64_read(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

void sp_reply(struct sp_request *request, const uint8_t *body, size_t len)
{
    uint8_t head[FRAME_HEADER_BYTES + IDS_MAX_BYTES];
    struct sp_link *link = request->link;
    assert(len <= SP_REPLY_MAX_BYTES);
    if (link != NULL) {
        head[0] = FRAME_MESSAGE;
        be64_write(head + 1, request->ids_bytes + len);
        memcpy(head + FRAME_HEADER_BYTES, request->ids, request->ids_bytes);
        link->links->counters.replies++;
        link_write(link, head, FRAME_HEADER_BYTES + request->ids_bytes, body, len);
    }
    sp_request_drop(request);
}

void sp_request_drop(struct sp_request *request)
{
    struct sp_link *link = request->link;
    if (link != NULL)
        TAILQ_REMOVE(&link->requests, request, in_link);
    if (link == NULL || link->spare_count == SPARE_REQUESTS_MAX) {
        free(request);
        return;
    }
    TAILQ_INSERT_HEAD(&link->spare, request, in_link);
    link->spare_count++;
}

bool sp_request_is_repeat(const struct sp_request *a, const struct sp_request *b)
{
    return a->link == b->link && a->ids_bytes == b->ids_bytes &&
           memcmp(a->ids, b->ids, a->ids_bytes) == 0;
}

/* --- input: frames ---------------------------------------------------------------------------- */

static size_t link_available(const struct sp_link *link)
{
    return link->in_end - link->in_start;
}

static void link_consume(struct sp_link *link, size_t len)
{
    assert(len <= link_available(link));
    link->in_start += len;
}

/* What was awaited has come. A refused link's deadline is for all it does. */
static void input_deadline_clear(struct sp_link *link)
{
    if (link->refusal[0] == '\0')
        deadline_clear(&link->input_deadline);
}

/* True when the greeting was complete. */
static bool link_take_hello(struct sp_link *link)
{
    size_t have = link_available(link) < HELLO_BYTES ? link_available(link) : HELLO_BYTES;
    if (memcmp(link->in + link->in_start, hello_theirs, have) != 0) {
        link_kill(link, &link->links->counters.hello_bad, "not an SP REQ client");
        return false;
    }
    if (have < HELLO_BYTES)
        return false;
    link_consume(link, HELLO_BYTES);
    link->phase = SP_FRAMES;
    return true;
}

static bool link_take_discarded(struct sp_link *link)
{
    size_t have = link_available(link);
    size_t len = have < link->discard_bytes ? have : (size_t)link->discard_bytes;
    link_consume(link, len);
    link->discard_bytes -= len;
    if (link->discard_bytes > 0)
        return false;
    link->phase = SP_FRAMES;
    input_deadline_clear(link);
    return true;
}

/* Number of bytes of ids at the start of a message; 0: malformed. */
static size_t ids_measure(const uint8_t *message, size_t len)
{
    for (size_t at = 0; at + ID_BYTES <= len && at < IDS_MAX_BYTES; at += ID_BYTES)
        if (message[at] & ID_LAST)
            return at + ID_BYTES;
    return 0;
}

static struct sp_request *request_take(struct sp_link *link)
{
    struct sp_request *request = TAILQ_FIRST(&link->spare);
    if (request == NULL)
        return malloc(sizeof(*request));
    TAILQ_REMOVE(&link->spare, request, in_link);
    link->spare_count--;
    return request;
}

static struct sp_request *request_new(struct sp_link *link, const uint8_t *ids, size_t ids_bytes)
{
    struct sp_request *request = request_take(link);
    if (request == NULL)
        return NULL;
    *request = (struct sp_request){.link = link};
    request->ids_bytes = ids_bytes;
    memcpy(request->ids, ids, ids_bytes);
    TAILQ_INSERT_TAIL(&link->requests, request, in_link);
    return request;
}

/* Makes the request of a message. NULL: malformed, or no memory; the link was closed. */
static struct sp_request *link_make_request(struct sp_link *link, const uint8_t *message,
                                            size_t len)
{
    size_t ids_bytes = ids_measure(message, len);
    if (ids_bytes == 0) {
        link_kill(link, &link->links->counters.messages_malformed, "no request id");
        return NULL;
    }
    struct sp_request *request = request_new(link, message, ids_bytes);
    if (request == NULL)
        link_close(link);
    return request;
}

static void link_handle_message(struct sp_link *link, const uint8_t *message, size_t len)
{
    struct sp_links *links = link->links;
    struct sp_request *request = link_make_request(link, message, len);
    if (request == NULL)
        return;
    links->counters.requests++;
    links->callbacks.on_request(links->callbacks.ctx, link, request, message + request->ids_bytes,
                                len - request->ids_bytes);
}

/* A frame that announces too much: answered once its ids have arrived, then skipped. */
static bool link_take_too_long(struct sp_link *link, uint64_t len)
{
    struct sp_links *links = link->links;
    const uint8_t *message = link->in + link->in_start + FRAME_HEADER_BYTES;
    if (link_available(link) < FRAME_HEADER_BYTES + IDS_MAX_BYTES)
        return false;
    links->counters.messages_too_long++;
    struct sp_request *request = link_make_request(link, message, IDS_MAX_BYTES);
    if (request == NULL)
        return false;
    links->callbacks.on_too_long(links->callbacks.ctx, link, request, len);
    if (len > DISCARD_MAX_BYTES) {
        link_close(link);
        return false;
    }
    link_consume(link, FRAME_HEADER_BYTES);
    link->discard_bytes = len;
    link->phase = SP_DISCARD;
    return true;
}

/* True if something was taken, and there may be more. */
static bool link_take_frame(struct sp_link *link)
{
    if (link_available(link) == 0)
        return false;
    const uint8_t *frame = link->in + link->in_start;
    if (frame[0] != FRAME_MESSAGE) {
        link_kill(link, &link->links->counters.messages_malformed, "not an SP frame");
        return false;
    }
    if (link_available(link) < FRAME_HEADER_BYTES)
        return false;
    uint64_t len = be64_read(frame + 1);
    if (len > SP_MESSAGE_MAX_BYTES)
        return link_take_too_long(link, len);
    if (link_available(link) < FRAME_HEADER_BYTES + len)
        return false;
    input_deadline_clear(link);
    link_consume(link, FRAME_HEADER_BYTES + (size_t)len);
    link_handle_message(link, frame + FRAME_HEADER_BYTES, (size_t)len);
    return true;
}

static bool link_take(struct sp_link *link)
{
    switch (link->phase) {
    case SP_HELLO:
        return link_take_hello(link);
    case SP_DISCARD:
        return link_take_discarded(link);
    case SP_FRAMES:
        return link_take_frame(link);
    }
    return false;
}

/* --- input: reading --------------------------------------------------------------------------- */

/* Size of the message at the start of the input, as far as it is known. */
static size_t input_wanted(const struct sp_link *link)
{
    if (link->phase != SP_FRAMES || link_available(link) < FRAME_HEADER_BYTES)
        return INPUT_BYTES;
    uint64_t len = be64_read(link->in + link->in_start + 1);
    size_t wanted =
        FRAME_HEADER_BYTES + (len <= SP_MESSAGE_MAX_BYTES ? (size_t)len : IDS_MAX_BYTES);
    return wanted > INPUT_BYTES ? wanted : INPUT_BYTES;
}

/* Makes room to read into. False: no memory. */
static bool input_prepare(struct sp_link *link)
{
    size_t have = link_available(link);
    if (have > 0 && link->in_start > 0)
        memmove(link->in, link->in + link->in_start, have);
    link->in_start = 0;
    link->in_end = have;
    size_t size = input_wanted(link);
    assert(size > have); /* or the message would be complete, and handled */
    if (size == link->in_size)
        return true;
    uint8_t *in = realloc(link->in, size);
    if (in == NULL)
        return false;
    link->in = in;
    link->in_size = size;
    return true;
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct sp_link *link = handle->data;
    (void)suggested;
    *ret_buffer = uv_buf_init(NULL, 0); /* UV_ENOBUFS in on_read */
    if (input_prepare(link))
        *ret_buffer =
            uv_buf_init((char *)link->in + link->in_end, (unsigned)(link->in_size - link->in_end));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct sp_link *link = stream->data;
    (void)buffer;
    if (len < 0) {
        link_close(
            link); /* at end of file too: answers that the client did not wait for are dropped */
    } else if (len > 0) {
        link->in_end += (size_t)len;
        link_input_queue(link);
    }
}

static void link_read(struct sp_link *link, bool is_wanted)
{
    if (is_wanted == link->is_reading)
        return;
    link->is_reading = is_wanted;
    if (!is_wanted)
        uv_read_stop((uv_stream_t *)&link->pipe);
    else if (uv_read_start((uv_stream_t *)&link->pipe, on_allocate, on_read) != 0)
        link_close(link);
}

/* A message that has begun must be complete in time. Its deadline is disarmed while we do not read,
 * and then starts afresh. The greeting's runs from the start of the link. */
static void link_update_deadline(struct sp_link *link)
{
    bool has_begun = link->phase == SP_DISCARD || link_available(link) > 0;
    if (link->phase == SP_HELLO || link->refusal[0] != '\0')
        return;
    if (!has_begun || !link->is_reading)
        deadline_clear(&link->input_deadline);
    else if (!deadline_is_armed(&link->input_deadline.deadline))
        deadline_set(&link->input_deadline, link->links->options.message_timeout_ms);
}

/* An idle link keeps only the memory for small requests. */
static void input_shrink(struct sp_link *link)
{
    if (link_available(link) > 0 || link->in_size <= INPUT_BYTES)
        return;
    free(link->in);
    link->in = NULL;
    link->in_start = link->in_end = link->in_size = 0;
}

/* What was read waits for its uid's turn. If that does not come before the loop finds more to read,
 * reading waits as well: stopping it each time would cost more than most requests. The message's
 * deadline runs on: who sends a byte at a time must not start it afresh with each. */
static void link_input_queue(struct sp_link *link)
{
    bool is_late = link->input.share != NULL;
    turns_queue(&link->links->turns, link->share, &link->input);
    if (is_late || link->in_end == link->in_size)
        link_read(link, false);
}

/* Handles what was read, for one turn; reads on if there is room. */
static void link_run(struct sp_link *link)
{
    struct turns *turns = &link->links->turns;
    unsigned left = link->links->options.requests_per_turn;
    enum sp_phase before = link->phase;
    while (!link->is_closing && !link->is_full && left > 0 && link_take(link))
        left = turns_slice_is_over(turns) ? 0 : left - 1;
    if (link->is_closing)
        return;
    if (before == SP_HELLO && link->phase != SP_HELLO)
        input_deadline_clear(link);
    bool has_more = left == 0 && link_available(link) > 0;
    if (has_more)
        turns_queue(turns, link->share, &link->input);
    input_shrink(link);
    link_read(link, !link->is_full && !has_more);
    if (!link->is_closing)
        link_update_deadline(link);
}

/* One of the link's deadlines is due. */
static void on_due(struct sp_deadline *due)
{
    struct sp_link *link = due->owner;
    struct sp_counters *counters = &link->links->counters;
    if (due == &link->stall_deadline) {
        if (link_sent(link) > link->stall_sent_bytes)
            link_stall_arm(link);
        else
            link_kill(link, &counters->output_stalls, "it does not read its answers");
    } else if (link->refusal[0] != '\0') {
        link_close(link);
    } else if (link->phase == SP_HELLO) {
        link_kill(link, &counters->hello_timeouts, "no SP greeting in time");
    } else {
        link_kill(link, &counters->message_timeouts, "a message did not arrive in time");
    }
}

/* --- start ------------------------------------------------------------------------------------ */

static void on_input(struct fair_job *job)
{
    link_run(job->owner);
}

static void on_work(struct fair_job *job)
{
    struct sp_link *link = job->owner;
    const struct sp_server_callbacks *callbacks = &link->links->callbacks;
    bool has_more = true;
    while (has_more && !link->is_closing && !turns_slice_is_over(&link->links->turns))
        has_more = callbacks->on_turn(callbacks->ctx, link);
    if (has_more)
        sp_link_want_turn(link);
}

static void link_init(struct sp_link *link, struct sp_links *links, const struct sp_peer *peer)
{
    link->links = links;
    link->peer = *peer;
    link->pipe.data = link;
    link->input = (struct fair_job){.run = on_input, .owner = link};
    link->work = (struct fair_job){.run = on_work, .owner = link};
    link->input_deadline = (struct sp_deadline){.on_due = on_due, .owner = link};
    link->stall_deadline = (struct sp_deadline){.on_due = on_due, .owner = link};
    TAILQ_INIT(&link->requests);
    TAILQ_INIT(&link->spare);
    TAILQ_INSERT_TAIL(&links->all, link, in_all);
    link_count(link, 1);
    links->open_handles++;
}

static bool link_start(struct sp_links *links, int fd, const struct sp_peer *peer,
                       struct fair_share *share, const char *refusal)
{
    const struct sp_server_options *options = &links->options;
    struct sp_link *link = calloc(1, sizeof(*link));
    if (link == NULL || uv_pipe_init(links->schedule.loop, &link->pipe, 0) != 0) {
        free(link);
        return false;
    }
    snprintf(link->refusal, sizeof(link->refusal), "%s", refusal);
    link_init(link, links, peer);
    link->share = share;
    share->refs++;
    if (uv_pipe_open(&link->pipe, fd) != 0) {
        close(fd);
        link_close(link);
        return true;
    }
    deadline_set(&link->input_deadline,
                 *refusal ? options->refused_timeout_ms : options->hello_timeout_ms);
    link_write(link, hello_ours, sizeof(hello_ours), NULL, 0);
    if (!link->is_closing)
        link_read(link, true);
    return true;
}

bool sp_link_start(struct sp_links *links, int fd, const struct sp_peer *peer,
                   struct fair_share *share)
{
    return link_start(links, fd, peer, share, "");
}

bool sp_link_start_refused(struct sp_links *links, int fd, const struct sp_peer *peer,
                           struct fair_share *share, const char *refusal)
{
    return link_start(links, fd, peer, share, refusal);
}

/* --- all links -------------------------------------------------------------------------------- */

bool sp_links_init(struct sp_links *links, uv_loop_t *loop, const struct sp_server_options *options,
                   const struct sp_server_callbacks *callbacks)
{
    size_t links_max = options->links_max + options->links_reserve + options->refused_max;
    links->options = *options;
    links->callbacks = *callbacks;
    TAILQ_INIT(&links->all);
    size_t users_max = links_max + SP_ARRIVALS_MAX + SP_CHANNEL_USERS_MAX + FAIR_USERS_OTHER;
    /* Each link, arrival and channel may be another user's. */
    return sp_schedule_init(&links->schedule, loop, links_max * DEADLINES_PER_LINK) &&
           turns_init(&links->turns, loop, users_max);
}

void sp_links_start(struct sp_links *links)
{
    sp_schedule_start(&links->schedule);
    turns_start(&links->turns);
    links->open_handles += SP_SCHEDULE_HANDLES + TURNS_HANDLES;
}

void sp_links_handle_closed(struct sp_links *links)
{
    assert(links->open_handles > 0);
    if (--links->open_handles == 0 && links->is_ended)
        links->on_all_closed(links);
}

static void on_own_handle_closed(uv_handle_t *handle)
{
    sp_links_handle_closed(handle->data);
}

void sp_links_end(struct sp_links *links)
{
    struct sp_link *link;
    TAILQ_FOREACH(link, &links->all, in_all)
    {
        link_close(link);
        link_report_closed(link);
    }
    links->is_ended = true;
    sp_schedule_close(&links->schedule, on_own_handle_closed, links);
    turns_close(&links->turns, on_own_handle_closed, links);
}

void sp_links_done(struct sp_links *links)
{
    sp_schedule_done(&links->schedule);
    turns_done(&links->turns);
}

/* --- for users of a link ---------------------------------------------------------------------- */

const struct sp_peer *sp_link_peer(const struct sp_link *link)
{
    return &link->peer;
}

void sp_link_set_user(struct sp_link *link, void *user)
{
    link->user = user;
}

void *sp_link_user(const struct sp_link *link)
{
    return link->user;
}

bool sp_link_is_alive(const struct sp_link *link)
{
    return !link->is_closing;
}

const char *sp_link_refusal(const struct sp_link *link)
{
    return link->refusal[0] != '\0' ? link->refusal : NULL;
}

void sp_link_want_turn(struct sp_link *link)
{
    if (!link->is_closing)
        turns_queue(&link->links->turns, link->share, &link->work);
}

void sp_link_carry(struct sp_link *link, size_t bytes)
{
    fair_carry(link->share, bytes);
}

bool sp_link_is_full(const struct sp_link *link)
{
    return link->is_full && !link->is_closing;
}

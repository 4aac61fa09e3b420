/* tcpc_send() and tcpc_receive(): a connection's bytes, over as many requests as it takes.
 *
 * Sending. The buffer is cut into Send requests at increasing offsets, up to `window` of them out
 * at once. When the daemon takes only part of one (its send buffer is full), those behind it leave
 * a gap and are refused with BAD_OFFSET: we let all of them return, rewind to what was accepted,
 * and continue with one small request at a time; each one taken whole widens the window and the
 * requests again. Thus a fast path is kept full, and a slow one is not flooded with copies.
 *
 * Receiving. The latest answer is handed out piece by piece; while answers are large, the next
 * request leaves with the last piece, and not with the first: a Receive frees at the daemon what
 * lies below its offset, and what the caller does not have yet may have to be read in another way
 * (tcpc_stream_move(), tcpc_stream_fd()), or to turn a CLOSE into a reset. What was handed out last
 * is freed by the next one, or by tcpci_stream_release() before a CLOSE (bytes left unread
 * would turn it into a reset).
 *
 * A stream is in the client's table from its first use until close or abort. It is freed with its
 * last use: `uses` counts the table, running calls, and requests that are out. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "clock.h"
#include "error.h"

enum {
    WINDOW_MAX = 4,
    REQUEST_MIN_BYTES = 16 * 1024,
    AHEAD_MIN_BYTES = 16 * 1024, /* below that, reading ahead is not worth it */
    SLICE_MS = 10000             /* the longest that one request waits at the daemon */
};

struct send_slot {
    struct stream *stream;
    uint64_t offset;
    size_t len;
    bool is_used;
    bool is_alone; /* nothing else was out: BAD_OFFSET is not a gap of our making */
};

struct stream {
    struct stream *next;
    struct tcpc_client *client;
    uint64_t id;
    unsigned uses;
    bool is_listed;
    pthread_cond_t changed;

    const uint8_t *data; /* of the running tcpc_send() */
    uint64_t data_from, data_to;
    uint64_t accepted_to, asked_to; /* asked_to: what has gone into requests */
    struct send_slot slots[WINDOW_MAX];
    unsigned slots_used, window;
    size_t request_bytes;
    bool is_rewinding;
    int64_t progress_at_ms;
    struct tcpc_error send_error;

    struct tcpc_response *chunk; /* being handed out */
    size_t chunk_used;
    struct tcpc_response *ahead; /* received, not looked at yet */
    bool is_asking, is_end;
    uint64_t handed_to, released_to;
};

/* --- the table -------------------------------------------------------------------------------- */

static struct stream **bucket_of(struct tcpc_client *client, uint64_t id)
{
    return &client->streams[id % STREAM_BUCKETS];
}

static struct stream *stream_find(struct tcpc_client *client, uint64_t id)
{
    struct stream *stream = *bucket_of(client, id);
    while (stream != NULL && stream->id != id)
        stream = stream->next;
    return stream;
}

static struct stream *stream_new(struct tcpc_client *client, uint64_t id)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL || tcpci_cond_init(&stream->changed) != 0) {
        free(stream);
        return NULL;
    }
    stream->client = client;
    stream->id = id;
    stream->window = 2;
    stream->request_bytes = TCPC_DATA_MAX;
    return stream;
}

/* The lock is held. Inlined twice in a row, GCC 12 takes the second for a use after free. */
__attribute__((noinline)) static void stream_drop(struct stream *stream)
{
    if (--stream->uses)
        return;
    tcpc_response_free(stream->chunk);
    tcpc_response_free(stream->ahead);
    pthread_cond_destroy(&stream->changed);
    free(stream);
}

static void stream_list(struct stream *stream)
{
    struct stream **bucket = bucket_of(stream->client, stream->id);
    stream->next = *bucket;
    *bucket = stream;
    stream->is_listed = true;
    stream->uses++;
}

static void stream_unlist(struct stream *stream)
{
    struct stream **link = bucket_of(stream->client, stream->id);
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    stream->is_listed = false;
    stream_drop(stream);
}

void tcpci_stream_begin(struct tcpc_client *client, uint64_t id, uint64_t sent_to)
{
    pthread_mutex_lock(&client->lock);
    struct stream *stream = stream_find(client, id) != NULL ? NULL : stream_new(client, id);
    if (stream != NULL) {
        stream->accepted_to = stream->asked_to = sent_to;
        stream_list(stream);
    }
    pthread_mutex_unlock(&client->lock);
}

void tcpci_stream_end(struct tcpc_client *client, uint64_t id)
{
    pthread_mutex_lock(&client->lock);
    struct stream *stream = stream_find(client, id);
    if (stream != NULL)
        stream_unlist(stream);
    pthread_mutex_unlock(&client->lock);
}

void tcpci_streams_free(struct tcpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    for (unsigned i = 0; i < STREAM_BUCKETS; i++) {
        while (client->streams[i] != NULL)
            stream_unlist(client->streams[i]);
    }
    pthread_mutex_unlock(&client->lock);
}

/* Asks the daemon for the offsets of a connection that this client did not open. */
static enum tcpc_code stream_ask(struct tcpc_client *client, uint64_t id,
                                 struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_STATUS, .u.target.id = id};
    struct tcpc_response *response = NULL;
    enum tcpc_code code = tcpci_call_sync(client, &request, &response, ret_error);
    if (code != TCPC_OK)
        return code;
    pthread_mutex_lock(&client->lock);
    struct stream *stream = stream_find(client, id) != NULL ? NULL : stream_new(client, id);
    if (stream != NULL) {
        stream->accepted_to = response->u.status.send_accepted;
        stream->handed_to = stream->released_to = response->u.status.receive_released;
        stream_list(stream);
    }
    pthread_mutex_unlock(&client->lock);
    tcpc_response_free(response);
    return TCPC_OK;
}

/* Takes the stream of id for one use. With TCPC_OK the lock is held on return. */
static enum tcpc_code stream_use(struct tcpc_client *client, uint64_t id,
                                 struct stream **ret_stream, struct tcpc_error *ret_error)
{
    tcpci_error_clear(ret_error);
    pthread_mutex_lock(&client->lock);
    struct stream *stream = stream_find(client, id);
    if (stream == NULL) {
        pthread_mutex_unlock(&client->lock);
        enum tcpc_code code = stream_ask(client, id, ret_error);
        if (code != TCPC_OK)
            return code;
        pthread_mutex_lock(&client->lock);
        stream = stream_find(client, id);
    }
    if (stream == NULL) {
        pthread_mutex_unlock(&client->lock);
        return tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, "");
    }
    stream->uses++;
    *ret_stream = stream;
    return TCPC_OK;
}

static void stream_done(struct stream *stream)
{
    struct tcpc_client *client = stream->client;
    stream_drop(stream);
    pthread_mutex_unlock(&client->lock);
}

void tcpc_stream_offsets(struct tcpc_client *client, uint64_t id, uint64_t *ret_sent,
                         uint64_t *ret_received)
{
    pthread_mutex_lock(&client->lock);
    struct stream *stream = stream_find(client, id);
    *ret_sent = stream != NULL ? stream->accepted_to : 0;
    *ret_received = stream != NULL ? stream->handed_to : 0;
    pthread_mutex_unlock(&client->lock);
}

/* --- sending; the lock is held ---------------------------------------------------------------- */

static uint32_t slice_of(uint32_t wait_ms)
{
    return wait_ms < SLICE_MS ? wait_ms : SLICE_MS;
}

/* An answer: the daemon has everything below accepted_to. */
static void send_took(struct stream *stream, const struct send_slot *slot, uint64_t accepted_to)
{
    if (accepted_to > stream->accepted_to) {
        stream->accepted_to = accepted_to;
        stream->progress_at_ms = tcpci_clock_ms();
    }
    if (accepted_to >= slot->offset + slot->len) {
        if (stream->window < WINDOW_MAX)
            stream->window++;
        stream->request_bytes *= 2;
    } else {
        stream->window = 1;
        stream->is_rewinding = true;
        stream->request_bytes =
            accepted_to > slot->offset ? 2 * (size_t)(accepted_to - slot->offset) : 0;
    }
    if (stream->request_bytes > TCPC_DATA_MAX)
        stream->request_bytes = TCPC_DATA_MAX;
    if (stream->request_bytes < REQUEST_MIN_BYTES)
        stream->request_bytes = REQUEST_MIN_BYTES;
}

static void on_send_answer(void *ctx, struct tcpc_response *response)
{
    struct send_slot *slot = ctx;
    struct stream *stream = slot->stream;
    struct tcpc_client *client = stream->client;
    enum tcpc_code code = response->error.code;
    pthread_mutex_lock(&client->lock);
    if (code == TCPC_OK)
        send_took(stream, slot, response->u.sent.accepted_to);
    else if (code == TCPC_AGAIN || (code == TCPC_BAD_OFFSET && !slot->is_alone))
        send_took(stream, slot,
                  stream->accepted_to < slot->offset ? stream->accepted_to : slot->offset);
    else if (stream->send_error.code == TCPC_OK)
        stream->send_error = response->error;
    slot->is_used = false;
    stream->slots_used--;
    pthread_cond_broadcast(&stream->changed);
    stream_drop(stream);
    pthread_mutex_unlock(&client->lock);
    tcpc_response_free(response);
}

static struct send_slot *slot_take(struct stream *stream)
{
    struct send_slot *slot = stream->slots;
    while (slot->is_used)
        slot++;
    uint64_t left = stream->data_to - stream->asked_to;
    *slot = (struct send_slot){.stream = stream,
                               .offset = stream->asked_to,
                               .len = left < stream->request_bytes ? (size_t)left
                                                                   : stream->request_bytes,
                               .is_used = true,
                               .is_alone = stream->slots_used == 0};
    stream->asked_to += slot->len;
    stream->slots_used++;
    stream->uses++;
    return slot;
}

/* Sends the next request. Releases the lock for a moment. */
static void send_next(struct stream *stream, uint32_t wait_ms)
{
    struct tcpc_client *client = stream->client;
    struct send_slot *slot = slot_take(stream);
    struct tcpc_request request = {.op = TCPC_OP_SEND};
    struct tcpc_error error = {.code = TCPC_OK};
    request.u.send = (struct tcpc_send){.id = stream->id,
                                        .offset = slot->offset,
                                        .data = stream->data + (slot->offset - stream->data_from),
                                        .len = slot->len,
                                        .wait_ms = slice_of(wait_ms)};
    pthread_mutex_unlock(&client->lock);
    enum tcpc_code code = tcpci_call_start(client, &request, on_send_answer, slot, &error);
    pthread_mutex_lock(&client->lock);
    if (code == TCPC_OK)
        return;
    stream->send_error = error;
    slot->is_used = false;
    stream->slots_used--;
    stream_drop(stream);
}

static bool send_may_ask(const struct stream *stream)
{
    return stream->send_error.code == TCPC_OK && !stream->is_rewinding &&
           stream->asked_to < stream->data_to && stream->slots_used < stream->window;
}

/* Runs until everything was accepted, on an error, or without progress for wait_ms. On return
 * nothing is out, so the caller may free the data. */
static enum tcpc_code send_all(struct stream *stream, uint32_t wait_ms,
                               struct tcpc_error *ret_error)
{
    for (;;) {
        if (send_may_ask(stream)) {
            send_next(stream, wait_ms);
        } else if (stream->slots_used) {
            pthread_cond_wait(&stream->changed, &stream->client->lock);
        } else if (stream->send_error.code != TCPC_OK) {
            return tcpci_error_copy(ret_error, &stream->send_error);
        } else if (stream->accepted_to >= stream->data_to) {
            return TCPC_OK;
        } else {
            if (wait_ms != TCPC_WAIT_FOREVER &&
                tcpci_clock_ms() - stream->progress_at_ms >= (int64_t)wait_ms)
                return tcpci_error_set(ret_error, TCPC_AGAIN, TCPC_HINT_NONE,
                                       "the send buffer is full, and the peer takes no data");
            stream->is_rewinding = false;
            stream->asked_to = stream->accepted_to;
        }
    }
}

enum tcpc_code tcpc_send(struct tcpc_client *client, uint64_t id, const void *data, size_t len,
                         uint32_t wait_ms, struct tcpc_error *ret_error)
{
    struct stream *stream;
    enum tcpc_code code = stream_use(client, id, &stream, ret_error);
    if (code != TCPC_OK)
        return code;
    stream->data = data;
    stream->data_from = stream->asked_to = stream->accepted_to;
    stream->data_to = stream->data_from + len;
    stream->is_rewinding = false;
    stream->progress_at_ms = tcpci_clock_ms();
    tcpci_error_clear(&stream->send_error);
    code = send_all(stream, wait_ms, ret_error);
    stream->data = NULL;
    stream_done(stream);
    return code;
}

/* --- receiving; the lock is held -------------------------------------------------------------- */

static void on_receive_answer(void *ctx, struct tcpc_response *response)
{
    struct stream *stream = ctx;
    struct tcpc_client *client = stream->client;
    pthread_mutex_lock(&client->lock);
    stream->ahead = response;
    stream->is_asking = false;
    pthread_cond_broadcast(&stream->changed);
    stream_drop(stream);
    pthread_mutex_unlock(&client->lock);
}

/* Asks for what follows offset. Releases the lock for a moment. */
static enum tcpc_code receive_ask(struct stream *stream, uint64_t offset, uint32_t wait_ms,
                                  struct tcpc_error *ret_error)
{
    struct tcpc_client *client = stream->client;
    struct tcpc_request request = {.op = TCPC_OP_RECEIVE};
    request.u.receive = (struct tcpc_receive){
        .id = stream->id, .from_offset = offset, .wait_ms = slice_of(wait_ms)};
    stream->is_asking = true;
    stream->released_to = offset;
    stream->uses++;
    pthread_mutex_unlock(&client->lock);
    enum tcpc_code code = tcpci_call_start(client, &request, on_receive_answer, stream, ret_error);
    pthread_mutex_lock(&client->lock);
    if (code == TCPC_OK)
        return TCPC_OK;
    stream->is_asking = false;
    stream_drop(stream);
    return code;
}

/* Looks at the answer that came: it becomes the chunk, the end of the stream, or an error. */
static enum tcpc_code receive_look(struct stream *stream, struct tcpc_error *ret_error)
{
    struct tcpc_response *response = stream->ahead;
    const struct tcpc_received *received = &response->u.received;
    enum tcpc_code code = response->error.code;
    stream->ahead = NULL;
    if (code == TCPC_OK && received->len && received->offset != stream->handed_to)
        code = tcpci_error_set_code(&response->error, TCPC_PROTOCOL, stream->client->url);
    if (code != TCPC_OK) {
        tcpci_error_copy(ret_error, &response->error);
        tcpc_response_free(response);
        return code;
    }
    if (received->len == 0) {
        stream->is_end = received->is_end;
        tcpc_response_free(response);
        return stream->is_end ? TCPC_OK : TCPC_AGAIN;
    }
    stream->chunk = response;
    stream->chunk_used = 0;
    return TCPC_OK;
}

/* Without a chunk this is the end: no bytes. */
static void receive_hand_out(struct stream *stream, void *buffer, size_t *len)
{
    if (stream->chunk == NULL) {
        *len = 0;
        return;
    }
    const struct tcpc_received *received = &stream->chunk->u.received;
    size_t left = received->len - stream->chunk_used;
    if (*len > left)
        *len = left;
    memcpy(buffer, received->data + stream->chunk_used, *len);
    stream->chunk_used += *len;
    stream->handed_to += *len;
    if (stream->chunk_used < received->len)
        return;
    bool is_large = received->len >= AHEAD_MIN_BYTES;
    stream->is_end = received->is_end;
    tcpc_response_free(stream->chunk);
    stream->chunk = NULL;
    if (is_large && !stream->is_end)
        receive_ask(stream, stream->handed_to, SLICE_MS, NULL);
}

/* Waits for the answer to the request that is out; false at until_ms. */
static bool receive_wait(struct stream *stream, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int rv = 0;
    while (stream->is_asking && rv == 0) {
        if (until_ms == TCPC_MS_NEVER)
            rv = pthread_cond_wait(&stream->changed, &stream->client->lock);
        else
            rv = pthread_cond_timedwait(&stream->changed, &stream->client->lock, &until);
    }
    return !stream->is_asking;
}

/* One step towards a chunk or the end. TCPC_AGAIN: nothing yet; repeat while there is time. */
static enum tcpc_code receive_step(struct stream *stream, int64_t until_ms,
                                   struct tcpc_error *ret_error)
{
    /* A request sent now is answered in time; one sent ahead may wait longer than we want to. */
    int64_t patience_until_ms = until_ms;
    if (stream->ahead == NULL && !stream->is_asking) {
        int64_t left_ms = until_ms == TCPC_MS_NEVER ? SLICE_MS : until_ms - tcpci_clock_ms();
        if (left_ms > SLICE_MS)
            left_ms = SLICE_MS;
        enum tcpc_code code =
            receive_ask(stream, stream->handed_to, left_ms > 0 ? (uint32_t)left_ms : 0, ret_error);
        if (code != TCPC_OK)
            return code;
        patience_until_ms = TCPC_MS_NEVER;
    }
    if (!receive_wait(stream, patience_until_ms))
        return tcpci_error_set(ret_error, TCPC_AGAIN, TCPC_HINT_NONE, "nothing came in time");
    return receive_look(stream, ret_error);
}

enum tcpc_code tcpc_receive(struct tcpc_client *client, uint64_t id, void *buffer, size_t *len,
                            uint32_t wait_ms, struct tcpc_error *ret_error)
{
    struct stream *stream;
    int64_t until_ms = tcpci_clock_until_ms(wait_ms);
    enum tcpc_code code = stream_use(client, id, &stream, ret_error);
    if (code != TCPC_OK)
        return code;
    while (code == TCPC_OK && stream->chunk == NULL && !stream->is_end) {
        code = receive_step(stream, until_ms, ret_error);
        if (code == TCPC_AGAIN && tcpci_clock_ms() < until_ms)
            code = TCPC_OK;
    }
    if (code == TCPC_AGAIN)
        tcpci_error_set(ret_error, TCPC_AGAIN, TCPC_HINT_NONE, "nothing came in time");
    if (code == TCPC_OK) {
        tcpci_error_clear(ret_error);
        receive_hand_out(stream, buffer, len);
    }
    stream_done(stream);
    return code;
}

void tcpci_stream_release(struct tcpc_client *client, uint64_t id)
{
    struct tcpc_request request = {.op = TCPC_OP_RECEIVE};
    struct tcpc_response *response = NULL;
    pthread_mutex_lock(&client->lock);
    struct stream *stream = stream_find(client, id);
    bool is_due = stream != NULL && stream->handed_to > stream->released_to && !stream->is_asking;
    if (is_due)
        request.u.receive = (struct tcpc_receive){
            .id = id, .from_offset = stream->handed_to, .max_bytes = 1, .wait_ms = 0};
    pthread_mutex_unlock(&client->lock);
    if (is_due && tcpci_call_sync(client, &request, &response, NULL) == TCPC_OK)
        tcpc_response_free(response);
}

/* The streams of stream.h. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "shared.h"
#include "stream.h"

#define ANSWER_MAX_MS 5000

/* --- endpoints -------------------------------------------------------------------------------- */

static bool endpoint_put(const struct tcpc_endpoint *endpoint, struct channel_endpoint *ret_shared)
{
    struct channel_endpoint shared = {0};
    if (endpoint != NULL)
        shared.port = endpoint->port;
    if (endpoint != NULL && endpoint->address[0] != '\0' &&
        inet_pton(AF_INET6, endpoint->address, shared.addr) != 1) {
        if (inet_pton(AF_INET, endpoint->address, shared.addr + 12) != 1)
            return false;
        shared.addr[10] = shared.addr[11] = 0xff;
    }
    *ret_shared = shared;
    return true;
}

static struct tcpc_endpoint endpoint_get(const struct channel_endpoint *shared)
{
    static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};
    struct tcpc_endpoint endpoint = {.port = shared->port};
    bool is_v4 = memcmp(shared->addr, v4, sizeof(v4)) == 0;
    inet_ntop(is_v4 ? AF_INET : AF_INET6, shared->addr + (is_v4 ? sizeof(v4) : 0), endpoint.address,
              sizeof(endpoint.address));
    return endpoint;
}

/* --- answers ---------------------------------------------------------------------------------- */

static uint32_t state_of(const struct tcpc_stream *stream)
{
    return atomic_load_explicit(&tcpci_shared_slot(stream)->state, memory_order_acquire);
}

enum tcpc_code tcpc_stream_code(const struct tcpc_stream *stream)
{
    if (stream->channel->is_dead)
        return TCPC_UNREACHABLE;
    if (!tcpci_shared_is_answered(stream))
        return TCPC_AGAIN;
    switch (state_of(stream)) {
    case CHANNEL_OPEN:
    case CHANNEL_LISTENING:
        return TCPC_OK;
    case CHANNEL_ENDED:
        return (enum tcpc_code)atomic_load(&tcpci_shared_slot(stream)->code);
    default:
        return TCPC_AGAIN;
    }
}

static enum tcpc_code fail(const struct tcpc_stream *stream, enum tcpc_code code,
                           struct tcpc_error *ret_error)
{
    return tcpci_error_set_code(ret_error, code, stream->channel->url);
}

/* Which limit bit, if one did (channel.h). */
static enum tcpc_code fail_to_begin(const struct tcpc_stream *stream, enum tcpc_code code,
                                    struct tcpc_error *ret_error)
{
    uint64_t hint = atomic_load(&tcpci_shared_slot(stream)->id);
    if (code != TCPC_RESOURCES || hint == TCPC_HINT_NONE)
        return fail(stream, code, ret_error);
    return tcpci_error_set(ret_error, code, (enum tcpc_hint)hint,
                           "insufficient resources: a limit of the daemon is reached");
}

/* Until the request is carried out, one way or the other. */
static enum tcpc_code await(struct tcpc_stream *stream, int64_t until_ms)
{
    enum tcpc_code code;
    while ((code = tcpc_stream_code(stream)) == TCPC_AGAIN)
        if (!tcpci_shared_wait(stream->channel, CHANNEL_NEWS_OPENED, until_ms) &&
            !stream->channel->is_dead)
            return TCPC_AGAIN;
    return code;
}

static struct tcpc_stream *take_stream(struct tcpc_channel *channel, enum tcpc_code *ret_code,
                                       struct tcpc_error *ret_error)
{
    struct tcpc_stream *stream = tcpci_shared_take_stream(channel);
    *ret_code = TCPC_OK;
    if (stream == NULL)
        *ret_code = tcpci_error_set(ret_error, TCPC_RESOURCES, TCPC_HINT_NONE,
                                    "the channel has %u streams already (streams_max)",
                                    channel->layout.slot_count);
    return stream;
}

/* What goes before the request for it, as if it had been written. */
static void put_first_bytes(struct tcpc_stream *stream, const struct tcpc_open *open)
{
    struct tcpc_channel *channel = stream->channel;
    if (open->len == 0)
        return;
    tcpci_shared_claim(stream);
    memcpy(channel_send_ring(&channel->layout, channel->head, stream->slot), open->data, open->len);
    stream->written = open->len;
    atomic_store_explicit(&tcpci_shared_slot(stream)->written, open->len, memory_order_release);
    atomic_store_explicit(&tcpci_shared_slot(stream)->writes, 0, memory_order_release);
}

static enum tcpc_code start(struct tcpc_stream *stream, const struct tcpc_open *open,
                            struct tcpc_error *ret_error)
{
    struct channel_slot *slot = tcpci_shared_slot(stream);
    if (!endpoint_put(&open->local, &slot->local) || !endpoint_put(&open->remote, &slot->remote)) {
        stream->is_used = true;
        tcpc_stream_close(stream);
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "an address is neither IPv4 nor IPv6");
    }
    atomic_store_explicit(&slot->argument, open->backlog, memory_order_relaxed);
    atomic_store_explicit(&slot->id, open->fast_open ? CHANNEL_OPEN_FAST : 0, memory_order_relaxed);
    put_first_bytes(stream, open);
    tcpci_shared_ask(stream, open->is_passive ? CHANNEL_OP_LISTEN : CHANNEL_OP_OPEN);
    return TCPC_OK;
}

/* What has come of a request: with an error the stream is closed already. */
static enum tcpc_code conclude(struct tcpc_stream *stream, uint32_t wait_ms,
                               struct tcpc_stream **ret_stream, struct tcpc_error *ret_error)
{
    enum tcpc_code code = wait_ms == 0 ? TCPC_OK : await(stream, tcpci_clock_until_ms(wait_ms));
    if (code == TCPC_OK) {
        *ret_stream = stream;
        return TCPC_OK;
    }
    code = fail_to_begin(stream, code, ret_error);
    tcpc_stream_abort(stream);
    return code;
}

enum tcpc_code tcpc_stream_open(struct tcpc_channel *channel, const struct tcpc_endpoint *local,
                                const struct tcpc_endpoint *remote, uint32_t wait_ms,
                                struct tcpc_stream **ret_stream, struct tcpc_error *ret_error)
{
    const struct tcpc_endpoint anywhere = {.port = 0};
    const struct tcpc_open open = {
        .local = local != NULL ? *local : anywhere, .remote = *remote, .wait_ms = wait_ms};
    return tcpc_stream_open_with(channel, &open, ret_stream, ret_error);
}

/* --- listeners -------------------------------------------------------------------------------- */

/* Streams for the next connections, as many as there is room for. */
static void post_acceptors(struct tcpc_stream *listener)
{
    while (listener->acceptor_count < SHARED_ACCEPTORS_MAX) {
        struct tcpc_stream *stream = tcpci_shared_take_stream(listener->channel);
        if (stream == NULL)
            return;
        stream->listener = listener;
        listener->acceptors[listener->acceptor_count++] = stream;
        atomic_store_explicit(&tcpci_shared_slot(stream)->argument, listener->slot,
                              memory_order_relaxed);
        tcpci_shared_ask(stream, CHANNEL_OP_ACCEPT);
    }
}

enum tcpc_code tcpc_stream_listen(struct tcpc_channel *channel, const struct tcpc_endpoint *local,
                                  uint32_t backlog, struct tcpc_stream **ret_listener,
                                  struct tcpc_error *ret_error)
{
    const struct tcpc_open open = {.is_passive = true, .local = *local, .backlog = backlog};
    return tcpc_stream_open_with(channel, &open, ret_listener, ret_error);
}

/* NULL: it can be asked for. */
static const char *what_is_wrong(const struct tcpc_channel *channel, const struct tcpc_open *open)
{
    if (open->listener_id != 0)
        return "only a request turns a listener into a connection";
    if (open->len > channel->layout.send_bytes)
        return "the first bytes are more than a ring holds";
    return open->is_passive && open->len > 0 ? "a listener sends nothing" : NULL;
}

enum tcpc_code tcpc_stream_open_with(struct tcpc_channel *channel, const struct tcpc_open *open,
                                     struct tcpc_stream **ret_stream, struct tcpc_error *ret_error)
{
    enum tcpc_code code;
    const char *wrong = what_is_wrong(channel, open);
    tcpci_error_clear(ret_error);
    if (wrong != NULL)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE, "%s", wrong);
    struct tcpc_stream *stream = take_stream(channel, &code, ret_error);
    if (stream == NULL)
        return code;
    code = start(stream, open, ret_error);
    if (code == TCPC_OK)
        code = conclude(stream, open->is_passive ? ANSWER_MAX_MS : open->wait_ms, ret_stream,
                        ret_error);
    if (code == TCPC_OK && open->is_passive)
        post_acceptors(stream);
    return code;
}

/* The oldest acceptor that has come to something; NULL: none has. */
static struct tcpc_stream *take_acceptor(struct tcpc_stream *listener)
{
    for (unsigned i = 0; i < listener->acceptor_count; i++) {
        struct tcpc_stream *stream = listener->acceptors[i];
        if (tcpc_stream_code(stream) == TCPC_AGAIN && state_of(stream) != CHANNEL_OPENING)
            continue;
        listener->acceptor_count--;
        memmove(&listener->acceptors[i], &listener->acceptors[i + 1],
                (listener->acceptor_count - i) * sizeof(listener->acceptors[0]));
        stream->listener = NULL;
        return stream;
    }
    return NULL;
}

enum tcpc_code tcpc_stream_accept(struct tcpc_stream *listener, uint32_t wait_ms,
                                  struct tcpc_stream **ret_stream, struct tcpc_error *ret_error)
{
    int64_t until_ms = tcpci_clock_until_ms(wait_ms);
    struct tcpc_stream *stream;
    tcpci_error_clear(ret_error);
    post_acceptors(listener);
    while ((stream = take_acceptor(listener)) == NULL) {
        if (listener->channel->is_dead)
            return fail(listener, TCPC_UNREACHABLE, ret_error);
        if (wait_ms == 0 || !tcpci_shared_wait(listener->channel, CHANNEL_NEWS_MATTER, until_ms))
            return fail(listener, TCPC_AGAIN, ret_error);
    }
    enum tcpc_code code = tcpc_stream_code(stream);
    if (code == TCPC_OK || code == TCPC_AGAIN) {
        post_acceptors(listener);
        *ret_stream = stream;
        return TCPC_OK;
    }
    code = fail(stream, code, ret_error);
    tcpc_stream_abort(stream);
    return code;
}

/* False: the daemon does not answer. */
static bool await_answer(struct tcpc_stream *stream)
{
    int64_t until_ms = tcpci_clock_until_ms(ANSWER_MAX_MS);
    while (!tcpci_shared_is_answered(stream) && !stream->channel->is_dead)
        if (!tcpci_shared_wait(stream->channel, CHANNEL_NEWS_ANSWER, until_ms))
            break;
    return tcpci_shared_is_answered(stream);
}

/* It need not be open yet: a server's, whose SYN brought data, is not (RFC 7413). */
static enum tcpc_code await_move(struct tcpc_stream *stream)
{
    bool is_answered = await_answer(stream);
    enum tcpc_code code = tcpc_stream_code(stream);
    bool is_moved = is_answered && state_of(stream) == CHANNEL_OPENING;
    return is_moved && code == TCPC_AGAIN ? TCPC_OK : code;
}

enum tcpc_code tcpc_stream_move(struct tcpc_channel *channel, struct tcpc_client *client,
                                uint64_t id, struct tcpc_stream **ret_stream,
                                struct tcpc_error *ret_error)
{
    return tcpc_stream_borrow(channel, client, id, TCPC_BOTH_WAYS, ret_stream, ret_error);
}

enum tcpc_code tcpc_stream_borrow(struct tcpc_channel *channel, struct tcpc_client *client,
                                  uint64_t id, enum tcpc_way way, struct tcpc_stream **ret_stream,
                                  struct tcpc_error *ret_error)
{
    struct tcpc_response *response;
    tcpci_stream_release(client, id); /* what it has handed out is not read again */
    enum tcpc_code code = tcpc_status(client, id, &response, ret_error);
    if (code != TCPC_OK)
        return code;
    uint64_t written = response->u.status.send_accepted;
    uint64_t released = response->u.status.receive_released;
    tcpc_response_free(response);
    struct tcpc_stream *stream = take_stream(channel, &code, ret_error);
    if (stream == NULL)
        return code;
    struct channel_slot *slot = tcpci_shared_slot(stream);
    stream->written = written;
    stream->released = stream->released_told = released;
    atomic_store_explicit(&slot->written, written, memory_order_relaxed);
    atomic_store_explicit(&slot->released, released, memory_order_relaxed);
    atomic_store_explicit(&slot->id, id, memory_order_relaxed);
    atomic_store_explicit(&slot->argument, (uint32_t)way, memory_order_relaxed);
    tcpci_shared_ask(stream, CHANNEL_OP_MOVE);
    code = await_move(stream);
    if (code == TCPC_OK) {
        tcpci_stream_end(client, id); /* should it come back, the daemon says where it is */
        stream->client = client;
        *ret_stream = stream;
        return TCPC_OK;
    }
    code = fail(stream, code, ret_error);
    tcpc_stream_abort(stream);
    return code;
}

/* What the client has sent or received by requests meanwhile is in the daemon's positions. */
static void forget_requests(const struct tcpc_stream *stream)
{
    if (stream->client == NULL)
        return;
    tcpci_stream_release(stream->client, tcpc_stream_id(stream));
    tcpci_stream_end(stream->client, tcpc_stream_id(stream));
}

enum tcpc_code tcpc_stream_give_back(struct tcpc_stream *stream, struct tcpc_error *ret_error)
{
    enum tcpc_code code = TCPC_UNREACHABLE;
    tcpci_error_clear(ret_error);
    if (await_answer(stream)) {
        forget_requests(stream);
        tcpci_shared_ask(stream, CHANNEL_OP_RETURN);
        code = await_answer(stream)
                   ? (enum tcpc_code)atomic_load(&tcpci_shared_slot(stream)->argument)
                   : TCPC_UNREACHABLE;
    }
    if (code != TCPC_OK)
        return fail(stream, code, ret_error);
    tcpci_shared_put(stream);
    return TCPC_OK;
}

/* --- options ---------------------------------------------------------------------------------- */

/* False: it is too long for any option. */
static bool text_put(char *place, size_t size, const char *text)
{
    bool fits = strlen(text) <= size;
    if (fits)
        memcpy(place, text, strlen(text));
    return fits;
}

/* What the request for it lies over. */
struct named {
    struct channel_endpoint local, remote;
    uint64_t id;
};

static struct named name_of(struct channel_slot *slot)
{
    return (struct named){slot->local, slot->remote,
                          atomic_load_explicit(&slot->id, memory_order_relaxed)};
}

static void name_again(struct channel_slot *slot, const struct named *named)
{
    slot->local = named->local;
    slot->remote = named->remote;
    atomic_store_explicit(&slot->id, named->id, memory_order_relaxed);
}

static enum tcpc_code ask_for_option(struct tcpc_stream *stream, const char option[24],
                                     const char text[20], int64_t value)
{
    struct channel_slot *slot = tcpci_shared_slot(stream);
    struct named named = name_of(slot);
    memcpy(slot->option, option, sizeof(slot->option));
    memcpy(slot->text, text, sizeof(slot->text));
    atomic_store_explicit(&slot->id, (uint64_t)value, memory_order_relaxed);
    tcpci_shared_ask(stream, CHANNEL_OP_SET);
    bool is_answered = await_answer(stream);
    name_again(slot, &named);
    if (!is_answered)
        return stream->channel->is_dead ? TCPC_UNREACHABLE : TCPC_AGAIN;
    return (enum tcpc_code)atomic_load_explicit(&slot->argument, memory_order_relaxed);
}

static enum tcpc_code set_option(struct tcpc_stream *stream, const char *name, int64_t value,
                                 const char *algorithm)
{
    char option[sizeof(((struct channel_slot *)NULL)->option)] = {0};
    char text[sizeof(((struct channel_slot *)NULL)->text)] = {0};
    if (!text_put(option, sizeof(option), name) || !text_put(text, sizeof(text), algorithm))
        return TCPC_INVALID_ARGUMENT;
    if (!await_answer(stream))
        return stream->channel->is_dead ? TCPC_UNREACHABLE : TCPC_AGAIN;
    return ask_for_option(stream, option, text, value);
}

enum tcpc_code tcpc_stream_set_option(struct tcpc_stream *stream, const char *name, int64_t value,
                                      struct tcpc_error *ret_error)
{
    tcpci_error_clear(ret_error);
    enum tcpc_code code = set_option(stream, name, value, "");
    if (code == TCPC_INVALID_ARGUMENT)
        return tcpci_error_set(ret_error, code, TCPC_HINT_NONE,
                               "there is no option \"%s\", or %" PRId64 " is out of its range",
                               name, value);
    return code == TCPC_OK ? code : fail(stream, code, ret_error);
}

enum tcpc_code tcpc_stream_set_congestion_control(struct tcpc_stream *stream, const char *name,
                                                  struct tcpc_error *ret_error)
{
    tcpci_error_clear(ret_error);
    enum tcpc_code code = set_option(stream, "congestion_control", 0, name);
    if (code == TCPC_INVALID_ARGUMENT)
        return tcpci_error_set(ret_error, code, TCPC_HINT_NONE,
                               "there is no congestion control \"%s\"", name);
    return code == TCPC_OK ? code : fail(stream, code, ret_error);
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* The part [from, from + len) of a ring, in one or two pieces. */
static void spans_of(uint8_t *ring, uint32_t ring_bytes, uint64_t from, size_t len,
                     struct tcpc_span ret_spans[2])
{
    size_t at = (size_t)(from & (ring_bytes - 1));
    size_t first = ring_bytes - at < len ? ring_bytes - at : len;
    ret_spans[0] = (struct tcpc_span){ring + at, first};
    ret_spans[1] = (struct tcpc_span){ring, len - first};
}

size_t tcpc_stream_peek(struct tcpc_stream *stream, struct tcpc_span ret_spans[2])
{
    struct tcpc_channel *channel = stream->channel;
    const struct channel_slot *slot = tcpci_shared_slot(stream);
    uint64_t received = stream->released;
    if (state_of(stream) >= CHANNEL_OPEN && tcpci_shared_is_answered(stream))
        received = atomic_load_explicit(&slot->received, memory_order_acquire);
    size_t len = received > stream->released ? (size_t)(received - stream->released) : 0;
    spans_of(channel_receive_ring(&channel->layout, channel->head, stream->slot),
             channel->layout.receive_bytes, stream->released, len, ret_spans);
    return len;
}

void tcpc_stream_release(struct tcpc_stream *stream, size_t len)
{
    stream->released += len;
    atomic_store_explicit(&tcpci_shared_slot(stream)->released, stream->released,
                          memory_order_release);
    /* The daemon sees it by itself when the next bytes come, for which there is room. */
    if (stream->released - stream->released_told < stream->channel->layout.receive_bytes / 8)
        return;
    stream->released_told = stream->released;
    tcpci_shared_kick(stream);
}

static size_t room_of(const struct tcpc_stream *stream)
{
    const struct channel_slot *slot = tcpci_shared_slot(stream);
    uint64_t acked = tcpci_shared_is_answered(stream) ? atomic_load(&slot->acked) : 0;
    uint64_t used = stream->written - acked;
    uint32_t size = stream->channel->layout.send_bytes;
    return used < size ? (size_t)(size - used) : 0;
}

size_t tcpc_stream_reserve(struct tcpc_stream *stream, size_t want, struct tcpc_span ret_spans[2])
{
    struct tcpc_channel *channel = stream->channel;
    tcpci_shared_claim(stream);
    size_t room = room_of(stream);
    if (room < want) {
        atomic_store(&tcpci_shared_slot(stream)->wants_room, 1);
        room = room_of(stream); /* it may have come before the daemon knew */
    }
    spans_of(channel_send_ring(&channel->layout, channel->head, stream->slot),
             channel->layout.send_bytes, stream->written, room, ret_spans);
    return room;
}

void tcpc_stream_commit(struct tcpc_stream *stream, size_t len)
{
    stream->written += len;
    struct channel_slot *slot = tcpci_shared_slot(stream);
    atomic_store_explicit(&slot->written, stream->written, memory_order_release);
    atomic_store_explicit(&slot->writes, 0, memory_order_release);
    tcpci_shared_kick(stream);
}

bool tcpc_stream_is_at_end(const struct tcpc_stream *stream)
{
    const struct channel_slot *slot = tcpci_shared_slot(stream);
    if (!tcpci_shared_is_answered(stream) || state_of(stream) < CHANNEL_OPEN ||
        atomic_load_explicit(&slot->is_end, memory_order_acquire) == 0)
        return false;
    return atomic_load_explicit(&slot->received, memory_order_acquire) == stream->released;
}

static size_t read_now(struct tcpc_stream *stream, uint8_t *buffer, size_t len)
{
    struct tcpc_span spans[2];
    size_t there = tcpc_stream_peek(stream, spans);
    if (len > there)
        len = there;
    size_t first = len < spans[0].len ? len : spans[0].len;
    if (len == 0)
        return 0;
    memcpy(buffer, spans[0].bytes, first);
    memcpy(buffer + first, spans[1].bytes, len - first);
    tcpc_stream_release(stream, len);
    return len;
}

enum tcpc_code tcpc_stream_read(struct tcpc_stream *stream, void *buffer, size_t len,
                                uint32_t wait_ms, size_t *ret_len, struct tcpc_error *ret_error)
{
    int64_t until_ms = tcpci_clock_until_ms(wait_ms);
    tcpci_error_clear(ret_error);
    for (;;) {
        enum tcpc_code code = tcpc_stream_code(stream);
        *ret_len = read_now(stream, buffer, len);
        if (*ret_len > 0 || tcpc_stream_is_at_end(stream))
            return TCPC_OK;
        if (code == TCPC_OK && state_of(stream) == CHANNEL_ENDED)
            code = TCPC_CONNECTION_CLOSING; /* nothing can come: somebody else has closed it */
        if (code != TCPC_OK && code != TCPC_AGAIN)
            return fail(stream, code, ret_error);
        if (wait_ms == 0 || (!tcpci_shared_wait(stream->channel, CHANNEL_NEWS_MATTER, until_ms) &&
                             !stream->channel->is_dead))
            return fail(stream, TCPC_AGAIN, ret_error);
    }
}

/* TCPC_OK and TCPC_AGAIN: it may be written. */
static enum tcpc_code write_code(const struct tcpc_stream *stream)
{
    enum tcpc_code code = tcpc_stream_code(stream);
    if (code == TCPC_OK && state_of(stream) == CHANNEL_OPEN)
        code = (enum tcpc_code)atomic_load_explicit(&tcpci_shared_slot(stream)->code,
                                                    memory_order_acquire);
    return code;
}

static size_t write_now(struct tcpc_stream *stream, const uint8_t *data, size_t len)
{
    struct tcpc_span spans[2];
    size_t room = tcpc_stream_reserve(stream, len, spans);
    if (len > room)
        len = room;
    size_t first = len < spans[0].len ? len : spans[0].len;
    if (len == 0) {
        atomic_store_explicit(&tcpci_shared_slot(stream)->writes, 0, memory_order_release);
        return 0;
    }
    memcpy(spans[0].bytes, data, first);
    memcpy(spans[1].bytes, data + first, len - first);
    tcpc_stream_commit(stream, len);
    return len;
}

enum tcpc_code tcpc_stream_write(struct tcpc_stream *stream, const void *data, size_t len,
                                 uint32_t wait_ms, size_t *ret_len, struct tcpc_error *ret_error)
{
    int64_t until_ms = tcpci_clock_until_ms(wait_ms);
    tcpci_error_clear(ret_error);
    *ret_len = 0;
    if (stream->is_finished)
        return fail(stream, TCPC_CONNECTION_CLOSING, ret_error);
    for (;;) {
        enum tcpc_code code = write_code(stream);
        if (code != TCPC_OK && code != TCPC_AGAIN)
            return fail(stream, code, ret_error);
        *ret_len += write_now(stream, (const uint8_t *)data + *ret_len, len - *ret_len);
        if (*ret_len == len || (wait_ms == 0 && *ret_len > 0))
            return TCPC_OK;
        if (wait_ms == 0 || (!tcpci_shared_wait(stream->channel, CHANNEL_NEWS_MATTER, until_ms) &&
                             !stream->channel->is_dead))
            return *ret_len > 0 ? TCPC_OK : fail(stream, TCPC_AGAIN, ret_error);
    }
}

/* --- the end ---------------------------------------------------------------------------------- */

void tcpc_stream_shutdown(struct tcpc_stream *stream)
{
    stream->is_finished = true;
    atomic_store_explicit(&tcpci_shared_slot(stream)->finished, 1, memory_order_release);
    tcpci_shared_kick(stream);
}

static void give_up(struct tcpc_stream *stream, uint32_t op)
{
    for (unsigned i = 0; i < stream->acceptor_count; i++)
        give_up(stream->acceptors[i], CHANNEL_OP_ABORT);
    stream->acceptor_count = 0;
    stream->listener = NULL;
    tcpci_shared_end(stream, op);
}

void tcpc_stream_close(struct tcpc_stream *stream)
{
    give_up(stream, CHANNEL_OP_CLOSE);
}

void tcpc_stream_abort(struct tcpc_stream *stream)
{
    give_up(stream, CHANNEL_OP_ABORT);
}

/* --- what it is ------------------------------------------------------------------------------- */

void tcpc_stream_set_user(struct tcpc_stream *stream, void *user)
{
    stream->user = user;
}

void *tcpc_stream_user(const struct tcpc_stream *stream)
{
    return stream->user;
}

uint64_t tcpc_stream_id(const struct tcpc_stream *stream)
{
    return tcpci_shared_is_answered(stream) ? atomic_load(&tcpci_shared_slot(stream)->id) : 0;
}

struct tcpc_endpoint tcpc_stream_local(const struct tcpc_stream *stream)
{
    return endpoint_get(&tcpci_shared_slot(stream)->local);
}

struct tcpc_endpoint tcpc_stream_remote(const struct tcpc_stream *stream)
{
    return endpoint_get(&tcpci_shared_slot(stream)->remote);
}

#include "lane.h"

/* A channel belongs to one thread at a time, so every call of it is made under the lock, and none
 * of them waits. A thread with nothing to do polls the channel's descriptor, without the lock; a
 * second one waits for the first one's news. */

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "cli_clock.h"

enum {
    STREAMS = 2, /* one, and the one before it, which is being closed */
    RING_BYTES = 4 * 1024 * 1024,
    TURN_MS = 200, /* then the other may look */
    RETURN_TRIES = 500
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct tcpc_channel *channel; /* the program's */
    bool is_polled;
} lanes = {.lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};

/* --- life ------------------------------------------------------------------------------------- */

static bool make_channel(const struct tcpc_client *client)
{
    const struct tcpc_channel_options options = {.url = tcpc_client_url(client),
                                                 .streams_max = STREAMS,
                                                 .send_bytes = RING_BYTES,
                                                 .receive_bytes = RING_BYTES};
    return lanes.channel != NULL || tcpc_channel_new(&options, &lanes.channel, NULL) == TCPC_OK;
}

void lane_open(struct lane *ret_lane, struct tcpc_client *client, uint64_t id)
{
    lane_borrow(ret_lane, client, id, TCPC_BOTH_WAYS);
}

void lane_borrow(struct lane *ret_lane, struct tcpc_client *client, uint64_t id, enum tcpc_way way)
{
    *ret_lane = (struct lane){.client = client, .id = id, .send_error.code = TCPC_OK};
    pthread_mutex_lock(&lanes.lock);
    if (make_channel(client) &&
        tcpc_stream_borrow(lanes.channel, client, id, way, &ret_lane->stream, NULL) != TCPC_OK) {
        ret_lane->stream = NULL;
        tcpc_channel_free(lanes.channel); /* the daemon may have ended it: a new one next time */
        lanes.channel = NULL;
    }
    pthread_mutex_unlock(&lanes.lock);
}

void lane_close(struct lane *lane)
{
    pthread_mutex_lock(&lanes.lock);
    if (lane->stream != NULL)
        tcpc_stream_close(lane->stream);
    lane->stream = NULL;
    pthread_mutex_unlock(&lanes.lock);
}

/* --- waiting; the lock is held ---------------------------------------------------------------- */

static int turn_ms(int64_t until_ms)
{
    int64_t left_ms = until_ms - cli_now_ms();
    return left_ms < 0 ? 0 : left_ms < TURN_MS ? (int)left_ms : TURN_MS;
}

/* True: there was some. Then its descriptor may not tell of what came since. */
static bool take_news(void)
{
    bool has_news = false;
    while (tcpc_channel_next(lanes.channel) != NULL)
        has_news = true;
    return has_news;
}

/* For something to happen, or a while. */
static void wait_for_news(int64_t until_ms)
{
    if (lanes.is_polled) {
        pthread_cond_wait(&lanes.news, &lanes.lock);
        return;
    }
    if (!take_news()) {
        struct pollfd fds = {.fd = tcpc_channel_descriptor(lanes.channel), .events = POLLIN};
        lanes.is_polled = true;
        pthread_mutex_unlock(&lanes.lock);
        poll(&fds, 1, turn_ms(until_ms));
        pthread_mutex_lock(&lanes.lock);
        lanes.is_polled = false;
    }
    pthread_cond_broadcast(&lanes.news);
}

static int64_t until_of(uint32_t wait_ms)
{
    return wait_ms == TCPC_WAIT_FOREVER ? INT64_MAX : cli_now_ms() + wait_ms;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static enum tcpc_code send_by_channel(struct lane *lane, const uint8_t *data, size_t len,
                                      uint32_t wait_ms, struct tcpc_error *ret_error)
{
    int64_t until_ms = until_of(wait_ms);
    enum tcpc_code code = TCPC_OK;
    pthread_mutex_lock(&lanes.lock);
    while (len > 0) {
        size_t taken = 0;
        code = tcpc_stream_write(lane->stream, data, len, 0, &taken, ret_error);
        data += taken;
        len -= taken;
        if (taken > 0)
            until_ms = until_of(wait_ms); /* wait_ms is for each progress */
        if (len == 0 || (code != TCPC_OK && code != TCPC_AGAIN) || cli_now_ms() >= until_ms)
            break;
        wait_for_news(until_ms);
    }
    pthread_mutex_unlock(&lanes.lock);
    if (len == 0 || (code != TCPC_OK && code != TCPC_AGAIN))
        return code;
    *ret_error =
        (struct tcpc_error){.code = TCPC_AGAIN,
                            .errno_name = "EAGAIN",
                            .message = "the send buffer is full, and the peer takes no data"};
    return TCPC_AGAIN;
}

/* Whether something that was written does not leave, and nobody has noted it. The lock is held. */
static bool has_send_failed(const struct lane *lane)
{
    size_t none;
    return lane->send_error.code == TCPC_OK &&
           tcpc_stream_write(lane->stream, "", 0, 0, &none, NULL) == TCPC_CONNECTION_CLOSING;
}

/* Why the daemon takes no byte; TCPC_BAD_OFFSET: it would. */
static enum tcpc_code ask_for_send_error(const struct lane *lane, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_SEND};
    struct tcpc_response *response = NULL;
    request.u.send = (struct tcpc_send){.id = lane->id, .data = "", .offset = UINT64_MAX};
    enum tcpc_code code = tcpc_call(lane->client, &request, &response, ret_error);
    if (code == TCPC_OK)
        tcpc_response_free(response);
    return code;
}

/* Asks for the reason while the daemon is there. The lock is held, but not meanwhile. */
static void note_send_error(struct lane *lane)
{
    struct tcpc_error error;
    pthread_mutex_unlock(&lanes.lock);
    ask_for_send_error(lane, &error);
    pthread_mutex_lock(&lanes.lock);
    lane->send_error = error;
}

static enum tcpc_code receive_by_channel(struct lane *lane, void *buffer, size_t *len,
                                         uint32_t wait_ms, struct tcpc_error *ret_error)
{
    int64_t until_ms = until_of(wait_ms);
    enum tcpc_code code;
    size_t taken;
    pthread_mutex_lock(&lanes.lock);
    while ((code = tcpc_stream_read(lane->stream, buffer, *len, 0, &taken, ret_error)) ==
               TCPC_AGAIN &&
           cli_now_ms() < until_ms) {
        wait_for_news(until_ms);
        if (has_send_failed(lane))
            note_send_error(lane);
    }
    pthread_mutex_unlock(&lanes.lock);
    *len = taken;
    return code;
}

static bool is_failure(enum tcpc_code code)
{
    return code != TCPC_OK && code != TCPC_AGAIN;
}

/* The channel is gone. Whether the daemon is, or is another one by now, the client finds out, with
 * the same patience as for any request. */
static enum tcpc_code explain_end(const struct lane *lane, struct tcpc_error *ret_error)
{
    const struct tcpc_request request = {
        .op = TCPC_OP_STATUS, .timeout_ms = TCPC_WAIT_FOREVER, .u.target.id = lane->id};
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    enum tcpc_code code = tcpc_call(lane->client, &request, &response, &error);
    if (code == TCPC_OK)
        tcpc_response_free(response);
    else
        *ret_error = error;
    return code == TCPC_OK ? TCPC_UNREACHABLE : code;
}

/* A slot has room for a code alone; the daemon says more. */
static enum tcpc_code explain(const struct lane *lane, enum tcpc_code code, bool is_send,
                              struct tcpc_error *ret_error)
{
    struct tcpc_error error;
    size_t none = 0;
    char byte;
    if (code == TCPC_UNREACHABLE)
        return explain_end(lane, ret_error);
    enum tcpc_code said = is_send ? ask_for_send_error(lane, &error)
                                  : tcpc_receive(lane->client, lane->id, &byte, &none, 0, &error);
    if (!is_failure(said) || said == TCPC_BAD_OFFSET)
        return code;
    *ret_error = error;
    return said;
}

enum tcpc_code lane_send(struct lane *lane, const void *data, size_t len, uint32_t wait_ms,
                         struct tcpc_error *ret_error)
{
    if (lane->stream == NULL)
        return tcpc_send(lane->client, lane->id, data, len, wait_ms, ret_error);
    enum tcpc_code code = send_by_channel(lane, data, len, wait_ms, ret_error);
    return is_failure(code) ? explain(lane, code, true, ret_error) : code;
}

enum tcpc_code lane_receive(struct lane *lane, void *buffer, size_t *len, uint32_t wait_ms,
                            struct tcpc_error *ret_error)
{
    if (lane->stream == NULL)
        return tcpc_receive(lane->client, lane->id, buffer, len, wait_ms, ret_error);
    enum tcpc_code code = receive_by_channel(lane, buffer, len, wait_ms, ret_error);
    return is_failure(code) ? explain(lane, code, false, ret_error) : code;
}

size_t lane_peek(struct lane *lane, const uint8_t **ret_bytes)
{
    struct tcpc_span spans[2];
    tcpc_stream_peek(lane->stream, spans);
    *ret_bytes = spans[0].bytes;
    return spans[0].len;
}

void lane_release(struct lane *lane, size_t len)
{
    tcpc_stream_release(lane->stream, len);
}

/* The daemon may have no memory for it at the moment. */
enum tcpc_code lane_give_back(struct lane *lane, struct tcpc_error *ret_error)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    enum tcpc_code code = TCPC_OK;
    if (lane->stream == NULL)
        return TCPC_OK;
    for (unsigned i = 0; i < RETURN_TRIES; i++) {
        code = tcpc_stream_give_back(lane->stream, ret_error);
        if (code != TCPC_AGAIN && code != TCPC_RESOURCES)
            break;
        nanosleep(&moment, NULL);
    }
    if (code == TCPC_OK)
        lane->stream = NULL;
    return code == TCPC_OK ? code : explain(lane, code, true, ret_error);
}

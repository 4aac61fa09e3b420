/* SP framing of the control socket: one link, its bytes cut anywhere, beside a decoder that sees
 * them all at once. HEADER_BYTES of the input say where to cut, and where to insert some kilobytes
 * of zeros for messages too long for any input; the rest is what the client sends. Requests whose
 * body begins with 'h' are answered after all others, those with 'd' never; an answer repeats its
 * request's body. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "sp/sp_link.h"
#include "sp/sp_server.h"
#include "util/log.h"

#define HEADER_BYTES 4
#define PAD_UNIT 4096
#define HELLO_BYTES 8
#define FRAME_BYTES 9
#define IDS_MAX (4 * (SP_HOPS_MAX + 1))
#define DISCARD_MAX (16u * 1024 * 1024)
#define HELD_MAX 64
#define SOCKET_TAKES 65536 /* at once, at least */
#define ROUNDS_MAX 10000
#define OUT_MAX ((size_t)2 * 1024 * 1024)

/* --- what should come out --------------------------------------------------------------------- */

struct expected {
    uint8_t *out;
    size_t len;
    struct {
        const uint8_t *message;
        size_t len;
    } held[HELD_MAX];
    unsigned held_count;
    bool is_closed;
};

/* An answer has less room than a request. */
static size_t answer_len(size_t len)
{
    return len < SP_REPLY_MAX_BYTES ? len : SP_REPLY_MAX_BYTES;
}

static void put_frame(struct expected *expected, const uint8_t *ids, size_t ids_len,
                      const uint8_t *body, size_t body_len)
{
    body_len = answer_len(body_len);
    uint64_t len = ids_len + body_len;
    uint8_t *at = expected->out + expected->len;
    *at++ = 1;
    for (unsigned shift = 64; shift > 0; at++)
        *at = (uint8_t)(len >> (shift -= 8));
    memcpy(at, ids, ids_len);
    if (body_len > 0)
        memcpy(at + ids_len, body, body_len);
    expected->len += FRAME_BYTES + (size_t)len;
}

/* The ids end with the first whose top bit is set; returns 0 if there is none. */
static size_t ids_len_of(const uint8_t *message, size_t len)
{
    for (size_t at = 0; at + 4 <= len && at < IDS_MAX; at += 4)
        if ((message[at] & 0x80) != 0)
            return at + 4;
    return 0;
}

static void expect_message(struct expected *expected, const uint8_t *message, size_t len)
{
    size_t ids_len = ids_len_of(message, len);
    uint8_t first = len > ids_len ? message[ids_len] : 0;
    if (ids_len == 0) {
        expected->is_closed = true;
    } else if (first == 'h' && expected->held_count < HELD_MAX) {
        expected->held[expected->held_count].message = message;
        expected->held[expected->held_count++].len = len;
    } else if (first != 'd') {
        put_frame(expected, message, ids_len, message + ids_len, len - ids_len);
    }
}

/* A message whose body is skipped: answered once its ids have arrived. Returns what follows it. */
static size_t expect_too_long(struct expected *expected, const uint8_t *data, size_t left,
                              uint64_t len)
{
    size_t ids_len = left >= FRAME_BYTES + IDS_MAX ? ids_len_of(data + FRAME_BYTES, IDS_MAX) : 0;
    if (left < FRAME_BYTES + IDS_MAX)
        return left;
    if (ids_len > 0)
        put_frame(expected, data + FRAME_BYTES, ids_len, (const uint8_t *)"long", 4);
    expected->is_closed = ids_len == 0 || len > DISCARD_MAX;
    return len > left - FRAME_BYTES ? left : FRAME_BYTES + (size_t)len;
}

/* One frame; returns its length, or left if it is incomplete. */
static size_t expect_frame(struct expected *expected, const uint8_t *data, size_t left)
{
    uint64_t len = 0;
    if (data[0] != 1) {
        expected->is_closed = true;
        return left;
    }
    if (left < FRAME_BYTES)
        return left;
    for (unsigned i = 1; i < FRAME_BYTES; i++)
        len = len << 8 | data[i];
    if (len > SP_MESSAGE_MAX_BYTES)
        return expect_too_long(expected, data, left, len);
    if (len > left - FRAME_BYTES)
        return left;
    expect_message(expected, data + FRAME_BYTES, (size_t)len);
    return FRAME_BYTES + (size_t)len;
}

static void expect(struct expected *expected, const uint8_t *data, size_t size)
{
    static const uint8_t theirs[HELLO_BYTES] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
    static const uint8_t ours[HELLO_BYTES] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    memcpy(expected->out, ours, sizeof(ours));
    expected->len = sizeof(ours);
    size_t have = size < HELLO_BYTES ? size : HELLO_BYTES;
    expected->is_closed = memcmp(data, theirs, have) != 0;
    for (size_t at = have; at < size && !expected->is_closed;)
        at += expect_frame(expected, data + at, size - at);
    for (unsigned i = 0; i < expected->held_count && !expected->is_closed; i++) {
        const uint8_t *message = expected->held[i].message;
        size_t len = expected->held[i].len, ids_len = ids_len_of(message, len);
        put_frame(expected, message, ids_len, message + ids_len, len - ids_len);
    }
}

/* --- what does -------------------------------------------------------------------------------- */

struct client {
    uv_loop_t loop;
    struct sp_links links;
    bool is_started;
    struct {
        struct sp_request *request;
        uint8_t *body;
        size_t len;
    } held[HELD_MAX];
    unsigned held_count;
    unsigned links_closed;
    int fd;
    bool is_closed;
    uint8_t *out;
    size_t out_len;
};

static void on_request(void *ctx, struct sp_link *link, struct sp_request *request,
                       const uint8_t *body, size_t len)
{
    struct client *client = ctx;
    (void)link;
    uint8_t first = len > 0 ? body[0] : 0;
    if (first == 'd') {
        sp_request_drop(request);
    } else if (first == 'h' && client->held_count < HELD_MAX) {
        uint8_t *copy = malloc(len);
        memcpy(copy, body, len);
        client->held[client->held_count].request = request;
        client->held[client->held_count].body = copy;
        client->held[client->held_count++].len = len;
    } else {
        sp_reply(request, body, answer_len(len));
    }
}

static void on_too_long(void *ctx, struct sp_link *link, struct sp_request *request, uint64_t len)
{
    (void)ctx;
    (void)link;
    FUZZ_CHECK(len > SP_MESSAGE_MAX_BYTES, "%llu bytes are too long", (unsigned long long)len);
    sp_reply(request, (const uint8_t *)"long", 4);
}

static void on_link_drained(void *ctx, struct sp_link *link)
{
    (void)ctx;
    (void)link;
}

static void on_link_closed(void *ctx, struct sp_link *link)
{
    (void)link;
    ((struct client *)ctx)->links_closed++;
}

/* Links without a server, for all inputs of the process. */
static void start(struct client *client)
{
    const struct sp_server_callbacks callbacks = {client,          on_request, on_too_long,
                                                  on_link_drained, NULL,       on_link_closed};
    struct sp_server_options options;
    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_LEVEL_ERROR);
    sp_server_options_init(&options);
    options.hello_timeout_ms = options.message_timeout_ms = options.stall_timeout_ms = 3600 * 1000;
    uv_loop_init(&client->loop);
    FUZZ_CHECK(sp_links_init(&client->links, &client->loop, &options, &callbacks), "no links");
    sp_links_start(&client->links);
    client->is_started = true;
    client->out = malloc(OUT_MAX);
}

static void read_out(struct client *client)
{
    ssize_t len;
    while ((len = recv(client->fd, client->out + client->out_len, OUT_MAX - client->out_len,
                       MSG_DONTWAIT)) > 0)
        client->out_len += (size_t)len;
    client->is_closed = client->is_closed || len == 0 || errno == ECONNRESET;
}

/* Runs until there is nothing left to handle or to read. */
static void turn(struct client *client)
{
    unsigned rounds = 0;
    size_t before;
    do {
        before = client->out_len;
        uv_run(&client->loop, UV_RUN_NOWAIT);
        read_out(client);
        FUZZ_CHECK(++rounds < ROUNDS_MAX, "the loop never rests");
    } while (client->out_len > before || uv_is_active((uv_handle_t *)&client->links.turns.idle));
}

static void send_pieces(struct client *client, uint8_t seed, const uint8_t *data, size_t size)
{
    uint32_t state = seed;
    for (size_t at = 0; at < size && !client->is_closed;) {
        state = state * 1664525u + 1013904223u;
        size_t piece = seed == 0 ? size : 1 + (state >> 8) % (1u << (state >> 29));
        piece *= 1 + size / PAD_UNIT; /* otherwise long inputs would take long */
        piece = piece < size - at ? piece : size - at;
        ssize_t sent = send(client->fd, data + at, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
        FUZZ_CHECK(sent > 0 || errno == EPIPE || errno == EAGAIN, "nothing was taken");
        if (sent < 0 && errno == EPIPE)
            break;
        at += sent > 0 ? (size_t)sent : 0;
        turn(client);
    }
}

static void run(struct client *client, uint8_t seed, const uint8_t *data, size_t size)
{
    const struct sp_peer peer = {.uid = 1000};
    int fds[2];
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "no sockets");
    client->fd = fds[0];
    client->is_closed = false;
    client->out_len = client->held_count = client->links_closed = 0;
    struct fair_share *share = fair_share_get(&client->links.turns.fair, peer.uid);
    FUZZ_CHECK(sp_link_start(&client->links, fds[1], &peer, share), "no link");
    fair_share_put(share);
    send_pieces(client, seed, data, size);
    turn(client);
    for (unsigned i = 0; i < client->held_count; i++) {
        sp_reply(client->held[i].request, client->held[i].body, answer_len(client->held[i].len));
        free(client->held[i].body);
    }
    turn(client);
}

static void finish(struct client *client)
{
    close(client->fd);
    for (unsigned rounds = 0; client->links_closed == 0; rounds++) {
        FUZZ_CHECK(rounds < ROUNDS_MAX, "the link outlives its client");
        uv_run(&client->loop, UV_RUN_NOWAIT);
    }
    FUZZ_CHECK(client->links.count == 0, "a link is left");
}

/* What the client sends; the caller frees it. */
static uint8_t *stream_of(const uint8_t *data, size_t size, size_t *ret_len)
{
    size_t pad = (size_t)data[1] * PAD_UNIT;
    size_t own = size - HEADER_BYTES;
    size_t where = ((size_t)data[2] << 8 | data[3]) % (own + 1);
    uint8_t *stream = calloc(1, own + pad + 1);
    memcpy(stream, data + HEADER_BYTES, where);
    memcpy(stream + where + pad, data + HEADER_BYTES + where, own - where);
    *ret_len = own + pad;
    return stream;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct client client;
    struct expected expected = {.len = 0};
    size_t len;
    if (size <= HEADER_BYTES)
        return 0;
    if (!client.is_started)
        start(&client);
    uint8_t *stream = stream_of(data, size, &len);
    /* Each frame produces one of the same length or, if it is too long, a few bytes. */
    expected.out = malloc(HELLO_BYTES + 2 * len + 64);
    expect(&expected, stream, len);
    run(&client, data[0], stream, len);
    FUZZ_CHECK(client.is_closed == expected.is_closed, "the link is %s",
               client.is_closed ? "closed" : "open");
    bool is_long = expected.len > SOCKET_TAKES; /* its end is lost when the link closes */
    FUZZ_CHECK((client.out_len == expected.len || (client.is_closed && is_long)) &&
                   client.out_len <= expected.len &&
                   memcmp(client.out, expected.out, client.out_len) == 0,
               "%zu bytes came out that are not the %zu expected", client.out_len, expected.len);
    finish(&client);
    free(stream);
    free(expected.out);
    return 0;
}

/* An echo server on libuv: any number of connections, one thread, one uv_poll_t.
 *
 *     echo_uv PORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpclient/stream.h>
#include <uv.h>

static int fail(const struct tcpc_error *error)
{
    fprintf(stderr, "echo_uv: %s; %s\n", error->message, error->hint);
    return 1;
}

/* Copies what was received straight into the send ring. */
static size_t echo_some(struct tcpc_stream *stream)
{
    struct tcpc_span from[2], to[2];
    size_t len = tcpc_stream_peek(stream, from);
    if (len == 0)
        return 0;
    size_t room = tcpc_stream_reserve(stream, len, to);
    size_t count = from[0].len < to[0].len ? from[0].len : to[0].len;
    if (room == 0)
        return 0;
    memcpy(to[0].bytes, from[0].bytes, count);
    /* Released first: if we are killed once the echo is out, nothing is left unread, which would
     * make the end a RST. */
    tcpc_stream_release(stream, count);
    tcpc_stream_commit(stream, count);
    return count;
}

static void serve(struct tcpc_stream *stream)
{
    enum tcpc_code code = tcpc_stream_code(stream);
    while (echo_some(stream) > 0)
        ;
    if (tcpc_stream_is_at_end(stream) || (code != TCPC_OK && code != TCPC_AGAIN))
        tcpc_stream_close(stream);
}

static void accept_all(struct tcpc_stream *listener)
{
    struct tcpc_stream *stream;
    while (tcpc_stream_accept(listener, 0, &stream, NULL) == TCPC_OK)
        serve(stream); /* its first bytes may have come with it */
}

struct server {
    struct tcpc_channel *channel;
    struct tcpc_stream *listener;
};

static void on_news(uv_poll_t *poll, int status, int events)
{
    struct server *server = poll->data;
    struct tcpc_stream *stream;
    (void)status;
    (void)events;
    while ((stream = tcpc_channel_next(server->channel)) != NULL)
        if (stream == server->listener)
            accept_all(server->listener);
        else
            serve(stream);
    if (tcpc_stream_code(server->listener) != TCPC_OK) /* the daemon is gone */
        uv_poll_stop(poll);
}

int main(int argc, char **argv)
{
    struct server server;
    struct tcpc_error error;
    const struct tcpc_channel_options options = {
        .streams_max = 4096, .send_bytes = 256 * 1024, .receive_bytes = 256 * 1024};
    struct tcpc_endpoint local = {.port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 7)};
    uv_poll_t poll = {.data = &server};
    if (tcpc_channel_new(&options, &server.channel, &error) != TCPC_OK ||
        tcpc_stream_listen(server.channel, &local, 0, &server.listener, &error) != TCPC_OK)
        return fail(&error);
    uv_poll_init(uv_default_loop(), &poll, tcpc_channel_descriptor(server.channel));
    uv_poll_start(&poll, UV_READABLE, on_news);
    on_news(&poll, 0, 0);
    puts("ready");
    fflush(stdout);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    tcpc_channel_free(server.channel);
    return 0;
}

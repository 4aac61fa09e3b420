/* An echo server: thousands of connections, one thread, one descriptor in epoll.
 *
 *     echo PORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <tcpclient/stream.h>

static int fail(const struct tcpc_error *error)
{
    fprintf(stderr, "echo: %s; %s\n", error->message, error->hint);
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

static void handle_news(struct tcpc_channel *channel, struct tcpc_stream *listener)
{
    struct tcpc_stream *stream;
    while ((stream = tcpc_channel_next(channel)) != NULL)
        if (stream == listener)
            accept_all(listener);
        else
            serve(stream);
}

int main(int argc, char **argv)
{
    struct tcpc_channel *channel;
    struct tcpc_stream *listener;
    struct tcpc_error error;
    const struct tcpc_channel_options options = {
        .streams_max = 4096, .send_bytes = 256 * 1024, .receive_bytes = 256 * 1024};
    struct tcpc_endpoint local = {.port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 7)};
    if (tcpc_channel_new(&options, &channel, &error) != TCPC_OK ||
        tcpc_stream_listen(channel, &local, 0, &listener, &error) != TCPC_OK)
        return fail(&error);
    struct epoll_event event = {.events = EPOLLIN};
    int loop = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(loop, EPOLL_CTL_ADD, tcpc_channel_descriptor(channel), &event);
    puts("ready");
    fflush(stdout);
    while (tcpc_stream_code(listener) == TCPC_OK) {
        handle_news(channel, listener);
        epoll_wait(loop, &event, 1, -1);
    }
    tcpc_channel_free(channel);
    return 0;
}

/* Streams over a channel: memory shared with tcpengined, for programs that care for each byte and
 * each microsecond. The same rights and limits as over the control socket (tcpclient.h).
 *
 *     struct tcpc_channel *channel;
 *     struct tcpc_stream *listener, *stream;
 *     tcpc_channel_new(NULL, &channel, &error);
 *     tcpc_stream_listen(channel, &(struct tcpc_endpoint){.port = 7}, 0, &listener, &error);
 *     poll, epoll or libuv: tcpc_channel_descriptor(channel) is readable
 *     while ((stream = tcpc_channel_next(channel)) != NULL)
 *         accept from it, read and write it, until TCPC_AGAIN
 *
 * A channel costs two descriptors, one of them in an event loop, however many streams it has: a
 * stream costs no descriptor and no system call of its own. Nothing here starts a thread.
 *
 * Threads. A channel, with all its streams, belongs to one thread at a time.
 *
 * Blocking. A call with wait_ms returns at once if that is 0, else when it has done something or
 * the time is up: TCPC_AGAIN. TCPC_WAIT_FOREVER waits without limit. While it waits it takes in
 * what happens to other streams; tcpc_channel_next() reports that afterwards.
 *
 * Errors. As in tcpclient.h. TCPC_UNREACHABLE: the daemon is gone, or has ended the channel; free
 * it.
 *
 * Memory. Each stream has a ring for each direction, of which a page costs something when it is
 * first written. Bytes between commit and acknowledgement belong to TCP: a program that changes
 * them sends what is there when a segment leaves. */
#ifndef TCPCLIENT_STREAM_H
#define TCPCLIENT_STREAM_H

#include <tcpclient/tcpclient.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tcpc_channel;
struct tcpc_stream;

struct tcpc_channel_options {
    const char *url;        /* of the control socket; NULL as in struct tcpc_options */
    uint32_t streams_max;   /* connections and listeners, 1 to 4096; 0: 1024 */
    uint32_t send_bytes;    /* of each stream's rings: powers of two, 64 KiB to 4 MiB; 0: 1 MiB */
    uint32_t receive_bytes; /* the window is nearly as large; 0: 4 MiB */
    bool aborts;            /* what is open at the end is reset, and not closed */
    uint32_t spin_us;       /* blocking calls look for so long before they sleep; 0: not at all */
};

/* Sets a channel up. options may be NULL: all defaults.
 *
 * TCPC_INVALID_ARGUMENT: options. TCPC_UNREACHABLE, TCPC_PERMISSION: as for tcpc_client_new().
 * TCPC_RESOURCES: the daemon has no room for one more (channels_per_uid_max, channels_max), or no
 * descriptors. TCPC_PROTOCOL: it is of another version. TCPC_NO_MEMORY. */
enum tcpc_code tcpc_channel_new(const struct tcpc_channel_options *options,
                                struct tcpc_channel **ret_channel, struct tcpc_error *ret_error);
/* What is open is closed or reset by the daemon; all streams are invalid. NULL is legal. */
void tcpc_channel_free(struct tcpc_channel *channel);

/* Becomes readable when tcpc_channel_next() has something; do not read or close it. It only works
 * once tcpc_channel_next() has returned NULL: call it until then before each wait, the first
 * included. */
int tcpc_channel_descriptor(const struct tcpc_channel *channel);
/* The next stream about which there is news: a listener with something to accept; a stream that has
 * opened, can be read or, after a write that found no room, written, or has ended. In vain at
 * times: then its calls return TCPC_AGAIN. NULL: no news. */
struct tcpc_stream *tcpc_channel_next(struct tcpc_channel *channel);

/* Active OPEN from local (NULL: chosen) to remote. Waits for the end of the handshake, if wait_ms
 * is not 0; otherwise bytes may be written at once, and leave after it.
 *
 * TCPC_RESOURCES: streams_max are in use, besides what the daemon refuses; if some of them are
 * being closed, the call waits for one of these. Else the codes of tcpc_open_active(), with wait_ms
 * 0 by the calls that follow; the stream is closed already. */
enum tcpc_code tcpc_stream_open(struct tcpc_channel *channel, const struct tcpc_endpoint *local,
                                const struct tcpc_endpoint *remote, uint32_t wait_ms,
                                struct tcpc_stream **ret_stream, struct tcpc_error *ret_error);
/* Passive OPEN. Waits for the daemon's answer. Codes of tcpc_listen(). A listener takes up to 16
 * streams ahead, which count. */
enum tcpc_code tcpc_stream_listen(struct tcpc_channel *channel, const struct tcpc_endpoint *local,
                                  uint32_t backlog, struct tcpc_stream **ret_listener,
                                  struct tcpc_error *ret_error);
/* Active or passive OPEN with everything that tcpc_call() offers for it: one peer alone for a
 * listener, Fast Open, and the stream's first bytes, which leave with the SYN where RFC 7413 allows
 * it. All of data is taken; it may be as long as a ring. token does not count: a stream opens once.
 *
 * TCPC_INVALID_ARGUMENT: listener_id is not 0, or data is too long, or a listener's. Otherwise as
 * tcpc_stream_open() and tcpc_stream_listen(). */
enum tcpc_code tcpc_stream_open_with(struct tcpc_channel *channel, const struct tcpc_open *open,
                                     struct tcpc_stream **ret_stream, struct tcpc_error *ret_error);
/* The next connection of a listener. TCPC_AGAIN: nobody has connected. */
enum tcpc_code tcpc_stream_accept(struct tcpc_stream *listener, uint32_t wait_ms,
                                  struct tcpc_stream **ret_stream, struct tcpc_error *ret_error);
/* Moves a connection that client has opened or accepted onto the channel: from now on send and
 * receive here alone, until tcpc_stream_close(), or until the channel's end gives it back. The
 * client may still shut it down, close and abort it, behind what was written here. Both have the
 * same uid. It may be opening, or half closed by either side; bytes on their way, or not read yet,
 * are no matter.
 *
 * TCPC_BAD_OFFSET: the client has calls out for it; wait for them. TCPC_RESOURCES: what it holds,
 * or the window that its peer has, is more than the rings: read some, and try again.
 * TCPC_BAD_STATE: it is a listener, in a channel already, closed by its user, or over: what is left
 * to be read of it, only tcpc_receive() gets. TCPC_RESET and others that end a connection: it has
 * failed. TCPC_NOT_FOUND, TCPC_PERMISSION. */
enum tcpc_code tcpc_stream_move(struct tcpc_channel *channel, struct tcpc_client *client,
                                uint64_t id, struct tcpc_stream **ret_stream,
                                struct tcpc_error *ret_error);

enum tcpc_way { TCPC_BOTH_WAYS, TCPC_SENDS, TCPC_RECEIVES };
/* The same for one direction: the stream only sends, or only receives. The other direction stays
 * with requests, of this program or another: they go on while the stream is used. */
enum tcpc_code tcpc_stream_borrow(struct tcpc_channel *channel, struct tcpc_client *client,
                                  uint64_t id, enum tcpc_way way, struct tcpc_stream **ret_stream,
                                  struct tcpc_error *ret_error);
/* What was moved or borrowed goes back to requests, behind what was written and released; the
 * stream is gone with TCPC_OK. The client must be there still, and have no call out for it. The
 * channel's end does the same, unless there is no memory: then it resets.
 *
 * TCPC_AGAIN: the daemon has not taken all that was written, as memory is short. TCPC_RESOURCES: it
 * has no memory for what is to be sent and read. Try again. TCPC_BAD_STATE: it was opened or
 * accepted here. Others: why part of what was written does not leave; close it. */
enum tcpc_code tcpc_stream_give_back(struct tcpc_stream *stream, struct tcpc_error *ret_error);

/* An option of the stream's connection, from now on, also while it opens: names, values, meanings
 * and codes are those of tcpc_set_option() ("nagle", "keepalive", "user_timeout_ms"; tcpctl set
 * lists them). Waits for the daemon's answer, and for that to the OPEN before, but not for the
 * peer. TCPC_AGAIN: it has not answered for 5 s, and may have set it or not. There is no option for
 * lingering: tcpc_stream_abort() resets, and tcpc_close() with wait_ms waits until the FIN behind
 * everything is acknowledged. */
enum tcpc_code tcpc_stream_set_option(struct tcpc_stream *stream, const char *name, int64_t value,
                                      struct tcpc_error *ret_error);
/* "cubic", "reno", "bbr": as tcpc_set_congestion_control(). */
enum tcpc_code tcpc_stream_set_congestion_control(struct tcpc_stream *stream, const char *name,
                                                  struct tcpc_error *ret_error);

/* Bytes into buffer, at least 1 unless the stream has ended: then 0, with TCPC_OK. */
enum tcpc_code tcpc_stream_read(struct tcpc_stream *stream, void *buffer, size_t len,
                                uint32_t wait_ms, size_t *ret_len, struct tcpc_error *ret_error);
/* Takes at least 1 byte of data, as many as there is room for; with wait_ms as many as that time
 * allows. TCPC_CONNECTION_CLOSING: after shutdown; or a request or the daemon's stop has closed the
 * connection, and what was written last may not have left. */
enum tcpc_code tcpc_stream_write(struct tcpc_stream *stream, const void *data, size_t len,
                                 uint32_t wait_ms, size_t *ret_len, struct tcpc_error *ret_error);

/* A piece of a ring. */
struct tcpc_span {
    uint8_t *bytes;
    size_t len;
};
/* What can be read, in place, in one or two pieces (an unused one has length 0). Returns how many
 * bytes; 0: none yet, or the end. Valid until tcpc_stream_release(), which frees the first len of
 * them. */
size_t tcpc_stream_peek(struct tcpc_stream *stream, struct tcpc_span ret_spans[2]);
void tcpc_stream_release(struct tcpc_stream *stream, size_t len);
/* Where the next bytes can be written, in place. Returns how many fit. tcpc_stream_commit() sends
 * the first len of them; until then, even if it is of 0, an idle stream keeps the pages of its send
 * ring. If fewer than want fit, news comes when there is more room. */
size_t tcpc_stream_reserve(struct tcpc_stream *stream, size_t want, struct tcpc_span ret_spans[2]);
void tcpc_stream_commit(struct tcpc_stream *stream, size_t len);
/* The peer has sent FIN, and everything was read. */
bool tcpc_stream_is_at_end(const struct tcpc_stream *stream);
/* TCPC_OK while the stream lives, and after an orderly end; TCPC_AGAIN during the handshake; else
 * why it failed. */
enum tcpc_code tcpc_stream_code(const struct tcpc_stream *stream);

/* FIN behind what was written; reading goes on. */
void tcpc_stream_shutdown(struct tcpc_stream *stream);
/* Gives the stream up: FIN behind what was written, or, if received bytes were not read, RST. */
void tcpc_stream_close(struct tcpc_stream *stream);
/* Gives it up with RST. */
void tcpc_stream_abort(struct tcpc_stream *stream);

/* A pointer of the user's; NULL at first. */
void tcpc_stream_set_user(struct tcpc_stream *stream, void *user);
void *tcpc_stream_user(const struct tcpc_stream *stream);
/* Of the connection or listener, for tcpc_status() and tcpctl; 0: the daemon has not answered yet.
 */
uint64_t tcpc_stream_id(const struct tcpc_stream *stream);
/* Unspecified until the handshake is over. */
struct tcpc_endpoint tcpc_stream_local(const struct tcpc_stream *stream);
struct tcpc_endpoint tcpc_stream_remote(const struct tcpc_stream *stream);

#ifdef __cplusplus
}
#endif

#endif

/* The Scalability Protocols' REP over a Unix socket, as its users see it: what nng, nanomsg, mangos
 * and pynng speak as REQ.
 *
 * Theory of operation: a link is one connected client. Requests come in by a callback and are
 * answered by sp_reply(), at once or later, in any order. Whatever a client sends, leaves unread or
 * breaks off costs this client only: every queue has a limit in sp_server_options and a counter in
 * SP_COUNTER_LIST.
 *
 *   sp_server    accepts links, and limits how many there may be
 *   sp_link      one link: greeting, frames, output
 *   sp_schedule  when and in which order links run: deadlines and turns
 *   sp_socket    the listening socket and its file
 *   sp_peer      who is at the other end
 *
 * Each calls only those below it. */
#ifndef TCPENGINED_SP_H
#define TCPENGINED_SP_H

#include <stddef.h>
#include <stdint.h>

#include "sp/sp_peer.h"

/* Longest message either way, header of request ids included (4 bytes, behind devices 4 more for
 * each). */
#define SP_MESSAGE_MAX_BYTES ((size_t)256 * 1024)
/* Request ids that devices between client and daemon may have stacked up, the client's not counted.
 */
#define SP_HOPS_MAX 8

#define SP_LINKS_PER_UID_MAX_DEFAULT 16
#define SP_LINKS_MAX_DEFAULT 256

struct sp_server_options {
    const char *path;  /* of the socket; copied */
    gid_t control_gid; /* group of the socket's file; SP_PEER_NO_GROUP: the daemon's */
    gid_t admin_gid;   /* its members are admins; SP_PEER_NO_GROUP: nobody */
    unsigned links_per_uid_max;
    unsigned links_max;
    unsigned links_reserve;     /* beyond both, for uid 0 alone; default 8 */
    unsigned requests_per_turn; /* of one link before others have their turn; default 16 */
    size_t output_pause_bytes;  /* unsent answers that stop reading; default 256 KiB */
    size_t output_max_bytes;    /* unsent answers that end the link; default 1 MiB */
    int64_t hello_timeout_ms;   /* default 1,000 */
    int64_t message_timeout_ms; /* from a message's first byte to its last; default 5,000 */
    int64_t stall_timeout_ms;   /* paused, and not one byte was read; default 1,000 */
};

#define SP_COUNTER_LIST(X)                                                                         \
    X(links_accepted, "Links to the control socket accepted")                                      \
    X(links_refused_uid, "Links refused: too many of one uid")                                     \
    X(links_refused_all, "Links refused: too many in all")                                         \
    X(links_refused_files, "Links refused: no file descriptors or memory left")                    \
    X(hello_bad, "Links closed: not an SP REQ client")                                             \
    X(hello_timeouts, "Links closed: no SP greeting in time")                                      \
    X(messages_malformed, "Links closed: malformed SP frame")                                      \
    X(messages_too_long, "Messages refused: over 256 KiB")                                         \
    X(message_timeouts, "Links closed: a message did not arrive in time")                          \
    X(output_pauses, "Times a link's reading was paused: its answers were not read")               \
    X(output_stalls, "Links closed: answers were not read in time")                                \
    X(output_overflows, "Links closed: too many unread answers")                                   \
    X(requests, "Requests received")                                                               \
    X(replies, "Replies sent")                                                                     \
    X(replies_dropped, "Replies dropped: the link was gone")

struct sp_counters {
#define SP_COUNTER_FIELD(name, help) uint64_t name;
    SP_COUNTER_LIST(SP_COUNTER_FIELD)
#undef SP_COUNTER_FIELD
};

struct sp_link;
/* One request that waits for its answer. It outlives its link. */
struct sp_request;

/* Called from the loop. None may call sp_server_free(). */
struct sp_server_callbacks {
    void *ctx;
    /* A request of len bytes, which are only borrowed. Whoever gets it must end it with sp_reply()
     * or sp_request_drop(), now or later. */
    void (*on_request)(void *ctx, struct sp_link *link, struct sp_request *request,
                       const uint8_t *body, size_t len);
    /* The same for a message of len bytes that is too long and was not read. */
    void (*on_too_long)(void *ctx, struct sp_link *link, struct sp_request *request, uint64_t len);
    /* sp_link_is_full() has become false. */
    void (*on_link_drained)(void *ctx, struct sp_link *link);
    /* The link is gone, and its pointer is invalid after this. Its requests still must be ended. */
    void (*on_link_closed)(void *ctx, struct sp_link *link);
};

const struct sp_peer *sp_link_peer(const struct sp_link *link);
/* The user's pointer: NULL at first. */
void sp_link_set_user(struct sp_link *link, void *user);
void *sp_link_user(const struct sp_link *link);
/* False once the link is being closed: nothing reaches its client any more. */
bool sp_link_is_alive(const struct sp_link *link);
/* The link has more unread answers than output_pause_bytes. Who can wait with an answer should. */
bool sp_link_is_full(const struct sp_link *link);

/* Answers and ends request; body is copied as far as it is not sent at once. len is at most
 * SP_REPLY_MAX_BYTES. Dropped when the link is gone. */
#define SP_REPLY_MAX_BYTES (SP_MESSAGE_MAX_BYTES - 4 * (SP_HOPS_MAX + 1))
void sp_reply(struct sp_request *request, const uint8_t *body, size_t len);
/* Ends request without an answer. */
void sp_request_drop(struct sp_request *request);
/* Same link, same ids: a client that asks again because the answer took it too long. */
bool sp_request_is_repeat(const struct sp_request *a, const struct sp_request *b);

#endif

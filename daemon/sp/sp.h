/* The REP side of the Scalability Protocols over a Unix socket, as its users see it. Clients speak
 * REQ, with nng, nanomsg, mangos or pynng.
 *
 * Theory of operation: a link is one connected client. Requests arrive by a callback and are
 * answered with sp_reply(), at once or later, in any order. Anything a client sends, leaves unread
 * or breaks off affects that client only: every queue has a limit in sp_server_options and a
 * counter in SP_COUNTER_LIST.
 *
 *   sp_server    accepts links and limits their number
 *   sp_link      one link: greeting, frames, output
 *   sp_arrivals  accepted connections that are not links yet
 *   sp_schedule  their deadlines
 *   sp_socket    the listening socket and its file
 *   sp_peer      who is at the other end
 *
 * Each calls only those below it. Requests, and new links, wait for their uid's turn (turns.h). */
#ifndef TCPENGINED_SP_H
#define TCPENGINED_SP_H

#include <stddef.h>
#include <stdint.h>

#include "sp/sp_peer.h"

/* Longest message either way, including the request ids in front (4 bytes, and 4 more per device).
 */
#define SP_MESSAGE_MAX_BYTES ((size_t)256 * 1024)
/* Most request ids that devices between client and daemon may add to the client's own. */
#define SP_HOPS_MAX 8

#define SP_LINKS_PER_UID_MAX_DEFAULT 16
#define SP_LINKS_MAX_DEFAULT 256
/* Users that hold channels alone. */
#define SP_CHANNEL_USERS_MAX 1024
/* Longest text of sp_link_refusal(), with its NUL. */
#define SP_REFUSAL_MAX 64

struct sp_server_options {
    const char *path;  /* of the socket; copied */
    gid_t control_gid; /* group of the socket's file; SP_PEER_NO_GROUP: the daemon's */
    gid_t admin_gid;   /* its members are admins; SP_PEER_NO_GROUP: no such group */
    unsigned links_per_uid_max;
    unsigned links_max;
    unsigned links_reserve;     /* on top of both, for uid 0 only; default 8 */
    unsigned refused_max;       /* links over these limits that are told so, at once; default 64 */
    unsigned refused_uid_max;   /* the same, of one uid; default 16 */
    unsigned requests_per_turn; /* of one link before the others get theirs; default 16 */
    size_t output_pause_bytes;  /* with more unsent, reading pauses; default 256 KiB */
    size_t output_max_bytes;    /* with more unsent, the link is closed; default 1 MiB */
    int64_t hello_timeout_ms;   /* from connect to the whole greeting; default 1,000 */
    int64_t message_timeout_ms; /* from a message's first byte to its last; default 5,000 */
    int64_t stall_timeout_ms;   /* paused without one byte going out; default 1,000 */
    int64_t refused_timeout_ms; /* how long a refused link may stay for its answer; default 1,000 */
};

#define SP_COUNTER_LIST(X)                                                                         \
    X(links_accepted, "Links to the control socket accepted")                                      \
    X(links_refused_uid, "Links refused: too many of one uid")                                     \
    X(links_refused_all, "Links refused: too many in all")                                         \
    X(links_refused_storm, "Links refused: too many of one uid at once")                           \
    X(links_abandoned, "Links closed by their client before they were started")                    \
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
    X(replies_dropped, "Replies dropped: the link was gone")                                       \
    X(turns_cut, "Turns of the loop that left requests for the next one")                          \
    X(turns_held_back, "Times requests waited: beside a transfer their uid had used its time")

struct sp_counters {
#define SP_COUNTER_FIELD(name, help) uint64_t name;
    SP_COUNTER_LIST(SP_COUNTER_FIELD)
#undef SP_COUNTER_FIELD
};

struct sp_link;
/* A request without an answer yet. It outlives its link. */
struct sp_request;

/* Called from the loop. None of them may call sp_server_free(). */
struct sp_server_callbacks {
    void *ctx;
    /* A request of len bytes, borrowed until return. End it with sp_reply() or sp_request_drop(),
     * now or later. */
    void (*on_request)(void *ctx, struct sp_link *link, struct sp_request *request,
                       const uint8_t *body, size_t len);
    /* The same for a message of len bytes that is too long and was not read. */
    void (*on_too_long)(void *ctx, struct sp_link *link, struct sp_request *request, uint64_t len);
    /* sp_link_is_full() has become false. */
    void (*on_link_drained)(void *ctx, struct sp_link *link);
    /* The turn that sp_link_want_turn() asked for. True: there is more to do, in another one. */
    bool (*on_turn)(void *ctx, struct sp_link *link);
    /* The link is gone; the pointer is invalid after return. Its requests must still be ended. */
    void (*on_link_closed)(void *ctx, struct sp_link *link);
};

/* Valid as long as the link. */
const struct sp_peer *sp_link_peer(const struct sp_link *link);
/* A pointer of the user's; NULL at first. */
void sp_link_set_user(struct sp_link *link, void *user);
void *sp_link_user(const struct sp_link *link);
/* False once the link is being closed: nothing can reach its client any more. */
bool sp_link_is_alive(const struct sp_link *link);
/* Why the link is over a limit, such as "links_max is 256"; NULL: it is not. Answer each of its
 * requests with that; it is closed soon. */
const char *sp_link_refusal(const struct sp_link *link);
/* True from when more than output_pause_bytes of answers are unsent until half of that is left.
 * Hold back answers that can wait until on_link_drained. */
bool sp_link_is_full(const struct sp_link *link);

/* Calls on_turn in one of the next turns of the link's uid. Harmless if that is due already, or if
 * the link is being closed. */
void sp_link_want_turn(struct sp_link *link);
/* The request, or on_turn, that runs has carried bytes of a connection's data: that costs the
 * link's uid less than other work. */
void sp_link_carry(struct sp_link *link, size_t bytes);

/* Answers and ends request. len is at most SP_REPLY_MAX_BYTES; body is borrowed until return (what
 * cannot be sent at once is copied). Dropped if the link is gone. May close the link. */
#define SP_REPLY_MAX_BYTES (SP_MESSAGE_MAX_BYTES - 4 * (SP_HOPS_MAX + 1))
void sp_reply(struct sp_request *request, const uint8_t *body, size_t len);
/* Ends request without an answer. The client's library may send it again. */
void sp_request_drop(struct sp_request *request);
/* True: same link, same ids. The client asks again because the answer took too long. */
bool sp_request_is_repeat(const struct sp_request *a, const struct sp_request *b);

#endif

/* The struct behind a client. The files of this library share it; each owns a part.
 *
 * Theory of operation, from the top down; each file calls only those below it:
 *
 *   client    life of a client, its session          verbs   the synchronous calls
 *   stream    many Sends and Receives as one stream
 *   call      one request, from start to callback, over as many links as it takes
 *   encode    struct tcpc_request -> message         decode  message -> struct tcpc_response
 *   link      the one nng socket: is there a link, may requests go out
 *   pulse     keeps nng's threads awake while a caller waits for them
 *   probe     why there is no link                   error   errors in words
 *   response  frees a response                       arena   its memory
 *   clock     time                                   text    names and endpoints as text
 *
 * The link reaches the calls only through struct tcpci_link_ops (link.h).
 *
 * Internal names start with tcpci_, so that the static library clashes with no program's names.
 *
 * Locking. client->lock guards everything that is not constant after tcpc_client_new(). nng
 * functions that only start or abort something are called under it: nng runs callbacks on other
 * threads, never inside these. Functions that wait for callbacks (close, stop, free) are called
 * without it. */
#ifndef TCPCLIENT_CLIENT_H
#define TCPCLIENT_CLIENT_H

#include <nng/nng.h>
#include <pthread.h>
#include <tcpclient/tcpclient.h>

enum link_state {
    LINK_DOWN,     /* nng is dialling */
    LINK_CHECKING, /* connected; is it the same daemon, does it know our session? */
    LINK_UP        /* requests may go out */
};

struct call;
struct stream;
struct tcpci_link_ops;
enum { STREAM_BUCKETS = 256 };

struct tcpc_client {
    /* constant */
    char *url, *name;
    uint32_t timeout_ms, reconnect_ms, keep_seconds;
    enum tcpc_policy policy;
    bool is_taking_up; /* attaches to the session of an earlier client */
    const struct tcpci_link_ops *link_ops;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* link state, active_count, is_pulsing */
    bool is_closing;
    struct tcpc_error fatal; /* not TCPC_OK: every call returns this */

    /* link.c */
    nng_socket socket;
    unsigned socket_number; /* sockets so far */
    int64_t replaced_at_ms; /* when the newest took over; 0: it is the first */
    int64_t looked_at_ms;   /* when a call last checked why there is no link */
    enum link_state link;
    uint64_t link_number; /* links so far */
    nng_pipe pipe;
    uint64_t daemon_pid;       /* at the other end of pipe; 0: not known */
    int64_t untaken_since_ms;  /* since when nng has taken no request; 0: it took the newest */
    struct tcpc_error refusal; /* the daemon's, of the newest links; TCPC_OK: it took them */
    int64_t lost_at_ms; /* since when the daemon is lost; 0: it answered on the newest link */

    /* call.c */
    uint64_t boot_id, session;
    uint8_t token[TCPC_TOKEN_BYTES];
    uint64_t next_request_id;
    struct call *active, *pool;
    unsigned active_count;

    /* stream.c */
    struct stream *streams[STREAM_BUCKETS]; /* by id */

    /* pulse.c */
    nng_aio *pulse; /* sleeps while is_pulsing */
    bool is_pulsing;
};

#endif

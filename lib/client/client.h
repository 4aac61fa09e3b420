/* The struct behind a client, which the files of this library share; each has its own part of it.
 *
 * Theory of operation, from the top; each file calls only those below it:
 *
 *   client    life of a client, its session          verbs   the synchronous calls
 *   stream    many Sends and Receives as one stream
 *   call      one request from start to callback, over as many links as it takes
 *   encode    struct tcpc_request -> message         decode  message -> struct tcpc_response
 *   link      the one nng socket: is there a link, may requests go out
 *   pulse     keeps nng's threads awake while somebody waits for them
 *   probe     why there is no link                   error   errors in words
 *   response  the end of a response                  arena   its memory
 *   clock     time                                   text    names and endpoints as text
 *
 * What the link has to tell the calls goes through struct tcpci_link_ops (link.h).
 *
 * Internal names start with tcpci_, so that a static library clashes with nobody.
 *
 * Locking. client->lock guards all that is not constant after tcpc_client_new(). nng functions are
 * called under it where they only start or abort something: nng runs callbacks on other threads,
 * never inside these. What waits for callbacks (close, stop, free) is called without it. */
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
    bool is_taking_up; /* a session of an earlier client */
    const struct tcpci_link_ops *link_ops;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* link state, active_count, is_pulsing */
    bool is_closing;
    struct tcpc_error fatal; /* not TCPC_OK: every call answers this */

    /* link.c */
    nng_socket socket;
    unsigned socket_number; /* how many sockets there have been */
    int64_t replaced_at_ms; /* when the newest took over; 0: it is the first */
    int64_t looked_at_ms;   /* when somebody looked why there is no link */
    enum link_state link;
    uint64_t link_number; /* how many links there have been */
    nng_pipe pipe;
    int64_t untaken_since_ms; /* since when nng has taken no request; 0: it took the newest */
    int64_t lost_at_ms;       /* since when no daemon has answered; 0: it did, on the newest link */

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

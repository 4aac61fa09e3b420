/* What the files of libtcpclient share.
 *
 *   client.c   life of a client, its session
 *   link.c     the one nng socket: is there a link, may requests go out, what came back
 *   call.c     one request from start to callback, over as many links as it takes
 *   encode.c   struct tcpc_request -> message        decode.c   message -> struct tcpc_response
 *   pulse.c    keeps nng's threads awake while somebody waits for them
 *   stream.c   many Sends and Receives as one stream  verbs.c    the synchronous calls
 *
 * Internal names start with tcpci_, so that a static library clashes with nobody.
 *
 * Locking. client->lock guards all that is not constant after tcpc_client_new(). nng functions are
 * called under it where they only start or abort something: nng runs callbacks on other threads,
 * never inside these. What waits for callbacks (close, stop, free) is called without it. */
#ifndef TCPCLIENT_INTERNAL_H
#define TCPCLIENT_INTERNAL_H

#include <pthread.h>

#include <nng/nng.h>
#include <tcpclient/tcpclient.h>
#include <tcpengine/v1/tcpengine.pb-c.h>

#include "arena.h"

#define PB(name) Tcpengine__V1__##name

#define TCPC_API_MAJOR 1u
/* The protocol's limit is 256 KiB a message; a little more, so that the daemon's error decides. */
#define TCPC_MESSAGE_MAX (512u * 1024u)
#define TCPC_DECODE_BUDGET_BYTES (32u * 1024u * 1024u)
/* The daemon answers at deadline_ms; we give its answer this long to arrive. */
#define TCPC_DEADLINE_SLACK_MS 500
#define TCPC_MS_NEVER INT64_MAX

/* Ops that only the library itself sends; they follow enum tcpc_op. */
enum { OP_ATTACH = TCPC_OP_SET_OPTION + 1, OP_DETACH, OP_COUNT };

struct attach_result {
    uint64_t session;
    uint8_t token[TCPC_TOKEN_BYTES];
};

enum link_state {
    LINK_DOWN,     /* nng is dialling */
    LINK_CHECKING, /* connected; is it the same daemon, does it know our session? */
    LINK_UP        /* requests may go out */
};

enum call_phase {
    CALL_IDLE,    /* in the pool */
    CALL_PARKED,  /* waits for a link: its timer sleeps */
    CALL_SENDING, /* in nng's queue */
    CALL_WAITING, /* sent; the answer is due */
    CALL_DONE     /* its callback runs */
};

struct call {
    struct call *next, *previous; /* in client->active or, singly, in client->pool */
    struct tcpc_client *client;
    nng_ctx ctx;
    unsigned socket_number; /* that ctx belongs to */
    nng_aio *aio;           /* sends and receives */
    nng_aio *timer;         /* sleeps, and nothing else: see call.c */
    enum call_phase phase;
    struct tcpc_request request;
    uint64_t request_id;
    uint64_t link_number; /* the link it was sent on */
    int64_t deadline_at_ms;
    int64_t parked_at_ms; /* since when it has been parked; 0: it is not */
    uint32_t deadline_ms; /* what the daemon is told; 0: none */
    bool is_check;        /* the link's own request: goes out while the link is being checked */
    bool is_resent;
    enum tcpc_code verdict; /* found before anything was sent; TCPC_OK: none */
    struct tcpc_response *response;
    struct attach_result attach;
    tcpc_callback callback;
    void *callback_ctx;
};

struct stream;
enum { STREAM_BUCKETS = 256 };

struct tcpc_client {
    /* constant */
    char *url, *name;
    uint32_t timeout_ms, reconnect_ms, keep_seconds;
    enum tcpc_policy policy;
    bool is_taking_up; /* a session of an earlier client */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* link state, active_count, is_pulsing */
    nng_socket socket;
    unsigned socket_number; /* how many sockets there have been */
    int64_t replaced_at_ms; /* when the newest took over; 0: it is the first */
    int64_t looked_at_ms;   /* when somebody looked why there is no link */
    enum link_state link;
    uint64_t link_number; /* how many links there have been */
    nng_pipe pipe;
    int64_t untaken_since_ms; /* since when nng has taken no request; 0: it took the newest */
    int64_t lost_at_ms;       /* since when no daemon has answered; 0: it did, on the newest link */
    bool is_closing;
    struct tcpc_error fatal; /* not TCPC_OK: every call answers this */

    uint64_t boot_id, session;
    uint8_t token[TCPC_TOKEN_BYTES];
    uint64_t next_request_id;

    struct call *active, *pool;
    unsigned active_count;
    struct stream *streams[STREAM_BUCKETS]; /* by id */

    nng_aio *pulse; /* sleeps while is_pulsing */
    bool is_pulsing;
};

/* --- error.c --- */
/* Fills *ret_error (NULL is legal) and returns code. */
enum tcpc_code tcpci_error_set(struct tcpc_error *ret_error, enum tcpc_code code, const char *hint,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The text of a code that the library itself finds; url for those that name the daemon. */
enum tcpc_code tcpci_error_set_code(struct tcpc_error *ret_error, enum tcpc_code code,
                                    const char *url);
void tcpci_error_clear(struct tcpc_error *ret_error);
enum tcpc_code tcpci_error_copy(struct tcpc_error *ret_error, const struct tcpc_error *error);
void tcpci_error_set_errno(struct tcpc_error *ret_error, int number);
/* Copies as much as fits, and always ends with NUL. */
void tcpci_text_copy(char *ret_text, size_t size, const char *text);

/* --- probe.c --- */
/* Is the socket's file there at all? 0 or an errno; without a connection. */
int tcpci_probe_path(const char *url);
/* Tries to connect to the Unix socket of url, and hangs up: 0 when somebody listens (or url is not
 * of a kind that can be tried), else an errno. */
int tcpci_probe_url(const char *url);
/* UNREACHABLE or PERMISSION, in words, for what tcpci_probe_url() found. */
enum tcpc_code tcpci_probe_explain(const char *url, int number, struct tcpc_error *ret_error);

/* --- encode.c, decode.c --- */
/* The message of a request. NULL without memory; *ret_code says so, or INVALID_ARGUMENT. */
nng_msg *tcpci_encode_request(const struct call *call);
/* How long a request itself asks the daemon to wait. */
uint32_t tcpci_request_wait_ms(const struct tcpc_request *request);
/* Fills call->response (and call->attach) from a message. False when it makes no sense, or there
 * is no memory: then response->error says so. */
bool tcpci_decode_response(struct call *call, const void *bytes, size_t len);

/* --- link.c --- */
int64_t tcpci_clock_ms(void);
enum tcpc_code tcpci_link_open(struct tcpc_client *client, struct tcpc_error *ret_error);
/* Waits for the first link. */
enum tcpc_code tcpci_link_wait(struct tcpc_client *client, int64_t until_ms,
                               struct tcpc_error *ret_error);
/* The link that this call went over is broken. Under the lock. */
void tcpci_link_lost(struct tcpc_client *client, uint64_t link_number);
/* How long a request may lie with nng before one looks whether the link is mute, and the look:
 * lost, when nng has taken none for as long. Under the lock. */
int64_t tcpci_link_patience_ms(const struct tcpc_client *client);
void tcpci_link_note_mute(struct tcpc_client *client, uint64_t link_number);
/* There has been no link for a while: replaces the socket if that can help. Without the lock. */
void tcpci_link_look(struct tcpc_client *client);
/* Ends the link and all that belongs to it, in bounded time. Without the lock. */
void tcpci_link_close(struct tcpc_client *client);
/* The answer to the link's own request. Without the lock. */
void tcpci_link_checked(struct tcpc_client *client, const struct call *check);

/* --- call.c --- */
/* tcpc_call_async() for attach and detach too. Without the lock. */
enum tcpc_code tcpci_call_start(struct tcpc_client *client, const struct tcpc_request *request,
                                tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);
/* Under the lock: the link's own request, which ends in tcpci_link_checked(). False without memory.
 */
bool tcpci_call_start_check(struct tcpc_client *client);
/* Under the lock: let those go that waited for a link; take back those not sent yet. */
void tcpci_calls_wake(struct tcpc_client *client);
void tcpci_calls_recall(struct tcpc_client *client);
/* Ends all calls and waits until their callbacks have run. Without the lock. */
void tcpci_calls_cancel(struct tcpc_client *client);
void tcpci_calls_free(struct tcpc_client *client);
/* tcpc_call() for attach and detach too. */
enum tcpc_code tcpci_call_sync(struct tcpc_client *client, const struct tcpc_request *request,
                               struct tcpc_response **ret_response, struct tcpc_error *ret_error);

/* --- pulse.c --- */
/* False without memory. */
bool tcpci_pulse_init(struct tcpc_client *client);
/* Under the lock: somebody waits for nng. It ends by itself. */
void tcpci_pulse_start(struct tcpc_client *client);
/* Once the client is closing and no request is out. Without the lock. */
void tcpci_pulse_stop(struct tcpc_client *client);
/* One that was never made is legal. */
void tcpci_pulse_free(struct tcpc_client *client);

/* --- client.c --- */
/* A condition variable whose timed waits count on tcpci_clock_ms(). 0 or an errno. */
int tcpci_cond_init(pthread_cond_t *cond);
/* Under the lock: what an answer says about daemon and session. */
void tcpci_client_note_answer(struct call *call);

/* --- stream.c --- */
void tcpci_streams_free(struct tcpc_client *client);
/* A new connection: its offsets are known. Without memory they will be asked for. */
void tcpci_stream_begin(struct tcpc_client *client, uint64_t id, uint64_t sent_to);
/* Frees at the daemon what tcpc_receive() handed out. */
void tcpci_stream_release(struct tcpc_client *client, uint64_t id);
void tcpci_stream_end(struct tcpc_client *client, uint64_t id);

#endif

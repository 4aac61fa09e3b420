/* libtcpclient: opens, uses and inspects the TCP connections of a tcpengined.
 *
 *     struct tcpc_client *client;
 *     struct tcpc_error error;
 *     struct tcpc_open open = {.remote = {"10.0.0.1", 80}, .wait_ms = 5000};
 *     struct tcpc_opened opened;
 *     if (tcpc_client_new(NULL, &client, &error) || tcpc_open_active(client, &open, &opened,
 * &error)) fprintf(stderr, "%s; %s\n", error.message, error.hint);
 *
 * Threads. Every function may be called from any thread; a client may be shared. Of one
 * connection's bytes, one thread at a time sends and one at a time receives. Callbacks run on
 * threads of the library, several at once; they must not block, and must not call a synchronous
 * function or tcpc_client_free(). After fork() the child must not touch the library.
 *
 * Time. A call ends after its timeout at the latest: timeout_ms of the request, else of the client,
 * plus the request's own wait_ms. TCPC_WAIT_FOREVER waits without end.
 *
 * Exactly once. When the link to the daemon breaks while a request is out, the library connects
 * again, takes up its session, and sends the same request again (same request id, token, offset)
 * until its timeout; the daemon does it once. When it finds another daemon behind the link, all
 * calls answer TCPC_RESTARTED from then on, because an id may mean another connection there.
 *
 * Errors. Calls answer an enum tcpc_code, and say more in *ret_error (NULL: not wanted). Out
 * parameters are untouched on failure unless the text says otherwise. The library prints nothing.
 */
#ifndef TCPCLIENT_TCPCLIENT_H
#define TCPCLIENT_TCPCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/status_list.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TCPC_DEFAULT_URL "ipc:///run/tcpengine/control.sock"
#define TCPC_WAIT_FOREVER UINT32_MAX
/* Most payload of one Send or Receive; longer buffers are cut by tcpc_send(). */
#define TCPC_DATA_MAX (240u * 1024u)
#define TCPC_TOKEN_BYTES 16

/* "0.1.0" */
const char *tcpc_version(void);

/* --- errors ----------------------------------------------------------------------------------- */

/* Up to TCPC_SESSION these are the codes of the protocol; what follows is found by the library. */
enum tcpc_code {
    TCPC_OK = 0,
    TCPC_INVALID_ARGUMENT = 1, /* a field is missing or out of its range */
    TCPC_NOT_FOUND = 2,        /* no such connection or listener */
    TCPC_PERMISSION = 3,       /* it belongs to another uid, or the socket is closed to us */
    TCPC_BAD_OFFSET = 4,       /* Send: a gap; Receive: bytes that were freed, or never came */
    TCPC_CONNECTION_CLOSING = 5,
    TCPC_EXISTS = 6,
    TCPC_RESOURCES = 7,
    TCPC_REFUSED = 8,           /* RST in answer to our SYN */
    TCPC_RESET = 9,             /* RST from the peer */
    TCPC_TIMED_OUT = 10,        /* TCP gave up: retransmissions, user timeout, keepalive */
    TCPC_PEER_UNREACHABLE = 11, /* ICMP, no route, or the neighbour does not answer */
    TCPC_ABORTED = 12,
    TCPC_ADDRESS = 13, /* the local address is not the daemon's, or the port is taken */
    TCPC_AGAIN = 14,   /* nothing came within wait_ms */
    TCPC_BAD_STATE = 15,
    TCPC_UNSUPPORTED = 16,
    TCPC_MALFORMED = 17, /* the daemon could not decode the request */
    TCPC_INTERNAL = 18,
    TCPC_DEADLINE = 19, /* no answer within the call's timeout */
    TCPC_SESSION = 20,  /* the session is unknown or has expired; make a new client */

    TCPC_UNREACHABLE = 100, /* no daemon behind the URL */
    TCPC_RESTARTED = 101,   /* the daemon was restarted, its connections are gone; new client */
    TCPC_PROTOCOL = 102,    /* the daemon's answer makes no sense */
    TCPC_NO_MEMORY = 103,
    TCPC_CANCELLED = 104 /* tcpc_client_free() was called */
};

struct tcpc_error {
    enum tcpc_code code;
    char message[256];   /* one line: what failed, and the TCP cause; empty with TCPC_OK */
    char hint[256];      /* what to do about it; may be empty */
    char errno_name[24]; /* "ECONNREFUSED"; may be empty */
};

/* "REFUSED"; "?" for a number out of range. */
const char *tcpc_code_name(enum tcpc_code code);

/* --- values ----------------------------------------------------------------------------------- */

/* RFC 9293 3.3.2. */
enum tcpc_state {
    TCPC_CLOSED = 0,
    TCPC_LISTEN,
    TCPC_SYN_SENT,
    TCPC_SYN_RCVD,
    TCPC_ESTABLISHED,
    TCPC_FIN_WAIT_1,
    TCPC_FIN_WAIT_2,
    TCPC_CLOSE_WAIT,
    TCPC_CLOSING,
    TCPC_LAST_ACK,
    TCPC_TIME_WAIT,
    TCPC_STATE_COUNT
};

/* "FIN_WAIT_1"; "?" for a number out of range. */
const char *tcpc_state_name(enum tcpc_state state);

struct tcpc_endpoint {
    char address[46]; /* "10.0.0.2", "2001:db8::2"; empty: unspecified */
    uint16_t port;    /* 0: unspecified */
};

#define TCPC_ENDPOINT_TEXT_MAX 64
/* "10.0.0.2:80", "[2001:db8::2]:80"; what is unspecified is written "*". ret_text has room for
 * TCPC_ENDPOINT_TEXT_MAX bytes. Returns ret_text. */
const char *tcpc_endpoint_format(const struct tcpc_endpoint *endpoint, char *ret_text);
/* Numeric address (no brackets, no zone) and port. False when address is neither IPv4 nor IPv6. */
bool tcpc_endpoint_set(struct tcpc_endpoint *ret_endpoint, const char *address, uint16_t port);

/* --- the client ------------------------------------------------------------------------------- */

struct tcpc_client;

/* What becomes of the client's connections and listeners when it is gone. */
enum tcpc_policy {
    TCPC_POLICY_NONE = 0, /* no session: they belong to the uid and stay */
    TCPC_POLICY_CLOSE,    /* CLOSE: what was accepted is still sent */
    TCPC_POLICY_ABORT,    /* RST */
    TCPC_POLICY_KEEP      /* wait keep_seconds for a client with the session's token, then CLOSE */
};

struct tcpc_options {
    const char *url;       /* NULL: $TCPENGINE_CONTROL, else TCPC_DEFAULT_URL */
    const char *name;      /* for people, at most 64 bytes; NULL: none */
    uint32_t timeout_ms;   /* of each call; 0: 5,000 */
    uint32_t reconnect_ms; /* a call waits so long for a broken link to come back; 0: 3,000 */
    enum tcpc_policy policy;
    uint32_t keep_seconds; /* with TCPC_POLICY_KEEP */
    const uint8_t *token;  /* TCPC_TOKEN_BYTES of tcpc_client_token() of an earlier client: take
                            * up its session (with any policy but NONE); NULL: a new session */
};

/* Connects, and makes or takes up the session if a policy is set. options may be NULL: all
 * defaults. What they point to is copied. Blocks until the daemon answers, at most timeout_ms.
 *
 * TCPC_UNREACHABLE (at once when nobody listens), TCPC_PERMISSION, TCPC_INVALID_ARGUMENT (the URL),
 * TCPC_SESSION (the token), TCPC_DEADLINE, TCPC_PROTOCOL, TCPC_NO_MEMORY, TCPC_RESOURCES. */
enum tcpc_code tcpc_client_new(const struct tcpc_options *options, struct tcpc_client **ret_client,
                               struct tcpc_error *ret_error);
/* Ends what is under way with TCPC_CANCELLED, waits for running callbacks, closes the link. The
 * session's policy applies now; with TCPC_POLICY_KEEP after its time. NULL is legal. No other call
 * on the client may be running, and none may follow. */
void tcpc_client_free(struct tcpc_client *client);

/* The session's secret, TCPC_TOKEN_BYTES valid as long as the client; NULL without a session. */
const uint8_t *tcpc_client_token(const struct tcpc_client *client);
/* The daemon's boot id; 0 before its first answer. */
uint64_t tcpc_client_boot_id(struct tcpc_client *client);
/* The URL in use, valid as long as the client. */
const char *tcpc_client_url(const struct tcpc_client *client);

/* --- requests --------------------------------------------------------------------------------- */

enum tcpc_op {
    TCPC_OP_OPEN = 1,
    TCPC_OP_ACCEPT,
    TCPC_OP_SEND,
    TCPC_OP_RECEIVE,
    TCPC_OP_SHUTDOWN,
    TCPC_OP_CLOSE,
    TCPC_OP_ABORT,
    TCPC_OP_STATUS,
    TCPC_OP_LIST,
    TCPC_OP_TIME_WAIT_LIST,
    TCPC_OP_HISTORY,
    TCPC_OP_COUNTERS,
    TCPC_OP_NEXT_EVENTS,
    TCPC_OP_DAEMON_STATUS,
    TCPC_OP_SET_OPTION
};

struct tcpc_open {
    bool is_passive;
    struct tcpc_endpoint local;  /* address empty: chosen; port 0: ephemeral (active only) */
    struct tcpc_endpoint remote; /* active: required; passive: only that peer, or empty */
    uint32_t backlog;            /* passive; 0: 128 */
    uint64_t listener_id;        /* active: this passive OPEN turns active, under the same id */
    uint64_t token;              /* 0: the library draws one. The same token opens once */
    uint32_t wait_ms;            /* active: wait for the end of the opening; 0: answer at once */
    bool fast_open;   /* RFC 7413, where the daemon allows it: data on the SYN, ours or the peers'.
                       * It may be delivered twice */
    const void *data; /* active: the stream's first bytes; borrowed until the call is over */
    size_t len;       /* at most TCPC_DATA_MAX; tcpc_opened.accepted_to tells how many were taken */
};

struct tcpc_accept {
    uint64_t listener_id;
    uint64_t token; /* 0: the library draws one */
    uint32_t wait_ms;
};

struct tcpc_send {
    uint64_t id;
    uint64_t offset;  /* of data's first byte in the stream */
    const void *data; /* borrowed until the call is over */
    size_t len;       /* bytes, at most TCPC_DATA_MAX */
    bool fin;         /* half close after data, once all of it was accepted */
    uint32_t wait_ms; /* wait for room for at least one byte */
};

struct tcpc_receive {
    uint64_t id;
    uint64_t from_offset; /* what lies below is freed */
    uint32_t max_bytes;   /* 0: as many as a message holds */
    uint32_t wait_ms;
};

/* SHUTDOWN, CLOSE, ABORT, STATUS, HISTORY. */
struct tcpc_target {
    uint64_t id;
    uint32_t wait_ms; /* CLOSE: until our FIN is acknowledged or the connection is gone */
};

/* LIST, TIME_WAIT_LIST: one page. */
struct tcpc_page {
    uint64_t cursor; /* 0: from the start; else from the page before */
    uint32_t max;    /* rows; 0: as many as a message holds */
};

struct tcpc_next_events {
    uint64_t after_seq;
    uint32_t max; /* 0: as many as a message holds */
    uint32_t wait_ms;
};

struct tcpc_set_option {
    uint64_t id;
    const char *name; /* "nagle", ...: see tcpctl(1), set; borrowed until the call is over */
    int64_t value;
    const char *text; /* of "congestion_control": the algorithm's name; NULL: value counts */
};

struct tcpc_request {
    enum tcpc_op op;     /* which of the union; COUNTERS and DAEMON_STATUS need none */
    uint32_t timeout_ms; /* 0: the client's */
    union {
        struct tcpc_open open;
        struct tcpc_accept accept;
        struct tcpc_send send;
        struct tcpc_receive receive;
        struct tcpc_target target;
        struct tcpc_page page;
        struct tcpc_next_events next_events;
        struct tcpc_set_option set_option;
    } u;
};

/* --- responses -------------------------------------------------------------------------------- */

/* OPEN, ACCEPT. */
struct tcpc_opened {
    uint64_t id;
    enum tcpc_state state;
    struct tcpc_endpoint local, remote;
    uint32_t backlog;     /* of a listener */
    uint64_t accepted_to; /* OPEN: of its data */
};

struct tcpc_sent {
    uint64_t accepted_to; /* stream offset after the last byte accepted */
    bool fin_accepted;
};

struct tcpc_received {
    uint64_t offset; /* of data's first byte */
    const uint8_t *data;
    size_t len;
    bool is_end; /* the peer's FIN follows data */
};

struct tcpc_connection {
    uint64_t id;
    enum tcpc_state state;
    struct tcpc_endpoint local, remote;
    uint32_t uid;
    uint64_t send_queue_bytes, receive_queue_bytes; /* listener: backlog, waiting to be accepted */
    const char *timer;                              /* "retransmit", ...; "": none */
    int64_t timer_ms;                               /* from now */
};

struct tcpc_connection_list {
    const struct tcpc_connection *rows;
    size_t count;
    uint64_t cursor;
    bool is_done;
    uint64_t as_of_seq; /* newest event that the list includes */
};

struct tcpc_time_wait {
    uint64_t id;
    struct tcpc_endpoint local, remote;
    enum tcpc_state entered_from;
    const char *entered_by;
    int64_t remaining_ms, duration_ms, age_ms;
    uint32_t fin_reacked;
    uint32_t uid;
};

struct tcpc_time_wait_list {
    const struct tcpc_time_wait *rows;
    size_t count;
    uint64_t cursor;
    bool is_done;
    uint64_t as_of_seq;
};

/* What a congestion control algorithm knows, for people. */
struct tcpc_variable {
    const char *name;
    int64_t value;
    const char *text; /* a word instead of a number; "": value counts */
};

/* <tcpengine/status_list.h> says what each of the listed fields (snd_una, cwnd_bytes, srtt_us, ...)
 * means. */
struct tcpc_status {
    struct tcpc_connection connection;
    struct tcpc_error error;      /* why it failed; TCPC_OK while it lives */
    struct tcpc_error soft_error; /* last ICMP error noted */
#define TCPC_STATUS_FIELD(kind, name, line, phrase, help) TE_STATUS_TYPE_##kind name;
#define TCPC_STATUS_AGE(name, moment_us, line, phrase, help) int64_t name;
    TE_STATUS_LIST(TCPC_STATUS_FIELD)
    TE_STATUS_AGE_LIST(TCPC_STATUS_AGE)
#undef TCPC_STATUS_FIELD
#undef TCPC_STATUS_AGE
    const struct tcpc_variable *congestion_variables;
    size_t congestion_variable_count;
    const struct tcpc_time_wait *time_wait; /* NULL but in TIME_WAIT */
};

struct tcpc_segment {
    const char *flags; /* "SYN,ACK" */
    uint32_t seq, ack, len_bytes, wnd_bytes;
};

struct tcpc_transition {
    int64_t time_us; /* since the daemon's start */
    enum tcpc_state from, to;
    const char *cause;
    const struct tcpc_segment *segment; /* NULL when no segment caused it */
};

/* A frame, packet or segment of which nothing was taken, or whose text was not. */
struct tcpc_drop {
    int64_t time_us;    /* since the daemon's start */
    const char *reason; /* one word: "unacceptable", "paws", ... */
    const char *text;   /* the reason in a sentence */
    const char *counter;
    uint64_t id;                        /* whose it was; 0: nobody's */
    struct tcpc_endpoint local, remote; /* of the stack's drops, where known; port 0: none */
    const struct tcpc_segment *segment; /* NULL: no TCP segment, or none that can be read */
};

struct tcpc_history {
    uint64_t id;
    struct tcpc_endpoint local, remote;
    const struct tcpc_transition *rows;
    size_t count;
    bool is_gone;
    const struct tcpc_drop *drops; /* the last 8, or 64 of the stack, oldest first */
    size_t drop_count;
};

struct tcpc_counter {
    const char *name;
    uint64_t value;
    const char *help;
};

struct tcpc_counters {
    const struct tcpc_counter *rows;
    size_t count;
};

struct tcpc_event {
    uint64_t seq;
    int64_t time_us; /* since the daemon's start */
    uint64_t id;
    const char *kind; /* "state", "fin_again", "address_conflict" */
    enum tcpc_state from, to;
    const char *cause;
    struct tcpc_endpoint local, remote;
    uint32_t uid;
    const struct tcpc_segment *segment; /* NULL when no segment caused it */
};

struct tcpc_events {
    const struct tcpc_event *rows;
    size_t count;
    uint64_t lost;     /* events that were overwritten before we asked */
    uint64_t last_seq; /* ask after this one next */
};

/* What tcpc_set_option() knows. values: "on, off" (1 and 0); of congestion_control the names for
 * tcpc_set_congestion_control(); empty: a number. */
struct tcpc_option_info {
    const char *name, *values, *help;
};

struct tcpc_daemon_status {
    const char *version;
    uint32_t api_major;
    int64_t uptime_us, time_us, msl_ms;
    const char *tap;
    bool tap_up;
    const char *mac, *gateway, *http;
    uint32_t mtu;
    const char *const *addresses;
    size_t address_count;
    const char *const *routes;
    size_t route_count;
    uint64_t states[TCPC_STATE_COUNT];
    uint64_t connections, listeners, time_wait, orphans, sessions, links, memory_bytes;
    uint64_t last_event_seq;
    const struct tcpc_option_info *options;
    size_t option_count;
};

struct tcpc_response {
    enum tcpc_op op;
    struct tcpc_error error; /* with another code than TCPC_OK the union is all zeros */
    uint64_t boot_id;
    union {
        struct tcpc_opened opened; /* OPEN, ACCEPT */
        struct tcpc_sent sent;
        struct tcpc_received received;
        enum tcpc_state state; /* SHUTDOWN, CLOSE, ABORT: after the call */
        struct tcpc_status status;
        struct tcpc_connection_list list;
        struct tcpc_time_wait_list time_wait_list;
        struct tcpc_history history;
        struct tcpc_counters counters;
        struct tcpc_events events;
        struct tcpc_daemon_status daemon;
    } u;
    struct tcpc_arena *memory; /* the library's: all that the pointers above point to */
};

/* Frees a response and all that its pointers point to. NULL is legal. */
void tcpc_response_free(struct tcpc_response *response);

/* --- any request ------------------------------------------------------------------------------ */

/* The answer to a request; response is handed over: free it, here or later. */
typedef void (*tcpc_callback)(void *ctx, struct tcpc_response *response);

/* Sends a request and returns; the callback runs once, on a thread of the library, maybe before
 * this returns. The request is copied, but what it points to (data, name) is borrowed until the
 * callback. Many requests may be out at once; the daemon handles them in the order sent, but
 * answers those that wait later.
 *
 * TCPC_OK: the callback will run. Else it will not: TCPC_INVALID_ARGUMENT, TCPC_NO_MEMORY,
 * TCPC_RESTARTED, TCPC_SESSION, TCPC_CANCELLED. */
enum tcpc_code tcpc_call_async(struct tcpc_client *client, const struct tcpc_request *request,
                               tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);
/* The same, and waits for the answer. *ret_response is the caller's to free; untouched on failure.
 */
enum tcpc_code tcpc_call(struct tcpc_client *client, const struct tcpc_request *request,
                         struct tcpc_response **ret_response, struct tcpc_error *ret_error);

/* One Send, one Receive of at most TCPC_DATA_MAX bytes: tcpc_call_async() in short. Their offsets
 * are the caller's business; do not mix them with tcpc_send() and tcpc_receive() on one connection.
 */
enum tcpc_code tcpc_send_async(struct tcpc_client *client, const struct tcpc_send *send,
                               tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);
enum tcpc_code tcpc_receive_async(struct tcpc_client *client, const struct tcpc_receive *receive,
                                  tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);

/* --- the user calls of RFC 9293 3.9.1 --------------------------------------------------------- */

/* Active OPEN; is_passive is ignored. With wait_ms it answers when the connection is established
 * (TCPC_OK), when the opening failed (TCPC_REFUSED, TCPC_PEER_UNREACHABLE, TCPC_TIMED_OUT, ...), or
 * after wait_ms (TCPC_AGAIN). *ret_opened is set as soon as the connection exists, so that after a
 * failure its id can be given to tcpc_close(); else its id is 0.
 * At once: TCPC_ADDRESS, TCPC_EXISTS, TCPC_RESOURCES, TCPC_PEER_UNREACHABLE (no route). */
enum tcpc_code tcpc_open_active(struct tcpc_client *client, const struct tcpc_open *open,
                                struct tcpc_opened *ret_opened, struct tcpc_error *ret_error);
/* Passive OPEN; is_passive and wait_ms are ignored. TCPC_ADDRESS, TCPC_RESOURCES. */
enum tcpc_code tcpc_listen(struct tcpc_client *client, const struct tcpc_open *open,
                           struct tcpc_opened *ret_opened, struct tcpc_error *ret_error);
/* Takes the oldest connection of a listener, waiting for one at most wait_ms. TCPC_AGAIN. */
enum tcpc_code tcpc_accept(struct tcpc_client *client, uint64_t listener_id, uint32_t wait_ms,
                           struct tcpc_opened *ret_opened, struct tcpc_error *ret_error);

/* Sends all of data: returns when the daemon has accepted its last byte (TCPC_OK). TCPC_AGAIN when
 * it accepted none for wait_ms: tcpc_stream_offsets() tells how far it came, the rest may be sent
 * again from there. The cause of death (TCPC_RESET, ...) when the connection failed. Keeps several
 * requests under way as long as the daemon has room for them. */
enum tcpc_code tcpc_send(struct tcpc_client *client, uint64_t id, const void *data, size_t len,
                         uint32_t wait_ms, struct tcpc_error *ret_error);
/* Receives up to *len bytes into buffer and sets *len to their number; TCPC_OK with *len 0 is the
 * end of the stream. TCPC_AGAIN when nothing came for wait_ms. Reads one request ahead while much
 * is there, so the daemon may have freed bytes that were not asked for yet: who must be able to
 * take a connection up in another process uses TCPC_OP_RECEIVE. */
enum tcpc_code tcpc_receive(struct tcpc_client *client, uint64_t id, void *buffer, size_t *len,
                            uint32_t wait_ms, struct tcpc_error *ret_error);
/* Stream offsets that tcpc_send() and tcpc_receive() have reached; 0 for an id not used yet. */
void tcpc_stream_offsets(struct tcpc_client *client, uint64_t id, uint64_t *ret_sent,
                         uint64_t *ret_received);

/* Half close: FIN after all that was sent; receiving goes on. */
enum tcpc_code tcpc_shutdown(struct tcpc_client *client, uint64_t id, struct tcpc_error *ret_error);
/* CLOSE, also of listeners and of what is left of a failed connection. Bytes that tcpc_receive()
 * handed out count as taken; those that nobody took make it a reset. With wait_ms it waits for the
 * acknowledgement of our FIN. *ret_state (may be NULL): the state then. */
enum tcpc_code tcpc_close(struct tcpc_client *client, uint64_t id, uint32_t wait_ms,
                          enum tcpc_state *ret_state, struct tcpc_error *ret_error);
/* ABORT: RST. */
enum tcpc_code tcpc_abort(struct tcpc_client *client, uint64_t id, struct tcpc_error *ret_error);
enum tcpc_code tcpc_set_option(struct tcpc_client *client, uint64_t id, const char *name,
                               int64_t value, struct tcpc_error *ret_error);
/* Another algorithm for one connection: "cubic", "reno", "bbr". */
enum tcpc_code tcpc_set_congestion_control(struct tcpc_client *client, uint64_t id,
                                           const char *name, struct tcpc_error *ret_error);

/* --- inspection: the response is the caller's to free ----------------------------------------- */

/* response->u.status */
enum tcpc_code tcpc_status(struct tcpc_client *client, uint64_t id,
                           struct tcpc_response **ret_response, struct tcpc_error *ret_error);
/* response->u.list: all pages */
enum tcpc_code tcpc_list(struct tcpc_client *client, struct tcpc_response **ret_response,
                         struct tcpc_error *ret_error);
/* response->u.time_wait_list: all pages */
enum tcpc_code tcpc_time_wait_list(struct tcpc_client *client, struct tcpc_response **ret_response,
                                   struct tcpc_error *ret_error);
/* response->u.history. id 0: the drops of the whole stack alone; TCPC_PERMISSION for all but root
 * and the admin group. */
enum tcpc_code tcpc_history(struct tcpc_client *client, uint64_t id,
                            struct tcpc_response **ret_response, struct tcpc_error *ret_error);
/* response->u.counters */
enum tcpc_code tcpc_counters(struct tcpc_client *client, struct tcpc_response **ret_response,
                             struct tcpc_error *ret_error);
/* response->u.events: those after after_seq, empty when none came within wait_ms. Start with the
 * as_of_seq of a list, or 0 for all that the daemon still has. */
enum tcpc_code tcpc_next_events(struct tcpc_client *client, uint64_t after_seq, uint32_t wait_ms,
                                struct tcpc_response **ret_response, struct tcpc_error *ret_error);
/* response->u.daemon */
enum tcpc_code tcpc_daemon_status(struct tcpc_client *client, struct tcpc_response **ret_response,
                                  struct tcpc_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif

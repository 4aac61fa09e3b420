/* libtcpclient: opens, uses and inspects the TCP connections of a tcpengined.
 *
 *     struct tcpc_client *client;
 *     struct tcpc_error error;
 *     struct tcpc_open open = {.remote = {"10.0.0.1", 80}, .wait_ms = 5000};
 *     struct tcpc_opened opened;
 *     if (tcpc_client_new(NULL, &client, &error) != TCPC_OK ||
 *         tcpc_open_active(client, &open, &opened, &error) != TCPC_OK)
 *         fprintf(stderr, "%s; %s\n", error.message, error.hint);
 *
 * Threads. Every function may be called from any thread, and threads may share a client; only
 * tcpc_client_free() needs the client to itself. On one connection at most one thread at a time may
 * be in tcpc_send(), and at most one in tcpc_receive(). Callbacks run on threads of the library,
 * several at once. A callback may start asynchronous calls and free responses; it must not block,
 * and must not call a synchronous function or tcpc_client_free(), which would deadlock. After
 * fork() the child must not use the library.
 *
 * Blocking. tcpc_client_new(), tcpc_client_free(), tcpc_call(), the user calls and the inspection
 * calls block until the daemon has answered or their time is up. All other functions return at
 * once: those on values, tcpc_client_token(), _boot_id() and _url(), tcpc_stream_offsets(),
 * tcpc_response_free() and the _async() calls.
 *
 * Time. A request ends at the latest when its timeout is over: its own timeout_ms, else the
 * client's, plus its wait_ms. A call that takes several requests (tcpc_send(), tcpc_receive(),
 * tcpc_close(), the lists) spends that time on each. TCPC_WAIT_FOREVER waits without limit.
 *
 * Many at once. A client has one link to the daemon, on which 64 requests may wait (the daemon's
 * waits_per_link_max): a 65th connection that waits in tcpc_receive() gets TCPC_RESOURCES. Streams
 * of a channel (tcpclient/stream.h) have no such limit.
 *
 * Exactly once. When the link to the daemon breaks while a request is out, the library reconnects,
 * reattaches its session, and sends the same request again (same request id, token and offset)
 * until the request's timeout; the daemon carries it out once. When it finds that the daemon was
 * restarted, all calls return TCPC_RESTARTED from then on, since its connections are gone.
 *
 * Errors. Calls return an enum tcpc_code and fill in *ret_error, which may be NULL. Out parameters
 * are untouched on failure unless stated otherwise. Besides the codes listed with it, any call that
 * asks the daemon may return those listed as "any call" in enum tcpc_code. The library prints
 * nothing.
 *
 * Ownership. What a request points to is borrowed until the call is over: until a synchronous call
 * returns, until the callback of an asynchronous one. A response is handed to the caller, who frees
 * it with tcpc_response_free(); its pointers are valid until then, even after the client is freed.
 */
#ifndef TCPCLIENT_TCPCLIENT_H
#define TCPCLIENT_TCPCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpclient/code.h>
#include <tcpclient/fault.h>
#include <tcpclient/hint.h>
#include <tcpclient/rank.h>
#include <tcpengine/status_list.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TCPC_DEFAULT_URL "ipc:///run/tcpengine/control.sock"
#define TCPC_WAIT_FOREVER UINT32_MAX
/* Most payload of one Send, Receive or Open. tcpc_send() cuts longer buffers into several Sends. */
#define TCPC_DATA_MAX (240u * 1024u)
#define TCPC_TOKEN_BYTES 16

/* The library's version, "0.1.0". */
const char *tcpc_version(void);

/* --- errors ----------------------------------------------------------------------------------- */

struct tcpc_error {
    enum tcpc_code code;
    char message[256];   /* one line: what failed, and the TCP cause; empty with TCPC_OK */
    char hint[256];      /* what to do about it; may be empty */
    char errno_name[24]; /* "ECONNREFUSED"; may be empty */
    /* What the hint says; TCPC_HINT_NONE: nothing that has a number. */
    enum tcpc_hint hint_code;
};

/* "REFUSED"; "?" for a number that is no code. */
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

/* "FIN_WAIT_1", as RFC 9293 names it; "?" for a number out of range. */
const char *tcpc_state_name(enum tcpc_state state);

struct tcpc_endpoint {
    char address[46]; /* "10.0.0.2", "2001:db8::2"; empty: unspecified */
    uint16_t port;    /* 0: unspecified */
};

#define TCPC_ENDPOINT_TEXT_MAX 64
/* Writes "10.0.0.2:80" or "[2001:db8::2]:80" into ret_text, which has room for
 * TCPC_ENDPOINT_TEXT_MAX bytes, with "*" for an unspecified address or port. Returns ret_text. */
const char *tcpc_endpoint_format(const struct tcpc_endpoint *endpoint, char *ret_text);
/* Sets *ret_endpoint to a numeric address (without brackets or zone), in its canonical spelling
 * (RFC 5952), and a port. False, with *ret_endpoint untouched, when address is neither IPv4 nor
 * IPv6: no names are looked up. */
bool tcpc_endpoint_set(struct tcpc_endpoint *ret_endpoint, const char *address, uint16_t port);

/* --- the client ------------------------------------------------------------------------------- */

struct tcpc_client;

/* What becomes of the client's connections and listeners when it is gone: freed, or dead and
 * without a link for the daemon's grace time (1 s). */
enum tcpc_policy {
    TCPC_POLICY_NONE = 0, /* no session: they belong to the uid and stay */
    TCPC_POLICY_CLOSE,    /* CLOSE: what was accepted is still sent */
    TCPC_POLICY_ABORT,    /* RST */
    TCPC_POLICY_KEEP      /* wait keep_seconds for a client with the session's token, then CLOSE */
};

/* How long a call waits for a daemon that was there and went away, unless its own timeout is over
 * before: long enough for a service manager to start it again (RestartSec=10), so that the answer
 * is TCPC_RESTARTED. When none is there at the start, nothing waits. */
#define TCPC_RECONNECT_MS 15000u

struct tcpc_options {
    const char *url;       /* NULL: $TCPENGINE_CONTROL, else TCPC_DEFAULT_URL */
    const char *name;      /* for people, in the daemon's log; cut to 64 bytes; NULL: none */
    uint32_t timeout_ms;   /* of each request; 0: 5,000 */
    uint32_t reconnect_ms; /* patience with a daemon that went away; 0: TCPC_RECONNECT_MS */
    enum tcpc_policy policy;
    uint32_t keep_seconds; /* with TCPC_POLICY_KEEP; the daemon's session_keep_max at most */
    const uint8_t *token;  /* TCPC_TOKEN_BYTES, the tcpc_client_token() of an earlier client of the
                            * same uid: take over its session, whose policy stays as it was (policy
                            * here: any but NONE); NULL: a new session */
};

/* Connects, and attaches a session if a policy is set. options may be NULL: all defaults; what they
 * point to is copied. Blocks for at most timeout_ms, with a policy for twice that. *ret_client is
 * the caller's, to be freed by tcpc_client_free(); untouched on failure, which leaves nothing
 * behind.
 *
 * Those of the process' descriptors 0 to 2 that are closed then stand for /dev/null, so that no
 * link to the daemon gets such a number; reading and writing them still fails with EBADF.
 *
 * TCPC_UNREACHABLE: no socket at the URL, or nobody listens on it; found within milliseconds,
 *   whatever the timeout. errno_name says which (ENOENT, ECONNREFUSED). Start the daemon.
 * TCPC_PERMISSION: the socket's access rights forbid it. Become root, or join its group.
 * TCPC_INVALID_ARGUMENT: the URL is not one that nng can dial, the policy is unknown, a token comes
 *   without a policy, or keep_seconds exceeds the daemon's limit.
 * TCPC_SESSION: no session of this uid has the token (any more). Go on without a token.
 * TCPC_RESOURCES: the user or the daemon has too many sessions or links. Free other clients, or try
 *   later.
 * TCPC_DEADLINE: connected, but no answer in time: the daemon hangs, or something else listens.
 * TCPC_PROTOCOL: something else answers. TCPC_NO_MEMORY. */
enum tcpc_code tcpc_client_new(const struct tcpc_options *options, struct tcpc_client **ret_client,
                               struct tcpc_error *ret_error);
/* Frees the client. NULL is legal.
 *
 * The session's policy takes effect now; TCPC_POLICY_KEEP after its time. Asynchronous calls that
 * are still out end with TCPC_CANCELLED: each callback runs, and this returns only after the last
 * one has. What their requests asked for may have been done or not. Blocks for about two seconds at
 * most, and for as long as the callbacks take.
 *
 * The caller sees to it that no other thread is inside a function with this client, and that none
 * enters one: a synchronous call in another thread must have returned. Not from a callback.
 * Responses, and copies of the token, stay valid. */
void tcpc_client_free(struct tcpc_client *client);

/* The session's secret, for tcpc_options.token of a later client: TCPC_TOKEN_BYTES, valid as long
 * as the client; NULL without a session. Whoever has it, under the same uid, has the connections.
 */
const uint8_t *tcpc_client_token(const struct tcpc_client *client);
/* The daemon's boot id, random at each of its starts; 0 before its first answer. */
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
    TCPC_OP_SET_OPTION,
    TCPC_OP_SESSIONS,
    TCPC_OP_EXPLAIN,
    TCPC_OP_CAPTURE,
    TCPC_OP_FAULT,
    TCPC_OP_RANK
};

struct tcpc_open {
    bool is_passive;
    struct tcpc_endpoint local;  /* address empty: chosen; port 0: ephemeral (active only) */
    struct tcpc_endpoint remote; /* active: required; passive: only that peer, or empty */
    uint32_t backlog;            /* passive; 0: 128 */
    uint64_t listener_id;        /* active: this passive OPEN turns active, under the same id */
    uint64_t token;   /* random: the same token opens only once. 0: tcpc_open_active() and
                       * tcpc_listen() draw one; with tcpc_call(), a request sent again over a
                       * new link then opens twice */
    uint32_t wait_ms; /* active: wait for the end of the opening; 0: answer at once */
    bool fast_open;   /* RFC 7413, where the daemon allows it: data on the SYN, ours or the peers'.
                       * It may be delivered twice */
    const void *data; /* active: the stream's first bytes; borrowed until the call is over */
    size_t len;       /* at most TCPC_DATA_MAX; tcpc_opened.accepted_to says how many were taken */
};

struct tcpc_accept {
    uint64_t listener_id;
    uint64_t token;   /* as in struct tcpc_open; tcpc_accept() draws one */
    uint32_t wait_ms; /* wait for a connection */
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
    uint32_t wait_ms;     /* wait for the first byte, or the end of the stream */
};

/* SHUTDOWN, CLOSE, ABORT, STATUS, HISTORY, EXPLAIN. */
struct tcpc_target {
    uint64_t id;
    uint32_t wait_ms; /* CLOSE: until our FIN is acknowledged or the connection is gone */
};

/* A node of an expression that selects connections. The numbers of kind, field and op, and their
 * meaning, are in tcpengine.proto: FilterKind, FilterField, FilterOperator. */
struct tcpc_filter_node {
    uint32_t kind, left, right, field, op, prefix_bits;
    uint64_t number;
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    const char *text;    /* borrowed; NULL: none */
};
#define TCPC_FILTER_NODES_MAX 64

/* LIST, TIME_WAIT_LIST, SESSIONS: one page. */
struct tcpc_page {
    uint64_t cursor; /* 0: from the start; else that of the page before */
    uint32_t max;    /* rows; 0: as many as a message holds */
    bool details;    /* LIST: tcpc_connection.details as well */
    /* LIST, TIME_WAIT_LIST: only the rows for which the last of these is true; none: all. Borrowed
     * until the call is over. More than TCPC_FILTER_NODES_MAX are TCPC_INVALID_ARGUMENT. */
    const struct tcpc_filter_node *filter;
    size_t filter_count;
    /* LIST: only these, in this order, on one page, without those that are gone; borrowed. */
    const uint64_t *ids;
    size_t id_count;
};

struct tcpc_next_events {
    uint64_t after_seq;
    uint32_t max;     /* 0: as many as a message holds */
    uint32_t wait_ms; /* wait for the first event */
};

struct tcpc_set_option {
    uint64_t id;
    const char *name; /* one of tcpc_daemon_status.options; borrowed until the call is over */
    int64_t value;
    const char *text; /* of "congestion_control": the algorithm's name; NULL: value counts */
};

struct tcpc_capture {
    uint64_t capture;                      /* 0: begin one */
    uint32_t snaplen;                      /* with 0: bytes of each packet; 0: all */
    uint64_t count;                        /* with 0: packets, then it ends; 0: no end */
    const struct tcpc_filter_node *filter; /* with 0: TCPC_FILTER_NODES_MAX at most */
    size_t filter_count;
    uint64_t from_offset; /* frees the bytes before */
    uint32_t wait_ms;
    bool stop; /* no more packets */
};

struct tcpc_request {
    enum tcpc_op op;     /* selects the union's member; COUNTERS and DAEMON_STATUS have none */
    uint32_t timeout_ms; /* 0: the client's */
    union {
        struct tcpc_open open;
        struct tcpc_accept accept;
        struct tcpc_send send;
        struct tcpc_receive receive;
        struct tcpc_target target;
        struct tcpc_page page;
        struct tcpc_rank rank;
        struct tcpc_next_events next_events;
        struct tcpc_set_option set_option;
        struct tcpc_capture capture;
        struct tcpc_fault fault;
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

struct tcpc_captured {
    uint64_t capture;
    const uint8_t *data; /* pcapng, from from_offset on */
    size_t len;
    uint64_t lost; /* packets, because the daemon's buffer was full */
    bool is_over;  /* all has been read */
};

/* Who made a connection or listener: the process at the other end of its link to the daemon, as it
 * was then. A session without a name has the program's. */
struct tcpc_owner {
    uint32_t uid;
    uint32_t pid;        /* 0: not known */
    const char *program; /* as the kernel names it; "": not known */
    const char *session; /* its name; "": made without one */
    bool is_gone;        /* the process has ended */
};

/* Some of what tcpc_status has, for lists. Times are microseconds; -1: not known (any more). */
struct tcpc_connection_details {
    int64_t age_us, state_age_us;
    int64_t idle_us; /* since data, a SYN or a FIN was sent, or anything came */
    int64_t srtt_us, rttvar_us, rto_us;
    uint64_t retransmits;
    uint32_t backoff, cwnd_bytes, ssthresh_bytes, mss, snd_wscale, rcv_wscale;
    uint64_t bytes_sent, bytes_acked, bytes_received, segments_in, segments_out;
    const char *congestion_control;
};

struct tcpc_connection {
    uint64_t id;
    enum tcpc_state state;
    struct tcpc_endpoint local, remote;
    uint32_t uid;
    uint64_t send_queue_bytes, receive_queue_bytes; /* listener: backlog, ready to be accepted */
    const char *timer;                              /* "retransmit", ...; "": none */
    int64_t timer_ms;                               /* from now */
    struct tcpc_owner owner; /* of one that waits to be accepted: the listener's */
    const struct tcpc_connection_details *details; /* NULL: not asked for */
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
    struct tcpc_owner owner;
};

struct tcpc_time_wait_list {
    const struct tcpc_time_wait *rows;
    size_t count;
    uint64_t cursor;
    bool is_done;
    uint64_t as_of_seq;
};

/* A variable of the congestion control algorithm, for people. */
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
    const struct tcpc_time_wait *time_wait; /* NULL except in TIME_WAIT */
    const char *socket; /* of a program that has it as a descriptor: what ss -x shows; or empty */
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

/* A frame, packet or segment that was dropped, or whose data was. */
struct tcpc_drop {
    int64_t time_us;    /* since the daemon's start */
    const char *reason; /* one word: "unacceptable", "paws", ... */
    const char *text;   /* the reason in a sentence */
    const char *counter;
    uint64_t id;                        /* of its connection or listener; 0: none */
    struct tcpc_endpoint local, remote; /* of the stack's drops, where known; port 0: none */
    const struct tcpc_segment *segment; /* NULL: not a TCP segment, or unreadable */
};

/* What happened to a connection beside its changes of state. */
struct tcpc_note {
    int64_t time_us;       /* since the daemon's start */
    const char *kind;      /* one word: "rto_retransmit", "challenge_ack", ... */
    const char *text;      /* in a sentence, with the numbers */
    enum tcpc_state state; /* of the connection, when it happened */
    uint32_t seq, len;     /* the sequence numbers that it is about; len 0: none */
    uint32_t count;        /* the how manieth in a row; 0: does not apply */
    int64_t value;         /* microseconds, bytes or a number, as the text says */
};

struct tcpc_history {
    uint64_t id;
    struct tcpc_endpoint local, remote;
    const struct tcpc_transition *rows;
    size_t count;
    bool is_gone;
    const struct tcpc_drop *drops; /* the last 8 (id 0: the stack's last 64), oldest first */
    size_t drop_count;
    const struct tcpc_note *notes; /* the last 32, oldest first */
    size_t note_count;
    uint64_t notes_older; /* how many came before these */
    struct tcpc_owner owner;
};

struct tcpc_limit {
    const char *name; /* "cwnd", "peer_window", ... */
    int64_t us;       /* for how long it held the sender back, in all */
};

struct tcpc_fact {
    const char *name; /* "gives_up_ms", ... */
    int64_t value;
};

/* A fault that has hit it, or waits for its segments (tcpc_fault_add). */
struct tcpc_explain_fault {
    uint64_t id;
    const char *what, *aim;
    uint64_t count;     /* 0: no limit */
    uint64_t hits;      /* in all */
    uint64_t hits_here; /* of its segments */
    int64_t hit_ms_ago; /* the last of those; -1: none */
    bool is_over;
};

/* What a connection or listener waits for, in words. */
struct tcpc_explanation {
    uint64_t id;
    enum tcpc_state state;
    struct tcpc_endpoint local, remote;
    const char *verdict;   /* "ok", "waiting", "slow", "stuck", "leaking" or "dead" */
    const char *situation; /* one word */
    const char *summary;   /* one sentence */
    const char *reason, *waits_for, *then, *peer;
    const char *timer; /* empty: none */
    int64_t timer_ms;
    const char *limit; /* what holds the sender back now */
    const struct tcpc_limit *limits;
    size_t limit_count;
    struct tcpc_owner owner;
    const char *const *hints; /* commands to type */
    size_t hint_count;
    const struct tcpc_fact *facts; /* numbers behind the words */
    size_t fact_count;
    const struct tcpc_explain_fault *faults;
    size_t fault_count;
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
    const char *kind; /* "state", "fin_again", "address_conflict", "address_ready", "note",
                       * "notes_lost" */
    enum tcpc_state from, to;
    const char *cause;
    struct tcpc_endpoint local, remote;
    uint32_t uid;
    const struct tcpc_segment *segment; /* NULL when no segment caused it */
    struct tcpc_owner owner;
    const struct tcpc_note *note; /* of kind "note"; else NULL */
    uint64_t lost; /* "notes_lost": so many notes of id (0: of others) were not kept */
};

/* Events that were overwritten before we asked, of one connection or listener. */
struct tcpc_lost_events {
    uint64_t id; /* 0: of none */
    uint64_t count;
};

struct tcpc_events {
    const struct tcpc_event *rows;
    size_t count;
    uint64_t lost;                          /* events that were overwritten before we asked */
    uint64_t last_seq;                      /* the next request's after_seq */
    const struct tcpc_lost_events *lost_by; /* whose they were, as far as it is known */
    size_t lost_by_count;
};

/* A session that there is. */
struct tcpc_session {
    uint64_t number; /* they are counted */
    const char *name;
    uint32_t uid;
    struct tcpc_owner owner; /* the process that attached it last */
    enum tcpc_policy policy;
    uint32_t keep_seconds;
    uint64_t connections, listeners; /* that were not given up */
    int64_t age_ms;
    bool is_attached; /* a link uses it now */
};

struct tcpc_session_list {
    const struct tcpc_session *rows;
    size_t count;
    uint64_t cursor;
    bool is_done;
};

/* An option for tcpc_set_option(). values: "on, off" (1 and 0); for congestion_control, the names
 * for tcpc_set_congestion_control(); empty: a number. */
struct tcpc_option_info {
    const char *name, *values, *help;
};

/* One of the daemon's own addresses. state: "tentative", "ready" or "conflict" (another station has
 * it, and it is not used). */
struct tcpc_address_state {
    const char *address, *state;
    const char *claimed_by; /* MAC of the last station that claimed it; "": none did */
    int64_t retry_ms;       /* in conflict: until it is probed again */
    bool is_configured;     /* false: the link-local address that an IPv6 address brings along */
};

/* How much there is of something, and the most that there can be. */
struct tcpc_use {
    const char *name; /* "connections", "time_wait", ...; bytes if it ends in _bytes */
    uint64_t used, max;
};

struct tcpc_daemon_status {
    const char *version;
    uint32_t api_major;
    int64_t uptime_us, time_us, epoch_us, msl_ms;
    const char *tap;
    bool tap_up;
    const char *mac, *gateway, *http;
    uint32_t mtu;
    const char *const *addresses;
    size_t address_count;
    const char *const *routes;
    size_t route_count;
    const char *const *gateways; /* all; gateway is the first */
    size_t gateway_count;
    uint64_t states[TCPC_STATE_COUNT];
    uint64_t connections, listeners, time_wait, orphans, sessions, links, memory_bytes;
    uint64_t memory_used_bytes, memory_max_bytes;
    const char *memory_level; /* "plenty", "pressure", "limit" */
    uint64_t last_event_seq;
    const struct tcpc_option_info *options;
    size_t option_count;
    const char *const *offloads; /* in use: "send_gso" */
    size_t offload_count;
    const char *const *offloads_refused; /* by the kernel, though configured */
    size_t offload_refused_count;
    int64_t kernel_dropped; /* frames that the kernel dropped before they were read; -1: unknown */
    const struct tcpc_address_state *address_states;
    size_t address_state_count;
    const struct tcpc_use *uses; /* of what is limited */
    size_t use_count;
};

struct tcpc_response {
    enum tcpc_op op;
    struct tcpc_error error; /* unless its code is TCPC_OK, the union is all zeros */
    uint64_t boot_id;
    union {
        struct tcpc_opened opened; /* OPEN, ACCEPT */
        struct tcpc_sent sent;
        struct tcpc_received received;
        enum tcpc_state state; /* SHUTDOWN, CLOSE, ABORT: after the call */
        struct tcpc_status status;
        struct tcpc_connection_list list;
        struct tcpc_time_wait_list time_wait_list;
        struct tcpc_session_list sessions;
        struct tcpc_ranked ranked;
        struct tcpc_history history;
        struct tcpc_explanation explanation;
        struct tcpc_counters counters;
        struct tcpc_events events;
        struct tcpc_daemon_status daemon;
        struct tcpc_captured captured;
        struct tcpc_faults faults;
    } u;
    struct tcpc_arena *memory; /* the library's: everything that the pointers above point to */
};

/* Frees a response and everything that its pointers point to. NULL is legal. The client may be gone
 * already. */
void tcpc_response_free(struct tcpc_response *response);

/* --- any request ------------------------------------------------------------------------------ */

/* Receives the answer to a request, or why there is none (response->error). response is handed
 * over: free it, here or later. See "Threads" above for what a callback may do. */
typedef void (*tcpc_callback)(void *ctx, struct tcpc_response *response);

/* Sends a request and returns at once; callback then runs exactly once, on a thread of the library,
 * possibly before this returns. The request is copied; what it points to (data, name, text) is
 * borrowed until the callback. Many requests may be out at once. The daemon takes them in the order
 * in which they were sent, but answers those that wait later, and a broken link may reorder them.
 *
 * TCPC_OK: callback will run, with the request's own outcome, which may be any code. Otherwise it
 * will not, and nothing was sent:
 * TCPC_INVALID_ARGUMENT: op is unknown, or data is longer than TCPC_DATA_MAX.
 * TCPC_RESTARTED, TCPC_SESSION: as found by an earlier call; make a new client.
 * TCPC_NO_MEMORY. TCPC_CANCELLED: from a callback, while tcpc_client_free() runs. */
enum tcpc_code tcpc_call_async(struct tcpc_client *client, const struct tcpc_request *request,
                               tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);
/* The same, and waits for the answer; returns its code. With TCPC_OK *ret_response is the caller's
 * to free; untouched on failure. The id of an Open that failed is lost here: use tcpc_open_active()
 * where it matters. */
enum tcpc_code tcpc_call(struct tcpc_client *client, const struct tcpc_request *request,
                         struct tcpc_response **ret_response, struct tcpc_error *ret_error);

/* tcpc_call_async() for one Send or one Receive of at most TCPC_DATA_MAX bytes. The caller keeps
 * the offsets; do not mix these with tcpc_send() and tcpc_receive() on one connection. Outcomes
 * besides those of any call, in response->error:
 *
 * TCPC_AGAIN: no room, or nothing received, within wait_ms. Ask again at the same offset.
 * TCPC_BAD_OFFSET: see the code. TCPC_NOT_FOUND, TCPC_PERMISSION, TCPC_BAD_STATE (a listener).
 * TCPC_CONNECTION_CLOSING: after Close; Send: also after Shutdown or an earlier fin.
 * TCPC_RESOURCES: too many requests of this link are waiting. Let some be answered first.
 * TCPC_RESET, TCPC_TIMED_OUT, TCPC_PEER_UNREACHABLE, TCPC_REFUSED, TCPC_ABORTED: it has failed. */
enum tcpc_code tcpc_send_async(struct tcpc_client *client, const struct tcpc_send *send,
                               tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);
enum tcpc_code tcpc_receive_async(struct tcpc_client *client, const struct tcpc_receive *receive,
                                  tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);

/* --- the user calls of RFC 9293 3.9.1 --------------------------------------------------------- */

/* Active OPEN (RFC 9293 3.10.1); open->is_passive is ignored. With wait_ms 0 it returns in
 * SYN_SENT; otherwise when the connection is established, when the opening has failed, or after
 * wait_ms. *ret_opened is always written: after a failure its id names the failed connection, which
 * is the caller's to tcpc_close(), or is 0 when there is none.
 *
 * At once, with id 0:
 * TCPC_INVALID_ARGUMENT: no remote address or port, or one that cannot be connected (multicast,
 *   broadcast, the daemon's own); open->len exceeds TCPC_DATA_MAX.
 * TCPC_ADDRESS: open->local is not the daemon's, or no port is left. See the code.
 * TCPC_EXISTS: the two endpoints are connected already; choose another local port. Or listener_id
 *   names a connection, for instance because it has turned active before.
 * TCPC_PEER_UNREACHABLE: no route. Give the daemon a gateway, or an address in that network.
 * TCPC_RESOURCES: too many connections, in all or of this uid.
 * TCPC_NOT_FOUND, TCPC_PERMISSION: listener_id names no listener, or somebody else's.
 * With wait_ms, and an id to close:
 * TCPC_REFUSED: RST in answer to our SYN. Does a program listen there?
 * TCPC_PEER_UNREACHABLE, TCPC_TIMED_OUT, TCPC_RESET, TCPC_ABORTED: see the codes.
 * TCPC_AGAIN: still opening after wait_ms. Wait on by calling again with the same token, or
 *   tcpc_abort(). */
enum tcpc_code tcpc_open_active(struct tcpc_client *client, const struct tcpc_open *open,
                                struct tcpc_opened *ret_opened, struct tcpc_error *ret_error);
/* Passive OPEN: a listener, which stays in LISTEN until it is closed. is_passive and wait_ms are
 * ignored.
 *
 * TCPC_INVALID_ARGUMENT: no local port, or the peer's address is not a unicast one.
 * TCPC_ADDRESS: the address is not the daemon's, or another listener has the port and the same
 * peer. TCPC_RESOURCES: too many listeners, in all or of this uid. */
enum tcpc_code tcpc_listen(struct tcpc_client *client, const struct tcpc_open *open,
                           struct tcpc_opened *ret_opened, struct tcpc_error *ret_error);
/* Takes the oldest connection of a listener, waiting for one for at most wait_ms. The connection
 * then belongs to the caller's uid, and to its session.
 *
 * TCPC_AGAIN: none came within wait_ms. Call again.
 * TCPC_NOT_FOUND: the listener was closed. TCPC_PERMISSION: it is somebody else's.
 * TCPC_BAD_STATE: listener_id names a connection. TCPC_RESOURCES: this uid has too many. */
enum tcpc_code tcpc_accept(struct tcpc_client *client, uint64_t listener_id, uint32_t wait_ms,
                           struct tcpc_opened *ret_opened, struct tcpc_error *ret_error);

/* SEND (3.10.2): sends all of data, and returns when the daemon has accepted its last byte.
 * Accepted is not acknowledged by the peer: tcpc_close() with wait_ms waits for that. Keeps several
 * requests under way as long as the daemon has room. data is borrowed until return. A connection
 * that this client did not open costs one tcpc_status() at its first use, even with len 0.
 *
 * After any failure tcpc_stream_offsets() says how far it came; the rest may be sent again from
 * there, unless the connection has failed.
 *
 * TCPC_AGAIN: nothing was accepted for wait_ms: the peer's window and the send buffer are full.
 * TCPC_CONNECTION_CLOSING: after tcpc_shutdown() or tcpc_close().
 * TCPC_BAD_OFFSET: the daemon has accepted less than we know of: not while this client alone sends.
 *   (Two senders on one connection lose data unnoticed: do not share a stream.)
 * TCPC_RESET, TCPC_TIMED_OUT, TCPC_PEER_UNREACHABLE, TCPC_REFUSED, TCPC_ABORTED: it has failed.
 * TCPC_NOT_FOUND, TCPC_PERMISSION. TCPC_BAD_STATE: id names a listener. */
enum tcpc_code tcpc_send(struct tcpc_client *client, uint64_t id, const void *data, size_t len,
                         uint32_t wait_ms, struct tcpc_error *ret_error);
/* RECEIVE (3.10.3): waits at most wait_ms for bytes, copies up to *len of those that are there into
 * buffer, and sets *len to their number. TCPC_OK with *len 0 is the end of the stream, and remains
 * so when asked again; therefore *len must not be 0 on entry. Bytes are freed at the daemon when
 * the next ones are asked for. While much is there, the library reads one request ahead, so the
 * daemon may have freed bytes that this function has not handed out yet: a program whose connection
 * must be taken over by another process uses TCPC_OP_RECEIVE.
 *
 * TCPC_AGAIN: nothing came within wait_ms. Call again.
 * TCPC_CONNECTION_CLOSING: after tcpc_close() by another client.
 * TCPC_BAD_OFFSET: somebody else receives on this connection too.
 * TCPC_RESET, TCPC_TIMED_OUT, TCPC_PEER_UNREACHABLE, TCPC_REFUSED, TCPC_ABORTED: it has failed, and
 *   bytes still at the daemon are lost.
 * TCPC_NOT_FOUND, TCPC_PERMISSION. TCPC_BAD_STATE: id names a listener. */
enum tcpc_code tcpc_receive(struct tcpc_client *client, uint64_t id, void *buffer, size_t *len,
                            uint32_t wait_ms, struct tcpc_error *ret_error);
/* The stream offsets that tcpc_send() and tcpc_receive() have reached: bytes accepted by the
 * daemon, bytes handed to the caller. Both are 0 for an id that was not used, or was closed. */
void tcpc_stream_offsets(struct tcpc_client *client, uint64_t id, uint64_t *ret_sent,
                         uint64_t *ret_received);

/* The connection as a plain descriptor of the kernel's (docs/sockets.md): a stream socket for read,
 * write, poll, sendfile, dup, fork, exec and passing it on. What was received and not handed out
 * yet is read from there. Its shutdown(SHUT_WR) is the FIN, closing the last copy is CLOSE, and
 * with bytes unread it is a RST; the end of the client's session no longer concerns it. Do not use
 * the id for tcpc_send() or tcpc_receive() afterwards; tcpc_status() and tcpc_abort() still do.
 * Independent of the client's link: takes a connection of its own, and at most 5 s.
 *
 * *ret_fd is set with TCPC_OK, closes on exec, and is the caller's to close.
 *
 * TCPC_NOT_FOUND, TCPC_PERMISSION. TCPC_BAD_STATE: id names a listener, or a channel or another
 * descriptor has the connection. TCPC_RESOURCES: this uid has too many descriptors
 *   (sockets_per_uid_max, sockets_max), or this process. TCPC_UNREACHABLE: the daemon is gone, or
 *   has no sockets. TCPC_PROTOCOL: it is of another version. TCPC_INVALID_ARGUMENT: the client's
 *   URL has no path. */
enum tcpc_code tcpc_stream_fd(struct tcpc_client *client, uint64_t id, int *ret_fd,
                              struct tcpc_error *ret_error);

/* Half close: a FIN after everything that was sent; receiving still works.
 *
 * TCPC_CONNECTION_CLOSING: called before, or after tcpc_close().
 * TCPC_BAD_STATE: a listener, or a connection still in SYN_SENT: wait until it is open.
 * TCPC_NOT_FOUND, TCPC_PERMISSION, or why the connection failed. */
enum tcpc_code tcpc_shutdown(struct tcpc_client *client, uint64_t id, struct tcpc_error *ret_error);
/* CLOSE (3.10.4), of connections, listeners, and what is left of a failed connection: a FIN after
 * everything that was sent, and the caller is done with it. Received bytes that were not handed
 * out, or that come later, turn it into a reset (RFC 2525 2.17). With wait_ms it returns when the
 * peer has acknowledged our FIN, when the connection is gone, or after wait_ms (an hour at most),
 * all of them TCPC_OK: *ret_state (may be NULL) says which. FIN_WAIT_1, CLOSING, LAST_ACK: not
 * acknowledged yet; TIME_WAIT, FIN_WAIT_2: acknowledged; CLOSED: gone. The id is of no further use
 * except to look.
 *
 * TCPC_CONNECTION_CLOSING: called before, or the connection is in TIME_WAIT. Nothing is left to do.
 * TCPC_NOT_FOUND: it is gone already. TCPC_PERMISSION: somebody else's.
 * With wait_ms, TCPC_RESET, TCPC_TIMED_OUT, TCPC_PEER_UNREACHABLE, TCPC_ABORTED: it was closed, but
 *   failed before the FIN was acknowledged: the peer may lack the last bytes. */
enum tcpc_code tcpc_close(struct tcpc_client *client, uint64_t id, uint32_t wait_ms,
                          enum tcpc_state *ret_state, struct tcpc_error *ret_error);
/* ABORT (3.10.5): a RST where RFC 9293 asks for one, and CLOSED at once; also ends TIME_WAIT and
 * listeners. TCPC_NOT_FOUND: it is gone already. TCPC_PERMISSION: somebody else's. */
enum tcpc_code tcpc_abort(struct tcpc_client *client, uint64_t id, struct tcpc_error *ret_error);
/* Sets an option of one connection. tcpc_daemon_status() lists the names, their values and
 * meanings.
 *
 * TCPC_INVALID_ARGUMENT: no such option, or the value is out of range.
 * TCPC_BAD_STATE: id names a listener, or a connection that has failed or is in TIME_WAIT.
 * TCPC_NOT_FOUND, TCPC_PERMISSION. */
enum tcpc_code tcpc_set_option(struct tcpc_client *client, uint64_t id, const char *name,
                               int64_t value, struct tcpc_error *ret_error);
/* Changes the congestion control algorithm of one connection: "cubic", "reno", "bbr". Errors as for
 * tcpc_set_option(); TCPC_INVALID_ARGUMENT: no algorithm of that name, the hint lists them. */
enum tcpc_code tcpc_set_congestion_control(struct tcpc_client *client, uint64_t id,
                                           const char *name, struct tcpc_error *ret_error);

/* --- faults ----------------------------------------------------------------------------------- */

/* Adds a fault; fault->verb is ignored, and a token is chosen if it has none.
 *
 * TCPC_PERMISSION: the daemon does not allow faults, or target_id is somebody else's.
 * TCPC_INVALID_ARGUMENT: what, or the filter, makes no sense. TCPC_NOT_FOUND: target_id is gone.
 * TCPC_RESOURCES: too many faults, in all or of this uid. */
enum tcpc_code tcpc_fault_add(struct tcpc_client *client, const struct tcpc_fault *fault,
                              uint64_t *ret_id, struct tcpc_error *ret_error);
/* response->u.faults: those from first_id on that the caller may see. TCPC_PERMISSION: as above. */
enum tcpc_code tcpc_fault_list(struct tcpc_client *client, uint64_t first_id,
                               struct tcpc_response **ret_response, struct tcpc_error *ret_error);
/* TCPC_NOT_FOUND: it is over already, or somebody else's. TCPC_PERMISSION: as above. */
enum tcpc_code tcpc_fault_remove(struct tcpc_client *client, uint64_t id,
                                 struct tcpc_error *ret_error);

/* --- inspection ------------------------------------------------------------------------------- */

/* With TCPC_OK *ret_response is the caller's to free; untouched on failure. The lists, events and
 * counters fail only as any call does; so does tcpc_daemon_status(). Lists and events show the
 * caller's own, to root and the admin group everything. */

/* response->u.status: everything about one connection or listener, also in TIME_WAIT, and of a
 * failed one until it is closed. TCPC_NOT_FOUND, TCPC_PERMISSION. */
enum tcpc_code tcpc_status(struct tcpc_client *client, uint64_t id,
                           struct tcpc_response **ret_response, struct tcpc_error *ret_error);
/* response->u.list: all pages, listeners first. What changes while they are read may be in the list
 * or not; tcpc_next_events() after its as_of_seq reports every change. */
enum tcpc_code tcpc_list(struct tcpc_client *client, struct tcpc_response **ret_response,
                         struct tcpc_error *ret_error);
/* response->u.time_wait_list: all pages, as tcpc_list(). */
enum tcpc_code tcpc_time_wait_list(struct tcpc_client *client, struct tcpc_response **ret_response,
                                   struct tcpc_error *ret_error);
/* response->u.sessions: all pages, oldest session first; those of other uids for root and the admin
 * group alone. */
enum tcpc_code tcpc_sessions(struct tcpc_client *client, struct tcpc_response **ret_response,
                             struct tcpc_error *ret_error);

/* Receives a page of a list; what it points to is borrowed until it returns. false: no more. */
typedef bool (*tcpc_page_callback)(void *ctx, const struct tcpc_response *page);

/* The same lists, a page at a time as they come: memory for one page, however long the list is. op
 * is TCPC_OP_LIST, TCPC_OP_TIME_WAIT_LIST or TCPC_OP_SESSIONS. on_page runs in the caller's thread;
 * while it does, the next pages are on their way. It may make any call but tcpc_client_free().
 * After a failure it has had the pages before. The first page's as_of_seq is the list's.
 *
 * TCPC_INVALID_ARGUMENT: another op. */
enum tcpc_code tcpc_list_pages(struct tcpc_client *client, enum tcpc_op op,
                               tcpc_page_callback on_page, void *ctx, struct tcpc_error *ret_error);
/* The same for a request, which says what is in the list: details, filter, rows per page. */
enum tcpc_code tcpc_request_pages(struct tcpc_client *client, const struct tcpc_request *request,
                                  tcpc_page_callback on_page, void *ctx,
                                  struct tcpc_error *ret_error);

/* response->u.history: the state transitions of a connection or listener, also of one gone lately,
 * and its latest drops. id 0: only the drops of the whole stack.
 *
 * TCPC_NOT_FOUND: never there, or gone for too long. TCPC_PERMISSION: somebody else's; id 0: the
 *   caller is neither root nor in the admin group. */
enum tcpc_code tcpc_history(struct tcpc_client *client, uint64_t id,
                            struct tcpc_response **ret_response, struct tcpc_error *ret_error);
/* response->u.explanation: what a connection or listener waits for, also of one gone lately.
 *
 * TCPC_NOT_FOUND: never there, or gone for too long. TCPC_PERMISSION: somebody else's. */
enum tcpc_code tcpc_explain(struct tcpc_client *client, uint64_t id,
                            struct tcpc_response **ret_response, struct tcpc_error *ret_error);
/* response->u.counters: all of tcpctl-stats(7). */
enum tcpc_code tcpc_counters(struct tcpc_client *client, struct tcpc_response **ret_response,
                             struct tcpc_error *ret_error);
/* response->u.events: those after after_seq, waiting for the first for at most wait_ms; none is
 * TCPC_OK with count 0. Start with the as_of_seq of a list, with 0 for everything that the daemon
 * still has, or with UINT64_MAX for what comes from now on; go on with last_seq. */
enum tcpc_code tcpc_next_events(struct tcpc_client *client, uint64_t after_seq, uint32_t wait_ms,
                                struct tcpc_response **ret_response, struct tcpc_error *ret_error);
/* response->u.daemon: version, addresses, totals, and the options of tcpc_set_option(). */
enum tcpc_code tcpc_daemon_status(struct tcpc_client *client, struct tcpc_response **ret_response,
                                  struct tcpc_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif

/* A peer made of single segments, for tests written like the RFC: one line in, one line out.
 *
 *     struct script s;
 *     script_init(&s);
 *     s.options = SPEAKS_ALL;                    what the peer offers on its SYN; default nothing
 *     conn_in_established(&s);                   one constructor per state
 *     T_SEND(&s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
 *     T_EXPECT_NONE(&s);                         the ACK may wait
 *     script_advance(&s, DELAYED_ACK);
 *     T_EXPECT(&s, .flags = TE_ACK, .seq = 1, .ack = 101);
 *     T_STATE(&s, TE_ESTABLISHED);
 *     script_done(&s);
 *
 * Sequence numbers are relative: 0 is the SYN of that direction, 1 the first byte. Payload is a
 * pattern of the stream offset and is always compared. ARP and Neighbour Discovery are answered
 * automatically. No output goes unnoticed: script_done fails if a segment was not expected. Every
 * T_ macro reports its own line when it fails. */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include <stdlib.h>

#include "support/fixture.h"
#include "support/test.h"
#include "units.h"
#include "wire/tcp.h"

#define SERVER_PORT 80
#define CLIENT_PORT 8080 /* the peer's */
#define PEER_MSS 1460
#define PEER_WSCALE 7
#define USER 1000
#define DELAYED_ACK (40 * MS) /* the default of config.delayed_ack_us */
#define EVENTS_KEPT 256
#define SEGMENTS_KEPT 4096

/* What the peer offers in its SYN, or how it is addressed. */
enum script_option {
    SPEAKS_TIMESTAMPS = 1,
    SPEAKS_SACK = 2,
    SPEAKS_WSCALE = 4,
    SPEAKS_ALL = 7,
    SPEAKS_IPV6 = 8,
    SPEAKS_NO_MSS = 16
};

/* How a connection was opened. */
enum script_way { BY_PASSIVE = 0, BY_ACTIVE, BY_SIMULTANEOUS };

/* One segment, sent or expected. */
struct seg {
    uint8_t flags;
    uint32_t seq, ack; /* relative; ack counts only with TE_ACK or has_ack */
    uint32_t len;
    bool has_win, has_mss, has_wscale, has_ts, has_ecr, has_psh, has_ack, sack_permitted;
    bool has_fast_open; /* RFC 7413, sent only: with a cookie, or with none */
    const uint8_t *cookie;
    uint8_t cookie_len;
    bool no_ts;        /* sent without the timestamps that were negotiated */
    bool bad_checksum; /* sent only */
    uint8_t ecn;       /* the field of the IP header */
    uint32_t win;      /* the field, not scaled */
    uint16_t mss;
    uint8_t wscale;
    uint32_t ts, ecr; /* relative to PEER_TS when they are the peer's */
    bool psh;         /* with has_psh: PSH is expected, or expected to be missing */
    uint16_t urg;
    uint8_t salt; /* selects other bytes than the stream's pattern */
    unsigned sack_count;
    struct te_sack_block sack[TE_SACK_BLOCKS_MAX]; /* relative */
    const uint8_t *raw_options; /* instead of the options above; a multiple of 4 */
    uint8_t raw_len;
    uint16_t merged_from;  /* GSO size of what the link merged; 0: one segment */
    const char *from, *to; /* addresses other than the peer's and the stack's */
};

#define WIN(bytes) .has_win = true, .win = (bytes)
#define WITH_MSS(bytes) .has_mss = true, .mss = (bytes)
#define TSVAL(value) .has_ts = true, .ts = (uint32_t)(value)
#define ECR(value) .has_ecr = true, .ecr = (uint32_t)(value)
#define SACK1(a) .sack_count = 1, .sack = {a}
#define SACK2(a, b) .sack_count = 2, .sack = {a, b}
#define BLOCK(start, end)                                                                          \
    {                                                                                              \
        (start), (end)                                                                             \
    }
#define PSH(on) .has_psh = true, .psh = (on)

/* A segment that the stack sent. */
struct script_out {
    uint8_t *frame;
    size_t frame_len;
    struct te_frame_meta meta;
    int64_t time_us;
    struct te_addr source, destination;
    struct te_tcp_header header; /* absolute numbers */
    const uint8_t *options;      /* raw, into frame */
    size_t options_len;
    const uint8_t *payload;
    uint32_t len;
    uint8_t hop_limit, ecn;
    bool dont_fragment, checksum_ok;
};

/* The connection the T_ macros refer to; a test with several keeps copies. */
struct script_conn {
    uint64_t id;
    uint16_t local_port, remote_port;
    uint32_t peer_iss, our_iss; /* our_iss: the stack's, learned from its SYN */
    bool timestamps;            /* negotiated */
    uint32_t their_ts;          /* the last TSval that the stack sent */
};

struct script {
    struct fixture f; /* f.config may be changed until the first conn_in_* or script_start */
    unsigned options; /* set of enum script_option */
    enum script_way way;
    uint16_t peer_mss;
    uint8_t peer_wscale;
    uint16_t peer_window; /* the field of segments that do not set another */
    uint32_t peer_ts; /* TSval of segments that do not set another, relative; 0: it follows time */
    bool mute_neighbour; /* ARP and ND get no answer */
    bool is_held;        /* script_hold */
    bool closes_fully;   /* the constructors close by te_close instead of by half */
    struct script_conn c;
    uint64_t listener_id;
    struct te_counters mark;

    struct script_out out[SEGMENTS_KEPT];
    unsigned out_count, out_next;
    struct te_event events[EVENTS_KEPT];
    unsigned event_count, event_next;
    unsigned ready; /* of c.id, since the last T_READY */
    enum te_err end_error;
    unsigned neighbour_questions, other_frames;
    uint8_t other_frame[2048]; /* the last frame that is neither TCP nor a neighbour solicitation */
    size_t other_len;
};

extern const uint32_t PEER_ISS, PEER_TS;

void script_init(struct script *s);
void script_start(struct script *s); /* conn_in_* call it if necessary */
/* For a test of many cases: script_done, which checks the last one, then a new script. */
void script_start_over(struct script *s);
/* For cmocka: *state is a script, initialised; the teardown is script_done. */
int script_setup(void **state);
int script_teardown(void **state);
#define SCRIPT_TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)
/* Fails if a sent segment was not taken by a T_EXPECT, or if memory is left. */
void script_done(struct script *s);

/* --- time and segments ------------------------------------------------------------------------ */

void script_advance(struct script *s, int64_t delta_us);
/* Collects output after a call that was not made through this file. */
void script_pump(struct script *s);
void script_send(struct script *s, const struct seg *seg);
/* Everything given to the stack until script_release arrives in one batch, with no output in
 * between. */
void script_hold(struct script *s);
void script_release(struct script *s);
/* The next segment sent; NULL if there is none. */
const struct script_out *script_next(struct script *s);
void script_skip(struct script *s); /* skips all output so far */
uint32_t script_rel_seq(const struct script *s, const struct script_out *out);
uint32_t script_rel_ack(const struct script *s, const struct script_out *out);
uint8_t script_pattern(uint64_t offset, uint8_t salt);
struct te_addr script_peer_addr(const struct script *s);
struct te_addr script_local_addr(const struct script *s);
struct te_endpoint script_peer(const struct script *s);
struct te_endpoint script_local(const struct script *s);
/* One more peer: another port, the stack's numbers unknown. */
void script_new_peer(struct script *s, uint16_t remote_port);
/* Lets time pass until the next connection of this 4-tuple gets that ISS. */
void script_wait_for_iss(struct script *s, uint32_t iss);

/* An ICMP error that quotes a segment of ours at relative number seq; parameter: bytes 4 to 7 of
 * the message, where the MTU is. */
void script_icmp_error(struct script *s, uint8_t type, uint8_t code, uint32_t seq,
                       uint32_t parameter);

/* Compares and describes the difference in ret_why (SCRIPT_WHY_MAX bytes). */
#define SCRIPT_WHY_MAX 512
bool script_matches(struct script *s, const struct script_out *out, const struct seg *want,
                    char *ret_why);

struct script_at {
    const char *file;
    int line;
};
#define T_HERE ((struct script_at){__FILE__, __LINE__})
#define T_SEND(s, ...) script_send((s), &(struct seg){__VA_ARGS__})
#define T_EXPECT(s, ...) script_expect((s), &(struct seg){__VA_ARGS__}, T_HERE)
#define T_EXPECT_NONE(s) script_expect_none((s), T_HERE)
/* A segment after delta_us and nothing before. */
#define T_EXPECT_AFTER(s, delta_us, ...)                                                           \
    script_expect_after((s), (delta_us), &(struct seg){__VA_ARGS__}, T_HERE)
/* Exchanges that every test needs. */
#define T_EXPECT_ACK(s, our, their) T_EXPECT((s), .flags = TE_ACK, .seq = (our), .ack = (their))
const struct script_out *script_expect(struct script *s, const struct seg *want,
                                       struct script_at at);
void script_expect_none(struct script *s, struct script_at at);
const struct script_out *script_expect_after(struct script *s, int64_t delta_us,
                                             const struct seg *want, struct script_at at);

/* --- what the stack says of itself ------------------------------------------------------------ */

struct te_status script_status(const struct script *s); /* state CLOSED if it does not exist */
struct te_status script_listener_status(const struct script *s);
uint32_t script_connections(const struct script *s); /* that the stack has */
enum te_state script_state_of(const struct script *s, uint64_t id);
#define T_STATE(s, want) script_check_state((s), (want), T_HERE)
#define T_GONE(s) script_check_gone((s), T_HERE)
/* The next timer of the connection, in_us from now. */
#define T_TIMER(s, want, in_us) script_check_timer((s), (want), (in_us), T_HERE)
/* A counter since script_mark or since the constructor of the state. */
#define T_COUNT(s, field, want)                                                                    \
    script_check_number(fixture_counters(&(s)->f)->field - (s)->mark.field, (want), #field, T_HERE)
/* The stack's last drops include one of id (0: of no connection) with that reason, which is also
 * the last one id itself remembers. A reborn stack has forgotten them; nothing is checked then. */
#define T_DROPPED(s, id, reason) script_check_dropped((s), (id), (reason), T_HERE)
#define T_EQUAL(got, want) script_check_number((uint64_t)(got), (uint64_t)(want), #got, T_HERE)
#define T_ERR(got, want) script_check_err((got), (want), #got, T_HERE)
/* The next state event of the connection. */
#define T_EVENT(s, from, to, cause) script_check_event((s), (from), (to), (cause), T_HERE)
/* The connection's states since birth, from te_history: "CLOSED SYN_SENT ESTABLISHED". */
#define T_HISTORY(s, text) script_check_history((s), (text), T_HERE)
/* Everything that became ready since the last time; all of flags must be among it. */
#define T_READY(s, flags) script_check_ready((s), (flags), T_HERE)
void script_mark(struct script *s);
void script_check_state(struct script *s, enum te_state want, struct script_at at);
void script_check_gone(struct script *s, struct script_at at);
void script_check_timer(struct script *s, enum te_timer want, int64_t in_us, struct script_at at);
void script_check_number(uint64_t got, uint64_t want, const char *name, struct script_at at);
void script_check_dropped(struct script *s, uint64_t id, enum te_drop_reason reason,
                          struct script_at at);
void script_check_err(enum te_err got, enum te_err want, const char *name, struct script_at at);
void script_check_event(struct script *s, enum te_state from, enum te_state to, enum te_cause cause,
                        struct script_at at);
void script_check_history(struct script *s, const char *text, struct script_at at);
void script_check_ready(struct script *s, unsigned flags, struct script_at at);
void script_history_text(const struct script *s, char *ret_text, size_t size);

/* --- the user --------------------------------------------------------------------------------- */

enum te_err script_user_open(struct script *s); /* active, from script_local to script_peer */
enum te_err script_user_listen(struct script *s, uint32_t backlog);
enum te_err script_user_accept(struct script *s);
/* The next len bytes of the pattern; returns how many were accepted, and fails on an error. */
size_t script_user_send(struct script *s, size_t len);
/* Reads everything received and compares it with the pattern; returns the number of bytes. */
size_t script_user_take(struct script *s, bool *ret_is_end);
size_t script_user_take_some(struct script *s, size_t max_bytes);
enum te_err script_user_shutdown(struct script *s);
enum te_err script_user_close(struct script *s);
/* From ESTABLISHED, in full: the connection has no owner any more. Its FIN, at 1, is read. */
void script_close_established(struct script *s);
enum te_err script_user_abort(struct script *s);
enum te_err script_user_option(struct script *s, enum te_option option, int64_t value);

/* --- one constructor per state ---------------------------------------------------------------- */

/* All of them leave no output to expect, and the counters marked. The user has accepted the
 * connection and, where the state needs our FIN, only half-closed it (te_shutdown). script.way says
 * how it was opened. Numbers: our SYN is 0 and so is the peer's; no data was sent. */
void conn_in_listen(struct script *s);
void conn_in_syn_sent(struct script *s);
void conn_in_syn_rcvd(struct script *s); /* passive; c.id is known, not accepted yet */
void conn_in_syn_rcvd_simultaneous(struct script *s);
void conn_in_established(struct script *s);
/* By an active opening that took that long, so that SRTT is known. */
void conn_in_established_with_rtt(struct script *s, int64_t rtt_us);
void conn_in_fin_wait_1(struct script *s); /* our FIN is at 1, not acknowledged */
void conn_in_fin_wait_2(struct script *s);
void conn_in_close_wait(struct script *s); /* the peer's FIN at 1 */
void conn_in_closing(struct script *s);
void conn_in_last_ack(struct script *s);
void conn_in_time_wait(struct script *s, enum te_state from);
/* Any of the eleven; TIME_WAIT from FIN_WAIT_2. */
void conn_in_state(struct script *s, enum te_state state);

/* The peer's SYN, with everything in script.options. */
struct seg script_syn(const struct script *s, uint8_t flags);
/* Reads the stack's SYN or SYN,ACK: learns its number, checks what every SYN must carry. */
const struct script_out *script_expect_syn(struct script *s, uint8_t flags, struct script_at at);
#define T_EXPECT_SYN(s) script_expect_syn((s), TE_SYN, T_HERE)
#define T_EXPECT_SYN_ACK(s) script_expect_syn((s), TE_SYN | TE_ACK, T_HERE)

#endif

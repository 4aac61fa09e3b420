/* What happened to a connection beside its changes of state: what was sent again and why, timeouts,
 * recoveries, windows that closed and opened, changes of the path and of options.
 *
 * Each is a note of its kind. The last TE_NOTES_MAX of a connection are kept (te_notes), also for a
 * while after it has gone. Nothing is allocated for a connection to which nothing happened.
 * Segments that were dropped are kept beside them, by drop.h. */
#ifndef TCPENGINE_NOTE_H
#define TCPENGINE_NOTE_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpengine/types.h>

/* What the value of a note is: nothing, microseconds, bytes, or a number. */
enum te_note_unit { TE_NOTE_NOTHING, TE_NOTE_US, TE_NOTE_BYTES, TE_NOTE_NUMBER };

/* X(constant, name, unit, label, sentence): the name is what users see; the value has the unit, and
 * is told as "label value".
 *
 * To add a kind: a row here, and te_note*() where it happens. */
#define TE_NOTE_LIST(X)                                                                            \
    /* What was sent again; with the sequence range, count is how often it has been so in a row */ \
    X(FAST_RETRANSMIT, fast_retransmit, NOTHING, "", "Fast retransmission")                        \
    X(RACK_RETRANSMIT, rack_retransmit, NOTHING, "", "RACK retransmission")                        \
    X(RTO_RETRANSMIT, rto_retransmit, NOTHING, "", "RTO retransmission")                           \
    X(LOSS_PROBE, loss_probe, NOTHING, "", "Tail loss probe")                                      \
    X(SYN_RETRANSMIT, syn_retransmit, NOTHING, "", "SYN retransmission")                           \
    X(OTHER_RETRANSMIT, other_retransmit, NOTHING, "",                                             \
      "Sent again, in a size for the path or into a window that was shut")                         \
    /* Timers; count: in a row */                                                                  \
    X(RTO, rto, US, "next after", "Retransmission timeout")                                        \
    X(WINDOW_PROBE, window_probe, NOTHING, "", "Window probe")                                     \
    X(KEEPALIVE_PROBE, keepalive_probe, NOTHING, "", "Keepalive probe")                            \
    /* Recovery */                                                                                 \
    X(RECOVERY_ENTERED, recovery_entered, BYTES, "cwnd was", "Recovery entered: a loss")           \
    X(LOSS_ENTERED, loss_entered, BYTES, "cwnd was", "Recovery entered: a timeout")                \
    X(RECOVERY_LEFT, recovery_left, BYTES, "cwnd is", "Recovery left: all that was lost arrived")  \
    X(PROBE_REPAIRED, probe_repaired, BYTES, "cwnd is", "A tail loss probe repaired a loss")       \
    X(SPURIOUS_TIMEOUT, spurious_timeout, BYTES, "cwnd is",                                        \
      "The timeout was spurious (F-RTO): undone")                                                  \
    X(UNDONE_DSACK, undone_dsack, BYTES, "cwnd is",                                                \
      "What was sent again had arrived (D-SACK): undone")                                          \
    X(UNDONE_TIMESTAMP, undone_timestamp, BYTES, "cwnd is",                                        \
      "What was sent again had arrived (timestamp): undone")                                       \
    X(SACK_RENEGING, sack_reneging, NOTHING, "", "The peer has discarded what it had SACKed")      \
    X(ECN_REDUCTION, ecn_reduction, BYTES, "cwnd was", "Congestion was marked on the way (ECE)")   \
    X(ECN_MARK, ecn_mark, NOTHING, "", "The peer's data came with a congestion mark (CE)")         \
    /* Windows */                                                                                  \
    X(ZERO_WINDOW_SENT, zero_window_sent, BYTES, "unread",                                         \
      "Our window is shut: the program does not read")                                             \
    X(WINDOW_REOPENED, window_reopened, BYTES, "now", "Our window is open again")                  \
    X(ZERO_WINDOW_RECEIVED, zero_window_received, BYTES, "waiting",                                \
      "The peer's window is shut: its program does not read")                                      \
    X(WINDOW_OPENED, window_opened, BYTES, "now", "The peer's window is open again")               \
    X(WINDOW_CAPPED, window_capped, BYTES, "at most", "Our window is capped: memory is short")     \
    X(WINDOW_UNCAPPED, window_uncapped, NOTHING, "", "Our window is no longer capped")             \
    /* The rest */                                                                                 \
    X(CHALLENGE_ACK, challenge_ack, NOTHING, "", "Challenge ACK (RFC 5961)")                       \
    X(PATH_MTU, path_mtu, BYTES, "now", "Path MTU changed")                                        \
    X(OPTION_SET, option_set, NUMBER, "", "Option set")                                            \
    X(CONGESTION_CONTROL_SET, congestion_control_set, NOTHING, "", "Congestion control changed")   \
    /* count: hits in a row; the last segment's sequence range */                                  \
    X(FAULT, fault, NUMBER, "number", "Fault injected")

enum te_note_kind {
    TE_NOTE_NONE = 0,
#define TE_NOTE_CONSTANT(constant, name, unit, label, text) TE_NOTE_##constant,
    TE_NOTE_LIST(TE_NOTE_CONSTANT)
#undef TE_NOTE_CONSTANT
        TE_NOTE_COUNT
};

struct te_note_info {
    const char *name, *label, *text;
    enum te_note_unit unit;
};
/* Static, never NULL; all words are "?" for a number out of range, and "" for TE_NOTE_NONE. */
const struct te_note_info *te_note_info(enum te_note_kind kind);

struct te_note {
    int64_t time_us; /* of the stack's clock */
    int64_t value;   /* in the kind's unit */
    uint32_t seq;    /* with len_bytes: the sequence numbers that it is about; OPTION_SET of
                      * TE_OPTION_FEATURES: those that changed */
    uint32_t len_bytes;
    uint32_t count; /* the how manieth in a row; OPTION_SET: enum te_option; 0: does not apply */
    uint8_t kind;   /* enum te_note_kind */
    uint8_t state;  /* enum te_state: in which it happened */
};

/* Notes kept per connection. */
#define TE_NOTES_MAX 32u

struct te_stack;

/* The last notes of a connection, oldest first, also of one gone lately; *ret_count is 0 when
 * nothing happened, or when it was forgotten: at most config.note_log_conn_max connections have
 * notes at a time, and under memory pressure (pressure.h) notes are the first to go.
 * *ret_older: how many came before these. All results are the caller's, and untouched on failure.
 *
 * The notes are not part of the saved state: a restored stack has none.
 *
 * TE_ERR_NO_CONNECTION: no object has that id, and none had it lately. */
enum te_err te_notes(const struct te_stack *stack, uint64_t id,
                     struct te_note ret_notes[TE_NOTES_MAX], unsigned *ret_count,
                     uint64_t *ret_older);
/* Whether each note is an event too (TE_EVENT_NOTE); at the start, none is. */
void te_note_events(struct te_stack *stack, bool is_wanted);
/* A host that stands between the stack and its link has injected its fault (a number of its own)
 * into a segment of that connection or TIME_WAIT entry: seq and len_bytes are the segment's. Hits
 * of one fault in a row are one note, with their number as its count. No event: whoever injects
 * faults has its own. Without effect for other ids. */
void te_note_fault(struct te_stack *stack, uint64_t id, uint64_t fault, uint32_t seq,
                   uint32_t len_bytes, int64_t now_us);

#endif

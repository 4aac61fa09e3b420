/* The most recent events of the stack, numbered in order, for clients that watch.
 *
 * event_log_push() gets every event that the pump takes from the stack. Readiness events are not
 * kept: they concern waiting requests, not people.
 *
 * Notes (tcpengine/note.h) come in by the thousand when a path loses much, and must not push
 * changes of state out: only so many per second are kept. Those that are not are counted for each
 * connection, and events of a kind of their own say how many. */
#ifndef TCPENGINED_EVENT_LOG_H
#define TCPENGINED_EVENT_LOG_H

#include <tcpengine/event.h>

#include "fault/fault_layer.h"

#define EVENT_LOG_MAX_DEFAULT 65536
/* Kinds of entries that are no events of the engine (enum te_event_kind), one per fault_phase. */
#define EVENT_LOG_FAULT 128

/* A kind beside enum te_event_kind: note.value notes of id were not kept; id 0: of others. */
#define EVENT_LOG_NOTES_LOST 100
#define EVENT_LOG_NOTES_PER_SECOND 256

struct event_log;

/* What is kept of an event. */
struct event_log_entry {
    uint64_t seq;
    int64_t time_us;
    uint64_t id;
    struct te_endpoint local, remote;
    union {
        struct te_segment_info segment; /* if has_segment */
        struct te_note note;            /* TE_EVENT_NOTE, EVENT_LOG_NOTES_LOST */
    };
    uint32_t tag;     /* te_set_tag */
    uint8_t kind;     /* enum te_event_kind, or one of the above */
    uint8_t from, to; /* enum te_state, for TE_EVENT_STATE */
    uint8_t cause;    /* enum te_cause, for TE_EVENT_STATE */
    /* EVENT_LOG_FAULT and the two behind it: */
    uint8_t fault_kind, fault_aim, fault_ways;
    uint32_t fault_id;
    bool has_segment;
};

/* Keeps the last max events; max is at least 1. NULL: no memory. */
struct event_log *event_log_new(uint32_t max);
/* NULL is legal. */
void event_log_free(struct event_log *log);

/* The first event will have the number first_seq, instead of 1: later numbers than those of earlier
 * runs. Before the first event. */
void event_log_start_at(struct event_log *log, uint64_t first_seq);
/* Number of the first event of this run, whether or not it has come. */
uint64_t event_log_first_seq(const struct event_log *log);

/* Numbers and copies the event, unless it is TE_EVENT_READY. The oldest one makes room. */
void event_log_push(struct event_log *log, const struct te_event *event);
/* The same for what a fault does. */
void event_log_push_fault(struct event_log *log, const struct fault_note *note);
/* count events were lost before they got here: readers find a gap of that size. */
void event_log_skip(struct event_log *log, uint64_t count);
/* Number of the newest event; if there was none, the one before the first. */
uint64_t event_log_last_seq(const struct event_log *log);

/* Whether event number seq is still kept; 0 is none. */
bool event_log_has(const struct event_log *log, uint64_t seq);

/* A position in the log, which the reader owns. */
struct event_log_reader {
    uint64_t seq;  /* number of the last event read; below the first: start with the oldest */
    uint64_t lost; /* events that the reader missed; counted up by event_log_next() */
    bool sees_all; /* false: sees only uid's events */
    uint32_t uid;
    struct event_log_entry entry; /* event_log_next()'s */
};
/* The next event after reader->seq that the reader may see, valid until the reader's next one;
 * *ret_uid is its owner. Moves the reader up to it. NULL: there is none; the reader is at the end.
 * A seq that was never given out counts as the end. */
const struct event_log_entry *event_log_next(const struct event_log *log,
                                             struct event_log_reader *reader, uint32_t *ret_uid);
/* The same in a bounded time. *steps counts down with each event, also with those that the reader
 * may not see. NULL with *steps 0: the reader may not be at the end yet. */
const struct event_log_entry *event_log_next_some(const struct event_log *log,
                                                  struct event_log_reader *reader, uint32_t *steps,
                                                  uint32_t *ret_uid);

/* Whose events were lost. */
struct event_log_loss {
    uint64_t id; /* 0: of no connection */
    uint64_t count;
};
#define EVENT_LOG_LOSSES_MAX 16
/* The connections whose events after number after_seq were overwritten, as far as the reader may
 * see them, and as far as it is known whose they were: of the last max. Returns how many. */
unsigned event_log_losses(const struct event_log *log, const struct event_log_reader *reader,
                          uint64_t after_seq,
                          struct event_log_loss ret_losses[EVENT_LOG_LOSSES_MAX]);

#endif

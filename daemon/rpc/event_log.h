/* The last events of the stack, numbered, for clients that watch.
 *
 * Filled by event_log_push() with every event that the pump takes from the stack. Readiness events
 * are not kept: they are for requests that wait, not for people. Sequence numbers start at 1. */
#ifndef TCPENGINED_EVENT_LOG_H
#define TCPENGINED_EVENT_LOG_H

#include <tcpengine/event.h>

#define EVENT_LOG_MAX_DEFAULT 65536

struct event_log;

/* What is kept of an event; seq 0 is a place never used. */
struct event_log_entry {
    uint64_t seq;
    int64_t time_us;
    uint64_t id;
    struct te_endpoint local, remote;
    struct te_segment_info segment; /* with has_segment */
    uint8_t kind;                   /* enum te_event_kind */
    uint8_t from, to;               /* enum te_state, with TE_EVENT_STATE */
    uint8_t cause;                  /* enum te_cause, with TE_EVENT_STATE */
    bool has_segment;
};

/* Keeps the last max events (at least 1). NULL: no memory. */
struct event_log *event_log_new(uint32_t max);
void event_log_free(struct event_log *log);

void event_log_push(struct event_log *log, const struct te_event *event);
/* count events were lost before they came here: readers find a gap of that size. */
void event_log_skip(struct event_log *log, uint64_t count);
/* Number of the newest event, 0 when there was none. */
uint64_t event_log_last_seq(const struct event_log *log);

/* Reading: seq is what was read last (or 0), lost counts what was overwritten unread. */
struct event_log_reader {
    uint64_t seq;
    uint64_t lost;
    bool sees_all; /* else only events of uid */
    uint32_t uid;
};
/* The next event after reader->seq that the reader may see, valid until the next push, and
 * *ret_uid, whose it is; or NULL at the end. Moves the reader up to it, or to the end. */
const struct event_log_entry *event_log_next(const struct event_log *log,
                                             struct event_log_reader *reader, uint32_t *ret_uid);

#endif

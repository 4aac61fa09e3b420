/* The one way to note that something happened to a connection (tcpengine/note.h).
 *
 * A connection takes a log of TE_NOTES_MAX notes with its first note. At most
 * config.note_log_conn_max logs exist; the log whose latest note is the oldest is taken over when
 * there are as many, or when there is no memory for one more. Half-open connections take from each
 * other alone, and at most a half of all, so that forged SYNs displace no other log. A log outlives
 * its connection until it is taken over.
 *
 * While memory is short no log is allocated, and te_notes_release gives logs back. What is refused
 * is not noted: nothing depends on a note. */
#ifndef TCPENGINE_NOTE_INTERNAL_H
#define TCPENGINE_NOTE_INTERNAL_H

#include <stddef.h>
#include <tcpengine/note.h>

#include "util/list.h"

struct te_note_log {
    struct te_list link; /* in the list of its kind, ordered by the latest note */
    struct te_note_log *next_by_id;
    uint64_t id;
    uint64_t total; /* notes ever */
    bool is_half_open;
    struct te_note notes[TE_NOTES_MAX]; /* note n at n % TE_NOTES_MAX */
};

struct te_note_logs {
    struct te_note_log **by_id; /* NULL until the first note */
    uint32_t bucket_count;      /* a power of two */
    uint32_t count, half_open_count;
    struct te_list half_open, others;
    bool has_events;
    uint64_t total; /* notes ever; the last of them, and whose (trace.h) */
    struct te_note last;
    uint64_t last_id;
};

/* Whose note it is. Addresses are borrowed. */
struct te_note_subject {
    uint64_t id;
    uint32_t uid, tag; /* te_set_tag */
    const struct te_endpoint *local, *remote;
    bool is_half_open; /* SYN_RCVD from a listener: it may be forged */
};

void te_notes_init(struct te_stack *stack);
void te_notes_done(struct te_stack *stack);
/* note's time is set here. */
void te_note_add(struct te_stack *stack, const struct te_note_subject *subject,
                 const struct te_note *note);
/* Gives at most max logs back, the oldest first. */
void te_notes_release(struct te_stack *stack, uint32_t max);
/* As te_notes, without the check of the id. */
unsigned te_note_copy(const struct te_stack *stack, uint64_t id, struct te_note *ret_notes,
                      uint64_t *ret_older);
/* An invariant: the sentence that does not hold, or NULL. */
const char *te_notes_check(const struct te_stack *stack);

#endif

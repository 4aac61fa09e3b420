/* Theory of operation: a ring with event number seq at index seq % max. The owners are in an array
 * of their own, because a reader that may see only a few events skips all the others: reading 256
 * KiB of uids for 65,536 events takes no longer than one page of answers.
 *
 * A reader that may not see everything must not be told of a loss when only others' events were
 * overwritten. So for each slot of uids the log notes the newest event of theirs that is gone. */
#include "rpc/event_log.h"

#include <assert.h>
#include <stdlib.h>
#include <tcpengine/units.h>

/* Notes of what was overwritten; a uid shares its note with others. */
#define UID_SLOTS 256 /* power of two */

/* Connections whose notes are being lost; those of one slot too many are counted together. */
#define LOST_SLOTS 16

struct lost_notes {
    uint64_t id, count;
    struct te_endpoint local, remote;
    uint32_t uid;
};

struct event_log {
    uint64_t last_seq;
    uint64_t first_seq;
    uint64_t overwritten[UID_SLOTS];        /* the newest overwritten event of the uids of a slot */
    int64_t second_us;                      /* in which notes are counted: it begins here */
    uint32_t notes;                         /* kept in it */
    uint32_t lost_used;                     /* of the slots */
    struct lost_notes lost[LOST_SLOTS + 1]; /* the last: of all others */
    uint32_t max;
    uint32_t *uids;
    struct event_log_entry *entries;
};

struct event_log *event_log_new(uint32_t max)
{
    assert(max > 0);
    struct event_log *log = calloc(1, sizeof(*log));
    if (log == NULL)
        return NULL;
    log->max = max;
    log->first_seq = 1;
    log->uids = calloc(max, sizeof(*log->uids));
    log->entries = calloc(max, sizeof(*log->entries));
    if (log->uids == NULL || log->entries == NULL) {
        event_log_free(log);
        return NULL;
    }
    return log;
}

void event_log_free(struct event_log *log)
{
    if (log == NULL)
        return;
    free(log->uids);
    free(log->entries);
    free(log);
}

void event_log_start_at(struct event_log *log, uint64_t first_seq)
{
    assert(first_seq > 0 && log->last_seq == log->first_seq - 1);
    log->first_seq = first_seq;
    log->last_seq = first_seq - 1;
}

uint64_t event_log_first_seq(const struct event_log *log)
{
    return log->first_seq;
}

uint64_t event_log_last_seq(const struct event_log *log)
{
    return log->last_seq;
}

bool event_log_has(const struct event_log *log, uint64_t seq)
{
    return seq != 0 && log->last_seq - seq < log->max;
}

void event_log_skip(struct event_log *log, uint64_t count)
{
    log->last_seq += count;
}

static struct event_log_entry *append(struct event_log *log, const struct te_event *event)
{
    uint64_t seq = ++log->last_seq;
    uint32_t *uid = &log->uids[seq % log->max];
    struct event_log_entry *entry = &log->entries[seq % log->max];
    log->overwritten[*uid & (UID_SLOTS - 1)] = entry->seq;
    *entry = (struct event_log_entry){.seq = seq,
                                      .time_us = event->time_us,
                                      .id = event->id,
                                      .local = event->local,
                                      .remote = event->remote,
                                      .tag = event->tag,
                                      .kind = (uint8_t)event->kind};
    *uid = event->uid;
    return entry;
}

static void report_lost(struct event_log *log, int64_t now_us)
{
    for (uint32_t i = 0; i <= LOST_SLOTS; i++) {
        struct lost_notes *lost = &log->lost[i];
        if (lost->count == 0)
            continue;
        struct te_event event = {.time_us = now_us,
                                 .id = lost->id,
                                 .uid = lost->uid,
                                 .local = lost->local,
                                 .remote = lost->remote};
        struct event_log_entry *entry = append(log, &event);
        entry->kind = EVENT_LOG_NOTES_LOST;
        entry->note.value = (int64_t)lost->count;
        *lost = (struct lost_notes){.count = 0};
    }
    log->lost_used = 0;
}

static void count_lost(struct event_log *log, const struct te_event *event)
{
    uint32_t i = 0;
    while (i < log->lost_used && log->lost[i].id != event->id)
        i++;
    if (i == log->lost_used && i < LOST_SLOTS) {
        log->lost_used++;
        log->lost[i] = (struct lost_notes){
            .id = event->id, .local = event->local, .remote = event->remote, .uid = event->uid};
    }
    log->lost[i].count++;
}

/* Whether a note of now is kept. What was lost in a second is reported with the first event after
 * it. */
static bool may_keep_note(struct event_log *log, const struct te_event *event)
{
    if (log->notes < EVENT_LOG_NOTES_PER_SECOND) {
        log->notes++;
        return true;
    }
    count_lost(log, event);
    return false;
}

void event_log_push(struct event_log *log, const struct te_event *event)
{
    if (event->kind == TE_EVENT_READY)
        return;
    if (event->time_us - log->second_us >= TE_SECOND) {
        log->second_us = event->time_us;
        log->notes = 0;
        report_lost(log, event->time_us);
    }
    if (event->kind == TE_EVENT_NOTE && !may_keep_note(log, event))
        return;
    struct event_log_entry *entry = append(log, event);
    if (event->kind == TE_EVENT_NOTE)
        entry->note = event->note;
    if (event->kind != TE_EVENT_STATE)
        return;
    entry->from = (uint8_t)event->transition.from;
    entry->to = (uint8_t)event->transition.to;
    entry->cause = (uint8_t)event->transition.cause;
    entry->has_segment = event->transition.has_segment;
    entry->segment = event->transition.segment;
}

void event_log_push_fault(struct event_log *log, const struct fault_note *note)
{
    const struct te_fault_spec *spec = &note->fault->order.spec;
    const struct te_event event = {.time_us = note->time_us,
                                   .id = note->conn_id,
                                   .uid = note->uid,
                                   .local = note->local,
                                   .remote = note->remote};
    struct event_log_entry *entry = append(log, &event);
    entry->kind = (uint8_t)(EVENT_LOG_FAULT + note->phase);
    entry->segment = note->segment;
    entry->has_segment = note->has_segment;
    entry->fault_kind = (uint8_t)spec->kind;
    entry->fault_aim = (uint8_t)spec->aim;
    entry->fault_ways = (uint8_t)spec->ways;
    entry->fault_id = (uint32_t)note->fault->id;
}

/* Moves the reader past what the ring no longer has. */
static void skip_overwritten(const struct event_log *log, struct event_log_reader *reader)
{
    if (log->last_seq - reader->seq <= log->max)
        return;
    uint64_t oldest = log->last_seq - log->max;
    if (reader->sees_all || log->overwritten[reader->uid & (UID_SLOTS - 1)] > reader->seq)
        reader->lost += oldest - reader->seq;
    reader->seq = oldest;
}

const struct event_log_entry *event_log_next(const struct event_log *log,
                                             struct event_log_reader *reader, uint32_t *ret_uid)
{
    uint32_t steps = UINT32_MAX;
    return event_log_next_some(log, reader, &steps, ret_uid);
}

const struct event_log_entry *event_log_next_some(const struct event_log *log,
                                                  struct event_log_reader *reader, uint32_t *steps,
                                                  uint32_t *ret_uid)
{
    if (reader->seq > log->last_seq) /* never given out */
        reader->seq = log->last_seq;
    if (reader->seq < log->first_seq - 1)
        reader->seq = log->first_seq - 1;
    skip_overwritten(log, reader);
    while (*steps > 0 && reader->seq < log->last_seq) {
        --*steps;
        size_t place = (size_t)(++reader->seq % log->max);
        if (!reader->sees_all && log->uids[place] != reader->uid)
            continue;
        if (log->entries[place].seq != reader->seq) {
            reader->lost++; /* lost before it got here */
            continue;
        }
        *ret_uid = log->uids[place];
        return &log->entries[place];
    }
    return NULL;
}

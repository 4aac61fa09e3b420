/* Theory of operation: entries lie packed (event_pack.h) one behind the other in chunks, which come
 * as they are needed and go once the newest entry in them is too old. Two arrays say, at index
 * seq % max, whose event number seq is and where it lies. The owners are apart, because a reader
 * that may see only a few events skips all the others: reading 256 KiB of uids for 65,536 events
 * takes no longer than one page of answers.
 *
 * Of what is overwritten it keeps whose it was for as many events again, from the first one on that
 * goes this way, so that a reader that comes too late learns of which connections it has missed
 * something.
 *
 * A reader that may not see everything must not be told of a loss when only others' events were
 * overwritten. So for each slot of uids the log notes the newest event of theirs that is gone. */
#include "rpc/event_log.h"

#include <assert.h>
#include <stdlib.h>
#include <tcpengine/units.h>

#include "rpc/event_pack.h"

/* Notes of what was overwritten; a uid shares its note with others. */
#define UID_SLOTS 256 /* power of two */

/* Connections whose notes are being lost; those of one slot too many are counted together. */
#define LOST_SLOTS 16

struct lost_notes {
    uint64_t id, count;
    struct te_endpoint local, remote;
    uint32_t uid;
};

#define CHUNK_BYTES 16384u /* with its header */
#define CHUNK_SHIFT 14     /* of a place: the chunk's index; below it, the offset in it */

struct chunk {
    struct event_pack_base base;
    uint64_t last_seq; /* of the newest entry in it */
    uint32_t used_bytes;
    uint8_t bytes[CHUNK_BYTES - sizeof(struct event_pack_base) - 12];
};
_Static_assert(sizeof(struct chunk) == CHUNK_BYTES && CHUNK_BYTES == 1u << CHUNK_SHIFT, "chunk");

/* A place is one more than that; this one is of what was never there, or was lost. */
#define PLACE_NONE 0u

/* Whose an overwritten event was that the log does not know, or of none. */
#define GONE_NONE UINT64_MAX

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
    uint32_t *places;
    uint64_t *gone_ids; /* event number seq - max, if seq is the last with this slot; or NULL */
    uint32_t *gone_uids;
    struct chunk **chunks; /* a ring */
    uint32_t chunk_max, chunk_head, chunk_count;
};

/* As many as max entries may need: there is always room for one that is not full. */
static uint32_t chunks_for(uint32_t max)
{
    uint32_t entries = (uint32_t)sizeof(((struct chunk *)NULL)->bytes) / EVENT_PACK_MAX;
    return max / entries + 2;
}

struct event_log *event_log_new(uint32_t max)
{
    assert(max > 0);
    struct event_log *log = calloc(1, sizeof(*log));
    if (log == NULL)
        return NULL;
    log->max = max;
    log->first_seq = 1;
    log->uids = calloc(max, sizeof(*log->uids));
    log->places = calloc(max, sizeof(*log->places)); /* PLACE_NONE */
    log->chunk_max = chunks_for(max);
    log->chunks = calloc(log->chunk_max, sizeof(struct chunk *));
    if (log->uids == NULL || log->places == NULL || log->chunks == NULL) {
        event_log_free(log);
        return NULL;
    }
    return log;
}

void event_log_free(struct event_log *log)
{
    if (log == NULL)
        return;
    for (uint32_t i = 0; log->chunks != NULL && i < log->chunk_max; i++)
        free(log->chunks[i]);
    free(log->chunks);
    free(log->gone_ids);
    free(log->gone_uids);
    free(log->places);
    free(log->uids);
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

/* --- chunks ----------------------------------------------------------------------------------- */

static struct chunk *chunk_at(const struct event_log *log, uint32_t place)
{
    return log->chunks[(place - 1) >> CHUNK_SHIFT];
}

/* Frees what holds nothing but entries that are too old. */
static void drop_old_chunks(struct event_log *log)
{
    while (log->chunk_count > 0) {
        struct chunk **oldest = &log->chunks[log->chunk_head];
        if (event_log_has(log, (*oldest)->last_seq))
            return;
        free(*oldest);
        *oldest = NULL;
        log->chunk_head = (log->chunk_head + 1) % log->chunk_max;
        log->chunk_count--;
    }
}

/* The index of the chunk that takes the next entry; chunk_max: no memory. */
static uint32_t chunk_for(struct event_log *log, const struct event_log_entry *entry)
{
    uint32_t last = (log->chunk_head + log->chunk_count - 1) % log->chunk_max;
    if (log->chunk_count > 0 &&
        sizeof(log->chunks[last]->bytes) - log->chunks[last]->used_bytes >= EVENT_PACK_MAX)
        return last;
    assert(log->chunk_count < log->chunk_max);
    uint32_t next = (log->chunk_head + log->chunk_count) % log->chunk_max;
    struct chunk *chunk = log->chunks[next] = malloc(sizeof(*chunk));
    if (chunk == NULL)
        return log->chunk_max;
    chunk->base = (struct event_pack_base){.time_us = entry->time_us, .id = entry->id};
    chunk->used_bytes = 0;
    log->chunk_count++;
    return next;
}

/* Returns its place. */
static uint32_t put_entry(struct event_log *log, const struct event_log_entry *entry)
{
    uint32_t index = chunk_for(log, entry);
    if (index == log->chunk_max)
        return PLACE_NONE;
    struct chunk *chunk = log->chunks[index];
    uint32_t place = (index << CHUNK_SHIFT | chunk->used_bytes) + 1;
    chunk->used_bytes +=
        (uint32_t)event_pack(&chunk->base, entry, chunk->bytes + chunk->used_bytes);
    chunk->last_seq = log->last_seq;
    return place;
}

static struct event_log_entry entry_at(const struct event_log *log, uint64_t seq)
{
    uint32_t place = log->places[seq % log->max];
    const struct chunk *chunk = chunk_at(log, place);
    struct event_log_entry entry =
        event_unpack(&chunk->base, chunk->bytes + ((place - 1) & (CHUNK_BYTES - 1)));
    entry.seq = seq;
    return entry;
}

/* --- what comes in ---------------------------------------------------------------------------- */

/* The arrays of what is gone; without memory it is not known. */
static bool has_gone(struct event_log *log)
{
    if (log->gone_ids != NULL)
        return true;
    log->gone_uids = calloc(log->max, sizeof(*log->gone_uids));
    log->gone_ids = log->gone_uids != NULL ? malloc(log->max * sizeof(*log->gone_ids)) : NULL;
    if (log->gone_ids == NULL) {
        free(log->gone_uids);
        log->gone_uids = NULL;
        return false;
    }
    for (uint32_t i = 0; i < log->max; i++)
        log->gone_ids[i] = GONE_NONE;
    return true;
}

/* Event number seq goes, which is in that slot. */
static void remember(struct event_log *log, uint64_t seq, size_t slot)
{
    log->overwritten[log->uids[slot] & (UID_SLOTS - 1)] = seq;
    if (!has_gone(log))
        return;
    log->gone_ids[slot] = entry_at(log, seq).id;
    log->gone_uids[slot] = log->uids[slot];
}

/* seq comes next: its slot forgets the event that it had. */
static void take_number(struct event_log *log, uint64_t seq)
{
    size_t slot = (size_t)(seq % log->max);
    if (log->places[slot] != PLACE_NONE)
        remember(log, seq - log->max, slot);
    else if (log->gone_ids != NULL)
        log->gone_ids[slot] = GONE_NONE;
    log->places[slot] = PLACE_NONE;
}

void event_log_skip(struct event_log *log, uint64_t count)
{
    uint64_t cleared = count < log->max ? count : log->max;
    for (uint64_t i = 1; i <= cleared; i++)
        take_number(log, log->last_seq + i);
    for (uint32_t i = 0; count > log->max && log->gone_ids != NULL && i < log->max; i++)
        log->gone_ids[i] = GONE_NONE; /* long ago */
    log->last_seq += count;
    drop_old_chunks(log);
}

/* Numbers the entry and keeps it; without memory it is lost on the way. */
static void append(struct event_log *log, const struct event_log_entry *entry, uint32_t uid)
{
    size_t slot = (size_t)(++log->last_seq % log->max);
    take_number(log, log->last_seq);
    drop_old_chunks(log);
    log->uids[slot] = uid;
    log->places[slot] = put_entry(log, entry);
}

static struct event_log_entry entry_of(const struct te_event *event)
{
    return (struct event_log_entry){.time_us = event->time_us,
                                    .id = event->id,
                                    .local = event->local,
                                    .remote = event->remote,
                                    .tag = event->tag,
                                    .kind = (uint8_t)event->kind};
}

static void report_lost(struct event_log *log, int64_t now_us)
{
    for (uint32_t i = 0; i <= LOST_SLOTS; i++) {
        struct lost_notes *lost = &log->lost[i];
        if (lost->count == 0)
            continue;
        const struct event_log_entry entry = {.time_us = now_us,
                                              .id = lost->id,
                                              .local = lost->local,
                                              .remote = lost->remote,
                                              .kind = EVENT_LOG_NOTES_LOST,
                                              .note.value = (int64_t)lost->count};
        append(log, &entry, lost->uid);
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

static void set_transition(struct event_log_entry *entry, const struct te_transition *transition)
{
    entry->from = (uint8_t)transition->from;
    entry->to = (uint8_t)transition->to;
    entry->cause = (uint8_t)transition->cause;
    entry->has_segment = transition->has_segment;
    if (transition->has_segment)
        entry->segment = transition->segment;
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
    struct event_log_entry entry = entry_of(event);
    if (event->kind == TE_EVENT_NOTE)
        entry.note = event->note;
    if (event->kind == TE_EVENT_STATE)
        set_transition(&entry, &event->transition);
    append(log, &entry, event->uid);
}

void event_log_push_fault(struct event_log *log, const struct fault_note *note)
{
    const struct te_fault_spec *spec = &note->fault->order.spec;
    struct event_log_entry entry = {.time_us = note->time_us,
                                    .id = note->conn_id,
                                    .local = note->local,
                                    .remote = note->remote,
                                    .kind = (uint8_t)(EVENT_LOG_FAULT + note->phase),
                                    .has_segment = note->has_segment,
                                    .fault_kind = (uint8_t)spec->kind,
                                    .fault_aim = (uint8_t)spec->aim,
                                    .fault_ways = (uint8_t)spec->ways,
                                    .fault_id = (uint32_t)note->fault->id};
    if (note->has_segment)
        entry.segment = note->segment;
    append(log, &entry, note->uid);
}

/* --- what goes out ---------------------------------------------------------------------------- */

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
        if (log->places[place] == PLACE_NONE) {
            reader->lost++; /* lost before it got here */
            continue;
        }
        *ret_uid = log->uids[place];
        reader->entry = entry_at(log, reader->seq);
        return &reader->entry;
    }
    return NULL;
}

/* --- losses ----------------------------------------------------------------------------------- */

static unsigned count_loss(struct event_log_loss *losses, unsigned count, uint64_t id)
{
    unsigned i = 0;
    while (i < count && losses[i].id != id)
        i++;
    if (i == EVENT_LOG_LOSSES_MAX)
        return count;
    if (i == count)
        losses[count++] = (struct event_log_loss){.id = id};
    losses[i].count++;
    return count;
}

unsigned event_log_losses(const struct event_log *log, const struct event_log_reader *reader,
                          uint64_t after_seq,
                          struct event_log_loss ret_losses[EVENT_LOG_LOSSES_MAX])
{
    unsigned count = 0;
    uint64_t oldest = log->last_seq > log->max ? log->last_seq - log->max : 0;
    uint64_t known = oldest > log->max ? oldest - log->max : 0;
    if (log->gone_ids == NULL)
        return 0;
    for (uint64_t seq = (after_seq > known ? after_seq : known) + 1; seq <= oldest; seq++) {
        size_t slot = (size_t)(seq % log->max);
        if (log->gone_ids[slot] != GONE_NONE &&
            (reader->sees_all || log->gone_uids[slot] == reader->uid))
            count = count_loss(ret_losses, count, log->gone_ids[slot]);
    }
    return count;
}

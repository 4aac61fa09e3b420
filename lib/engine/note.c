#include "note.h"

#include <assert.h>

#include "stack_internal.h"
#include "util/bytes.h"
#include "util/siphash.h"

/* --- kinds ------------------------------------------------------------------------------------ */

static const struct te_note_info kinds[TE_NOTE_COUNT + 1] = {
#define ROW(constant, name, unit, label, text)                                                     \
    [TE_NOTE_##constant] = {#name, label, text, TE_NOTE_##unit},
    [TE_NOTE_NONE] = {"", "", "", TE_NOTE_NOTHING},
    TE_NOTE_LIST(ROW)[TE_NOTE_COUNT] = {"?", "?", "?", TE_NOTE_NOTHING},
#undef ROW
};

const struct te_note_info *te_note_info(enum te_note_kind kind)
{
    return &kinds[(unsigned)kind < TE_NOTE_COUNT ? (unsigned)kind : TE_NOTE_COUNT];
}

/* --- the logs --------------------------------------------------------------------------------- */

static uint32_t bucket_count_of(const struct te_config *config)
{
    uint32_t count = 1;
    while (count < config->note_log_conn_max)
        count *= 2;
    return count;
}

void te_notes_init(struct te_stack *stack)
{
    te_list_init(&stack->notes.half_open);
    te_list_init(&stack->notes.others);
    stack->notes.bucket_count = bucket_count_of(&stack->config);
}

/* Keyed, as the logs of drops are (drop.c). */
static struct te_note_log **bucket_of(const struct te_stack *stack, uint64_t id)
{
    uint8_t bytes[8];
    te_store_be32(bytes, (uint32_t)(id >> 32));
    te_store_be32(bytes + 4, (uint32_t)id);
    uint64_t hash = te_siphash(&stack->key, bytes, sizeof(bytes));
    return &stack->notes.by_id[(uint32_t)hash & (stack->notes.bucket_count - 1)];
}

static struct te_note_log *find(const struct te_stack *stack, uint64_t id)
{
    if (stack->notes.by_id == NULL)
        return NULL;
    struct te_note_log *log = *bucket_of(stack, id);
    while (log != NULL && log->id != id)
        log = log->next_by_id;
    return log;
}

static void link_log(struct te_note_logs *logs, struct te_note_log *log)
{
    te_list_push_back(log->is_half_open ? &logs->half_open : &logs->others, &log->link);
    logs->half_open_count += log->is_half_open;
}

static void unlink_log(struct te_note_logs *logs, struct te_note_log *log)
{
    te_list_remove(&log->link);
    logs->half_open_count -= log->is_half_open;
}

/* Takes the oldest log of a list out of everything; NULL: there is none. */
static struct te_note_log *take_oldest(struct te_stack *stack, struct te_list *list)
{
    if (te_list_is_empty(list))
        return NULL;
    struct te_note_log *log = TE_CONTAINER(list->next, struct te_note_log, link);
    struct te_note_log **at = bucket_of(stack, log->id);
    while (*at != log)
        at = &(*at)->next_by_id;
    *at = log->next_by_id;
    unlink_log(&stack->notes, log);
    stack->notes.count--;
    return log;
}

static struct te_note_log *take_any(struct te_stack *stack)
{
    struct te_note_log *log = take_oldest(stack, &stack->notes.half_open);
    return log != NULL ? log : take_oldest(stack, &stack->notes.others);
}

static struct te_note_log *allocate(struct te_stack *stack)
{
    struct te_note_logs *logs = &stack->notes;
    if (stack->charges.is_pressed || logs->count >= stack->config.note_log_conn_max)
        return NULL;
    if (logs->by_id == NULL)
        logs->by_id = te_stack_alloc(stack, logs->bucket_count * sizeof(struct te_note_log *));
    return logs->by_id != NULL ? te_stack_alloc(stack, sizeof(struct te_note_log)) : NULL;
}

/* A log in no list. */
static struct te_note_log *vacate(struct te_stack *stack, bool is_half_open)
{
    struct te_note_logs *logs = &stack->notes;
    bool is_share_used = logs->half_open_count >= stack->config.note_log_conn_max / 2;
    if (is_half_open && is_share_used)
        return take_oldest(stack, &logs->half_open);
    struct te_note_log *log = allocate(stack);
    if (log != NULL)
        return log;
    return is_half_open ? take_oldest(stack, &logs->half_open) : take_any(stack);
}

static struct te_note_log *take(struct te_stack *stack, const struct te_note_subject *subject)
{
    struct te_note_log *log = vacate(stack, subject->is_half_open);
    if (log == NULL)
        return NULL;
    struct te_note_log **bucket = bucket_of(stack, subject->id);
    *log = (struct te_note_log){
        .id = subject->id, .next_by_id = *bucket, .is_half_open = subject->is_half_open};
    *bucket = log;
    stack->notes.count++;
    return log;
}

static struct te_note_log *log_of(struct te_stack *stack, const struct te_note_subject *subject)
{
    struct te_note_log *log = find(stack, subject->id);
    if (log != NULL)
        unlink_log(&stack->notes, log);
    else
        log = take(stack, subject);
    if (log == NULL)
        return NULL;
    log->is_half_open = subject->is_half_open;
    link_log(&stack->notes, log);
    return log;
}

/* Changes of state have the queue to themselves once it is half full. */
static void push_event(struct te_stack *stack, const struct te_note_subject *subject,
                       const struct te_note *note)
{
    if (!stack->notes.has_events)
        return;
    if (stack->events.count >= stack->events.capacity / 2) {
        stack->counters.note_events_lost++;
        return;
    }
    struct te_event event = {.kind = TE_EVENT_NOTE,
                             .id = subject->id,
                             .time_us = stack->now_us,
                             .uid = subject->uid,
                             .tag = subject->tag,
                             .local = *subject->local,
                             .remote = *subject->remote,
                             .note = *note};
    te_event_push(stack, &event);
}

/* Hits of one fault in a row share a note: else they would push out what the fault has caused. */
static void keep(struct te_note_log *log, struct te_note *note)
{
    struct te_note *last =
        log->total > 0 ? &log->notes[(log->total - 1) % TE_NOTES_MAX] : &log->notes[0];
    bool is_again = log->total > 0 && note->kind == TE_NOTE_FAULT && last->kind == note->kind &&
                    last->value == note->value;
    if (is_again)
        note->count = last->count + 1;
    else
        last = &log->notes[log->total++ % TE_NOTES_MAX];
    *last = *note;
}

void te_note_add(struct te_stack *stack, const struct te_note_subject *subject,
                 const struct te_note *note)
{
    assert(subject->id != 0 && note->kind > TE_NOTE_NONE && note->kind < TE_NOTE_COUNT);
    struct te_note noted = *note;
    noted.time_us = stack->now_us;
    stack->notes.total++;
    stack->notes.last = noted;
    stack->notes.last_id = subject->id;
    struct te_note_log *log = log_of(stack, subject);
    if (log != NULL)
        keep(log, &noted);
    if (note->kind != TE_NOTE_FAULT) /* te_note_fault */
        push_event(stack, subject, &noted);
}

void te_note_events(struct te_stack *stack, bool is_wanted)
{
    stack->notes.has_events = is_wanted;
}

unsigned te_note_copy(const struct te_stack *stack, uint64_t id, struct te_note *ret_notes,
                      uint64_t *ret_older)
{
    const struct te_note_log *log = find(stack, id);
    uint64_t total = log != NULL ? log->total : 0;
    unsigned count = (unsigned)(total < TE_NOTES_MAX ? total : TE_NOTES_MAX);
    for (unsigned i = 0; i < count; i++)
        ret_notes[i] = log->notes[(total - count + i) % TE_NOTES_MAX];
    *ret_older = total - count;
    return count;
}

/* --- memory ----------------------------------------------------------------------------------- */

void te_notes_release(struct te_stack *stack, uint32_t max)
{
    struct te_note_log *log;
    for (uint32_t i = 0; i < max && (log = take_any(stack)) != NULL; i++)
        te_stack_dealloc(stack, log, sizeof(*log));
}

void te_notes_done(struct te_stack *stack)
{
    struct te_note_logs *logs = &stack->notes;
    if (logs->by_id == NULL)
        return;
    te_notes_release(stack, UINT32_MAX);
    te_stack_dealloc(stack, logs->by_id, logs->bucket_count * sizeof(struct te_note_log *));
    logs->by_id = NULL;
}

/* --- invariants ------------------------------------------------------------------------------- */

const char *te_notes_check(const struct te_stack *stack)
{
    const struct te_note_logs *logs = &stack->notes;
    uint32_t half_open = te_list_len(&logs->half_open);
    if (half_open != logs->half_open_count)
        return "logs of half-open connections: the count differs from a recount";
    if (half_open + te_list_len(&logs->others) != logs->count)
        return "logs of notes: the count differs from a recount";
    return logs->count > stack->config.note_log_conn_max ? "more logs of notes than allowed" : NULL;
}

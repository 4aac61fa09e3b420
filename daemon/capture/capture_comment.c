#include "capture/capture_comment.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/stack.h>

#include "util/note_text.h"

/* --- what happened ---------------------------------------------------------------------------- */

/* The notes that came since, of the connection, as far as the log still has them. */
static void take_notes(const struct te_stack *stack, const struct te_trace_marks *before,
                       struct capture_about *about)
{
    struct te_trace_marks now;
    struct te_note notes[TE_NOTES_MAX];
    unsigned count = 0;
    uint64_t older;
    te_trace_mark(stack, &now);
    uint64_t fresh = now.notes - before->notes;
    if (fresh == 0 || about->id == 0 || now.note_id != about->id)
        return;
    if (te_notes(stack, about->id, notes, &count, &older) != TE_OK || count == 0) {
        about->notes[about->note_count++] = now.note; /* no log was to be had */
        return;
    }
    if (fresh > CAPTURE_NOTES_MAX)
        fresh = CAPTURE_NOTES_MAX;
    if (fresh > count)
        fresh = count;
    for (unsigned i = count - (unsigned)fresh; i < count; i++)
        about->notes[about->note_count++] = notes[i];
}

void capture_note_before(const struct te_stack *stack, const uint8_t *frame, size_t len,
                         struct capture_before *ret_before)
{
    ret_before->is_tcp = te_trace_frame(stack, frame, len, false, &ret_before->trace);
    te_trace_mark(stack, &ret_before->marks);
}

void capture_note_after(const struct te_stack *stack, const uint8_t *frame, size_t len,
                        const struct capture_before *before, struct capture_about *ret_about)
{
    struct te_trace after;
    struct te_trace_marks marks;
    te_trace_frame(stack, frame, len, false, &after);
    te_trace_mark(stack, &marks);
    bool is_new = before->trace.state == TE_LISTEN && after.id != before->trace.id;
    bool is_gone = after.id != before->trace.id && !is_new && before->trace.id != 0;
    const struct te_trace *whose = is_gone || after.id == 0 ? &before->trace : &after;
    *ret_about = (struct capture_about){
        .id = whose->id,
        .listener = is_new && after.id != 0 ? before->trace.id : 0,
        .uid = whose->uid,
        .is_tcp = before->is_tcp,
        .before = before->trace.state,
        .after = is_gone ? TE_CLOSED : after.state,
        .trace = before->trace,
        .drop = marks.drops != before->marks.drops ? marks.drop : TE_DROP_NONE,
    };
    take_notes(stack, &before->marks, ret_about);
}

void capture_note_output(const struct te_stack *stack, const uint8_t *frame, size_t len,
                         const struct capture_before *before, struct capture_about *ret_about)
{
    struct te_trace trace;
    bool is_tcp = te_trace_frame(stack, frame, len, true, &trace);
    *ret_about = (struct capture_about){.id = trace.id,
                                        .uid = trace.uid,
                                        .is_tcp = is_tcp,
                                        .before = trace.state,
                                        .after = trace.state,
                                        .trace = trace};
    take_notes(stack, &before->marks, ret_about);
}

/* --- in words --------------------------------------------------------------------------------- */

struct words {
    char *text;
    size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *words, const char *format, ...)
{
    va_list arguments;
    if (words->len + 1 >= words->size)
        return;
    va_start(arguments, format);
    int len = vsnprintf(words->text + words->len, words->size - words->len, format, arguments);
    va_end(arguments);
    if (len > 0)
        words->len += (size_t)len;
}

static void add_owner(struct words *words, const struct capture_about *about)
{
    if (about->id == 0)
        add(words, "of no connection");
    else if (about->before == TE_LISTEN && about->listener == 0)
        add(words, "listener %" PRIu64, about->id);
    else
        add(words, "connection %" PRIu64, about->id);
    if (about->listener != 0)
        add(words, " of listener %" PRIu64, about->listener);
}

static void add_states(struct words *words, const struct capture_about *about)
{
    if (about->id == 0)
        return;
    add(words, ", %s", te_state_name(about->before));
    if (about->after != about->before)
        add(words, " -> %s", te_state_name(about->after));
}

/* Lower-case names, as people write them: "PAWS drop". */
static void add_drop(struct words *words, enum te_drop_reason drop)
{
    if (drop == TE_DROP_NONE)
        return;
    const char *name = drop == TE_DROP_PAWS ? "PAWS" : te_drop_name(drop);
    add(words, "; %s drop: %s", name, te_drop_text(drop));
}

void capture_comment(const struct capture_about *about, char *ret_text, size_t size)
{
    char text[NOTE_TEXT_MAX];
    struct words words = {.text = ret_text, .size = size};
    ret_text[0] = '\0';
    if (about->is_tcp) {
        add_owner(&words, about);
        add_states(&words, about);
    } else {
        add(&words, "no TCP segment");
    }
    add_drop(&words, about->drop);
    for (unsigned i = 0; i < about->note_count; i++)
        add(&words, "; %s", note_text_format(&about->notes[i], text));
}

unsigned capture_names(const struct te_stack *stack, struct pcapng_name *ret_names)
{
    unsigned count = 0;
    struct te_address_info info;
    while (count < CAPTURE_NAMES_MAX && te_stack_address(stack, count, &info))
        ret_names[count++] = (struct pcapng_name){info.cidr.addr, "tcpengine"};
    return count;
}

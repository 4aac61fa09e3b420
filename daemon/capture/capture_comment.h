/* What is said of a captured packet: whose it is, the state before and after it, and why it was
 * sent or dropped. */
#ifndef TCPENGINED_CAPTURE_COMMENT_H
#define TCPENGINED_CAPTURE_COMMENT_H

#include <stddef.h>
#include <tcpengine/trace.h>

#include "capture/pcapng.h"

struct te_stack;

/* Noted before the engine has a frame, or gives one out. */
struct capture_before {
    bool is_tcp;
    struct te_trace trace;
    struct te_trace_marks marks;
};

#define CAPTURE_NOTES_MAX 4

struct capture_about {
    uint64_t id;       /* of the connection, listener or TIME_WAIT entry; 0: nobody's */
    uint64_t listener; /* that it was for, if the connection is new; else 0 */
    uint32_t uid;
    bool is_tcp;
    enum te_state before, after;
    struct te_trace trace;
    enum te_drop_reason drop;                /* TE_DROP_NONE: it was not dropped */
    struct te_note notes[CAPTURE_NOTES_MAX]; /* the last that it brought about */
    unsigned note_count;
};

/* A frame comes in: before the engine has it, and after. */
void capture_note_before(const struct te_stack *stack, const uint8_t *frame, size_t len,
                         struct capture_before *ret_before);
void capture_note_after(const struct te_stack *stack, const uint8_t *frame, size_t len,
                        const struct capture_before *before, struct capture_about *ret_about);
/* A frame goes out; before->marks were taken before. */
void capture_note_output(const struct te_stack *stack, const uint8_t *frame, size_t len,
                         const struct capture_before *before, struct capture_about *ret_about);
/* In words, cut to size. */
void capture_comment(const struct capture_about *about, char *ret_text, size_t size);

/* What our own addresses are called in the file. */
#define CAPTURE_NAMES_MAX 32
unsigned capture_names(const struct te_stack *stack, struct pcapng_name *ret_names);

#endif

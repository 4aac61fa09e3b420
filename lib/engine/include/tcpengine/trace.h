/* What a program around the stack can find out about a frame: whose it is, and what it did. For
 * captures; nothing here costs anything unless it is called. */
#ifndef TCPENGINE_TRACE_H
#define TCPENGINE_TRACE_H

#include <tcpengine/drop.h>
#include <tcpengine/note.h>

struct te_stack;

/* Whose a TCP segment is at this moment: a connection's, a listener's or a TIME_WAIT entry's, or
 * nobody's. */
struct te_trace {
    uint64_t id; /* 0: nobody's */
    uint32_t uid;
    enum te_state state; /* CLOSED: nobody's */
    struct te_endpoint local, remote;
    struct te_segment_info segment; /* the window unscaled */
};

/* Reads a whole frame that comes in, or with is_ours one that goes out. False: it is no TCP segment
 * that can be read (also a fragment); *ret_trace is all zeros but for the addresses, which are set
 * if it is IP. */
bool te_trace_frame(const struct te_stack *stack, const uint8_t *frame, size_t len, bool is_ours,
                    struct te_trace *ret_trace);

/* How many drops and notes there have been, and the last of each: compare two to learn what a call
 * has done. */
struct te_trace_marks {
    uint64_t drops, notes;
    enum te_drop_reason drop;
    struct te_note note;
    uint64_t note_id;
};
void te_trace_mark(const struct te_stack *stack, struct te_trace_marks *ret_marks);

#endif

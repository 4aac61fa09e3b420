/* A note of the engine (tcpengine/note.h) in words. */
#ifndef TCPENGINED_NOTE_TEXT_H
#define TCPENGINED_NOTE_TEXT_H

#include <stddef.h>
#include <tcpengine/fault.h>
#include <tcpengine/note.h>

#define NOTE_TEXT_MAX 256

/* "RTO retransmission 3: 1460 bytes from 17001", "Retransmission timeout 2, next after 1.2 s",
 * "Option set: keepalive = on". Returns ret_text. */
const char *note_text_format(const struct te_note *note, char ret_text[NOTE_TEXT_MAX]);
/* The same for TE_NOTE_FAULT, with what the fault is: "Fault 3: drop ack-of-fin (out), 2 hits in a
 * row, the last: 1460 bytes from 17001". Returns ret_text. */
const char *note_text_format_fault(const struct te_note *note, const struct te_fault_spec *spec,
                                   char ret_text[NOTE_TEXT_MAX]);

#endif

/* A note of the engine (tcpengine/note.h) in words. */
#ifndef TCPENGINED_NOTE_TEXT_H
#define TCPENGINED_NOTE_TEXT_H

#include <stddef.h>
#include <tcpengine/note.h>

#define NOTE_TEXT_MAX 256

/* "RTO retransmission 3: 1460 bytes from 17001", "Retransmission timeout 2, next after 1.2 s",
 * "Option set: keepalive = on". Returns ret_text. */
const char *note_text_format(const struct te_note *note, char ret_text[NOTE_TEXT_MAX]);

#endif

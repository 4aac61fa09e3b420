/* Notes about a connection (note.h). */
#ifndef TCPENGINE_TCP_CONN_CONN_NOTE_H
#define TCPENGINE_TCP_CONN_CONN_NOTE_H

#include <tcpengine/conn.h>

#include "note.h"

struct te_conn;

/* value in the kind's unit; 0 where it has none. */
void te_note(struct te_stack *stack, const struct te_conn *conn, enum te_note_kind kind,
             int64_t value);
/* count: the how manieth in a row. */
void te_note_counted(struct te_stack *stack, const struct te_conn *conn, enum te_note_kind kind,
                     uint32_t count, int64_t value);
/* About what was sent: len_bytes from seq on, SYN and FIN included. */
void te_note_sent(struct te_stack *stack, const struct te_conn *conn, enum te_note_kind kind,
                  uint32_t seq, uint32_t len_bytes);
/* changed_features: with TE_OPTION_FEATURES; else 0. */
void te_note_option(struct te_stack *stack, const struct te_conn *conn, enum te_option option,
                    int64_t value, uint32_t changed_features);

#endif

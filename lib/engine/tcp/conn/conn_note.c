#include "tcp/conn/conn_note.h"

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/tag.h"

static void add(struct te_stack *stack, const struct te_conn *conn, const struct te_note *note)
{
    struct te_note noted = *note;
    noted.state = conn->state;
    struct te_note_subject subject = {.id = conn->id,
                                      .uid = conn->uid,
                                      .tag = te_tag_number(stack, conn->tag_reference),
                                      .local = &conn->local,
                                      .remote = &conn->remote,
                                      .is_half_open =
                                          conn->state == TE_SYN_RCVD && conn->was_passive};
    te_note_add(stack, &subject, &noted);
}

void te_note(struct te_stack *stack, const struct te_conn *conn, enum te_note_kind kind,
             int64_t value)
{
    te_note_counted(stack, conn, kind, 0, value);
}

void te_note_counted(struct te_stack *stack, const struct te_conn *conn, enum te_note_kind kind,
                     uint32_t count, int64_t value)
{
    add(stack, conn, &(struct te_note){.kind = (uint8_t)kind, .count = count, .value = value});
}

void te_note_sent(struct te_stack *stack, const struct te_conn *conn, enum te_note_kind kind,
                  uint32_t seq, uint32_t len_bytes)
{
    add(stack, conn,
        &(struct te_note){
            .kind = (uint8_t)kind, .seq = seq, .len_bytes = len_bytes, .count = conn->retransmits});
}

void te_note_option(struct te_stack *stack, const struct te_conn *conn, enum te_option option,
                    int64_t value, uint32_t changed_features)
{
    add(stack, conn,
        &(struct te_note){.kind = TE_NOTE_OPTION_SET,
                          .count = (uint32_t)option,
                          .value = value,
                          .seq = changed_features});
}

/* The state transitions of one connection or listener: the first, and the latest TE_HISTORY_MAX - 1
 * of the others.
 *
 * An idle connection has had two. Memory for more comes from the allocator with the third, and then
 * belongs to the log; when it is refused, two are kept. */
#ifndef TCPENGINE_TCP_CONN_HISTORY_H
#define TCPENGINE_TCP_CONN_HISTORY_H

#include <stddef.h>
#include <tcpengine/config.h>
#include <tcpengine/conn.h>

/* One te_transition, packed into 32 bytes. */
struct te_history_item {
    int64_t time_us;
    uint32_t seq, ack, wnd_bytes;
    uint16_t len_bytes;
    uint8_t from, to, cause, flags;
    bool has_segment;
};

#define TE_HISTORY_INLINE 2
#define TE_HISTORY_MORE (TE_HISTORY_MAX - TE_HISTORY_INLINE)

/* All zero: empty. Not to be copied but by te_history_move, except to look into the copy. */
struct te_history_log {
    struct te_history_item first[TE_HISTORY_INLINE];
    struct te_history_item *more; /* TE_HISTORY_MORE of them, or NULL */
    uint8_t count;                /* of both together */
};

/* Appends a copy. When full, the second oldest is dropped, so that the birth stays. */
void te_history_add(struct te_history_log *log, const struct te_transition *transition,
                    const struct te_allocator *allocator);
/* Bytes that came from the allocator. */
size_t te_history_more_bytes(const struct te_history_log *log);
/* Gives the memory back; the log is empty then. */
void te_history_clear(struct te_history_log *log, const struct te_allocator *allocator);
/* From now on the log uses room, TE_HISTORY_MORE items that live as long, and no allocator: it must
 * neither be cleared nor moved. */
void te_history_settle(struct te_history_log *log, struct te_history_item *room,
                       const struct te_allocator *allocator);
/* Returns the log with its memory, and leaves an empty one. */
struct te_history_log te_history_move(struct te_history_log *log);
/* Unpacks all, oldest first, into ret_transitions[TE_HISTORY_MAX]; returns how many. In one without
 * a segment, the segment is all zeros. */
unsigned te_history_copy(const struct te_history_log *log, struct te_transition *ret_transitions);

#endif

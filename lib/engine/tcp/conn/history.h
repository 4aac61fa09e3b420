/* The state transitions of one connection or listener: the first, and the latest TE_HISTORY_MAX - 1
 * of the others. */
#ifndef TCPENGINE_TCP_CONN_HISTORY_H
#define TCPENGINE_TCP_CONN_HISTORY_H

#include <tcpengine/conn.h>

/* One te_transition, packed into 32 bytes. */
struct te_history_item {
    int64_t time_us;
    uint32_t seq, ack, wnd_bytes;
    uint16_t len_bytes;
    uint8_t from, to, cause, flags;
    bool has_segment;
};

struct te_history_log {
    struct te_history_item items[TE_HISTORY_MAX];
    uint8_t count;
};

/* Appends a copy. When full, the second oldest is dropped, so that the birth stays. */
void te_history_add(struct te_history_log *log, const struct te_transition *transition);
/* Unpacks all, oldest first, into ret_transitions[TE_HISTORY_MAX]; returns how many. In one without
 * a segment, the segment is all zeros. */
unsigned te_history_copy(const struct te_history_log *log, struct te_transition *ret_transitions);

#endif

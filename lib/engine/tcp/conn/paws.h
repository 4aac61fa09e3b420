/* Protection against wrapped sequence numbers, and the timestamp that is echoed: TS.Recent (RFC
 * 7323 4.3, 5).
 *
 * DEVIATION: RFC 7323 5.3 R1 compares with TS.Recent always, and knows that a retransmission then
 * makes the receiver throw away what was sent before it and is only late: a path that reorders
 * loses a piece of the next window for each segment that was lost. While there are holes, text is
 * compared with an older value, the floor: TS.Recent as it was a window ago. It catches what it has
 * to catch all the same: what lies beyond the right edge of that time can't have been sent
 * earlier, and a number that has wrapped is older than that by far (RFC 7323 5.2 counts on no more
 * than TS.Recent of the last window, too). Without holes the floor is TS.Recent. */
#ifndef TCPENGINE_TCP_CONN_PAWS_H
#define TCPENGINE_TCP_CONN_PAWS_H

#include <stdbool.h>
#include <stdint.h>

struct te_conn;
struct te_segment;
struct te_stack;

/* What the peer's timestamps were. */
struct te_paws {
    uint32_t ts_recent;
    uint32_t floor; /* TS.Recent when RCV.NXT came to the window that it is in now, or before */
    uint32_t next_floor; /* TS.Recent when edge was the right edge ... */
    uint32_t edge;       /* ... which is the floor when RCV.NXT has come there */
    int64_t ts_recent_at_us;
};

/* The timestamp of the peer's SYN. */
void te_paws_start(struct te_paws *paws, uint32_t ts_value, int64_t now_us);
/* RFC 7323 5.3 R1. */
bool te_paws_rejects(const struct te_stack *stack, const struct te_conn *conn,
                     const struct te_segment *segment);
/* RFC 7323 4.3 (2): an acceptable segment, before its text is taken. */
void te_paws_record(const struct te_stack *stack, struct te_conn *conn,
                    const struct te_segment *segment);
/* Whether the values can be what an engine has saved. */
bool te_paws_is_valid(const struct te_paws *paws);

#endif

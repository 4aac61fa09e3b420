/* Protection against wrapped sequence numbers, and the timestamp that we echo: TS.Recent (RFC 7323
 * 4.3, 5).
 *
 * DEVIATION: RFC 7323 5.3 R1 always compares with TS.Recent, so that a retransmission makes the
 * receiver discard segments that were sent before it and are merely late: on a path that reorders,
 * each loss costs a piece of the next window. While there are holes, we compare text with an older
 * value, the floor: TS.Recent as it was a window ago. That still catches what it has to: text
 * beyond the right edge of that time cannot have been sent before, and a wrapped number is far
 * older (RFC 7323 5.2, too, relies on no more than TS.Recent of the last window). Without holes the
 * floor is TS.Recent. */
#ifndef TCPENGINE_TCP_CONN_PAWS_H
#define TCPENGINE_TCP_CONN_PAWS_H

#include <stdbool.h>
#include <stdint.h>

struct te_conn;
struct te_segment;
struct te_stack;

/* Of the peer's timestamps: floor <= next_floor <= ts_recent, modulo 2^32. */
struct te_paws {
    uint32_t ts_recent;
    uint32_t floor; /* TS.Recent when RCV.NXT entered the window that it is in now, or before */
    uint32_t next_floor; /* TS.Recent when edge was the right edge; the floor once RCV.NXT ... */
    uint32_t edge;       /* ... gets there */
    int64_t ts_recent_at_us; /* when ts_recent was last taken */
};

/* Takes the timestamp of the peer's SYN; forgets everything before. */
void te_paws_start(struct te_paws *paws, uint32_t ts_value, int64_t now_us);
/* Whether the segment is to be dropped as old, and acknowledged (RFC 7323 5.3 R1). Never a RST, nor
 * without negotiated timestamps, nor once TS.Recent is older than 24 days (5.5). */
bool te_paws_rejects(const struct te_stack *stack, const struct te_conn *conn,
                     const struct te_segment *segment);
/* Called for each segment that is acceptable and whose ACK is, before its text is taken. Takes the
 * timestamp when the segment starts at or before Last.ACK.sent and the value is not older than
 * TS.Recent (RFC 7323 4.3 (2)); any value once TS.Recent is older than 24 days. */
void te_paws_record(const struct te_stack *stack, struct te_conn *conn,
                    const struct te_segment *segment);
/* Whether an engine can have saved these values: floor <= next_floor <= ts_recent. */
bool te_paws_is_valid(const struct te_paws *paws);

#endif

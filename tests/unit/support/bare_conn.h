/* One connection by itself, for tests of what works on a connection without a peer: no handshake,
 * no tables, no frames. The stack lends memory, clock and wheel.
 *
 *     bare_init(&b);            ESTABLISHED at BARE_START, MSS 1000, SACK, 10 segments of cwnd
 *     bare_send(&b, 3, 1000);   three segments of 1000 bytes are in flight
 *     bare_at(&b, 100 * MS);    100 ms after bare_init
 *     bare_done(&b);            fails the test when memory is left
 *
 * Sequence numbers wrap around after the first 4,096 bytes. */
#ifndef TESTS_SUPPORT_BARE_CONN_H
#define TESTS_SUPPORT_BARE_CONN_H

#include "stack_internal.h"
#include "support/fixture.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/segment_in.h"
#include "tcp/conn/sender.h"
#include "tcp/recovery/ack_report.h"

#define BARE_START UINT32_C(0xfffff000)
#define BARE_MSS 1000u
#define BARE_PATH_MTU (BARE_MSS + 40u)

struct bare {
    struct fixture f; /* f.config may be changed between bare_prepare and bare_start */
    struct te_stack *stack;
    struct te_conn conn;
    int64_t born_at_us;
};

void bare_init(struct bare *bare); /* the next two */
void bare_prepare(struct bare *bare);
void bare_start(struct bare *bare);
void bare_done(struct bare *bare);

/* Sets the clock, counted from bare_start; no timer runs by itself. */
void bare_at(struct bare *bare, int64_t since_us);
/* The stack's time of that. */
int64_t bare_time(const struct bare *bare, int64_t since_us);
/* The number of byte offset of the stream. */
uint32_t bare_seq(uint32_t offset);
/* count records of bytes each are queued and sent now, as output does it. */
void bare_send(struct bare *bare, unsigned count, uint32_t bytes);
/* The record that starts at that offset is sent again now. */
void bare_resend(struct bare *bare, uint32_t offset);
/* The record that holds that offset. */
struct te_sent *bare_record(const struct bare *bare, uint32_t offset);
/* A pure ACK of everything below offset, with the window of the connection. */
struct te_segment bare_ack(const struct bare *bare, uint32_t offset);
/* Adds a SACK block, by offsets. */
void bare_add_sack(struct te_segment *segment, uint32_t start, uint32_t end);
/* Collects what the segment says, and moves SND.UNA, as input does before te_recovery_on_ack. */
struct te_ack_report bare_take(struct bare *bare, const struct te_segment *segment);

#endif

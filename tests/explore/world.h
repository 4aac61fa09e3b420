/* Two engines, one connection between them, and every frame in flight: one moment of a run.
 *
 * The world stands still until the search chooses what happens next. Each end has its own clock,
 * which moves only when one of its timers expires (and by a millisecond at each death of a
 * connection, so that the next incarnation starts with other numbers): which timer is first and how
 * long a frame takes is up to the choice, not to the clock. ARP is answered at once and takes no
 * part. The users accept and receive at once, unless the scenario makes them deaf.
 *
 * struct world and the two arenas are all there is: restored from a copy, they continue as
 * before. */
#ifndef EXPLORE_WORLD_H
#define EXPLORE_WORLD_H

#include <stdio.h>
#include <tcpengine/tcpengine.h>

#include "arena.h"
#include "scenario.h"

#define FRAMES_MAX 24
#define FRAME_BYTES_MAX 112
#define INCARNATIONS_MAX 4
#define WORLD_MSL_US INT64_C(30000000)
#define WORLD_ORPHAN_US INT64_C(120000000)

struct frame {
    uint8_t to;
    uint8_t len;
    uint8_t flags;
    uint8_t payload_len;
    bool has_timestamps;
    uint32_t seq, ack, ts_value, ts_echo;
    uint32_t rest; /* hash of the window and of SACK blocks relative to ack */
    uint8_t bytes[FRAME_BYTES_MAX];
};

/* What an end has sent after one SYN. */
struct incarnation {
    uint32_t iss, sent_bytes;
};

struct end {
    struct te_stack *stack; /* lives in its arena */
    struct te_endpoint local, remote;
    int64_t clock_us;
    uint64_t listener_id;
    uint64_t conn_id;                                  /* the latest connection; 0: none yet */
    struct incarnation incarnations[INCARNATIONS_MAX]; /* by its SYNs, the latest first */
    uint32_t received_bytes;                           /* of the latest connection */
    bool is_stream_over;                               /* its user has seen the end of the stream */
    uint64_t arrived;  /* set of stream offsets that frames have brought; scenarios under way */
    uint8_t next_call; /* in its program */
};

struct reached;

/* Observers; not part of the moment. */
struct watch {
    struct reached *reached; /* or NULL */
    FILE *trace;             /* or NULL */
};

struct world {
    const struct scenario *scenario;
    struct watch watch;
    struct budget left;
    struct end ends[SIDES];
    unsigned frame_count;
    struct frame frames[FRAMES_MAX]; /* in the order they were sent */
    unsigned touched;                /* set of sides that changed since it was cleared */
    bool was_cut;                    /* a RST cut off a connection ... */
    bool ended_silently;             /* ... or one ended without telling the peer */
    const char *failure;             /* the first check that failed, or NULL */
    unsigned failure_side;
};

/* Starts both engines afresh in their arenas. */
void world_init(struct world *world, const struct scenario *scenario, struct arena *arenas,
                const struct watch *watch);

void world_deliver(struct world *world, unsigned index);
void world_drop(struct world *world, unsigned index);
void world_copy(struct world *world, unsigned index);
/* The next call in its program; if refused, nothing has changed. */
void world_call(struct world *world, unsigned side);
void world_abort(struct world *world, unsigned side);
/* Advances its clock and runs the timers that expire on the way. */
void world_elapse(struct world *world, unsigned side, int64_t delta_us);
/* CLOSEs everything it has. */
void world_close_all(struct world *world, unsigned side);

/* Time to the next TCP timer, or TE_NEVER. */
int64_t world_deadline(const struct world *world, unsigned side);
/* Of the latest connection, else LISTEN or CLOSED. */
enum te_state world_state(const struct world *world, unsigned side);
/* There is something that a user may abort. */
bool world_can_abort(const struct world *world, unsigned side);
/* Index of the first frame to a side; FRAMES_MAX if none. */
unsigned world_first_frame(const struct world *world, unsigned to);

/* The ISS a connection would get now. */
uint32_t world_next_iss(const struct end *end);
/* A challenge ACK that would have asked for an exact RST was suppressed (RFC 5961 5 and 7). */
bool world_was_throttled(const struct world *world);
/* One end may be left alone with a connection (RFC 9293 3.5.1): its peer has ended it without a
 * RST, or the RST was not exact and the challenge ACK that would have asked for another was lost or
 * suppressed. */
bool world_may_be_half_open(const struct world *world);

void world_fail(struct world *world, unsigned side, const char *sentence);
void world_describe_frame(const struct world *world, const struct frame *frame, FILE *file);
char world_side_name(unsigned side);

#endif

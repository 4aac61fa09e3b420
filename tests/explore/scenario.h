/* What the two users want, and how much may go wrong meanwhile.
 *
 * Each user has a short program: calls in a fixed order, each of them at any moment. Beside it
 * stand the bounds: how many frames may be lost or repeated, how many timers may expire, how many
 * connections may be aborted in between. Frames overtake one another freely, except in scenarios
 * that are marked orderly.
 *
 * Three segments in flight, and each way to lose, repeat and reorder them and their ACKs: the
 * scenarios that begin under way. The fingerprint then has the scoreboard of both ends, and from
 * every moment all that was sent is delivered, in order and once. */
#ifndef EXPLORE_SCENARIO_H
#define EXPLORE_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#define SIDES 2u
#define CALLS_MAX 6

enum call {
    CALL_NONE = 0, /* end of the program */
    CALL_OPEN,     /* active OPEN, from a port of our own to the other side's */
    CALL_LISTEN,   /* passive OPEN on that port */
    CALL_TURN,     /* active OPEN of the listener: LISTEN -> SYN_SENT */
    CALL_SEND,     /* a few bytes */
    CALL_SHUTDOWN,
    CALL_CLOSE,   /* the latest connection */
    CALL_UNLISTEN /* CLOSE of the listener */
};

struct budget {
    uint8_t drops, copies, timers, aborts;
};

struct scenario {
    const char *name;
    enum call calls[SIDES][CALLS_MAX];
    struct budget budget, quick; /* quick: for builds with sanitizers */
    bool is_orderly;             /* frames of one direction arrive in order */
    bool has_timestamps;
    bool is_prompt; /* who sees the end of the stream closes in the same turn */
    bool is_deaf;   /* users never receive: CLOSE finds unread bytes */

    /* The search begins when all calls are made, the connection is open, and what A has sent is on
     * its way, in a segment for each SEND: then loss recovery is what goes on. */
    bool is_under_way;
    uint32_t features_off; /* enum te_feature */
};

/* The table ends with a scenario without a name. */
const struct scenario *scenario_table(void);
const struct scenario *scenario_find(const char *name);
const char *call_name(enum call call);

#endif

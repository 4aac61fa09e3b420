/* What the two users want, and how much may go wrong meanwhile.
 *
 * Each user has a short program: calls in a fixed order, each at any moment. The bounds say how
 * many frames may be lost or repeated, how many timers may expire, and how many connections may be
 * aborted in between. Frames overtake one another freely, except in scenarios that are marked
 * orderly.
 *
 * Scenarios that begin with an open connection have three segments in flight, and every way to
 * lose, repeat and reorder them and their ACKs. The fingerprint then includes the scoreboard of
 * both ends, and from every moment everything sent is delivered, in order and once. */
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
    bool is_prompt; /* a user closes as soon as it sees the end of the stream */
    bool is_deaf;   /* users never receive, so CLOSE finds unread bytes */

    /* The search begins after all calls, with an open connection and A's data in flight, one
     * segment per SEND: it explores loss recovery. */
    bool is_under_way;
    uint32_t features_off; /* enum te_feature */
};

/* The table ends with a scenario whose name is NULL. */
const struct scenario *scenario_table(void);
const struct scenario *scenario_find(const char *name);
const char *call_name(enum call call);

#endif

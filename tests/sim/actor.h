/* The applications: they open, send, receive, close and abort, each according to its plan.
 *
 * They follow the contract to the letter: told that a buffer is full or empty, they wait for the
 * promised event, so that a missing event shows as a stream that never ends. */
#ifndef SIM_ACTOR_H
#define SIM_ACTOR_H

#include <tcpengine/tcpengine.h>

#include "scenario.h"

#define ACTOR_ENDPOINTS_MAX 64
#define ACTOR_OPENINGS_MAX (2 * SCENARIO_CONNECTIONS_MAX + 2)
#define ACTOR_LISTENERS_MAX (HOSTS_MAX * (1 + SCENARIO_UPHEAVALS_MAX))

struct world;

/* The user of one end of a connection. */
struct endpoint {
    unsigned side;
    uint64_t id;
    struct behaviour behaviour;
    struct rng rng;
    uint64_t accepted, received; /* bytes */
    bool has_opened;             /* the opening is over */
    bool has_end;                /* the end of the peer's stream was received */
    bool has_shut, has_closed;   /* it called te_shutdown, te_close or te_abort */
    bool has_failed;             /* the engine reported that the connection is gone */
    bool may_be_gone;            /* the protocol has ended; the remains are kept for a while */
    bool is_paused;              /* does not read until the faults are over */
    int64_t write_at_us, read_at_us, ending_at_us; /* TE_NEVER: waiting for an event, or done */
};

/* An active OPEN to come. */
struct opening {
    unsigned side;
    const struct connection_plan *plan;
    int64_t at_us; /* TE_NEVER: done */
    unsigned tries;
    uint64_t stream; /* key of the bytes given with the OPEN */
};

struct listener_actor {
    unsigned side;
    uint64_t id; /* 0: not open */
    struct listener_plan plan;
    int64_t accept_at_us, close_at_us;
};

struct actors {
    struct rng rng;
    bool is_calm;
    unsigned endpoint_count, opening_count, listener_count;
    struct endpoint endpoints[ACTOR_ENDPOINTS_MAX];
    struct opening openings[ACTOR_OPENINGS_MAX];
    struct listener_actor listeners[ACTOR_LISTENERS_MAX];
};

void actors_init(struct actors *actors, const struct scenario *scenario);
/* Adds work; plan is borrowed. Times count from now. */
void actors_listen(struct world *world, unsigned side, const struct listener_plan *plan);
void actors_connect(struct world *world, const struct connection_plan *plan);

int64_t actors_next_us(struct actors *actors);
/* One call of the actor that is due first. */
void actors_step(struct world *world);
void actors_on_event(struct world *world, unsigned side, const struct te_event *event);

/* The host has rebooted: its applications are gone; its listeners restart. */
void actors_forget(struct world *world, unsigned side);
/* From now on all applications read, send what is left and accept, and open nothing more. */
void actors_calm(struct world *world);
/* All applications close everything. */
void actors_close_all(struct world *world);
/* Every open connection has sent and received all it should. */
bool actors_are_done(struct world *world);
struct endpoint *actors_find(struct world *world, unsigned side, uint64_t id);

#endif

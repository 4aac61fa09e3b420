/* Two or three hosts, the link between them, and time. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "actor.h"
#include "link.h"
#include "memory.h"
#include "observer.h"
#include "trace.h"

struct host {
    struct te_stack *stack;
    struct memory memory;
    int64_t clock_us;   /* what its clock shows at world time 0 */
    int64_t pump_at_us; /* when it polls for output, or TE_NEVER */
    int64_t frozen_until_us;
    uint64_t loss_credit; /* steps.h */
};

struct world_options {
    bool is_verbose;
    bool is_planted;          /* to test the harness: fails if a byte is sent twice */
    const char *capture_path; /* or NULL */
    uint64_t reborn_every;    /* turns; 0: never (rebirth.h) */
    unsigned
        check_every; /* how many looks at a connection per run of the engine's own check; 0: one */
    struct coverage *coverage;
};

struct world {
    const struct scenario *scenario;
    struct world_options options;
    int64_t now_us;
    unsigned upheavals_done;
    uint64_t events;
    uint64_t progress_event; /* the latest with which an application read something */
    uint64_t turns;
    uint64_t rebirth_debt_bytes;  /* saved, not yet paid off by turns (rebirth.c) */
    struct host hosts[HOSTS_MAX]; /* as many as the scenario has */
    struct actors actors;
    struct observer observer;
    struct trace trace;
    struct link link;
    bool has_leapt_far;      /* a clock, so far that timestamps wrapped */
    bool is_short_of_memory; /* calls may fail for it, and events may be missing */
    bool is_starved;         /* ... for good */
    const char *failure;     /* the first check that failed, or NULL */
    unsigned failure_side;
    uint64_t failure_id;
    char failure_detail[160];
};

/* False if there is nothing to run: something is wrong already, or a stack got no memory. */
bool world_init(struct world *world, const struct scenario *scenario,
                const struct world_options *options);
void world_done(struct world *world);

/* A host forgets everything and restarts with another secret. */
void world_reboot(struct world *world, unsigned side);
/* The time by a host's clock. */
int64_t world_clock(const struct world *world, unsigned side);
/* Call after anything that may have changed a stack, about a connection (0: about others too):
 * looks, and lets the host send. */
void world_changed(struct world *world, unsigned side, uint64_t id);
/* Runs until that time, or until something fails. */
void world_run(struct world *world, int64_t until_us);
/* Nothing is in flight, and nothing is to be done at once. */
bool world_is_quiet(const struct world *world);

/* As a failure it ends a run that has gone beyond what is guaranteed; run_scenario ignores it. */
extern const char world_ends_here[];

void world_fail(struct world *world, unsigned side, uint64_t id, const char *sentence);
/* Details of the first failure; call just before or after it. */
void world_explain(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

/* Many runs, spread over worker processes: one that dies takes only its own seed with it. */
#ifndef SIM_RUNNER_H
#define SIM_RUNNER_H

#include "world.h"

#define RUNNER_USAGE 2 /* exit status */
#define RUNNER_FAILURES_MAX 5

struct runner_options {
    uint64_t first_seed, seed_count;
    unsigned jobs;         /* 0: one for each processor */
    uint64_t twice_every;  /* each so many seeds one is run twice, to compare the traces; 0: none */
    uint64_t reborn_every; /* each seed is run again with all stacks restored after each so many
                            * turns, to compare the traces; no memory is refused; 0: not */
    unsigned failures_max; /* so many end it */
    bool is_verbose;       /* every line, with one seed only */
    const char *capture_path;
    const char *program;  /* for the command that replays a failure */
    const char *simplify; /* steps that make the scenario simpler, or NULL */
    bool is_planted;      /* a failure that is none, to test the harness with */
};

/* The scenario of a seed, after the steps; false when they are not for it. */
bool runner_draw(const struct runner_options *options, uint64_t seed,
                 struct scenario *ret_scenario);

/* Runs a scenario, and again if the options say so; world is of the last run. */
bool runner_judge(struct world *world, const struct scenario *scenario,
                  const struct runner_options *options, struct coverage *coverage);

/* Returns the number of seeds that failed, each reported on standard output; stops after a few. */
unsigned runner_run(const struct runner_options *options, struct coverage *ret_coverage);
/* Runs one seed in this process. */
bool runner_replay(const struct runner_options *options, struct coverage *coverage);

/* Writes what failed, the last events, and how to see it again. */
void runner_report(const struct world *world, const char *program, const char *arguments);
/* The same of a process that has ended before it could say so; status: of waitpid(). */
void runner_report_end(int status, const char *program, const char *arguments);

#endif

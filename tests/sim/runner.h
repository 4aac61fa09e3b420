/* Many runs, spread over worker processes: one that dies takes only its own seed with it. */
#ifndef SIM_RUNNER_H
#define SIM_RUNNER_H

#include "world.h"

#define RUNNER_USAGE 2 /* exit status */
#define RUNNER_FAILURES_MAX 5

struct runner_options {
    uint64_t first_seed, seed_count;
    unsigned jobs;         /* 0: one per processor */
    uint64_t twice_every;  /* one of this many seeds is run twice, to compare the traces; 0: none */
    uint64_t reborn_every; /* each seed is run again with all stacks restored after every this many
                              turns, to compare the traces, and no memory is refused; 0: not */
    unsigned failures_max; /* stop after this many */
    bool is_verbose;       /* print every line; with one seed only */
    const char *capture_path;
    const char *program;  /* for the command that replays a failure */
    const char *simplify; /* steps that make the scenario simpler, or NULL */
    bool is_planted;      /* a planted failure, to test the harness */
};

/* The scenario of a seed, after the steps; false if they do not apply to it. */
bool runner_draw(const struct runner_options *options, uint64_t seed,
                 struct scenario *ret_scenario);

/* Runs a scenario, and again if the options say so; world is of the last run. */
bool runner_judge(struct world *world, const struct scenario *scenario,
                  const struct runner_options *options, struct coverage *coverage);

/* Returns the number of seeds that failed, each reported on standard output; stops after a few. */
unsigned runner_run(const struct runner_options *options, struct coverage *ret_coverage);
/* Runs one seed in this process. */
bool runner_replay(const struct runner_options *options, struct coverage *coverage);

/* Prints what failed, the last events, and how to replay it. */
void runner_report(const struct world *world, const char *program, const char *arguments);
/* The same for a process that died before it could report; status: from waitpid(). */
void runner_report_end(int status, const char *program, const char *arguments);

#endif

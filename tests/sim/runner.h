/* Many runs, spread over worker processes: one that dies takes only its own seed with it. */
#ifndef SIM_RUNNER_H
#define SIM_RUNNER_H

#include "world.h"

struct runner_options {
    uint64_t first_seed, seed_count;
    unsigned jobs;        /* 0: one for each processor */
    uint64_t twice_every; /* each so many seeds one is run twice, to compare the traces; 0: none */
    bool is_verbose;      /* every line, with one seed only */
    const char *capture_path;
    const char *program; /* for the command that replays a failure */
};

/* Returns the number of seeds that failed, each reported on standard output; stops after a few. */
unsigned runner_run(const struct runner_options *options, struct coverage *ret_coverage);
/* Runs one seed in this process. */
bool runner_replay(const struct runner_options *options, struct coverage *coverage);

/* Writes what failed, the last events, and how to see it again. */
void runner_report(const struct world *world, const char *program, const char *arguments);

#endif

/* A failing run made shorter: tries one simplification after another, keeps those with which the
 * run still fails in the same way (the same message or signal) after no more events, and repeats
 * until none is left. Each trial runs in a process of its own, so that crashes can be shrunk too.
 * The same seed gives the same result. */
#ifndef SIM_SHRINK_H
#define SIM_SHRINK_H

#include "runner.h"

/* Prints the simplest scenario found and the command that replays it. False if the run of the first
 * seed (with options->simplify) does not fail. */
bool shrink_run(const struct runner_options *options);

#endif

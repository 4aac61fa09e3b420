/* A long fat path: whether the default windows, buffers and out-of-order limits are large enough
 * for one connection to fill it. */
#ifndef SIM_LONG_PATH_H
#define SIM_LONG_PATH_H

#include <stdbool.h>
#include <stdio.h>

/* 1 Gbit/s and 100 ms. Prints the goodput of each second; false if it falls short of the link's
 * rate in one of the last seconds, or if the run failed. */
bool long_path_run(FILE *file);

#endif

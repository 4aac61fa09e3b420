/* A long fat path: whether the windows, the buffers and what is kept out of order are by default
 * large enough for one connection to fill it. */
#ifndef SIM_LONG_PATH_H
#define SIM_LONG_PATH_H

#include <stdbool.h>
#include <stdio.h>

/* 1 Gbit/s and 100 ms. Prints the goodput of each second; false when it falls short of the link's
 * rate in one of the last ones, or when the run failed. */
bool long_path_run(FILE *file);

#endif

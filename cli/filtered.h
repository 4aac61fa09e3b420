/* Verbs whose arguments are an expression that chooses connections. */
#ifndef TCPCTL_FILTERED_H
#define TCPCTL_FILTERED_H

#include "cli.h"
#include "filter.h"

/* Reads the arguments, connects, and runs do_it. */
int filtered_run(struct cli *cli, int argc, char **argv,
                 int (*do_it)(struct cli *cli, const struct filter *filter));

#endif

/* Verbs whose arguments are an expression that selects connections. */
#ifndef TCPCTL_FILTERED_H
#define TCPCTL_FILTERED_H

#include "cli.h"
#include "filter.h"

/* Reads options and an expression for what is in these states (one bit each), connects, and runs
 * do_it, which may use filter until it returns. Returns do_it's status, or another after a
 * complaint. */
int filtered_run(struct cli *cli, int argc, char **argv, uint32_t states,
                 int (*do_it)(struct cli *cli, const struct filter *filter));

#endif

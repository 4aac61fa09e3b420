/* Verbs whose only argument is an id. */
#ifndef TCPCTL_ONE_ID_H
#define TCPCTL_ONE_ID_H

#include "cli.h"

/* Reads the arguments, connects, and runs do_it. */
int one_id_run(struct cli *cli, int argc, char **argv, int (*do_it)(struct cli *cli, uint64_t id));
/* {"id", "state"}, with --json. */
void one_id_print(const struct cli *cli, uint64_t id, enum tcpc_state state);

#endif

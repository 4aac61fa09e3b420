/* Verbs whose only argument is an id. */
#ifndef TCPCTL_ONE_ID_H
#define TCPCTL_ONE_ID_H

#include "cli.h"

/* Reads options and id, connects, and runs do_it. Returns do_it's status, or another after a
 * complaint.
 */
int one_id_run(struct cli *cli, int argc, char **argv, int (*do_it)(struct cli *cli, uint64_t id));
/* With --json prints {"id", "state"}; otherwise nothing. */
void one_id_print(const struct cli *cli, uint64_t id, enum tcpc_state state);

#endif

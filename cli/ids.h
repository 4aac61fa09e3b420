/* Verbs whose arguments are ids. */
#ifndef TCPCTL_IDS_H
#define TCPCTL_IDS_H

#include "cli.h"

/* What a verb does with one id; ctx is its own. Returns the exit status. */
typedef int (*ids_action)(struct cli *cli, uint64_t id, void *ctx);

/* Reads the ids from words, connects, and does it to each, whatever became of those before. With
 * --json and several ids prints an array of what it prints for each (null where that failed).
 * Returns the worst status, or another after a complaint. */
int ids_each(struct cli *cli, int count, char **words, ids_action do_it, void *ctx);
/* The same for verbs without options of their own: all arguments are ids. */
int ids_run(struct cli *cli, int argc, char **argv, ids_action do_it);
/* With --json prints {"id", "state"}; otherwise nothing. */
void ids_print(const struct cli *cli, uint64_t id, enum tcpc_state state);

#endif

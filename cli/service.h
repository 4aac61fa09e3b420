/* What the verbs share that serve until a signal ends them, over engine sockets. */
#ifndef TCPCTL_SERVICE_H
#define TCPCTL_SERVICE_H

#include "cli.h"
#include "door.h"
#include "engine_socket.h"

/* Sees whether there is a daemon that lets us in. EXIT_DONE, or another status after a complaint.
 */
int service_greet(struct cli *cli, struct engine_sockets *ret_engine);
/* "tcpctl: VERB: WHAT: WHY (ERRNO)" on stderr. Returns the exit status for error, an errno value.
 */
int service_fail(const struct cli *cli, int error, const char *what);
/* A listener of the engine has ended: says why, and returns the exit status. */
int service_fail_gone(const struct cli *cli, const struct engine_sockets *engine,
                      const struct door *door);

#endif

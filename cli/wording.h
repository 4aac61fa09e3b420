/* The daemon's errors in the words of the command line. What it sends is written for every client:
 * it speaks of the protocol's operations, their fields, and sessions. */
#ifndef TCPCTL_WORDING_H
#define TCPCTL_WORDING_H

#include <stdbool.h>
#include <tcpclient/tcpclient.h>

/* The message, without the operation in front, or in other words. */
const char *wording_message(const char *message);
/* False: a hint of a later daemon, which is printed as it was sent. */
bool wording_has_hint(enum tcpc_hint code);
/* The hint for the user of this verb; "": none. */
const char *wording_hint(const struct tcpc_error *error, const char *verb);

#endif

/* Who need not ring, as the daemon looks before it sleeps.
 *
 * Theory of operation: a client rings only if the daemon says that it sleeps. From a client's bell,
 * or its own news, until the loop waits, the daemon says that it does not, and looks at the
 * client's set of slots after each flush, and before it waits. On one processor a client that is
 * woken may answer before the daemon goes on; it then takes neither a system call to ring nor one
 * to hear it. So the daemon lets it: it yields the processor to those that it has woken, which
 * costs nothing if they are on another one. If that takes long, somebody else has got the
 * processor, for whom we cannot wait often. */
#ifndef TCPENGINED_CHANNEL_REST_H
#define TCPENGINED_CHANNEL_REST_H

#include "channel/channel_state.h"

/* The daemon is awake for link, which is made. */
void channel_rest_end(struct channel_link *link);
/* Wakes the client, which sleeps on its word. */
void channel_rest_wake(struct channel_link *link);
/* Looks soon at those clients that have done something. True: there are some. */
bool channel_rest_look(struct channel_server *server);
/* The loop is about to wait: lets those run that were woken, and says so to all clients that have
 * done nothing. */
void channel_rest_begin(struct channel_server *server);
/* The link goes. Harmless if the daemon sleeps for it. */
void channel_rest_drop(struct channel_link *link);

#endif

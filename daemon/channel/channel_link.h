/* One channel, from its connection to its end. */
#ifndef TCPENGINED_CHANNEL_LINK_H
#define TCPENGINED_CHANNEL_LINK_H

#include "channel/channel_state.h"

/* Takes over a connected socket. NULL: no memory; fd is closed, and nothing was said. */
struct channel_link *channel_link_new(struct channel_server *server, int fd);
/* Its connections are given up in turns of its uid, then it is freed. */
void channel_link_end(struct channel_link *link);
/* Ends those whose program has gone, although the loop has not told of it yet. */
void channel_link_end_left(struct channel_server *server);
/* As channel_link_end(), without turns. */
void channel_link_end_now(struct channel_link *link);
/* Looks in the next turn at what its program has not read yet, as far as we know. */
void channel_link_look_at_unread(struct channel_link *link);

#endif

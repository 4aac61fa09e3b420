/* Who is told what: the client, of news in its slots; a slot, of news in the engine. */
#ifndef TCPENGINED_CHANNEL_NEWS_H
#define TCPENGINED_CHANNEL_NEWS_H

#include "channel/channel_state.h"

/* Rings for the client, if it sleeps. */
void channel_news_ring(struct channel_link *link);
/* Tells the client that slot has changed, and rings if it sleeps and wants such news. */
void channel_news_tell(struct channel_link *link, uint32_t slot, enum channel_news news);
/* Looks at slot in the next turn, as if its bit were set. */
void channel_news_look_soon(struct channel_link *link, uint32_t slot);
/* The place where the connection or listener lies; NULL: in none. */
struct channel_place *channel_news_find(const struct channel_server *server, uint64_t id);

#endif

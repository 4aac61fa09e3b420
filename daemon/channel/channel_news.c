#include "channel/channel_news.h"

#include <sys/socket.h>

#include "channel/channel_rest.h"

void channel_news_ring(struct channel_link *link)
{
    _Atomic uint32_t *sleeps = &link->head->client_sleeps;
    uint32_t how = channel_should_ring(sleeps);
    if (how == CHANNEL_SLEEPS_ON_WORD)
        channel_rest_wake(link);
    else if (how != CHANNEL_AWAKE)
        send(link->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT); /* EAGAIN: there is one to be read */
}

void channel_news_tell(struct channel_link *link, uint32_t slot, enum channel_news news)
{
    channel_set_add(&link->head->ready, slot);
    channel_rest_end(link); /* it may have an answer before we sleep */
    if ((uint32_t)news >= atomic_load(&link->head->client_wants))
        channel_news_ring(link);
}

void channel_news_look_soon(struct channel_link *link, uint32_t slot)
{
    channel_slots_add(&link->work, slot);
    if (!link->is_closing)
        turns_queue(rpc_turns(link->server->rpc), link->share, &link->job);
}

struct channel_place *channel_news_find(const struct channel_server *server, uint64_t id)
{
    struct channel_place *place;
    SLIST_FOREACH(place, &server->by_id[id & (CHANNEL_INDEX_BUCKETS - 1)], in_bucket)
    {
        if (place->id == id)
            return place;
    }
    return NULL;
}

#include "channel/channel_rest.h"

#include <sched.h>

#include "util/clock.h"

/* A yield that takes longer is not followed by another one for so long. */
#define YIELD_LONG_NS (200 * INT64_C(1000))
#define YIELD_PAUSE_NS (100 * INT64_C(1000000))

void channel_rest_end(struct channel_link *link)
{
    if (link->is_awake || link->is_closing)
        return;
    link->is_awake = true;
    atomic_store(&link->head->daemon_sleeps, CHANNEL_AWAKE);
    TAILQ_INSERT_TAIL(&link->server->awake, link, in_awake);
}

/* One that waits for its turn already may have to do so for long. */
static void look_at(struct channel_link *link)
{
    if (link->job.share == NULL)
        turns_queue(rpc_turns(link->server->rpc), link->share, &link->job);
}

void channel_rest_wake(struct channel_link *link)
{
    channel_word_wake(&link->head->client_sleeps);
    link->server->has_woken = true;
}

static void yield(struct channel_server *server)
{
    int64_t start_ns = clock_monotonic_ns();
    server->has_woken = false;
    if (start_ns < server->yields_from_ns)
        return;
    sched_yield();
    int64_t end_ns = clock_monotonic_ns();
    if (end_ns - start_ns > YIELD_LONG_NS)
        server->yields_from_ns = end_ns + YIELD_PAUSE_NS;
}

bool channel_rest_look(struct channel_server *server)
{
    struct channel_link *link;
    bool is_news = false;
    TAILQ_FOREACH(link, &server->awake, in_awake)
    {
        if (channel_set_is_empty(&link->head->work))
            continue;
        look_at(link);
        is_news = true;
    }
    return is_news;
}

void channel_rest_begin(struct channel_server *server)
{
    struct channel_link *link, *next;
    if (server->has_woken)
        yield(server);
    for (link = TAILQ_FIRST(&server->awake); link != NULL; link = next) {
        next = TAILQ_NEXT(link, in_awake);
        if (channel_may_sleep(&link->head->daemon_sleeps, CHANNEL_SLEEPS, &link->head->work))
            channel_rest_drop(link);
        else
            look_at(link);
    }
}

void channel_rest_drop(struct channel_link *link)
{
    if (!link->is_awake)
        return;
    link->is_awake = false;
    TAILQ_REMOVE(&link->server->awake, link, in_awake);
}

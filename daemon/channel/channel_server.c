#include "channel/channel_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel/channel_link.h"
#include "channel/channel_news.h"
#include "channel/channel_place.h"
#include "channel/channel_rest.h"
#include "util/log.h"

#define TICK_MS 500
/* Beyond max, for root alone. */
#define ROOT_RESERVE 2

/* --- who may come ----------------------------------------------------------------------------- */

/* Of those that are being given up, or of the others. */
static unsigned count_of(const struct channel_server *server, uid_t uid, bool is_closing)
{
    const struct channel_link *link;
    unsigned count = 0;
    TAILQ_FOREACH(link, &server->links, in_all)
    count += link->rpc_link.account->uid == uid && link->is_closing == is_closing;
    return count;
}

/* One more than the limit of its uid may come, to be told so. What a program has left behind is
 * still being closed, in its uid's turns: it does not count, but may not pile up. */
static bool has_room(const struct channel_server *server, uid_t uid)
{
    unsigned max = server->options.max + (uid == 0 ? ROOT_RESERVE : 0);
    return server->rpc->channels < max &&
           count_of(server, uid, false) <= server->options.per_uid_max &&
           count_of(server, uid, true) <= server->options.per_uid_max;
}

static bool is_welcome(struct channel_server *server, int fd)
{
    uid_t uid;
    if (!sp_peer_find_uid(fd, &uid))
        return false;
    if (has_room(server, uid))
        return true;
    channel_link_end_left(server);
    return has_room(server, uid);
}

static void refuse(struct channel_server *server, int fd)
{
    struct channel_welcome welcome = {
        .magic = CHANNEL_MAGIC, .version = CHANNEL_VERSION, .code = PB_RESOURCES};
    snprintf(welcome.errno_name, sizeof(welcome.errno_name), "EUSERS");
    snprintf(welcome.message, sizeof(welcome.message),
             "channel: there are too many already (channels_per_uid_max is %u, channels_max %u)",
             server->options.per_uid_max, server->options.max);
    snprintf(welcome.hint, sizeof(welcome.hint), "close channels that are not needed");
    server->rpc->counters.channels_refused++;
    send(fd, &welcome, sizeof(welcome), MSG_NOSIGNAL | MSG_DONTWAIT);
    /* What is unread at the close would overtake the answer, as ECONNRESET. */
    recv(fd, &welcome, sizeof(welcome), MSG_DONTWAIT);
    close(fd);
}

static void admit(void *ctx, int fd)
{
    struct channel_server *server = ctx;
    if (is_welcome(server, fd))
        channel_link_new(server, fd);
    else
        refuse(server, fd);
}

static void on_tick(uv_timer_t *timer)
{
    struct channel_server *server = timer->data;
    struct channel_link *link;
    int64_t now_us = rpc_now_us(server->rpc);
    TAILQ_FOREACH(link, &server->links, in_all)
    {
        channel_link_look_at_unread(link);
        if (link->is_made || link->is_closing || link->hello_until_us > now_us)
            continue;
        server->rpc->counters.channels_abandoned++;
        channel_link_end(link);
    }
    sp_door_look_again(&server->door);
}

/* --- life ------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct channel_server *server = handle->data;
    if (--server->open_handles == 0 && server->is_ended)
        free(server);
}

struct channel_server *channel_server_new(uv_loop_t *loop, struct rpc *rpc,
                                          const struct channel_server_options *options)
{
    struct channel_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        log_write(LOG_LEVEL_ERROR, "no memory for channels");
        return NULL;
    }
    server->rpc = rpc;
    server->options = *options;
    TAILQ_INIT(&server->links);
    TAILQ_INIT(&server->awake);
    if (!sp_door_open(&server->door, options->control_path, CHANNEL_PATH_SUFFIX,
                      options->control_gid)) {
        free(server);
        return NULL;
    }
    sp_door_start(&server->door, loop, admit, server);
    uv_timer_init(loop, &server->timer);
    server->timer.data = server;
    server->open_handles = 2;
    uv_timer_start(&server->timer, on_tick, TICK_MS, TICK_MS);
    return server;
}

void channel_server_stop(struct channel_server *server)
{
    if (server != NULL)
        sp_door_close(&server->door, on_closed);
}

void channel_server_free(struct channel_server *server)
{
    struct channel_link *link;
    if (server == NULL)
        return;
    channel_server_stop(server);
    while ((link = TAILQ_FIRST(&server->links)) != NULL)
        channel_link_end_now(link);
    server->is_ended = true;
    uv_close((uv_handle_t *)&server->timer, on_closed);
}

bool channel_server_look(struct channel_server *server)
{
    return server != NULL && channel_rest_look(server);
}

void channel_server_on_rest(struct channel_server *server)
{
    if (server != NULL)
        channel_rest_begin(server);
}

bool channel_server_vacate_send(struct channel_server *server, uint64_t id)
{
    struct channel_place *place = server != NULL ? channel_news_find(server, id) : NULL;
    return place != NULL && channel_place_vacate_send(place);
}

void channel_server_before_end(struct channel_server *server, uint64_t id, bool is_close)
{
    struct channel_place *place = server != NULL ? channel_news_find(server, id) : NULL;
    if (place != NULL)
        channel_place_before_end(place, is_close);
}

enum te_err channel_server_send(struct channel_server *server, uint64_t id, const uint8_t *data,
                                size_t len, size_t *ret_accepted)
{
    struct channel_place *place = server != NULL ? channel_news_find(server, id) : NULL;
    return place != NULL ? channel_place_send(place, data, len, ret_accepted) : TE_ERR_STATE;
}

void channel_server_on_event(struct channel_server *server, const struct te_event *event)
{
    if (server == NULL || event->id == 0)
        return;
    struct channel_place *place = channel_news_find(server, event->id);
    if (place != NULL)
        channel_place_on_event(place, event);
}

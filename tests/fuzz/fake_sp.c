#include "fake_sp.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static struct sp_server *latest;

struct sp_server *fake_sp_server(void)
{
    return latest;
}

void fake_sp_open(struct sp_server *server, struct sp_link *link, uint32_t uid, bool is_admin)
{
    *link = (struct sp_link){.server = server, .is_alive = true};
    link->peer = (struct sp_peer){.uid = uid, .pid = 1, .is_admin = is_admin};
}

void fake_sp_close(struct sp_link *link)
{
    if (!link->is_alive)
        return;
    link->is_alive = link->wants_turn = false;
    link->server->callbacks.on_link_closed(link->server->callbacks.ctx, link);
}

void fake_sp_request(struct sp_link *link, const struct sp_request *request, const uint8_t *body,
                     size_t len)
{
    const struct sp_server_callbacks *callbacks = &link->server->callbacks;
    struct sp_request *copy = malloc(sizeof(*copy));
    *copy = *request;
    copy->link = link;
    link->server->pending++;
    if (len > SP_MESSAGE_MAX_BYTES - FAKE_IDS_BYTES)
        callbacks->on_too_long(callbacks->ctx, link, copy, len);
    else
        callbacks->on_request(callbacks->ctx, link, copy, body, len);
}

bool fake_sp_turn(struct sp_link *link)
{
    if (!link->wants_turn)
        return false;
    link->wants_turn = link->server->callbacks.on_turn(link->server->callbacks.ctx, link);
    return true;
}

/* --- what the rpc calls ----------------------------------------------------------------------- */

void sp_server_options_init(struct sp_server_options *options)
{
    *options = (struct sp_server_options){.links_max = 4};
}

int sp_server_new(uv_loop_t *loop, const struct sp_server_options *options,
                  const struct sp_server_callbacks *callbacks, struct sp_server **ret_server)
{
    (void)loop;
    (void)options;
    latest = calloc(1, sizeof(*latest));
    latest->callbacks = *callbacks;
    *ret_server = latest;
    return 0;
}

void sp_server_stop_listening(struct sp_server *server)
{
    (void)server;
}

void sp_server_free(struct sp_server *server)
{
    free(server);
}

const struct sp_counters *sp_server_counters(const struct sp_server *server)
{
    return &server->counters;
}

unsigned sp_server_link_count(const struct sp_server *server)
{
    (void)server;
    return 0;
}

const struct sp_peer *sp_link_peer(const struct sp_link *link)
{
    return &link->peer;
}

void sp_link_set_user(struct sp_link *link, void *user)
{
    link->user = user;
}

void *sp_link_user(const struct sp_link *link)
{
    return link->user;
}

bool sp_link_is_alive(const struct sp_link *link)
{
    return link->is_alive;
}

const char *sp_link_refusal(const struct sp_link *link)
{
    (void)link;
    return NULL;
}

void sp_link_want_turn(struct sp_link *link)
{
    link->wants_turn = link->is_alive;
}

void sp_link_carry(struct sp_link *link, size_t bytes)
{
    FUZZ_CHECK(link->is_alive && bytes > 0, "%zu bytes were carried", bytes);
}

struct turns *sp_server_turns(struct sp_server *server)
{
    return &server->turns;
}

bool sp_link_is_full(const struct sp_link *link)
{
    return link->is_full;
}

void sp_reply(struct sp_request *request, const uint8_t *body, size_t len)
{
    FUZZ_CHECK(len <= SP_REPLY_MAX_BYTES, "an answer of %zu bytes", len);
    latest->on_answer(latest->ctx, request, body, len);
    sp_request_drop(request);
}

void sp_request_drop(struct sp_request *request)
{
    FUZZ_CHECK(latest->pending > 0, "a request was ended twice");
    latest->pending--;
    free(request);
}

bool sp_request_is_repeat(const struct sp_request *a, const struct sp_request *b)
{
    return a->link == b->link && a->id == b->id;
}

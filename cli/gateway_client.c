#include "gateway_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge.h"
#include "cli_clock.h"
#include "gateway_room.h"
#include "socks.h"

/* How long a client of SOCKS may take for what it has to say, and to read that it was refused. */
enum { SOCKS_ASK_MS = 30000, SOCKS_LEAVE_MS = 5000 };
enum { NEAR, FAR }; /* the bridge's ends: the one that came, and the one that was dialled */

enum client_state {
    CLIENT_ASKS,   /* by SOCKS */
    CLIENT_DIALS,  /* the other side is being opened */
    CLIENT_RUNS,   /* bridged */
    CLIENT_LEAVES, /* it was refused, and may read that */
    CLIENT_FAILS,  /* to be reset */
};

struct gateway_client {
    struct gateway_client *next, *previous;
    struct gateway *gateway;
    struct gateway_door *door;
    struct poller_task task;
    enum client_state state;
    struct bridge bridge;
    struct dial dial;
    struct socks socks;
    int64_t ends_at_ms; /* INT64_MAX: never */
    unsigned number;
    struct place remote;
};

static void soon(struct gateway_client *client)
{
    poller_soon(&client->gateway->poller, &client->task);
}

static void set_deadline(struct gateway_client *client, int wait_ms)
{
    client->ends_at_ms = cli_now_ms() + wait_ms;
    client->gateway->poller.wants_ticks = true;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void client_free(struct gateway_client *client)
{
    struct gateway *gateway = client->gateway;
    if (client->next != NULL)
        client->next->previous = client->previous;
    if (client->previous != NULL)
        client->previous->next = client->next;
    else
        gateway->clients = client->next;
    gateway->client_count--;
    dial_cancel(&client->dial);
    bridge_close(&client->bridge);
    free(client);
    if (gateway->client_count < gateway->clients_max)
        gateway_resume(gateway);
}

static void client_abort(struct gateway_client *client)
{
    bridge_abort(&client->bridge);
    client_free(client);
}

/* --- SOCKS ------------------------------------------------------------------------------------ */

/* At most SOCKS_ANSWER_MAX bytes, to a client that has been sent next to nothing. */
static bool send_answer(struct gateway_client *client)
{
    const struct socks *socks = &client->socks;
    return send(client->bridge.ends[NEAR].watch.fd, socks->answer, socks->answer_len,
                MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)socks->answer_len;
}

/* Closing at once might destroy the answer by a reset, if the client has sent more. */
static void leave(struct gateway_client *client)
{
    client->state = CLIENT_LEAVES;
    set_deadline(client, SOCKS_LEAVE_MS);
    if (!send_answer(client) || shutdown(client->bridge.ends[NEAR].watch.fd, SHUT_WR) < 0)
        client->state = CLIENT_FAILS;
    soon(client);
}

static void start_dial(struct gateway_client *client, const char *host, uint16_t port)
{
    client->state = CLIENT_DIALS;
    client->ends_at_ms = INT64_MAX;
    client->gateway->poller.wants_ticks |= client->gateway->dialler.patience_ms != 0;
    dial_start(&client->dial, host, port);
}

static void take_socks(struct gateway_client *client, size_t count)
{
    switch (socks_take(&client->socks, count)) {
    case SOCKS_GREETED:
        if (!send_answer(client))
            client->state = CLIENT_FAILS;
        break;
    case SOCKS_CONNECT:
        start_dial(client, client->socks.host, client->socks.port);
        break;
    case SOCKS_REFUSED_ALL:
        leave(client);
        break;
    case SOCKS_NONSENSE:
        client->state = CLIENT_FAILS;
        break;
    case SOCKS_MORE:
        break;
    }
}

/* Reads what the client asks, and not a byte more. */
static void ask(struct gateway_client *client)
{
    struct socks *socks = &client->socks;
    while (client->state == CLIENT_ASKS) {
        ssize_t got = recv(client->bridge.ends[NEAR].watch.fd, socks->message + socks->len,
                           socks_wants(socks), MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got > 0)
            take_socks(client, (size_t)got);
        else if (got == 0 || errno != EINTR)
            client->state = CLIENT_FAILS;
    }
    if (client->state == CLIENT_FAILS)
        soon(client);
}

/* Drops what a client still sends that was refused. */
static void drop_rest(struct gateway_client *client)
{
    char bytes[4096];
    ssize_t got;
    do
        got = recv(client->bridge.ends[NEAR].watch.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    while (got > 0 || (got < 0 && errno == EINTR));
    if (got == 0 || errno != EAGAIN)
        client_free(client);
}

/* --- the other side --------------------------------------------------------------------------- */

static void note_failure(const struct gateway_client *client, int error, const char *why)
{
    const struct gateway *gateway = client->gateway;
    const bool is_socks = client->door->is_socks;
    const char *host = is_socks ? client->socks.host : client->door->host;
    const unsigned port = is_socks ? client->socks.port : client->door->port;
    if (is_socks && !gateway->is_verbose)
        return; /* the client hears it */
    if (port)
        cli_note("%s: %s port %u: %s (%s)", gateway->cli->verb->name, host, port, why,
                 strerrorname_np(error));
    else
        cli_note("%s: %s: %s (%s)", gateway->cli->verb->name, host, why, strerrorname_np(error));
}

static void note_connection(const struct gateway_client *client)
{
    char remote[PLACE_TEXT_MAX], target[PLACE_TEXT_MAX];
    if (client->gateway->is_verbose)
        cli_note("connection %u from %s to %s", client->number, place_text(&client->remote, remote),
                 place_text(&client->dial.places[client->dial.at - 1], target));
}

/* The address that the connection has on the far side. */
static void answer_granted(struct gateway_client *client, int fd)
{
    struct socket_address local;
    struct place place = {.length = 0};
    if (engine_socket_name(&client->gateway->engine, fd, &local))
        place = place_of_engine(&local);
    socks_answer(&client->socks, SOCKS_SUCCEEDED,
                 place.length ? (const struct sockaddr *)&place.address : NULL);
    if (!send_answer(client))
        client->state = CLIENT_FAILS;
}

static void on_end_event(struct poller_watch *watch, uint32_t events)
{
    struct gateway_client *client = watch->owner;
    bool is_far = watch == &client->bridge.ends[FAR].watch;
    bridge_end_note(&client->bridge.ends[is_far ? FAR : NEAR], events);
    soon(client);
}

static void watch_end(struct gateway_client *client, unsigned which, int fd, bool is_engine)
{
    struct bridge_end *end = &client->bridge.ends[which];
    end->engine = is_engine ? &client->gateway->engine : NULL;
    end->watch = (struct poller_watch){.fd = fd, .on_event = on_end_event, .owner = client};
    if (!poller_add(&client->gateway->poller, &end->watch, POLLER_EDGES))
        client->state = CLIENT_FAILS;
}

static void on_dialled(struct dial *dial, int fd, int error, const char *why)
{
    struct gateway_client *client = dial->owner;
    if (fd >= 0) {
        client->state = CLIENT_RUNS;
        watch_end(client, FAR, fd, dial->is_engine);
        if (client->door->is_socks)
            answer_granted(client, fd);
        note_connection(client);
    } else {
        note_failure(client, error, why);
        client->state = CLIENT_FAILS;
        if (client->door->is_socks) {
            socks_answer(&client->socks, socks_reply_of(error), NULL);
            leave(client);
        }
    }
    soon(client);
}

/* --- from here to there ----------------------------------------------------------------------- */

static void run_bridge(struct gateway_client *client)
{
    switch (bridge_step(&client->bridge)) {
    case BRIDGE_WAITS:
        break;
    case BRIDGE_BUSY:
        soon(client);
        break;
    case BRIDGE_OVER:
        client_free(client);
        break;
    case BRIDGE_BROKEN:
        client_abort(client);
        break;
    }
}

static void run(struct poller_task *task)
{
    struct gateway_client *client = task->owner;
    switch (client->state) {
    case CLIENT_ASKS:
        ask(client);
        break;
    case CLIENT_DIALS:
        if (bridge_end_has_failed(&client->bridge.ends[NEAR]))
            client_abort(client);
        break;
    case CLIENT_RUNS:
        run_bridge(client);
        break;
    case CLIENT_LEAVES:
        drop_rest(client);
        break;
    case CLIENT_FAILS:
        client_abort(client);
        break;
    }
}

static void link_client(struct gateway *gateway, struct gateway_client *client)
{
    client->next = gateway->clients;
    if (client->next != NULL)
        client->next->previous = client;
    gateway->clients = client;
    gateway->client_count++;
    client->number = ++gateway->client_number;
}

void gateway_client_new(struct gateway_door *door, const struct arrival *arrival)
{
    struct gateway *gateway = door->gateway;
    struct gateway_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        cli_no_memory();
    client->gateway = gateway;
    client->door = door;
    client->task = (struct poller_task){.run = run, .owner = client};
    client->remote = arrival->remote;
    client->dial = (struct dial){.dialler = &gateway->dialler,
                                 .is_engine = !door->door.is_engine,
                                 .watch.fd = -1,
                                 .ends_at_ms = INT64_MAX,
                                 .on_done = on_dialled,
                                 .owner = client};
    bridge_init(&client->bridge);
    link_client(gateway, client);
    if (door->door.is_engine)
        engine_socket_hurry(&gateway->engine, arrival->fd);
    watch_end(client, NEAR, arrival->fd, door->door.is_engine);
    if (door->is_socks)
        set_deadline(client, SOCKS_ASK_MS);
    else if (client->state != CLIENT_FAILS)
        start_dial(client, door->host, door->port);
    soon(client);
}

void gateway_clients_check_time(void *owner)
{
    struct gateway *gateway = owner;
    const int64_t now_ms = cli_now_ms();
    bool is_awaited = false;
    if (gateway->lacks_descriptors && gateway->client_count < gateway->clients_max)
        gateway_resume(gateway);
    for (struct gateway_client *client = gateway->clients; client != NULL; client = client->next) {
        dial_check_time(&client->dial, now_ms);
        is_awaited |= client->ends_at_ms != INT64_MAX || client->dial.ends_at_ms != INT64_MAX;
        if (client->ends_at_ms > now_ms)
            continue;
        client->state = CLIENT_FAILS;
        client->ends_at_ms = INT64_MAX;
        soon(client);
    }
    gateway->poller.wants_ticks = is_awaited || gateway->lacks_descriptors;
}

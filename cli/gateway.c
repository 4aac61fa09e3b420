#include "gateway.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "address.h"
#include "fatal_signal.h"
#include "gateway_client.h"
#include "gateway_room.h"
#include "parse.h"
#include "service.h"

/* --- options ---------------------------------------------------------------------------------- */

bool gateway_option(const struct cli *cli, struct gateway *gateway, int option)
{
    if (option == 'v') {
        gateway->is_verbose = true;
        return true;
    }
    return option == 'm' &&
           cli_count_option(cli, "max-clients", GATEWAY_CLIENTS_MAX, &gateway->clients_max);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void remove_paths(const struct gateway *gateway)
{
    char text[PLACE_TEXT_MAX];
    for (unsigned i = 0; i < gateway->door_count; i++) {
        const struct place *local = &gateway->doors[i].door.local;
        if (local->address.ss_family == AF_UNIX)
            unlink(place_text(local, text));
    }
}

/* Ends as the signal would have. What is under way ends with the descriptors. */
static void on_signal(struct poller_watch *watch, uint32_t events)
{
    struct signalfd_siginfo info;
    (void)events;
    if (read(watch->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    remove_paths(watch->owner);
    fatal_signal_die((int)info.ssi_signo);
}

static bool watch_signals(struct gateway *gateway)
{
    sigset_t set;
    fatal_signal_set(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    gateway->signals = (struct poller_watch){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
                                             .on_event = on_signal,
                                             .owner = gateway};
    return gateway->signals.fd >= 0 && poller_add(&gateway->poller, &gateway->signals, EPOLLIN);
}

/* --- begin ------------------------------------------------------------------------------------ */

/* A connection takes two descriptors. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int gateway_init(struct gateway *gateway, struct cli *cli)
{
    gateway->cli = cli;
    if (gateway->clients_max == 0)
        gateway->clients_max = GATEWAY_CLIENTS_DEFAULT;
    raise_descriptors();
    /* Signals first: threads that exist already would still take them. */
    if (!poller_init(&gateway->poller) || !watch_signals(gateway) ||
        !resolver_init(&gateway->resolver, &gateway->poller))
        return service_fail(cli, errno, "start");
    int status = service_greet(cli, &gateway->engine);
    if (status != EXIT_DONE)
        return status;
    gateway->poller.on_tick = gateway_clients_check_time;
    gateway->poller.owner = gateway;
    gateway->dialler = (struct dialler){.poller = &gateway->poller,
                                        .resolver = &gateway->resolver,
                                        .engine = &gateway->engine,
                                        .patience_ms = cli->timeout_ms};
    return EXIT_DONE;
}

/* --- doors ------------------------------------------------------------------------------------ */

static void on_door_error(struct door *door, int error)
{
    struct gateway *gateway = ((struct gateway_door *)door->owner)->gateway;
    if (error != ENETDOWN) { /* no descriptor is free, or the like */
        gateway->lacks_descriptors = true;
        gateway->poller.wants_ticks = true;
        return;
    }
    gateway->status = service_fail_gone(gateway->cli, &gateway->engine, door);
    gateway->is_over = true;
}

static void on_arrival(struct door *door, const struct arrival *arrival)
{
    struct gateway_door *own = door->owner;
    gateway_client_new(own, arrival);
    if (own->gateway->client_count >= own->gateway->clients_max)
        gateway_pause(own->gateway);
}

static void note_door(const struct gateway_door *own)
{
    char local[PLACE_TEXT_MAX];
    const char *side = own->door.is_engine ? "the engine's " : "";
    place_text(&own->door.local, local);
    if (own->is_socks)
        cli_note("listening on %s", local);
    else if (own->port)
        cli_note("listening on %s%s, for %s port %u", side, local, own->host, own->port);
    else
        cli_note("listening on %s%s, for %s", side, local, own->host);
}

static int open_door(struct gateway *gateway, const struct gateway_door *model,
                     const struct place *local, bool on_engine)
{
    if (gateway->door_count == GATEWAY_DOORS_MAX)
        return EMFILE;
    struct gateway_door *own = &gateway->doors[gateway->door_count];
    *own = *model;
    own->gateway = gateway;
    own->door = (struct door){.poller = &gateway->poller,
                              .on_arrival = on_arrival,
                              .on_error = on_door_error,
                              .owner = own};
    int error = door_open(&own->door, on_engine ? &gateway->engine : NULL, local, false);
    if (error != 0)
        return error;
    gateway->door_count++;
    if (gateway->is_verbose || place_port(local) == 0)
        note_door(own);
    return 0;
}

/* --- where ------------------------------------------------------------------------------------ */

enum { PLACES_MAX = 8 };

/* The addresses that rule binds. 0: *ret_why. */
static unsigned resolve(const char *host, struct place *ret_places, const char **ret_why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    unsigned count = 0;
    int why = getaddrinfo(host, NULL, &hints, &found);
    if (why != 0) {
        *ret_why = gai_strerror(why);
        return 0;
    }
    for (const struct addrinfo *entry = found; entry != NULL && count < PLACES_MAX;
         entry = entry->ai_next)
        ret_places[count++] = place_of(entry->ai_addr, entry->ai_addrlen);
    freeaddrinfo(found);
    return count;
}

/* As ssh does: loopback, unless another address is named. The engine has no loopback, so there it
 * is all addresses; one listener of the engine takes both families. */
static unsigned places_of(const struct forward_rule *rule, bool on_engine, struct place *ret_places,
                          const char **ret_why)
{
    if (rule->bind[0] == '/' && !on_engine)
        return place_set_path(&ret_places[0], rule->bind);
    if (on_engine && address_is_any(rule->bind))
        return resolve("::", ret_places, ret_why);
    bool is_loopback = !rule->has_bind || strcmp(rule->bind, "localhost") == 0;
    if (!is_loopback && !address_is_any(rule->bind))
        return resolve(rule->bind, ret_places, ret_why);
    unsigned count = resolve(is_loopback ? "127.0.0.1" : "0.0.0.0", ret_places, ret_why);
    return count + resolve(is_loopback ? "::1" : "::", ret_places + count, ret_why);
}

/* The host may have no IPv6, or no such address in one family. */
static bool is_missing_family(int error)
{
    return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

static int fail_to_listen(const struct gateway *gateway, const struct place *place, int error)
{
    char text[PLACE_TEXT_MAX];
    return service_fail(gateway->cli, error, place_text(place, text));
}

static int open_doors(struct gateway *gateway, const struct gateway_door *model, bool on_engine,
                      uint16_t port, struct place *places, unsigned count)
{
    unsigned before = gateway->door_count;
    int error = EADDRNOTAVAIL;
    for (unsigned i = 0; i < count; i++) {
        place_set_port(&places[i], port);
        error = open_door(gateway, model, &places[i], on_engine);
        if (error != 0 && !is_missing_family(error))
            return fail_to_listen(gateway, &places[i], error);
        if (error == 0 && port == 0) /* the others take the same */
            port = place_port(&gateway->doors[gateway->door_count - 1].door.local);
    }
    return gateway->door_count > before ? EXIT_DONE : fail_to_listen(gateway, &places[0], error);
}

int gateway_listen(struct gateway *gateway, const struct forward_rule *rule, bool on_engine,
                   bool is_socks)
{
    struct place places[PLACES_MAX * 2];
    struct gateway_door model = {.is_socks = is_socks, .port = rule->host_port};
    const char *why = "the path is too long";
    memcpy(model.host, rule->host, sizeof(model.host));
    unsigned count = places_of(rule, on_engine, places, &why);
    if (count == 0) {
        cli_note("%s: %s: %s (EADDRNOTAVAIL)", gateway->cli->verb->name, rule->bind, why);
        return EXIT_FAILED;
    }
    return open_doors(gateway, &model, on_engine, rule->port, places, count);
}

int gateway_run(struct gateway *gateway)
{
    while (!gateway->is_over)
        poller_turn(&gateway->poller);
    remove_paths(gateway);
    return gateway->status;
}

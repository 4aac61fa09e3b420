/* Connections of one side go on as connections of the other: what tcpctl forward and tcpctl socks
 * have in common.
 *
 * One loop (poller.h) has it all. A client is a connection that came through a door; it is dialled
 * for (dial.h), after it has said where to in the case of SOCKS, and then bridged (bridge.h). */
#ifndef TCPCTL_GATEWAY_H
#define TCPCTL_GATEWAY_H

#include "cli.h"
#include "dial.h"
#include "door.h"
#include "forward_rule.h"

enum { GATEWAY_DOORS_MAX = 64, GATEWAY_CLIENTS_DEFAULT = 1024, GATEWAY_CLIENTS_MAX = 65536 };

/* In the help, and for getopt_long(). */
#define GATEWAY_OPTIONS                                                                            \
    "      --max-clients N         connections at a time (default 1024); more wait\n"              \
    "  -v                      report progress on stderr\n"
#define GATEWAY_LONG_OPTIONS                                                                       \
    {                                                                                              \
        "max-clients", required_argument, NULL, 'm'                                                \
    }

struct gateway_client;

/* What becomes of those who come through a door. */
struct gateway_door {
    struct door door;
    struct gateway *gateway;
    bool is_socks;
    char host[FORWARD_HOST_MAX];
    uint16_t port;
};

struct gateway {
    struct cli *cli;
    struct poller poller;
    struct resolver resolver;
    struct engine_sockets engine;
    struct dialler dialler;
    struct gateway_door doors[GATEWAY_DOORS_MAX];
    unsigned door_count;
    struct gateway_client *clients; /* a list */
    unsigned client_count, clients_max;
    unsigned client_number; /* of the last one, for -v */
    struct poller_watch signals;
    bool is_verbose, is_over;
    bool lacks_descriptors; /* doors wait for one */
    int status;
};

/* Takes -v, and --max-clients with optarg. False after a complaint, or for another option. */
bool gateway_option(const struct cli *cli, struct gateway *gateway, int option);
/* Sees whether there is a daemon. EXIT_DONE, or another status after a complaint. */
int gateway_init(struct gateway *gateway, struct cli *cli);
/* Listens as rule says, on the engine's side or the kernel's; is_socks: clients say where to go on
 * to. EXIT_DONE, or another status after a complaint. */
int gateway_listen(struct gateway *gateway, const struct forward_rule *rule, bool on_engine,
                   bool is_socks);
/* Until a signal ends the program, or a listener of the engine is gone: the exit status. */
int gateway_run(struct gateway *gateway);

#endif

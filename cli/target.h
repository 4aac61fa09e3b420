/* HOST PORT -s ADDR -p PORT: what connect and open have in common. */
#ifndef TCPCTL_TARGET_H
#define TCPCTL_TARGET_H

#include "cli.h"

/* In the help. */
#define TARGET_OPTIONS                                                                             \
    "  -s ADDR                 local address\n"                                                    \
    "  -p PORT                 local port\n"

enum { TARGET_ADDRESSES_MAX = 8 };

struct target {
    struct tcpc_endpoint local;
    struct tcpc_endpoint remotes[TARGET_ADDRESSES_MAX]; /* tried in this order */
    unsigned count;
    const char *host, *port;
    bool fast_open;   /* with data, which the SYN may carry, to each address that is tried */
    const char *data; /* borrowed; NULL: none */
    size_t len;
};

/* Takes -s and -p, with optarg. False after a complaint, or for another option. */
bool target_option(const struct cli *cli, struct target *target, int option);
/* Sets remotes, from an IP address or a name that the system resolves. host and port are borrowed.
 * EXIT_DONE, or a status after a complaint: EXIT_USAGE for the port, EXIT_FAILED for the host. */
int target_resolve(const struct cli *cli, struct target *target, const char *host,
                   const char *port);
/* Tries the addresses in turn and opens a connection to the first that takes it. With wait_ms that
 * means established, within wait_ms for each address; what is left of failed ones is closed.
 * EXIT_DONE, or a status after a complaint about the last one tried. */
int target_open(struct cli *cli, const struct target *target, uint32_t wait_ms,
                struct tcpc_opened *ret_opened);

#endif

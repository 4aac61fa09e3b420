/* HOST PORT -s ADDR -p PORT: what connect and open have in common. */
#ifndef TCPCTL_TARGET_H
#define TCPCTL_TARGET_H

#include "cli.h"

enum { TARGET_ADDRESSES_MAX = 8 };

struct target {
    struct tcpc_endpoint local;
    struct tcpc_endpoint remotes[TARGET_ADDRESSES_MAX]; /* tried in this order */
    unsigned count;
    const char *host, *port;
    bool fast_open;   /* with data, which the SYN may carry; given to each address that is tried */
    const char *data; /* or NULL */
    size_t len;
};

/* Takes -s and -p, with optarg. False after a complaint, or for another option. */
bool target_option(const struct cli *cli, struct target *target, int option);
/* EXIT_DONE, or a status after a complaint. */
int target_resolve(const struct cli *cli, struct target *target, const char *host,
                   const char *port);
/* Opens a connection to the first address that takes it; with wait_ms only when it is established,
 * and what is left of those that failed is closed. EXIT_DONE, or a status after a complaint. */
int target_open(struct cli *cli, const struct target *target, uint32_t wait_ms,
                struct tcpc_opened *ret_opened);

#endif

/* HOST PORT -s ADDR -p PORT -4 -6: what connect and open have in common. */
#ifndef TCPCTL_TARGET_H
#define TCPCTL_TARGET_H

#include "cli.h"

/* In the help. */
#define TARGET_OPTIONS                                                                             \
    "  -4, -6                  only IPv4, only IPv6 addresses of a name\n"                         \
    "  -s ADDR                 local address\n"                                                    \
    "  -p PORT                 local port\n"
#define TARGET_LETTERS "46s:p:"
#define TARGET_DETAILS                                                                             \
    "HOST is an address or a name, PORT a number or the name of a service. HOST:PORT and\n"        \
    "[ADDR6]:PORT may be one argument.\n"

enum { TARGET_ADDRESSES_MAX = 8 };

struct target {
    struct tcpc_endpoint local;
    struct tcpc_endpoint remotes[TARGET_ADDRESSES_MAX]; /* tried in this order */
    unsigned count;
    const char *host, *port;
    bool is_v4_only, is_v6_only;
    bool is_quiet;    /* target_open() complains of nothing that another port may not have */
    bool fast_open;   /* with data, which the SYN may carry, to each address that is tried */
    const char *data; /* borrowed; NULL: none */
    size_t len;
    char text[320]; /* what host and port point to, if they came in one word */
};

/* Takes TARGET_LETTERS, with optarg. False after a complaint, or for another option. */
bool target_option(const struct cli *cli, struct target *target, int option);
/* Takes HOST and PORT from one word or two, borrowed. EXIT_DONE, or EXIT_USAGE after a complaint.
 */
int target_arguments(const struct cli *cli, struct target *target, int count, char **words);
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

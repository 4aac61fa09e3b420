/* connect -z: which ports of a host take a connection? Nothing is sent. */
#ifndef TCPCTL_SCAN_H
#define TCPCTL_SCAN_H

#include "target.h"

struct scan_options {
    bool is_verbose;  /* reports each port */
    uint32_t wait_ms; /* for each */
};

/* Opens a connection to target's port, or to each of its range "N-M", and closes it at once.
 * Resolves the host and connects to the daemon. EXIT_DONE when one was opened; else the status of
 * the last failure. */
int scan_run(struct cli *cli, struct target *target, const struct scan_options *options);

#endif

/* tcpctl serve --exec: a process for each connection, whose stdin and stdout are the connection.
 * The process gets the engine socket itself, so that nothing stands between it and its peer, and it
 * outlives us. */
#ifndef TCPCTL_EXEC_SERVER_H
#define TCPCTL_EXEC_SERVER_H

#include "cli.h"

enum { EXEC_CLIENTS_DEFAULT = 256, EXEC_CLIENTS_MAX = 65536 };

struct exec_options {
    const char *command;  /* for sh -c; NULL: there is none */
    unsigned clients_max; /* 0: the default */
    bool is_verbose, fast_open;
};

/* Until a signal ends the program, or the listener is gone: the exit status. */
int exec_server_run(struct cli *cli, const struct exec_options *options,
                    const struct tcpc_endpoint *local);

#endif

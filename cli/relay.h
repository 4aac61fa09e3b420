/* A connection between stdin and stdout: what connect and serve do once it is there. */
#ifndef TCPCTL_RELAY_H
#define TCPCTL_RELAY_H

#include "cli.h"

struct relay_options {
    bool half_closes; /* -N: FIN at the end of stdin */
    bool is_server;   /* the end of the peer is the end; a client sends the rest of stdin */
    bool is_verbose;
    uint32_t idle_ms;    /* -w; 0: never */
    uint64_t sent_bytes; /* that went with the opening */
    const char *rest;    /* what of the same piece of stdin did not; static */
    size_t rest_len;
};

/* From now on SIGINT, SIGTERM and SIGHUP close what relay_guard() named, then end the program.
 * Call it before any thread is started, that is before cli_connect(). */
void relay_catch_signals(void);
/* The ids to be closed on a signal; 0: none. */
void relay_guard(struct cli *cli, uint64_t listener, uint64_t connection);
/* Runs until both directions have ended, and closes the connection. Returns an exit status. */
int relay_run(struct cli *cli, const struct relay_options *options,
              const struct tcpc_opened *connection);
/* For the verbs' options: takes -N, -w, -v. False after a complaint, or for another option. */
bool relay_option(const struct cli *cli, struct relay_options *options, int option);

#endif

/* Relays between a connection and stdin and stdout: what connect and serve do once it is there.
 * Uses one reader of stdin for the whole program (relay.c). */
#ifndef TCPCTL_RELAY_H
#define TCPCTL_RELAY_H

#include "cli.h"

/* Options of connect and serve, in the help. */
#define RELAY_OPTIONS                                                                              \
    "  -N                      half-close (send a FIN) at the end of stdin\n"                      \
    "  -v                      report progress on stderr\n"

struct relay_options {
    bool half_closes; /* -N: FIN at the end of stdin */
    bool repeats;     /* a file as stdin goes to each connection; with half_closes a pipe, too */
    bool is_server;   /* ends when the peer does; a client sends the rest of stdin first */
    bool is_verbose;
    uint32_t idle_ms;    /* -w; 0: never */
    uint64_t sent_bytes; /* already sent with the opening */
    const char *rest;    /* read from stdin with them, but not sent; must stay valid */
    size_t rest_len;
};

/* From now on SIGINT, SIGTERM and SIGHUP, unless they are ignored, close what relay_guard() named,
 * then end the program. Call it before any thread starts, so before cli_connect(): it blocks these
 * signals for all of them. */
void relay_catch_signals(void);
/* Sets the ids to be closed on a signal; 0: none. */
void relay_guard(struct cli *cli, uint64_t listener, uint64_t connection);
/* After a failure, before complaining: does not return if it is a signal's doing. */
void relay_yield_to_signal(void);
/* Runs until both directions have ended, the connection fails, or it idles for idle_ms; then closes
 * it. Returns an exit status, after a complaint unless it is EXIT_DONE. */
int relay_run(struct cli *cli, const struct relay_options *options,
              const struct tcpc_opened *connection);
/* Whether stdin has something for one more connection; false after a complaint. */
bool relay_has_input(const struct cli *cli);
/* Takes -N, -v, and -w with optarg. False after a complaint, or for another option. */
bool relay_option(const struct cli *cli, struct relay_options *options, int option);

#endif

/* The daemon as a whole: makes all parts, runs the loop, takes everything down. */
#ifndef TCPENGINED_SERVICE_H
#define TCPENGINED_SERVICE_H

#include "config/config.h"

#define SERVICE_EXIT_OK 0
#define SERVICE_EXIT_FAILED 1
#define SERVICE_EXIT_CONFIG 2

struct service_options {
    const struct config *config;
    /* Rereads the configuration, for SIGHUP. False: it is wrong, and the log says how. */
    bool (*reload)(void *ctx, struct config *ret_config);
    void *ctx;
};

/* Runs until SIGTERM or SIGINT. Returns the exit status: SERVICE_EXIT_OK after a signal,
 * SERVICE_EXIT_FAILED if the start failed; the log says why. options is borrowed. */
int service_run(const struct service_options *options);

#endif

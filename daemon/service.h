/* The daemon put together: makes all parts, runs the loop, takes everything apart. */
#ifndef TCPENGINED_SERVICE_H
#define TCPENGINED_SERVICE_H

#include "config/config.h"

#define SERVICE_EXIT_OK 0
#define SERVICE_EXIT_FAILED 1
#define SERVICE_EXIT_CONFIG 2

struct service_options {
    const struct config *config;
    /* Reads the configuration anew for SIGHUP. False: it is wrong, and all was said. */
    bool (*reload)(void *ctx, struct config *ret_config);
    void *ctx;
};

/* Runs until a signal ends it. Returns an exit status; why it is not 0 has been logged. */
int service_run(const struct service_options *options);

#endif

/* The command line of tcpengined. */
#ifndef TCPENGINED_OPTIONS_H
#define TCPENGINED_OPTIONS_H

#include "config/config.h"

enum options_action {
    OPTIONS_RUN,   /* config is complete */
    OPTIONS_DONE,  /* --help, --version, --help-keys, --check-config ...: all was said */
    OPTIONS_FAILED /* what is wrong is written to errors: exit status 2 */
};

/* Fills config from its defaults, then the file of --config, then the other options. May be called
 * again with the same arguments, to read the file anew. */
enum options_action options_load(int argc, char **argv, struct config *config, FILE *output,
                                 FILE *errors);

#endif

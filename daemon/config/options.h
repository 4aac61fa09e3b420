/* The command line of tcpengined. */
#ifndef TCPENGINED_OPTIONS_H
#define TCPENGINED_OPTIONS_H

#include "config/config.h"

enum options_action {
    OPTIONS_RUN,   /* config is complete */
    OPTIONS_DONE,  /* --help, --version, --check-config ...: output has the answer; exit with 0 */
    OPTIONS_FAILED /* errors says what is wrong; exit with 2 */
};

/* Fills config from its defaults, then the file of --config, then the other options. Call it again
 * with the same arguments to reread the file. Not reentrant (getopt). config is valid only with
 * OPTIONS_RUN. */
enum options_action options_load(int argc, char **argv, struct config *config, FILE *output,
                                 FILE *errors);

#endif

/* The process' stdin, stdout and stderr. */
#ifndef TCPENGINED_STD_FILES_H
#define TCPENGINED_STD_FILES_H

#include <stdbool.h>

/* Opens those of descriptors 0 to 2 that are closed, on /dev/null: else the TAP or a link of the
 * control socket could get such a number, and what is written to stderr. False: errno says why. */
bool std_files_fill(void);

#endif

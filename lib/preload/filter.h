/* The seccomp filter of programs whose socket calls may go past the library: calls that do not bear
 * the library's mark (SYS_MARK of sys.h) are handed to a process that answers them
 * (supervisor.h). */
#ifndef TCPENGINE_PRELOAD_FILTER_H
#define TCPENGINE_PRELOAD_FILTER_H

#include <stdbool.h>

/* Makes the filter of this process, which its program and children inherit. Gives the descriptor of
 * the notifications, or -errno; -EBUSY: this process has one already. */
int filter_install(void);
/* This process has such a filter. */
bool filter_is_installed(void);

#endif

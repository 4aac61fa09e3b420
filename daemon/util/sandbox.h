/* What the daemon gives up once it has all it needs, whoever started it: every capability, for good
 * (bounding and ambient sets included), the right to gain any by executing a file, and all system
 * calls but those in sandbox_calls.c. A call that is not there fails with EPERM; it does not kill,
 * because libraries try calls that they can do without.
 *
 * Files can be opened for reading only, and only relative to an anchor (util/anchor). A path given
 * to such a call may still be absolute, which a filter cannot see; nothing here passes one.
 *
 * As the service, the daemon has no capability to begin with, and the unit's own filter applies
 * too. */
#ifndef TCPENGINED_SANDBOX_H
#define TCPENGINED_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* There is no way back. False: the capabilities are still there; logged. A kernel without seccomp
 * filters is only a warning. */
bool sandbox_enter(void);

/* Whether sandbox_enter() has been called: what needs to open files cannot be had any more. */
bool sandbox_is_entered(void);

/* For sandbox.c: system calls that are allowed with any arguments, ended by SANDBOX_CALLS_END. A
 * build with sanitizers has more of them (sandbox_more_calls_debug.c), and may open files. */
#define SANDBOX_CALLS_END (-1000000)
extern const int sandbox_calls[];
extern const int sandbox_more_calls[];

#endif

/* Starts a program under a supervisor (supervisor.h). */
#ifndef TCPENGINE_PRELOAD_SUPERVISE_H
#define TCPENGINE_PRELOAD_SUPERVISE_H

/* Runs file to its end. Gives its exit status, as a shell has it (128 + a signal's number), or
 * -errno when it could not be started. */
int supervise(const char *file, char *const words[]);

#endif

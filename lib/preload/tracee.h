/* A thread of a supervised program, as its supervisor reaches it: memory, descriptors, signals. */
#ifndef TCPENGINE_PRELOAD_TRACEE_H
#define TCPENGINE_PRELOAD_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A copy of the descriptor fd of thread, close-on-exec, or -errno. */
int tracee_descriptor(pid_t thread, int fd);
bool tracee_is_close_on_exec(pid_t thread, int fd);
/* False: the address is none of the thread's. */
bool tracee_read(pid_t thread, uint64_t address, void *bytes, size_t count);
bool tracee_write(pid_t thread, uint64_t address, const void *bytes, size_t count);
/* Whether a signal waits that the thread does not block: the call that it is in is to end. */
bool tracee_is_signalled(pid_t thread);

#endif

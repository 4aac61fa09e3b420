/* Socket options on their way between the kernel's socket and the engine's, and which of them an
 * engine socket's own descriptor keeps. */
#ifndef TCPENGINE_PRELOAD_OPTION_H
#define TCPENGINE_PRELOAD_OPTION_H

#include <stdbool.h>
#include <sys/socket.h>

#include "control.h"

/* Those that act on reads and writes of the descriptor itself: timeouts, low-water marks. */
/* What it is called. */
const char *option_text(int level, int name);
bool option_is_descriptors(int level, int name);

/* The program has set an option of fd, a TCP socket of the kernel's. */
void option_note_set(int fd, int level, int name);
/* All that was set on the kernel's socket kernel_fd is set on engine_fd as well. An option that the
 * engine has not is noted. 0 or -errno. */
int option_copy_to_engine(struct control *control, int kernel_fd, int family, int engine_fd);
/* The other way, for a socket that turns out to be for a destination of the kernel's. */
void option_copy_to_kernel(struct control *control, int engine_fd, int kernel_fd);

#endif

/* A socket becomes the engine's, or the kernel's again. socket() cannot know which it will be: it
 * makes one of the kernel's, and bind(), listen() or connect() puts another in its place, under the
 * same number, with its flags, its options, and its epoll registrations. All give 0 or -errno. */
#ifndef TCPENGINE_PRELOAD_CONVERT_H
#define TCPENGINE_PRELOAD_CONVERT_H

#include "control.h"

/* A new engine socket with what was set on kernel_fd; close-on-exec, not in its place yet. */
int convert_make(struct control *control, int kernel_fd, int family, int *ret_engine_fd);
/* engine_fd takes the place of fd, and its flags; closes engine_fd. */
int convert_place(int engine_fd, int fd);
/* fd, an engine socket that was bound to the wildcard, becomes one of the kernel's. */
int convert_to_kernel(int fd, int family);
/* connect(2) to AF_UNSPEC: whatever fd was, its connection is reset, and it is as new, whose is not
 * known yet. */
int convert_to_new(int fd, int family);

/* fd, a listener that has ended, becomes a socket that is never ready: the program has been told,
 * and one that waits by poll() or epoll would be told again for ever. errno stays. */
void convert_to_silent(int fd);

#endif

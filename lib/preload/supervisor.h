/* Supervision of programs that no library can be preloaded into: the kernel hands their socket
 * calls to this process (seccomp's user notification), which does what the library would have done,
 * on copies of their descriptors, and puts engine sockets in their places. read, write and epoll
 * are untouched. */
#ifndef TCPENGINE_PRELOAD_SUPERVISOR_H
#define TCPENGINE_PRELOAD_SUPERVISOR_H

/* Makes the filter of this process, which its program and children inherit. Gives the descriptor of
 * the notifications, or -errno. */
int supervisor_filter(void);
/* Serves the calls until none of the filtered processes is left. */
void supervisor_serve(int notify_fd);

#endif

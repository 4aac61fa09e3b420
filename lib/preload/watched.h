/* epoll registrations, remembered so that they survive when another socket takes a descriptor's
 * number: the kernel would drop them with the old one, and the program would wait for ever. */
#ifndef TCPENGINE_PRELOAD_WATCHED_H
#define TCPENGINE_PRELOAD_WATCHED_H

#include <sys/epoll.h>

/* After a successful epoll_ctl(). */
void watched_note(int epoll_fd, int operation, int fd, const struct epoll_event *event);
/* dup3(from, fd), and the registration of fd now is one of what from was. 0 or -errno. */
int watched_replace(int from, int fd, int flags);

#endif

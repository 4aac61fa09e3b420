/* What a descriptor is. Nothing is remembered of one: the kernel is asked, so that a descriptor
 * that was inherited, duplicated or received is known like one that was made here. */
#ifndef TCPENGINE_PRELOAD_KIND_H
#define TCPENGINE_PRELOAD_KIND_H

#include <stdbool.h>

enum kind {
    KIND_OTHER,      /* no socket, or none of TCP: the kernel's business */
    KIND_KERNEL_TCP, /* a TCP socket of the kernel's: not decided yet, or for good */
    KIND_ENGINE,     /* an engine socket */
};

/* *ret_family is AF_INET or AF_INET6 of a TCP socket; may be NULL. */
enum kind kind_of(int fd, int *ret_family);

/* Whether two engine sockets are of the same run of the daemon. */
bool kind_is_same_run(int fd, int other_fd);
/* Of an engine socket: whether it listens. Accepting from another one must say EINVAL, and not take
 * bytes for a connection. */
bool kind_is_listener(int fd);
void kind_mark_listener(int fd);

/* What convert_to_silent() has made. */
void kind_mark_ended_listener(int fd);
bool kind_is_ended_listener(int fd);

#endif

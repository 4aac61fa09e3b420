/* What the kernel counts on an interface, asked for through one netlink socket that is opened at
 * start: later, no descriptor may be left, and the sandbox allows no netlink sockets. */
#ifndef TCPENGINED_LINK_STATS_H
#define TCPENGINED_LINK_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* The socket, the caller's; -1 with errno set: it cannot be had. */
int link_stats_open(void);
/* The frames that the kernel dropped on their way out of the interface with that index, which for a
 * TAP means before its program read them: "dropped" under TX in 'ip -s link'. Does not wait. False,
 * *ret_frames untouched: the kernel does not say. socket may be -1. */
bool link_stats_dropped(int socket, unsigned index, uint64_t *ret_frames);

#endif

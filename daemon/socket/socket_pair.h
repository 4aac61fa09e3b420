/* The kernel's part of a socket: its two ends. */
#ifndef TCPENGINED_SOCKET_PAIR_H
#define TCPENGINED_SOCKET_PAIR_H

#include <socket.h>

struct socket_pair {
    int program_fd, daemon_fd;
    uint64_t cookie; /* of the program's end */
};

/* Makes a pair whose program's end has that name's socket as its peer, and each of whose ends may
 * hold so much for the other, as the kernel counts: the program's at most what is usual, the
 * daemon's as much as a busy connection may. 0, or an errno. */
int socket_pair_make(const struct socket_name *name, uint32_t buffer_bytes,
                     struct socket_pair *ret_pair);
/* The same for the program's end, once it need not be filled any more: the more it holds, the more
 * filler it takes. */
void socket_pair_widen(int fd, uint32_t buffer_bytes);
/* The cookie by which a descriptor is recognized, whoever has passed it. False: it is no socket. */
bool socket_pair_cookie(int fd, uint64_t *ret_cookie);
/* Keeps the program's end from being writable. Returns how many bytes of filler now lie in front of
 * whatever it writes. */
uint32_t socket_pair_fill(int program_fd);
/* Takes the filler out again. */
void socket_pair_empty(int daemon_fd, uint32_t filler_bytes);
/* Makes room for a few records only (listeners). */
void socket_pair_narrow(int daemon_fd);

/* From now on the program's end is not writable, and write(2) says EPIPE: it is a listener's.
 * Returns the bytes of the filler. */
uint32_t socket_pair_silence(int program_fd, int daemon_fd);

#endif

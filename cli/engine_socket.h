/* Connections and listeners of the engine as plain descriptors (lib/socket): what this program asks
 * the daemon. Each request goes over a connection of its own, so that a daemon that was restarted
 * is found again. Errors are errno values; ENETDOWN: no daemon answers. */
#ifndef TCPCTL_ENGINE_SOCKET_H
#define TCPCTL_ENGINE_SOCKET_H

#include <socket.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

struct engine_sockets {
    struct sockaddr_un address;
};

struct engine_accepted {
    int fd;
    uint64_t id;
    struct socket_address local, remote;
};

/* url: of the control socket. False: not ipc://, or too long. */
bool engine_sockets_init(struct engine_sockets *sockets, const char *url);
/* Starts to connect. 0: *ret_fd is writable once the outcome is known. */
int engine_socket_connect(const struct engine_sockets *sockets, const struct socket_address *remote,
                          int *ret_fd);
/* port 0: one is chosen. */
int engine_socket_listen(const struct engine_sockets *sockets, const struct socket_address *local,
                         bool fast_open, int *ret_fd, struct socket_address *ret_local);
/* EAGAIN: nobody has connected. EMFILE: there is no descriptor to take it with; it stays in the
 * queue. ENETDOWN: the listener has ended. */
int engine_socket_accept(int listener_fd, struct engine_accepted *ret_accepted);
/* Why fd has failed; 0: it has not. is_shut: its own direction has ended, so that the daemon may
 * have forgotten a connection that ended well. */
int engine_socket_error(const struct engine_sockets *sockets, int fd, bool is_shut);
/* Whether the daemon that answers now is the one that fd is from. */
bool engine_socket_is_of_this_run(const struct engine_sockets *sockets, int fd);
/* False: it is not connected any more. */
bool engine_socket_name(const struct engine_sockets *sockets, int fd,
                        struct socket_address *ret_local);
/* What fd has to send goes out without waiting for more. */
void engine_socket_hurry(const struct engine_sockets *sockets, int fd);
/* Resets the connection; fd stays open. */
void engine_socket_abort(const struct engine_sockets *sockets, int fd);

#endif

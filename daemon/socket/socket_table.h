/* The records of sockets: birth, look-up, end. */
#ifndef TCPENGINED_SOCKET_TABLE_H
#define TCPENGINED_SOCKET_TABLE_H

#include "socket/socket_state.h"

/* Makes a socket of owner. *ret_fd is the program's end, which the caller passes on and closes.
 * NULL: *ret_error says why (errno). */
struct socket *socket_table_new(struct socket_owner *owner, uint16_t family, int *ret_fd,
                                int *ret_error);
/* Whether owner may have one more: 0, EMFILE or ENFILE. */
int socket_table_room(const struct socket_owner *owner);
/* NULL: the descriptor is no socket of this server. */
struct socket *socket_table_find(const struct socket_server *server, int program_fd);
/* The socket that has the connection with that id. NULL: none has. */
struct socket *socket_table_find_id(const struct socket_server *server, uint64_t id);
/* The socket has the connection id from now on; 0: none. */
void socket_table_set_id(struct socket *socket, uint64_t id);

/* Has something to do: it gets a turn. */
void socket_table_queue(struct socket *socket);
/* Closes the daemon's end, and keeps the record for a while, so that the program may still ask what
 * has happened. Whoever waits for it must be gone. */
void socket_table_end(struct socket *socket);
/* Closes and forgets it. */
void socket_table_free(struct socket *socket);
/* Forgets what ended long ago. */
void socket_table_sweep(struct socket_server *server, int64_t now_us);

/* Asks for events when the program's end takes bytes again, or no longer. */
void socket_table_watch_writable(struct socket *socket, bool is_wanted);

/* The program's end of a connection may hold more than that of one that is being opened. Whoever
 * has program_fd at hand calls this; the first time counts. */
void socket_table_widen(struct socket *socket, int program_fd);

#endif

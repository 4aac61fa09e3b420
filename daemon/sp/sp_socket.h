/* The listening Unix socket of the daemon and its file. */
#ifndef TCPENGINED_SP_SOCKET_H
#define TCPENGINED_SP_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

struct sp_socket {
    int fd; /* -1: not open */
    struct sockaddr_un address;
    dev_t device; /* of the file that we made: no other is ever removed */
    ino_t inode;
};

/* Listens at path with mode 0660, in group control_gid (SP_PEER_NO_GROUP: the daemon's own). A
 * missing directory is made with mode 0750, when its parent exists; one that is there keeps its
 * permissions. The file of a daemon that is dead is replaced. Returns 0 or a negative errno, and
 * has logged why: -EADDRINUSE is another daemon that is alive. */
int sp_socket_open(struct sp_socket *socket, const char *path, gid_t control_gid);
/* Closes the descriptor and removes the file. Harmless when it is not open. */
void sp_socket_close(struct sp_socket *socket);

#endif

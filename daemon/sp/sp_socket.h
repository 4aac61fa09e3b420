/* The daemon's listening Unix socket and its file. */
#ifndef TCPENGINED_SP_SOCKET_H
#define TCPENGINED_SP_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

struct sp_socket {
    int fd; /* -1: not open */
    struct sockaddr_un address;
    dev_t device; /* of the file that we made; no other is ever removed */
    ino_t inode;
};

/* Creates the directory of path with mode 0750 and that group, if it is missing and its parent
 * exists; an existing one keeps its permissions. Failures show when something is opened in it. */
void sp_socket_make_directory(const char *path, gid_t control_gid);

/* Listens at path with mode 0660 and group control_gid (SP_PEER_NO_GROUP: the daemon's own).
 * Makes its directory. Replaces the file of a dead daemon. Returns 0, or a negative errno after
 * logging why: -EADDRINUSE: another daemon is alive at path; -EEXIST: a file that is not a socket
 * is in the way; -ENAMETOOLONG: path does not fit sun_path, or is empty; else what the system call
 * said. */
int sp_socket_open(struct sp_socket *socket, const char *path, gid_t control_gid);
/* The same for a socket of another type: SOCK_SEQPACKET. */
int sp_socket_open_type(struct sp_socket *socket, const char *path, gid_t control_gid, int type);
/* Closes the descriptor, and removes the file if it is still ours. Harmless if it is not open. */
void sp_socket_close(struct sp_socket *socket);

#endif

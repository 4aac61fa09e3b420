/* Sockets beside the control socket: one message either way, with descriptors. */
#ifndef TCPCLIENT_BESIDE_H
#define TCPCLIENT_BESIDE_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>
#include <tcpclient/tcpclient.h>

/* The address beside the control socket of url, with suffix behind its path. False: no ipc:// URL,
 * or too long. */
bool tcpci_beside_address(const char *url, const char *suffix, struct sockaddr_un *ret_address);
/* Connects. The descriptor is the caller's; -1: errno says why not. */
int tcpci_beside_connect(const struct sockaddr_un *address);
/* Receives a message of at most len bytes, and its descriptors if they are just count, at most
 * BESIDE_FDS_MAX; ret_fds are -1 otherwise. flags and the result as with recvmsg(2). */
#define BESIDE_FDS_MAX 2
ssize_t tcpci_beside_receive(int fd, int flags, void *data, size_t len, int *ret_fds, size_t count);
/* A system call with that socket has failed: what errno says, as an error of url. */
enum tcpc_code tcpci_beside_fail(const char *url, struct tcpc_error *ret_error);

#endif

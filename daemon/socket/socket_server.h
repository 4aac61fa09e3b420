/* Engine sockets: connections as plain descriptors of programs (lib/socket).
 *
 * Theory of operation: a socket is a pair of Unix stream sockets. The program has one end, the
 * daemon the other (socket_pair). Requests about it come over the socket beside the control socket
 * (socket_link), each with the program's end by SCM_RIGHTS, by whose cookie the daemon finds its
 * record (socket_table). What opens, listens, accepts or closes goes the way of all requests
 * (rpc_local.h), so that rights, limits and shares are the same.
 *
 * Bytes flow without a copy of the daemon's own (socket_flow): from the kernel straight into the
 * engine's send buffer, and from its receive buffer straight to the kernel, in pieces as large as
 * there are. Either side that cannot go on stops the other: the program's end fills up, or the
 * window closes. All daemon's ends are in one epoll set, edge-triggered, so that a socket that
 * waits costs no call; what has something to do gets turns of its owner's uid.
 *
 *   socket_server    the socket for requests, the epoll set, limits
 *   socket_link      one connection for requests
 *   socket_request   one request: checks, and who carries it out
 *   socket_option    options: what there is, kept and applied
 *   socket_listener  listeners, and how accepted connections reach the program
 *   socket_port      which addresses sockets have
 *   socket_open      BIND and CONNECT, and the outcome
 *   socket_flow      bytes, half closes and ends in both directions
 *   socket_answer    what a program is told
 *   socket_table     the records: birth, look-up, end
 *   socket_pair      the kernel's part
 *   socket_owner     who has them
 *   socket_error     errno values */
#ifndef TCPENGINED_SOCKET_SERVER_H
#define TCPENGINED_SOCKET_SERVER_H

#include "rpc/rpc.h"

/* Connections for requests at once; a connect(2) that waits has one. */
#define SOCKET_LINKS_MAX 4096

struct socket_server;

struct socket_server_options {
    const char *control_path; /* of the control socket */
    gid_t control_gid, admin_gid;
    const struct te_config *engine; /* borrowed; what sockets start with */
    unsigned per_uid_max, max;      /* sockets */
    unsigned links_max;             /* connections for requests, for one uid half of them */
};

/* Starts listening; rpc must outlive the server. NULL: the log says why. */
struct socket_server *socket_server_new(uv_loop_t *loop, struct rpc *rpc,
                                        const struct socket_server_options *options);
/* No new requests, and the socket's file is removed. NULL is legal. */
void socket_server_stop(struct socket_server *server);
/* Closes every descriptor. The memory is freed by the loop's next turns. NULL is legal. */
void socket_server_free(struct socket_server *server);
/* Call with every event of the engine. NULL is legal. */
void socket_server_on_event(struct socket_server *server, const struct te_event *event);
/* The name of the daemon's end (socket.h) of the socket that is connection or listener id, of the
 * next to get a connection where several share a listener; NULL: there is none. Valid until the
 * next call. NULL is legal. */
const char *socket_server_name(struct socket_server *server, uint64_t id);

#endif

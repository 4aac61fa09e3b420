/* Errors as a program expects them of the kernel's TCP. */
#ifndef TCPENGINED_SOCKET_ERROR_H
#define TCPENGINED_SOCKET_ERROR_H

#include "rpc/rpc_state.h"

/* errno of what ended or refused a connection; EIO for what no program should see. */
int socket_error_of(enum te_err err);
/* errno of the last rpc_local call, which failed: the answer's name as a number. */
int socket_error_of_answer(const struct rpc *rpc);
/* Why the connection, which the engine no longer has, is gone; 0: it ended in order. */
int socket_error_of_gone(const struct rpc *rpc, uint64_t id);

#endif

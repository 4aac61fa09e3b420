/* From the bytes of a request to its call: decoded into an arena, its verb found, run or parked. */
#ifndef TCPENGINED_RPC_REQUEST_H
#define TCPENGINED_RPC_REQUEST_H

#include "rpc/rpc_state.h"

/* Ends request, now or later. body is only borrowed. */
void rpc_request_handle(struct rpc_link *link, struct sp_request *request, const uint8_t *body,
                        size_t len);
/* The same for a message of len bytes that was too long to be read. */
void rpc_request_handle_too_long(struct rpc_link *link, struct sp_request *request, uint64_t len);

#endif

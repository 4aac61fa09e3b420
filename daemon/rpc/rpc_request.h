/* From bytes to a call: decode into an arena, find the verb, run or park. */
#ifndef TCPENGINED_RPC_REQUEST_H
#define TCPENGINED_RPC_REQUEST_H

#include "rpc/rpc_state.h"

/* Answers request, now or when the wait is over. body is borrowed until return. */
void rpc_request_handle(struct rpc_link *link, struct sp_request *request, const uint8_t *body,
                        size_t len);
/* Answers request with RESOURCES (EMSGSIZE): its len bytes were too many to read. */
void rpc_request_handle_too_long(struct rpc_link *link, struct sp_request *request, uint64_t len);

#endif

/* Requests and responses as messages. */
#ifndef TCPCLIENT_MESSAGE_H
#define TCPCLIENT_MESSAGE_H

#include <nng/nng.h>
#include <tcpengine/v1/tcpengine.pb-c.h>

#include "call.h"

#define PB(name) Tcpengine__V1__##name

#define TCPC_API_MAJOR 1u
/* How large one response may grow when it is decoded. */
#define TCPC_DECODE_BUDGET_BYTES (32u * 1024u * 1024u)

/* The message of call->request, which has passed request_check(); the caller's until nng takes it.
 * It has a copy of everything the request points to. NULL: out of memory. Under the lock. */
nng_msg *tcpci_encode_request(const struct call *call);
/* The request's own wait_ms; 0 for requests that have none. */
uint32_t tcpci_request_wait_ms(const struct tcpc_request *request);
/* Fills in call->response (for an Attach, also call->attach) from a message, which may be freed
 * afterwards: the arena in response->memory holds everything. True also when the daemon's answer is
 * an error. False: response->error is TCPC_PROTOCOL (not a Response, not to this request, or over
 * the budget) or TCPC_NO_MEMORY, and the union is all zeros. */
bool tcpci_decode_response(struct call *call, const void *bytes, size_t len);

#endif

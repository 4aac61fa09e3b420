/* Requests and responses as messages. */
#ifndef TCPCLIENT_MESSAGE_H
#define TCPCLIENT_MESSAGE_H

#include <nng/nng.h>
#include <tcpengine/v1/tcpengine.pb-c.h>

#include "call.h"

#define PB(name) Tcpengine__V1__##name

#define TCPC_API_MAJOR 1u
/* What one response may swell to when it is decoded. */
#define TCPC_DECODE_BUDGET_BYTES (32u * 1024u * 1024u)

/* The message of a request. NULL without memory; *ret_code says so, or INVALID_ARGUMENT. */
nng_msg *tcpci_encode_request(const struct call *call);
/* How long a request itself asks the daemon to wait. */
uint32_t tcpci_request_wait_ms(const struct tcpc_request *request);
/* Fills call->response (and call->attach) from a message. False when it makes no sense, or there
 * is no memory: then response->error says so. */
bool tcpci_decode_response(struct call *call, const void *bytes, size_t len);

#endif

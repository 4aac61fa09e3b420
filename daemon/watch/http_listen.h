/* The socket where the HTTP server listens. */
#ifndef TCPENGINED_HTTP_LISTEN_H
#define TCPENGINED_HTTP_LISTEN_H

#include <stdint.h>
#include <tcpengine/types.h>

/* Does not block, and ends with exec. Negative: errno says why not. */
int http_listen(const struct te_endpoint *endpoint);
/* Which port it has, if any free one was wanted. */
uint16_t http_listen_port(int fd);
/* Says in ret_message (HTTP_MESSAGE_MAX bytes) why there is none, by errno, and what to do. */
void http_listen_failed(const char *address, char *ret_message);

#endif

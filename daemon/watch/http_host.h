/* Whether a request is meant for this server. A web page from elsewhere can let its own name point
 * to this machine (DNS rebinding), and would then read what the browser gets here: but its requests
 * carry its name. */
#ifndef TCPENGINED_HTTP_HOST_H
#define TCPENGINED_HTTP_HOST_H

#include <stdbool.h>
#include <tcpengine/types.h>

/* host is a Host header or a URL's authority: a name or an address, perhaps with a port, which may
 * be any (tunnels change it). Ours are localhost and the addresses of loopback; beyond loopback all
 * addresses, and this machine's name with any domain. */
bool http_host_is_ours(const char *host, const struct te_addr *listening);

#endif

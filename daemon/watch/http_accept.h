/* The header Accept of a request (RFC 9110 12.5.1), as far as a page of metrics has a choice. */
#ifndef TCPENGINED_HTTP_ACCEPT_H
#define TCPENGINED_HTTP_ACCEPT_H

#include <stdbool.h>

/* The rest is cut, which costs the client a preference at most. */
#define HTTP_ACCEPT_MAX 512

/* Appends one more line of the header: they count as one list. Begin with an empty accept. */
void http_accept_add(char accept[HTTP_ACCEPT_MAX], const char *line);

/* Whether it asks for OpenMetrics 1.0.0 by name, and for Prometheus' text no more than that. A
 * browser, which takes anything, gets text. */
bool http_accept_is_open_metrics(const char *accept);

#endif

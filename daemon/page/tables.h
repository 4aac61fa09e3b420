/* What the live page shows of many: connections, TIME_WAIT, listeners, and the daemon's health.
 * Each takes as many turns as there are pages of the list behind it. */
#ifndef TCPENGINED_TABLES_H
#define TCPENGINED_TABLES_H

#include "page/ask.h"
#include "watch/http.h"

/* ?filter=EXPR&sort=COLUMN&limit=N&after=PLACE: {"total","rows","next"}. */
void table_connections(struct ask *ask, struct http_exchange *exchange);
/* ?limit=N: [...] as tcpctl tw. */
void table_time_wait(struct ask *ask, struct http_exchange *exchange);
void table_listeners(struct ask *ask, struct http_exchange *exchange);
/* As tcpctl explain without an id. */
void table_health(struct ask *ask, struct http_exchange *exchange);

#endif

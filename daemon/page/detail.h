/* What the live page shows of one connection. */
#ifndef TCPENGINED_DETAIL_H
#define TCPENGINED_DETAIL_H

#include "page/ask.h"
#include "watch/http.h"

/* {"show","explain","history"}: each as tcpctl's verb of that name has it, null where there is
 * nothing left. 404 if nothing of it is known. */
void detail_reply(struct ask *ask, struct http_exchange *exchange, uint64_t id);

#endif

/* Answers of the daemon that have not come over a link: the daemon reads its own for the live page.
 */
#ifndef TCPCLIENT_ANSWER_H
#define TCPCLIENT_ANSWER_H

#include <tcpclient/tcpclient.h>

/* The answer to a request of that kind, with id 0. The caller's: tcpc_response_free(). Its error
 * may say that the daemon has refused. NULL: no memory, or it is no such answer. */
struct tcpc_response *tcpci_answer_decode(enum tcpc_op op, const void *bytes, size_t len);

#endif

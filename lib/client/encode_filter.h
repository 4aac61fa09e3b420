/* Filters as messages, for requests, and for what the daemon asks itself. */
#ifndef TCPCLIENT_ENCODE_FILTER_H
#define TCPCLIENT_ENCODE_FILTER_H

#include <tcpclient/tcpclient.h>
#include <tcpengine/v1/tcpengine.pb-c.h>

/* Fills in TCPC_FILTER_NODES_MAX messages at most, and the pointers to them; returns how many. They
 * borrow the texts of the nodes. */
size_t tcpci_encode_filter(const struct tcpc_filter_node *nodes, size_t count,
                           Tcpengine__V1__FilterNode *ret_messages,
                           Tcpengine__V1__FilterNode **ret_pointers);

#endif

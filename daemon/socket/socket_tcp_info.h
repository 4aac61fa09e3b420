/* TCP_INFO from what the engine knows; members that it does not know are 0. */
#ifndef TCPENGINED_SOCKET_TCP_INFO_H
#define TCPENGINED_SOCKET_TCP_INFO_H

#include <socket.h>
#include <tcpengine/conn.h>

/* Writes a struct tcp_info of Linux, and returns its size. status NULL: there is no connection. */
size_t socket_tcp_info_write(const struct te_status *status, uint8_t ret_info[SOCKET_VALUE_MAX]);

#endif

/* What a program is told. */
#ifndef TCPENGINED_SOCKET_ANSWER_H
#define TCPENGINED_SOCKET_ANSWER_H

#include "socket/socket_state.h"

struct socket_answer socket_answer_make(int error);
/* Adds what the socket is now. */
void socket_answer_describe(const struct socket *socket, struct socket_answer *answer);
/* Sends it with a descriptor, or -1. False: the program is gone, or does not read. */
bool socket_answer_send(const struct socket_link *link, const struct socket_answer *answer,
                        int passed_fd);
/* Everybody who waits for the socket's outcome gets it, and waits no longer. */
void socket_answer_waiters(struct socket *socket, int error);
/* link no longer waits, unanswered. */
void socket_answer_leave(struct socket_link *link);
/* A connection's or listener's address as a socket of that family has it. */
struct socket_address socket_answer_address(const struct te_endpoint *endpoint, uint16_t family);

#endif

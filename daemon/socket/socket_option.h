/* Options of sockets: kept from the start, applied to the connection once there is one, and
 * inherited by those that a listener accepts. option_list.h names them; what is done with them says
 * socket_option.c. With most of the others there is nothing to do. */
#ifndef TCPENGINED_SOCKET_OPTION_H
#define TCPENGINED_SOCKET_OPTION_H

#include <option_list.h>
#include <stdbool.h>
#include <stdint.h>

#define SOCKET_CONGESTION_MAX 16 /* TCP_CA_NAME_MAX of Linux */

enum socket_option {
#define SOCKET_OPTION_CONSTANT(NAME, ...) SOCKET_OPTION_##NAME,
    SOCKET_OPTION_LIST(SOCKET_OPTION_CONSTANT)
#undef SOCKET_OPTION_CONSTANT
        SOCKET_OPTION_COUNT
};

struct socket_options {
    uint64_t set; /* a bit for each that the program has given */
    int32_t value[SOCKET_OPTION_COUNT];
    bool lingers;
    int32_t linger_s;
    char congestion[SOCKET_CONGESTION_MAX]; /* empty: the default */
};
_Static_assert(SOCKET_OPTION_COUNT <= 64, "set has a bit for each");

struct socket;
struct socket_request;
struct socket_answer;

/* Carry the requests out; errno values. */
int socket_option_set(struct socket *socket, const struct socket_request *request);
int socket_option_get(struct socket *socket, const struct socket_request *request,
                      struct socket_answer *answer);
/* All that the program has given, to the connection that the socket has now. */
void socket_option_apply(struct socket *socket);
/* Whether a switch is on. */
bool socket_option_is_on(const struct socket *socket, enum socket_option option);
/* Whether closing resets the connection: SO_LINGER with a time of 0. */
bool socket_option_is_abortive(const struct socket *socket);

#endif

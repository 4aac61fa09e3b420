/* Sets of networks, as --only and --except give them: IPv4 and IPv6. What an address and a network
 * are, types.h of the engine says. */
#ifndef TCPENGINE_PRELOAD_CIDR_H
#define TCPENGINE_PRELOAD_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <tcpengine/types.h>

#define CIDR_MAX 64u

struct cidr_set {
    unsigned count;
    struct te_cidr rows[CIDR_MAX];
};

/* Takes "10.0.0.0/8,2001:db8::/32"; an address without a slash is that one alone. False when
 * something cannot be read, or there are more than CIDR_MAX. Allocates nothing. */
bool cidr_set_parse(const char *text, struct cidr_set *ret_set);
/* ::/0 holds no IPv4 address: te_cidr_contains(). */
bool cidr_set_holds(const struct cidr_set *set, const struct te_addr *addr);

/* False when it is neither AF_INET nor AF_INET6, or too short for it. */
bool cidr_address_of(const struct sockaddr *address, socklen_t length, struct te_addr *ret_addr);
/* 127.0.0.0/8 and ::1. */
bool cidr_is_loopback(const struct te_addr *addr);

#endif

/* Sets of addresses, as --only and --except give them: networks, IPv4 and IPv6. */
#ifndef TCPENGINE_PRELOAD_CIDR_H
#define TCPENGINE_PRELOAD_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An address as 16 bytes; an IPv4 one is mapped (::ffff:a.b.c.d, RFC 4291 2.5.5.2). */
struct cidr_address {
    uint8_t bytes[16];
};

struct cidr {
    struct cidr_address network;
    unsigned prefix; /* of 128 bits */
};

#define CIDR_MAX 64u

struct cidr_set {
    unsigned count;
    struct cidr rows[CIDR_MAX];
};

/* Takes "10.0.0.0/8,2001:db8::/32"; an address without a slash is that one alone. False when
 * something cannot be read, or there are more than CIDR_MAX. Allocates nothing. */
bool cidr_parse(const char *text, struct cidr_set *ret_set);
bool cidr_holds(const struct cidr_set *set, const struct cidr_address *address);

/* False when it is neither AF_INET nor AF_INET6, or too short for it. */
bool cidr_address_of(const struct sockaddr *address, socklen_t length,
                     struct cidr_address *ret_address);
/* 127.0.0.0/8 and ::1. */
bool cidr_is_loopback(const struct cidr_address *address);
/* 0.0.0.0 and ::, mapped or not. */
bool cidr_is_wildcard(const struct cidr_address *address);
bool cidr_is_ipv4(const struct cidr_address *address);

#endif

/* A place as the engine tells it: IPv6, or IPv4 mapped into it. */
#ifndef PLACE_6_H
#define PLACE_6_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "place.h"
#include "support/test.h"

static inline struct place place_6(const char *address, uint16_t port)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
    return place_of((const struct sockaddr *)&in6, sizeof(in6));
}

#endif

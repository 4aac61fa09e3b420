#include "place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static const struct sockaddr_in *as_4(const struct place *place)
{
    return (const struct sockaddr_in *)(const void *)&place->address;
}

static const struct sockaddr_in6 *as_6(const struct place *place)
{
    return (const struct sockaddr_in6 *)(const void *)&place->address;
}

static struct place unmapped(const struct sockaddr_in6 *in6)
{
    struct place place = {.length = sizeof(struct sockaddr_in)};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6->sin6_port};
    memcpy(&in.sin_addr, &in6->sin6_addr.s6_addr[12], sizeof(in.sin_addr));
    memcpy(&place.address, &in, sizeof(in));
    return place;
}

struct place place_of(const struct sockaddr *address, socklen_t length)
{
    struct place place = {.length = length};
    memcpy(&place.address, address,
           length < sizeof(place.address) ? length : sizeof(place.address));
    if (place.address.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&as_6(&place)->sin6_addr))
        return unmapped(as_6(&place));
    return place;
}

struct place place_of_engine(const struct socket_address *address)
{
    struct sockaddr_storage shown;
    socklen_t length = socket_address_write(address, &shown);
    return place_of((const struct sockaddr *)&shown, length);
}

bool place_for_engine(const struct place *place, struct socket_address *ret_address)
{
    return socket_address_read((const struct sockaddr *)&place->address, place->length,
                               ret_address);
}

bool place_set_path(struct place *place, const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(name.sun_path))
        return false;
    memcpy(name.sun_path, path, len);
    memset(&place->address, 0, sizeof(place->address));
    memcpy(&place->address, &name, sizeof(name));
    place->length = sizeof(name);
    return true;
}

uint16_t place_port(const struct place *place)
{
    if (place->address.ss_family == AF_INET)
        return ntohs(as_4(place)->sin_port);
    return place->address.ss_family == AF_INET6 ? ntohs(as_6(place)->sin6_port) : 0;
}

void place_set_port(struct place *place, uint16_t port)
{
    if (place->address.ss_family == AF_INET)
        ((struct sockaddr_in *)(void *)&place->address)->sin_port = htons(port);
    else if (place->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)&place->address)->sin6_port = htons(port);
}

const char *place_host_text(const struct place *place, char *ret_text)
{
    const void *bytes = NULL;
    if (place->address.ss_family == AF_INET)
        bytes = &as_4(place)->sin_addr;
    else if (place->address.ss_family == AF_INET6)
        bytes = &as_6(place)->sin6_addr;
    if (bytes == NULL || !inet_ntop(place->address.ss_family, bytes, ret_text, PLACE_TEXT_MAX))
        *ret_text = '\0';
    return ret_text;
}

const char *place_text(const struct place *place, char *ret_text)
{
    char host[PLACE_TEXT_MAX];
    const struct sockaddr_un *name = (const struct sockaddr_un *)(const void *)&place->address;
    place_host_text(place, host);
    if (place->address.ss_family == AF_UNIX)
        snprintf(ret_text, PLACE_TEXT_MAX, "%s", *name->sun_path ? name->sun_path : "a program");
    else if (strcmp(host, "::") == 0)
        snprintf(ret_text, PLACE_TEXT_MAX, "*:%u", place_port(place));
    else
        snprintf(ret_text, PLACE_TEXT_MAX, strchr(host, ':') ? "[%.64s]:%u" : "%.64s:%u", host,
                 place_port(place));
    return ret_text;
}

#include "socket.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 64
#define FAMILY_LETTER_4 '4'
#define FAMILY_LETTER_6 '6'

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
#define PATH_AT offsetof(struct sockaddr_un, sun_path)

/* --- names ------------------------------------------------------------------------------------ */

static int name_format(const struct socket_name *name, char ret_text[NAME_MAX_BYTES])
{
    return snprintf(ret_text, NAME_MAX_BYTES, SOCKET_NAME_PREFIX "%016" PRIx64 "/%" PRIu64 "/%c",
                    name->boot_id, name->number,
                    name->family == AF_INET ? FAMILY_LETTER_4 : FAMILY_LETTER_6);
}

socklen_t socket_name_write(const struct socket_name *name, struct sockaddr_un *ret_address)
{
    char text[NAME_MAX_BYTES];
    int len = name_format(name, text);
    memset(ret_address, 0, sizeof(*ret_address));
    ret_address->sun_family = AF_UNIX;
    memcpy(ret_address->sun_path + 1, text, (size_t)len);
    return (socklen_t)(PATH_AT + 1 + (size_t)len);
}

/* Reads loosely, and then asks whether just that would have been written. */
bool socket_name_read(const struct sockaddr_un *address, socklen_t len,
                      struct socket_name *ret_name)
{
    char text[NAME_MAX_BYTES] = {0}, again[NAME_MAX_BYTES];
    struct socket_name name = {0};
    char letter;
    if (len <= PATH_AT + 1 || len > sizeof(*address) || len - PATH_AT - 1 >= sizeof(text) ||
        address->sun_family != AF_UNIX || address->sun_path[0] != '\0')
        return false;
    size_t text_len = len - PATH_AT - 1;
    memcpy(text, address->sun_path + 1, text_len);
    if (sscanf(text, SOCKET_NAME_PREFIX "%16" SCNx64 "/%20" SCNu64 "/%c", &name.boot_id,
               &name.number, &letter) != 3)
        return false;
    name.family = letter == FAMILY_LETTER_4 ? AF_INET : AF_INET6;
    if ((size_t)name_format(&name, again) != text_len || memcmp(text, again, text_len) != 0)
        return false;
    *ret_name = name;
    return true;
}

/* --- addresses -------------------------------------------------------------------------------- */

static void read_4(const struct sockaddr_in *given, struct socket_address *ret_address)
{
    *ret_address = (struct socket_address){.family = AF_INET, .port = ntohs(given->sin_port)};
    if (given->sin_addr.s_addr == 0)
        return;
    memcpy(ret_address->addr, mapped_prefix, sizeof(mapped_prefix));
    memcpy(ret_address->addr + sizeof(mapped_prefix), &given->sin_addr, sizeof(given->sin_addr));
}

static void read_6(const struct sockaddr_in6 *given, struct socket_address *ret_address)
{
    *ret_address = (struct socket_address){
        .family = AF_INET6, .port = ntohs(given->sin6_port), .scope_id = given->sin6_scope_id};
    memcpy(ret_address->addr, &given->sin6_addr, sizeof(ret_address->addr));
}

bool socket_address_read(const struct sockaddr *given, socklen_t len,
                         struct socket_address *ret_address)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    sa_family_t family;
    if (given == NULL || len < offsetof(struct sockaddr, sa_data))
        return false;
    memcpy(&family, (const uint8_t *)given + offsetof(struct sockaddr, sa_family), sizeof(family));
    if (family == AF_INET && len >= sizeof(in)) {
        memcpy(&in, given, sizeof(in));
        read_4(&in, ret_address);
        return true;
    }
    /* Without scope_id is what RFC 2133 had; the kernel still takes it. */
    if (family != AF_INET6 || len < offsetof(struct sockaddr_in6, sin6_scope_id))
        return false;
    memset(&in6, 0, sizeof(in6));
    memcpy(&in6, given, len < sizeof(in6) ? len : sizeof(in6));
    read_6(&in6, ret_address);
    return true;
}

static socklen_t write_4(const struct socket_address *address, struct sockaddr_storage *ret_shown)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    memcpy(&in.sin_addr, address->addr + sizeof(mapped_prefix), sizeof(in.sin_addr));
    memcpy(ret_shown, &in, sizeof(in));
    return sizeof(in);
}

static socklen_t write_6(const struct socket_address *address, struct sockaddr_storage *ret_shown)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(address->port),
                               .sin6_scope_id = address->scope_id};
    memcpy(&in6.sin6_addr, address->addr, sizeof(in6.sin6_addr));
    memcpy(ret_shown, &in6, sizeof(in6));
    return sizeof(in6);
}

socklen_t socket_address_write(const struct socket_address *address,
                               struct sockaddr_storage *ret_shown)
{
    memset(ret_shown, 0, sizeof(*ret_shown));
    if (address->family == AF_INET)
        return write_4(address, ret_shown);
    return address->family == AF_INET6 ? write_6(address, ret_shown) : 0;
}

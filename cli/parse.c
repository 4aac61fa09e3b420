#include "parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

bool parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (!isdigit((unsigned char)*text) || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (number > max)
        return false;
    *ret_number = number;
    return true;
}

bool parse_id(const char *text, uint64_t *ret_id)
{
    uint64_t id;
    if (!parse_number(text, (UINT64_C(1) << 53) - 1, &id) || id == 0)
        return false;
    *ret_id = id;
    return true;
}

bool parse_port(const char *text, uint16_t *ret_port)
{
    uint64_t port;
    if (!parse_number(text, 65535, &port) || port == 0)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

bool parse_seconds(const char *text, uint32_t *ret_ms)
{
    static const double max_seconds = 4000000;
    char *end;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;
    double seconds = strtod(text, &end);
    if (*end || end == text || !(seconds >= 0) || seconds > max_seconds)
        return false;
    double ms = seconds * 1000;
    uint32_t whole = (uint32_t)ms;
    *ret_ms = (double)whole < ms ? whole + 1 : whole;
    return true;
}

bool parse_address(const char *text, struct tcpc_endpoint *ret_endpoint)
{
    char address[sizeof(ret_endpoint->address)];
    size_t len = strlen(text);
    if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    return tcpc_endpoint_set(ret_endpoint, address, 0);
}

bool parse_local(const char *text, struct tcpc_endpoint *ret_endpoint)
{
    const char *colon = strrchr(text, ':');
    struct tcpc_endpoint endpoint = {.port = 0};
    char address[sizeof(endpoint.address) + 2];
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    if (!parse_port(colon != NULL ? colon + 1 : text, &endpoint.port) || len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    uint16_t port = endpoint.port;
    /* Without brackets the last group of an IPv6 address would pass for a port. */
    if (strchr(address, ':') != NULL && address[0] != '[')
        return false;
    if (len && strcmp(address, "*") != 0 && !parse_address(address, &endpoint))
        return false;
    endpoint.port = port;
    *ret_endpoint = endpoint;
    return true;
}

static bool endpoint_from_sockaddr(const struct sockaddr *address, uint16_t port,
                                   struct tcpc_endpoint *ret_endpoint)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    if (address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    else if (address->sa_family != AF_INET)
        return false;
    return inet_ntop(address->sa_family, bytes, text, sizeof(text)) != NULL &&
           tcpc_endpoint_set(ret_endpoint, text, port);
}

unsigned parse_host(const char *text, uint16_t port, struct tcpc_endpoint *ret_endpoints,
                    unsigned max, const char **ret_why)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (parse_address(text, &ret_endpoints[0])) {
        ret_endpoints[0].port = port;
        return 1;
    }
    int rv = getaddrinfo(text, NULL, &hints, &list);
    if (rv != 0) {
        *ret_why = gai_strerror(rv);
        return 0;
    }
    unsigned count = 0;
    for (struct addrinfo *entry = list; entry != NULL && count < max; entry = entry->ai_next) {
        if (endpoint_from_sockaddr(entry->ai_addr, port, &ret_endpoints[count]))
            count++;
    }
    freeaddrinfo(list);
    if (!count)
        *ret_why = "no address";
    return count;
}

bool parse_value(const char *text, int64_t *ret_value)
{
    static const char *const on[] = {"on", "yes", "true"}, *const off[] = {"off", "no", "false"};
    uint64_t number;
    for (unsigned i = 0; i < 3; i++) {
        if (strcasecmp(text, on[i]) == 0 || strcasecmp(text, off[i]) == 0) {
            *ret_value = strcasecmp(text, on[i]) == 0;
            return true;
        }
    }
    bool is_negative = text[0] == '-';
    if (!parse_number(text + is_negative, INT64_MAX, &number))
        return false;
    *ret_value = is_negative ? -(int64_t)number : (int64_t)number;
    return true;
}

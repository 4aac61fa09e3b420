#include "address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "parse.h"

static bool copy(char *ret_text, size_t size, const char *from, size_t len)
{
    if (len >= size)
        return false;
    memcpy(ret_text, from, len);
    ret_text[len] = '\0';
    return true;
}

/* "[ADDR6]", "[ADDR6]:PORT", "[ADDR6]/PREFIX:PORT". */
static bool split_bracketed(const char *text, struct address_text *ret_text)
{
    const char *end = strchr(text, ']');
    if (end == NULL)
        return false;
    const char *colon = strchr(end, ':');
    size_t inside = (size_t)(end - text) - 1;
    size_t tail = colon != NULL ? (size_t)(colon - end) - 1 : strlen(end + 1);
    if ((tail && end[1] != '/') || !inside ||
        !copy(ret_text->host, ADDRESS_HOST_MAX, text + 1, inside) ||
        !copy(ret_text->host + inside, ADDRESS_HOST_MAX - inside, end + 1, tail))
        return false;
    ret_text->has_port = colon != NULL;
    return colon == NULL || copy(ret_text->port, ADDRESS_PORT_MAX, colon + 1, strlen(colon + 1));
}

bool address_split(const char *text, struct address_text *ret_text)
{
    struct address_text parts = {.has_port = false};
    const char *colon = strchr(text, ':');
    if (text[0] == '[') {
        if (!split_bracketed(text, &parts))
            return false;
    } else {
        parts.has_port = colon != NULL && strchr(colon + 1, ':') == NULL;
        size_t len = parts.has_port ? (size_t)(colon - text) : strlen(text);
        const char *port = parts.has_port ? colon + 1 : "";
        if (!copy(parts.host, ADDRESS_HOST_MAX, text, len) ||
            !copy(parts.port, ADDRESS_PORT_MAX, port, strlen(port)))
            return false;
    }
    *ret_text = parts;
    return true;
}

bool address_port(const char *text, uint16_t *ret_port)
{
    if (parse_port(text, ret_port))
        return true;
    const struct servent *service = *text ? getservbyname(text, "tcp") : NULL;
    if (service == NULL)
        return false;
    *ret_port = ntohs((uint16_t)service->s_port);
    return true;
}

bool address_is_any(const char *host)
{
    return !*host || strcmp(host, "*") == 0 || strcasecmp(host, "any") == 0;
}

/* Of link scope: fe80::/10, and multicast ff02::/16. */
static bool may_have_scope(const char *address)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET6, address, bytes) == 1 &&
           ((bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) ||
            (bytes[0] == 0xff && bytes[1] == 0x02));
}

/* A numeric address, without its scope. False: it is none, or *ret_why. */
static bool read_numeric(const char *host, struct tcpc_endpoint *ret_endpoint, const char **ret_why)
{
    char address[sizeof(ret_endpoint->address)];
    const char *scope = strchr(host, '%');
    size_t len = scope != NULL ? (size_t)(scope - host) : strlen(host);
    if (!copy(address, sizeof(address), host, len) || !tcpc_endpoint_set(ret_endpoint, address, 0))
        return false;
    if (scope == NULL)
        return true;
    if (scope[1] == '\0' || !may_have_scope(address))
        *ret_why = "only a link-local IPv6 address has a %SCOPE";
    return *ret_why == NULL;
}

static bool is_of_family(const struct tcpc_endpoint *endpoint, int family)
{
    bool is_v6 = strchr(endpoint->address, ':') != NULL;
    return family == AF_UNSPEC || is_v6 == (family == AF_INET6);
}

static bool endpoint_from_sockaddr(const struct sockaddr *address,
                                   struct tcpc_endpoint *ret_endpoint)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    if (address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    else if (address->sa_family != AF_INET)
        return false;
    return inet_ntop(address->sa_family, bytes, text, sizeof(text)) != NULL &&
           tcpc_endpoint_set(ret_endpoint, text, 0);
}

static unsigned resolve_name(const char *name, int family, struct tcpc_endpoint *ret_endpoints,
                             unsigned max, const char **ret_why)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rv = getaddrinfo(name, NULL, &hints, &list);
    if (rv != 0) {
        *ret_why = gai_strerror(rv);
        return 0;
    }
    unsigned count = 0;
    for (struct addrinfo *entry = list; entry != NULL && count < max; entry = entry->ai_next) {
        if (endpoint_from_sockaddr(entry->ai_addr, &ret_endpoints[count]))
            count++;
    }
    freeaddrinfo(list);
    if (!count)
        *ret_why = "no address";
    return count;
}

/* "10.1" is an address for inet_aton(3), but hardly for whoever typed it. */
static bool is_number_like(const char *host)
{
    return strspn(host, "0123456789.") == strlen(host);
}

unsigned address_resolve(const char *host, int family, struct tcpc_endpoint *ret_endpoints,
                         unsigned max, const char **ret_why)
{
    struct tcpc_endpoint endpoint;
    const char *why = NULL;
    if (read_numeric(host, &endpoint, &why)) {
        if (!is_of_family(&endpoint, family)) {
            *ret_why = family == AF_INET6 ? "not an IPv6 address" : "not an IPv4 address";
            return 0;
        }
        ret_endpoints[0] = endpoint;
        return 1;
    }
    if (why == NULL && is_number_like(host))
        why = "an IPv4 address has four numbers";
    if (why == NULL)
        return resolve_name(host, family, ret_endpoints, max, ret_why);
    *ret_why = why;
    return 0;
}

bool parse_local(const char *text, struct tcpc_endpoint *ret_endpoint)
{
    struct address_text parts;
    struct tcpc_endpoint endpoint = {.port = 0};
    uint16_t port;
    const char *why;
    if (!address_split(text, &parts) ||
        !address_port(parts.has_port ? parts.port : parts.host, &port))
        return false;
    if (parts.has_port && !address_is_any(parts.host) &&
        !address_resolve(parts.host, AF_UNSPEC, &endpoint, 1, &why))
        return false;
    endpoint.port = port;
    *ret_endpoint = endpoint;
    return true;
}

unsigned parse_host(const char *text, uint16_t port, struct tcpc_endpoint *ret_endpoints,
                    unsigned max, const char **ret_why)
{
    struct address_text parts;
    if (!address_split(text, &parts) || parts.has_port || !*parts.host) {
        *ret_why = "not an address";
        return 0;
    }
    unsigned count = address_resolve(parts.host, AF_UNSPEC, ret_endpoints, max, ret_why);
    for (unsigned i = 0; i < count; i++)
        ret_endpoints[i].port = port;
    return count;
}

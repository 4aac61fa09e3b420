#include "forwarding.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct address {
    int family;
    unsigned char bytes[sizeof(struct in6_addr)];
    size_t len;
};

static bool address_parse(const char *text, struct address *ret_address)
{
    *ret_address = (struct address){.family = AF_INET, .len = sizeof(struct in_addr)};
    if (inet_pton(AF_INET, text, ret_address->bytes) == 1)
        return true;
    *ret_address = (struct address){.family = AF_INET6, .len = sizeof(struct in6_addr)};
    return inet_pton(AF_INET6, text, ret_address->bytes) == 1;
}

static bool is_address_of(const struct ifaddrs *row, const struct address *address)
{
    const struct sockaddr *given = row->ifa_addr;
    if (given == NULL || given->sa_family != address->family)
        return false;
    const void *bytes = address->family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)given)->sin_addr
                            : (const void *)&((const struct sockaddr_in6 *)given)->sin6_addr;
    return memcmp(bytes, address->bytes, address->len) == 0;
}

/* The interface of ours that has the address: the TAP, or a bridge. False: none has. */
static bool find_interface(const struct address *address, char ret_name[IF_NAMESIZE])
{
    struct ifaddrs *rows;
    bool is_found = false;
    if (getifaddrs(&rows) != 0)
        return false;
    for (const struct ifaddrs *row = rows; row != NULL && !is_found; row = row->ifa_next) {
        is_found = is_address_of(row, address);
        if (is_found)
            snprintf(ret_name, IF_NAMESIZE, "%s", row->ifa_name);
    }
    freeifaddrs(rows);
    return is_found;
}

static enum forwarding read_switch(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return FORWARDING_UNKNOWN;
    int digit = fgetc(file);
    fclose(file);
    return digit == '0' ? FORWARDING_OFF : digit == EOF ? FORWARDING_UNKNOWN : FORWARDING_ON;
}

/* IPv6 is forwarded by all interfaces or none; by one alone only since Linux 6.17. */
static enum forwarding forwarding6_of(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/force_forwarding", name);
    enum forwarding forced = read_switch(path);
    return forced == FORWARDING_ON ? forced : read_switch("/proc/sys/net/ipv6/conf/all/forwarding");
}

/* IPv4 is forwarded by the interface that it comes in by. */
enum forwarding forwarding_of(const char *gateway, const char *tap)
{
    struct address address;
    char name[IF_NAMESIZE], path[PATH_MAX];
    if (if_nametoindex(tap) == 0 || !address_parse(gateway, &address) ||
        !find_interface(&address, name))
        return FORWARDING_UNKNOWN;
    if (address.family == AF_INET6)
        return forwarding6_of(name);
    snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/forwarding", name);
    return read_switch(path);
}

#include "cidr.h"

#include <netinet/in.h>
#include <string.h>

bool cidr_address_of(const struct sockaddr *address, socklen_t length, struct te_addr *ret_addr)
{
    if (length >= sizeof(struct sockaddr_in) && address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        *ret_addr = te_addr_from_v4((const uint8_t *)&in->sin_addr);
        return true;
    }
    /* RFC 2553's structure had no scope; the kernel still takes it. */
    if (length >= offsetof(struct sockaddr_in6, sin6_scope_id) && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;
        *ret_addr = te_addr_from_v6(in6->sin6_addr.s6_addr);
        return true;
    }
    return false;
}

bool cidr_is_loopback(const struct te_addr *addr)
{
    static const struct te_cidr ipv4 = {{{[10] = 0xff, [11] = 0xff, [12] = 127}}, 8};
    static const struct te_cidr ipv6 = {{{[15] = 1}}, 128};
    return te_cidr_contains(&ipv4, addr) || te_cidr_contains(&ipv6, addr);
}

static bool parse_one(const char *word, struct te_cidr *ret_cidr)
{
    unsigned prefix_bits;
    if (!te_cidr_parse(word, &ret_cidr->addr, &prefix_bits))
        return false;
    ret_cidr->prefix_bits = (uint8_t)prefix_bits;
    return true;
}

bool cidr_set_parse(const char *text, struct cidr_set *ret_set)
{
    struct cidr_set set = {0};
    while (*text != '\0') {
        char word[TE_ADDR_TEXT_MAX];
        size_t length = strcspn(text, ",");
        if (length == 0 || length >= sizeof(word) || set.count == CIDR_MAX)
            return false;
        memcpy(word, text, length);
        word[length] = '\0';
        if (!parse_one(word, &set.rows[set.count]))
            return false;
        set.count++;
        text += length;
        if (*text == ',' && *++text == '\0')
            return false;
    }
    *ret_set = set;
    return true;
}

bool cidr_set_holds(const struct cidr_set *set, const struct te_addr *addr)
{
    for (unsigned i = 0; i < set->count; i++) {
        if (te_cidr_contains(&set->rows[i], addr))
            return true;
    }
    return false;
}

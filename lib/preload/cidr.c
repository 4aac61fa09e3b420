#include "cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

static void address_from_ipv4(const void *bytes, struct cidr_address *ret)
{
    memcpy(ret->bytes, mapped_prefix, sizeof(mapped_prefix));
    memcpy(ret->bytes + 12, bytes, 4);
}

bool cidr_address_of(const struct sockaddr *address, socklen_t length,
                     struct cidr_address *ret_address)
{
    if (length >= sizeof(struct sockaddr_in) && address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        address_from_ipv4(&in->sin_addr, ret_address);
        return true;
    }
    /* RFC 2553's structure had no scope; the kernel still takes it. */
    if (length >= offsetof(struct sockaddr_in6, sin6_scope_id) && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;
        memcpy(ret_address->bytes, &in6->sin6_addr, 16);
        return true;
    }
    return false;
}

bool cidr_is_ipv4(const struct cidr_address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

bool cidr_is_loopback(const struct cidr_address *address)
{
    static const uint8_t one[16] = {[15] = 1};
    if (cidr_is_ipv4(address))
        return address->bytes[12] == 127;
    return memcmp(address->bytes, one, sizeof(one)) == 0;
}

bool cidr_is_wildcard(const struct cidr_address *address)
{
    static const uint8_t none[16] = {0};
    if (cidr_is_ipv4(address))
        return memcmp(address->bytes + 12, none, 4) == 0;
    return memcmp(address->bytes, none, sizeof(none)) == 0;
}

/* "/24" behind an address of bits_max bits: at most three digits. */
static bool parse_prefix(const char *text, unsigned bits_max, unsigned *ret_prefix)
{
    unsigned value = 0;
    if (text[0] == '\0' || strlen(text) > 3)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned)(*text - '0');
    }
    *ret_prefix = value + 128 - bits_max;
    return value <= bits_max;
}

static bool parse_one(char *word, struct cidr *ret)
{
    char *slash = strchr(word, '/');
    if (slash != NULL)
        *slash = '\0';
    struct in_addr in;
    unsigned bits = 128;
    if (inet_pton(AF_INET, word, &in) == 1) {
        address_from_ipv4(&in, &ret->network);
        bits = 32;
    } else if (inet_pton(AF_INET6, word, ret->network.bytes) != 1) {
        return false;
    }
    ret->prefix = 128;
    return slash == NULL || parse_prefix(slash + 1, bits, &ret->prefix);
}

bool cidr_parse(const char *text, struct cidr_set *ret_set)
{
    struct cidr_set set = {0};
    while (*text != '\0') {
        char word[64];
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

static bool row_holds(const struct cidr *row, const struct cidr_address *address)
{
    unsigned bytes = row->prefix / 8, bits = row->prefix % 8;
    if (memcmp(row->network.bytes, address->bytes, bytes) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00 >> bits);
    return bits == 0 || ((row->network.bytes[bytes] ^ address->bytes[bytes]) & mask) == 0;
}

bool cidr_holds(const struct cidr_set *set, const struct cidr_address *address)
{
    for (unsigned i = 0; i < set->count; i++) {
        if (row_holds(&set->rows[i], address))
            return true;
    }
    return false;
}

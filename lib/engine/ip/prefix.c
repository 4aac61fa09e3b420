#include "ip/prefix.h"

unsigned te_prefix_common_bits(const struct te_addr *a, const struct te_addr *b)
{
    for (unsigned i = 0; i < sizeof(a->bytes); i++) {
        unsigned difference = a->bytes[i] ^ b->bytes[i];
        if (difference != 0)
            return i * 8 + (unsigned)__builtin_clz(difference) - 24;
    }
    return TE_PREFIX_ALL_BITS;
}

uint8_t te_prefix_bits_of(const struct te_cidr *cidr)
{
    if (!te_addr_is_v4(&cidr->addr))
        return cidr->prefix_bits;
    return (uint8_t)(TE_PREFIX_V4_BITS + cidr->prefix_bits);
}

bool te_prefix_is_link_local(const struct te_addr *addr)
{
    return addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

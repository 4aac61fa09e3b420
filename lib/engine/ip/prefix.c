#include "ip/prefix.h"

bool te_prefix_is_link_local(const struct te_addr *addr)
{
    return addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

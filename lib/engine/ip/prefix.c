#include "ip/prefix.h"

bool te_prefix_is_link_local(const struct te_addr *addr)
{
    static const struct te_cidr link_local = {{{0xfe, 0x80}}, 10};
    return te_cidr_contains(&link_local, addr);
}

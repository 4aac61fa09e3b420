#include "util/loopback.h"

#include <string.h>

#define V4_OFFSET 12 /* of the IPv4 address in its mapped form */
#define V4_NETWORK 127

bool loopback_contains(const struct te_addr *addr)
{
    static const struct te_addr v6 = {.bytes = {[15] = 1}};
    if (te_addr_is_v4(addr))
        return addr->bytes[V4_OFFSET] == V4_NETWORK;
    return memcmp(addr->bytes, v6.bytes, sizeof(v6.bytes)) == 0;
}

#include "wire/ip_view.h"

#include "wire/eth.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/protocol.h"

static bool find_ipv4(const uint8_t *bytes, size_t len, struct te_ip_view *ret_view)
{
    struct te_ipv4_parsed ip;
    if (!te_ipv4_parse(bytes, len, &ip))
        return false;
    *ret_view = (struct te_ip_view){.source = ip.header.source,
                                    .destination = ip.header.destination,
                                    .payload = ip.payload,
                                    .payload_len = ip.header.payload_len,
                                    .has_segment = ip.header.protocol == TE_PROTO_TCP &&
                                                   !ip.header.more_fragments &&
                                                   ip.header.fragment_offset_bytes == 0};
    return true;
}

static bool find_ipv6(const uint8_t *bytes, size_t len, struct te_ip_view *ret_view)
{
    struct te_ipv6_parsed ip;
    if (te_ipv6_parse(bytes, len, &ip) != TE_IPV6_OK)
        return false;
    *ret_view = (struct te_ip_view){.source = ip.header.source,
                                    .destination = ip.header.destination,
                                    .payload = ip.payload,
                                    .payload_len = ip.payload_len,
                                    .has_segment = ip.protocol == TE_PROTO_TCP && !ip.is_fragment};
    return true;
}

bool te_ip_view_find(const uint8_t *frame, size_t len, struct te_ip_view *ret_view)
{
    struct te_eth_header eth;
    size_t ip_at = TE_ETH_HEADER_LEN;
    if (!te_eth_parse(frame, len, &eth) ||
        te_eth_pass_tags(frame, len, &eth, &ip_at) != TE_ETH_TAGS_OK)
        return false;
    bool is_ip =
        (eth.type == TE_ETH_TYPE_IPV4 && find_ipv4(frame + ip_at, len - ip_at, ret_view)) ||
        (eth.type == TE_ETH_TYPE_IPV6 && find_ipv6(frame + ip_at, len - ip_at, ret_view));
    if (is_ip)
        ret_view->ip_at = ip_at;
    return is_ip;
}

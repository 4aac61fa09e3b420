#include "wire/eth.h"

#include <string.h>

#include "util/bytes.h"

bool te_eth_parse(const uint8_t *frame, size_t len, struct te_eth_header *ret_header)
{
    if (len < TE_ETH_HEADER_LEN)
        return false;
    memcpy(ret_header->destination, frame, 6);
    memcpy(ret_header->source, frame + 6, 6);
    ret_header->type = te_load_be16(frame + 12);
    return true;
}

void te_eth_emit(const struct te_eth_header *header, uint8_t *ret_bytes)
{
    memcpy(ret_bytes, header->destination, 6);
    memcpy(ret_bytes + 6, header->source, 6);
    te_store_be16(ret_bytes + 12, header->type);
}

static bool is_tag(uint16_t type)
{
    return type == TE_ETH_TYPE_VLAN || type == TE_ETH_TYPE_SERVICE;
}

enum te_eth_tags te_eth_pass_tags(const uint8_t *frame, size_t len, struct te_eth_header *header,
                                  size_t *ret_len)
{
    uint16_t type = header->type;
    size_t at = TE_ETH_HEADER_LEN;
    for (unsigned count = 0; is_tag(type); count++) {
        if (count == TE_ETH_TAGS_MAX || len < at + TE_ETH_TAG_LEN)
            return TE_ETH_TAGS_MALFORMED;
        if ((te_load_be16(frame + at) & 0x0fff) != 0)
            return TE_ETH_TAGS_OF_VLAN;
        type = te_load_be16(frame + at + 2);
        at += TE_ETH_TAG_LEN;
    }
    header->type = type;
    *ret_len = at;
    return TE_ETH_TAGS_OK;
}

bool te_mac_is_group(const uint8_t mac[6])
{
    return (mac[0] & 1) != 0;
}

bool te_mac_is_broadcast(const uint8_t mac[6])
{
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    return te_mac_equal(mac, broadcast);
}

bool te_mac_is_station(const uint8_t mac[6])
{
    static const uint8_t zero[6] = {0};
    return !te_mac_is_group(mac) && !te_mac_equal(mac, zero);
}

bool te_mac_equal(const uint8_t a[6], const uint8_t b[6])
{
    return memcmp(a, b, 6) == 0;
}

void te_mac_of_group(const struct te_addr *group, uint8_t ret_mac[6])
{
    const uint8_t *last = group->bytes + 12;
    if (te_addr_is_v4(group)) {
        const uint8_t mac[6] = {0x01, 0x00, 0x5e, (uint8_t)(last[1] & 0x7f), last[2], last[3]};
        memcpy(ret_mac, mac, 6);
    } else {
        const uint8_t mac[6] = {0x33, 0x33, last[0], last[1], last[2], last[3]};
        memcpy(ret_mac, mac, 6);
    }
}

#include "wire/arp.h"

#include <string.h>

#include "util/bytes.h"
#include "wire/eth.h"

#define HARDWARE_ETHERNET 1

static bool is_ipv4_over_ethernet(const uint8_t *packet)
{
    return te_load_be16(packet) == HARDWARE_ETHERNET &&
           te_load_be16(packet + 2) == TE_ETH_TYPE_IPV4 && packet[4] == 6 && packet[5] == 4;
}

bool te_arp_parse(const uint8_t *packet, size_t len, struct te_arp *ret_arp)
{
    if (len < TE_ARP_LEN || !is_ipv4_over_ethernet(packet))
        return false;
    uint16_t operation = te_load_be16(packet + 6);
    if (operation != TE_ARP_REQUEST && operation != TE_ARP_REPLY)
        return false;
    if (!te_mac_is_station(packet + 8))
        return false;
    ret_arp->operation = operation;
    memcpy(ret_arp->sender_mac, packet + 8, 6);
    ret_arp->sender = te_addr_from_v4(packet + 14);
    memcpy(ret_arp->target_mac, packet + 18, 6);
    ret_arp->target = te_addr_from_v4(packet + 24);
    return true;
}

void te_arp_emit(const struct te_arp *arp, uint8_t *ret_bytes)
{
    te_store_be16(ret_bytes, HARDWARE_ETHERNET);
    te_store_be16(ret_bytes + 2, TE_ETH_TYPE_IPV4);
    ret_bytes[4] = 6;
    ret_bytes[5] = 4;
    te_store_be16(ret_bytes + 6, arp->operation);
    memcpy(ret_bytes + 8, arp->sender_mac, 6);
    memcpy(ret_bytes + 14, arp->sender.bytes + 12, 4);
    memcpy(ret_bytes + 18, arp->target_mac, 6);
    memcpy(ret_bytes + 24, arp->target.bytes + 12, 4);
}

/* Ethernet II headers and the MAC addresses of IP multicast. No state. */
#ifndef TCPENGINE_WIRE_ETH_H
#define TCPENGINE_WIRE_ETH_H

#include <tcpengine/types.h>

#define TE_ETH_HEADER_LEN 14
#define TE_ETH_TYPE_IPV4 0x0800
#define TE_ETH_TYPE_ARP 0x0806
#define TE_ETH_TYPE_IPV6 0x86DD

struct te_eth_header {
    uint8_t destination[6], source[6];
    uint16_t type;
};

/* False when len is too short for a header. */
bool te_eth_parse(const uint8_t *frame, size_t len, struct te_eth_header *ret_header);
/* Writes TE_ETH_HEADER_LEN bytes. */
void te_eth_emit(const struct te_eth_header *header, uint8_t *ret_bytes);

/* The group bit is set: multicast or broadcast. */
bool te_mac_is_group(const uint8_t mac[6]);
bool te_mac_is_broadcast(const uint8_t mac[6]);
/* Usable as the address of one station: neither a group nor all zeros. */
bool te_mac_is_station(const uint8_t mac[6]);
bool te_mac_equal(const uint8_t a[6], const uint8_t b[6]);
/* Where frames to an IP multicast group go (RFC 1112 6.4, RFC 2464 7). */
void te_mac_of_group(const struct te_addr *group, uint8_t ret_mac[6]);

#endif

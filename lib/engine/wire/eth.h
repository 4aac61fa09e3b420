/* Ethernet II headers and the MAC addresses of IP multicast. No state. */
#ifndef TCPENGINE_WIRE_ETH_H
#define TCPENGINE_WIRE_ETH_H

#include <tcpengine/types.h>

#define TE_ETH_HEADER_LEN 14
#define TE_ETH_TYPE_IPV4 0x0800
#define TE_ETH_TYPE_ARP 0x0806
#define TE_ETH_TYPE_IPV6 0x86DD
#define TE_ETH_TYPE_VLAN 0x8100    /* 802.1Q */
#define TE_ETH_TYPE_SERVICE 0x88A8 /* 802.1ad */
#define TE_ETH_TAG_LEN 4
#define TE_ETH_TAGS_MAX 8 /* that we walk */

struct te_eth_header {
    uint8_t destination[6], source[6];
    uint16_t type;
};

/* False when len is too short for a header. */
bool te_eth_parse(const uint8_t *frame, size_t len, struct te_eth_header *ret_header);
/* Writes TE_ETH_HEADER_LEN bytes. */
void te_eth_emit(const struct te_eth_header *header, uint8_t *ret_bytes);

enum te_eth_tags {
    TE_ETH_TAGS_OK,       /* no tag, or priority tags alone */
    TE_ETH_TAGS_OF_VLAN,  /* a VID other than 0: the frame is for members of that VLAN */
    TE_ETH_TAGS_MALFORMED /* cut short, or more than TE_ETH_TAGS_MAX */
};
/* Passes over the tags after the header, whose type is then what they carry. A priority tag has VID
 * 0: a priority and no VLAN, so that the frame is as good as untagged (802.1Q 6.9.1), on either
 * level. *ret_len is the length of header and tags. Both are set with OK alone. */
enum te_eth_tags te_eth_pass_tags(const uint8_t *frame, size_t len, struct te_eth_header *header,
                                  size_t *ret_len);

/* The group bit is set: multicast or broadcast. */
bool te_mac_is_group(const uint8_t mac[6]);
bool te_mac_is_broadcast(const uint8_t mac[6]);
/* Usable as the address of one station: neither a group nor all zeros. */
bool te_mac_is_station(const uint8_t mac[6]);
bool te_mac_equal(const uint8_t a[6], const uint8_t b[6]);
/* Where frames to an IP multicast group go (RFC 1112 6.4, RFC 2464 7). */
void te_mac_of_group(const struct te_addr *group, uint8_t ret_mac[6]);

#endif

#include "wire/ipv4.h"

#include <string.h>

#include "util/bytes.h"
#include "wire/checksum.h"

#define FLAG_DONT_FRAGMENT 0x4000
#define FLAG_MORE_FRAGMENTS 0x2000
#define OFFSET_MASK 0x1fff

/* Length of the header; 0 when the packet's lengths contradict each other. */
static size_t checked_header_len(const uint8_t *packet, size_t len)
{
    if (len < TE_IPV4_HEADER_LEN || packet[0] >> 4 != 4)
        return 0;
    size_t header_len = (size_t)(packet[0] & 0x0f) * 4;
    size_t total_len = te_load_be16(packet + 2);
    if (header_len < TE_IPV4_HEADER_LEN || total_len < header_len || total_len > len)
        return 0;
    return header_len;
}

bool te_ipv4_parse(const uint8_t *packet, size_t len, struct te_ipv4_parsed *ret_parsed)
{
    size_t header_len = checked_header_len(packet, len);
    if (header_len == 0 || te_checksum_finish(te_checksum_add(0, packet, header_len)) != 0)
        return false;
    uint16_t fragment = te_load_be16(packet + 6);
    struct te_ipv4_header *header = &ret_parsed->header;
    header->source = te_addr_from_v4(packet + 12);
    header->destination = te_addr_from_v4(packet + 16);
    header->payload_len = te_load_be16(packet + 2) - header_len;
    header->id = te_load_be16(packet + 4);
    header->fragment_offset_bytes = (uint16_t)((fragment & OFFSET_MASK) * 8);
    header->dont_fragment = (fragment & FLAG_DONT_FRAGMENT) != 0;
    header->more_fragments = (fragment & FLAG_MORE_FRAGMENTS) != 0;
    header->ecn = packet[1] & 3;
    header->hop_limit = packet[8];
    header->protocol = packet[9];
    ret_parsed->header_len = header_len;
    ret_parsed->payload = packet + header_len;
    return true;
}

static uint16_t fragment_field(const struct te_ipv4_header *header)
{
    unsigned field = header->fragment_offset_bytes / 8u;
    if (header->dont_fragment)
        field |= FLAG_DONT_FRAGMENT;
    if (header->more_fragments)
        field |= FLAG_MORE_FRAGMENTS;
    return (uint16_t)field;
}

void te_ipv4_emit(const struct te_ipv4_header *header, uint8_t *ret_bytes)
{
    ret_bytes[0] = 0x45;
    ret_bytes[1] = header->ecn & 3;
    te_store_be16(ret_bytes + 2, (uint16_t)(TE_IPV4_HEADER_LEN + header->payload_len));
    te_store_be16(ret_bytes + 4, header->id);
    te_store_be16(ret_bytes + 6, fragment_field(header));
    ret_bytes[8] = header->hop_limit;
    ret_bytes[9] = header->protocol;
    te_store_be16(ret_bytes + 10, 0);
    memcpy(ret_bytes + 12, header->source.bytes + 12, 4);
    memcpy(ret_bytes + 16, header->destination.bytes + 12, 4);
    uint64_t sum = te_checksum_add(0, ret_bytes, TE_IPV4_HEADER_LEN);
    te_store_be16(ret_bytes + 10, te_checksum_finish(sum));
}

#include "wire/icmp.h"

#include "util/bytes.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/protocol.h"

/* Ports and sequence number: the part of a quoted segment that RFC 792 guarantees. */
#define QUOTED_TCP_LEN 8

bool te_icmp_parse(const uint8_t *message, size_t len, struct te_icmp *ret_icmp)
{
    if (len < TE_ICMP_HEADER_LEN)
        return false;
    ret_icmp->type = message[0];
    ret_icmp->code = message[1];
    ret_icmp->checksum = te_load_be16(message + 2);
    ret_icmp->rest = te_load_be32(message + 4);
    ret_icmp->body = message + TE_ICMP_HEADER_LEN;
    ret_icmp->body_len = len - TE_ICMP_HEADER_LEN;
    return true;
}

void te_icmp_emit_header(const struct te_icmp *icmp, uint8_t *ret_bytes)
{
    ret_bytes[0] = icmp->type;
    ret_bytes[1] = icmp->code;
    te_store_be16(ret_bytes + 2, icmp->checksum);
    te_store_be32(ret_bytes + 4, icmp->rest);
}

bool te_icmp4_is_error(uint8_t type)
{
    return type == TE_ICMP4_UNREACHABLE || type == TE_ICMP4_SOURCE_QUENCH ||
           type == TE_ICMP4_REDIRECT || type == TE_ICMP4_TIME_EXCEEDED ||
           type == TE_ICMP4_PARAMETER_PROBLEM;
}

bool te_icmp6_is_error(uint8_t type)
{
    return type <= TE_ICMP6_ERROR_LAST || type == TE_ICMP6_REDIRECT;
}

static void read_ports(const uint8_t *segment, struct te_icmp_quote *ret_quote)
{
    ret_quote->source.port = te_load_be16(segment);
    ret_quote->destination.port = te_load_be16(segment + 2);
    ret_quote->seq = te_load_be32(segment + 4);
}

bool te_icmp4_parse_quote(const uint8_t *body, size_t len, struct te_icmp_quote *ret_quote)
{
    if (len < TE_IPV4_HEADER_LEN || body[0] >> 4 != 4)
        return false;
    size_t header_len = (size_t)(body[0] & 0x0f) * 4;
    bool is_later_fragment = (te_load_be16(body + 6) & 0x1fff) != 0;
    if (header_len < TE_IPV4_HEADER_LEN || len < header_len + QUOTED_TCP_LEN)
        return false;
    if (is_later_fragment || body[9] != TE_PROTO_TCP)
        return false;
    ret_quote->source.addr = te_addr_from_v4(body + 12);
    ret_quote->destination.addr = te_addr_from_v4(body + 16);
    ret_quote->packet_len = te_load_be16(body + 2);
    read_ports(body + header_len, ret_quote);
    return true;
}

bool te_icmp6_parse_quote(const uint8_t *body, size_t len, struct te_icmp_quote *ret_quote)
{
    /* We never put an extension header in front of a segment, so no quote of ours has one. */
    if (len < TE_IPV6_HEADER_LEN + QUOTED_TCP_LEN || body[0] >> 4 != 6 || body[6] != TE_PROTO_TCP)
        return false;
    struct te_addr source = te_addr_from_v6(body + 8), destination = te_addr_from_v6(body + 24);
    if (te_addr_is_v4(&source) || te_addr_is_v4(&destination))
        return false;
    ret_quote->source.addr = source;
    ret_quote->destination.addr = destination;
    ret_quote->packet_len = TE_IPV6_HEADER_LEN + (size_t)te_load_be16(body + 4);
    read_ports(body + TE_IPV6_HEADER_LEN, ret_quote);
    return true;
}

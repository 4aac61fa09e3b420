#include "wire/ipv6.h"

#include <string.h>

#include "util/bytes.h"
#include "wire/icmp.h"
#include "wire/protocol.h"

/* What to do with an unknown option: its two highest bits (RFC 8200 4.2). The other two values are:
 * discard and report, always or only for unicast. We never answer packets to groups, so they are
 * the same here. */
enum option_action { OPTION_SKIP = 0, OPTION_DISCARD = 1 };

#define OPTION_PAD1 0
#define OPTION_PADN 1
#define OPTION_ROUTER_ALERT 5

/* A walk along the chain of headers. */
struct walk {
    const uint8_t *packet;
    size_t end;            /* of the packet */
    size_t at;             /* where the next header starts */
    size_t next_header_at; /* where its type was named */
    uint8_t next_header;
    struct te_ipv6_parsed *parsed;
};

static enum te_ipv6_verdict problem(struct walk *walk, uint8_t code, size_t pointer)
{
    walk->parsed->problem_code = code;
    walk->parsed->problem_pointer = (uint32_t)pointer;
    return TE_IPV6_PROBLEM;
}

static enum te_ipv6_verdict unknown_option(struct walk *walk, size_t at)
{
    unsigned action = walk->packet[at] >> 6;
    if (action == OPTION_SKIP)
        return TE_IPV6_OK;
    if (action == OPTION_DISCARD)
        return TE_IPV6_DISCARD;
    return problem(walk, TE_ICMP6_BAD_OPTION, at);
}

/* Value 0: the packet carries an MLD message (RFC 2711 2.1). It stands in the hop-by-hop header. */
static bool is_mld_alert(const struct walk *walk, size_t at)
{
    const uint8_t *option = walk->packet + at;
    return walk->next_header == TE_PROTO_HOP_BY_HOP && option[0] == OPTION_ROUTER_ALERT &&
           option[1] == 2 && te_load_be16(option + 2) == 0;
}

/* The options in [at, end). Every option but padding and router alerts is unknown to us; all are
 * counted. */
static enum te_ipv6_verdict walk_options(struct walk *walk, size_t at, size_t end)
{
    unsigned count = 0;
    while (at < end) {
        uint8_t type = walk->packet[at];
        if (++count > TE_IPV6_OPTIONS_MAX)
            return TE_IPV6_LIMIT;
        if (type == OPTION_PAD1) {
            at++;
            continue;
        }
        if (end - at < 2 || (size_t)walk->packet[at + 1] + 2 > end - at)
            return TE_IPV6_MALFORMED;
        if (is_mld_alert(walk, at)) {
            walk->parsed->has_mld_alert = true;
        } else if (type != OPTION_PADN) {
            enum te_ipv6_verdict verdict = unknown_option(walk, at);
            if (verdict != TE_IPV6_OK)
                return verdict;
        }
        at += (size_t)walk->packet[at + 1] + 2;
    }
    return TE_IPV6_OK;
}

/* A routing header with segments left asks us to forward, which we never do. Of an unknown type,
 * which includes type 0 now (RFC 5095 3), it is an error (RFC 8200 4.4). */
static enum te_ipv6_verdict check_routing(struct walk *walk, size_t at)
{
    if (walk->packet[at + 3] == 0)
        return TE_IPV6_OK;
    return problem(walk, TE_ICMP6_BAD_FIELD, at + 2);
}

/* Moves over an extension header of the common form: next header, length in 8 bytes beyond 8. */
static enum te_ipv6_verdict walk_extension(struct walk *walk)
{
    size_t left = walk->end - walk->at;
    if (left < 8)
        return TE_IPV6_MALFORMED;
    size_t len = ((size_t)walk->packet[walk->at + 1] + 1) * 8;
    if (len > left)
        return TE_IPV6_MALFORMED;
    enum te_ipv6_verdict verdict = walk->next_header == TE_PROTO_ROUTING
                                       ? check_routing(walk, walk->at)
                                       : walk_options(walk, walk->at + 2, walk->at + len);
    walk->next_header_at = walk->at;
    walk->next_header = walk->packet[walk->at];
    walk->at += len;
    return verdict;
}

/* Moves over a Fragment header. Sets is_fragment unless it is the whole datagram (RFC 6946 3). */
static enum te_ipv6_verdict walk_fragment(struct walk *walk)
{
    if (walk->end - walk->at < TE_IPV6_FRAGMENT_LEN)
        return TE_IPV6_MALFORMED;
    const uint8_t *bytes = walk->packet + walk->at;
    uint16_t field = te_load_be16(bytes + 2);
    struct te_ipv6_fragment *fragment = &walk->parsed->fragment;
    fragment->next_header = bytes[0];
    fragment->offset_bytes = field & 0xfff8;
    fragment->more = (field & 1) != 0;
    fragment->id = te_load_be32(bytes + 4);
    walk->parsed->is_fragment = fragment->offset_bytes != 0 || fragment->more;
    walk->parsed->fragment_at_bytes = walk->at;
    walk->next_header_at = walk->at;
    walk->next_header = bytes[0];
    walk->at += TE_IPV6_FRAGMENT_LEN;
    return TE_IPV6_OK;
}

static bool is_extension(uint8_t next_header)
{
    return next_header == TE_PROTO_HOP_BY_HOP || next_header == TE_PROTO_ROUTING ||
           next_header == TE_PROTO_FRAGMENT || next_header == TE_PROTO_DESTINATION;
}

static enum te_ipv6_verdict walk_header(struct walk *walk)
{
    if (walk->next_header == TE_PROTO_FRAGMENT)
        return walk_fragment(walk);
    /* Hop-by-hop options directly follow the IPv6 header (RFC 8200 4.1, 4.3). */
    if (walk->next_header == TE_PROTO_HOP_BY_HOP && walk->at != TE_IPV6_HEADER_LEN)
        return problem(walk, TE_ICMP6_BAD_NEXT_HEADER, walk->next_header_at);
    return walk_extension(walk);
}

static enum te_ipv6_verdict walk_chain(struct walk *walk)
{
    unsigned count = 0;
    while (is_extension(walk->next_header) && !walk->parsed->is_fragment) {
        if (++count > TE_IPV6_EXTENSIONS_MAX)
            return TE_IPV6_LIMIT;
        enum te_ipv6_verdict verdict = walk_header(walk);
        if (verdict != TE_IPV6_OK)
            return verdict;
    }
    return TE_IPV6_OK;
}

static bool parse_header(const uint8_t *packet, size_t len, struct te_ipv6_header *ret_header)
{
    if (len < TE_IPV6_HEADER_LEN || packet[0] >> 4 != 6)
        return false;
    ret_header->payload_len = te_load_be16(packet + 4);
    if (ret_header->payload_len > len - TE_IPV6_HEADER_LEN)
        return false;
    ret_header->ecn = (packet[1] >> 4) & 3;
    ret_header->next_header = packet[6];
    ret_header->hop_limit = packet[7];
    ret_header->source = te_addr_from_v6(packet + 8);
    ret_header->destination = te_addr_from_v6(packet + 24);
    /* The mapped form means IPv4 inside the stack; from outside it would be a disguise. */
    return !te_addr_is_v4(&ret_header->source) && !te_addr_is_v4(&ret_header->destination);
}

enum te_ipv6_verdict te_ipv6_parse(const uint8_t *packet, size_t len,
                                   struct te_ipv6_parsed *ret_parsed)
{
    struct te_ipv6_parsed parsed = {0};
    if (!parse_header(packet, len, &parsed.header))
        return TE_IPV6_MALFORMED;
    struct walk walk = {.packet = packet,
                        .end = TE_IPV6_HEADER_LEN + parsed.header.payload_len,
                        .at = TE_IPV6_HEADER_LEN,
                        .next_header_at = 6,
                        .next_header = parsed.header.next_header,
                        .parsed = &parsed};
    enum te_ipv6_verdict verdict = walk_chain(&walk);
    parsed.protocol = walk.next_header;
    parsed.protocol_at_bytes = walk.next_header_at;
    parsed.payload = packet + walk.at;
    parsed.payload_len = walk.end - walk.at;
    *ret_parsed = parsed;
    return verdict;
}

/* How much of an upper layer's header must be present to read its ports. */
static size_t upper_header_len(uint8_t protocol)
{
    switch (protocol) {
    case TE_PROTO_TCP:
        return 20;
    case TE_PROTO_UDP:
    case TE_PROTO_ICMPV6:
        return 8;
    default:
        return 0;
    }
}

bool te_ipv6_chain_is_complete(uint8_t next_header, const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    for (unsigned count = 0; is_extension(next_header); count++) {
        if (count == TE_IPV6_EXTENSIONS_MAX || len - at < 8)
            return false;
        size_t step = next_header == TE_PROTO_FRAGMENT ? 8 : ((size_t)bytes[at + 1] + 1) * 8;
        if (step > len - at)
            return false;
        next_header = bytes[at];
        at += step;
    }
    return len - at >= upper_header_len(next_header);
}

void te_ipv6_emit(const struct te_ipv6_header *header, uint8_t *ret_bytes)
{
    ret_bytes[0] = 0x60;
    ret_bytes[1] = (uint8_t)((header->ecn & 3) << 4);
    te_store_be16(ret_bytes + 2, 0);
    te_store_be16(ret_bytes + 4, (uint16_t)header->payload_len);
    ret_bytes[6] = header->next_header;
    ret_bytes[7] = header->hop_limit;
    memcpy(ret_bytes + 8, header->source.bytes, 16);
    memcpy(ret_bytes + 24, header->destination.bytes, 16);
}

void te_ipv6_emit_alert(uint8_t next_header, uint8_t *ret_bytes)
{
    const uint8_t bytes[TE_IPV6_ALERT_LEN] = {next_header, 0, OPTION_ROUTER_ALERT, 2,
                                              0,           0, OPTION_PADN,         0};
    memcpy(ret_bytes, bytes, sizeof(bytes));
}

void te_ipv6_emit_fragment(const struct te_ipv6_fragment *fragment, uint8_t *ret_bytes)
{
    ret_bytes[0] = fragment->next_header;
    ret_bytes[1] = 0;
    te_store_be16(ret_bytes + 2, (uint16_t)(fragment->offset_bytes | (fragment->more ? 1 : 0)));
    te_store_be32(ret_bytes + 4, fragment->id);
}

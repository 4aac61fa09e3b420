#include "wire.h"

#include <endian.h>
#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define PROTOCOL_TCP 6
#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define TCP_HEADER 20u
#define TCP_CHECKSUM_AT 16
#define ECN_BITS 3u

uint16_t wire_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t wire_get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return be32toh(value);
}

void wire_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void wire_put32(uint8_t *at, uint32_t value)
{
    wire_put16(at, (uint16_t)(value >> 16));
    wire_put16(at + 2, (uint16_t)value);
}

/* --- checksums (RFC 1071) --------------------------------------------------------------------- */

static uint64_t sum_bytes(uint64_t sum, const uint8_t *at, size_t len)
{
    /* Words of 32 bits: folded, they give what those of 16 give (RFC 1071 2). */
    for (; len > 3; at += 4, len -= 4)
        sum += wire_get32(at);
    for (; len > 1; at += 2, len -= 2)
        sum += wire_get16(at);
    return len == 1 ? sum + (uint64_t)(at[0] << 8) : sum;
}

static uint16_t fold(uint64_t sum)
{
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

uint16_t wire_checksum(uint64_t sum, const uint8_t *bytes, size_t len)
{
    return (uint16_t)~fold(sum_bytes(sum, bytes, len));
}

static bool is_ipv4(const uint8_t *frame)
{
    return wire_get16(frame + 12) == ETHERTYPE_IPV4;
}

/* RFC 9293 3.1. */
static uint64_t sum_pseudo_header(const uint8_t *frame, size_t tcp_len)
{
    const uint8_t *ip = frame + WIRE_ETH_BYTES;
    uint64_t sum = is_ipv4(frame) ? sum_bytes(0, ip + 12, 8) : sum_bytes(0, ip + 8, 32);
    return sum + PROTOCOL_TCP + (tcp_len & 0xffff) + (tcp_len >> 16);
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct te_addr read_addr(const uint8_t *at, bool v4)
{
    return v4 ? te_addr_from_v4(at) : te_addr_from_v6(at);
}

/* Fills in what the IP header says. False if there is no TCP in it, or it is cut short. */
static bool read_ip(const uint8_t *frame, size_t len, struct wire_segment *segment)
{
    const uint8_t *ip = frame + WIRE_ETH_BYTES;
    if (len < WIRE_ETH_BYTES + IPV4_HEADER)
        return false;
    bool v4 = is_ipv4(frame);
    size_t header = v4 ? IPV4_HEADER : IPV6_HEADER;
    if ((!v4 && wire_get16(frame + 12) != ETHERTYPE_IPV6) || len < WIRE_ETH_BYTES + header)
        return false;
    if (v4) {
        bool is_fragment = (wire_get16(ip + 6) & 0x3fff) != 0;
        if (ip[0] != 0x45 || ip[9] != PROTOCOL_TCP || is_fragment ||
            fold(sum_bytes(0, ip, IPV4_HEADER)) != 0xffff)
            return false;
        segment->ip_bytes = wire_get16(ip + 2);
    } else {
        if (ip[0] >> 4 != 6 || ip[6] != PROTOCOL_TCP)
            return false;
        segment->ip_bytes = IPV6_HEADER + wire_get16(ip + 4);
    }
    segment->ip_at = WIRE_ETH_BYTES;
    segment->tcp_at = WIRE_ETH_BYTES + header;
    segment->source.addr = read_addr(ip + (v4 ? 12 : 8), v4);
    segment->destination.addr = read_addr(ip + (v4 ? 16 : 24), v4);
    return segment->ip_bytes >= header + TCP_HEADER && segment->ip_bytes + WIRE_ETH_BYTES <= len;
}

static void read_sack(const uint8_t *option, struct wire_segment *segment)
{
    for (unsigned at = 2; at + 8 <= option[1] && segment->sack_count < WIRE_SACK_MAX; at += 8) {
        struct wire_block *block = &segment->sack[segment->sack_count++];
        block->start = wire_get32(option + at);
        block->end = wire_get32(option + at + 4);
    }
}

static void read_option(const uint8_t *option, struct wire_segment *segment)
{
    static const uint8_t lengths[] = {0, 0, 4, 3, 2, 0, 0, 0, 10};
    if (option[0] < sizeof(lengths) && lengths[option[0]] != 0 && option[1] != lengths[option[0]])
        return;
    switch (option[0]) {
    case 2:
        segment->has_mss = true;
        segment->mss_bytes = wire_get16(option + 2);
        break;
    case 3:
        segment->has_wscale = true;
        segment->wscale = option[2];
        break;
    case 4:
        segment->sack_permitted = true;
        break;
    case 5:
        read_sack(option, segment);
        break;
    case 8:
        segment->has_timestamps = true;
        segment->ts_value = wire_get32(option + 2);
        segment->ts_echo = wire_get32(option + 6);
        break;
    case WIRE_OPTION_FAST_OPEN:
        segment->has_cookie = option[1] > 2;
        break;
    default:
        break;
    }
}

/* The next option at or after *at that is not a NOP; moves *at past it. NULL at the end. */
static const uint8_t *next_option(const uint8_t *options, size_t len, size_t *at)
{
    while (*at < len && options[*at] == 1)
        ++*at;
    if (*at + 1 >= len || options[*at] == 0)
        return NULL;
    const uint8_t *option = options + *at;
    if (option[1] < 2 || *at + option[1] > len)
        return NULL;
    *at += option[1];
    return option;
}

static bool read_tcp(const uint8_t *frame, struct wire_segment *segment)
{
    const uint8_t *tcp = frame + segment->tcp_at;
    size_t tcp_len = segment->ip_at + segment->ip_bytes - segment->tcp_at;
    size_t header = (size_t)(tcp[12] >> 4) * 4;
    if (header < TCP_HEADER || header > tcp_len)
        return false;
    segment->source.port = wire_get16(tcp);
    segment->destination.port = wire_get16(tcp + 2);
    segment->seq = wire_get32(tcp + 4);
    segment->ack = wire_get32(tcp + 8);
    segment->flags = tcp[13];
    segment->window = wire_get16(tcp + 14);
    segment->payload_at = segment->tcp_at + header;
    segment->payload_len = tcp_len - header;
    size_t at = 0;
    const uint8_t *option;
    while ((option = next_option(tcp + TCP_HEADER, header - TCP_HEADER, &at)) != NULL)
        read_option(option, segment);
    return true;
}

bool wire_parse(const uint8_t *frame, size_t len, const struct te_frame_meta *meta,
                struct wire_segment *ret_segment)
{
    *ret_segment = (struct wire_segment){.is_sound = false};
    if (!read_ip(frame, len, ret_segment) || !read_tcp(frame, ret_segment))
        return false;
    size_t tcp_len = ret_segment->ip_at + ret_segment->ip_bytes - ret_segment->tcp_at;
    const uint8_t *tcp = frame + ret_segment->tcp_at;
    uint64_t pseudo = sum_pseudo_header(frame, tcp_len);
    if (meta->checksum == TE_CHECKSUM_PARTIAL)
        ret_segment->is_sound = wire_get16(tcp + TCP_CHECKSUM_AT) == fold(pseudo);
    else
        ret_segment->is_sound = fold(sum_bytes(pseudo, tcp, tcp_len)) == 0xffff;
    return true;
}

uint32_t wire_segment_len(const struct wire_segment *segment)
{
    return (uint32_t)segment->payload_len + ((segment->flags & TE_SYN) != 0) +
           ((segment->flags & TE_FIN) != 0);
}

/* --- changing --------------------------------------------------------------------------------- */

static void write_ip_checksum(uint8_t *frame)
{
    uint8_t *ip = frame + WIRE_ETH_BYTES;
    if (!is_ipv4(frame))
        return;
    wire_put16(ip + 10, 0);
    wire_put16(ip + 10, (uint16_t)~fold(sum_bytes(0, ip, IPV4_HEADER)));
}

static void write_tcp_checksum(uint8_t *frame, size_t tcp_at, size_t tcp_len)
{
    uint8_t *tcp = frame + tcp_at;
    wire_put16(tcp + TCP_CHECKSUM_AT, 0);
    uint64_t sum = sum_bytes(sum_pseudo_header(frame, tcp_len), tcp, tcp_len);
    wire_put16(tcp + TCP_CHECKSUM_AT, (uint16_t)~fold(sum));
}

void wire_finish_checksum(uint8_t *frame, size_t len, struct te_frame_meta *meta)
{
    if (meta->checksum != TE_CHECKSUM_PARTIAL)
        return;
    write_tcp_checksum(frame, meta->checksum_start, len - meta->checksum_start);
    meta->checksum = TE_CHECKSUM_UNKNOWN;
    meta->checksum_start = meta->checksum_offset = 0;
}

void wire_rewrite(uint8_t *frame, size_t len, const struct wire_segment *segment)
{
    uint8_t *ip = frame + segment->ip_at;
    if (is_ipv4(frame))
        wire_put16(ip + 2, (uint16_t)(len - segment->ip_at));
    else
        wire_put16(ip + 4, (uint16_t)(len - segment->tcp_at));
    write_ip_checksum(frame);
    write_tcp_checksum(frame, segment->tcp_at, len - segment->tcp_at);
}

size_t wire_cut(const uint8_t *frame, size_t len, const struct te_frame_meta *meta, unsigned index,
                uint8_t *ret_frame)
{
    struct wire_segment segment;
    size_t skip = (size_t)index * meta->gso_size_bytes;
    if (!wire_parse(frame, len, meta, &segment) || skip >= segment.payload_len)
        return 0;
    size_t left = segment.payload_len - skip;
    size_t take = left < meta->gso_size_bytes ? left : meta->gso_size_bytes;
    memcpy(ret_frame, frame, segment.payload_at);
    memcpy(ret_frame + segment.payload_at, frame + segment.payload_at + skip, take);
    uint8_t *tcp = ret_frame + segment.tcp_at;
    wire_put32(tcp + 4, segment.seq + (uint32_t)skip);
    if (take < left) /* FIN and PSH belong to the last one */
        tcp[13] &= (uint8_t) ~(TE_FIN | TE_PSH);
    if (skip > 0) /* CWR to the first (RFC 3168 6.1.2) */
        tcp[13] &= (uint8_t)~TE_CWR;
    wire_rewrite(ret_frame, segment.payload_at + take, &segment);
    return segment.payload_at + take;
}

bool wire_strip_option(uint8_t *frame, const struct wire_segment *segment, uint8_t kind)
{
    const uint8_t *option;
    size_t at = 0;
    uint8_t *options = frame + segment->tcp_at + TCP_HEADER;
    size_t len = segment->payload_at - segment->tcp_at - TCP_HEADER;
    while ((option = next_option(options, len, &at)) != NULL) {
        if (option[0] != kind)
            continue;
        memset(options + (option - options), 1, option[1]);
        wire_rewrite(frame, segment->payload_at + segment->payload_len, segment);
        return true;
    }
    return false;
}

/* Where the ECN bits are, and their shift in that byte; 0 if it is not an IP packet. */
static size_t find_ecn(const uint8_t *frame, size_t len, unsigned *ret_shift)
{
    if (len < WIRE_ETH_BYTES + IPV4_HEADER)
        return 0;
    bool v4 = is_ipv4(frame);
    *ret_shift = v4 ? 0 : 4;
    return v4 || wire_get16(frame + 12) == ETHERTYPE_IPV6 ? WIRE_ETH_BYTES + 1 : 0;
}

bool wire_is_ecn_capable(const uint8_t *frame, size_t len)
{
    unsigned shift;
    size_t at = find_ecn(frame, len, &shift);
    return at != 0 && (frame[at] >> shift & ECN_BITS) != 0;
}

/* Updates the checksum incrementally (RFC 1624 3): a wrong one stays wrong. */
static void write_ecn(uint8_t *frame, size_t len, unsigned bits)
{
    unsigned shift;
    size_t at = find_ecn(frame, len, &shift);
    if (at == 0)
        return;
    uint8_t *word = frame + at - 1;
    uint16_t before = wire_get16(word);
    uint16_t after = (uint16_t)((before & ~(ECN_BITS << shift)) | bits << shift);
    wire_put16(word, after);
    if (!is_ipv4(frame))
        return;
    uint8_t *checksum = frame + WIRE_ETH_BYTES + 10;
    uint64_t sum = (uint16_t)~wire_get16(checksum) + (uint64_t)(uint16_t)~before + after;
    wire_put16(checksum, (uint16_t)~fold(sum));
}

void wire_mark(uint8_t *frame, size_t len)
{
    write_ecn(frame, len, ECN_BITS);
}

void wire_bleach(uint8_t *frame, size_t len)
{
    write_ecn(frame, len, 0);
}

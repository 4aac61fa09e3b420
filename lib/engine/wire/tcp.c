#include "tcp.h"

#include <string.h>

#include "util/bytes.h"

/* RFC 9293 3.2, RFC 7323 2.2 and 3.2, RFC 2018 2 and 3. */
enum option_kind {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
    OPTION_WSCALE = 3,
    OPTION_SACK_PERMITTED = 4,
    OPTION_SACK = 5,
    OPTION_TIMESTAMPS = 8,
    OPTION_FAST_OPEN = 34 /* RFC 7413 4.1.1 */
};

enum option_len {
    LEN_MSS = 4,
    LEN_WSCALE = 3,
    LEN_SACK_PERMITTED = 2,
    LEN_TIMESTAMPS = 10,
    LEN_SACK_BLOCK = 8,
    LEN_FAST_OPEN = 2, /* and the cookie */
    LEN_FAST_OPEN_COOKIE_MIN = 4
};

static bool is_len_right(uint8_t kind, size_t len)
{
    switch (kind) {
    case OPTION_MSS:
        return len == LEN_MSS;
    case OPTION_WSCALE:
        return len == LEN_WSCALE;
    case OPTION_SACK_PERMITTED:
        return len == LEN_SACK_PERMITTED;
    case OPTION_TIMESTAMPS:
        return len == LEN_TIMESTAMPS;
    case OPTION_SACK: /* four blocks are all that fits into the option space */
        return len > 2 && (len - 2) % LEN_SACK_BLOCK == 0;
    case OPTION_FAST_OPEN:
        return len == LEN_FAST_OPEN ||
               (len >= LEN_FAST_OPEN + LEN_FAST_OPEN_COOKIE_MIN &&
                len <= LEN_FAST_OPEN + TE_FAST_OPEN_COOKIE_MAX && len % 2 == 0);
    default:
        return true;
    }
}

static void read_sack(const uint8_t *blocks, size_t len, struct te_tcp_options *options)
{
    options->sack_count = 0;
    for (; len >= LEN_SACK_BLOCK && options->sack_count < TE_SACK_BLOCKS_MAX;
         len -= LEN_SACK_BLOCK, blocks += LEN_SACK_BLOCK) {
        struct te_sack_block *block = &options->sack[options->sack_count++];
        block->start = te_load_be32(blocks);
        block->end = te_load_be32(blocks + 4);
    }
}

/* Options that only a SYN may carry (RFC 9293 3.7.1, RFC 7323 2.2, RFC 2018 2, RFC 7413 4.1.1). */
static void read_syn_option(const uint8_t *option, size_t len, struct te_tcp_options *options)
{
    switch (option[0]) {
    case OPTION_MSS:
        options->has_mss = true;
        options->mss_bytes = te_load_be16(option + 2);
        break;
    case OPTION_WSCALE:
        options->has_wscale = true;
        options->wscale = option[2];
        break;
    case OPTION_SACK_PERMITTED:
        options->sack_permitted = true;
        break;
    case OPTION_FAST_OPEN:
        options->has_fast_open = true;
        options->fast_open_len = (uint8_t)(len - LEN_FAST_OPEN);
        memcpy(options->fast_open_cookie, option + LEN_FAST_OPEN, options->fast_open_len);
        break;
    default:
        break;
    }
}

/* One option whose length is right for its kind. */
static void read_option(const uint8_t *option, size_t len, bool is_syn,
                        struct te_tcp_options *options)
{
    switch (option[0]) {
    case OPTION_TIMESTAMPS:
        options->has_timestamps = true;
        options->ts_value = te_load_be32(option + 2);
        options->ts_echo = te_load_be32(option + 6);
        break;
    case OPTION_SACK:
        read_sack(option + 2, len - 2, options);
        break;
    default:
        if (is_syn)
            read_syn_option(option, len, options);
        break;
    }
}

/* Returns the number of malformed options. */
static unsigned read_options(const uint8_t *p, size_t len, bool is_syn,
                             struct te_tcp_options *options)
{
    unsigned bad = 0;
    while (len > 0 && p[0] != OPTION_END) {
        size_t option_len = 1;
        if (p[0] != OPTION_NOP) {
            if (len < 2 || p[1] < 2 || p[1] > len)
                return bad +
                       1; /* there is no telling where the next one starts (RFC 9293 MUST-7) */
            option_len = p[1];
            if (is_len_right(p[0], option_len))
                read_option(p, option_len, is_syn, options);
            else
                bad++;
        }
        p += option_len;
        len -= option_len;
    }
    return bad;
}

static void read_fixed(const uint8_t *p, struct te_tcp_header *header)
{
    header->source_port = te_load_be16(p);
    header->destination_port = te_load_be16(p + 2);
    header->seq = te_load_be32(p + 4);
    header->ack = te_load_be32(p + 8);
    header->flags = p[13];
    header->window = te_load_be16(p + 14);
    header->checksum = te_load_be16(p + 16);
    header->urgent_pointer = te_load_be16(p + 18);
}

bool te_tcp_parse(const uint8_t *segment, size_t len, struct te_tcp_parsed *ret_parsed)
{
    if (len < TE_TCP_HEADER_MIN)
        return false;
    size_t header_len = (size_t)(segment[12] >> 4) * 4;
    if (header_len < TE_TCP_HEADER_MIN || header_len > len)
        return false;
    *ret_parsed =
        (struct te_tcp_parsed){.payload = segment + header_len, .payload_len = len - header_len};
    struct te_tcp_header *header = &ret_parsed->header;
    read_fixed(segment, header);
    ret_parsed->bad_options =
        read_options(segment + TE_TCP_HEADER_MIN, header_len - TE_TCP_HEADER_MIN,
                     (header->flags & TE_SYN) != 0, &header->options);
    return true;
}

/* Writes pad NOPs, which keep what follows aligned, then kind and length. Returns where the value
 * goes. */
static uint8_t *put_option(uint8_t *p, unsigned pad, enum option_kind kind, size_t len)
{
    while (pad-- > 0)
        *p++ = OPTION_NOP;
    *p++ = (uint8_t)kind;
    *p++ = (uint8_t)len;
    return p;
}

static uint8_t *put_timestamps(uint8_t *p, unsigned pad, const struct te_tcp_options *options)
{
    p = put_option(p, pad, OPTION_TIMESTAMPS, LEN_TIMESTAMPS);
    te_store_be32(p, options->ts_value);
    te_store_be32(p + 4, options->ts_echo);
    return p + 8;
}

/* NOPs that align its end to four bytes. */
static unsigned fast_open_pad(const struct te_tcp_options *options)
{
    return (4 - (LEN_FAST_OPEN + options->fast_open_len) % 4u) % 4;
}

static uint8_t *put_fast_open(uint8_t *p, const struct te_tcp_options *options)
{
    p = put_option(p, fast_open_pad(options), OPTION_FAST_OPEN,
                   LEN_FAST_OPEN + (size_t)options->fast_open_len);
    memcpy(p, options->fast_open_cookie, options->fast_open_len);
    return p + options->fast_open_len;
}

static uint8_t *put_syn_options(uint8_t *p, const struct te_tcp_options *options)
{
    if (options->has_mss) {
        p = put_option(p, 0, OPTION_MSS, LEN_MSS);
        te_store_be16(p, options->mss_bytes);
        p += 2;
    }
    /* SACK-permitted takes the place of the two NOPs before timestamps, if there are any. */
    if (options->sack_permitted)
        p = put_option(p, options->has_timestamps ? 0 : 2, OPTION_SACK_PERMITTED,
                       LEN_SACK_PERMITTED);
    if (options->has_timestamps)
        p = put_timestamps(p, options->sack_permitted ? 0 : 2, options);
    if (options->has_wscale) {
        p = put_option(p, 1, OPTION_WSCALE, LEN_WSCALE);
        *p++ = options->wscale;
    }
    return options->has_fast_open ? put_fast_open(p, options) : p;
}

static size_t syn_options_len(const struct te_tcp_options *options)
{
    size_t len = options->has_mss ? LEN_MSS : 0;
    if (options->has_timestamps)
        len += 2 + LEN_TIMESTAMPS;
    else if (options->sack_permitted)
        len += 2 + LEN_SACK_PERMITTED;
    if (options->has_fast_open)
        len += fast_open_pad(options) + LEN_FAST_OPEN + options->fast_open_len;
    return len + (options->has_wscale ? 1 + LEN_WSCALE : 0);
}

/* SACK blocks that fit beside timestamps (RFC 2018 3: three with them, four without). */
static unsigned sack_fitting(const struct te_tcp_options *options)
{
    unsigned max = options->has_timestamps ? TE_SACK_BLOCKS_MAX - 1 : TE_SACK_BLOCKS_MAX;
    return options->sack_count < max ? options->sack_count : max;
}

static uint8_t *put_other_options(uint8_t *p, const struct te_tcp_options *options)
{
    if (options->has_timestamps)
        p = put_timestamps(p, 2, options);
    unsigned count = sack_fitting(options);
    if (count > 0)
        p = put_option(p, 2, OPTION_SACK, 2 + (size_t)count * LEN_SACK_BLOCK);
    for (unsigned i = 0; i < count; i++, p += LEN_SACK_BLOCK) {
        te_store_be32(p, options->sack[i].start);
        te_store_be32(p + 4, options->sack[i].end);
    }
    return p;
}

static size_t other_options_len(const struct te_tcp_options *options)
{
    unsigned count = sack_fitting(options);
    return (options->has_timestamps ? 2 + LEN_TIMESTAMPS : 0u) +
           (count > 0 ? 4 + (size_t)count * LEN_SACK_BLOCK : 0u);
}

size_t te_tcp_header_len(const struct te_tcp_header *header)
{
    const struct te_tcp_options *options = &header->options;
    bool is_syn = (header->flags & TE_SYN) != 0;
    return TE_TCP_HEADER_MIN + (is_syn ? syn_options_len(options) : other_options_len(options));
}

size_t te_tcp_emit(const struct te_tcp_header *header, uint8_t *ret_bytes)
{
    uint8_t *p = ret_bytes + TE_TCP_HEADER_MIN;
    bool is_syn = (header->flags & TE_SYN) != 0;
    p = is_syn ? put_syn_options(p, &header->options) : put_other_options(p, &header->options);
    size_t len = (size_t)(p - ret_bytes);
    te_store_be16(ret_bytes, header->source_port);
    te_store_be16(ret_bytes + 2, header->destination_port);
    te_store_be32(ret_bytes + 4, header->seq);
    te_store_be32(ret_bytes + 8, header->ack);
    ret_bytes[12] = (uint8_t)(len / 4 << 4);
    ret_bytes[13] = header->flags;
    te_store_be16(ret_bytes + 14, header->window);
    te_store_be16(ret_bytes + 16, header->checksum);
    te_store_be16(ret_bytes + 18, header->urgent_pointer);
    return len;
}

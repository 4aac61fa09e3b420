/* TCP options beside a second parser, written from RFC 9293 3.2 and RFC 7413 4.1.1 alone. The first
 * byte is the flags byte of the header, the rest are the options, padded with NOPs. */
#include <string.h>

#include "fuzz.h"
#include "wire/tcp.h"

#define OPTIONS_MAX (TE_TCP_HEADER_MAX - TE_TCP_HEADER_MIN)
#define NOP 1

static uint32_t be(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | *at++;
    return value;
}

struct reading {
    struct te_tcp_options options;
    unsigned bad;
};

static void read_sack(struct reading *reading, const uint8_t *option)
{
    unsigned blocks = (option[1] - 2u) / 8;
    if (option[1] < 10 || (option[1] - 2u) % 8 != 0) {
        reading->bad++;
        return;
    }
    reading->options.sack_count = blocks;
    for (unsigned i = 0; i < blocks; i++) {
        reading->options.sack[i].start = be(option + 2 + 8 * i, 4);
        reading->options.sack[i].end = be(option + 6 + 8 * i, 4);
    }
}

/* The cookie has an even number of bytes, 4 to 16, or is absent: a request for one. */
static void read_fast_open(struct reading *reading, const uint8_t *option, bool is_syn)
{
    unsigned cookie_len = option[1] - 2u;
    if (cookie_len % 2 != 0 || cookie_len == 2 || cookie_len > 16) {
        reading->bad++;
        return;
    }
    if (!is_syn)
        return;
    reading->options.has_fast_open = true;
    reading->options.fast_open_len = (uint8_t)cookie_len;
    memcpy(reading->options.fast_open_cookie, option + 2, cookie_len);
}

/* One option with a valid length. */
static void read_option(struct reading *reading, const uint8_t *option, bool is_syn)
{
    static const uint8_t lengths[] = {[2] = 4, [3] = 3, [4] = 2, [8] = 10};
    struct te_tcp_options *options = &reading->options;
    uint8_t kind = option[0];
    if (kind == 5)
        read_sack(reading, option);
    if (kind == 34)
        read_fast_open(reading, option, is_syn);
    if (kind >= sizeof(lengths) || lengths[kind] == 0)
        return;
    bool is_right = option[1] == lengths[kind];
    if (!is_right) {
        reading->bad++;
    } else if (kind == 8) {
        options->has_timestamps = true;
        options->ts_value = be(option + 2, 4);
        options->ts_echo = be(option + 6, 4);
    } else if (is_syn && kind == 2) {
        options->has_mss = true;
        options->mss_bytes = (uint16_t)be(option + 2, 2);
    } else if (is_syn && kind == 3) {
        options->has_wscale = true;
        options->wscale = option[2];
    } else if (is_syn) {
        options->sack_permitted = true;
    }
}

static void read_all(struct reading *reading, const uint8_t *bytes, size_t len, bool is_syn)
{
    for (size_t at = 0; at < len && bytes[at] != 0;) {
        if (bytes[at] == NOP) {
            at++;
            continue;
        }
        if (at + 1 == len || bytes[at + 1] < 2 || at + bytes[at + 1] > len) {
            reading->bad++;
            return;
        }
        read_option(reading, bytes + at, is_syn);
        at += bytes[at + 1];
    }
}

static void compare(const struct te_tcp_options *a, const struct te_tcp_options *b)
{
    FUZZ_CHECK(a->has_mss == b->has_mss && (!a->has_mss || a->mss_bytes == b->mss_bytes),
               "MSS %d %u, expected %d %u", a->has_mss, a->mss_bytes, b->has_mss, b->mss_bytes);
    FUZZ_CHECK(a->has_wscale == b->has_wscale && (!a->has_wscale || a->wscale == b->wscale),
               "window scale %d %u, expected %d %u", a->has_wscale, a->wscale, b->has_wscale,
               b->wscale);
    FUZZ_CHECK(a->sack_permitted == b->sack_permitted, "SACK-permitted %d", a->sack_permitted);
    FUZZ_CHECK(a->has_timestamps == b->has_timestamps, "timestamps %d", a->has_timestamps);
    FUZZ_CHECK(!a->has_timestamps || (a->ts_value == b->ts_value && a->ts_echo == b->ts_echo),
               "timestamps %u %u, expected %u %u", a->ts_value, a->ts_echo, b->ts_value,
               b->ts_echo);
    FUZZ_CHECK(a->has_fast_open == b->has_fast_open, "Fast Open %d", a->has_fast_open);
    FUZZ_CHECK(!a->has_fast_open ||
                   (a->fast_open_len == b->fast_open_len &&
                    memcmp(a->fast_open_cookie, b->fast_open_cookie, a->fast_open_len) == 0),
               "a cookie of %u bytes, expected one of %u", a->fast_open_len, b->fast_open_len);
    FUZZ_CHECK(a->sack_count == b->sack_count, "%u SACK blocks, expected %u", a->sack_count,
               b->sack_count);
    for (unsigned i = 0; i < a->sack_count; i++)
        FUZZ_CHECK(a->sack[i].start == b->sack[i].start && a->sack[i].end == b->sack[i].end,
                   "SACK block %u differs", i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t segment[TE_TCP_HEADER_MAX] = {0}, again[TE_TCP_HEADER_MAX];
    struct te_tcp_parsed parsed, second;
    struct reading reading = {.bad = 0};
    if (size < 1 || size - 1 > OPTIONS_MAX)
        return 0;
    size_t len = (size - 1 + 3) / 4 * 4;
    memset(segment + TE_TCP_HEADER_MIN, NOP, len);
    memcpy(segment + TE_TCP_HEADER_MIN, data + 1, size - 1);
    segment[12] = (uint8_t)((TE_TCP_HEADER_MIN + len) / 4 << 4);
    segment[13] = data[0];
    FUZZ_CHECK(te_tcp_parse(segment, TE_TCP_HEADER_MIN + len, &parsed), "the header is not read");
    read_all(&reading, segment + TE_TCP_HEADER_MIN, len, (data[0] & TE_SYN) != 0);
    FUZZ_CHECK(parsed.bad_options == reading.bad, "%u malformed options, expected %u",
               parsed.bad_options, reading.bad);
    compare(&parsed.header.options, &reading.options);
    size_t again_len = te_tcp_emit(&parsed.header, again);
    FUZZ_CHECK(again_len == te_tcp_header_len(&parsed.header), "the length differs");
    FUZZ_CHECK(te_tcp_parse(again, again_len, &second), "our own header is not read");
    /* No SYN of ours has SACK blocks, and a fourth may not fit beside the timestamps. */
    if (parsed.header.options.sack_count == 0 ||
        ((data[0] & TE_SYN) == 0 && parsed.header.options.sack_count <= 3))
        compare(&second.header.options, &parsed.header.options);
    return 0;
}

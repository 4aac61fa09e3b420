#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/test.h"
#include "wire/tcp.h"

/* Segments as Linux sent them over a virtual link (checksums left partial by offload). */
static const uint8_t linux_syn[40] = {0xe6, 0x32, 0x1f, 0x90, 0xb6, 0x61, 0x3e, 0x64, 0x00, 0x00,
                                      0x00, 0x00, 0xa0, 0x02, 0xfa, 0xf0, 0x14, 0x43, 0x00, 0x00,
                                      0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a, 0x56, 0x60,
                                      0xb2, 0x73, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x0a};
static const uint8_t linux_syn_ack[40] = {
    0x1f, 0x90, 0xe6, 0x32, 0x3b, 0xa9, 0xdc, 0x03, 0xb6, 0x61, 0x3e, 0x65, 0xa0, 0x12,
    0xfe, 0x88, 0x14, 0x43, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a,
    0x39, 0xcd, 0x1b, 0x37, 0x56, 0x60, 0xb2, 0x73, 0x01, 0x03, 0x03, 0x0a};
static const uint8_t linux_data[37] = {0xe6, 0x32, 0x1f, 0x90, 0xb6, 0x61, 0x3e, 0x65, 0x3b, 0xa9,
                                       0xdc, 0x04, 0x80, 0x18, 0x00, 0x3f, 0x14, 0x40, 0x00, 0x00,
                                       0x01, 0x01, 0x08, 0x0a, 0x56, 0x60, 0xb2, 0x73, 0x39, 0xcd,
                                       0x1b, 0x37, 'h',  'e',  'l',  'l',  'o'};

static uint64_t random_state;

static int setup(void **state)
{
    (void)state;
    random_state = 9293;
    return 0;
}

static void test_linux_syn(void **state)
{
    struct te_tcp_parsed parsed;
    (void)state;
    assert_true(te_tcp_parse(linux_syn, sizeof(linux_syn), &parsed));
    const struct te_tcp_header *h = &parsed.header;
    assert_int_equal(h->source_port, 58930);
    assert_int_equal(h->destination_port, 8080);
    assert_int_equal(h->seq, 3059826276u);
    assert_int_equal(h->ack, 0);
    assert_int_equal(h->flags, TE_SYN);
    assert_int_equal(h->window, 64240);
    assert_int_equal(h->checksum, 0x1443);
    assert_int_equal(h->urgent_pointer, 0);
    assert_true(h->options.has_mss && h->options.has_wscale && h->options.has_timestamps);
    assert_true(h->options.sack_permitted);
    assert_int_equal(h->options.mss_bytes, 1460);
    assert_int_equal(h->options.wscale, 10);
    assert_int_equal(h->options.ts_value, 1449177715);
    assert_int_equal(h->options.ts_echo, 0);
    assert_int_equal(h->options.sack_count, 0);
    assert_int_equal(parsed.payload_len, 0);
    assert_int_equal(parsed.bad_options, 0);
}

static void test_linux_syn_ack(void **state)
{
    struct te_tcp_parsed parsed;
    (void)state;
    assert_true(te_tcp_parse(linux_syn_ack, sizeof(linux_syn_ack), &parsed));
    assert_int_equal(parsed.header.flags, TE_SYN | TE_ACK);
    assert_int_equal(parsed.header.seq, 1000987651);
    assert_int_equal(parsed.header.ack, 3059826277u);
    assert_int_equal(parsed.header.options.ts_value, 969743159);
    assert_int_equal(parsed.header.options.ts_echo, 1449177715);
}

static void test_linux_data(void **state)
{
    struct te_tcp_parsed parsed;
    (void)state;
    assert_true(te_tcp_parse(linux_data, sizeof(linux_data), &parsed));
    assert_int_equal(parsed.header.flags, TE_PSH | TE_ACK);
    assert_false(parsed.header.options.has_mss);
    assert_true(parsed.header.options.has_timestamps);
    assert_ptr_equal(parsed.payload, linux_data + 32);
    assert_int_equal(parsed.payload_len, 5);
}

static void assert_emits_the_same(const uint8_t *segment, size_t len)
{
    uint8_t bytes[TE_TCP_HEADER_MAX];
    struct te_tcp_parsed parsed;
    assert_true(te_tcp_parse(segment, len, &parsed));
    size_t header_len = len - parsed.payload_len;
    assert_int_equal(te_tcp_header_len(&parsed.header), header_len);
    assert_int_equal(te_tcp_emit(&parsed.header, bytes), header_len);
    assert_memory_equal(bytes, segment, header_len);
}

static void test_emits_what_linux_emits(void **state)
{
    (void)state;
    assert_emits_the_same(linux_syn, sizeof(linux_syn));
    assert_emits_the_same(linux_syn_ack, sizeof(linux_syn_ack));
    assert_emits_the_same(linux_data, sizeof(linux_data));
}

/* Parses a copy that ends where its heap block ends. */
static bool parse_exactly(const uint8_t *segment, size_t len, struct te_tcp_parsed *ret_parsed)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, segment, len);
    bool is_ok = te_tcp_parse(copy, len, ret_parsed);
    if (is_ok)
        assert_ptr_equal(ret_parsed->payload + ret_parsed->payload_len, copy + len);
    free(copy);
    return is_ok;
}

static void test_every_truncation(void **state)
{
    struct te_tcp_parsed parsed, untouched;
    (void)state;
    memset(&untouched, 0xa5, sizeof(untouched));
    for (size_t len = 0; len < 32; len++) {
        memset(&parsed, 0xa5, sizeof(parsed));
        assert_false(parse_exactly(linux_data, len, &parsed));
        assert_memory_equal(&parsed, &untouched, sizeof(parsed));
    }
    for (size_t len = 32; len <= sizeof(linux_data); len++) {
        assert_true(parse_exactly(linux_data, len, &parsed));
        assert_int_equal(parsed.payload_len, len - 32);
    }
}

static void test_every_data_offset(void **state)
{
    uint8_t segment[40];
    struct te_tcp_parsed parsed;
    (void)state;
    memcpy(segment, linux_syn, sizeof(segment));
    for (unsigned offset = 0; offset < 16; offset++) {
        segment[12] = (uint8_t)(offset << 4 | 0xf); /* reserved bits are ignored */
        bool is_ok = parse_exactly(segment, sizeof(segment), &parsed);
        assert_int_equal(is_ok, offset >= 5 && offset <= 10);
        if (is_ok)
            assert_int_equal(parsed.payload_len, 40 - offset * 4);
    }
}

/* A header with these flags and options, the rest of the last word filled with byte pad. */
static struct te_tcp_parsed parse_options(uint8_t flags, const uint8_t *options, size_t len,
                                          uint8_t pad)
{
    uint8_t segment[TE_TCP_HEADER_MAX] = {0};
    size_t options_len = (len + 3) / 4 * 4;
    struct te_tcp_parsed parsed;
    assert_true(options_len <= 40);
    segment[12] = (uint8_t)((5 + options_len / 4) << 4);
    segment[13] = flags;
    memset(segment + 20, pad, options_len);
    memcpy(segment + 20, options, len);
    assert_true(parse_exactly(segment, 20 + options_len, &parsed));
    return parsed;
}

#define PARSE(flags, ...)                                                                          \
    parse_options(flags, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), 0)
/* Padded with NOPs: END would hide what comes after a mistake. */
#define PARSE_NOP(flags, ...)                                                                      \
    parse_options(flags, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), 1)

static void test_end_stops(void **state)
{
    (void)state;
    struct te_tcp_parsed parsed = PARSE(TE_SYN, 0, 2, 4, 5, 180, 0, 0);
    assert_false(parsed.header.options.has_mss);
    assert_int_equal(parsed.bad_options, 0);
}

static void test_unknown_options_are_skipped(void **state)
{
    (void)state;
    struct te_tcp_parsed parsed =
        PARSE_NOP(TE_SYN, 253, 6, 1, 2, 3, 4, 1, 254, 2, 35, 3, 9, 2, 4, 5, 180);
    assert_int_equal(parsed.header.options.mss_bytes, 1460);
    assert_int_equal(parsed.bad_options, 0);
}

static void test_unusable_lengths_end_it(void **state)
{
    (void)state;
    for (unsigned length = 0; length < 256; length++) {
        if (length >= 2 && length <= 8)
            continue;
        struct te_tcp_parsed parsed = PARSE_NOP(TE_SYN, 253, (uint8_t)length, 1, 1, 2, 4, 5, 180);
        assert_int_equal(parsed.bad_options, 1);
        assert_false(parsed.header.options.has_mss);
    }
}

static void test_kind_without_length_byte(void **state)
{
    (void)state;
    struct te_tcp_parsed parsed = PARSE(TE_SYN, 2, 4, 5, 180, 1, 1, 1, 8);
    assert_int_equal(parsed.bad_options, 1);
    assert_int_equal(parsed.header.options.mss_bytes, 1460);
}

static void test_length_reaches_the_end_exactly(void **state)
{
    (void)state;
    struct te_tcp_parsed parsed = PARSE(TE_SYN, 2, 4, 5, 180);
    assert_int_equal(parsed.header.options.mss_bytes, 1460);
    parsed = PARSE(TE_SYN, 1, 2, 4, 5);
    assert_int_equal(parsed.bad_options, 1);
    assert_false(parsed.header.options.has_mss);
}

/* The one length that each kind may have; 0: any. */
static bool is_right(uint8_t kind, unsigned length)
{
    static const uint8_t right[] = {[2] = 4, [3] = 3, [4] = 2, [8] = 10};
    if (kind == 5)
        return length == 10 || length == 18 || length == 26 || length == 34;
    return kind >= sizeof(right) || right[kind] == 0 || right[kind] == length;
}

static bool has_any(const struct te_tcp_options *o)
{
    return o->has_mss || o->has_wscale || o->sack_permitted || o->has_timestamps ||
           o->sack_count > 0;
}

static void test_wrong_length_for_the_kind(void **state)
{
    (void)state;
    for (uint8_t kind = 2; kind < 12; kind++) {
        for (uint8_t length = 2; length <= 40; length++) {
            uint8_t options[40] = {kind, length};
            memset(options + 2, 7, sizeof(options) - 2);
            memset(options + length, 1, sizeof(options) - length);
            struct te_tcp_parsed parsed = parse_options(TE_SYN, options, 40, 1);
            bool is_known = kind <= 5 || kind == 8;
            assert_int_equal(parsed.bad_options, is_right(kind, length) ? 0 : 1);
            assert_int_equal(has_any(&parsed.header.options), is_known && is_right(kind, length));
        }
    }
}

static void test_wrong_length_is_passed_over(void **state)
{
    (void)state;
    struct te_tcp_parsed parsed = PARSE_NOP(TE_SYN, 2, 3, 9, 4, 3, 9, 3, 4, 9, 9, 2, 4, 5, 180);
    assert_int_equal(parsed.bad_options, 3);
    assert_int_equal(parsed.header.options.mss_bytes, 1460);
    assert_false(parsed.header.options.sack_permitted);
    assert_false(parsed.header.options.has_wscale);
}

static void test_the_last_of_two_counts(void **state)
{
    (void)state;
    struct te_tcp_parsed parsed = PARSE(TE_SYN, 2, 4, 1, 1, 3, 3, 9, 2, 4, 5, 180, 3, 3, 4);
    assert_int_equal(parsed.header.options.mss_bytes, 1460);
    assert_int_equal(parsed.header.options.wscale, 4);
    parsed = PARSE(TE_ACK, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 5, 10, 0, 0, 0, 5,
                   0, 0, 0, 6);
    assert_int_equal(parsed.header.options.sack_count, 1);
    assert_int_equal(parsed.header.options.sack[0].start, 5);
    assert_int_equal(parsed.header.options.sack[0].end, 6);
}

static void test_syn_options_need_a_syn(void **state)
{
    (void)state;
    struct te_tcp_parsed parsed =
        PARSE_NOP(TE_ACK, 2, 4, 5, 180, 4, 2, 3, 3, 7, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2);
    assert_false(parsed.header.options.has_mss);
    assert_false(parsed.header.options.has_wscale);
    assert_false(parsed.header.options.sack_permitted);
    assert_true(parsed.header.options.has_timestamps);
    assert_int_equal(parsed.header.options.ts_value, 1);
    assert_int_equal(parsed.header.options.ts_echo, 2);
    assert_int_equal(parsed.bad_options, 0);
}

static void test_wscale_is_not_cut(void **state)
{
    (void)state;
    assert_int_equal(PARSE(TE_SYN, 3, 3, 255).header.options.wscale, 255);
}

static void test_sack_beside_timestamps(void **state)
{
    static const uint8_t expected[] = {1, 1, 8, 10, 0, 0, 0, 1, 0,    0,    0, 2,
                                       1, 1, 5, 10, 0, 0, 0, 8, 0xff, 0xff, 0, 0};
    uint8_t bytes[TE_TCP_HEADER_MAX];
    struct te_tcp_header header = {.flags = TE_ACK, .options = {.has_timestamps = true}};
    (void)state;
    header.options.ts_value = 1;
    header.options.ts_echo = 2;
    header.options.sack_count = 1;
    header.options.sack[0] = (struct te_sack_block){8, 0xffff0000};
    assert_int_equal(te_tcp_emit(&header, bytes), 44);
    assert_memory_equal(bytes + 20, expected, sizeof(expected));
    header.options.sack_count = 4; /* the fourth does not fit */
    header.options.sack[2] = (struct te_sack_block){3, 4};
    assert_int_equal(te_tcp_header_len(&header), 60);
    assert_int_equal(te_tcp_emit(&header, bytes), 60);
    struct te_tcp_parsed parsed;
    assert_true(te_tcp_parse(bytes, 60, &parsed));
    assert_int_equal(parsed.header.options.sack_count, 3);
    assert_int_equal(parsed.header.options.sack[2].start, 3);
    header.options.has_timestamps = false;
    assert_int_equal(te_tcp_emit(&header, bytes), 56);
}

static void assert_syn_options(const struct te_tcp_options *options, const uint8_t *expected,
                               size_t len)
{
    uint8_t bytes[TE_TCP_HEADER_MAX];
    struct te_tcp_header header = {.flags = TE_SYN, .options = *options};
    assert_int_equal(te_tcp_header_len(&header), 20 + len);
    assert_int_equal(te_tcp_emit(&header, bytes), 20 + len);
    assert_memory_equal(bytes + 20, expected, len);
}

static void test_syn_without_some_options(void **state)
{
    struct te_tcp_options sack = {.sack_permitted = true};
    struct te_tcp_options stamps = {.has_timestamps = true, .ts_value = 0x01020304};
    struct te_tcp_options scale = {.has_wscale = true, .wscale = 7};
    struct te_tcp_options none = {.sack_count = 2};
    (void)state;
    assert_syn_options(&sack, (const uint8_t[]){1, 1, 4, 2}, 4);
    assert_syn_options(&stamps, (const uint8_t[]){1, 1, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0}, 12);
    assert_syn_options(&scale, (const uint8_t[]){1, 3, 3, 7}, 4);
    assert_syn_options(&none, (const uint8_t[]){0}, 0);
}

/* RFC 7413 4.1.1: no cookie, or 4 to 16 bytes of it, and an even number; with SYN alone. */
static void test_fast_open_lengths(void **state)
{
    (void)state;
    for (uint8_t length = 2; length <= 40; length++) {
        uint8_t options[40] = {34, length};
        memset(options + 2, 7, sizeof(options) - 2);
        memset(options + length, 1, sizeof(options) - length);
        bool right = length == 2 || (length >= 6 && length <= 18 && length % 2 == 0);
        struct te_tcp_parsed parsed = parse_options(TE_SYN, options, 40, 1);
        assert_int_equal(parsed.bad_options, !right);
        assert_int_equal(parsed.header.options.has_fast_open, right);
        assert_int_equal(parsed.header.options.fast_open_len, right ? length - 2 : 0);
        for (unsigned i = 0; i < parsed.header.options.fast_open_len; i++)
            assert_int_equal(parsed.header.options.fast_open_cookie[i], 7);
        assert_false(parse_options(TE_ACK, options, 40, 1).header.options.has_fast_open);
    }
}

static void test_fast_open_emitted(void **state)
{
    struct te_tcp_options request = {.has_fast_open = true};
    struct te_tcp_options four = {
        .has_fast_open = true, .fast_open_len = 4, .fast_open_cookie = {1, 2, 3, 4}};
    struct te_tcp_options six = {
        .has_fast_open = true, .fast_open_len = 6, .fast_open_cookie = {1, 2, 3, 4, 5, 6}};
    (void)state;
    assert_syn_options(&request, (const uint8_t[]){1, 1, 34, 2}, 4);
    assert_syn_options(&four, (const uint8_t[]){1, 1, 34, 6, 1, 2, 3, 4}, 8);
    assert_syn_options(&six, (const uint8_t[]){34, 8, 1, 2, 3, 4, 5, 6}, 8);
}

static struct te_tcp_header random_header(void)
{
    struct te_tcp_header h = {0};
    h.source_port = (uint16_t)random_next(&random_state);
    h.destination_port = (uint16_t)random_next(&random_state);
    h.seq = random_next(&random_state);
    h.ack = random_next(&random_state);
    h.flags = (uint8_t)random_next(&random_state);
    h.window = (uint16_t)random_next(&random_state);
    h.checksum = (uint16_t)random_next(&random_state);
    h.urgent_pointer = (uint16_t)random_next(&random_state);
    bool is_syn = (h.flags & TE_SYN) != 0;
    if ((h.options.has_timestamps = random_next(&random_state) & 1)) {
        h.options.ts_value = random_next(&random_state);
        h.options.ts_echo = random_next(&random_state);
    }
    if (is_syn && (h.options.has_mss = random_next(&random_state) & 1))
        h.options.mss_bytes = (uint16_t)random_next(&random_state);
    if (is_syn && (h.options.has_wscale = random_next(&random_state) & 1))
        h.options.wscale = (uint8_t)random_next(&random_state);
    h.options.sack_permitted = is_syn && (random_next(&random_state) & 1);
    if (is_syn && (h.options.has_fast_open = random_next(&random_state) & 1)) {
        h.options.fast_open_len = (uint8_t)(2 * (random_next(&random_state) % 9));
        h.options.fast_open_len = h.options.fast_open_len == 2 ? 0 : h.options.fast_open_len;
        for (unsigned i = 0; i < h.options.fast_open_len; i++)
            h.options.fast_open_cookie[i] = (uint8_t)random_next(&random_state);
    }
    h.options.sack_count =
        is_syn ? 0 : random_next(&random_state) % (h.options.has_timestamps ? 4 : 5);
    for (unsigned i = 0; i < h.options.sack_count; i++)
        h.options.sack[i] =
            (struct te_sack_block){random_next(&random_state), random_next(&random_state)};
    return h;
}

static void assert_same_options(const struct te_tcp_options *a, const struct te_tcp_options *b)
{
    assert_int_equal(a->has_mss, b->has_mss);
    assert_int_equal(a->mss_bytes, b->mss_bytes);
    assert_int_equal(a->has_wscale, b->has_wscale);
    assert_int_equal(a->wscale, b->wscale);
    assert_int_equal(a->sack_permitted, b->sack_permitted);
    assert_int_equal(a->has_timestamps, b->has_timestamps);
    assert_int_equal(a->ts_value, b->ts_value);
    assert_int_equal(a->ts_echo, b->ts_echo);
    assert_int_equal(a->has_fast_open, b->has_fast_open);
    assert_int_equal(a->fast_open_len, b->fast_open_len);
    assert_memory_equal(a->fast_open_cookie, b->fast_open_cookie, sizeof(a->fast_open_cookie));
    assert_int_equal(a->sack_count, b->sack_count);
    for (unsigned i = 0; i < a->sack_count; i++) {
        assert_int_equal(a->sack[i].start, b->sack[i].start);
        assert_int_equal(a->sack[i].end, b->sack[i].end);
    }
}

static void test_random_round_trip(void **state)
{
    uint8_t bytes[TE_TCP_HEADER_MAX + 1];
    struct te_tcp_parsed parsed;
    (void)state;
    for (unsigned round = 0; round < 50000; round++) {
        struct te_tcp_header h = random_header();
        memset(bytes, 0xcc, sizeof(bytes));
        size_t len = te_tcp_emit(&h, bytes);
        assert_int_equal(len, te_tcp_header_len(&h));
        assert_true(len % 4 == 0 && len <= TE_TCP_HEADER_MAX);
        assert_int_equal(bytes[len], 0xcc);
        assert_true(parse_exactly(bytes, len, &parsed));
        assert_int_equal(parsed.bad_options, 0);
        assert_int_equal(parsed.payload_len, 0);
        assert_int_equal(parsed.header.source_port, h.source_port);
        assert_int_equal(parsed.header.destination_port, h.destination_port);
        assert_int_equal(parsed.header.seq, h.seq);
        assert_int_equal(parsed.header.ack, h.ack);
        assert_int_equal(parsed.header.flags, h.flags);
        assert_int_equal(parsed.header.window, h.window);
        assert_int_equal(parsed.header.checksum, h.checksum);
        assert_int_equal(parsed.header.urgent_pointer, h.urgent_pointer);
        assert_same_options(&parsed.header.options, &h.options);
    }
}

/* Any bytes: the parser stays inside, and what it read can be written again. */
static void test_random_bytes(void **state)
{
    uint8_t bytes[80], emitted[TE_TCP_HEADER_MAX];
    struct te_tcp_parsed parsed, again;
    unsigned accepted = 0;
    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        size_t len = random_next(&random_state) % (sizeof(bytes) + 1);
        for (size_t i = 0; i < len; i++) /* small numbers more often: kinds and lengths */
            bytes[i] =
                (uint8_t)(random_next(&random_state) % (random_next(&random_state) & 1 ? 12 : 256));
        if (len > 12)
            bytes[12] = (uint8_t)(bytes[12] << 4 | 0x50);
        if (!parse_exactly(bytes, len, &parsed))
            continue;
        accepted++;
        assert_true(parsed.bad_options <= 20);
        assert_true(parsed.header.options.sack_count <= TE_SACK_BLOCKS_MAX);
        size_t emitted_len = te_tcp_emit(&parsed.header, emitted);
        assert_true(emitted_len <= TE_TCP_HEADER_MAX);
        assert_true(te_tcp_parse(emitted, emitted_len, &again));
        assert_int_equal(again.bad_options, 0);
    }
    assert_true(accepted > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_linux_syn, setup),
        cmocka_unit_test_setup(test_linux_syn_ack, setup),
        cmocka_unit_test_setup(test_linux_data, setup),
        cmocka_unit_test_setup(test_emits_what_linux_emits, setup),
        cmocka_unit_test_setup(test_every_truncation, setup),
        cmocka_unit_test_setup(test_every_data_offset, setup),
        cmocka_unit_test_setup(test_end_stops, setup),
        cmocka_unit_test_setup(test_unknown_options_are_skipped, setup),
        cmocka_unit_test_setup(test_unusable_lengths_end_it, setup),
        cmocka_unit_test_setup(test_kind_without_length_byte, setup),
        cmocka_unit_test_setup(test_length_reaches_the_end_exactly, setup),
        cmocka_unit_test_setup(test_wrong_length_for_the_kind, setup),
        cmocka_unit_test_setup(test_wrong_length_is_passed_over, setup),
        cmocka_unit_test_setup(test_the_last_of_two_counts, setup),
        cmocka_unit_test_setup(test_syn_options_need_a_syn, setup),
        cmocka_unit_test_setup(test_fast_open_lengths, setup),
        cmocka_unit_test_setup(test_fast_open_emitted, setup),
        cmocka_unit_test_setup(test_wscale_is_not_cut, setup),
        cmocka_unit_test_setup(test_sack_beside_timestamps, setup),
        cmocka_unit_test_setup(test_syn_without_some_options, setup),
        cmocka_unit_test_setup(test_random_round_trip, setup),
        cmocka_unit_test_setup(test_random_bytes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

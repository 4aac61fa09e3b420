/* Blocks byte by byte, and that none is written in part. */
#include <string.h>

#include "capture/pcapng.h"
#include "support/test.h"

static uint8_t bytes[4096];

static uint32_t word(size_t at)
{
    return bytes[at] | (uint32_t)bytes[at + 1] << 8 | (uint32_t)bytes[at + 2] << 16 |
           (uint32_t)bytes[at + 3] << 24;
}

static uint32_t half(size_t at)
{
    return word(at) & 0xffff;
}

/* The frame of each block: its length is before and after, and a multiple of 4. */
static void check_block(size_t len, uint32_t type)
{
    assert_true(len >= 12 && len % 4 == 0);
    assert_int_equal(word(0), type);
    assert_int_equal(word(4), len);
    assert_int_equal(word(len - 4), len);
}

/* Where the option's value begins, among those from at on; 0: there is none. */
static size_t find_option(size_t at, uint32_t option, uint32_t *ret_len)
{
    while (half(at) != 0) {
        uint32_t len = half(at + 2);
        if (half(at) == option) {
            *ret_len = len;
            return at + 4;
        }
        at += 4 + (len + 3) / 4 * 4;
    }
    return 0;
}

static void check_text(size_t at, uint32_t option, const char *want)
{
    uint32_t len = 0;
    size_t found = find_option(at, option, &len);
    assert_true(found > 0);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(bytes + found, want, len);
}

static void a_section(void **state)
{
    (void)state;
    size_t len = pcapng_write_section(bytes, sizeof(bytes), "hardware", "program 1");
    check_block(len, 0x0A0D0D0A);
    assert_int_equal(word(8), 0x1A2B3C4D);
    assert_int_equal(word(12), 1); /* 1.0 */
    assert_int_equal(word(16), UINT32_MAX);
    assert_int_equal(word(20), UINT32_MAX);
    check_text(24, 2, "hardware");
    check_text(24, 4, "program 1");
}

static void an_interface(void **state)
{
    (void)state;
    struct pcapng_interface interface = {
        .name = "tap0", .description = "what", .mac = {2, 0, 0, 0, 0, 1}, .snaplen = 96};
    uint32_t option_len = 0;
    check_block(pcapng_write_interface(bytes, sizeof(bytes), &interface), 1);
    assert_int_equal(half(8), 1); /* Ethernet */
    assert_int_equal(word(12), 96);
    check_text(16, 2, "tap0");
    check_text(16, 3, "what");
    size_t mac = find_option(16, 6, &option_len);
    assert_int_equal(option_len, 6);
    assert_memory_equal(bytes + mac, interface.mac, 6);
    assert_int_equal(bytes[find_option(16, 9, &option_len)], 6); /* microseconds */
}

static void a_packet(void **state)
{
    (void)state;
    static const uint8_t data[5] = {1, 2, 3, 4, 5};
    uint32_t option_len = 0;
    struct pcapng_packet packet = {.time_us = (INT64_C(7) << 32) + 9,
                                   .data = data,
                                   .captured_len = 5,
                                   .len = 1500,
                                   .is_out = true,
                                   .dropped = 3,
                                   .comment = "why"};
    check_block(pcapng_write_packet(bytes, sizeof(bytes), &packet), 6);
    assert_int_equal(word(8), 0);
    assert_int_equal(word(12), 7);
    assert_int_equal(word(16), 9);
    assert_int_equal(word(20), 5);
    assert_int_equal(word(24), 1500);
    assert_memory_equal(bytes + 28, data, 5);
    check_text(36, 1, "why");
    assert_int_equal(word(find_option(36, 2, &option_len)), 2); /* outbound */
    assert_int_equal(word(find_option(36, 4, &option_len)), 3);
    packet.is_out = false;
    packet.dropped = 0;
    packet.comment = NULL;
    check_block(pcapng_write_packet(bytes, sizeof(bytes), &packet), 6);
    assert_int_equal(word(find_option(36, 2, &option_len)), 1);
    assert_int_equal(find_option(36, 1, &option_len), 0);
    assert_int_equal(find_option(36, 4, &option_len), 0);
}

static void names(void **state)
{
    (void)state;
    struct pcapng_name two[2] = {{.name = "four"}, {.name = "six"}};
    two[0].address = te_addr_from_v4((const uint8_t[]){10, 0, 0, 2});
    two[1].address.bytes[0] = 0xfd;
    check_block(pcapng_write_names(bytes, sizeof(bytes), two, 2), 4);
    assert_int_equal(half(8), 1);
    assert_int_equal(half(10), 4 + 5);
    assert_memory_equal(bytes + 12,
                        "\x0a\x00\x00\x02"
                        "four",
                        9);
    assert_int_equal(half(24), 2);
    assert_int_equal(half(26), 16 + 4);
    assert_int_equal(bytes[28], 0xfd);
    assert_string_equal((const char *)bytes + 44, "six");
    assert_int_equal(word(48), 0);
}

static void statistics(void **state)
{
    (void)state;
    uint32_t option_len = 0;
    struct pcapng_statistics numbers = {.time_us = 30,
                                        .start_us = 10,
                                        .end_us = 20,
                                        .received = 100,
                                        .accepted = 60,
                                        .dropped = 40,
                                        .delivered = 20};
    check_block(pcapng_write_statistics(bytes, sizeof(bytes), &numbers), 5);
    assert_int_equal(word(16), 30);
    assert_int_equal(word(find_option(20, 2, &option_len) + 4), 10);
    assert_int_equal(word(find_option(20, 3, &option_len) + 4), 20);
    assert_int_equal(word(find_option(20, 4, &option_len)), 100);
    assert_int_equal(word(find_option(20, 5, &option_len)), 40);
    assert_int_equal(word(find_option(20, 6, &option_len)), 60);
    assert_int_equal(word(find_option(20, 8, &option_len)), 20);
}

static void whole_or_not_at_all(void **state)
{
    (void)state;
    struct pcapng_packet packet = {
        .data = bytes + 2048, .captured_len = 40, .len = 40, .comment = "because"};
    size_t len = pcapng_write_packet(bytes, sizeof(bytes), &packet);
    assert_int_equal(pcapng_write_packet(bytes, len, &packet), len);
    for (size_t size = 8; size < len; size++) {
        bytes[size] = 0xaa;
        assert_int_equal(pcapng_write_packet(bytes, size, &packet), 0);
        assert_int_equal(bytes[size], 0xaa);
    }
}

static void a_long_comment_is_cut(void **state)
{
    (void)state;
    static char text[PCAPNG_COMMENT_MAX + 100];
    uint32_t len = 0;
    memset(text, 'x', sizeof(text) - 1);
    struct pcapng_packet packet = {.data = bytes, .comment = text};
    assert_true(pcapng_write_packet(bytes, sizeof(bytes), &packet) > 0);
    assert_true(find_option(28, 1, &len) > 0);
    assert_int_equal(len, PCAPNG_COMMENT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section),
        cmocka_unit_test(an_interface),
        cmocka_unit_test(a_packet),
        cmocka_unit_test(names),
        cmocka_unit_test(statistics),
        cmocka_unit_test(whole_or_not_at_all),
        cmocka_unit_test(a_long_comment_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

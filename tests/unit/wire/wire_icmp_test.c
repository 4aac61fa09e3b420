#include <stdlib.h>
#include <string.h>

#include "support/captured.h"
#include "support/exact.h"
#include "support/frames.h"
#include "support/test.h"
#include "util/bytes.h"

#define MESSAGE4_AT (TE_ETH_HEADER_LEN + TE_IPV4_HEADER_LEN)
#define MESSAGE6_AT (TE_ETH_HEADER_LEN + TE_IPV6_HEADER_LEN)
#define QUOTE_MAX 2048

static struct te_icmp message_of(const struct captured *frame, size_t at)
{
    struct te_icmp icmp;
    assert_true(te_icmp_parse(frame->bytes + at, frame->len - at, &icmp));
    return icmp;
}

static void test_linux_echo(void **state)
{
    struct te_icmp icmp = message_of(&linux_echo_request4, MESSAGE4_AT);
    (void)state;
    assert_int_equal(icmp.type, TE_ICMP4_ECHO_REQUEST);
    assert_int_equal(icmp.code, 0);
    assert_int_equal(icmp.checksum, 0x90ea);
    assert_int_equal(icmp.rest, 0x3d390001);
    assert_int_equal(icmp.body_len, 56);
    icmp = message_of(&linux_echo_reply6, MESSAGE6_AT);
    assert_int_equal(icmp.type, TE_ICMP6_ECHO_REPLY);
    assert_int_equal(icmp.body_len, 56);
}

static void test_every_truncation(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 64; len++) {
        struct te_icmp icmp;
        uint8_t *copy = exact_copy(linux_echo_request4.bytes + MESSAGE4_AT, len);
        assert_int_equal(te_icmp_parse(copy, len, &icmp), len >= TE_ICMP_HEADER_LEN);
        free(copy);
    }
}

static void test_emit_restores_the_header(void **state)
{
    struct te_icmp icmp = message_of(&linux_too_big6, MESSAGE6_AT);
    uint8_t bytes[TE_ICMP_HEADER_LEN];
    (void)state;
    te_icmp_emit_header(&icmp, bytes);
    assert_memory_equal(bytes, linux_too_big6.bytes + MESSAGE6_AT, sizeof(bytes));
}

static void test_linux_host_unreachable(void **state)
{
    struct te_icmp icmp = message_of(&linux_host_unreachable4, MESSAGE4_AT);
    struct te_icmp_quote quote;
    (void)state;
    assert_int_equal(icmp.type, TE_ICMP4_UNREACHABLE);
    assert_int_equal(icmp.code, 1);
    assert_true(te_icmp4_parse_quote(icmp.body, icmp.body_len, &quote));
    assert_addr(&quote.source.addr, "10.0.0.2");
    assert_int_equal(quote.source.port, 33368);
    assert_addr(&quote.destination.addr, "10.0.9.1");
    assert_int_equal(quote.destination.port, 80);
    assert_int_equal(quote.seq, 0xabd88cfb);
    assert_int_equal(quote.packet_len, 60);
}

static void test_linux_too_big(void **state)
{
    struct te_icmp icmp = message_of(&linux_too_big4, MESSAGE4_AT);
    struct te_icmp_quote quote;
    (void)state;
    assert_int_equal(icmp.code, TE_ICMP4_FRAGMENTATION_NEEDED);
    assert_int_equal(icmp.rest, 1300);
    assert_true(te_icmp4_parse_quote(icmp.body, icmp.body_len, &quote));
    assert_int_equal(quote.destination.port, 81);
    assert_int_equal(quote.packet_len, 4148); /* before it was cut into segments */
    icmp = message_of(&linux_too_big6, MESSAGE6_AT);
    assert_int_equal(icmp.type, TE_ICMP6_TOO_BIG);
    assert_int_equal(icmp.rest, 1300);
    assert_true(te_icmp6_parse_quote(icmp.body, icmp.body_len, &quote));
    assert_addr(&quote.destination.addr, "2001:db8:1::4");
    assert_int_equal(quote.destination.port, 81);
}

static void test_linux_prohibited(void **state)
{
    struct te_icmp icmp = message_of(&linux_prohibited6, MESSAGE6_AT);
    struct te_icmp_quote quote;
    (void)state;
    assert_int_equal(icmp.type, TE_ICMP6_UNREACHABLE);
    assert_int_equal(icmp.code, 1);
    assert_true(te_icmp6_parse_quote(icmp.body, icmp.body_len, &quote));
    assert_addr(&quote.source.addr, "2001:db8::2");
    assert_addr(&quote.destination.addr, "2001:db8:9::1");
    assert_int_equal(quote.source.port, 42642);
    assert_int_equal(quote.seq, 0xde0f6133);
}

static void test_linux_quotes_of_udp(void **state)
{
    struct te_icmp icmp = message_of(&linux_port_unreachable4, MESSAGE4_AT);
    struct te_icmp_quote quote;
    (void)state;
    assert_false(te_icmp4_parse_quote(icmp.body, icmp.body_len, &quote));
    icmp = message_of(&linux_port_unreachable6, MESSAGE6_AT);
    assert_false(te_icmp6_parse_quote(icmp.body, icmp.body_len, &quote));
}

static bool quote4_parses(const uint8_t *body, size_t len)
{
    struct te_icmp_quote quote;
    uint8_t *copy = exact_copy(body, len);
    bool ok = te_icmp4_parse_quote(copy, len, &quote);
    free(copy);
    return ok;
}

static bool quote6_parses(const uint8_t *body, size_t len)
{
    struct te_icmp_quote quote;
    uint8_t *copy = exact_copy(body, len);
    bool ok = te_icmp6_parse_quote(copy, len, &quote);
    free(copy);
    return ok;
}

static void test_every_truncation_of_a_quote(void **state)
{
    struct te_icmp v4 = message_of(&linux_host_unreachable4, MESSAGE4_AT);
    struct te_icmp v6 = message_of(&linux_prohibited6, MESSAGE6_AT);
    (void)state;
    for (size_t len = 0; len <= v4.body_len; len++)
        assert_int_equal(quote4_parses(v4.body, len), len >= 28);
    for (size_t len = 0; len <= v6.body_len; len++)
        assert_int_equal(quote6_parses(v6.body, len), len >= 48);
}

static void test_every_header_length_of_a_quote(void **state)
{
    struct te_icmp icmp = message_of(&linux_host_unreachable4, MESSAGE4_AT);
    uint8_t body[QUOTE_MAX];
    (void)state;
    memcpy(body, icmp.body, icmp.body_len);
    for (uint8_t words = 0; words < 16; words++) {
        body[0] = (uint8_t)(0x40 | words);
        assert_int_equal(quote4_parses(body, icmp.body_len),
                         words >= 5 && words * 4u + 8 <= icmp.body_len);
    }
}

static void test_quotes_that_are_no_segments_of_ours(void **state)
{
    struct te_icmp icmp = message_of(&linux_host_unreachable4, MESSAGE4_AT);
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
    uint8_t body[QUOTE_MAX];
    (void)state;
    memcpy(body, icmp.body, icmp.body_len);
    body[0] = 0x65;
    assert_false(quote4_parses(body, icmp.body_len));
    memcpy(body, icmp.body, icmp.body_len);
    te_store_be16(body + 6, 1); /* a later fragment holds no ports */
    assert_false(quote4_parses(body, icmp.body_len));
    icmp = message_of(&linux_prohibited6, MESSAGE6_AT);
    memcpy(body, icmp.body, icmp.body_len);
    memcpy(body + 8, mapped, sizeof(mapped));
    assert_false(quote6_parses(body, icmp.body_len));
    memcpy(body, icmp.body, icmp.body_len);
    body[6] = TE_PROTO_FRAGMENT;
    assert_false(quote6_parses(body, icmp.body_len));
}

static void test_kinds(void **state)
{
    (void)state;
    assert_true(te_icmp4_is_error(TE_ICMP4_UNREACHABLE));
    assert_true(te_icmp4_is_error(TE_ICMP4_REDIRECT));
    assert_false(te_icmp4_is_error(TE_ICMP4_ECHO_REQUEST));
    assert_false(te_icmp4_is_error(TE_ICMP4_ECHO_REPLY));
    assert_true(te_icmp6_is_error(TE_ICMP6_TOO_BIG));
    assert_true(te_icmp6_is_error(TE_ICMP6_ERROR_LAST));
    assert_true(te_icmp6_is_error(TE_ICMP6_REDIRECT));
    assert_false(te_icmp6_is_error(TE_ICMP6_ECHO_REQUEST));
    assert_false(te_icmp6_is_error(TE_ND_SOLICIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux_echo),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_emit_restores_the_header),
        cmocka_unit_test(test_linux_host_unreachable),
        cmocka_unit_test(test_linux_too_big),
        cmocka_unit_test(test_linux_prohibited),
        cmocka_unit_test(test_linux_quotes_of_udp),
        cmocka_unit_test(test_every_truncation_of_a_quote),
        cmocka_unit_test(test_every_header_length_of_a_quote),
        cmocka_unit_test(test_quotes_that_are_no_segments_of_ours),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

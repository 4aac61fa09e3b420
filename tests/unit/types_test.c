#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/types.h>

#include "support/random.h"
#include "support/test.h"

static uint64_t random_state;

static int setup(void **state)
{
    (void)state;
    random_state = 5952;
    return 0;
}

static void test_state_names(void **state)
{
    (void)state;
    assert_string_equal(te_state_name(TE_CLOSED), "CLOSED");
    assert_string_equal(te_state_name(TE_LISTEN), "LISTEN");
    assert_string_equal(te_state_name(TE_SYN_SENT), "SYN_SENT");
    assert_string_equal(te_state_name(TE_SYN_RCVD), "SYN_RCVD");
    assert_string_equal(te_state_name(TE_ESTABLISHED), "ESTABLISHED");
    assert_string_equal(te_state_name(TE_FIN_WAIT_1), "FIN_WAIT_1");
    assert_string_equal(te_state_name(TE_FIN_WAIT_2), "FIN_WAIT_2");
    assert_string_equal(te_state_name(TE_CLOSE_WAIT), "CLOSE_WAIT");
    assert_string_equal(te_state_name(TE_CLOSING), "CLOSING");
    assert_string_equal(te_state_name(TE_LAST_ACK), "LAST_ACK");
    assert_string_equal(te_state_name(TE_TIME_WAIT), "TIME_WAIT");
    assert_string_equal(te_state_name(TE_STATE_COUNT), "?");
    assert_string_equal(te_state_name((enum te_state)1000), "?");
}

static void test_err_texts(void **state)
{
    (void)state;
    for (int err = TE_OK; err >= TE_ERR_PORT_SHARE; err--) {
        assert_true(strlen(te_err_text((enum te_err)err)) > 5);
        assert_string_not_equal(te_err_text((enum te_err)err), "unknown error");
        for (int other = TE_OK; other > err; other--)
            assert_string_not_equal(te_err_text((enum te_err)err), te_err_text((enum te_err)other));
    }
    assert_string_equal(te_err_text(TE_ERR_CLOSING), "connection closing");
    assert_string_equal(te_err_text(TE_ERR_REMOTE_UNSPECIFIED), "remote socket unspecified");
    assert_string_equal(te_err_text((enum te_err)(TE_ERR_PORT_SHARE - 1)), "unknown error");
    assert_string_equal(te_err_text((enum te_err)1), "unknown error");
}

static void test_errno_names(void **state)
{
    (void)state;
    assert_string_equal(te_err_errno_name(TE_OK), "0");
    assert_string_equal(te_err_errno_name(TE_ERR_REFUSED), "ECONNREFUSED");
    assert_string_equal(te_err_errno_name(TE_ERR_RESET), "ECONNRESET");
    assert_string_equal(te_err_errno_name(TE_ERR_TIMED_OUT), "ETIMEDOUT");
    assert_string_equal(te_err_errno_name(TE_ERR_AGAIN), "EAGAIN");
    assert_string_equal(te_err_errno_name(TE_ERR_HOST_UNREACHABLE), "EHOSTUNREACH");
    for (int err = TE_ERR_INVALID; err >= TE_ERR_PORT_SHARE; err--)
        assert_int_equal(te_err_errno_name((enum te_err)err)[0], 'E');
    assert_string_equal(te_err_errno_name((enum te_err) - 1000), "EIO");
}

static struct te_addr parsed(const char *text)
{
    struct te_addr addr;
    memset(&addr, 0xa5, sizeof(addr));
    assert_true(te_addr_parse(text, &addr));
    return addr;
}

static void assert_formats(const char *text, const char *expected)
{
    char out[TE_ADDR_TEXT_MAX];
    struct te_addr addr = parsed(text);
    te_addr_format(&addr, out);
    assert_string_equal(out, expected);
}

static void test_format(void **state)
{
    (void)state;
    assert_formats("10.0.0.2", "10.0.0.2");
    assert_formats("255.255.255.255", "255.255.255.255");
    assert_formats("0.0.0.0", "0.0.0.0");
    assert_formats("::", "::");
    assert_formats("::1", "::1");
    assert_formats("1::", "1::");
    assert_formats("2001:DB8::2", "2001:db8::2");
    assert_formats("2001:0db8:0000:0000:0000:0000:0000:0010", "2001:db8::10");
    assert_formats("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"); /* RFC 5952 4.2.2 */
    assert_formats("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");          /* the longest */
    assert_formats("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");    /* the first of two */
    assert_formats("0:0:1:0:0:0:0:0", "0:0:1::");
    assert_formats("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
    assert_formats("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8");
    assert_formats("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    assert_formats("::ffff:10.0.0.2", "10.0.0.2");
    assert_formats("::ffff:a00:2", "10.0.0.2");
    assert_formats("64:ff9b::10.0.0.2", "64:ff9b::a00:2");
    assert_formats("::10.0.0.2", "::a00:2");
}

static void test_parse_refuses(void **state)
{
    static const char *const wrong[] = {
        "",
        " ",
        "10",
        "10.0.0",
        "10.0.0.2.3",
        "10.0.0.256",
        "10.0.0.02",
        "10.0.0.",
        ".10.0.0.2",
        "10..0.2",
        "10.0.0.2 ",
        " 10.0.0.2",
        "10.0.0.2:80",
        "-1.0.0.2",
        "0x10.0.0.2",
        "10.0.0.1000",
        "10.0.0.99999999999999999999",
        ":",
        ":::",
        "1",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        "1:",
        "::1:",
        ":1::",
        "12345::",
        "g::",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8",
        "[::1]",
        "fe80::1%eth0",
        "::1.2.3",
        "::1.2.3.4.5",
        "1.2.3.4::",
        "::1.2.3.4:5",
        "::1.2.3.256",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1:2:3:4:5:6:1.2.3",
        "::g",
        "1 ::",
        "::1/64",
    };
    struct te_addr addr, untouched;
    (void)state;
    memset(&untouched, 0xa5, sizeof(untouched));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        addr = untouched;
        if (te_addr_parse(wrong[i], &addr))
            fail_msg("accepted \"%s\"", wrong[i]);
        assert_memory_equal(&addr, &untouched, sizeof(addr));
    }
}

static void test_parse_bytes(void **state)
{
    static const uint8_t v4[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    static const uint8_t v6[] = {0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 0xcd};
    (void)state;
    assert_memory_equal(parsed("192.0.2.1").bytes, v4, 16);
    assert_memory_equal(parsed("2001:db8:1::AbCd").bytes, v6, 16);
    assert_memory_equal(te_addr_from_v4(v4 + 12).bytes, v4, 16);
    assert_memory_equal(te_addr_from_v6(v6).bytes, v6, 16);
}

/* The C library's parser on the same text. */
static bool libc_parse(const char *text, uint8_t ret_bytes[16])
{
    struct te_addr addr;
    uint8_t v4[4];
    if (inet_pton(AF_INET, text, v4) == 1) {
        addr = te_addr_from_v4(v4);
        memcpy(ret_bytes, addr.bytes, 16);
        return true;
    }
    return inet_pton(AF_INET6, text, ret_bytes) == 1;
}

static void assert_parses_like_libc(const char *text)
{
    struct te_addr addr;
    uint8_t bytes[16];
    bool expected = libc_parse(text, bytes);
    if (te_addr_parse(text, &addr) != expected)
        fail_msg("\"%s\": expected %d", text, expected);
    if (expected)
        assert_memory_equal(addr.bytes, bytes, 16);
}

/* Good texts, spoilt a little. */
static void test_parse_like_libc(void **state)
{
    static const char *const seeds[] = {"10.0.0.2",
                                        "255.199.99.1",
                                        "::",
                                        "::1",
                                        "2001:db8::2",
                                        "1:2:3:4:5:6:7:8",
                                        "1::5:6:7:8",
                                        "::ffff:10.0.0.2",
                                        "1:2:3:4:5:6:77.77.88.88",
                                        "abcd:ef01:2345:6789:abcd:ef01:2345:6789"};
    static const char alphabet[] = "0123456789abcdefABCDEF::::....g%/ ";
    (void)state;
    for (unsigned round = 0; round < 300000; round++) {
        char text[64];
        strcpy(text, seeds[random_below(&random_state, sizeof(seeds) / sizeof(seeds[0]))]);
        for (unsigned changes = random_below(&random_state, 4); changes > 0; changes--) {
            uint32_t at = random_below(&random_state, (uint32_t)strlen(text) + 1);
            if (random_below(&random_state, 3) == 0 && text[at] != '\0')
                memmove(text + at, text + at + 1, strlen(text + at));
            else if (random_below(&random_state, 2) == 0 && strlen(text) + 1 < sizeof(text))
                memmove(text + at + 1, text + at, strlen(text + at) + 1);
            if (text[at] != '\0')
                text[at] = alphabet[random_below(&random_state, sizeof(alphabet) - 1)];
        }
        assert_parses_like_libc(text);
    }
}

/* inet_ntop writes RFC 5952 too, but for what it takes for IPv4 in disguise. */
static void test_format_like_libc(void **state)
{
    char text[TE_ADDR_TEXT_MAX], expected[TE_ADDR_TEXT_MAX];
    struct te_addr addr, back;
    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        for (unsigned i = 0; i < 16; i += 2) {
            addr.bytes[i] =
                random_below(&random_state, 3) ? 0 : (uint8_t)random_below(&random_state, 256);
            addr.bytes[i + 1] =
                random_below(&random_state, 2) ? 0 : (uint8_t)random_below(&random_state, 256);
        }
        addr.bytes[random_below(&random_state, 10)] |= 1; /* not ::/80 */
        te_addr_format(&addr, text);
        assert_non_null(inet_ntop(AF_INET6, addr.bytes, expected, sizeof(expected)));
        assert_string_equal(text, expected);
        assert_true(te_addr_parse(text, &back));
        assert_true(te_addr_equal(&addr, &back));
    }
}

static void test_every_v4_byte(void **state)
{
    char text[TE_ADDR_TEXT_MAX], expected[TE_ADDR_TEXT_MAX];
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t bytes[4] = {(uint8_t)i, (uint8_t)(i * 7), (uint8_t)(255 - i), (uint8_t)i};
        struct te_addr addr = te_addr_from_v4(bytes);
        te_addr_format(&addr, text);
        assert_non_null(inet_ntop(AF_INET, bytes, expected, sizeof(expected)));
        assert_string_equal(text, expected);
    }
}

static void test_predicates(void **state)
{
    struct te_addr v4 = parsed("10.0.0.2"), v6 = parsed("2001:db8::2");
    struct te_addr any4 = parsed("0.0.0.0"), any6 = parsed("::"), compat = parsed("::10.0.0.2");
    (void)state;
    assert_true(te_addr_is_v4(&v4));
    assert_true(te_addr_is_v4(&any4));
    assert_false(te_addr_is_v4(&v6));
    assert_false(te_addr_is_v4(&any6));
    assert_false(te_addr_is_v4(&compat));
    assert_true(te_addr_is_unspecified(&any4));
    assert_true(te_addr_is_unspecified(&any6));
    assert_false(te_addr_is_unspecified(&v4));
    assert_false(te_addr_is_unspecified(&v6));
    assert_false(te_addr_is_unspecified(&compat));
    assert_true(te_addr_equal(&v4, &v4));
    assert_false(te_addr_equal(&v4, &compat));
    assert_false(te_addr_equal(&any4, &any6));
}

static void assert_endpoint(const char *addr, uint16_t port, const char *expected)
{
    char text[TE_ADDR_TEXT_MAX];
    struct te_endpoint endpoint = {parsed(addr), port};
    te_endpoint_format(&endpoint, text);
    assert_string_equal(text, expected);
}

static void test_endpoints(void **state)
{
    (void)state;
    assert_endpoint("10.0.0.2", 80, "10.0.0.2:80");
    assert_endpoint("2001:db8::2", 8080, "[2001:db8::2]:8080");
    assert_endpoint("0.0.0.0", 22, "*:22");
    assert_endpoint("::", 22, "*:22");
    assert_endpoint("::", 0, "*:*");
    assert_endpoint("10.0.0.2", 0, "10.0.0.2:*");
    assert_endpoint("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
                    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void assert_cidr(const char *text, const char *expected_addr, unsigned expected_bits)
{
    struct te_addr addr, expected = parsed(expected_addr);
    unsigned bits = 999;
    assert_true(te_cidr_parse(text, &addr, &bits));
    assert_true(te_addr_equal(&addr, &expected));
    assert_int_equal(bits, expected_bits);
}

static void test_cidr(void **state)
{
    (void)state;
    assert_cidr("10.0.0.2/24", "10.0.0.2", 24);
    assert_cidr("10.0.0.2", "10.0.0.2", 32);
    assert_cidr("0.0.0.0/0", "0.0.0.0", 0);
    assert_cidr("10.0.0.2/32", "10.0.0.2", 32);
    assert_cidr("2001:db8::2/64", "2001:db8::2", 64);
    assert_cidr("2001:db8::2", "2001:db8::2", 128);
    assert_cidr("::/0", "::", 0);
    assert_cidr("fe80::1/128", "fe80::1", 128);
}

static void test_cidr_refuses(void **state)
{
    static const char *const wrong[] = {
        "",
        "/",
        "/24",
        "10.0.0.2/",
        "10.0.0.2/33",
        "10.0.0.2/a",
        "10.0.0.2/+1",
        "10.0.0.2/024",
        "10.0.0.2/24 ",
        "10.0.0.2/24/3",
        "10.0.0/24",
        "::/129",
        "::/-1",
        "::/99999999999",
        "::ffff:10.0.0.2/120",
        "1111111111111111111111111111111111111111111111111111111111111111111111111/8",
    };
    struct te_addr addr, untouched;
    unsigned bits = 999;
    (void)state;
    memset(&untouched, 0xa5, sizeof(untouched));
    addr = untouched;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (te_cidr_parse(wrong[i], &addr, &bits))
            fail_msg("accepted \"%s\"", wrong[i]);
        assert_memory_equal(&addr, &untouched, sizeof(addr));
        assert_int_equal(bits, 999);
    }
}

/* Longer than any address, and around the length that the parser copies. */
static void test_cidr_of_any_length(void **state)
{
    char text[2 * TE_ADDR_TEXT_MAX];
    struct te_addr addr;
    unsigned bits;
    (void)state;
    for (size_t len = 1; len < sizeof(text); len++) {
        memset(text, '1', len);
        text[len] = '\0';
        assert_false(te_cidr_parse(text, &addr, &bits));
    }
}

/* --- prefixes --------------------------------------------------------------------------------- */

static struct te_addr addr_of(const char *text)
{
    struct te_addr addr;
    assert_true(te_addr_parse(text, &addr));
    return addr;
}

static struct te_cidr cidr_of(const char *text)
{
    struct te_cidr cidr;
    unsigned bits;
    assert_true(te_cidr_parse(text, &cidr.addr, &bits));
    cidr.prefix_bits = (uint8_t)bits;
    return cidr;
}

static void test_cidr_contains(void **state)
{
    static const struct {
        const char *cidr, *addr;
        bool is_in;
    } rows[] = {
        {"10.0.0.2/24", "10.0.0.255", true},
        {"10.0.0.2/24", "10.0.1.0", false},
        {"10.0.0.2/24", "9.255.255.255", false},
        {"10.0.0.2/32", "10.0.0.2", true},
        {"10.0.0.2/32", "10.0.0.3", false},
        {"10.0.0.2/31", "10.0.0.3", true},
        {"10.0.0.2/31", "10.0.0.1", false},
        {"192.168.128.0/17", "192.168.255.1", true},
        {"192.168.128.0/17", "192.168.127.1", false},
        {"10.64.0.0/13", "10.71.255.255", true},
        {"10.64.0.0/13", "10.72.0.0", false},
        {"128.0.0.0/1", "128.0.0.0", true},
        {"128.0.0.0/1", "127.255.255.255", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "0.0.0.0", true},
        {"0.0.0.0/0", "::ffff:10.0.0.2", true}, /* the mapped form is the IPv4 address */
        {"::ffff:10.0.0.2/24", "10.0.0.9", true},
        {"::ffff:10.0.0.2/24", "10.0.9.9", false},
        {"0.0.0.0/0", "::", false},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "10.0.0.2", false},
        {"::/80", "0.0.0.1", false}, /* the first 80 bits are those of the mapped form */
        {"::/80", "::1", true},
        {"2001:db8::2/64", "2001:db8::ffff:ffff:ffff:ffff", true},
        {"2001:db8::2/64", "2001:db8:0:1::2", false},
        {"2001:db8::2/128", "2001:db8::2", true},
        {"2001:db8::2/128", "2001:db8::3", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"fe80::1/10", "febf::1", true},
        {"fe80::1/10", "fec0::1", false},
        {"2001:db8::2/127", "2001:db8::3", true},
        {"2001:db8::2/127", "2001:db8::1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_cidr cidr = cidr_of(rows[i].cidr);
        struct te_addr addr = addr_of(rows[i].addr);
        if (te_cidr_contains(&cidr, &addr) != rows[i].is_in)
            fail_msg("%s and %s", rows[i].cidr, rows[i].addr);
    }
}

/* For each length: what differs in the last bit of the prefix is outside, in the next one inside.
 */
static void test_cidr_contains_at_each_length(void **state)
{
    static const struct {
        const char *addr;
        unsigned from, bits;
    } families[] = {{"10.85.170.60", 96, 32}, {"2001:db8:5a5a:c3c3:1234:5678:9abc:def1", 0, 128}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        unsigned from = families[i].from;
        for (unsigned bits = 0; bits <= families[i].bits; bits++) {
            struct te_cidr cidr = {addr_of(families[i].addr), (uint8_t)bits};
            struct te_addr inside = cidr.addr, outside = cidr.addr;
            assert_int_equal(te_cidr_bits(&cidr), from + bits);
            for (unsigned bit = from + bits; bit < 128; bit++)
                inside.bytes[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
            assert_true(te_cidr_contains(&cidr, &inside));
            if (bits == 0)
                continue;
            outside.bytes[(from + bits - 1) / 8] ^= (uint8_t)(0x80u >> (from + bits - 1) % 8);
            assert_false(te_cidr_contains(&cidr, &outside));
            assert_int_equal(te_addr_common_bits(&cidr.addr, &outside), from + bits - 1);
        }
    }
}

static void test_cidr_network(void **state)
{
    static const char *const rows[][2] = {
        {"10.0.0.2/24", "10.0.0.0"},       {"10.0.0.2/32", "10.0.0.2"},
        {"10.77.255.255/13", "10.72.0.0"}, {"203.0.113.7/0", "0.0.0.0"},
        {"2001:db8::2/64", "2001:db8::"},  {"2001:db8::2/128", "2001:db8::2"},
        {"2001:dbf::1/29", "2001:db8::"},  {"2001:db8::2/0", "::"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_cidr cidr = cidr_of(rows[i][0]), network = te_cidr_network(&cidr);
        struct te_addr expected = addr_of(rows[i][1]);
        assert_memory_equal(&network.addr, &expected, sizeof(expected));
        assert_int_equal(network.prefix_bits, cidr.prefix_bits);
    }
}

/* The last address of each IPv4 network that has one (RFC 919, RFC 3021 2.1). */
static void test_broadcast_of_a_network(void **state)
{
    static const struct {
        const char *cidr, *broadcast;
    } rows[] = {
        {"10.0.0.1/24", "10.0.0.255"},
        {"10.0.0.1/30", "10.0.0.3"},
        {"10.0.0.1/29", "10.0.0.7"},
        {"10.0.0.200/25", "10.0.0.255"},
        {"10.0.0.100/25", "10.0.0.127"},
        {"10.1.2.3/8", "10.255.255.255"},
        {"172.16.5.4/12", "172.31.255.255"},
        {"10.0.5.1/23", "10.0.5.255"},
        {"10.0.4.1/23", "10.0.5.255"},
        {"0.0.0.0/0", "255.255.255.255"},
        {"10.0.0.1/31", NULL},
        {"10.0.0.1/32", NULL},
        {"2001:db8::1/64", NULL},
        {"::/0", NULL},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_cidr cidr = cidr_of(rows[i].cidr);
        struct te_addr broadcast;
        char text[TE_ADDR_TEXT_MAX];
        assert_int_equal(te_cidr_broadcast(&cidr, &broadcast), rows[i].broadcast != NULL);
        if (rows[i].broadcast == NULL)
            continue;
        te_addr_format(&broadcast, text);
        assert_string_equal(text, rows[i].broadcast);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_state_names, setup),
        cmocka_unit_test_setup(test_err_texts, setup),
        cmocka_unit_test_setup(test_errno_names, setup),
        cmocka_unit_test_setup(test_format, setup),
        cmocka_unit_test_setup(test_parse_refuses, setup),
        cmocka_unit_test_setup(test_parse_bytes, setup),
        cmocka_unit_test_setup(test_parse_like_libc, setup),
        cmocka_unit_test_setup(test_format_like_libc, setup),
        cmocka_unit_test_setup(test_every_v4_byte, setup),
        cmocka_unit_test_setup(test_predicates, setup),
        cmocka_unit_test_setup(test_endpoints, setup),
        cmocka_unit_test_setup(test_cidr, setup),
        cmocka_unit_test_setup(test_cidr_refuses, setup),
        cmocka_unit_test_setup(test_cidr_of_any_length, setup),
        cmocka_unit_test_setup(test_cidr_contains, setup),
        cmocka_unit_test_setup(test_cidr_contains_at_each_length, setup),
        cmocka_unit_test_setup(test_cidr_network, setup),
        cmocka_unit_test_setup(test_broadcast_of_a_network, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

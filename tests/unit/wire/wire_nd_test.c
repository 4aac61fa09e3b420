#include <stdlib.h>
#include <string.h>

#include "support/captured.h"
#include "support/exact.h"
#include "support/frames.h"
#include "support/test.h"

#define MESSAGE_AT (TE_ETH_HEADER_LEN + TE_IPV6_HEADER_LEN)
#define MESSAGE_MAX 512

struct message {
    uint8_t bytes[MESSAGE_MAX];
    size_t len;
};

static struct message message_of(const struct captured *frame)
{
    struct message message = {.len = frame->len - MESSAGE_AT};
    memcpy(message.bytes, frame->bytes + MESSAGE_AT, message.len);
    return message;
}

static bool parses(const struct message *message, size_t len, struct te_nd *ret_nd)
{
    uint8_t *copy = exact_copy(message->bytes, len);
    bool ok = te_nd_parse(copy, len, ret_nd);
    free(copy);
    return ok;
}

static void test_linux_solicit(void **state)
{
    struct message message = message_of(&linux_nd_solicit);
    struct te_nd nd;
    (void)state;
    assert_true(parses(&message, message.len, &nd));
    assert_int_equal(nd.type, TE_ND_SOLICIT);
    assert_addr(&nd.target, "2001:db8::3");
    assert_true(nd.has_mac);
    assert_mac(nd.mac, (const uint8_t[]){0x02, 0, 0, 0, 0, 0x02});
}

static void test_linux_advertise(void **state)
{
    struct message message = message_of(&linux_nd_advertise);
    struct te_nd nd;
    (void)state;
    assert_true(parses(&message, message.len, &nd));
    assert_int_equal(nd.type, TE_ND_ADVERTISE);
    assert_addr(&nd.target, "2001:db8::3");
    assert_true(nd.has_mac && nd.is_solicited && nd.is_override && !nd.is_router);
    assert_mac(nd.mac, (const uint8_t[]){0x02, 0, 0, 0, 0, 0x03});
    message = message_of(&linux_nd_advertise_short);
    assert_true(parses(&message, message.len, &nd));
    assert_false(nd.has_mac);
    assert_true(nd.is_solicited);
    assert_false(nd.is_override);
}

static void test_linux_probe_with_nonce(void **state)
{
    struct message message = message_of(&linux_nd_probe);
    struct te_nd nd;
    (void)state;
    assert_true(parses(&message, message.len, &nd));
    assert_addr(&nd.target, "2001:db8::2");
    assert_false(nd.has_mac);
}

static void test_other_messages(void **state)
{
    struct message message = message_of(&linux_router_solicit);
    struct te_nd nd;
    (void)state;
    assert_false(parses(&message, message.len, &nd));
    message = message_of(&linux_nd_solicit);
    message.bytes[1] = 1;
    assert_false(parses(&message, message.len, &nd));
}

static void test_every_truncation(void **state)
{
    struct message message = message_of(&linux_nd_solicit);
    struct te_nd nd;
    (void)state;
    for (size_t len = 0; len <= message.len; len++)
        assert_int_equal(parses(&message, len, &nd), len == 24 || len == 32);
}

static void test_every_option_length(void **state)
{
    struct te_nd nd;
    (void)state;
    for (unsigned units = 0; units < 256; units++) {
        struct message message = message_of(&linux_nd_solicit);
        message.bytes[25] = (uint8_t)units;
        assert_int_equal(parses(&message, message.len, &nd), units == 1);
        /* An option of no interest may be longer. */
        message.bytes[24] = 14;
        message.len = 40;
        assert_int_equal(parses(&message, 40, &nd), units == 2);
    }
}

static void test_option_limit(void **state)
{
    struct te_nd nd;
    (void)state;
    for (unsigned count = 0; count <= 20; count++) {
        struct message message = message_of(&linux_nd_solicit);
        message.len = 24 + count * 8u;
        for (unsigned i = 0; i < count; i++) {
            message.bytes[24 + i * 8] = 14;
            message.bytes[25 + i * 8] = 1;
        }
        assert_int_equal(parses(&message, message.len, &nd), count <= TE_ND_OPTIONS_MAX);
    }
}

static void test_targets(void **state)
{
    static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1}, unspecified[16] = {0};
    struct te_nd nd;
    (void)state;
    struct message message = message_of(&linux_nd_solicit);
    message.bytes[8] = 0xff;
    assert_false(parses(&message, message.len, &nd));
    memcpy(message.bytes + 8, mapped, 16);
    assert_false(parses(&message, message.len, &nd));
    memcpy(message.bytes + 8, unspecified, 16);
    assert_false(parses(&message, message.len, &nd));
}

static void test_mac_must_be_a_stations(void **state)
{
    struct message message = message_of(&linux_nd_solicit);
    struct te_nd nd;
    (void)state;
    message.bytes[26] |= 1;
    assert_false(parses(&message, message.len, &nd));
    memset(message.bytes + 26, 0, 6);
    assert_false(parses(&message, message.len, &nd));
}

static void test_emit(void **state)
{
    struct message message = message_of(&linux_nd_advertise);
    struct te_nd nd;
    uint8_t bytes[TE_ND_LEN_MAX];
    (void)state;
    assert_true(parses(&message, message.len, &nd));
    assert_int_equal(te_nd_emit(&nd, bytes), message.len);
    memset(message.bytes + 2, 0, 2);
    assert_memory_equal(bytes, message.bytes, message.len);
    message = message_of(&linux_nd_advertise_short);
    assert_true(parses(&message, message.len, &nd));
    assert_int_equal(te_nd_emit(&nd, bytes), 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux_solicit),          cmocka_unit_test(test_linux_advertise),
        cmocka_unit_test(test_linux_probe_with_nonce), cmocka_unit_test(test_other_messages),
        cmocka_unit_test(test_every_truncation),       cmocka_unit_test(test_every_option_length),
        cmocka_unit_test(test_option_limit),           cmocka_unit_test(test_targets),
        cmocka_unit_test(test_mac_must_be_a_stations), cmocka_unit_test(test_emit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

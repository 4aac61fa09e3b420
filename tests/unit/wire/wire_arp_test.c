#include <stdlib.h>
#include <string.h>

#include "support/captured.h"
#include "support/exact.h"
#include "support/frames.h"
#include "support/test.h"

static const uint8_t *packet_of(const struct captured *frame)
{
    return frame->bytes + TE_ETH_HEADER_LEN;
}

static void test_linux_request(void **state)
{
    static const uint8_t sender_mac[6] = {0x02, 0, 0, 0, 0, 0x02}, zero[6] = {0};
    struct te_arp arp;
    (void)state;
    assert_true(te_arp_parse(packet_of(&linux_arp_request), TE_ARP_LEN, &arp));
    assert_int_equal(arp.operation, TE_ARP_REQUEST);
    assert_mac(arp.sender_mac, sender_mac);
    assert_addr(&arp.sender, "10.0.0.2");
    assert_mac(arp.target_mac, zero);
    assert_addr(&arp.target, "10.0.0.3");
}

static void test_linux_reply(void **state)
{
    static const uint8_t sender_mac[6] = {0x02, 0, 0, 0, 0, 0x03};
    static const uint8_t target_mac[6] = {0x02, 0, 0, 0, 0, 0x02};
    struct te_arp arp;
    (void)state;
    assert_true(te_arp_parse(packet_of(&linux_arp_reply), TE_ARP_LEN, &arp));
    assert_int_equal(arp.operation, TE_ARP_REPLY);
    assert_mac(arp.sender_mac, sender_mac);
    assert_addr(&arp.sender, "10.0.0.3");
    assert_mac(arp.target_mac, target_mac);
    assert_addr(&arp.target, "10.0.0.2");
}

static void test_emit_restores_the_bytes(void **state)
{
    uint8_t bytes[TE_ARP_LEN];
    struct te_arp arp;
    (void)state;
    assert_true(te_arp_parse(packet_of(&linux_arp_reply), TE_ARP_LEN, &arp));
    te_arp_emit(&arp, bytes);
    assert_memory_equal(bytes, packet_of(&linux_arp_reply), TE_ARP_LEN);
}

static void test_every_truncation(void **state)
{
    struct te_arp arp;
    (void)state;
    for (size_t len = 0; len <= TE_ARP_LEN; len++) {
        uint8_t *copy = exact_copy(packet_of(&linux_arp_request), len);
        assert_int_equal(te_arp_parse(copy, len, &arp), len == TE_ARP_LEN);
        free(copy);
    }
}

static void test_padding_is_ignored(void **state)
{
    uint8_t padded[46] = {0};
    struct te_arp arp;
    (void)state;
    memcpy(padded, packet_of(&linux_arp_request), TE_ARP_LEN);
    assert_true(te_arp_parse(padded, sizeof(padded), &arp));
}

/* Each fixed byte of the header, changed, makes the packet another protocol's. */
static void test_every_fixed_byte(void **state)
{
    struct te_arp arp;
    uint8_t packet[TE_ARP_LEN];
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        memcpy(packet, packet_of(&linux_arp_request), sizeof(packet));
        packet[i] ^= 0x80;
        assert_false(te_arp_parse(packet, sizeof(packet), &arp));
    }
    for (uint8_t operation = 0; operation < 10; operation++) {
        packet[6] = 0;
        packet[7] = operation;
        assert_int_equal(te_arp_parse(packet, sizeof(packet), &arp),
                         operation == TE_ARP_REQUEST || operation == TE_ARP_REPLY);
    }
}

static void test_sender_must_be_a_station(void **state)
{
    struct te_arp arp;
    uint8_t packet[TE_ARP_LEN];
    (void)state;
    memcpy(packet, packet_of(&linux_arp_request), sizeof(packet));
    memset(packet + 8, 0xff, 6);
    assert_false(te_arp_parse(packet, sizeof(packet), &arp));
    memset(packet + 8, 0, 6);
    assert_false(te_arp_parse(packet, sizeof(packet), &arp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux_request),
        cmocka_unit_test(test_linux_reply),
        cmocka_unit_test(test_emit_restores_the_bytes),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_padding_is_ignored),
        cmocka_unit_test(test_every_fixed_byte),
        cmocka_unit_test(test_sender_must_be_a_station),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

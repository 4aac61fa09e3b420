#include <stdlib.h>
#include <string.h>

#include "support/captured.h"
#include "support/exact.h"
#include "support/fixture.h"
#include "support/test.h"
#include "wire/ipv6.h"
#include "wire/mld.h"
#include "wire/protocol.h"

/* A version 2 query of Linux's bridge: general, 10 s, robustness 2, 125 s, no source. */
static const uint8_t linux_query[28] = {130, 0, 0, 0, 0x27, 0x10, [24] = 2, [25] = 125};

static bool parse(const uint8_t *bytes, size_t len, struct te_mld_query *ret_query)
{
    uint8_t *copy = exact_copy(bytes, len);
    bool ok = te_mld_parse_query(copy, len, ret_query);
    free(copy);
    return ok;
}

static void test_queries(void **state)
{
    struct te_mld_query query;
    uint8_t bytes[28];
    (void)state;
    assert_true(parse(linux_query, 28, &query));
    assert_false(query.is_v1);
    assert_int_equal(query.max_response_us, 10 * SECOND);
    assert_int_equal(query.robustness, 2);
    assert_true(te_addr_is_unspecified(&query.group));
    assert_true(parse(linux_query, 24, &query));
    assert_true(query.is_v1);
    assert_int_equal(query.robustness, 0);
    memcpy(bytes, linux_query, 28);
    bytes[8] = 0xff;
    assert_true(parse(bytes, 28, &query));
    assert_int_equal(query.group.bytes[0], 0xff);
    bytes[8] = 0xfe;
    assert_false(parse(bytes, 28, &query)); /* about an address that is no group */
    bytes[8] = 0;
    bytes[24] = 0xff; /* reserved, S, robustness 7 */
    assert_true(parse(bytes, 28, &query));
    assert_int_equal(query.robustness, 7);
}

/* RFC 3810 8.1: 24 is version 1, 28 and more version 2, and nothing between is a query. */
static void test_lengths(void **state)
{
    uint8_t bytes[28 + 2 * 16] = {0};
    struct te_mld_query query;
    (void)state;
    memcpy(bytes, linux_query, 28);
    for (size_t len = 0; len < 28; len++)
        assert_int_equal(parse(bytes, len, &query), len == 24);
    bytes[27] = 2; /* sources */
    for (size_t len = 28; len <= sizeof(bytes); len++)
        assert_int_equal(parse(bytes, len, &query), len == sizeof(bytes));
    bytes[26] = bytes[27] = 0xff;
    assert_false(parse(bytes, sizeof(bytes), &query));
}

/* RFC 3810 5.1.3: mantissa and exponent from 32,768 on. */
static void test_response_codes(void **state)
{
    static const struct {
        uint16_t code;
        int64_t ms;
    } rows[] = {{0, 0},          {1, 1},          {32767, 32767},   {0x8000, 32768},
                {0x8001, 32776}, {0x9000, 65536}, {0xffff, 8387584}};
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[28];
        struct te_mld_query query;
        memcpy(bytes, linux_query, 28);
        bytes[4] = (uint8_t)(rows[i].code >> 8);
        bytes[5] = (uint8_t)rows[i].code;
        assert_true(parse(bytes, 28, &query));
        assert_int_equal(query.max_response_us, rows[i].ms * 1000);
        assert_true(parse(bytes, 24, &query)); /* version 1 counts milliseconds (RFC 2710 3.4) */
        assert_int_equal(query.max_response_us, rows[i].code * 1000);
    }
}

static void test_reports_of_version_1(void **state)
{
    uint8_t bytes[TE_MLD_V1_LEN];
    struct te_addr group = {{0xff, 2, [15] = 9}}, read;
    (void)state;
    te_mld_emit_v1(TE_MLD_REPORT_V1, &group, bytes);
    assert_true(te_mld_parse_report_v1(bytes, sizeof(bytes), &read));
    assert_true(te_addr_equal(&read, &group));
    assert_false(te_mld_parse_report_v1(bytes, sizeof(bytes) - 1, &read));
    bytes[8] = 0x20;
    assert_false(te_mld_parse_report_v1(bytes, sizeof(bytes), &read));
    te_mld_emit_v1(TE_MLD_DONE, &group, bytes);
    assert_false(te_mld_parse_report_v1(bytes, sizeof(bytes), &read));
}

/* Ours is Linux's, byte by byte: hop-by-hop header, then the report of one group. */
static void test_report_of_linux(void **state)
{
    const uint8_t *ip = linux_mld_report.bytes + 14;
    size_t len = linux_mld_report.len - 14;
    struct te_ipv6_parsed parsed;
    uint8_t alert[TE_IPV6_ALERT_LEN];
    uint8_t report[TE_MLD_REPORT_HEADER_LEN + TE_MLD_RECORD_LEN];
    (void)state;
    assert_int_equal(te_ipv6_parse(ip, len, &parsed), TE_IPV6_OK);
    assert_true(parsed.has_mld_alert);
    assert_int_equal(parsed.protocol, TE_PROTO_ICMPV6);
    assert_int_equal(parsed.header.hop_limit, 1);
    te_ipv6_emit_alert(TE_PROTO_ICMPV6, alert);
    assert_memory_equal(alert, ip + 40, sizeof(alert));
    const uint8_t *theirs = parsed.payload;
    assert_int_equal(theirs[0], TE_MLD_REPORT);
    assert_true(parsed.payload_len >= sizeof(report));
    struct te_addr group = te_addr_from_v6(theirs + 12);
    te_mld_emit_report_header(1, report);
    te_mld_emit_record((enum te_mld_record_type)theirs[8], &group, report + 8);
    assert_memory_equal(report, "\x8f\0\0\0\0\0\0\x01", 8);
    assert_memory_equal(report + 8, theirs + 8, TE_MLD_RECORD_LEN);
}

/* Only value 0 is MLD's, and only in the hop-by-hop header (RFC 2711 2.1). */
static void test_router_alerts(void **state)
{
    uint8_t packet[200];
    size_t len = linux_mld_report.len - 14;
    struct te_ipv6_parsed parsed;
    (void)state;
    memcpy(packet, linux_mld_report.bytes + 14, len);
    packet[45] = 1; /* RSVP */
    assert_int_equal(te_ipv6_parse(packet, len, &parsed), TE_IPV6_OK);
    assert_false(parsed.has_mld_alert);
    packet[45] = 0;
    packet[6] = TE_PROTO_DESTINATION;
    assert_int_equal(te_ipv6_parse(packet, len, &parsed), TE_IPV6_OK);
    assert_false(parsed.has_mld_alert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries),         cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_response_codes),  cmocka_unit_test(test_reports_of_version_1),
        cmocka_unit_test(test_report_of_linux), cmocka_unit_test(test_router_alerts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "ip/prefix.h"
#include "support/fixture.h"
#include "support/test.h"

/* fe80::/10: its first and last address, and their neighbours on both sides (RFC 4291 2.5.6). */
static void link_local_is_fe80_to_febf(void **state)
{
    static const struct {
        const char *addr;
        bool is_link_local;
    } rows[] = {
        {"fe80::", true},
        {"fe80::1", true},
        {"fe80:1:2:3:4:5:6:7", true}, /* the 54 bits that should be zero do not matter */
        {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
        {"fec0::", false}, /* site-local of old (RFC 3879) */
        {"ff02::1", false},
        {"7e80::1", false},
        {"2001:db8::1", false},
        {"::", false},
        {"::1", false},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_addr addr = fixture_addr(rows[i].addr);
        if (te_prefix_is_link_local(&addr) != rows[i].is_link_local)
            fail_msg("%s", rows[i].addr);
    }
}

static void no_ipv4_address_is_link_local(void **state)
{
    static const char *const addrs[] = {"0.0.0.0", "10.0.0.1", "169.254.0.1", "254.128.0.1",
                                        "255.255.255.255"};
    (void)state;
    for (unsigned i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
        struct te_addr addr = fixture_addr(addrs[i]);
        assert_false(te_prefix_is_link_local(&addr));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_local_is_fe80_to_febf),
        cmocka_unit_test(no_ipv4_address_is_link_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

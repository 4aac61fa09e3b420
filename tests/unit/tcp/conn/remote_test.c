#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/conn/remote.h"

static struct te_stack stack;

static uint64_t hash(uint8_t domain, const char *text)
{
    struct te_addr remote = fixture_addr(text);
    return te_remote_hash(&stack, domain, &remote);
}

static void all_of_an_ipv4_address_counts(void **state)
{
    (void)state;
    assert_true(hash(1, "10.0.0.1") == hash(1, "10.0.0.1"));
    assert_true(hash(1, "10.0.0.1") != hash(1, "10.0.0.2"));
    assert_true(hash(1, "10.0.0.1") != hash(1, "11.0.0.1"));
}

static void of_ipv6_the_prefix_counts(void **state)
{
    (void)state;
    assert_true(hash(1, "2001:db8:1:2::1") == hash(1, "2001:db8:1:2:ffff::9"));
    assert_true(hash(1, "2001:db8:1:2::1") != hash(1, "2001:db8:1:3::1"));
    assert_true(hash(1, "2001:db8:1:2::1") != hash(1, "2001:db9:1:2::1"));
}

static void domains_and_secrets_are_unrelated(void **state)
{
    (void)state;
    uint64_t before = hash(1, "10.0.0.1");
    assert_true(hash(2, "10.0.0.1") != before);
    stack.key.bytes[0] ^= 1;
    assert_true(hash(1, "10.0.0.1") != before);
    stack.key.bytes[0] ^= 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_an_ipv4_address_counts),
        cmocka_unit_test(of_ipv6_the_prefix_counts),
        cmocka_unit_test(domains_and_secrets_are_unrelated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

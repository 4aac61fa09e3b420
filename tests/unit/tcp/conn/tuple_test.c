#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/conn/tuple.h"

static struct te_stack stack;

static struct te_endpoint endpoint(const char *addr, uint16_t port)
{
    return (struct te_endpoint){fixture_addr(addr), port};
}

static uint64_t hash(uint32_t domain, const char *local, uint16_t local_port, const char *remote,
                     uint16_t remote_port)
{
    struct te_endpoint a = endpoint(local, local_port);
    struct te_endpoint b = endpoint(remote, remote_port);
    return te_tuple_hash(&stack, domain, &a, &b);
}

static uint64_t usual(void)
{
    return hash(1, "10.0.0.1", 80, "10.0.0.2", 8080);
}

static void test_the_same_for_the_same(void **state)
{
    (void)state;
    assert_true(usual() == usual());
    assert_true(hash(1, "::ffff:10.0.0.1", 80, "10.0.0.2", 8080) == usual());
}

static void test_each_part_counts(void **state)
{
    (void)state;
    assert_true(hash(1, "10.0.0.9", 80, "10.0.0.2", 8080) != usual());
    assert_true(hash(1, "10.0.0.1", 81, "10.0.0.2", 8080) != usual());
    assert_true(hash(1, "10.0.0.1", 80, "10.0.0.3", 8080) != usual());
    assert_true(hash(1, "10.0.0.1", 80, "10.0.0.2", 8081) != usual());
}

static void test_ends_are_not_interchangeable(void **state)
{
    (void)state;
    assert_true(hash(1, "10.0.0.2", 8080, "10.0.0.1", 80) != usual());
    assert_true(hash(1, "10.0.0.1", 8080, "10.0.0.2", 80) != usual());
    assert_true(hash(1, "10.0.0.2", 80, "10.0.0.1", 8080) != usual());
}

/* Even where domain and ports have the same XOR. */
static void test_domains_are_apart(void **state)
{
    (void)state;
    assert_true(hash(2, "10.0.0.1", 80, "10.0.0.2", 8080) != usual());
    assert_true(hash(1 ^ 1 ^ 2, "10.0.0.1", 80, "10.0.0.2", 8080 ^ 1 ^ 2) != usual());
}

static void test_the_secret_counts(void **state)
{
    (void)state;
    uint64_t before = usual();
    stack.key.bytes[0] ^= 1;
    assert_true(usual() != before);
    stack.key.bytes[0] ^= 1;
    assert_true(usual() == before);
}

/* Ports in a row fill the buckets of a table evenly: 64 on average, with a deviation of 8. */
static void test_low_bits_are_spread(void **state)
{
    (void)state;
    unsigned count[64] = {0};
    for (uint16_t port = 0; port < 4096; port++)
        count[hash(1, "10.0.0.1", 80, "10.0.0.2", port) % 64]++;
    for (unsigned i = 0; i < 64; i++)
        assert_in_range(count[i], 64 - 40, 64 + 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_for_the_same),
        cmocka_unit_test(test_each_part_counts),
        cmocka_unit_test(test_ends_are_not_interchangeable),
        cmocka_unit_test(test_domains_are_apart),
        cmocka_unit_test(test_the_secret_counts),
        cmocka_unit_test(test_low_bits_are_spread),
    };
    return cmocka_run_group_tests_name("tuple", tests, NULL, NULL);
}

#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/owner.h"

static struct lone l;

static int setup(void **state)
{
    (void)state;
    lone_start(&l); /* one connection of uid 1000 */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static void an_owner_lives_as_long_as_its_connections(void **state)
{
    (void)state;
    int64_t held_bytes = l.f.heap.held_bytes;
    assert_null(te_owner_find(l.stack, 7));
    struct te_owner *owner = te_owner_join(l.stack, 7);
    assert_non_null(owner);
    assert_ptr_equal(te_owner_join(l.stack, 7), owner);
    assert_int_equal(owner->connections, 2);
    te_owner_leave(l.stack, 7);
    assert_ptr_equal(te_owner_find(l.stack, 7), owner);
    te_owner_leave(l.stack, 7);
    assert_null(te_owner_find(l.stack, 7));
    assert_int_equal(l.f.heap.held_bytes, held_bytes);
}

static void owners_of_one_bucket_are_told_apart(void **state)
{
    (void)state;
    for (uint32_t uid = 5; uid < 5 + 4 * TE_OWNER_BUCKETS; uid += TE_OWNER_BUCKETS)
        assert_non_null(te_owner_join(l.stack, uid));
    te_owner_leave(l.stack, 5 + TE_OWNER_BUCKETS);
    assert_null(te_owner_find(l.stack, 5 + TE_OWNER_BUCKETS));
    assert_int_equal(te_owner_find(l.stack, 5)->uid, 5);
    assert_int_equal(te_owner_find(l.stack, 5 + 3 * TE_OWNER_BUCKETS)->uid,
                     5 + 3 * TE_OWNER_BUCKETS);
} /* the others are freed with the stack */

/* The first few, uid 1000 among them, need none. */
static void without_memory_nobody_else_joins(void **state)
{
    (void)state;
    l.f.heap.allocations_left = 0;
    for (uint32_t uid = 1; uid < TE_OWNERS_BUILT_IN; uid++)
        assert_non_null(te_owner_join(l.stack, uid));
    assert_null(te_owner_join(l.stack, 7));
    assert_null(te_owner_find(l.stack, 7));
    te_owner_leave(l.stack, 2);
    assert_non_null(te_owner_join(l.stack, 7));
    assert_int_equal(te_owner_join(l.stack, 1000)->connections, 2); /* is there already */
    te_owner_leave(l.stack, 1000);
}

/* The note stays for connections that its listeners get later. */
static void gone_clients_are_noted_of_anybody(void **state)
{
    (void)state;
    int64_t held_bytes = l.f.heap.held_bytes;
    te_set_client_present(l.stack, 1000, false);
    te_set_client_present(l.stack, 7, false);
    assert_true(te_owner_find(l.stack, 1000)->is_gone);
    assert_true(te_owner_find(l.stack, 7)->is_gone);
    te_owner_join(l.stack, 7);
    te_owner_leave(l.stack, 7);
    assert_true(te_owner_find(l.stack, 7)->is_gone);
    te_set_client_present(l.stack, 7, true);
    assert_null(te_owner_find(l.stack, 7));
    te_set_client_present(l.stack, 1000, true);
    assert_false(te_owner_find(l.stack, 1000)->is_gone);
    assert_int_equal(l.f.heap.held_bytes, held_bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_owner_lives_as_long_as_its_connections),
        TEST(owners_of_one_bucket_are_told_apart),
        TEST(without_memory_nobody_else_joins),
        TEST(gone_clients_are_noted_of_anybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/conn/port_use.h"

#define FIRST 40000
#define LAST 49999

static struct fixture f;
static struct te_endpoint local, remote;
static int64_t held_bytes;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    f.reborn = false;
    f.config.port_first = FIRST;
    f.config.port_last = LAST;
    fixture_start(&f);
    local = (struct te_endpoint){fixture_addr("10.0.0.1"), FIRST};
    remote = (struct te_endpoint){fixture_addr("10.0.0.2"), 80};
    held_bytes = f.heap.held_bytes;
    return 0;
}

/* What a test noted belongs to no connection: the stack is not to be asked whether all is well. */
static int teardown(void **state)
{
    (void)state;
    f.heap.allocations_left = -1;
    te_port_uses_free(f.stack);
    assert_int_equal(f.heap.held_bytes, held_bytes);
    fixture_stop(&f);
    return 0;
}

static struct te_port_claim claim(uint16_t port, uint32_t uid)
{
    local.port = port;
    return (struct te_port_claim){&local, &remote, uid};
}

static void note(uint16_t port, uint32_t uid)
{
    struct te_port_claim of = claim(port, uid);
    te_port_use_note(f.stack, &of, true);
}

static void forget(uint16_t port, uint32_t uid)
{
    struct te_port_claim of = claim(port, uid);
    te_port_use_forget(f.stack, &of);
}

static struct te_port_use *find(void)
{
    return te_port_use_find(f.stack, &local.addr, &remote);
}

static void a_use_lives_as_long_as_its_ports(void **state)
{
    (void)state;
    assert_null(find());
    note(FIRST, 1001);
    assert_int_equal(find()->ports.count, 1);
    note(LAST, 1001);
    note(LAST, 1002); /* it is 1001's, and was never given up */
    assert_int_equal(find()->ports.count, 2);
    assert_int_equal(te_port_use_count(find(), 1002), 0);
    forget(FIRST, 1001);
    forget(FIRST, 1001); /* harmless */
    assert_int_equal(find()->ports.count, 1);
    forget(LAST, 1001);
    assert_null(find());
    assert_int_equal(f.heap.held_bytes, held_bytes);
}

static void ports_outside_the_range_do_not_count(void **state)
{
    (void)state;
    note(FIRST - 1, 1001);
    note(LAST + 1, 1001);
    assert_null(find());
    forget(FIRST - 1, 1001);
}

static void only_who_may_makes_a_use(void **state)
{
    struct te_port_claim of = claim(FIRST, 1001);
    (void)state;
    te_port_use_note(f.stack, &of, false);
    assert_null(find());
    note(FIRST + 1, 1001);
    of = claim(FIRST, 1001);
    te_port_use_note(f.stack, &of, false); /* joins it */
    assert_int_equal(find()->ports.count, 2);
}

/* Both addresses and the remote port are the key; the local port is not. */
static void every_remote_endpoint_has_its_own(void **state)
{
    static const char *const remotes[] = {"10.0.0.2", "10.0.0.3", "2001:db8::2", "2001:db8::3"};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        remote.addr = fixture_addr(remotes[i]);
        local.addr = fixture_addr(i < 2 ? "10.0.0.1" : "2001:db8::1");
        for (uint16_t port = 80; port < 80 + 20; port++) {
            remote.port = port;
            note((uint16_t)(FIRST + i), 1001);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        remote = (struct te_endpoint){fixture_addr(remotes[i]), 90};
        local.addr = fixture_addr(i < 2 ? "10.0.0.1" : "2001:db8::1");
        assert_int_equal(find()->ports.count, 1);
        assert_true(te_port_set_has(&find()->ports, (uint16_t)(FIRST + i)));
        local.addr = fixture_addr(i < 2 ? "2001:db8::1" : "10.0.0.1");
        assert_null(find());
    }
}

static void each_uid_has_its_count(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 60; i++)
        note((uint16_t)(FIRST + i), 1000u + i % 6);
    for (uint32_t uid = 1000; uid < 1006; uid++)
        assert_int_equal(te_port_use_count(find(), uid), 10);
    assert_int_equal(te_port_use_count(find(), 0), 0); /* an unused place has this uid */
    for (uint16_t i = 0; i < 60; i++)
        if (i % 6 != 3)
            forget((uint16_t)(FIRST + i), 1000u + i % 6);
    assert_int_equal(te_port_use_count(find(), 1000), 0);
    assert_int_equal(te_port_use_count(find(), 1003), 10);
    note(FIRST, 0);
    assert_int_equal(te_port_use_count(find(), 0), 1);
}

static void a_port_moves_to_another_uid(void **state)
{
    struct te_port_claim of;
    (void)state;
    note(FIRST, 1001);
    note(FIRST + 1, 1001);
    of = claim(FIRST, 1001);
    te_port_use_move(f.stack, &of, 1002);
    assert_int_equal(te_port_use_count(find(), 1001), 1);
    assert_int_equal(te_port_use_count(find(), 1002), 1);
    of = claim(FIRST + 2, 1001); /* not noted */
    te_port_use_move(f.stack, &of, 1002);
    assert_int_equal(te_port_use_count(find(), 1002), 1);
    forget(FIRST, 1002);
    assert_int_equal(te_port_use_count(find(), 1002), 0);
}

/* Whatever allocation fails, what is noted and who has it agree. */
static void without_memory_it_is_not_noted(void **state)
{
    (void)state;
    for (int left = 0; left < 2; left++) {
        f.heap.allocations_left = left;
        note(FIRST, 1001);
        assert_null(find());
        assert_int_equal(f.heap.held_bytes, held_bytes);
    }
    f.heap.allocations_left = -1;
    note(FIRST, 1001);
    f.heap.allocations_left = 0;
    note(FIRST + 1, 1002); /* no room for a second uid */
    assert_int_equal(find()->ports.count, 1);
    struct te_port_claim of = claim(FIRST, 1001);
    note(FIRST + 2, 1001);
    of = claim(FIRST, 1001);
    te_port_use_move(f.stack, &of, 1002); /* forgotten instead */
    assert_int_equal(find()->ports.count, 1);
    assert_int_equal(te_port_use_count(find(), 1001), 1);
    assert_int_equal(te_port_use_count(find(), 1002), 0);
}

#define USE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        USE_TEST(a_use_lives_as_long_as_its_ports), USE_TEST(ports_outside_the_range_do_not_count),
        USE_TEST(only_who_may_makes_a_use),         USE_TEST(every_remote_endpoint_has_its_own),
        USE_TEST(each_uid_has_its_count),           USE_TEST(a_port_moves_to_another_uid),
        USE_TEST(without_memory_it_is_not_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

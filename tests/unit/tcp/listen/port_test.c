#include <string.h>

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/listen/port.h"

#define FIRST 40000
#define COUNT 8

static struct fixture f;
static struct te_endpoint local, remote;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    f.reborn = false;
    f.config.port_first = FIRST;
    f.config.port_last = FIRST + COUNT - 1;
    fixture_start(&f);
    local = (struct te_endpoint){fixture_addr("10.0.0.1"), 0};
    remote = (struct te_endpoint){fixture_addr("10.0.0.2"), 80};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

static uint16_t choose(void)
{
    return te_port_choose(f.stack, &local, &remote);
}

/* A TIME_WAIT entry of that port with remote. */
static void put_time_wait(uint16_t port)
{
    struct te_time_wait_view view = {
        .id = f.stack->next_id++,
        .local = {local.addr, port},
        .remote = remote,
        .from = TE_FIN_WAIT_2,
        .started_at_us = f.now_us,
        .ends_at_us = f.now_us + 2 * f.config.msl_us,
    };
    assert_true(te_time_wait_put(f.stack, &view));
}

static uint64_t open_from(uint16_t port)
{
    struct te_open open = {.local = {local.addr, port}, .remote = remote};
    uint64_t id = 0;
    assert_int_equal(te_open_active(f.stack, &open, &id, f.now_us), TE_OK);
    return id;
}

/* --- RFC 6056 --------------------------------------------------------------------------------- */

/* 3.3.3: the ports toward one peer rise by one, and turn from the last to the first. */
static void ports_to_one_peer_rise(void **state)
{
    uint16_t last = choose();
    (void)state;
    for (unsigned i = 0; i < 3 * COUNT; i++) {
        uint16_t next = choose();
        assert_int_equal(next, last == FIRST + COUNT - 1 ? FIRST : last + 1);
        last = next;
    }
}

static void every_port_of_the_range_and_no_other(void **state)
{
    bool seen[COUNT] = {false};
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        uint16_t port = choose();
        assert_in_range(port, FIRST, FIRST + COUNT - 1);
        assert_false(seen[port - FIRST]);
        seen[port - FIRST] = true;
    }
}

static void a_range_of_one(void **state)
{
    (void)state;
    f.stack->config.port_first = f.stack->config.port_last = 65535;
    assert_int_equal(choose(), 65535);
    assert_int_equal(choose(), 65535);
    put_time_wait(65535);
    assert_int_equal(choose(), 0);
}

static void the_whole_range(void **state)
{
    (void)state;
    f.stack->config.port_first = 1;
    f.stack->config.port_last = 65535;
    for (unsigned i = 0; i < 70000; i++)
        assert_int_not_equal(choose(), 0);
}

/* Where the counter wraps, the chain of ports jumps once; it stays in its range. */
static void the_counter_wraps(void **state)
{
    (void)state;
    f.stack->next_ephemeral = UINT32_MAX - 2;
    for (unsigned i = 0; i < 6; i++)
        assert_in_range(choose(), FIRST, FIRST + COUNT - 1);
}

/* The offset is of the peer (address and port) and of our address, and of this boot's secret: from
 * its ports to one peer nobody knows those to another. With COUNT ports, two offsets are equal once
 * in COUNT; 64 of them at once never are. */
static void offsets_differ(void **state)
{
    uint32_t start = f.stack->next_ephemeral;
    uint16_t mine[64], others[64];
    unsigned equal = 0, equal_boots = 0;
    (void)state;
    f.stack->config.port_last = FIRST + 9999;
    for (unsigned i = 0; i < 64; i++) {
        remote.port = (uint16_t)(1000 + i);
        f.stack->next_ephemeral = start;
        mine[i] = choose();
        equal += i > 0 && mine[i] == mine[i - 1];
    }
    f.stack->key.bytes[0] ^= 1;
    for (unsigned i = 0; i < 64; i++) {
        remote.port = (uint16_t)(1000 + i);
        f.stack->next_ephemeral = start;
        others[i] = choose();
        equal_boots += mine[i] == others[i];
    }
    assert_true(equal < 3);
    assert_true(equal_boots < 3);
    local.addr = fixture_addr("2001:db8::1");
    remote.addr = fixture_addr("2001:db8::2");
    f.stack->next_ephemeral = start;
    assert_int_not_equal(choose(), 0);
}

/* The caller's port is not looked at. */
static void the_port_of_local_is_ignored(void **state)
{
    uint32_t start = f.stack->next_ephemeral;
    uint16_t port = choose();
    (void)state;
    f.stack->next_ephemeral = start;
    local.port = 1234;
    assert_int_equal(choose(), port);
}

/* --- what is taken ---------------------------------------------------------------------------- */

static void a_taken_port_is_passed_over(void **state)
{
    uint16_t port = choose();
    (void)state;
    uint16_t next = port == FIRST + COUNT - 1 ? FIRST : (uint16_t)(port + 1);
    uint16_t after = next == FIRST + COUNT - 1 ? FIRST : (uint16_t)(next + 1);
    put_time_wait(next);
    assert_int_equal(choose(), after);
}

static void connections_time_wait_and_listeners_are_in_the_way(void **state)
{
    struct te_listen listen = {.local = {fixture_addr("10.0.0.1"), FIRST + 2}};
    struct te_endpoint of_conn = {local.addr, FIRST}, of_time_wait = {local.addr, FIRST + 1},
                       of_listener = listen.local;
    uint64_t id;
    (void)state;
    (void)open_from(FIRST);
    put_time_wait(FIRST + 1);
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
    assert_true(te_port_is_taken(f.stack, &of_conn, &remote));
    assert_true(te_port_is_taken(f.stack, &of_time_wait, &remote));
    assert_false(te_port_is_taken(f.stack, &of_listener, &remote)); /* no 4-tuple of its own */
    for (unsigned i = 0; i < 2 * COUNT; i++)
        assert_in_range(choose(), FIRST + 3, FIRST + COUNT - 1);
    remote.port++; /* another peer's 4-tuples are free; the listener's port is not */
    bool seen[COUNT] = {false};
    for (unsigned i = 0; i < 2 * COUNT; i++)
        seen[choose() - FIRST] = true;
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(seen[i], i != 2);
}

static void exhaustion_is_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        uint16_t port = choose();
        assert_int_not_equal(port, 0);
        put_time_wait(port);
    }
    assert_int_equal(fixture_counters(&f)->port_exhausted, 0);
    assert_int_equal(choose(), 0);
    assert_int_equal(fixture_counters(&f)->port_exhausted, 1);
    remote.addr.bytes[15]++;
    assert_int_not_equal(choose(), 0);
}

/* A port comes back when its TIME_WAIT is over, and not before (RFC 9293 3.6). */
static void time_wait_gives_its_port_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        put_time_wait((uint16_t)(FIRST + i));
    assert_int_equal(choose(), 0);
    fixture_advance(&f, 2 * f.config.msl_us - 1000);
    assert_int_equal(choose(), 0);
    fixture_advance(&f, 1000);
    assert_int_not_equal(choose(), 0);
}

#define PORT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PORT_TEST(ports_to_one_peer_rise),
        PORT_TEST(every_port_of_the_range_and_no_other),
        PORT_TEST(a_range_of_one),
        PORT_TEST(the_whole_range),
        PORT_TEST(the_counter_wraps),
        PORT_TEST(offsets_differ),
        PORT_TEST(the_port_of_local_is_ignored),
        PORT_TEST(a_taken_port_is_passed_over),
        PORT_TEST(connections_time_wait_and_listeners_are_in_the_way),
        PORT_TEST(exhaustion_is_counted),
        PORT_TEST(time_wait_gives_its_port_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

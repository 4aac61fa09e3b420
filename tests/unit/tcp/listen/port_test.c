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
static void put_time_wait_of(uint32_t uid, uint16_t port)
{
    struct te_time_wait_view view = {
        .id = f.stack->next_id++,
        .local = {local.addr, port},
        .remote = remote,
        .uid = uid,
        .from = TE_FIN_WAIT_2,
        .started_at_us = f.now_us,
        .ends_at_us = f.now_us + 2 * f.config.msl_us,
    };
    assert_true(te_time_wait_put(f.stack, &view));
}

static void put_time_wait(uint16_t port)
{
    put_time_wait_of(0, port);
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

/* --- what is noted ---------------------------------------------------------------------------- */

static uint32_t noted(void)
{
    const struct te_port_use *use = te_port_use_find(f.stack, &local.addr, &remote);
    return use != NULL ? use->ports.count : 0;
}

static uint32_t noted_of(uint32_t uid)
{
    return te_port_use_count(te_port_use_find(f.stack, &local.addr, &remote), uid);
}

static enum te_err try_open(uint32_t uid, uint16_t port, uint64_t *ret_id)
{
    struct te_open open = {.local = {local.addr, port}, .remote = remote, .uid = uid};
    return te_open_active(f.stack, &open, ret_id, f.now_us);
}

static void use_ipv6(void)
{
    local.addr = fixture_addr("2001:db8::1");
    remote.addr = fixture_addr("2001:db8::2");
}

/* Ports that are noted are passed over without a look at who has them: here nobody has. So the
 * refusal of an open costs nothing. */
static void noted_ports_are_not_tried(void **state)
{
    struct te_endpoint at = local;
    struct te_port_claim claim = {&at, &remote, 0};
    (void)state;
    for (at.port = FIRST; at.port < FIRST + COUNT; at.port++)
        te_port_use_note(f.stack, &claim, true);
    assert_int_equal(choose(), 0);
    at.port = FIRST + 5;
    te_port_use_forget(f.stack, &claim);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(choose(), FIRST + 5);
    for (at.port = FIRST; at.port < FIRST + COUNT; at.port++)
        te_port_use_forget(f.stack, &claim);
}

static void connections_are_noted_until_they_end(void **state)
{
    uint64_t ids[COUNT], id;
    (void)state;
    for (unsigned family = 0; family < 2; family++) {
        for (unsigned i = 0; i < COUNT; i++) {
            assert_int_equal(noted(), i);
            assert_int_equal(try_open(0, 0, &ids[i]), TE_OK);
        }
        assert_int_equal(noted(), COUNT);
        assert_int_equal(try_open(0, 0, &id), TE_ERR_ADDR_IN_USE);
        fixture_poll(&f); /* checks the invariants */
        for (unsigned i = 0; i < COUNT; i++) {
            assert_int_equal(te_abort(f.stack, ids[i], f.now_us), TE_OK);
            assert_int_equal(noted(), COUNT - 1 - i);
        }
        fixture_poll(&f);
        use_ipv6();
    }
}

/* The default range, all but one port taken by TIME_WAIT entries: it is found wherever it is, also
 * by those that have been noted by the search alone. */
static void the_last_free_port_is_found(void **state)
{
    static const uint16_t left[] = {32768, 32769, 60999, 60998, 45000, 33279};
    (void)state;
    f.stack->config.port_first = 32768;
    f.stack->config.port_last = 60999;
    for (uint32_t port = 32768; port <= 60999; port++)
        put_time_wait((uint16_t)port);
    assert_int_equal(noted(), 28232);
    assert_int_equal(choose(), 0);
    for (unsigned i = 0; i < 6; i++) {
        struct te_endpoint at = {local.addr, left[i]};
        te_time_wait_end(f.stack, te_time_wait_find(f.stack, &at, &remote), TE_CAUSE_ABORT, NULL);
        assert_int_equal(choose(), left[i]);
        assert_int_equal(choose(), left[i]);
        put_time_wait(left[i]);
    }
    te_port_uses_free(f.stack);
    assert_int_equal(choose(), 0);
    assert_int_equal(noted(), 28232);
}

static void time_wait_keeps_the_port_noted(void **state)
{
    (void)state;
    for (unsigned family = 0; family < 2; family++) {
        for (unsigned i = 0; i < COUNT; i++)
            put_time_wait((uint16_t)(FIRST + i));
        assert_int_equal(noted(), COUNT);
        fixture_advance(&f, 2 * f.config.msl_us - 1000);
        assert_int_equal(noted(), COUNT);
        fixture_advance(&f, 2000);
        assert_int_equal(noted(), 0);
        use_ipv6();
    }
}

static void a_restore_notes_again(void **state)
{
    uint64_t id;
    (void)state;
    for (unsigned family = 0; family < 2; family++) {
        assert_int_equal(try_open(1001, FIRST, &id), TE_OK);
        assert_int_equal(try_open(1002, FIRST + 1, &id), TE_OK);
        for (unsigned i = 2; i < COUNT - 1; i++)
            put_time_wait((uint16_t)(FIRST + i));
        fixture_rebear(&f);
        assert_int_equal(noted(), COUNT - 1);
        assert_int_equal(noted_of(1001), 1);
        assert_int_equal(noted_of(1002), 1);
        assert_int_equal(noted_of(0), COUNT - 3);
        assert_int_equal(choose(), FIRST + COUNT - 1);
        use_ipv6();
    }
}

/* What is in the way without being noted, here as there was no memory to note it, is noted once
 * it was found. */
static void what_was_not_noted_is_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        put_time_wait((uint16_t)(FIRST + i));
    te_port_uses_free(f.stack);
    assert_int_equal(noted(), 0);
    assert_int_equal(choose(), 0);
    assert_int_equal(noted(), COUNT);
    fixture_advance(&f, 2 * f.config.msl_us + 1000);
    assert_int_equal(noted(), 0);
    assert_int_not_equal(choose(), 0);
}

static void a_listener_that_goes_gives_its_port_back(void **state)
{
    struct te_listen listen = {.local = {fixture_addr("10.0.0.1"), FIRST + 3}};
    uint64_t id;
    (void)state;
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
    for (unsigned i = 0; i < COUNT; i++)
        if (i != 3)
            put_time_wait((uint16_t)(FIRST + i));
    assert_int_equal(choose(), 0);
    assert_int_equal(te_close(f.stack, id, f.now_us), TE_OK);
    assert_int_equal(choose(), FIRST + 3);
}

/* A listener that turns active holds a port toward its peer. */
static void a_listener_that_turns_active_is_noted(void **state)
{
    struct te_listen listen = {.local = {fixture_addr("10.0.0.1"), FIRST + 3}, .uid = 1001};
    struct te_open open = {.remote = remote, .uid = 1001};
    uint64_t id;
    (void)state;
    assert_int_equal(te_open_passive(f.stack, &listen, &open.listener_id, f.now_us), TE_OK);
    assert_int_equal(te_open_active(f.stack, &open, &id, f.now_us), TE_OK);
    assert_int_equal(noted_of(1001), 1);
    assert_int_equal(te_abort(f.stack, id, f.now_us), TE_OK);
    assert_int_equal(noted(), 0);
}

/* --- shares ----------------------------------------------------------------------------------- */

/* Of 40 ports a uid may have half; what is over stays for the others, for ever. */
static void a_uid_has_its_share_of_the_ports(void **state)
{
    uint64_t id, first = 0;
    (void)state;
    f.stack->config.port_last = FIRST + 39;
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(try_open(1001, 0, &id), TE_OK);
        first = i == 0 ? id : first;
    }
    assert_int_equal(try_open(1001, 0, &id), TE_ERR_PORT_SHARE);
    assert_int_equal(try_open(1001, FIRST + 39, &id), TE_ERR_PORT_SHARE); /* nor by its number */
    assert_int_equal(fixture_counters(&f)->port_uid_limit, 2);
    assert_int_equal(fixture_counters(&f)->port_exhausted, 0);
    assert_int_equal(try_open(1001, 1234, &id), TE_OK); /* not of the range */
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(try_open(1002, 0, &id), TE_OK);
    assert_int_equal(try_open(1003, 0, &id), TE_ERR_ADDR_IN_USE);
    assert_int_equal(te_abort(f.stack, first, f.now_us), TE_OK);
    assert_int_equal(try_open(1002, 0, &id), TE_ERR_PORT_SHARE);
    assert_int_equal(try_open(1001, 0, &id), TE_OK);
    remote.port++; /* another remote, another range */
    assert_int_equal(try_open(1001, 0, &id), TE_OK);
}

/* TIME_WAIT entries hold ports as connections do. */
static void time_wait_counts_for_the_share(void **state)
{
    uint64_t id;
    (void)state;
    f.stack->config.port_last = FIRST + 39;
    for (unsigned i = 0; i < 19; i++)
        put_time_wait_of(1001, (uint16_t)(FIRST + i));
    assert_int_equal(try_open(1001, 0, &id), TE_OK);
    assert_int_equal(try_open(1001, 0, &id), TE_ERR_PORT_SHARE);
    assert_int_equal(try_open(1002, 0, &id), TE_OK);
    fixture_advance(&f, 2 * f.config.msl_us + 1000);
    assert_int_equal(try_open(1001, 0, &id), TE_OK);
}

/* Root has no share, and 100 percent are none. */
static void who_has_no_share_may_take_all(void **state)
{
    uint64_t id;
    (void)state;
    f.stack->config.port_last = FIRST + 39;
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(try_open(0, 0, &id), TE_OK);
    remote.port++;
    f.stack->config.connections_per_uid_percent = 100;
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(try_open(1001, 0, &id), TE_OK);
    assert_int_equal(try_open(1001, 0, &id), TE_ERR_ADDR_IN_USE);
    assert_int_equal(fixture_counters(&f)->port_uid_limit, 0);
}

/* --- the invariant ---------------------------------------------------------------------------- */

static void drift_is_found(void **state)
{
    struct te_endpoint at = {local.addr, FIRST + 1};
    struct te_port_claim claim = {&at, &remote, 1001};
    uint64_t id;
    (void)state;
    assert_int_equal(try_open(1001, FIRST, &id), TE_OK);
    assert_null(te_port_check(f.stack));
    te_port_use_note(f.stack, &claim, true); /* nobody's */
    assert_non_null(te_port_check(f.stack));
    te_port_use_forget(f.stack, &claim);
    assert_null(te_port_check(f.stack));
    at.port = FIRST;
    te_port_use_move(f.stack, &claim, 1002); /* another's */
    assert_non_null(te_port_check(f.stack));
    claim.uid = 1002;
    te_port_use_move(f.stack, &claim, 1001);
    assert_null(te_port_check(f.stack));
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
        PORT_TEST(noted_ports_are_not_tried),
        PORT_TEST(connections_are_noted_until_they_end),
        PORT_TEST(the_last_free_port_is_found),
        PORT_TEST(time_wait_keeps_the_port_noted),
        PORT_TEST(a_restore_notes_again),
        PORT_TEST(what_was_not_noted_is_found),
        PORT_TEST(a_listener_that_goes_gives_its_port_back),
        PORT_TEST(a_listener_that_turns_active_is_noted),
        PORT_TEST(a_uid_has_its_share_of_the_ports),
        PORT_TEST(time_wait_counts_for_the_share),
        PORT_TEST(who_has_no_share_may_take_all),
        PORT_TEST(drift_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The table of narrow paths: RFC 1191 6.3, RFC 8201 4 and 5.2. */
#include <stdio.h>
#include <stdlib.h>

#include "ip/pmtu.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "units.h"

static void start(struct fixture *f)
{
    fixture_init(f);
    f->config.path_mtu_max = 4;
    fixture_start(f);
}

static struct te_addr host(unsigned number)
{
    char text[32];
    snprintf(text, sizeof(text), "192.0.2.%u", number);
    return fixture_addr(text);
}

static void lower(struct fixture *f, unsigned number, uint32_t mtu_bytes)
{
    struct te_addr addr = host(number);
    te_pmtu_lower(f->stack, &addr, mtu_bytes);
    assert_null(te_pmtus_check(f->stack));
}

static uint32_t get(struct fixture *f, unsigned number)
{
    struct te_addr addr = host(number);
    return te_pmtu_get(f->stack, &addr);
}

static void test_unknown_is_the_link(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    assert_int_equal(get(&f, 1), 1500);
    assert_int_equal(f.stack->pmtus.count, 0);
    fixture_stop(&f);
}

/* RFC 8201 4: never raised by what a message says. */
static void test_only_down(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    lower(&f, 1, 1400);
    lower(&f, 1, 1450);
    assert_int_equal(get(&f, 1), 1400);
    assert_int_equal(get(&f, 2), 1500);
    lower(&f, 2, 1500); /* no news */
    lower(&f, 2, 9000);
    assert_int_equal(f.stack->pmtus.count, 1);
    lower(&f, 1, 1300);
    assert_int_equal(get(&f, 1), 1300);
    assert_int_equal(f.stack->pmtus.count, 1);
    fixture_stop(&f);
}

static void test_floors(void **state)
{
    struct te_addr v6 = fixture_addr("2001:db8:1::1");
    struct fixture f;
    (void)state;
    start(&f);
    lower(&f, 1, 68);
    assert_int_equal(get(&f, 1), 552);
    te_pmtu_lower(f.stack, &v6, 68);
    assert_int_equal(te_pmtu_get(f.stack, &v6), 1280);
    fixture_stop(&f);
}

/* Ten minutes after the last cut, to the microsecond. */
static void test_age(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    lower(&f, 1, 1400);
    fixture_advance(&f, 4 * MINUTE);
    lower(&f, 2, 1400);
    lower(&f, 1, 1300);
    fixture_advance(&f, 10 * MINUTE - 1);
    assert_int_equal(get(&f, 1), 1300);
    assert_int_equal(fixture_counters(&f)->path_mtu_expired, 0);
    uint32_t generation = f.stack->pmtus.generation;
    fixture_advance(&f, 1);
    assert_int_equal(get(&f, 1), 1500);
    assert_int_equal(get(&f, 2), 1500);
    assert_int_equal(fixture_counters(&f)->path_mtu_expired, 2);
    assert_true(f.stack->pmtus.generation != generation);
    fixture_stop(&f);
}

/* The one asked for least recently makes room. */
static void test_full(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    for (unsigned i = 1; i <= 4; i++)
        lower(&f, i, 1400);
    assert_int_equal(get(&f, 1), 1400);
    lower(&f, 5, 1400);
    assert_int_equal(get(&f, 2), 1500);
    assert_int_equal(get(&f, 1), 1400);
    assert_int_equal(f.stack->pmtus.count, 4);
    assert_int_equal(fixture_counters(&f)->path_mtu_evicted, 1);
    fixture_stop(&f);
}

static void test_corrected_by_what_arrived(void **state)
{
    struct te_addr addr = host(1);
    struct fixture f;
    (void)state;
    start(&f);
    lower(&f, 1, 1300);
    te_pmtu_raise(f.stack, &addr, 1200);
    assert_int_equal(get(&f, 1), 1300);
    te_pmtu_raise(f.stack, &addr, 1400);
    assert_int_equal(get(&f, 1), 1400);
    te_pmtu_raise(f.stack, &addr, 1500);
    assert_int_equal(get(&f, 1), 1500);
    assert_int_equal(f.stack->pmtus.count, 0);
    fixture_stop(&f);
}

static void test_no_memory(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    f.heap.allocations_left = 0;
    lower(&f, 1, 1300);
    assert_int_equal(get(&f, 1), 1500);
    f.heap.allocations_left = -1;
    lower(&f, 1, 1300);
    assert_int_equal(get(&f, 1), 1300);
    fixture_stop(&f); /* and nothing is left behind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_is_the_link),
        cmocka_unit_test(test_only_down),
        cmocka_unit_test(test_floors),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_corrected_by_what_arrived),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

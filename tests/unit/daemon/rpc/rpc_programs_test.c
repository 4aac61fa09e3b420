#include <stdio.h>
#include <string.h>

#include "rpc/rpc_programs.h"
#include "support/test.h"

static struct rpc_programs programs;

static void test_summed_by_name_largest_first(void **state)
{
    struct rpc_program rows[] = {{"nc", 1}, {"nginx", 5}, {"nc", 2}, {"ab", 3}};
    (void)state;
    rpc_programs_sum(rows, 4, &programs);
    assert_int_equal(programs.count, 3);
    assert_string_equal(programs.rows[0].name, "nginx");
    assert_string_equal(programs.rows[1].name, "ab"); /* as many as nc: by name */
    assert_int_equal(programs.rows[1].connections, 3);
    assert_string_equal(programs.rows[2].name, "nc");
    assert_int_equal(programs.rows[2].connections, 3);
    assert_int_equal(programs.other, 0);
}

static void test_beyond_the_bound_they_are_one(void **state)
{
    struct rpc_program rows[RPC_PROGRAMS_MAX + 3] = {{.connections = 0}};
    (void)state;
    for (unsigned i = 0; i < RPC_PROGRAMS_MAX + 3; i++) {
        snprintf(rows[i].name, sizeof(rows[i].name), "p%u", i);
        rows[i].connections = i + 1;
    }
    rpc_programs_sum(rows, RPC_PROGRAMS_MAX + 3, &programs);
    assert_int_equal(programs.count, RPC_PROGRAMS_MAX);
    assert_string_equal(programs.rows[RPC_PROGRAMS_MAX - 1].name, "p3");
    assert_int_equal(programs.other, 1 + 2 + 3);
}

/* Two series of one name would spoil the page. */
static void test_nobody_can_be_named_as_the_rest(void **state)
{
    struct rpc_program rows[] = {{RPC_PROGRAM_OTHER, 4}, {"", 2}, {"nc", 1}};
    (void)state;
    rpc_programs_sum(rows, 3, &programs);
    assert_int_equal(programs.count, 1);
    assert_string_equal(programs.rows[0].name, "nc");
    assert_int_equal(programs.other, 6);
}

static void test_none(void **state)
{
    (void)state;
    rpc_programs_sum(NULL, 0, &programs);
    assert_int_equal(programs.count, 0);
    assert_int_equal(programs.other, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summed_by_name_largest_first),
        cmocka_unit_test(test_beyond_the_bound_they_are_one),
        cmocka_unit_test(test_nobody_can_be_named_as_the_rest),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

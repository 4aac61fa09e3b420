/* Which faults hit which connections. */
#include <stdlib.h>
#include <tcpengine/tcpengine.h>

#include "fault/fault_trace.h"
#include "support.h"

static void hit(struct fault_traces *traces, uint64_t conn_id, uint64_t fault_id, int64_t now_us)
{
    struct fault_trace trace = {
        .conn_id = conn_id, .fault_id = fault_id, .hits = 1, .hit_at_us = now_us};
    fault_traces_add(traces, &trace);
}

static const struct fault_trace *find(const struct fault_traces *traces, uint64_t conn_id,
                                      uint64_t fault_id)
{
    const struct fault_trace *row;
    for (unsigned at = 0; (row = fault_traces_next(traces, conn_id, &at)) != NULL;)
        if (row->fault_id == fault_id)
            return row;
    return NULL;
}

static void test_hits_are_counted_by_pair(void **state)
{
    struct fault_traces *traces = calloc(1, sizeof(*traces));
    (void)state;
    hit(traces, 1, 7, 10);
    hit(traces, 2, 7, 20);
    hit(traces, 1, 8, 30);
    hit(traces, 1, 7, 40);
    assert_int_equal(traces->count, 3);
    assert_int_equal(find(traces, 1, 7)->hits_here, 2);
    assert_int_equal(find(traces, 1, 7)->hit_at_us, 40);
    assert_int_equal(find(traces, 2, 7)->hits_here, 1);
    assert_int_equal(find(traces, 1, 8)->hits_here, 1);
    assert_null(find(traces, 2, 8));
    fault_traces_end(traces, 7, 3);
    assert_true(find(traces, 1, 7)->is_over && find(traces, 2, 7)->is_over);
    assert_int_equal(find(traces, 1, 7)->hits, 3);
    assert_false(find(traces, 1, 8)->is_over);
    free(traces);
}

static void test_the_oldest_makes_room(void **state)
{
    struct fault_traces *traces = calloc(1, sizeof(*traces));
    (void)state;
    for (unsigned i = 0; i < FAULT_TRACES_MAX; i++)
        hit(traces, i + 1, 7, i);
    hit(traces, 1, 7, FAULT_TRACES_MAX); /* now 2 is the oldest */
    hit(traces, 5000, 7, FAULT_TRACES_MAX + 1);
    assert_int_equal(traces->count, FAULT_TRACES_MAX);
    assert_int_equal(find(traces, 5000, 7)->hits_here, 1);
    assert_int_equal(find(traces, 1, 7)->hits_here, 2);
    assert_null(find(traces, 2, 7));
    assert_non_null(find(traces, 3, 7));
    free(traces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hits_are_counted_by_pair),
        cmocka_unit_test(test_the_oldest_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

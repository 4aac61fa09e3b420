#include <string.h>

#include "page/diagram.h"
#include "support/test.h"

static struct diagram_moves moves;

static int setup(void **state)
{
    (void)state;
    diagram_clear(&moves);
    return 0;
}

static void add(enum te_state from, enum te_state to, enum te_cause cause)
{
    const struct te_transition transition = {.from = from, .to = to, .cause = cause};
    diagram_add(&moves, &transition);
}

static void expect(json_t *value, const char *text)
{
    char *got = json_dumps(value, JSON_COMPACT);
    assert_string_equal(got, text);
    free(got);
    json_decref(value);
}

static void test_all_edges(void **state)
{
    json_t *edges = diagram_edges_json();
    (void)state;
    assert_int_equal(json_array_size(edges), 27);
    json_t *first = json_array_get(edges, 0);
    assert_string_equal(json_string_value(json_object_get(first, "from")), "CLOSED");
    assert_string_equal(json_string_value(json_object_get(first, "to")), "LISTEN");
    assert_string_equal(json_string_value(json_object_get(first, "cause")), "passive OPEN");
    json_decref(edges);
}

static void test_equal_moves_are_one_row(void **state)
{
    (void)state;
    expect(diagram_moves_json(&moves), "[]");
    add(TE_CLOSED, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN);
    add(TE_SYN_SENT, TE_CLOSED, TE_CAUSE_RECV_RST);
    add(TE_CLOSED, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN);
    expect(diagram_moves_json(&moves),
           "[{\"from\":\"CLOSED\",\"to\":\"SYN_SENT\",\"cause\":\"active OPEN\",\"count\":2},"
           "{\"from\":\"SYN_SENT\",\"to\":\"CLOSED\",\"cause\":\"recv RST\",\"count\":1}]");
    assert_int_equal(moves.closes, 1);
    diagram_clear(&moves);
    expect(diagram_moves_json(&moves), "[]");
    assert_int_equal(moves.closes, 0);
}

/* The end of a listener is not the end of a connection. */
static void test_listeners_do_not_close(void **state)
{
    (void)state;
    add(TE_LISTEN, TE_CLOSED, TE_CAUSE_CLOSE);
    add(TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_TIMEOUT_2MSL);
    assert_int_equal(moves.closes, 1);
}

static void test_what_is_beyond_the_table_is_counted(void **state)
{
    unsigned rows = 0;
    (void)state;
    for (unsigned from = 0; from < TE_STATE_COUNT; from++)
        for (unsigned cause = 0; cause < TE_CAUSE_COUNT; cause++, rows++)
            add((enum te_state)from, TE_LISTEN, (enum te_cause)cause);
    assert_int_equal(moves.count, DIAGRAM_MOVES_MAX);
    assert_int_equal(moves.lost, rows - DIAGRAM_MOVES_MAX);
    add(TE_CLOSED, TE_LISTEN, TE_CAUSE_NONE); /* has its row */
    assert_int_equal(moves.lost, rows - DIAGRAM_MOVES_MAX);
    assert_int_equal(moves.moves[0].count, 2);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_edges),
        TEST(test_equal_moves_are_one_row),
        TEST(test_listeners_do_not_close),
        TEST(test_what_is_beyond_the_table_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "filter.h"
#include "support/test.h"

static char why[EXPRESSION_ERROR_MAX];

static void test_nodes_are_those_of_the_filter(void **state)
{
    static const char text[] = "state established program nc and dport = :80";
    struct tcpc_filter_node nodes[TCPC_FILTER_NODES_MAX];
    struct filter filter;
    (void)state;
    struct expression *expression = expression_new(text, why);
    assert_non_null(expression);
    assert_true(filter_parse(text, &filter, why));
    assert_int_equal(expression->count, filter_nodes(&filter, 0, nodes));
    for (size_t i = 0; i < expression->count; i++) {
        const struct tcpc_filter_node *node = &expression->nodes[i];
        assert_int_equal(node->kind, nodes[i].kind);
        assert_int_equal(node->number, nodes[i].number);
        if (nodes[i].text != NULL)
            assert_string_equal(node->text, nodes[i].text);
    }
    assert_false(expression->asks_for_time_wait);
    expression_free(expression);
}

static void test_all(void **state)
{
    (void)state;
    struct expression *none = expression_new(NULL, why), *empty = expression_new(" ", why);
    assert_non_null(none);
    assert_non_null(empty);
    assert_int_equal(none->count, empty->count);
    expression_free(none);
    expression_free(empty);
    expression_free(NULL);
}

static void test_time_wait(void **state)
{
    (void)state;
    struct expression *expression = expression_new("state time-wait", why);
    assert_true(expression->asks_for_time_wait);
    expression_free(expression);
}

/* Whatever the system might know is not asked for; numbers are enough. */
static void test_names_are_refused(void **state)
{
    static const char *const refused[] = {"dst localhost", "dst localhost:80",  "dport = :http",
                                          "sport = ssh",   "src 10.0.0.1:http", "dst 10.1",
                                          "dst fe80::1%lo"};
    static const char *const taken[] = {"dst 10.0.0.1",      "dst 10.0.0.0/8:80", "dport = :80",
                                        "src [fe80::1]:443", "dst any",           "dst *:80"};
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_null(expression_new(refused[i], why));
        assert_non_null(strstr(why, "expected"));
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        struct expression *expression = expression_new(taken[i], why);
        assert_non_null(expression);
        expression_free(expression);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_are_those_of_the_filter),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_time_wait),
        cmocka_unit_test(test_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

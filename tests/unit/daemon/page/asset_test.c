#include <string.h>

#include "page/asset.h"
#include "support/test.h"

static void test_what_there_is(void **state)
{
    const struct asset *index = asset_find("index.html"), *chart = asset_find("chart.js");
    (void)state;
    assert_non_null(index);
    assert_non_null(strstr((const char *)index->bytes, "<title>"));
    assert_string_equal(asset_type(index), "text/html; charset=utf-8");
    assert_non_null(chart);
    assert_non_null(strstr((const char *)chart->bytes, "Chart.js v"));
    assert_int_equal(chart->len, strlen((const char *)chart->bytes));
    assert_string_equal(asset_type(chart), "text/javascript; charset=utf-8");
}

static void test_nothing_else(void **state)
{
    static const char *const names[] = {
        "", ".", "..", "/", "index", "index.html/", "INDEX.HTML", "../assets/index.html", "page.c"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_null(asset_find(names[i]));
}

static void test_types(void **state)
{
    const struct asset style = {.name = "a.b.css"}, other = {.name = "a"}, odd = {.name = "a.bin"};
    (void)state;
    assert_string_equal(asset_type(&style), "text/css; charset=utf-8");
    assert_string_equal(asset_type(&other), "text/plain; charset=utf-8");
    assert_string_equal(asset_type(&odd), "text/plain; charset=utf-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_there_is),
        cmocka_unit_test(test_nothing_else),
        cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

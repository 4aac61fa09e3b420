#include <string.h>

#include "support/test.h"
#include "watch/http_accept.h"

#define OPEN "application/openmetrics-text"

static void test_who_gets_open_metrics(void **state)
{
    static const struct {
        const char *accept;
        bool is_open_metrics;
    } cases[] = {
        {"", false},
        {"*/*", false}, /* curl */
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
        /* Prometheus 2.42 */
        {OPEN ";version=1.0.0," OPEN ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,"
              "*/*;q=0.1",
         true},
        /* Prometheus 3 */
        {OPEN ";version=1.0.0;escaping=allow-utf-8;q=0.5," OPEN ";version=0.0.1;q=0.4,"
              "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,"
              "*/*;q=0.1",
         true},
        {OPEN, true},
        {OPEN "; version=1.0.0", true},
        {OPEN "; version=1.0.0; charset=utf-8", true},
        {OPEN ";version=\"1.0.0\"", true},
        {"Application/OpenMetrics-Text", true},
        {" \t" OPEN " ; Version = 1.0.0 ", true},
        {"text/plain," OPEN, true}, /* alike: the richer one */
        {OPEN ";version=0.0.1", false},
        {OPEN ";version=2.0.0", false},
        {OPEN ";q=0", false},
        {OPEN ";q=0.000,*/*;q=0", false},
        {OPEN ";q=0.5,text/plain", false},
        {OPEN ";q=0.5,text/plain;q=0.6", false},
        {OPEN ";q=0.6,text/plain;q=0.5", true},
        {OPEN ";q=0.5,text/plain;version=1.0.0", true}, /* a text that we do not have */
        {OPEN ";q=0.5,text/*;q=0.9", false},
        {OPEN ";q=0.5,text/*;q=0.9,text/plain;q=0.1", true}, /* the specific one counts */
        {OPEN ";q=0.5,*/*", false},
        {OPEN ";q=0.5,*/*,text/*;q=0.5", true},
        {OPEN ";q=1.001", false},
        {OPEN ";q=2", false},
        {OPEN ";q=", false},
        {OPEN ";q", false},
        {OPEN ";q=.5", false},
        {OPEN ";q=1.", true},
        {OPEN ";q=0.0001", false},
        {OPEN "x", false},
        {"x" OPEN, false},
        {"application/*", false},
        {"text/plain;x=\",\"," OPEN, true},
        {"text/plain;x=\"," OPEN, false}, /* within a quoted string */
        {",,;,=," OPEN ",", true},
        {";;;===\"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (http_accept_is_open_metrics(cases[i].accept) != cases[i].is_open_metrics)
            fail_msg("%s", cases[i].accept);
}

static void test_lines_are_one_list(void **state)
{
    char accept[HTTP_ACCEPT_MAX] = "";
    (void)state;
    http_accept_add(accept, "text/plain;q=0.5");
    assert_string_equal(accept, "text/plain;q=0.5");
    assert_false(http_accept_is_open_metrics(accept));
    http_accept_add(accept, OPEN);
    assert_string_equal(accept, "text/plain;q=0.5," OPEN);
    assert_true(http_accept_is_open_metrics(accept));
}

static void test_length_is_bounded(void **state)
{
    char line[300], accept[HTTP_ACCEPT_MAX] = "";
    (void)state;
    memset(line, 'a', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    for (unsigned i = 0; i < 4; i++)
        http_accept_add(accept, line);
    assert_int_equal(strlen(accept), HTTP_ACCEPT_MAX - 1);
    http_accept_add(accept, OPEN);
    assert_false(http_accept_is_open_metrics(accept));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_gets_open_metrics),
        cmocka_unit_test(test_lines_are_one_list),
        cmocka_unit_test(test_length_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

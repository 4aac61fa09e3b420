/* What nobody else reaches. */
#include "support.h"
#include "util/loopback.h"

static void test_what_loopback_is(void **state)
{
    static const struct {
        const char *text;
        bool is_loopback;
    } rows[] = {{"127.0.0.1", true}, {"127.255.0.9", true}, {"::1", true},
                {"0.0.0.0", false},  {"::", false},         {"128.0.0.1", false},
                {"fe80::1", false},  {"10.0.0.1", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_addr addr;
        assert_true(te_addr_parse(rows[i].text, &addr));
        assert_int_equal(loopback_contains(&addr), rows[i].is_loopback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_loopback_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

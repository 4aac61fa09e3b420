/* Which requests are meant for this server. */
#include <stdio.h>
#include <unistd.h>

#include "support.h"
#include "watch/http_host.h"

static bool is_ours(const char *host, const char *listening)
{
    struct te_addr addr;
    assert_true(te_addr_parse(listening, &addr));
    return http_host_is_ours(host, &addr);
}

static void test_loopback_answers_for_loopback(void **state)
{
    static const char *const ours[] = {"localhost", "localhost:9409", "LOCALHOST.",
                                       "127.0.0.1", "127.0.0.1:80",   "127.1.2.3",
                                       "[::1]",     "[::1]:9409"};
    static const char *const foreign[] = {"",
                                          "evil.example",
                                          "evil.example:9409",
                                          "localhost.evil.example",
                                          "10.0.0.1:9409",
                                          "[fd09::2]",
                                          "localhost:x",
                                          "localhost:80x",
                                          "[::1]x",
                                          "[::1",
                                          ":9409",
                                          ".",
                                          "127.0.0.1.example",
                                          "localhost@evil.example"};
    static const char *const listening[] = {"127.0.0.1", "::1"};
    (void)state;
    for (size_t j = 0; j < 2; j++) {
        for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
            assert_true(is_ours(ours[i], listening[j]));
        for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
            assert_false(is_ours(foreign[i], listening[j]));
    }
}

static void test_beyond_loopback_the_machine_has_a_name(void **state)
{
    char own[128] = "", full[256];
    (void)state;
    assert_int_equal(gethostname(own, sizeof(own) - 1), 0);
    snprintf(full, sizeof(full), "%s.example.org:9409", own);
    assert_true(is_ours(own, "0.0.0.0"));
    assert_true(is_ours(full, "10.0.0.2"));
    assert_false(is_ours(own, "127.0.0.1"));
    snprintf(full, sizeof(full), "%sx", own);
    assert_false(is_ours(full, "0.0.0.0"));
    assert_true(is_ours("10.0.0.2:9409", "0.0.0.0"));
    assert_true(is_ours("[2001:db8::1]", "::"));
    assert_true(is_ours("localhost", "0.0.0.0"));
    assert_false(is_ours("evil.example", "0.0.0.0"));
    assert_false(is_ours("", "0.0.0.0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback_answers_for_loopback),
        cmocka_unit_test(test_beyond_loopback_the_machine_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

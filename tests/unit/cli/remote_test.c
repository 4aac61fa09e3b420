#include <string.h>

#include "remote.h"
#include "support/test.h"

static void assert_parsed(const char *url, const char *host, const char *port, const char *path)
{
    struct remote remote;
    assert_true(remote_is_url(url));
    if (!remote_parse(url, &remote))
        fail_msg("%s is refused", url);
    assert_string_equal(remote.host, host);
    assert_string_equal(remote.port, port);
    assert_string_equal(remote.path, path);
}

static void test_urls(void **state)
{
    (void)state;
    assert_parsed("ssh://host", "host", "", REMOTE_PATH_DEFAULT);
    assert_parsed("ssh://user@host", "user@host", "", REMOTE_PATH_DEFAULT);
    assert_parsed("ssh://host:2222", "host", "2222", REMOTE_PATH_DEFAULT);
    assert_parsed("ssh://user@host:22/run/te/a.sock", "user@host", "22", "/run/te/a.sock");
    assert_parsed("ssh://host/x", "host", "", "/x");
    assert_parsed("ssh://[2001:db8::1]", "2001:db8::1", "", REMOTE_PATH_DEFAULT);
    assert_parsed("ssh://me@[2001:db8::1]:22/x", "me@2001:db8::1", "22", "/x");
}

static void test_no_urls(void **state)
{
    static const char *const wrong[] = {
        "ssh://",       "ssh:///path", "ssh://host:",          "ssh://host:x", "ssh://host:123456",
        "ssh://user@",  "ssh://:22",   "ssh://-oProxyCommand", "ssh://ho st",  "ssh://host/a:b",
        "ssh://ho\nst",
    };
    char long_one[2 * REMOTE_TEXT_MAX] = "ssh://";
    struct remote remote;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (remote_parse(wrong[i], &remote))
            fail_msg("%s is taken", wrong[i]);
    memset(long_one + 6, 'a', REMOTE_TEXT_MAX);
    assert_false(remote_parse(long_one, &remote));
    long_one[6 + REMOTE_TEXT_MAX - 1] = '\0';
    assert_true(remote_parse(long_one, &remote));
    assert_false(remote_is_url("ipc:///run/x"));
    assert_false(remote_is_url(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_no_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <sys/resource.h>

#include "support/test.h"
#include "util/descriptors.h"
#include "util/log.h"

static void test_links_that_a_limit_allows(void **state)
{
    (void)state;
    assert_int_equal(descriptors_links(1024, 256, 8), 256);
    assert_int_equal(descriptors_links(DESCRIPTORS_OWN + 8 + 256, 256, 8), 256);
    assert_int_equal(descriptors_links(DESCRIPTORS_OWN + 8 + 255, 256, 8), 255);
    assert_int_equal(descriptors_links(DESCRIPTORS_OWN + 8, 256, 8), 1);
    assert_int_equal(descriptors_links(3, 256, 8), 1);
}

/* The soft limit is raised as far as needed, and no farther than the hard one. */
static void test_limit_is_raised(void **state)
{
    struct rlimit before, limit;
    (void)state;
    getrlimit(RLIMIT_NOFILE, &before);
    if (before.rlim_max < 512)
        skip();
    limit = before;
    limit.rlim_cur = 100;
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(descriptors_plan(256, 8), 256);
    getrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(limit.rlim_cur, DESCRIPTORS_OWN + 8 + 256);
    limit.rlim_max = limit.rlim_cur;
    setrlimit(RLIMIT_NOFILE, &limit); /* for good: this is the last test */
    assert_int_equal(descriptors_plan(1000, 8), 256);
    getrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_that_a_limit_allows),
        cmocka_unit_test(test_limit_is_raised),
    };
    log_set_level((enum log_level)0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

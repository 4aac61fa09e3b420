#include <sys/resource.h>

#include "support/test.h"
#include "util/descriptors.h"
#include "util/log.h"

/* What a limit allows of 256 links and 64 refusals beside a reserve of 8. */
static void assert_shared(uint64_t limit, unsigned links, unsigned refused)
{
    unsigned links_max = 256, refused_max = 64;
    descriptors_share(limit, 8, &links_max, &refused_max);
    assert_int_equal(links_max, links);
    assert_int_equal(refused_max, refused);
}

static void test_links_that_a_limit_allows(void **state)
{
    (void)state;
    assert_shared(1024, 256, 64);
    assert_shared(DESCRIPTORS_OWN + 8 + 256 + 64, 256, 64);
    assert_shared(DESCRIPTORS_OWN + 8 + 256 + 63, 255, 64);
    assert_shared(DESCRIPTORS_OWN + 8 + 100, 75, 25);
    assert_shared(DESCRIPTORS_OWN + 8, 1, 1);
    assert_shared(3, 1, 1);
}

static void assert_sockets(uint64_t left, unsigned sockets, unsigned links)
{
    unsigned sockets_max = 1000, links_max = 100;
    descriptors_share_sockets(left, &sockets_max, &links_max);
    assert_int_equal(sockets_max, sockets);
    assert_int_equal(links_max, links);
}

static void test_sockets_that_a_limit_allows(void **state)
{
    (void)state;
    assert_sockets(1200, 1000, 100);
    assert_sockets(1199, 999, 100);
    assert_sockets(800, 600, 100);
    assert_sockets(400, 300, 50);
    assert_sockets(8, 6, 1);
    assert_sockets(0, 0, 0);
}

static void test_one_user_does_not_get_all(void **state)
{
    (void)state;
    assert_int_equal(descriptors_part_of_one(57344, 65536, 65536), 57344);
    assert_int_equal(descriptors_part_of_one(57344, 65536, 14514), 12699); /* 7/8, as before */
    assert_int_equal(descriptors_part_of_one(5, 8, 8), 5);
    assert_int_equal(descriptors_part_of_one(1, 65536, 100), 1);
    assert_int_equal(descriptors_part_of_one(0, 65536, 100), 0);
    /* As it was configured: one user may take them all. */
    assert_int_equal(descriptors_part_of_one(65536, 65536, 100), 100);
    assert_int_equal(descriptors_part_of_one(1048576, 8, 8), 8);
    assert_int_equal(descriptors_part_of_one(1048576, 1048576, 1048576), 1048576);
}

/* The soft limit is raised as far as needed, and no farther than the hard one. */
static void test_limit_is_raised(void **state)
{
    struct rlimit before, limit;
    unsigned links = 256, refused = 64;
    (void)state;
    getrlimit(RLIMIT_NOFILE, &before);
    if (before.rlim_max < 512)
        skip();
    limit = before;
    limit.rlim_cur = 100;
    setrlimit(RLIMIT_NOFILE, &limit);
    descriptors_plan(8, &links, &refused);
    assert_int_equal(links, 256);
    assert_int_equal(refused, 64);
    getrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(limit.rlim_cur, DESCRIPTORS_OWN + 8 + 256 + 64);
    limit.rlim_max = limit.rlim_cur;
    setrlimit(RLIMIT_NOFILE, &limit); /* for good: this is the last test */
    links = 1000;
    descriptors_plan(8, &links, &refused);
    assert_int_equal(links, 256);
    getrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_that_a_limit_allows),
        cmocka_unit_test(test_one_user_does_not_get_all),
        cmocka_unit_test(test_sockets_that_a_limit_allows),
        cmocka_unit_test(test_limit_is_raised),
    };
    log_set_level((enum log_level)0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

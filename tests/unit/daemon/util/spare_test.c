#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/test.h"
#include "util/spare.h"

#define FDS_MAX 40

static int fds[FDS_MAX];
static unsigned fd_count;

/* Uses up all descriptors, as clients can. */
static void use_up(void)
{
    struct rlimit limit;
    int fd;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = FDS_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
    while ((fd = dup(STDIN_FILENO)) >= 0)
        fds[fd_count++] = fd;
    assert_int_equal(errno, EMFILE);
}

static int teardown(void **state)
{
    (void)state;
    while (fd_count > 0)
        close(fds[--fd_count]);
    spare_done();
    return 0;
}

static void test_its_place_is_there_when_no_other_is(void **state)
{
    (void)state;
    assert_true(spare_init());
    use_up();
    for (int i = 0; i < 3; i++) { /* as often as needed */
        assert_true(spare_lend());
        assert_false(spare_lend());
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        close(fd);
        spare_return();
        assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), -1); /* it is kept again */
    }
}

static void test_without_one_nothing_is_lent(void **state)
{
    (void)state;
    assert_false(spare_lend());
    spare_return();
    assert_false(spare_lend());
}

/* Its place was not given back: it comes back later. */
static void test_a_lost_place_is_taken_again(void **state)
{
    (void)state;
    assert_true(spare_init());
    use_up();
    assert_true(spare_lend());
    int fd = dup(STDIN_FILENO);
    assert_true(fd >= 0);
    spare_return(); /* in vain */
    assert_false(spare_lend());
    close(fd);
    spare_return();
    assert_true(spare_lend());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_its_place_is_there_when_no_other_is, teardown),
        cmocka_unit_test_teardown(test_without_one_nothing_is_lent, teardown),
        cmocka_unit_test_teardown(test_a_lost_place_is_taken_again, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

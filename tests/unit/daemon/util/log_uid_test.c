#include <fcntl.h>
#include <string.h>
#include <tcpengine/units.h>
#include <unistd.h>

#include "support/test.h"
#include "util/log_uid.h"

static struct log_uids uids;

static int setup(void **state)
{
    (void)state;
    uids = (struct log_uids){.count = 0};
    return 0;
}

static unsigned write_lines(uint32_t uid, int64_t now_us, unsigned count)
{
    unsigned written = 0;
    for (unsigned i = 0; i < count; i++)
        written += log_uids_allow(&uids, uid, now_us);
    return written;
}

static void test_each_user_has_so_many_per_second(void **state)
{
    (void)state;
    assert_int_equal(write_lines(1001, 5 * TE_SECOND, 1000), LOG_UID_BURST);
    assert_int_equal(write_lines(1002, 5 * TE_SECOND, 3), 3); /* nobody else's business */
    assert_int_equal(write_lines(1001, 6 * TE_SECOND - 1, 1), 0);
    assert_int_equal(write_lines(1001, 6 * TE_SECOND, 1000), LOG_UID_BURST);
    assert_int_equal(uids.suppressed, 995 + 1 + 995);
}

static void test_one_line_says_how_many(void **state)
{
    unsigned count = 0;
    (void)state;
    write_lines(1001, 5 * TE_SECOND, 100);
    write_lines(1002, 5 * TE_SECOND, 2);
    assert_null(log_uids_take(&uids, 5 * TE_SECOND + 900 * TE_MS, &count)); /* not over yet */
    const struct log_uid *row = log_uids_take(&uids, 6 * TE_SECOND, &count);
    assert_non_null(row);
    assert_int_equal(row->uid, 1001);
    assert_int_equal(count, 95);
    assert_null(log_uids_take(&uids, 6 * TE_SECOND, &count));
    assert_null(log_uids_take(&uids, 7 * TE_SECOND, &count));
}

/* A thousand users cannot take more than the table's rows allow, and what they lose is told. */
static void test_many_users_share_the_last_row(void **state)
{
    unsigned written = 0, told = 0, count;
    (void)state;
    for (uint32_t uid = 1000; uid < 2000; uid++)
        written += write_lines(uid, 5 * TE_SECOND, 2 * LOG_UID_BURST);
    assert_int_equal(written, LOG_UIDS_MAX * LOG_UID_BURST);
    while (log_uids_take(&uids, 6 * TE_SECOND, &count) != NULL)
        told += count;
    assert_int_equal(told, 1000 * 2 * LOG_UID_BURST - written);
    assert_int_equal(told, uids.suppressed);
    assert_int_equal(write_lines(7, 6 * TE_SECOND, 9), LOG_UID_BURST); /* and rows are free again */
}

static void test_lines_and_the_summary(void **state)
{
    static char text[8192];
    int fds[2];
    unsigned lines = 0;
    (void)state;
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
    log_init(fds[1], LOG_LEVEL_INFO);
    for (unsigned i = 0; i < 3 * LOG_UID_BURST; i++)
        log_write_uid(1001, LOG_LEVEL_INFO, "session %s", "\x1b[2J");
    log_write_uid(1001, LOG_LEVEL_DEBUG, "not at this level"); /* and not counted */
    ssize_t len = read(fds[0], text, sizeof(text) - 1);
    assert_true(len > 0);
    for (const char *at = text; (at = strstr(at, "session ?[2J")) != NULL; at++)
        lines++;
    assert_in_range(lines, LOG_UID_BURST, 2 * LOG_UID_BURST); /* a second may begin in between */
    assert_int_equal(log_uid_suppressed(), 3 * LOG_UID_BURST - lines);
    log_init(STDERR_FILENO, LOG_LEVEL_INFO);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_user_has_so_many_per_second, setup),
        cmocka_unit_test_setup(test_one_line_says_how_many, setup),
        cmocka_unit_test_setup(test_many_users_share_the_last_row, setup),
        cmocka_unit_test_setup(test_lines_and_the_summary, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

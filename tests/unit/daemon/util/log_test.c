#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"
#include "util/log.h"

#define TEXT_MAX 8192

/* Reads what was logged into one end of a pipe since the last time. */
static const char *take(int fd)
{
    static char text[TEXT_MAX];
    ssize_t len = read(fd, text, sizeof(text) - 1);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void pipe_open(int fds[2])
{
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
}

static void pipe_close(int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static void test_line_has_date_name_level(void **state)
{
    int fds[2];
    (void)state;
    pipe_open(fds);
    unsetenv("JOURNAL_STREAM");
    log_init(fds[1], LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_WARNING, "disk %d is %s", 3, "full");
    const char *text = take(fds[0]);
    assert_int_equal(text[4], '-');
    assert_string_equal(strchr(text, ' '), " tcpengined: warning: disk 3 is full\n");
    pipe_close(fds);
}

static void test_less_important_than_level_is_left_out(void **state)
{
    int fds[2];
    (void)state;
    pipe_open(fds);
    log_init(fds[1], LOG_LEVEL_NOTICE);
    log_write(LOG_LEVEL_INFO, "no");
    assert_string_equal(take(fds[0]), "");
    log_set_level(LOG_LEVEL_DEBUG);
    assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
    log_write(LOG_LEVEL_DEBUG, "yes");
    assert_non_null(strstr(take(fds[0]), "debug: yes"));
    pipe_close(fds);
}

static void test_journal_gets_priorities(void **state)
{
    int fds[2];
    struct stat st;
    char stream[64];
    (void)state;
    pipe_open(fds);
    assert_int_equal(fstat(fds[1], &st), 0);
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_init(fds[1], LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_ERROR, "bad");
    assert_string_equal(take(fds[0]), "<3>bad\n");
    setenv("JOURNAL_STREAM", "1:1", 1);
    log_init(fds[1], LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_ERROR, "bad");
    assert_non_null(strstr(take(fds[0]), "error: bad"));
    unsetenv("JOURNAL_STREAM");
    pipe_close(fds);
}

static void test_control_characters_cannot_forge_lines(void **state)
{
    int fds[2];
    (void)state;
    pipe_open(fds);
    log_init(fds[1], LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "name %s", "a\nb\x1b[31m\x7f");
    assert_non_null(strstr(take(fds[0]), "name a?b?[31m?\n"));
    pipe_close(fds);
}

static void test_long_line_is_cut(void **state)
{
    int fds[2];
    char *text = malloc(2 * LOG_LINE_MAX);
    (void)state;
    pipe_open(fds);
    memset(text, 'x', 2 * LOG_LINE_MAX);
    text[2 * LOG_LINE_MAX - 1] = '\0';
    log_init(fds[1], LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "%s", text);
    const char *line = take(fds[0]);
    assert_in_range(strlen(line), LOG_LINE_MAX / 2, LOG_LINE_MAX);
    assert_int_equal(line[strlen(line) - 1], '\n');
    free(text);
    pipe_close(fds);
}

/* A blocking pipe whose reader sleeps: the test itself would hang if log_write() waited. */
static void test_full_pipe_does_not_block(void **state)
{
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    log_init(fds[1], LOG_LEVEL_INFO);
    for (unsigned i = 0; i < 10000; i++)
        log_write(LOG_LEVEL_INFO, "line %u of many that nobody reads", i);
    assert_true(log_lost_lines() > 0);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    while (*take(fds[0]) != '\0')
        ;
    log_write(LOG_LEVEL_INFO, "back");
    const char *text = take(fds[0]);
    assert_non_null(strstr(text, "log lines were lost"));
    assert_non_null(strstr(text, "back"));
    pipe_close(fds);
}

static void test_full_disk_does_no_harm(void **state)
{
    int fd = open("/dev/full", O_WRONLY);
    (void)state;
    if (fd < 0)
        skip();
    log_init(fd, LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "one");
    log_write(LOG_LEVEL_INFO, "two");
    assert_int_equal(log_lost_lines(), 2);
    close(fd);
    log_init(fd, LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "into a closed descriptor");
    assert_int_equal(log_lost_lines(), 1);
}

static void test_limit_tells_what_it_left_out(void **state)
{
    struct log_limit limit = {0};
    unsigned suppressed = 99;
    (void)state;
    for (unsigned i = 0; i < LOG_LIMIT_BURST; i++) {
        assert_true(log_limit_allow(&limit, 1000 + i, &suppressed));
        assert_int_equal(suppressed, 0);
    }
    assert_false(log_limit_allow(&limit, 2000, &suppressed));
    assert_false(log_limit_allow(&limit, LOG_LIMIT_INTERVAL_US, &suppressed));
    assert_true(log_limit_allow(&limit, 1000 + LOG_LIMIT_INTERVAL_US, &suppressed));
    assert_int_equal(suppressed, 2);
    assert_true(log_limit_allow(&limit, 1001 + LOG_LIMIT_INTERVAL_US, &suppressed));
    assert_int_equal(suppressed, 0);
}

static void test_limited_lines(void **state)
{
    int fds[2];
    struct log_limit limit = {0};
    unsigned lines = 0;
    (void)state;
    pipe_open(fds);
    log_init(fds[1], LOG_LEVEL_INFO);
    for (unsigned i = 0; i < 20; i++)
        log_write_limited(&limit, LOG_LEVEL_INFO, "again");
    for (const char *text = take(fds[0]); *text != '\0'; text++)
        lines += *text == '\n';
    assert_int_equal(lines, LOG_LIMIT_BURST);
    limit.interval_start_us -= LOG_LIMIT_INTERVAL_US;
    log_write_limited(&limit, LOG_LEVEL_INFO, "again");
    assert_non_null(strstr(take(fds[0]), "again (15 more like this were not logged)\n"));
    pipe_close(fds);
}

static void test_level_names(void **state)
{
    (void)state;
    assert_string_equal(log_level_name(LOG_LEVEL_ERROR), "error");
    assert_string_equal(log_level_name(LOG_LEVEL_DEBUG), "debug");
    assert_null(log_level_name(2));
    assert_null(log_level_name(8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_has_date_name_level),
        cmocka_unit_test(test_less_important_than_level_is_left_out),
        cmocka_unit_test(test_journal_gets_priorities),
        cmocka_unit_test(test_control_characters_cannot_forge_lines),
        cmocka_unit_test(test_long_line_is_cut),
        cmocka_unit_test(test_full_pipe_does_not_block),
        cmocka_unit_test(test_full_disk_does_no_harm),
        cmocka_unit_test(test_limit_tells_what_it_left_out),
        cmocka_unit_test(test_limited_lines),
        cmocka_unit_test(test_level_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

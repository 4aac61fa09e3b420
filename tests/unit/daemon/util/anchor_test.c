#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"
#include "util/anchor.h"

static char folder[] = "/tmp/anchor-test-XXXXXX", moved[sizeof(folder) + 8];
static char inside[sizeof(folder) + 8], below[sizeof(folder) + 16];

static int group_setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    sprintf(moved, "%s.moved", folder);
    sprintf(inside, "%s/file", folder);
    sprintf(below, "%s/sub", folder);
    assert_int_equal(mkdir(below, 0700), 0);
    strcat(below, "/file");
    t_file_write(inside, "inside");
    t_file_write(below, "below");
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    unlink(inside);
    unlink(below);
    *strrchr(below, '/') = '\0';
    rmdir(below);
    rmdir(folder);
    return 0;
}

static void assert_content(int fd, const char *text)
{
    char content[16] = "";
    assert_true(fd >= 0);
    assert_int_equal(read(fd, content, sizeof(content) - 1), (int)strlen(text));
    assert_string_equal(content, text);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}

static void test_unset_it_goes_by_path(void **state)
{
    (void)state;
    assert_int_equal(anchor_fd(ANCHOR_CONFIG), -1);
    assert_content(anchor_open(ANCHOR_CONFIG, inside), "inside");
}

/* Wherever the directory is now: that shows that the path is not used. */
static void test_its_own_files_are_opened_relative_to_it(void **state)
{
    (void)state;
    anchor_set(ANCHOR_CONFIG, inside);
    assert_true(anchor_fd(ANCHOR_CONFIG) >= 0);
    assert_int_equal(rename(folder, moved), 0);
    assert_content(anchor_open(ANCHOR_CONFIG, inside), "inside");
    assert_int_equal(rename(moved, folder), 0);
}

static void test_other_directories_go_by_path(void **state)
{
    (void)state;
    assert_content(anchor_open(ANCHOR_CONFIG, below), "below");
    assert_int_equal(rename(folder, moved), 0);
    assert_int_equal(anchor_open(ANCHOR_CONFIG, below), -1);
    assert_int_equal(rename(moved, folder), 0);
}

static void test_it_is_set_once(void **state)
{
    (void)state;
    int fd = anchor_fd(ANCHOR_CONFIG);
    anchor_set(ANCHOR_CONFIG, below);
    assert_int_equal(anchor_fd(ANCHOR_CONFIG), fd);
    assert_content(anchor_open(ANCHOR_CONFIG, inside), "inside");
}

static void test_without_a_slash_it_is_here(void **state)
{
    (void)state;
    assert_int_equal(chdir(folder), 0);
    anchor_set(ANCHOR_PROC, "file");
    assert_int_equal(chdir("/"), 0);
    assert_content(anchor_open(ANCHOR_PROC, "file"), "inside");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unset_it_goes_by_path),
        cmocka_unit_test(test_its_own_files_are_opened_relative_to_it),
        cmocka_unit_test(test_other_directories_go_by_path),
        cmocka_unit_test(test_it_is_set_once),
        cmocka_unit_test(test_without_a_slash_it_is_here),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

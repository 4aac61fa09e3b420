/* What the daemon does about descriptors 0 to 2 that are closed; in a child. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "util/std_files.h"

/* Returns the number of the first check that failed, or 0. */
static int run_closed(void)
{
    char byte;
    for (int fd = 0; fd <= 2; fd++)
        close(fd);
    if (!std_files_fill())
        return 1;
    if (read(0, &byte, 1) != 0)
        return 2; /* stdin is empty */
    if (write(1, "x", 1) != -1 || errno != EBADF)
        return 3; /* output that nobody can see has failed */
    if (write(2, "x", 1) != 1)
        return 4; /* the log goes nowhere, without being in the way */
    return open("/dev/null", O_RDONLY) > 2 ? 0 : 5;
}

static void test_closed_ones_are_opened(void **state)
{
    int status;
    pid_t pid = fork();
    (void)state;
    if (pid == 0)
        _exit(run_closed());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_open_ones_are_left_alone(void **state)
{
    int before = dup(0);
    (void)state;
    assert_true(std_files_fill());
    int after = dup(0);
    assert_int_equal(after, before + 1);
    close(before);
    close(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_ones_are_opened),
        cmocka_unit_test(test_open_ones_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the library does about descriptors 0 to 2 that are closed; each test in a child. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "std_files.h"
#include "support/test.h"

/* The child's exit status is the number of the first check that failed, or 0. */
#define CHECK(number, condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(number);                                                                         \
    } while (0)

static int in_child(void (*run)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        run();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_null_device(const char *path)
{
    char target[64] = "";
    return readlink(path, target, sizeof(target) - 1) > 0 && strcmp(target, "/dev/null") == 0;
}

static void close_all(void)
{
    char byte;
    for (int fd = 0; fd <= 2; fd++)
        close(fd);
    tcpci_std_files_occupy();
    CHECK(1, is_null_device("/proc/self/fd/0"));
    CHECK(2, is_null_device("/proc/self/fd/1"));
    CHECK(3, is_null_device("/proc/self/fd/2"));
    CHECK(4, read(0, &byte, 1) == -1 && errno == EBADF);
    CHECK(5, write(1, "x", 1) == -1 && errno == EBADF);
    CHECK(6, write(2, "x", 1) == -1 && errno == EBADF);
    CHECK(7, fcntl(0, F_GETFD) == FD_CLOEXEC && fcntl(2, F_GETFD) == FD_CLOEXEC);
    CHECK(8, open("/dev/null", O_RDONLY) > 2);
}

static void close_one(void)
{
    int before = dup(0);
    close(1);
    errno = ENOENT;
    tcpci_std_files_occupy();
    CHECK(1, errno == ENOENT);
    CHECK(2, is_null_device("/proc/self/fd/1"));
    CHECK(3, dup(0) == before + 1); /* nothing else was opened */
}

static void close_none(void)
{
    int before = dup(0);
    tcpci_std_files_occupy();
    CHECK(1, dup(0) == before + 1);
}

static void closed_ones_are_occupied(void **state)
{
    (void)state;
    assert_int_equal(in_child(close_all), 0);
    assert_int_equal(in_child(close_one), 0);
}

static void open_ones_are_left_alone(void **state)
{
    (void)state;
    assert_int_equal(in_child(close_none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_ones_are_occupied),
        cmocka_unit_test(open_ones_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

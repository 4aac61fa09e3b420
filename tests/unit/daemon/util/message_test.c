#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"
#include "util/message.h"

static int ends[2];

static int setup(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int teardown(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* The lowest free one: it tells whether descriptors were left open. */
static int next_fd(void)
{
    int fd = dup(ends[0]);
    close(fd);
    return fd;
}

static void test_without_descriptors(void **state)
{
    char data[8];
    int fd;
    (void)state;
    assert_true(message_send(ends[0], "hello", 5, NULL, 0));
    assert_int_equal(message_receive(ends[1], data, sizeof(data), &fd), 5);
    assert_memory_equal(data, "hello", 5);
    assert_int_equal(fd, MESSAGE_NO_FD);
}

static void test_one_descriptor(void **state)
{
    char byte;
    int fd, pipe_fds[2];
    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_true(message_send(ends[0], "", 1, &pipe_fds[1], 1));
    assert_int_equal(message_receive(ends[1], &byte, 1, &fd), 1);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(fd);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void test_several_are_closed(void **state)
{
    char byte;
    int fd, fds[MESSAGE_FDS_MAX];
    (void)state;
    int free_fd = next_fd();
    for (size_t count = 2; count <= MESSAGE_FDS_MAX; count++) {
        for (size_t i = 0; i < count; i++)
            fds[i] = ends[0];
        assert_true(message_send(ends[0], "", 1, fds, count));
        assert_int_equal(message_receive(ends[1], &byte, 1, &fd), 1);
        assert_int_equal(fd, MESSAGE_MANY_FDS);
        assert_int_equal(next_fd(), free_fd);
    }
}

static void test_what_is_cut_off_is_counted(void **state)
{
    char data[4];
    int fd;
    (void)state;
    assert_true(message_send(ends[0], "longer", 6, NULL, 0));
    assert_int_equal(message_receive(ends[1], data, sizeof(data), &fd), 6);
    assert_memory_equal(data, "long", 4);
}

static void test_nothing_waits(void **state)
{
    char byte;
    int fd;
    (void)state;
    assert_int_equal(message_receive(ends[1], &byte, 1, &fd), -1);
    assert_int_equal(errno, EAGAIN);
    while (message_send(ends[0], "", 1, NULL, 0))
        ;
    assert_int_equal(errno, EAGAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_descriptors), TEST(test_one_descriptor),
        TEST(test_several_are_closed),  TEST(test_what_is_cut_off_is_counted),
        TEST(test_nothing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

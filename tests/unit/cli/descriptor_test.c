/* Reading and writing whatever stdin and stdout are. A thread at the other end takes its time. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "descriptor.h"
#include "support/test.h"

enum { LONG_BYTES = 1024 * 1024 };

struct slow {
    int fd;
    size_t total;
    pthread_t thread, disturbed; /* gets a signal each time */
};

static char long_data[LONG_BYTES];

static void rest(void)
{
    const struct timespec time = {.tv_nsec = 2000000};
    nanosleep(&time, NULL);
}

static void on_signal(int number)
{
    (void)number;
}

/* Without SA_RESTART: calls that wait end with EINTR. */
static int set_up(void **state)
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)state;
    memset(long_data, 'x', sizeof(long_data));
    signal(SIGPIPE, SIG_IGN);
    return sigaction(SIGUSR1, &action, NULL);
}

static void *write_slowly(void *arg)
{
    struct slow *slow = arg;
    for (const char *c = "abc"; *c; c++) {
        rest();
        pthread_kill(slow->disturbed, SIGUSR1);
        rest();
        slow->total += (size_t)write(slow->fd, c, 1);
    }
    close(slow->fd);
    return NULL;
}

static void *read_slowly(void *arg)
{
    struct slow *slow = arg;
    char piece[65536];
    ssize_t got;
    do {
        rest();
        pthread_kill(slow->disturbed, SIGUSR1);
        got = read(slow->fd, piece, sizeof(piece));
        slow->total += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    return NULL;
}

static void start(struct slow *slow, int fd, void *(*run)(void *))
{
    *slow = (struct slow){.fd = fd, .disturbed = pthread_self()};
    assert_int_equal(pthread_create(&slow->thread, NULL, run, slow), 0);
}

/* A pipe or a socket pair, non-blocking at our end: fds[own]. */
static void make_pair(bool is_socket, int own, int fds[2])
{
    assert_int_equal(is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, fds) : pipe(fds), 0);
    assert_int_equal(fcntl(fds[own], F_SETFL, O_NONBLOCK), 0);
}

static void reading_waits_and_goes_on(void **state)
{
    (void)state;
    for (int is_socket = 0; is_socket < 2; is_socket++) {
        struct slow slow;
        int fds[2];
        char text[4] = "";
        make_pair(is_socket, 0, fds);
        start(&slow, fds[1], write_slowly);
        for (int i = 0; i < 3; i++)
            assert_int_equal(descriptor_read(fds[0], text + i, 1), 1);
        assert_int_equal(descriptor_read(fds[0], text + 3, 1), 0);
        assert_string_equal(text, "abc");
        pthread_join(slow.thread, NULL);
        close(fds[0]);
    }
}

static void writing_takes_as_long_as_it_takes(void **state)
{
    (void)state;
    for (int is_socket = 0; is_socket < 2; is_socket++) {
        struct slow slow;
        int fds[2];
        make_pair(is_socket, 1, fds);
        start(&slow, fds[0], read_slowly);
        assert_true(descriptor_write(fds[1], long_data, sizeof(long_data)));
        close(fds[1]);
        pthread_join(slow.thread, NULL);
        assert_int_equal(slow.total, sizeof(long_data));
        close(fds[0]);
    }
}

static void failures_say_why(void **state)
{
    char byte;
    int fds[2];
    int folder = open("/", O_RDONLY | O_DIRECTORY), full = open("/dev/full", O_WRONLY);
    (void)state;
    assert_int_equal(descriptor_read(folder, &byte, 1), -1);
    assert_int_equal(errno, EISDIR);
    assert_false(descriptor_write(full, "x", 1));
    assert_int_equal(errno, ENOSPC);
    make_pair(false, 1, fds);
    close(fds[0]);
    assert_false(descriptor_write(fds[1], "x", 1));
    assert_int_equal(errno, EPIPE);
    close(fds[1]);
    assert_false(descriptor_write(fds[1], "x", 1));
    assert_int_equal(errno, EBADF);
    close(folder);
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_waits_and_goes_on),
        cmocka_unit_test(writing_takes_as_long_as_it_takes),
        cmocka_unit_test(failures_say_why),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}

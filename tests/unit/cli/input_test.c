/* stdin as what connections are sent: once, or from its start to each. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "support/test.h"

enum { PIECE = 64 * 1024 };

/* Reads from offset to the end, as one text. */
static const char *read_all(struct input *input, uint64_t offset)
{
    static char text[64];
    size_t have = 0;
    ssize_t len;
    while ((len = input_read(input, offset + have, text + have, 3)) > 0)
        have += (size_t)len;
    assert_int_equal(len, 0);
    text[have] = '\0';
    return text;
}

/* A file, open at offset 2; returns the descriptor. */
static int make_file(const char *text)
{
    char path[] = "/tmp/input-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(lseek(fd, 2, SEEK_SET), 2);
    return fd;
}

static int make_pipe(const char *text)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], text, strlen(text)), strlen(text));
    close(fds[1]);
    return fds[0];
}

static void kinds(void **state)
{
    struct input input;
    int file = make_file("0123"), pipe_fd = make_pipe("x"), device = open("/dev/null", O_RDONLY);
    (void)state;
    input_init(&input, file, true, false);
    assert_int_equal(input.kind, INPUT_FILE);
    input_init(&input, file, false, false);
    assert_int_equal(input.kind, INPUT_STREAM);
    input_init(&input, pipe_fd, true, true);
    assert_int_equal(input.kind, INPUT_KEPT);
    input_init(&input, pipe_fd, true, false);
    assert_int_equal(input.kind, INPUT_STREAM);
    input_init(&input, device, true, true);
    assert_int_equal(input.kind, INPUT_STREAM);
    close(file);
    close(pipe_fd);
    close(device);
}

static void a_file_repeats_from_where_it_stood(void **state)
{
    struct input input;
    int fd = make_file("0123456789");
    (void)state;
    input_init(&input, fd, true, false);
    assert_string_equal(read_all(&input, 0), "23456789");
    assert_string_equal(read_all(&input, 0), "23456789");
    assert_string_equal(read_all(&input, 5), "789");
    close(fd);
}

static void a_kept_pipe_repeats(void **state)
{
    struct input input;
    int fd = make_pipe("hello world");
    char text[6] = "";
    (void)state;
    input_init(&input, fd, true, true);
    assert_int_equal(input_read(&input, 0, text, 5), 5); /* the first one goes after this */
    assert_string_equal(text, "hello");
    assert_string_equal(read_all(&input, 0), "hello world");
    assert_string_equal(read_all(&input, 0), "hello world");
    assert_false(input.is_lost);
    input_done(&input);
    close(fd);
}

static void a_stream_goes_by_once(void **state)
{
    struct input input;
    int fd = make_pipe("hello");
    (void)state;
    input_init(&input, fd, false, false);
    assert_string_equal(read_all(&input, 0), "hello");
    assert_string_equal(read_all(&input, 0), "");
    close(fd);
}

static void *fill(void *arg)
{
    static const char piece[PIECE];
    int fd = *(int *)arg;
    for (size_t done = 0; done < INPUT_KEPT_MAX + PIECE; done += PIECE) {
        size_t put = 0;
        while (put < PIECE)
            put += (size_t)write(fd, piece, PIECE - put);
    }
    close(fd);
    return NULL;
}

/* The first connection still gets all of it. */
static void what_is_too_long_is_not_kept(void **state)
{
    static char piece[PIECE];
    struct input input;
    pthread_t thread;
    uint64_t total = 0;
    int fds[2];
    ssize_t len;
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(pthread_create(&thread, NULL, fill, &fds[1]), 0);
    input_init(&input, fds[0], true, true);
    while ((len = input_read(&input, total, piece, sizeof(piece))) > 0) {
        total += (uint64_t)len;
        assert_int_equal(input.is_lost, total > INPUT_KEPT_MAX);
    }
    assert_int_equal(total, INPUT_KEPT_MAX + PIECE);
    assert_true(input.is_lost);
    assert_null(input.kept);
    pthread_join(thread, NULL);
    close(fds[0]);
}

static void failures_are_told(void **state)
{
    struct input input;
    char byte;
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    (void)state;
    input_init(&input, fd, true, true);
    assert_int_equal(input_read(&input, 0, &byte, 1), -1);
    assert_int_equal(errno, EISDIR);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(a_file_repeats_from_where_it_stood),
        cmocka_unit_test(a_kept_pipe_repeats),
        cmocka_unit_test(a_stream_goes_by_once),
        cmocka_unit_test(what_is_too_long_is_not_kept),
        cmocka_unit_test(failures_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

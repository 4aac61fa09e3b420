#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sp/sp_door.h"
#include "sp/sp_peer.h"
#include "support.h"
#include "util/log.h"

#define SUFFIX ".door"

struct fixture {
    struct t_dir dir;
    uv_loop_t loop;
    struct sp_door door;
    unsigned admitted, closed;
};

static void admit(void *ctx, int fd)
{
    struct fixture *f = ctx;
    f->admitted++;
    close(fd);
}

static void on_closed(uv_handle_t *handle)
{
    struct fixture *f = handle->data;
    f->closed++;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    t_dir_init(&f->dir);
    log_set_level((enum log_level)0);
    uv_loop_init(&f->loop);
    assert_true(sp_door_open(&f->door, f->dir.socket, SUFFIX, SP_PEER_NO_GROUP));
    sp_door_start(&f->door, &f->loop, admit, f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sp_door_close(&f->door, on_closed);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->closed, 1);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    t_dir_done(&f->dir);
    free(f);
    return 0;
}

static int come(const struct fixture *f)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&f->door.socket.address,
                             sizeof(f->door.socket.address)),
                     0);
    return fd;
}

static void test_it_lies_beside_the_control_socket(void **state)
{
    const struct fixture *f = *state;
    char path[256];
    snprintf(path, sizeof(path), "%s%s", f->dir.socket, SUFFIX);
    assert_string_equal(f->door.socket.address.sun_path, path);
    assert_int_equal(access(path, F_OK), 0);
}

static void test_all_who_come_are_admitted(void **state)
{
    struct fixture *f = *state;
    int fds[20];
    for (unsigned i = 0; i < 20; i++)
        fds[i] = come(f);
    while (f->admitted < 20)
        uv_run(&f->loop, UV_RUN_ONCE);
    for (unsigned i = 0; i < 20; i++)
        close(fds[i]);
}

static void test_without_descriptors_it_waits_to_be_told(void **state)
{
    struct fixture *f = *state;
    struct rlimit usual, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    int fd = come(f);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->admitted, 0);
    sp_door_look_again(&f->door);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->admitted, 1);
    close(fd);
}

static void test_closed_twice(void **state)
{
    struct fixture *f = *state;
    sp_door_close(&f->door, on_closed);
    sp_door_look_again(&f->door);
    assert_int_equal(access(f->door.socket.address.sun_path, F_OK), -1);
}

static void test_a_long_path(void **state)
{
    struct fixture *f = *state;
    struct sp_door other;
    char path[400];
    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_false(sp_door_open(&other, path, SUFFIX, SP_PEER_NO_GROUP));
    path[sizeof(f->door.socket.address.sun_path) - 2] = '\0'; /* fits, but not with the suffix */
    assert_false(sp_door_open(&other, path, SUFFIX, SP_PEER_NO_GROUP));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_it_lies_beside_the_control_socket),
        TEST(test_all_who_come_are_admitted),
        TEST(test_without_descriptors_it_waits_to_be_told),
        TEST(test_closed_twice),
        TEST(test_a_long_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

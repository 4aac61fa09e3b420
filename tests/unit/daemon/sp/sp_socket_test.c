#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sp/sp_peer.h"
#include "sp/sp_socket.h"
#include "support.h"
#include "util/log.h"

#define GROUP 4711

static int setup(void **state)
{
    struct t_dir *dir = malloc(sizeof(*dir));
    t_dir_init(dir);
    log_set_level((enum log_level)0);
    *state = dir;
    return 0;
}

static int teardown(void **state)
{
    t_dir_done(*state);
    free(*state);
    return 0;
}

static int open_at(struct sp_socket *socket, const char *path)
{
    return sp_socket_open(socket, path, SP_PEER_NO_GROUP);
}

/* True when somebody listens at path. */
static bool is_served(const char *path)
{
    int fd = t_try_connect(path);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static void test_open_listens_and_close_removes(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket socket;
    struct stat st;
    assert_int_equal(open_at(&socket, dir->socket), 0);
    assert_true(is_served(dir->socket));
    assert_int_equal(stat(dir->socket, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0660);
    assert_true((fcntl(socket.fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(socket.fd, F_GETFD) & FD_CLOEXEC) != 0);
    sp_socket_close(&socket);
    assert_int_equal(socket.fd, -1);
    assert_false(exists(dir->socket));
    sp_socket_close(&socket); /* harmless */
}

static void test_umask_does_not_matter(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket socket;
    struct stat st;
    mode_t before = umask(0777);
    int err = open_at(&socket, dir->socket);
    umask(before);
    assert_int_equal(err, 0);
    assert_int_equal(stat(dir->socket, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    sp_socket_close(&socket);
}

/* A socket file that nobody listens at, as a killed daemon leaves it. */
static void leave_stale(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

static void test_file_of_a_dead_daemon_is_replaced(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket socket;
    leave_stale(dir->socket);
    assert_false(is_served(dir->socket));
    assert_int_equal(open_at(&socket, dir->socket), 0);
    assert_true(is_served(dir->socket));
    sp_socket_close(&socket);
}

static void test_live_daemon_keeps_its_file(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket first, second;
    assert_int_equal(open_at(&first, dir->socket), 0);
    assert_int_equal(open_at(&second, dir->socket), -EADDRINUSE);
    assert_int_equal(second.fd, -1);
    assert_true(is_served(dir->socket));
    sp_socket_close(&second);
    assert_true(is_served(dir->socket));
    sp_socket_close(&first);
}

/* A daemon whose queue of connections is full is alive all the same. */
static void test_busy_daemon_is_alive(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket first, second;
    int fds[8], count = 0;
    assert_int_equal(open_at(&first, dir->socket), 0);
    assert_int_equal(listen(first.fd, 1), 0);
    struct sockaddr_un address = first.address;
    for (; count < 8; count++) {
        fds[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connect(fds[count], (const struct sockaddr *)&address, sizeof(address)) != 0)
            break;
    }
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(open_at(&second, dir->socket), -EADDRINUSE);
    for (int i = 0; i <= count && i < 8; i++)
        close(fds[i]);
    sp_socket_close(&first);
}

static void test_file_that_is_no_socket_is_kept(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket socket;
    struct stat st;
    close(open(dir->socket, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(open_at(&socket, dir->socket), -EEXIST);
    assert_int_equal(lstat(dir->socket, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(unlink(dir->socket), 0);
    assert_int_equal(symlink("/nowhere", dir->socket), 0);
    assert_int_equal(open_at(&socket, dir->socket), -EEXIST);
    assert_true(exists(dir->socket));
}

/* Somebody replaced our file: what is there now is not ours to remove. */
static void test_close_removes_only_its_own_file(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket first, second;
    assert_int_equal(open_at(&first, dir->socket), 0);
    assert_int_equal(unlink(dir->socket), 0);
    assert_int_equal(open_at(&second, dir->socket), 0);
    sp_socket_close(&first);
    assert_true(is_served(dir->socket));
    sp_socket_close(&second);
    assert_false(exists(dir->socket));
}

static void test_missing_directory_is_made(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket socket;
    struct stat st;
    char path[96];
    snprintf(path, sizeof(path), "%s/run/socket", dir->path);
    assert_int_equal(open_at(&socket, path), 0);
    sp_socket_close(&socket);
    snprintf(path, sizeof(path), "%s/run", dir->path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    snprintf(path, sizeof(path), "%s/no/parent/socket", dir->path);
    assert_int_equal(open_at(&socket, path), -ENOENT);
}

static void test_present_directory_keeps_its_mode(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket socket;
    struct stat st;
    assert_int_equal(chmod(dir->path, 0711), 0);
    assert_int_equal(open_at(&socket, dir->socket), 0);
    assert_int_equal(stat(dir->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0711);
    sp_socket_close(&socket);
}

static void test_group_owns_the_file_and_a_new_directory(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket socket;
    struct stat st;
    char path[96];
    if (geteuid() != 0)
        skip();
    snprintf(path, sizeof(path), "%s/run/socket", dir->path);
    assert_int_equal(sp_socket_open(&socket, path, GROUP), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_gid, GROUP);
    sp_socket_close(&socket);
    snprintf(path, sizeof(path), "%s/run", dir->path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_gid, GROUP);
}

/* Never without a NUL in sun_path: the longest path is one byte less. */
static void test_path_length_is_bounded(void **state)
{
    const struct t_dir *dir = *state;
    struct sp_socket socket;
    char path[sizeof(socket.address.sun_path) + 1];
    int used = snprintf(path, sizeof(path), "%s/", dir->path);
    memset(path + used, 'x', sizeof(path) - 1 - (size_t)used);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(open_at(&socket, path), -ENAMETOOLONG);
    path[sizeof(path) - 2] = '\0';
    assert_int_equal(open_at(&socket, path), 0);
    sp_socket_close(&socket);
    assert_int_equal(open_at(&socket, ""), -ENAMETOOLONG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open_listens_and_close_removes),
        TEST(test_umask_does_not_matter),
        TEST(test_file_of_a_dead_daemon_is_replaced),
        TEST(test_live_daemon_keeps_its_file),
        TEST(test_busy_daemon_is_alive),
        TEST(test_file_that_is_no_socket_is_kept),
        TEST(test_close_removes_only_its_own_file),
        TEST(test_missing_directory_is_made),
        TEST(test_present_directory_keeps_its_mode),
        TEST(test_group_owns_the_file_and_a_new_directory),
        TEST(test_path_length_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

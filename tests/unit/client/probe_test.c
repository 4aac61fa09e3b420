/* Why is there no link? */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe.h"
#include "support/test.h"

struct world {
    char directory[32], path[64], url[80];
    int listener;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    strcpy(world->directory, "/tmp/probe-test-XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    snprintf(world->path, sizeof(world->path), "%s/sock", world->directory);
    snprintf(world->url, sizeof(world->url), "ipc://%s", world->path);
    world->listener = -1;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    if (world->listener >= 0)
        close(world->listener);
    unlink(world->path);
    rmdir(world->directory);
    free(world);
    return 0;
}

static void listen_there(struct world *world, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, world->path);
    world->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(world->listener >= 0);
    assert_int_equal(bind(world->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(world->listener, backlog), 0);
}

static void a_listening_socket_is_no_reason(void **state)
{
    struct world *world = *state;
    listen_there(world, 8);
    assert_int_equal(tcpci_probe_path(world->url), 0);
    assert_int_equal(tcpci_probe_url(world->url), 0);
}

static void no_file_is_ENOENT(void **state)
{
    struct world *world = *state;
    assert_int_equal(tcpci_probe_path(world->url), ENOENT);
    assert_int_equal(tcpci_probe_url(world->url), ENOENT);
}

static void a_dead_socket_refuses(void **state)
{
    struct world *world = *state;
    listen_there(world, 8);
    close(world->listener);
    world->listener = -1;
    assert_int_equal(tcpci_probe_path(world->url), 0);
    assert_int_equal(tcpci_probe_url(world->url), ECONNREFUSED);
}

/* Somebody listens, and is busy: a daemon is there. */
static void a_full_backlog_is_no_reason(void **state)
{
    struct world *world = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fds[8];
    unsigned count = 0;
    strcpy(address.sun_path, world->path);
    listen_there(world, 0);
    for (;; count++) {
        assert_true(count < 8);
        fds[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connect(fds[count], (struct sockaddr *)&address, sizeof(address)) != 0)
            break;
    }
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(tcpci_probe_url(world->url), 0);
    for (unsigned i = 0; i <= count; i++)
        close(fds[i]);
}

/* sun_path has room for 107 bytes and a NUL (unix(7)). */
static void a_path_has_107_bytes_at_most(void **state)
{
    char url[200] = "ipc:///";
    (void)state;
    memset(url + 7, 'x', 106);
    assert_int_equal(tcpci_probe_path(url), ENOENT);
    assert_int_equal(tcpci_probe_url(url), ENOENT);
    url[7 + 106] = 'x';
    assert_int_equal(tcpci_probe_path(url), ENAMETOOLONG);
    assert_int_equal(tcpci_probe_url(url), ENAMETOOLONG);
}

static void other_urls_are_not_tried(void **state)
{
    (void)state;
    assert_int_equal(tcpci_probe_path("tcp://10.0.0.1:80"), 0);
    assert_int_equal(tcpci_probe_url("tcp://10.0.0.1:80"), 0);
    assert_int_equal(tcpci_probe_url(""), 0);
}

/* A TCP socket on loopback that listens, or is only bound: returns its port. */
static int tcp_socket(int *ret_fd, bool listens)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*ret_fd, (struct sockaddr *)&address, len), 0);
    if (listens)
        assert_int_equal(listen(*ret_fd, 1), 0);
    assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static void tcp_urls_are_tried(void **state)
{
    static const char *const schemes[] = {"tcp", "tcp4"};
    char url[64];
    int fd;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        int port = tcp_socket(&fd, true);
        snprintf(url, sizeof(url), "%s://127.0.0.1:%d", schemes[i], port);
        assert_int_equal(tcpci_probe_daemon(url), 0);
        close(fd);
        port = tcp_socket(&fd, false);
        snprintf(url, sizeof(url), "%s://127.0.0.1:%d", schemes[i], port);
        assert_int_equal(tcpci_probe_daemon(url), ECONNREFUSED);
        close(fd);
    }
    assert_int_equal(tcpci_probe_daemon("tcp://no.such.host.invalid:1"), EADDRNOTAVAIL);
    assert_int_equal(tcpci_probe_daemon("tcp6://127.0.0.1:1"), EADDRNOTAVAIL);
    assert_int_equal(tcpci_probe_daemon("tcp://127.0.0.1"), 0); /* nng complains of it */
    assert_int_equal(tcpci_probe_daemon("ipc:///no/such/socket"), ENOENT);
    assert_int_equal(tcpci_probe_daemon("unix:///no/such/socket"), ENOENT);
}

static void what_can_be_probed(void **state)
{
    (void)state;
    assert_true(tcpci_probe_is_possible("ipc:///x"));
    assert_true(tcpci_probe_is_possible("tcp6://[::1]:1"));
    assert_false(tcpci_probe_is_possible("ws://127.0.0.1:1/"));
    assert_false(tcpci_probe_is_possible("inproc://x"));
    assert_false(tcpci_probe_is_possible(""));
}

static void reasons_are_put_into_words(void **state)
{
    struct tcpc_error error;
    (void)state;
    assert_int_equal(tcpci_probe_explain("ipc:///x", EACCES, &error), TCPC_PERMISSION);
    assert_int_equal(error.code, TCPC_PERMISSION);
    assert_non_null(strstr(error.message, "ipc:///x"));
    assert_string_equal(error.errno_name, "EACCES");
    assert_int_equal(tcpci_probe_explain("ipc:///x", EPERM, &error), TCPC_PERMISSION);
    assert_string_equal(error.errno_name, "EPERM");
    assert_int_equal(tcpci_probe_explain("ipc:///x", ENOENT, &error), TCPC_UNREACHABLE);
    assert_string_equal(error.message, "no daemon at ipc:///x");
    assert_string_equal(error.errno_name, "ENOENT");
    assert_int_equal(tcpci_probe_explain("ipc:///x", 0, &error), TCPC_UNREACHABLE);
    assert_int_equal(error.code, TCPC_UNREACHABLE);
    assert_int_equal(tcpci_probe_explain("ipc:///x", ENOENT, NULL), TCPC_UNREACHABLE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_listening_socket_is_no_reason),
        TEST(no_file_is_ENOENT),
        TEST(a_dead_socket_refuses),
        TEST(a_full_backlog_is_no_reason),
        cmocka_unit_test(a_path_has_107_bytes_at_most),
        cmocka_unit_test(other_urls_are_not_tried),
        cmocka_unit_test(tcp_urls_are_tried),
        cmocka_unit_test(what_can_be_probed),
        cmocka_unit_test(reasons_are_put_into_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

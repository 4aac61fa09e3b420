#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "rpc/rpc_support.h"
#include "util/log.h"

/* With AddressSanitizer too, calloc refuses what it cannot give. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* Starts a second rpc with options, which must fail with error, and log one line that has text. */
static void assert_refused(struct t_rpc *env, const struct rpc_options *options, int error,
                           const char *text)
{
    const struct rpc_host host = {.loop = &env->loop.uv, .pump = &env->pump, .events = env->events};
    struct rpc *rpc = NULL;
    char line[LOG_LINE_MAX + 1];
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    log_init(pipe_fds[1], LOG_LEVEL_ERROR);
    assert_int_equal(rpc_new(options, &host, &rpc), -error);
    log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
    close(pipe_fds[1]);
    ssize_t len = read(pipe_fds[0], line, sizeof(line) - 1);
    close(pipe_fds[0]);
    assert_true(len > 0);
    line[len] = '\0';
    assert_null(rpc);
    assert_non_null(strstr(line, text));
    assert_ptr_equal(strchr(line, '\n'), line + len - 1);
}

static void test_no_memory_for_the_tables(void **state)
{
    struct t_rpc *env = *state;
    struct rpc_options options = env->options;
    options.control.links_max = options.waits_per_link_max = UINT_MAX;
    options.control.links_reserve = 0;
    assert_refused(env, &options, ENOMEM, "no memory");
}

static void test_socket_of_a_live_daemon(void **state)
{
    struct t_rpc *env = *state;
    assert_refused(env, &env->options, EADDRINUSE, "another daemon is listening");
}

static void test_path_that_is_too_long(void **state)
{
    struct t_rpc *env = *state;
    struct rpc_options options = env->options;
    char path[200];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    options.control.path = path;
    assert_refused(env, &options, ENAMETOOLONG, path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, t_rpc_setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_memory_for_the_tables),
        TEST(test_socket_of_a_live_daemon),
        TEST(test_path_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Pages in turns: however many ask at once, each turn of the loop makes one. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"
#include "watch/http.h"

struct env {
    struct t_loop loop;
    struct turns turns;
    struct http *http;
    unsigned pages, answers;
    int fds[HTTP_CONNECTIONS_MAX];
};

static void page(void *ctx, const char *path, FILE *body, struct http_reply *reply)
{
    struct env *env = ctx;
    (void)path;
    (void)reply;
    env->pages++;
    fputs("the page\n", body);
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    struct http_options options = {.page = page, .ctx = env, .turns = &env->turns};
    char message[HTTP_MESSAGE_MAX] = "";
    t_loop_init(&env->loop);
    assert_true(turns_init(&env->turns, &env->loop.uv, 4));
    turns_start(&env->turns);
    assert_true(te_addr_parse("127.0.0.1", &options.address.addr));
    env->http = http_new(&env->loop.uv, &options, message);
    assert_string_equal(message, "");
    *state = env;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    (void)handle;
}

static int teardown(void **state)
{
    struct env *env = *state;
    http_free(env->http);
    turns_close(&env->turns, on_closed, NULL);
    t_loop_done(&env->loop);
    turns_done(&env->turns);
    free(env);
    return 0;
}

static int ask(const struct env *env)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    unsigned port = (unsigned)atoi(strrchr(http_address(env->http), ':') + 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, text, sizeof(text) - 1, 0), sizeof(text) - 1);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* True when all answers have come, whole. */
static bool have_all_answers(void *ctx)
{
    struct env *env = ctx;
    char text[1024];
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        ssize_t len = env->fds[i] < 0 ? -1 : recv(env->fds[i], text, sizeof(text) - 1, 0);
        if (len <= 0)
            continue;
        text[len] = '\0';
        assert_non_null(strstr(text, "\r\n\r\nthe page\n"));
        close(env->fds[i]);
        env->fds[i] = -1;
        env->answers++;
    }
    return env->answers == HTTP_CONNECTIONS_MAX;
}

static void ask_all(struct env *env)
{
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        env->fds[i] = ask(env);
}

static void test_each_turn_makes_one_page(void **state)
{
    struct env *env = *state;
    ask_all(env);
    while (!have_all_answers(env)) {
        unsigned before = env->pages;
        t_turn(&env->loop);
        assert_in_range(env->pages - before, 0, 1);
    }
    assert_int_equal(env->pages, HTTP_CONNECTIONS_MAX);
}

static void test_pages_are_paid_for(void **state)
{
    struct env *env = *state;
    ask_all(env);
    t_turn_until(&env->loop, have_all_answers, env);
    struct fair_share *share = fair_share_get(&env->turns.fair, FAIR_USER_HTTP);
    assert_true(share->used_ns > 0);
    fair_share_put(share);
}

/* Some wait for their turn when the server ends. */
static void test_free_while_pages_wait(void **state)
{
    struct env *env = *state;
    ask_all(env);
    while (env->pages == 0)
        t_turn(&env->loop);
    assert_true(env->pages < HTTP_CONNECTIONS_MAX);
    http_free(env->http);
    env->http = NULL;
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        t_expect_closed(&env->loop, env->fds[i]);
        env->fds[i] = -1;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_turn_makes_one_page),
        TEST(test_pages_are_paid_for),
        TEST(test_free_while_pages_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

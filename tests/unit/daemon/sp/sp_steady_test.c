/* What requests cost in memory once a link has had some: nothing. The linker puts our functions in
 * the place of the allocator's (CMakeLists.txt). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sp/sp_server.h"
#include "support.h"

#define HELD_MAX 8
/* Below the size for which a link takes more memory, for this request alone. */
#define PIECE_BYTES ((size_t)10000)

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static unsigned allocations;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    allocations++;
    return __real_realloc(block, size);
}

/* A server that answers each request, 'h' with the next one that is none. */
struct env {
    struct t_loop loop;
    struct t_dir dir;
    struct sp_server *server;
    struct sp_request *held[HELD_MAX];
    unsigned held_count;
};

static void on_request(void *ctx, struct sp_link *link, struct sp_request *request,
                       const uint8_t *body, size_t len)
{
    struct env *env = ctx;
    (void)link;
    if (body[0] == 'h') {
        env->held[env->held_count++] = request;
        return;
    }
    while (env->held_count > 0)
        sp_reply(env->held[--env->held_count], body, len);
    sp_reply(request, body, len);
}

static void on_too_long(void *ctx, struct sp_link *link, struct sp_request *request, uint64_t len)
{
    (void)ctx;
    (void)link;
    (void)len;
    sp_request_drop(request);
}

static void on_link(void *ctx, struct sp_link *link)
{
    (void)ctx;
    (void)link;
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    struct sp_server_options options;
    const struct sp_server_callbacks callbacks = {env,     on_request, on_too_long,
                                                  on_link, NULL,       on_link};
    t_loop_init(&env->loop);
    t_dir_init(&env->dir);
    sp_server_options_init(&options);
    options.path = env->dir.socket;
    assert_int_equal(sp_server_new(&env->loop.uv, &options, &callbacks, &env->server), 0);
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    sp_server_free(env->server);
    t_loop_done(&env->loop);
    t_dir_done(&env->dir);
    free(env);
    return 0;
}

static void ask(struct env *env, int fd, const void *body, size_t len)
{
    static uint8_t answer[T_MESSAGE_MAX];
    uint32_t id;
    t_write_message(&env->loop, fd, 1, body, len);
    assert_int_equal(t_read_message(&env->loop, fd, &id, answer), len);
}

static void test_the_wrappers_count(void **state)
{
    (void)state;
    void *(*volatile zeros)(size_t, size_t) = calloc;
    void *(*volatile again)(void *, size_t) = realloc;
    void *(*volatile block)(size_t) = malloc;
    unsigned before = allocations;
    free(zeros(1, 1));
    free(again(block(1), 2));
    assert_int_equal(allocations, before + 3);
}

static void test_requests_one_by_one(void **state)
{
    struct env *env = *state;
    static uint8_t piece[PIECE_BYTES];
    int fd = t_connect_greeted(&env->loop, env->dir.socket);
    for (unsigned i = 0; i < 4; i++)
        ask(env, fd, piece, sizeof(piece));
    unsigned before = allocations;
    for (unsigned i = 0; i < 200; i++)
        ask(env, fd, i % 2 ? piece : (const uint8_t *)"small", i % 2 ? sizeof(piece) : 5);
    assert_int_equal(allocations, before);
    close(fd);
}

static void several_at_once(struct env *env, int fd)
{
    static uint8_t answer[T_MESSAGE_MAX];
    uint32_t id;
    for (uint32_t i = 0; i < HELD_MAX; i++)
        t_write_message(&env->loop, fd, i, "h", 1);
    ask(env, fd, "go", 2);
    for (uint32_t i = 0; i < HELD_MAX; i++)
        assert_int_equal(t_read_message(&env->loop, fd, &id, answer), 2);
}

static void test_requests_that_wait(void **state)
{
    struct env *env = *state;
    int fd = t_connect_greeted(&env->loop, env->dir.socket);
    several_at_once(env, fd);
    unsigned before = allocations;
    for (unsigned i = 0; i < 50; i++)
        several_at_once(env, fd);
    assert_int_equal(allocations, before);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_wrappers_count),
        TEST(test_requests_one_by_one),
        TEST(test_requests_that_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

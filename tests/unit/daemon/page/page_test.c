/* The page over HTTP, on the rpc of two cabled stacks. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "page/page.h"
#include "rpc/rpc_support.h"

#define ANSWER_MAX ((size_t)512 * 1024)
#define MANY 300

struct env {
    struct t_rpc *rpc;
    struct t_client client;
    struct te_config engine;
    struct page *page;
    struct http *http;
    unsigned tracings; /* how often it was turned on */
    bool is_tracing;
    int fd;
    size_t len;
    char answer[ANSWER_MAX];
};

static void on_tracing(void *ctx, bool is_on)
{
    struct env *env = ctx;
    env->tracings += is_on;
    env->is_tracing = is_on;
}

static void no_page(void *ctx, const char *path, FILE *body, struct http_reply *reply)
{
    (void)ctx;
    (void)path;
    reply->status = 404;
    fputs("other\n", body);
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    char message[HTTP_MESSAGE_MAX] = "";
    assert_int_equal(t_rpc_setup((void **)&env->rpc), 0);
    te_config_init(&env->engine);
    struct page_options options = {.loop = &env->rpc->loop.uv,
                                   .pump = &env->rpc->pump,
                                   .rpc = env->rpc->rpc,
                                   .engine = &env->engine,
                                   .set_tracing = on_tracing,
                                   .ctx = env};
    env->page = page_new(&options);
    assert_non_null(env->page);
    struct http_options http = {.page = no_page,
                                .live = page_answer,
                                .live_ctx = env->page,
                                .turns = rpc_turns(env->rpc->rpc)};
    assert_true(te_addr_parse("127.0.0.1", &http.address.addr));
    env->http = http_new(&env->rpc->loop.uv, &http, message);
    assert_string_equal(message, "");
    page_set_http(env->page, env->http);
    t_client_open(&env->client, env->rpc);
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    t_client_close(&env->client);
    http_free(env->http);
    page_free(env->page);
    void *rpc = env->rpc;
    t_rpc_teardown(&rpc);
    free(env);
    return 0;
}

/* --- a browser -------------------------------------------------------------------------------- */

static int ask(const struct env *env, const char *target)
{
    char text[512];
    unsigned port = (unsigned)atoi(strrchr(http_address(env->http), ':') + 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    int len = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    assert_int_equal(send(fd, text, (size_t)len, 0), len);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static bool take(void *ctx)
{
    struct env *env = ctx;
    for (;;) {
        ssize_t len = recv(env->fd, env->answer + env->len, ANSWER_MAX - 1 - env->len, 0);
        if (len <= 0)
            return len == 0 || errno != EAGAIN;
        env->len += (size_t)len;
        env->answer[env->len] = '\0';
    }
}

/* The JSON at target; the caller's. */
static json_t *get(struct env *env, const char *target, unsigned status)
{
    char line[64];
    env->fd = ask(env, target);
    env->len = 0;
    t_turn_until(&env->rpc->loop, take, env);
    close(env->fd);
    snprintf(line, sizeof(line), "HTTP/1.1 %u ", status);
    assert_memory_equal(env->answer, line, strlen(line));
    json_t *json = json_loads(strstr(env->answer, "\r\n\r\n") + 4, 0, NULL);
    assert_non_null(json);
    return json;
}

static const char *wanted;

static bool has_wanted(void *ctx)
{
    struct env *env = ctx;
    take(env);
    return env->len > 0 && strstr(env->answer, wanted) != NULL;
}

/* Reads the stream until that text comes; then only what follows counts. */
static void expect(struct env *env, const char *text)
{
    wanted = text;
    t_turn_until(&env->rpc->loop, has_wanted, env);
    t_turn_until(&env->rpc->loop, has_wanted, env);
    char *rest = strstr(env->answer, text) + strlen(text);
    env->len -= (size_t)(rest - env->answer);
    memmove(env->answer, rest, env->len + 1);
}

static void watch(struct env *env, const char *target)
{
    env->fd = ask(env, target);
    env->len = 0;
    expect(env, "text/event-stream");
}

static int64_t number(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void test_tables_of_many(void **state)
{
    struct env *env = *state;
    uint64_t peer, first = 0;
    for (unsigned i = 0; i < MANY; i++) {
        uint64_t id = t_connected(&env->client, &peer);
        first = first != 0 ? first : id;
    }
    json_t *json = get(env, "/page/connections?filter=state+established&limit=200", 200);
    assert_int_equal(number(json, "total"), MANY);
    json_t *rows = json_object_get(json, "rows");
    assert_int_equal(json_array_size(rows), 200);
    assert_int_equal(number(json_array_get(rows, 0), "id"), (int64_t)first);
    char next[256];
    snprintf(next, sizeof(next), "/page/connections?filter=state+established&limit=200&after=%s",
             json_string_value(json_object_get(json, "next")));
    json_decref(json);
    json = get(env, next, 200);
    assert_int_equal(number(json, "total"), MANY);
    assert_int_equal(json_array_size(json_object_get(json, "rows")), MANY - 200);
    assert_true(json_is_null(json_object_get(json, "next")));
    json_decref(json);
    json = get(env, "/page/health", 200);
    assert_string_equal(json_string_value(json_object_get(json, "verdict")), "ok");
    json_decref(json);
}

static void test_errors(void **state)
{
    static const struct {
        const char *target;
        unsigned status;
    } rows[] = {{"/page/connections?filter=%28", 400},
                {"/page/connections?filter=dport+http", 400}, /* no names of services */
                {"/page/connections?filter=%ff%fe", 400},
                {"/page/connections?limit=", 400},
                {"/page/connections?limit=1e3", 400},
                {"/page/connections?sort=owner", 400},
                {"/page/connections?after=a", 400},
                {"/page/time-wait?limit=-1", 400},
                {"/page/stream?connection=0", 400},
                {"/page/connection/1", 404},
                {"/page/connection/18446744073709551616", 404},
                {"/page/stream/", 404},
                {"/page/..%2f..%2fetc%2fpasswd", 404}};
    struct env *env = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *json = get(env, rows[i].target, rows[i].status);
        assert_true(json_is_string(json_object_get(json, "error")));
        json_decref(json);
    }
}

static void test_one_connection(void **state)
{
    struct env *env = *state;
    uint64_t peer, id = t_connected(&env->client, &peer);
    char target[64];
    snprintf(target, sizeof(target), "/page/connection/%llu", (unsigned long long)id);
    json_t *json = get(env, target, 200);
    assert_int_equal(number(json_object_get(json, "show"), "id"), (int64_t)id);
    assert_int_equal(number(json_object_get(json, "explain"), "id"), (int64_t)id);
    assert_int_equal(json_array_size(json_object_get(json, "history")), 2);
    json_decref(json);
    T_OK(t_abort(&env->client, id));
    json = get(env, target, 200);
    assert_true(json_is_null(json_object_get(json, "show")));
    assert_int_equal(json_array_size(json_object_get(json, "history")), 3);
    json_decref(json);
}

static void test_listeners(void **state)
{
    struct env *env = *state;
    T_OK(t_listen(&env->client, 7000, 1));
    T_OK(t_listen(&env->client, 7001, 2));
    t_peer_open(env->rpc, 7001);
    t_turn_for(&env->rpc->loop, 10);
    json_t *json = get(env, "/page/listeners", 200);
    assert_int_equal(json_array_size(json), 2);
    int64_t queued = 0;
    for (size_t i = 0; i < 2; i++) {
        queued += number(json_array_get(json, i), "queue");
        assert_int_equal(number(json_array_get(json, i), "drops"), 0);
        assert_true(number(json_array_get(json, i), "backlog") > 0);
    }
    assert_int_equal(queued, 1);
    json_decref(json);
    json = get(env, "/page/listeners", 200); /* nothing is kept from the request before */
    assert_int_equal(json_array_size(json), 2);
    json_decref(json);
}

static void test_no_listeners(void **state)
{
    struct env *env = *state;
    json_t *json = get(env, "/page/listeners", 200);
    assert_int_equal(json_array_size(json), 0);
    json_decref(json);
}

static void send_event(struct env *env, enum te_state from, enum te_state to)
{
    struct te_event event = {.kind = TE_EVENT_STATE,
                             .transition = {.from = from, .to = to, .cause = TE_CAUSE_CLOSE}};
    page_on_event(env->page, &event);
}

static void test_moves_are_told_once(void **state)
{
    struct env *env = *state;
    send_event(env, TE_ESTABLISHED, TE_FIN_WAIT_1); /* nobody sees it */
    watch(env, "/page/stream");
    expect(env, "event: hello\ndata: {\"version\":");
    expect(env, "event: state\ndata: ");
    expect(env, "\"moves\":[],");
    send_event(env, TE_CLOSE_WAIT, TE_LAST_ACK);
    send_event(env, TE_CLOSE_WAIT, TE_LAST_ACK);
    expect(env, "\"moves\":[{\"from\":\"CLOSE_WAIT\",\"to\":\"LAST_ACK\",\"cause\":\"CLOSE\","
                "\"count\":2}]");
    send_event(env, TE_LISTEN, TE_CLOSED);
    expect(env, "\"moves\":[{\"from\":\"LISTEN\",\"to\":\"CLOSED\",\"cause\":\"CLOSE\","
                "\"count\":1}]");
    close(env->fd);
    assert_int_equal(env->tracings, 0);
}

static void test_time_wait(void **state)
{
    struct env *env = *state;
    uint64_t peer, id = t_connected(&env->client, &peer);
    T_OK(t_close(&env->client, id, 0));
    te_close(env->rpc->peer, peer, t_now_us(env->rpc));
    t_turn_for(&env->rpc->loop, 20);
    json_t *rows = get(env, "/page/time-wait", 200);
    assert_int_equal(json_array_size(rows), 1);
    json_decref(rows);
    rows = get(env, "/page/connections?filter=state+time-wait", 200);
    assert_int_equal(number(rows, "total"), 1);
    json_decref(rows);
    watch(env, "/page/stream");
    expect(env, "\"time_wait\":{\"count\":1,\"max\":");
    close(env->fd);
}

static void test_a_connection_is_watched(void **state)
{
    struct env *env = *state;
    uint64_t peer, id = t_connected(&env->client, &peer);
    char target[64];
    snprintf(target, sizeof(target), "/page/stream?connection=%llu", (unsigned long long)id);
    watch(env, target);
    expect(env, "event: sample\ndata: ");
    assert_true(env->is_tracing);
    T_OK(t_abort(&env->client, id));
    expect(env, "event: gone\ndata: ");
    close(env->fd);
    while (env->is_tracing)
        t_turn_for(&env->rpc->loop, 50);
    assert_int_equal(env->tracings, 1);
}

/* The end of the page ends those who watch. */
static void test_free_while_watched(void **state)
{
    struct env *env = *state;
    watch(env, "/page/stream?connection=1");
    expect(env, "event: gone");
    assert_true(env->is_tracing);
    http_free(env->http);
    assert_false(env->is_tracing);
    page_free(env->page);
    env->http = NULL;
    env->page = NULL;
    t_expect_closed(&env->rpc->loop, env->fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tables_of_many),     TEST(test_errors),
        TEST(test_one_connection),     TEST(test_listeners),
        TEST(test_no_listeners),       TEST(test_moves_are_told_once),
        TEST(test_time_wait),          TEST(test_a_connection_is_watched),
        TEST(test_free_while_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/persist.h"

static struct lone l;
static struct te_conn *conn;

/* A closed window, probes as far apart as they get, and no memory: the connection goes. */
static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    conn->snd_wnd = 0;
    while (te_rtt_rto_us(&conn->rtt, &l.stack->config) < l.stack->config.rto_max_us)
        te_rtt_back_off(&conn->rtt);
    l.f.heap.allocations_left = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static bool should_yield(void)
{
    return te_persist_should_yield(l.stack, conn);
}

static void test_all_three_together(void **state)
{
    (void)state;
    assert_true(should_yield());
}

static void test_not_while_there_is_memory(void **state)
{
    (void)state;
    int64_t held_bytes = l.f.heap.held_bytes;
    l.f.heap.allocations_left = 1;
    assert_false(should_yield());
    assert_int_equal(l.f.heap.held_bytes, held_bytes); /* the trial allocation was freed */
}

static void test_not_with_an_open_window(void **state)
{
    (void)state;
    conn->snd_wnd = 1;
    assert_false(should_yield());
}

/* The backoff ends when the window opens: from then on it takes minutes again. */
static void test_not_before_the_longest_interval(void **state)
{
    (void)state;
    te_rtt_reset_backoff(&conn->rtt);
    assert_false(should_yield());
    while (te_rtt_rto_us(&conn->rtt, &l.stack->config) < l.stack->config.rto_max_us) {
        assert_false(should_yield());
        te_rtt_back_off(&conn->rtt);
    }
    assert_true(should_yield());
}

/* What it asks for is a connection with its first buffers. */
struct limited {
    struct te_allocator below;
    size_t size_max;
};

static void *alloc_limited(void *ctx, size_t size_bytes)
{
    struct limited *limited = ctx;
    return size_bytes <= limited->size_max ? limited->below.alloc(limited->below.ctx, size_bytes)
                                           : NULL;
}

static void free_limited(void *ctx, void *block, size_t size_bytes)
{
    struct limited *limited = ctx;
    limited->below.free(limited->below.ctx, block, size_bytes);
}

static void test_how_much_memory_is_enough(void **state)
{
    (void)state;
    struct te_config *config = &l.stack->config;
    size_t need = sizeof(struct te_conn) + config->send_buffer_initial_bytes +
                  config->receive_buffer_initial_bytes;
    struct limited limited = {config->allocator, need};
    l.f.heap.allocations_left = -1;
    config->allocator = (struct te_allocator){&limited, alloc_limited, free_limited};
    bool is_enough = !should_yield();
    limited.size_max = need - 1;
    bool is_short = should_yield();
    config->allocator = limited.below;
    assert_true(is_enough);
    assert_true(is_short);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_three_together),        TEST(test_not_while_there_is_memory),
        TEST(test_not_with_an_open_window),   TEST(test_not_before_the_longest_interval),
        TEST(test_how_much_memory_is_enough),
    };
    return cmocka_run_group_tests_name("persist", tests, NULL, NULL);
}

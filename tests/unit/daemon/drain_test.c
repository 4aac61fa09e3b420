#include <string.h>

#include "describe.h"
#include "drain.h"
#include "link/memory.h"
#include "support/test.h"

#define NOW_US 1000
#define MEMORY_MAX (UINT64_C(64) << 20)

/* A stack of the daemon's defaults with one address and a gateway. */
struct fixture {
    struct config config;
    struct memory memory;
    struct te_stack *stack;
};

static int setup(void **state)
{
    static struct fixture fixture;
    char message[CONFIG_MESSAGE_MAX];
    config_init(&fixture.config);
    assert_true(config_set(&fixture.config, "address", "10.0.0.2/24", message));
    assert_true(config_set(&fixture.config, "gateway", "10.0.0.1", message));
    assert_true(config_set(&fixture.config, "route", "192.0.2.0/24 via 10.0.0.3", message));
    assert_true(config_set(&fixture.config, "route", "198.51.100.0/24", message));
    assert_int_equal(config_finish(&fixture.config, "test", stderr), 0);
    memory_init(&fixture.memory, MEMORY_MAX);
    fixture.config.engine.allocator = memory_allocator(&fixture.memory);
    assert_int_equal(te_stack_new(&fixture.config.engine, 0, &fixture.stack), TE_OK);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    te_stack_free(fixture->stack);
    assert_int_equal(fixture->memory.used_bytes, 0);
    return 0;
}

static uint64_t open_one(struct fixture *fixture, uint16_t port)
{
    struct te_open open = {.remote.port = port};
    uint64_t id;
    assert_true(te_addr_parse("10.0.0.9", &open.remote.addr));
    assert_int_equal(te_open_active(fixture->stack, &open, &id, NOW_US), TE_OK);
    return id;
}

/* All steps until there is nothing left to do; none may end more than most. Returns how many steps.
 */
static unsigned steps_run(struct fixture *fixture, struct drain *drain, uint32_t most)
{
    unsigned count = 0;
    bool has_more = true;
    while (has_more) {
        uint32_t before = drain_remaining(fixture->stack);
        has_more = drain_step(drain, fixture->stack, NOW_US);
        assert_true(before - drain_remaining(fixture->stack) <= most);
        assert_true(++count < 1000);
    }
    return count;
}

static void test_close_all_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct te_listen listen = {.local.port = 80};
    struct te_totals totals;
    struct drain drain;
    uint64_t id;
    assert_int_equal(te_open_passive(fixture->stack, &listen, &id, NOW_US), TE_OK);
    for (uint16_t port = 1; port <= 400; port++)
        open_one(fixture, port);
    assert_int_equal(drain_remaining(fixture->stack), 400);
    drain_init(&drain);
    assert_true(drain_step(&drain, fixture->stack, NOW_US));
    te_totals(fixture->stack, &totals);
    assert_int_equal(totals.listeners, 0); /* nobody new, from the start */
    assert_true(steps_run(fixture, &drain, DRAIN_STEP_MAX) >= 400 / DRAIN_STEP_MAX);
    assert_int_equal(drain.phase, DRAIN_WAIT);
    assert_int_equal(drain_remaining(fixture->stack), 0);
    te_totals(fixture->stack, &totals);
    assert_int_equal(totals.listeners, 0);
}

/* Whatever the drain was at. */
static void test_abort_all(void **state)
{
    struct fixture *fixture = *state;
    struct te_listen listen = {.local.port = 80};
    struct te_totals totals;
    struct drain drain;
    uint64_t id;
    open_one(fixture, 1);
    open_one(fixture, 2);
    assert_int_equal(te_open_passive(fixture->stack, &listen, &id, NOW_US), TE_OK);
    drain_init(&drain);
    drain_begin_resets(&drain);
    steps_run(fixture, &drain, DRAIN_STEP_MAX);
    assert_int_equal(drain.phase, DRAIN_OVER);
    assert_int_equal(drain_remaining(fixture->stack), 0);
    te_totals(fixture->stack, &totals);
    assert_int_equal(totals.listeners, 0);
    drain_begin_resets(&drain); /* a second signal starts nothing anew */
    assert_int_equal(drain.phase, DRAIN_OVER);
}

static void test_time_for_resets(void **state)
{
    (void)state;
    assert_int_equal(drain_resets_us(0, 5 * TE_SECOND), 0);
    assert_int_equal(drain_resets_us(1000, 5 * TE_SECOND), 270 * TE_MS);
    assert_int_equal(drain_resets_us(1000000, 5 * TE_SECOND), 5 * TE_SECOND / 2);
    assert_int_equal(drain_resets_us(1000000, 0), 0);
}

static void test_memory_has_a_limit(void **state)
{
    struct fixture *fixture = *state;
    struct te_allocator allocator = memory_allocator(&fixture->memory);
    uint64_t before = fixture->memory.used_bytes;
    assert_null(allocator.alloc(allocator.ctx, (size_t)MEMORY_MAX));
    assert_int_equal(fixture->memory.refused, 1);
    void *block = allocator.alloc(allocator.ctx, (size_t)(MEMORY_MAX - before));
    assert_non_null(block);
    assert_int_equal(fixture->memory.used_bytes, MEMORY_MAX);
    assert_null(allocator.alloc(allocator.ctx, 1));
    allocator.free(allocator.ctx, block, (size_t)(MEMORY_MAX - before));
    allocator.free(allocator.ctx, NULL, 0);
    assert_int_equal(fixture->memory.used_bytes, before);
}

static void test_description(void **state)
{
    struct fixture *fixture = *state;
    static const char *const routes[] = {
        "10.0.0.0/24 dev tcpengine0", "192.0.2.0/24 via 10.0.0.3 dev tcpengine0",
        "198.51.100.0/24 dev tcpengine0", "default via 10.0.0.1 dev tcpengine0"};
    struct description description;
    struct daemon_info info = {0};
    description_init(&description, &fixture->config);
    description_fill(&description, &info);
    assert_string_equal(info.gateway, "10.0.0.1");
    assert_string_equal(info.tap, "tcpengine0");
    assert_int_equal(info.mtu_bytes, 1500);
    assert_int_equal(info.route_count, 4);
    for (unsigned i = 0; i < info.route_count; i++)
        assert_string_equal(info.routes[i], routes[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_close_all_leaves_nothing), TEST(test_abort_all),   TEST(test_time_for_resets),
        TEST(test_memory_has_a_limit),       TEST(test_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The network layer as a whole: birth, end, whose timer is whose, and its share of the output. */
#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"

static struct fixture f;

/* --- birth and end, of ip/ alone -------------------------------------------------------------- */

/* A stack of which nothing is set up but what ip/ is given. */
static struct te_stack *bare_stack(struct heap *heap)
{
    struct te_stack *stack = calloc(1, sizeof(*stack));
    fixture_init(&f);
    stack->config = f.config;
    stack->config.allocator = heap_init(heap);
    stack->now_us = f.now_us;
    te_wheel_init(&stack->wheel, f.now_us);
    return stack;
}

static void init_gives_every_module_its_place(void **state)
{
    struct heap heap;
    struct te_stack *stack = bare_stack(&heap);
    (void)state;
    assert_int_equal(te_ip_init(stack), TE_OK);
    assert_null(te_ip_check(stack));
    assert_int_equal(stack->locals.configured_count, 2);
    assert_int_equal(stack->locals.count, 3); /* and a link-local one */
    assert_int_equal(stack->routes.count, 3);
    assert_true(stack->neighbours.bucket_count >= stack->config.neighbour_max);
    assert_true(stack->pmtus.bucket_count >= stack->config.path_mtu_max);
    assert_int_equal(te_control_queue_room(stack), stack->config.control_queue_max);
    te_ip_done(stack);
    assert_int_equal(heap.held_bytes, 0);
    free(stack);
}

/* Each allocation refused in turn: the error, and nothing left behind. */
static void init_without_memory(void **state)
{
    enum te_err err = TE_ERR_NOMEM;
    int64_t allowed = 0;
    (void)state;
    for (; err != TE_OK; allowed++) {
        struct heap heap;
        struct te_stack *stack = bare_stack(&heap);
        heap.allocations_left = allowed;
        err = te_ip_init(stack);
        if (err != TE_OK) {
            assert_int_equal(err, TE_ERR_NOMEM);
            assert_int_equal(heap.held_bytes, 0);
        }
        te_ip_done(stack);
        assert_int_equal(heap.held_bytes, 0);
        free(stack);
    }
    assert_true(allowed >= 3); /* two tables, and then it succeeded */
}

static void done_is_legal_before_init_and_twice(void **state)
{
    struct heap heap;
    struct te_stack *stack = bare_stack(&heap);
    (void)state;
    te_ip_done(stack);
    assert_int_equal(te_ip_init(stack), TE_OK);
    te_ip_done(stack);
    te_ip_done(stack);
    assert_int_equal(heap.held_bytes, 0);
    free(stack);
}

/* --- a whole stack ---------------------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    f.reborn = false; /* the tests keep pointers into the stack */
    fixture_start(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

/* Every node of ip/ is known to it, whether or not anything is due; TCP's are not. */
static void timers_are_told_apart(void **state)
{
    (void)state;
    assert_true(te_ip_handle_timer(f.stack, &f.stack->neighbours.timer));
    assert_true(te_ip_handle_timer(f.stack, &f.stack->locals.timer));
    assert_true(te_ip_handle_timer(f.stack, &f.stack->reassemblies.timer));
    assert_true(te_ip_handle_timer(f.stack, &f.stack->pmtus.timer));
    assert_false(te_ip_handle_timer(f.stack, &f.stack->time_wait.timer));
    struct te_wheel_node other;
    te_wheel_node_init(&other, 1);
    assert_false(te_ip_handle_timer(f.stack, &other));
}

/* Each timer reaches its own module, at its time and not before. */
static void a_timer_reaches_its_module(void **state)
{
    struct te_addr peer = fixture_addr("10.0.0.2");
    struct ip_spec fragment = {.source = "10.0.0.2",
                               .destination = "10.0.0.1",
                               .protocol = TE_PROTO_TCP,
                               .is_fragment = true,
                               .id = 1,
                               .more = true};
    uint8_t mac[6];
    (void)state;
    input_ip(&f, &fragment, "12345678", 8);
    te_pmtu_lower(f.stack, &peer, 1400);
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_PENDING);
    int64_t start_us = f.now_us;

    f.stack->now_us = start_us + 3 * SECOND;
    for (unsigned asked = 0; asked < 3; asked++)
        te_ip_handle_timer(f.stack, &f.stack->neighbours.timer);
    assert_int_equal(f.stack->reassemblies.count, 1);
    assert_int_equal(f.stack->pmtus.count, 1);

    f.stack->now_us = start_us + te_reassembly_timeout_us(0) - 1;
    te_ip_handle_timer(f.stack, &f.stack->reassemblies.timer);
    assert_int_equal(f.stack->reassemblies.count, 1);
    f.stack->now_us++;
    te_ip_handle_timer(f.stack, &f.stack->pmtus.timer);
    assert_int_equal(f.stack->reassemblies.count, 1); /* not its timer */
    te_ip_handle_timer(f.stack, &f.stack->reassemblies.timer);
    assert_int_equal(f.stack->reassemblies.count, 0);
    assert_int_equal(fixture_counters(&f)->reassembly_timeout, 1);

    f.stack->now_us = start_us + f.config.path_mtu_age_us;
    te_ip_handle_timer(f.stack, &f.stack->reassemblies.timer);
    assert_int_equal(f.stack->pmtus.count, 1);
    te_ip_handle_timer(f.stack, &f.stack->pmtus.timer);
    assert_int_equal(f.stack->pmtus.count, 0);
    f.now_us = f.stack->now_us;
}

static void the_timer_of_addresses_takes_their_steps(void **state)
{
    (void)state;
    fixture_stop(&f);
    fixture_init(&f);
    f.reborn = false;
    f.config.dad = true;
    fixture_start(&f);
    assert_int_equal(f.stack->locals.items[0].step, 0);
    f.stack->now_us = f.stack->locals.items[0].step_at_us;
    assert_true(te_ip_handle_timer(f.stack, &f.stack->locals.timer));
    assert_int_equal(f.stack->locals.items[0].step, 1);
    f.now_us = f.stack->now_us;
}

/* Urgent frames first, each of them whole; the struct is touched only when there is one. */
static void output_is_questions_first(void **state)
{
    struct te_addr ours = fixture_addr("10.0.0.1"), peer = fixture_addr("10.0.0.2");
    struct te_output output, before;
    uint8_t mac[6];
    (void)state;
    memset(&output, 0x5a, sizeof(output));
    before = output;
    assert_false(te_ip_poll_output(f.stack, &output));
    assert_memory_equal(&output, &before, sizeof(output));

    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_PENDING);
    fixture_poll(&f);
    input_answer(&f, "10.0.0.2", peer_mac);
    te_ip_send_packet(f.stack, &ours, &peer, TE_PROTO_TCP, (const uint8_t *)"abcd", 4);
    peer = fixture_addr("10.0.0.3");
    assert_int_equal(te_ip_resolve(f.stack, &peer, NULL, mac), TE_HOP_PENDING);

    assert_true(te_ip_poll_output(f.stack, &output));
    assert_int_equal(output.iov_count, 1);
    assert_int_equal(output.total_bytes, TE_ETH_HEADER_LEN + TE_ARP_LEN);
    assert_int_equal(output.iov[0].len, output.total_bytes);
    assert_true(te_ip_poll_output(f.stack, &output));
    assert_int_equal(output.total_bytes, TE_ETH_HEADER_LEN + TE_IPV4_HEADER_LEN + 4);
    assert_mac(output.iov[0].base, peer_mac);
    assert_memory_equal(output.iov[0].base + output.total_bytes - 4, "abcd", 4);
    assert_int_equal(output.meta.checksum, TE_CHECKSUM_UNKNOWN);
    assert_false(te_ip_poll_output(f.stack, &output));
}

/* A wrong account in any module is found, and named. */
static void check_finds_what_is_broken(void **state)
{
    uint32_t *const accounts[] = {&f.stack->neighbours.count, &f.stack->pmtus.count,
                                  &f.stack->reassemblies.count};
    static const char *const words[] = {"neighbour", "path MTU", "reassembly"};
    (void)state;
    assert_null(te_ip_check(f.stack));
    for (unsigned i = 0; i < 3; i++) {
        ++*accounts[i];
        const char *wrong = te_ip_check(f.stack);
        assert_non_null(wrong);
        if (strstr(wrong, words[i]) == NULL)
            fail_msg("\"%s\" does not name the %s", wrong, words[i]);
        --*accounts[i];
    }
    assert_null(te_ip_check(f.stack));
}

#define IP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_gives_every_module_its_place),
        cmocka_unit_test(init_without_memory),
        cmocka_unit_test(done_is_legal_before_init_and_twice),
        IP_TEST(timers_are_told_apart),
        IP_TEST(a_timer_reaches_its_module),
        IP_TEST(the_timer_of_addresses_takes_their_steps),
        IP_TEST(output_is_questions_first),
        IP_TEST(check_finds_what_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* stack.h: birth, death, the clock, and the answers of a stack at rest. What the verbs do with
 * frames is the business of ip/ and tcp/. */
#include <string.h>

#include "stack_internal.h"
#include "support/frames.h"
#include "support/test.h"
#include "tcpengine/save.h"

#define TIMERS_MAX 4096 /* per call (stack.h) */

/* --- birth and death -------------------------------------------------------------------------- */

static void a_wrong_configuration_makes_no_stack(void **state)
{
    struct fixture f;
    struct te_stack *stack = (struct te_stack *)&f;
    (void)state;
    fixture_init(&f);
    f.config.mtu_bytes = 575;
    assert_int_equal(te_stack_new(&f.config, 0, &stack), TE_ERR_INVALID);
    assert_ptr_equal(stack, &f);
    assert_int_equal(f.heap.held_bytes, 0);
}

/* Whichever allocation is refused: nothing is left, and one more is enough in the end. */
static void without_memory_nothing_is_left(void **state)
{
    struct fixture f;
    enum te_err err = TE_ERR_NOMEM;
    int64_t allocations = 0;
    (void)state;
    fixture_init(&f);
    for (; err != TE_OK; allocations++) {
        struct te_stack *stack = (struct te_stack *)&f;
        f.heap.allocations_left = allocations;
        err = te_stack_new(&f.config, 0, &stack);
        if (err == TE_OK) {
            te_stack_free(stack);
        } else {
            assert_int_equal(err, TE_ERR_NOMEM);
            assert_ptr_equal(stack, &f);
        }
        assert_int_equal(f.heap.held_bytes, 0);
    }
    assert_true(allocations > 5);
}

static void no_stack_is_freed(void **state)
{
    (void)state;
    te_stack_free(NULL);
}

/* The host may throw its struct away after te_stack_new. */
static void the_configuration_is_copied(void **state)
{
    struct fixture f;
    unsigned count;
    (void)state;
    fixture_init(&f);
    struct te_config config = f.config;
    assert_int_equal(te_stack_new(&config, f.now_us, &f.stack), TE_OK);
    memset(&config, 0xff, sizeof(config));
    const struct te_cidr *addresses = te_stack_addresses(f.stack, &count);
    assert_int_equal(count, 2);
    assert_addr(&addresses[0].addr, "10.0.0.1");
    assert_int_equal(addresses[0].prefix_bits, 24);
    assert_addr(&addresses[1].addr, "2001:db8::1");
    fixture_poll(&f);
    fixture_stop(&f);
}

/* --- ids -------------------------------------------------------------------------------------- */

static uint64_t first_listener(uint64_t first_id)
{
    struct fixture f;
    uint64_t id, second;
    fixture_init(&f);
    f.config.first_id = first_id;
    fixture_start(&f);
    struct te_listen listen = {.local = {.port = 80}};
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
    assert_true(te_stack_next_id(f.stack) == id + 1);
    listen.local.port = 81;
    assert_int_equal(te_open_passive(f.stack, &listen, &second, f.now_us), TE_OK);
    assert_true(second == id + 1);
    fixture_stop(&f);
    return id;
}

static void ids_start_where_the_host_says(void **state)
{
    (void)state;
    assert_true(first_listener(0) == 1);
    assert_true(first_listener(1) == 1);
    assert_true(first_listener(123456789) == 123456789);
    assert_true(first_listener(TE_FIRST_ID_MAX) == TE_FIRST_ID_MAX);
}

static void a_restored_stack_goes_on_with_its_own_ids(void **state)
{
    static uint8_t saved[1 << 16];
    struct fixture f;
    uint64_t id;
    (void)state;
    fixture_init(&f);
    f.config.first_id = 5000;
    fixture_start(&f);
    struct te_listen listen = {.local = {.port = 80}};
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
    size_t len = te_stack_save(f.stack, saved, sizeof(saved));
    assert_in_range(len, 1, sizeof(saved));
    te_stack_free(f.stack);
    f.config.first_id = 9000;
    assert_int_equal(te_stack_restore(&f.config, saved, len, f.now_us, &f.stack), TE_OK);
    assert_true(te_stack_next_id(f.stack) == 5001);
    struct te_status status;
    assert_int_equal(te_status(f.stack, 5000, &status), TE_OK);
    fixture_stop(&f);
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool is_ready_at_birth(bool dad, bool optimistic, unsigned addresses)
{
    struct fixture f;
    fixture_init(&f);
    f.config.dad = dad;
    f.config.optimistic_dad = optimistic;
    f.config.address_count = addresses;
    fixture_start(&f);
    bool is_ready = te_stack_is_address_ready(f.stack);
    fixture_stop(&f);
    return is_ready;
}

static void an_address_is_ready_unless_it_is_probed(void **state)
{
    (void)state;
    assert_true(is_ready_at_birth(false, false, 2));
    assert_true(is_ready_at_birth(true, true, 2));
    assert_false(is_ready_at_birth(true, false, 2));
    assert_false(is_ready_at_birth(false, false, 0));
}

static void a_probed_address_becomes_ready(void **state)
{
    struct fixture f;
    uint64_t id;
    struct te_open open = {.remote = {fixture_addr("10.0.0.2"), 80}};
    struct te_listen listen = {.local = {fixture_addr("10.0.0.1"), 80}};
    (void)state;
    fixture_init(&f);
    f.config.dad = true;
    fixture_start(&f);
    assert_int_equal(te_open_active(f.stack, &open, &id, f.now_us), TE_ERR_ADDR_NOT_AVAILABLE);
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_ERR_ADDR_NOT_AVAILABLE);
    fixture_advance(&f, 10 * SECOND);
    assert_true(te_stack_is_address_ready(f.stack));
    assert_int_equal(te_open_active(f.stack, &open, &id, f.now_us), TE_OK);
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
    fixture_stop(&f);
}

/* --- the clock -------------------------------------------------------------------------------- */

static void a_stack_at_rest_waits_for_nothing(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    assert_int_equal(te_stack_next_timeout(f.stack), TE_NEVER);
    te_stack_handle_timeout(f.stack, f.now_us + 1000 * SECOND); /* harmless */
    assert_int_equal(te_stack_next_timeout(f.stack), TE_NEVER);
    fixture_stop(&f);
}

static void every_verb_moves_the_clock_and_none_turns_it_back(void **state)
{
    struct fixture f;
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    const uint8_t frame[1] = {0};
    const struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    struct te_output output;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    int64_t start_us = f.now_us;
    te_stack_input(f.stack, frame, 1, &meta, start_us + 1);
    assert_int_equal(f.stack->now_us, start_us + 1);
    te_stack_handle_timeout(f.stack, start_us + 2);
    assert_int_equal(f.stack->now_us, start_us + 2);
    assert_false(te_stack_poll_output(f.stack, header, &output, start_us + 3));
    assert_int_equal(f.stack->now_us, start_us + 3);
    te_stack_input(f.stack, frame, 1, &meta, 0);
    te_stack_handle_timeout(f.stack, 0);
    assert_false(te_stack_poll_output(f.stack, header, &output, 0));
    assert_int_equal(f.stack->now_us, start_us + 3);
    fixture_stop(&f);
}

/* Connections that fail together are forgotten together: more than one call runs. */
static void one_call_runs_a_bounded_number_of_timers(void **state)
{
    static struct fixture f;
    struct te_totals totals;
    struct te_open open = {.remote = {fixture_addr("10.0.0.2"), 80}};
    const unsigned count = TIMERS_MAX + 100;
    uint64_t id;
    (void)state;
    fixture_init(&f);
    f.config.remains_us = 60 * SECOND;
    fixture_start(&f);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(te_open_active(f.stack, &open, &id, f.now_us), TE_OK);
    fixture_poll(&f);
    fixture_advance(&f, 10 * SECOND); /* nobody answers ARP */
    te_totals(f.stack, &totals);
    assert_int_equal(totals.by_state[TE_CLOSED], count);
    f.now_us += 60 * SECOND;
    te_stack_handle_timeout(f.stack, f.now_us);
    te_totals(f.stack, &totals);
    assert_int_equal(totals.by_state[TE_CLOSED], count - TIMERS_MAX);
    assert_true(te_stack_next_timeout(f.stack) <= f.now_us);
    te_stack_handle_timeout(f.stack, f.now_us);
    te_totals(f.stack, &totals);
    assert_int_equal(totals.by_state[TE_CLOSED], 0);
    fixture_stop(&f);
}

/* --- frames ----------------------------------------------------------------------------------- */

static void frames_are_counted_both_ways(void **state)
{
    struct fixture f;
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    struct te_counters before = *te_stack_counters(f.stack);
    uint8_t frame[13] = {0};
    const struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    te_stack_input(f.stack, frame, sizeof(frame), &meta, f.now_us);
    assert_int_equal(te_stack_counters(f.stack)->frames_in, before.frames_in + 1);
    assert_int_equal(te_stack_counters(f.stack)->frame_bytes_in, before.frame_bytes_in + 13);
    assert_int_equal(te_stack_counters(f.stack)->eth_malformed, before.eth_malformed + 1);
    uint64_t id;
    struct te_open open = {.remote = {fixture_addr("10.0.0.2"), 80}};
    assert_int_equal(te_open_active(f.stack, &open, &id, f.now_us), TE_OK);
    assert_true(te_stack_poll_output(f.stack, header, &output, f.now_us)); /* who has 10.0.0.2? */
    size_t bytes = 0;
    for (unsigned i = 0; i < output.iov_count; i++)
        bytes += output.iov[i].len;
    assert_int_equal(output.total_bytes, bytes);
    assert_int_equal(te_stack_counters(f.stack)->frames_out, before.frames_out + 1);
    assert_int_equal(te_stack_counters(f.stack)->frame_bytes_out, before.frame_bytes_out + bytes);
    assert_false(te_stack_poll_output(f.stack, header, &output, f.now_us));
    assert_int_equal(te_stack_counters(f.stack)->frames_out, before.frames_out + 1);
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_configuration_makes_no_stack),
        cmocka_unit_test(without_memory_nothing_is_left),
        cmocka_unit_test(no_stack_is_freed),
        cmocka_unit_test(the_configuration_is_copied),
        cmocka_unit_test(ids_start_where_the_host_says),
        cmocka_unit_test(a_restored_stack_goes_on_with_its_own_ids),
        cmocka_unit_test(an_address_is_ready_unless_it_is_probed),
        cmocka_unit_test(a_probed_address_becomes_ready),
        cmocka_unit_test(a_stack_at_rest_waits_for_nothing),
        cmocka_unit_test(every_verb_moves_the_clock_and_none_turns_it_back),
        cmocka_unit_test(one_call_runs_a_bounded_number_of_timers),
        cmocka_unit_test(frames_are_counted_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
